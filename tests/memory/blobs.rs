//! Blobs: every way in which opening or sealing one can end.

use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{KeyInit as _, Tag, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use ofx_session::seal::{KeyServiceError, KeyWrapper, OpenError, WrappedKey};
use ofx_session::{Blob, Client, Context, Error, Institution, Key, KeyRing, OpenPolicy, Version};
use sha2::{Digest as _, Sha256};

use crate::bank::{self, Bank, Writing};
use crate::flow::{asked, block_on, context, credentials, keys};
use crate::{canary, clean};

/// The bytes of both kinds of blob: a client, a paused operation.
pub(crate) fn both() -> [Vec<u8>; 2] {
    let answers = bank::Answers::new(Writing::Xml);
    let session = || block_on(asked(Bank::new(answers), Version::V211, credentials())).unwrap();
    let mut over = session();
    over.abandon().unwrap();
    let client = over.close().unwrap().deconstruct(&keys(), &context()).unwrap();
    [client.into_bytes(), session().pause(&keys(), &context()).unwrap().into_bytes()]
}

/// Opens a blob as what it says it is.
pub(crate) fn open(bytes: &[u8], keys: &KeyRing, context: &Context) -> Result<(), Error> {
    let blob = Blob::from_bytes(bytes);
    if bytes.get(5) == Some(&2) {
        Client::resume(&blob, keys, context).map(|paused| {
            drop((paused.questions(), paused.payment()));
            assert!(paused.client().known_accounts().len() < 100);
        })
    } else {
        Client::restore(&blob, keys, context).map(|client| assert!(client.known_accounts().len() < 100))
    }
}

/// The segments of a blob, tag, flags and stored bytes, by an implementation of its own.
pub(crate) fn segments(sealed: &[u8]) -> Vec<(u8, u8, Vec<u8>)> {
    let (cipher, commitment) = derive(&sealed[..72]);
    assert_eq!(commitment, sealed[72..104]);
    let (content, tag) = sealed[104..].split_at(sealed.len() - 120);
    let (nonce, tag) = (XNonce::try_from(&sealed[48..72]).unwrap(), Tag::try_from(tag).unwrap());
    let mut content = content.to_vec();
    cipher.decrypt_inout_detached(&nonce, &sealed[..104], content.as_mut_slice().into(), &tag).unwrap();
    let mut rest = content.as_slice();
    let mut found = Vec::new();
    while let [tag, flags, behind @ ..] = rest {
        let (mut len, mut shift, mut used) = (0, 0, 0);
        loop {
            let byte = behind[used];
            len |= usize::from(byte & 0x7f) << shift;
            (shift, used) = (shift + 7, used + 1);
            if byte < 0x80 {
                break;
            }
        }
        found.push((*tag, *flags, behind[used..used + len].to_vec()));
        rest = &behind[used + len..];
    }
    found
}

pub(crate) fn join(segments: &[(u8, u8, Vec<u8>)]) -> Vec<u8> {
    let mut content = Vec::new();
    for (tag, flags, bytes) in segments {
        content.extend([*tag, *flags]);
        let mut len = bytes.len();
        while len > 0x7f {
            content.push((len & 0x7f | 0x80) as u8);
            len >>= 7;
        }
        content.push(len as u8);
        content.extend(bytes);
    }
    content
}

/// A blob under the same header with other content.
pub(crate) fn seal(sealed: &[u8], content: &[u8]) -> Vec<u8> {
    let mut out = sealed[..72].to_vec();
    let (cipher, commitment) = derive(&out);
    out.extend(commitment);
    let mut body = content.to_vec();
    let nonce = XNonce::try_from(&out[48..72]).unwrap();
    let tag = cipher.encrypt_inout_detached(&nonce, &out, body.as_mut_slice().into()).unwrap();
    out.extend(body);
    out.extend(tag);
    out
}

/// The same without protection.
pub(crate) fn plain(sealed: &[u8], content: &[u8]) -> Vec<u8> {
    let mut out = sealed[..48].to_vec();
    out[6] = 0;
    out[8..12].fill(0);
    let digest = Sha256::new().chain_update(&out).chain_update(content).finalize();
    out.extend(digest);
    out.extend(content);
    out
}

fn derive(front: &[u8]) -> (XChaCha20Poly1305, [u8; 32]) {
    let (header, nonce) = front.split_at(48);
    let lp = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes(), bytes].concat();
    let context = [&[1][..], &lp(b"tenant-1"), &lp(b"user-42")].concat();
    let info = [lp(b"ofx-session blob v1"), lp(header), lp(&context)].concat();
    let mut out = [0; 64];
    Hkdf::<Sha256>::new(Some(nonce), &canary::KEY).expand(&info, &mut out).unwrap();
    (XChaCha20Poly1305::new_from_slice(&out[..32]).unwrap(), out[32..].try_into().unwrap())
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec(bytes, 6)
}

