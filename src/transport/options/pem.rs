//! Certificates in PEM, as options hold and store them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use serde::{Deserialize, Serialize};

use crate::transport::TransportError;
use crate::transport::options::Reason;

/// Blocks of PEM that were found readable when they were given; read again when TLS is set up, because they may come from a file.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Pem(pub(crate) Vec<String>);

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} given", self.0.len())
    }
}

/// The certificates of a text, one at least, each of which can be a root.
pub(crate) fn roots_in(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let mut roots = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        // The parser's error stays out of ours: it can repeat a line of the text, which may be a private key.
        let certificate = certificate.map_err(|_| BAD_PEM.error())?;
        RootCertStore::empty().add(certificate.clone()).map_err(|cause| BAD_ROOT.because(cause))?;
        roots.push(certificate);
    }
    if roots.is_empty() { Err(NO_PEM.error()) } else { Ok(roots) }
}

/// The lists of revoked certificates of a text, one at least: without a list nothing would be checked.
pub(crate) fn crls_in(pem: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, TransportError> {
    let lists: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(pem).collect();
    lists.ok().filter(|lists| !lists.is_empty()).ok_or_else(|| BAD_CRL.error())
}

/// The certificates of a text and nothing else of it: a file may hold a private key as well.
pub(crate) fn certificates_only(pem: &[u8]) -> String {
    CertificateDer::pem_slice_iter(pem).flatten().map(|certificate| block("CERTIFICATE", &certificate)).collect()
}

/// The same for lists of revoked certificates.
pub(crate) fn crls_only(pem: &[u8]) -> String {
    CertificateRevocationListDer::pem_slice_iter(pem).flatten().map(|list| block("X509 CRL", &list)).collect()
}

fn block(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in STANDARD.encode(der).as_bytes().chunks(PEM_LINE) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

const PEM_LINE: usize = 64;

const BAD_CRL: Reason = Reason("the list of revoked certificates given is not one in PEM");
const NO_PEM: Reason = Reason("there is no certificate in the PEM given as root (the text itself, not a path)");
const BAD_PEM: Reason = Reason("the PEM text given as root cannot be read");
const BAD_ROOT: Reason = Reason("a certificate given as root cannot be used as one");
