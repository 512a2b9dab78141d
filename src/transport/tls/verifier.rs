//! Is this the institution? What the TLS library finds, then the pins, then the program's own check.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, OtherError, RootCertStore, SignatureScheme};
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::transport::observer::caught;
use crate::transport::options::{Check, DangerousCertificates, TlsSettings};
use crate::transport::tls::{certificate_problem, lacks_roots};
use crate::transport::{CertificateProblem, CertificateSummary, TransportError, watch};

/// The chain of certificates that a server presented, and what was found about it.
#[derive(Debug)]
pub struct PresentedCertificate<'a> {
    host: &'a str,
    chain: &'a [&'a [u8]],
    problem: Option<CertificateProblem>,
    summary: OnceLock<CertificateSummary>,
}

impl PresentedCertificate<'_> {
    /// The name or the address that was called.
    #[must_use]
    pub fn host(&self) -> &str {
        self.host
    }

    /// The certificates in DER, as they came: the server's own first.
    pub fn chain(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.chain.iter().copied()
    }

    /// What is wrong with it; `None` when it is good.
    ///
    /// What was found first, and it may not be all: one that has [expired](CertificateProblem::Expired) may come from anybody and be for
    /// another name as well. Where this machine's own verifier ([`Roots::Platform`](crate::transport::Roots::Platform)) gives no reason, it
    /// is [unusable](CertificateProblem::Unusable), also where its dates explain it and the error for the program says so.
    #[must_use]
    pub fn problem(&self) -> Option<CertificateProblem> {
        self.problem
    }

    /// What is in the server's own certificate.
    #[must_use]
    pub fn summary(&self) -> &CertificateSummary {
        self.summary.get_or_init(|| CertificateSummary::from_der(self.chain.first().copied().unwrap_or_default()))
    }

    /// The SHA-256 of the `SubjectPublicKeyInfo` of the server's own certificate, in Base64, as
    /// [`pin_spki`](crate::transport::HttpsOptions::pin_spki) takes it; `None` when the certificate cannot be read.
    #[must_use]
    pub fn spki_sha256(&self) -> Option<String> {
        self.chain.first().and_then(|own| key_hash(own)).map(|hash| STANDARD.encode(hash))
    }
}

/// Adds to a verifier what it does not know: another name, pins, and what the program says.
pub(crate) struct Checked {
    inner: Arc<dyn ServerCertVerifier>,
    name: Option<ServerName<'static>>,
    given: Vec<CertificateDer<'static>>,
    pins: Vec<[u8; 32]>,
    algorithms: WebPkiSupportedAlgorithms,
    check: Option<Check>,
    danger: Option<DangerousCertificates>,
}

impl Checked {
    pub(crate) fn new(
        inner: Arc<dyn ServerCertVerifier>,
        settings: &TlsSettings,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Result<Self, TransportError> {
        Ok(Self {
            inner,
            name: settings.name()?,
            given: settings.roots()?,
            pins: settings.pins()?,
            algorithms,
            check: settings.certificate_check()?.cloned(),
            danger: settings.danger()?.cloned(),
        })
    }

    /// What is wrong with a certificate of which the TLS library says nothing better than that nobody vouches for it, or that it is no
    /// server's.
    fn closer(&self, own: &CertificateDer<'_>) -> Option<CertificateProblem> {
        if self.given.iter().any(|root| root == own) {
            // To give it is not what is missing.
            is_authority(own).then_some(CertificateProblem::Authority)
        } else {
            is_its_own_issuer(own).then_some(CertificateProblem::SelfSigned)
        }
    }

    /// Whether a pinned key speaks for the server: its own, which the handshake makes it prove, or one that has signed its certificate.
    /// To be presented along with it proves nothing: certificates are public.
    fn pinned(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let is_pinned = |one: &CertificateDer<'_>| key_hash(one).is_some_and(|hash| self.pins.contains(&hash));
        if self.pins.is_empty() || is_pinned(own) {
            return Ok(());
        }
        let issuers = others.iter().filter(|one| is_pinned(one)).cloned();
        let mut pinned = RootCertStore::empty();
        pinned.add_parsable_certificates(issuers);
        let signed = ParsedCertificate::try_from(own)
            .and_then(|own| verify_server_cert_signed_by_trust_anchor(&own, &pinned, others, now, self.algorithms.all));
        signed.map_err(|_| refused(PinMismatch))
    }
}

impl ServerCertVerifier for Checked {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        server: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain: Vec<&[u8]> = std::iter::once(own).chain(others).map(|one| &**one).collect();
        let name = self.name.as_ref().unwrap_or(server);
        let found = self.inner.verify_server_cert(own, others, name, ocsp, now).map(|_| ());
        let closer = found.as_ref().err().filter(|error| is_vague(error)).and_then(|_| self.closer(own));
        let outdated = found.as_ref().err().filter(|error| gives_no_reason(error)).and_then(|_| outdated(own, now));
        let found = found.map_err(|error| match (closer, outdated) {
            // Where there are no roots, that is what the program has to know first.
            _ if lacks_roots(&error).is_some() => error,
            (Some(CertificateProblem::SelfSigned), _) => refused(SelfSigned),
            (Some(CertificateProblem::Authority), _) => refused(OfAuthority),
            (_, Some(problem)) => refused(Outdated { problem, said: error }),
            _ => error,
        });
        let pinned = self.pinned(own, others, now);
        let problem = |error| certificate_problem(error).unwrap_or(CertificateProblem::Unusable);
        let problem = match (found.as_ref().err(), pinned.as_ref().err()) {
            (Some(_), _) if closer.is_some() => closer,
            // The dates are ours to see, and the reason may be another: whoever lets an expired one count does not let this one.
            (Some(_), _) if outdated.is_some() => Some(CertificateProblem::Unusable),
            (Some(error), _) | (None, Some(error)) => Some(problem(error)),
            (None, None) => None,
        };
        let host = server.to_str();
        let presented = PresentedCertificate { host: &host, chain: &chain, problem, summary: OnceLock::new() };
        if watch::is_watched() {
            watch::presented(presented.summary());
        }
        // A panic that went on from here would end the request with nobody to say that it has not left.
        let said = self
            .check
            .as_ref()
            .map_or(Ok(()), |check| caught(|| check(&presented)).unwrap_or_else(|| Err(CHECK_PANICKED.to_owned())));
        if let Err(error) = found {
            match self.danger.as_ref().map(|danger| caught(|| danger.accepts(&presented))) {
                Some(Some(true)) => {}
                Some(None) => return Err(refused(RefusedByCheck(format!("{DANGER_PANICKED}: {error}")))),
                Some(Some(false)) | None => return Err(error),
            }
        }
        // What is accepted against the verdict still has to hold a pinned key: nothing else says then who it is.
        pinned?;
        said.map_err(|text| refused(RefusedByCheck(text)))?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, own, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, own, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.inner.root_hint_subjects()
    }
}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// No key that is pinned speaks for the server.
#[derive(Debug)]
pub(crate) struct PinMismatch;

