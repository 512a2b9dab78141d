//! Why a blob could not be opened or made: one variant per reason, each with its own next step.

use crate::error::{Delivery, Error, ErrorKind, Moved};
use crate::seal::header::Kind;

/// Why a blob was not opened.
///
/// Which variant a given damage meets depends only on the blob and the arguments; the order of the checks is in
/// [the module's documentation](crate::seal). Nothing here tells a forger more than the blob itself does, and no
/// variant means that something was sent. Where an [`Error`] was made of one, it is that error's [`detail`](Error::detail).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The bytes do not begin as a blob does.
    #[error("these bytes are not an ofx-session blob; check that the right value was read back")]
    NotOurs,
    /// The text is not base64url in its only accepted form.
    #[error("this text is not unpadded base64url in canonical form; hand back the text exactly as it was given")]
    NotText,
    /// The bytes begin as a blob does and end too early.
    #[error("the blob is cut short; check the size limit of the place it was stored in")]
    Truncated,
    /// The blob, or what is inside it, is larger than any blob may be.
    #[error(
        "the blob or its content exceeds {allowed} bytes, which no blob of ours does; check that the right value was read back"
    )]
    TooLarge {
        /// The limit that was exceeded, in bytes.
        allowed: usize,
    },
    /// The container's version, kind, suite or flags are unknown here.
    #[error("the blob's container uses a feature unknown to this version; open it with a newer version")]
    ContainerTooNew,
    /// The content needs a newer reader.
    #[error("the blob needs a reader of schema {needed} and this version reads {ours}; open it with a newer version")]
    SchemaTooNew {
        /// The oldest schema that can read it, as the blob says.
        needed: u16,
        /// The schema this version reads.
        ours: u16,
    },
    /// The content was written by a version too old to be read still.
    #[error(
        "the blob has schema {found}, older than {oldest} which is the oldest still read; open it with an older version of this crate \
         and store it again; if it holds a payment, that may have been sent"
    )]
    SchemaRetired {
        /// The schema it was written by, as the blob says.
        found: u16,
        /// The oldest schema still read.
        oldest: u16,
    },
    /// A blob of one kind was given where another is wanted.
    #[error(
        "this is a {found} blob and a {expected} blob is wanted; Client::resume opens paused ones, Client::restore clients, \
         a Vault its own"
    )]
    WrongKind {
        /// The kind the caller asked for.
        expected: Kind,
        /// The kind the blob says it is.
        found: Kind,
    },
    /// The blob is not encrypted and the policy does not allow that.
    #[error("the blob is plain and plain blobs are refused; allow them by name only where the storage is trusted")]
    PlainRefused,
    /// The blob is sealed and was given to a call that opens only plain ones.
    #[error("the blob is sealed; open it with its key ring and context")]
    KeysNeeded,
    /// No key of the ring has the blob's key id.
    #[error("the key ring has no key with id {0}, under which the blob says it was sealed; add that key")]
    UnknownKeyId(u32),
    /// The key or the context is another than at sealing, or the blob's first 104 bytes were changed.
    #[error("the key or context is not the one the blob was sealed with; check tenant and end user, then the key")]
    WrongKeyOrContext,
    /// Key and context are right and the content was changed.
    #[error(
        "the blob was changed or damaged after it was made; restore the copy last stored; if it holds a payment, this does not mean \
         that the payment may be entered again: it may have been sent"
    )]
    Tampered,
    /// The blob is authentic and its time is over.
    #[error(
        "the blob expired at {} and it is {}; if it holds a payment, this does not mean that the payment may be \
         entered again: it may have been sent, and Client::resume_under with an earlier clock still shows it",
        utc(*since), utc(*now)
    )]
    Expired {
        /// When it expired, in unix seconds.
        since: u64,
        /// The time that was given to the call, in unix seconds.
        now: u64,
    },
    /// The blob is authentic and was made later than now.
    #[error("the blob was issued at {} and it is only {}; set the clocks right", utc(*issued), utc(*now))]
    IssuedInFuture {
        /// When it was issued, in unix seconds.
        issued: u64,
        /// The time that was given to the call, in unix seconds.
        now: u64,
    },
    /// The blob is authentic, holds a paused operation, and names no end of its time.
    #[error("the blob holds a paused operation without an expiry, which this crate never makes; find out who made it")]
    NoExpiry,
    /// The blob is authentic and has a segment that must be understood and is not.
    #[error("the blob has a segment (tag {0}) that only a newer version understands; open it with a newer version")]
    SegmentTooNew(u8),
    /// The blob is authentic and its segments cannot be told apart.
    #[error("the blob is authentic but its content is malformed at byte {at}; report how it was made")]
    MalformedSegment {
        /// Position in the decrypted content, in bytes, where the segment begins that is wrong.
        at: usize,
    },
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        // What cannot be opened may hold a payment that was sent.
        Self::new(ErrorKind::Seal, Delivery::NotSent, error.to_string()).with_moved(Moved::Unknown).with_detail(error)
    }
}

