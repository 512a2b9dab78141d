//! HTTP proxies by `CONNECT`: tinyproxy and squid, with and without a login.

use std::net::SocketAddr;

use crate::backend::Backend;
use crate::papers::Authority;
use crate::peer::{Peer, Recipe, stunnel};
use crate::programs::find;
use crate::wire::nobody;
use crate::{canaries, money, not_sent, send, trusting};
use ofx_session::transport::{CertificateProblem, Proxy, ProxyProblem, TransportError};

/// The right password of a proxy and the wrong one: never seen anywhere.
pub(crate) const LOGINS: [&str; 2] = ["canary-right", "canary-wrong"];

/// Knows jane, and lets nobody through to what has "refused" in its name.
fn tinyproxy() -> Option<Peer> {
    LOGINS.iter().for_each(|password| canaries::note_login("jane", password));
    let configuration = "Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nLogLevel Connect\nDisableViaHeader Yes\n\
                         BasicAuth jane canary-right\nFilter \"{folder}/filter\"\nFilterDefaultDeny No\n";
    Recipe::new("tinyproxy", "-d -c {folder}/conf").file("conf", configuration).file("filter", "refused\n").start()
}

/// Knows jane, and lets nobody through to port 19.
fn squid() -> Option<Peer> {
    LOGINS.iter().for_each(|password| canaries::note_login("jane", password));
    let helper = find("../lib/squid/basic_ncsa_auth").map(|path| path.display().to_string()).unwrap_or_default();
    let configuration = format!(
        "http_port 127.0.0.1:{{port}}\npid_filename none\ncache_log {{folder}}/cache.log\ncache deny all\n\
         access_log stdio:{{folder}}/access.log\ncoredump_dir {{folder}}\nshutdown_lifetime 0 seconds\nnetdb_filename none\npinger_enable off\n\
         auth_param basic program {helper} {{folder}}/users\nauth_param basic children 1 startup=1 idle=1\n\
         acl known proxy_auth REQUIRED\nacl closed port 19\nhttp_access deny closed\nhttp_access allow known\nhttp_access deny all\n"
    );
    // The MD5 of "canary-right" as Apache makes it, with the salt "01234567".
    let users = format!("jane:{}\n", "$apr1$01234567$0n.ukqJ5yHN8.pvDlUgUf0");
    // Its memory, which outlives it unless it ends by itself, goes by the name of the service.
    let recipe = Recipe::new("squid", "-N -n ofx{port} -f {folder}/conf").asked_to_end().writer("proxy");
    recipe.file("conf", configuration).file("users", users).start()
}

fn through(peer: &Peer) -> Proxy {
    Proxy::http(peer.address()).login("jane", "canary-right")
}

/// The problem with a proxy on the way to a server that nothing may reach, and the text about it.
async fn problem(proxy: Proxy) -> (ProxyProblem, String) {
    let backend = Backend::answering("<OFX>");
    let url = format!("https://127.0.0.1:{}/?canary", backend.port());
    let found = problem_at(proxy, &url).await;
    assert_eq!(backend.connections(), 0);
    found
}

async fn problem_at(proxy: Proxy, url: &str) -> (ProxyProblem, String) {
    let error = send(trusting(&Authority::new("root")).proxy(proxy), url).await.unwrap_err();
    let TransportError::Proxy { problem, .. } = error else { panic!("{error:?}") };
    (problem, not_sent(error))
}

#[tokio::test]
async fn a_bill_is_paid_through_tinyproxy() {
    let Some(peer) = tinyproxy() else { return };
    let bank = money::bank();
    money::pay(&bank, bank.url(), money::trusting(&bank).proxy(through(&peer))).await;
    // The profile and the payment, each over a connection of its own or not: at least one went this way.
    peer.logged("Established connection to host \"127.0.0.1\"", 1).await;
    assert!(!peer.log().contains("canary") && !peer.log().contains("OFX"), "{}", peer.log());
}

#[tokio::test]
async fn a_bill_is_paid_through_squid_which_hears_the_name() {
    let Some(peer) = squid() else { return };
    let bank = money::bank();
    let url = bank.url().replace("127.0.0.1", "localhost");
    // The profile names the address the institution knows itself by; what counts is the first.
    money::pay(&bank, &url, money::trusting(&bank).proxy(through(&peer))).await;
    peer.written("access.log", "CONNECT localhost:", 1).await;
    peer.written("access.log", " jane ", 1).await;
}

