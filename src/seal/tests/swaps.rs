//! Bytes that change places, within one blob and between two: each is refused by the first check that the table in
//! `fixtures/blobs/README.md` has for it. The table is walked here once more, row by row.

use std::collections::HashSet;
use std::ops::Range;

use sha2::{Digest as _, Sha256};

use super::{NONCE, STATE_ID, segment, segments};
use crate::seal::{
    Blob, Context, Key, KeyRing, Kind, OpenError, OpenPolicy, Segment, Stamp, open, open_plain, seal, seal_plain,
};

#[test]
fn any_two_fields_of_a_sealed_blob_that_change_places_are_noticed() {
    let mut met = HashSet::new();
    let mut same = 0;
    for kind in [Kind::Client, Kind::Paused] {
        let made = Made::sealed(&stamp(kind), &segments(), KEY, CONTEXT, NONCE);
        for (one, two) in pairs(SEALED_FIELDS, &[104..made.bytes.len() - 16, made.bytes.len() - 16..made.bytes.len()]) {
            let swapped = swap(&made.bytes, &one, &two);
            same += usize::from(swapped == made.bytes);
            // Under the id that the swap made of it, a reader may have the right key, another one or none.
            let id = Some(u32::from_be_bytes(swapped[8..12].try_into().unwrap())).filter(|id| *id != 0).unwrap_or(9);
            let rings = [vec![KEY], vec![KEY, (id, KEY.1)], vec![KEY, (id, 8)], vec![KEY, (9, KEY.1)]];
            for reader in readers(&rings) {
                let expected = reader.predicts(&swapped, &[&made]);
                assert_eq!(reader.open(&swapped), expected, "{one:?} and {two:?} of {kind:?} by {reader:?}");
                met.extend(expected.map(class));
            }
        }
    }
    // Version, suite and the first byte of the oldest schema are 1, and so is the kind of a client. Flags and the first byte of
    // the key id are 0.
    assert_eq!(same, 4 + 4 + 3);
    let met: Vec<_> = ALL.into_iter().filter(|name| !met.contains(*name)).collect();
    assert_eq!(met, ["NoExpiry", "TooLarge", "Truncated"], "what no swap makes");
}

#[test]
fn any_two_fields_of_a_plain_blob_that_change_places_are_noticed() {
    let mut met = HashSet::new();
    let mut same = 0;
    for kind in [Kind::Client, Kind::Paused] {
        let made = Made::plain(&stamp(kind), &segments());
        for (one, two) in pairs(PLAIN_FIELDS, std::slice::from_ref(&(80..made.bytes.len()))) {
            let swapped = swap(&made.bytes, &one, &two);
            same += usize::from(swapped == made.bytes);
            for reader in readers(&[vec![KEY]]) {
                let expected = reader.predicts(&swapped, &[&made]);
                assert_eq!(reader.open(&swapped), expected, "{one:?} and {two:?} of {kind:?} by {reader:?}");
                met.extend(expected.map(class));
            }
        }
    }
    // Suite, flags and key id are 0; version and the first bytes of the oldest schema and of the content are 1, and so is the
    // kind of a client.
    assert_eq!(same, 5 + 5 + 3);
    let met: Vec<_> = ALL.into_iter().filter(|name| !met.contains(*name)).collect();
    assert_eq!(met, ["NoExpiry", "TooLarge", "Truncated", "WrongKeyOrContext"], "what no swap makes");
}

