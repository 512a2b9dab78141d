//! A certificate authority for one pretend institution, and the TLS configuration it vouches for.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// PEM blocks: the authority's certificate, that of the server, the key of the server.
pub(super) struct Papers {
    pem: String,
}

impl Papers {
    /// New ones, for `localhost`, `127.0.0.1` and `::1`.
    pub(super) fn make() -> io::Result<Self> {
        let ca_key = KeyPair::generate().map_err(io::Error::other)?;
        let mut ca_params = CertificateParams::new(Vec::<String>::new()).map_err(io::Error::other)?;
        ca_params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca_params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        ca_params.distinguished_name.push(DnType::CommonName, "testing authority of a loopback bank");
        let ca = ca_params.self_signed(&ca_key).map_err(io::Error::other)?;
        let issuer = Issuer::from_params(&ca_params, &ca_key);

        let names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
        params.distinguished_name.push(DnType::CommonName, "loopback bank");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &issuer).map_err(io::Error::other)?;
        Ok(Self { pem: [ca.pem(), certificate.pem(), key.serialize_pem()].concat() })
    }

    /// Those of the file, which is made when it is not there.
    pub(super) fn kept_in(path: &Path) -> io::Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(pem) => return Ok(Self { pem }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let papers = Self::make()?;
        let mut fresh = path.as_os_str().to_owned();
        fresh.push(".new");
        let mut file = File::create(&fresh)?;
        file.write_all(papers.pem.as_bytes())?;
        file.sync_all()?;
        // All of it or nothing, should the process end here.
        std::fs::rename(&fresh, path)?;
        Ok(papers)
    }

    /// The authority's certificate.
    pub(super) fn authority(&self) -> String {
        let end = |line: &&str| !line.starts_with("-----END");
        let mut lines = self.pem.lines();
        let inside: Vec<&str> = lines.by_ref().take_while(end).collect();
        format!("{}\n-----END CERTIFICATE-----\n", inside.join("\n"))
    }

    /// What a server shows.
    pub(super) fn server(&self) -> io::Result<Arc<ServerConfig>> {
        let certificates = CertificateDer::pem_slice_iter(self.pem.as_bytes()).collect::<Result<Vec<_>, _>>();
        let certificate = certificates.map_err(io::Error::other)?.into_iter().nth(1);
        let certificate = certificate.ok_or_else(|| io::Error::other("the certificate file holds no certificate"))?;
        let private = PrivateKeyDer::from_pem_slice(self.pem.as_bytes()).map_err(io::Error::other)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], private)
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}
