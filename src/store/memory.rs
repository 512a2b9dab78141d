//! Records in this process's memory: for tests, and for programs that are one process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::store::{Answer, Capabilities, Record, RecordKey, Store, Swap, Version};

/// Keeps records in this process's memory. They are gone when it ends.
///
/// `Clone` gives another handle to the same records, [`fork`](Self::fork) a copy that goes its own way. Time is the
/// process's own monotonic clock.
///
/// # Examples
///
/// ```
/// use ofx_session::store::{Memory, Record, RecordKey, Store, Swap, Version};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let (store, key) = (Memory::new(), RecordKey::new([1; 32]));
/// let record = Record::new(Version::new([2; 16]), b"sealed".as_slice());
/// let other = store.fork();
/// assert_eq!(store.create(&key, &record).await?, Swap::Done);
/// assert_eq!(store.clone().load(&key).await?, Some(record));
/// assert_eq!(other.load(&key).await?, None);
/// # Ok::<(), ofx_session::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Shelf>>);

#[derive(Clone, Debug, Default)]
struct Shelf {
    /// Copied by the first write after a fork, not by the fork.
    slots: Arc<BTreeMap<RecordKey, Slot>>,
    /// How many slots there may be before expired ones are looked for: looking each time would be slow.
    sweep_at: usize,
}

#[derive(Clone, Debug)]
struct Slot {
    record: Arc<Record>,
    until: Option<Instant>,
}

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A store of its own with the same records, each with the life it has left. Takes the same short time whatever is
    /// in it; the bytes of records are never copied.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self(Arc::new(Mutex::new(self.shelf().clone())))
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // Every change is one call that inserts or removes: a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn find(&self, key: &RecordKey, now: Instant) -> Option<&Slot> {
        self.slots.get(key).filter(|slot| slot.lives(now))
    }

    fn has(&self, key: &RecordKey, expected: Version, now: Instant) -> bool {
        self.find(key, now).is_some_and(|slot| slot.record.version() == expected)
    }

    fn put(&mut self, key: RecordKey, record: &Record, now: Instant) {
        let until = record.life_in_millis().and_then(|millis| now.checked_add(Duration::from_millis(millis)));
        let slots = Arc::make_mut(&mut self.slots);
        slots.insert(key, Slot { record: Arc::new(record.clone()), until });
        if slots.len() > self.sweep_at {
            slots.retain(|_, slot| slot.lives(now));
            self.sweep_at = slots.len().saturating_mul(2).max(64);
        }
    }
}

impl Slot {
    fn lives(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl Store for Memory {
    fn capabilities(&self) -> Capabilities {
        Capabilities::new()
    }

    fn create<'a>(&'a self, key: &'a RecordKey, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(async move {
            let (mut shelf, now) = (self.shelf(), Instant::now());
            if shelf.find(key, now).is_some() {
                return Ok(Swap::Conflict);
            }
            shelf.put(*key, record, now);
            Ok(Swap::Done)
        })
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>> {
        Box::pin(async move {
            let now = Instant::now();
            let Some(slot) = self.shelf().find(key, now).cloned() else { return Ok(None) };
            let record = Record::new(slot.record.version(), slot.record.bytes());
            Ok(Some(match slot.until {
                Some(until) => record.with_life(until.saturating_duration_since(now)),
                None => record,
            }))
        })
    }

    fn swap<'a>(&'a self, key: &'a RecordKey, expected: Version, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(async move {
            let (mut shelf, now) = (self.shelf(), Instant::now());
            if !shelf.has(key, expected, now) {
                return Ok(Swap::Conflict);
            }
            shelf.put(*key, record, now);
            Ok(Swap::Done)
        })
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Version) -> Answer<'a, Swap> {
        Box::pin(async move {
            let (mut shelf, now) = (self.shelf(), Instant::now());
            if !shelf.has(key, expected, now) {
                return Ok(Swap::Conflict);
            }
            Arc::make_mut(&mut shelf.slots).remove(key);
            Ok(Swap::Done)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_is_swept_once_there_is_much_of_it() {
        let memory = Memory::new();
        let start = Instant::now();
        let later = start + Duration::from_secs(2);
        let record = Record::new(Version::new([1; 16]), []).with_life(Duration::from_secs(1));
        let mut shelf = memory.shelf();
        (0..200_u8).for_each(|n| shelf.put(RecordKey::new([n; 32]), &record, start));
        assert_eq!(shelf.slots.len(), 200, "all of them live");
        for (n, m) in (0..=255_u8).flat_map(|n| [(n, 1), (n, 2)]) {
            let mut key = [n; 32];
            key[0] = m;
            shelf.put(RecordKey::new(key), &record, later);
        }
        assert!(shelf.slots.values().all(|slot| slot.until > Some(later)), "{}", shelf.slots.len());
    }
}
