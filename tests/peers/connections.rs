//! Connections: how many nginx sees, from where, and what becomes of one that it has closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ofx_session::transport::{
    Event, HttpVersions, Https, HttpsOptions, KeepAlive, Request, Transport as _, TransportError,
};
use ofx_session::{Client, Credentials, Institution};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::backend::Backend;
use crate::papers::Authority;
use crate::peer::{Peer, nginx, nginx_of};
use crate::wire::answer;
use crate::{BODY, money, not_sent, send, trusting, unknown};

const CONNECTION: &str = "location / { return 200 \"<OFX>$connection\"; }";

/// The number of the connection that nginx says each of four requests came over: two that read, one that counts, one that reads.
async fn numbers(https: &Https, url: &str) -> Vec<String> {
    let mut found = Vec::new();
    for reads in [true, true, false, true] {
        let request = Request::new(url, BODY.to_vec());
        let request = if reads { request.reusing_connection() } else { request };
        let answer = https.send(request).await.unwrap();
        found.push(String::from_utf8(answer.body().to_vec()).unwrap());
    }
    found
}

#[tokio::test]
async fn connections_are_used_again_as_the_options_say() {
    let authority = Authority::new("root");
    let Some(peer) = nginx(&authority.server(), "http2", CONNECTION).start() else { return };
    for versions in [HttpVersions::Http1, HttpVersions::Http2] {
        let options =
            |kept| trusting(&authority).http_versions(versions).keep_alive(kept).idle_timeout(Duration::from_secs(60));
        let https = |kept| Https::new(options(kept)).unwrap();
        let never = numbers(&https(KeepAlive::Never), &peer.url()).await;
        assert_eq!(never.iter().collect::<std::collections::BTreeSet<_>>().len(), 4, "{versions:?}: {never:?}");
        let always = numbers(&https(KeepAlive::Always), &peer.url()).await;
        assert!(always.iter().all(|number| *number == always[0]), "{versions:?}: {always:?}");
        let reads = numbers(&https(KeepAlive::Reads), &peer.url()).await;
        assert_eq!((&reads[0], &reads[0]), (&reads[1], &reads[3]), "{versions:?}: {reads:?}");
        assert_ne!(reads[2], reads[0], "what counts gets a new one: {reads:?}");
    }
    // The default is the last of these.
    let https = Https::new(trusting(&authority)).unwrap();
    let reads = numbers(&https, &peer.url()).await;
    assert_ne!(reads[2], reads[1], "{reads:?}");
}

/// How many connections nginx has, that of the question not counted.
async fn active(peer: &Peer) -> usize {
    let mut stream = TcpStream::connect(("127.0.0.1", peer.other_port())).await.unwrap();
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let number = text.split("Active connections: ").nth(1).unwrap().split_whitespace().next().unwrap();
    number.parse::<usize>().unwrap() - 1
}

