//! What is stored for one user is not for another, and what is stored can be read again, however much it is.

use std::sync::{Arc, Mutex};

use ofx_session::engine::Intent;
use ofx_session::error::ErrorKind;
use ofx_session::ofx::{Request, SyncMode};
use ofx_session::transport::{Sending, Transport, TransportError};
use ofx_session::{Blob, Client, Credentials, Frequency, Institution, Progress, Recurrence, RecurringPayment};

use super::line::{Fate, Line, context, easy, jane, keys, now, once, pause, payment, reread, session};

/// The institution has not said yet that it knows the user: the blob says whose it is all the same, as that of a pause does.
#[test]
fn what_is_stored_ahead_is_the_user_s_own() {
    let line = Line::new(easy().sync_mode(SyncMode::Full).build_model());
    let mut first = session(&line);
    now(first.prepare_payment(&payment())).unwrap();
    let stored = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&stored);
    first.keep_ahead(&keys(), &context(), move |blob| {
        kept.lock().unwrap().push(Blob::from_text(&blob.to_text()).unwrap());
        Ok(())
    });
    line.then([Fate::Hangs]);
    assert!(once(first.proceed()).is_none());
    let blob = stored.lock().unwrap().pop().unwrap();
    let paused = Client::resume(&blob, &keys(), &context()).unwrap().transport(line);
    let (error, paused) =
        paused.open_risking_a_second_payment(Credentials::new("bob", "hunter2")).unwrap_err().into_parts();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(paused.open_risking_a_second_payment(jane()).is_ok());
}

/// Also where nobody has signed on yet.
#[test]
fn what_is_paused_is_the_user_s_own() {
    let line = Line::new(easy().build_model());
    let mut session = session(&line);
    now(session.prepare_payment(&payment())).unwrap();
    let paused = reread(&pause(session)).transport(line);
    let (error, paused) =
        paused.open_risking_a_second_payment(Credentials::new("bob", "hunter2")).unwrap_err().into_parts();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(paused.open_risking_a_second_payment(jane()).is_ok());
}

/// What a transport is asked: an institution that wants its cookie before it reads a payment, and is away then.
#[derive(Clone, Debug)]
struct WantsCookie(Line, Arc<Mutex<Vec<bool>>>);

impl Transport for WantsCookie {
    fn send(&self, request: ofx_session::transport::Request) -> Sending<'_> {
        let mut reused = self.1.lock().unwrap();
        reused.push(request.may_reuse_connection());
        let pays = String::from_utf8_lossy(request.body()).contains("<PMTRQ>");
        let first = reused.iter().filter(|reused| !**reused).count() == 1;
        let host = "ofx.bank.example".to_owned();
        match (pays, first) {
            (false, _) => self.0.send(request),
            (true, true) => Box::pin(async { Err(TransportError::Empty { cookie_set: true }) }),
            (true, false) => Box::pin(async { Err(TransportError::Connect { host, source: None }) }),
        }
    }
}

/// The file left the first time, and on a connection of its own: a server may close one that was used before at any moment.
#[test]
fn a_payment_that_was_answered_with_a_cookie_only_is_in_doubt() {
    let wire = WantsCookie(Line::new(easy().build_model()), Arc::default());
    let dialect = ofx_session::Dialect::new().repeat_for_cookie(true);
    let institution = Institution::new(super::line::MAIN).dialect(dialect);
    let client = Client::builder(institution).transport(wire.clone()).build().unwrap();
    let mut session = client.open(jane()).unwrap();
    assert!(matches!(now(session.pay(&payment())), Ok(Progress::Unknown(_))));
    assert_eq!(*wire.1.lock().unwrap(), [true, false, false], "the profile, and the payment twice");
}

/// A copy knows what it was made with, and not what became of the others: to give it up says nothing about them.
#[test]
fn a_copy_is_given_up_although_another_one_was_sent() {
    let line = Line::new(easy().build_model());
    let mut first = session(&line);
    now(first.prepare_payment(&payment())).unwrap();
    let blob = pause(first);
    let copy = || reread(&blob).transport(line.clone());
    let mut sends = copy().open_risking_a_second_payment(jane()).unwrap();
    now(sends.proceed()).unwrap().done().unwrap();
    assert!(copy().abandon().is_ok());
    assert!(copy().open_risking_a_second_payment(jane()).unwrap().abandon().is_ok());
    line.clean(1);
}

/// A vault takes single payments only.
#[test]
fn what_pays_is_not_opened_just_like_that_and_a_vault_is_named_where_there_is_one_for_it() {
    let monthly = || Request::from(RecurringPayment::new(Recurrence::endless(Frequency::Monthly), payment()));
    let prepared: [(Intent, bool); 3] = [
        (Intent::pay(&payment()), true),
        (monthly().into(), false),
        (Intent::Batch(vec![Intent::pay(&payment()), monthly().into()]), false),
    ];
    for (intent, has_vault) in prepared {
        let mut session = session(&Line::new(easy().build_model()));
        now(session.prepare(intent)).unwrap();
        let (error, paused) = reread(&pause(session)).open(jane()).unwrap_err().into_parts();
        assert_eq!(error.kind(), ErrorKind::Misuse);
        let text = error.to_string();
        assert_eq!(
            (text.contains("Vault"), text.contains("open_risking_a_second_payment")),
            (has_vault, true),
            "{text}"
        );
        assert!(paused.open_risking_a_second_payment(jane()).is_ok());
    }
}

/// What can be paused can be resumed: a batch is as large as a blob holds, or is refused before anything is sent.
#[test]
fn a_batch_that_is_sent_can_be_stored_and_read_again() {
    for count in [40, 70, 100] {
        let line = Line::new(easy().build_model());
        let mut session = session(&line);
        let memo = "Memo of 250 letters, ".repeat(12);
        let one = |_| Intent::Pay(Box::new(payment().memo(memo.trim())));
        line.then([Fate::Honest, Fate::LostBefore]);
        match now(session.batch((0..count).map(one).collect())) {
            Ok(Progress::Unknown(_)) => {
                let trn_uid = session.trn_uid();
                let again = reread(&pause(session));
                assert_eq!(Some(again.trn_uid()), trn_uid, "{count}");
                assert_eq!(again.requests().len(), count);
            }
            Err(error) => assert!(error.kind() == ErrorKind::Misuse && count > 40, "{count}: {error}"),
            other => panic!("{other:?}"),
        }
    }
}

/// Whoever is shown one payment must not answer the questions for two.
#[test]
fn one_payment_does_not_stand_for_a_batch() {
    let line = Line::new(easy().build_model());
    let mut session = session(&line);
    let pay = || Intent::Pay(Box::new(payment()));
    now(session.prepare(Intent::Batch(vec![pay(), pay()]))).unwrap();
    assert_eq!((session.payment(), session.requests().len()), (None, 2));
    let paused = reread(&pause(session));
    assert_eq!((paused.payment(), paused.requests().len()), (None, 2));
    assert!(paused.kind().pays() && paused.kind().counts());
    assert_eq!(paused.open(jane()).unwrap_err().into_parts().0.kind(), ErrorKind::Misuse);
}
