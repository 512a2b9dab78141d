//! A transport in memory: the pretend institution at its other end, trouble on order, and places to pause.

use std::collections::VecDeque;
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context as TaskContext, Poll, Waker};

use chrono::NaiveDate;
use ofx_session::testing::{Bank, BankBuilder, BankModel, Endpoint};
use ofx_session::transport::{Request, Response, Sending, Transport, TransportError};
use ofx_session::{
    AccountType, Answers, BankAccount, Blob, Client, Context, Credentials, Institution, Key, KeyRing, Paused, Payee,
    Payment, Session,
};
use rust_decimal::Decimal;

pub(crate) const MAIN: &str = "https://ofx.bank.example/ofx";
pub(crate) const BILL_PAY: &str = "https://pay.bank.example/billpay";

/// What becomes of one request.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// It is answered honestly.
    Honest,
    /// It never leaves.
    NotSent,
    /// It is lost on the way, and nobody can tell.
    LostBefore,
    /// It is carried out and its answer lost.
    LostAfter,
    /// It is answered with this, and nothing is done.
    Says(Vec<u8>),
    /// It is turned away with this status, and nobody looks at it.
    Refuses(u16),
    /// It is carried out, and no answer ever comes.
    Hangs,
    /// It is answered honestly, after whoever waits was polled once more.
    Waits,
    /// It is lost, and answered with nothing but a cookie, after whoever waits was polled once more.
    Cookie,
}

/// Two ends: a client holds a clone, the test the other.
#[derive(Clone)]
pub(crate) struct Line(Arc<Mutex<Wire>>);

pub(crate) struct Wire {
    pub(crate) bank: BankModel,
    /// For the next requests; honest when there is none.
    pub(crate) fates: VecDeque<Fate>,
    /// Bit for bit: whether to pause at each place where that can be done.
    pauses: u32,
    /// Places seen so far.
    pub(crate) places: u32,
    /// The place was used and what waited there may pass.
    passed: bool,
    pub(crate) sent: Vec<(String, Vec<u8>)>,
}

impl Line {
    pub(crate) fn new(bank: BankModel) -> Self {
        Self::pausing(bank, 0)
    }

    pub(crate) fn pausing(bank: BankModel, pauses: u32) -> Self {
        let (fates, sent) = (VecDeque::new(), Vec::new());
        Self(Arc::new(Mutex::new(Wire { bank, fates, pauses, places: 0, passed: false, sent })))
    }

    /// Held by one at a time: two in one statement would wait for ever, so that fails.
    pub(crate) fn wire(&self) -> MutexGuard<'_, Wire> {
        self.0.try_lock().expect("the wire is held already")
    }

    pub(crate) fn then(&self, fates: impl IntoIterator<Item = Fate>) {
        self.wire().fates.extend(fates);
    }

    /// One more place: whether to pause here.
    pub(crate) fn pauses_here(&self) -> bool {
        let mut wire = self.wire();
        wire.places += 1;
        let bit = wire.places - 1;
        wire.pauses.checked_shr(bit).unwrap_or(0) & 1 == 1
    }

    /// Bytes behind `</SONRQ>` of each file that reached the institution, challenges left out.
    pub(crate) fn work(&self) -> Vec<String> {
        let texts =
            self.wire().sent.iter().map(|(_, bytes)| String::from_utf8(bytes.clone()).unwrap()).collect::<Vec<_>>();
        let tails = texts.iter().map(|text| text.split_once("</SONRQ>").unwrap().1.to_owned());
        tails.filter(|tail| !tail.contains("MFACHALLENGETRNRQ") && !tail.contains("PROFTRNRQ")).collect()
    }

    /// An honest answer to the last request, with one text in it replaced.
    pub(crate) fn edited(&self, since: &str, with: &str) -> Fate {
        let mut bank = self.wire().bank.clone();
        let (_, request) = self.wire().sent.last().cloned().unwrap();
        let answer = String::from_utf8(bank.answer(Endpoint::Main, &request).unwrap()).unwrap();
        assert!(answer.contains(since), "{answer}");
        Fate::Says(answer.replacen(since, with, 1).into_bytes())
    }

    /// Nothing was done that the specification forbids, and so many payments were made.
    pub(crate) fn clean(&self, payments: usize) {
        let wire = self.wire();
        assert_eq!(wire.bank.violations(), Vec::<String>::new().as_slice());
        assert_eq!(wire.bank.payments_made(), payments);
    }

    fn fate(&self) -> Fate {
        if let Some(fate) = self.wire().fates.pop_front() {
            return fate;
        }
        if std::mem::take(&mut self.wire().passed) {
            return Fate::Honest;
        }
        if self.pauses_here() {
            self.wire().passed = true;
            return Fate::NotSent;
        }
        Fate::Honest
    }

    fn answer(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        let mut wire = self.wire();
        wire.sent.push((request.url().to_owned(), request.body().to_vec()));
        let endpoint = if request.url() == BILL_PAY { Endpoint::BillPay } else { Endpoint::Main };
        wire.bank.answer(endpoint, request.body()).map_err(|refusal| TransportError::Status { code: refusal.status() })
    }

    async fn exchange(&self, request: Request) -> Result<Response, TransportError> {
        let host = "ofx.bank.example".to_owned();
        let lost = TransportError::Timeout { host: host.clone(), source: None };
        let body = match self.fate() {
            Fate::Honest => self.answer(&request)?,
            Fate::Waits => {
                polled_once_more().await;
                self.answer(&request)?
            }
            Fate::Cookie => {
                polled_once_more().await;
                return Err(TransportError::Empty { cookie_set: true });
            }
            Fate::NotSent => return Err(TransportError::Connect { host, source: None }),
            Fate::LostBefore => return Err(lost),
            Fate::LostAfter => return self.answer(&request).and(Err(lost)),
            Fate::Says(body) => {
                self.wire().sent.push((request.url().to_owned(), request.body().to_vec()));
                body
            }
            Fate::Refuses(code) => {
                self.wire().sent.push((request.url().to_owned(), request.body().to_vec()));
                return Err(TransportError::Status { code });
            }
            Fate::Hangs => {
                self.answer(&request)?;
                std::future::pending().await
            }
        };
        Response::from_http_200(Some("application/x-ofx"), body)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

impl Transport for Line {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(self.exchange(request))
    }
}

