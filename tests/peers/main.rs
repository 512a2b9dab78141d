//! The connection against real peers: what the TLS, HTTP and proxy servers of others do with it, and what hostile ones try.
//!
//! Programs are started from the installed binaries, each test its own, on free loopback ports, with their configuration in a
//! temporary folder, and are killed when the test is over. One that is not installed is skipped with a line that says so, and
//! fails the test where `REQUIRE_SERVERS=1`. In Debian they are in `nginx-light`, `squid`, `tinyproxy`, `microsocks`, `dante-server`,
//! `stunnel4` and `openssl`. What none of them can show is done by the raw server of `backend.rs`.
#![cfg(unix)]
#![allow(
    unsafe_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    reason = "tests fail by panicking, and an allocator is unsafe to write"
)]

mod backend;
#[path = "../shared/canaries.rs"]
mod canaries;
mod cancelled;
mod certificates;
mod connect;
mod connections;
mod cookies;
mod families;
mod frames;
mod given_up;
mod hostile;
mod http;
mod identity;
mod many;
mod money;
mod observed;
mod paid;
mod papers;
mod peer;
#[path = "../shared/programs.rs"]
mod programs;
mod roots;
mod sessions;
mod socks;
mod versions;
mod weight;

#[global_allocator]
static ALLOCATOR: weight::Scales = weight::Scales;

use std::error::Error as _;

use ofx_session::error::{Delivery, Error, ErrorKind};
use ofx_session::transport::{Https, HttpsOptions, Request, Response, Transport as _, TransportError};
use papers::Authority;

/// What is sent; it must never be seen in an error.
pub(crate) const BODY: &[u8] = b"<OFX>canary-body</OFX>";

/// Options that trust this authority and no other.
pub(crate) fn trusting(authority: &Authority) -> HttpsOptions {
    HttpsOptions::new().add_root_pem(authority.pem.as_bytes()).unwrap().only_given_roots()
}

pub(crate) async fn send(options: HttpsOptions, url: &str) -> Result<Response, TransportError> {
    Https::new(options).unwrap().send(Request::new(url, BODY.to_vec())).await
}

/// Checks what every failure promises, and hands out the public error's text.
fn checked(error: TransportError, delivery: Delivery) -> String {
    assert_eq!(error.delivery(), delivery, "{error}");
    let mut shown = format!("{error} {error:?}");
    let error = Error::from(error);
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Transport, delivery));
    let text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        assert!(!text.contains(&cause.to_string()), "told twice: {text}: {cause}");
        shown += &format!("{cause} {cause:?}");
        next = cause.source();
    }
    assert!(!shown.contains("canary"), "{shown}");
    assert!(!text.ends_with('.'), "{text}");
    text
}

/// The text of an error that promises that nothing was sent.
pub(crate) fn not_sent(error: TransportError) -> String {
    checked(error, Delivery::NotSent)
}

/// The text of an error that leaves open whether the request arrived.
pub(crate) fn unknown(error: TransportError) -> String {
    checked(error, Delivery::Unknown)
}
