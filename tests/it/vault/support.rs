//! A clock set by hand, and a store that loses things on order.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, Utc};
use ofx_session::client::World;
use ofx_session::store::{Answer, Applied, Capabilities, Memory, Record, RecordKey, Store, StoreError, Swap};
use ofx_session::{Client, Credentials, Error, Key, KeyRing, Payment, Progress, Receipt, Vault};
use sha2::{Digest as _, Sha256};

use crate::resume::line::polled_once_more;

pub(super) use crate::resume::line::{
    END_USER, Fate, Line, TENANT, client, context, easy, jane, keys, now, once, payment, questioning, right, wrong,
};

/// Random bytes are a counter's digests, and time goes on when a test says so.
#[derive(Debug)]
pub(super) struct Clock {
    seconds: AtomicI64,
    drawn: AtomicU64,
}

impl Clock {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { seconds: AtomicI64::new(1_767_225_600), drawn: AtomicU64::new(0) })
    }

    pub(super) fn advance(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl World for Clock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.seconds.load(Ordering::SeqCst), 0).unwrap()
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), Error> {
        for chunk in bytes.chunks_mut(32) {
            let digest = Sha256::digest(self.drawn.fetch_add(1, Ordering::SeqCst).to_be_bytes());
            chunk.copy_from_slice(&digest[..chunk.len()]);
        }
        Ok(())
    }
}

/// What becomes of one call of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// It certainly did not happen.
    Refused,
    /// It happened, and nobody says so.
    LostAfter,
    /// It did not happen, and nobody can tell.
    LostBefore,
    /// It did not happen yet, and nobody can tell: [`Shaky::arrive`].
    Late,
    /// It happens, and takes a hundred seconds.
    Slow,
    /// It happens once it is polled again.
    Stops,
}

/// A store in memory in front of which things get lost. A clone is another process's connection to the same one.
#[derive(Clone)]
pub(super) struct Shaky(Arc<Inner>);

struct Inner {
    memory: Memory,
    writes: Mutex<VecDeque<Fault>>,
    loads: Mutex<VecDeque<Fault>>,
    late: Mutex<Vec<Late>>,
    /// What was called, in order: `c`reate, `s`wap, `l`oad.
    called: Mutex<String>,
    keys: Mutex<Vec<RecordKey>>,
    clock: Arc<Clock>,
}

type Late = (RecordKey, Option<ofx_session::store::Version>, Record);

impl Shaky {
    pub(super) fn new(clock: Arc<Clock>) -> Self {
        Self(Arc::new(Inner {
            clock,
            memory: Memory::new(),
            writes: Mutex::default(),
            loads: Mutex::default(),
            late: Mutex::default(),
            called: Mutex::default(),
            keys: Mutex::default(),
        }))
    }

    /// For the next writes.
    pub(super) fn writes(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.0.writes).extend(faults);
    }

    /// For the next loads.
    pub(super) fn loads(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.0.loads).extend(faults);
    }

    /// Forgets what was ordered and did not happen.
    pub(super) fn calm(&self) {
        lock(&self.0.writes).clear();
        lock(&self.0.loads).clear();
    }

    /// Writes that were late arrive.
    pub(super) fn arrive(&self) -> Vec<Swap> {
        let late: Vec<Late> = lock(&self.0.late).drain(..).collect();
        let write = |(key, expected, record): Late| match expected {
            Some(version) => now(self.0.memory.swap(&key, version, &record)).unwrap(),
            None => now(self.0.memory.create(&key, &record)).unwrap(),
        };
        late.into_iter().map(write).collect()
    }

    /// What was called since last asked.
    pub(super) fn called(&self) -> String {
        std::mem::take(&mut *lock(&self.0.called))
    }

    /// The keys under which something was ever created, the desk's first.
    pub(super) fn keys(&self) -> Vec<RecordKey> {
        lock(&self.0.keys).clone()
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.0.memory
    }

    fn fault(queue: &Mutex<VecDeque<Fault>>) -> Fault {
        lock(queue).pop_front().unwrap_or(Fault::None)
    }

    async fn write(
        &self,
        name: char,
        key: &RecordKey,
        expected: Option<ofx_session::store::Version>,
        record: &Record,
    ) -> Result<Swap, StoreError> {
        lock(&self.0.called).push(name);
        if expected.is_none() && !lock(&self.0.keys).contains(key) {
            lock(&self.0.keys).push(*key);
        }
        let lost = |applied| Err(StoreError::NoAnswer { store: "shaky", applied, source: None });
        let write = || async {
            match expected {
                Some(version) => self.0.memory.swap(key, version, record).await,
                None => self.0.memory.create(key, record).await,
            }
        };
        match Self::fault(&self.0.writes) {
            Fault::None => write().await,
            Fault::Refused => lost(Applied::No),
            Fault::LostAfter => write().await.and_then(|_| lost(Applied::Unknown)),
            Fault::LostBefore => lost(Applied::Unknown),
            Fault::Slow => {
                self.0.clock.advance(100);
                write().await
            }
            Fault::Stops => {
                polled_once_more().await;
                write().await
            }
            Fault::Late => {
                lock(&self.0.late).push((*key, expected, record.clone()));
                lost(Applied::Unknown)
            }
        }
    }
}

