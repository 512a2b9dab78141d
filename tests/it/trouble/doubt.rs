//! Payments whose answer never comes, over real HTTPS: in doubt, kept, and made once.

use std::sync::Arc;

use ofx_session::engine::Doubt;
use ofx_session::error::{Delivery, ErrorKind};
use ofx_session::testing::Bank;
use ofx_session::{Answers, Client, Progress, Session, Situation};
use tokio::sync::{Mutex, Notify};

use super::support::{Raw, context, easy, http, jane, keys, ofx, payment, questioning, session, told, trusting};
use crate::transport::server::Act;

/// Through a blob, as if into another process.
fn elsewhere(session: Session, bank: &Bank) -> Session {
    let text = session.pause(&keys(), &context()).unwrap().to_text();
    let paused = Client::resume(&ofx_session::Blob::from_text(&text).unwrap(), &keys(), &context()).unwrap();
    assert!(matches!(paused.situation(), Situation::InDoubt(_)));
    assert_eq!(paused.payment(), Some(payment()));
    paused.connection(trusting(bank.ca_pem())).unwrap().open_risking_a_second_payment(jane()).unwrap()
}

#[tokio::test]
async fn a_payment_whose_answer_is_lost_is_kept_and_made_once() {
    let bank = easy().start().unwrap();
    let mut session = session(&bank);
    session.prepare_payment(&payment()).await.unwrap();
    bank.lose_answers(1);
    let Progress::Unknown(doubt) = session.proceed().await.unwrap() else { panic!("it is known") };
    assert!(matches!(&doubt, Doubt::NoAnswer(why) if why.contains("broke before the answer")), "{doubt:?}");
    assert!(doubt.explain().contains("do not enter it again"));
    assert_eq!(bank.payments_made(), 1);
    let sent = bank.requests().len();

    let words = ["in doubt", "pause it to keep it", "do not enter it again"];
    let misuse = |error: &ofx_session::Error| told(error, ErrorKind::Misuse, Delivery::NotSent, &words);
    misuse(&session.pay(&payment()).await.unwrap_err());
    misuse(&session.accounts().await.unwrap_err());
    misuse(&session.abandon().unwrap_err());
    let kept = session.close().unwrap_err();
    misuse(kept.error());
    assert_eq!(bank.requests().len(), sent);

    let mut session = elsewhere(kept.into_value(), &bank);
    assert_eq!(session.proceed().await.unwrap(), Progress::Unknown(doubt));
    assert_eq!(bank.requests().len(), sent, "going on sends nothing: a repeat is asked for by name");
    let progress = session.repeat_payment_in_doubt().await.unwrap();
    assert!(matches!(&progress, Progress::Unknown(Doubt::Duplicate(Some(_)))), "{progress:?}");
    let error = progress.done().unwrap_err();
    told(&error, ErrorKind::Transport, Delivery::Unknown, &["received it before", "do not enter it again"]);
    assert_eq!((bank.payments_made(), bank.violations()), (1, vec![]));
}

#[tokio::test]
async fn a_payment_that_never_arrived_is_made_by_the_repeat() {
    let bank = questioning().start().unwrap();
    let mut session = session(&bank);
    session.prepare_payment(&payment()).await.unwrap();
    // The institution asks for answers, and nobody hears it: carried out or not, the program cannot tell.
    bank.lose_answers(1);
    assert!(matches!(session.proceed().await, Ok(Progress::Unknown(Doubt::NoAnswer(_)))));
    let mut session = elsewhere(session, &bank);
    assert!(matches!(session.repeat_payment_in_doubt().await, Ok(Progress::Ask(_))));
    assert!(session.abandon().is_err(), "the doubt lasts while questions wait");
    let completed = session.answer(Answers::new().with("MFA16", "Garcia")).await.unwrap().done().unwrap();
    assert_eq!(completed.receipt().unwrap().trn_uid, bank.payments()[0].trn_uid);
    session.close().unwrap();
    assert_eq!((bank.payments_made(), bank.violations()), (1, vec![]));
}

