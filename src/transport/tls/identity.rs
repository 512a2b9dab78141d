//! Our own certificate; and the moment in which a server asks for one, whether there is one or not.

use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;

use crate::transport::watch;

#[derive(Debug)]
pub(crate) struct Asked(pub(crate) Arc<dyn ResolvesClientCert>);

impl ResolvesClientCert for Asked {
    fn resolve(&self, issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        watch::asked_for_identity();
        self.0.resolve(issuers, schemes)
    }

    fn has_certs(&self) -> bool {
        self.0.has_certs()
    }
}
