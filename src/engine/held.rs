//! A record that is stored packed and read when somebody looks at it.

use std::fmt;
use std::sync::OnceLock;

use zeroize::Zeroizing;

use crate::ofx::{Content, Version, pack, unpack};
use crate::secret::wipe;

/// A record, packed from the start: storing it costs a copy, restoring it nothing until it is looked at.
pub(crate) struct Held<T> {
    packed: Zeroizing<Vec<u8>>,
    value: OnceLock<Option<T>>,
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        wipe(&mut self.packed);
    }
}

impl<T: Content> Held<T> {
    /// Packs a record that was received. The newest version knows every element that a record can hold.
    pub(crate) fn new(tag: &'static str, value: T) -> Self {
        let mut packed = pack(&value.write(tag, Version::V230));
        if packed.len() > MOST_STORED {
            packed.clear();
        }
        Self { packed, value: OnceLock::from(Some(value)) }
    }

    /// The record, where somebody has looked at it.
    pub(crate) fn already_read(&self) -> Option<&T> {
        self.value.get().and_then(Option::as_ref)
    }

    /// Takes over what [`packed`](Self::packed) gave.
    pub(crate) fn from_packed(packed: Zeroizing<Vec<u8>>) -> Self {
        Self { packed, value: OnceLock::new() }
    }

    /// The record; `None` when the bytes hold none, which is as if it had never been received.
    pub(crate) fn get(&self) -> Option<&T> {
        self.value.get_or_init(|| T::read(&unpack(&self.packed)?).ok()).as_ref()
    }

    /// What to store; `None` for a record so large that it is fetched again instead, or an institution could make state that
    /// fits nowhere.
    pub(crate) fn packed(&self) -> Option<&Zeroizing<Vec<u8>>> {
        Some(&self.packed).filter(|packed| !packed.is_empty())
    }
}

/// A full profile takes less than one kilobyte, a long account list a few.
const MOST_STORED: usize = 16 * 1024;

impl<T: Clone> Clone for Held<T> {
    fn clone(&self) -> Self {
        Self { packed: self.packed.clone(), value: self.value.clone() }
    }
}

impl<T> PartialEq for Held<T> {
    fn eq(&self, other: &Self) -> bool {
        self.packed == other.packed
    }
}

impl<T> Eq for Held<T> {}

impl<T> fmt::Debug for Held<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({} bytes)", self.packed.len())
    }
}
