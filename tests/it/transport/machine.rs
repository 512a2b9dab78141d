//! What is found on the machine: its roots, the proxies of its environment, and a host that it does not know.

use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};

use ofx_session::transport::{
    CertificateProblem, DangerousCertificates, HttpsOptions, PresentedCertificate, Proxy, ProxyProblem, TransportError,
};

use super::server::Server;
use super::{certificate, misuse, reply};
use crate::child::in_a_child;
use crate::papers::{Authority, Papers};
use crate::promises::{not_sent, send, trusting};
use crate::wire::answer;

#[tokio::test]
async fn given_roots_add_to_those_of_the_machine() {
    let authority = Authority::new("root");
    let server = Server::tls(&authority.server(), reply(&answer("<OFX>"))).await;
    let both = format!("{}{}", Authority::new("another").pem, authority.pem);
    send(HttpsOptions::new().add_root_pem(both.as_bytes()).unwrap(), &server.url()).await.unwrap();
}

#[tokio::test]
async fn this_machines_roots_do_not_trust_a_stranger() {
    let authority = Authority::new("root");
    let options = HttpsOptions::new().add_root_pem(Authority::new("other").pem.as_bytes()).unwrap();
    let (problem, _) = certificate(&authority.server(), options).await;
    assert_eq!(problem, CertificateProblem::Untrusted);
}

#[tokio::test]
async fn the_roots_of_the_machine_are_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roots.pem");
    let set = [("SSL_CERT_FILE", file.to_str().unwrap()), ("SSL_CERT_DIR", folder.path().to_str().unwrap())];
    if !in_a_child("transport::machine::the_roots_of_the_machine_are_trusted", &set) {
        return;
    }
    let authority = Authority::new("root");
    std::fs::write(std::env::var_os("SSL_CERT_FILE").unwrap(), &authority.pem).unwrap();
    let server = Server::tls(&authority.server(), reply(&answer("<OFX>fine"))).await;
    assert_eq!(send(HttpsOptions::new(), &server.url()).await.unwrap().body(), b"<OFX>fine");
    let (problem, _) = certificate(&Authority::new("stranger").server(), HttpsOptions::new()).await;
    assert_eq!(problem, CertificateProblem::Untrusted);
}

#[tokio::test]
async fn a_proxy_or_a_host_without_an_address_gets_nothing() {
    // Longer than a label may be, so that no name server is asked. TLS would refuse it in the URL; a proxy is met first.
    let nowhere = format!("{}.invalid:80", "a".repeat(64));
    let proxy = format!("http://{nowhere}");
    if !in_a_child(
        "transport::machine::a_proxy_or_a_host_without_an_address_gets_nothing",
        &[("HTTPS_PROXY", &proxy), ("NO_PROXY", ""), ("no_proxy", "")],
    ) {
        return;
    }
    let options = trusting(&Authority::new("root")).proxy(Proxy::from_environment());
    let error = send(options, "https://bank.example/?canary").await.unwrap_err();
    assert!(matches!(error, TransportError::Proxy { problem: ProxyProblem::Unreachable, .. }), "{error:?}");
    assert!(not_sent(error).starts_with(&format!("the proxy {nowhere} ")));
}

#[tokio::test]
async fn a_machine_without_roots_needs_a_given_one() {
    let empty = tempfile::tempdir().unwrap();
    let none = empty.path().join("none");
    let set = [("SSL_CERT_FILE", none.to_str().unwrap()), ("SSL_CERT_DIR", empty.path().to_str().unwrap())];
    if !in_a_child("transport::machine::a_machine_without_roots_needs_a_given_one", &set) {
        return;
    }
    let authority = Authority::new("root");
    let server = Server::tls(&authority.server(), reply(&answer("<OFX>"))).await;
    let error = send(HttpsOptions::new(), &server.url()).await.unwrap_err();
    assert!(misuse(error).contains("add_root_pem"));
    send(HttpsOptions::new().add_root_pem(authority.pem.as_bytes()).unwrap(), &server.url()).await.unwrap();
    // A certificate that would be refused anyway does not hide it, and whoever accepts that one sees it for what it is.
    let server = Server::tls(&Papers::self_signed(), reply(&answer("<OFX>"))).await;
    let error = send(HttpsOptions::new(), &server.url()).await.unwrap_err();
    assert!(misuse(error).contains("no root certificate to trust was found"));
    let alone = |presented: &PresentedCertificate<'_>| presented.problem() == Some(CertificateProblem::SelfSigned);
    let accepting = HttpsOptions::new().dangerous_certificates(DangerousCertificates::accept_when(alone));
    send(accepting, &server.url()).await.unwrap();
}

#[tokio::test]
async fn proxies_of_the_environment_are_used_only_when_asked_for() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut head) = (stream.unwrap(), Vec::new());
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.extend(byte);
            }
            seen.lock().unwrap().push(String::from_utf8(head).unwrap());
            stream.write_all(b"HTTP/1.1 403 No\r\n\r\n").unwrap();
        }
    });
    let names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
    let nothing = [("NO_PROXY", ""), ("no_proxy", "")];
    let set: Vec<_> = names.map(|name| (name, url.as_str())).into_iter().chain(nothing).collect();
    if in_a_child("transport::machine::proxies_of_the_environment_are_used_only_when_asked_for", &set) {
        return with_a_proxy().await;
    }
    let asked = asked.lock().unwrap();
    let [head] = &asked[..] else { panic!("the proxy was asked once: {asked:?}") };
    assert!(head.starts_with("CONNECT 127.0.0.1:") && !head.contains("canary"), "{head}");
}

async fn with_a_proxy() {
    let authority = Authority::new("root");
    let options = trusting(&authority).allow_http_loopback();
    let server = Server::tls(&authority.server(), reply(&answer("<OFX>"))).await;
    send(options.clone(), &server.url()).await.unwrap();
    let options = options.proxy(Proxy::from_environment());
    let error = send(options.clone(), &server.url()).await.unwrap_err();
    assert!(matches!(error, TransportError::Proxy { problem: ProxyProblem::Refused, .. }), "{error:?}");
    assert!(not_sent(error).contains("proxy 127.0.0.1:"));
    assert_eq!(server.seen().len(), 1, "only the first went through");
    // Plain http would show the request to the proxy.
    let plain = Server::plain(reply(&answer("<OFX>"))).await;
    send(options, &plain.url()).await.unwrap();
}
