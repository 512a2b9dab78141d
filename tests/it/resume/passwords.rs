//! A change of the password in a session: what the profile says of it, whom the answer is about, and what is said while it is in doubt.

use ofx_session::error::ErrorKind;
use ofx_session::{Completed, Error, Intent, Progress, Session};

use super::line::{Fate, Line, client, easy, jane, now};

const NEW_PASSWORD: &str = "battery staple";

fn refuses_as_too_short(result: Result<(), Error>) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse, "{error}");
    assert!(error.to_string().contains("fewer than 4 characters"), "{error}");
}

#[test]
fn a_change_that_is_prepared_keeps_the_rules_of_the_profile() {
    let line = Line::new(easy().everything().build_model());
    let mut session = client(&line).open(jane().new_password("x")).unwrap();
    refuses_as_too_short(now(session.change_password("x")).map(drop));
    assert_eq!(session.situation(), None);
    refuses_as_too_short(now(session.prepare(Intent::ChangePassword)));
    assert_eq!(session.situation(), None, "nothing is left that could be sent");
    assert_eq!(line.work(), [""; 0], "nothing was asked but the profile");
    // One that is refused is not the session's from then on.
    let mut session = client(&line).open(jane().new_password(NEW_PASSWORD)).unwrap();
    refuses_as_too_short(now(session.change_password("x")).map(drop));
    now(session.prepare(Intent::ChangePassword)).unwrap();
    assert_eq!(now(session.proceed()).unwrap(), Progress::Done(Completed::PasswordChanged));
    line.clean(0);
}

#[test]
fn a_change_is_prepared_with_both_passwords() {
    let line = Line::new(easy().everything().build_model());
    let mut session = client(&line).open(jane()).unwrap();
    let error = now(session.prepare(Intent::ChangePassword)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.to_string().contains("new_password"), "{error}");
    assert_eq!((session.situation(), line.wire().sent.len()), (None, 0));
}

/// A session whose user the institution has recognized, and what it says next to a change of the password.
fn told(user_id: &str) -> (Line, Session, Progress<()>) {
    let line = Line::new(easy().everything().build_model());
    let mut session = client(&line).open(jane()).unwrap();
    now(session.accounts()).unwrap().done().unwrap();
    line.then([Fate::Says(ACCEPTED.replace("%USERID%", user_id).into_bytes())]);
    let progress = now(session.change_password(NEW_PASSWORD)).unwrap();
    (line, session, progress)
}

#[test]
fn the_change_of_another_users_password_is_none_of_ours() {
    let (_, mut session, progress) = told("<USERID>bob</USERID>");
    let Progress::Unknown(doubt) = progress else { panic!("{progress:?}") };
    assert!(doubt.explain().contains("another user"), "{}", doubt.explain());
    assert!(!doubt.explain().contains("bob"), "{}", doubt.explain());
    // The new one is tried and is refused; then the old one lets her in.
    let error = now(session.reconcile()).unwrap_err();
    assert_eq!(error.status().map(|code| code.value()), Some(15_503), "{error}");
    assert_eq!(error.server_message(), None, "the institution has said nothing of it");
    let text = error.to_string();
    assert!(text.contains("keep both for a day") && !text.contains("in its words"), "{text}");
    assert!(!text.contains("choose another password"), "{text}");
}

/// Institutions keep user ids in letters of their own, and some name none.
#[test]
fn whose_password_it_is_does_not_hang_on_the_letters() {
    for user_id in ["<USERID>JANE</USERID>", "<USERID> jane </USERID>", ""] {
        let (_, _, progress) = told(user_id);
        assert_eq!(progress, Progress::Done(()), "{user_id:?}");
    }
}

#[test]
fn what_is_said_of_a_change_speaks_of_no_payment() {
    let line = Line::new(easy().everything().build_model());
    let mut session = client(&line).open(jane()).unwrap();
    let mut texts = vec![
        now(session.reconcile()).unwrap_err(),
        now(session.repeat_payment_in_doubt()).unwrap_err(),
        session.settle_doubt().unwrap_err(),
    ];
    line.then([Fate::Honest, Fate::LostAfter]);
    assert!(matches!(now(session.change_password(NEW_PASSWORD)).unwrap(), Progress::Unknown(_)));
    line.then([Fate::NotSent]);
    texts.push(now(session.reconcile()).unwrap_err());
    assert!(texts.last().unwrap().to_string().contains("the request is still in doubt"));
    for error in texts {
        assert!(!error.to_string().contains("payment"), "{error}");
    }
}

/// Under no `TRNUID`, so it may be ours.
const ACCEPTED: &str = "\
<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>
<?OFX OFXHEADER=\"200\" VERSION=\"211\" SECURITY=\"NONE\" OLDFILEUID=\"NONE\" NEWFILEUID=\"1\"?>
<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>\
<DTSERVER>20260105100000</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS>\
<PINCHTRNRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS><PINCHRS>%USERID%</PINCHRS></PINCHTRNRS>\
</SIGNONMSGSRSV1></OFX>";
