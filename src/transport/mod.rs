//! One request, one answer over the network, and whether the request can have arrived.
//!
//! The client calls [`Transport::send`]; nobody else does. This room moves bytes and never knows what they mean.
//! What it does know, and what everything above relies on, is [`TransportError::delivery`]: "not sent" is said only
//! when no byte of the request's body can have left this process, or when the institution ended the handshake and so read none of it.
//!
//! [`Https`] is the transport of this crate (feature `https`). Whoever has an HTTP stack of their own implements
//! [`Transport`] and passes an answer of status 200 through [`Response::from_http_200`].

#[cfg(all(target_os = "android", any(feature = "https", feature = "redis", feature = "postgres")))]
compile_error!(
    "the features https, redis and postgres of ofx-session cannot be built for Android, whose verifier of certificates needs more than they \
     give it: leave them out, and bring a Transport of your own (Client::builder(..).transport(..))"
);

mod certificate;
mod error;
#[cfg(feature = "https")]
mod https;
pub(crate) mod observer;
#[cfg(feature = "https")]
mod options;
mod page;
mod problem;
mod recall;
#[cfg(feature = "https")]
mod tls;
#[cfg(feature = "tracing")]
mod traced;
#[cfg(feature = "https")]
mod watch;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::secret::{Secret, UrlParts, shown};

pub(crate) use crate::transport::error::TurnedAway;
pub use crate::transport::error::{Cause, TransportError};
#[cfg(feature = "https")]
pub use crate::transport::https::Https;
pub use crate::transport::observer::{CertificateSummary, Event, Observer, StepKind};
#[cfg(feature = "https")]
pub use crate::transport::options::{
    Addresses, DangerousCertificates, HttpVersions, HttpsOptions, KeepAlive, Proxy, Redirects, Roots, TlsVersion,
};
pub use crate::transport::problem::{CertificateProblem, ProxyProblem};
pub(crate) use crate::transport::recall::Recall;
#[cfg(feature = "https")]
pub use crate::transport::tls::PresentedCertificate;

/// Sends one request to an institution and brings back its answer.
///
/// Implementations must deliver a request at most once: no retry, no redirect, whatever happened. They must call an
/// outcome [`NotSent`](crate::error::Delivery::NotSent) only when they can prove it.
///
/// One that wraps another, [`Https`] for example, passes every call on, also those that have a default: without
/// [`cookies`](Self::cookies) and [`restore_cookies`](Self::restore_cookies), an institution that ties its security questions to a cookie
/// takes no answer in another process, and asks again each time.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends `request` by HTTP POST as `application/x-ofx`, with the [headers](Request::headers) it asks for, and waits for the
    /// whole answer.
    ///
    /// Dropping the future gives up waiting; whether the request arrived is then unknown, unless [`Https`] had not begun to send it, and
    /// calls it back. Whoever passes a request on to [`Https`] must not send it in another way meanwhile: its word counts for the request.
    ///
    /// # Errors
    ///
    /// Every [`TransportError`]; its [`delivery`](TransportError::delivery) says whether the request can have arrived.
    fn send(&self, request: Request) -> Sending<'_>;

    /// Tells, without a network, whether `url` may be used with this transport at all.
    ///
    /// Unless an implementation says otherwise, only `https` is.
    ///
    /// # Errors
    ///
    /// [`TransportError::BadUrl`] and [`TransportError::PlainHttpRefused`].
    fn allows(&self, url: &str) -> Result<(), TransportError> {
        let Some(parts) = UrlParts::of(url).filter(|parts| !parts.host.is_empty()) else {
            return Err(TransportError::BadUrl { reason: "it is not a complete address" });
        };
        if parts.scheme.eq_ignore_ascii_case("https") {
            Ok(())
        } else if parts.scheme.eq_ignore_ascii_case("http") {
            Err(TransportError::PlainHttpRefused { host: parts.host.to_owned() })
        } else {
            Err(TransportError::BadUrl { reason: "its scheme is not https" })
        }
    }

    /// The cookies that institutions have set, the newest first: what this transport must be given in another process to be taken there for
    /// the one that was asked. They are stored with an operation that is under way, as far as 4 KiB hold them.
    ///
    /// Unless an implementation says otherwise, there are none.
    fn cookies(&self) -> Vec<SetCookie> {
        Vec::new()
    }

    /// Takes over what [`cookies`](Self::cookies) gave, here or in another process: before the first request of an operation that was
    /// stored. They take the place of those with the same host, path and name, because they belong to the conversation that goes on.
    ///
    /// Unless an implementation says otherwise, they are dropped. One that keeps them sends each to the host of its
    /// [`origin`](SetCookie::origin) and to no other, and checks them as if a server had set them: they may be damaged, and out of date.
    fn restore_cookies(&self, cookies: Vec<SetCookie>) {
        drop(cookies);
    }
}

macro_rules! passed_on {
    ($($pointer:ident)*) => {
        $(
            impl<T: Transport + ?Sized> Transport for $pointer<T> {
                fn send(&self, request: Request) -> Sending<'_> {
                    (**self).send(request)
                }

                fn allows(&self, url: &str) -> Result<(), TransportError> {
                    (**self).allows(url)
                }

                fn cookies(&self) -> Vec<SetCookie> {
                    (**self).cookies()
                }

                fn restore_cookies(&self, cookies: Vec<SetCookie>) {
                    (**self).restore_cookies(cookies);
                }
            }
        )*
    };
}

passed_on! { Arc Box }

