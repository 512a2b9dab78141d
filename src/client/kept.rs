//! Errors of calls that consume: what was to be consumed comes back.

use std::error::Error as StdError;
use std::fmt;

use crate::error::Error;

/// A call that takes a value by itself failed, and the value is still here.
///
/// `?` turns it into the [`Error`] where the value is no longer wanted.
pub struct Kept<T>(Box<(Error, T)>);

impl<T> Kept<T> {
    pub(crate) fn new(error: Error, value: T) -> Self {
        Self(Box::new((error, value)))
    }

    /// What went wrong, and what was not consumed.
    #[must_use]
    pub fn into_parts(self) -> (Error, T) {
        *self.0
    }

    /// What was not consumed.
    #[must_use]
    pub fn into_value(self) -> T {
        self.0.1
    }

    /// What went wrong.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.0.0
    }
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error().fmt(f)
    }
}

impl<T> fmt::Display for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error().fmt(f)
    }
}

impl<T> StdError for Kept<T> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error().source()
    }
}

impl<T> From<Kept<T>> for Error {
    fn from(kept: Kept<T>) -> Self {
        kept.0.0
    }
}
