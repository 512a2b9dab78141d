//! What is given about TLS: lists of revoked certificates, and names to choose from.

use ofx_session::transport::{CertificateProblem, Https, HttpsOptions};
use serde_json::json;

use super::{certificate, misuse};
use crate::papers::{Authority, VALID};
use crate::promises::trusting;

#[test]
fn of_a_file_with_lists_of_revoked_certificates_nothing_else_is_kept() {
    let authority = Authority::new("root");
    let papers = authority.server();
    let (one, other) = (authority.revoked(&[7], VALID), authority.revoked(&[8], VALID));
    let file = format!("canary comment\n{}{one}{}{other}", papers.key, papers.chain);
    let options = trusting(&authority).add_crl_pem(file.as_bytes()).unwrap();
    let stored = serde_json::to_string(&options).unwrap();
    let kept: Vec<String> =
        serde_json::from_value(serde_json::to_value(&options).unwrap()["tls"]["crl_pem"].clone()).unwrap();
    assert_eq!(kept, [one.replace("\r\n", "\n") + &other.replace("\r\n", "\n")]);
    for secret in ["PRIVATE", "canary", papers.key.lines().nth(1).unwrap()] {
        assert!(!stored.contains(secret), "{secret}");
    }
    Https::new(options).unwrap();
    Https::new(serde_json::from_str(&stored).unwrap()).unwrap();
}

/// So that to accept what has expired is to accept anybody: the documentation says it.
#[tokio::test]
async fn of_one_that_has_expired_nothing_else_is_found() {
    let papers = Authority::new("unknown").server_of((1999, 2001));
    let (problem, _) = certificate(&papers, trusting(&Authority::new("root"))).await;
    assert_eq!(problem, CertificateProblem::Expired);
}

#[test]
fn an_empty_choice_is_not_taken_for_everything() {
    let suites = misuse(HttpsOptions::new().cipher_suites(&[]).unwrap_err());
    assert!(suites.contains("no cipher suite"), "{suites}");
    let groups = misuse(HttpsOptions::new().key_exchange_groups(&[]).unwrap_err());
    assert!(groups.contains("no group"), "{groups}");
    // That is how the default is stored.
    let stored = json!({"tls": {"cipher_suites": [], "key_exchange_groups": []}});
    Https::new(serde_json::from_value(stored).unwrap()).unwrap();
    assert_eq!(serde_json::to_value(HttpsOptions::new()).unwrap()["tls"]["cipher_suites"], json!([]));
}
