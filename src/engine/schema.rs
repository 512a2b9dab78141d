//! Which schemas of stored state there are, and how the parts of an older one become those of the newest.
//!
//! The rules under which a schema gets a successor:
//!
//! - A new fact is a new tag, and no record that was ever written changes. An optional part does not need a new schema's reader:
//!   `oldest_reader` stays, and older versions keep the part and write it back. A part without which the rest would be
//!   misunderstood is critical; older versions refuse it by its tag, and with a raised `oldest_reader` by the header.
//! - Each schema has one step up from the one before, and state climbs them all: no version knows two shapes of a fact.
//! - Flags and numbers inside of a record are facts, too: one that an older version would pass over, and write back as if it had never
//!   been there, comes with a new critical tag.
//! - A step finds the parts of a client, of an operation, or of both, and adds nothing to what it does not find. The vault's own parts
//!   climb nothing, and its files keep no part that they do not know.
//! - An older version that wrote back a newer part stamps its own, lower number. So a step leaves a part alone that is there already.

use crate::engine::{Part, SnapshotError};

/// What one version of this crate writes and reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema {
    /// Number of what it writes.
    pub(crate) number: u16,
    /// The oldest whose reader understands what it writes.
    pub(crate) oldest_reader: u16,
    /// The oldest it reads; what is older is retired.
    pub(crate) oldest: u16,
    /// One step up from each schema it reads, `oldest` first; none from the newest.
    pub(crate) steps: &'static [StepUp],
}

/// Turns the parts of one schema into those of the next.
pub(crate) type StepUp = fn(Vec<Part>) -> Result<Vec<Part>, SnapshotError>;

impl Schema {
    /// Makes parts that were written by schema `written` the newest. Those of a newer schema stay as they are.
    pub(crate) fn lift(&self, written: u16, parts: Vec<Part>) -> Result<Vec<Part>, SnapshotError> {
        let done = usize::from(written.saturating_sub(self.oldest));
        self.steps.iter().skip(done).try_fold(parts, |parts, step| step(parts))
    }
}

/// What this version writes and reads.
pub(crate) const SCHEMA: Schema = Schema { number: 1, oldest_reader: 1, oldest: 1, steps: &[] };
