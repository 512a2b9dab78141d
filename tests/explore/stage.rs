//! What every run begins with: an institution of a class, a client that knows its profile, and the bill.

use std::sync::{Arc, Mutex};

use chrono::NaiveDate;
use ofx_session::testing::{Bank, BankModel, Class, Endpoint};
use ofx_session::transport::{Request, Response, Sending, Transport};
use ofx_session::{
    AccountType, BankAccount, Blob, Client, Context, Credentials, Institution, Key, KeyRing, Payee, Payment,
};
use rust_decimal::Decimal;

use crate::sim::now;

/// The institution, and a client that has met it.
pub(crate) struct Stage {
    pub(crate) bank: BankModel,
    pub(crate) client: Blob,
    /// The payment, prepared and paused: for callers without a store.
    pub(crate) paused: Blob,
}

impl Stage {
    pub(crate) fn new(class: Class) -> Self {
        let bank = Bank::builder().user("jane", "correct horse").class(class).build_model();
        let bank = Arc::new(Mutex::new(bank));
        let mut client = Client::builder(Institution::new("https://ofx.bank.example/ofx"))
            .client_uid("7C1E9A54-0B1D-4C5E-8F00-112233445566")
            .transport(Direct(Arc::clone(&bank)))
            .build()
            .unwrap();
        now(client.fetch_profile()).unwrap();
        let client = client.deconstruct_plain_including_private().unwrap();
        let known = Client::restore_plain(&client).unwrap().transport(Direct(Arc::clone(&bank)));
        let mut session = known.open(jane()).unwrap();
        now(session.prepare_payment(&payment())).unwrap();
        let paused = session.pause_plain_including_private().unwrap();
        let bank = bank.lock().unwrap().clone();
        Self { bank, client, paused }
    }
}

pub(crate) fn jane() -> Credentials {
    Credentials::new("jane", "correct horse")
}

pub(crate) fn keys() -> KeyRing {
    KeyRing::new(Key::new(1, [7; 32]).unwrap())
}

pub(crate) fn context() -> Context {
    Context::new("tenant-1", "user-42").unwrap()
}

pub(crate) fn payment() -> Payment {
    bill(8420)
}

/// What another client pays.
pub(crate) fn other_payment() -> Payment {
    bill(1999)
}

fn bill(cents: i64) -> Payment {
    let from = BankAccount::new("999888777", "1000001", AccountType::Checking);
    let payee = Payee::new("Harbor & Sons", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    let due = NaiveDate::from_ymd_opt(2026, 1, 23).unwrap();
    Payment::new(from, Decimal::new(cents, 2), payee, "88-204-117", due)
}

/// The institution without a network.
#[derive(Debug)]
struct Direct(Arc<Mutex<BankModel>>);

impl Transport for Direct {
    fn send(&self, request: Request) -> Sending<'_> {
        let answer = self.0.lock().unwrap().answer(Endpoint::Main, request.body()).unwrap();
        Box::pin(async move { Response::from_http_200(Some("application/x-ofx"), answer) })
    }
}
