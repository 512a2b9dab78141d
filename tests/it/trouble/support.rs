//! Clients of the loopback institution and of raw servers, and what every error must be like.

use std::error::Error as _;

use chrono::{Days, Utc};
use ofx_session::error::{Delivery, ErrorKind};
use ofx_session::testing::{Bank, BankBuilder};
use ofx_session::{
    AccountType, BankAccount, Client, Context, Credentials, Error, HttpsOptions, Institution, Key, KeyRing, Payee,
    Payment, Session,
};
use rust_decimal::Decimal;

use crate::papers::Authority;
use crate::transport::server::{Act, Seen, Server};

pub(super) const PASSWORD: &str = "correct horse";

pub(super) fn easy() -> BankBuilder {
    Bank::builder().user("jane", PASSWORD)
}

pub(super) fn questioning() -> BankBuilder {
    easy().question("MFA16", None, "Garcia")
}

pub(super) fn jane() -> Credentials {
    Credentials::new("jane", PASSWORD)
}

pub(super) fn keys() -> KeyRing {
    KeyRing::new(Key::new(1, [7; 32]).unwrap())
}

pub(super) fn context() -> Context {
    Context::new("tenant-1", "user-42").unwrap()
}

pub(super) fn payment() -> Payment {
    let from = BankAccount::new("999888777", "1000001", AccountType::Checking);
    let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    Payment::new(from, Decimal::new(8420, 2), payee, "88-204-117", Utc::now().date_naive() + Days::new(10))
}

pub(super) fn trusting(pem: &str) -> HttpsOptions {
    HttpsOptions::new().add_root_pem(pem.as_bytes()).unwrap().only_given_roots()
}

pub(super) fn client(institution: Institution, pem: &str) -> Client {
    Client::builder(institution).connection(trusting(pem)).build().unwrap()
}

pub(super) fn session(bank: &Bank) -> Session {
    client(Institution::new(bank.url()), bank.ca_pem()).open(jane()).unwrap()
}

/// A server that answers each request with the same bytes, and a session with it that asks for no profile.
pub(super) struct Raw {
    pub(super) server: Server,
    authority: Authority,
}

impl Raw {
    pub(super) async fn new(script: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Self {
        let authority = Authority::new("root");
        let server = Server::tls(&authority.server(), script).await;
        Self { server, authority }
    }

    pub(super) async fn says(bytes: String) -> Self {
        Self::new(move |_| Act::ReplyAndClose(bytes.clone())).await
    }

    pub(super) fn client(&self) -> Client {
        client(Institution::new(self.server.url()).without_profile(), &self.authority.pem)
    }

    pub(super) fn session(&self) -> Session {
        self.client().open(jane()).unwrap()
    }
}

/// HTTP around a body.
pub(super) fn http(status: &str, kind: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

pub(super) fn ofx(body: &str) -> String {
    http("200 OK", "application/x-ofx", body)
}

/// Checks what each error promises: kind, delivery, a text of one line that has these words and no secret.
pub(super) fn told(error: &Error, kind: ErrorKind, delivery: Delivery, words: &[&str]) {
    let text = error.to_string();
    assert_eq!((error.kind(), error.delivery()), (kind, delivery), "{text}");
    for word in words {
        assert!(text.contains(word), "{text:?} lacks {word:?}");
    }
    let first = text.split(' ').next().unwrap();
    let is_tag = first.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    assert!(is_tag || text.starts_with(char::is_lowercase), "{text:?}");
    assert!(!text.ends_with('.') && !text.contains('\n'), "{text:?}");
    assert!((20..=400).contains(&text.len()), "{text:?}");
    let mut shown = format!("{error:?} {text}");
    let mut cause = error.source();
    while let Some(error) = cause {
        assert!(!text.contains(&error.to_string()), "told twice: {text}: {error}");
        shown += &format!("{error:?} {error}");
        cause = error.source();
    }
    for secret in [PASSWORD, "canary", "Garcia", "1000001"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
