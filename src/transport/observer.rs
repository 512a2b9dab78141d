//! What a program is told of an exchange while it happens.
//!
//! The client gives every [`Request`](crate::transport::Request) the program's [`Observer`]; whatever sends it tells of the
//! connection, and the client's driver tells of the operation. [`tell`] is the one place that calls an observer.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub use crate::transport::certificate::CertificateSummary;

/// Is told what happens: on the connection, and in an operation.
///
/// Every `Fn(&Event<'_>)` that can be shared between threads is one.
///
/// It is called in the middle of an exchange, on whatever thread that runs, so it should return soon: that thread does nothing else
/// meanwhile. One that panics disturbs nothing: the panic is caught, and it is called for the next event all the same. (A program that is
/// built to abort on a panic aborts, which leaves what was on its way in doubt.)
///
/// # Security
///
/// No event holds a password, an answer, a key, a token, a cookie, an account number, a payee, or any part of a request's or an
/// answer's body or of an address behind the host; but for the media type of an answer and the ids of security questions, and these
/// only where they have the form that they should have.
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// use ofx_session::{Client, Event, Institution};
///
/// let seen = Arc::new(Mutex::new(Vec::new()));
/// let list = Arc::clone(&seen);
/// let observer = move |event: &Event<'_>| {
///     if let (Event::TlsEstablished { version, suite, .. }, Ok(mut list)) = (event, list.lock()) {
///         list.push(format!("{version} with {suite}"));
///     }
/// };
/// # fn is_one(_: impl ofx_session::Observer) {}
/// # is_one(observer);
/// ```
pub trait Observer: Send + Sync {
    /// Takes note of `event`.
    fn event(&self, event: &Event<'_>);
}

impl<F: Fn(&Event<'_>) + Send + Sync> Observer for F {
    fn event(&self, event: &Event<'_>) {
        self(event);
    }
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn event(&self, event: &Event<'_>) {
        (**self).event(event);
    }
}

/// Something that happened. More kinds, and more to know of each, may come with any version.
///
/// # Order
///
/// A request that needs a new connection: `Resolving` where its host is a name, `Connected` or `ProxyConnected`, `TlsEstablished`,
/// `RequestSent`, `ResponseHead`, `BodyReceived`, and `Closed` when the connection ends, which may be later. One on a connection that
/// is there already begins with `RequestSent`. Where it fails, the rest does not come. A [`Transport`](crate::transport::Transport) of
/// your own tells of no connections, and one by plain `http` to this machine is not told of; what an operation tells comes with every
/// transport.
///
/// # Tracing
///
/// With the feature `tracing` the same is emitted for subscribers of the crate `tracing`, whether there is an observer or not, under
/// the target `ofx_session`. The event's name is its message:
///
/// | name | level | fields |
/// |---|---|---|
/// | `resolving` | DEBUG | `host` |
/// | `connected` | DEBUG | `host` |
/// | `proxy_connected` | DEBUG | `host`, `proxy` |
/// | `tls_established` | DEBUG | `host`, `version`, `suite`, `subject`, `issuer`, `fingerprint`, `not_after` (RFC 3339) |
/// | `request_sent` | DEBUG | `host`, `bytes` |
/// | `response_head` | DEBUG | `status`, `http_version`, `content_type`, `remote` |
/// | `body_received` | DEBUG | `bytes` |
/// | `closed` | DEBUG | `host` |
/// | `step` | INFO | `operation`, `step`: [`StepKind::name`] |
/// | `challenge` | INFO | `questions`, with commas between; `?` for an id of the institution's own |
/// | `sync_item` | INFO | `kind`, `action`, `origin` |
///
/// What is not known is left out. They happen in two spans: `operation` (INFO, with `operation`), and in it `exchange` (DEBUG, with
/// `address`, the URL without its query) for each file that is sent. `closed` comes in neither, because a connection may outlive both.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The addresses of a host are looked up.
    #[non_exhaustive]
    Resolving {
        /// The institution's host, or the proxy's.
        host: &'a str,
    },
    /// There is a connection to a host without a proxy; nothing is encrypted yet.
    #[non_exhaustive]
    Connected {
        /// The institution's host.
        host: &'a str,
    },
    /// A proxy has put a connection through.
    #[non_exhaustive]
    ProxyConnected {
        /// The institution's host.
        host: &'a str,
        /// Host and port of the proxy; never its user or password.
        proxy: &'a str,
    },
    /// The host has proved who it is, and from here on all is encrypted.
    #[non_exhaustive]
    TlsEstablished {
        /// The institution's host.
        host: &'a str,
        /// `TLSv1.2` or `TLSv1.3`.
        version: &'a str,
        /// The cipher suite, as the registry of TLS spells it.
        suite: &'a str,
        /// The host's certificate, where there was one to look at.
        peer: Option<&'a CertificateSummary>,
    },
    /// There is a connection, and the whole request is about to leave on it: as soon as the observer returns, unless whoever waits for the
    /// answer has given up by then, be it that the time is over.
    #[non_exhaustive]
    RequestSent {
        /// The institution's host.
        host: &'a str,
        /// Length of the body.
        bytes: usize,
    },
    /// The answer begins.
    #[non_exhaustive]
    ResponseHead {
        /// HTTP status.
        status: u16,
        /// `HTTP/1.1` or `HTTP/2.0`.
        http_version: &'a str,
        /// The media type that the institution names, without its parameters; `None` also for what is none.
        content_type: Option<&'a str>,
        /// Who sent it, where that is known: the institution, or the proxy.
        remote: Option<SocketAddr>,
    },
    /// The whole answer is there.
    #[non_exhaustive]
    BodyReceived {
        /// Length of the body as it is read, after decompression.
        bytes: usize,
    },
    /// A connection is over. Told to the observer of the request for which it was made, also when others have used it since.
    /// Not told of one on which the handshake ended before a cipher suite was agreed on: the request's own error says that.
    #[non_exhaustive]
    Closed {
        /// The institution's host.
        host: &'a str,
    },
    /// An operation got further.
    #[non_exhaustive]
    Step {
        /// What kind of operation it is, in words that stay the same from version to version: `profile`, `accounts`, `pay`,
        /// `cancel_payment`, `synchronize_payees`, `batch`, `change_password` and so on.
        operation: &'a str,
        /// How far it got.
        step: StepKind,
    },
    /// The institution asks security questions.
    #[non_exhaustive]
    Challenge {
        /// Their ids, `MFAPHRASEID`, where these are like the specification's own: `MFA` and at most five digits. Any other is told as
        /// `?`, because it may be any text of the institution's. The questions themselves are the user's business.
        questions: &'a [&'a str],
    },
    /// A synchronization brought a change.
    #[non_exhaustive]
    SyncItem {
        /// What it is a history of: `payments`, `recurring_payments`, `payees` and so on.
        kind: &'a str,
        /// What was done: `added`, `modified`, `removed`, `refused` or `unknown`.
        action: &'a str,
        /// By whom: `us`, `another_client` or `institution`.
        origin: &'a str,
    },
}

