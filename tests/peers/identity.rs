//! Servers that want to know who calls: a client certificate, by either version of TLS.

use ofx_session::transport::{HttpsOptions, TransportError};

use crate::backend::Backend;
use crate::papers::{Authority, Papers};
use crate::peer::{Recipe, nginx, stunnel};
use crate::{not_sent, send, trusting, unknown};

/// The last version of TLS that is spoken.
const VERSIONS: [&str; 2] = ["TLSv1.2", "TLSv1.3"];

/// A server that accepts those whom `clients` has signed.
fn asking(papers: &Papers, clients: &Authority, backend: u16, version: &str) -> Recipe {
    let options = format!("sslVersionMax = {version}\nCAfile = {{folder}}/clients.pem\nverifyChain = yes\n");
    stunnel(papers, backend, &options).file("clients.pem", &clients.pem)
}

fn showing(options: HttpsOptions, papers: &Papers) -> HttpsOptions {
    options.client_certificate_pem(papers.chain.as_bytes(), papers.key.as_bytes()).unwrap()
}

#[tokio::test]
async fn the_right_certificate_opens_the_door() {
    let (authority, clients) = (Authority::new("root"), Authority::new("clients"));
    for version in VERSIONS {
        let backend = Backend::answering("<OFX>fine");
        let Some(peer) = asking(&authority.server(), &clients, backend.port(), version).start() else { return };
        let options = showing(trusting(&authority), &clients.client("jane"));
        assert_eq!(send(options, &peer.url()).await.unwrap().body(), b"<OFX>fine", "{version}");
        peer.logged(version, 1).await;
        peer.logged("Certificate accepted at depth=0", 1).await;
    }
}

#[tokio::test]
async fn none_or_a_wrong_one_is_refused_and_nothing_gets_through() {
    let (authority, clients) = (Authority::new("root"), Authority::new("clients"));
    for version in VERSIONS {
        let backend = Backend::answering("<OFX>");
        let Some(peer) = asking(&authority.server(), &clients, backend.port(), version).start() else { return };
        let none = trusting(&authority);
        let wrong = showing(trusting(&authority), &Authority::new("strangers").client("jane"));
        for options in [none, wrong] {
            let error = send(options, &peer.url()).await.unwrap_err();
            assert!(matches!(error, TransportError::ClientCertificate { .. }), "{version}: {error:?}");
            let text = not_sent(error);
            assert!(text.contains("127.0.0.1") && text.contains("client_certificate_pem"), "{text}");
        }
        assert_eq!(backend.connections(), 0);
    }
}

#[tokio::test]
async fn nginx_reads_the_request_before_it_asks_who_sent_it() {
    let (authority, clients) = (Authority::new("root"), Authority::new("clients"));
    let inside = "ssl_client_certificate clients.pem; ssl_verify_client on;\n\
                  location / { return 200 \"<OFX>$ssl_client_s_dn\"; }";
    let Some(peer) = nginx(&authority.server(), "", inside).file("clients.pem", &clients.pem).start() else { return };
    let error = send(trusting(&authority), &peer.url()).await.unwrap_err();
    assert!(matches!(error, TransportError::Status { code: 400 }), "{error:?}");
    unknown(error);
    let answer = send(showing(trusting(&authority), &clients.client("jane")), &peer.url()).await.unwrap();
    assert_eq!(answer.body(), b"<OFX>CN=a server");
}

#[cfg(feature = "pkcs12")]
#[tokio::test]
async fn a_file_of_pkcs12_holds_the_same() {
    let (authority, clients) = (Authority::new("root"), Authority::new("clients"));
    let backend = Backend::answering("<OFX>fine");
    let Some(peer) = asking(&authority.server(), &clients, backend.port(), "TLSv1.3").start() else { return };
    let papers = clients.client("jane");
    // The second is how files were made until OpenSSL 3, and how some systems still export them.
    let old = ["-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"];
    for how in [&[][..], &old[..]] {
        let Some(file) = papers.pkcs12("canary-password", how) else { return };
        let options = trusting(&authority).client_certificate_pkcs12(&file, "canary-password").unwrap();
        assert!(!format!("{options:?}").contains("canary"));
        assert_eq!(send(options, &peer.url()).await.unwrap().body(), b"<OFX>fine", "{how:?}");
        for wrong in ["canary-other", ""] {
            let error = trusting(&authority).client_certificate_pkcs12(&file, wrong).unwrap_err();
            assert!(matches!(error, TransportError::BadOptions { .. }), "{error:?}");
            let text = format!("{error} {error:?}");
            assert!(text.contains("password") && !text.contains("canary"), "{text}");
        }
    }
    assert_eq!(backend.seen().len(), 2);
}

#[tokio::test]
async fn a_key_that_is_of_another_certificate_is_found_out_before() {
    let clients = Authority::new("clients");
    let (one, other) = (clients.client("jane"), clients.client("joe"));
    let options = trusting(&clients).client_certificate_pem(one.chain.as_bytes(), other.key.as_bytes()).unwrap();
    let error = ofx_session::transport::Https::new(options).unwrap_err();
    assert!(matches!(error, TransportError::BadOptions { .. }), "{error:?}");
}
