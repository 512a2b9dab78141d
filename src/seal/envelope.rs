//! Sealing and opening: the order of the checks, the derivation of keys, the cipher.

use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{AeadInOut as _, KeyInit as _, XChaCha20Poly1305};
use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

use crate::seal::blob::Blob;
use crate::seal::context::{Context, length_prefix};
use crate::seal::error::{OpenError, SealError};
use crate::seal::header::{HEADER_LEN, Header, Kind, Reader, Suite};
use crate::seal::keyring::{Key, KeyRing};
use crate::seal::policy::OpenPolicy;
use crate::seal::segment::{Content, Segment, read_segments};
use crate::secret::wipe;

/// What the maker of a blob says about it; times are unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) kind: Kind,
    pub(crate) schema: u16,
    pub(crate) oldest_reader: u16,
    pub(crate) issued: u64,
    /// 0 for never, which [`Kind::Paused`] may not have.
    pub(crate) expires: u64,
    pub(crate) state_id: [u8; 16],
}

/// What was in a blob that is authentic, of the wanted kind, readable and in its time.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) stamp: Stamp,
    /// In the order they were sealed in, those of unknown tags, too.
    pub(crate) segments: Vec<Segment>,
    /// Whether another key than the blob's seals by now.
    pub(crate) needs_reseal: bool,
}

/// Seals `segments` with the ring's sealing key.
///
/// `nonce` is random and never used twice.
pub(crate) fn seal(
    stamp: &Stamp,
    segments: &[Segment],
    keys: &KeyRing,
    context: &Context,
    nonce: [u8; 24],
) -> Result<Blob, SealError> {
    let key = keys.sealing();
    let header = stamp.header(Suite::XChaCha20Poly1305, key.id())?;
    let content = Content::new(segments)?;
    let mut out = buffer(SEALED_OVERHEAD + content.len())?;
    header.write(&mut out);
    let derived = derive(key, &nonce, &out, context).ok_or(SealError::Cipher)?;
    let [cipher_key, commitment] = &*derived;
    out.extend_from_slice(&nonce);
    out.extend_from_slice(commitment);
    content.write(&mut out);
    let (front, body) = out.split_at_mut_checked(FRONT_LEN).ok_or(SealError::Cipher)?;
    let tag = XChaCha20Poly1305::new(cipher_key.into())
        .encrypt_inout_detached(&nonce.into(), front, body.into())
        .map_err(|_| SealError::Cipher)?;
    out.extend_from_slice(&tag);
    Ok(Blob::from_bytes(std::mem::take(&mut *out)))
}

/// How many bytes [`seal`] or [`seal_plain`] makes of these segments; more than [`Blob::MAX_LEN`] when they refuse.
pub(crate) fn sealed_len(suite: Suite, segments: &[Segment]) -> Result<usize, SealError> {
    let overhead = match suite {
        Suite::Plain => PLAIN_OVERHEAD,
        Suite::XChaCha20Poly1305 => SEALED_OVERHEAD,
    };
    match Content::new(segments) {
        Ok(content) => Ok(overhead + content.len()),
        Err(SealError::TooLarge { needed, .. }) => Ok(overhead + needed),
        Err(error) => Err(error),
    }
}

/// Opens a blob of `kind` for a reader of schema `schema`.
pub(crate) fn open(
    blob: &Blob,
    kind: Kind,
    schema: u16,
    keys: &KeyRing,
    context: &Context,
    policy: &OpenPolicy,
) -> Result<Opened, OpenError> {
    let (header, body) = admit(blob, kind, schema, policy)?;
    if header.suite == Suite::Plain {
        return finish_plain(blob, &header, body, policy);
    }
    let key = keys.key(header.key_id).ok_or(OpenError::UnknownKeyId(header.key_id))?;
    let mut content = decrypt(blob, key, context)?;
    policy.check_time(&header)?;
    let segments = read_segments(&content);
    wipe(&mut content);
    Ok(Opened { stamp: Stamp::of(&header), segments: segments?, needs_reseal: header.key_id != keys.sealing_id() })
}

