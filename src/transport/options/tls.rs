//! What may be set about TLS.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName};
use serde::{Deserialize, Serialize};

use crate::transport::TransportError;
use crate::transport::options::pem::{Pem, certificates_only, crls_in, crls_only, roots_in};
use crate::transport::options::{DangerousCertificates, Given, HttpsOptions, Reason};
use crate::transport::tls::{PresentedCertificate, usable_provider};

/// A version of TLS. Older ones are not spoken: see [`HttpsOptions::tls_versions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TlsVersion {
    /// 1.2.
    #[serde(rename = "1.2")]
    Tls12,
    /// 1.3.
    #[serde(rename = "1.3")]
    Tls13,
}

/// Who is trusted to sign the certificate of an institution, beside the roots that are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Roots {
    /// Whom this machine trusts, by its own rules.
    ///
    /// They are read on a thread of their own, which [`Https::new`](crate::transport::Https::new) starts and does not wait for: what
    /// changes the machine's files or, where they count, `SSL_CERT_FILE` and `SSL_CERT_DIR` in the environment (`chroot`, say) belongs
    /// before that call, or after the first connection. A handshake that needs them earlier waits for them, and with it the thread it runs
    /// on: no time-out fires there meanwhile. Transports that are made within a minute share what was read, unless roots were given with
    /// [`add_root_pem`](HttpsOptions::add_root_pem).
    ///
    /// On Windows and on Apple systems it is the system's own verifier that decides. It may ask over the network whether a certificate was
    /// revoked (on Windows for up to 10 seconds), in the middle of the handshake and on the thread that drives the connection: no time-out
    /// of ours fires there meanwhile. And it gives fewer reasons: some of what it refuses is told as
    /// [`Unusable`](crate::transport::CertificateProblem::Unusable), which elsewhere has a name. The other two do not ask, and are the same
    /// on all systems.
    ///
    /// On Android there is none of this: the features `https`, `redis` and `postgres` cannot be built for it.
    #[default]
    Platform,
    /// Whom Mozilla trusts, by a list that is part of this program. Nothing is asked of the system or the network.
    Mozilla,
    /// Nobody else. Nothing is asked of the system or the network.
    Given,
}

/// What a program says about a certificate: nothing, or why it is refused.
pub(crate) type Check = Arc<dyn Fn(&PresentedCertificate<'_>) -> Result<(), String> + Send + Sync>;

/// Who we are to a server that wants to know.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// Wipes itself.
    pub(crate) key: PrivateKeyDer<'static>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TlsSettings {
    pub(crate) versions: Vec<TlsVersion>,
    pub(crate) cipher_suites: Vec<String>,
    pub(crate) key_exchange_groups: Vec<String>,
    pub(crate) roots: Roots,
    #[serde(rename = "root_pem")]
    pub(crate) given_roots: Pem,
    pub(crate) client_certificate: Given<Arc<Identity>>,
    pub(crate) pins: Vec<String>,
    pub(crate) check_certificate: Given<Check>,
    pub(crate) dangerous_certificates: Given<DangerousCertificates>,
    pub(crate) crl_pem: Pem,
    pub(crate) certificate_name: Option<String>,
    pub(crate) send_sni: bool,
    pub(crate) resumption: bool,
    pub(crate) log_keys_to: Option<PathBuf>,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            versions: vec![TlsVersion::Tls12, TlsVersion::Tls13],
            cipher_suites: Vec::new(),
            key_exchange_groups: Vec::new(),
            roots: Roots::default(),
            given_roots: Pem::default(),
            client_certificate: Given::No,
            pins: Vec::new(),
            check_certificate: Given::No,
            dangerous_certificates: Given::No,
            crl_pem: Pem::default(),
            certificate_name: None,
            send_sni: true,
            resumption: true,
            log_keys_to: None,
        }
    }
}