#[test]
fn parts_of_two_blobs_make_none() {
    let other = Stamp { schema: SCHEMA - 1, state_id: [0xa5; 16], expires: EXPIRES + 9, ..stamp(Kind::Client) };
    let base = Made::sealed(&stamp(Kind::Client), &segments(), KEY, CONTEXT, NONCE);
    let longer = [segment(1, true, false, &[3; 300])];
    let mut whole = 0;
    for (kind, second) in [
        (Kind::Client, Made::sealed(&stamp(Kind::Client), &segments(), KEY, CONTEXT, [2; 24])),
        (Kind::Client, Made::sealed(&stamp(Kind::Client), &longer, KEY, CONTEXT, [2; 24])),
        (Kind::Client, Made::sealed(&other, &segments(), KEY, CONTEXT, [2; 24])),
        (Kind::Client, Made::sealed(&stamp(Kind::Client), &segments(), (9, 9), CONTEXT, [2; 24])),
        (Kind::Client, Made::sealed(&stamp(Kind::Client), &segments(), KEY, OTHER_CONTEXT, [2; 24])),
        (Kind::Client, Made::sealed(&stamp(Kind::Client), &segments(), KEY, OTHER_CONTEXT, NONCE)),
        (Kind::Paused, Made::sealed(&stamp(Kind::Paused), &segments(), KEY, CONTEXT, [2; 24])),
    ] {
        let (one, two) = (base.parts(), second.parts());
        for mask in 0..1 << one.len() {
            let choice = one.iter().zip(&two).enumerate();
            let mixed: Vec<u8> =
                choice.flat_map(|(at, (one, two))| if mask >> at & 1 == 0 { one } else { two }.to_vec()).collect();
            for reader in readers(&[vec![KEY, (9, 9)], vec![(KEY.0, 9), (9, KEY.1)]]) {
                for context in [CONTEXT, OTHER_CONTEXT] {
                    let reader = Reader { context, ..reader.clone() };
                    let expected = reader.predicts(&mixed, &[&base, &second]);
                    assert_eq!(reader.open(&mixed), expected, "{mask:05b} with {kind:?} by {reader:?}");
                    whole += usize::from(expected.is_none() && mixed != base.bytes && mixed != second.bytes);
                }
            }
        }
    }
    assert_eq!(whole, 0, "only whole blobs open");
}

#[test]
fn parts_of_plain_blobs_make_none() {
    let base = Made::plain(&stamp(Kind::Client), &segments());
    let other = Stamp { state_id: [0xa5; 16], ..stamp(Kind::Client) };
    let longer = [segment(1, true, false, &[3; 300])];
    for second in [
        Made::plain(&other, &segments()),
        Made::plain(&stamp(Kind::Client), &longer),
        Made::plain(&stamp(Kind::Paused), &longer),
        Made::sealed(&stamp(Kind::Client), &longer, KEY, CONTEXT, NONCE),
    ] {
        for mask in 0..8 {
            let from = |at: usize| if mask >> at & 1 == 0 { &base.bytes } else { &second.bytes };
            let mixed = [&from(0)[..48], &from(1)[48..80], &from(2)[80..]].concat();
            for reader in readers(&[vec![KEY]]) {
                let expected = reader.predicts(&mixed, &[&base, &second]);
                assert_eq!(reader.open(&mixed), expected, "{mask:03b} by {reader:?}");
                assert!(expected.is_some() || mixed == base.bytes || mixed == second.bytes, "{mask:03b}");
            }
        }
    }
}

/// A blob and what it was made with.
struct Made {
    bytes: Vec<u8>,
    key: (u32, u8),
    context: For,
}

/// Whether tenant and end user are bound, and all parts.
type For = (bool, &'static [&'static str]);

impl Made {
    fn sealed(stamp: &Stamp, segments: &[Segment], key: (u32, u8), context: For, nonce: [u8; 24]) -> Self {
        let blob = seal(stamp, segments, &ring(&[key]), &for_whom(context), nonce).unwrap();
        Self { bytes: blob.into_bytes(), key, context }
    }

    fn plain(stamp: &Stamp, segments: &[Segment]) -> Self {
        Self { bytes: seal_plain(stamp, segments).unwrap().into_bytes(), key: (0, 0), context: CONTEXT }
    }

    /// Header, nonce, commitment, ciphertext, tag.
    fn parts(&self) -> [&[u8]; 5] {
        let end = self.bytes.len() - 16;
        [0..48, 48..72, 72..104, 104..end, end..self.bytes.len()].map(|field| &self.bytes[field])
    }
}

