//! What can go wrong on the way to an institution and back, and what each case says about delivery.

use std::borrow::Cow;
use std::error::Error as StdError;

use crate::error::{Delivery, Error, ErrorKind};
use crate::transport::{CertificateProblem, ProxyProblem};

/// What lies behind a [`TransportError`], as the HTTP stack reported it, without the URL.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// Why no usable answer came. Texts may hold the host, never a path, a query or a byte of a body.
///
/// [`Https`](crate::transport::Https) names the host with its port where that is not the usual one: `ofx.example.com:8443`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The address cannot be used. Not sent.
    #[error("the institution's URL cannot be used: {reason}")]
    BadUrl {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The address is `http://`, which would show the password to everyone on the way. Not sent.
    #[error(
        "refused to send to {host} over plain http: use its https URL (plain http goes to this machine only, and only \
         when HttpsOptions::allow_http_loopback was called)"
    )]
    PlainHttpRefused {
        /// The host in the address.
        host: String,
    },
    /// The transport cannot work as it was set up. Not sent.
    #[error("the transport cannot work as it was set up: {reason}")]
    BadOptions {
        /// What is wrong and what to do about it.
        reason: Cow<'static, str>,
        /// What the TLS or HTTP stack said.
        source: Option<Cause>,
    },
    /// The host name has no address, or that of the proxy in front of it where the two cannot be told apart. Not sent.
    #[error(
        "no network address was found on the way to {host}: check the host name, the proxy if any, and the network"
    )]
    Resolve {
        /// The host that was called.
        host: String,
        /// What the resolver said.
        source: Option<Cause>,
    },
    /// No connection came about: refused, unreachable, or ended before TLS was agreed on. Not sent.
    #[error("could not connect to {host}: check the network and the URL, or ask again later")]
    Connect {
        /// The host that was called.
        host: String,
        /// What the network said.
        source: Option<Cause>,
    },
    /// The connection was not ready in time. Not sent: the body had not been touched.
    #[error("the connection to {host} {}", late(proxy.as_deref()))]
    ConnectTimeout {
        /// The host that was called.
        host: String,
        /// The proxy in front of it, as host and port, where it had not connected us yet: nobody can say which of the two was silent.
        proxy: Option<String>,
        /// What the HTTP stack said.
        source: Option<Cause>,
    },
    /// The proxy in front of the institution is not there, or does not let us through. Not sent.
    #[error("the proxy {proxy} {problem}")]
    Proxy {
        /// The proxy, as host and port.
        proxy: String,
        /// What it did.
        problem: ProxyProblem,
        /// What the HTTP stack said.
        source: Option<Cause>,
    },
    /// The certificate does not prove that this is the institution. Not sent.
    #[error("the certificate of {host} {problem}")]
    Certificate {
        /// The host that was called.
        host: String,
        /// What is wrong with its certificate.
        problem: CertificateProblem,
        /// What the TLS stack said.
        source: Option<Cause>,
    },
    /// The institution wants to know who we are by a certificate, and got none or one that it does not accept. Not sent: it ended the
    /// handshake and read no request. Where it has said anything before that word it is [`Interrupted`](Self::Interrupted), and unknown.
    #[error(
        "{host} does not accept this client's certificate, or wants one and got none: give the one that the institution issued \
         (HttpsOptions::client_certificate_pem)"
    )]
    ClientCertificate {
        /// The host that was called.
        host: String,
        /// What the TLS stack said.
        source: Option<Cause>,
    },
    /// No secure connection could be agreed on. Not sent: this happens before the body is touched.
    #[error("no secure connection to {host} could be agreed on: its TLS may be too old, or the port is not for https")]
    Tls {
        /// The host that was called.
        host: String,
        /// What the TLS stack said.
        source: Option<Cause>,
    },
    /// The server speaks none of the versions of HTTP that it was offered. Not sent: it ended the handshake.
    #[error(
        "{host} does not offer the version of HTTP that was asked for: allow another one (HttpsOptions::http_versions)"
    )]
    HttpVersion {
        /// The host that was called.
        host: String,
        /// What the TLS stack said.
        source: Option<Cause>,
    },
    /// The answer did not come in time. Unknown: the request was on its way.
    #[error("{host} did not answer in time: the request may have been carried out")]
    Timeout {
        /// The host that was called.
        host: String,
        /// What the HTTP stack said.
        source: Option<Cause>,
    },
    /// The connection broke, or the answer was cut short or was not HTTP. Unknown: the request was on its way.
    ///
    /// Cut short is also an answer of no announced length whose server ends TLS without `close_notify`, unless it ends with `</OFX>`.
    #[error("the connection to {host} broke before the answer was complete: the request may have been carried out")]
    Interrupted {
        /// The host that was called.
        host: String,
        /// What the HTTP stack said.
        source: Option<Cause>,
    },
    /// The answer had a status other than 200. Unknown, whatever the status: something between here and the
    /// institution may have made it up after passing the request on.
    #[error("{}", explain(*code))]
    Status {
        /// The HTTP status.
        code: u16,
    },
    /// The answer was a web page with status 200, of a firewall as a rule. Unknown: it may have come after the request
    /// was passed on.
    #[error("the institution's server answered with a web page{}: the request may have been carried out", quoted(title.as_deref()))]
    Html {
        /// The title of the page, one line of at most 80 characters. It ends before what looks like an address, and is left out where
        /// it repeats something of the query that `Https` sent to.
        title: Option<String>,
    },
    /// The answer had status 200 and nothing in it. Unknown.
    ///
    /// A few institutions mean by it that the request is to be sent again with the cookie they set along with it; the
    /// transport keeps that cookie, the decision is [the settings'](crate::engine::Dialect::repeat_for_cookie).
    #[error("the institution's server answered with nothing: the request may have been carried out")]
    Empty {
        /// Whether it set a cookie that did not go out with this request, and that the transport sends to the same address from now on.
        cookie_set: bool,
    },
    /// The compression of the answer cannot be undone, or is much work for next to nothing (`HttpsOptions::body_limit` says how much).
    /// Unknown.
    #[error("the answer's compression cannot be undone: {problem}; the request may have been carried out")]
    Compression {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The head of the answer, its status and headers, was longer than any honest one. Unknown.
    ///
    /// By HTTP/1.1 it may have about 400 KiB and 100 lines, by HTTP/2 64 KiB (a longer one may end as [`Interrupted`](Self::Interrupted)
    /// there). Reading it takes less than 2 MiB of memory.
    #[error("the answer of {host} begins with more headers than are read: the request may have been carried out")]
    HeadTooLarge {
        /// The host that was called.
        host: String,
    },
    /// The answer was longer than allowed. Unknown: the request was carried out or refused, but not read about.
    #[error("the answer is longer than {limit} bytes, the limit set for it: the request may have been carried out")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
}