/// How far an operation got.
///
/// When the future of a call is dropped, no further step of it is told, not even that it ended: what became of it is in the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StepKind {
    /// It begins, or goes on after a pause.
    Begin,
    /// A file of it is handed to the transport.
    Sent,
    /// A file was answered with something to read.
    Answered,
    /// No usable answer came to a file.
    NoAnswer,
    /// It waits for the user: for answers, or for an approval.
    Asked,
    /// It is done.
    Done,
    /// It may have been carried out, and nobody knows.
    Unknown,
    /// The institution said no.
    Refused,
    /// It could not go on, for another reason.
    Failed,
}

impl StepKind {
    /// The word for it, which stays the same from version to version.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Sent => "sent",
            Self::Answered => "answered",
            Self::NoAnswer => "no_answer",
            Self::Asked => "asked",
            Self::Done => "done",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// Tells `observer` of `event`. Whatever an observer does, the exchange goes on.
pub(crate) fn tell(observer: Option<&dyn Observer>, event: &Event<'_>) {
    let event = &presentable(event.clone());
    // A payment must not be lost because a terminal was closed and printing to it panics.
    #[cfg(feature = "tracing")]
    let _ = caught(|| crate::transport::traced::emit(event));
    if let Some(observer) = observer {
        let _ = caught(|| observer.event(event));
    }
}

/// What `call` gives, unless it panics. What a panic leaves behind may panic in its turn when it is dropped.
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(given) => Some(given),
        Err(left) => {
            if let Err(next) = catch_unwind(AssertUnwindSafe(|| drop(left))) {
                // It may be of the same kind, without end.
                Box::leak(next);
            }
            None
        }
    }
}