fn refused(case: &str, bytes: &[u8], keys: impl Fn() -> KeyRing, context: &Context) -> Option<OpenError> {
    let error = clean(case, || open(bytes, &keys(), context)).expect_err(case);
    error.detail::<OpenError>().copied()
}

#[test]
fn another_key_or_context_leaves_nothing_behind() {
    for blob in both() {
        let other = || KeyRing::new(Key::new(1, canary::OTHER_KEY).unwrap());
        assert_eq!(refused("key", &blob, other, &context()), Some(OpenError::WrongKeyOrContext));
        let unknown = || KeyRing::new(Key::new(2, canary::KEY).unwrap());
        assert_eq!(refused("id", &blob, unknown, &context()), Some(OpenError::UnknownKeyId(1)));
        assert_eq!(refused("context", &blob, keys, &context().and("x")), Some(OpenError::WrongKeyOrContext));
        clean("rotation", || {
            let mut ring = other();
            assert!(ring.add(Key::new(1, canary::KEY).unwrap()).is_err());
            ring.add(Key::new(2, canary::KEY).unwrap()).unwrap();
            (3..20).for_each(|id| ring.add(Key::new(id, canary::OTHER_KEY).unwrap()).unwrap());
            ring.promote(2).unwrap();
            let copy = ring.clone();
            ring.retire(1).unwrap();
            assert!(Key::new(0, canary::KEY).is_err());
            assert!(open(&blob, &copy, &context()).is_err() && open(&blob, &ring, &context()).is_err());
        });
    }
}

#[test]
fn a_changed_or_cut_blob_leaves_nothing_behind() {
    for blob in both() {
        // Every byte of the front, both ends of the ciphertext, places within, the tag.
        let places = (0..105).chain([110, blob.len() / 2, blob.len() - 17, blob.len() - 16, blob.len() - 1]);
        for at in places {
            for flip in [1, 0x80] {
                let mut changed = blob.clone();
                changed[at] ^= flip;
                refused(&format!("byte {at} changed by {flip}"), &changed, keys, &context());
            }
        }
        for len in [0, 3, 4, 5, 47, 48, 71, 103, 104, 119, 120, blob.len() / 2, blob.len() - 1] {
            refused(&format!("cut to {len}"), &blob[..len], keys, &context());
        }
        let longer = [blob.as_slice(), &[0]].concat();
        assert_eq!(refused("longer", &longer, keys, &context()), Some(OpenError::Tampered));
        let content = join(&segments(&blob));
        let mut damaged = plain(&blob, &content);
        *damaged.last_mut().unwrap() ^= 1;
        let damaged = Blob::from_bytes(damaged);
        clean("plain, changed", || {
            assert!(Client::restore_plain(&damaged).is_err() && Client::resume_plain(&damaged).is_err());
        });
    }
}