impl TransportError {
    /// Whether the request can have reached the institution.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        match self {
            Self::BadUrl { .. }
            | Self::PlainHttpRefused { .. }
            | Self::BadOptions { .. }
            | Self::Resolve { .. }
            | Self::Connect { .. }
            | Self::ConnectTimeout { .. }
            | Self::Proxy { .. }
            | Self::Certificate { .. }
            | Self::ClientCertificate { .. }
            | Self::Tls { .. }
            | Self::HttpVersion { .. } => Delivery::NotSent,
            Self::Timeout { .. }
            | Self::Interrupted { .. }
            | Self::Status { .. }
            | Self::Html { .. }
            | Self::Empty { .. }
            | Self::Compression { .. }
            | Self::HeadTooLarge { .. }
            | Self::TooLarge { .. } => Delivery::Unknown,
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::BadUrl { .. } | Self::PlainHttpRefused { .. } | Self::BadOptions { .. } => ErrorKind::Misuse,
            _ => ErrorKind::Transport,
        }
    }

    fn into_cause(self) -> Option<Cause> {
        match self {
            Self::BadOptions { source, .. }
            | Self::Resolve { source, .. }
            | Self::Connect { source, .. }
            | Self::ConnectTimeout { source, .. }
            | Self::Proxy { source, .. }
            | Self::Certificate { source, .. }
            | Self::ClientCertificate { source, .. }
            | Self::Tls { source, .. }
            | Self::HttpVersion { source, .. }
            | Self::Timeout { source, .. }
            | Self::Interrupted { source, .. } => source,
            Self::BadUrl { .. }
            | Self::PlainHttpRefused { .. }
            | Self::Status { .. }
            | Self::Html { .. }
            | Self::Empty { .. }
            | Self::Compression { .. }
            | Self::HeadTooLarge { .. }
            | Self::TooLarge { .. } => None,
        }
    }
}

