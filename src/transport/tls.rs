//! TLS for [`Https`](crate::transport::Https): whom it trusts, and what its errors mean.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::transport::options::{HttpsOptions, Reason};
use crate::transport::{CertificateProblem, TransportError};

/// Builds the TLS side of a client out of `options`.
///
/// The cryptography is passed in explicitly. A library that installs one for the whole process takes that choice away
/// from the program, or fails when the program was first.
pub(crate) fn config(options: &HttpsOptions) -> Result<ClientConfig, TransportError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|cause| TransportError::BadOptions { reason: NO_TLS, source: Some(cause.into()) })?;
    // Early data stays off, as it is by default: it would send the body before the handshake is over, and let anyone on
    // the way send it again.
    if options.only_given_roots {
        if options.roots.is_empty() {
            return Err(NO_GIVEN_ROOTS.error());
        }
        let mut roots = RootCertStore::empty();
        for root in &options.roots {
            roots
                .add(root.clone())
                .map_err(|cause| TransportError::BadOptions { reason: NO_ROOTS, source: Some(cause.into()) })?;
        }
        return Ok(builder.with_root_certificates(roots).with_no_client_auth());
    }
    let verifier = Verifier::new_with_extra_roots(options.roots.iter().cloned(), provider)
        .map_err(|cause| TransportError::BadOptions { reason: NO_ROOTS, source: Some(cause.into()) })?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

/// Whether `host`, as parsing a URL leaves it, can be the name of a TLS server.
pub(crate) fn can_name(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(bare).is_ok()
}

/// The TLS error at the bottom of `error`, if there is one.
pub(crate) fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // An `io::Error` hands out the source of what it holds and hides what it holds.
        let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = held.map(|held| held as &(dyn StdError + 'static)).or_else(|| error.source());
    }
    None
}

/// What is wrong with the certificate, when that is what `error` is about.
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
        _ => CertificateProblem::Unusable,
    })
}

const NO_TLS: &str = "TLS cannot be set up";
const NO_GIVEN_ROOTS: Reason = Reason("only given roots are to be trusted and none is given: add_root_pem gives one");
const NO_ROOTS: &str = "no root certificate to trust was found on this machine: add_root_pem gives one";
