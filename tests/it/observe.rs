//! What a program is told: events of operations and connections, and the log of documents.

mod events;
mod log;

use std::fmt;
use std::sync::{Arc, Mutex};

use ofx_session::testing::{Bank, BankBuilder, BankModel, Endpoint};
use ofx_session::transport::{Request, Response, Sending, Transport, TransportError};
use ofx_session::{
    AccountType, BankAccount, Client, ClientBuilder, Context, Credentials, Event, Institution, Key, KeyRing, Observer,
    Payee, Payment,
};
use rust_decimal::Decimal;

/// A transport of one's own: the institution without a network.
#[derive(Clone)]
struct Line(Arc<Mutex<Line0>>);

struct Line0 {
    model: BankModel,
    /// What the next requests meet in place of an answer.
    failures: Vec<TransportError>,
}

impl Line {
    fn new(builder: BankBuilder) -> Self {
        Self(Arc::new(Mutex::new(Line0 { model: builder.build_model(), failures: Vec::new() })))
    }

    fn fail_next(&self, error: TransportError) {
        self.0.lock().unwrap().failures.push(error);
    }

    fn change<T>(&self, change: impl FnOnce(&mut BankModel) -> T) -> T {
        change(&mut self.0.lock().unwrap().model)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

impl Transport for Line {
    fn send(&self, request: Request) -> Sending<'_> {
        let mut line = self.0.lock().unwrap();
        let result = match line.failures.pop() {
            Some(failure) => Err(failure),
            None => match line.model.answer(Endpoint::Main, request.body()) {
                Ok(answer) => Response::from_http_200(Some("application/x-ofx"), answer),
                Err(refusal) => Err(TransportError::Status { code: refusal.status() }),
            },
        };
        Box::pin(std::future::ready(result))
    }
}

/// Remembers every event, as `Debug` shows it.
#[derive(Clone, Default)]
struct Notebook(Arc<Mutex<Vec<String>>>);

impl Notebook {
    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Notebook {
    fn event(&self, event: &Event<'_>) {
        let line = match event {
            Event::Step { operation, step, .. } => format!("{operation}: {}", step.name()),
            Event::Challenge { questions, .. } => format!("challenge: {}", questions.join(" ")),
            Event::SyncItem { kind, action, origin, .. } => format!("{kind}: {action} by {origin}"),
            other => format!("{other:?}"),
        };
        self.0.lock().unwrap().push(line);
    }
}

fn questioning() -> BankBuilder {
    Bank::builder().user("jane", "correct horse").question("MFA16", None, "Garcia").question("MFA1", None, "Newport")
}

fn builder() -> ClientBuilder {
    Client::builder(Institution::new("https://ofx.bank.example/ofx?session=query-secret"))
}

fn jane() -> Credentials {
    Credentials::new("jane", "correct horse")
}

fn payment() -> Payment {
    let from = BankAccount::new("999888777", "1000001", AccountType::Checking);
    let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    let due = chrono::NaiveDate::from_ymd_opt(2026, 12, 4).unwrap();
    Payment::new(from, Decimal::new(8420, 2), payee, "88-204-117", due)
}

fn keys() -> KeyRing {
    KeyRing::new(Key::new(1, [7; 32]).unwrap())
}

fn context() -> Context {
    Context::new("tenant-1", "user-42").unwrap()
}
