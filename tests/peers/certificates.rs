//! Certificates of real TLS servers that prove nothing: each is refused in its own words, and nothing is sent.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use ofx_session::transport::{
    CertificateProblem, DangerousCertificates, HttpsOptions, PresentedCertificate, Roots, TransportError,
};

use crate::backend::Backend;
use crate::papers::{Authority, Papers, VALID};
use crate::peer::stunnel;
use crate::{not_sent, send, trusting};

/// The problem that `options` see with a server that shows `papers`, and the text about it. `None` without a server.
async fn refused(options: HttpsOptions, papers: &Papers) -> Option<(CertificateProblem, String)> {
    let backend = Backend::answering("<OFX>");
    let peer = stunnel(papers, backend.port(), "").start()?;
    let error = send(options, &peer.url()).await.unwrap_err();
    let TransportError::Certificate { problem, .. } = error else { panic!("{error:?}") };
    assert_eq!(backend.connections(), 0, "nothing got behind TLS");
    Some((problem, not_sent(error)))
}

/// Whether a server that shows `papers` is accepted. `None` without a server.
async fn accepted(options: HttpsOptions, papers: &Papers) -> Option<bool> {
    let backend = Backend::answering("<OFX>fine");
    let peer = stunnel(papers, backend.port(), "").start()?;
    let answer = send(options, &peer.url()).await;
    assert_eq!(backend.seen().len(), usize::from(answer.is_ok()), "{answer:?}");
    Some(answer.is_ok_and(|answer| answer.body() == b"<OFX>fine"))
}

#[tokio::test]
async fn each_bad_certificate_is_refused_in_its_own_words() {
    let authority = Authority::new("root");
    let good = || trusting(&authority);
    let list = |numbers: &[u64], years| authority.revoked(numbers, years);
    let with_list = |pem: &str| good().add_crl_pem(pem.as_bytes()).unwrap();
    let pin = authority.server().pin;
    let cases = [
        (authority.server_of((1999, 2001)), good(), CertificateProblem::Expired, "has expired"),
        (authority.server_of((2900, 2901)), good(), CertificateProblem::NotYetValid, "not valid yet"),
        (authority.server_named(&["bank.example"]), good(), CertificateProblem::WrongHost, "another host name"),
        (Authority::new("unknown").server(), good(), CertificateProblem::Untrusted, "not trusted here"),
        (authority.client("127.0.0.1"), good(), CertificateProblem::Unusable, "cannot be used for a server"),
        (authority.server_numbered(7), with_list(&list(&[3, 7], VALID)), CertificateProblem::Revoked, "was revoked"),
        (
            authority.server_numbered(7),
            with_list(&Authority::new("another").revoked(&[7], VALID)),
            CertificateProblem::RevocationUnknown,
            "may have been revoked",
        ),
        (authority.server(), good().pin_spki(&pin).unwrap(), CertificateProblem::NotPinned, "pinned"),
        (
            authority.server(),
            good().check_certificate(|_| Err("not today".to_owned())),
            CertificateProblem::RefusedByCheck,
            "own check",
        ),
    ];
    let mut texts = BTreeSet::new();
    let count = cases.len();
    for (papers, options, expected, words) in cases {
        let Some((problem, text)) = refused(options, &papers).await else { return };
        assert_eq!(problem, expected, "{text}");
        assert!(text.starts_with("the certificate of 127.0.0.1:") && text.contains(words), "{text}");
        texts.insert(text);
    }
    assert_eq!(texts.len(), count, "{texts:#?}");
}

#[tokio::test]
async fn a_certificate_that_vouches_for_itself_is_not_trusted_unless_it_is_given() {
    let papers = Papers::self_signed();
    let Some((problem, text)) = refused(trusting(&Authority::new("root")), &papers).await else { return };
    assert_eq!(problem, CertificateProblem::SelfSigned, "{text}");
    assert!(text.contains("signed by itself") && text.contains("add_root_pem"), "{text}");
    let given = || HttpsOptions::new().add_root_pem(papers.chain.as_bytes()).unwrap().only_given_roots();
    assert_eq!(accepted(given(), &papers).await, Some(true));
    // One that calls itself an issuer of others, as `openssl req -x509` makes it, is none for a server.
    let Some(papers) = Papers::rsa() else { return };
    let Some((problem, text)) = refused(trusting(&Authority::new("root")), &papers).await else { return };
    assert_eq!(problem, CertificateProblem::SelfSigned, "{text}");
}

