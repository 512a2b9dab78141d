//! One winner, also when acknowledgements get lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::store::{Answer, Applied, Capabilities, Record, RecordKey, Store, StoreError, Swap, Version};
use crate::testing::conformance::{Broken, Probe, any_key, any_record, any_version};

const TASKS: usize = 32;
const ROUNDS: usize = 200;
const LOSSY_ROUNDS: usize = 20;
/// How often a write is repeated before it is said that nothing can be found out.
const ATTEMPTS: usize = 100;

/// Who claimed a record: the round, the version each winner wrote, for the create and for the swap after it.
type Wins = Vec<(Option<Version>, Option<Version>)>;

/// 32 tasks try to make the same record, then to take it over from the one who made it, 200 times.
pub(super) async fn claims<S: Store + 'static>(make: &(impl Fn() -> S + Send + Sync)) -> Result<(), Broken> {
    race("claim race", || Arc::new(make()) as Arc<dyn Store>, ROUNDS).await
}

/// The same while every third acknowledgement gets lost, and the writers find out by loading.
pub(super) async fn claims_with_losses<S: Store + 'static>(
    make: &(impl Fn() -> S + Send + Sync),
) -> Result<(), Broken> {
    let lossy =
        || Arc::new(Forgetful::new(Arc::new(make()), &[Loss::None, Loss::Before, Loss::Behind])) as Arc<dyn Store>;
    race("claim race with lost acknowledgements", lossy, LOSSY_ROUNDS).await
}

async fn race(
    check: &'static str,
    make: impl Fn() -> Arc<dyn Store> + Send + Sync,
    rounds: usize,
) -> Result<(), Broken> {
    let keys: Arc<Vec<RecordKey>> = Arc::new((0..rounds).map(|_| any_key()).collect());
    let (barrier, handles) = (Arc::new(Barrier::new(TASKS)), [make(), make(), make(), make()]);
    let mut tasks = JoinSet::new();
    for store in handles.iter().cycle().take(TASKS) {
        tasks.spawn(claimant(check, Arc::clone(store), Arc::clone(&keys), Arc::clone(&barrier)));
    }
    let mut wins: Vec<Wins> = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        wins.push(ended.map_err(|_| Broken::new(check, "a task of the store panicked"))??);
    }
    let [store, ..] = &handles;
    let probe = Probe::new(&**store, check);
    for (round, key) in keys.iter().enumerate() {
        let of_round = || wins.iter().filter_map(|wins| wins.get(round));
        let created: Vec<Version> = of_round().filter_map(|(created, _)| *created).collect();
        let swapped: Vec<Version> = of_round().filter_map(|(_, swapped)| *swapped).collect();
        for (what, winners) in [("made", created.len()), ("took over", swapped.len())] {
            if winners != 1 {
                return Err(probe.broken(format!("in round {round} {winners} of {TASKS} tasks {what} one record")));
            }
        }
        let last = swapped.first().copied();
        let found = probe.load("load what was claimed", key).await?;
        if found.as_ref().map(Record::version) != last {
            return Err(probe.broken(format!("in round {round} the record is not the winner's")));
        }
    }
    Ok(())
}

/// One of the tasks: tries every round, and goes on through all of them whatever happens, or the others would wait for it.
async fn claimant(
    check: &'static str,
    store: Arc<dyn Store>,
    keys: Arc<Vec<RecordKey>>,
    barrier: Arc<Barrier>,
) -> Result<Wins, Broken> {
    let (mut wins, mut trouble) = (Wins::new(), None);
    for key in keys.iter() {
        barrier.wait().await;
        let mut note = |ended: Result<Option<Version>, StoreError>| {
            ended.unwrap_or_else(|error| {
                trouble.get_or_insert_with(|| Broken::new(check, format!("the store answered an error: {error}")));
                None
            })
        };
        let created = note(write(&*store, key, None).await);
        barrier.wait().await;
        let before = note(load_version(&*store, key).await);
        barrier.wait().await;
        let swapped = match before {
            Some(before) => note(write(&*store, key, Some(before)).await),
            None => None,
        };
        wins.push((created, swapped));
    }
    trouble.map_or(Ok(wins), Err)
}

async fn load_version(store: &dyn Store, key: &RecordKey) -> Result<Option<Version>, StoreError> {
    Ok(store.load(key).await?.map(|record| record.version()))
}

/// Writes until it is known whether it was written, by the rule in the page of the store: after a lost acknowledgement load,
/// and where the version from before is still there, repeat the same write. The version, if it was.
async fn write(store: &dyn Store, key: &RecordKey, expected: Option<Version>) -> Result<Option<Version>, StoreError> {
    let record = any_record("claimed");
    let mut in_doubt = false;
    for _ in 0..ATTEMPTS {
        let answer = match expected {
            None => store.create(key, &record).await,
            Some(expected) => store.swap(key, expected, &record).await,
        };
        match answer {
            Ok(Swap::Done) => return Ok(Some(record.version())),
            Ok(Swap::Conflict) if !in_doubt => return Ok(None),
            Err(error) if error.applied() == Applied::No => return Err(error),
            Ok(Swap::Conflict) | Err(_) => in_doubt = true,
        }
        let found = load_version(store, key).await?;
        if found == Some(record.version()) {
            return Ok(found);
        }
        if found != expected {
            return Ok(None);
        }
    }
    Err(StoreError::Nonsense {
        store: "the store",
        reason: "it conflicts with records that cannot be loaded, or loses every write",
        applied: Applied::Unknown,
        source: None,
    })
}

