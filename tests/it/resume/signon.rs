//! A signon that is refused: nobody looked at what stood beside it, and it waits for another one.

use ofx_session::engine::{Refusal, RefusedAt};
use ofx_session::{Client, Completed, Credentials, ErrorKind, Institution, Moved, Progress, Session, Situation};

use super::ahead::{after_the_crash, keeping};
use super::line::{
    Fate, Line, MAIN, client, context, easy, jane, keys, now, once, pause, payment, questioning, reread, right, session,
};

fn mistyped() -> Credentials {
    Credentials::new("jane", "wrong horse")
}

/// Goes on elsewhere, with nothing but the blob.
fn elsewhere(session: Session, line: &Line, credentials: Credentials) -> Session {
    let paused = reread(&pause(session)).transport(line.clone());
    paused.open_risking_a_second_payment(credentials).unwrap()
}

fn refused(told: Result<Progress<Completed>, ofx_session::Error>) {
    let error = told.unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Refused, Moved::No));
    assert_eq!(error.detail::<Refusal>().unwrap().at, RefusedAt::Signon);
}

#[test]
fn a_prepared_payment_outlives_a_wrong_password() {
    for class in ["D-S-F-", "D+S+F+"] {
        let line = Line::new(easy().class(class.parse().unwrap()).build_model());
        let mut first = session(&line);
        now(first.prepare_payment(&payment())).unwrap();
        let name = first.trn_uid();
        let mut second = elsewhere(first, &line, mistyped());
        for _ in 0..2 {
            refused(now(second.proceed()));
            assert_eq!((second.situation(), second.trn_uid()), (Some(Situation::Ready), name.clone()));
        }
        let mut third = elsewhere(second, &line, jane());
        assert!(matches!(now(third.proceed()).unwrap(), Progress::Done(Completed::Paid(_))), "{class}");
        assert_eq!(third.situation(), None);
        let sent = line.wire().sent.clone();
        let name = |bytes: &[u8]| {
            let document = ofx_session::ofx::Document::decode(bytes, &ofx_session::ofx::Limits::new()).unwrap();
            document.header().new_file_uid().as_str().to_owned()
        };
        let names: std::collections::BTreeSet<_> = sent.iter().map(|(_, bytes)| name(bytes)).collect();
        assert_eq!(names.len(), sent.len(), "{class}: each file has a name of its own");
        line.clean(1);
    }
}

/// Answers stand in the signon, and may be good for once: they are asked for again.
#[test]
fn a_payment_outlives_a_wrong_password_beside_its_answers() {
    let line = Line::new(questioning().build_model());
    let mut first = session(&line);
    assert!(matches!(now(first.pay(&payment())).unwrap(), Progress::Ask(_)));
    let mut second = elsewhere(first, &line, mistyped());
    refused(now(second.answer(right())));
    refused(now(second.proceed()));
    let (_, last) = line.wire().sent.last().cloned().unwrap();
    assert!(String::from_utf8(last).unwrap().contains("<MFACHALLENGETRNRQ>"), "the questions, and no answers");
    let mut third = elsewhere(second, &line, jane());
    assert!(matches!(now(third.proceed()).unwrap(), Progress::Ask(_)));
    let told = now(third.answer(right())).unwrap();
    assert!(matches!(told, Progress::Done(Completed::Paid(_))), "{told:?}");
    line.clean(1);
}

/// The user id that the institution has refused may be mistyped: it binds neither the payment nor the client, also when a second try
/// does not arrive.
#[test]
fn a_mistyped_user_id_binds_nobody() {
    for (abandons, tries_again) in [(false, false), (true, false), (false, true), (true, true)] {
        let line = Line::new(easy().build_model());
        let mut first = client(&line).open(Credentials::new("jnae", "correct horse")).unwrap();
        assert_eq!(now(first.pay(&payment())).unwrap_err().kind(), ErrorKind::Refused);
        if tries_again {
            line.then([Fate::NotSent]);
            assert_eq!(now(first.proceed()).unwrap_err().kind(), ErrorKind::Transport);
        }
        let paused = reread(&pause(first)).transport(line.clone());
        if abandons {
            now(paused.abandon().unwrap().open(jane()).unwrap().pay(&payment())).unwrap().done().unwrap();
        } else {
            let mut second = paused.open_risking_a_second_payment(jane()).unwrap();
            assert!(matches!(now(second.proceed()).unwrap(), Progress::Done(_)));
        }
        line.clean(1);
    }
}

