//! What the children do: each role knows a place, and nothing of the process before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ofx_session::store::{Record, RecordKey, Store, Swap, Version};

use crate::{any_record, any_version, hex, key};

pub(crate) const ROLE: &str = "OFX_TEST_ROLE";
pub(crate) const PLACE: &str = "OFX_TEST_PLACE";

/// In front of each line that is for the parent.
pub(crate) const MARK: &str = "child: ";

/// How often the store failed in this process.
static ERRORS: AtomicUsize = AtomicUsize::new(0);

/// Tasks of each racing process.
const TASKS: usize = 4;

pub(crate) async fn run(role: &str, store: Arc<dyn Store>) {
    say(&format!("pid {}", std::process::id()));
    match role {
        "race" => race(store).await,
        "hammer" => hammer(&*store).await,
        "sleep" => sleep(&*store).await,
        other => panic!("no role {other}"),
    }
    say("end");
}

/// For each line, races for the record with that number, and says who of this process won it, with what.
async fn race(store: Arc<dyn Store>) {
    say("ready");
    let mut line = String::new();
    while std::io::stdin().read_line(&mut line).unwrap() > 0 {
        let round: u64 = line.trim().parse().unwrap();
        line.clear();
        let tasks: Vec<_> = (0..TASKS).map(|_| tokio::spawn(claim(Arc::clone(&store), key(round)))).collect();
        let mut won = Vec::new();
        for task in tasks {
            won.extend(task.await.unwrap().map(hex));
        }
        say(&format!("round {round} {}", won.join(" ")));
    }
    say(&format!("errors {}", ERRORS.load(Ordering::Relaxed)));
}

/// Claims a record, whatever happens to the server meanwhile. The version, if it was won.
pub(crate) async fn claim(store: Arc<dyn Store>, key: RecordKey) -> Option<Version> {
    let record = any_record("claimed");
    surely(&*store, &key, None, &record).await.then_some(record.version())
}

/// Writes until it is known whether the write was applied: loads after what is unknown, and repeats the same write where
/// nothing has changed.
pub(crate) async fn surely(store: &dyn Store, key: &RecordKey, expected: Option<Version>, record: &Record) -> bool {
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        assert!(Instant::now() < patience, "the store did not come back");
        let answer = match expected {
            None => store.create(key, record).await,
            Some(expected) => store.swap(key, expected, record).await,
        };
        match answer {
            Ok(Swap::Done) => return true,
            // Perhaps with an earlier copy of this very write.
            Ok(Swap::Conflict) => {}
            Err(_) => {
                ERRORS.fetch_add(1, Ordering::Relaxed);
                // Only so that a server that is down is not called a million times.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        match store.load(key).await {
            Ok(found) => {
                let found = found.map(|record| record.version());
                if found == Some(record.version()) {
                    return true;
                }
                if found != expected {
                    return false;
                }
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Writes as fast as it can for ever, and tells what it tries and what was acknowledged.
async fn hammer(store: &dyn Store) {
    let mut version = any_version();
    assert_eq!(store.create(&key(0), &Record::new(version, "first")).await.unwrap(), Swap::Done);
    say(&format!("done {}", hex(version)));
    loop {
        let next = any_record(vec![7; 10_000]);
        say(&format!("try {}", hex(next.version())));
        assert_eq!(store.swap(&key(0), version, &next).await.unwrap(), Swap::Done);
        say(&format!("done {}", hex(next.version())));
        version = next.version();
    }
}

/// An owner who falls asleep between loading and writing.
async fn sleep(store: &dyn Store) {
    let record = store.load(&key(0)).await.unwrap().unwrap();
    say(&format!("has {}", hex(record.version())));
    assert!(std::io::stdin().read_line(&mut String::new()).unwrap() > 0);
    let swap = store.swap(&key(0), record.version(), &any_record("too late")).await.unwrap();
    let delete = store.delete(&key(0), record.version()).await.unwrap();
    say(&format!("woke {swap:?} {delete:?}"));
}

fn say(text: &str) {
    println!("\n{MARK}{text}");
}