/// What happens to one write.
#[derive(Clone, Copy, Debug)]
enum Loss {
    /// Nothing.
    None,
    /// It gets lost before it is done.
    Before,
    /// It is done, and its acknowledgement gets lost.
    Behind,
}

/// A store behind a bad network: what happens to writes is taken from a list, round and round.
#[derive(Debug)]
struct Forgetful {
    store: Arc<dyn Store>,
    losses: &'static [Loss],
    writes: AtomicUsize,
}

impl Forgetful {
    fn new(store: Arc<dyn Store>, losses: &'static [Loss]) -> Self {
        Self { store, losses, writes: AtomicUsize::new(0) }
    }

    async fn lose(&self, write: Answer<'_, Swap>) -> Result<Swap, StoreError> {
        let lost = || StoreError::NoAnswer { store: "the network", applied: Applied::Unknown, source: None };
        let turn = self.writes.fetch_add(1, Ordering::Relaxed) % self.losses.len().max(1);
        match self.losses.get(turn) {
            None | Some(Loss::None) => write.await,
            Some(Loss::Before) => Err(lost()),
            Some(Loss::Behind) => write.await.and_then(|_| Err(lost())),
        }
    }
}

impl Store for Forgetful {
    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    fn create<'a>(&'a self, key: &'a RecordKey, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(self.lose(self.store.create(key, record)))
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>> {
        self.store.load(key)
    }

    fn swap<'a>(&'a self, key: &'a RecordKey, expected: Version, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(self.lose(self.store.swap(key, expected, record)))
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Version) -> Answer<'a, Swap> {
        Box::pin(self.lose(self.store.delete(key, expected)))
    }
}

/// One writer with and without a rival: what the rule finds out is what happened.
pub(super) async fn lost_acknowledgements(store: Arc<dyn Store>) -> Result<(), Broken> {
    let probe = Probe::new(&*store, "lost acknowledgement");
    let networks: [&[Loss]; 3] = [&[Loss::Behind], &[Loss::Before, Loss::None], &[Loss::Before, Loss::Behind]];
    for losses in networks {
        let lossy = Forgetful::new(Arc::clone(&store), losses);
        let (key, rival) = (any_key(), any_record("rival"));
        let created = found_out(&probe, "a create", true, write(&lossy, &key, None).await)?;
        probe.version("after a create whose acknowledgement was lost", &key, created).await?;
        let swapped = found_out(&probe, "a swap", true, write(&lossy, &key, created).await)?;
        probe.version("after a swap whose acknowledgement was lost", &key, swapped).await?;

        let before = swapped.unwrap_or_else(any_version);
        probe.swap("swap of a rival", Swap::Done, &key, before, &rival).await?;
        found_out(&probe, "a create where there is a record", false, write(&lossy, &key, None).await)?;
        found_out(&probe, "a swap that came too late", false, write(&lossy, &key, Some(before)).await)?;
        probe.holds("after writes that came too late", &key, Some(&rival)).await?;
        probe.delete("delete", Swap::Done, &key, rival.version()).await?;
        found_out(&probe, "a swap of a deleted record", false, write(&lossy, &key, Some(rival.version())).await)?;
        probe.holds("after a swap of a deleted record", &key, None).await?;
    }
    Ok(())
}

/// Compares whether a writer believes that its write is there.
fn found_out(
    probe: &Probe<'_>,
    what: &str,
    wanted: bool,
    written: Result<Option<Version>, StoreError>,
) -> Result<Option<Version>, Broken> {
    let written = written.map_err(|error| probe.failed(what, &error))?;
    let (is, other) = if wanted { ("was", "not ") } else { ("was not", "") };
    if written.is_some() == wanted {
        Ok(written)
    } else {
        Err(probe.broken(format!("{what} {is} done, and by loading the record it looks as if it was {other}done")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Memory;

    /// Loads nothing, or what was there before the last write.
    #[derive(Debug)]
    struct Forgets(Memory, bool);

    impl Store for Forgets {
        fn capabilities(&self) -> Capabilities {
            self.0.capabilities()
        }

        fn create<'a>(&'a self, key: &'a RecordKey, record: &'a Record) -> Answer<'a, Swap> {
            self.0.create(key, record)
        }

        fn load<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>> {
            let blind = self.1;
            Box::pin(async move {
                let found = self.0.load(key).await?;
                Ok(found.map(|record| Record::new(Version::new([9; 16]), record.bytes())).filter(|_| !blind))
            })
        }

        fn swap<'a>(&'a self, key: &'a RecordKey, expected: Version, record: &'a Record) -> Answer<'a, Swap> {
            self.0.swap(key, expected, record)
        }

        fn delete<'a>(&'a self, key: &'a RecordKey, expected: Version) -> Answer<'a, Swap> {
            self.0.delete(key, expected)
        }
    }

    #[test]
    fn a_writer_who_cannot_find_out_is_noticed() -> Result<(), Box<dyn std::error::Error>> {
        tokio::runtime::Runtime::new()?.block_on(async {
            assert_eq!(lost_acknowledgements(Arc::new(Memory::new())).await, Ok(()));
            let lies = lost_acknowledgements(Arc::new(Forgets(Memory::new(), false))).await;
            assert_eq!(
                lies.map_err(|broken| broken.text),
                Err("a create was done, and by loading the record it looks as if it was not done".to_owned())
            );
            let blind = lost_acknowledgements(Arc::new(Forgets(Memory::new(), true))).await;
            assert!(blind.is_err_and(|broken| broken.text.contains("cannot be loaded")));
            let two = claims(&|| Forgetful::new(Arc::new(Memory::new()), &[Loss::Behind])).await;
            assert_eq!(two.map_err(|broken| broken.check), Err("claim race"));
            Ok(())
        })
    }
}
