//! The roots of this machine, read while the first connection is made.
//!
//! Reading some hundred files takes longer than everything else that comes before the first byte on the wire, and the roots are
//! needed only once the server has answered it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::thread;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

/// Trusts what this machine trusts, and what else was given.
#[derive(Clone)]
pub(crate) struct Platform {
    read: Arc<OnceLock<Result<Verifier, rustls::Error>>>,
    given: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl Platform {
    /// Begins to read the roots, on a thread of their own. Whoever needs them earlier waits.
    ///
    /// # Errors
    ///
    /// When a root that was given cannot be used.
    pub(crate) fn new(
        given: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, rustls::Error> {
        let mut checked = RootCertStore::empty();
        given.iter().try_for_each(|root| checked.add(root.clone()))?;
        let own = Self { read: Arc::default(), given, provider };
        let reader = own.clone();
        // Where there is no thread to be had they are read when they are needed.
        let _ = thread::Builder::new().name("ofx-roots".to_owned()).spawn(move || reader.verifier().is_ok());
        Ok(own)
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

/// This machine has no roots, and none was given.
#[derive(Debug)]
pub(crate) struct NoRoots(rustls::Error);

impl fmt::Display for NoRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for NoRoots {}
