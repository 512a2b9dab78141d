//! What may be set about [`Https`](crate::transport::Https).

use std::fmt;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::transport::TransportError;

/// Settings of [`Https`](crate::transport::Https); what is not set keeps the default named with it.
///
/// ```
/// use std::time::Duration;
/// use ofx_session::transport::{Https, HttpsOptions};
///
/// # fn main() -> Result<(), ofx_session::transport::TransportError> {
/// # let pem = rcgen::generate_simple_self_signed(["bank.example".to_owned()]).unwrap().cert.pem();
/// # let pem = pem.as_bytes();
/// let options = HttpsOptions::new()
///     .total_timeout(Duration::from_secs(120))
///     .user_agent(None)
///     .add_root_pem(pem)?
///     .only_given_roots();
/// let transport = Https::new(options)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HttpsOptions {
    pub(crate) connect_timeout: Duration,
    pub(crate) total_timeout: Duration,
    pub(crate) body_limit: usize,
    pub(crate) roots: Vec<CertificateDer<'static>>,
    pub(crate) only_given_roots: bool,
    pub(crate) user_agent: Option<String>,
    pub(crate) accept: String,
    pub(crate) http_loopback: bool,
    pub(crate) environment_proxies: bool,
}

impl HttpsOptions {
    /// The defaults: what works with most institutions.
    #[must_use]
    pub fn new() -> Self {
        Self {
            connect_timeout: CONNECT_TIMEOUT,
            total_timeout: TOTAL_TIMEOUT,
            body_limit: BODY_LIMIT,
            roots: Vec::new(),
            only_given_roots: false,
            user_agent: Some(USER_AGENT.to_owned()),
            accept: ACCEPT.to_owned(),
            http_loopback: false,
            environment_proxies: false,
        }
    }

    /// How long finding the host, connecting and the TLS handshake may take together. Default: 10 seconds.
    ///
    /// When it runs out, nothing was sent.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long the whole exchange may take, connecting included, up to the last byte of the answer. Default: 60 seconds.
    ///
    /// When it runs out after the request left, nobody knows whether it was carried out. So leave it long.
    #[must_use]
    pub fn total_timeout(mut self, limit: Duration) -> Self {
        self.total_timeout = limit;
        self
    }

    /// How long an answer may be, in bytes. Default: 16 MiB. A longer one is given up while it is being read.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Trusts the root certificates in `pem` as well; there may be several in one text, and several calls.
    ///
    /// # Errors
    ///
    /// [`TransportError::BadOptions`] when there is no certificate in `pem` or one cannot be read.
    ///
    /// # Security
    ///
    /// Whoever holds the key of such a root can pretend to be any institution towards this transport.
    pub fn add_root_pem(mut self, pem: &[u8]) -> Result<Self, TransportError> {
        let found = self.roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            // The parser's error stays out of ours: it can repeat a line of the text, which may be a private key.
            let certificate = certificate.map_err(|_| BAD_PEM.error())?;
            RootCertStore::empty()
                .add(certificate.clone())
                .map_err(|cause| TransportError::BadOptions { reason: BAD_ROOT, source: Some(cause.into()) })?;
            self.roots.push(certificate);
        }
        if self.roots.len() == found { Err(NO_PEM.error()) } else { Ok(self) }
    }

    /// Trusts the roots given with [`add_root_pem`](Self::add_root_pem) and no others, not even this machine's.
    #[must_use]
    pub fn only_given_roots(mut self) -> Self {
        self.only_given_roots = true;
        self
    }

    /// What to say as `User-Agent`, unless a request wants it otherwise; `None` sends no such header. Default: `InetClntApp/3.0`, which most institutions
    /// expect and without which some refuse to answer.
    #[must_use]
    pub fn user_agent<'a>(mut self, name: impl Into<Option<&'a str>>) -> Self {
        self.user_agent = name.into().map(str::to_owned);
        self
    }

    /// What to say as `Accept`, unless a request wants it otherwise. Default: `*/*, application/x-ofx`.
    #[must_use]
    pub fn accept(mut self, types: impl Into<String>) -> Self {
        self.accept = types.into();
        self
    }

    /// Allows `http://` to `127.0.0.0/8`, `[::1]` and `localhost`, for servers under test. Default: refused.
    ///
    /// Such requests never go through a proxy, and `localhost` is never looked up: it is this machine.
    #[must_use]
    pub fn allow_http_loopback(mut self) -> Self {
        self.http_loopback = true;
        self
    }

    /// Whether to go through the proxy that `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` name. Default: no.
    ///
    /// The proxy sees the host name and never the request: it only passes TLS on.
    #[must_use]
    pub fn use_environment_proxies(mut self, yes: bool) -> Self {
        self.environment_proxies = yes;
        self
    }
}

impl Default for HttpsOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HttpsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpsOptions")
            .field("connect_timeout", &self.connect_timeout)
            .field("total_timeout", &self.total_timeout)
            .field("body_limit", &self.body_limit)
            .field("roots", &format_args!("{} given", self.roots.len()))
            .field("only_given_roots", &self.only_given_roots)
            .field("user_agent", &self.user_agent)
            .field("accept", &self.accept)
            .field("http_loopback", &self.http_loopback)
            .field("environment_proxies", &self.environment_proxies)
            .finish()
    }
}

/// A reason for [`TransportError::BadOptions`] that has no cause of its own.
pub(crate) struct Reason(pub(crate) &'static str);

impl Reason {
    pub(crate) fn error(&self) -> TransportError {
        TransportError::BadOptions { reason: self.0, source: None }
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(60);
const BODY_LIMIT: usize = 16 * 1024 * 1024;
const USER_AGENT: &str = "InetClntApp/3.0";
const ACCEPT: &str = "*/*, application/x-ofx";

const NO_PEM: Reason = Reason("there is no certificate in the PEM text given as root");
const BAD_PEM: Reason = Reason("the PEM text given as root cannot be read");
const BAD_ROOT: &str = "a certificate given as root cannot be used as one";