/// It was sent once more, and may have been carried out: it is nobody else's.
/// Nobody has recognized the user, and no blob says so.
#[test]
fn a_pause_that_fails_binds_nobody() {
    let line = Line::new(easy().build_model());
    let builder = Client::builder(Institution::new(MAIN)).blob_limit(100).transport(line);
    let mut session = builder.build().unwrap().open(mistyped()).unwrap();
    now(session.prepare_payment(&payment())).unwrap();
    let (error, mut session) = session.pause(&keys(), &context()).unwrap_err().into_parts();
    assert_eq!(error.money_may_have_moved(), Moved::No);
    session.abandon().unwrap();
    assert!(session.close().unwrap().open(Credentials::new("somebody else", "correct horse")).is_ok());
}

#[test]
fn what_may_have_arrived_under_a_refused_user_id_is_bound_to_it() {
    let line = Line::new(easy().build_model());
    let mut first = client(&line).open(Credentials::new("jnae", "correct horse")).unwrap();
    let stored = keeping(&mut first);
    assert_eq!(now(first.pay(&payment())).unwrap_err().kind(), ErrorKind::Refused);
    line.then([Fate::LostBefore]);
    assert!(matches!(now(first.proceed()).unwrap(), Progress::Unknown(_)));
    let kept = stored.lock().unwrap().pop().unwrap();
    for blob in [kept, pause(first)] {
        let error = reread(&blob).transport(line.clone()).open_risking_a_second_payment(jane()).unwrap_err();
        assert!(error.to_string().contains("another user"), "{error}");
    }
    line.clean(0);
}

/// Before the questions are asked nothing has arrived, and the user id may still be mistyped.
#[test]
fn what_is_kept_ahead_of_a_second_try_binds_no_refused_user_id() {
    let line = Line::new(questioning().challenge_first(true).build_model());
    let mut first = client(&line).open(Credentials::new("jnae", "correct horse")).unwrap();
    let stored = keeping(&mut first);
    assert_eq!(now(first.pay(&payment())).unwrap_err().kind(), ErrorKind::Refused);
    line.then([Fate::Hangs]);
    assert!(once(first.proceed()).is_none());
    let mut second = after_the_crash(&line, &stored);
    assert!(matches!(now(second.proceed()).unwrap(), Progress::Ask(_)));
    line.clean(0);
}

#[test]
fn one_that_is_not_wanted_any_more_is_given_up() {
    let line = Line::new(easy().everything().build_model());
    let mut first = client(&line).open(mistyped()).unwrap();
    let told = now(first.pay(&payment())).unwrap_err();
    assert_eq!(told.kind(), ErrorKind::Refused);
    let again = now(first.pay(&payment())).unwrap_err();
    assert_eq!((again.kind(), again.money_may_have_moved()), (ErrorKind::Misuse, Moved::No));
    first.abandon().unwrap();
    // What only asks, and a change of the password, which waits for nobody, leave nothing.
    assert_eq!(now(first.accounts()).unwrap_err().kind(), ErrorKind::Refused);
    assert_eq!(first.situation(), None);
    assert_eq!(now(first.change_password("new horse")).unwrap_err().kind(), ErrorKind::Refused);
    assert_eq!(first.situation(), None);
    line.clean(0);
}

/// Answers that may have arrived are not given twice, also for what only reads.
#[test]
fn answers_of_a_call_that_was_dropped_are_asked_for_again() {
    let line = Line::new(questioning().build_model());
    let mut session = session(&line);
    assert!(matches!(now(session.accounts()), Ok(Progress::Ask(_))));
    line.then([Fate::Hangs]);
    assert!(once(session.answer(right())).is_none());
    let sent = line.wire().sent.len();
    let _ = now(session.proceed());
    let (_, next) = line.wire().sent[sent].clone();
    assert!(!String::from_utf8(next).unwrap().contains("MFACHALLENGEANSWER"));
}

/// It was not looked at, and waits for a month under its identifiers: nothing takes its place.
#[test]
fn a_payment_that_waits_for_approval_is_not_replaced() {
    let line = Line::new(easy().approval_required(true).build_model());
    let mut session = session(&line);
    assert!(matches!(now(session.pay(&payment())), Ok(Progress::Approve(_))));
    let name = session.trn_uid();
    assert_eq!(now(session.pay(&payment())).unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(now(session.accounts()).unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(session.trn_uid(), name);
    assert_eq!(session.longest_pause(), std::time::Duration::from_secs(30 * 24 * 3600));
    let mut session = elsewhere(session, &line, jane());
    line.wire().bank.approve_clients();
    assert!(matches!(now(session.proceed()), Ok(Progress::Done(Completed::Paid(_)))));
    line.clean(1);
}
