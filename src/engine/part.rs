//! Tagged pieces of bytes, of which stored state and the records of a vault are made.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::secret::wipe;

/// A tagged piece of a stored state.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) tag: u8,
    /// A reader that does not know the tag must refuse the whole.
    pub(crate) critical: bool,
    /// Is deflated in the blob. None of ours is: they are packed or squeezed. One of a newer version goes back as it came.
    pub(crate) compress: bool,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({}, {} bytes)", self.tag, self.bytes.len())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        wipe(&mut self.bytes);
    }
}

impl Part {
    /// One whose bytes mean something by themselves.
    pub(crate) fn raw(tag: u8, critical: bool, bytes: impl Into<Zeroizing<Vec<u8>>>) -> Self {
        Self { tag, critical, compress: false, bytes: bytes.into() }
    }

    /// Postcard into a buffer that has its size from the start, so that no copy of a secret stays behind in a grown one.
    pub(crate) fn of<T: Serialize>(tag: u8, critical: bool, value: &T) -> Result<Self, SnapshotError> {
        let unwritable = |_| SnapshotError::Damaged(tag);
        let size =
            postcard::serialize_with_flavor(value, postcard::ser_flavors::Size::default()).map_err(unwritable)?;
        let mut part = Self::raw(tag, critical, vec![0; size]);
        postcard::to_slice(value, &mut part.bytes).map_err(unwritable)?;
        Ok(part)
    }

    pub(crate) fn find(parts: &[Self], tag: u8) -> Option<&Self> {
        parts.iter().find(|part| part.tag == tag)
    }

    /// What [`of`](Self::of) made; `None` where no part has this tag.
    pub(crate) fn read<'a, T: Deserialize<'a>>(parts: &'a [Self], tag: u8) -> Result<Option<T>, SnapshotError> {
        let Some(part) = Self::find(parts, tag) else { return Ok(None) };
        match postcard::take_from_bytes(&part.bytes) {
            Ok((value, [])) => Ok(Some(value)),
            _ => Err(SnapshotError::Damaged(tag)),
        }
    }

    /// The bytes, taken out without a copy.
    pub(crate) fn take(&mut self) -> Zeroizing<Vec<u8>> {
        std::mem::take(&mut self.bytes)
    }
}

/// Why parts could not be turned into state, or state into parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SnapshotError {
    /// A part that must be understood is of a later version.
    #[error("the stored state has a part ({0}) that only a newer version of this crate understands; update it")]
    Newer(u8),
    /// A part is missing or is not what its tag says.
    #[error("part {0} of the stored state is missing, damaged, or as only a newer version of this crate writes it")]
    Damaged(u8),
    /// The operation is over: there is nothing to continue.
    #[error("the operation is over; there is nothing to pause")]
    Over,
}