/// Makes a blob that everyone can read and change; SHA-256 shows damage only.
pub(crate) fn seal_plain(stamp: &Stamp, segments: &[Segment]) -> Result<Blob, SealError> {
    let content = Content::new(segments)?;
    seal_plain_with(stamp, content.len(), |out| content.write(out))
}

/// Makes a plain blob whose content may be anything, for the fuzz targets.
#[cfg(fuzzing)]
pub(crate) fn seal_plain_raw(stamp: &Stamp, content: &[u8]) -> Result<Blob, SealError> {
    seal_plain_with(stamp, content.len(), |out| out.extend_from_slice(content))
}

fn seal_plain_with(stamp: &Stamp, len: usize, write: impl FnOnce(&mut Vec<u8>)) -> Result<Blob, SealError> {
    let header = stamp.header(Suite::Plain, PLAIN_KEY_ID)?;
    let mut out = buffer(PLAIN_OVERHEAD + len)?;
    header.write(&mut out);
    out.extend_from_slice(&[0; DIGEST_LEN]);
    write(&mut out);
    let digest = plain_digest(&out).ok_or(SealError::Cipher)?;
    let place = out.get_mut(HEADER_LEN..PLAIN_OVERHEAD).ok_or(SealError::Cipher)?;
    place.copy_from_slice(&digest);
    Ok(Blob::from_bytes(std::mem::take(&mut *out)))
}

/// Opens a plain blob where no keys are at hand. The policy must allow it all the same.
pub(crate) fn open_plain(blob: &Blob, kind: Kind, schema: u16, policy: &OpenPolicy) -> Result<Opened, OpenError> {
    let (header, body) = admit(blob, kind, schema, policy)?;
    if header.suite != Suite::Plain {
        return Err(OpenError::KeysNeeded);
    }
    finish_plain(blob, &header, body, policy)
}

impl Stamp {
    fn of(header: &Header) -> Self {
        Self {
            kind: header.kind,
            schema: header.schema,
            oldest_reader: header.oldest_reader,
            issued: header.issued,
            expires: header.expires,
            state_id: header.state_id,
        }
    }

    fn header(&self, suite: Suite, key_id: u32) -> Result<Header, SealError> {
        if self.expires == 0 && self.kind == Kind::Paused {
            return Err(SealError::NoExpiry);
        }
        if self.expires != 0 && self.expires < self.issued {
            return Err(SealError::ExpiresBeforeIssued { issued: self.issued, expires: self.expires });
        }
        if self.oldest_reader > self.schema {
            return Err(SealError::Contradiction);
        }
        Ok(Header {
            kind: self.kind,
            suite,
            key_id,
            schema: self.schema,
            oldest_reader: self.oldest_reader,
            issued: self.issued,
            expires: self.expires,
            state_id: self.state_id,
        })
    }
}

/// The checks that need no key, in the order the room's documentation promises.
fn admit<'a>(blob: &'a Blob, kind: Kind, schema: u16, policy: &OpenPolicy) -> Result<(Header, &'a [u8]), OpenError> {
    let (header, body) = Header::parse(blob.as_bytes())?;
    let overhead = match header.suite {
        Suite::Plain => PLAIN_OVERHEAD,
        Suite::XChaCha20Poly1305 => SEALED_OVERHEAD,
    };
    if blob.as_bytes().len() < overhead {
        return Err(OpenError::Truncated);
    }
    if header.kind != kind {
        return Err(OpenError::WrongKind { expected: kind, found: header.kind });
    }
    if header.suite == Suite::Plain && !policy.allows_plain() {
        return Err(OpenError::PlainRefused);
    }
    policy.check_schema(&header, schema)?;
    Ok((header, body))
}