/// `event` without what an institution may have put into it.
fn presentable(event: Event<'_>) -> Event<'_> {
    match event {
        Event::ResponseHead { status, http_version, content_type, remote } => {
            Event::ResponseHead { status, http_version, content_type: content_type.and_then(media_type), remote }
        }
        other => other,
    }
}

/// The media type at the start of a `Content-Type`: two short words, and nothing else that an institution may have written there.
fn media_type(header: &str) -> Option<&str> {
    let kind = header.split(';').next()?.trim();
    let (main, sub) = kind.split_once('/')?;
    let is_word = |word: &str| {
        !word.is_empty()
            && word.len() <= LONGEST_WORD
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    };
    (is_word(main) && is_word(sub)).then_some(kind)
}

const LONGEST_WORD: usize = 40;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking, and one panics on purpose")]

    use std::sync::Mutex;

    use super::*;

    #[test]
    fn an_observer_that_panics_is_told_of_the_next_event_too() {
        let told = Mutex::new(0);
        let observer = |_: &Event<'_>| {
            *told.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += 1;
            panic!("on purpose");
        };
        tell(Some(&observer), &Event::Resolving { host: "ofx.example.com" });
        tell(Some(&observer), &Event::Closed { host: "ofx.example.com" });
        assert_eq!(told.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner), 2);
    }

    /// Panics when it is dropped, and leaves another one behind so many times.
    struct Panicking(usize);

    impl Drop for Panicking {
        fn drop(&mut self) {
            match self.0.checked_sub(1) {
                Some(left) => std::panic::panic_any(Self(left)),
                None => panic!("on purpose"),
            }
        }
    }

    #[test]
    fn what_a_panic_leaves_behind_may_panic_as_well() {
        for deep in [0, 1, usize::MAX] {
            let observer = |_: &Event<'_>| std::panic::panic_any(Panicking(deep));
            tell(Some(&observer), &Event::Closed { host: "ofx.example.com" });
        }
        assert_eq!(caught(|| 1), Some(1));
    }

    #[test]
    fn an_institution_cannot_write_what_it_likes_into_an_event() {
        for (header, shown) in [
            ("application/x-ofx", "application/x-ofx"),
            (" text/html ; charset=utf-8", "text/html"),
            ("application/x-ofx; was=hunter2", "application/x-ofx"),
            ("your password is hunter2", "None"),
            ("a/b/c", "None"),
            ("text/", "None"),
        ] {
            let seen = Mutex::new(String::new());
            let observer = |event: &Event<'_>| {
                let Event::ResponseHead { content_type, .. } = event else { return };
                content_type.unwrap_or("None").clone_into(&mut seen.lock().unwrap());
            };
            let event =
                Event::ResponseHead { status: 200, http_version: "HTTP/1.1", content_type: Some(header), remote: None };
            tell(Some(&observer), &event);
            assert_eq!(*seen.lock().unwrap(), shown, "{header}");
        }
    }
}
