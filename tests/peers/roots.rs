//! The roots of Mozilla: alone, beside those that are given, and with lists of revoked certificates.

use ofx_session::transport::{CertificateProblem, HttpsOptions, Roots, TransportError};

use crate::backend::Backend;
use crate::papers::{Authority, Papers, VALID};
use crate::peer::stunnel;
use crate::{not_sent, send, trusting};

/// What is wrong, by `options`, with a server that shows `papers`, if anything is. `None` without a server.
async fn found(options: HttpsOptions, papers: &Papers) -> Option<Option<CertificateProblem>> {
    let backend = Backend::answering("<OFX>fine");
    let peer = stunnel(papers, backend.port(), "").start()?;
    Some(match send(options, &peer.url()).await {
        Ok(answer) => {
            assert_eq!(answer.body(), b"<OFX>fine");
            None
        }
        Err(error) => {
            assert_eq!(backend.connections(), 0, "nothing got behind TLS");
            let TransportError::Certificate { problem, .. } = error else { panic!("{error:?}") };
            not_sent(error);
            Some(problem)
        }
    })
}

fn mozilla() -> HttpsOptions {
    HttpsOptions::new().roots(Roots::Mozilla)
}

fn with(authority: &Authority) -> HttpsOptions {
    mozilla().add_root_pem(authority.pem.as_bytes()).unwrap()
}

#[tokio::test]
async fn the_roots_of_mozilla_vouch_for_no_stranger() {
    let (authority, other) = (Authority::new("root"), Authority::new("another"));
    for options in [mozilla(), with(&other)] {
        let Some(problem) = found(options.clone(), &authority.server()).await else { return };
        assert_eq!(problem, Some(CertificateProblem::Untrusted));
        assert_eq!(found(options, &Papers::self_signed()).await, Some(Some(CertificateProblem::SelfSigned)));
    }
}

#[tokio::test]
async fn whoever_takes_the_name_of_one_of_them_is_found_out_by_the_signature() {
    let impostor = Authority::impostor().server();
    let Some(problem) = found(trusting(&Authority::new("root")), &impostor).await else { return };
    assert_eq!(
        problem,
        Some(CertificateProblem::Untrusted),
        "the name is not known to those who do not know Mozilla's"
    );
    assert_eq!(found(mozilla(), &impostor).await, Some(Some(CertificateProblem::Unusable)), "the name is known");
}

#[tokio::test]
async fn a_given_root_counts_beside_them() {
    let authority = Authority::new("root");
    let Some(problem) = found(with(&authority), &authority.server()).await else { return };
    assert_eq!(problem, None);
    let old = authority.server_of((1999, 2001));
    assert_eq!(found(with(&authority), &old).await, Some(Some(CertificateProblem::Expired)));
}

#[tokio::test]
async fn lists_of_revoked_certificates_count_with_them() {
    let authority = Authority::new("root");
    let listed = |list: &str| with(&authority).add_crl_pem(list.as_bytes()).unwrap();
    let (own, foreign) = (authority.revoked(&[7], VALID), Authority::new("another").revoked(&[7], VALID));
    for (number, list, expected) in [
        (7, &own, Some(CertificateProblem::Revoked)),
        (8, &own, None),
        (8, &foreign, Some(CertificateProblem::RevocationUnknown)),
    ] {
        let Some(problem) = found(listed(list), &authority.server_numbered(number)).await else { return };
        assert_eq!(problem, expected, "{number}");
    }
    let unknown = mozilla().add_crl_pem(own.as_bytes()).unwrap();
    assert_eq!(found(unknown, &authority.server_numbered(8)).await, Some(Some(CertificateProblem::Untrusted)));
}
