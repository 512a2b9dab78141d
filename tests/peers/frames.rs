//! The same hostile ideas by HTTP/2, in frames made by hand.

use std::time::Duration;

use ofx_session::error::Delivery;
use ofx_session::transport::{HttpVersions, HttpsOptions, TransportError};
use tokio::io::AsyncReadExt as _;

use crate::backend::{Backend, Connection};
use crate::weight::peak;
use crate::{send, unknown};

const LIMIT: usize = 256 * 1024;
const ROOM: usize = 2 * 1024 * 1024;

/// What answers before the answer may take, as the page of [`HttpsOptions::body_limit`] has it.
const INTERIM: usize = 16 * 1024 * 1024;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_HEADERS: u8 = 4;

/// A frame of RFC 9113 §4.1, on the one stream there is or on the connection.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// `:status: 200` by RFC 7541, from the static table.
pub(crate) const STATUS: &[u8] = &[0x88];

/// A header that is not indexed: `x: ` and 100 letters.
pub(crate) fn line() -> Vec<u8> {
    [&[0, 1, b'x', 100][..], &[b'y'; 100]].concat()
}

/// How every request ends.
const END: &[u8] = b"</OFX>";

/// Waits for the request, which may be read in part only, says hello, and then `first` and `piece` for ever.
pub(crate) fn flooding(first: Vec<u8>, piece: Vec<u8>) -> Backend {
    Backend::new(move |connection| flood(connection, first.clone(), piece.clone()))
}

async fn flood(mut connection: Connection, first: Vec<u8>, piece: Vec<u8>) {
    let mut seen = Vec::new();
    // Settings, headers and the body of the request, which has an end that can be told.
    while !seen.windows(END.len()).any(|window| window == END) {
        if !connection.stream.read_buf(&mut seen).await.is_ok_and(|read| read > 0) {
            return;
        }
    }
    let hello = [frame(SETTINGS, 0, 0, &[]), frame(SETTINGS, 1, 0, &[])].concat();
    let mut left = connection.write(&[hello, first].concat()).await;
    while left.is_ok() && !piece.is_empty() {
        left = connection.write(&piece).await;
    }
    connection.linger().await;
}

fn options() -> HttpsOptions {
    let options = HttpsOptions::new().allow_http_loopback().http_versions(HttpVersions::Http2).body_limit(LIMIT);
    options.read_timeout(Duration::from_millis(1_500)).total_timeout(Duration::from_secs(5))
}

async fn failure(server: &Backend) -> TransportError {
    let (result, most) = peak(send(options(), &server.url())).await;
    let error = result.unwrap_err();
    assert!(most <= 3 * LIMIT + ROOM, "held {most} bytes: {error:?}");
    assert_eq!(server.connections(), 1, "it was sent once: {error:?}");
    error
}

#[tokio::test]
async fn an_endless_answer_is_given_up_at_the_limit() {
    let first = frame(HEADERS, END_HEADERS, 1, STATUS);
    let error = failure(&flooding(first, frame(DATA, 0, 1, &[b'x'; 16 * 1024]))).await;
    assert!(matches!(error, TransportError::TooLarge { limit: LIMIT }), "{error:?}");
    unknown(error);
}

#[tokio::test]
async fn endless_headers_are_given_up() {
    let block = line().repeat(100);
    let first = frame(HEADERS, 0, 1, STATUS);
    let error = failure(&flooding(first, frame(CONTINUATION, 0, 1, &block))).await;
    let ended = matches!(error, TransportError::HeadTooLarge { .. } | TransportError::Interrupted { .. });
    assert!(ended, "{error:?}");
    unknown(error);
}

#[tokio::test]
async fn a_head_of_a_mebibyte_is_given_up() {
    let block = line().repeat(100);
    let mut first = frame(HEADERS, 0, 1, STATUS);
    for _ in 0..100 {
        first.extend(frame(CONTINUATION, 0, 1, &block));
    }
    first.extend(frame(CONTINUATION, END_HEADERS, 1, &[]));
    let error = failure(&flooding(first, Vec::new())).await;
    let ended = matches!(error, TransportError::HeadTooLarge { .. } | TransportError::Interrupted { .. });
    assert!(ended, "{error:?}");
    unknown(error);
}

#[tokio::test]
async fn continuations_that_hold_nothing_are_given_up() {
    let first = frame(HEADERS, 0, 1, STATUS);
    let error = failure(&flooding(first, frame(CONTINUATION, 0, 1, &[]).repeat(1_000))).await;
    let ended = matches!(error, TransportError::HeadTooLarge { .. } | TransportError::Interrupted { .. });
    assert!(ended, "{error:?}");
    unknown(error);
}

#[tokio::test]
async fn pings_and_settings_without_end_are_no_answer() {
    for piece in [frame(PING, 0, 0, &[7; 8]).repeat(100), frame(SETTINGS, 0, 0, &[]).repeat(100)] {
        let error = failure(&flooding(Vec::new(), piece)).await;
        let ended = matches!(error, TransportError::Timeout { .. } | TransportError::Interrupted { .. });
        assert!(ended, "{error:?}");
        unknown(error);
    }
}

#[tokio::test]
async fn data_without_a_head_or_with_a_broken_one_is_no_answer() {
    for first in [
        frame(DATA, 0, 1, b"<OFX>"),
        frame(HEADERS, END_HEADERS, 1, &[0xff; 40]),
        frame(HEADERS, END_HEADERS, 3, STATUS),
        frame(0xee, 0, 1, b"x"),
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
    ] {
        let error = failure(&flooding(first.clone(), Vec::new())).await;
        let ended = matches!(error, TransportError::Timeout { .. } | TransportError::Interrupted { .. });
        assert!(ended, "{first:?}: {error:?}");
        unknown(error);
    }
}

/// Answers before the answer have no end by themselves, and what the HTTP stack has heard of them is held until it looks at them. The page
/// of [`HttpsOptions::body_limit`] says how much that is.
#[tokio::test]
async fn endless_answers_before_the_answer_are_given_up() {
    // Written out, and then as what was said before. RFC 7541 §6.1, §6.2.1.
    let hundred = [0x48, 3, b'1', b'0', b'0'];
    let first = frame(HEADERS, END_HEADERS, 1, &hundred);
    let short = [&[0xbe][..], &[0, 1, b'x', 1, b'y']].concat();
    let long = [&[0xbe][..], &line()].concat();
    for (block, times) in [(hundred.to_vec(), 1_000), (short, 100_000), (long, 10_000)] {
        let server = flooding(first.clone(), frame(HEADERS, END_HEADERS, 1, &block).repeat(times));
        let (result, most) = peak(send(options(), &server.url())).await;
        let error = result.unwrap_err();
        assert!(most <= INTERIM, "held {most} bytes: {error:?}");
        assert_eq!(server.connections(), 1, "it was sent once: {error:?}");
        // Where they come faster than the file can leave, it has not left when the time is over.
        assert_ne!(error.delivery(), Delivery::Answered, "{error:?}");
    }
}
