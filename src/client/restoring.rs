//! A client as a blob, and back; and the way back of a paused operation.

use std::time::Duration;

use crate::client::stored::{self, Protection, Validity, unread};
use crate::client::{Client, Kept, Paused};
use crate::engine::{Include, Operation, State};
use crate::error::{Error, Moved};
use crate::seal::{Blob, Context, KeyRing, Kind, OpenPolicy};

impl Client {
    /// Brings a client back from the blob that [`deconstruct`](Self::deconstruct) made.
    ///
    /// Settings of this program are not stored: give them again with `connection` or [`transport`](Self::transport), with
    /// [`device`](Self::device), [`limits`](Self::limits), [`blob_limit`](Self::blob_limit) (without which the next blob may be too large
    /// for a cookie), [`observer`](Self::observer) and [`document_log`](Self::document_log).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Seal`](crate::error::ErrorKind::Seal), with an [`OpenError`](crate::seal::OpenError) as
    /// [`detail`](Error::detail), when the blob is not one, was changed, has expired, or belongs to another key or context.
    pub fn restore(blob: &Blob, keys: &KeyRing, context: &Context) -> Result<Self, Error> {
        Self::restore_under(blob, keys, context, &stored::policy_now())
    }

    /// Brings a client back under a policy: with another clock, or another allowance for clocks that differ.
    ///
    /// # Errors
    ///
    /// As [`restore`](Self::restore).
    pub fn restore_under(blob: &Blob, keys: &KeyRing, context: &Context, policy: &OpenPolicy) -> Result<Self, Error> {
        let opened = stored::open(blob, Kind::Client, Some((keys, context)), policy);
        let opened = opened.map_err(|error| of_client(blob, error))?;
        Ok(Self::from_opened(opened.state, opened.needs_reseal))
    }

    /// Brings a client back from a blob without protection. Only for storage that nobody else can read or change.
    ///
    /// # Errors
    ///
    /// As [`restore`](Self::restore); damage is noticed, forgery is not.
    pub fn restore_plain(blob: &Blob) -> Result<Self, Error> {
        let policy = stored::policy_now().allow_plain();
        let opened = stored::open(blob, Kind::Client, None, &policy);
        let opened = opened.map_err(|error| of_client(blob, error))?;
        Ok(Self::from_opened(opened.state, opened.needs_reseal))
    }

    /// Reads a paused operation. Nothing is sent; what is asked and what is being paid can be shown at once.
    ///
    /// # Errors
    ///
    /// As [`restore`](Self::restore). An expired blob does not mean that its payment may be entered again: it may have been sent.
    pub fn resume(blob: &Blob, keys: &KeyRing, context: &Context) -> Result<Paused, Error> {
        Self::resume_under(blob, keys, context, &stored::policy_now())
    }

    /// Reads a paused operation under a policy: with another clock, or another allowance for clocks that differ.
    ///
    /// # Errors
    ///
    /// As [`resume`](Self::resume).
    pub fn resume_under(blob: &Blob, keys: &KeyRing, context: &Context, policy: &OpenPolicy) -> Result<Paused, Error> {
        let opened = stored::open(blob, Kind::Paused, Some((keys, context)), policy);
        opened.and_then(Paused::from_opened).map_err(unread)
    }

    /// Reads a paused operation from a blob without protection. Only for storage that nobody else can read or change.
    ///
    /// # Errors
    ///
    /// As [`resume`](Self::resume); damage is noticed, forgery is not.
    pub fn resume_plain(blob: &Blob) -> Result<Paused, Error> {
        let policy = stored::policy_now().allow_plain();
        let opened = stored::open(blob, Kind::Paused, None, &policy);
        opened.and_then(Paused::from_opened).map_err(unread)
    }

    /// Turns the client into one blob, readable for 90 days, by these keys and in this context only.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Seal`](crate::error::ErrorKind::Seal) when it cannot be made. The client comes back in the error.
    ///
    /// # Security
    ///
    /// Holds the `CLIENTUID`, the user id, the access key, the `APPKEY`, the session cookie, the tokens of histories, the profile and the
    /// account list; never a password. Where the institution gave a [`USERKEY`](Self::user_key), holds that, too: whoever opens the blob is
    /// the user until it expires. A blob can be copied: types cannot stop that, and an older copy restores an older state.
    pub fn deconstruct(self, keys: &KeyRing, context: &Context) -> Result<Blob, Kept<Self>> {
        self.deconstruct_for(CLIENT_LIFE, keys, context)
    }

    /// As [`deconstruct`](Self::deconstruct), readable for `life`; zero means for ever.
    ///
    /// # Errors
    ///
    /// As [`deconstruct`](Self::deconstruct).
    pub fn deconstruct_for(self, life: Duration, keys: &KeyRing, context: &Context) -> Result<Blob, Kept<Self>> {
        self.store(Protection::Sealed(keys, context), life)
    }

    /// Turns the client into a blob without protection that holds nothing private: no access key, no `USERKEY`, no user id, no accounts,
    /// and no `APPKEY`, which [`app_key`](Self::app_key) sets again. The address is in it whole: a secret in its query is, too.
    ///
    /// # Errors
    ///
    /// As [`deconstruct`](Self::deconstruct).
    pub fn deconstruct_plain_public(self) -> Result<Blob, Kept<Self>> {
        self.store(Protection::Plain(Include::Public), CLIENT_LIFE)
    }

    /// Turns the client into a blob without protection that holds everything, for storage that is itself trusted.
    ///
    /// # Errors
    ///
    /// As [`deconstruct`](Self::deconstruct).
    ///
    /// # Security
    ///
    /// Whoever reads it has all that [`deconstruct`](Self::deconstruct) lists, the `USERKEY` included; whoever writes it can redirect the
    /// client.
    pub fn deconstruct_plain_including_private(self) -> Result<Blob, Kept<Self>> {
        self.store(Protection::Plain(Include::All), CLIENT_LIFE)
    }

    pub(crate) fn from_opened(state: State, needs_reseal: bool) -> Self {
        Self { needs_reseal, ..Self::from_parts(state, None) }
    }

    fn store(self, protection: Protection<'_>, life: Duration) -> Result<Blob, Kept<Self>> {
        self.save(None, protection, Validity::For(life)).map_err(|error| Kept::new(error, self))
    }

    /// Makes the blob of this client, with the operation that it is about.
    pub(crate) fn save(
        &self,
        operation: Option<&Operation>,
        protection: Protection<'_>,
        validity: Validity,
    ) -> Result<Blob, Error> {
        let state = self.to_store(operation.is_some());
        stored::save(&*self.world, &state, operation, protection, self.blob_limit, validity)
    }
}

/// No payment is in the blob of a client. One that says that it is something else may hold one.
fn of_client(blob: &Blob, error: Error) -> Error {
    let is_client = blob.header().is_ok_and(|header| header.kind() == Kind::Client);
    if is_client { error.with_moved(Moved::No) } else { unread(error) }
}

/// How long the blob of a client can be read.
pub(crate) const CLIENT_LIFE: Duration = Duration::from_secs(90 * 24 * 3600);