#[tokio::test]
async fn a_proxy_that_wants_a_login_says_so() {
    let Some(peer) = squid() else { return };
    let none = problem(Proxy::http(peer.address())).await;
    let wrong = problem(Proxy::http(peer.address()).login("jane", "canary-wrong")).await;
    for (found, text) in [none, wrong] {
        assert_eq!(found, ProxyProblem::Login, "{text}");
        assert!(text.contains(&peer.address()) && text.contains("login"), "{text}");
    }
    assert_eq!(peer.written("access.log", "TCP_DENIED/407", 2).await.len(), 2, "each was sent once");
}

#[tokio::test]
async fn tinyproxy_tells_a_missing_login_from_a_wrong_one() {
    let Some(peer) = tinyproxy() else { return };
    let (found, text) = problem(Proxy::http(peer.address())).await;
    assert_eq!(found, ProxyProblem::Login, "{text}");
    // It answers 401 in place of 407, and the HTTP stack does not tell which refusal it was: the text leaves both open.
    let (found, text) = problem(Proxy::http(peer.address()).login("jane", "canary-wrong")).await;
    assert_eq!(found, ProxyProblem::Refused, "{text}");
    assert!(text.contains("login"), "{text}");
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let (_socket, address) = nobody();
    for proxy in [Proxy::http(&address), Proxy::https(&address)] {
        let (found, text) = problem(proxy).await;
        assert_eq!(found, ProxyProblem::Unreachable, "{text}");
        assert!(text.contains(&address), "{text}");
    }
}

#[tokio::test]
async fn a_proxy_that_does_not_let_us_through_refuses() {
    let Some(peer) = tinyproxy() else { return };
    let (found, text) = problem_at(through(&peer), "https://refused.example/?canary").await;
    assert_eq!(found, ProxyProblem::Refused, "{text}");
    peer.logged("Proxying refused on filtered domain \"refused.example\"", 1).await;
    let Some(peer) = squid() else { return };
    let (found, text) = problem_at(through(&peer), "https://127.0.0.1:19/?canary").await;
    assert_eq!(found, ProxyProblem::Refused, "{text}");
    peer.written("access.log", "TCP_DENIED/403", 1).await;
}

