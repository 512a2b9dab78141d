//! Records that end by themselves.

use std::time::{Duration, Instant};

use crate::store::Swap::{Conflict, Done};
use crate::store::{Record, RecordKey, Store};
use crate::testing::conformance::{Broken, Probe, any_key, any_record};

/// A life long enough to look at a record before it is over; doubled on machines where it is not.
const SHORT: Duration = Duration::from_millis(250);

/// For what the store rounds up, and for clocks that do not tick alike.
const GRACE: Duration = Duration::from_millis(60);

/// There before the end, gone after it, for every call alike; then the name is free.
pub(super) async fn ends(store: &dyn Store) -> Result<(), Broken> {
    let probe = Probe::new(store, "life");
    let (key, kept, record, life) = begin(&probe).await?;
    let again = any_record("again");
    tokio::time::sleep(life + GRACE).await;

    probe.holds("a record whose life is over", &key, None).await?;
    probe.swap("swap of a record whose life is over", Conflict, &key, record.version(), &again).await?;
    probe.delete("delete of a record whose life is over", Conflict, &key, record.version()).await?;
    probe.create("create after a life was over", Done, &key, &again).await?;
    probe.holds("a record made again after a life was over", &key, Some(&again)).await?;
    probe.swap("swap with a version whose life was over", Conflict, &key, record.version(), &record).await?;
    check_life(&probe, "a record made again without a life", &key, None).await?;
    probe.delete("delete a record made again", Done, &key, again.version()).await?;
    probe.delete("delete a record without a life", Done, &kept.0, kept.1.version()).await
}

/// Makes a record without a life and one with a short life, and sees that both are there.
async fn begin(probe: &Probe<'_>) -> Result<(RecordKey, (RecordKey, Record), Record, Duration), Broken> {
    let kept = (any_key(), any_record("kept"));
    probe.create("create without a life", Done, &kept.0, &kept.1).await?;
    check_life(probe, "a record without a life", &kept.0, None).await?;
    let mut life = SHORT;
    loop {
        let (key, record, start) = (any_key(), any_record("short").with_life(life), Instant::now());
        probe.create("create with a short life", Done, &key, &record).await?;
        let found = probe.load("load a record with a short life", &key).await?;
        if start.elapsed() < life {
            let Some(found) = found else {
                return Err(probe.broken(format!("a record with a life of {life:?} was gone before that")));
            };
            if found.life().is_none_or(|left| left > life + GRACE) {
                return Err(probe.broken(format!("what is left of a life of {life:?} is told as {:?}", found.life())));
            }
            return Ok((key, kept, record, life));
        }
        // Too slow to see anything: the next one gets more time.
        life *= 2;
        if life > Duration::from_secs(60) {
            return Err(probe.broken(format!("the store took longer than {life:?} for two calls")));
        }
    }
}

/// A swap brings its own life: it gives one, takes one away, makes one longer.
pub(super) async fn changes(store: &dyn Store) -> Result<(), Broken> {
    let probe = Probe::new(store, "a new life");
    let hour = Duration::from_secs(3_600);
    let [gets, loses, longer] = [any_key(), any_key(), any_key()];
    let first = any_record("first");
    probe.create("create without a life", Done, &gets, &first).await?;
    probe.create("create with a life", Done, &loses, &first.clone().with_life(hour)).await?;
    probe.create("create with a life", Done, &longer, &first.clone().with_life(hour)).await?;

    let second = any_record("second");
    probe.swap("swap that gives a life", Done, &gets, first.version(), &second.clone().with_life(SHORT)).await?;
    probe.swap("swap that takes the life away", Done, &loses, first.version(), &second).await?;
    probe.swap("swap to a longer life", Done, &longer, first.version(), &second.clone().with_life(hour * 2)).await?;
    check_life(&probe, "a record whose life was taken away", &loses, None).await?;
    check_life(&probe, "a record that got a longer life", &longer, Some(hour * 2)).await?;

    // A conflict changes no life.
    let other = any_record("other").with_life(SHORT);
    probe.create("create where there is one", Conflict, &loses, &other).await?;
    probe.swap("swap with a stale version", Conflict, &longer, first.version(), &other).await?;
    tokio::time::sleep(SHORT + GRACE).await;
    probe.holds("a record that got a life by a swap, after it", &gets, None).await?;
    probe.holds("a record whose life was taken away", &loses, Some(&second)).await?;
    probe.holds("a record that got a longer life", &longer, Some(&second)).await?;
    probe.delete("delete", Done, &loses, second.version()).await?;
    probe.delete("delete", Done, &longer, second.version()).await
}

/// Compares what is left of a life with what was given: never more, and within ten minutes of it.
async fn check_life(probe: &Probe<'_>, what: &str, key: &RecordKey, given: Option<Duration>) -> Result<(), Broken> {
    let left = probe.load(what, key).await?.map(|record| record.life());
    let right = match (left, given) {
        (Some(None), None) => true,
        (Some(Some(left)), Some(given)) => left <= given + GRACE && left + Duration::from_secs(600) >= given,
        _ => false,
    };
    if right { Ok(()) } else { Err(probe.broken(format!("{what}: its life is {left:?} and must be {given:?}"))) }
}
