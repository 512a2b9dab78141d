//! Golden blobs that this version does not write: those of later versions, and of writers that choose otherwise than it does.

use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use ofx_session::{Blob, Version};
use sha2::Sha256;

use super::make::{Made, SEALED, client, easy, full, payment, prepared};
use super::{read, reference, run};

/// What this version does not make through its own calls.
pub(super) fn by_hand() -> Vec<Made> {
    newer().into_iter().chain(otherwise()).collect()
}

/// What a later version could write.
fn newer() -> Vec<Made> {
    let client = unsealed(&SEALED.client("", "", full()));
    let paused = unsealed(&SEALED.paused("", "", run(reference::session())));
    let note = miniz_oxide::deflate::compress_to_vec(&b"what only schema 2 knows, ".repeat(8), 9);
    let of_client = [(100, 1, note.clone()), (101, 0, vec![0, 1, 254, 255]), (102, 0, vec![])];
    let of_both = [(100, 0, b"of the client".to_vec()), (200, 1, note.clone())];
    let bounds =
        [(0, 0, vec![0]), (127, 0, b"last".to_vec()), (128, 0, b"first of the operation".to_vec()), (255, 1, note)];
    let made = |name, about, refused, schema: [u16; 2], base: &(Vec<u8>, Vec<Raw>), extra: &[Raw]| {
        let deflated = base.1.iter().map(|one| match one {
            (4, flags, bytes) => (4, flags | 1, miniz_oxide::deflate::compress_to_vec(bytes, 9)),
            other => other.clone(),
        });
        let segments: Vec<_> = deflated.chain(extra.iter().cloned()).collect();
        Made { name, about, refused, plan: SEALED, blob: seal(&base.0, schema, &segments, name) }
    };
    let critical = |tag| [(tag, 128, vec![1])];
    vec![
        made(
            "newer_segments",
            "schema 2 for readers of 1: deflated profile, three unknown segments",
            None,
            [2, 1],
            &client,
            &of_client,
        ),
        made(
            "newer_paused",
            "schema 2 for readers of 1: an unknown segment of the client and one of the operation",
            None,
            [2, 1],
            &paused,
            &of_both,
        ),
        made(
            "newer_bounds",
            "schema 2 for readers of 1: unknown segments with the lowest and the highest tags of client and operation",
            None,
            [2, 1],
            &paused,
            &bounds,
        ),
        made(
            "newer_critical",
            "schema 2 for readers of 1, with an unknown segment that must be understood",
            Some("SegmentTooNew"),
            [2, 1],
            &client,
            &critical(100),
        ),
        made(
            "newer_critical_operation",
            "schema 2 for readers of 1: a paused operation with an unknown segment of its own that must be understood",
            Some("SegmentTooNew"),
            [2, 1],
            &paused,
            &critical(200),
        ),
        made(
            "newer_critical_stray",
            "schema 2 for readers of 1: a client with an unknown segment of an operation that must be understood",
            Some("SegmentTooNew"),
            [2, 1],
            &client,
            &critical(128),
        ),
        made("newer_reader", "schema 3 for readers of 2", Some("SchemaTooNew"), [3, 2], &client, &[]),
    ]
}

