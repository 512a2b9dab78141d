//! Between live state and blobs: the clock, the random source, and which segments a blob has.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::client::world::{self, World};
use crate::engine::{
    COOKIES, Include, Operation, Part, SCHEMA, SHED_IN_TURN, Schema, SnapshotError, State, restore_operation,
    restore_state, save_operation, save_state, shed,
};
use crate::error::{Delivery, Error, ErrorKind, Moved};
use crate::seal::{
    self, Blob, Context, KeyRing, Kind, OpenError, OpenPolicy, SealError, Segment, Stamp, Suite, sealed_len,
};

/// How a blob is protected, and how much is in one that is not.
#[derive(Clone, Copy)]
pub(crate) enum Protection<'a> {
    Sealed(&'a KeyRing, &'a Context),
    Plain(Include),
}

/// Until when a blob can be opened.
#[derive(Clone, Copy)]
pub(crate) enum Validity {
    /// From now on for so long; zero is for ever.
    For(Duration),
    /// As the blob that it replaces, of which it is a copy: with the same id of the state, and of the same times.
    AsBefore(Mark),
}

/// What a copy of a blob has in common with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    issued: u64,
    expires: u64,
    state_id: [u8; 16],
}

/// What a blob held.
pub(crate) struct Opened {
    pub(crate) state: State,
    pub(crate) operation: Option<Operation>,
    pub(crate) mark: Mark,
    /// Sealed under a key that is no longer the one that seals.
    pub(crate) needs_reseal: bool,
}

/// Makes the blob of a client, or of a client and an operation, of at most `limit` bytes.
pub(crate) fn save(
    world: &dyn World,
    state: &State,
    operation: Option<&Operation>,
    protection: Protection<'_>,
    limit: usize,
    validity: Validity,
) -> Result<Blob, Error> {
    save_as(&SCHEMA, world, state, operation, protection, limit, validity)
}

fn save_as(
    schema: &Schema,
    world: &dyn World,
    state: &State,
    operation: Option<&Operation>,
    protection: Protection<'_>,
    limit: usize,
    validity: Validity,
) -> Result<Blob, Error> {
    let (include, suite) = match protection {
        Protection::Sealed(..) => (Include::All, Suite::XChaCha20Poly1305),
        Protection::Plain(include) => (include, Suite::Plain),
    };
    let own = |parts: &[Part]| operation.map_or(Ok(Vec::new()), |operation| save_operation(operation, state, parts));
    let segments = fit(state, include, suite, limit, own)?;
    let Fresh { state_id, nonce } = fresh(world)?;
    let now = world.unix();
    let Mark { issued, expires, state_id } = match validity {
        Validity::For(life) if life.is_zero() => Mark { issued: now, expires: 0, state_id },
        Validity::For(life) => Mark { issued: now, expires: now.saturating_add(life.as_secs()), state_id },
        Validity::AsBefore(mark) => mark,
    };
    let kind = if operation.is_some() { Kind::Paused } else { Kind::Client };
    let stamp = stamp(schema, kind, issued, expires, state_id);
    Ok(match protection {
        Protection::Sealed(keys, context) => seal::seal(&stamp, &segments, keys, context, nonce)?,
        Protection::Plain(_) => seal::seal_plain(&stamp, &segments)?,
    })
}

/// What says when a blob was made, and until when it can be opened; zero is for ever.
pub(crate) fn stamp(schema: &Schema, kind: Kind, issued: u64, expires: u64, state_id: [u8; 16]) -> Stamp {
    let (schema, oldest_reader) = (schema.number, schema.oldest_reader);
    // A vault also files what is past its retention.
    let issued = if expires == 0 { issued } else { issued.min(expires) };
    Stamp { kind, schema, oldest_reader, issued, expires, state_id }
}

