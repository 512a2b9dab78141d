//! Between live state and blobs: the clock, the random source, and which segments a blob has.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::engine::{
    Include, Operation, Part, SCHEMA, Seed, SnapshotError, State, restore_operation, restore_state, save_operation,
    save_state,
};
use crate::error::{Delivery, Error, ErrorKind};
use crate::seal::{self, Blob, Context, KeyRing, Kind, OpenPolicy, Segment, Stamp};

/// How a blob is protected.
#[derive(Clone, Copy)]
pub(crate) enum Protection<'a> {
    Sealed(&'a KeyRing, &'a Context),
    Plain(Include),
}

/// What a blob held.
pub(crate) struct Opened {
    pub(crate) state: State,
    pub(crate) operation: Option<Operation>,
    pub(crate) expires: Option<DateTime<Utc>>,
    /// Sealed under a key that is no longer the one that seals.
    pub(crate) needs_reseal: bool,
}

/// Makes the blob of a client, or of a client and an operation.
pub(crate) fn save(
    state: &State,
    operation: Option<&Operation>,
    protection: Protection<'_>,
    life: Duration,
) -> Result<Blob, Error> {
    let include = match protection {
        Protection::Sealed(..) => Include::All,
        Protection::Plain(include) => include,
    };
    let mut parts = save_state(state, include)?;
    if let Some(operation) = operation {
        parts.extend(save_operation(operation, state)?);
    }
    let segments: Vec<Segment> = parts.into_iter().map(to_segment).collect();
    let issued = now();
    let Fresh { state_id, nonce } = fresh()?;
    let stamp = Stamp {
        kind: if operation.is_some() { Kind::Paused } else { Kind::Client },
        schema: SCHEMA,
        oldest_reader: SCHEMA,
        issued,
        expires: if life.is_zero() { 0 } else { issued.saturating_add(life.as_secs()) },
        state_id,
    };
    Ok(match protection {
        Protection::Sealed(keys, context) => seal::seal(&stamp, &segments, keys, context, nonce)?,
        Protection::Plain(_) => seal::seal_plain(&stamp, &segments)?,
    })
}

/// Opens a blob and makes live state of it.
pub(crate) fn open(blob: &Blob, kind: Kind, protection: Protection<'_>, policy: &OpenPolicy) -> Result<Opened, Error> {
    let policy = policy.oldest_schema(OLDEST_SCHEMA);
    let opened = match protection {
        Protection::Sealed(keys, context) => seal::open(blob, kind, SCHEMA, keys, context, &policy)?,
        Protection::Plain(_) => seal::open_plain(blob, kind, SCHEMA, &policy)?,
    };
    let parts: Vec<Part> = opened.segments.into_iter().map(to_part).collect();
    let state = restore_state(&parts)?;
    let operation = match kind {
        Kind::Paused => Some(restore_operation(&parts)?),
        Kind::Client => None,
    };
    let expires = i64::try_from(opened.stamp.expires).ok().filter(|seconds| *seconds > 0);
    let expires = expires.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    Ok(Opened { state, operation, expires, needs_reseal: opened.needs_reseal })
}

/// The oldest schema that this version still reads.
const OLDEST_SCHEMA: u16 = 1;

/// Opening with this machine's clock.
pub(crate) fn policy_now() -> OpenPolicy {
    OpenPolicy::new(now())
}

pub(crate) fn seed() -> Result<Seed, Error> {
    random().map(Seed::new)
}

pub(crate) fn fresh_uuid() -> Result<String, Error> {
    Ok(uuid::Builder::from_random_bytes(random()?).into_uuid().to_string())
}

/// What is random in a blob, in one call to the operating system.
struct Fresh {
    state_id: [u8; 16],
    nonce: [u8; 24],
}

fn fresh() -> Result<Fresh, Error> {
    let bytes: [u8; 40] = random()?;
    let (mut state_id, mut nonce) = ([0; 16], [0; 24]);
    state_id.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    nonce.iter_mut().zip(bytes.into_iter().skip(16)).for_each(|(to, from)| *to = from);
    Ok(Fresh { state_id, nonce })
}

fn now() -> u64 {
    u64::try_from(Utc::now().timestamp()).unwrap_or_default()
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|cause| {
        Error::new(
            ErrorKind::Bug,
            Delivery::NotSent,
            "the operating system gives no random bytes; nothing can be made safely",
        )
        .with_source(cause)
    })?;
    Ok(bytes)
}

fn to_segment(part: Part) -> Segment {
    Segment { tag: part.tag, critical: part.critical, compress: part.compress, bytes: part.bytes }
}

fn to_part(segment: Segment) -> Part {
    Part { tag: segment.tag, critical: segment.critical, compress: segment.compress, bytes: segment.bytes }
}

impl From<SnapshotError> for Error {
    fn from(error: SnapshotError) -> Self {
        let kind = match error {
            SnapshotError::Newer(_) | SnapshotError::Damaged(_) => ErrorKind::Seal,
            SnapshotError::Over => ErrorKind::Misuse,
        };
        Self::new(kind, Delivery::NotSent, error.to_string())
    }
}