#[tokio::test]
async fn a_certificate_of_an_authority_that_was_given_is_no_server_s() {
    let Some(papers) = Papers::rsa() else { return };
    let given = || HttpsOptions::new().add_root_pem(papers.chain.as_bytes()).unwrap();
    for options in [given(), given().only_given_roots(), given().roots(Roots::Mozilla)] {
        let Some((problem, text)) = refused(options, &papers).await else { return };
        assert_eq!(problem, CertificateProblem::Authority, "{text}");
        assert!(text.contains("CA:FALSE") && !text.contains("signed by itself"), "{text}");
    }
    // As the text says: by its key.
    let authority = |presented: &PresentedCertificate<'_>| presented.problem() == Some(CertificateProblem::Authority);
    let seen: Arc<Mutex<Option<String>>> = Arc::default();
    let key = Arc::clone(&seen);
    let looking = given().only_given_roots().check_certificate(move |presented| {
        *key.lock().unwrap() = presented.spki_sha256();
        Ok(())
    });
    refused(looking, &papers).await;
    let pin = seen.lock().unwrap().clone().unwrap();
    for (pin, expected) in [(pin.as_str(), true), (&Papers::self_signed().pin, false)] {
        let options = given().dangerous_certificates(DangerousCertificates::accept_when(authority));
        assert_eq!(accepted(options.pin_spki(pin).unwrap(), &papers).await, Some(expected));
    }
    // One of a client that was given is no server's either, and it is not by giving it that it becomes one.
    let client = Authority::new("root").client("127.0.0.1");
    let options = HttpsOptions::new().add_root_pem(client.chain.as_bytes()).unwrap().only_given_roots();
    let Some((problem, text)) = refused(options, &client).await else { return };
    assert_eq!(problem, CertificateProblem::Unusable, "{text}");
}

#[tokio::test]
async fn a_good_certificate_is_accepted() {
    let authority = Authority::new("root");
    let backend = Backend::answering("<OFX>fine");
    let Some(peer) = stunnel(&authority.server(), backend.port(), "").start() else { return };
    for url in [peer.url(), peer.named_url()] {
        assert_eq!(send(trusting(&authority), &url).await.unwrap().body(), b"<OFX>fine");
    }
    let seen = backend.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].body, crate::BODY);
    assert!(peer.log().contains("TLSv1.3"), "{}", peer.log());
}

#[tokio::test]
async fn lists_of_revoked_certificates_let_the_others_pass() {
    let authority = Authority::new("root");
    let list = authority.revoked(&[3, 7], VALID);
    let both = format!("{}{list}", Authority::new("another").revoked(&[8], VALID));
    for (number, pem, expected) in [(8, &list, true), (7, &list, false), (8, &both, true), (7, &both, false)] {
        let options = trusting(&authority).add_crl_pem(pem.as_bytes()).unwrap();
        let Some(found) = accepted(options, &authority.server_numbered(number)).await else { return };
        assert_eq!(found, expected, "{number}");
    }
    // What it said then does not count now.
    let old = authority.revoked(&[7], (2000, 2001));
    let options = trusting(&authority).add_crl_pem(old.as_bytes()).unwrap();
    let Some((problem, text)) = refused(options, &authority.server_numbered(8)).await else { return };
    assert_eq!(problem, CertificateProblem::RevocationUnknown, "{text}");
}

#[tokio::test]
async fn a_pinned_key_must_be_in_the_chain() {
    let authority = Authority::new("root");
    let (papers, other) = (authority.server(), authority.server());
    let pinned = |pins: &[&str]| pins.iter().fold(trusting(&authority), |options, pin| options.pin_spki(pin).unwrap());
    // The issuer is part of what the server presents here.
    let mut whole = papers.clone();
    whole.chain += &authority.pem;
    for (options, papers, expected) in [
        (pinned(&[&papers.pin]), &papers, true),
        (pinned(&[&other.pin, &papers.pin]), &papers, true),
        (pinned(&[&other.pin]), &papers, false),
        (pinned(&[&authority.pin]), &whole, true),
        (pinned(&[&other.pin]), &whole, false),
    ] {
        let Some(found) = accepted(options, papers).await else { return };
        assert_eq!(found, expected);
    }
    // What is presented along with it is everybody's to present: the certificate that is pinned, or an issuer that did not sign.
    let borrowed = |chain: &str| Papers { chain: format!("{}{chain}", other.chain), ..other.clone() };
    let stranger = Authority::new("another");
    for (pin, chain) in [(&papers.pin, &papers.chain), (&stranger.pin, &stranger.pem)] {
        let Some((problem, text)) = refused(pinned(&[pin]), &borrowed(chain)).await else { return };
        assert_eq!(problem, CertificateProblem::NotPinned, "{text}");
    }
    // A pin does not stand in for a certificate that is good.
    let stranger = Papers::self_signed();
    let Some(found) = accepted(pinned(&[&stranger.pin]), &stranger).await else { return };
    assert!(!found);
}

/// Host, length of the chain, what is wrong, and the hash of the key.
type Presented = (String, usize, Option<CertificateProblem>, Option<String>);

