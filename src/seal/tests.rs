//! What the room promises: nothing is opened but what was sealed, for whom it was sealed, and each refusal says why.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests fail by panicking"
)]

mod damage;
mod keys;
mod swaps;

use std::collections::HashSet;

use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::error::{Delivery, Error, ErrorKind};
use crate::seal::envelope::Opened;
use crate::seal::{
    Blob, Context, Key, KeyRing, Kind, OpenError, OpenPolicy, SealError, Segment, Stamp, Suite, open, open_plain, seal,
    seal_plain,
};

#[test]
fn what_was_sealed_is_opened() {
    let blob = sealed(Kind::Paused);
    let opened = open_it(&blob, Kind::Paused).unwrap();
    assert_eq!(opened.stamp, stamp(Kind::Paused));
    assert_eq!(opened.segments, segments());
    assert!(!opened.needs_reseal);
    let header = blob.header().unwrap();
    assert_eq!((header.kind(), header.suite(), header.key_id()), (Kind::Paused, Suite::XChaCha20Poly1305, KEY_ID));
    assert_eq!((header.schema(), header.oldest_reader()), (SCHEMA, OLDEST));
    assert_eq!((header.issued(), header.expires(), header.state_id()), (ISSUED, Some(EXPIRES), STATE_ID));
}

#[test]
fn no_segments_cost_what_the_layout_says() {
    let blob = seal(&stamp(Kind::Client), &[], &ring(), &context(), NONCE).unwrap();
    assert_eq!(blob.as_bytes().len(), 120);
    assert!(open_it(&blob, Kind::Client).unwrap().segments.is_empty());
    assert_eq!(seal_plain(&stamp(Kind::Client), &[]).unwrap().as_bytes().len(), 80);
}

/// The bytes were made by another implementation, written after the layout in the documentation of `seal` alone (HMAC,
/// HChaCha20 and IETF ChaCha20-Poly1305 of Python and OpenSSL): the format must never drift.
#[test]
fn the_format_is_the_one_of_the_fixed_vector() {
    let stamp = Stamp {
        kind: Kind::Paused,
        schema: 0x0102,
        oldest_reader: 0x0101,
        issued: 1_700_000_000,
        expires: 1_700_000_900,
        state_id: std::array::from_fn(|at| 0xa0 + at as u8),
    };
    let ring = KeyRing::new(Key::new(0x0102_0304, std::array::from_fn(|at| at as u8)).unwrap());
    let context = Context::new("tenant", "user").unwrap().and("bank");
    let nonce = std::array::from_fn(|at| 0x40 + at as u8);
    let content = [segment(1, true, false, b"hello"), segment(200, false, false, &[7; 130])];
    let blob = seal(&stamp, &content, &ring, &context, nonce).unwrap();
    assert_eq!(hex(blob.as_bytes()), VECTOR_SEALED);
    assert_eq!(hex(seal_plain(&stamp, &content).unwrap().as_bytes()), VECTOR_PLAIN);
    let opened = open(&blob, Kind::Paused, 0x0101, &ring, &context, &OpenPolicy::new(1_700_000_000)).unwrap();
    assert_eq!(opened.segments, content);
}

#[test]
fn another_key_or_context_is_refused() {
    let blob = sealed(Kind::Client);
    let try_with =
        |keys: &KeyRing, context: &Context| open(&blob, Kind::Client, SCHEMA, keys, context, &policy()).unwrap_err();
    let other_bytes = KeyRing::new(Key::new(KEY_ID, [8; 32]).unwrap());
    assert_eq!(try_with(&other_bytes, &context()), OpenError::WrongKeyOrContext);
    let other_id = KeyRing::new(Key::new(9, [7; 32]).unwrap());
    assert_eq!(try_with(&other_id, &context()), OpenError::UnknownKeyId(KEY_ID));
    for other in [
        Context::new("tenant", "other").unwrap().and("bank"),
        Context::new("other", "user").unwrap().and("bank"),
        Context::new("user", "tenant").unwrap().and("bank"),
        Context::new("tenant", "user").unwrap(),
        Context::new("tenant", "user").unwrap().and("bank").and(""),
        Context::new("tenant", "userbank").unwrap(),
        Context::unbound(),
        Context::unbound().and("tenant").and("user").and("bank"),
    ] {
        assert_eq!(try_with(&ring(), &other), OpenError::WrongKeyOrContext, "{other:?}");
    }
}

