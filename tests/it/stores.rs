//! The conformance suite passes on a good store and catches broken ones.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ofx_session::store::{
    Answer, Applied, Capabilities, Cause, Memory, Record, RecordKey, Store, StoreError, Swap, Version,
};
use ofx_session::testing::conformance;
use ofx_session::{Delivery, Error, ErrorKind};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    SwapIgnoresVersion,
    CreateOverwrites,
    CutsAtZero,
    NeverExpires,
    ChecksThenWrites,
    DeleteIgnoresVersion,
    ExpiredStaysForSwap,
    SwapKeepsTheLife,
    KeysLoseTheirLastByte,
    TextOnly,
    SwapCreates,
    HidesNewestWrite,
    LifeIsNotTold,
    TakesTooMuch,
    SeparateHandles,
    SaysDoneOnConflict,
    FailsAtTimes,
    WritesAtOnce,
}

const LARGEST: usize = 300_000;

type Slots = HashMap<RecordKey, (Record, Option<Instant>)>;

#[derive(Clone, Debug)]
struct Faulty {
    fault: Fault,
    slots: Arc<Mutex<Slots>>,
    /// Whose turn it is to look and write.
    turn: Arc<Mutex<()>>,
    writes: Arc<AtomicUsize>,
}

impl Faulty {
    fn new(fault: Fault) -> Self {
        Self { fault, slots: Arc::default(), turn: Arc::default(), writes: Arc::default() }
    }

    fn handle(&self) -> Self {
        if self.fault == Fault::SeparateHandles { Self::new(self.fault) } else { self.clone() }
    }

    fn key(&self, key: &RecordKey) -> RecordKey {
        let mut bytes = *key.as_bytes();
        if self.fault == Fault::KeysLoseTheirLastByte {
            bytes[31] = 0;
        }
        RecordKey::new(bytes)
    }

    fn find(&self, key: &RecordKey) -> Option<Record> {
        let slots = self.slots.lock().unwrap();
        let (record, until) = slots.get(&self.key(key))?;
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) && self.fault != Fault::NeverExpires {
            return None;
        }
        let mut found = Record::new(record.version(), record.bytes());
        if let Some(left) = left.filter(|_| self.fault != Fault::LifeIsNotTold) {
            found = found.with_life(left);
        }
        Some(found)
    }

    fn version(&self, key: &RecordKey) -> Option<Version> {
        if self.fault == Fault::ExpiredStaysForSwap {
            return self.slots.lock().unwrap().get(key).map(|(record, _)| record.version());
        }
        self.find(key).map(|record| record.version())
    }

    fn put(&self, key: &RecordKey, record: &Record) -> Result<Swap, StoreError> {
        let mut bytes = record.bytes().to_vec();
        if bytes.len() > LARGEST && self.fault != Fault::TakesTooMuch {
            return Err(StoreError::TooLarge { store: "a test", length: bytes.len(), limit: LARGEST });
        }
        if self.writes.fetch_add(1, Ordering::Relaxed) > 500 && self.fault == Fault::FailsAtTimes {
            return Err(StoreError::Full { store: "a test", applied: Applied::No, source: None });
        }
        match self.fault {
            Fault::CutsAtZero => bytes.truncate(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len())),
            Fault::TextOnly => bytes = String::from_utf8_lossy(&bytes).into_owned().into_bytes(),
            _ => {}
        }
        let mut until = record.life().map(|life| Instant::now() + life);
        let mut slots = self.slots.lock().unwrap();
        let old = slots.get(&self.key(key)).map(|(_, until)| *until);
        if let Some(old) = old.filter(|_| self.fault == Fault::SwapKeepsTheLife) {
            until = old.filter(|old| *old > Instant::now()).or(until);
        }
        slots.insert(self.key(key), (Record::new(record.version(), bytes), until));
        Ok(Swap::Done)
    }
}

impl Store for Faulty {
    fn capabilities(&self) -> Capabilities {
        Capabilities::new().largest(LARGEST)
    }

