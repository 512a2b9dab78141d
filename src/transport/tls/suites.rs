//! The cipher suites of ring, each of which tells the [watch](crate::transport::watch) when a connection begins to use it, and by TLS 1.3 when
//! it has heard more than alerts.
//!
//! The TLS library tells nobody which suite was agreed on once the HTTP stack has the connection. It does ask the suite for a cipher, in the
//! task that connects; that is the moment.

use std::sync::{Arc, OnceLock};

use rustls::crypto::CryptoProvider;
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter, MessageEncrypter,
    OutboundOpaqueMessage, OutboundPlainMessage, Tls12AeadAlgorithm, Tls13AeadAlgorithm, UnsupportedOperationError,
};
use rustls::{
    CipherSuiteCommon, ConnectionTrafficSecrets, ContentType, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite,
};

use crate::transport::options::{Reason, TlsSettings};
use crate::transport::{TransportError, watch};

/// The cryptography, reduced to what is offered.
pub(crate) fn usable_provider(settings: &TlsSettings) -> Result<CryptoProvider, TransportError> {
    let mut provider = provider();
    if !settings.cipher_suites.is_empty() {
        let known = std::mem::take(&mut provider.cipher_suites);
        for name in &settings.cipher_suites {
            // The library's own names of those of TLS 1.3 have a number in them.
            let found = known.iter().find(|suite| {
                let own = suite.suite().as_str().unwrap_or_default();
                own == name || own.replacen("TLS13_", "TLS_", 1) == *name
            });
            provider.cipher_suites.push(*found.ok_or_else(|| BAD_SUITE.about(format_args!("{name:?}")))?);
        }
    }
    if !settings.key_exchange_groups.is_empty() {
        let known = std::mem::take(&mut provider.kx_groups);
        for name in &settings.key_exchange_groups {
            let found = known.iter().find(|group| group.name().as_str() == Some(name));
            provider.kx_groups.push(*found.ok_or_else(|| BAD_GROUP.about(format_args!("{name:?}")))?);
        }
    }
    Ok(provider)
}

/// The cryptography of ring.
fn provider() -> CryptoProvider {
    CryptoProvider { cipher_suites: suites().to_vec(), ..rustls::crypto::ring::default_provider() }
}

/// Made once: the library wants them to live as long as the process.
fn suites() -> &'static [SupportedCipherSuite] {
    static SUITES: OnceLock<Vec<SupportedCipherSuite>> = OnceLock::new();
    SUITES.get_or_init(|| rustls::crypto::ring::ALL_CIPHER_SUITES.iter().map(telling).collect())
}

fn telling(suite: &SupportedCipherSuite) -> SupportedCipherSuite {
    let name = suite.suite().as_str().unwrap_or("unknown");
    let common = |common: &CipherSuiteCommon| CipherSuiteCommon {
        suite: common.suite,
        hash_provider: common.hash_provider,
        confidentiality_limit: common.confidentiality_limit,
    };
    match suite {
        SupportedCipherSuite::Tls13(of) => SupportedCipherSuite::Tls13(Box::leak(Box::new(Tls13CipherSuite {
            common: common(&of.common),
            hkdf_provider: of.hkdf_provider,
            aead_alg: Box::leak(Box::new(Telling { name, inner: of.aead_alg })),
            quic: None,
        }))),
        SupportedCipherSuite::Tls12(of) => SupportedCipherSuite::Tls12(Box::leak(Box::new(Tls12CipherSuite {
            common: common(&of.common),
            prf_provider: of.prf_provider,
            kx: of.kx,
            sign: of.sign,
            aead_alg: Box::leak(Box::new(Telling { name, inner: of.aead_alg })),
        }))),
    }
}

struct Telling<A: ?Sized + 'static> {
    name: &'static str,
    inner: &'static A,
}

impl Tls13AeadAlgorithm for Telling<dyn Tls13AeadAlgorithm> {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        told(watch::TLS_1_3, self.name, self.inner.encrypter(key, iv))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(Listening { inner: self.inner.decrypter(key, iv), heard: watch::listens() })
    }

    fn key_len(&self) -> usize {
        self.inner.key_len()
    }

    fn extract_keys(&self, key: AeadKey, iv: Iv) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.inner.extract_keys(key, iv)
    }

    fn fips(&self) -> bool {
        self.inner.fips()
    }
}

impl Tls12AeadAlgorithm for Telling<dyn Tls12AeadAlgorithm> {
    fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter> {
        told(watch::TLS_1_2, self.name, self.inner.encrypter(key, iv, extra))
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        self.inner.decrypter(key, iv)
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        self.inner.key_block_shape()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.inner.extract_keys(key, iv, explicit)
    }

    fn fips(&self) -> bool {
        self.inner.fips()
    }
}

/// Tells about the suite; the cipher then holds on to the connection's life, and nothing is wrapped where nobody watches.
fn told(version: &'static str, suite: &str, inner: Box<dyn MessageEncrypter>) -> Box<dyn MessageEncrypter> {
    // The library's own names of those of TLS 1.3 have a number in them.
    let suite = suite.replacen("TLS13_", "TLS_", 1);
    match watch::agreed(version, suite) {
        Some(life) => Box::new(Held { inner, life }),
        None => inner,
    }
}

struct Held {
    inner: Box<dyn MessageEncrypter>,
    life: Arc<watch::Life>,
}

impl MessageEncrypter for Held {
    fn encrypt(&mut self, message: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, rustls::Error> {
        // RFC 8446 §4.6.3: the last word under these keys is that there are others.
        if message.typ == ContentType::Handshake {
            watch::renews(&self.life);
        }
        self.inner.encrypt(message, seq)
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        self.inner.encrypted_payload_len(payload_len)
    }
}

struct Listening {
    inner: Box<dyn MessageDecrypter>,
    heard: watch::Heard,
}

impl MessageDecrypter for Listening {
    fn decrypt<'a>(
        &mut self,
        message: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, rustls::Error> {
        let plain = self.inner.decrypt(message, seq)?;
        if plain.typ != ContentType::Alert {
            self.heard.note();
        }
        Ok(plain)
    }
}

const BAD_SUITE: Reason =
    Reason("a cipher suite has a name that is not known (HttpsOptions::cipher_suites has those that are)");
const BAD_GROUP: Reason =
    Reason("a group for the exchange of keys has a name that is not known (X25519, secp256r1 and secp384r1 are)");
