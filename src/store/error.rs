//! What can go wrong between a store and its server or file, and whether a write can have happened all the same.

use std::error::Error as StdError;
use std::sync::Arc;

use crate::error::{Delivery, Error, ErrorKind};

/// What lies behind a [`StoreError`], as the database reported it. It never holds a connection's password.
pub type Cause = Arc<dyn StdError + Send + Sync>;

/// Whether the write that failed can have been applied.
///
/// For [`load`](crate::store::Store::load), which writes nothing, it has no meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever moves money on it must be able to match all of it and nothing else"
)]
pub enum Applied {
    /// The write certainly did not happen and will not happen later.
    No,
    /// The write may have happened, or may happen yet: load the record and look for the version that was written.
    Unknown,
}

/// Why a store could not do what it was asked.
///
/// `store` is the kind of store in its own words, such as `Redis`. Ask [`applied`](Self::applied) before anything is
/// written again.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No connection came about, so nothing was written.
    #[error("{store} cannot be reached: check that it runs, its address and the network, or ask again later")]
    Unreachable {
        /// The kind of store.
        store: &'static str,
        /// What the network or the database said.
        source: Option<Cause>,
    },
    /// The connection broke, or no answer came in time.
    #[error(
        "{store} did not answer{}: ask again; a program that writes records itself loads this one first",
        if *.applied == Applied::No { ", and nothing was written" } else { ", and what was to be written may be there" }
    )]
    NoAnswer {
        /// The kind of store.
        store: &'static str,
        /// Whether the write can have been applied.
        applied: Applied,
        /// What the network or the database said.
        source: Option<Cause>,
    },
    /// What came back is not a record: a row of the wrong shape, a version that is not 16 bytes.
    #[error("{store} answered nonsense ({reason}): look at what else writes there")]
    Nonsense {
        /// The kind of store.
        store: &'static str,
        /// What is wrong with the answer.
        reason: &'static str,
        /// Whether the write can have been applied.
        applied: Applied,
        /// What the database's library said.
        source: Option<Cause>,
    },
    /// The record or the table was made by a newer version of this crate. Nothing was written.
    #[error("what is in {store} has layout {found}, and this version knows layouts up to {known}: update this program")]
    NewerLayout {
        /// The kind of store.
        store: &'static str,
        /// The layout that was found.
        found: i64,
        /// The newest layout this version knows.
        known: i64,
    },
    /// There is no room left: disk full, or memory at its limit.
    #[error("{store} is full: give it more room, then ask again")]
    Full {
        /// The kind of store.
        store: &'static str,
        /// Whether the write can have been applied.
        applied: Applied,
        /// What the database said.
        source: Option<Cause>,
    },
    /// The record is larger than the store takes. Nothing was written.
    #[error("the record has {length} bytes and {store} takes {limit}: store less, or raise its limit")]
    TooLarge {
        /// The kind of store.
        store: &'static str,
        /// Bytes of the record.
        length: usize,
        /// Bytes that are allowed.
        limit: usize,
    },
    /// The store cannot work as it was set up. Nothing was written.
    #[error("{store} cannot work as it is set up: {reason}")]
    Settings {
        /// The kind of store.
        store: &'static str,
        /// What is wrong and what to do about it.
        reason: String,
        /// What the database said.
        source: Option<Cause>,
    },
    /// The database said no for a reason that has no variant of its own.
    #[error("{store} refused the request: its own words are in the source of this error")]
    Refused {
        /// The kind of store.
        store: &'static str,
        /// Whether the write can have been applied.
        applied: Applied,
        /// What the database said.
        source: Option<Cause>,
    },
}

impl StoreError {
    /// Whether the write can have been applied. [`Applied::No`] is said only where it is proven.
    #[must_use]
    pub fn applied(&self) -> Applied {
        match self {
            Self::Unreachable { .. } | Self::NewerLayout { .. } | Self::TooLarge { .. } | Self::Settings { .. } => {
                Applied::No
            }
            Self::NoAnswer { applied, .. }
            | Self::Nonsense { applied, .. }
            | Self::Full { applied, .. }
            | Self::Refused { applied, .. } => *applied,
        }
    }

    fn cause(&self) -> Option<Cause> {
        match self {
            Self::Unreachable { source, .. }
            | Self::NoAnswer { source, .. }
            | Self::Nonsense { source, .. }
            | Self::Full { source, .. }
            | Self::Settings { source, .. }
            | Self::Refused { source, .. } => source.clone(),
            Self::NewerLayout { .. } | Self::TooLarge { .. } => None,
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let joined = Self::new(ErrorKind::Store, Delivery::NotSent, error.to_string());
        let joined = match error.cause() {
            Some(cause) => joined.with_source(cause),
            None => joined,
        };
        joined.with_detail(error)
    }
}
