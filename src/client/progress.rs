//! How far a call of a session got.

use crate::engine::{Challenge, Doubt, Receipt};
use crate::error::{Delivery, Error, ErrorKind};
use crate::ofx::AccountInfo;

/// How far an operation got: it is done, the user is asked, or nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a payment may be waiting for answers, or be in doubt"]
pub enum Progress<T> {
    /// Done, with this result.
    Done(T),
    /// The institution wants these questions answered first. The session holds the operation:
    /// [`answer`](crate::Session::answer) it, or [`pause`](crate::Session::pause) and answer in another process.
    Ask(Challenge),
    /// The payment may or may not have been made. The session holds the operation: [`pause`](crate::Session::pause) keeps it.
    Unknown(Doubt),
}

impl<T> Progress<T> {
    /// The result, for calls that are not expected to be asked anything.
    ///
    /// # Errors
    ///
    /// Says what is asked, or why nothing is known. The session still holds the operation.
    pub fn done(self) -> Result<T, Error> {
        match self {
            Self::Done(result) => Ok(result),
            Self::Ask(challenge) => {
                let ids: Vec<_> = challenge.questions().iter().map(crate::ofx::Question::id).collect();
                let text = format!(
                    "the institution wants security questions answered first ({}); match Progress::Ask, then answer or pause",
                    ids.join(", ")
                );
                Err(Error::new(ErrorKind::Refused, Delivery::Answered, text)
                    .with_status(crate::error::StatusCode::MFA_REQUIRED, None))
            }
            Self::Unknown(doubt) => Err(Error::new(ErrorKind::Transport, Delivery::Unknown, doubt.explain())),
        }
    }

    /// Changes the result's type.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Progress<U> {
        match self {
            Self::Done(result) => Progress::Done(change(result)),
            Self::Ask(challenge) => Progress::Ask(challenge),
            Self::Unknown(doubt) => Progress::Unknown(doubt),
        }
    }
}

/// The result of an operation that was continued, whatever it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Completed {
    /// The profile is up to date: [`Client::profile`](crate::Client::profile).
    Profile,
    /// The account list.
    Accounts(Vec<AccountInfo>),
    /// The payment was accepted.
    Paid(Box<Receipt>),
}

impl Completed {
    /// The receipt, when a payment was continued.
    #[must_use]
    pub fn receipt(self) -> Option<Receipt> {
        match self {
            Self::Paid(receipt) => Some(*receipt),
            Self::Profile | Self::Accounts(_) => None,
        }
    }

    /// The accounts, when the account list was continued.
    #[must_use]
    pub fn accounts(self) -> Option<Vec<AccountInfo>> {
        match self {
            Self::Accounts(accounts) => Some(accounts),
            Self::Profile | Self::Paid(_) => None,
        }
    }
}
