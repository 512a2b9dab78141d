//! Errors of calls that consume: what was to be consumed comes back.

use std::error::Error as StdError;
use std::fmt;

use crate::error::Error;

/// A call that takes a value by itself failed, and here is the value again.
///
/// `?` turns it into the [`Error`] where the value is no longer wanted.
#[non_exhaustive]
pub struct Kept<T> {
    /// What went wrong.
    pub error: Error,
    /// What was not consumed.
    pub value: T,
}

impl<T> Kept<T> {
    pub(crate) fn new(error: Error, value: T) -> Self {
        Self { error, value }
    }
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<T> fmt::Display for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<T> StdError for Kept<T> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

impl<T> From<Kept<T>> for Error {
    fn from(kept: Kept<T>) -> Self {
        kept.error
    }
}