/// What another writer of schema 1 could write.
fn otherwise() -> Vec<Made> {
    let (client_header, of_client) = unsealed(&SEALED.client("", "", full()));
    let (header, to_send) = unsealed(&SEALED.paused("", "", prepared(client(Version::V211, easy(), &[]), &payment())));
    let made = |name, about, header: &[u8], segments: Vec<Raw>| {
        let blob = seal(header, [1, 1], &segments, name);
        Made { name, about, refused: None, plan: SEALED, blob }
    };
    let stray = [no_record(5), no_record(6), no_record(7), (200, 0, b"of an operation".to_vec())];
    vec![
        made(
            "hand_stray_parts",
            "a client with parts of an operation, which are no records and are passed over",
            &client_header,
            of_client.iter().cloned().chain(stray).collect(),
        ),
        made(
            "hand_stray_questions",
            "a payment that waits for no answers, with questions that are no record and are passed over",
            &header,
            to_send.iter().cloned().chain([no_record(7)]).collect(),
        ),
        made(
            "hand_request",
            "a payment whose squeezed request has escapes that this crate does not make",
            &header,
            with(&to_send, 6, |request| {
                // Controls after the end of the document: within it they are forbidden.
                [&[0, request[0]], &request[1..], &[0, 0, 0, 1, 0, 2, 0, 3, b'\r', b'\n']].concat()
            }),
        ),
        made(
            "hand_tree",
            "a profile packed in ways that readers accept and this crate does not choose, with empty values",
            &client_header,
            with(&of_client, 4, |_| tree()),
        ),
        made(
            "hand_varints",
            "records whose lengths and numbers are not in their shortest form",
            &header,
            with(&with(&to_send, 1, |identity| [&[identity[0] | 0x80, 0], &identity[1..]].concat()), 5, |operation| {
                // The number of the next file, which is below 128.
                [&operation[..17], &[operation[17] | 0x80, 0x80, 0x80, 0x80, 0], &operation[18..]].concat()
            }),
        ),
    ]
}

/// A profile: every name spelled unless said otherwise, every varint four bytes long, every value in form 1.
fn tree() -> Vec<u8> {
    let core = || {
        let all = [("VER", "1"), ("URL", "https://ofx.bank.example/ofx"), ("OFXSEC", "NONE"), ("TRANSPSEC", "Y")];
        let rest = [("SIGNONREALM", "LARKSPUR"), ("LANGUAGE", "ENG"), ("SYNCMODE", "LITE"), ("RESPFILEER", "N")];
        aggregate("MSGSETCORE", &all.into_iter().chain(rest).map(|(tag, text)| value(tag, text)).collect::<Vec<_>>())
    };
    let fee = |number: usize| aggregate("LKS.FEE", &[value("LKS.AMOUNT", &format!("{number}"))]);
    // Flat aggregate 0 is the first MSGSETCORE, 1 the second; their values are 0 to 15, those of the fees 16 to 85.
    let mut fees: Vec<_> = (0..70).map(fee).collect();
    fees.extend([
        // The second fee, farther back than this crate looks.
        [spelled(6, "LKS.FEE"), long(3)].concat(),
        // A name with a number, first spelled, then as that number; it is flat aggregate 72.
        aggregate("BANKACCTFROM", &[value("BANKID", "86")]),
        [vec![30 << 3 | 6], long(6), long(72)].concat(),
        // A step counts from 0 after a spelled name: 7 is BANKID.
        [value("LKS.TEXT", &["eighty-seven"; 16].join(" ")), vec![13 << 3 | 1, 2], b"88".to_vec()].concat(),
    ]);
    let fees = [spelled(0, "LKS.FEES"), long(fees.len() + 1), fees.concat()].concat();
    let empties = [
        [spelled(1, "LKS.EMPTY"), long(0)].concat(),
        [spelled(7, "LKS.EMPTY"), long(0)].concat(),
        [spelled(2, "LKS.EMPTY"), long(89)].concat(),
        // Numbers go on behind the empty ones: this is 91, and the next says it again.
        [spelled(7, "LKS.DIGIT"), vec![1, 0x7f]].concat(),
        [spelled(2, "LKS.DIGIT"), long(91)].concat(),
        // Not flat, because what it holds is no value.
        aggregate("LKS.HOLDS", &[[spelled(1, "LKS.EMPTY"), long(0)].concat()]),
        // So this is flat aggregate 73.
        aggregate("LKS.FLAT", &[value("LKS.TEXT", "93")]),
        [spelled(6, "LKS.FLAT"), long(73)].concat(),
    ];
    let vendor = aggregate("LKSMSGSETV1", &[core(), fees, aggregate("LKS.EMPTIES", &empties)]);
    let signon = aggregate("SIGNONMSGSET", &[aggregate("SIGNONMSGSETV1", &[core()])]);
    let info = [("SIGNONREALM", "LARKSPUR"), ("MIN", "6"), ("MAX", "32"), ("CHARTYPE", "ALPHAONLY"), ("CASESEN", "Y")];
    aggregate(
        "PROFRS",
        &[
            aggregate("MSGSETLIST", &[signon, aggregate("LKSMSGSET", &[vendor])]),
            aggregate("SIGNONINFOLIST", &[aggregate("SIGNONINFO", &info.map(|(tag, text)| value(tag, text)))]),
            value("DTPROFUP", "20260101000000"),
        ],
    )
}

