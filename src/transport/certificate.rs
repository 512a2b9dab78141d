//! What is shown of a certificate.

use chrono::{DateTime, Utc};

/// What there is to know of a host's certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateSummary {
    /// SHA-256 of the certificate, in lower-case hexadecimal.
    pub fingerprint: String,
    /// Whom it is for, as a distinguished name: `CN=ofx.example.com, O=Example`. Like everything below, empty when the certificate
    /// cannot be read.
    pub subject: String,
    /// Who issued it, as a distinguished name.
    pub issuer: String,
    /// The serial number that the issuer gave it, in lower-case hexadecimal.
    pub serial: String,
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
    /// From when on it is valid.
    pub not_before: Option<DateTime<Utc>>,
    /// Until when it is valid.
    pub not_after: Option<DateTime<Utc>>,
}

#[cfg(feature = "https")]
mod reading {
    //! Reads it. The fields are shown and decide nothing: whether a certificate is good is for rustls to say.

    use std::net::{Ipv4Addr, Ipv6Addr};

    use chrono::DateTime;
    use sha2::{Digest, Sha256};
    use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

    use crate::transport::CertificateSummary;

    impl CertificateSummary {
        /// Summarizes a certificate; one that cannot be read has its fingerprint and nothing else.
        #[must_use]
        pub(crate) fn from_der(der: &[u8]) -> Self {
            let fingerprint = hex(&Sha256::digest(der));
            let Ok((_, certificate)) = X509Certificate::from_der(der) else {
                return Self { fingerprint, ..Self::default() };
            };
            let validity = certificate.validity();
            let names = certificate.subject_alternative_name().ok().flatten();
            let names = names.map(|names| names.value.general_names.iter().filter_map(name).collect());
            Self {
                fingerprint,
                subject: certificate.subject().to_string(),
                issuer: certificate.issuer().to_string(),
                serial: hex(certificate.raw_serial()),
                names: names.unwrap_or_default(),
                not_before: DateTime::from_timestamp(validity.not_before.timestamp(), 0),
                not_after: DateTime::from_timestamp(validity.not_after.timestamp(), 0),
            }
        }
    }

    fn name(name: &GeneralName<'_>) -> Option<String> {
        match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
                .map(|bytes| Ipv4Addr::from(bytes).to_string())
                .or_else(|_| <[u8; 16]>::try_from(*bytes).map(|bytes| Ipv6Addr::from(bytes).to_string()))
                .ok(),
            _ => None,
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[cfg(test)]
    mod tests {
        #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

        use super::*;

        #[test]
        fn a_certificate_is_summed_up() {
            let mut wanted = rcgen::CertificateParams::new(["ofx.example.com".to_owned(), "::1".to_owned()]).unwrap();
            wanted.not_before = rcgen::date_time_ymd(2026, 1, 2);
            wanted.not_after = rcgen::date_time_ymd(2027, 3, 4);
            wanted.serial_number = Some(rcgen::SerialNumber::from_slice(&[0x0a, 0xbc]));
            wanted.distinguished_name.push(rcgen::DnType::CommonName, "ofx.example.com");
            let made = wanted.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
            let summary = CertificateSummary::from_der(made.der());
            assert!(summary.subject.contains("CN=ofx.example.com"), "{summary:?}");
            assert_eq!(summary.subject, summary.issuer);
            assert_eq!(summary.names, ["ofx.example.com", "::1"]);
            assert_eq!(summary.serial, "0abc");
            assert_eq!(summary.not_before.unwrap().to_string(), "2026-01-02 00:00:00 UTC");
            assert_eq!(summary.not_after.unwrap().to_string(), "2027-03-04 00:00:00 UTC");
            assert_eq!(summary.fingerprint, hex(&Sha256::digest(made.der())));
        }

        #[test]
        fn one_that_cannot_be_read_has_a_fingerprint() {
            let summary = CertificateSummary::from_der(b"not a certificate");
            assert_eq!(summary.fingerprint.len(), 64);
            assert_eq!(summary, CertificateSummary { fingerprint: summary.fingerprint.clone(), ..Default::default() });
        }
    }
}
