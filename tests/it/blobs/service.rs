//! Golden blobs of the whole bill-payment service: user keys (part 10), signon realms (part 13), places seen (part 3), and every kind of
//! operation (part 130).

use chrono::NaiveDate;
use ofx_session::ofx::{
    BillPayAccountInfo, Frequency, Mail, PayeeAddition, PaymentInquiry, PaymentMail, Recurrence, RecurringPayment,
    Request, Stamp, Style, SyncKind, SyncMode,
};
use ofx_session::testing::{AccessKeys, BankBuilder};
use ofx_session::{
    AccountInfo, AccountType, BankAccount, Client, Dialect, Doubt, Intent, PayeeRef, Progress, Session, Version,
};
use rust_decimal::Decimal;

use super::hand::{no_record, seal, unsealed};
use super::make::{
    Made, SEALED, answers, client, credentials, easy, full, institution, payment, prepared, questioning,
};
use super::run;
use super::wire::{Fault, Wire, large_realms_profile, newer_profile, realms_profile};

pub(super) fn made() -> Vec<Made> {
    let mut all = vec![
        SEALED.client(
            "client_announced",
            "a client to which the institution has announced a newer profile",
            with_a_newer_profile(),
        ),
        SEALED.client("client_user_key", "a USERKEY until a time, after a signon that asked for one", with_user_key()),
        SEALED.client(
            "client_realms",
            "a client whose bills are paid in another signon realm, with an access key and a cookie of each",
            known_to_two_realms(realms_profile).close().unwrap(),
        ),
        SEALED.paused(
            "paused_realms",
            "a payment in another signon realm that was not sent yet, and whose profile is too large to be stored",
            prepared_in_another_realm(),
        ),
        SEALED.client(
            "client_places",
            "tokens of all six histories, and the places up to which the changes of each were acknowledged",
            of_all_histories(),
        ),
        SEALED.paused(
            "paused_cancellation",
            "a cancellation that waits for answers, with its account in a part of its own; SGML on many lines",
            cancellation(),
        ),
        SEALED.paused(
            "paused_cancellation_history",
            "a cancellation in doubt; the question for its history waits for answers",
            cancellation_in_doubt(),
        ),
        SEALED.paused("paused_recurring_doubt", "a recurring payment whose answer was lost", recurring_in_doubt()),
        SEALED.paused(
            "paused_payee_doubt",
            "a payee added within the history of payees, whose answer was lost",
            payee(),
        ),
        SEALED.paused("paused_mail_doubt", "mail within its history, whose answer was lost", mail()),
        SEALED.paused(
            "paused_synchronization",
            "a question for what happened to payments, which waits for answers",
            synchronization(),
        ),
    ];
    all.extend(batches());
    all.extend(passwords());
    all.extend(approvals());
    all.extend(profiles());
    all.extend(by_hand());
    all
}

fn batches() -> Vec<Made> {
    let ask = || client(Version::V211, full_history(asking_always()), &[]).open(credentials()).unwrap();
    let mut asked = ask();
    assert!(matches!(run(asked.batch(several())), Ok(Progress::Ask(_))));
    let saves = client(Version::V230, easy().everything().file_recovery(true), &[("<PMTRQ>", Fault::Lost)]);
    let mut lost = saves.open(credentials()).unwrap();
    assert!(matches!(run(lost.batch(several())), Ok(Progress::Unknown(Doubt::NoAnswer(_)))));
    let mut reads = client(Version::V211, questioning(), &[]).open(credentials()).unwrap();
    assert!(matches!(run(reads.batch(vec![Intent::Accounts])), Ok(Progress::Ask(_))));
    vec![
        SEALED.paused(
            "paused_batch",
            "five requests in one file, not in the order in which they were asked for, which wait for answers",
            asked,
        ),
        SEALED.paused("paused_batch_doubt", "five requests in a file to be saved, whose answer was lost", lost),
        SEALED.paused("paused_batch_reads", "a file that only reads and waits for answers", reads),
    ]
}

/// What stands in the file as numbers 2, 3, 4, 0, 1.
fn several() -> Vec<Intent> {
    let addition = Request::from(PayeeAddition::new(payment_payee()));
    let inquiry = Request::from(PaymentInquiry::new("no such payment"));
    let payees = Intent::Synchronize { kind: SyncKind::Payees, account: None, from: None };
    vec![Intent::Pay(Box::new(payment())), inquiry.into(), Intent::Accounts, addition.into(), payees]
}

