//! The blob: bytes that hold state outside the process, sealed so that only its owner can read or change them.
//!
//! Called by `client`, which decides what the segments mean. This room is pure: time, nonce and state id are
//! arguments, and what is inside a segment is none of its business. Applications meet [`Blob`], [`KeyRing`],
//! [`Context`] and [`OpenPolicy`] here.
//!
//! # Layout
//!
//! Numbers are big-endian. Times are unix seconds.
//!
//! ```text
//!  off len  sealed (suite 1), 120 bytes more than its segments
//!  0   4    "OFXS"                                            ─┐
//!  4   1    container version, 1                               │
//!  5   1    kind: 1 client, 2 paused operation, 3 of a vault   │
//!  6   1    suite: 0 plain, 1 XChaCha20-Poly1305               │
//!  7   1    flags, all zero                                    │ header, in the clear,
//!  8   4    key id, 0 only when plain                          │ authenticated
//!  12  2    schema of the writer                               │
//!  14  2    oldest schema whose reader understands it          │
//!  16  8    issued                                             │
//!  24  8    expires, 0 = never (not for kind 2)                │
//!  32  16   state id                                          ─┘
//!  48  24   nonce
//!  72  32   commitment
//!  104 n    segments, encrypted
//!  ..  16   tag
//!
//!  off len  plain (suite 0), 80 bytes more than its segments
//!  0   48   header as above, key id 0
//!  48  32   SHA-256(header, segments)
//!  80  n    segments
//!
//!  len      segment: one after the other up to the end, no tag twice
//!  1        tag
//!  1        flags: bit 0 (value 1) deflated, bit 7 (value 128) critical, the others zero
//!  1-3      length of the bytes as stored: LEB128, seven bits a byte, low ones first, shortest form only
//!  ..       bytes; if deflated, one raw deflate stream (RFC 1951) that ends with them
//! ```
//!
//! Keys: `HKDF-SHA256(ikm = the ring's key, salt = nonce, info)` gives 64 bytes, first the cipher's key, then the
//! commitment. `lp(x)` is the length of `x` in four bytes, then `x`:
//!
//! ```text
//! info    = lp("ofx-session blob v1") lp(header) lp(context)
//! context = 01 lp(tenant) lp(end user) lp(further part)..      Context::new(..).and(..)
//!         | 00 lp(further part)..                              Context::unbound().and(..)
//! ```
//!
//! The cipher's nonce is the blob's, its associated data are the first 104 bytes: header, nonce and commitment.
//!
//! A blob has at most 64 KiB, and so have the bytes of all its segments together once they are inflated. Opening
//! allocates nothing before the commitment is found right, then one buffer for the decrypted content, which is smaller
//! than the blob, and the segments.
//!
//! # Which error for what
//!
//! The checks are made in this order, and the first that fails is the [`OpenError`]:
//!
//! | check | error |
//! |---|---|
//! | at most 64 KiB | `TooLarge` |
//! | begins with `OFXS`; version is not 0 | `NotOurs` |
//! | has a version byte | `Truncated` |
//! | version is 1 | `ContainerTooNew` |
//! | has 48 bytes | `Truncated` |
//! | kind and suite are known, flags are zero | `ContainerTooNew` |
//! | has 120 bytes if sealed, 80 if plain | `Truncated` |
//! | is of the wanted kind | `WrongKind` |
//! | is sealed, or the policy allows plain | `PlainRefused` |
//! | our schema is not below the oldest reader's; the writer's schema is not retired | `SchemaTooNew`, `SchemaRetired` |
//! | is plain, or keys were given (else `KeysNeeded`) and have its id | `UnknownKeyId` |
//! | commitment, compared in constant time: key, context, header and nonce are right | `WrongKeyOrContext` |
//! | tag: ciphertext and tag are right; if plain, key id 0 and the SHA-256 | `Tampered` |
//! | was not issued after now, give or take the skew | `IssuedInFuture` |
//! | names an expiry if paused, and that is not before now, give or take the skew | `NoExpiry`, `Expired` |
//! | segments follow the layout and fit | `MalformedSegment`, `TooLarge` |
//! | every critical segment is known (asked by `client`) | `SegmentTooNew` |
//!
//! So a change in bytes 0 to 103 of a sealed blob that the checks before the commitment do not notice is
//! `WrongKeyOrContext`, any change after them is `Tampered`, and the clock is asked about authentic blobs only.

mod blob;
mod context;
mod envelope;
mod error;
mod header;
mod keyring;
mod policy;
mod segment;
#[cfg(test)]
mod tests;
mod wrap;

pub use blob::Blob;
pub use context::Context;
pub use error::{OpenError, SealError};
pub use header::{Header, Kind, Suite};
pub use keyring::{Key, KeyRing};
pub use policy::OpenPolicy;
pub use wrap::{KeyServiceError, KeyWrapper, WrappedKey};

#[cfg(fuzzing)]
pub(crate) use envelope::seal_plain_raw;
pub(crate) use envelope::{Stamp, open, open_plain, seal, seal_plain, sealed_len};
pub(crate) use segment::Segment;
