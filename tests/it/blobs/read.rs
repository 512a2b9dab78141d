//! A second reader of blobs, written after `fixtures/blobs/README.md` and not after `src/`: bytes to JSON.
//!
//! It shares nothing with the library but the primitives (HKDF, XChaCha20-Poly1305, SHA-256, deflate), and panics where
//! something is not as the page says.

use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{KeyInit as _, Tag, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::tree::{Cursor, Unpacker, stretch};

/// Header, steps of the cryptography and content of an authentic blob of schema 1.
pub(super) fn take_apart(blob: &[u8], key: Option<&[u8]>, context: &[u8]) -> Value {
    let header = &blob[..48];
    assert_eq!(&header[..5], b"OFXS\x01");
    let (kind, suite) = (header[5], header[6]);
    let (plaintext, mut steps) = match suite {
        0 => plain(blob),
        1 => unseal(blob, key.unwrap(), context),
        other => panic!("suite {other}"),
    };
    let segments = segments(&plaintext);
    let listed = segments.iter().map(|one| json!({"tag": one.tag, "flags": one.flags, "length": one.bytes.len()}));
    steps["segments"] = listed.collect();
    json!({
        "kind": (["", "client", "paused"][usize::from(kind)]),
        "suite": (["plain", "sealed"][usize::from(suite)]),
        "header": {
            "key_id": big_endian(&header[8..12]),
            "schema": big_endian(&header[12..14]),
            "oldest_reader": big_endian(&header[14..16]),
            "issued": big_endian(&header[16..24]),
            "expires": big_endian(&header[24..32]),
            "state_id": hex(&header[32..48]),
        },
        "steps": steps,
        "content": content(&segments, kind == 2),
    })
}

/// The keys of a sealed blob and what they make of it.
fn unseal(blob: &[u8], key: &[u8], context: &[u8]) -> (Vec<u8>, Value) {
    let (front, rest) = blob.split_at(104);
    let (ciphertext, tag) = rest.split_at(rest.len() - 16);
    let info = info(&front[..48], context);
    let (pseudorandom, hkdf) = Hkdf::<Sha256>::extract(Some(&front[48..72]), key);
    let mut keys = [0; 64];
    hkdf.expand(&info, &mut keys).unwrap();
    assert_eq!(&keys[32..], &front[72..], "commitment");
    let nonce = XNonce::try_from(&front[48..72]).unwrap();
    let mut plaintext = ciphertext.to_vec();
    let cipher = XChaCha20Poly1305::new_from_slice(&keys[..32]).unwrap();
    let tag_bytes = Tag::try_from(tag).unwrap();
    cipher.decrypt_inout_detached(&nonce, front, plaintext.as_mut_slice().into(), &tag_bytes).unwrap();
    let steps = json!({
        "nonce": hex(&front[48..72]),
        "info": hex(&info),
        "prk": hex(&pseudorandom),
        "cipher_key": hex(&keys[..32]),
        "commitment": hex(&keys[32..]),
        "plaintext": hex(&plaintext),
        "tag": hex(tag),
    });
    (plaintext, steps)
}

fn plain(blob: &[u8]) -> (Vec<u8>, Value) {
    let (digest, plaintext) = blob[48..].split_at(32);
    assert_eq!(Sha256::new().chain_update(&blob[..48]).chain_update(plaintext).finalize()[..], *digest);
    (plaintext.to_vec(), json!({"digest": hex(digest), "plaintext": hex(plaintext)}))
}

/// The `info` of HKDF.
pub(super) fn info(header: &[u8], context: &[u8]) -> Vec<u8> {
    [b"ofx-session blob v1", header, context].iter().flat_map(|part| prefixed(part)).collect()
}

/// A context as it enters the keys: tenant and end user, unless unbound, and further parts.
pub(super) fn context(bound: Option<(&str, &str)>, further: &[&str]) -> Vec<u8> {
    let parts = bound.into_iter().flat_map(|(tenant, user)| [tenant, user]).chain(further.iter().copied());
    let mut all = vec![u8::from(bound.is_some())];
    all.extend(parts.flat_map(|part| prefixed(part.as_bytes())));
    all
}

/// What a token is kept under.
pub(super) fn digest(parts: &[&str]) -> String {
    let all: Vec<u8> = parts.iter().flat_map(|part| prefixed(part.as_bytes())).collect();
    hex(&Sha256::digest(all)[..8])
}

fn prefixed(part: &[u8]) -> Vec<u8> {
    [&u32::try_from(part.len()).unwrap().to_be_bytes(), part].concat()
}

struct Segment {
    tag: u8,
    flags: u8,
    bytes: Vec<u8>,
}

fn segments(plaintext: &[u8]) -> Vec<Segment> {
    let all = raw_segments(plaintext).into_iter().map(|(tag, flags, stored)| match flags & 1 {
        0 => Segment { tag, flags, bytes: stored },
        _ => Segment { tag, flags, bytes: miniz_oxide::inflate::decompress_to_vec(&stored).unwrap() },
    });
    all.collect()
}

/// Tag, flags and bytes as they are stored.
pub(super) fn raw_segments(plaintext: &[u8]) -> Vec<(u8, u8, Vec<u8>)> {
    let mut at = Cursor(plaintext);
    let mut all: Vec<(u8, u8, Vec<u8>)> = Vec::new();
    while !at.0.is_empty() {
        let (tag, flags, length) = (at.byte(), at.byte(), at.varint());
        assert_eq!(flags & 0x7e, 0);
        assert!(!all.iter().any(|(other, ..)| *other == tag));
        all.push((tag, flags, at.take(length).to_vec()));
    }
    all
}

/// The parts of a state and of an operation, by name; `null` for one that is not there or is passed over.
fn content(segments: &[Segment], paused: bool) -> Value {
    let find = |tag| segments.iter().find(|one| one.tag == tag).map(|one| one.bytes.as_slice());
    let operation = find(5).filter(|_| paused).map(|bytes| whole(bytes, operation));
    let asks = operation.as_ref().is_some_and(|operation| operation["phase"] == 3);
    let seed = operation.as_ref().map(|operation| operation["trn_uid"].as_str().unwrap().to_owned());
    let known = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 129, 130, 131];
    let kept = |one: &&Segment| !known.contains(&one.tag) && (paused || one.tag < 128 || one.flags & 0x80 != 0);
    let unknown = segments.iter().filter(kept);
    let mut content = json!({
        "identity": whole(find(1).unwrap(), identity),
        "credentials": find(2).map(|bytes| whole(bytes, credentials)),
        "profile": find(4).map(Unpacker::unpack),
        "operation": operation,
        "request": find(6).filter(|_| paused).map(|bytes| stretch(bytes, seed.as_deref().unwrap())),
        "questions": find(7).filter(|_| asks).map(|bytes| whole(bytes, questions)),
        "session_cookie": find(8).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()),
        "accounts": find(9).map(Unpacker::unpack),
        "unknown": unknown.map(|one| json!({"tag": one.tag, "flags": one.flags, "hex": hex(&one.bytes)})).collect::<Vec<_>>(),
    });
    // Only where they are: older pages have no such member.
    if let Some(bytes) = find(3) {
        content["marks"] = whole(bytes, marks);
    }
    if let Some(bytes) = find(10) {
        content["user_key"] = whole(bytes, user_key);
    }
    if let Some(bytes) = find(12) {
        content["announced"] = whole(bytes, announced);
    }
    if let Some(bytes) = find(13) {
        content["realms"] = whole(bytes, realms);
    }
    if let Some(bytes) = find(14).filter(|_| paused) {
        content["cookies"] = whole(bytes, cookies);
    }
    if let Some(bytes) = find(11) {
        content["dialect"] = whole(bytes, dialect);
    }
    if let Some(bytes) = find(129).filter(|_| paused) {
        content["recovery"] = whole(bytes, recovery);
    }
    if let Some(bytes) = find(130).filter(|_| paused) {
        content["place"] = whole(bytes, place);
    }
    if let Some(bytes) = find(131).filter(|_| paused) {
        content["refused"] = Unpacker::unpack(bytes);
    }
    content
}