    fn create<'a>(&'a self, key: &'a RecordKey, record: &'a Record) -> Answer<'a, Swap> {
        if self.fault == Fault::WritesAtOnce && self.find(key).is_none() {
            let done = self.put(key, record);
            return Box::pin(std::future::ready(done));
        }
        Box::pin(async move {
            if self.fault == Fault::ChecksThenWrites {
                let found = self.find(key).is_some();
                // Long enough for the others to have looked, too.
                tokio::time::sleep(Duration::from_millis(2)).await;
                return if found { Ok(Swap::Conflict) } else { self.put(key, record) };
            }
            let _turn = self.turn.lock().unwrap();
            if self.find(key).is_some() && self.fault != Fault::CreateOverwrites {
                return Ok(if self.fault == Fault::SaysDoneOnConflict { Swap::Done } else { Swap::Conflict });
            }
            self.put(key, record)
        })
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>> {
        Box::pin(async move {
            let found = self.find(key);
            // The longest value is the last one that is written here for the first time.
            Ok(found.filter(|record| self.fault != Fault::HidesNewestWrite || record.bytes().len() < 100_000))
        })
    }

    fn swap<'a>(&'a self, key: &'a RecordKey, expected: Version, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(async move {
            let _turn = self.turn.lock().unwrap();
            let (found, fault) = (self.version(key), self.fault);
            let right = match found {
                None => fault == Fault::SwapCreates,
                Some(found) => found == expected || fault == Fault::SwapIgnoresVersion,
            };
            if right { self.put(key, record) } else { Ok(Swap::Conflict) }
        })
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Version) -> Answer<'a, Swap> {
        Box::pin(async move {
            let _turn = self.turn.lock().unwrap();
            let found = self.find(key).map(|record| record.version());
            if found.is_none() || found != Some(expected) && self.fault != Fault::DeleteIgnoresVersion {
                return Ok(Swap::Conflict);
            }
            self.slots.lock().unwrap().remove(&self.key(key));
            Ok(Swap::Done)
        })
    }
}

/// The check that failed, and its sentence.
async fn verdict(fault: Fault) -> Option<(&'static str, String)> {
    let store = Faulty::new(fault);
    let broken = conformance::store(|| store.handle()).await.err()?;
    Some((broken.check(), broken.to_string()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_passes() {
    let memory = Memory::new();
    conformance::store(|| memory.clone()).await.unwrap();
    conformance::store(|| Arc::new(memory.fork()) as Arc<dyn Store>).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_good_store_passes() {
    assert_eq!(verdict(Fault::None).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_broken_store_is_caught() {
    for (fault, check, said) in [
        (Fault::SwapIgnoresVersion, "versions", "swap with a version that never was"),
        (Fault::CreateOverwrites, "versions", "create again"),
        (Fault::SaysDoneOnConflict, "versions", "create again"),
        (Fault::SwapCreates, "versions", "swap where there is no record"),
        (Fault::DeleteIgnoresVersion, "versions", "delete with a version"),
        (Fault::CutsAtZero, "values", "load one zero byte"),
        (Fault::TextOnly, "values", "load every byte there is"),
        (Fault::WritesAtOnce, "laziness", "after a create that was not awaited"),
        (Fault::KeysLoseTheirLastByte, "many keys", "create many"),
        (Fault::HidesNewestWrite, "sizes", "load 300000 bytes"),
        (Fault::TakesTooMuch, "sizes", "larger than the limit was taken"),
        (Fault::SeparateHandles, "two handles", "load through the other handle"),
        (Fault::NeverExpires, "life", "a record whose life is over"),
        (Fault::LifeIsNotTold, "life", "is told as None"),
        (Fault::ExpiredStaysForSwap, "life", "swap of a record whose life is over"),
        (Fault::SwapKeepsTheLife, "a new life", "a record whose life was taken away"),
        (Fault::ChecksThenWrites, "claim race", "of 32 tasks made one record"),
        (Fault::FailsAtTimes, "claim race", "the store answered an error: a test is full"),
    ] {
        let (found, sentence) = verdict(fault).await.unwrap_or_else(|| panic!("{fault:?} is not caught"));
        assert!(found == check && sentence.contains(said), "{fault:?}: {sentence}");
    }
}

#[test]
fn an_error_says_whether_the_write_can_have_happened_and_keeps_its_cause() {
    let cause: Cause = Arc::new(std::io::Error::other("the cause"));
    let error = StoreError::NoAnswer { store: "Redis", applied: Applied::Unknown, source: Some(cause) };
    assert_eq!(error.applied(), Applied::Unknown);
    let error = Error::from(error);
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Store, Delivery::NotSent));
    assert_eq!(error.detail::<StoreError>().unwrap().applied(), Applied::Unknown);
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the cause");
    assert!(error.to_string().contains("what was to be written may be there"), "{error}");
    let error = StoreError::NoAnswer { store: "Redis", applied: Applied::No, source: None };
    assert!(error.to_string().contains("nothing was written"), "{error}");
    assert_eq!(StoreError::TooLarge { store: "Redis", length: 2, limit: 1 }.applied(), Applied::No);
}
