//! Client certificates out of files of PKCS#12.

use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::transport::TransportError;
use crate::transport::options::Reason;

/// The chain and the key in a file that holds one key.
pub(crate) fn read(
    file: &[u8],
    password: &str,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TransportError> {
    let store =
        KeyStore::from_pkcs12(file, password, Pkcs12ImportPolicy::Strict).map_err(|cause| UNREADABLE.because(cause))?;
    let (_, found) = store.private_key_chain().ok_or_else(|| NO_KEY.error())?;
    let chain: Vec<_> = found.certs().iter().map(|one| CertificateDer::from(one.as_der().to_vec())).collect();
    let key = PrivateKeyDer::try_from(found.key().as_der().to_vec()).map_err(|_| NO_KEY.error())?;
    if chain.is_empty() { Err(NO_KEY.error()) } else { Ok((chain, key)) }
}

const UNREADABLE: Reason =
    Reason("the client certificate is not a readable file of PKCS#12, or its password is another");
const NO_KEY: Reason = Reason("there is no private key with its certificate in the file of PKCS#12");