#[tokio::test]
async fn whatever_comes_instead_of_an_answer_leaves_a_payment_in_doubt() {
    let page = "<!DOCTYPE html><html><head><title>Blocked</title></head></html>";
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\nOFXHEADER:100\r\n".to_owned();
    let moved = "HTTP/1.1 302 Found\r\nLocation: https://x.example/\r\nContent-Length: 0\r\n\r\n".to_owned();
    let half = "OFXHEADER:100\r\n\r\n<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0";
    let none = "no usable answer arrived";
    let cases = [
        (Act::Close, [none, "broke before the answer"]),
        (Act::ReplyAndClose(cut), [none, "broke before the answer"]),
        (Act::ReplyAndClose(http("200 OK", "text/html", page)), [none, "web page titled \"Blocked\""]),
        (Act::ReplyAndClose(http("502 Bad Gateway", "text/plain", "x")), [none, "http status 502"]),
        (Act::ReplyAndClose(moved), [none, "http status 302"]),
        (Act::ReplyAndClose(ofx("")), [none, "answered with nothing"]),
        (Act::ReplyAndClose(ofx("busy")), ["cannot be read", "no <OFX> was found"]),
        (Act::ReplyAndClose(ofx(half)), ["cannot be read", "cut short"]),
    ];
    for (act, words) in cases {
        let raw = Raw::new(move |_| act.clone()).await;
        let mut session = raw.session();
        let progress = session.pay(&payment()).await.unwrap();
        let Progress::Unknown(doubt) = &progress else { panic!("{progress:?}") };
        assert!(words.iter().all(|word| doubt.explain().contains(word)), "{}", doubt.explain());
        assert_eq!(session.situation(), Some(Situation::InDoubt(doubt.clone())));
        told(
            &progress.done().unwrap_err(),
            ErrorKind::Transport,
            Delivery::Unknown,
            &["not known whether", words[0], words[1]],
        );
        assert_eq!(raw.server.seen().len(), 1, "sent once, whatever happened");
        assert!(session.close().is_err());
    }
}

/// A server that takes a request and never answers, and the news that it has it.
async fn silent() -> (Raw, Arc<Notify>) {
    let arrived = Arc::new(Notify::new());
    let news = Arc::clone(&arrived);
    let script = move |_: &_| {
        news.notify_one();
        Act::Silence
    };
    (Raw::new(script).await, arrived)
}

#[tokio::test]
async fn a_future_dropped_while_the_payment_is_on_its_way_leaves_it_in_doubt() {
    let (raw, arrived) = silent().await;
    let mut session = raw.session();
    let bill = payment();
    tokio::select! {
        progress = session.pay(&bill) => panic!("answered: {progress:?}"),
        () = arrived.notified() => {}
    }
    assert_eq!(session.situation(), Some(Situation::InDoubt(Doubt::Interrupted)));
    assert_eq!(raw.server.seen().len(), 1);
    assert!(session.abandon().is_err());
    let blob = session.pause(&keys(), &context()).unwrap();
    let paused = Client::resume(&blob, &keys(), &context()).unwrap();
    assert_eq!(paused.situation(), Situation::InDoubt(Doubt::Interrupted));
    let Situation::InDoubt(doubt) = paused.situation() else { panic!("{paused:?}") };
    assert!(doubt.explain().contains("stopped while the request was on its way"), "{}", doubt.explain());
}

#[tokio::test]
async fn an_aborted_task_leaves_the_payment_in_doubt() {
    let (raw, arrived) = silent().await;
    let session = Arc::new(Mutex::new(raw.session()));
    let shared = Arc::clone(&session);
    let task = tokio::spawn(async move { shared.lock().await.pay(&payment()).await.map(|_| ()) });
    arrived.notified().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    let situation = session.lock().await.situation();
    assert_eq!(situation, Some(Situation::InDoubt(Doubt::Interrupted)));
}

#[tokio::test]
async fn a_list_whose_future_was_dropped_is_asked_for_again() {
    let (raw, arrived) = silent().await;
    let mut session = raw.session();
    tokio::select! {
        progress = session.accounts() => panic!("answered: {progress:?}"),
        () = arrived.notified() => {}
    }
    assert_eq!(session.situation(), Some(Situation::Ready));
    assert!(session.close().is_ok());
}