/// What an HTTP status of 400 to 499 says of a request: that it was not read as what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TurnedAway {
    /// The server has no use for it, and will have none.
    ForGood,
    /// What stands in front of a server turned it away as it does any, and another time does not: login, firewall, time, too many.
    ForNow,
}

impl TransportError {
    pub(crate) fn turned_away(&self) -> Option<TurnedAway> {
        match self {
            Self::Status { code: 401 | 403 | 407 | 408 | 421 | 423 | 425 | 429, .. } => Some(TurnedAway::ForNow),
            Self::Status { code: 400..=499, .. } => Some(TurnedAway::ForGood),
            _ => None,
        }
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        let mut text = error.to_string();
        let doubt = DOUBTS.into_iter().find(|doubt| text.ends_with(doubt));
        text.truncate(text.len().saturating_sub(doubt.map_or(0, str::len)));
        let joined = Self::new(error.kind(), error.delivery(), text).with_doubt(doubt);
        // The text is this error's own; only what lies behind it goes into the source, or it would be told twice.
        match error.into_cause() {
            Some(cause) => joined.with_source(cause),
            None => joined,
        }
    }
}

fn explain(code: u16) -> String {
    let what = match code {
        300..=399 => "redirected the request, which is not followed: ask the institution for its new URL",
        400..=499 => "rejected the request: check the URL and what the institution expects of a client",
        500..=599 => "failed: it may be able to answer later",
        _ => "answered in an unexpected way",
    };
    format!("the institution's server {what} (http status {code}); the request may have been carried out")
}

fn late(proxy: Option<&str>) -> String {
    match proxy {
        None => "was not ready in time: check the network, or ask again later".to_owned(),
        Some(proxy) => format!(
            "through the proxy {proxy} was not ready in time: check whether the proxy runs and is of the kind that was given, and the \
             network, or ask again later"
        ),
    }
}

fn quoted(title: Option<&str>) -> String {
    title.map(|title| format!(" titled {title:?}")).unwrap_or_default()
}

/// How texts end that leave it open what became of the request.
const DOUBTS: [&str; 2] = [": the request may have been carried out", "; the request may have been carried out"];

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_only_prepared_another_leaves_no_doubt_in_the_text() {
        let host = || "bank.example".to_owned();
        for error in [
            TransportError::Status { code: 404 },
            TransportError::Timeout { host: host(), source: None },
            TransportError::Html { title: Some("; the request may have been carried out".to_owned()) },
            TransportError::Empty { cookie_set: false },
            TransportError::Compression { problem: "it is broken" },
            TransportError::HeadTooLarge { host: host() },
            TransportError::TooLarge { limit: 1 },
        ] {
            let text = error.to_string();
            let joined = Error::from(error).while_doing("asking");
            assert_eq!(joined.to_string(), format!("asking: {text}"));
            let cut = DOUBTS.into_iter().find_map(|doubt| text.strip_suffix(doubt)).unwrap();
            assert_eq!(joined.with_delivery(Delivery::NotSent).to_string(), format!("asking: {cut}"));
        }
    }
}
