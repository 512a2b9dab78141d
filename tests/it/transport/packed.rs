//! Compression, of answers and of requests; and answers that are all work and no content.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use ofx_session::transport::{HttpsOptions, TransportError};

use super::server::{Act, Seen, Server};
use super::{loopback, reply};
use crate::promises::{BODY, send, unknown};
use crate::wire::answer;

fn deflated(raw: bool, text: &[u8]) -> Vec<u8> {
    if raw {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        return encoder.finish().unwrap();
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// What becomes of an answer under `coding`, of which there is a header line for each of its lines.
async fn answered(coding: &str, body: Vec<u8>, options: HttpsOptions) -> Result<Vec<u8>, TransportError> {
    let codings: String = coding.lines().map(|line| format!("Content-Encoding: {line}\r\n")).collect();
    let mut bytes = format!("HTTP/1.1 200 OK\r\n{codings}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend(body);
    let server = Server::plain(move |_: &Seen| Act::Bytes(bytes.clone())).await;
    send(options, &server.url()).await.map(|response| response.body().to_vec())
}

#[tokio::test]
async fn compression_is_undone_under_the_same_limit() {
    let text = b"<OFX>".repeat(40);
    for (coding, body) in [
        ("gzip", gzip(&text)),
        ("X-Gzip", gzip(&text)),
        ("deflate", deflated(false, &text)),
        ("deflate", deflated(true, &text)),
        ("identity", text.clone()),
    ] {
        assert!(coding == "identity" || body.len() < 100);
        assert_eq!(answered(coding, body.clone(), loopback().body_limit(200)).await.unwrap(), text, "{coding}");
        let error = answered(coding, body, loopback().body_limit(199)).await.unwrap_err();
        assert!(matches!(error, TransportError::TooLarge { limit: 199 }), "{coding}: {error:?}");
    }
    for (coding, body, part) in [
        ("br", gzip(&text), "neither gzip nor deflate"),
        ("gzip", b"<OFX>".to_vec(), "broken"),
        ("gzip", gzip(&text)[..30].to_vec(), "cut short"),
    ] {
        let text = unknown(answered(coding, body, loopback()).await.unwrap_err());
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn a_coding_that_is_no_compression_changes_nothing() {
    let text = b"<OFX>".repeat(40);
    for coding in ["none", "UTF-8", "7bit", "8bit", "binary", "iso-8859-1", "", "identity, utf-8", "none\nutf-8"] {
        assert_eq!(answered(coding, text.clone(), loopback()).await.unwrap(), text, "{coding}");
    }
    // However many lines it takes, and however often it is said of one compression.
    for coding in ["identity\ngzip", "gzip\nutf-8", "none, gzip", "gzip\ngzip", "x-gzip, identity"] {
        assert_eq!(answered(coding, gzip(&text), loopback()).await.unwrap(), text, "{coding}");
    }
    for coding in ["compress", "x-compress", "br", "zstd", "identity\nbr", "gzip\nbr", "gzip, deflate"] {
        let error = unknown(answered(coding, gzip(&text), loopback()).await.unwrap_err());
        assert!(error.contains("neither gzip nor deflate"), "{coding}: {error}");
    }
}

#[tokio::test]
async fn a_request_is_compressed_when_asked_for() {
    let server = Server::plain(reply(&answer("<OFX>"))).await;
    send(loopback().compress_requests(true), &server.url()).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!(seen.header("content-encoding"), Some("gzip"));
    let mut body = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&seen.body[..]), &mut body).unwrap();
    assert_eq!(body, BODY);
}

/// Blocks of deflate with nothing in them, ten bits each. RFC 1951 §3.2.6.
const NOTHING: [u8; 5] = [0x02, 0x08, 0x20, 0x80, 0x00];
/// The same as the last one.
const END: [u8; 2] = [0x03, 0x00];

#[tokio::test]
async fn an_answer_that_is_much_work_for_nothing_is_given_up() {
    let nothing = NOTHING.repeat(100 * 1024);
    let gzip_head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let zlib_head = [0x78, 0x9c];
    // Parts of gzip that are empty, and well made.
    let empty_part = [&gzip_head[..], &END, &[0; 8]].concat();
    for (coding, body) in [
        ("gzip", [&gzip_head[..], &nothing, &END, &[0; 8]].concat()),
        ("gzip", empty_part.repeat(25 * 1024)),
        ("deflate", [&zlib_head[..], &nothing, &END, &[0, 0, 0, 1]].concat()),
        ("deflate", [&nothing[..], &END].concat()),
    ] {
        let error = answered(coding, body, loopback()).await.unwrap_err();
        assert!(matches!(error, TransportError::Compression { .. }), "{coding}: {error:?}");
        assert!(unknown(error).contains("next to nothing"));
    }
    // A little of it is in many an honest file.
    let text = [&b"\x00\x05\x00\xfa\xff<OFX>"[..], &NOTHING.repeat(1000), &END].concat();
    assert_eq!(answered("deflate", text, loopback()).await.unwrap(), b"<OFX>");
}
