//! What a user signs on with: what is sent is what is read, or nothing is sent.

use super::make;
use super::refused::{NEW, refuses_texts};
use crate::ofx::{ChallengeAnswer, EncodeError, Login, SignonRequest};
use crate::secret::Secret;

#[test]
fn what_signs_on_is_what_is_read() {
    let with = |change: &dyn Fn(&mut SignonRequest)| {
        let mut signon = make::full_signon_request();
        change(&mut signon);
        signon.check(NEW)
    };
    let login = |login: Login| with(&|signon| signon.login = login.clone());
    let name = |user_id: &str, password: &str| Login::Password {
        user_id: user_id.to_owned(),
        password: Secret::from(password),
    };
    refuses_texts("USERID", 32, |text| login(name(text, "secret")));
    refuses_texts("USERPASS", 171, |text| login(name("dora", text)));
    refuses_texts("USERKEY", 64, |text| login(Login::UserKey(Secret::from(text))));
    refuses_texts("ACCESSTOKEN", 10_000, |text| login(Login::AccessToken(Secret::from(text))));
    refuses_texts("USERCRED1", 171, |text| with(&|signon| signon.user_cred1 = Some(Secret::from(text))));
    refuses_texts("USERCRED2", 171, |text| with(&|signon| signon.user_cred2 = Some(Secret::from(text))));
    refuses_texts("AUTHTOKEN", 171, |text| with(&|signon| signon.auth_token = Some(Secret::from(text))));
    for secret in ["Blue\nGold", "Blue\tGold", "\u{a0}BlueGold", "BlueGold\r\n"] {
        let error = login(name("dora", secret)).unwrap_err();
        assert_eq!(error.tag(), Some("USERPASS"));
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("USERPASS") && shown.contains("remove it") && !shown.contains("Gold"), "{shown}");
    }
}

/// People type them, and a blank behind one is no part of it.
#[test]
fn answers_to_security_questions_go_without_outer_blanks() {
    for typed in ["Garcia", "Garcia ", "\u{a0}Garcia", "\tGarcia\r\n"] {
        assert_eq!(ChallengeAnswer::new("MFA16", typed).answer.expose(), "Garcia", "{typed:?}");
    }
    let with = |answer: &str| {
        let mut signon = make::full_signon_request();
        signon.answers = vec![ChallengeAnswer::new("MFA16", answer)];
        signon.check(NEW)
    };
    assert_eq!(with("de la Cruz "), Ok(()));
    assert_eq!(with("de\nCruz"), Err(EncodeError::Control("MFAPHRASEA".to_owned())));
    assert_eq!(with("de\tCruz"), Err(EncodeError::Control("MFAPHRASEA".to_owned())));
    assert_eq!(with(" \n"), Err(EncodeError::Empty("MFAPHRASEA")));
    assert!(matches!(with(&"x".repeat(65)), Err(EncodeError::TooLong { tag: "MFAPHRASEA", length: 65, limit: 64 })));
}