impl fmt::Debug for Shaky {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shaky")
    }
}

impl Store for Shaky {
    fn capabilities(&self) -> Capabilities {
        self.0.memory.capabilities()
    }

    fn create<'a>(&'a self, key: &'a RecordKey, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(self.write('c', key, None, record))
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>> {
        Box::pin(async move {
            lock(&self.0.called).push('l');
            match Self::fault(&self.0.loads) {
                Fault::None => self.0.memory.load(key).await,
                _ => Err(StoreError::Unreachable { store: "shaky", source: None }),
            }
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a RecordKey,
        expected: ofx_session::store::Version,
        record: &'a Record,
    ) -> Answer<'a, Swap> {
        Box::pin(self.write('s', key, Some(expected), record))
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: ofx_session::store::Version) -> Answer<'a, Swap> {
        self.0.memory.delete(key, expected)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

/// One institution, one store, one clock, and as many processes as a test opens vaults.
pub(super) struct House {
    pub(super) line: Line,
    pub(super) store: Shaky,
    pub(super) clock: Arc<Clock>,
}

impl House {
    pub(super) fn new(bank: ofx_session::testing::BankBuilder) -> Self {
        let clock = Clock::new();
        Self { line: Line::new(bank.build_model()), store: Shaky::new(clock.clone()), clock }
    }

    /// A vault as another process would open it.
    pub(super) fn vault(&self) -> Vault {
        self.vault_of(client(&self.line), &keys())
    }

    /// The same by a program with other keys or settings.
    pub(super) fn vault_of(&self, client: Client, keys: &KeyRing) -> Vault {
        Vault::new(client, self.store.clone(), keys.clone(), context()).unwrap().world(self.clock.clone())
    }

    pub(super) fn pay(&self, id: &str) -> Result<Progress<Receipt>, Error> {
        now(self.vault().pay(id, &payment(), jane()))
    }

    /// The profile is known and nothing is open.
    pub(super) fn warmed(bank: ofx_session::testing::BankBuilder) -> Self {
        let house = Self::new(bank);
        let _ = now(house.vault().accounts(jane()));
        house.store.called();
        house.line.wire().sent.clear();
        house
    }
}

/// A key that seals from now on, and the one that did.
pub(super) fn rotated() -> KeyRing {
    let mut ring = keys();
    ring.add(Key::new(2, [2; 32]).unwrap()).unwrap();
    ring.promote(2).unwrap();
    ring
}

/// With every promise about payments that are sent twice.
pub(super) fn careful() -> ofx_session::testing::BankBuilder {
    easy().class("D+S+F+".parse().unwrap())
}

/// With none.
pub(super) fn careless() -> ofx_session::testing::BankBuilder {
    easy().class("D-S-F-".parse().unwrap())
}

pub(super) fn other_payment() -> Payment {
    let mut payment = payment();
    payment.memo = Some("Another one".to_owned());
    payment
}

pub(super) fn joe() -> Credentials {
    Credentials::new("joe", "battery staple")
}

/// Its receipt, where a payment must be done.
pub(super) fn done(progress: Result<Progress<Receipt>, Error>) -> Receipt {
    progress.unwrap().done().unwrap()
}