impl fmt::Display for PinMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("neither the key of the certificate nor one that has signed it is pinned")
    }
}

impl StdError for PinMismatch {}

/// Its issuer is itself.
#[derive(Debug)]
pub(crate) struct SelfSigned;

impl fmt::Display for SelfSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the certificate names itself as its issuer")
    }
}

impl StdError for SelfSigned {}

/// It is that of a certificate authority.
#[derive(Debug)]
pub(crate) struct OfAuthority;

impl fmt::Display for OfAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the certificate says of itself that it signs others")
    }
}

impl StdError for OfAuthority {}

/// The verifier gave no reason, and by its dates the certificate does not count now.
#[derive(Debug)]
pub(crate) struct Outdated {
    pub(crate) problem: CertificateProblem,
    said: rustls::Error,
}

impl fmt::Display for Outdated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the certificate is not valid at this time by its own dates; what was said of it: {}", self.said)
    }
}

impl StdError for Outdated {}

/// The program said no, and why.
#[derive(Debug)]
pub(crate) struct RefusedByCheck(String);

impl fmt::Display for RefusedByCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for RefusedByCheck {}

/// Whether the TLS library says this of a certificate that has signed itself, among others.
fn is_vague(error: &rustls::Error) -> bool {
    matches!(certificate_problem(error), Some(CertificateProblem::Untrusted | CertificateProblem::Unusable))
}

/// Whether it is in words only, as the verifier of a system has them for what rustls has no name for: on Apple systems also for what has
/// expired.
fn gives_no_reason(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::InvalidCertificate(CertificateError::Other(_)))
}

/// What the dates of a certificate say against it.
fn outdated(der: &[u8], now: UnixTime) -> Option<CertificateProblem> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let now = i64::try_from(now.as_secs()).ok()?;
    let validity = certificate.validity();
    if now > validity.not_after.timestamp() {
        Some(CertificateProblem::Expired)
    } else {
        (now < validity.not_before.timestamp()).then_some(CertificateProblem::NotYetValid)
    }
}

fn is_its_own_issuer(der: &[u8]) -> bool {
    let summary = CertificateSummary::from_der(der);
    !summary.subject.is_empty() && summary.subject == summary.issuer
}

fn is_authority(der: &[u8]) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, certificate)| certificate.is_ca())
}

fn refused(why: impl StdError + Send + Sync + 'static) -> rustls::Error {
    rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(why))))
}

fn key_hash(der: &[u8]) -> Option<[u8; 32]> {
    let der = CertificateDer::from(der);
    let certificate = ParsedCertificate::try_from(&der).ok()?;
    Some(Sha256::digest(certificate.subject_public_key_info()).into())
}

const CHECK_PANICKED: &str = "the check panicked (HttpsOptions::check_certificate)";
const DANGER_PANICKED: &str = "the decision whether it counts although it is wrong panicked (DangerousCertificates)";

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests;
