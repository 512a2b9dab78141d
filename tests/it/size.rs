//! The limit on a blob: what is left out for it, in which order, and that a payment goes where it would have gone.
//!
//! The state is that of `fixtures/reference/`, with an `ACCESSKEY` and a `SESSCOOKIE` as long as OFX lets them be.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll, Waker};

use chrono::NaiveDate;
use ofx_session::error::ErrorKind;
use ofx_session::seal::SealError;
use ofx_session::transport::{Request, Response, Sending, Transport, TransportError};
use ofx_session::{
    AccountType, Answers, BankAccount, Blob, Client, ClientBuilder, Context, Credentials, Institution, Kept, Key,
    KeyRing, Paused, Payee, Payment, Progress, Session, Situation,
};
use rust_decimal::Decimal;

const MAIN: &str = "https://ofx.harborfederal.example/ofx/gateway";
const BILL_PAY: &str = "https://billpay.harborfederal.example/ofx";

const PROFILE: &str = include_str!("../../fixtures/reference/profile.ofx");
const ACCOUNTS: &str = include_str!("../../fixtures/reference/accounts.ofx");
const CHALLENGE_NEEDED: &str = include_str!("../../fixtures/reference/challenge_needed.ofx");
const TOKEN: &str = include_str!("../../fixtures/reference/token.ofx");
const QUESTIONS: &str = include_str!("../../fixtures/reference/questions.ofx");

#[test]
fn what_does_not_fit_is_left_out_in_turn() {
    let line = Line::default();
    let whole = waiting(&line).pause(&keys(), &context()).unwrap();
    let all = whole.as_bytes().len();
    assert!(all > Blob::COOKIE_LEN, "{all}");
    assert_eq!(holds(&whole), (true, true, true));

    // Tag, flags and two bytes of length for the cookie: all else stays.
    let no_cookie = with_limit(&whole, all - 1).unwrap();
    assert_eq!((no_cookie.as_bytes().len(), holds(&no_cookie)), (all - 1004, (false, true, true)));
    let no_accounts = with_limit(&whole, no_cookie.as_bytes().len() - 1).unwrap();
    assert_eq!(holds(&no_accounts), (false, false, true));
    let no_profile = with_limit(&whole, no_accounts.as_bytes().len() - 1).unwrap();
    assert_eq!(holds(&no_profile), (false, false, false));

    let least = no_profile.as_bytes().len();
    for (limit, needed) in [(least - 1, least), (120, least), (0, least)] {
        let (error, session) = with_limit(&whole, limit).unwrap_err().into_parts();
        assert_eq!(error.kind(), ErrorKind::Seal);
        assert_eq!(error.detail(), Some(&SealError::TooLarge { needed, allowed: limit }));
        assert!(error.to_string().contains(&format!("would have {needed} bytes and {limit} are allowed")), "{error}");
        assert!(matches!(session.situation(), Some(Situation::AwaitingAnswers(_))), "the session comes back");
    }
    // What fits exactly loses nothing, and a limit above that of all blobs is that.
    assert_eq!(with_limit(&whole, all).unwrap().as_bytes().len(), all);
    assert_eq!(with_limit(&no_profile, usize::MAX).unwrap().as_bytes().len(), least);

    // The access key is never left out: without it the user is asked again. Nor is anything of the payment.
    for blob in [&whole, &no_cookie, &no_accounts, &no_profile] {
        let paused = resume(blob);
        assert!(paused.client().has_access_key());
        assert_eq!((paused.payment(), paused.questions().len()), (Some(payment()), 2));
    }
}

#[test]
fn a_paused_payment_fits_a_cookie() {
    let line = Line::default();
    let client = builder(&line).blob_limit(Blob::COOKIE_LEN).build().unwrap();
    let blob = paying(client).pause(&keys(), &context()).unwrap();
    assert!(blob.to_text().len() <= 3900, "{}", blob.to_text().len());
    assert_eq!(holds(&blob), (false, true, true));
    assert_eq!(Blob::from_bytes(vec![0; Blob::COOKIE_LEN]).to_text().len(), 3900);
}