#[test]
fn a_blob_at_the_wrong_time_or_place_leaves_nothing_behind() {
    let [client, paused] = both().map(Blob::from_bytes);
    let (keys, context) = (keys(), context());
    clean("time and kind", || {
        for now in [0, u64::MAX] {
            let policy = OpenPolicy::new(now);
            Client::restore_under(&client, &keys, &context, &policy).unwrap_err();
            Client::resume_under(&paused, &keys, &context, &policy).unwrap_err();
        }
        Client::restore(&paused, &keys, &context).unwrap_err();
        Client::resume(&client, &keys, &context).unwrap_err();
        Client::restore_plain(&client).unwrap_err();
    });
    let plain = Blob::from_bytes(plain(client.as_bytes(), &join(&segments(client.as_bytes()))));
    clean("plain", || {
        Client::restore(&plain, &keys, &context).unwrap_err();
        Client::restore_plain(&plain).unwrap();
    });
}

#[test]
fn authentic_segments_that_follow_no_layout_leave_nothing_behind() {
    for blob in both() {
        let good = join(&segments(&blob));
        let tail = |tail: &[u8]| [good.as_slice(), tail].concat();
        let cases = [
            ("unknown flags", tail(&[77, 2, 0])),
            ("a tag twice", tail(&[1, 0, 0])),
            ("a length that is too long", tail(&[77, 0, 0x80, 0x80, 0x80, 1])),
            ("a length that is not the shortest", tail(&[77, 0, 0x80, 0])),
            ("a segment that does not end", tail(&[77, 0, 9, 1])),
            ("half a head", tail(&[77])),
            ("a stream that is none", tail(&[77, 1, 3, 0xff, 0xff, 0xff])),
            ("the last byte missing", good[..good.len() - 1].to_vec()),
            ("a bomb", tail(&join(&[(77, 1, deflated(&vec![0; 1 << 20]))]))),
        ];
        for (case, content) in cases {
            let found = refused(case, &seal(&blob, &content), keys, &context());
            let expected = matches!(found, Some(OpenError::MalformedSegment { .. } | OpenError::TooLarge { .. }));
            assert!(expected, "{case}: {found:?}");
            let plain = Blob::from_bytes(plain(&blob, &content));
            clean(case, || assert!(Client::restore_plain(&plain).is_err() && Client::resume_plain(&plain).is_err()));
        }
        refused("a critical segment of a later version", &seal(&blob, &tail(&[77, 128, 1, 1])), keys, &context());
        let kept = seal(&blob, &tail(&[77, 0, 1, 1]));
        clean("an optional segment of a later version", || open(&kept, &keys(), &context())).unwrap();
    }
}

#[test]
fn damaged_parts_leave_nothing_behind() {
    for blob in both() {
        let good = segments(&blob);
        let mut refusals = 0;
        for at in 0..good.len() {
            let len = good[at].2.len();
            let tag = good[at].0;
            let mut variants: Vec<(String, Vec<u8>)> = (0..len.min(12))
                .chain([len / 3, len / 2, len.saturating_sub(9), len - 2, len - 1])
                .map(|cut| (format!("part {tag} cut to {cut}"), good[at].2[..cut].to_vec()))
                .collect();
            variants.push((format!("part {tag} with more"), [good[at].2.as_slice(), &[0]].concat()));
            variants.push((format!("part {tag} not as text"), [good[at].2.as_slice(), &[0xff, 0xfe]].concat()));
            // Names and numbers out of range, lengths and counts that are wrong, at places all over.
            for place in (0..len).step_by((len / 25).max(1)) {
                let mut bytes = good[at].2.clone();
                bytes[place] ^= 0x1f;
                variants.push((format!("part {tag} changed at {place}"), bytes));
            }
            for (case, bytes) in variants {
                let mut segments = good.clone();
                segments[at].2 = bytes;
                let bytes = seal(&blob, &join(&segments));
                refusals += usize::from(clean(&case, || open(&bytes, &keys(), &context())).is_err());
            }
            let mut segments = good.clone();
            segments.remove(at);
            let bytes = seal(&blob, &join(&segments));
            clean(&format!("part {tag} missing"), || open(&bytes, &keys(), &context())).err();
            // The reader inflates whatever is marked; the writer never deflates a secret.
            let mut segments = good.clone();
            segments[at] = (tag, good[at].1 | 1, deflated(&good[at].2));
            let bytes = seal(&blob, &join(&segments));
            clean(&format!("part {tag} deflated"), || open(&bytes, &keys(), &context())).unwrap();
            segments[at].2.pop();
            let bytes = seal(&blob, &join(&segments));
            refused(&format!("part {tag} deflated and cut"), &bytes, keys, &context());
        }
        assert!(refusals > 20, "{refusals}");
    }
}