/// The authenticated content of a sealed blob. No byte is allocated before the commitment was found right.
fn decrypt(blob: &Blob, key: &Key, context: &Context) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let bytes = blob.as_bytes();
    let (front, rest) = bytes.split_at_checked(FRONT_LEN).ok_or(OpenError::Truncated)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG_LEN>().ok_or(OpenError::Truncated)?;
    let (header, rest) = front.split_at_checked(HEADER_LEN).ok_or(OpenError::Truncated)?;
    let mut fields = Reader(rest);
    let nonce: [u8; 24] = fields.take()?;
    let found: [u8; 32] = fields.take()?;

    let derived = derive(key, &nonce, header, context).ok_or(OpenError::WrongKeyOrContext)?;
    let [cipher_key, commitment] = &*derived;
    if !bool::from(commitment.ct_eq(&found)) {
        return Err(OpenError::WrongKeyOrContext);
    }
    let mut content = Zeroizing::new(vec![0; ciphertext.len()]);
    let buffer = InOutBuf::new(ciphertext, &mut content).map_err(|_| OpenError::Tampered)?;
    XChaCha20Poly1305::new(cipher_key.into())
        .decrypt_inout_detached(&nonce.into(), front, buffer, tag.into())
        .map_err(|_| OpenError::Tampered)?;
    Ok(content)
}

fn finish_plain(blob: &Blob, header: &Header, body: &[u8], policy: &OpenPolicy) -> Result<Opened, OpenError> {
    let (found, content) = body.split_at_checked(DIGEST_LEN).ok_or(OpenError::Truncated)?;
    if header.key_id != PLAIN_KEY_ID
        || plain_digest(blob.as_bytes()).as_ref().map(<[u8; DIGEST_LEN]>::as_slice) != Some(found)
    {
        return Err(OpenError::Tampered);
    }
    policy.check_time(header)?;
    Ok(Opened { stamp: Stamp::of(header), segments: read_segments(content)?, needs_reseal: false })
}

/// SHA-256 over the header and the segments of a plain blob, around the place of the digest itself.
fn plain_digest(blob: &[u8]) -> Option<[u8; DIGEST_LEN]> {
    let mut hash = Sha256::new();
    hash.update(blob.get(..HEADER_LEN)?);
    hash.update(blob.get(PLAIN_OVERHEAD..)?);
    Some(hash.finalize().into())
}

/// Cipher key and commitment of one blob. `None` only if HKDF could not give 64 bytes, which it always can.
fn derive(key: &Key, nonce: &[u8; 24], header: &[u8], context: &Context) -> Option<Zeroizing<[[u8; 32]; 2]>> {
    let mut out = Zeroizing::new([[0; 32]; 2]);
    let (mut extracted, hkdf) = Hkdf::<Sha256>::extract(Some(nonce), key.expose());
    extracted.as_mut_slice().zeroize();
    let context = context.encoded();
    let info = [&length_prefix(LABEL), LABEL, &length_prefix(header), header, &length_prefix(context), context];
    hkdf.expand_multi_info(&info, out.as_flattened_mut()).ok()?;
    Some(out)
}

/// A buffer that holds plaintext until it is encrypted in place, and so never grows.
fn buffer(needed: usize) -> Result<Zeroizing<Vec<u8>>, SealError> {
    if needed > Blob::MAX_LEN {
        return Err(SealError::TooLarge { needed, allowed: Blob::MAX_LEN });
    }
    Ok(Zeroizing::new(Vec::with_capacity(needed)))
}

/// Separates these keys from whatever else the application derives from the same ones.
const LABEL: &[u8] = b"ofx-session blob v1";
const PLAIN_KEY_ID: u32 = 0;
const DIGEST_LEN: usize = 32;
const TAG_LEN: usize = 16;
/// Header, nonce and commitment: what comes before the ciphertext, and the cipher's associated data.
const FRONT_LEN: usize = HEADER_LEN + 24 + 32;
const SEALED_OVERHEAD: usize = FRONT_LEN + TAG_LEN;
const PLAIN_OVERHEAD: usize = HEADER_LEN + DIGEST_LEN;
