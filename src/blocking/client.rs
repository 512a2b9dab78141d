//! Who we are to one institution, without async.

use std::time::Duration;

use crate::blocking::forward::{Wrap as _, forward, looked_at_as_async, same_as_async};
use crate::blocking::{ClientBuilder, Paused, Session, wait};
use crate::client::{self, DocumentLog, Kept};
use crate::engine::{Credentials, Device, Institution};
use crate::error::Error;
use crate::ofx::{Limits, Profile};
use crate::seal::{Blob, Context, KeyRing, OpenPolicy};
use crate::secret::Secret;
use crate::transport::{HttpsOptions, Observer, Transport};

/// As [`client::Client`]: address, profile, application, `CLIENTUID` and access key.
///
/// What can be looked at is on [`client::Client`], which this derefs to.
///
/// # Examples
///
/// ```
/// use ofx_session::blocking::Client;
/// use ofx_session::{Context, Institution, Key, KeyRing};
///
/// let keys = KeyRing::new(Key::new(1, [7; 32])?);
/// let context = Context::new("tenant-1", "user-42")?;
/// let client = Client::builder(Institution::new("https://ofx.example.com/ofx")).app("QWIN", "2700").build()?;
/// let uid = client.client_uid().to_owned();
/// let blob = client.deconstruct(&keys, &context)?;
///
/// assert_eq!(Client::restore(&blob, &keys, &context)?.client_uid(), uid);
/// # Ok::<(), ofx_session::Error>(())
/// ```
#[derive(Debug)]
pub struct Client(client::Client);

same_as_async!(Client);
looked_at_as_async!(Client);

impl Client {
    /// Starts building a client for an institution.
    #[must_use]
    pub fn builder(institution: Institution) -> ClientBuilder {
        client::ClientBuilder::new(institution)
    }

    forward! { Client:
        /// Brings a client back from the blob that [`deconstruct`](Self::deconstruct) made.
        fn restore(blob: &Blob, keys: &KeyRing, context: &Context) -> Result<Self, Error>;

        /// Brings a client back under a policy: with another clock, or another allowance for clocks that differ.
        fn restore_under(blob: &Blob, keys: &KeyRing, context: &Context, policy: &OpenPolicy) -> Result<Self, Error>;

        /// Brings a client back from a blob without protection.
        fn restore_plain(blob: &Blob) -> Result<Self, Error>;

        /// Reads a paused operation. Nothing is sent.
        fn resume(blob: &Blob, keys: &KeyRing, context: &Context) -> Result<Paused, Error>;

        /// Reads a paused operation under a policy.
        fn resume_under(blob: &Blob, keys: &KeyRing, context: &Context, policy: &OpenPolicy) -> Result<Paused, Error>;

        /// Reads a paused operation from a blob without protection.
        fn resume_plain(blob: &Blob) -> Result<Paused, Error>;
    }

    forward! { Client:
        /// Replaces the HTTPS settings.
        fn connection(self, options: HttpsOptions) -> Result<Self, Error>;

        /// Replaces the transport by one of your own.
        fn transport(self, transport: impl Transport + 'static) -> Self;

        /// Replaces what the program answers about itself, which is not stored.
        fn device(self, device: Device) -> Self;

        /// Sets `APPKEY` again, which a public blob leaves out.
        fn app_key(self, key: impl Into<Secret>) -> Self;

        /// Replaces the limits on the institution's answers, which are not stored.
        fn limits(self, limits: Limits) -> Self;

        /// Never asks for the profile by itself from now on.
        fn without_profile(self) -> Self;

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

    forward! { Client:
        /// Opens a session for a user.
        fn open(self, credentials: Credentials) -> Result<Session, Kept<Self>>;

        /// Opens a session with the `USERKEY` that the institution gave, in place of id and password.
        fn open_with_user_key(self) -> Result<Session, Kept<Self>>;

        /// Forgets the `USERKEY`.
        fn forget_user_key(&mut self);

        /// Fetches the institution's profile, anonymously, unless the known one is up to date.
        async fn fetch_profile(&mut self) -> Result<&Profile, Error>;
    }

    forward! { Client:
        /// Turns the client into one blob, readable for 90 days, by these keys and in this context only.
        fn deconstruct(self, keys: &KeyRing, context: &Context) -> Result<Blob, Kept<Self>>;

        /// As [`deconstruct`](Self::deconstruct), readable for `life`; zero means for ever.
        fn deconstruct_for(self, life: Duration, keys: &KeyRing, context: &Context) -> Result<Blob, Kept<Self>>;

        /// Turns the client into a blob without protection that holds nothing private.
        fn deconstruct_plain_public(self) -> Result<Blob, Kept<Self>>;

        /// Turns the client into a blob without protection that holds everything, for storage that is itself trusted.
        fn deconstruct_plain_including_private(self) -> Result<Blob, Kept<Self>>;
    }
}