impl TlsSettings {
    /// The roots that were given.
    pub(crate) fn roots(&self) -> Result<Vec<CertificateDer<'static>>, TransportError> {
        let mut roots = Vec::new();
        for pem in &self.given_roots.0 {
            roots.extend(roots_in(pem.as_bytes())?);
        }
        Ok(roots)
    }

    /// The lists of revoked certificates that were given.
    pub(crate) fn crls(&self) -> Result<Vec<CertificateRevocationListDer<'static>>, TransportError> {
        let mut lists = Vec::new();
        for pem in &self.crl_pem.0 {
            lists.extend(crls_in(pem.as_bytes())?);
        }
        Ok(lists)
    }

    /// The SHA-256 of the pinned keys.
    pub(crate) fn pins(&self) -> Result<Vec<[u8; 32]>, TransportError> {
        let numbered = self.pins.iter().zip(1_usize..);
        numbered
            .map(|(pin, number)| hash(pin).ok_or_else(|| BAD_PIN.about(format_args!("number {number} is not"))))
            .collect()
    }

    pub(crate) fn name(&self) -> Result<Option<ServerName<'static>>, TransportError> {
        let name = |name: &String| ServerName::try_from(name.clone()).map_err(|_| BAD_NAME.error());
        self.certificate_name.as_ref().map(name).transpose()
    }

    pub(crate) fn identity(&self) -> Result<Option<&Arc<Identity>>, TransportError> {
        self.client_certificate.get(&NO_KEY)
    }

    pub(crate) fn certificate_check(&self) -> Result<Option<&Check>, TransportError> {
        self.check_certificate.get(&NO_CHECK)
    }

    pub(crate) fn danger(&self) -> Result<Option<&DangerousCertificates>, TransportError> {
        self.dangerous_certificates.get(&NO_DANGER)
    }

    /// Refuses what contradicts itself. What cannot be read is found out when TLS is set up.
    pub(crate) fn check(&self) -> Result<(), TransportError> {
        if self.versions.is_empty() {
            return Err(NO_VERSION.error());
        }
        if !self.crl_pem.0.is_empty() && self.roots == Roots::Platform {
            return Err(CRL_OF_PLATFORM.error());
        }
        Ok(())
    }
}

/// TLS.
impl HttpsOptions {
    /// Which versions of TLS to speak. Default: 1.2 and 1.3.
    ///
    /// TLS 1.1 and older, and key exchange by RSA, which gives up everything that was ever sent once a key is stolen, are not to be had. A
    /// server that speaks nothing better ends in [`TransportError::Tls`], and nothing was sent: "no secure connection to … could be
    /// agreed on".
    #[must_use]
    pub fn tls_versions(mut self, versions: &[TlsVersion]) -> Self {
        self.tls.versions = versions.to_vec();
        self
    }

    /// Which cipher suites to offer, by their names at IANA, in this order. Default: all nine below, the strongest first.
    ///
    /// For TLS 1.3 `TLS_AES_256_GCM_SHA384`, `TLS_AES_128_GCM_SHA256`, `TLS_CHACHA20_POLY1305_SHA256`; for 1.2
    /// `TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384`, `TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256`,
    /// `TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256`, and the same three with `RSA` in place of `ECDSA`.
    ///
    /// A version of TLS for which none of them is left is not spoken, also where [`tls_versions`](Self::tls_versions) names it.
    ///
    /// # Errors
    ///
    /// [`TransportError::BadOptions`] for any other name, and when there is none.
    pub fn cipher_suites(mut self, names: &[&str]) -> Result<Self, TransportError> {
        if names.is_empty() {
            return Err(NO_SUITE.error());
        }
        self.tls.cipher_suites = names.iter().map(|name| (*name).to_owned()).collect();
        usable_provider(&self.tls)?;
        Ok(self)
    }

    /// Which groups to offer for the exchange of keys, in this order: `X25519`, `secp256r1`, `secp384r1`. Default: all three.
    ///
    /// # Errors
    ///
    /// [`TransportError::BadOptions`] for any other name, and when there is none.
    pub fn key_exchange_groups(mut self, names: &[&str]) -> Result<Self, TransportError> {
        if names.is_empty() {
            return Err(NO_GROUP.error());
        }
        self.tls.key_exchange_groups = names.iter().map(|name| (*name).to_owned()).collect();
        usable_provider(&self.tls)?;
        Ok(self)
    }

