//! SOCKS proxies: microsocks (version 5, with a login) and dante (versions 4 and 5), and a recording one for 4a.

use std::sync::{Arc, Mutex};

use ofx_session::transport::{HttpsOptions, Proxy, ProxyProblem, TransportError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::backend::{Backend, Connection};
use crate::connect::LOGINS;
use crate::papers::Authority;
use crate::peer::{Peer, Recipe};
use crate::wire::nobody;
use crate::{canaries, money, not_sent, send, trusting};

/// Knows jane.
fn microsocks() -> Option<Peer> {
    LOGINS.iter().for_each(|password| canaries::note_login("jane", password));
    Recipe::new("microsocks", "-i 127.0.0.1 -p {port} -u jane -P canary-right").start()
}

/// Versions 4 and 5 for everybody on this machine; not to port 19.
fn dante() -> Option<Peer> {
    let user = "user.privileged: root\nuser.unprivileged: nobody\n";
    let root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let configuration = format!(
        "logoutput: stdout\ninternal: 127.0.0.1 port = {{port}}\nexternal: 127.0.0.1\n{}clientmethod: none\nsocksmethod: none\n\
         client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 log: error }}\n\
         socks block {{ from: 0.0.0.0/0 to: 0.0.0.0/0 port = 19 log: connect error }}\n\
         socks pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 log: connect error }}\n",
        if root { user } else { "" }
    );
    Recipe::new("danted", "-f {folder}/conf -p {folder}/pid -N 1").file("conf", configuration).start()
}

/// What a request of SOCKS 4 said.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    address: [u8; 4],
    name: Option<String>,
}

/// A proxy of SOCKS 4 and 4a, for which there is no program that tells what it was asked.
fn recorder() -> (Backend, Arc<Mutex<Vec<Asked>>>) {
    let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
    let kept = Arc::clone(&asked);
    let backend = Backend::new(move |connection| pass_on(connection, Arc::clone(&kept)));
    (backend, asked)
}

async fn pass_on(mut connection: Connection, asked: Arc<Mutex<Vec<Asked>>>) {
    let mut head = [0; 8];
    if connection.stream.read_exact(&mut head).await.is_err() {
        return;
    }
    let [4, 1, high, low, address @ ..] = head else { panic!("no CONNECT of version 4: {head:?}") };
    text(&mut connection.stream).await;
    let is_name = address[..3] == [0, 0, 0] && address[3] != 0;
    let name = if is_name { Some(text(&mut connection.stream).await) } else { None };
    asked.lock().unwrap().push(Asked { address, name });
    let mut target = TcpStream::connect(("127.0.0.1", u16::from_be_bytes([high, low]))).await.unwrap();
    connection.stream.write_all(&[0, 0x5a, 0, 0, 0, 0, 0, 0]).await.unwrap();
    let _ = tokio::io::copy_bidirectional(&mut connection.stream, &mut target).await;
}

async fn text(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        match stream.read_u8().await.unwrap() {
            0 => return String::from_utf8(bytes).unwrap(),
            byte => bytes.push(byte),
        }
    }
}

/// The problem with a proxy on the way to `url`, and the text about it.
async fn problem(proxy: Proxy, url: &str) -> (ProxyProblem, String) {
    let error = send(trusting(&Authority::new("root")).proxy(proxy), url).await.unwrap_err();
    let TransportError::Proxy { problem, .. } = error else { panic!("{error:?}") };
    (problem, not_sent(error))
}

#[tokio::test]
async fn a_bill_is_paid_through_microsocks_which_hears_the_address_or_the_name() {
    let Some(peer) = microsocks() else { return };
    let bank = money::bank();
    let login = |proxy: Proxy| proxy.login("jane", "canary-right");
    let named = bank.url().replace("127.0.0.1", "localhost");
    let options = || HttpsOptions::addresses(money::trusting(&bank), ofx_session::transport::Addresses::OnlyIpv4);
    let here = login(Proxy::socks5(peer.address()));
    money::pay(&bank, &named, options().proxy(here)).await;
    peer.logged("connected to 127.0.0.1:", 1).await;
    assert!(!peer.log().contains("connected to localhost:"), "{}", peer.log());
    let there = login(Proxy::socks5_remote_dns(peer.address()));
    money::pay(&bank, &named, options().proxy(there)).await;
    peer.logged("connected to localhost:", 1).await;
}

#[tokio::test]
async fn a_bill_is_paid_through_dante_by_either_version() {
    let Some(peer) = dante() else { return };
    let bank = money::bank();
    for (proxy, times) in [(Proxy::socks4(peer.address()), 1), (Proxy::socks5(peer.address()), 2)] {
        money::pay(&bank, bank.url(), money::trusting(&bank).proxy(proxy)).await;
        peer.logged("pass(2): tcp/connect", times).await;
    }
}

#[tokio::test]
async fn version_4a_sends_the_name_and_version_4_the_address() {
    let bank = money::bank();
    let named = bank.url().replace("127.0.0.1", "localhost");
    let (proxy, asked) = recorder();
    let address = format!("127.0.0.1:{}", proxy.port());
    money::pay(&bank, &named, money::trusting(&bank).proxy(Proxy::socks4(&address))).await;
    let first = asked.lock().unwrap().clone();
    assert_eq!(first[0], Asked { address: [127, 0, 0, 1], name: None });
    money::pay(&bank, &named, money::trusting(&bank).proxy(Proxy::socks4a(&address))).await;
    let second = asked.lock().unwrap()[first.len()].clone();
    assert_eq!(second.name.as_deref(), Some("localhost"));
}

