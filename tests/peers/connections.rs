//! Connections: how many nginx sees, from where, over which family, and what becomes of one that it has closed.

use std::time::Duration;

use ofx_session::testing::{Bank, Fault, On};
use ofx_session::transport::{
    Addresses, HttpVersions, Https, HttpsOptions, KeepAlive, Request, Transport as _, TransportError,
};
use ofx_session::{Dialect, Institution, Progress};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::backend::{Backend, answer};
use crate::papers::Authority;
use crate::peer::{Peer, nginx, nginx_of};
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
    // The institution closes behind the list of accounts, at the worst moment: when the payment is about to be sent.
    let bank: Bank = money::bank();
    let mut session = money::session(Institution::new(bank.url()), money::trusting(&bank));
    session.accounts().await.unwrap().done().unwrap();
    session.pay(&money::payment()).await.unwrap().done().unwrap();
    bank.next(On::Accounts, Fault::DropAfter);
    assert!(session.accounts().await.is_err());
    session.pay(&money::payment()).await.unwrap().done().unwrap();
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

#[tokio::test]
async fn a_family_of_addresses_can_be_chosen() {
    let both = {
        let found = tokio::net::lookup_host(("localhost", 0)).await.unwrap();
        found.fold((false, false), |(four, six), one| (four || one.is_ipv4(), six || one.is_ipv6()))
    };
    if both != (true, true) {
        println!("SKIPPED: localhost has not both families here, so the choice between them is not shown");
    }
    let authority = Authority::new("root");
    let server = |listen: &str, family: &str| {
        format!(
            "server {{ listen {listen}:{{port}} ssl; ssl_certificate server.pem; ssl_certificate_key server.key;\n\
             location / {{ return 200 \"<OFX>{family}\"; }} }}\n"
        )
    };
    let servers = server("127.0.0.1", "4") + &server("[::1]", "6");
    let Some(peer) = nginx_of(&servers).papers("server", &authority.server()).start() else { return };
    let url = peer.named_url();
    let said = |answer: ofx_session::transport::Response| String::from_utf8(answer.body().to_vec()).unwrap();
    let by = |which| send(trusting(&authority).addresses(which), &url);
    for which in [Addresses::Any, Addresses::PreferIpv4, Addresses::OnlyIpv4] {
        let told = said(by(which).await.unwrap());
        assert!(told == "<OFX>4" || which == Addresses::Any, "{which:?}: {told}");
    }
    match (both.1, by(Addresses::OnlyIpv6).await) {
        (true, Ok(answer)) => assert_eq!(said(answer), "<OFX>6"),
        (false, Err(error)) => {
            assert!(matches!(error, TransportError::Resolve { .. }), "{error:?}");
            not_sent(error);
        }
        other => panic!("{other:?}"),
    }
    let told = said(by(Addresses::PreferIpv6).await.unwrap());
    assert_eq!(told, if both.1 { "<OFX>6" } else { "<OFX>4" });
    // Where nobody listens in the preferred family, the other is tried.
    let Some(peer) = nginx(&authority.server(), "", "location / { return 200 \"<OFX>4\"; }").start() else { return };
    let options = trusting(&authority).addresses(Addresses::PreferIpv6);
    assert_eq!(said(send(options, &peer.named_url()).await.unwrap()), "<OFX>4");
    let literal = format!("https://[::1]:{}/", peer.port());
    let error = send(trusting(&authority), &literal).await.unwrap_err();
    assert!(matches!(error, TransportError::Connect { .. }), "{error:?}");
}

#[tokio::test]
async fn an_empty_answer_with_a_cookie_is_repeated_with_it_when_the_settings_say_so() {
    let (bank, authority) = (money::bank(), Authority::new("root"));
    let inside = format!(
        "location / {{ if ($http_cookie !~ \"id=1\") {{ add_header Set-Cookie \"id=1; Path=/\"; return 200; }}\n\
         proxy_pass {}; }}",
        bank.url().strip_suffix("/ofx").unwrap()
    );
    let Some(peer) = nginx(&authority.server(), "", &inside).start() else { return };
    for repeats in [false, true] {
        let dialect = Dialect::new().repeat_for_cookie(repeats);
        let institution = Institution::new(peer.at("ofx")).dialect(dialect).without_profile();
        let mut session = money::session(institution, trusting(&authority));
        let progress = session.pay(&money::payment()).await.unwrap();
        let done = matches!(progress, Progress::Done(_));
        assert!(done == repeats && (done || matches!(progress, Progress::Unknown(_))), "{progress:?}");
        assert_eq!((bank.payments_made(), bank.violations()), (usize::from(repeats), vec![]));
    }
}

#[tokio::test]
async fn what_left_before_a_cookie_came_is_in_doubt_whatever_becomes_of_it_then() {
    // It answers once, with nothing and a cookie, and is gone.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let answering = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        drop(listener);
        let mut seen = Vec::new();
        while !seen.windows(6).any(|window| window == b"</OFX>") {
            stream.read_buf(&mut seen).await.unwrap();
        }
        let empty = b"HTTP/1.1 200 OK\r\nSet-Cookie: id=1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        stream.write_all(empty).await.unwrap();
    };
    let institution = Institution::new(url).dialect(Dialect::new().repeat_for_cookie(true)).without_profile();
    let mut session = money::session(institution, HttpsOptions::new().allow_http_loopback());
    let what = money::payment();
    let (progress, ()) = tokio::join!(session.pay(&what), answering);
    let progress = progress.unwrap();
    assert!(matches!(progress, Progress::Unknown(_)), "{progress:?}");
    assert!(session.close().is_err(), "a doubt is not forgotten by accident");
}
