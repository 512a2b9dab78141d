//! Peers that want time, memory or an answer twice: each ends within its limits, with the right error and the right delivery.
//!
//! That a limit of time was kept is shown by the error that says so; a limit that is not kept hangs. A clock is read only where two limits
//! end in the same error, and then so that no slow machine comes near the other one.

use std::io::Write as _;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use ofx_session::transport::{HttpsOptions, TransportError};

use crate::backend::{Backend, Connection};
use crate::papers::Authority;
use crate::weight::peak;
use crate::{not_sent, send, trusting, unknown};

pub(crate) const LIMIT: usize = 256 * 1024;
pub(crate) const MIB: usize = 1024 * 1024;

/// What one exchange may hold beside the body: buffers of the network, of HTTP and of the decoder, and the client itself.
const ROOM: usize = MIB;

/// Limits of time that no honest work of this file comes near.
pub(crate) fn patient() -> HttpsOptions {
    let options = HttpsOptions::new().allow_http_loopback().body_limit(LIMIT);
    options.connect_timeout(Duration::from_secs(40)).total_timeout(Duration::from_secs(45))
}

/// Sends one request to it and takes the failure, for which this thread held no more than `bytes`.
async fn failure(backend: &Backend, options: HttpsOptions, bytes: usize) -> TransportError {
    let (result, most) = peak(send(options, &backend.url())).await;
    let error = result.unwrap_err();
    assert!(most <= bytes, "held {most} bytes of {bytes}: {error:?}");
    assert_eq!(backend.seen().len(), 1, "it was sent once: {error:?}");
    error
}

/// A server that reads a request, says `head`, and then `piece` again and again, at most so many times, with a pause between two.
pub(crate) fn repeating(head: impl Into<Vec<u8>>, piece: impl Into<Vec<u8>>, times: usize, pause: Duration) -> Backend {
    let (head, piece) = (head.into(), piece.into());
    Backend::new(move |connection| repeat(connection, head.clone(), piece.clone(), times, pause))
}

async fn repeat(mut connection: Connection, head: Vec<u8>, piece: Vec<u8>, times: usize, pause: Duration) {
    connection.read().await;
    let mut left = connection.write(&head).await;
    for _ in 0..times {
        if left.is_err() {
            return;
        }
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        left = connection.write(&piece).await;
    }
    connection.linger().await;
}

/// Less than the longest of two limits, and far more than the shorter one.
const OTHER_LIMIT: Duration = Duration::from_secs(35);

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ofx\r\n";

/// As good as endless: 1 GiB in pieces of 64 KiB.
pub(crate) const ENDLESS: usize = 16 * 1024;

pub(crate) fn piece() -> Vec<u8> {
    vec![b'x'; 64 * 1024]
}

#[tokio::test]
async fn an_answer_that_drips_ends_with_the_total_time() {
    // Never silent for long, and never done.
    let head = format!("{OK}Content-Length: 100000\r\n\r\n");
    let server = repeating(head, "x", 100_000, Duration::from_millis(20));
    let options = patient().read_timeout(Duration::from_secs(20)).total_timeout(Duration::from_millis(600));
    let error = failure(&server, options, ROOM).await;
    assert!(matches!(error, TransportError::Timeout { .. }), "{error:?}");
    unknown(error);
}

#[tokio::test]
async fn a_head_that_drips_ends_with_the_total_time() {
    let server = repeating("HTTP/1.1 200 OK\r\nX: ", "x", 100_000, Duration::from_millis(20));
    let options = patient().read_timeout(Duration::from_secs(20)).total_timeout(Duration::from_millis(600));
    let error = failure(&server, options, ROOM).await;
    assert!(matches!(error, TransportError::Timeout { .. }), "{error:?}");
    unknown(error);
}

#[tokio::test]
async fn silence_ends_with_the_read_time_wherever_it_begins() {
    let whole = format!("{OK}Content-Length: 1000\r\n\r\n");
    for head in ["", "HTTP/1.1 200 OK\r\n", &whole, &format!("{whole}<OFX>")] {
        let server = repeating(head, "", 0, Duration::ZERO);
        let error = failure(&server, patient().read_timeout(Duration::from_millis(400)), ROOM).await;
        assert!(matches!(error, TransportError::Timeout { .. }), "{head:?}: {error:?}");
        unknown(error);
    }
}

