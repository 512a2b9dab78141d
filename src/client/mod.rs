//! `Client`, `Session`, `Paused`, `Stored` and `Vault`: what users meet. Drives the engine over a transport; clock and random source live
//! here.
//!
//! ```text
//! Client ──open(credentials)──► Session ──close()──► Client
//!   │ ▲                           │
//!   │ │ restore                   │ pause                    consumed by value: what is spent cannot be used again
//!   ▼ │                           ▼
//!  Blob                          Blob ──Client::resume──► Paused ──open(credentials)──► Session
//! deconstruct
//! ```
//!
//! [`Session::store`] gives whichever of the two blobs is due, and [`Stored::open`] reads either. A [`Vault`] takes a client, and keeps it
//! and its payments in a store.

mod ahead;
mod builder;
mod cookies;
mod document_log;
mod driver;
pub mod equivalents;
mod exchange;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod giving_up;
mod kept;
mod paused;
mod pausing;
mod progress;
mod restoring;
mod service;
mod session;
mod stored;
mod storing;
mod user;
pub mod vault;
mod watching;
mod words;
mod world;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::engine::{Credentials, Device, Dialect, Institution, State, TaskKind, UserKey};
use crate::error::{Error, StatusCode};
use crate::ofx::{AccountInfo, Limits, Profile, Stamp};
use crate::seal::Blob;
use crate::secret::{Secret, wipe};
use crate::transport::{Observer, Transport};

pub use builder::ClientBuilder;
pub use document_log::DocumentLog;
pub use kept::Kept;
pub use paused::Paused;
pub use progress::{Completed, Progress};
pub use session::Session;
pub use storing::Stored;
pub use vault::Vault;
#[cfg(feature = "testing")]
pub use world::World;
#[cfg(not(feature = "testing"))]
pub(crate) use world::World;

use watching::Watching;
use world::Real;

/// Who we are to one institution: its address and profile, our application, the `CLIENTUID` and the access key.
///
/// A client lives between sessions and between processes: [`deconstruct`](Self::deconstruct) turns it into one opaque blob and
/// [`restore`](Self::restore) brings it back. It never holds a password, but for one that stands in the institution's last answer, as
/// `TEMPPASS` does in that to an enrolment: in memory, and never in a blob.
///
/// # Examples
///
/// ```
/// use ofx_session::{Client, Context, Institution, Key, KeyRing};
///
/// let keys = KeyRing::new(Key::new(1, [7; 32])?);
/// let context = Context::new("tenant-1", "user-42")?;
/// let client = Client::builder(Institution::new("https://ofx.example.com/ofx").org("EXAMPLE").fid("7777"))
///     .app("QWIN", "2700")
///     .build()?;
/// let uid = client.client_uid().to_owned();
///
/// let text = client.deconstruct(&keys, &context)?.to_text();
///
/// let client = Client::restore(&ofx_session::Blob::from_text(&text)?, &keys, &context)?;
/// assert_eq!(client.client_uid(), uid);
/// # Ok::<(), ofx_session::Error>(())
/// ```
pub struct Client {
    pub(crate) state: State,
    transport: Option<Arc<dyn Transport>>,
    needs_reseal: bool,
    blob_limit: usize,
    /// The body of the last answer.
    pub(crate) answered: Option<Zeroizing<Vec<u8>>>,
    pub(crate) watching: Watching,
    pub(crate) world: Arc<dyn World>,
}

impl Client {
    /// Starts building a client for an institution.
    #[must_use]
    pub fn builder(institution: Institution) -> ClientBuilder {
        ClientBuilder::new(institution)
    }

    pub(crate) fn from_parts(state: State, transport: Option<Arc<dyn Transport>>) -> Self {
        Self {
            state,
            transport,
            needs_reseal: false,
            blob_limit: Blob::MAX_LEN,
            answered: None,
            watching: Watching::default(),
            world: Arc::new(Real),
        }
    }

    /// Replaces the HTTPS settings.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`](crate::error::ErrorKind::Misuse) when the settings contradict each other.
    #[cfg(feature = "https")]
    pub fn connection(self, options: crate::transport::HttpsOptions) -> Result<Self, Error> {
        Ok(self.transport(crate::transport::Https::new(options)?))
    }

