//! What of TLS is agreed on with OpenSSL, and what is refused on principle.

use std::process::{Command, Stdio};

use ofx_session::transport::{HttpsOptions, TlsVersion, TransportError};

use crate::backend::Backend;
use crate::papers::{Authority, Papers};
use crate::peer::{s_server, stunnel};
use crate::programs::find;
use crate::{not_sent, send, trusting};

/// What a server with `options` logs about a connection; the error text when none came about. `None` without a server.
async fn agreed(options: &str, change: impl FnOnce(HttpsOptions) -> HttpsOptions) -> Option<Result<String, String>> {
    let authority = Authority::new("root");
    let backend = Backend::answering("<OFX>fine");
    let peer = stunnel(&authority.server(), backend.port(), options).start()?;
    match send(change(trusting(&authority)), &peer.url()).await {
        Ok(answer) => {
            assert_eq!(answer.body(), b"<OFX>fine");
            peer.logged("ciphersuite: ", 1).await;
            Some(Ok(peer.log()))
        }
        Err(error) => {
            assert!(matches!(error, TransportError::Tls { .. }), "{error:?}");
            assert_eq!(backend.connections(), 0, "nothing got behind TLS");
            Some(Err(not_sent(error)))
        }
    }
}

#[tokio::test]
async fn versions_meet_or_do_not() {
    let old = "sslVersionMin = TLSv1.2\nsslVersionMax = TLSv1.2";
    let new = "sslVersionMin = TLSv1.3";
    let (two, three) = (TlsVersion::Tls12, TlsVersion::Tls13);
    for (server, versions, expected) in [
        (old, vec![two, three], Some("TLSv1.2 ciphersuite")),
        (old, vec![two], Some("TLSv1.2 ciphersuite")),
        (old, vec![three], None),
        (new, vec![two, three], Some("TLSv1.3 ciphersuite")),
        (new, vec![three], Some("TLSv1.3 ciphersuite")),
        (new, vec![two], None),
        ("", vec![two], Some("TLSv1.2 ciphersuite")),
        ("", vec![three], Some("TLSv1.3 ciphersuite")),
    ] {
        let Some(result) = agreed(server, |options| options.tls_versions(&versions)).await else { return };
        match (expected, result) {
            (Some(words), Ok(log)) => assert!(log.contains(words), "{server} {versions:?}: {log}"),
            (None, Err(text)) => assert!(text.contains("no secure connection to 127.0.0.1"), "{text}"),
            (_, other) => panic!("{server} {versions:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn cipher_suites_meet_or_do_not() {
    let old = "sslVersionMax = TLSv1.2\nciphers = ECDHE-ECDSA-AES128-GCM-SHA256";
    let new = "sslVersionMin = TLSv1.3\nciphersuites = TLS_AES_128_GCM_SHA256";
    for (server, suites, expected) in [
        (old, vec!["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"], Some("ECDHE-ECDSA-AES128-GCM-SHA256")),
        (old, vec!["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"], None),
        (old, vec!["TLS_AES_128_GCM_SHA256"], None),
        (new, vec!["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"], Some("TLS_AES_128_GCM_SHA256")),
        (new, vec!["TLS_CHACHA20_POLY1305_SHA256"], None),
        ("", vec!["TLS_CHACHA20_POLY1305_SHA256"], Some("TLS_CHACHA20_POLY1305_SHA256")),
    ] {
        // A version for which no suite is left is not spoken.
        let versions: &[TlsVersion] = match suites[0].starts_with("TLS_ECDHE") {
            true => &[TlsVersion::Tls12],
            false => &[TlsVersion::Tls13],
        };
        let change = |options: HttpsOptions| options.tls_versions(versions).cipher_suites(&suites).unwrap();
        let Some(result) = agreed(server, change).await else { return };
        match (expected, result) {
            (Some(name), Ok(log)) => assert!(log.contains(&format!("ciphersuite: {name} ")), "{suites:?}: {log}"),
            (None, Err(_)) => {}
            (_, other) => panic!("{server} {suites:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn groups_meet_or_do_not() {
    let only = "sslVersionMin = TLSv1.3\ncurves = P-384";
    for (groups, expected) in [
        (vec!["secp384r1"], true),
        // The first guess is wrong, and the server asks for another.
        (vec!["X25519", "secp384r1"], true),
        (vec!["X25519", "secp256r1"], false),
    ] {
        let Some(result) = agreed(only, |options| options.key_exchange_groups(&groups).unwrap()).await else { return };
        match result {
            Ok(log) if expected => assert!(log.contains("ECDH, P-384"), "{log}"),
            Err(_) if !expected => {}
            other => panic!("{groups:?}: {other:?}"),
        }
    }
}

/// Whether OpenSSL's own client, told to accept anything, gets a connection: the server is old, and not broken.
fn openssl_connects(port: u16, options: &str) -> bool {
    let mut command = Command::new(find("openssl").unwrap());
    command.args(["s_client", "-connect", &format!("127.0.0.1:{port}"), "-brief"]).args(options.split_whitespace());
    let output = command.stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&output.stderr).contains("CONNECTION ESTABLISHED")
}

#[tokio::test]
async fn servers_that_are_too_old_are_refused_in_the_documented_words() {
    let Some(papers) = Papers::rsa() else { return };
    let any = "ALL:@SECLEVEL=0";
    for (server, client) in [
        (format!("-tls1 -cipher {any}"), format!("-tls1 -cipher {any}")),
        (format!("-tls1_1 -cipher {any}"), format!("-tls1_1 -cipher {any}")),
        // The secret is encrypted for the server's key; then with a block cipher and no authentication around it.
        ("-tls1_2 -cipher AES128-GCM-SHA256".to_owned(), format!("-tls1_2 -cipher {any}")),
        ("-tls1_2 -cipher AES128-SHA".to_owned(), format!("-tls1_2 -cipher {any}")),
        ("-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256".to_owned(), format!("-tls1_2 -cipher {any}")),
        ("-tls1_2 -cipher ECDHE-RSA-AES128-SHA".to_owned(), format!("-tls1_2 -cipher {any}")),
    ] {
        let Some(peer) = s_server(&papers, &server).start() else { return };
        assert!(openssl_connects(peer.port(), &client), "{server}: {}", peer.log());
        let options = HttpsOptions::new().add_root_pem(papers.chain.as_bytes()).unwrap().only_given_roots();
        let error = send(options, &peer.url()).await.unwrap_err();
        assert!(matches!(error, TransportError::Tls { .. }), "{server}: {error:?}");
        let text = not_sent(error);
        assert!(
            text.contains(&format!("no secure connection to {} could be agreed on", peer.address()))
                && text.contains("too old"),
            "{text}"
        );
        assert!(!peer.log().contains("POST"), "{}", peer.log());
    }
}

#[tokio::test]
async fn the_same_server_with_something_newer_is_accepted() {
    // A control of the test above: the RSA certificate is not what those servers are refused for.
    let Some(papers) = Papers::rsa() else { return };
    let Some(peer) = s_server(&papers, "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256").start() else { return };
    let trusted = HttpsOptions::new().add_root_pem(papers.chain.as_bytes()).unwrap().only_given_roots();
    let options = trusted
        .total_timeout(std::time::Duration::from_millis(500))
        .dangerous_certificates(ofx_session::transport::DangerousCertificates::accept_when(|_| true));
    // It prints what it gets and answers nothing.
    let error = send(options, &peer.url()).await.unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error:?}");
    peer.logged("POST /ofx", 1).await;
}
