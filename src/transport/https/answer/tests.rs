//! Bodies in all kinds of pieces, with and without compression.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::*;

/// Four blocks of deflate with nothing in them. RFC 1951 §3.2.6.
const NOTHING: [u8; 5] = [0x02, 0x08, 0x20, 0x80, 0x00];

/// Four blocks with one letter in each: as much work, and honest.
const LETTERS: [u8; 9] = [0x4a, 0x04, 0x28, 0x11, 0xa0, 0x44, 0x80, 0x12, 0x01];

fn unpacking(coding: &str) -> Unpacking<'_> {
    Unpacking::new(Some(coding), usize::MAX, "bank.example", None)
}

/// What becomes of `future`, and how often others had their turn before.
fn turns<F: Future>(future: F) -> (F::Output, usize) {
    let (mut future, mut turns) = (pin!(future), 0);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => return (output, turns),
            Poll::Pending => turns += 1,
        }
    }
}

#[test]
fn others_have_their_turn_between_small_parts() {
    let mut body = unpacking("deflate");
    let (taken, count) = turns(body.take(&NOTHING.repeat(NO_YIELD / NOTHING.len())));
    taken.unwrap();
    assert_eq!(count, NO_YIELD.div_ceil(FEED));
    let (taken, count) = turns(body.take(&NOTHING.repeat(1024 * 1024)));
    assert!(matches!(taken, Err(TransportError::Compression { problem: NOTHING_IN_IT })), "{taken:?}");
    assert_eq!(count, 1, "nothing more of it is looked at");
    // The same where much comes out of little.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; 1024 * 1024]).unwrap();
    let mut body = unpacking("gzip");
    let (taken, count) = turns(body.take(&encoder.finish().unwrap()));
    taken.unwrap();
    assert!(count >= 1024 * 1024 / PIECE, "{count}");
    assert_eq!(turns(body.finish()).0.unwrap().len(), 1024 * 1024);
}

#[tokio::test(start_paused = true)]
async fn the_end_is_kept_in_the_middle_of_a_piece() {
    let end = Instant::now().checked_add(Duration::from_secs(60));
    let letters = LETTERS.repeat(FEED * 200 / LETTERS.len());
    let mut body = Unpacking::new(Some("deflate"), usize::MAX, "bank.example", end);
    let racing = async {
        for _ in 0..10 {
            tokio::time::advance(Duration::from_secs(6)).await;
        }
    };
    let (taken, ()) = tokio::join!(body.take(&letters), racing);
    assert!(matches!(taken, Err(TransportError::Timeout { .. })), "{taken:?}");
    let Coding::Packed(packed) = &body.coding else { panic!("it is compressed") };
    assert!(packed.fed < letters.len() / 2, "{} were read", packed.fed);
}

#[test]
fn it_makes_no_difference_in_which_pieces_it_comes() {
    let text = b"<OFX>fine".repeat(10_000);
    let packed = |text: &[u8]| compressed(text).unwrap().to_vec();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(&text).unwrap();
    let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), Compression::none());
    bare.write_all(&text).unwrap();
    let (half, other) = text.split_at(text.len() / 2);
    for (coding, bytes) in [
        ("gzip", packed(&text)),
        ("gzip", [packed(half), packed(b""), packed(other)].concat()),
        ("deflate", zlib.finish().unwrap()),
        ("deflate", bare.finish().unwrap()),
        ("identity", text.clone()),
    ] {
        for size in [1, 2, 3, 1000, FEED, FEED + 1, usize::MAX] {
            let mut body = unpacking(coding);
            for piece in bytes.chunks(size) {
                turns(body.take(piece)).0.unwrap();
            }
            assert_eq!(*turns(body.finish()).0.unwrap(), text, "{coding} {size}");
        }
        let (cut, _) = bytes.split_at(bytes.len() - 1);
        let mut body = unpacking(coding);
        turns(body.take(cut)).0.unwrap();
        assert_eq!(turns(body.finish()).0.is_err(), coding != "identity", "{coding}");
    }
    for short in [&b""[..], b"\x03", b"\x1f"] {
        let mut body = unpacking("deflate");
        turns(body.take(short)).0.unwrap();
        assert_eq!(turns(body.finish()).0.is_err(), !short.is_empty());
    }
}

#[test]
fn what_follows_the_last_member_of_gzip_is_nobodys() {
    let text = b"<OFX>fine".repeat(2_000);
    let whole = compressed(&text).unwrap().to_vec();
    let two = compressed(b"more").unwrap().to_vec();
    let became = |behind: &[u8], size: usize| {
        let mut body = unpacking("gzip");
        for piece in [&whole, behind].concat().chunks(size) {
            turns(body.take(piece)).0?;
        }
        turns(body.finish()).0.map(|body| body.to_vec())
    };
    for size in [1, 2, 3, FEED, whole.len(), whole.len() + 1, usize::MAX] {
        let zeros = vec![0; NO_YIELD * 2];
        for behind in [&b""[..], b"\r\n", b"\0", &zeros, b"\x1e\x8b\x08", b"\x1f\x1f\x8b", b"\x8b"] {
            assert_eq!(became(behind, size).unwrap(), text, "{size}");
        }
        assert_eq!(became(&[&two[..], b"\r\n"].concat(), size).unwrap(), [&text[..], b"more"].concat(), "{size}");
        // Another member that is cut is still missed, and one with another sum.
        for length in 1..two.len() {
            let (cut, _) = two.split_at(length);
            let error = became(cut, size).unwrap_err();
            assert!(matches!(error, TransportError::Compression { problem: BROKEN }), "{size} {length}: {error:?}");
        }
        let mut wrong = two.clone();
        *wrong.last_mut().unwrap() ^= 1;
        became(&[&wrong[..], b"\r\n"].concat(), size).unwrap_err();
    }
}

#[test]
fn members_of_gzip_with_nothing_in_them_are_given_up() {
    let nothing = compressed(b"").unwrap().to_vec();
    let mut body = unpacking("gzip");
    let (taken, _) = turns(body.take(&nothing.repeat(NO_YIELD)));
    assert!(matches!(taken, Err(TransportError::Compression { problem: NOTHING_IN_IT })), "{taken:?}");
}
