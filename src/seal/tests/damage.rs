//! Changed, cut, grown and hostile blobs: each is refused, and the place of the damage says with which error.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{
    NONCE, SCHEMA, context, open_content, open_digested, open_it, policy, ring, sealed, segment, segments, stamp,
};
use crate::seal::{Blob, Kind, OpenError, SealError, open, open_plain, seal, seal_plain};

#[test]
fn each_flipped_bit_of_a_sealed_blob_is_refused_as_its_place_predicts() {
    let mut met = HashSet::new();
    for kind in [Kind::Client, Kind::Paused] {
        for (at, blob) in flips(&sealed(kind)) {
            let found = open_it(&blob, kind).unwrap_err();
            // The flip of the suite: plain is refused before its damage is looked at.
            let expected =
                if blob.as_bytes()[6] == 0 { OpenError::PlainRefused } else { predicted(kind, blob.as_bytes(), at) };
            assert_eq!(found, expected, "at {at}");
            met.insert(std::mem::discriminant(&found));
            let lenient = policy().allow_plain();
            let found = open(&blob, kind, SCHEMA, &ring(), &context(), &lenient).unwrap_err();
            assert_eq!(found, predicted(kind, blob.as_bytes(), at), "at {at}, plain allowed");
        }
    }
    assert_eq!(met.len(), 8);
}

#[test]
fn each_flipped_bit_of_a_plain_blob_is_refused_as_its_place_predicts() {
    for kind in [Kind::Client, Kind::Paused] {
        let blob = seal_plain(&stamp(kind), &segments()).unwrap();
        for (at, blob) in flips(&blob) {
            let lenient = policy().allow_plain();
            let found = open(&blob, kind, SCHEMA, &ring(), &context(), &lenient).unwrap_err();
            assert_eq!(found, predicted(kind, blob.as_bytes(), at), "at {at}");
            let expected = if blob.as_bytes()[6] == 1 { OpenError::KeysNeeded } else { found };
            assert_eq!(open_plain(&blob, kind, SCHEMA, &lenient).unwrap_err(), expected, "at {at}, without keys");
        }
    }
}

#[test]
fn each_truncation_and_extension_is_refused_as_its_place_predicts() {
    let lenient = policy().allow_plain();
    for (blob, overhead) in [(sealed(Kind::Paused), 120), (seal_plain(&stamp(Kind::Paused), &segments()).unwrap(), 80)]
    {
        for len in 0..blob.as_bytes().len() {
            let short = Blob::from_bytes(&blob.as_bytes()[..len]);
            let expected = if len < overhead { OpenError::Truncated } else { OpenError::Tampered };
            let found = open(&short, Kind::Paused, SCHEMA, &ring(), &context(), &lenient).unwrap_err();
            assert_eq!(found, expected, "cut to {len}");
        }
        let mut long = blob.into_bytes();
        long.push(0);
        let found = open(&Blob::from_bytes(long), Kind::Paused, SCHEMA, &ring(), &context(), &lenient).unwrap_err();
        assert_eq!(found, OpenError::Tampered);
    }
}

#[test]
fn a_plain_blob_with_a_key_id_is_damaged_even_if_its_digest_is_right() {
    let mut bytes = seal_plain(&stamp(Kind::Client), &segments()).unwrap().into_bytes();
    bytes[11] = 3;
    assert_eq!(open_digested(bytes).unwrap_err(), OpenError::Tampered);
}

#[test]
fn foreign_bytes_are_not_ours() {
    for bytes in [&b"X"[..], b"OFXHEADER:100", b"{\"client\":1}", &[0; 200]] {
        assert_eq!(open_it(&Blob::from_bytes(bytes), Kind::Client).unwrap_err(), OpenError::NotOurs);
    }
    let newer_and_short = Blob::from_bytes(*b"OFXS\x02");
    assert_eq!(newer_and_short.header().unwrap_err(), OpenError::ContainerTooNew);
}