/// Waits for whoever polls once more.
pub(crate) async fn polled_once_more() {
    let mut polled = false;
    std::future::poll_fn(|_| if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// Runs a future that never waits.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match once(future) {
        Some(result) => result,
        None => panic!("it waits"),
    }
}

/// Polls a future once and drops it.
pub(crate) fn once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut TaskContext::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

pub(crate) fn easy() -> BankBuilder {
    Bank::builder().user("jane", "correct horse")
}

pub(crate) fn questioning() -> BankBuilder {
    easy().question("MFA16", None, "Garcia").question("BRQ7", Some("In which town?"), "Newport")
}

pub(crate) fn right() -> Answers {
    Answers::new().with("MFA16", "Garcia").with("BRQ7", "Newport")
}

pub(crate) fn wrong() -> Answers {
    Answers::new().with("MFA16", "Garcia").with("BRQ7", "Oldport")
}

pub(crate) fn jane() -> Credentials {
    Credentials::new("jane", "correct horse")
}

pub(crate) fn keys() -> KeyRing {
    KeyRing::new(Key::new(1, [7; 32]).unwrap())
}

pub(crate) const TENANT: &str = "tenant-1";
pub(crate) const END_USER: &str = "user-42";

pub(crate) fn context() -> Context {
    Context::new(TENANT, END_USER).unwrap()
}

pub(crate) fn payment() -> Payment {
    let from = BankAccount::new("999888777", "1000001", AccountType::Checking);
    let payee = Payee::new("Harbor & Sons", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    let due = NaiveDate::from_ymd_opt(2026, 1, 23).unwrap();
    Payment::new(from, Decimal::new(8420, 2), payee, "88-204-117", due).memo("Invoice <3391> & more")
}

pub(crate) fn client(line: &Line) -> Client {
    let builder = Client::builder(Institution::new(MAIN)).client_uid("7C1E9A54-0B1D-4C5E-8F00-112233445566");
    builder.transport(line.clone()).build().unwrap()
}

pub(crate) fn session(line: &Line) -> Session {
    client(line).open(jane()).unwrap()
}

/// Through text and back, as if into another process.
pub(crate) fn reread(blob: &Blob) -> Paused {
    let blob = Blob::from_text(&blob.to_text()).unwrap();
    Client::resume(&blob, &keys(), &context()).unwrap()
}

pub(crate) fn pause(session: Session) -> Blob {
    session.pause(&keys(), &context()).unwrap()
}

/// Pauses a session and goes on in another.
pub(crate) fn pause_and_resume(session: Session, line: &Line) -> Session {
    reread(&pause(session)).transport(line.clone()).open_risking_a_second_payment(jane()).unwrap()
}