/// A key service in its simplest form: `wrap` is told apart from `unwrap` by what it gives.
struct Service(&'static [u8]);

impl KeyWrapper for Service {
    fn wrap(&self, _: &Key) -> Result<Vec<u8>, KeyServiceError> {
        Err("not today".into())
    }

    fn unwrap(&self, wrapped: &WrappedKey) -> Result<Vec<u8>, KeyServiceError> {
        if wrapped.id() == 9 { Err("no such key".into()) } else { Ok(self.0.to_vec()) }
    }
}

#[test]
fn keys_of_a_key_service_leave_nothing_behind() {
    let stored = |ids: &[u32]| -> Vec<WrappedKey> { ids.iter().map(|id| WrappedKey::new(*id, [1]).unwrap()).collect() };
    let (all, last_fails) = (stored(&[1, 2, 3, 4, 5, 6]), stored(&[1, 2, 3, 9]));
    clean("key service", || {
        let ring = KeyRing::from_wrapped(&Service(&canary::KEY), 3, &all).unwrap();
        KeyRing::from_wrapped(&Service(&canary::KEY), 7, &all).unwrap_err();
        KeyRing::from_wrapped(&Service(&canary::KEY), 1, &last_fails).unwrap_err();
        KeyRing::from_wrapped(&Service(&canary::KEY[1..]), 1, &all).unwrap_err();
        Key::from_vec(0, canary::KEY.to_vec()).unwrap_err();
        WrappedKey::wrap(&Service(&[]), &Key::new(1, canary::KEY).unwrap()).unwrap_err();
        drop(ring);
    });
}

#[test]
fn what_is_too_large_to_seal_leaves_nothing_behind() {
    for blob in both() {
        // 60 000 bytes that a later version added come along; with a long address there is no room.
        let mut segments = segments(&blob);
        segments.push((77, 0, vec![7; 60_000]));
        let stuffed = Blob::from_bytes(seal(&blob, &join(&segments)));
        let (keys, context) = (keys(), context());
        let is_paused = blob[5] == 2;
        clean("sealed again", || {
            if is_paused {
                let paused = Client::resume(&stuffed, &keys, &context).unwrap().blob_limit(100);
                let paused = paused.reseal(&keys, &context).unwrap_err().into_value().blob_limit(Blob::MAX_LEN);
                let paused = Client::resume(&paused.reseal(&keys, &context).unwrap(), &keys, &context).unwrap();
                let _ = paused.open_risking_a_second_payment(credentials()).unwrap().pause(&keys, &context).unwrap();
            } else {
                let client = Client::restore(&stuffed, &keys, &context).unwrap().blob_limit(100);
                let client = client.deconstruct(&keys, &context).unwrap_err().into_value().blob_limit(Blob::MAX_LEN);
                let _ = client.deconstruct(&keys, &context).unwrap();
            }
        });
        let long = format!("https://bank.example/{}", "x".repeat(70_000));
        let answers = bank::Answers::new(Writing::Xml);
        clean("too large", || {
            let institution = Institution::new(long.as_str()).ignore_profile_urls();
            let builder = Client::builder(institution).app_key(canary::APP_KEY).transport(Bank::new(answers));
            let mut session = builder.build().unwrap().open(credentials()).unwrap();
            block_on(session.accounts()).unwrap().done().unwrap();
            let client = session.close().unwrap().deconstruct(&keys, &context).unwrap_err().into_value();
            client.deconstruct_plain_including_private().unwrap_err();
        });
    }
}