    /// Trusts the root certificates in `pem` as well; there may be several in one text, and several calls.
    ///
    /// A server that nobody else vouches for is trusted by its own certificate, given here, where that is not one of a certificate authority.
    /// `openssl req -x509` makes such a one unless it is told otherwise: `-addext basicConstraints=CA:FALSE`.
    ///
    /// # Errors
    ///
    /// [`TransportError::BadOptions`] when there is no certificate in `pem` or one cannot be read.
    ///
    /// # Security
    ///
    /// Whoever holds the key of such a root can pretend to be any institution towards this transport.
    pub fn add_root_pem(mut self, pem: &[u8]) -> Result<Self, TransportError> {
        roots_in(pem)?;
        self.tls.given_roots.0.push(certificates_only(pem));
        Ok(self)
    }

    /// Trusts the roots given with [`add_root_pem`](Self::add_root_pem) and no others, not even this machine's: [`Roots::Given`].
    #[must_use]
    pub fn only_given_roots(self) -> Self {
        self.roots(Roots::Given)
    }

    /// Whom to trust beside the roots given. Default: whom this machine trusts.
    #[must_use]
    pub fn roots(mut self, roots: Roots) -> Self {
        self.tls.roots = roots;
        self
    }

    /// Shows a certificate to servers that want one: the chain, our own first, and its private key, both PEM.
    ///
    /// # Errors
    ///
    /// [`TransportError::BadOptions`] when one cannot be read. Whether they belong together is found out by
    /// [`Https::new`](crate::transport::Https::new).
    pub fn client_certificate_pem(mut self, chain: &[u8], key: &[u8]) -> Result<Self, TransportError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|_| BAD_CLIENT_CERTIFICATE.error())?;
        if chain.is_empty() {
            return Err(BAD_CLIENT_CERTIFICATE.error());
        }
        // The parser's error stays out of ours: it can repeat a line of the text, which is a private key.
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| BAD_CLIENT_KEY.error())?;
        self.tls.client_certificate = Given::Yes(Arc::new(Identity { chain, key }));
        Ok(self)
    }

    /// As [`client_certificate_pem`](Self::client_certificate_pem), from a file of PKCS#12 (`.p12`, `.pfx`) with one key in it.
    ///
    /// # Errors
    ///
    /// As there; also when the password is wrong.
    #[cfg(feature = "pkcs12")]
    pub fn client_certificate_pkcs12(mut self, file: &[u8], password: &str) -> Result<Self, TransportError> {
        let (chain, key) = crate::transport::tls::pkcs12::read(file, password)?;
        self.tls.client_certificate = Given::Yes(Arc::new(Identity { chain, key }));
        Ok(self)
    }

    /// Accepts only institutions whose certificate has this key, or is signed by this key through the chain that they present: the SHA-256
    /// of its `SubjectPublicKeyInfo`, in Base64. Several calls allow several keys. To be presented in the chain is not enough, because
    /// everybody has an institution's certificates.
    ///
    /// The chain must be trusted as well, or accepted by [`DangerousCertificates`]; a key that is not pinned is refused even then. One that
    /// signs counts only as long as the certificate and those between are valid, whatever is accepted.
    ///
    /// [`PresentedCertificate::spki_sha256`] tells the value of the certificate at hand.
    ///
    /// # Errors
    ///
    /// [`TransportError::BadOptions`] when it is not 32 bytes in Base64.
    pub fn pin_spki(mut self, sha256: &str) -> Result<Self, TransportError> {
        self.tls.pins.push(sha256.to_owned());
        self.tls.pins()?;
        Ok(self)
    }

    /// Shows every chain that an institution presents to `check`, with what was found about it. It can refuse what was found good; the
    /// text it gives is in the error. One that panics refuses.
    #[must_use]
    pub fn check_certificate(
        mut self,
        check: impl Fn(&PresentedCertificate<'_>) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.tls.check_certificate = Given::Yes(Arc::new(check));
        self
    }

    /// Lets certificates count that were found wrong.
    ///
    /// # Security
    ///
    /// See [`DangerousCertificates`]. For a server of one's own with an issuer of one's own there is
    /// [`add_root_pem`](Self::add_root_pem).
    #[must_use]
    pub fn dangerous_certificates(mut self, accepting: DangerousCertificates) -> Self {
        self.tls.dangerous_certificates = Given::Yes(accepting);
        self
    }

    /// Refuses certificates that are in the lists of revoked ones in `pem`, and those of which the lists do not tell: there must be one that
    /// has not expired for the issuer of each certificate of the chain. Not with [`Roots::Platform`].
    ///
    /// # Errors
    ///
    /// [`TransportError::BadOptions`] when there is no list in `pem` or one is not PEM. What is in a list is read by
    /// [`Https::new`](crate::transport::Https::new), which says the same of one that is broken.
    pub fn add_crl_pem(mut self, pem: &[u8]) -> Result<Self, TransportError> {
        crls_in(pem)?;
        self.tls.crl_pem.0.push(crls_only(pem));
        Ok(self)
    }

    /// Wants the certificate to be for this name in place of the URL's: for servers that are called by another name than they know. What the
    /// server is told (SNI) stays the URL's.
    ///
    /// # Errors
    ///
    /// [`TransportError::BadOptions`] when no certificate can be for it.
    pub fn certificate_name(mut self, name: &str) -> Result<Self, TransportError> {
        self.tls.certificate_name = Some(name.to_owned());
        self.tls.name()?;
        Ok(self)
    }

    /// Whether to tell the server in the handshake which name it is called by. Default: yes.
    #[must_use]
    pub fn send_sni(mut self, yes: bool) -> Self {
        self.tls.send_sni = yes;
        self
    }

    /// Whether a TLS session is resumed on the next connection, which spares a round trip and the certificate. Default: yes.
    #[must_use]
    pub fn tls_resumption(mut self, yes: bool) -> Self {
        self.tls.resumption = yes;
        self
    }

    /// Appends the keys of every connection to a file, in the format of NSS, so that a recording of the network can be read. Default: never,
    /// whatever the environment says (`SSLKEYLOGFILE`).
    ///
    /// # Security
    ///
    /// Whoever has the file and the recording reads passwords.
    #[must_use]
    pub fn log_tls_keys_to(mut self, file: impl Into<PathBuf>) -> Self {
        self.tls.log_keys_to = Some(file.into());
        self
    }
}