fn identity(at: &mut Cursor<'_>) -> Value {
    let (url, org, fid) = (at.text(), at.optional(Cursor::text), at.optional(Cursor::text));
    let (version, language, flags) = (at.varint(), at.text(), at.byte());
    let (app_id, app_version) = (at.text(), at.text());
    let client_uid = match at.varint() {
        0 => uuid(at.take(16), None),
        1 => at.text(),
        other => panic!("variant {other}"),
    };
    let user_id = at.optional(Cursor::text);
    let mut identity = json!({
        "url": url, "org": org, "fid": fid, "version": version, "language": language,
        "follow_profile_urls": flags & 1 != 0, "close_leaves": flags & 2 != 0,
        "line_breaks": flags & 4 != 0, "uses_profile": flags & 8 != 0,
        "app_id": app_id, "app_version": app_version, "client_uid": client_uid, "user_id": user_id,
    });
    if flags & 16 != 0 {
        identity["never_synchronizes"] = true.into();
    }
    identity
}

fn credentials(at: &mut Cursor<'_>) -> Value {
    let (access_key, app_key) = (at.optional(Cursor::text), at.optional(Cursor::text));
    json!({"access_key": access_key, "app_key": app_key})
}

fn user_key(at: &mut Cursor<'_>) -> Value {
    let (key, expires) = (at.text(), at.optional(Cursor::text));
    json!({"key": key, "expires": expires})
}

