//! Golden blobs with marks (part 3), recovery (part 129) and a refusal (part 131): what is kept for the case that an answer gets lost.

use ofx_session::ofx::{BillPayAccountInfo, Element, Style, SyncMode};
use ofx_session::testing::{AccessKeys, BankBuilder};
use ofx_session::{AccountInfo, AccountType, Answers, BankAccount, Client, Doubt, Progress, Session, Version};

use super::hand::{Raw, no_record, seal, unsealed, with};
use super::make::{
    Made, SEALED, answers, asked, client, credentials, easy, full, institution, payment, prepared, questioning,
};
use super::wire::{Fault, Wire};
use super::{aggregate, answer_to, leaf, run};

pub(super) fn made() -> Vec<Made> {
    let never = Client::builder(institution(Version::V220).without_synchronization()).build().unwrap();
    let to_fetch = || client(Version::V211, questioning().sync_mode(SyncMode::Full), &[]);
    let mut all = vec![
        SEALED.client(
            "client_marks",
            "a saved file and the tokens of two accounts, one with a branch",
            of_two_accounts(),
        ),
        SEALED.client("client_never_synchronizes", "a client that never puts payments into a synchronization", never),
        SEALED.paused(
            "paused_token_to_fetch",
            "a payment in SGML that was not sent yet, and whose token is asked for first",
            prepared(client(Version::V103, both(easy()), &[]), &payment()),
        ),
        SEALED.paused(
            "paused_answers_without_token",
            "a payment that waits for answers before its token is known",
            asked(to_fetch(), &payment()),
        ),
        SEALED.paused(
            "paused_answers_for_history",
            "a payment that had no token, resumed and paused again; the whole history is next, with answers",
            resumed(asked(to_fetch(), &payment())),
        ),
        SEALED.paused(
            "paused_answers_with_token",
            "a payment with a token that was sent as a file to be saved, and waits for answers",
            with_token(),
        ),
    ];
    all.extend(doubts());
    all.extend(by_hand());
    all
}

/// Payments of which nobody knows yet whether they were made, and what can be done about that.
fn doubts() -> Vec<Made> {
    vec![
        SEALED.paused(
            "paused_doubt_with_file",
            "a payment with a token in a file to be saved, whose answer was lost; SGML on many lines",
            saved_file(),
        ),
        SEALED.paused("paused_doubt_file_in_vain", "a payment whose saved answer was lost, too", file_in_vain()),
        SEALED.paused(
            "paused_doubt_fenced",
            "a payment sent again after a newer token, whose answer cannot be read either",
            fenced(),
        ),
        SEALED.paused(
            "paused_doubt_exhausted",
            "a payment that was received before, which is not in the history",
            exhausted(),
        ),
        SEALED.paused(
            "paused_doubt_repeated",
            "a payment in a file to be saved that was sent once more in another, whose answer was lost, too",
            repeated(),
        ),
        SEALED.paused("paused_doubt_history_lost", "a payment whose history is lost", history_lost()),
        SEALED.paused(
            "paused_answers_same_file",
            "a payment in doubt; the same file waits for answers",
            while_the_same_file_is_sent(),
        ),
        SEALED.paused(
            "paused_answers_history",
            "a payment in doubt; the question for its history waits for answers",
            while_the_history_is_asked(),
        ),
        SEALED.paused(
            "paused_answers_history_refused",
            "a payment in doubt whose same file was refused; the question for its history waits for answers",
            refused_while_the_history_is_asked(),
        ),
    ]
}

/// What this version reads and does not write.
fn by_hand() -> Vec<Made> {
    let (client_header, of_client) = unsealed(&SEALED.client("", "", full()));
    let (header, in_doubt) = unsealed(&SEALED.paused("", "", saved_file()));
    let flagged = with(&in_doubt, 1, |identity| {
        let at = identity.windows(4).position(|four| four == b"\x03ENG").unwrap() + 4;
        [&identity[..at], &[identity[at] | 0xe0], &identity[at + 1..]].concat()
    });
    let flagged = with(&flagged, 129, |recovery| {
        let at = recovery.len() - 2;
        [&recovery[..at], &[recovery[at] | 0xf8, 255]].concat()
    });
    let made = |name, about, header: &[u8], segments: &[Raw]| Made {
        name,
        about,
        refused: None,
        plan: SEALED,
        blob: seal(header, [1, 1], segments, name),
    };
    vec![
        made(
            "hand_stray_recovery",
            "a client with a recovery, which is no record and is passed over",
            &client_header,
            &[of_client.clone(), vec![no_record(129)]].concat(),
        ),
        made(
            "hand_stray_refused",
            "a client with what a request was refused with, which is no status and is passed over",
            &client_header,
            &[of_client, vec![no_record(131)]].concat(),
        ),
        made("hand_flags", "identity and recovery with every flag that has no meaning", &header, &flagged),
    ]
}