fn hash(pin: &str) -> Option<[u8; 32]> {
    STANDARD.decode(pin).ok()?.try_into().ok()
}

const BAD_PIN: Reason = Reason("a pinned key must be the SHA-256 of a SubjectPublicKeyInfo, 32 bytes in Base64");
const BAD_NAME: Reason = Reason("no certificate can be for the name given to certificate_name");
const BAD_CLIENT_CERTIFICATE: Reason = Reason("the client certificate is not a chain of certificates in PEM");
const BAD_CLIENT_KEY: Reason = Reason(
    "the key of the client certificate is not a private key in PEM without a password (openssl pkey takes one away)",
);
const NO_VERSION: Reason = Reason("no version of TLS is left to be spoken");
const NO_SUITE: Reason = Reason("there is no cipher suite among those to be offered (HttpsOptions::cipher_suites)");
const NO_GROUP: Reason =
    Reason("there is no group for the exchange of keys among those to be offered (HttpsOptions::key_exchange_groups)");
const CRL_OF_PLATFORM: Reason = Reason(
    "lists of revoked certificates go with given roots or those of Mozilla: this machine's own verifier looks at its own (HttpsOptions::roots)",
);
const NO_KEY: Reason = Reason(
    "the options were stored without the key of the client certificate: give it again (HttpsOptions::client_certificate_pem)",
);
const NO_CHECK: Reason = Reason(
    "the options were stored without the check of certificates: give it again (HttpsOptions::check_certificate)",
);
const NO_DANGER: Reason = Reason(
    "the options were stored without the decision which wrong certificates count: give it again \
     (HttpsOptions::dangerous_certificates)",
);
