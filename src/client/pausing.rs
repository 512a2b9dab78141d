//! A session in the middle of an operation becomes a blob: for how long, and whose.

use std::time::Duration;

use crate::client::stored::{Protection, Validity};
use crate::client::{Kept, Session};
use crate::engine::{Include, Situation};
use crate::error::Error;
use crate::seal::{Blob, Context, KeyRing};

impl Session {
    /// Replaces how many bytes a blob may have, which is not stored: see [`ClientBuilder::blob_limit`](crate::ClientBuilder::blob_limit).
    ///
    /// What is in doubt must be stored somewhere: where it does not fit a cookie, take the session out of the error of [`pause`](Self::pause),
    /// raise this, and store the blob where there is room.
    #[must_use]
    pub fn blob_limit(mut self, bytes: usize) -> Self {
        self.client = self.client.blob_limit(bytes);
        self
    }

    /// Turns session and operation into one blob, readable by these keys and in this context only: for 15 minutes, for 7 days when it
    /// is in doubt, for 30 days when the user must have this client approved.
    ///
    /// # Errors
    ///
    /// `Misuse` when no operation is under way, `Seal` when the blob cannot be made. The session comes back in the error.
    ///
    /// # Security
    ///
    /// Holds what a [client's blob](crate::Client::deconstruct) holds, the questions, the request (of an enrolment with tax id and
    /// security name), and up to 4 KiB of the [cookies](crate::transport::Transport::cookies) of its transport, which that of whoever goes
    /// on is given; never a password, a one-time token or an answer. Answers that were given and not sent are asked for again.
    pub fn pause(self, keys: &KeyRing, context: &Context) -> Result<Blob, Kept<Self>> {
        let life = self.pause_life();
        self.pause_for(life, keys, context)
    }

    /// As [`pause`](Self::pause), readable for `life`, which is at most [`longest_pause`](Self::longest_pause).
    ///
    /// # Errors
    ///
    /// As [`pause`](Self::pause); `Misuse` for a longer life or none.
    pub fn pause_for(self, life: Duration, keys: &KeyRing, context: &Context) -> Result<Blob, Kept<Self>> {
        self.pause_as(Protection::Sealed(keys, context), life)
    }

    /// As [`pause`](Self::pause), into a blob without protection, for storage that is itself trusted.
    ///
    /// # Errors
    ///
    /// As [`pause`](Self::pause).
    ///
    /// # Security
    ///
    /// Whoever reads it has the client's keys, the `USERKEY` included, and the cookies of its transport, and sees the request; whoever writes
    /// it can change the request.
    pub fn pause_plain_including_private(self) -> Result<Blob, Kept<Self>> {
        let life = self.pause_life();
        self.pause_as(Protection::Plain(Include::All), life)
    }

    fn pause_as(mut self, protection: Protection<'_>, life: Duration) -> Result<Blob, Kept<Self>> {
        let Some(operation) = &self.current else {
            let error = Error::misuse(
                "there is nothing to pause: no operation is under way; close the session and deconstruct the client",
            );
            return Err(Kept::new(error, self));
        };
        if life > self.longest_pause() || life.is_zero() {
            let text = "a paused operation can wait for at most 24 hours, one in doubt for at most 7 days, and none for ever (longest_pause says how long)";
            return Err(Kept::new(self.told(Error::misuse(text)), self));
        }
        let is_bound = operation.doubt().is_some() || !self.is_turned_down;
        let recognized = self.client.state.user_id.clone();
        if let Some(user_id) = self.credentials.user_id().filter(|_| is_bound) {
            // The operation is this user's, whether or not the institution has recognized the user yet. One that it has refused may be
            // mistyped, and nobody has looked at the operation, unless it was sent once more since.
            self.client.state.user_id = Some(user_id.to_owned());
        }
        self.client.save(Some(operation), protection, Validity::For(life)).map_err(|error| {
            self.client.state.user_id = recognized;
            Kept::new(self.told(error), self)
        })
    }

    /// For how long the operation under way can be paused at most, by what it waits for.
    ///
    /// | waits for | by default | at most |
    /// |---|---|---|
    /// | answers to questions, or to be sent | 15 minutes | 24 hours |
    /// | somebody who finds out whether it was carried out | 7 days | 7 days |
    /// | the user, who has this client approved at the institution | 30 days | 30 days |
    #[must_use]
    pub fn longest_pause(&self) -> Duration {
        match self.situation() {
            _ if self.doubt().is_some() => LONGEST_DOUBT,
            Some(Situation::AwaitingApproval(_)) => LONGEST_APPROVAL,
            _ => LONGEST_PAUSE,
        }
    }

    pub(crate) fn pause_life(&self) -> Duration {
        match self.longest_pause() {
            LONGEST_PAUSE => PAUSE_LIFE,
            longest => longest,
        }
    }
}

/// How long a paused operation waits for the user.
const PAUSE_LIFE: Duration = Duration::from_secs(15 * 60);

/// What is asked today is not asked tomorrow: an institution's questions belong to one signon.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// Whoever must be asked about a payment may be away for a week; with the blob its identifiers are lost.
pub(crate) const LONGEST_DOUBT: Duration = Duration::from_secs(7 * 24 * 3600);

/// Institutions give a week, and letters take days.
const LONGEST_APPROVAL: Duration = Duration::from_secs(30 * 24 * 3600);
