//! The keys of an application: many open, one seals.

use std::fmt;

use zeroize::{Zeroize as _, Zeroizing};

use crate::seal::error::SealError;

/// One 32-byte key and the number by which blobs name it.
///
/// Wiped from memory when dropped; never shown by `Debug`.
#[derive(Clone)]
pub struct Key {
    id: u32,
    // Boxed, so that moving a key does not leave its bytes behind.
    bytes: Box<Zeroizing<[u8; 32]>>,
}

impl Key {
    /// Makes a key of 32 bytes that were drawn at random.
    ///
    /// `id` is stored in the clear in every blob sealed with the key. Never give an id to a second key.
    ///
    /// # Security
    ///
    /// The bytes must come from a cryptographic random source or a key service, not from a password; the caller
    /// wipes the copy that was handed in.
    ///
    /// # Errors
    ///
    /// [`SealError::ZeroKeyId`] when `id` is 0.
    pub fn new(id: u32, mut bytes: [u8; 32]) -> Result<Self, SealError> {
        let mut boxed = Box::new(Zeroizing::new([0; 32]));
        boxed.copy_from_slice(&bytes);
        bytes.zeroize();
        if id == 0 { Err(SealError::ZeroKeyId) } else { Ok(Self { id, bytes: boxed }) }
    }

    /// Takes over 32 bytes as a key service hands them out, and wipes them.
    ///
    /// # Security
    ///
    /// As [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// [`SealError::ZeroKeyId`] when `id` is 0, [`SealError::KeyLength`] when there are more or fewer than 32 bytes.
    pub fn from_vec(id: u32, bytes: Vec<u8>) -> Result<Self, SealError> {
        let bytes = Zeroizing::new(bytes);
        let mut boxed = Box::new(Zeroizing::new([0; 32]));
        if bytes.len() != boxed.len() {
            return Err(SealError::KeyLength(bytes.len()));
        }
        boxed.copy_from_slice(&bytes);
        if id == 0 { Err(SealError::ZeroKeyId) } else { Ok(Self { id, bytes: boxed }) }
    }

    /// The number by which blobs name this key.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The key itself, to have it wrapped by a key service.
    ///
    /// # Security
    ///
    /// Whoever has it opens every blob that was sealed with it.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.bytes
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("bytes", &"[redacted]").finish()
    }
}

/// The keys that open blobs, and the one among them that seals.
///
/// A ring lives in memory. Store its keys wrapped by a key service: see [`WrappedKey`](crate::seal::WrappedKey).
///
/// To replace a key without losing a blob: [`add`](Self::add) the new one and roll that out everywhere, then
/// [`promote`](Self::promote) it and roll that out, then, when the last blob sealed with the old one has expired or
/// been sealed again, [`retire`](Self::retire) the old one.
#[derive(Clone, Debug)]
pub struct KeyRing {
    sealing: Key,
    others: Vec<Key>,
}

impl KeyRing {
    /// Makes a ring of one key, which seals.
    #[must_use]
    pub fn new(key: Key) -> Self {
        Self { sealing: key, others: Vec::new() }
    }

    /// Makes a ring of several keys; the one with the id `sealing` seals.
    ///
    /// # Errors
    ///
    /// [`SealError::NoSuchKey`] when none of them has that id, [`SealError::DuplicateKeyId`] when two have the same.
    pub fn from_keys(sealing: u32, keys: impl IntoIterator<Item = Key>) -> Result<Self, SealError> {
        let mut keys: Vec<Key> = keys.into_iter().collect();
        let at = keys.iter().position(|key| key.id == sealing).ok_or(SealError::NoSuchKey(sealing))?;
        let mut ring = Self::new(keys.swap_remove(at));
        keys.into_iter().try_for_each(|key| ring.add(key))?;
        Ok(ring)
    }

    /// Adds a key that opens. It does not seal before it is promoted.
    ///
    /// # Errors
    ///
    /// [`SealError::DuplicateKeyId`] when the ring has a key with this id, be it the same key.
    pub fn add(&mut self, key: Key) -> Result<(), SealError> {
        if self.key(key.id).is_some() {
            return Err(SealError::DuplicateKeyId(key.id));
        }
        self.others.push(key);
        Ok(())
    }

    /// Makes a key of the ring the one that seals; the one that did so far goes on opening.
    ///
    /// # Errors
    ///
    /// [`SealError::NoSuchKey`] when no key of the ring has this id.
    pub fn promote(&mut self, id: u32) -> Result<(), SealError> {
        if self.sealing.id != id {
            let key = self.others.iter_mut().find(|key| key.id == id).ok_or(SealError::NoSuchKey(id))?;
            std::mem::swap(key, &mut self.sealing);
        }
        Ok(())
    }

    /// Takes a key out of the ring and wipes it: blobs sealed with it can no longer be opened.
    ///
    /// # Errors
    ///
    /// [`SealError::SealingKey`] for the key that seals, [`SealError::NoSuchKey`] for one the ring does not have.
    pub fn retire(&mut self, id: u32) -> Result<(), SealError> {
        if self.sealing.id == id {
            return Err(SealError::SealingKey(id));
        }
        let at = self.others.iter().position(|key| key.id == id).ok_or(SealError::NoSuchKey(id))?;
        drop(self.others.swap_remove(at));
        Ok(())
    }

    /// Id of the key that seals.
    #[must_use]
    pub fn sealing_id(&self) -> u32 {
        self.sealing.id
    }

    /// Whether the ring has a key with this id.
    #[must_use]
    pub fn contains(&self, id: u32) -> bool {
        self.key(id).is_some()
    }

    pub(crate) fn sealing(&self) -> &Key {
        &self.sealing
    }

    pub(crate) fn key(&self, id: u32) -> Option<&Key> {
        std::iter::once(&self.sealing).chain(&self.others).find(|key| key.id == id)
    }
}