/// A cookie, as the server sets it that has set it. RFC 6265 §4.1.
///
/// # Security
///
/// Whoever has it may be taken for the user: `Debug` does not show the line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetCookie {
    /// Whose it is: `https://` and a host.
    pub origin: String,
    /// The value of a `Set-Cookie` header: name and value, `Path`, `Expires` (and no `Max-Age`, which would count from when it is read),
    /// `Secure`.
    pub line: Secret,
}

impl SetCookie {
    /// What the host of `origin` sets by `line`.
    #[must_use]
    pub fn new(origin: impl Into<String>, line: impl Into<Secret>) -> Self {
        Self { origin: origin.into(), line: line.into() }
    }
}

/// The answer [`Transport::send`] is waiting for.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Response, TransportError>> + Send + 'a>>;

/// The bytes to send and where to.
///
/// # Security
///
/// The body holds a password as a rule. It is wiped from memory when dropped, and `Debug` shows neither it nor what a
/// URL may hide: the user name, the query, the fragment, path parameters.
pub struct Request {
    url: String,
    body: Zeroizing<Vec<u8>>,
    headers: Vec<(&'static str, Option<String>)>,
    observer: Option<Arc<dyn Observer>>,
    may_reuse_connection: bool,
    recall: Recall,
    leaves_by: Option<Instant>,
}

impl Request {
    /// Takes over the address and the body of a request.
    #[must_use]
    pub fn new(url: impl Into<String>, body: impl Into<Zeroizing<Vec<u8>>>) -> Self {
        Self {
            url: url.into(),
            body: body.into(),
            headers: Vec::new(),
            observer: None,
            may_reuse_connection: false,
            recall: Recall::default(),
            leaves_by: None,
        }
    }

    /// Wants a header to say something else than the transport would by itself, or with `None` to be left out.
    #[must_use]
    pub fn header(mut self, name: &'static str, line: Option<&str>) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name, line.map(str::to_owned)));
        self
    }

    /// Allows the transport to send it over a connection that was used before. For a request that only reads: a server may close such a
    /// connection at that moment, and nobody knows what became of the request.
    #[must_use]
    pub fn reusing_connection(mut self) -> Self {
        self.may_reuse_connection = true;
        self
    }

    /// Whether it may be sent over a connection that was used before.
    #[must_use]
    pub fn may_reuse_connection(&self) -> bool {
        self.may_reuse_connection
    }

    /// The headers that are wanted otherwise than the transport sends them by itself; `None` for one that is to be left out. This
    /// crate's client asks for `User-Agent` and `Accept` at most.
    pub fn headers(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.headers.iter().map(|(name, line)| (*name, line.as_deref()))
    }

    /// Lets `observer` be told what happens while the request is sent and answered.
    #[must_use]
    pub fn observed_by(mut self, observer: Option<Arc<dyn Observer>>) -> Self {
        self.observer = observer;
        self
    }

    /// Who is told what happens, where somebody wants to know.
    #[must_use]
    pub fn observer(&self) -> Option<&Arc<dyn Observer>> {
        self.observer.as_ref()
    }

    /// Where the transport proves that it never left.
    pub(crate) fn recall(&self) -> Recall {
        self.recall.clone()
    }

    /// Must not leave later than that: somebody else may be at work by then.
    pub(crate) fn leaving_within(mut self, time: Option<Duration>) -> Self {
        self.leaves_by = time.and_then(|time| Instant::now().checked_add(time));
        self
    }

    /// When it must not leave any more.
    #[cfg(feature = "https")]
    pub(crate) fn leaves_by(&self) -> Option<Instant> {
        self.leaves_by
    }

    /// The address, whole.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The bytes to send.
    ///
    /// # Security
    ///
    /// From here on they are the caller's to keep out of logs.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Hands over the bytes to send, still wiped when dropped.
    #[must_use]
    pub fn into_body(self) -> Zeroizing<Vec<u8>> {
        self.body
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("url", &format_args!("{}", shown(&self.url)))
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// An answer worth reading: status 200, not empty, not a web page.
///
/// # Security
///
/// The body holds account numbers and keys: it is wiped from memory when dropped, and `Debug` shows its length only. How it
/// was put together is the transport's: a buffer that grew has left copies behind.
pub struct Response {
    body: Zeroizing<Vec<u8>>,
}

impl Response {
    /// Makes a response of the body of an HTTP answer with status 200; `content_type` is that header, if it came.
    ///
    /// Takes the body over without copying it, and wipes it also when there is an error.
    ///
    /// # Errors
    ///
    /// [`TransportError::Empty`] when there is nothing but white space, [`TransportError::Html`] when it is a web page.
    pub fn from_http_200(content_type: Option<&str>, body: Vec<u8>) -> Result<Self, TransportError> {
        Self::without(content_type, body, Vec::new)
    }

    /// The same where it is known what of the request no title may repeat.
    pub(crate) fn without(
        content_type: Option<&str>,
        body: Vec<u8>,
        private: impl FnOnce() -> Vec<String>,
    ) -> Result<Self, TransportError> {
        let body = Zeroizing::new(body);
        if page::is_blank(&body) {
            Err(TransportError::Empty { cookie_set: false })
        } else if page::is_html(content_type, &body) {
            Err(TransportError::Html { title: page::title(&body, &private()) })
        } else {
            Ok(Self { body })
        }
    }

    /// The bytes as they came.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Hands over the bytes as they came, still wiped when dropped.
    #[must_use]
    pub fn into_body(self) -> Zeroizing<Vec<u8>> {
        self.body
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("body", &format_args!("{} bytes", self.body.len())).finish()
    }
}
