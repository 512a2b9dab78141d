//! Blobs that are not opened: what the program is told.

use ofx_session::error::{Delivery, ErrorKind, Moved};
use ofx_session::seal::OpenError;
use ofx_session::{
    Answers, Blob, Client, Context, Credentials, Error, Institution, Key, KeyRing, OpenPolicy, Progress,
};

use super::support::{client, context, jane, keys, payment, questioning, session, told, trusting};

/// A paused payment that waits for answers.
async fn paused(bank: &ofx_session::testing::Bank) -> Blob {
    let mut session = session(bank);
    assert!(matches!(session.pay(&payment()).await, Ok(Progress::Ask(_))));
    session.pause(&keys(), &context()).unwrap()
}

fn refused<T>(found: Result<T, Error>, wanted: &OpenError, words: &[&str]) {
    let Err(error) = found else { panic!("it was opened") };
    told(&error, ErrorKind::Seal, Delivery::NotSent, words);
    // Not sent by this call. What was sent before it was paused, nobody can say who cannot read it.
    assert_eq!(error.money_may_have_moved(), Moved::Unknown);
    assert_eq!(error.detail::<OpenError>(), Some(wanted));
}

#[tokio::test]
async fn a_blob_that_is_not_opened_says_what_to_do() {
    let bank = questioning().start().unwrap();
    let blob = paused(&bank).await;
    let resume = |keys: &KeyRing, context: &Context| Client::resume(&blob, keys, context);
    let key = |id, byte| KeyRing::new(Key::new(id, [byte; 32]).unwrap());

    let words = ["key or context is not the one", "check tenant and end user"];
    refused(resume(&key(1, 8), &context()), &OpenError::WrongKeyOrContext, &words);
    refused(resume(&keys(), &Context::new("tenant-1", "user-43").unwrap()), &OpenError::WrongKeyOrContext, &words);
    refused(resume(&key(2, 7), &context()), &OpenError::UnknownKeyId(1), &["no key with id 1", "add that key"]);

    let header = blob.header().unwrap();
    let (issued, expires) = (header.issued(), header.expires().unwrap());
    let late = expires + 3600;
    let under = |now: u64| Client::resume_under(&blob, &keys(), &context(), &OpenPolicy::new(now));
    let words = ["expired at 20", "UTC", "does not mean", "entered again", "may have been sent", "resume_under"];
    refused(under(late), &OpenError::Expired { since: expires, now: late }, &words);
    let early = issued - 3600;
    refused(under(early), &OpenError::IssuedInFuture { issued, now: early }, &["issued at 20", "set the clocks right"]);

    let kind = |expected, found| OpenError::WrongKind { expected, found };
    let (a_client, a_pause) = (ofx_session::seal::Kind::Client, ofx_session::seal::Kind::Paused);
    let words = ["Client::restore clients"];
    refused(Client::restore(&blob, &keys(), &context()), &kind(a_client, a_pause), &words);
    let other = client(Institution::new(bank.url()), bank.ca_pem()).deconstruct(&keys(), &context()).unwrap();
    refused(Client::resume(&other, &keys(), &context()), &kind(a_pause, a_client), &words);

    refused(Client::resume_plain(&blob), &OpenError::KeysNeeded, &["sealed", "key ring and context"]);
    let plain = Client::resume(&blob, &keys(), &context()).unwrap().open_risking_a_second_payment(jane()).unwrap();
    let plain = plain.pause_plain_including_private().unwrap();
    let words = ["plain blobs are refused", "only where the storage is trusted"];
    refused(Client::resume(&plain, &keys(), &context()), &OpenError::PlainRefused, &words);

    let mut bytes = blob.as_bytes().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let words = ["changed or damaged", "restore the copy last stored"];
    refused(Client::resume(&Blob::from_bytes(bytes), &keys(), &context()), &OpenError::Tampered, &words);
    let cut = Blob::from_bytes(&blob.as_bytes()[..100]);
    let words = ["cut short", "size limit"];
    refused(Client::resume(&cut, &keys(), &context()), &OpenError::Truncated, &words);
    let words = ["not an ofx-session blob", "right value"];
    refused(Client::resume(&Blob::from_bytes(*b"canary"), &keys(), &context()), &OpenError::NotOurs, &words);
    let words = ["base64url", "exactly as it was given"];
    refused(Blob::from_text("canary!").map_err(Error::from), &OpenError::NotText, &words);
    assert_eq!(bank.requests().len(), 3, "nothing was sent for all that: profile, payment, questions");
}

#[tokio::test]
async fn a_paused_payment_of_another_user_is_not_opened_and_not_lost() {
    let bank = questioning().user("joe", "battery staple").start().unwrap();
    let blob = paused(&bank).await;
    let paused = Client::resume(&blob, &keys(), &context()).unwrap();
    assert_eq!(paused.questions()[0].id(), "MFA16");
    let kept = paused.open_risking_a_second_payment(Credentials::new("joe", "battery staple")).unwrap_err();
    told(kept.error(), ErrorKind::Misuse, Delivery::NotSent, &["another user id", "open it with that one"]);
    let paused = kept.into_value().connection(trusting(bank.ca_pem())).unwrap();
    let mut session = paused.open_risking_a_second_payment(jane()).unwrap();
    session.answer(Answers::new().with("MFA16", "Garcia")).await.unwrap().done().unwrap();
    assert_eq!((bank.payments_made(), bank.violations()), (1, vec![]));
}

#[tokio::test]
async fn calls_that_do_not_fit_say_so_and_send_nothing() {
    let bank = questioning().start().unwrap();
    let mut session = session(&bank);
    let misuse = |error: Error, words: &[&str]| told(&error, ErrorKind::Misuse, Delivery::NotSent, words);
    misuse(session.proceed().await.unwrap_err(), &["no operation to continue", "start one"]);
    misuse(session.answer(Answers::new()).await.unwrap_err(), &["no operation that waits for answers"]);
    misuse(session.repeat_payment_in_doubt().await.unwrap_err(), &["no request in doubt"]);
    let (error, kept) = session.pause(&keys(), &context()).unwrap_err().into_parts();
    misuse(error, &["nothing to pause", "close the session and deconstruct the client"]);
    session = kept;
    let mut bad = payment();
    bad.pay_account = "x".repeat(33);
    misuse(session.pay(&bad).await.unwrap_err(), &["PAYACCT", "33", "32"]);
    assert!(matches!(session.pay(&payment()).await, Ok(Progress::Ask(_))));
    let sent = bank.requests().len();
    let words = ["waits for answers", "answer, pause or abandon"];
    misuse(session.pay(&payment()).await.unwrap_err(), &words);
    misuse(session.accounts().await.unwrap_err(), &words);
    misuse(session.repeat_payment_in_doubt().await.unwrap_err(), &["not in doubt"]);
    misuse(session.answer(Answers::new()).await.unwrap_err(), &["no answer was given to MFA16"]);
    let error = session.proceed().await.unwrap().done().unwrap_err();
    told(
        &error,
        ErrorKind::Refused,
        Delivery::Answered,
        &["security questions answered first", "MFA16", "answer or pause"],
    );
    assert_eq!(bank.requests().len(), sent);
    session.abandon().unwrap();
    assert!(session.situation().is_none());
    session.close().unwrap();
    assert_eq!(bank.payments_made(), 0);
}
