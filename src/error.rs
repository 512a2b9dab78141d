//! The one public error: what went wrong, whether money may have moved, and what to do.
//!
//! Every room has a small enum of its own; it turns into [`Error`] on its way out. This file knows none of them.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;

/// What kind of failure an [`Error`] is, and so whose turn it is to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller asked for something that cannot be done as asked. This call has carried nothing out: at most, the profile or the
    /// security questions were asked for before that was found.
    Misuse,
    /// The institution answered, and said no. [`Error::status`] has its code, where it gave one: a history is refused without
    /// (`TOKEN` -1).
    Refused,
    /// The institution's bytes could not be read as OFX.
    Malformed,
    /// No usable answer arrived. [`Error::delivery`] says whether the request may have.
    Transport,
    /// A blob could not be opened or made.
    Seal,
    /// Somebody else is at work on this or has taken it over, or something else must be finished first. [`Error::delivery`] says whether
    /// something was sent.
    Busy,
    /// The store could not be used, or answered nonsense.
    Store,
    /// This crate broke a promise of its own. Please report it.
    Bug,
}

/// Whether a request can have reached the institution. Of an [`Error`] it is said of what was asked for, and not of requests that only
/// prepare it: see [`Error::delivery`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever moves money on it must be able to match all of it and nothing else"
)]
pub enum Delivery {
    /// Nothing of the request arrived at the institution in this call, or the institution has said that it did not look at it, because it
    /// wants security questions answered first (status 3000). Of earlier calls, [`Error::money_may_have_moved`] tells. Requests that only
    /// prepare it, like those for the profile and for the questions, may have been answered or lost.
    NotSent,
    /// The request may have been carried out, or may yet be.
    Unknown,
    /// The institution answered this request.
    Answered,
}

/// Whether money may have moved when a call failed. It is said in the same way of other requests that must not simply be made again: a
/// change of a payment, a payee, a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever moves money on it must be able to match all of it and nothing else"
)]
pub enum Moved {
    /// No payment was made, and none will be from what was sent so far. Said of a change of the password, too, of which it was found out
    /// that the old one counts: a copy on its way may change it yet, as the error's text says.
    No,
    /// The payment was made; what failed came afterwards.
    Yes,
    /// It is not known: the payment must be found out about before it is entered again.
    Unknown,
}

/// The number in an OFX `STATUS`: an open set, OFX 1.0.3 appendix A and its successors.
///
/// Constants and meanings of the known codes are on this type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatusCode(u32);

impl StatusCode {
    /// Wraps the number of a `CODE` element.
    #[must_use]
    pub const fn new(code: u32) -> Self {
        Self(code)
    }

    /// The number itself.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Any failure of this crate, one word wide.
///
/// The text says what happened and what to do. By itself it holds no password, no account number, no URL query and no body bytes. It
/// quotes the institution's message, the title of a web page in place of an answer, the names of an answer's tags (as
/// [`path`](Self::path) does), the ids of security questions, and what a profile calls a credential; these may repeat whatever was sent.
/// Ask [`kind`](Self::kind) whose turn it is and [`money_may_have_moved`](Self::money_may_have_moved) whether it may.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    delivery: Delivery,
    moved: Option<Moved>,
    text: String,
    /// The end of the text, said as long as the request may have arrived.
    doubt: Option<&'static str>,
    status: Option<StatusCode>,
    server_message: Option<String>,
    offset: Option<usize>,
    path: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    detail: Option<Box<dyn Any + Send + Sync>>,
}

impl Error {
    /// Makes an error; rooms call this from their `From` implementations.
    pub(crate) fn new(kind: ErrorKind, delivery: Delivery, text: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            delivery,
            moved: None,
            text: text.into(),
            doubt: None,
            status: None,
            server_message: None,
            offset: None,
            path: None,
            source: None,
            detail: None,
        }))
    }

    /// The caller's mistake: nothing was sent.
    pub(crate) fn misuse(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Misuse, Delivery::NotSent, text)
    }

    /// Adds the institution's status code and message.
    pub(crate) fn with_status(mut self, status: StatusCode, message: Option<String>) -> Self {
        self.0.status = Some(status);
        self.0.server_message = message;
        self
    }

    /// Adds where in a document the trouble is.
    pub(crate) fn with_place(mut self, offset: Option<usize>, path: Option<String>) -> Self {
        self.0.offset = offset;
        self.0.path = path;
        self
    }

    /// Adds the cause, which the text must not repeat.
    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds the room's own error, whose text is this one's already.
    pub(crate) fn with_detail(mut self, detail: impl Any + Send + Sync) -> Self {
        self.0.detail = Some(Box::new(detail));
        self
    }

    /// Adds an end to the text that is left out where the request turns out to be one that only prepared what was asked for.
    pub(crate) fn with_doubt(mut self, doubt: Option<&'static str>) -> Self {
        self.0.doubt = doubt;
        self
    }

    /// Replaces what is known about delivery, where the caller knows more than the room that failed.
    pub(crate) fn with_delivery(mut self, delivery: Delivery) -> Self {
        self.0.delivery = delivery;
        self
    }

    /// Says whether money moved, where the caller knows.
    pub(crate) fn with_moved(mut self, moved: Moved) -> Self {
        self.0.moved = Some(moved);
        self
    }

    /// Puts what was being done in front of the text.
    pub(crate) fn while_doing(mut self, what: &str) -> Self {
        self.0.text = format!("{what}: {}", self.0.text);
        self
    }

    /// Whose mistake this is: the caller's, the institution's, the network's, or ours.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether what was asked for can have been carried out: whether the request can have reached the institution, not counting
    /// requests that only prepared it, and those that the institution has said it did not look at.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// Whether money may have moved: in this call, or in an earlier one that it was about.
    #[must_use]
    pub fn money_may_have_moved(&self) -> Moved {
        self.0.moved.unwrap_or_else(|| match (self.delivery(), self.kind()) {
            (Delivery::NotSent, _) | (Delivery::Answered, ErrorKind::Refused) => Moved::No,
            (Delivery::Unknown | Delivery::Answered, _) => Moved::Unknown,
        })
    }

    /// The code of the institution's `STATUS`, when it answered one. 15503 also where trying the passwords has shown that the old one
    /// counts; there is no [`server_message`](Self::server_message) then.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The institution's own words, when it sent any. Show them to the user.
    #[must_use]
    pub fn server_message(&self) -> Option<&str> {
        self.0.server_message.as_deref()
    }

    /// The typed error behind this one, to tell cases apart: `error.detail::<OpenError>()`.
    #[must_use]
    pub fn detail<T: 'static>(&self) -> Option<&T> {
        self.0.detail.as_deref()?.downcast_ref()
    }

    /// Byte position in the institution's answer, when a document was bad.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.0.offset
    }

    /// Path of tags in the institution's answer, when a document was bad: `/OFX/SIGNONMSGSRSV1/SONRS`.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)?;
        match self.0.doubt {
            Some(doubt) if self.0.delivery != Delivery::NotSent => f.write_str(doubt),
            _ => Ok(()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
