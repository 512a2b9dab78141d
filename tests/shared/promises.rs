//! What every failure of the transport promises, and the request that it is about.

use std::error::Error as _;

use ofx_session::error::{Delivery, Error, ErrorKind};
use ofx_session::transport::{Https, HttpsOptions, Request, Response, Transport as _, TransportError};

use crate::papers::Authority;

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
pub(crate) fn checked(error: TransportError, kind: ErrorKind, delivery: Delivery) -> String {
    assert_eq!(error.delivery(), delivery, "{error}");
    let mut shown = format!("{error} {error:?}");
    let error = Error::from(error);
    assert_eq!((error.kind(), error.delivery()), (kind, delivery));
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
    checked(error, ErrorKind::Transport, Delivery::NotSent)
}

/// The text of an error that leaves open whether the request arrived.
pub(crate) fn unknown(error: TransportError) -> String {
    checked(error, ErrorKind::Transport, Delivery::Unknown)
}
