//! What stores with a server have in common: how to connect, whom to trust, how long to wait.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tokio::task::AbortHandle;

use crate::store::{Applied, StoreError};

/// The task that a connection lives in.
#[derive(Clone)]
pub(crate) struct Driver {
    task: AbortHandle,
    /// Nobody takes it any more: an aborted task takes a moment to end.
    left: Arc<AtomicBool>,
}

impl Driver {
    pub(crate) fn spawn(connection: impl Future + Send + 'static) -> Self {
        let task = tokio::spawn(async move { drop(connection.await) }).abort_handle();
        Self { task, left: Arc::default() }
    }

    pub(crate) fn leave(&self) {
        self.left.store(true, Ordering::SeqCst);
        self.task.abort();
    }

    pub(crate) fn is_usable(&self) -> bool {
        !self.left.load(Ordering::SeqCst) && !self.task.is_finished()
    }
}

/// How to reach a store's server, and what the caller vouches for.
#[derive(Clone)]
pub struct ServerOptions {
    timeout: Duration,
    durable: bool,
    plain_network: bool,
    roots: Vec<CertificateDer<'static>>,
    only_given_roots: bool,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl ServerOptions {
    /// Five seconds for each call, TLS to every machine but this one, nothing vouched for.
    #[must_use]
    pub fn new() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            durable: false,
            plain_network: false,
            roots: Vec::new(),
            only_given_roots: false,
        }
    }

    /// How long one call may take, connecting included. Default: 5 seconds.
    ///
    /// When it runs out after the request left, nobody knows whether it was carried out.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Vouches that an acknowledged write survives a crash of the server, its machine or its failover. Each store's page says
    /// what that takes.
    #[must_use]
    pub fn durable(mut self, durable: bool) -> Self {
        self.durable = durable;
        self
    }

    /// Allows connections without TLS to other machines.
    ///
    /// # Security
    ///
    /// Whoever is on the way can then answer in the server's place and let two processes win. Say this for a network that
    /// is trusted as much as the machines on it.
    #[must_use]
    pub fn allow_plain_network(mut self) -> Self {
        self.plain_network = true;
        self
    }

    /// Trusts the root certificates in `pem` as well; there may be several in one text, and several calls.
    ///
    /// # Errors
    ///
    /// [`StoreError::Settings`] when there is no certificate in `pem` or one cannot be read.
    pub fn add_root_pem(mut self, pem: &[u8]) -> Result<Self, StoreError> {
        let found = self.roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            // The parser's error stays out of ours: it can repeat a line of the text, which may be a private key.
            let certificate = certificate.map_err(|_| settings(TLS, BAD_PEM))?;
            RootCertStore::empty().add(certificate.clone()).map_err(|_| settings(TLS, BAD_PEM))?;
            self.roots.push(certificate);
        }
        if self.roots.len() == found { Err(settings(TLS, BAD_PEM)) } else { Ok(self) }
    }

    /// Trusts the roots given with [`add_root_pem`](Self::add_root_pem) and no others, not even this machine's.
    #[must_use]
    pub fn only_given_roots(mut self) -> Self {
        self.only_given_roots = true;
        self
    }

    pub(super) fn limit(&self) -> Duration {
        self.timeout
    }

    pub(super) fn is_durable(&self) -> bool {
        self.durable
    }

    /// Whether `host` may be talked to without TLS.
    pub(super) fn allows_plain(&self, host: &str) -> bool {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        self.plain_network
            || bare.eq_ignore_ascii_case("localhost")
            || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The TLS side of a connection. The cryptography is passed in: none is installed for the whole process.
    pub(super) fn tls(&self) -> Result<ClientConfig, StoreError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|_| settings(TLS, NO_ROOTS))?;
        if self.only_given_roots {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(self.roots.iter().cloned());
            if roots.is_empty() {
                return Err(settings(TLS, NO_ROOTS));
            }
            return Ok(builder.with_root_certificates(roots).with_no_client_auth());
        }
        let verifier = Verifier::new_with_extra_roots(self.roots.iter().cloned(), provider)
            .map_err(|_| settings(TLS, NO_ROOTS))?;
        Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
    }
}

impl fmt::Debug for ServerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerOptions")
            .field("timeout", &self.timeout)
            .field("durable", &self.durable)
            .field("plain_network", &self.plain_network)
            .field("roots", &self.roots.len())
            .field("only_given_roots", &self.only_given_roots)
            .finish()
    }
}

pub(super) fn settings(store: &'static str, reason: &str) -> StoreError {
    StoreError::Settings { store, reason: reason.to_owned(), source: None }
}

/// Connecting took too long.
pub(super) fn too_late_to_connect(store: &'static str) -> StoreError {
    StoreError::Unreachable { store, source: Some(Arc::new(TimedOut)) }
}

/// The request left, and no answer came in time.
pub(super) fn too_late_to_answer(store: &'static str) -> StoreError {
    StoreError::NoAnswer { store, applied: Applied::Unknown, source: Some(Arc::new(TimedOut)) }
}

/// The networking of tokio panics where there is no runtime; this is said instead.
pub(super) fn in_a_runtime(store: &'static str) -> Result<(), StoreError> {
    match tokio::runtime::Handle::try_current() {
        Ok(_) => Ok(()),
        Err(_) => Err(settings(
            store,
            "it was called outside of a tokio runtime: call it inside of one, or by blocking::wait",
        )),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the time set for it ran out")]
struct TimedOut;

const TLS: &str = "the store's TLS";
const BAD_PEM: &str = "there is no root certificate in the PEM text that was given, or one cannot be read";
const NO_ROOTS: &str = "there is no root certificate to trust: add_root_pem gives one";

/// What is said where a connection would not be encrypted.
pub(super) const PLAIN: &str = "the connection to another machine would not be encrypted: use TLS, or call \
                                ServerOptions::allow_plain_network where the network is trusted";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_talked_to_without_tls() {
        let options = ServerOptions::new();
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]"] {
            assert!(options.allows_plain(host), "{host}");
        }
        for host in ["", "localhost.example", "10.0.0.1", "0.0.0.0", "redis", "127.0.0.1.example", "::2"] {
            assert!(!options.allows_plain(host), "{host}");
        }
        assert!(options.allow_plain_network().allows_plain("redis"));
    }

    #[test]
    fn roots_are_needed_where_only_given_ones_count() {
        assert!(ServerOptions::new().only_given_roots().tls().is_err());
        assert!(ServerOptions::new().add_root_pem(b"no certificate").is_err());
    }
}
