//! What an application accepts when it opens a blob: the time, the skew of clocks, plain blobs or not.

use crate::seal::error::OpenError;
use crate::seal::header::{Header, Kind};

/// What is accepted when a blob is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenPolicy {
    now: u64,
    skew: u64,
    plain: bool,
    from_the_future: bool,
    oldest_schema: u16,
}

impl OpenPolicy {
    /// Accepts sealed blobs that are valid at `now`, in unix seconds, give or take 60 seconds.
    #[must_use]
    pub fn new(now: u64) -> Self {
        Self { now, skew: DEFAULT_SKEW_SECS, plain: false, from_the_future: false, oldest_schema: 0 }
    }

    /// Sets by how many seconds the clocks of two machines may differ, either way.
    #[must_use]
    pub fn skew(mut self, secs: u64) -> Self {
        self.skew = secs;
        self
    }

    /// Accepts plain blobs, too.
    ///
    /// # Security
    ///
    /// Whoever can write a plain blob decides what is in it: to which institution the password goes, for one. Allow
    /// them only where nobody else can write to the storage.
    #[must_use]
    pub fn allow_plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Accepts what was sealed by a clock ahead of this one, by however much.
    #[must_use]
    pub(crate) fn allow_from_the_future(mut self) -> Self {
        self.from_the_future = true;
        self
    }

    /// Refuses blobs whose writer had a schema below `oldest`.
    #[must_use]
    pub(crate) fn oldest_schema(mut self, oldest: u16) -> Self {
        self.oldest_schema = oldest;
        self
    }

    pub(crate) fn allows_plain(&self) -> bool {
        self.plain
    }

    /// Whether our reader, of schema `ours`, can read what the header announces.
    pub(crate) fn check_schema(&self, header: &Header, ours: u16) -> Result<(), OpenError> {
        if header.oldest_reader > ours {
            return Err(OpenError::SchemaTooNew { needed: header.oldest_reader, ours });
        }
        if header.schema < self.oldest_schema {
            return Err(OpenError::SchemaRetired { found: header.schema, oldest: self.oldest_schema });
        }
        Ok(())
    }

    /// Whether an authenticated header is valid now.
    pub(crate) fn check_time(&self, header: &Header) -> Result<(), OpenError> {
        let now = self.now;
        if header.issued > now.saturating_add(self.skew) && !self.from_the_future {
            return Err(OpenError::IssuedInFuture { issued: header.issued, now });
        }
        match header.expires() {
            None if header.kind == Kind::Paused => Err(OpenError::NoExpiry),
            Some(since) if now > since.saturating_add(self.skew) => Err(OpenError::Expired { since, now }),
            None | Some(_) => Ok(()),
        }
    }
}

const DEFAULT_SKEW_SECS: u64 = 60;