#[tokio::test]
async fn a_check_sees_what_is_presented_and_can_only_refuse() {
    let authority = Authority::new("root");
    let good = authority.server();
    let seen: Arc<Mutex<Vec<Presented>>> = Arc::default();
    let watching = |answer: Result<(), String>| {
        let seen = Arc::clone(&seen);
        trusting(&authority).check_certificate(move |presented| {
            let facts =
                (presented.host().to_owned(), presented.chain().len(), presented.problem(), presented.spki_sha256());
            seen.lock().unwrap().push(facts);
            answer.clone()
        })
    };
    let Some(found) = accepted(watching(Ok(())), &good).await else { return };
    assert!(found);
    let bad = authority.server_of((1999, 2001));
    let Some((problem, _)) = refused(watching(Ok(())), &bad).await else { return };
    assert_eq!(problem, CertificateProblem::Expired, "it cannot make it good");
    let Some((problem, text)) = refused(watching(Err("not the key of the contract".to_owned())), &good).await else {
        return;
    };
    assert_eq!(problem, CertificateProblem::RefusedByCheck, "{text}");
    let host = || "127.0.0.1".to_owned();
    assert_eq!(
        *seen.lock().unwrap(),
        [
            (host(), 1, None, Some(good.pin.clone())),
            (host(), 1, Some(CertificateProblem::Expired), Some(bad.pin)),
            (host(), 1, None, Some(good.pin)),
        ]
    );
}

#[tokio::test]
async fn what_is_dangerous_accepts_as_much_as_it_says_and_no_more() {
    let authority = Authority::new("root");
    let (known, other) = (Papers::self_signed(), Papers::self_signed());
    let pin = known.pin.clone();
    let narrow = DangerousCertificates::accept_when(move |presented| presented.spki_sha256().as_ref() == Some(&pin));
    let options = || trusting(&authority).dangerous_certificates(narrow.clone());
    let Some(found) = accepted(options(), &known).await else { return };
    assert!(found);
    assert_eq!(accepted(options(), &other).await, Some(false));
    assert_eq!(accepted(options(), &authority.server()).await, Some(true), "a good one needs no decision");
    let any = || trusting(&authority).dangerous_certificates(DangerousCertificates::accept_when(|_| true));
    for papers in [
        authority.server_of((1999, 2001)),
        authority.server_of((2900, 2901)),
        authority.server_named(&["bank.example"]),
        Authority::new("unknown").server(),
        authority.client("127.0.0.1"),
    ] {
        assert_eq!(accepted(any(), &papers).await, Some(true));
    }
    let revoked = any().add_crl_pem(authority.revoked(&[7], VALID).as_bytes()).unwrap();
    assert_eq!(accepted(revoked, &authority.server_numbered(7)).await, Some(true));
    // The check has the last word.
    let checked = any().check_certificate(|presented| presented.problem().map_or(Ok(()), |_| Err("no".to_owned())));
    assert_eq!(accepted(checked, &authority.server_of((1999, 2001))).await, Some(false));
}

#[tokio::test]
async fn a_pin_counts_for_what_is_accepted_against_the_verdict() {
    let trusted = Authority::new("root");
    let pinned = |pin: &str| {
        let any = DangerousCertificates::accept_when(|_| true);
        trusting(&trusted).dangerous_certificates(any).pin_spki(pin).unwrap()
    };
    let (known, other) = (Papers::self_signed(), Papers::self_signed());
    let Some(found) = accepted(pinned(&known.pin), &known).await else { return };
    assert!(found);
    let borrowed = Papers { chain: format!("{}{}", other.chain, known.chain), ..other.clone() };
    for papers in [&other, &borrowed, &trusted.server()] {
        let Some((problem, text)) = refused(pinned(&known.pin), papers).await else { return };
        assert_eq!(problem, CertificateProblem::NotPinned, "{text}");
    }
    // The same for an issuer that nobody trusts: it must have signed.
    let unknown = Authority::new("unknown");
    let mut papers = unknown.server();
    papers.chain += &unknown.pem;
    assert_eq!(accepted(pinned(&unknown.pin), &papers).await, Some(true));
    let borrowed = Papers { chain: format!("{}{}", other.chain, unknown.pem), ..other };
    let Some((problem, text)) = refused(pinned(&unknown.pin), &borrowed).await else { return };
    assert_eq!(problem, CertificateProblem::NotPinned, "{text}");
    // What is expired counts by its own key, and not by who has signed it.
    let mut old = unknown.server_of((1999, 2001));
    old.chain += &unknown.pem;
    assert_eq!(accepted(pinned(&old.pin), &old).await, Some(true));
    assert_eq!(accepted(pinned(&unknown.pin), &old).await, Some(false));
}

#[tokio::test]
async fn a_certificate_can_be_wanted_for_another_name() {
    let authority = Authority::new("root");
    let papers = authority.server_named(&["ofx.bank.example"]);
    let wanted = |name: &str| trusting(&authority).certificate_name(name).unwrap();
    let Some(found) = accepted(wanted("ofx.bank.example"), &papers).await else { return };
    assert!(found);
    let Some((problem, text)) = refused(wanted("other.bank.example"), &papers).await else { return };
    assert_eq!(problem, CertificateProblem::WrongHost, "{text}");
    // The name of the URL does not count beside it.
    let Some((problem, _)) = refused(wanted("ofx.bank.example"), &authority.server()).await else { return };
    assert_eq!(problem, CertificateProblem::WrongHost);
}