fn aggregate(name: &str, elements: &[Vec<u8>]) -> Vec<u8> {
    [spelled(0, name), long(elements.len()), elements.concat()].concat()
}

fn value(name: &str, text: &str) -> Vec<u8> {
    [spelled(1, name), long(text.len()), text.as_bytes().to_vec()].concat()
}

fn spelled(form: u8, name: &str) -> Vec<u8> {
    [vec![31 << 3 | form], long(name.len()), name.as_bytes().to_vec()].concat()
}

/// A varint of four bytes, whatever it says.
fn long(number: usize) -> Vec<u8> {
    let [low, high] = [number & 0x7f, number >> 7].map(|half| u8::try_from(half).unwrap());
    vec![low | 0x80, high | 0x80, 0x80, 0]
}

/// A segment with tag, flags and bytes.
pub(super) type Raw = (u8, u8, Vec<u8>);

/// A segment that cannot be read.
pub(super) fn no_record(tag: u8) -> Raw {
    (tag, 0x80, vec![0xff; 3])
}

/// The segments, one of them changed.
pub(super) fn with(segments: &[Raw], tag: u8, change: impl Fn(&[u8]) -> Vec<u8>) -> Vec<Raw> {
    let changed = |one: &Raw| if one.0 == tag { (one.0, one.1, change(&one.2)) } else { one.clone() };
    segments.iter().map(changed).collect()
}

/// Header and segments, to make another blob of.
pub(super) fn unsealed(made: &Made) -> (Vec<u8>, Vec<Raw>) {
    let found = read::take_apart(made.blob.as_bytes(), Some(&SEALED.key_bytes()), &read::context(SEALED.bound, &[]));
    let plaintext = read::unhex(found["steps"]["plaintext"].as_str().unwrap());
    (made.blob.as_bytes()[..48].to_vec(), read::raw_segments(&plaintext))
}

/// Seals under [`SEALED`] what the library itself would not write.
pub(super) fn seal(header: &[u8], schema: [u16; 2], segments: &[Raw], name: &str) -> Blob {
    let mut blob = header.to_vec();
    blob[12..14].copy_from_slice(&schema[0].to_be_bytes());
    blob[14..16].copy_from_slice(&schema[1].to_be_bytes());
    let nonce: Vec<u8> = name.bytes().cycle().take(24).collect();
    let info = read::info(&blob, &read::context(SEALED.bound, &[]));
    let mut keys = [0; 64];
    Hkdf::<Sha256>::new(Some(&nonce), &SEALED.key_bytes()).expand(&info, &mut keys).unwrap();
    blob.extend_from_slice(&nonce);
    blob.extend_from_slice(&keys[32..]);
    let front = blob.clone();
    for (tag, flags, bytes) in segments {
        blob.extend_from_slice(&[*tag, *flags]);
        let mut length = bytes.len();
        while length > 0x7f {
            blob.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        blob.push(u8::try_from(length).unwrap());
        blob.extend_from_slice(bytes);
    }
    let nonce = XNonce::try_from(nonce.as_slice()).unwrap();
    let cipher = XChaCha20Poly1305::new_from_slice(&keys[..32]).unwrap();
    let tag = cipher.encrypt_inout_detached(&nonce, &front, blob[104..].as_mut().into()).unwrap();
    blob.extend_from_slice(&tag);
    Blob::from_bytes(blob)
}
