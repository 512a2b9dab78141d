//! What was stored, read back, without async.

use crate::blocking::forward::{Wrap, forward, looked_at_as_async, same_as_async};
use crate::blocking::{Client, Session};
use crate::client::{self, DocumentLog, Kept};
use crate::engine::{Credentials, Device};
use crate::error::Error;
use crate::ofx::Limits;
use crate::seal::{Blob, Context, KeyRing};
use crate::transport::{HttpsOptions, Observer, Transport};

/// As [`client::Paused`]: a paused operation, readable without a network.
///
/// What can be looked at is on [`client::Paused`], which this derefs to.
#[derive(Debug)]
pub struct Paused(client::Paused);

same_as_async!(Paused);
looked_at_as_async!(Paused);

impl Paused {
    forward! { Paused:
        /// Replaces the HTTPS settings, which are not stored.
        fn connection(self, options: HttpsOptions) -> Result<Self, Error>;

        /// Replaces the transport by one of your own.
        fn transport(self, transport: impl Transport + 'static) -> Self;

        /// Replaces what the program answers about itself, which is not stored.
        fn device(self, device: Device) -> Self;

        /// Replaces the limits on the institution's answers, which are not stored.
        fn limits(self, limits: Limits) -> Self;

        /// Replaces how many bytes a blob may have, which is not stored.
        fn blob_limit(self, bytes: usize) -> Self;

        /// Sets where time and random bytes come from, which is not stored.
        #[cfg(feature = "testing")]
        fn world(self, world: std::sync::Arc<dyn client::World>) -> Self;

        /// Lets `observer` be told what happens from now on, which is not stored.
        fn observer(self, observer: impl Observer + 'static) -> Self;

        /// Records requests and answers from now on, which is not stored.
        fn document_log(self, log: DocumentLog) -> Self;
    }

    forward! { Paused:
        /// Opens the session again, with the operation under way. Not for a payment.
        fn open(self, credentials: Credentials) -> Result<Session, Kept<Self>>;

        /// As [`open`](Self::open), for payments, too.
        fn open_risking_a_second_payment(self, credentials: Credentials) -> Result<Session, Kept<Self>>;

        /// Gives the operation up and the client back. Nothing was carried out.
        fn abandon(self) -> Result<Client, Kept<Self>>;

        /// Ends a doubt that was settled by other means, and gives the client back.
        fn settle_doubt(self) -> Result<Client, Kept<Self>>;

        /// Makes the same blob once more under the key that seals by now.
        fn reseal(self, keys: &KeyRing, context: &Context) -> Result<Blob, Kept<Self>>;
    }
}

/// As [`client::Stored`]: nothing was under way, or an operation waits.
#[derive(Debug)]
#[non_exhaustive]
#[must_use = "an operation may be waiting for answers, or be in doubt"]
pub enum Stored {
    /// Nothing was under way: [`Client::open`] it.
    Client(Box<Client>),
    /// An operation waits, or is in doubt: look at its [`situation`](client::Paused::situation).
    Paused(Box<Paused>),
}

impl Stored {
    forward! { Stored:
        /// Reads a blob of either kind.
        fn open(blob: &Blob, keys: &KeyRing, context: &Context) -> Result<Self, Error>;
    }
}

impl Wrap<Stored> for client::Stored {
    fn wrap(self) -> Stored {
        match self {
            Self::Client(client) => Stored::Client(Box::new((*client).wrap())),
            Self::Paused(paused) => Stored::Paused(Box::new((*paused).wrap())),
        }
    }
}