fn of_two_accounts() -> Client {
    let mut branch = BankAccount::new("999888777", "1000002", AccountType::Savings);
    branch.branch_id = Some("0042".to_owned());
    let accounts = [payment().from.clone(), branch];
    let bank = accounts.iter().fold(both(easy()), |bank, account| {
        let mut info = AccountInfo::new(Some("Pays bills"));
        info.bill_pay = Some(BillPayAccountInfo::active(account.clone()));
        bank.account(info)
    });
    let mut session = client(Version::V203, bank, &[]).open(credentials()).unwrap();
    for from in accounts {
        let mut payment = payment();
        payment.from = from;
        run(session.pay(&payment)).unwrap().done().unwrap();
    }
    session.close().unwrap()
}

fn with_token() -> Session {
    let bank = both(asking_always());
    let mut session = client(Version::V220, bank, &[]).open(credentials()).unwrap();
    assert!(matches!(run(session.pay(&payment())), Ok(Progress::Ask(_))));
    // First for the token, then for the payment.
    assert!(matches!(run(session.answer(right())), Ok(Progress::Ask(_))));
    run(session.answer(right())).unwrap().done().unwrap();
    assert!(matches!(run(session.pay(&payment())), Ok(Progress::Ask(_))));
    session
}

fn saved_file() -> Session {
    let lines = institution(Version::V103).style(Style::new().close_leaves(true).line_breaks(true));
    let wire = Wire::new(both(easy()), &[("<PMTRQ>", Fault::Lost)]);
    let client = Client::builder(lines).transport(wire).build().unwrap();
    let mut session = client.open(credentials()).unwrap();
    assert!(matches!(run(session.pay(&payment())), Ok(Progress::Unknown(Doubt::NoAnswer(_)))));
    session
}

fn file_in_vain() -> Session {
    let faults = [("<PMTRQ>", Fault::Lost); 2];
    let mut session = unknown(Version::V160, easy().file_recovery(true), &faults);
    assert!(matches!(run(session.reconcile()), Ok(Progress::Unknown(Doubt::NoAnswer(_)))));
    session
}

fn repeated() -> Session {
    let faults = [("<PMTRQ>", Fault::Lost); 2];
    let mut session = unknown(Version::V211, both(easy()), &faults);
    assert!(matches!(run(session.repeat_payment_in_doubt()), Ok(Progress::Unknown(Doubt::NoAnswer(_)))));
    session
}

fn fenced() -> Session {
    let garbage = Fault::Say(|_| b"<OFX><SIGNONMSGSRSV1><SONRS>".to_vec());
    let newer = Fault::Say(|_| frame(Version::V211, "T2", "N", vec![]));
    let faults = [("<PMTRQ>", garbage), ("<PMTSYNCRQ>", newer), ("<PMTRQ>", garbage)];
    let mut session = unknown(Version::V211, with_history(easy()), &faults);
    assert!(matches!(run(session.reconcile()), Ok(Progress::Unknown(Doubt::Unreadable(_)))));
    session
}

fn exhausted() -> Session {
    let before = Fault::Say(|trn_uid| {
        let status = vec![leaf("CODE", "2019"), leaf("SEVERITY", "ERROR"), leaf("MESSAGE", "déjà vu")];
        let answer = aggregate("PMTTRNRS", vec![leaf("TRNUID", trn_uid), aggregate("STATUS", status)]);
        frame(Version::V220, "T1", "N", vec![answer])
    });
    let nothing = Fault::Say(|_| frame(Version::V220, "T1", "N", vec![]));
    let session = unknown(Version::V220, with_history(easy()), &[("<PMTRQ>", before), ("<PMTSYNCRQ>", nothing)]);
    assert!(!session.can_reconcile());
    session
}