fn passwords() -> Vec<Made> {
    let change = |bank: BankBuilder, faults: &[(&'static str, Fault)]| {
        let mut session = client(Version::V211, bank.everything(), faults).open(credentials()).unwrap();
        assert!(matches!(run(session.change_password("battery staple")), Ok(Progress::Unknown(_))));
        session
    };
    let lost = ("<PINCHRQ>", Fault::Lost);
    let wrong = ("<ACCTINFORQ>", Fault::Say(|_| refused(15_500)));
    // The first of these is for the profile that is fetched before.
    let fetched = ("<PROFRQ>", Fault::Pass);
    let mut old = change(easy(), &[fetched, lost, wrong, ("<ACCTINFORQ>", Fault::Lost)]);
    let _ = run(old.reconcile());
    let questions = [("<ACCTINFORQ>", Fault::Say(|_| refused(3000))), ("<MFACHALLENGERQ>", Fault::Say(asks))];
    let mut asked = change(easy(), &[&[fetched, lost], &questions[..]].concat());
    assert!(matches!(run(asked.reconcile()), Ok(Progress::Ask(_))));
    let mut both = change(easy(), &[fetched, lost, wrong, wrong]);
    assert!(matches!(run(both.reconcile()), Ok(Progress::Unknown(Doubt::RepeatRefused(_)))));
    vec![
        SEALED.paused(
            "paused_password_doubt",
            "a new password, whose answer was lost",
            change(easy(), &[fetched, lost]),
        ),
        SEALED.paused(
            "paused_password_old",
            "a new password in doubt that was refused, and the old one, whose answer was lost, too",
            old,
        ),
        SEALED.paused("paused_password_answers", "a new password in doubt; a signon with it waits for answers", asked),
        SEALED.paused("paused_password_exhausted", "a new password in doubt, and both were refused", both),
    ]
}

fn approvals() -> Vec<Made> {
    let waits = |version, bank: BankBuilder, faults: &[(&'static str, Fault)]| {
        let mut session = client(version, bank, faults).open(credentials()).unwrap();
        assert!(matches!(run(session.pay(&payment())), Ok(Progress::Approve(_))));
        session
    };
    let silent = ("<MFACHALLENGERQ>", Fault::Say(|_| refused(15_510)));
    vec![
        SEALED.paused(
            "paused_approval",
            "a payment that waits until the client is approved, with what the institution says",
            waits(Version::V211, easy().approval_required(true), &[]),
        ),
        SEALED.paused(
            "paused_approval_silent",
            "a payment that waits until the client is approved; the questions come first then",
            waits(Version::V203, questioning().challenge_first(true), &[silent]),
        ),
    ]
}

/// The profile as what is asked for: by nobody, and by a user whose it is.
fn profiles() -> Vec<Made> {
    let mut anonymous = client(Version::V103, easy(), &[("<PROFRQ>", Fault::NotSent)]).open(credentials()).unwrap();
    run(anonymous.fetch_profile()).unwrap_err();
    let of_user = |version| {
        let institution = institution(version).dialect(Dialect::new().profile_of_user(true));
        let wire = Wire::new(asking_always().challenge_first(true).profile_of_user(true), &[]);
        let client = Client::builder(institution).transport(wire).build().unwrap();
        let mut session = client.open(credentials()).unwrap();
        assert!(matches!(run(session.fetch_profile()), Ok(Progress::Ask(_))));
        session
    };
    let mut known = of_user(Version::V203);
    run(known.answer(answers("Garcia"))).unwrap().done().unwrap();
    vec![
        SEALED.client(
            "client_profile_of_user",
            "a client whose institution gives its profile to its users only, and the profile of one",
            known.close().unwrap(),
        ),
        SEALED.paused("paused_profile", "a profile that is asked for anonymously and was not sent yet", anonymous),
        SEALED.paused(
            "paused_profile_of_user",
            "a profile that a user asks for, which waits for answers",
            of_user(Version::V211),
        ),
    ]
}

/// What this version reads and does not write.
fn by_hand() -> Vec<Made> {
    let (client_header, of_client) = unsealed(&SEALED.client("", "", full()));
    let (header, to_send) = unsealed(&SEALED.paused("", "", prepared(client(Version::V211, easy(), &[]), &payment())));
    let (later_header, later) = unsealed(&SEALED.paused("", "", payee()));
    let made = |name, about, header: &[u8], segments| Made {
        name,
        about,
        refused: None,
        plan: SEALED,
        blob: seal(header, [1, 1], segments, name),
    };
    let without: Vec<_> = later.iter().filter(|one| one.0 != 130).cloned().collect();
    vec![
        made(
            "hand_stray_place",
            "a client with the place of a request, which is no record and is passed over",
            &client_header,
            &[of_client, vec![no_record(130)]].concat(),
        ),
        made(
            "hand_place",
            "a payment that was not sent yet, with an empty place",
            &header,
            &[to_send, vec![(130, 0x80, vec![0, 0])]].concat(),
        ),
        made("hand_no_place", "a payee in doubt without a place", &later_header, &without),
    ]
}

fn with_user_key() -> Client {
    let mut session =
        client(Version::V203, easy().user_keys(30), &[]).open(credentials().asking_for_user_key()).unwrap();
    run(session.accounts()).unwrap().done().unwrap();
    session.close().unwrap()
}

/// Has answered the questions of both.
fn known_to_two_realms(profile: fn(&str) -> Vec<u8>) -> Session {
    let faults = [("<PROFRQ>", Fault::Say(profile))];
    let mut session = client(Version::V211, questioning(), &faults).open(credentials()).unwrap();
    assert!(matches!(run(session.accounts()), Ok(Progress::Ask(_))));
    run(session.answer(answers("Garcia"))).unwrap().done().unwrap();
    assert!(matches!(run(session.pay(&payment())), Ok(Progress::Ask(_))));
    run(session.answer(answers("Garcia"))).unwrap().done().unwrap();
    session
}

fn prepared_in_another_realm() -> Session {
    let mut session = known_to_two_realms(large_realms_profile);
    run(session.prepare_payment(&payment())).unwrap();
    session
}

fn with_a_newer_profile() -> Client {
    let faults = [("<ACCTINFORQ>", Fault::Say(newer_profile))];
    let mut session = client(Version::V203, easy(), &faults).open(credentials()).unwrap();
    run(session.accounts()).unwrap().done().unwrap();
    session.close().unwrap()
}

fn of_all_histories() -> Client {
    let mut session = client(Version::V220, full_history(easy()), &[]).open(credentials()).unwrap();
    run(session.pay(&payment())).unwrap().done().unwrap();
    run(session.add_recurring(&recurring())).unwrap().done().unwrap();
    for kind in SyncKind::ALL {
        let account = payment().from.clone();
        let changes = run(session.synchronize(kind, Some(&account), None)).unwrap().done().unwrap();
        session.acknowledge(&changes);
    }
    // Two of the histories go on from there, unseen.
    run(session.pay(&payment())).unwrap().done().unwrap();
    run(session.add_payee(&PayeeAddition::new(payment_payee()))).unwrap().done().unwrap();
    session.close().unwrap()
}

/// In a style in which its account must be written as the request is.
fn cancellation() -> Session {
    let lines = institution(Version::V103).style(Style::new().close_leaves(true).line_breaks(true));
    let wire = Wire::new(with_branch(asking_always()), &[]);
    canceling(Client::builder(lines).transport(wire).build().unwrap())
}

fn cancellation_in_doubt() -> Session {
    let faults = [("<PMTCANCRQ>", Fault::Pass), ("<PMTCANCRQ>", Fault::Lost)];
    let mut session = canceling(client(Version::V230, with_branch(asking_always()), &faults));
    assert!(matches!(run(session.answer(answers("Garcia"))), Ok(Progress::Unknown(_))));
    assert!(matches!(run(session.reconcile()), Ok(Progress::Ask(_))));
    session
}

/// Waits for answers, behind a payment.
fn canceling(client: Client) -> Session {
    let mut session = client.open(credentials()).unwrap();
    let mut payment = payment();
    payment.from = branch();
    let mut progress = run(session.pay(&payment)).unwrap().map(|receipt| receipt.id().to_owned());
    let id = loop {
        progress = match progress {
            Progress::Done(id) => break id,
            Progress::Ask(_) => run(session.answer(answers("Garcia")))
                .unwrap()
                .map(|completed| completed.receipt().unwrap().id().to_owned()),
            other => panic!("{other:?}"),
        };
    };
    assert!(matches!(run(session.cancel_payment(&id, &branch())), Ok(Progress::Ask(_))));
    session
}

/// An account with everything that one can have.
fn branch() -> BankAccount {
    let mut branch = BankAccount::new("999888777", "1000002", AccountType::Savings);
    branch.branch_id = Some("0042".to_owned());
    branch.account_key = Some("K7".to_owned());
    branch
}

fn recurring_in_doubt() -> Session {
    let bank = full_history(easy()).file_recovery(true);
    let mut session = client(Version::V103, bank, &[("<RECPMTRQ>", Fault::Lost)]).open(credentials()).unwrap();
    assert!(matches!(run(session.add_recurring(&recurring())), Ok(Progress::Unknown(Doubt::NoAnswer(_)))));
    session
}

fn recurring() -> RecurringPayment {
    RecurringPayment::new(Recurrence::times(12, Frequency::Monthly), payment()).final_amount(Decimal::new(8000, 2))
}

fn payee() -> Session {
    let mut session =
        client(Version::V211, full_history(easy()), &[("<PAYEERQ>", Fault::Lost)]).open(credentials()).unwrap();
    let addition = PayeeAddition::new(payment_payee()).pay_account("88-204-117").pay_account("88-204-118");
    assert!(matches!(run(session.add_payee(&addition)), Ok(Progress::Unknown(Doubt::NoAnswer(_)))));
    session
}

fn payment_payee() -> PayeeRef {
    payment().payee.clone()
}

fn mail() -> Session {
    let lines = institution(Version::V160).style(Style::new().close_leaves(false).line_breaks(true));
    let wire = Wire::new(full_history(easy()), &[("<PMTMAILRQ>", Fault::Lost)]);
    let mut session = Client::builder(lines).transport(wire).build().unwrap().open(credentials()).unwrap();
    let day = Stamp::day(NaiveDate::from_ymd_opt(2026, 1, 5).unwrap());
    let mail = Mail::new("jane", day, "Jane", "Bank", "A payment", "Where is it?");
    assert!(matches!(run(session.send_payment_mail(&PaymentMail::new(mail))), Ok(Progress::Unknown(_))));
    session
}

fn synchronization() -> Session {
    let mut session = client(Version::V203, full_history(asking_always()), &[]).open(credentials()).unwrap();
    assert!(matches!(run(session.sync_payments(&payment().from)), Ok(Progress::Ask(_))));
    session
}

fn full_history(bank: BankBuilder) -> BankBuilder {
    bank.everything().sync_mode(SyncMode::Full)
}

fn asking_always() -> BankBuilder {
    questioning().access_keys(AccessKeys::Never)
}

fn with_branch(bank: BankBuilder) -> BankBuilder {
    let mut info = AccountInfo::new(Some("Pays bills"));
    info.bill_pay = Some(BillPayAccountInfo::active(branch()));
    full_history(bank).account(info)
}

/// The signon is refused, without a word.
fn refused(code: u32) -> Vec<u8> {
    format!(
        "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>{code}</CODE><SEVERITY>ERROR</SEVERITY></STATUS>\
         <DTSERVER>20260105093001</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1></OFX>"
    )
    .into_bytes()
}

/// Two questions, of which one is for the program.
fn asks(trn_uid: &str) -> Vec<u8> {
    let status = "<STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>";
    let one = |id| format!("<MFACHALLENGE><MFAPHRASEID>{id}</MFAPHRASEID></MFACHALLENGE>");
    let questions = format!("<MFACHALLENGERS>{}{}</MFACHALLENGERS>", one("MFA16"), one("MFA107"));
    format!(
        "<OFX><SIGNONMSGSRSV1><SONRS>{status}<DTSERVER>20260105093001</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS>\
         <MFACHALLENGETRNRS><TRNUID>{trn_uid}</TRNUID>{status}{questions}</MFACHALLENGETRNRS></SIGNONMSGSRSV1></OFX>"
    )
    .into_bytes()
}
