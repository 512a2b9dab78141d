//! Building a client.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::client::watching::Watching;
use crate::client::{Client, DocumentLog, world};
use crate::engine::{Application, Device, Institution, State};
use crate::error::Error;
use crate::ofx::{Limits, limit};
use crate::seal::Blob;
use crate::secret::Secret;
use crate::transport::{Observer, Transport, TransportError};

/// Collects what a client is made of. See [`Client::builder`].
///
/// `C` is what comes of it: a [`Client`], or the `blocking` one, which has a name for its builder.
#[derive(Debug)]
pub struct ClientBuilder<C = Client> {
    institution: Institution,
    application: Application,
    client_uid: Option<String>,
    device: Device,
    limits: Limits,
    transport: Option<Result<Arc<dyn Transport>, TransportError>>,
    blob_limit: usize,
    makes: PhantomData<fn() -> C>,
    watching: Watching,
}

impl<C> ClientBuilder<C> {
    pub(crate) fn new(institution: Institution) -> Self {
        Self {
            institution,
            application: Application::new("QWIN", "2700"),
            client_uid: None,
            device: Device::new(),
            limits: Limits::new(),
            transport: None,
            blob_limit: Blob::MAX_LEN,
            makes: PhantomData,
            watching: Watching::default(),
        }
    }

    /// Sets `APPID` (up to 5 characters) and `APPVER` (four digits). `QWIN` and `2700`, which most institutions admit, when it
    /// is not called.
    #[must_use]
    pub fn app(mut self, id: impl Into<String>, version: impl Into<String>) -> Self {
        (self.application.id, self.application.version) = (id.into(), version.into());
        self
    }

    /// Sets `APPKEY`, which the institution gave to the application. OFX 2.2 up.
    #[must_use]
    pub fn app_key(mut self, key: impl Into<Secret>) -> Self {
        self.application.key = Some(key.into());
        self
    }

    /// Uses a `CLIENTUID` that the institution knows already. A new one is made when it is not called.
    #[must_use]
    pub fn client_uid(mut self, uid: impl Into<String>) -> Self {
        self.client_uid = Some(uid.into());
        self
    }

    /// Sets what the program answers about itself when an institution asks.
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// Sets the limits on the institution's answers.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets how many bytes a blob may have; [`Blob::MAX_LEN`] when it is not called, and no more than that. For cookies, give
    /// [`Blob::COOKIE_LEN`].
    ///
    /// When state does not fit, what the institution gives again is left out: first the session cookie, then the account list,
    /// then the profile, without which a paused operation goes on all the same, then the access keys of signon realms other than that of
    /// `SIGNON`; and where that is not enough, the [cookies](Transport::cookies) of the transport, without which an institution may ask its
    /// questions anew each time. If that is not enough, the call that makes the blob fails with
    /// [`SealError::TooLarge`](crate::seal::SealError::TooLarge).
    #[must_use]
    pub fn blob_limit(mut self, bytes: usize) -> Self {
        self.blob_limit = bytes;
        self
    }

    /// Sets how to connect.
    #[cfg(feature = "https")]
    #[must_use]
    pub fn connection(mut self, options: crate::transport::HttpsOptions) -> Self {
        let made = crate::transport::Https::new(options).map(|https| Arc::new(https) as Arc<dyn Transport>);
        self.transport = Some(made);
        self
    }

    /// Uses a transport of your own. One that several clients share, behind an [`Arc`], keeps the cookies of all of their users in one
    /// place: an [`Https`](crate::transport::Https) makes another for each [user](crate::transport::Https::for_another_user).
    #[must_use]
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Ok(Arc::new(transport)));
        self
    }

    /// Lets `observer` be told what happens: on connections, and in operations.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.watching.observer = Some(Arc::new(observer));
        self
    }

    /// Records requests and answers, with what is secret masked.
    #[must_use]
    pub fn document_log(mut self, log: DocumentLog) -> Self {
        self.watching.log = Some(log);
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`](crate::error::ErrorKind::Misuse) when the URL is not https, a value does not fit its element, or
    /// the connection's settings contradict each other.
    pub fn build(self) -> Result<C, Error>
    where
        C: From<Client>,
    {
        limit("APPID", &self.application.id, 5)?;
        limit("APPVER", &self.application.version, 4)?;
        let version = &self.application.version;
        if version.len() != 4 || !version.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::misuse("APPVER must be four digits, like 2700"));
        }
        if let Some(fi) = &self.institution.fi {
            limit("ORG", &fi.org, 32)?;
            fi.fid.as_deref().map_or(Ok(()), |fid| limit("FID", fid, 32))?;
        }
        limit("LANGUAGE", &self.institution.language, 3)?;
        self.institution.dialect.check()?;
        let client_uid = match self.client_uid {
            Some(uid) => uid,
            None => world::real().uuid()?,
        };
        limit("CLIENTUID", &client_uid, 36)?;
        let mut state = State::new(self.institution, self.application, client_uid).device(self.device);
        state.limits = self.limits;
        let mut client =
            Client::from_parts(state, self.transport.transpose()?).blob_limit(self.blob_limit).watched(self.watching);
        let wire = client.wire()?;
        wire.allows(&client.state.institution.url)?;
        Ok(client.into())
    }
}