#[test]
fn parts_of_a_context_do_not_run_into_each_other() {
    let contexts = [
        Context::new("ab", "c").unwrap(),
        Context::new("a", "bc").unwrap(),
        Context::new("a", "b").unwrap().and("c"),
        Context::new("abc", "\0").unwrap(),
        Context::new("c", "ab").unwrap(),
        Context::new("ab", "c").unwrap().and(""),
        Context::new("ab", "c").unwrap().and("").and(""),
        Context::new("a", "c").unwrap().and("b"),
        Context::new("b", "a").unwrap().and("c"),
        Context::unbound(),
        Context::unbound().and(""),
        Context::unbound().and("ab").and("c"),
        Context::unbound().and("ab"),
        Context::unbound().and("c").and("ab"),
        Context::unbound().and("ab").and("c").and(""),
    ];
    for (at, own) in contexts.iter().enumerate() {
        let blob = seal(&stamp(Kind::Client), &segments(), &ring(), own, NONCE).unwrap();
        for (other_at, other) in contexts.iter().enumerate() {
            let opened = open(&blob, Kind::Client, SCHEMA, &ring(), other, &policy());
            assert_eq!(opened.err(), (at != other_at).then_some(OpenError::WrongKeyOrContext), "{at} {other_at}");
        }
    }
    assert_eq!(Context::new("", "user").unwrap_err(), SealError::EmptyContext);
    assert_eq!(Context::new("tenant", "").unwrap_err(), SealError::EmptyContext);
}

#[test]
fn plain_is_opened_only_where_it_is_allowed_by_name() {
    let blob = seal_plain(&stamp(Kind::Client), &segments()).unwrap();
    assert_eq!(blob.header().unwrap().suite(), Suite::Plain);
    assert_eq!(open_it(&blob, Kind::Client).unwrap_err(), OpenError::PlainRefused);
    assert_eq!(open_plain(&blob, Kind::Client, SCHEMA, &policy()).unwrap_err(), OpenError::PlainRefused);
    let lenient = policy().allow_plain();
    for opened in [
        open(&blob, Kind::Client, SCHEMA, &ring(), &context(), &lenient).unwrap(),
        open_plain(&blob, Kind::Client, SCHEMA, &lenient).unwrap(),
    ] {
        assert_eq!((opened.stamp, opened.segments), (stamp(Kind::Client), segments()));
        assert!(!opened.needs_reseal);
    }
    let sealed = sealed(Kind::Client);
    assert_eq!(open_plain(&sealed, Kind::Client, SCHEMA, &lenient).unwrap_err(), OpenError::KeysNeeded);
}

#[test]
fn a_blob_is_valid_from_issue_to_expiry_give_or_take_the_skew() {
    let blob = sealed(Kind::Paused);
    let at = |now, skew: Option<u64>| {
        let policy = skew.into_iter().fold(OpenPolicy::new(now), OpenPolicy::skew);
        open(&blob, Kind::Paused, SCHEMA, &ring(), &context(), &policy).err()
    };
    for (now, skew) in [
        (ISSUED - 60, None),
        (EXPIRES + 60, None),
        (ISSUED, Some(0)),
        (EXPIRES, Some(0)),
        (0, Some(u64::MAX)),
        (u64::MAX, Some(u64::MAX)),
    ] {
        assert_eq!(at(now, skew), None, "{now}");
    }
    let future = |now| Some(OpenError::IssuedInFuture { issued: ISSUED, now });
    let expired = |now| Some(OpenError::Expired { since: EXPIRES, now });
    assert_eq!(at(ISSUED - 61, None), future(ISSUED - 61));
    assert_eq!(at(ISSUED - 1, Some(0)), future(ISSUED - 1));
    assert_eq!(at(EXPIRES + 61, None), expired(EXPIRES + 61));
    assert_eq!(at(EXPIRES + 1, Some(0)), expired(EXPIRES + 1));
    assert_eq!(at(u64::MAX, None), expired(u64::MAX));
}

#[test]
fn the_clock_is_asked_about_authentic_blobs_only() {
    let mut bytes = sealed(Kind::Paused).into_bytes();
    *bytes.last_mut().unwrap() ^= 1;
    let late = OpenPolicy::new(u64::MAX);
    let blob = Blob::from_bytes(bytes);
    let found = open(&blob, Kind::Paused, SCHEMA, &ring(), &context(), &late).unwrap_err();
    assert_eq!(found, OpenError::Tampered);
    let found = open(&blob, Kind::Paused, SCHEMA, &ring(), &Context::unbound(), &late).unwrap_err();
    assert_eq!(found, OpenError::WrongKeyOrContext);
}

