//! Compressed answers that are all work and no content.

use ofx_session::transport::TransportError;

use super::loopback;
use super::settings::answered;
use crate::promises::unknown;

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