    /// Replaces the transport by one of your own: for each user another, as for [a new client](ClientBuilder::transport).
    #[must_use]
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Replaces what the program answers about itself, which is not stored.
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        self.state.device = device;
        self
    }

    /// Sets `APPKEY` again, which [`deconstruct_plain_public`](Self::deconstruct_plain_public) leaves out. OFX 2.2 up.
    #[must_use]
    pub fn app_key(mut self, key: impl Into<Secret>) -> Self {
        self.state.application.key = Some(key.into());
        self
    }

    /// Replaces the limits on the institution's answers, which are not stored.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.state.limits = limits;
        self
    }

    /// Never asks for the profile by itself from now on, as [`Institution::without_profile`] does for a new client: for one that was stored
    /// and whose institution refuses to give any. It is stored with it. A profile that is known counts on.
    #[must_use]
    pub fn without_profile(mut self) -> Self {
        self.state.institution.dialect.without_profile = true;
        self
    }

    /// Replaces how many bytes a blob may have, which is not stored: see [`ClientBuilder::blob_limit`].
    #[must_use]
    pub fn blob_limit(mut self, bytes: usize) -> Self {
        self.blob_limit = bytes;
        self
    }

    /// Sets where time and random bytes come from, which is not stored.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn world(mut self, world: Arc<dyn World>) -> Self {
        self.world = world;
        self
    }

    /// Lets `observer` be told what happens from now on, which is not stored.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.watching.observer = Some(Arc::new(observer));
        self
    }

    /// Records requests and answers from now on, which is not stored.
    #[must_use]
    pub fn document_log(mut self, log: DocumentLog) -> Self {
        self.watching.log = Some(log);
        self
    }

    pub(crate) fn watched(mut self, watching: Watching) -> Self {
        self.watching = watching;
        self
    }

    /// Opens a session for a user.
    ///
    /// The credentials sign on to every message set. Where the profile divides these into signon realms in which the user has different
    /// ids or passwords, use a client for each realm, and each for the requests of its own message sets only. Keys, cookies and passed
    /// challenges are kept for each realm by itself. OFX 1.0.3 §7.1, OFX 2.3 §7.1.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`](crate::error::ErrorKind::Misuse) when this client belongs to another user: its access key is that
    /// user's. The client comes back in the error.
    ///
    /// # Security
    ///
    /// A `USERKEY` and an `ACCESSTOKEN` do not say whose they are, and are taken for this user's. Where users sign on with these, name
    /// the user in the [`Context`](crate::Context), so that nobody opens the client of another.
    pub fn open(self, credentials: Credentials) -> Result<Session, Kept<Self>> {
        if let Err(error) = self.belongs_to(&credentials) {
            return Err(Kept::new(error, self));
        }
        Ok(Session::new(self, credentials, None))
    }

    /// Fetches the institution's profile, anonymously, unless the known one is up to date. OFX 1.0.3 §7, OFX 2.3 §7.
    ///
    /// A session does this by itself; call it to learn what to ask a user for before there are credentials.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::error::ErrorKind::Refused) when the institution has none for us, or none for whoever is not its user
    /// ([`Dialect::profile_of_user`]), [`Transport`](crate::error::ErrorKind::Transport) when it does not answer,
    /// [`Misuse`](crate::error::ErrorKind::Misuse) when it is the user's: [`Session::fetch_profile`] signs on for it.
    pub async fn fetch_profile(&mut self) -> Result<&Profile, Error> {
        if !self.state.is_anonymous(TaskKind::Profile) {
            return Err(Error::misuse(PROFILE_OF_USER));
        }
        let fetched = driver::fetch_profile(self, &mut Credentials::anonymous()).await.and_then(Progress::done);
        fetched.map_err(|error| match error.status() {
            Some(StatusCode::SIGNON_INVALID) => error.while_doing(ASKED_ANONYMOUSLY),
            _ => error,
        })?;
        self.profile().ok_or_else(|| driver::bug("a profile was fetched and is not there"))
    }

    /// The institution's address, as it was given when the client was built.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.state.institution.url
    }

    /// How the institution is spoken to where it differs from most.
    #[must_use]
    pub fn dialect(&self) -> &Dialect {
        self.state.dialect()
    }

    /// The institution's profile, when it was fetched.
    #[must_use]
    pub fn profile(&self) -> Option<&Profile> {
        self.state.profile()
    }

    /// The account list as it was last fetched; empty before.
    #[must_use]
    pub fn known_accounts(&self) -> &[AccountInfo] {
        self.state.accounts().map(|list| list.accounts.as_slice()).unwrap_or_default()
    }

    /// `CLIENTUID`: names this client to the institution. Show it when the institution wants it registered.
    #[must_use]
    pub fn client_uid(&self) -> &str {
        self.state.client_uid()
    }

    /// Whether the institution has given an access key, which spares the user the security questions. Where its profile has several
    /// signon realms: in that of `SIGNON`.
    #[must_use]
    pub fn has_access_key(&self) -> bool {
        self.state.has_access_key()
    }

    /// The `USERKEY` that the institution gave, when it was [asked for](Credentials::asking_for_user_key) one.
    #[must_use]
    pub fn user_key(&self) -> Option<&UserKey> {
        self.state.user_key.as_ref()
    }

    /// Opens a session with the `USERKEY` that the institution gave, in place of id and password. OFX 1.0.3 §2.5.1.
    ///
    /// It counts in the signon realm of `SIGNON` only: what belongs to another is an error before anything of it is sent.
    ///
    /// When the institution refuses it (15500), forget it with [`forget_user_key`](Self::forget_user_key) and sign on with id and password.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`](crate::error::ErrorKind::Misuse) when there is none, or it has expired by this machine's clock. The
    /// client comes back in the error.
    pub fn open_with_user_key(self) -> Result<Session, Kept<Self>> {
        let Some(UserKey { key, expires }) = &self.state.user_key else {
            return Err(Kept::new(Error::misuse(NO_USER_KEY), self));
        };
        if expires.as_ref().and_then(Stamp::utc).is_some_and(|end| end <= self.world.now()) {
            return Err(Kept::new(Error::misuse(OLD_USER_KEY), self));
        }
        let credentials = Credentials::user_key(key.clone());
        self.open(credentials)
    }

    /// Forgets the `USERKEY`.
    pub fn forget_user_key(&mut self) {
        self.state.user_key = None;
    }

    /// Whether it came from a blob sealed under an older key of the ring: deconstruct it again to have it under the new one.
    #[must_use]
    pub fn needs_reseal(&self) -> bool {
        self.needs_reseal
    }

    pub(crate) fn belongs_to(&self, credentials: &Credentials) -> Result<(), Error> {
        belongs(&self.state, credentials)
    }

    /// Keeps the last answer, for whoever asks for it as it came.
    pub(crate) fn keep_answer(&mut self, body: Zeroizing<Vec<u8>>) {
        if let Some(mut before) = self.answered.replace(body) {
            wipe(&mut before);
        }
    }

    /// The state to store with an operation, or without one.
    pub(crate) fn to_store(&self, is_under_way: bool) -> Cow<'_, State> {
        cookies::with_cookies(&self.state, self.transport.as_deref(), is_under_way)
    }

    /// The transport, with the cookies of the operation that goes on.
    pub(crate) fn wire(&mut self) -> Result<Arc<dyn Transport>, Error> {
        let transport = match &self.transport {
            Some(transport) => Arc::clone(transport),
            None => default_transport()?,
        };
        self.transport = Some(Arc::clone(&transport));
        cookies::give_back(&mut self.state, &*transport);
        Ok(transport)
    }
}

