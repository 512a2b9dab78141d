//! What a session stores before a file leaves: a program that is killed while it waits for the answer finds its payment in doubt.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use ofx_session::engine::Doubt;
use ofx_session::error::{Delivery, ErrorKind};
use ofx_session::ofx::SyncMode;
use ofx_session::{Blob, Client, Completed, Dialect, Institution, Moved, Progress, Session, Situation};

use super::line::{
    Fate, Line, MAIN, context, easy, jane, keys, now, once, pause_and_resume, payment, questioning, right, session,
};

/// Every blob that was stored, oldest first.
pub(super) type Stored = Arc<Mutex<Vec<Blob>>>;

pub(super) fn keeping(session: &mut Session) -> Stored {
    let stored = Stored::default();
    let kept = Arc::clone(&stored);
    session.keep_ahead(&keys(), &context(), move |blob| {
        kept.lock().unwrap().push(Blob::from_text(&blob.to_text()).unwrap());
        Ok(())
    });
    stored
}

/// Another process, with the blob that was stored last.
pub(super) fn after_the_crash(line: &Line, stored: &Stored) -> Session {
    let blob = stored.lock().unwrap().pop().unwrap();
    let paused = Client::resume(&blob, &keys(), &context()).unwrap();
    assert_eq!(paused.payment(), Some(payment()));
    paused.transport(line.clone()).open_risking_a_second_payment(jane()).unwrap()
}

#[test]
fn a_program_that_is_killed_while_it_pays_finds_the_payment_in_doubt() {
    let line = Line::new(easy().sync_mode(SyncMode::Full).build_model());
    let mut first = session(&line);
    let _ = now(first.accounts()).unwrap();
    let stored = keeping(&mut first);
    now(first.prepare_payment(&payment())).unwrap();
    assert!(!first.can_reconcile(), "nothing was sent");
    let trn_uid = first.trn_uid();
    // The token is asked for first; then the payment is carried out, and no answer ever comes.
    line.then([Fate::Honest, Fate::Hangs]);
    assert!(once(first.proceed()).is_none());
    drop(first);
    let life = |blob: &Blob| blob.header().map(|header| header.expires().unwrap() - header.issued()).unwrap();
    let lives: Vec<_> = stored.lock().unwrap().iter().map(life).collect();
    assert_eq!(lives, [24 * 3600, 7 * 24 * 3600], "one for each file, and the doubt for a week");

    let mut second = after_the_crash(&line, &stored);
    assert_eq!(second.trn_uid(), trn_uid);
    assert_eq!(second.situation(), Some(Situation::InDoubt(Doubt::Interrupted)));
    let Progress::Done(Completed::Paid(receipt)) = now(second.reconcile()).unwrap() else { panic!("it was paid") };
    assert_eq!(Some(receipt.trn_uid), trn_uid);
    line.clean(1);
}

/// It has left once, and was answered with nothing but a cookie.
#[test]
fn a_file_that_cannot_be_stored_again_does_not_go_out_again_for_a_cookie() {
    for fails in [true, false] {
        let line = Line::new(easy().class("D-S-F-".parse().unwrap()).build_model());
        let institution = Institution::new(MAIN).dialect(Dialect::new().repeat_for_cookie(true));
        let client = Client::builder(institution).transport(line.clone()).build().unwrap();
        let mut session = client.open(jane()).unwrap();
        now(session.prepare_payment(&payment())).unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        session.keep_ahead(&keys(), &context(), move |_| {
            let is_second = counted.fetch_add(1, Ordering::SeqCst) == 1;
            if fails && is_second { Err(io::Error::other("full")) } else { Ok(()) }
        });
        line.then([Fate::Cookie]);
        let mut paying = std::pin::pin!(session.proceed());
        let mut poll = || paying.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(poll().is_pending(), "it waits for the institution");
        let Poll::Ready(result) = poll() else { panic!("it waits on") };
        assert_eq!(matches!(result.unwrap(), Progress::Unknown(_)), fails);
        assert_eq!(calls.load(Ordering::SeqCst), 2);
        line.clean(usize::from(!fails));
    }
}

