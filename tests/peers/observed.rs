//! What an observer is told of a connection by name, through a proxy, by either version of TLS, and of one that does not come about.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ofx_session::transport::{
    Event, Https, HttpsOptions, KeepAlive, Observer, Proxy, Request, TlsVersion, Transport as _, TransportError,
};
use tokio::net::TcpStream;

use crate::backend::Backend;
use crate::papers::Authority;
use crate::peer::{Recipe, stunnel};
use crate::wire::nobody;
use crate::{BODY, trusting};

/// Remembers what it is told, in a few words.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Observer for Told {
    fn event(&self, event: &Event<'_>) {
        let line = match event {
            Event::Resolving { host, .. } => format!("resolving {host}"),
            Event::Connected { host, .. } => format!("connected to {host}"),
            Event::ProxyConnected { host, proxy, .. } => format!("connected to {host} by {proxy}"),
            Event::TlsEstablished { host, version, suite, peer, .. } => {
                let subject = peer.map_or("nobody", |peer| &peer.subject);
                format!("{version} with {host}, {suite}, {subject}")
            }
            Event::RequestSent { bytes, .. } => format!("sent {bytes}"),
            Event::ResponseHead { status, .. } => format!("status {status}"),
            Event::BodyReceived { bytes, .. } => format!("received {bytes}"),
            Event::Closed { host, .. } => format!("closed {host}"),
            other => format!("{other:?}"),
        };
        self.0.lock().unwrap().push(line);
    }
}