/// Why a blob was not made, or a key ring or context was not accepted.
///
/// Where an [`Error`] was made of one, it is that error's [`detail`](Error::detail).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// A key cannot have id 0, which marks plain blobs.
    #[error("key id 0 is reserved for plain blobs; number keys from 1")]
    ZeroKeyId,
    /// The ring has a key with this id already.
    #[error("the key ring already has a key with id {0}; give every key an id of its own, for ever")]
    DuplicateKeyId(u32),
    /// The ring has no key with this id.
    #[error("the key ring has no key with id {0}; add it first")]
    NoSuchKey(u32),
    /// The key that seals cannot be retired.
    #[error("key {0} is the one that seals; promote another key before retiring it")]
    SealingKey(u32),
    /// A key has 32 bytes.
    #[error("a key has 32 bytes and {0} were given; check what was wrapped under this id")]
    KeyLength(usize),
    /// The text is not that of a wrapped key.
    #[error("this text is not a wrapped key; hand back the text exactly as it was given")]
    NotWrappedKey,
    /// A context must name its tenant and its end user.
    #[error("tenant and end user of a context must not be empty; where nothing can be bound, say Context::unbound()")]
    EmptyContext,
    /// A paused operation must expire.
    #[error("the blob of a paused operation needs an expiry; give one")]
    NoExpiry,
    /// The blob would be expired when it is made.
    #[error("the blob would expire at {}, before it is issued at {}; check the clock", utc(*expires), utc(*issued))]
    ExpiresBeforeIssued {
        /// The time of issue that was given, in unix seconds.
        issued: u64,
        /// The expiry that was given, in unix seconds.
        expires: u64,
    },
    /// What is to be sealed does not fit.
    #[error(
        "the blob would have {needed} bytes and {allowed} are allowed; raise the limit (blob_limit) and store it where there is room"
    )]
    TooLarge {
        /// How many bytes it would have without everything that can be left out.
        needed: usize,
        /// The limit, in bytes.
        allowed: usize,
    },
    /// Two segments have the same tag, or the schema numbers contradict each other.
    #[error("the content to be sealed contradicts itself; please report this")]
    Contradiction,
    /// The cipher refused what it cannot refuse.
    #[error("the cipher failed on valid input; please report this")]
    Cipher,
}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        let kind = match error {
            SealError::Contradiction | SealError::Cipher => ErrorKind::Bug,
            _ => ErrorKind::Seal,
        };
        Self::new(kind, Delivery::NotSent, error.to_string()).with_detail(error)
    }
}

/// Unix seconds as people read them.
fn utc(seconds: u64) -> String {
    let moment = i64::try_from(seconds).ok().and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0));
    moment.map_or_else(|| format!("second {seconds}"), |moment| moment.format("%Y-%m-%d %H:%M:%S UTC").to_string())
}