#[test]
fn before_the_request_itself_is_sent_what_is_stored_is_ready() {
    let line = Line::new(questioning().challenge_first(true).build_model());
    let mut first = session(&line);
    now(first.prepare_payment(&payment())).unwrap();
    let stored = keeping(&mut first);
    line.then([Fate::Hangs]);
    assert!(once(first.proceed()).is_none());

    let mut second = after_the_crash(&line, &stored);
    assert!(matches!(second.situation(), Some(Situation::Ready)), "{:?}", second.situation());
    assert!(matches!(now(second.proceed()), Ok(Progress::Ask(_))));
    assert!(matches!(now(second.answer(right())), Ok(Progress::Done(Completed::Paid(_)))));
    assert_eq!(line.wire().bank.payments_made(), 1);
}

#[test]
fn what_was_asked_for_about_a_doubt_and_could_not_be_stored_is_asked_for_again() {
    let line = Line::new(easy().sync_mode(SyncMode::Full).build_model());
    let mut first = session(&line);
    let _ = now(first.accounts()).unwrap();
    line.then([Fate::Honest, Fate::LostAfter]);
    let Ok(Progress::Unknown(doubt)) = now(first.pay(&payment())) else { panic!("no answer came") };
    let sent = line.wire().sent.len();
    for found_out in [true, false] {
        first.keep_ahead(&keys(), &context(), |_| Err(io::Error::other("the disk is full")));
        let error = if found_out { now(first.reconcile()) } else { now(first.repeat_payment_in_doubt()) }.unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::Unknown), "{error}");
        keeping(&mut first);
        assert_eq!(first.situation(), Some(Situation::InDoubt(doubt.clone())));
        assert!(first.can_reconcile());
        assert_eq!(first.render().unwrap(), None);
        assert_eq!(now(first.proceed()).unwrap(), Progress::Unknown(doubt.clone()), "which sends nothing");
        assert_eq!(line.wire().sent.len(), sent);
    }
    // Nor does a pause at that moment lose the doubt.
    first.keep_ahead(&keys(), &context(), |_| Err(io::Error::other("the disk is full")));
    now(first.repeat_payment_in_doubt()).unwrap_err();
    let mut first = pause_and_resume(first, &line);
    assert_eq!(first.situation(), Some(Situation::InDoubt(doubt)));
    assert!(matches!(now(first.reconcile()), Ok(Progress::Done(Completed::Paid(_)))));
    line.clean(1);
}

#[test]
fn questions_before_a_further_try_wait_again_where_that_could_not_be_stored() {
    let line = Line::new(questioning().build_model());
    let mut session = session(&line);
    assert!(matches!(now(session.pay(&payment())), Ok(Progress::Ask(_))));
    line.then([Fate::LostBefore]);
    assert!(matches!(now(session.answer(right())), Ok(Progress::Unknown(_))));
    assert!(matches!(now(session.repeat_payment_in_doubt()), Ok(Progress::Ask(_))));
    session.keep_ahead(&keys(), &context(), |_| Err(io::Error::other("the disk is full")));
    assert_eq!(now(session.answer(right())).unwrap_err().kind(), ErrorKind::Store);
    assert!(matches!(session.situation(), Some(Situation::AwaitingAnswers(_))), "{:?}", session.situation());
    keeping(&mut session);
    assert!(matches!(now(session.answer(right())), Ok(Progress::Done(Completed::Paid(_)))));
    line.clean(1);
}

#[test]
fn what_cannot_be_stored_is_not_sent() {
    let line = Line::new(easy().build_model());
    let mut session = session(&line);
    now(session.prepare_payment(&payment())).unwrap();
    let sent = line.wire().sent.len();
    session.keep_ahead(&keys(), &context(), |_| Err(io::Error::other("the disk is full")));
    let error = now(session.proceed()).unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Store, Delivery::NotSent), "{error}");
    assert_eq!(error.money_may_have_moved(), Moved::No);
    assert_eq!(line.wire().sent.len(), sent);
    assert_eq!(session.situation(), Some(Situation::Ready));

    let stored = keeping(&mut session);
    assert!(matches!(now(session.proceed()), Ok(Progress::Done(Completed::Paid(_)))));
    assert_eq!(stored.lock().unwrap().len(), 1);
    line.clean(1);
}

#[test]
fn what_only_reads_is_not_stored() {
    let line = Line::new(easy().build_model());
    let mut session = session(&line);
    let stored = keeping(&mut session);
    let _ = now(session.accounts()).unwrap();
    assert!(stored.lock().unwrap().is_empty());
}
