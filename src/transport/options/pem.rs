//! Certificates in PEM, as options hold and store them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
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

/// The certificates of a text and nothing else of it: a file may hold a private key as well.
pub(crate) fn certificates_only(pem: &[u8]) -> String {
    let mut text = String::new();
    for certificate in CertificateDer::pem_slice_iter(pem).flatten() {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        for line in STANDARD.encode(&certificate).as_bytes().chunks(PEM_LINE) {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

const PEM_LINE: usize = 64;

const NO_PEM: Reason = Reason("there is no certificate in the PEM text given as root");
const BAD_PEM: Reason = Reason("the PEM text given as root cannot be read");
const BAD_ROOT: Reason = Reason("a certificate given as root cannot be used as one");