/// What fits nowhere would be forgotten, and paid anew.
#[test]
fn what_no_limit_lets_through_is_stored_where_there_is_room() {
    let whole = waiting(&Line::default()).pause(&keys(), &context()).unwrap();
    let session = resume(&whole).blob_limit(100).open_risking_a_second_payment(jane()).unwrap();
    let (error, session) = session.pause(&keys(), &context()).unwrap_err().into_parts();
    assert!(error.to_string().contains("blob_limit"), "{error}");
    let Some(&SealError::TooLarge { needed, .. }) = error.detail() else { panic!("{error}") };
    let blob = session.blob_limit(needed).pause(&keys(), &context()).unwrap();
    assert_eq!((blob.as_bytes().len(), resume(&blob).payment()), (needed, Some(payment())));
    let kept = Arc::new(Mutex::new(0));
    let mut session = resume(&whole).transport(Line::default()).open_risking_a_second_payment(jane()).unwrap();
    let sizes = Arc::clone(&kept);
    session.keep_ahead(&keys(), &context(), move |blob| {
        *sizes.lock().unwrap() = blob.as_bytes().len();
        Ok(())
    });
    let mut session = session.blob_limit(needed + 100);
    let _ = now(session.answer(right()));
    assert!((1..=needed + 100).contains(&*kept.lock().unwrap()), "what is kept ahead has the limit that was set last");
}

#[test]
fn the_limit_is_that_of_the_blob_in_any_suite() {
    let whole = waiting(&Line::default()).pause(&keys(), &context()).unwrap();
    let plain = |limit| {
        let session = resume(&whole).blob_limit(limit).open_risking_a_second_payment(jane()).unwrap();
        session.pause_plain_including_private().map(|blob| blob.as_bytes().len())
    };
    let all = whole.as_bytes().len() - 40;
    assert_eq!(plain(all).unwrap(), all, "a plain blob has 40 bytes less around its content");
    assert_eq!(plain(all - 1).unwrap(), all - 1004);
    let (error, _) = plain(100).unwrap_err().into_parts();
    assert!(matches!(error.detail(), Some(SealError::TooLarge { needed: 101.., allowed: 100 })), "{error}");
}

#[test]
fn a_client_fits_in_the_same_way() {
    let line = Line::default();
    let mut session = waiting(&line);
    session.abandon().unwrap();
    let whole = session.close().unwrap().deconstruct(&keys(), &context()).unwrap();
    let limited = |blob: &Blob, limit| {
        let client = Client::restore(blob, &keys(), &context()).unwrap().blob_limit(limit);
        client.deconstruct(&keys(), &context())
    };
    let holds = |blob: &Blob| {
        let client = Client::restore(blob, &keys(), &context()).unwrap();
        assert!(client.has_access_key());
        (!client.known_accounts().is_empty(), client.profile().is_some())
    };
    let all = whole.as_bytes().len();
    let no_cookie = limited(&whole, all - 1).unwrap();
    assert_eq!((no_cookie.as_bytes().len(), holds(&no_cookie)), (all - 1004, (true, true)));
    let no_accounts = limited(&whole, all - 1005).unwrap();
    assert_eq!(holds(&no_accounts), (false, true));
    let least = limited(&whole, no_accounts.as_bytes().len() - 1).unwrap();
    assert_eq!(holds(&least), (false, false));
    let (needed, allowed) = (least.as_bytes().len(), least.as_bytes().len() - 1);
    let (error, client) = limited(&whole, allowed).unwrap_err().into_parts();
    assert_eq!(error.detail(), Some(&SealError::TooLarge { needed, allowed }));
    assert_eq!(client.known_accounts().len(), 6, "the client comes back whole");
    assert_eq!(client.blob_limit(needed).deconstruct(&keys(), &context()).unwrap().as_bytes().len(), needed);
}