fn history_lost() -> Session {
    let lost = Fault::Say(|_| frame(Version::V230, "T9", "Y", vec![]));
    let faults = [("<PMTRQ>", Fault::Lost), ("<PMTSYNCRQ>", lost)];
    let mut session = unknown(Version::V230, with_history(easy()), &faults);
    assert!(matches!(run(session.reconcile()), Ok(Progress::Unknown(Doubt::HistoryLost))));
    session
}

fn while_the_same_file_is_sent() -> Session {
    let faults = [("<PMTRQ>", Fault::Pass), ("<PMTRQ>", Fault::Lost), ("<PMTRQ>", Fault::Say(|_| asks()))];
    let mut session = asked(client(Version::V203, asking_always().file_recovery(true), &faults), &payment());
    assert!(matches!(run(session.answer(right())), Ok(Progress::Unknown(_))));
    assert!(matches!(run(session.reconcile()), Ok(Progress::Ask(_))));
    session
}

fn while_the_history_is_asked() -> Session {
    let faults = [("<PMTRQ>", Fault::Pass), ("<PMTRQ>", Fault::Lost)];
    let mut session = asked(client(Version::V211, with_history(asking_always()), &faults), &payment());
    assert!(matches!(run(session.answer(right())), Ok(Progress::Ask(_))));
    assert!(matches!(run(session.answer(right())), Ok(Progress::Unknown(_))));
    assert!(matches!(run(session.reconcile()), Ok(Progress::Ask(_))));
    session
}

fn refused_while_the_history_is_asked() -> Session {
    let refused = Fault::Say(|trn_uid| {
        let status = vec![leaf("CODE", "10504"), leaf("SEVERITY", "ERROR"), leaf("MESSAGE", "Kein Geld für <das>")];
        let answer = aggregate("PMTTRNRS", vec![leaf("TRNUID", trn_uid), aggregate("STATUS", status)]);
        frame(Version::V211, "T1", "N", vec![answer])
    });
    let faults = [("<PMTRQ>", Fault::Pass), ("<PMTRQ>", Fault::Lost), ("<PMTRQ>", Fault::Pass), ("<PMTRQ>", refused)];
    let mut session = asked(client(Version::V211, both(asking_always()), &faults), &payment());
    assert!(matches!(run(session.answer(right())), Ok(Progress::Ask(_))));
    assert!(matches!(run(session.answer(right())), Ok(Progress::Unknown(_))));
    assert!(matches!(run(session.reconcile()), Ok(Progress::Ask(_))));
    assert!(matches!(run(session.answer(right())), Ok(Progress::Ask(_))));
    session
}

fn unknown(version: Version, bank: BankBuilder, faults: &[(&'static str, Fault)]) -> Session {
    let mut session = client(version, bank, faults).open(credentials()).unwrap();
    assert!(matches!(run(session.pay(&payment())), Ok(Progress::Unknown(_))));
    session
}

/// Stored, read back and not gone on with.
fn resumed(session: Session) -> Session {
    let made = SEALED.paused("", "", session);
    let paused = Client::resume(&made.blob, &SEALED.keys(), &SEALED.context()).unwrap();
    paused.open_risking_a_second_payment(credentials()).unwrap()
}

fn with_history(bank: BankBuilder) -> BankBuilder {
    bank.sync_mode(SyncMode::Full)
}

/// A history and saved answers.
fn both(bank: BankBuilder) -> BankBuilder {
    with_history(bank).file_recovery(true)
}

fn asking_always() -> BankBuilder {
    questioning().access_keys(AccessKeys::Never)
}

fn right() -> Answers {
    answers("Garcia")
}

/// `PMTSYNCRS` about the account that the payment is from.
fn frame(version: Version, token: &str, lost: &str, inside: Vec<Element>) -> Vec<u8> {
    let account = [("BANKID", "999888777"), ("ACCTID", "1000001"), ("ACCTTYPE", "CHECKING")];
    let account = aggregate("BANKACCTFROM", account.map(|(tag, value)| leaf(tag, value)).to_vec());
    let all = [vec![leaf("TOKEN", token), leaf("LOSTSYNC", lost), account], inside].concat();
    answer_to(version, vec![aggregate("BILLPAYMSGSRSV1", vec![aggregate("PMTSYNCRS", all)])])
}

/// The signon wants a challenge.
fn asks() -> Vec<u8> {
    b"<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>3000</CODE><SEVERITY>ERROR</SEVERITY></STATUS>\
      <DTSERVER>20260105093001</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1></OFX>"
        .to_vec()
}
