//! What the HTTPS transport sends, and what it says about delivery when it fails, against real servers on loopback.

mod answers;
mod callbacks;
mod cookies;
mod hosts;
mod last_word;
mod machine;
mod new_keys;
mod odd_heads;
mod packed;
mod proxies;
mod runtimes;
pub(crate) mod server;
mod settings;
mod tls;

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ofx_session::error::{Delivery, ErrorKind};
use ofx_session::transport::{CertificateProblem, Https, HttpsOptions, Request, Response, Transport, TransportError};
use server::{Act, Server};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::papers::{Authority, Papers};
use crate::promises::{BODY, checked, not_sent, send, trusting, unknown};
use crate::wire::{answer, nobody};

fn reply(text: &str) -> impl Fn(&server::Seen) -> Act + Send + Sync + 'static {
    let text = text.to_owned();
    move |_| Act::ReplyAndClose(text.clone())
}

fn loopback() -> HttpsOptions {
    HttpsOptions::new().allow_http_loopback()
}

fn misuse(error: TransportError) -> String {
    checked(error, ErrorKind::Misuse, Delivery::NotSent)
}

#[tokio::test]
async fn a_request_arrives_as_it_was_given() {
    let authority = Authority::new("root");
    let server = Server::tls(&authority.server(), reply(&answer("<OFX>fine"))).await;
    let transport: Arc<dyn Transport> = Arc::new(Https::new(trusting(&authority)).unwrap());
    let response = transport.send(Request::new(server.url(), BODY.to_vec())).await.unwrap();
    assert_eq!(response.body(), b"<OFX>fine");
    let [seen] = &server.seen()[..] else { panic!("one request") };
    assert_eq!(seen.head.lines().next(), Some("POST /ofx?canary-query HTTP/1.1"));
    assert_eq!(seen.body, BODY);
    assert_eq!(seen.header("content-type"), Some("application/x-ofx"));
    assert_eq!(seen.header("content-length"), Some(BODY.len().to_string().as_str()));
    assert_eq!(seen.header("user-agent"), Some("InetClntApp/3.0"));
    assert_eq!(seen.header("accept"), Some("*/*, application/x-ofx"));
    for absent in ["accept-encoding", "referer", "cookie", "transfer-encoding", "authorization"] {
        assert_eq!(seen.header(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn user_agent_and_accept_can_be_chosen() {
    let server = Server::plain(reply(&answer("<OFX>"))).await;
    send(loopback().user_agent("mine/1").accept("application/xml;q=0.9"), &server.url()).await.unwrap();
    send(loopback().user_agent(None), &server.url()).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].header("user-agent"), Some("mine/1"));
    assert_eq!(seen[0].header("accept"), Some("application/xml;q=0.9"));
    assert_eq!(seen[1].header("user-agent"), None);
}

/// Names of the headers in their order.
fn lines(seen: &server::Seen) -> Vec<String> {
    let named = seen.head.lines().skip(1).filter_map(|line| line.split_once(':'));
    named.map(|(name, _)| name.to_ascii_lowercase()).collect()
}

#[tokio::test]
async fn a_request_can_want_headers_of_its_own() {
    let cookie = "HTTP/1.1 200 OK\r\nSet-Cookie: id=1\r\nContent-Length: 5\r\n\r\n<OFX>";
    let server = Server::plain(reply(cookie)).await;
    let https = Https::new(loopback()).unwrap();
    let request = || Request::new(server.url(), BODY.to_vec());
    https.send(request()).await.unwrap();
    https.send(request().header("User-Agent", Some("mine/1")).header("Accept", Some("text/xml;q=0.9"))).await.unwrap();
    https.send(request().header("user-agent", None).header("accept", None)).await.unwrap();
    https.send(request()).await.unwrap();
    let seen = server.seen();
    let said = |at: usize| (seen[at].header("user-agent"), seen[at].header("accept"));
    let usual = (Some("InetClntApp/3.0"), Some("*/*, application/x-ofx"));
    assert_eq!(said(0), usual);
    assert_eq!(said(1), (Some("mine/1"), Some("text/xml;q=0.9")));
    assert_eq!(said(2), (None, Some("")), "the HTTP stack never leaves out the second");
    assert_eq!(said(3), usual, "a request's wish ends with it");
    // As the documentation of Https has it.
    let order = ["user-agent", "content-type", "accept", "cookie", "host", "content-length"];
    assert_eq!(lines(&seen[3]), order);
    assert_eq!(lines(&seen[2]), order[1..]);
    let first: Vec<_> = order.into_iter().filter(|name| *name != "cookie").collect();
    assert_eq!(lines(&seen[0]), first);
}

#[tokio::test]
async fn a_request_cannot_change_how_it_is_delivered() {
    let server = Server::plain(reply(&answer("<OFX>"))).await;
    let https = Https::new(loopback()).unwrap();
    for name in ["Content-Length", "Transfer-Encoding", "Host", "X-Other"] {
        let error = https.send(Request::new(server.url(), BODY.to_vec()).header(name, Some("1"))).await.unwrap_err();
        assert!(misuse(error).contains("user agent"), "{name}");
    }
    let broken = Request::new(server.url(), BODY.to_vec()).header("User-Agent", Some("canary\r\nX: y"));
    assert!(misuse(https.send(broken).await.unwrap_err()).contains("user agent"));
    assert_eq!(server.connections(), 0);
}

/// The problem that `options` see with a server of these papers, and the text about it.
async fn certificate(papers: &Papers, options: HttpsOptions) -> (CertificateProblem, String) {
    let server = Server::tls(papers, reply(&answer("<OFX>"))).await;
    let error = send(options, &server.url()).await.unwrap_err();
    let TransportError::Certificate { problem, .. } = error else { panic!("{error:?}") };
    assert!(server.seen().is_empty());
    (problem, not_sent(error))
}

#[tokio::test]
async fn a_certificate_that_proves_nothing_stops_the_request() {
    let authority = Authority::new("root");
    let (problem, text) = certificate(&authority.server(), trusting(&Authority::new("other"))).await;
    assert_eq!(problem, CertificateProblem::Untrusted);
    assert!(text.contains("root certificate as PEM") && text.contains("127.0.0.1"), "{text}");
    let (problem, text) = certificate(&authority.server_of((1999, 2001)), trusting(&authority)).await;
    assert_eq!(problem, CertificateProblem::Expired);
    assert!(text.contains("has expired"), "{text}");
    let (problem, text) = certificate(&authority.server_of((2900, 2901)), trusting(&authority)).await;
    assert_eq!(problem, CertificateProblem::NotYetValid);
    assert!(text.contains("not valid yet"), "{text}");
    let (problem, text) = certificate(&authority.server_named(&["bank.example"]), trusting(&authority)).await;
    assert_eq!(problem, CertificateProblem::WrongHost);
    assert!(text.contains("another host name"), "{text}");
}

#[tokio::test]
async fn a_server_without_tls_gets_nothing() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", server.local_addr().unwrap());
    let options = trusting(&Authority::new("root"));
    let answering = async {
        let (mut stream, _) = server.accept().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream
    };
    let (result, _stream) = tokio::join!(send(options, &url), answering);
    let error = result.unwrap_err();
    assert!(matches!(error, TransportError::Tls { .. }), "{error:?}");
    not_sent(error);
}

#[tokio::test]
async fn a_closed_port_gets_nothing() {
    let (_socket, nobody) = nobody();
    let error = send(loopback(), &format!("http://{nobody}/")).await.unwrap_err();
    assert!(matches!(error, TransportError::Connect { .. }), "{error:?}");
    assert!(not_sent(error).contains(&format!("could not connect to {nobody}: ")));
}

/// The failure when `time` passes on the clock after the connection was accepted and before TLS was agreed on, and when that was.
///
/// The clock stands still but for that: where nothing happens it goes on to the next limit, which is another one then.
async fn stalled_handshake(options: HttpsOptions, time: Duration) -> (TransportError, Duration) {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/?canary", server.local_addr().unwrap());
    let started = Instant::now();
    let stalling = async {
        let connection = server.accept().await.unwrap();
        tokio::time::pause();
        tokio::time::advance(time).await;
        connection
    };
    let (result, _connection) = tokio::join!(send(options, &url), stalling);
    (result.unwrap_err(), started.elapsed())
}

#[tokio::test]
async fn time_that_runs_out_while_connecting_leaves_nothing_sent() {
    let (error, after) = stalled_handshake(trusting(&Authority::new("root")), Duration::from_secs(11)).await;
    assert!(matches!(error, TransportError::ConnectTimeout { .. }), "{error:?}");
    assert!(after < Duration::from_secs(50), "{after:?}: it was the total time that ran out");
    not_sent(error);
}

#[tokio::test]
async fn the_total_time_counts_while_connecting_and_leaves_nothing_sent() {
    let options = trusting(&Authority::new("root")).total_timeout(Duration::from_secs(5));
    let (error, after) = stalled_handshake(options, Duration::from_secs(6)).await;
    assert!(matches!(error, TransportError::ConnectTimeout { .. }), "{error:?}");
    assert!(after < Duration::from_secs(10), "{after:?}: it was the time for connecting that ran out");
    not_sent(error);
}

#[tokio::test]
async fn time_that_runs_out_after_sending_leaves_it_open() {
    let authority = Authority::new("root");
    let server = Server::tls(&authority.server(), |_| Act::LetPass(Duration::from_secs(61))).await;
    let error = send(trusting(&authority), &server.url()).await.unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error:?}");
    assert!(unknown(error).contains("may have been carried out"));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_server_that_closes_without_a_word_leaves_it_open_and_gets_it_once() {
    let authority = Authority::new("root");
    let tls = Server::tls(&authority.server(), |_| Act::Close).await;
    let plain = Server::plain(|_| Act::Close).await;
    for (server, options) in [(tls, trusting(&authority)), (plain, loopback())] {
        let error = send(options, &server.url()).await.unwrap_err();
        assert!(matches!(error, TransportError::Interrupted { .. }), "{error:?}");
        unknown(error);
        assert_eq!((server.seen().len(), server.connections()), (1, 1));
    }
}

#[tokio::test]
async fn cookies_come_back_to_the_same_transport_only() {
    let text = "HTTP/1.1 200 OK\r\nSet-Cookie: id=canary; Path=/; HttpOnly\r\nContent-Length: 0\r\n\r\n";
    let server = Server::plain(reply(text)).await;
    let https = Https::new(loopback()).unwrap();
    for _ in 0..2 {
        let error = https.send(Request::new(server.url(), BODY.to_vec())).await.unwrap_err();
        assert!(matches!(error, TransportError::Empty { .. }), "{error:?}");
    }
    send(loopback(), &server.url()).await.unwrap_err();
    let cookies: Vec<_> = server.seen().iter().map(|seen| seen.header("cookie").map(str::to_owned)).collect();
    assert_eq!(cookies, [None, Some("id=canary".to_owned()), None]);
    https.for_another_user().send(Request::new(server.url(), BODY.to_vec())).await.unwrap_err();
    assert_eq!(server.seen().last().unwrap().header("cookie"), None, "a user has none of another's");
    assert!(!format!("{https:?}").contains("canary"));
}

#[tokio::test]
async fn a_connection_that_died_is_not_used_again() {
    // Every connection is kept open and is dead for the second request on it.
    let script = |seen: &server::Seen| {
        if seen.nth_on_connection == 0 { Act::Reply(answer("<OFX>")) } else { Act::Close }
    };
    let authority = Authority::new("root");
    let tls = Server::tls(&authority.server(), script).await;
    let plain = Server::plain(script).await;
    for (server, options) in [(tls, trusting(&authority)), (plain, loopback())] {
        let https = Https::new(options).unwrap();
        for _ in 0..3 {
            https.send(Request::new(server.url(), BODY.to_vec())).await.unwrap();
        }
        assert_eq!((server.seen().len(), server.connections()), (3, 3), "each went out once");
    }
}

#[tokio::test]
async fn plain_http_goes_to_this_machine_only_and_only_when_allowed() {
    let server = Server::plain(reply(&answer("<OFX>"))).await;
    let options = trusting(&Authority::new("root"));
    let error = send(options.clone(), &server.url()).await.unwrap_err();
    assert!(matches!(error, TransportError::PlainHttpRefused { .. }), "{error:?}");
    misuse(error);
    assert_eq!(server.connections(), 0);
    send(options.clone().allow_http_loopback(), &format!("http://localhost:{}/", server.port())).await.unwrap();

    let https = Https::new(options.allow_http_loopback()).unwrap();
    for host in ["127.0.0.1", "127.255.0.1", "127.1", "2130706433", "[::1]", "[0:0::1]", "localhost", "LOCALHOST:81"] {
        https.allows(&format!("http://{host}/")).unwrap();
    }
    for host in [
        "128.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "[::]",
        "[::ffff:127.0.0.1]",
        "localhost.",
        "localhost.example",
        "127.0.0.1.example",
        "127.0.0.1@bank.example",
    ] {
        let url = format!("http://{host}/?canary");
        let refused = https.allows(&url).unwrap_err();
        assert!(matches!(refused, TransportError::PlainHttpRefused { .. }), "{refused:?}");
        misuse(https.send(Request::new(url, BODY.to_vec())).await.unwrap_err());
    }
}

#[tokio::test]
async fn addresses_that_cannot_be_used_are_refused() {
    let https = Https::new(loopback()).unwrap();
    let long = format!("https://{}.example/canary", "a".repeat(64));
    for url in [
        &long,
        "",
        "canary",
        "https://a..b/canary",
        "https://",
        "https://:443/canary",
        "ftp://bank.example/canary",
        "file:///canary",
    ] {
        let error = https.allows(url).unwrap_err();
        assert!(matches!(error, TransportError::BadUrl { .. }), "{url}: {error:?}");
        misuse(error);
        misuse(https.send(Request::new(url, BODY.to_vec())).await.unwrap_err());
    }
    https.allows("https://bank.example/ofx").unwrap();
}

#[test]
fn a_transport_that_says_nothing_else_allows_https_only() {
    #[derive(Debug)]
    struct Mine;
    impl Transport for Mine {
        fn send(&self, _: Request) -> ofx_session::transport::Sending<'_> {
            Box::pin(async { Response::from_http_200(None, b"<OFX>".to_vec()) })
        }
    }
    Mine.allows("HTTPS://bank.example/ofx?a").unwrap();
    for url in ["http://127.0.0.1/", "HTTP://bank.example"] {
        assert!(matches!(Mine.allows(url), Err(TransportError::PlainHttpRefused { .. })), "{url}");
    }
    for url in ["bank.example", "https:///ofx", "https://", "ftp://bank.example", "://bank.example"] {
        assert!(matches!(Mine.allows(url), Err(TransportError::BadUrl { .. })), "{url}");
    }
}