#[test]
fn malformed_segments_are_refused_where_they_begin() {
    for (content, at) in [
        (&[1][..], 0),
        (&[1, 0], 0),
        (&[1, 0, 1], 0),
        (&[1, 0, 2, 9], 0),
        (&[1, 2, 0], 0),
        (&[1, 64, 0], 0),
        (&[1, 0, 0x80, 0], 0),
        (&[1, 0, 0x81, 0x00, 9], 0),
        (&[1, 0, 0x81, 0x80, 0x00, 9], 0),
        (&[1, 0, 0x80, 0x80, 0x80, 0x01], 0),
        (&[1, 0, 0, 1, 0, 0], 3),
        (&[1, 0, 0, 2, 4, 0], 3),
        (&[1, 0, 1, 9, 1, 128, 0], 4),
        (&[1, 1, 0], 0),
        (&[1, 1, 1, 0xff], 0),
        (&[1, 1, 2, 0x03, 0x00], usize::MAX),
        (&[1, 1, 3, 0x03, 0x00, 0x00], 0),
    ] {
        let found = open_content(content).err();
        let expected = (at != usize::MAX).then_some(OpenError::MalformedSegment { at });
        assert_eq!(found, expected, "{content:?}");
    }
}

#[test]
fn inflating_ends_at_the_limit_and_not_before() {
    let zeros = |len: usize| miniz_oxide::deflate::compress_to_vec(&vec![0; len], 9);
    let content = |sizes: &[usize]| {
        let mut content = Vec::new();
        for (tag, size) in (1..).zip(sizes) {
            let stream = zeros(*size);
            content.extend_from_slice(&[tag, 1]);
            write_len(stream.len(), &mut content);
            content.extend_from_slice(&stream);
        }
        content
    };
    let too_large = Some(OpenError::TooLarge { allowed: Blob::MAX_LEN });
    for (sizes, expected) in [
        (&[Blob::MAX_LEN][..], None),
        (&[Blob::MAX_LEN + 1], too_large),
        (&[Blob::MAX_LEN, 0], None),
        (&[Blob::MAX_LEN, 1], too_large),
        (&[40_000, 25_536], None),
        (&[40_000, 25_537], too_large),
        (&[60_000, 5_000, 536], None),
        (&[60_000, 5_000, 537], too_large),
        (&[32 * 1024 * 1024], too_large),
    ] {
        let opened = open_content(&content(sizes));
        assert_eq!(opened.as_ref().err().copied(), expected, "{sizes:?}");
        if let Ok(opened) = opened {
            let found: Vec<_> = opened.segments.iter().map(|segment| segment.bytes.len()).collect();
            assert_eq!(found, sizes);
            assert!(opened.segments.iter().all(|segment| segment.bytes.capacity() == segment.bytes.len()));
        }
    }
    // Stored bytes count like inflated ones.
    let mut mixed = content(&[Blob::MAX_LEN - 10]);
    mixed.extend_from_slice(&[9, 0, 10]);
    mixed.extend_from_slice(&[1; 10]);
    assert!(open_content(&mixed).is_ok());
    mixed.extend_from_slice(&[10, 0, 1, 1]);
    assert_eq!(open_content(&mixed).err(), too_large);
}

#[test]
fn of_several_faults_in_the_content_the_first_gives_the_error() {
    let deflated = |stream: &[u8]| {
        let mut content = vec![1, 1];
        write_len(stream.len(), &mut content);
        content.extend_from_slice(stream);
        content
    };
    let stream = |len: usize| miniz_oxide::deflate::compress_to_vec(&vec![7; len], 9);
    let (fits, exceeds) = (stream(Blob::MAX_LEN), stream(Blob::MAX_LEN * 8));
    let too_large = OpenError::TooLarge { allowed: Blob::MAX_LEN };
    let malformed = OpenError::MalformedSegment { at: 0 };
    let twin = [1, 0, 0];
    let cut = |stream: &[u8]| deflated(&stream[..stream.len() - 1]);
    let followed = |stream: &[u8]| deflated(&[stream, &[0]].concat());
    for (content, expected) in [
        (cut(&fits), malformed),
        (followed(&fits), malformed),
        (cut(&exceeds), too_large),
        (followed(&exceeds), too_large),
        ([&deflated(&exceeds), &twin[..]].concat(), too_large),
        ([&deflated(&fits), &twin[..]].concat(), OpenError::MalformedSegment { at: deflated(&fits).len() }),
        ([&[1, 2, 0][..], &deflated(&exceeds)].concat(), malformed),
        // A flag that is not known goes before the bytes.
        ([&[1, 3], &deflated(&exceeds)[2..]].concat(), malformed),
        (deflated(&exceeds)[..20].to_vec(), malformed),
    ] {
        assert_eq!(open_content(&content).unwrap_err(), expected, "{:?}", content.get(..4));
    }
}

