//! The body of an answer, and of a request, with and without compression.

use std::io::{Read, Write as _};

use flate2::Compression;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use flate2::write::GzEncoder;
use zeroize::Zeroizing;

use crate::secret::append;
use crate::transport::TransportError;
use crate::transport::options::Reason;

/// `body` in gzip.
pub(crate) fn compressed(body: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len()), Compression::default());
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.map(Zeroizing::new).map_err(|_| NOT_COMPRESSED.error())
}

/// `body` without its compression, `coding`, of at most `limit` bytes.
///
/// A server may compress without having been asked. RFC 9110 §12.5.3.
pub(crate) fn inflated(
    body: Zeroizing<Vec<u8>>,
    coding: Option<&str>,
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, TransportError> {
    let coding = coding.unwrap_or_default().trim().to_ascii_lowercase();
    let from = body.as_slice();
    match coding.as_str() {
        "" | "identity" => Ok(body),
        _ if body.is_empty() => Ok(body),
        "gzip" | "x-gzip" => read(MultiGzDecoder::new(from), limit),
        // By the standard deflate stands for zlib around it; servers are known to leave that away.
        "deflate" if is_zlib(from) => read(ZlibDecoder::new(from), limit),
        "deflate" => read(DeflateDecoder::new(from), limit),
        _ => Err(TransportError::Compression { problem: UNKNOWN_CODING }),
    }
}

/// Reads up to the limit, and not further: what is said to be small may be large.
fn read(mut from: impl Read, limit: usize) -> Result<Zeroizing<Vec<u8>>, TransportError> {
    let mut body = Zeroizing::new(Vec::new());
    let mut piece = Zeroizing::new([0; PIECE]);
    loop {
        let count = from.read(&mut *piece).map_err(|_| TransportError::Compression { problem: BROKEN })?;
        if count == 0 {
            return Ok(body);
        }
        if count > limit.saturating_sub(body.len()) {
            return Err(TransportError::TooLarge { limit });
        }
        append(&mut body, piece.get(..count).unwrap_or_default());
    }
}

/// RFC 1950 §2.2.
fn is_zlib(bytes: &[u8]) -> bool {
    let [first, second, ..] = bytes else { return false };
    first & 0x0f == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0
}

const PIECE: usize = 16 * 1024;

const BROKEN: &str = "it is broken or cut short";
const UNKNOWN_CODING: &str = "it is neither gzip nor deflate";
const NOT_COMPRESSED: Reason = Reason("the request could not be compressed");
