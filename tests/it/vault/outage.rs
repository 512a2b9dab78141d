//! A store that is away for a moment when a result is to be written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use ofx_session::client::World;
use ofx_session::store::{Answer, Applied, Capabilities, Memory, Record, RecordKey, Store, StoreError, Swap, Version};
use ofx_session::{Error, ErrorKind, Moved, Receipt, Vault};
use tokio::time::Instant;

use super::support::{Clock, House, careless, client, context, done, jane, keys, payment};

/// Answers nobody for a while, from one of its writes on: claim, write-ahead, result.
#[derive(Debug)]
struct Away {
    memory: Memory,
    writes: AtomicU32,
    from: u32,
    span: Duration,
    until: std::sync::Mutex<Option<Instant>>,
    applied: Applied,
    /// The first write that gets no answer arrives all the same.
    arrives: bool,
    /// How long the first write takes that gets no answer.
    takes: Duration,
}

impl Away {
    fn new(span: Duration, applied: Applied) -> Self {
        Self {
            memory: Memory::new(),
            writes: AtomicU32::new(0),
            from: 2,
            span,
            until: std::sync::Mutex::default(),
            applied,
            arrives: false,
            takes: Duration::ZERO,
        }
    }

    fn check(&self, applied: Applied) -> Result<(), StoreError> {
        match *self.until.lock().unwrap() {
            Some(until) if Instant::now() < until => Err(StoreError::NoAnswer { store: "away", applied, source: None }),
            _ => Ok(()),
        }
    }

    fn write(&self) -> Result<(), StoreError> {
        if self.writes.fetch_add(1, Ordering::SeqCst) == self.from {
            *self.until.lock().unwrap() = Some(Instant::now() + self.span);
        }
        self.check(self.applied)
    }
}

impl Store for Away {
    fn capabilities(&self) -> Capabilities {
        self.memory.capabilities()
    }

    fn create<'a>(&'a self, key: &'a RecordKey, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(async move {
            self.write()?;
            self.memory.create(key, record).await
        })
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>> {
        Box::pin(async move {
            self.check(Applied::No)?;
            self.memory.load(key).await
        })
    }

    fn swap<'a>(&'a self, key: &'a RecordKey, expected: Version, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(async move {
            let is_first = self.writes.load(Ordering::SeqCst) == self.from;
            let told = self.write();
            if is_first && !self.takes.is_zero() {
                tokio::time::sleep(self.takes).await;
            }
            if told.is_ok() || (self.arrives && is_first) {
                let swapped = self.memory.swap(key, expected, record).await;
                return told.and(swapped);
            }
            Err(told.unwrap_err())
        })
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Version) -> Answer<'a, Swap> {
        self.memory.delete(key, expected)
    }
}

/// Time as tokio's clock tells it.
#[derive(Debug)]
struct Ticking {
    clock: Arc<Clock>,
    since: Instant,
}

impl World for Ticking {
    fn now(&self) -> DateTime<Utc> {
        self.clock.now() + self.since.elapsed()
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), Error> {
        self.clock.fill(bytes)
    }
}

fn vault(house: &House, store: &Arc<Away>, world: &Arc<Ticking>) -> Vault {
    Vault::new(client(&house.line), Arc::clone(store), keys(), context()).unwrap().world(world.clone())
}

#[tokio::test(start_paused = true)]
async fn a_receipt_is_stored_once_the_store_is_back() {
    for applied in [Applied::No, Applied::Unknown] {
        for millis in [1, 900, 30_000] {
            let house = House::warmed(careless());
            let store = Arc::new(Away::new(Duration::from_millis(millis), applied));
            let world = Arc::new(Ticking { clock: Arc::clone(&house.clock), since: Instant::now() });
            let receipt = done(vault(&house, &store, &world).pay("order-1", &payment(), jane()).await);
            let again = vault(&house, &store, &world).pay("order-1", &payment(), jane()).await;
            assert_eq!(done(again), receipt, "{applied:?} {millis}");
            house.line.clean(1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_store_longer_than_the_lease() {
    for lease in [1, 2, 90] {
        let house = House::warmed(careless());
        let store = Arc::new(Away::new(Duration::from_secs(3600), Applied::No));
        let world = Arc::new(Ticking { clock: Arc::clone(&house.clock), since: Instant::now() });
        let vault = vault(&house, &store, &world).lease(Duration::from_secs(lease));
        let error = vault.pay("order-1", &payment(), jane()).await.unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::Yes));
        assert!(error.detail::<Receipt>().is_some());
        let waited = world.since.elapsed();
        assert!(waited <= Duration::from_secs(lease) && waited >= Duration::from_millis(500), "{waited:?}");
        house.line.clean(1);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_store_with_something_that_was_not_sent() {
    let house = House::warmed(careless());
    let store = Arc::new(Away { from: 1, ..Away::new(Duration::from_secs(3600), Applied::No) });
    let world = Arc::new(Ticking { clock: Arc::clone(&house.clock), since: Instant::now() });
    let error = vault(&house, &store, &world).pay("order-1", &payment(), jane()).await.unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::No), "{error}");
    assert!(world.since.elapsed() < Duration::from_secs(1), "{:?}", world.since.elapsed());
    house.line.clean(0);
}

/// Nobody knows whether the write-ahead arrived. Left as it is, a payment that was not sent would be in doubt for ever.
#[tokio::test(start_paused = true)]
async fn that_nothing_was_sent_is_stored_once_the_store_is_back() {
    for arrives in [true, false] {
        let house = House::warmed(careless());
        let away = Away::new(Duration::from_secs(30), Applied::Unknown);
        let store = Arc::new(Away { from: 1, arrives, ..away });
        let world = Arc::new(Ticking { clock: Arc::clone(&house.clock), since: Instant::now() });
        let error = vault(&house, &store, &world).pay("order-1", &payment(), jane()).await.unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::No), "{error}");
        house.line.clean(0);
        done(vault(&house, &store, &world).pay("order-1", &payment(), jane()).await);
        house.line.clean(1);
    }
}

/// Money has moved by then: that is no moment to panic.
#[test]
fn where_there_is_no_clock_to_wait_by_nobody_waits() {
    let house = House::warmed(careless());
    let store = Arc::new(Away::new(Duration::from_secs(3600), Applied::No));
    let vault =
        Vault::new(client(&house.line), Arc::clone(&store), keys(), context()).unwrap().world(house.clock.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(vault.pay("order-1", &payment(), jane())).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::Yes), "{error}");
    assert!(error.detail::<Receipt>().is_some());
    // Claim, write-ahead, and the result four times.
    assert_eq!(store.writes.load(Ordering::SeqCst), 6);
    house.line.clean(1);
}

#[tokio::test(start_paused = true)]
async fn a_result_is_tried_more_than_once_also_when_the_claim_is_over() {
    let house = House::warmed(careless());
    let takes = Duration::from_secs(2);
    let store = Arc::new(Away { takes, ..Away::new(Duration::from_secs(3600), Applied::No) });
    let world = Arc::new(Ticking { clock: Arc::clone(&house.clock), since: Instant::now() });
    let vault = vault(&house, &store, &world).lease(Duration::from_secs(1));
    let error = vault.pay("order-1", &payment(), jane()).await.unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::Yes), "{error}");
    assert_eq!(store.writes.load(Ordering::SeqCst), 6);
    house.line.clean(1);
}