fn announced(at: &mut Cursor<'_>) -> Value {
    let (moment, is_fetched) = (at.varint(), at.byte() == 1);
    json!({"at": moment, "is_fetched": is_fetched})
}

fn realms(at: &mut Cursor<'_>) -> Value {
    let realms = (0..at.varint()).map(|_| {
        let (name, sets) = (hex(at.take(8)), at.byte());
        let (access_key, session_cookie) = (at.optional(Cursor::text), at.optional(Cursor::text));
        json!({"name": name, "sets": sets, "access_key": access_key, "session_cookie": session_cookie})
    });
    realms.collect()
}

fn cookies(at: &mut Cursor<'_>) -> Value {
    let cookies = (0..at.varint()).map(|_| json!({"origin": at.text(), "line": at.text()}));
    cookies.collect()
}

fn marks(at: &mut Cursor<'_>) -> Value {
    let last_file = at.optional(Cursor::text);
    let tokens = (0..at.varint()).map(|_| {
        let (account, token) = (hex(at.take(8)), at.text());
        json!({"account": account, "token": token})
    });
    json!({"tokens": tokens.collect::<Vec<_>>(), "last_file": last_file})
}

fn dialect(at: &mut Cursor<'_>) -> Value {
    let (flags, client_uid) = (at.byte(), at.byte());
    assert!(client_uid <= 3);
    json!({
        "short_answer_tag": flags & 1 != 0, "short_dates": flags & 2 != 0, "without_fi": flags & 4 != 0,
        "without_file_uids": flags & 8 != 0, "repeat_for_cookie": flags & 16 != 0,
        "profile_of_user": flags & 32 != 0, "client_uid": client_uid,
        "user_agent": header_line(at), "accept": header_line(at),
    })
}

fn header_line(at: &mut Cursor<'_>) -> Value {
    match at.varint() {
        0 => json!("default"),
        1 => json!("none"),
        2 => json!({"text": at.text()}),
        other => panic!("variant {other}"),
    }
}