async fn until_closed(peer: &Peer) {
    while active(peer).await > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_connection_that_the_server_has_closed_is_not_used_again() {
    let authority = Authority::new("root");
    let servers = format!(
        "server {{ listen 127.0.0.1:{{port}} ssl; ssl_certificate server.pem; ssl_certificate_key server.key; keepalive_timeout 1s;\n\
         {CONNECTION} }}\nserver {{ listen 127.0.0.1:{{other}}; location / {{ stub_status; }} }}"
    );
    let Some(peer) = nginx_of(&servers).papers("server", &authority.server()).start() else { return };
    until_closed(&peer).await;
    let options = trusting(&authority).keep_alive(KeepAlive::Always).idle_timeout(Duration::from_secs(60));
    let https = Https::new(options).unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let answer = https.send(Request::new(peer.url(), BODY.to_vec())).await.unwrap();
        seen.push(answer.body().to_vec());
        assert_eq!(active(&peer).await, 1, "it is kept open");
        until_closed(&peer).await;
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn an_idle_connection_is_given_up_in_time() {
    let authority = Authority::new("root");
    let Some(peer) = nginx(&authority.server(), "", CONNECTION).start() else { return };
    let options = trusting(&authority).keep_alive(KeepAlive::Always).idle_timeout(Duration::from_millis(50));
    let https = Https::new(options).unwrap();
    let one = https.send(Request::new(peer.url(), BODY.to_vec())).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let other = https.send(Request::new(peer.url(), BODY.to_vec())).await.unwrap();
    assert_ne!(one.body(), other.body());
}

#[tokio::test]
async fn a_request_that_dies_with_its_connection_is_not_sent_twice() {
    // Every connection answers one request; the second is read, and nothing more is heard.
    let backend = Backend::new(|mut connection| async move {
        connection.read().await;
        let _ = connection.write(answer("<OFX>").as_bytes()).await;
        connection.read().await;
    });
    let options = HttpsOptions::new().allow_http_loopback().keep_alive(KeepAlive::Always);
    let https = Https::new(options.idle_timeout(Duration::from_secs(60))).unwrap();
    https.send(Request::new(backend.url(), BODY.to_vec())).await.unwrap();
    let error = https.send(Request::new(backend.url(), BODY.to_vec())).await.unwrap_err();
    assert!(matches!(error, TransportError::Interrupted { .. }), "{error:?}");
    unknown(error);
    assert_eq!((backend.seen().len(), backend.connections()), (2, 1));
}

#[tokio::test]
async fn a_payment_never_goes_over_a_connection_that_was_used() {
    let bank = money::bank();
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let observer = move |event: &Event<'_>| {
        count.fetch_add(usize::from(matches!(event, Event::Connected { .. })), Ordering::SeqCst);
    };
    let builder = Client::builder(Institution::new(bank.url())).connection(money::trusting(&bank)).observer(observer);
    let mut session = builder.build().unwrap().open(Credentials::new("jane", money::PASSWORD)).unwrap();
    let made = || made.load(Ordering::SeqCst);
    session.accounts().await.unwrap().done().unwrap();
    session.accounts().await.unwrap().done().unwrap();
    assert_eq!(made(), 1, "what only reads shares one");
    for payments in 1..3 {
        session.pay(&money::payment()).await.unwrap().done().unwrap();
        assert_eq!(made(), 1 + payments);
    }
    assert_eq!((bank.payments_made(), bank.violations()), (2, vec![]));
}

#[tokio::test]
async fn a_local_address_can_be_chosen() {
    let authority = Authority::new("root");
    let inside = "location / { return 200 \"<OFX>$remote_addr\"; }";
    let Some(peer) = nginx(&authority.server(), "", inside).start() else { return };
    for address in ["127.0.0.1", "127.0.0.2", "127.9.8.7"] {
        let options = trusting(&authority).local_address(Some(address.parse().unwrap()));
        assert_eq!(send(options, &peer.url()).await.unwrap().body(), format!("<OFX>{address}").as_bytes());
    }
    // One that this machine does not have.
    let options = trusting(&authority).local_address(Some("192.0.2.1".parse().unwrap()));
    let error = send(options, &peer.url()).await.unwrap_err();
    assert!(matches!(error, TransportError::Connect { .. }), "{error:?}");
    not_sent(error);
}

/// In how many hundredths of a second TCP asks on our connection to this port whether anybody is there; `None` where it does not.
#[cfg(target_os = "linux")]
fn asks_in(port: u16) -> Option<u64> {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let (other, established) = (format!("0100007F:{port:04X}"), "01");
    let mut lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let ours = lines.find(|fields| fields[2] == other && fields[3] == established).expect("it is kept open");
    let (timer, when) = ours[5].split_once(':').unwrap();
    (timer == "02").then(|| u64::from_str_radix(when, 16).unwrap())
}

/// Whether there is a connection of ours to this port.
#[cfg(target_os = "linux")]
fn is_connected(port: u16) -> bool {
    let other = format!(" 0100007F:{port:04X} 01 ");
    std::fs::read_to_string("/proc/net/tcp").unwrap().contains(&other)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn tcp_asks_whether_anybody_is_there_as_often_as_the_options_say() {
    let backend = Backend::answering("<OFX>");
    let kept = || HttpsOptions::new().allow_http_loopback().keep_alive(KeepAlive::Always);
    let minute = Duration::from_secs(60);
    for (options, expected) in
        [(kept(), Some(1_500)), (kept().tcp_keep_alive(minute), Some(6_000)), (kept().tcp_keep_alive(None), None)]
    {
        let https = Https::new(options).unwrap();
        https.send(Request::new(backend.url(), BODY.to_vec())).await.unwrap();
        match (asks_in(backend.port()), expected) {
            (Some(found), Some(expected)) => assert!(found <= expected && found + 500 > expected, "{found}"),
            (found, expected) => assert_eq!(found, expected),
        }
        let before = backend.connections();
        https.send(Request::new(backend.url(), BODY.to_vec())).await.unwrap();
        assert_eq!(backend.connections(), before, "that was the one that is used");
        drop(https);
        while is_connected(backend.port()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