/// What a reader asks for and has at hand.
#[derive(Clone, Debug)]
struct Reader {
    kind: Kind,
    schema: u16,
    oldest: u16,
    plain: bool,
    now: u64,
    keys: Option<Vec<(u32, u8)>>,
    context: For,
}

impl Reader {
    fn open(&self, bytes: &[u8]) -> Option<OpenError> {
        let policy = OpenPolicy::new(self.now).oldest_schema(self.oldest);
        let policy = if self.plain { policy.allow_plain() } else { policy };
        let blob = Blob::from_bytes(bytes);
        match &self.keys {
            Some(keys) => open(&blob, self.kind, self.schema, &ring(keys), &for_whom(self.context), &policy).err(),
            None => open_plain(&blob, self.kind, self.schema, &policy).err(),
        }
    }

    /// The first row of the page's table that fails; `None` where none does. Sealed bytes are authentic as far as they are
    /// those of a blob that was `made` with the key and the context of the reader.
    fn predicts(&self, bytes: &[u8], made: &[&Made]) -> Option<OpenError> {
        let word = |at: usize| u16::from_be_bytes(bytes[at..at + 2].try_into().unwrap());
        let time = |at: usize| u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap());
        if bytes.len() > 65_536 {
            return Some(OpenError::TooLarge { allowed: 65_536 });
        }
        if !bytes.iter().zip(b"OFXS").all(|(found, wanted)| found == wanted) || bytes.get(4) == Some(&0) {
            return Some(OpenError::NotOurs);
        }
        if bytes.len() < 5 {
            return Some(OpenError::Truncated);
        }
        if bytes[4] != 1 {
            return Some(OpenError::ContainerTooNew);
        }
        if bytes.len() < 48 {
            return Some(OpenError::Truncated);
        }
        if !matches!(bytes[5..8], [1..=3, 0 | 1, 0]) {
            return Some(OpenError::ContainerTooNew);
        }
        let sealed = bytes[6] == 1;
        if bytes.len() < if sealed { 120 } else { 80 } {
            return Some(OpenError::Truncated);
        }
        let found = match bytes[5] {
            1 => Kind::Client,
            2 => Kind::Paused,
            _ => Kind::Vault,
        };
        if found != self.kind {
            return Some(OpenError::WrongKind { expected: self.kind, found });
        }
        if !sealed && !self.plain {
            return Some(OpenError::PlainRefused);
        }
        if word(14) > self.schema {
            return Some(OpenError::SchemaTooNew { needed: word(14), ours: self.schema });
        }
        if word(12) < self.oldest {
            return Some(OpenError::SchemaRetired { found: word(12), oldest: self.oldest });
        }
        if sealed {
            let id = u32::from_be_bytes(bytes[8..12].try_into().unwrap());
            let Some(keys) = &self.keys else { return Some(OpenError::KeysNeeded) };
            let Some(key) = keys.iter().find(|key| key.0 == id) else { return Some(OpenError::UnknownKeyId(id)) };
            let fronts = |made: &&&Made| made.bytes[..104] == bytes[..104] && made.key == *key;
            let Some(own) = made.iter().find(fronts).filter(|made| made.context == self.context) else {
                return Some(OpenError::WrongKeyOrContext);
            };
            if own.bytes != bytes {
                return Some(OpenError::Tampered);
            }
        } else {
            let digest = Sha256::new().chain_update(&bytes[..48]).chain_update(&bytes[80..]).finalize();
            if bytes[8..12] != [0; 4] || bytes[48..80] != digest[..] {
                return Some(OpenError::Tampered);
            }
        }
        let (now, issued, expires) = (self.now, time(16), time(24));
        if issued > now.saturating_add(60) {
            return Some(OpenError::IssuedInFuture { issued, now });
        }
        if expires == 0 {
            return (found == Kind::Paused).then_some(OpenError::NoExpiry);
        }
        (now > expires.saturating_add(60)).then_some(OpenError::Expired { since: expires, now })
    }
}