/// What fits of a state and of what is stored beside it: all, or what is left when what the institution gives again is left out, one
/// part after the other; or, where that is not enough, the same without the cookies of the transport.
pub(crate) fn fit(
    state: &State,
    include: Include,
    suite: Suite,
    limit: usize,
    own: impl Fn(&[Part]) -> Result<Vec<Part>, SnapshotError>,
) -> Result<Vec<Segment>, Error> {
    let allowed = limit.min(Blob::MAX_LEN);
    let mut needed = usize::MAX;
    let turns = [true, false].into_iter().filter(|with_cookies| *with_cookies || !state.cookies.is_empty());
    for (with_cookies, count) in turns.flat_map(|turn| (0..=SHED_IN_TURN.len()).map(move |count| (turn, count))) {
        let mut parts = save_state(state, include)?;
        parts.retain(|part| with_cookies || part.tag != COOKIES);
        shed(&mut parts, state, include, count)?;
        // Where the files of an operation go is stored with it once the profile is left out.
        let own = own(&parts)?;
        parts.extend(own);
        let segments: Vec<Segment> = parts.into_iter().map(to_segment).collect();
        let len = sealed_len(suite, &segments)?;
        if len <= allowed {
            return Ok(segments);
        }
        needed = needed.min(len);
    }
    Err(SealError::TooLarge { needed, allowed }.into())
}

/// Opens a blob and makes live state of it. Without keys: one without protection.
pub(crate) fn open(
    blob: &Blob,
    kind: Kind,
    keys: Option<(&KeyRing, &Context)>,
    policy: &OpenPolicy,
) -> Result<Opened, Error> {
    open_as(&SCHEMA, blob, kind, keys, policy)
}

fn open_as(
    schema: &Schema,
    blob: &Blob,
    kind: Kind,
    keys: Option<(&KeyRing, &Context)>,
    policy: &OpenPolicy,
) -> Result<Opened, Error> {
    let policy = policy.oldest_schema(schema.oldest);
    let opened = match keys {
        Some((keys, context)) => seal::open(blob, kind, schema.number, keys, context, &policy)?,
        None => seal::open_plain(blob, kind, schema.number, &policy)?,
    };
    let parts: Vec<Part> = opened.segments.into_iter().map(to_part).collect();
    let mut parts = schema.lift(opened.stamp.schema, parts)?;
    if kind != Kind::Paused {
        // Of an operation that is over: an older version has written back what it did not know.
        parts.retain(|part| part.tag != COOKIES);
    }
    let state = restore_state(&mut parts)?;
    let operation = match kind {
        Kind::Paused => Some(restore_operation(&parts)?),
        Kind::Client | Kind::Vault => None,
    };
    let mark = Mark { issued: opened.stamp.issued, expires: opened.stamp.expires, state_id: opened.stamp.state_id };
    Ok(Opened { state, operation, mark, needs_reseal: opened.needs_reseal })
}

impl Mark {
    /// When the blob expires; `None` for never.
    pub(crate) fn expires(&self) -> Option<DateTime<Utc>> {
        let seconds = i64::try_from(self.expires).ok().filter(|seconds| *seconds > 0)?;
        DateTime::from_timestamp(seconds, 0)
    }
}

/// What cannot be read may hold a payment that was sent.
pub(crate) fn unread(error: Error) -> Error {
    error.with_moved(Moved::Unknown)
}

/// Opening with this machine's clock.
pub(crate) fn policy_now() -> OpenPolicy {
    OpenPolicy::new(world::real().unix())
}

/// What is random in a blob, in one call to the operating system.
pub(crate) struct Fresh {
    pub(crate) state_id: [u8; 16],
    pub(crate) nonce: [u8; 24],
}

pub(crate) fn fresh(world: &dyn World) -> Result<Fresh, Error> {
    let bytes: [u8; 40] = world.random()?;
    let (mut state_id, mut nonce) = ([0; 16], [0; 24]);
    state_id.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    nonce.iter_mut().zip(bytes.into_iter().skip(16)).for_each(|(to, from)| *to = from);
    Ok(Fresh { state_id, nonce })
}

pub(crate) fn to_segment(mut part: Part) -> Segment {
    Segment { tag: part.tag, critical: part.critical, compress: part.compress, bytes: part.take() }
}

pub(crate) fn to_part(mut segment: Segment) -> Part {
    Part { tag: segment.tag, critical: segment.critical, compress: segment.compress, bytes: segment.take() }
}

impl From<SnapshotError> for Error {
    fn from(error: SnapshotError) -> Self {
        match error {
            SnapshotError::Newer(tag) => OpenError::SegmentTooNew(tag).into(),
            SnapshotError::Damaged(_) => Self::new(ErrorKind::Seal, Delivery::NotSent, error.to_string()),
            SnapshotError::Over => Self::misuse(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
