//! Hosts by name in the options: whatever their spelling, they are those of the URL, and what can be none of them is refused.

use std::net::SocketAddr;

use ofx_session::transport::{Https, HttpsOptions, Proxy};
use serde_json::json;

use super::server::Server;
use super::{misuse, reply};
use crate::papers::Authority;
use crate::promises::{send, trusting};
use crate::wire::{answer, nobody};

/// What a name of somebody's own language is on the wire.
const NAMES: [&str; 4] = ["ofx.bänk.example", "OFX.BÄNK.example", "ofx.xn--bnk-qla.example", "ofx.b%C3%A4nk.example"];
const ON_THE_WIRE: &str = "ofx.xn--bnk-qla.example";

#[tokio::test]
async fn a_host_is_called_elsewhere_in_whatever_spelling() {
    let authority = Authority::new("root");
    let server = Server::tls(&authority.server_named(&[ON_THE_WIRE]), reply(&answer("<OFX>here"))).await;
    let address = SocketAddr::from(([127, 0, 0, 1], server.port()));
    for given in NAMES {
        let options = trusting(&authority).connect_to(given, ([127, 0, 0, 1], 9).into()).connect_to(given, address);
        let stored = serde_json::to_value(&options).unwrap();
        assert_eq!(stored["network"]["connect_to"], json!([[ON_THE_WIRE, address.to_string()]]), "{given}");
        // From a file, where it may be spelled otherwise again.
        let mut from_file = stored;
        from_file["network"]["connect_to"][0][0] = json!(given);
        let from_file: HttpsOptions = serde_json::from_value(from_file).unwrap();
        for called in NAMES {
            for options in [&options, &from_file] {
                let answer = send(options.clone(), &format!("https://{called}/")).await.unwrap();
                assert_eq!(answer.body(), b"<OFX>here", "{given}, {called}");
            }
        }
    }
}

/// None of these is the host of any URL.
const NO_HOSTS: [&str; 15] = [
    "ofx.bank.example:443",
    "ofx.bank.example:8443",
    "https://ofx.bank.example/",
    "ofx.bank.example/",
    "/ofx.bank.example",
    "jane@ofx.bank.example",
    "ofx.bank.example?x",
    "ofx.bank.example#x",
    "ofx.bank.example\\x",
    "ofx bank.example",
    "ofx..bank.example",
    "*.bank.example",
    "ofx.bank.example..",
    ".",
    "",
];

#[test]
fn what_is_no_host_is_refused_and_not_passed_over() {
    let elsewhere = SocketAddr::from(([127, 0, 0, 1], 9));
    for host in NO_HOSTS {
        let from_file = json!({"network": {"connect_to": [[host, "127.0.0.1:9"]]}});
        for options in [HttpsOptions::new().connect_to(host, elsewhere), serde_json::from_value(from_file).unwrap()] {
            let text = misuse(Https::new(options).unwrap_err());
            assert!(text.contains("HttpsOptions::connect_to"), "{host}: {text}");
        }
        let proxy = Proxy::http("proxy.example:1");
        let from_file = json!({"proxy": {"kind": "http", "address": "proxy.example:1", "except": [host]}});
        let options = HttpsOptions::new().proxy(proxy.except([host]));
        for options in [options, serde_json::from_value(from_file).unwrap()] {
            let text = misuse(Https::new(options).unwrap_err());
            assert!(text.contains("Proxy::except"), "{host}: {text}");
        }
    }
    for network in ["10.0.0.0/33", "10.0.0.0/+8", "10.0.0.0/08", "::/129", "10.0.0.0/", "10.0.0/8", "bank.example/8"] {
        let proxy = Proxy::http("proxy.example:1").except([network]);
        assert!(misuse(Https::new(HttpsOptions::new().proxy(proxy)).unwrap_err()).contains("Proxy::except"));
    }
    for good in ["::1", "[::1]", "::/0", "10.0.0.0/8", "10.1.2.3", "*", ".bank.example", " bank.example ", "localhost"]
    {
        let proxy = Proxy::http("proxy.example:1").except([good]);
        Https::new(HttpsOptions::new().proxy(proxy)).unwrap();
    }
    // However it is spelled, an address is one.
    for address in ["127.1", "2130706433", "0x7f.0.0.1"] {
        let text = misuse(Https::new(HttpsOptions::new().connect_to(address, elsewhere)).unwrap_err());
        assert!(text.contains("give a name"), "{address}: {text}");
    }
}

#[tokio::test]
async fn exceptions_of_a_proxy_count_in_whatever_spelling() {
    let authority = Authority::new("root");
    let server = Server::tls(&authority.server_named(&[ON_THE_WIRE]), reply(&answer("<OFX>direct"))).await;
    let address = SocketAddr::from(([127, 0, 0, 1], server.port()));
    let (_socket, nobody) = nobody();
    for exception in NAMES.into_iter().chain(["bänk.example", ".BÄNK.example", " .bänk.EXAMPLE "]) {
        let proxy = Proxy::http(&nobody).except([exception]);
        let options = trusting(&authority).connect_to(ON_THE_WIRE, address).proxy(proxy);
        let answer = send(options, &format!("https://{ON_THE_WIRE}/")).await;
        assert_eq!(answer.unwrap().body(), b"<OFX>direct", "{exception}");
    }
}

#[tokio::test]
async fn the_dot_of_the_root_makes_no_other_host() {
    let names = ["ofx.bank.example", "ofx.bank.example."];
    let authority = Authority::new("root");
    let server = Server::tls(&authority.server_named(&names[..1]), reply(&answer("<OFX>here"))).await;
    let address = SocketAddr::from(([127, 0, 0, 1], server.port()));
    let (_socket, nobody) = nobody();
    for given in names {
        let elsewhere = trusting(&authority).connect_to(given, address);
        let mut from_file = serde_json::to_value(&elsewhere).unwrap();
        assert_eq!(from_file["network"]["connect_to"][0][0], json!(names[0]));
        from_file["network"]["connect_to"][0][0] = json!(given);
        let past = |exception: &str| elsewhere.clone().proxy(Proxy::http(&nobody).except([exception]));
        let from_file = serde_json::from_value(from_file).unwrap();
        for options in [elsewhere.clone(), from_file, past(given), past(&given.replace("ofx", "")), past("example.")] {
            for called in names {
                let answer = send(options.clone(), &format!("https://{called}/")).await;
                assert_eq!(answer.unwrap().body(), b"<OFX>here", "{called}: {options:?}");
            }
        }
    }
}
