//! A payment whose future is dropped, at each stage of the connection: nothing that was durable is lost, and what may have been sent is
//! in doubt, also in a blob.

use std::sync::Arc;
use std::time::Duration;

use ofx_session::testing::{Bank, Fault, On};
use ofx_session::transport::Proxy;
use ofx_session::{Client, Credentials, Institution, Session, Situation};
use tokio::sync::Notify;

use crate::backend::{Backend, Connection};
use crate::money::{self, PASSWORD, context, keys, payment};
use crate::peer::stunnel;
use crate::wire::answer;

/// What is left of a payment after the future was dropped: it can be paused, and comes back as it was.
pub(crate) fn paused_and_back(session: Session, institution: impl Fn(&Client) -> bool) -> Session {
    let situation = session.situation().expect("a payment is under way");
    let (trn_uid, what) = (session.trn_uid(), session.payment());
    let blob = session.pause(&keys(), &context()).unwrap();
    let paused = Client::resume(&blob, &keys(), &context()).unwrap();
    assert!(institution(paused.client()));
    assert_eq!((Some(paused.trn_uid()), paused.payment()), (trn_uid, what));
    let same = matches!(
        (&situation, paused.situation()),
        (Situation::Ready, Situation::Ready) | (Situation::InDoubt(_), Situation::InDoubt(_))
    );
    assert!(same, "{situation:?} became {:?}", paused.situation());
    paused.open_risking_a_second_payment(Credentials::new("jane", PASSWORD)).unwrap()
}

pub(crate) fn is_in_doubt(session: &Session) -> bool {
    matches!(session.situation(), Some(Situation::InDoubt(_)))
}

const TOKEN: &str = "canary-394817";

/// Whether the file that would go out next has the one-time token in it.
fn has_token(session: &Session) -> bool {
    let file = session.render().unwrap().expect("there is a file to send");
    file.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes())
}

/// Pays at `backend` until it says that the stage is reached, and drops the future there.
async fn dropped(backend: &Backend, scheme: &str, reached: &Notify) -> Session {
    let authority = crate::papers::Authority::new("root");
    let institution = Institution::new(backend.url().replace("http:", scheme)).without_profile();
    let options = crate::trusting(&authority).allow_http_loopback();
    let client = Client::builder(institution).connection(options).build().unwrap();
    let mut session = client.open(Credentials::new("jane", PASSWORD).auth_token(TOKEN)).unwrap();
    let what = payment();
    tokio::select! {
        biased;
        result = session.pay(&what) => panic!("{result:?}"),
        () = reached.notified() => {}
    }
    session
}

pub(crate) fn stopping<F: Future<Output = ()> + Send + 'static>(
    work: impl Fn(Connection, Arc<Notify>) -> F + Send + Sync + 'static,
) -> (Backend, Arc<Notify>) {
    let reached = Arc::new(Notify::new());
    let kept = Arc::clone(&reached);
    (Backend::new(move |connection| work(connection, Arc::clone(&kept))), reached)
}

/// A server that reads a request and never answers, and word that it has read one.
pub(crate) fn swallowing() -> (Backend, Arc<Notify>) {
    stopping(|mut connection, read| async move {
        connection.read().await;
        read.notify_one();
        connection.linger().await;
    })
}

#[tokio::test]
async fn before_anything_was_done_there_is_nothing_to_keep() {
    let bank = money::bank();
    let mut session = money::session(Institution::new(bank.url()), money::trusting(&bank));
    let what = payment();
    drop(session.pay(&what));
    assert!(session.situation().is_none());
    session.pay(&what).await.unwrap().done().unwrap();
    assert_eq!((bank.payments_made(), bank.violations()), (1, vec![]));
}

#[tokio::test]
async fn while_the_profile_is_fetched_no_payment_is_in_doubt() {
    let bank = money::bank();
    bank.next(On::Profile, Fault::Delay(Duration::from_secs(600)));
    let mut session = money::session(Institution::new(bank.url()), money::trusting(&bank));
    let what = payment();
    tokio::select! {
        biased;
        result = session.pay(&what) => panic!("{result:?}"),
        () = until(|| bank.faults().len() == 1) => {}
    }
    assert!(!is_in_doubt(&session), "{:?}", session.situation());
    session.close().expect("nothing is under way");
    assert_eq!(bank.payments_made(), 0);
}