#[test]
fn a_client_may_live_for_ever_and_a_paused_operation_may_not() {
    let forever = Stamp { expires: 0, ..stamp(Kind::Client) };
    let blob = seal(&forever, &segments(), &ring(), &context(), NONCE).unwrap();
    assert_eq!(blob.header().unwrap().expires(), None);
    let late = OpenPolicy::new(u64::MAX);
    assert!(open(&blob, Kind::Client, SCHEMA, &ring(), &context(), &late).is_ok());

    let forever = Stamp { expires: 0, ..stamp(Kind::Paused) };
    assert_eq!(seal(&forever, &[], &ring(), &context(), NONCE).unwrap_err(), SealError::NoExpiry);
    assert_eq!(seal_plain(&forever, &[]).unwrap_err(), SealError::NoExpiry);
    let mut bytes = seal_plain(&Stamp { expires: 0, ..stamp(Kind::Client) }, &[]).unwrap().into_bytes();
    bytes[5] = 2;
    redigest(&mut bytes);
    let lenient = policy().allow_plain();
    let found = open_plain(&Blob::from_bytes(bytes), Kind::Paused, SCHEMA, &lenient).unwrap_err();
    assert_eq!(found, OpenError::NoExpiry);
}

#[test]
fn a_stamp_that_contradicts_itself_is_not_sealed() {
    let born_dead = Stamp { expires: ISSUED - 1, ..stamp(Kind::Client) };
    let expected = SealError::ExpiresBeforeIssued { issued: ISSUED, expires: ISSUED - 1 };
    assert_eq!(seal(&born_dead, &[], &ring(), &context(), NONCE).unwrap_err(), expected);
    let unreadable = Stamp { oldest_reader: SCHEMA + 1, ..stamp(Kind::Client) };
    assert_eq!(seal_plain(&unreadable, &[]).unwrap_err(), SealError::Contradiction);
    let twins = [segment(1, false, false, b"a"), segment(1, false, false, b"b")];
    assert_eq!(seal(&stamp(Kind::Client), &twins, &ring(), &context(), NONCE).unwrap_err(), SealError::Contradiction);
}

#[test]
fn another_kind_is_refused() {
    for (made, wanted) in [(Kind::Client, Kind::Paused), (Kind::Paused, Kind::Client)] {
        let found = open_it(&sealed(made), wanted).unwrap_err();
        assert_eq!(found, OpenError::WrongKind { expected: wanted, found: made });
    }
    let mut bytes = sealed(Kind::Client).into_bytes();
    bytes[5] = 2;
    assert_eq!(open_it(&Blob::from_bytes(bytes), Kind::Paused).unwrap_err(), OpenError::WrongKeyOrContext);
}

#[test]
fn schemas_too_new_and_too_old_are_told_apart() {
    let blob = sealed(Kind::Client);
    let with = |ours, policy: OpenPolicy| open(&blob, Kind::Client, ours, &ring(), &context(), &policy).err();
    assert_eq!(with(OLDEST, policy()), None);
    assert_eq!(with(OLDEST - 1, policy()), Some(OpenError::SchemaTooNew { needed: OLDEST, ours: OLDEST - 1 }));
    assert_eq!(with(SCHEMA + 9, policy().oldest_schema(SCHEMA)), None);
    let retired = Some(OpenError::SchemaRetired { found: SCHEMA, oldest: SCHEMA + 1 });
    assert_eq!(with(SCHEMA + 9, policy().oldest_schema(SCHEMA + 1)), retired);
}

#[test]
fn compressible_segments_are_deflated_and_others_are_not() {
    let text = b"<BANKACCTFROM><BANKID>1</BANKID></BANKACCTFROM>".repeat(20);
    let noise = Sha256::digest(b"noise").to_vec();
    let plain_len = |compress, bytes: &[u8]| {
        seal_plain(&stamp(Kind::Client), &[segment(1, false, compress, bytes)]).unwrap().as_bytes().len() - 80
    };
    assert_eq!(plain_len(false, &text), 4 + text.len());
    assert!(plain_len(true, &text) < 120, "{}", plain_len(true, &text));
    assert_eq!(plain_len(true, &noise), 3 + noise.len());
    assert_eq!(plain_len(true, b""), 3);
    assert_eq!(plain_len(true, &[5; 127]), 3 + 127);
    assert!(plain_len(true, &[5; 128]) < 32);
    let blob = seal_plain(&stamp(Kind::Client), &[segment(1, false, true, &text)]).unwrap();
    let opened = open_digested(blob.into_bytes()).unwrap();
    assert_eq!(opened.segments, [segment(1, false, true, &text)]);
}

