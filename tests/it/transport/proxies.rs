//! What is set in the environment about proxies, and whom they are not for.

use ofx_session::transport::{Https, HttpsOptions, Proxy, ProxyProblem, TransportError};

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

/// Which of the calls is to go past the proxy, for the process of its own.
const DIRECT: &str = "OFX_SESSION_TEST_DIRECT";
