//! TLS for [`Https`](crate::transport::Https): what it speaks, whom it trusts, and what its errors mean.
//!
//! | file | what |
//! |---|---|
//! | `mod.rs` | the settings of the TLS library, made out of ours; what its errors mean |
//! | `verifier.rs` | is this the institution? |
//! | `platform.rs` | the roots of this machine |
//! | `suites.rs` | cipher suites that tell when they are used |
//! | `identity.rs` | who we are, when a server asks |
//! | `sessions.rs` | sessions to be resumed |
//! | `keylog.rs` | the keys, when they were asked for |
//! | `pkcs12.rs` | client certificates out of `.p12` files |

mod identity;
mod keylog;
#[cfg(feature = "pkcs12")]
pub(crate) mod pkcs12;
mod platform;
mod sessions;
mod suites;
mod verifier;

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore, SupportedProtocolVersion};

use crate::transport::options::{HttpVersions, HttpsOptions, Reason, Roots, TlsSettings, TlsVersion, bare_host};
use crate::transport::{CertificateProblem, TransportError};

use platform::{NoRoots, Platform};
pub(crate) use suites::usable_provider;
pub use verifier::PresentedCertificate;
use verifier::{Checked, OfAuthority, Outdated, PinMismatch, RefusedByCheck, SelfSigned};

/// Builds the TLS side of a client out of `options`.
///
/// The cryptography is passed in explicitly. A library that installs one for the whole process takes that choice away
/// from the program, or fails when the program was first.
pub(crate) fn config(options: &HttpsOptions) -> Result<ClientConfig, TransportError> {
    let settings = &options.tls;
    let provider = Arc::new(usable_provider(settings)?);
    let versions = versions(settings);
    if !provider.cipher_suites.iter().any(|suite| versions.contains(&suite.version())) {
        return Err(NO_SUITE.error());
    }
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions)
        .map_err(|cause| NO_TLS.because(cause))?;
    // Early data stays off, as it is by default: it would send the body before the handshake is over, and let anyone on
    // the way send it again.
    let algorithms = provider.signature_verification_algorithms;
    let verifier = Checked::new(trusting(settings, provider)?, settings, algorithms)?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match settings.identity()? {
        Some(identity) => builder
            .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
            .map_err(|cause| BAD_IDENTITY.because(cause))?,
        None => builder.with_no_client_auth(),
    };
    config.client_auth_cert_resolver = Arc::new(identity::Asked(config.client_auth_cert_resolver));
    config.enable_sni = settings.send_sni;
    config.resumption = Resumption::store(Arc::new(sessions::Sessions::new(settings.resumption)));
    if let Some(path) = &settings.log_keys_to {
        config.key_log = Arc::new(keylog::ToFile::open(path)?);
    }
    let alpn: &[&[u8]] = match options.http.versions {
        HttpVersions::Http1 => &[b"http/1.1"],
        HttpVersions::Http2 => &[b"h2"],
        HttpVersions::Either => &[b"h2", b"http/1.1"],
    };
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

fn versions(settings: &TlsSettings) -> Vec<&'static SupportedProtocolVersion> {
    let of = |version: &TlsVersion| match version {
        TlsVersion::Tls12 => &rustls::version::TLS12,
        TlsVersion::Tls13 => &rustls::version::TLS13,
    };
    settings.versions.iter().map(of).collect()
}

/// Who decides whether a certificate is the institution's.
fn trusting(
    settings: &TlsSettings,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TransportError> {
    let given = settings.roots()?;
    let mut roots = RootCertStore::empty();
    match settings.roots {
        Roots::Platform => {
            return Ok(Arc::new(Platform::new(given, provider)));
        }
        Roots::Given if given.is_empty() => return Err(NO_GIVEN_ROOTS.error()),
        Roots::Given => {}
        Roots::Mozilla => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    for root in given {
        roots.add(root).map_err(|cause| NO_ROOTS.because(cause))?;
    }
    let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = builder.with_crls(settings.crls()?).enforce_revocation_expiration();
    // There are roots: what is wrong is a list.
    Ok(builder.build().map_err(|cause| BAD_LIST.because(cause))?)
}

/// Whether `host`, as parsing a URL leaves it, can be the name of a TLS server.
pub(crate) fn can_name(host: &str) -> bool {
    ServerName::try_from(bare_host(host)).is_ok()
}

/// The first error of type `E` at or below `error`.
pub(crate) fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    causes(error).find_map(|error| error.downcast_ref())
}

/// `error` and what lies below it.
pub(crate) fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| below(*error))
}

