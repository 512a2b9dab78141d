//! Whether money may have moved: what every error says that is about a payment in doubt, and one about a payment that is not.

use std::time::Duration;

use ofx_session::seal::OpenPolicy;
use ofx_session::{Answers, Blob, Client, Context, Credentials, Error, Key, KeyRing, Moved, Progress, Session, Stored};

use super::line::{Fate, Line, context, jane, keys, now, pause, payment, questioning, reread, right, session, wrong};

/// A payment that waits for answers; in doubt, because it is about to be sent once more, or not.
fn asked(in_doubt: bool) -> (Line, Session) {
    let line = Line::new(questioning().build_model());
    let mut session = session(&line);
    assert!(matches!(now(session.pay(&payment())).unwrap(), Progress::Ask(_)));
    if in_doubt {
        line.then([Fate::LostAfter]);
        assert!(matches!(now(session.answer(right())).unwrap(), Progress::Unknown(_)));
        line.wire().bank.revoke_access_keys();
        assert!(matches!(now(session.repeat_payment_in_doubt()).unwrap(), Progress::Ask(_)));
    }
    (line, session)
}

/// Every error that a session can say about it without sending anything.
fn of_session(in_doubt: bool) -> Vec<(&'static str, Error)> {
    let mut errors = Vec::new();
    let mut with = |name, call: &mut dyn FnMut(Session) -> Error| errors.push((name, call(asked(in_doubt).1)));
    with("answer", &mut |mut session| now(session.answer(Answers::new())).unwrap_err());
    with("repeat", &mut |mut session| now(session.repeat_payment_in_doubt()).unwrap_err());
    with("reconcile", &mut |mut session| now(session.reconcile()).unwrap_err());
    with("pay", &mut |mut session| now(session.pay(&payment())).unwrap_err());
    with("accounts", &mut |mut session| now(session.accounts()).unwrap_err());
    with("wrong answers", &mut |mut session| now(session.answer(wrong())).unwrap().done().unwrap_err());
    with("pause", &mut |session| session.pause_for(Duration::ZERO, &keys(), &context()).unwrap_err().into_parts().0);
    with("open", &mut |session| reread(&pause(session)).open(jane()).unwrap_err().into_parts().0);
    with("connection", &mut |session| {
        let never = ofx_session::HttpsOptions::new().total_timeout(Duration::ZERO);
        reread(&pause(session)).connection(never).unwrap_err()
    });
    with("another user", &mut |session| {
        let joe = Credentials::new("joe", "correct horse");
        reread(&pause(session)).open_risking_a_second_payment(joe).unwrap_err().into_parts().0
    });
    errors
}

#[test]
fn an_error_about_a_payment_in_doubt_never_says_that_nothing_moved() {
    for (in_doubt, moved) in [(true, Moved::Unknown), (false, Moved::No)] {
        for (name, error) in of_session(in_doubt) {
            assert_eq!(error.money_may_have_moved(), moved, "{name}: {error}");
            assert!(!in_doubt || !error.to_string().contains("new client"), "a doubt would be lost: {name}: {error}");
        }
    }
}

/// It may hold a payment that was sent.
#[test]
fn a_paused_blob_that_cannot_be_read_leaves_it_open_whether_money_moved() {
    let blob = pause(asked(true).1);
    let late = OpenPolicy::new(u64::try_from(chrono::Utc::now().timestamp()).unwrap() + 400 * 24 * 3600);
    let other = KeyRing::new(Key::new(9, [9; 32]).unwrap());
    let elsewhere = Context::new("tenant-2", "user-42").unwrap();
    for error in [
        Client::resume_under(&blob, &keys(), &context(), &late).unwrap_err(),
        Client::resume(&blob, &other, &context()).unwrap_err(),
        Client::resume(&blob, &keys(), &elsewhere).unwrap_err(),
        Client::resume_plain(&blob).unwrap_err(),
        Stored::open(&blob, &other, &context()).unwrap_err(),
        Client::restore(&blob, &keys(), &context()).unwrap_err(),
    ] {
        assert_eq!(error.money_may_have_moved(), Moved::Unknown, "{error}");
    }
}

/// What a blob says of itself can be damaged as well.
#[test]
fn a_blob_that_may_be_anything_may_hold_a_payment() {
    let blob = pause(asked(true).1);
    for at in 0..blob.as_bytes().len().min(64) {
        let mut bytes = blob.as_bytes().to_vec();
        bytes[at] ^= 1;
        let damaged = Blob::from_bytes(bytes);
        let error = Stored::open(&damaged, &keys(), &context()).unwrap_err();
        assert_eq!(error.money_may_have_moved(), Moved::Unknown, "{at}: {error}");
    }
    assert_eq!(Error::from(Blob::from_text("no blob").unwrap_err()).money_may_have_moved(), Moved::Unknown);
    let (line, _) = asked(false);
    let client = super::line::client(&line).deconstruct(&keys(), &context()).unwrap();
    let other = KeyRing::new(Key::new(9, [9; 32]).unwrap());
    assert_eq!(Client::restore(&client, &other, &context()).unwrap_err().money_may_have_moved(), Moved::No);
}