#[test]
fn a_payment_whose_blob_lost_the_profile_goes_where_it_would_have_gone() {
    let line = Line::default();
    let whole = waiting(&line).pause(&keys(), &context()).unwrap();
    let small = smallest(&whole);
    // Through one process more, which has no profile either and asks for none.
    let session = resume(&small).blob_limit(small.as_bytes().len()).open_risking_a_second_payment(jane()).unwrap();
    let again = session.pause(&keys(), &context()).unwrap();
    assert_eq!(again.as_bytes().len(), small.as_bytes().len());
    let copy = resume(&again).reseal(&keys(), &context()).unwrap();
    let answered = |blob: &Blob| {
        line.take();
        let mut session = resume(blob).transport(line.clone()).open_risking_a_second_payment(jane()).unwrap();
        assert!(matches!(now(session.answer(right())), Ok(Progress::Ask(_))));
        line.take()
    };
    let with = answered(&whole);
    let places = |sent: &[(String, String)]| sent.iter().map(|(url, _)| url.clone()).collect::<Vec<_>>();
    assert_eq!(places(&with), [BILL_PAY; 3], "the token, the payment, and the questions after it");
    let tail = |file: &(String, String)| file.1.split_once("</SONRQ>").unwrap().1.to_owned();
    for blob in [&small, &again, &copy] {
        let without = answered(blob);
        assert_eq!(places(&without), [BILL_PAY; 3]);
        assert!(without[1].1.contains("<PMTRQ>"));
        assert_eq!(tail(&without[1]), tail(&with[1]), "the payment is the same");
        assert!(without[0].1.contains(&format!("<ACCESSKEY>{}", long('k'))));
        assert!(!without[0].1.contains("<SESSCOOKIE>"));
    }
}

#[test]
fn a_doubt_outlives_the_loss_of_the_profile() {
    let line = Line::default();
    let mut session = waiting(&line);
    line.fail("<PMTRQ>", true);
    assert!(matches!(now(session.answer(right())), Ok(Progress::Unknown(_))));
    let small = smallest(&session.pause(&keys(), &context()).unwrap());

    let mut session = resume(&small).transport(line.clone()).open_risking_a_second_payment(jane()).unwrap();
    line.take();
    assert!(matches!(now(session.proceed()), Ok(Progress::Unknown(_))));
    assert_eq!(line.take(), [], "a doubt needs no profile to be told");
    assert!(session.abandon().is_err(), "a doubt cannot be given up");
    line.fail("<PMTRQ>", false);
    assert!(now(session.repeat_payment_in_doubt()).is_ok());
    let urls: Vec<_> = line.take().into_iter().map(|(url, _)| url).collect();
    assert_eq!(urls, [BILL_PAY, BILL_PAY]);
}

/// What was left out of a client is fetched again when the next operation begins.
#[test]
fn the_next_operation_fetches_what_was_left_out() {
    let line = Line::default();
    let mut session = resume(&smallest(&waiting(&line).pause(&keys(), &context()).unwrap()))
        .transport(line.clone())
        .open_risking_a_second_payment(jane())
        .unwrap();
    session.abandon().unwrap();
    line.take();
    assert_eq!(now(session.accounts()).unwrap().done().unwrap().len(), 6);
    let sent = line.take();
    assert_eq!(sent.len(), 2);
    assert!(sent[0].1.contains("<PROFRQ>") && sent[1].1.contains("<ACCTINFORQ>"));
    assert!(session.client().profile().is_some());
}

/// Session cookie, accounts, profile: whether they are in it.
fn holds(blob: &Blob) -> (bool, bool, bool) {
    let paused = resume(blob);
    let (accounts, profile) = (paused.client().known_accounts().len() == 6, paused.client().profile().is_some());
    // The cookie shows when something is sent.
    let line = Line::default();
    let mut session = paused.transport(line.clone()).open_risking_a_second_payment(jane()).unwrap();
    assert!(matches!(now(session.answer(right())), Ok(Progress::Ask(_))));
    let sent = line.take();
    let cookie = sent[0].1.contains(&format!("<SESSCOOKIE>{}", long('c')));
    (cookie, accounts, profile)
}

fn with_limit(blob: &Blob, limit: usize) -> Result<Blob, Kept<Session>> {
    resume(blob).blob_limit(limit).open_risking_a_second_payment(jane()).unwrap().pause(&keys(), &context())
}

/// The same without anything that can be left out.
fn smallest(blob: &Blob) -> Blob {
    let (error, _) = with_limit(blob, 0).unwrap_err().into_parts();
    let Some(SealError::TooLarge { needed, .. }) = error.detail() else { panic!("{error}") };
    with_limit(blob, *needed).unwrap()
}