#[test]
fn two_seals_of_the_same_state_share_nothing_beyond_the_header() {
    let one = seal(&stamp(Kind::Client), &segments(), &ring(), &context(), [1; 24]).unwrap();
    let two = seal(&stamp(Kind::Client), &segments(), &ring(), &context(), [2; 24]).unwrap();
    assert_eq!(one.as_bytes()[..48], two.as_bytes()[..48]);
    let windows: HashSet<_> = one.as_bytes()[48..].windows(16).collect();
    assert!(windows.len() > 100);
    assert!(!two.as_bytes()[48..].windows(16).any(|window| windows.contains(window)));
    let sealed = one.as_bytes();
    assert!(
        !sealed.windows(8).any(|window| segments().iter().any(|segment| segment.bytes.windows(8).any(|w| w == window)))
    );
}

#[test]
fn keys_are_rotated_without_losing_a_blob() {
    let old_blob = sealed(Kind::Client);
    let with = |keys: &KeyRing, blob: &Blob| {
        open(blob, Kind::Client, SCHEMA, keys, &context(), &policy()).map(|opened| opened.needs_reseal)
    };
    let mut keys = ring();
    keys.add(Key::new(2, [9; 32]).unwrap()).unwrap();
    assert_eq!(keys.sealing_id(), KEY_ID);
    assert_eq!(with(&keys, &old_blob), Ok(false));

    keys.promote(2).unwrap();
    assert_eq!(keys.sealing_id(), 2);
    assert_eq!(with(&keys, &old_blob), Ok(true));
    let new_blob = seal(&stamp(Kind::Client), &segments(), &keys, &context(), NONCE).unwrap();
    assert_eq!(new_blob.header().unwrap().key_id(), 2);
    assert_eq!(with(&keys, &new_blob), Ok(false));

    assert_eq!(keys.retire(2).unwrap_err(), SealError::SealingKey(2));
    keys.retire(KEY_ID).unwrap();
    assert!(keys.contains(2) && !keys.contains(KEY_ID));
    assert_eq!(with(&keys, &old_blob), Err(OpenError::UnknownKeyId(KEY_ID)));
    assert_eq!(with(&keys, &new_blob), Ok(false));
}

#[test]
fn a_key_ring_refuses_what_would_confuse_it() {
    assert_eq!(Key::new(0, [1; 32]).unwrap_err(), SealError::ZeroKeyId);
    let mut keys = ring();
    assert_eq!(keys.add(Key::new(KEY_ID, [1; 32]).unwrap()).unwrap_err(), SealError::DuplicateKeyId(KEY_ID));
    keys.add(Key::new(5, [1; 32]).unwrap()).unwrap();
    assert_eq!(keys.add(Key::new(5, [2; 32]).unwrap()).unwrap_err(), SealError::DuplicateKeyId(5));
    assert_eq!(keys.promote(6).unwrap_err(), SealError::NoSuchKey(6));
    assert_eq!(keys.retire(6).unwrap_err(), SealError::NoSuchKey(6));
    keys.promote(KEY_ID).unwrap();
    assert_eq!(keys.sealing_id(), KEY_ID);
}

#[test]
fn a_blob_has_exactly_one_text() {
    let blob = Blob::from_bytes([0xfb, 0xff, 0xfe, 0x01]);
    assert_eq!(blob.to_text(), "-__-AQ");
    assert_eq!(Blob::from_text("-__-AQ"), Ok(blob));
    for text in ["-__-AQ==", "-__-AQ=", "+//+AQ", " -__-AQ", "-__-AQ\n", "-__- AQ", "-__-AR", "-__-A", "-__-AQ\0", "é"]
    {
        assert_eq!(Blob::from_text(text).unwrap_err(), OpenError::NotText, "{text:?}");
    }
    let most = Blob::from_bytes(vec![1; Blob::MAX_LEN]);
    assert_eq!(Blob::from_text(&most.to_text()), Ok(most.clone()));
    let too_large = OpenError::TooLarge { allowed: Blob::MAX_LEN };
    assert_eq!(most.to_text().len(), 87_382);
    assert_eq!(Blob::from_text(&"*".repeat(87_385)).unwrap_err(), too_large);
    assert_eq!(Blob::from_text(&"*".repeat(87_384)).unwrap_err(), OpenError::NotText);
    assert_eq!(Blob::from_text(&"A".repeat(87_384)).unwrap().header().unwrap_err(), too_large);
}

