//! Addresses and logins of proxies, what is set about them in the environment, and whom they are not for.

use std::sync::{Arc, Mutex};

use ofx_session::transport::{Addresses, Https, HttpsOptions, Proxy, ProxyProblem, Transport as _, TransportError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

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

/// A proxy of SOCKS 5 that hangs up once it was told where to connect to: what it was told is kept.
async fn hears() -> (String, Arc<Mutex<Vec<Heard>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, heard) = (listener.local_addr().unwrap().to_string(), Arc::<Mutex<Vec<_>>>::default());
    let kept = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let one = hear(&mut stream).await;
            kept.lock().unwrap().extend(one);
        }
    });
    (address, heard)
}

/// How long the login was, and the kind of what is to be connected to.
type Heard = (usize, u8);

/// RFC 1928 and RFC 1929.
async fn hear(stream: &mut TcpStream) -> std::io::Result<Heard> {
    let mut start = [0; 4];
    stream.read_exact(&mut start[..3]).await?;
    stream.write_all(&[5, 2]).await?;
    stream.read_u8().await?;
    let mut length = 0;
    for _ in 0..2 {
        let part = usize::from(stream.read_u8().await?);
        stream.read_exact(&mut vec![0; part]).await?;
        length += part;
    }
    stream.write_all(&[1, 0]).await?;
    stream.read_exact(&mut start).await?;
    Ok((length, start[3]))
}

#[tokio::test]
async fn a_login_that_a_proxy_of_socks_5_cannot_be_told_is_refused() {
    let (address, heard) = hears().await;
    let (one, other) = ("j".repeat(117), "p".repeat(117));
    for make in [Proxy::socks5, Proxy::socks5_remote_dns] {
        let long = format!("{other}p");
        for (user, password) in [("", "canary"), ("jane", ""), ("", ""), (one.as_str(), long.as_str())] {
            let proxy = make(address.clone()).login(user, password);
            let text = misuse(Https::new(HttpsOptions::new().proxy(proxy)).unwrap_err());
            assert!(text.contains("234 bytes") && text.contains("Proxy::login"), "{text}");
        }
    }
    // What is just short enough arrives, with the longest address and with a name of 15 bytes.
    let authority = Authority::new("root");
    let through = |make: fn(String) -> Proxy| {
        let options = trusting(&authority).connect_to("long.example", "[::1]:9".parse().unwrap());
        options.proxy(make(address.clone()).login(one.as_str(), other.as_str()))
    };
    send(through(Proxy::socks5), "https://long.example/").await.unwrap_err();
    send(through(Proxy::socks5_remote_dns), "https://abc.ofx.example/").await.unwrap_err();
    assert_eq!(*heard.lock().unwrap(), [(234, 4), (234, 3)]);
    let error = send(through(Proxy::socks5_remote_dns), "https://abcd.ofx.example/").await.unwrap_err();
    assert!(matches!(error, TransportError::BadUrl { .. }), "{error:?}");
    assert!(misuse(error).contains("Proxy::login"));
    assert_eq!(heard.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn options_that_were_stored_are_given_the_password_of_the_proxy() {
    let (address, heard) = hears().await;
    let stored = serde_json::to_string(&HttpsOptions::new().proxy(Proxy::socks5(address).login("jane", "canary")));
    for is_missed in [true, false] {
        let mut read: serde_json::Value = serde_json::from_str(stored.as_ref().unwrap()).unwrap();
        assert_eq!(read["proxy"]["password"], true);
        if !is_missed {
            // As in a file that somebody has written.
            read["proxy"].as_object_mut().unwrap().remove("password");
        }
        let options: HttpsOptions = serde_json::from_value(read).unwrap();
        let options = options.proxy_password("canary-2");
        assert!(!format!("{options:?}").contains("canary"), "{options:?}");
        send(options, "https://127.0.0.1:9/").await.unwrap_err();
    }
    assert_eq!(*heard.lock().unwrap(), [(12, 1), (12, 1)]);
}

#[test]
fn a_login_too_long_for_the_http_stack_is_refused() {
    let with = |length| Https::new(HttpsOptions::new().proxy(Proxy::http("x:1").login("jane", "%".repeat(length))));
    assert!(misuse(with(30_000).unwrap_err()).contains("too long"));
    with(4_000).unwrap();
}

#[tokio::test]
async fn a_proxy_of_the_environment_that_cannot_be_read_is_refused() {
    let test = "transport::proxies::a_proxy_of_the_environment_that_cannot_be_read_is_refused";
    for (set, named) in [
        (&[("HTTPS_PROXY", "htp://canary:canary@proxy:1")][..], "HTTPS_PROXY"),
        (&[("https_proxy", "http://bücher.example:1")], "https_proxy"),
        (&[("HTTPS_PROXY", ""), ("https_proxy", "http://p:1"), ("ALL_PROXY", "canary b")], "ALL_PROXY"),
        (&[("all_proxy", "http://"), ("NO_PROXY", "*")], "all_proxy"),
        (&[("HTTPS_PROXY", "http://p:1"), ("REQUEST_METHOD", "GET")], "REQUEST_METHOD"),
        (&[("HTTPS_PROXY", "htp://p:1"), ("ALL_PROXY", "http://p:1")], ""),
        (&[("HTTPS_PROXY", "p:1"), ("NO_PROXY", "*")], ""),
        (&[("HTTPS_PROXY", ""), ("https_proxy", "htp://p:1")], ""),
        (&[("HTTP_PROXY", "htp://p:1"), ("REQUEST_METHOD", "GET")], ""),
    ] {
        if in_a_child(test, &[set, &[(NAMED, named)]].concat()) {
            let named = std::env::var(NAMED).unwrap();
            let result = Https::new(HttpsOptions::new().proxy(Proxy::from_environment()));
            if named.is_empty() {
                return drop(result.unwrap());
            }
            let text = misuse(result.unwrap_err());
            return assert!(text.contains(&named) && !text.contains("canary"), "{text}");
        }
    }
}

/// The variable that is to be named, for the process of its own.
const NAMED: &str = "OFX_SESSION_TEST_NAMED";

/// Which of the calls is to go past the proxy, for the process of its own.
const DIRECT: &str = "OFX_SESSION_TEST_DIRECT";

#[test]
fn a_proxy_of_a_family_that_is_not_to_be_used_is_not_called() {
    let url = "https://ofx.bank.example/";
    let (four, six) = ("127.0.0.1:9", "[::1]:9");
    for make in [Proxy::http, Proxy::https, Proxy::socks4a, Proxy::socks5, Proxy::socks5_remote_dns] {
        let way = |which, proxy| Https::new(HttpsOptions::new().addresses(which).proxy(proxy)).unwrap().allows(url);
        for (which, other, own) in [(Addresses::OnlyIpv6, four, six), (Addresses::OnlyIpv4, six, four)] {
            let text = misuse(way(which, make(other.to_owned())).unwrap_err());
            assert!(text.contains("HttpsOptions::addresses"), "{other}: {text}");
            for proxy in
                [make(own.to_owned()), make("proxy.example:9".to_owned()), make(other.to_owned()).except(["*"])]
            {
                way(which, proxy).unwrap();
            }
        }
        way(Addresses::PreferIpv6, make(four.to_owned())).unwrap();
    }
}
