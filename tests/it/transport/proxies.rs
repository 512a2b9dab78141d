//! Addresses and logins of proxies, what is set about them in the environment, and whom they are not for.

use std::sync::{Arc, Mutex};

use ofx_session::transport::{Https, HttpsOptions, Proxy, ProxyProblem, TransportError};
use tokio::net::TcpListener;

use super::server::Server;
use super::{misuse, reply};
use crate::child::in_a_child;
use crate::papers::Authority;
use crate::promises::{not_sent, send, trusting};
use crate::wire::{answer, nobody};

#[tokio::test]
async fn hosts_in_no_proxy_are_called_directly() {
    let (_socket, nobody) = nobody();
    let proxy = format!("http://{nobody}");
    for (exceptions, direct) in [
        ("127.0.0.1", "address"),
        ("elsewhere.example, 127.0.0.0/8", "address"),
        ("bank.example,127.0.0.1", "name address"),
        (".bank.example", "name"),
        ("*", "name"),
        ("*,0.0.0.0/0", "name address"),
        ("ank.example,10.0.0.0/8,localhost", ""),
    ] {
        let set = [("HTTPS_PROXY", proxy.as_str()), ("NO_PROXY", exceptions), (DIRECT, direct)];
        if in_a_child("transport::proxies::hosts_in_no_proxy_are_called_directly", &set) {
            return calls().await;
        }
    }
}

/// Calls the same server by its name and by its address, and looks which of the two goes past the proxy.
async fn calls() {
    let direct = std::env::var(DIRECT).unwrap();
    let authority = Authority::new("root");
    for (kind, host) in [("name", "ofx.bank.example"), ("address", "127.0.0.1")] {
        let server = Server::tls(&authority.server_named(&[host]), reply(&answer("<OFX>direct"))).await;
        let url = server.url().replace("127.0.0.1", host);
        let address = server.url().split('/').nth(2).unwrap().parse().unwrap();
        let options = trusting(&authority).connect_to("ofx.bank.example", address).proxy(Proxy::from_environment());
        let result = send(options, &url).await;
        if direct.split(' ').any(|one| one == kind) {
            assert_eq!(result.unwrap().body(), b"<OFX>direct", "{kind}");
        } else {
            let error = result.unwrap_err();
            let unreachable = matches!(error, TransportError::Proxy { problem: ProxyProblem::Unreachable, .. });
            assert!(unreachable, "{kind}: {error:?}");
            not_sent(error);
            assert_eq!(server.connections(), 0);
        }
    }
}

#[test]
fn what_belongs_into_the_environment_is_not_taken_elsewhere() {
    for proxy in [Proxy::from_environment().except(["bank.example"]), Proxy::from_environment().login("app", "canary")]
    {
        let text = misuse(Https::new(HttpsOptions::new().proxy(proxy)).unwrap_err());
        assert!(text.contains("NO_PROXY") && text.contains("HTTPS_PROXY"), "{text}");
    }
}

/// Hangs up on everybody. Its port, and a count.
async fn hangs_up() -> (u16, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(0)));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            *counted.lock().unwrap() += 1;
            drop(stream);
        }
    });
    (port, count)
}

#[tokio::test]
async fn a_proxy_is_gone_through_in_whatever_spelling() {
    let authority = Authority::new("root");
    let server = Server::tls(&authority.server(), reply(&answer("<OFX>direct"))).await;
    let (port, count) = hangs_up().await;
    let makes = [Proxy::http, Proxy::socks4, Proxy::socks4a, Proxy::socks5, Proxy::socks5_remote_dns];
    let mut asked = 0;
    for make in makes {
        for (given, named) in [
            ("bücher.example", "xn--bcher-kva.example"),
            ("B%C3%BCcher.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("127.1", "127.0.0.1"),
        ] {
            let options = trusting(&authority).connect_to("bücher.example", ([127, 0, 0, 1], port).into());
            let error = send(options.proxy(make(format!("{given}:{port}"))), &server.url()).await.unwrap_err();
            let TransportError::Proxy { proxy, .. } = &error else { panic!("{given}: {error:?}") };
            assert_eq!(*proxy, format!("{named}:{port}"));
            not_sent(error);
            asked += 1;
            assert_eq!(*count.lock().unwrap(), asked, "{given}");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn an_address_that_the_http_stack_cannot_read_is_refused() {
    let makes = [Proxy::http, Proxy::https, Proxy::socks4, Proxy::socks4a, Proxy::socks5, Proxy::socks5_remote_dns];
    for make in makes {
        for address in ["a\"b.example:1", "a%25b.example:1", "a b.example:1", "::1:1", "proxy.example:+1", ":1"] {
            let text = misuse(Https::new(HttpsOptions::new().proxy(make(address))).unwrap_err());
            assert!(text.contains("host and a port"), "{address}: {text}");
        }
        for address in ["[::1]:1", "10.0.0.1:1", "my_proxy:1", "proxy.example.:443", "bücher.example:80"] {
            Https::new(HttpsOptions::new().proxy(make(address))).unwrap();
        }
    }
}

/// Which of the calls is to go past the proxy, for the process of its own.
const DIRECT: &str = "OFX_SESSION_TEST_DIRECT";