#[tokio::test]
async fn an_address_to_connect_to_is_told_to_a_proxy_that_is_told_addresses() {
    let hangs_up = Backend::new(|_| std::future::ready(()));
    let url = format!("https://ofx.bank.example:{}/?canary", hangs_up.port());
    let elsewhere = ([127, 0, 0, 2], 9).into();
    let through = |proxy| trusting(&Authority::new("root")).connect_to("ofx.bank.example", elsewhere).proxy(proxy);
    let (proxy, asked) = recorder();
    let address = format!("127.0.0.1:{}", proxy.port());
    for proxy in [Proxy::socks4(&address), Proxy::socks4a(&address)] {
        let error = send(through(proxy), &url).await.unwrap_err();
        // The proxy did what it was asked for.
        assert!(matches!(error, TransportError::Connect { .. }), "{error:?}");
        not_sent(error);
    }
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked[0], Asked { address: [127, 0, 0, 2], name: None });
    assert_eq!((asked.len(), asked[1].name.as_deref()), (2, Some("ofx.bank.example")));
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&heads);
    let proxy = Backend::new(move |mut connection| {
        let kept = Arc::clone(&kept);
        async move {
            let head = connection.read_head().await;
            kept.lock().unwrap().push(head);
        }
    });
    send(through(Proxy::http(format!("127.0.0.1:{}", proxy.port()))), &url).await.unwrap_err();
    let [head] = &heads.lock().unwrap()[..] else { panic!("one was asked for") };
    assert!(head.starts_with("CONNECT ofx.bank.example:"), "{head}");
}

#[tokio::test]
async fn a_login_that_is_wrong_or_missing_is_told() {
    let Some(peer) = microsocks() else { return };
    let target = Backend::answering("<OFX>");
    let url = format!("https://127.0.0.1:{}/?canary", target.port());
    let address = peer.address();
    for make in [Proxy::socks5, Proxy::socks5_remote_dns] {
        for proxy in [make(address.clone()), make(address.clone()).login("jane", "canary-wrong")] {
            let (found, text) = problem(proxy, &url).await;
            assert_eq!(found, ProxyProblem::Login, "{text}");
            assert!(text.contains(&address), "{text}");
        }
    }
    assert_eq!(target.connections(), 0);
}

#[tokio::test]
async fn a_login_for_a_proxy_that_knows_none_is_told() {
    // Whoever gives a login wants it to be asked for: the proxy is offered nothing less.
    let Some(peer) = dante() else { return };
    let proxy = Proxy::socks5(peer.address()).login("jane", "canary-right");
    let (found, text) = problem(proxy, "https://127.0.0.1:9/?canary").await;
    assert_eq!(found, ProxyProblem::Login, "{text}");
    peer.logged("client offered no acceptable authentication method", 1).await;
}

#[tokio::test]
async fn a_proxy_that_is_not_there_or_does_not_let_us_through_is_told() {
    let (_socket, nobody) = nobody();
    let closed = format!("https://{nobody}/?canary");
    for make in [Proxy::socks4, Proxy::socks4a, Proxy::socks5, Proxy::socks5_remote_dns] {
        let (found, text) = problem(make(nobody.clone()), "https://127.0.0.1:9/?canary").await;
        assert_eq!(found, ProxyProblem::Unreachable, "{text}");
        assert!(text.contains(&nobody), "{text}");
    }
    let Some(peer) = dante() else { return };
    for make in [Proxy::socks4, Proxy::socks5, Proxy::socks5_remote_dns] {
        let (found, text) = problem(make(peer.address()), &closed).await;
        assert_eq!(found, ProxyProblem::Refused, "{text}");
        let (found, text) = problem(make(peer.address()), "https://127.0.0.1:19/?canary").await;
        assert_eq!(found, ProxyProblem::Refused, "{text}");
    }
    peer.logged("block(1): tcp/connect", 3).await;
    let Some(peer) = microsocks() else { return };
    let (found, text) = problem(Proxy::socks5(peer.address()).login("jane", "canary-right"), &closed).await;
    assert_eq!(found, ProxyProblem::Refused, "{text}");
}

#[tokio::test]
async fn a_silent_proxy_takes_no_longer_than_connecting_may() {
    let silent = Backend::new(|connection| connection.linger());
    let options = trusting(&Authority::new("root")).connect_timeout(std::time::Duration::from_millis(300));
    let address = format!("127.0.0.1:{}", silent.port());
    for make in [Proxy::socks4, Proxy::socks4a, Proxy::socks5, Proxy::socks5_remote_dns] {
        let error =
            send(options.clone().proxy(make(address.clone())), "https://127.0.0.1:9/?canary").await.unwrap_err();
        assert!(matches!(error, TransportError::ConnectTimeout { .. }), "{error:?}");
        let text = not_sent(error);
        assert!(text.contains(&format!("through the proxy {address} was not ready")), "{text}");
    }
}
