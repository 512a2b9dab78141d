//! The 48 bytes at the start of every blob: what it is, for whom to read, until when.

use std::fmt;

use crate::seal::blob::Blob;
use crate::seal::error::OpenError;

/// What a blob holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A client between two sessions.
    Client,
    /// A client together with an operation that waits for something.
    Paused,
    /// What a vault keeps in a store: its desk, or the result of one payment.
    Vault,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Paused => "paused",
            Self::Vault => "vault",
        })
    }
}

/// How a blob is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Suite {
    /// Not at all: readable by everyone, with a SHA-256 against damage (not against malice).
    Plain,
    /// XChaCha20-Poly1305 under keys from HKDF-SHA256, with a commitment to key, header and context.
    XChaCha20Poly1305,
}

/// What a blob says about itself; readable without keys.
///
/// # Security
///
/// Not to be trusted before the blob was opened: it is in the clear, and only opening checks that it is genuine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub(crate) kind: Kind,
    pub(crate) suite: Suite,
    pub(crate) key_id: u32,
    pub(crate) schema: u16,
    pub(crate) oldest_reader: u16,
    pub(crate) issued: u64,
    pub(crate) expires: u64,
    pub(crate) state_id: [u8; 16],
}

impl Header {
    /// What the blob holds.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How the blob is protected.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Id of the key it was sealed with; 0 when it is plain.
    #[must_use]
    pub fn key_id(&self) -> u32 {
        self.key_id
    }

    /// Schema of the content's writer.
    #[must_use]
    pub fn schema(&self) -> u16 {
        self.schema
    }

    /// Oldest schema whose reader understands the content.
    #[must_use]
    pub fn oldest_reader(&self) -> u16 {
        self.oldest_reader
    }

    /// When it was made, in unix seconds.
    #[must_use]
    pub fn issued(&self) -> u64 {
        self.issued
    }

    /// When it expires, in unix seconds; `None` when it does not.
    #[must_use]
    pub fn expires(&self) -> Option<u64> {
        (self.expires != 0).then_some(self.expires)
    }

    /// Random id of the state inside: the key of its claim record.
    #[must_use]
    pub fn state_id(&self) -> [u8; 16] {
        self.state_id
    }

    /// Reads the header and gives back the rest of the blob.
    ///
    /// Only what decides how to go on is checked; the rest is authenticated later.
    pub(crate) fn parse(blob: &[u8]) -> Result<(Self, &[u8]), OpenError> {
        if blob.len() > Blob::MAX_LEN {
            return Err(OpenError::TooLarge { allowed: Blob::MAX_LEN });
        }
        if !blob.iter().zip(MAGIC).all(|(found, wanted)| *found == wanted) {
            return Err(OpenError::NotOurs);
        }
        match blob.get(MAGIC.len()) {
            None => return Err(OpenError::Truncated),
            Some(0) => return Err(OpenError::NotOurs),
            Some(&VERSION) => {}
            // A later container may be shorter than ours: this goes before any look at the length.
            Some(_) => return Err(OpenError::ContainerTooNew),
        }
        let mut at = Reader(blob);
        let [_, _, _, _, _, kind, suite, flags] = at.take()?;
        let header = Self {
            key_id: u32::from_be_bytes(at.take()?),
            schema: u16::from_be_bytes(at.take()?),
            oldest_reader: u16::from_be_bytes(at.take()?),
            issued: u64::from_be_bytes(at.take()?),
            expires: u64::from_be_bytes(at.take()?),
            state_id: at.take()?,
            kind: match kind {
                KIND_CLIENT => Kind::Client,
                KIND_PAUSED => Kind::Paused,
                KIND_VAULT => Kind::Vault,
                _ => return Err(OpenError::ContainerTooNew),
            },
            suite: match suite {
                SUITE_PLAIN => Suite::Plain,
                SUITE_XCHACHA20POLY1305 => Suite::XChaCha20Poly1305,
                _ => return Err(OpenError::ContainerTooNew),
            },
        };
        if flags != 0 {
            return Err(OpenError::ContainerTooNew);
        }
        Ok((header, at.0))
    }

    /// Appends the 48 bytes.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&MAGIC);
        out.push(VERSION);
        out.push(match self.kind {
            Kind::Client => KIND_CLIENT,
            Kind::Paused => KIND_PAUSED,
            Kind::Vault => KIND_VAULT,
        });
        out.push(match self.suite {
            Suite::Plain => SUITE_PLAIN,
            Suite::XChaCha20Poly1305 => SUITE_XCHACHA20POLY1305,
        });
        out.push(0);
        out.extend_from_slice(&self.key_id.to_be_bytes());
        out.extend_from_slice(&self.schema.to_be_bytes());
        out.extend_from_slice(&self.oldest_reader.to_be_bytes());
        out.extend_from_slice(&self.issued.to_be_bytes());
        out.extend_from_slice(&self.expires.to_be_bytes());
        out.extend_from_slice(&self.state_id);
    }
}

/// Fixed-size fields off the front of a slice.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl Reader<'_> {
    /// The next `N` bytes.
    pub(crate) fn take<const N: usize>(&mut self) -> Result<[u8; N], OpenError> {
        let (field, rest) = self.0.split_first_chunk().ok_or(OpenError::Truncated)?;
        self.0 = rest;
        Ok(*field)
    }
}

/// Length of the header in bytes.
pub(crate) const HEADER_LEN: usize = 48;

const MAGIC: [u8; 4] = *b"OFXS";
const VERSION: u8 = 1;
const KIND_CLIENT: u8 = 1;
const KIND_PAUSED: u8 = 2;
const KIND_VAULT: u8 = 3;
const SUITE_PLAIN: u8 = 0;
const SUITE_XCHACHA20POLY1305: u8 = 1;
