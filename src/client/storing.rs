//! What a program stores of a session, whatever it is doing: one blob, and one way back.

use std::time::Duration;

use crate::client::restoring::CLIENT_LIFE;
use crate::client::stored::{Protection, Validity, unread};
use crate::client::{Client, Kept, Paused, Session};
use crate::engine::Situation;
use crate::error::Error;
use crate::seal::{Blob, Context, KeyRing, Kind};

/// What was stored of a session: nothing was under way, or an operation waits.
#[derive(Debug)]
#[non_exhaustive]
#[must_use = "an operation may be waiting for answers, or be in doubt"]
pub enum Stored {
    /// Nothing was under way: [`Client::open`] it.
    Client(Box<Client>),
    /// An operation is prepared, waits, or is in doubt: look at its [`situation`](Paused::situation), and at what it
    /// [pays](Paused::payment), before going on.
    Paused(Box<Paused>),
}

impl Stored {
    /// Reads a blob of either kind.
    ///
    /// # Errors
    ///
    /// As [`Client::restore`].
    pub fn open(blob: &Blob, keys: &KeyRing, context: &Context) -> Result<Self, Error> {
        // Also where it says that it is a client's: a blob that was damaged may say anything.
        Self::read(blob, keys, context).map_err(unread)
    }

    fn read(blob: &Blob, keys: &KeyRing, context: &Context) -> Result<Self, Error> {
        Ok(match blob.header().map_err(Error::from)?.kind() {
            Kind::Paused => Self::Paused(Box::new(Client::resume(blob, keys, context)?)),
            Kind::Client | Kind::Vault => Self::Client(Box::new(Client::restore(blob, keys, context)?)),
        })
    }
}

impl Session {
    /// Ends the session and gives the one blob to store: [paused](Self::pause) when an operation waits or is in doubt, else the
    /// [client](Client::deconstruct). [`Stored::open`] reads either. Good for every way out of a request handler, errors included: a request
    /// for a list or a history that the institution has not answered is no reason to keep the client for 15 minutes only, and is not
    /// kept. One that waits for the user's answers is, and so is a payment that is prepared still because the signon was refused. The client
    /// is kept with it, for these 15 minutes: [`abandon`](Self::abandon) it first to keep the client for 90 days.
    ///
    /// So where one row per user holds this blob and no other, a user who comes back later has lost the client as well: `CLIENTUID`, access
    /// key and tokens. Put a [paused](Stored::Paused) blob into a column of its own, beside that of the client from before, and take that
    /// one where the paused one has expired (what was in doubt still is then); or give it a longer life by [`store_for`](Self::store_for).
    ///
    /// # Errors
    ///
    /// [`Seal`](crate::error::ErrorKind::Seal) when the blob cannot be made. The session comes back in the error.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use ofx_session::{BankAccount, Blob, Changes, Context, Error, KeyRing, Session};
    ///
    /// /// One database transaction: what changed, and the blob behind it.
    /// fn store(changes: Option<&Changes>, blob: &Blob) { /* BEGIN; INSERT ..; UPDATE ..; COMMIT */ }
    ///
    /// async fn refresh(mut session: Session, account: &BankAccount, keys: &KeyRing, context: &Context) -> Result<(), Error> {
    ///     let synchronized = session.sync_payments(account).await.and_then(|progress| progress.done());
    ///     if let Ok(changes) = &synchronized {
    ///         session.acknowledge(changes);
    ///     }
    ///     let blob = session.store(keys, context)?;
    ///     store(synchronized.as_ref().ok(), &blob);
    ///     synchronized.map(|_| ())
    /// }
    /// ```
    pub fn store(self, keys: &KeyRing, context: &Context) -> Result<Blob, Kept<Self>> {
        let life = self.pause_life();
        self.store_for(life, keys, context)
    }

    /// As [`store`](Self::store); an operation that waits is readable for `life`, which is at most [`longest_pause`](Self::longest_pause).
    /// Where none waits, the client is kept for 90 days all the same.
    ///
    /// # Errors
    ///
    /// As [`store`](Self::store); `Misuse` for a longer life or none, where an operation waits.
    pub fn store_for(self, life: Duration, keys: &KeyRing, context: &Context) -> Result<Blob, Kept<Self>> {
        let counts = self.current.as_ref().is_some_and(|operation| operation.kind().counts());
        let waits = match self.situation() {
            None | Some(Situation::Over(_)) => false,
            Some(Situation::Ready) => counts,
            Some(_) => true,
        };
        if !waits {
            let (protection, validity) = (Protection::Sealed(keys, context), Validity::For(CLIENT_LIFE));
            return self.client.save(None, protection, validity).map_err(|error| Kept::new(error, self));
        }
        self.pause_for(life, keys, context)
    }
}