async fn until(done: impl Fn() -> bool) {
    while !done() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn in_the_handshake_nothing_has_left_and_the_payment_is_ready() {
    let (backend, reached) = stopping(|connection, reached| async move {
        reached.notify_one();
        connection.linger().await;
    });
    let session = dropped(&backend, "https:", &reached).await;
    assert!(matches!(session.situation(), Some(Situation::Ready)), "{:?}", session.situation());
    assert!(has_token(&session), "it was not used up");
    let url = backend.url().replace("http:", "https:");
    let back = paused_and_back(session, |client| client.url() == url);
    back.close().expect("nothing was sent, so there is nothing to find out");
    assert!(backend.seen().is_empty());
}

#[tokio::test]
async fn a_payment_that_was_given_up_before_it_left_is_made_once_when_it_goes_on() {
    let bank = money::bank();
    // A proxy that says nothing; then the way past it.
    let (silent, reached) = stopping(|connection, reached| async move {
        reached.notify_one();
        connection.linger().await;
    });
    let through = Proxy::http(format!("127.0.0.1:{}", silent.port()));
    let institution = Institution::new(bank.url()).without_profile();
    let mut session = money::session(institution, money::trusting(&bank).proxy(through));
    let what = payment();
    for _ in 0..2 {
        tokio::select! {
            biased;
            result = async {
                match session.situation() {
                    None => session.pay(&what).await.map(|_| ()),
                    Some(_) => session.proceed().await.map(|_| ()),
                }
            } => panic!("{result:?}"),
            () = reached.notified() => {}
        }
        assert!(matches!(session.situation(), Some(Situation::Ready)), "{:?}", session.situation());
    }
    let mut session = reconnected(session, &bank);
    session.proceed().await.unwrap().done().unwrap();
    assert_eq!((bank.payments_made(), bank.violations()), (1, vec![]));
}

#[tokio::test]
async fn a_payment_in_doubt_stays_so_when_its_repetition_is_given_up_before_it_left() {
    let (backend, read) = swallowing();
    let (silent, reached) = stopping(|connection, reached| async move {
        reached.notify_one();
        connection.linger().await;
    });
    let authority = crate::papers::Authority::new("root");
    let Some(peer) = stunnel(&authority.server(), backend.port(), "").start() else { return };
    let institution = Institution::new(peer.url()).without_profile();
    let mut session = money::session(institution, crate::trusting(&authority));
    let what = payment();
    tokio::select! {
        biased;
        result = session.pay(&what) => panic!("{result:?}"),
        () = read.notified() => {}
    }
    assert!(is_in_doubt(&session), "{:?}", session.situation());
    let blob = session.pause(&keys(), &context()).unwrap();
    let through = Proxy::http(format!("127.0.0.1:{}", silent.port()));
    let paused = Client::resume(&blob, &keys(), &context()).unwrap();
    let paused = paused.connection(crate::trusting(&authority).proxy(through)).unwrap();
    session = paused.open_risking_a_second_payment(Credentials::new("jane", PASSWORD)).unwrap();
    tokio::select! {
        biased;
        result = session.repeat_payment_in_doubt() => panic!("{result:?}"),
        () = reached.notified() => {}
    }
    assert!(is_in_doubt(&session), "{:?}", session.situation());
    assert_eq!(backend.seen().len(), 1);
}

#[tokio::test]
async fn after_the_body_left_the_payment_is_in_doubt() {
    let (backend, reached) = swallowing();
    let session = dropped(&backend, "http:", &reached).await;
    assert_eq!(backend.seen().len(), 1);
    assert!(is_in_doubt(&session), "{:?}", session.situation());
    let back = paused_and_back(session, |client| client.url() == backend.url());
    assert!(back.close().is_err(), "a doubt is not forgotten by accident");
    assert_eq!(backend.seen().len(), 1);
}

#[tokio::test]
async fn in_the_middle_of_the_head_or_of_the_answer_the_payment_is_in_doubt() {
    let whole = answer(&format!("<OFX>{}", "x".repeat(1_000)));
    for length in [10, 60, whole.len() - 500] {
        let part = whole.get(..length).unwrap().to_owned();
        let (backend, reached) = stopping(move |mut connection, reached| {
            let part = part.clone();
            async move {
                connection.read().await;
                connection.write(part.as_bytes()).await.unwrap();
                reached.notify_one();
                connection.linger().await;
            }
        });
        let session = dropped(&backend, "http:", &reached).await;
        assert!(is_in_doubt(&session), "{length}: {:?}", session.situation());
        paused_and_back(session, |client| client.url() == backend.url());
    }
}

/// An institution that can tell what it did.
fn telling() -> Bank {
    money::builder().sync_mode(ofx_session::ofx::SyncMode::Full).start().unwrap()
}

#[tokio::test]
async fn what_became_of_it_can_be_found_out_and_it_is_paid_once() {
    for arrives in [true, false] {
        let bank = telling();
        let mut session = money::session(Institution::new(bank.url()), money::trusting(&bank));
        session.accounts().await.unwrap().done().unwrap();
        let fault = if arrives { Fault::Delay(Duration::from_secs(600)) } else { Fault::LateDelivery { after: None } };
        bank.next(On::Payment, fault);
        let what = payment();
        tokio::select! {
            biased;
            _ = session.pay(&what) => assert!(!arrives, "the answer waits"),
            () = until(|| bank.faults().len() == 1) => {}
        }
        assert!(is_in_doubt(&session), "{:?}", session.situation());
        let mut back = paused_and_back(session, |client| client.url() == bank.url());
        back = reconnected(back, &bank);
        assert!(back.can_reconcile());
        back.reconcile().await.unwrap().done().unwrap();
        // What was still on its way comes now.
        assert_eq!(bank.deliver_late(), usize::from(!arrives));
        assert_eq!((bank.payments_made(), bank.violations()), (1, vec![]));
    }
}

/// The same session with a transport that trusts the institution: options are not in the blob.
fn reconnected(session: Session, bank: &Bank) -> Session {
    let blob = session.pause(&keys(), &context()).unwrap();
    let paused = Client::resume(&blob, &keys(), &context()).unwrap().connection(money::trusting(bank)).unwrap();
    paused.open_risking_a_second_payment(Credentials::new("jane", PASSWORD)).unwrap()
}