fn recovery(at: &mut Cursor<'_>) -> Value {
    let (leg, token) = (at.byte(), at.optional(Cursor::text));
    let file = at.optional(|at| json!({"old_file_uid": at.text(), "number": at.varint()}));
    let (flags, rounds) = (at.byte(), at.byte());
    let mut recovery = json!({
        "leg": leg, "token": token, "file": file, "rounds": rounds,
        "same_file_in_vain": flags & 1 != 0, "exhausted": flags & 2 != 0, "fenced": flags & 4 != 0,
    });
    // Older pages have no such members, and one of them the flags, among all that had no meaning then.
    if flags & 0xe0 == 0 {
        for (flag, name) in [(8, "repeated"), (16, "received")] {
            if flags & flag != 0 {
                recovery[name] = true.into();
            }
        }
    }
    recovery
}

fn place(at: &mut Cursor<'_>) -> Value {
    let (account, order) = (at.bytes(), at.bytes());
    let account = Some(account).filter(|packed| !packed.is_empty()).map(Unpacker::unpack);
    json!({"account": account, "order": order})
}

/// The record, and the identifiers that follow from its seed.
fn operation(at: &mut Cursor<'_>) -> Value {
    let (kind, seed, files) = (at.byte(), at.take(16), at.varint());
    let (phase, doubt, doubt_text) = (at.byte(), at.byte(), at.optional(Cursor::text));
    let urls = at.optional(|at| json!({"request": at.text(), "questions": at.text()}));
    let derived = |what| identifier(seed, what, files);
    json!({
        "kind": kind, "seed": hex(seed), "files": files, "phase": phase, "doubt": doubt, "doubt_text": doubt_text, "urls": urls,
        "trn_uid": uuid(seed, Some(4)), "next_file_uid": derived("file"), "next_challenge_trn_uid": derived("challenge"),
    })
}

/// Of the file with this number, or of its request for questions.
pub(super) fn identifier(seed: &[u8], what: &str, number: usize) -> String {
    uuid(&derived(seed, what, number), Some(8))
}

/// `TRNUID` of one of several requests.
pub(super) fn item_identifier(seed: &[u8], number: usize, client_uid: &str) -> String {
    let bytes = if number == 0 { seed.to_vec() } else { marked(&derived(seed, "item", number), client_uid) };
    uuid(&bytes, Some(4))
}

/// 16 bytes as those of an identifier that this client made.
pub(super) fn marked(bytes: &[u8], client_uid: &str) -> Vec<u8> {
    let mut random = unhex(&uuid(bytes, Some(4)).replace('-', ""));
    random.truncate(10);
    let mark = Sha256::digest([b"ofx-session client", client_uid.as_bytes(), &random].concat());
    [random.as_slice(), &mark[..6]].concat()
}

fn derived(seed: &[u8], what: &str, number: usize) -> Vec<u8> {
    let number = u32::try_from(number).unwrap().to_be_bytes();
    Sha256::digest([seed, what.as_bytes(), &number].concat())[..16].to_vec()
}

fn questions(at: &mut Cursor<'_>) -> Value {
    let again = at.byte() == 1;
    let questions = (0..at.varint()).map(|_| {
        let (id, label) = (at.text(), at.optional(Cursor::text));
        json!({"id": id, "label": label})
    });
    json!({"questions": questions.collect::<Vec<_>>(), "again": again})
}

/// One value that takes up all of `bytes`.
fn whole(bytes: &[u8], read: impl Fn(&mut Cursor<'_>) -> Value) -> Value {
    let mut at = Cursor(bytes);
    let value = read(&mut at);
    assert!(at.0.is_empty(), "{value} and {} more bytes", at.0.len());
    value
}

/// A UUID as text, with the bits of this version set.
fn uuid(bytes: &[u8], version: Option<u8>) -> String {
    let mut bytes = bytes.to_vec();
    if let Some(version) = version {
        bytes[6] = bytes[6] & 0x0f | version << 4;
        bytes[8] = bytes[8] & 0x3f | 0x80;
    }
    [0..4, 4..6, 6..8, 8..10, 10..16].map(|part| hex(&bytes[part])).join("-")
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