#[tokio::test]
async fn a_proxy_that_finds_nobody_behind_it_refuses() {
    let (_socket, nobody) = nobody();
    let url = format!("https://{nobody}/?canary");
    for peer in [tinyproxy(), squid()] {
        let Some(peer) = peer else { return };
        let (found, text) = problem_at(through(&peer), &url).await;
        assert_eq!(found, ProxyProblem::Refused, "{text}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_silent_takes_no_longer_than_connecting_may() {
    let silent = Backend::new(|connection| connection.linger());
    let options = trusting(&Authority::new("root")).connect_timeout(std::time::Duration::from_millis(300));
    let address = format!("127.0.0.1:{}", silent.port());
    let options = options.proxy(Proxy::http(address.as_str()));
    let error = send(options, "https://127.0.0.1:9/?canary").await.unwrap_err();
    assert!(matches!(error, TransportError::ConnectTimeout { .. }), "{error:?}");
    let text = not_sent(error);
    assert!(text.contains(&format!("through the proxy {address} was not ready")), "{text}");
}

#[tokio::test]
async fn what_is_no_proxy_refuses() {
    for words in ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nX: y", "\x16\x03\x01"] {
        let other = Backend::new(move |mut connection| async move {
            connection.read_head().await;
            let _ = connection.write(words.as_bytes()).await;
        });
        let (found, text) = problem(Proxy::http(format!("127.0.0.1:{}", other.port()))).await;
        assert_eq!(found, ProxyProblem::Refused, "{words:?}: {text}");
    }
    // One that hangs up when it hears TLS is not taken for the institution, which was not connected.
    let other = Backend::new(|_| std::future::ready(()));
    let (found, text) = problem(Proxy::https(format!("127.0.0.1:{}", other.port()))).await;
    assert_eq!(found, ProxyProblem::Unreachable, "{text}");
}

#[tokio::test]
async fn exceptions_go_past_the_proxy() {
    let authority = Authority::new("root");
    let backend = Backend::answering("<OFX>direct");
    let papers = authority.server_named(&["127.0.0.1", "localhost", "ofx.bank.example"]);
    let Some(peer) = stunnel(&papers, backend.port(), "").start() else { return };
    let (_socket, nobody) = nobody();
    let address: SocketAddr = peer.address().parse().unwrap();
    let options = |proxy: Proxy| trusting(&authority).connect_to("ofx.bank.example", address).proxy(proxy);
    let bank = format!("https://ofx.bank.example:{}/", peer.port());
    for make in [Proxy::http, Proxy::https, Proxy::socks4, Proxy::socks4a, Proxy::socks5, Proxy::socks5_remote_dns] {
        let nobody = || make(nobody.clone());
        for (url, exception) in [
            (peer.url(), "127.0.0.1"),
            (peer.url(), "127.0.0.0/8"),
            (peer.url(), "0.0.0.0/0"),
            (peer.named_url(), "localhost"),
            (bank.clone(), "ofx.bank.example"),
            (bank.clone(), "bank.example"),
            (bank.clone(), ".bank.example"),
            (bank.clone(), "*"),
        ] {
            let answer = send(options(nobody().except(["elsewhere.example", exception])), &url).await;
            assert_eq!(answer.unwrap().body(), b"<OFX>direct", "{exception} {:?}", nobody());
        }
        let before = backend.connections();
        for (url, exception) in [
            (peer.url(), "localhost"),
            (peer.url(), "10.0.0.0/8"),
            (peer.url(), "*"),
            (bank.clone(), "ank.example"),
            (bank.clone(), "x.ofx.bank.example"),
        ] {
            let error = send(options(nobody().except([exception])), &url).await.unwrap_err();
            let unreachable = matches!(error, TransportError::Proxy { problem: ProxyProblem::Unreachable, .. });
            assert!(unreachable, "{exception} {:?}: {error:?}", nobody());
        }
        assert_eq!(backend.connections(), before);
    }
}

#[tokio::test]
async fn the_way_to_a_proxy_can_be_private() {
    let Some(inner) = tinyproxy() else { return };
    let authority = Authority::new("of the proxy");
    let Some(outer) = stunnel(&authority.server(), inner.port(), "").start() else { return };
    let bank = money::bank();
    let options = money::trusting(&bank).add_root_pem(authority.pem.as_bytes()).unwrap();
    let proxy = || Proxy::https(outer.address()).login("jane", "canary-right");
    money::pay(&bank, bank.url(), options.proxy(proxy())).await;
    inner.logged("Established connection", 1).await;
    // A proxy that nobody vouches for gets neither the login nor anything else, and it is the proxy that is named.
    let before = inner.log();
    let error = send(money::trusting(&bank).proxy(proxy()), bank.url()).await.unwrap_err();
    assert!(matches!(error, TransportError::Certificate { problem: CertificateProblem::Untrusted, .. }), "{error:?}");
    let text = not_sent(error);
    assert!(text.contains(&format!("certificate of {} ", outer.address())), "{text}");
    assert_eq!(inner.log(), before);
}

#[tokio::test]
async fn the_login_is_for_the_proxy_alone() {
    let authority = Authority::new("root");
    let Some(proxy) = tinyproxy() else { return };
    let backend = Backend::answering("<OFX>");
    let Some(peer) = stunnel(&authority.server(), backend.port(), "").start() else { return };
    let options = trusting(&authority).proxy(through(&proxy));
    assert!(!format!("{options:?}").contains("canary"), "{options:?}");
    send(options, &peer.url()).await.unwrap();
    let [seen] = &backend.seen()[..] else { panic!("one request") };
    assert_eq!(seen.header("proxy-authorization"), None);
    assert_eq!(seen.header("authorization"), None);
}

#[tokio::test]
async fn an_address_of_ipv6_is_not_called_through_a_proxy() {
    let proxy = Backend::answering("<OFX>");
    let address = format!("127.0.0.1:{}", proxy.port());
    for make in [Proxy::http, Proxy::socks4, Proxy::socks4a, Proxy::socks5, Proxy::socks5_remote_dns] {
        let options = trusting(&Authority::new("root")).proxy(make(address.clone()));
        let error = send(options.clone(), "https://[::1]:9/?canary").await.unwrap_err();
        assert!(matches!(error, TransportError::BadUrl { .. }), "{error:?}");
        assert!(error.to_string().contains("host name"), "{error}");
        // Past the proxy it is called.
        let past = options.proxy(make(address.clone()).except(["::1"]));
        let error = send(past, "https://[::1]:9/?canary").await.unwrap_err();
        assert!(matches!(error, TransportError::Connect { .. }), "{error:?}");
    }
    assert_eq!(proxy.connections(), 0);
}