#[tokio::test]
async fn an_endless_answer_is_given_up_at_the_limit() {
    let chunk = [b"10000\r\n", &piece()[..], b"\r\n"].concat();
    let servers = [
        repeating(format!("{OK}\r\n"), piece(), ENDLESS, Duration::ZERO),
        repeating(format!("{OK}Content-Length: 1073741824\r\n\r\n"), piece(), ENDLESS, Duration::ZERO),
        repeating(format!("{OK}Transfer-Encoding: chunked\r\n\r\n"), chunk, ENDLESS, Duration::ZERO),
    ];
    for server in servers {
        // The body grows by moving: twice its limit, for a moment.
        let error = failure(&server, patient(), 3 * LIMIT + ROOM).await;
        assert!(matches!(error, TransportError::TooLarge { limit: LIMIT }), "{error:?}");
        unknown(error);
    }
}

#[tokio::test]
async fn a_web_page_that_is_all_title_takes_no_more_than_any_answer() {
    for word in ["a ", "\u{e4}", "\0"] {
        let page = format!("<html><title>{}", word.repeat((LIMIT - 20) / word.len()));
        let server = repeating(format!("{OK}Content-Length: {}\r\n\r\n{page}", page.len()), "", 0, Duration::ZERO);
        let error = failure(&server, patient(), 3 * LIMIT + ROOM).await;
        assert!(matches!(error, TransportError::Html { .. }), "{error:?}");
        unknown(error);
    }
}

/// An answer of 1 GiB of zeros, a thousandth of that on the wire, which is less than `limit`.
pub(crate) fn bomb(limit: usize) -> Vec<u8> {
    // A file of gzip may have many parts: here a thousand times the same.
    let mut part = GzEncoder::new(Vec::new(), Compression::best());
    part.write_all(&vec![0; MIB]).unwrap();
    let bomb = part.finish().unwrap().repeat(1024);
    assert!(bomb.len() < limit, "{} bytes are too many to begin with", bomb.len());
    let head = format!("{OK}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", bomb.len());
    [head.as_bytes(), &bomb].concat()
}

#[tokio::test]
async fn a_gzip_bomb_is_given_up_at_the_limit() {
    let limit = 2 * MIB;
    let server = repeating(bomb(limit), "", 0, Duration::ZERO);
    // What came is not kept, and what comes out of it grows by moving.
    let error = failure(&server, patient().body_limit(limit).accept_compression(true), 3 * limit + ROOM).await;
    assert!(matches!(error, TransportError::TooLarge { limit: found } if found == limit), "{error:?}");
    unknown(error);
}

#[tokio::test]
async fn a_head_of_a_mebibyte_is_given_up() {
    for head in [
        format!("{OK}X: {}\r\nContent-Length: 5\r\n\r\n<OFX>", "x".repeat(1024 * 1024)),
        format!("{OK}{}Content-Length: 5\r\n\r\n<OFX>", "X-Header: canary\r\n".repeat(64 * 1024)),
        format!("HTTP/1.1 200 {}\r\n\r\n", "x".repeat(1024 * 1024)),
    ] {
        let server = repeating(head, "", 0, Duration::ZERO);
        let error = failure(&server, patient(), 2 * MIB).await;
        assert!(matches!(error, TransportError::HeadTooLarge { .. }), "{error:?}");
        unknown(error);
    }
}

#[tokio::test]
async fn an_endless_head_is_given_up() {
    for (head, piece) in
        [(OK, "X-Header: canary\r\n".repeat(1_000)), (OK, "x".repeat(64 * 1024)), ("", "\r\n".repeat(1_000))]
    {
        let server = repeating(head, piece.clone(), ENDLESS, Duration::ZERO);
        let error = failure(&server, patient(), 2 * MIB).await;
        let named = matches!(error, TransportError::HeadTooLarge { .. });
        // A first line that does not begin is no head at all.
        assert!(named || (head.is_empty() && matches!(error, TransportError::Interrupted { .. })), "{error:?}");
        unknown(error);
    }
}