/// Readers of both kinds, of several schemas and at several times, with each of these rings and without any.
fn readers(rings: &[Vec<(u32, u8)>]) -> Vec<Reader> {
    let mut all = Vec::new();
    for keys in rings.iter().cloned().map(Some).chain([None]) {
        for (schema, oldest) in [(SCHEMA, 1), (SCHEMA, SCHEMA), (u16::MAX, 0)] {
            for (kind, plain) in
                [(Kind::Client, false), (Kind::Client, true), (Kind::Paused, false), (Kind::Paused, true)]
            {
                for now in [0, ISSUED, u64::MAX] {
                    all.push(Reader { kind, schema, oldest, plain, now, keys: keys.clone(), context: CONTEXT });
                }
            }
        }
    }
    all
}

/// Each two of these fields.
fn pairs(fields: &[Range<usize>], behind: &[Range<usize>]) -> Vec<(Range<usize>, Range<usize>)> {
    let all: Vec<_> = fields.iter().chain(behind).cloned().collect();
    let each = all.iter().enumerate();
    each.flat_map(|(at, one)| all[at + 1..].iter().map(|two| (one.clone(), two.clone()))).collect()
}

/// With the bytes of two fields exchanged, as many as the shorter one has.
fn swap(bytes: &[u8], one: &Range<usize>, two: &Range<usize>) -> Vec<u8> {
    let mut swapped = bytes.to_vec();
    for at in 0..one.len().min(two.len()) {
        swapped.swap(one.start + at, two.start + at);
    }
    swapped
}

/// The first key seals. One id has one key, the first that is given.
fn ring(keys: &[(u32, u8)]) -> KeyRing {
    let mut ids = HashSet::new();
    let once = keys.iter().filter(|key| ids.insert(key.0));
    KeyRing::from_keys(keys[0].0, once.map(|(id, fill)| Key::new(*id, [*fill; 32]).unwrap())).unwrap()
}

fn stamp(kind: Kind) -> Stamp {
    Stamp { kind, schema: SCHEMA, oldest_reader: OLDEST, issued: ISSUED, expires: EXPIRES, state_id: STATE_ID }
}

fn for_whom((bound, parts): For) -> Context {
    match parts {
        [tenant, user, further @ ..] if bound => further.iter().fold(Context::new(tenant, user).unwrap(), Context::and),
        further => further.iter().fold(Context::unbound(), Context::and),
    }
}

fn class(error: OpenError) -> String {
    format!("{error:?}").split([' ', '(']).next().unwrap().to_owned()
}

/// Fields that differ from their first byte on, as far as they can.
const KEY: (u32, u8) = (0x000a_0b0c, 7);
const SCHEMA: u16 = 0x0305;
const OLDEST: u16 = 0x0103;
const ISSUED: u64 = 0x1122_3344_5566_7788;
const EXPIRES: u64 = 0x2122_3344_5566_7788;
const CONTEXT: For = (true, &["tenant", "user", "bank"]);
const OTHER_CONTEXT: For = (false, &["tenant", "user", "bank"]);

/// Magic, version, kind, suite, flags, key id, the two schemas, the two times, state id; nonce and commitment.
const SEALED_FIELDS: &[Range<usize>] =
    &[0..4, 4..5, 5..6, 6..7, 7..8, 8..12, 12..14, 14..16, 16..24, 24..32, 32..48, 48..72, 72..104];
/// The same of a plain blob, and its digest.
const PLAIN_FIELDS: &[Range<usize>] =
    &[0..4, 4..5, 5..6, 6..7, 7..8, 8..12, 12..14, 14..16, 16..24, 24..32, 32..48, 48..80];
const ALL: [&str; 15] = [
    "ContainerTooNew",
    "Expired",
    "IssuedInFuture",
    "KeysNeeded",
    "NoExpiry",
    "NotOurs",
    "PlainRefused",
    "SchemaRetired",
    "SchemaTooNew",
    "Tampered",
    "TooLarge",
    "Truncated",
    "UnknownKeyId",
    "WrongKeyOrContext",
    "WrongKind",
];
