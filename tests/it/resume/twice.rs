//! One blob of a prepared payment, resumed twice: what the second copy makes of a history in which the first may stand.

use ofx_session::engine::Doubt;
use ofx_session::error::{Delivery, Error, ErrorKind};
use ofx_session::ofx::{Limits, SyncMode, Version};
use ofx_session::{Blob, Moved, Progress, Session, Situation};

use super::line::{Fate, Line, easy, jane, now, pause, payment, reread, session};

/// A payment that waits, in an institution that makes every copy it gets and shows what it made.
fn prepared() -> (Line, Blob) {
    let line = Line::new(easy().class("D-S+F-".parse().unwrap()).build_model());
    let mut session = session(&line);
    now(session.prepare_payment(&payment())).unwrap();
    (line, pause(session))
}

fn resumed(blob: &Blob, line: &Line) -> Session {
    reread(blob).transport(line.clone()).open_risking_a_second_payment(jane()).unwrap()
}

/// The same, and one copy of it was made.
fn made_once() -> (Line, Blob) {
    let (line, blob) = prepared();
    assert!(matches!(now(resumed(&blob, &line).proceed()), Ok(Progress::Done(_))));
    (line, blob)
}

/// The whole history as the institution tells it, with its text edited.
fn told(line: &Line, edit: impl FnOnce(String) -> String) -> Fate {
    let mut bank = line.wire().bank.clone();
    let asks = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("<TOKEN>0<");
    let (_, question) = line.wire().sent.iter().find(|(_, bytes)| asks(bytes)).cloned().unwrap();
    let said = String::from_utf8(bank.answer(ofx_session::testing::Endpoint::Main, &question).unwrap()).unwrap();
    let edited = edit(said.clone());
    assert_ne!(said, edited);
    Fate::Says(edited.into_bytes())
}

fn sent_nothing_but_a_question(line: &Line, before: usize) {
    let work = line.work();
    assert!(work[before..].iter().all(|tail| !tail.contains("<PMTRQ>")), "{:?}", &work[before..]);
    line.clean(1);
}

fn says_what_to_do(error: &Error) {
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Malformed, Delivery::NotSent), "{error}");
    assert_eq!(error.money_may_have_moved(), Moved::No, "{error}");
    let text = error.to_string();
    assert!(text.contains("without_synchronization") && text.contains("limits") && text.contains("byte"), "{text}");
}

/// The first copy is in it.
#[test]
fn a_history_that_is_ofx_and_cannot_be_read_sends_nothing() {
    type Damage = fn(String) -> String;
    let damages: [(&str, Damage); 4] = [
        ("a control character", |text| text.replacen("Invoice", "Inv\u{1}oice", 1)),
        ("no signon", |text| text.replace("SIGNONMSGSRSV1", "SIGNONMSGSRSV9")),
        ("a value among tags", |text| text.replacen("<PMTTRNRS>", "and<PMTTRNRS>", 1)),
        ("a document type", |text| text.replacen("<OFX>", "<!DOCTYPE a><OFX>", 1)),
    ];
    for (name, damage) in damages {
        let (line, blob) = made_once();
        let mut second = resumed(&blob, &line);
        let before = line.work().len();
        for _ in 0..2 {
            line.then([told(&line, damage)]);
            let error = now(second.proceed()).unwrap_err();
            says_what_to_do(&error);
            assert!(error.to_string().contains("ask the institution"), "{name}: {error}");
            assert_eq!(second.situation(), Some(Situation::Ready), "{name}");
        }
        sent_nothing_but_a_question(&line, before);
        let receipt = now(second.proceed()).unwrap().done().unwrap().receipt().unwrap();
        assert_eq!(receipt.trn_uid, line.wire().bank.payments()[0].trn_uid, "{name}");
        sent_nothing_but_a_question(&line, before);
    }
}

#[test]
fn a_history_beyond_the_limits_sends_nothing_until_they_are_raised() {
    let (line, blob) = made_once();
    let before = line.work().len();
    let limited = reread(&blob).transport(line.clone()).limits(Limits::new().bytes(1000));
    let mut second = limited.open_risking_a_second_payment(jane()).unwrap();
    let error = now(second.proceed()).unwrap_err();
    says_what_to_do(&error);
    assert!(error.to_string().contains("1000 bytes"), "{error}");
    let mut raised = resumed(&pause(second), &line);
    assert!(matches!(now(raised.proceed()), Ok(Progress::Done(_))));
    sent_nothing_but_a_question(&line, before);
}