#[tokio::test]
async fn endless_answers_before_the_answer_are_given_up() {
    let server = repeating("", "HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000), 1_000_000, Duration::ZERO);
    let error = failure(&server, patient().total_timeout(Duration::from_secs(1)), 2 * MIB).await;
    let ended = matches!(error, TransportError::Timeout { .. } | TransportError::Interrupted { .. });
    assert!(ended || matches!(error, TransportError::HeadTooLarge { .. }), "{error:?}");
    unknown(error);
}

#[tokio::test]
async fn endless_trailers_are_given_up() {
    let head = format!("{OK}Transfer-Encoding: chunked\r\n\r\n5\r\n<OFX>\r\n0\r\n");
    let server = repeating(head, "X-Trailer: canary\r\n".repeat(1_000), ENDLESS, Duration::ZERO);
    let error = failure(&server, patient().total_timeout(Duration::from_secs(5)), 2 * MIB).await;
    assert!(!matches!(error, TransportError::Timeout { .. }), "{error:?}");
    unknown(error);
}

#[tokio::test]
async fn a_chunk_that_says_nothing_true_about_itself_is_given_up() {
    for size in ["ffffffffffffffff", "10000000000000000", "-1", "x", &"0".repeat(100_000)] {
        let head = format!("{OK}Transfer-Encoding: chunked\r\n\r\n{size}\r\n");
        let server = repeating(head, piece(), 64, Duration::ZERO);
        let error = failure(&server, patient(), 3 * LIMIT + ROOM).await;
        let ended = matches!(error, TransportError::Interrupted { .. } | TransportError::TooLarge { .. });
        assert!(ended, "{}: {error:?}", size.chars().take(20).collect::<String>());
        unknown(error);
    }
}

#[tokio::test]
async fn a_handshake_that_stalls_ends_with_the_time_for_connecting_and_nothing_is_sent() {
    let authority = Authority::new("root");
    // At once, and behind the first record of a handshake.
    for bytes in [&b""[..], b"\x16\x03\x03", b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03"] {
        let server = Backend::new(move |mut connection| async move {
            let _ = connection.write(bytes).await;
            connection.linger().await;
        });
        let options = trusting(&authority).connect_timeout(Duration::from_millis(400));
        let url = server.url().replace("http:", "https:");
        let started = Instant::now();
        let (result, most) = peak(send(options, &url)).await;
        assert!(started.elapsed() < OTHER_LIMIT, "it was the total time that ran out");
        let error = result.unwrap_err();
        assert!(matches!(error, TransportError::ConnectTimeout { .. }), "{error:?}");
        not_sent(error);
        assert!(most <= ROOM, "{most}");
    }
}

#[tokio::test]
async fn a_handshake_that_drips_ends_with_the_time_for_connecting_and_nothing_is_sent() {
    let authority = Authority::new("root");
    let server = Backend::new(|mut connection| async move {
        // The longest record there is, byte by byte.
        let mut left = connection.write(b"\x16\x03\x03\x40\x00").await;
        while left.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            left = connection.write(b"\x02").await;
        }
    });
    let url = server.url().replace("http:", "https:");
    // By the shorter of the two, whichever it is.
    for (connect, total) in [(400, 40_000), (40_000, 400)] {
        let options = trusting(&authority).connect_timeout(Duration::from_millis(connect));
        let started = Instant::now();
        let error = send(options.total_timeout(Duration::from_millis(total)), &url).await.unwrap_err();
        assert!(started.elapsed() < OTHER_LIMIT, "{connect} {total}: it was the longer one");
        assert!(matches!(error, TransportError::ConnectTimeout { .. }), "{error:?}");
        not_sent(error);
    }
}

#[tokio::test]
async fn a_peer_that_does_not_read_ends_with_the_total_time() {
    // The request is larger than what the network takes in between.
    let server = Backend::new(|connection| async move {
        let _kept = connection;
        std::future::pending::<()>().await;
    });
    let options = patient().total_timeout(Duration::from_millis(600));
    let https = ofx_session::transport::Https::new(options).unwrap();
    let request = ofx_session::transport::Request::new(server.url(), vec![b'x'; 16 * MIB]);
    let error = ofx_session::transport::Transport::send(&https, request).await.unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error:?}");
    unknown(error);
}