fn below<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    // An `io::Error` hands out the source of what it holds and hides what it holds.
    let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    held.map(|held| held as &(dyn StdError + 'static)).or_else(|| error.source())
}

/// What is wrong with the institution's certificate, when that is what `error` is about.
pub(crate) fn certificate_problem(error: &rustls::Error) -> Option<CertificateProblem> {
    let rustls::Error::InvalidCertificate(error) = error else {
        return matches!(error, rustls::Error::NoCertificatesPresented).then_some(CertificateProblem::Unusable);
    };
    Some(match error {
        CertificateError::UnknownIssuer => CertificateProblem::Untrusted,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateProblem::WrongHost
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateProblem::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => CertificateProblem::NotYetValid,
        CertificateError::Revoked => CertificateProblem::Revoked,
        CertificateError::UnknownRevocationStatus
        | CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. } => CertificateProblem::RevocationUnknown,
        CertificateError::Other(other) if other.0.is::<PinMismatch>() => CertificateProblem::NotPinned,
        CertificateError::Other(other) if other.0.is::<SelfSigned>() => CertificateProblem::SelfSigned,
        CertificateError::Other(other) if other.0.is::<OfAuthority>() => CertificateProblem::Authority,
        CertificateError::Other(other) if other.0.is::<RefusedByCheck>() => CertificateProblem::RefusedByCheck,
        CertificateError::Other(other) => match other.0.downcast_ref::<Outdated>() {
            Some(outdated) => outdated.problem,
            None => CertificateProblem::Unusable,
        },
        _ => CertificateProblem::Unusable,
    })
}

/// What to do where this machine has no roots, when that is what `error` is about.
pub(crate) fn lacks_roots(error: &rustls::Error) -> Option<&'static Reason> {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) if other.0.is::<NoRoots>() => Some(&NO_ROOTS),
        _ => None,
    }
}

/// Whether `error` says that the other side closed without `close_notify`: anybody on the way may have cut what it said.
pub(crate) fn lacks_last_word(error: &(dyn StdError + 'static)) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::UnexpectedEof)
}

/// Whether `error` says that the server speaks none of the versions of HTTP that it was offered. RFC 7301 §3.2.
pub(crate) fn speaks_other_http(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol))
}

/// By TLS 1.2 this is the word for a certificate of ours that is missing. It has other meanings. RFC 5246 §7.4.6.
pub(crate) fn is_handshake_failure(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::AlertReceived(AlertDescription::HandshakeFailure))
}

/// Whether `error` says that the server, which has asked for our certificate, does not want us without one or not with ours.
pub(crate) fn wants_other_identity(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
                | AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA
                | AlertDescription::AccessDenied
        )
    )
}

const NO_TLS: Reason = Reason("TLS cannot be set up with these versions, cipher suites and groups");
const NO_SUITE: Reason = Reason(
    "none of the cipher suites given belongs to a version of TLS that may be spoken: give one that does (HttpsOptions::cipher_suites), or \
     allow the other version (HttpsOptions::tls_versions)",
);
const BAD_IDENTITY: Reason = Reason("the client certificate and its key do not belong together, or cannot be used");
const BAD_LIST: Reason = Reason("a list of revoked certificates given cannot be read (HttpsOptions::add_crl_pem)");
const NO_GIVEN_ROOTS: Reason = Reason("only given roots are to be trusted and none is given: add_root_pem gives one");
const NO_ROOTS: Reason = Reason("no root certificate to trust was found on this machine: add_root_pem gives one");