#[test]
fn options_that_cannot_work_are_refused() {
    let refused = |result: Result<HttpsOptions, TransportError>| misuse(result.and_then(Https::new).unwrap_err());
    let new = HttpsOptions::new;
    let garbled = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let broken = "-----BEGIN CERTIFICATE-----\n!canary!\n-----END CERTIFICATE-----\n";
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    assert!(refused(new().add_root_pem(b"canary")).contains("no certificate"));
    assert!(refused(new().add_root_pem(key.as_bytes())).contains("no certificate"));
    assert!(refused(new().add_root_pem(broken.as_bytes())).contains("cannot be read"));
    assert!(refused(new().add_root_pem(garbled.as_bytes())).contains("cannot be used"));
    assert!(refused(Ok(new().only_given_roots())).contains("add_root_pem"));
    assert!(refused(Ok(loopback().user_agent("canary\r\n"))).contains("user agent"));
    assert!(refused(Ok(loopback().accept("canary\n"))).contains("accepted types"));
    assert!(refused(Ok(loopback().total_timeout(Duration::ZERO))).contains("timeout"));
    assert!(refused(Ok(loopback().connect_timeout(Duration::ZERO))).contains("timeout"));
}

#[test]
fn without_a_runtime_it_says_so() {
    let https = Https::new(loopback()).unwrap();
    let sending = pin!(https.send(Request::new("http://127.0.0.1:9/", BODY.to_vec())));
    let Poll::Ready(Err(error)) = sending.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("answers at once")
    };
    assert!(misuse(error).contains("tokio"));
}

#[test]
fn what_is_secret_is_not_shown() {
    for (url, expected) in [
        ("https://canary:canary@bank.example:8443/ofx;canary?canary#canary", "https://bank.example:8443/ofx"),
        ("https://bank.example", "https://bank.example"),
        ("https://user:canary/canary@bank.example/", "[hidden]"),
        ("https://user:canary?canary@bank.example/", "[hidden]"),
        ("https:canary@bank.example/", "[hidden]"),
        ("canary", "[hidden]"),
        ("canary canary://x", "[hidden]"),
    ] {
        let shown = format!("{:?}", Request::new(url, b"canary".to_vec()));
        assert_eq!(shown, format!("Request {{ url: {expected}, body: 6 bytes }}"));
    }
    let response = Response::from_http_200(None, b"canary".to_vec()).unwrap();
    assert_eq!(format!("{response:?}"), "Response { body: 6 bytes }");
    let options = HttpsOptions::new().add_root_pem(Authority::new("canary").pem.as_bytes()).unwrap();
    let shown = format!("{options:?} {options:#?}");
    assert!(shown.contains("1 given") && !shown.contains("canary") && !shown.contains("CERTIFICATE"), "{shown}");
}