/// Refuses credentials of another user than the state's.
pub(crate) fn belongs(state: &State, credentials: &Credentials) -> Result<(), Error> {
    match (state.user_id.as_deref(), credentials.user_id()) {
        (Some(own), Some(other)) if own != other => {
            Err(Error::misuse("this state belongs to another user id; open it with that one, or build a new client"))
        }
        _ => Ok(()),
    }
}

#[cfg(feature = "https")]
fn default_transport() -> Result<Arc<dyn Transport>, Error> {
    use crate::transport::{Https, HttpsOptions};
    Ok(Arc::new(Https::new(HttpsOptions::new())?))
}

#[cfg(not(feature = "https"))]
fn default_transport() -> Result<Arc<dyn Transport>, Error> {
    Err(Error::misuse("there is no transport: give one with transport(), or switch on the feature https"))
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("organization", &self.state.institution.fi)
            .field("has_access_key", &self.has_access_key())
            .finish_non_exhaustive()
    }
}

const NO_USER_KEY: &str =
    "the institution gave no USERKEY: open with id and password, and ask for one with asking_for_user_key";
const OLD_USER_KEY: &str = "the USERKEY has expired: open with id and password";
const PROFILE_OF_USER: &str =
    "the institution gives its profile to its users (Dialect::profile_of_user): Session::fetch_profile asks for it";
const ASKED_ANONYMOUSLY: &str = "asking for the profile anonymously (an institution that gives it to its users only needs Dialect::profile_of_user)";
