//! How far a call of a session got.

use crate::engine::{Approval, BatchAnswer, Challenge, Changes, Confirmed, Doubt, Receipt, Refusal, RefusedAt};
use crate::error::{Delivery, Error, ErrorKind, Moved, StatusCode};
use crate::ofx::{AccountInfo, Reply, Status};

/// How far an operation got: it is done, the user is asked, or nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "an operation may be waiting for answers, or be in doubt"]
pub enum Progress<T> {
    /// Done, with this result.
    Done(T),
    /// The institution wants these questions answered first. The session holds the operation:
    /// [`answer`](crate::Session::answer) it, or [`pause`](crate::Session::pause) and answer in another process.
    Ask(Challenge),
    /// The institution wants the user to approve this client first, outside of OFX, and looked at nothing else. The session holds
    /// the operation: [`pause`](crate::Session::pause) it for up to 30 days; [`proceed`](crate::Session::proceed) sends it again.
    Approve(Approval),
    /// The payment may or may not have been made. The session holds the operation: [`pause`](crate::Session::pause) keeps it.
    Unknown(Doubt),
}

impl<T> Progress<T> {
    /// The result, for calls that are not expected to be asked anything.
    ///
    /// The error does not hold the operation. Where it ends the session too, as `.done()?` does in a handler that owns one, a doubt is lost
    /// with the session, and the next call may make the payment or change a second time. Match on [`Progress::Unknown`](Self::Unknown) there,
    /// and [`pause`](crate::Session::pause) or [`store`](crate::Session::store) the session. A [`Vault`](crate::Vault) keeps it by itself.
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
                let moved = if challenge.is_in_doubt() { Moved::Unknown } else { Moved::No };
                Err(Error::new(ErrorKind::Refused, Delivery::Answered, text)
                    .with_status(StatusCode::MFA_REQUIRED, None)
                    .with_moved(moved))
            }
            Self::Approve(approval) => {
                let status = Status::new(StatusCode::CLIENT_UID_UNKNOWN, approval.message.as_deref());
                Err(Error::new(ErrorKind::Refused, Delivery::Answered, approval.explain())
                    .with_detail(Refusal::new(&status, RefusedAt::Signon))
                    .with_status(status.code, status.message))
            }
            Self::Unknown(doubt) => Err(Error::new(ErrorKind::Transport, Delivery::Unknown, doubt.explain())),
        }
    }

    /// Changes the result's type.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Progress<U> {
        match self {
            Self::Done(result) => Progress::Done(change(result)),
            Self::Ask(challenge) => Progress::Ask(challenge),
            Self::Approve(approval) => Progress::Approve(approval),
            Self::Unknown(doubt) => Progress::Unknown(doubt),
        }
    }

    /// As [`map`](Self::map), for a result that may be none of the other type.
    pub(crate) fn try_map<U>(self, change: impl FnOnce(T) -> Option<U>) -> Option<Progress<U>> {
        Some(match self {
            Self::Done(result) => Progress::Done(change(result)?),
            Self::Ask(challenge) => Progress::Ask(challenge),
            Self::Approve(approval) => Progress::Approve(approval),
            Self::Unknown(doubt) => Progress::Unknown(doubt),
        })
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
    /// Another request was done.
    Confirmed(Box<Confirmed>),
    /// What happened since a place in the history.
    Synchronized(Box<Changes>),
    /// The answers to several requests, in the order in which they were asked for.
    Batch(Vec<BatchAnswer>),
    /// The password is the new one: the next session needs it.
    PasswordChanged,
}

impl Completed {
    /// The receipt, when a payment was continued.
    #[must_use]
    pub fn receipt(self) -> Option<Receipt> {
        match self {
            Self::Paid(receipt) => Some(*receipt),
            _ => None,
        }
    }

    /// The accounts, when the account list was continued.
    #[must_use]
    pub fn accounts(self) -> Option<Vec<AccountInfo>> {
        match self {
            Self::Accounts(accounts) => Some(accounts),
            _ => None,
        }
    }

    /// The record of a request that was done, when it is of this type: `completed.confirmed::<ListedPayee>()`.
    #[must_use]
    pub fn confirmed<R: TryFrom<Reply>>(self) -> Option<Confirmed<R>> {
        match self {
            Self::Confirmed(confirmed) => confirmed.of(),
            _ => None,
        }
    }

    /// What happened, when a synchronization was continued.
    #[must_use]
    pub fn changes(self) -> Option<Changes> {
        match self {
            Self::Synchronized(changes) => Some(*changes),
            _ => None,
        }
    }

    /// The answers, when several requests were continued.
    #[must_use]
    pub fn batch(self) -> Option<Vec<BatchAnswer>> {
        match self {
            Self::Batch(answers) => Some(answers),
            _ => None,
        }
    }
}
