//! A change of the password in a session: whom the answer is about.

use ofx_session::{Progress, Session};

use super::line::{Fate, Line, client, easy, jane, now};

const NEW_PASSWORD: &str = "battery staple";

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
}

/// Institutions keep user ids in letters of their own, and some name none.
#[test]
fn whose_password_it_is_does_not_hang_on_the_letters() {
    for user_id in ["<USERID>JANE</USERID>", "<USERID> jane </USERID>", ""] {
        let (_, _, progress) = told(user_id);
        assert_eq!(progress, Progress::Done(()), "{user_id:?}");
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
