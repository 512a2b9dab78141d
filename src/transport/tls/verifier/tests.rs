//! What is told of a certificate, by what the verifier underneath says.

use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::transport::options::HttpsOptions;
use crate::transport::tls::usable_provider;

/// Refuses everything in these words.
#[derive(Debug)]
struct Says(CertificateError);

impl ServerCertVerifier for Says {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Err(rustls::Error::InvalidCertificate(self.0.clone()))
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        Vec::new()
    }
}

/// One for `bank.example`, valid in 2026.
fn of_2026() -> CertificateDer<'static> {
    let issuer = rcgen::Issuer::new(rcgen::CertificateParams::default(), rcgen::KeyPair::generate().unwrap());
    let mut wanted = rcgen::CertificateParams::new(["bank.example".to_owned()]).unwrap();
    wanted.distinguished_name.push(rcgen::DnType::CommonName, "bank.example");
    wanted.not_before = rcgen::date_time_ymd(2026, 1, 1);
    wanted.not_after = rcgen::date_time_ymd(2027, 1, 1);
    wanted.signed_by(&rcgen::KeyPair::generate().unwrap(), &issuer).unwrap().der().clone()
}

/// What is told where the verifier says `word`, and what a decision whether it counts all the same sees.
fn told(word: CertificateError, now: u64, accepts: bool) -> (Option<CertificateProblem>, Option<CertificateProblem>) {
    let saw = Arc::new(Mutex::new(None));
    let sees = Arc::clone(&saw);
    let danger = DangerousCertificates::accept_when(move |presented| {
        *sees.lock().unwrap() = presented.problem();
        accepts && presented.problem() == Some(CertificateProblem::Expired)
    });
    let settings = HttpsOptions::new().dangerous_certificates(danger).tls;
    let algorithms = usable_provider(&settings).unwrap().signature_verification_algorithms;
    let checked = Checked::new(Arc::new(Says(word)), &settings, algorithms).unwrap();
    let (now, name) =
        (UnixTime::since_unix_epoch(Duration::from_secs(now)), ServerName::try_from("bank.example").unwrap());
    let verdict = checked.verify_server_cert(&of_2026(), &[], &name, &[], now);
    let seen = *saw.lock().unwrap();
    (verdict.err().and_then(|error| certificate_problem(&error)), seen)
}

#[test]
fn the_dates_are_told_where_the_verifier_gives_no_reason_and_excuse_nothing() {
    let vague = || CertificateError::Other(OtherError(Arc::new(RefusedByPlatform)));
    let unusable = Some(CertificateProblem::Unusable);
    for accepts in [false, true] {
        assert_eq!(told(vague(), LATER, accepts), (Some(CertificateProblem::Expired), unusable));
        assert_eq!(told(vague(), EARLIER, accepts), (Some(CertificateProblem::NotYetValid), unusable));
        assert_eq!(told(vague(), MEANWHILE, accepts), (unusable, unusable));
        // What it says counts.
        let untrusted = Some(CertificateProblem::Untrusted);
        assert_eq!(told(CertificateError::UnknownIssuer, LATER, accepts), (untrusted, untrusted));
        assert_eq!(told(CertificateError::InvalidPurpose, LATER, accepts), (unusable, unusable));
    }
    let expired = Some(CertificateProblem::Expired);
    assert_eq!(told(CertificateError::Expired, LATER, true), (None, expired));
}

#[derive(Debug)]
struct RefusedByPlatform;

impl fmt::Display for RefusedByPlatform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\u{201c}bank.example\u{201d} certificate is not standards compliant: -67901")
    }
}

impl StdError for RefusedByPlatform {}

/// 2025-06-01, 2026-06-01 and 2027-06-01, in seconds since 1970.
const EARLIER: u64 = 1_748_736_000;
const MEANWHILE: u64 = 1_780_272_000;
const LATER: u64 = 1_811_808_000;
