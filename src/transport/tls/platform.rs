//! The roots of this machine, read while the first connection is made.
//!
//! Reading some hundred files takes longer than everything else that comes before the first byte on the wire, and the roots are
//! needed only once the server has answered it. They are also large: transports made at about the same time share them.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};
use rustls_platform_verifier::Verifier;

/// What was read, once it is.
type Read = OnceLock<Result<Verifier, rustls::Error>>;

/// Trusts what this machine trusts, and what else was given.
#[derive(Clone)]
pub(crate) struct Platform {
    read: Arc<Read>,
    given: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl Platform {
    /// Begins to read the roots, on a thread of their own, or finds that somebody has. Whoever needs them earlier waits.
    /// Those given were found usable.
    pub(crate) fn new(given: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Self {
        // Of the provider only the algorithms for signatures go into a verifier, which no option changes: what one has read serves all.
        let (read, is_new) = if given.is_empty() { SHARED.latest(Instant::now()) } else { (Arc::default(), true) };
        let own = Self { read, given, provider };
        if is_new {
            let reader = own.clone();
            // Where there is no thread to be had they are read when they are needed.
            let _ = thread::Builder::new().name("ofx-roots".to_owned()).spawn(move || reader.verifier().is_ok());
        }
        own
    }

    fn verifier(&self) -> Result<&Verifier, rustls::Error> {
        let read = || Verifier::new_with_extra_roots(self.given.clone(), Arc::clone(&self.provider));
        self.read.get_or_init(read).as_ref().map_err(|cause| {
            let none = NoRoots(cause.clone());
            rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(none))))
        })
    }
}

impl ServerCertVerifier for Platform {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        server: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verifier()?.verify_server_cert(own, others, server, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, own, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, own, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platform").field("given", &self.given.len()).finish_non_exhaustive()
    }
}

/// What was read last without roots that were given, and when, as long as anybody uses it.
struct Shared(Mutex<Option<(Instant, Weak<Read>)>>);

impl Shared {
    /// What was read shortly before `now`, or has to be read; whether it is the latter.
    fn latest(&self, now: Instant) -> (Arc<Read>, bool) {
        // Nothing in it can be half done.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = last.as_ref().filter(|(then, _)| now.saturating_duration_since(*then) < FRESH);
        let found = recent.and_then(|(_, read)| read.upgrade());
        // Where there were none there may be some now.
        if let Some(read) = found.filter(|read| !matches!(read.get(), Some(Err(_)))) {
            return (read, false);
        }
        let read = Arc::default();
        *last = Some((now, Arc::downgrade(&read)));
        (read, true)
    }
}

static SHARED: Shared = Shared(Mutex::new(None));

/// For how long what was read is good for transports that are made later: roots change when a system is updated.
const FRESH: Duration = Duration::from_secs(60);

/// This machine has no roots, and none was given.
#[derive(Debug)]
pub(crate) struct NoRoots(rustls::Error);

impl fmt::Display for NoRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for NoRoots {}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::transport::options::HttpsOptions;
    use crate::transport::tls::usable_provider;

    #[test]
    fn what_was_read_is_shared_as_long_as_it_is_fresh_and_used() {
        let shared = Shared(Mutex::new(None));
        let start = Instant::now();
        let (first, is_new) = shared.latest(start);
        assert!(is_new);
        let (second, is_new) = shared.latest(start + FRESH - Duration::from_secs(1));
        assert!(!is_new && Arc::ptr_eq(&first, &second));
        let (third, is_new) = shared.latest(start + FRESH);
        assert!(is_new && !Arc::ptr_eq(&first, &third));
        drop(third);
        assert!(shared.latest(start + FRESH).1, "nobody holds it any more");
    }

    #[test]
    fn a_machine_that_had_no_roots_is_asked_again() {
        let shared = Shared(Mutex::new(None));
        let start = Instant::now();
        let (first, _) = shared.latest(start);
        first.set(Err(rustls::Error::General("none".to_owned()))).unwrap();
        let (second, is_new) = shared.latest(start);
        assert!(is_new && !Arc::ptr_eq(&first, &second));
    }

    #[test]
    fn transports_with_roots_of_their_own_share_with_nobody() {
        let provider = Arc::new(usable_provider(&HttpsOptions::new().tls).unwrap());
        let root = rcgen::generate_simple_self_signed(["root.example".to_owned()]).unwrap().cert.der().clone();
        let with = |given: &[CertificateDer<'static>]| Platform::new(given.to_vec(), Arc::clone(&provider));
        let (one, other) = (with(std::slice::from_ref(&root)), with(&[root]));
        assert!(!Arc::ptr_eq(&one.read, &other.read));
        assert!(!Arc::ptr_eq(&one.read, &with(&[]).read));
    }
}