/// An institution may promise a history and know nothing of the question, or not tell it at this moment.
#[test]
fn a_history_that_is_not_told_sends_nothing() {
    fn without_set(text: String, instead: &str) -> String {
        let (from, to) = (text.find("<BILLPAYMSGSRSV1>").unwrap(), text.find("</OFX>").unwrap());
        format!("{}{instead}{}", &text[..from], &text[to..])
    }
    type Edit = fn(String) -> String;
    let no_token: Edit = |text| {
        let frame = "<BILLPAYMSGSRSV1><PMTSYNCRS><TOKEN>-1</TOKEN><LOSTSYNC>N</LOSTSYNC><BANKACCTFROM><BANKID>999888777</BANKID>\
                     <ACCTID>1000001</ACCTID><ACCTTYPE>CHECKING</ACCTTYPE></BANKACCTFROM></PMTSYNCRS></BILLPAYMSGSRSV1>";
        without_set(text, frame)
    };
    let edits: [(&str, Edit); 3] =
        [("no set", |text| without_set(text, "")), ("no token", no_token), ("no OFX", |_| "busy".to_owned())];
    for (name, edit) in edits {
        let (line, blob) = made_once();
        let mut second = resumed(&blob, &line);
        let before = line.work().len();
        for fate in [told(&line, edit), Fate::Refuses(404), Fate::Refuses(403)] {
            line.then([fate]);
            let error = now(second.proceed()).unwrap_err();
            assert_eq!(error.delivery(), Delivery::NotSent, "{name}: {error}");
            assert!(error.to_string().contains("ask the institution whether"), "{name}: {error}");
            assert_eq!(second.situation(), Some(Situation::Ready), "{name}");
        }
        sent_nothing_but_a_question(&line, before);
        assert!(matches!(now(second.proceed()), Ok(Progress::Done(_))), "{name}");
        sent_nothing_but_a_question(&line, before);
    }
}

/// Nobody else has a copy of it: all that is missing is its fence, and what to do about that is for the user.
#[test]
fn a_token_that_is_ofx_and_cannot_be_read_sends_nothing() {
    for version in [Version::V103, Version::V211] {
        let line = Line::new(easy().sync_mode(SyncMode::Full).build_model());
        let mut session = session(&line);
        now(session.prepare_payment(&payment())).unwrap();
        let head =
            if version == Version::V103 { "OFXHEADER:100\r\nVERSION:103\r\n\r\n" } else { "<?OFX VERSION=\"211\"?>" };
        line.then([Fate::Says(format!("{head}<OFX><SIGNONMSGSRSV1>\u{1}</SIGNONMSGSRSV1></OFX>").into_bytes())]);
        let error = now(session.proceed()).unwrap_err();
        says_what_to_do(&error);
        assert_eq!(session.situation(), Some(Situation::Ready));
        assert!(matches!(now(session.proceed()), Ok(Progress::Done(_))), "{version}");
        assert!(line.work().last().unwrap().contains("<PMTSYNCRQ>"), "{version}");
        line.clean(1);
    }
}

/// The doubt says why, and the next one who tries can do something about it.
#[test]
fn a_doubt_says_that_the_history_is_beyond_the_limits_and_ends_when_they_are_raised() {
    let line = Line::new(easy().class("D-S+F-".parse().unwrap()).build_model());
    let mut paying = session(&line);
    line.then([Fate::Honest, Fate::Honest, Fate::LostAfter]);
    assert!(matches!(now(paying.pay(&payment())), Ok(Progress::Unknown(Doubt::NoAnswer(_)))));
    let mut limited = reread(&pause(paying)).transport(line.clone()).limits(Limits::new().bytes(1000));
    for bytes in [1000, 1100] {
        let mut session = limited.open_risking_a_second_payment(jane()).unwrap();
        let Progress::Unknown(doubt) = now(session.reconcile()).unwrap() else { panic!("{bytes}") };
        let text = doubt.explain();
        assert!(matches!(doubt, Doubt::Unreadable(_)) && text.contains(&format!("{bytes} bytes")), "{text}");
        assert!(session.can_reconcile(), "{bytes}");
        limited = reread(&pause(session)).transport(line.clone()).limits(Limits::new().bytes(1100));
    }
    let mut raised = limited.limits(Limits::new()).open_risking_a_second_payment(jane()).unwrap();
    assert!(matches!(now(raised.reconcile()), Ok(Progress::Done(_))));
    line.clean(1);
}
