//! What ends an operation without an outcome: nothing was carried out, or there was nothing to carry out.

use crate::error::{Delivery, Error, ErrorKind};
use crate::ofx::{DecodeError, EncodeError, PasswordProblem};

/// Why a step of an operation could not be made.
///
/// Never means that a request is in doubt: that is an outcome, [`Outcome::Unknown`](crate::engine::Outcome::Unknown).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The request cannot be written as asked. Nothing was sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The institution's answer cannot be read, and nothing hangs on it.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The answer lacks what was asked for.
    #[error(
        "the institution accepted the signon but its answer has no {0}; try again, or ask the institution whether it offers this"
    )]
    Missing(&'static str),
    /// The institution says that what is known is up to date, and nothing is known.
    #[error(
        "the institution says the {0} is up to date, but none was ever received; try again, or ask the institution why it \
         does not send it; keep what is stored, which may know of payments"
    )]
    NothingKnown(&'static str),
    /// The institution's profile says that it does not do this. Nothing was sent.
    #[error(
        "the institution's profile offers no {0}; nothing was sent (users may be offered more, Dialect::profile_of_user; \
         Institution::without_profile asks all the same)"
    )]
    NotOffered(&'static str),
    /// The new password breaks a rule of the institution's profile. Nothing was sent.
    #[error("the new password {0}; nothing was sent")]
    Password(PasswordProblem),
    /// A synchronization was answered with an error that has no text.
    #[error(
        "the institution gives no history of {0} (TOKEN -1): the account may not be one of this user's, or it does not offer this"
    )]
    NoHistory(&'static str),
    /// Several requests that cannot stand in one file, or one that is too long for it.
    #[error("{0}")]
    Batch(&'static str),
    /// The institution's profile asks for a credential that was not given. Nothing was sent.
    #[error("the institution asks for {label:?} at each signon; give it with Credentials::{call}")]
    Credential {
        /// What the institution calls it, for the user.
        label: String,
        /// The method of [`Credentials`](crate::engine::Credentials) that takes it.
        call: &'static str,
    },
    /// The answers do not fit the questions. The operation still waits for them.
    #[error("{0}")]
    Answers(String),
    /// The call does not fit the operation's situation.
    #[error("the operation {0}")]
    Situation(&'static str),
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Encode(error) => error.into(),
            EngineError::Decode(error) => error.into(),
            EngineError::Missing(_) | EngineError::NothingKnown(_) => {
                Self::new(ErrorKind::Malformed, Delivery::Answered, error.to_string())
            }
            EngineError::NoHistory(_) => Self::new(ErrorKind::Refused, Delivery::Answered, error.to_string()),
            EngineError::NotOffered(_)
            | EngineError::Password(_)
            | EngineError::Batch(_)
            | EngineError::Credential { .. }
            | EngineError::Answers(_)
            | EngineError::Situation(_) => Self::misuse(error.to_string()),
        }
    }
}