#[test]
fn debug_shows_neither_keys_nor_parts_nor_content() {
    let key = Key::new(3, *b"very-secret-very-secret-very-sec").unwrap();
    let segment = segment(1, true, false, b"secret-access-key");
    let plain = seal_plain(&stamp(Kind::Client), std::slice::from_ref(&segment)).unwrap();
    let opened = open_plain(&plain, Kind::Client, SCHEMA, &policy().allow_plain()).unwrap();
    let shown = format!("{key:?} {:?} {segment:?} {plain:?} {opened:?} {:?}", KeyRing::new(key.clone()), context());
    for word in ["secret", "118, 101", "115, 101", "tenant", "user", "bank"] {
        assert!(!shown.contains(word), "{word} in {shown}");
    }
    assert_eq!(format!("{plain:?}"), "Blob { len: 100, kind: Client, suite: Plain, .. }");
    assert_eq!(format!("{:?}", Blob::from_bytes(*b"junk")), "Blob { len: 4, .. }");
}

#[test]
fn errors_leave_the_room_with_their_reason_and_without_having_sent_anything() {
    let reason = OpenError::Expired { since: 5, now: 6 };
    assert!(reason.to_string().contains("does not mean that the payment may be entered again"));
    let error = Error::from(reason);
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Seal, Delivery::NotSent));
    assert_eq!(error.to_string(), reason.to_string());
    assert_eq!(error.detail::<OpenError>(), Some(&reason));
    let error = Error::from(SealError::EmptyContext);
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Seal, Delivery::NotSent));
    assert_eq!(error.detail::<SealError>(), Some(&SealError::EmptyContext));
}

proptest! {
    #[test]
    fn any_state_comes_back_as_it_went(
        (stamp, content) in (any_stamp(), any_segments()),
        (tenant, user, parts) in (".{1,9}", ".{1,9}", prop::collection::vec(".{0,9}", 0..3)),
        (key, id, nonce) in (any::<[u8; 32]>(), 1..=u32::MAX, any::<[u8; 24]>()),
    ) {
        let context = parts.iter().fold(Context::new(&tenant, &user).unwrap(), Context::and);
        let ring = KeyRing::new(Key::new(id, key).unwrap());
        let policy = OpenPolicy::new(stamp.issued).allow_plain();
        let plain = seal_plain(&stamp, &content).unwrap();
        let sealed = Blob::from_text(&seal(&stamp, &content, &ring, &context, nonce).unwrap().to_text()).unwrap();
        for blob in [&plain, &sealed] {
            let opened = open(blob, stamp.kind, stamp.oldest_reader, &ring, &context, &policy).unwrap();
            prop_assert_eq!(opened.stamp, stamp);
            prop_assert_eq!(opened.segments.len(), content.len());
            for (found, sealed) in opened.segments.iter().zip(&content) {
                prop_assert_eq!((found.tag, found.critical, &found.bytes), (sealed.tag, sealed.critical, &sealed.bytes));
                prop_assert!(sealed.compress || !found.compress);
            }
        }
        let shifted = context.and("more");
        let refused = open(&sealed, stamp.kind, stamp.schema, &ring, &shifted, &policy).unwrap_err();
        prop_assert_eq!(refused, OpenError::WrongKeyOrContext);
    }
}

fn any_stamp() -> impl Strategy<Value = Stamp> {
    (any::<bool>(), any::<(u16, u16)>(), any::<(u64, u64)>(), any::<[u8; 16]>()).prop_map(
        |(paused, schemas, times, state_id)| Stamp {
            kind: if paused { Kind::Paused } else { Kind::Client },
            schema: schemas.0.max(schemas.1),
            oldest_reader: schemas.0.min(schemas.1),
            issued: times.0.min(times.1),
            expires: times.0.max(times.1).max(1),
            state_id,
        },
    )
}