impl Told {
    /// Sends one request, and hands out what was told of it until the connection was over.
    async fn of(&self, https: &Https, url: &str) -> Vec<String> {
        let observer: Arc<dyn Observer> = Arc::new(self.clone());
        https.send(Request::new(url, BODY.to_vec()).observed_by(Some(observer))).await.unwrap();
        let end = Instant::now() + Duration::from_secs(10);
        while !self.0.lock().unwrap().last().is_some_and(|line| line.starts_with("closed ")) {
            assert!(Instant::now() < end, "it is not over: {:?}", self.0.lock().unwrap());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// What is told of one request that is answered.
async fn told(options: HttpsOptions, url: &str) -> Vec<String> {
    Told::default().of(&Https::new(options).unwrap(), url).await
}

/// The failure of a request, and what was told of it but the end of a connection.
async fn failure(options: HttpsOptions, url: &str) -> (TransportError, Vec<String>) {
    let told = Told::default();
    let observer: Arc<dyn Observer> = Arc::new(told.clone());
    let request = Request::new(url, BODY.to_vec()).observed_by(Some(observer));
    let error = Https::new(options).unwrap().send(request).await.unwrap_err();
    let mut lines = std::mem::take(&mut *told.0.lock().unwrap());
    lines.retain(|line| !line.starts_with("closed "));
    (error, lines)
}

/// A proxy that takes every connection to the server on `port`, whatever it is called.
fn proxy_to(port: u16) -> Backend {
    Backend::new(move |mut connection| async move {
        connection.read_head().await;
        let mut target = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        connection.write(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut connection.stream, &mut target).await;
    })
}

const ONLY_13: &str = "sslVersionMin = TLSv1.3\nciphersuites = TLS_AES_128_GCM_SHA256";
const SECURE: &str = "TLSv1.3 with HOST, TLS_AES_128_GCM_SHA256, CN=a server";

/// What comes behind the connection to `host`.
fn rest(host: &str) -> Vec<String> {
    let lines = [&SECURE.replace("HOST", host), &format!("sent {}", BODY.len()), "status 200", "received 5"];
    lines.iter().map(|&line| line.to_owned()).chain([format!("closed {host}")]).collect()
}

fn with_rest(first: &[&str], host: &str) -> Vec<String> {
    first.iter().map(|&line| line.to_owned()).chain(rest(host)).collect()
}

#[tokio::test]
async fn a_name_is_looked_up_and_an_address_is_not() {
    let authority = Authority::new("root");
    let backend = Backend::answering("<OFX>");
    let Some(peer) = stunnel(&authority.server(), backend.port(), ONLY_13).start() else { return };
    for (url, first, host) in [
        (peer.named_url(), &["resolving localhost", "connected to localhost"][..], "localhost"),
        (peer.url(), &["connected to 127.0.0.1"], "127.0.0.1"),
    ] {
        assert_eq!(told(trusting(&authority), &url).await, with_rest(first, host));
    }
}

#[tokio::test]
async fn a_proxy_is_named_and_hears_the_name_of_the_host() {
    let authority = Authority::new("root");
    let backend = Backend::answering("<OFX>");
    let papers = authority.server_named(&["ofx.bank.example"]);
    let Some(peer) = stunnel(&papers, backend.port(), ONLY_13).start() else { return };
    let proxy = proxy_to(peer.port());
    let host = "ofx.bank.example";
    let url = format!("https://{host}:{}/ofx?canary-query", peer.port());
    for (address, looked_up) in [("127.0.0.1", None), ("localhost", Some("resolving localhost"))] {
        let through = format!("{address}:{}", proxy.port());
        let options = trusting(&authority).proxy(Proxy::http(&through).login("jane", "canary-right"));
        let connected = format!("connected to {host} by {through}");
        let first: Vec<_> = looked_up.into_iter().chain([connected.as_str()]).collect();
        assert_eq!(told(options, &url).await, with_rest(&first, host));
    }
}

/// What it and we agree on is between us: it has put nothing through by then.
#[tokio::test]
async fn the_tls_of_a_proxy_is_not_that_of_the_institution() {
    let authority = Authority::new("root");
    let backend = Backend::answering("<OFX>");
    let papers = authority.server_named(&["ofx.bank.example"]);
    let Some(peer) = stunnel(&papers, backend.port(), ONLY_13).start() else { return };
    let inner = proxy_to(peer.port());
    let Some(outer) = stunnel(&authority.server(), inner.port(), "").start() else { return };
    let host = "ofx.bank.example";
    let url = format!("https://{host}:{}/ofx?canary-query", peer.port());
    let options =
        trusting(&authority).tls_resumption(false).keep_alive(KeepAlive::Never).proxy(Proxy::https(outer.address()));
    let connected = format!("connected to {host} by {}", outer.address());
    let (told, https) = (Told::default(), Https::new(options).unwrap());
    for _ in 0..2 {
        assert_eq!(told.of(&https, &url).await, with_rest(&[&connected], host));
    }
    // One that puts nothing through.
    let refusing = Backend::new(|mut connection| async move {
        connection.read_head().await;
        connection.write(b"HTTP/1.1 403 No\r\n\r\n").await.unwrap();
    });
    let Some(outer) = stunnel(&authority.server(), refusing.port(), "").start() else { return };
    let (error, told) = failure(trusting(&authority).proxy(Proxy::https(outer.address())), &url).await;
    assert!(told.is_empty() && matches!(error, TransportError::Proxy { .. }), "{told:?} {error:?}");
}

#[tokio::test]
async fn behind_socks_a_name_is_looked_up_here_or_there() {
    let authority = Authority::new("root");
    let backend = Backend::answering("<OFX>");
    let Some(peer) = stunnel(&authority.server(), backend.port(), ONLY_13).start() else { return };
    let Some(socks) = Recipe::new("microsocks", "-i 127.0.0.1 -p {port}").start() else { return };
    let connected = format!("connected to localhost by {}", socks.address());
    for (proxy, first) in [
        (Proxy::socks5(socks.address()), &["resolving localhost", connected.as_str()][..]),
        (Proxy::socks5_remote_dns(socks.address()), &[connected.as_str()]),
    ] {
        let options = trusting(&authority).addresses(ofx_session::transport::Addresses::OnlyIpv4).proxy(proxy);
        assert_eq!(told(options, &peer.named_url()).await, with_rest(first, "localhost"));
    }
}

#[tokio::test]
async fn the_older_version_of_tls_is_told_with_its_suite_and_its_certificate() {
    let authority = Authority::new("root");
    let backend = Backend::answering("<OFX>");
    let only = "sslVersionMax = TLSv1.2\nciphers = ECDHE-ECDSA-AES128-GCM-SHA256";
    let Some(peer) = stunnel(&authority.server(), backend.port(), only).start() else { return };
    let https = Https::new(trusting(&authority).keep_alive(KeepAlive::Never)).unwrap();
    let secure = "TLSv1.2 with 127.0.0.1, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, CN=a server";
    let mut expected = with_rest(&["connected to 127.0.0.1"], "127.0.0.1");
    expected[1] = secure.to_owned();
    let told = Told::default();
    assert_eq!(told.of(&https, &peer.url()).await, expected);
    // The session is resumed: nobody shows a certificate again.
    expected[1] = secure.replace("CN=a server", "nobody");
    assert_eq!(told.of(&https, &peer.url()).await, expected);
}

#[tokio::test]
async fn what_does_not_come_about_is_not_told() {
    let authority = Authority::new("root");
    let backend = Backend::answering("<OFX>");
    let Some(peer) = stunnel(&authority.server(), backend.port(), ONLY_13).start() else { return };
    let deaf = Backend::deaf();
    let stranger = trusting(&Authority::new("unknown"));
    for (options, url, first) in [
        // A certificate that is not trusted, by address and by name.
        (stranger.clone(), peer.url(), &["connected to 127.0.0.1"][..]),
        (stranger, peer.named_url(), &["resolving localhost", "connected to localhost"]),
        // No version in common.
        (trusting(&authority).tls_versions(&[TlsVersion::Tls12]), peer.url(), &["connected to 127.0.0.1"]),
        // No TLS at all.
        (trusting(&authority), deaf.url().replace("http:", "https:"), &["connected to 127.0.0.1"]),
    ] {
        let (error, told) = failure(options, &url).await;
        assert_eq!(told, first, "{error:?}");
    }
    let (_socket, nobody) = nobody();
    let (error, told) = failure(trusting(&authority), &format!("https://{nobody}/")).await;
    assert!(told.is_empty() && matches!(error, TransportError::Connect { .. }), "{told:?} {error:?}");
    for address in [format!("127.0.0.1:{}", deaf.port()), nobody] {
        let (error, told) = failure(trusting(&authority).proxy(Proxy::http(address)), &peer.url()).await;
        assert!(told.is_empty() && matches!(error, TransportError::Proxy { .. }), "{told:?} {error:?}");
    }
}