fn resume(blob: &Blob) -> Paused {
    Client::resume(blob, &keys(), &context()).unwrap()
}

fn waiting(line: &Line) -> Session {
    paying(builder(line).build().unwrap())
}

/// A session with profile, accounts, access key and cookie, and a payment that waits for answers.
fn paying(client: Client) -> Session {
    let mut session = client.open(jane()).unwrap();
    assert_eq!(now(session.accounts()).unwrap().done().unwrap().len(), 6);
    assert!(matches!(now(session.pay(&payment())), Ok(Progress::Ask(_))));
    session
}

fn builder(line: &Line) -> ClientBuilder {
    Client::builder(Institution::new(MAIN).org("HARBORFED").fid("5521")).transport(line.clone())
}

fn payment() -> Payment {
    let from = BankAccount::new("211391825", "0042917700", AccountType::Checking);
    let payee = Payee::new("Harbor & Sons Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    let due = NaiveDate::from_ymd_opt(2026, 12, 4).unwrap();
    Payment::new(from, Decimal::new(8420, 2), payee, "88-204-117", due)
}

fn right() -> Answers {
    Answers::new().with("MFA16", "Garcia").with("BRQ7", "Newport")
}

fn jane() -> Credentials {
    Credentials::new("jane", "correct horse")
}

fn keys() -> KeyRing {
    KeyRing::new(Key::new(1, [7; 32]).unwrap())
}

fn context() -> Context {
    Context::new("tenant-1", "user-42").unwrap()
}

fn long(of: char) -> String {
    String::from(of).repeat(1000)
}

/// Runs a future that never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut TaskContext::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("it waits"),
    }
}

/// Plays the institution back, and fails for what it is told to.
#[derive(Clone, Debug, Default)]
struct Line(Arc<Mutex<Wire>>);

#[derive(Debug, Default)]
struct Wire {
    sent: Vec<(String, String)>,
    failing: Vec<&'static str>,
}

impl Line {
    /// What was sent since the last time.
    fn take(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.0.lock().unwrap().sent)
    }

    fn fail(&self, requests_with: &'static str, fail: bool) {
        let mut wire = self.0.lock().unwrap();
        wire.failing.retain(|tag| *tag != requests_with);
        if fail {
            wire.failing.push(requests_with);
        }
    }

    fn answer(&self, request: &Request) -> Result<Response, TransportError> {
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        let mut wire = self.0.lock().unwrap();
        if wire.failing.iter().any(|tag| body.contains(tag)) {
            return Err(TransportError::Timeout { host: "harborfederal.example".to_owned(), source: None });
        }
        let answers = [
            ("<PROFRQ>", PROFILE),
            ("<ACCTINFORQ>", ACCOUNTS),
            ("<MFACHALLENGERQ>", QUESTIONS),
            ("<PMTRQ>", CHALLENGE_NEEDED),
            ("<PMTSYNCRQ>", CHALLENGE_NEEDED),
        ];
        let (_, answer) = answers.iter().find(|(tag, _)| body.contains(tag)).unwrap();
        let signed_on =
            body.contains("<PMTSYNCRQ>") && !body.contains("<PMTRQ>") && body.contains("<MFACHALLENGEANSWER>");
        let answer = if signed_on { &TOKEN } else { answer };
        wire.sent.push((request.url().to_owned(), body));
        let answer = replaced(&replaced(answer, "SESSCOOKIE", &long('c')), "ACCESSKEY", &long('k'));
        Response::from_http_200(Some("application/x-ofx"), answer.into_bytes())
    }
}

impl Transport for Line {
    fn send(&self, request: Request) -> Sending<'_> {
        let answer = self.answer(&request);
        Box::pin(async move { answer })
    }
}

/// With another value in an element, where it is.
fn replaced(document: &str, tag: &str, value: &str) -> String {
    let Some((before, rest)) = document.split_once(&format!("<{tag}>")) else { return document.to_owned() };
    let (_, after) = rest.split_once(&format!("</{tag}>")).unwrap();
    format!("{before}<{tag}>{value}</{tag}>{after}")
}