fn any_segments() -> impl Strategy<Value = Vec<Segment>> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        (any::<u8>(), 0..9000usize).prop_map(|(byte, len)| vec![byte; len]),
        "(<TRNUID>[0-9]{4}){0,200}".prop_map(String::into_bytes),
    ];
    prop::collection::btree_map(any::<u8>(), (any::<bool>(), any::<bool>(), bytes), 0..5).prop_map(|all| {
        all.into_iter().map(|(tag, (critical, compress, bytes))| segment(tag, critical, compress, &bytes)).collect()
    })
}

/// Opens a plain blob of exactly this content, which no honest sealer need have made.
fn open_content(content: &[u8]) -> Result<Opened, OpenError> {
    let mut bytes = seal_plain(&stamp(Kind::Client), &[]).unwrap().into_bytes();
    bytes.extend_from_slice(content);
    open_digested(bytes)
}

/// Opens changed bytes of a plain blob after making its digest right again.
fn open_digested(mut bytes: Vec<u8>) -> Result<Opened, OpenError> {
    redigest(&mut bytes);
    open_plain(&Blob::from_bytes(bytes), Kind::Client, SCHEMA, &policy().allow_plain())
}

fn redigest(bytes: &mut [u8]) {
    let digest = Sha256::new().chain_update(&bytes[..48]).chain_update(&bytes[80..]).finalize();
    bytes[48..80].copy_from_slice(&digest);
}

fn open_it(blob: &Blob, kind: Kind) -> Result<Opened, OpenError> {
    open(blob, kind, SCHEMA, &ring(), &context(), &policy())
}

fn sealed(kind: Kind) -> Blob {
    seal(&stamp(kind), &segments(), &ring(), &context(), NONCE).unwrap()
}

fn stamp(kind: Kind) -> Stamp {
    Stamp { kind, schema: SCHEMA, oldest_reader: OLDEST, issued: ISSUED, expires: EXPIRES, state_id: STATE_ID }
}

fn segments() -> Vec<Segment> {
    vec![
        segment(1, true, false, b"0d6f2c1e-client-uid"),
        segment(7, false, true, &b"<PMTTRNRQ><TRNUID>".repeat(12)),
        segment(250, false, false, b""),
    ]
}

fn segment(tag: u8, critical: bool, compress: bool, bytes: &[u8]) -> Segment {
    Segment { tag, critical, compress, bytes: Zeroizing::new(bytes.to_vec()) }
}

fn ring() -> KeyRing {
    KeyRing::new(Key::new(KEY_ID, [7; 32]).unwrap())
}

fn context() -> Context {
    Context::new("tenant", "user").unwrap().and("bank")
}

fn policy() -> OpenPolicy {
    OpenPolicy::new(ISSUED + 1)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const KEY_ID: u32 = 0x0001_0203;
const SCHEMA: u16 = 0x0105;
const OLDEST: u16 = 0x0103;
const ISSUED: u64 = 1_700_000_000;
const EXPIRES: u64 = 1_700_000_900;
const STATE_ID: [u8; 16] = [0x5a; 16];
const NONCE: [u8; 24] = [0xc3; 24];

const VECTOR_SEALED: &str = "4f465853010201000102030401020101000000006553f100000000006553f484a0a1a2a3a4a5a6a7a8a9aaabacadaeaf\
    404142434445464748494a4b4c4d4e4f5051525354555657b62168954ee2d7f1fb26b6827568a9b599a678017d764431\
    3af5b72ab2cf13a584951128bbad17ba6bd451eee8557fdd10463ebd3e86de2f03014ba99009f8000f9c7d6383fd538f\
    e1913d4c2ff1e2d85346af35d77f2e9920ce6e38cd1d81b9a2d8f0f3ec6cfd29130ab1ca3a772ee03e7bf1bac029fc5a\
    3cca6e53a14aea814c770a935791c877ed495e2d6e84a41103bc7bc46706c8299c814b0b1efca3af8e288f2d85d9a4c9\
    90cf5db712e8a7835ceca6a64a6c749cceb4c85b7780";
const VECTOR_PLAIN: &str = "4f465853010200000000000001020101000000006553f100000000006553f484a0a1a2a3a4a5a6a7a8a9aaabacadaeaf\
    70aa71d63f1f42a236724b7f0281755b6886bfd1ced6d2868fb6b2087ccb2d9501800568656c6c6fc800820107070707\
    070707070707070707070707070707070707070707070707070707070707070707070707070707070707070707070707\
    070707070707070707070707070707070707070707070707070707070707070707070707070707070707070707070707\
    070707070707070707070707070707070707070707070707070707070707";
