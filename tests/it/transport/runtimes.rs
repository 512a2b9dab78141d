//! Runtimes around a call: one that cannot do what is needed, and one that keeps connections of its own.

use std::time::Duration;

use ofx_session::client::vault::Vault;
use ofx_session::error::{Delivery, ErrorKind};
use ofx_session::store::Memory;
use ofx_session::testing::Bank;
use ofx_session::transport::{Https, HttpsOptions, KeepAlive, Request, Transport as _};
use ofx_session::{Client, Institution, Moved};
use tokio::runtime::{Builder, Runtime};

use super::{loopback, misuse};
use crate::blocking::payment;
use crate::promises::BODY;
use crate::resume::line::{context, easy, jane, keys};

fn good() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runtimes that cannot do something, and the word for it.
fn lacking() -> [(Runtime, &'static str); 3] {
    [
        (Builder::new_current_thread().enable_io().build().unwrap(), "enable_time"),
        (Builder::new_current_thread().build().unwrap(), "enable_time"),
        (Builder::new_current_thread().enable_time().build().unwrap(), "enable_io"),
    ]
}

fn options(bank: &Bank) -> HttpsOptions {
    let options = HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes()).unwrap().only_given_roots();
    options.total_timeout(Duration::from_secs(5))
}

#[test]
fn a_runtime_that_lacks_something_is_told_which() {
    let bank = easy().start().unwrap();
    for (options, url) in [(options(&bank), bank.url()), (loopback(), "http://127.0.0.1:9/ofx")] {
        let https = Https::new(options).unwrap();
        for (runtime, missing) in lacking() {
            let text = misuse(runtime.block_on(https.send(Request::new(url, BODY.to_vec()))).unwrap_err());
            assert!(text.contains(missing) && text.contains("tokio"), "{text}");
        }
    }
    assert!(bank.requests().is_empty());
}

#[test]
fn a_payment_on_a_runtime_that_lacks_something_is_in_no_doubt() {
    let bank = easy().start().unwrap();
    let client = Client::builder(Institution::new(bank.url())).app("QWIN", "2700").connection(options(&bank)).build();
    let vault = Vault::new(client.unwrap(), Memory::new(), keys(), context()).unwrap();
    // So that the payment is the first that is sent below.
    good().block_on(vault.accounts(jane())).unwrap().done().unwrap();
    for (number, (runtime, missing)) in lacking().into_iter().enumerate() {
        let before = bank.requests().len();
        let id = format!("order-{number}");
        let error = runtime.block_on(vault.pay(&id, &payment(), jane())).unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Misuse, Delivery::NotSent), "{error}");
        assert_eq!(error.money_may_have_moved(), Moved::No);
        assert!(error.to_string().contains(missing), "{error}");
        assert_eq!(bank.requests().len(), before);
        let standing = good().block_on(vault.look(&id)).unwrap();
        assert_eq!(standing.map(|standing| standing.money_may_have_moved()), Some(Moved::No));
        good().block_on(vault.pay(&id, &payment(), jane())).unwrap().done().unwrap();
        assert_eq!(bank.payments_made(), number + 1);
    }
    assert_eq!(bank.violations(), Vec::<String>::new());
}

#[test]
fn a_kept_connection_is_used_on_its_own_runtime_only() {
    let bank = easy().start().unwrap();
    for setting in [KeepAlive::Reads, KeepAlive::Always] {
        let https = Https::new(options(&bank).keep_alive(setting)).unwrap();
        let (first, second) = (good(), good());
        for runtime in [&first, &second, &second, &first] {
            let client = Client::builder(Institution::new(bank.url())).app("QWIN", "2700");
            let mut client = client.transport(https.for_another_user()).build().unwrap();
            // Where nobody drives the connection, this is over when the total time is.
            runtime.block_on(client.fetch_profile()).unwrap();
        }
    }
}

#[tokio::test]
async fn what_waits_leaves_the_connections_of_its_runtime_alone() {
    let bank = easy().start().unwrap();
    let client = Client::builder(Institution::new(bank.url())).app("QWIN", "2700").connection(options(&bank)).build();
    let mut session = client.unwrap().open(jane()).unwrap();
    session.accounts().await.unwrap().done().unwrap();
    let mut waiting = ofx_session::blocking::Session::from(session);
    waiting.accounts().unwrap().done().unwrap();
    assert!(waiting.sync_payees().unwrap().done().is_ok());
}