#[test]
fn what_does_not_fit_is_neither_sealed_nor_looked_at() {
    let allowed = Blob::MAX_LEN;
    let full = segment(1, false, false, &vec![5; allowed - 120 - 5]);
    let blob = seal(&stamp(Kind::Client), std::slice::from_ref(&full), &ring(), &context(), NONCE).unwrap();
    assert_eq!(blob.as_bytes().len(), allowed);
    assert_eq!(open_it(&blob, Kind::Client).unwrap().segments, [full]);

    let fuller = [segment(1, false, false, &vec![5; allowed - 120 - 4])];
    let expected = SealError::TooLarge { needed: allowed + 1, allowed };
    assert_eq!(seal(&stamp(Kind::Client), &fuller, &ring(), &context(), NONCE).unwrap_err(), expected);
    let inflated = [segment(1, false, true, &vec![5; allowed + 1])];
    assert_eq!(seal(&stamp(Kind::Client), &inflated, &ring(), &context(), NONCE).unwrap_err(), expected);
    let most = [segment(1, false, true, &vec![5; allowed])];
    let blob = seal(&stamp(Kind::Client), &most, &ring(), &context(), NONCE).unwrap();
    assert_eq!(open_it(&blob, Kind::Client).unwrap().segments, most);

    let mut bytes = blob.into_bytes();
    bytes.resize(allowed + 1, 0);
    assert_eq!(open_it(&Blob::from_bytes(bytes), Kind::Client).unwrap_err(), OpenError::TooLarge { allowed });
}

proptest! {
    #[test]
    fn hostile_content_is_refused_or_read_and_never_panics(
        content in prop::collection::vec(prop_oneof![0u8..4, any::<u8>()], 0..200),
    ) {
        if let Ok(opened) = open_content(&content) {
            let blob = seal_plain(&stamp(Kind::Client), &opened.segments).unwrap();
            prop_assert_eq!(open_digested(blob.into_bytes()).unwrap().segments.len(), opened.segments.len());
        }
    }

    #[test]
    fn hostile_bytes_are_refused(tail in prop::collection::vec(any::<u8>(), 0..300), ours: bool) {
        let mut bytes = if ours { sealed(Kind::Client).as_bytes()[..8].to_vec() } else { Vec::new() };
        bytes.extend(tail);
        prop_assert!(open_it(&Blob::from_bytes(bytes), Kind::Client).is_err());
    }
}

/// The error that `open` must give for `blob`, whose byte `at` was changed, where plain blobs are allowed.
fn predicted(kind: Kind, blob: &[u8], at: usize) -> OpenError {
    let sealed = blob[6] == 1;
    match at {
        0..4 => OpenError::NotOurs,
        4 if blob[4] == 0 => OpenError::NotOurs,
        4 => OpenError::ContainerTooNew,
        5 if blob[5] == 3 => OpenError::WrongKind { expected: kind, found: Kind::Vault },
        5 if blob[5] == 0 || blob[5] > 3 => OpenError::ContainerTooNew,
        6 if blob[6] > 1 => OpenError::ContainerTooNew,
        6 if sealed => OpenError::UnknownKeyId(0),
        7 => OpenError::ContainerTooNew,
        8..12 if sealed => OpenError::UnknownKeyId(u32::from_be_bytes(blob[8..12].try_into().unwrap())),
        14 | 15 if u16::from_be_bytes(blob[14..16].try_into().unwrap()) > SCHEMA => {
            OpenError::SchemaTooNew { needed: u16::from_be_bytes(blob[14..16].try_into().unwrap()), ours: SCHEMA }
        }
        12..104 if sealed => OpenError::WrongKeyOrContext,
        _ => OpenError::Tampered,
    }
}

/// The blob once for every bit, with that bit flipped, and the offset of its byte.
fn flips(blob: &Blob) -> impl Iterator<Item = (usize, Blob)> {
    let bytes = blob.as_bytes().to_vec();
    (0..bytes.len() * 8).map(move |bit| {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        (bit / 8, Blob::from_bytes(flipped))
    })
}

fn write_len(len: usize, out: &mut Vec<u8>) {
    if len < 0x80 {
        out.push(len as u8);
    } else if len < 0x4000 {
        out.extend_from_slice(&[len as u8 | 0x80, (len >> 7) as u8]);
    } else {
        out.extend_from_slice(&[len as u8 | 0x80, (len >> 7) as u8 | 0x80, (len >> 14) as u8]);
    }
}
