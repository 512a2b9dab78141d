//! TLS sessions that are resumed or not, keys that are logged or not, and names that are told or not.

use std::time::Duration;

use ofx_session::transport::{Https, HttpsOptions, KeepAlive, Request, TlsVersion, Transport as _, TransportError};

use crate::backend::Backend;
use crate::child::in_a_child;
use crate::papers::Authority;
use crate::peer::{nginx, nginx_of, s_server, stunnel};
use crate::{BODY, send, trusting};

#[tokio::test]
async fn a_session_is_resumed_unless_that_is_off() {
    let authority = Authority::new("root");
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        for resumes in [true, false] {
            let backend = Backend::answering("<OFX>fine");
            let Some(peer) = stunnel(&authority.server(), backend.port(), "").start() else { return };
            let options = trusting(&authority).tls_versions(&[version]).keep_alive(KeepAlive::Never);
            let https = Https::new(options.tls_resumption(resumes)).unwrap();
            for _ in 0..3 {
                https.send(Request::new(peer.url(), BODY.to_vec())).await.unwrap();
            }
            assert_eq!(backend.connections(), 3);
            let lines = peer.logged("TLS accepted: ", 3).await;
            let again = lines.iter().filter(|line| line.contains("previous session reused")).count();
            assert_eq!(again, if resumes { 2 } else { 0 }, "{version:?}: {lines:?}");
        }
    }
}

#[tokio::test]
async fn a_session_belongs_to_one_transport() {
    let authority = Authority::new("root");
    let backend = Backend::answering("<OFX>fine");
    let Some(peer) = stunnel(&authority.server(), backend.port(), "").start() else { return };
    for _ in 0..2 {
        send(trusting(&authority), &peer.url()).await.unwrap();
    }
    let lines = peer.logged("TLS accepted: ", 2).await;
    assert!(lines.iter().all(|line| line.contains("new session")), "{lines:?}");
}

#[tokio::test]
async fn keys_are_logged_only_when_asked_for_and_are_those_of_the_connection() {
    let folder = tempfile::tempdir().unwrap();
    let (asked, environment) = (folder.path().join("asked"), folder.path().join("environment"));
    let set = [("SSLKEYLOGFILE", environment.to_str().unwrap())];
    if !in_a_child("sessions::keys_are_logged_only_when_asked_for_and_are_those_of_the_connection", &set) {
        assert!(!environment.exists(), "the environment alone logs nothing");
        return;
    }
    let authority = Authority::new("root");
    let Some(peer) = s_server(&authority.server(), "-keylogfile {folder}/keys").start() else { return };
    // It prints what it gets and answers nothing.
    let options = trusting(&authority).total_timeout(Duration::from_millis(500));
    let error = send(options.clone(), &peer.url()).await.unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error:?}");
    assert!(!asked.exists());
    let error = send(options.log_tls_keys_to(&asked), &peer.url()).await.unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error:?}");
    let ours = std::fs::read_to_string(&asked).unwrap();
    let theirs = peer.file("keys");
    for label in ["CLIENT_HANDSHAKE_TRAFFIC_SECRET ", "CLIENT_TRAFFIC_SECRET_0 ", "SERVER_TRAFFIC_SECRET_0 "] {
        let line = ours.lines().find(|line| line.starts_with(label)).unwrap();
        assert!(theirs.lines().any(|other| other.eq_ignore_ascii_case(line)), "{label}: the server has another key");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&asked).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn the_server_is_told_the_name_unless_that_is_off() {
    let authority = Authority::new("root");
    let papers = authority.server_named(&["ofx.bank.example", "localhost", "127.0.0.1"]);
    let inside = "location / { return 200 \"<OFX>[$ssl_server_name] [$host]\"; }";
    let Some(peer) = nginx(&papers, "", inside).start() else { return };
    let address = peer.address().parse().unwrap();
    let options = || trusting(&authority).connect_to("ofx.bank.example", address);
    let url = format!("https://ofx.bank.example:{}/ofx", peer.port());
    let said = |answer: ofx_session::transport::Response| String::from_utf8(answer.body().to_vec()).unwrap();
    let told = said(send(options(), &url).await.unwrap());
    assert_eq!(told, "<OFX>[ofx.bank.example] [ofx.bank.example]");
    let told = said(send(options().send_sni(false), &url).await.unwrap());
    assert_eq!(told, "<OFX>[] [ofx.bank.example]");
    let told = said(send(options(), &peer.url()).await.unwrap());
    assert_eq!(told, "<OFX>[] [127.0.0.1]", "an address is no name");
    // What the certificate must be for is not what the server is told.
    let told = said(send(options().certificate_name("localhost").unwrap(), &url).await.unwrap());
    assert_eq!(told, "<OFX>[ofx.bank.example] [ofx.bank.example]");
}

#[tokio::test]
async fn the_name_chooses_among_servers_on_one_port() {
    let authority = Authority::new("root");
    let server = |name: &str, file: &str| {
        format!(
            "server {{ listen 127.0.0.1:{{port}} ssl; server_name {name}; ssl_certificate {file}.pem; ssl_certificate_key {file}.key;\n\
             location / {{ return 200 \"<OFX>{file}\"; }} }}\n"
        )
    };
    let servers = server("first.example", "first") + &server("second.example", "second");
    let recipe = nginx_of(&servers)
        .papers("first", &authority.server_named(&["first.example"]))
        .papers("second", &authority.server_named(&["second.example"]));
    let Some(peer) = recipe.start() else { return };
    let address = peer.address().parse().unwrap();
    let options = || -> HttpsOptions {
        trusting(&authority).connect_to("first.example", address).connect_to("second.example", address)
    };
    for name in ["first", "second"] {
        let url = format!("https://{name}.example:{}/", peer.port());
        assert_eq!(send(options(), &url).await.unwrap().body(), format!("<OFX>{name}").as_bytes());
    }
    // Without the name the server shows its first certificate, which is not the second's.
    let url = format!("https://second.example:{}/", peer.port());
    let error = send(options().send_sni(false), &url).await.unwrap_err();
    assert!(matches!(error, TransportError::Certificate { .. }), "{error:?}");
}
