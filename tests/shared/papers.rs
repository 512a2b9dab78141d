//! Certificates good and bad, from authorities of our own.
#![allow(dead_code, reason = "each test binary needs a part of it")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    DnValue, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData as _,
    RevokedCertParams, SerialNumber, date_time_ymd,
};
use sha2::{Digest as _, Sha256};

use crate::canaries;

/// A range of years that no clock will leave soon.
pub(crate) const VALID: (i32, i32) = (2000, 2900);

/// A certificate chain and its key, both as PEM.
#[derive(Clone)]
pub(crate) struct Papers {
    pub(crate) chain: String,
    pub(crate) key: String,
    /// The SHA-256 of its public key, as base64, which is what a pin is.
    pub(crate) pin: String,
}

impl Papers {
    fn new(certificate: &Certificate, key: &KeyPair) -> Self {
        let papers = Self { chain: certificate.pem(), key: key.serialize_pem(), pin: pin_of(key) };
        canaries::note_key(&papers.key);
        papers
    }

    /// For this machine, with nobody behind it.
    pub(crate) fn self_signed() -> Self {
        let key = KeyPair::generate().unwrap();
        Self::new(&leaf(&HERE, VALID).self_signed(&key).unwrap(), &key)
    }
}

/// A root of our own, which nobody trusts who was not told to.
pub(crate) struct Authority {
    pub(crate) pem: String,
    pub(crate) pin: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut full = DistinguishedName::new();
        full.push(DnType::CommonName, name);
        Self::called(full)
    }

    /// Calls itself what one calls itself that everybody trusts.
    pub(crate) fn impostor() -> Self {
        let mut full = DistinguishedName::new();
        let known = [
            (DnType::CountryName, "US"),
            (DnType::OrganizationName, "Google Trust Services LLC"),
            (DnType::CommonName, "GTS Root R4"),
        ];
        for (part, text) in known {
            full.push(part, DnValue::PrintableString(text.try_into().unwrap()));
        }
        Self::called(full)
    }

    fn called(name: DistinguishedName) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name = name;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let pin = pin_of(&key);
        Self { pem, pin, issuer: Issuer::new(params, key) }
    }

    /// For a server on this machine.
    pub(crate) fn server(&self) -> Papers {
        self.signed(leaf(&HERE, VALID))
    }

    /// For a server of these names.
    pub(crate) fn server_named(&self, names: &[&str]) -> Papers {
        self.signed(leaf(names, VALID))
    }

    /// For a server on this machine, valid from one year to another.
    pub(crate) fn server_of(&self, years: (i32, i32)) -> Papers {
        self.signed(leaf(&HERE, years))
    }

    /// For a server on this machine, with a number.
    pub(crate) fn server_numbered(&self, number: u64) -> Papers {
        let mut params = leaf(&HERE, VALID);
        params.serial_number = Some(SerialNumber::from(number));
        self.signed(params)
    }

    /// For a client.
    pub(crate) fn client(&self, name: &str) -> Papers {
        let mut params = leaf(&[name], VALID);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.signed(params)
    }

    fn signed(&self, params: CertificateParams) -> Papers {
        let key = KeyPair::generate().unwrap();
        Papers::new(&params.signed_by(&key, &self.issuer).unwrap(), &key)
    }

    /// The list of certificates it has taken back, valid from one year to another, as PEM.
    pub(crate) fn revoked(&self, numbers: &[u64], years: (i32, i32)) -> String {
        let revoked = numbers.iter().map(|number| RevokedCertParams {
            serial_number: SerialNumber::from(*number),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(years.0, 1, 1),
            next_update: date_time_ymd(years.1, 1, 1),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}

fn pin_of(key: &KeyPair) -> String {
    STANDARD.encode(Sha256::digest(key.subject_public_key_info()))
}

fn leaf(names: &[&str], years: (i32, i32)) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "a server");
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params
}

const HERE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
