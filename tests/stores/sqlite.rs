//! SQLite: processes, a full disk, files that are not ours.

use std::process::Command;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use ofx_session::store::{Applied, Record, Sqlite, Store, StoreError, Swap, Version};
use ofx_session::testing::conformance;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{any_record, family, key};

/// A folder and the store in it, as children are told of it.
fn place() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let place = format!("sqlite {}", folder.path().join("records.db").display());
    (folder, place)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_every_promise() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    conformance::store(|| Sqlite::open(&path).unwrap()).await.unwrap();
    let raw = Connection::open(&path).unwrap();
    assert_eq!(raw.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0)).unwrap(), "wal");
}

#[test]
fn needs_no_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("records.db")).unwrap();
    let record = any_record("sealed");
    let key = key(1);
    let mut waiting = store.create(&key, &record);
    // Polled by hand; the waker wakes this thread.
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut context = Context::from_waker(&waker);
    loop {
        match waiting.as_mut().poll(&mut context) {
            Poll::Ready(answer) => break assert_eq!(answer.unwrap(), Swap::Done),
            Poll::Pending => std::thread::park(),
        }
    }
}

struct Unpark(std::thread::Thread);

impl std::task::Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[tokio::test]
async fn an_answer_that_is_not_awaited_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("records.db")).unwrap();
    drop(store.create(&key(1), &any_record("sealed")));
    assert_eq!(store.load(&key(1)).await.unwrap(), None);
}

#[test]
fn a_load_waits_for_no_writer_and_sees_what_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = Sqlite::open(&path).unwrap();
    let (key, before) = (key(1), any_record("before"));
    assert_eq!(runtime.block_on(store.create(&key, &before)).unwrap(), Swap::Done);
    let at_once = || match store.load(&key).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(found) => found.unwrap(),
        Poll::Pending => panic!("waits"),
    };
    assert_eq!(at_once(), Some(before.clone()));

    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other.execute("UPDATE ofx_session_records SET bytes = x'00'", []).unwrap();
    assert_eq!(at_once(), Some(before));
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(at_once().unwrap().into_bytes(), [0]);

    let after = any_record("after");
    assert_eq!(runtime.block_on(store.create(&crate::key(2), &after)).unwrap(), Swap::Done);
    assert_eq!(runtime.block_on(store.load(&crate::key(2))).unwrap(), Some(after));
}

#[test]
fn the_last_handle_leaves_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let store = Sqlite::open(&path).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        assert_eq!(store.clone().create(&key(1), &any_record("sealed")).await.unwrap(), Swap::Done);
        assert!(store.load(&key(1)).await.unwrap().is_some());
    });
    drop(store);
    let log = folder.path().join("records.db-wal");
    let start = std::time::Instant::now();
    while log.exists() {
        assert!(start.elapsed().as_secs() < 60, "the log is left");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn two_processes_have_one_winner() {
    let (_folder, place) = place();
    assert_eq!(family::two_processes_race(&place, 60, 1, || {}).await, 0);
}

#[tokio::test]
async fn a_killed_writer_leaves_what_was_acknowledged() {
    let (_folder, place) = place();
    family::a_writer_is_killed(&place).await;
}

#[tokio::test]
async fn a_sleeping_owner_is_refused() {
    let (_folder, place) = place();
    family::a_sleeping_owner_is_refused(&place).await;
}

#[test]
fn many_open_a_new_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let threads: Vec<_> = (0..16)
        .map(|_| {
            std::thread::spawn({
                let path = path.clone();
                move || Sqlite::open(path).map(drop)
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap().unwrap());
}

#[test]
fn a_file_that_another_makes_at_this_moment_is_no_strangers_file() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..60 {
        let path = folder.path().join(format!("{round}.db"));
        let barrier = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            let open = || {
                barrier.wait();
                Sqlite::open(&path).map(drop)
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap().unwrap());
        });
    }
}

#[tokio::test]
async fn expired_records_are_removed_by_the_next_create() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let store = Sqlite::open(&path).unwrap();
    let raw = Connection::open(&path).unwrap();
    let count = || raw.query_row("SELECT count(*) FROM ofx_session_records", [], |row| row.get::<_, i64>(0)).unwrap();
    for n in 0..3 {
        let record = any_record("short").with_life(std::time::Duration::from_secs(3_600));
        assert_eq!(store.create(&key(n), &record).await.unwrap(), Swap::Done);
    }
    raw.execute("UPDATE ofx_session_records SET expires = 1000 WHERE key <> ?1", [key(0).as_bytes()]).unwrap();
    assert_eq!(store.load(&key(1)).await.unwrap(), None);
    assert_eq!(count(), 3);
    assert_eq!(store.create(&key(9), &any_record("new")).await.unwrap(), Swap::Done);
    assert_eq!(count(), 2);
}

#[tokio::test]
async fn garbage_in_a_row_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let store = Sqlite::open(&path).unwrap();
    let raw = Connection::open(&path).unwrap();
    assert_eq!(store.create(&key(1), &any_record("sealed")).await.unwrap(), Swap::Done);
    assert!(raw.execute("UPDATE ofx_session_records SET version = x'01'", []).is_err(), "the table itself refuses it");
    raw.execute_batch("PRAGMA ignore_check_constraints = ON; UPDATE ofx_session_records SET version = x'01'").unwrap();
    let error = store.load(&key(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Nonsense { reason: "a version is not 16 bytes", .. }), "{error:?}");
    assert_eq!(store.swap(&key(1), Version::new([1; 16]), &any_record("x")).await.unwrap(), Swap::Conflict);
    raw.execute_batch("DROP TABLE ofx_session_records").unwrap();
    let error = store.create(&key(1), &any_record("x")).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { applied: Applied::No, .. }), "{error:?}");
}

#[tokio::test]
async fn a_newer_version_may_change_the_table_while_the_store_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let store = Sqlite::open(&path).unwrap();
    let record = any_record("x");
    assert_eq!(store.create(&key(1), &record).await.unwrap(), Swap::Done);
    let newer = Connection::open(&path).unwrap();
    newer.execute_batch("ALTER TABLE ofx_session_records ADD COLUMN more ANY; PRAGMA user_version = 2").unwrap();
    for answer in [
        store.load(&key(1)).await.map(|_| Swap::Done),
        store.create(&key(2), &record).await,
        store.swap(&key(1), record.version(), &any_record("y")).await,
        store.delete(&key(1), record.version()).await,
    ] {
        assert!(matches!(answer, Err(StoreError::NewerLayout { found: 2, known: 1, .. })), "{answer:?}");
    }
    let count = "SELECT count(*) FROM ofx_session_records WHERE bytes = ?1";
    assert_eq!(newer.query_row(count, [record.bytes()], |row| row.get::<_, i64>(0)).unwrap(), 1);
    newer.execute_batch("PRAGMA user_version = 1").unwrap();
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(record));
}

#[test]
fn files_of_others_and_of_newer_versions_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    drop(Sqlite::open(&path).unwrap());
    drop(Sqlite::open(&path).unwrap());
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 2").unwrap();
    let error = Sqlite::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::NewerLayout { found: 2, known: 1, .. }), "{error:?}");
    assert!(error.to_string().contains("update this program"), "{error}");

    let other = folder.path().join("other.db");
    let raw = Connection::open(&other).unwrap();
    raw.execute_batch("CREATE TABLE customers (name TEXT)").unwrap();
    let error = Sqlite::open(&other).unwrap_err();
    assert!(matches!(error, StoreError::Settings { .. }), "{error:?}");
    assert_eq!(raw.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0)).unwrap(), "delete");

    let text = folder.path().join("text.db");
    std::fs::write(&text, "a text that is not a database ".repeat(100)).unwrap();
    let error = Sqlite::open(&text).unwrap_err();
    assert!(matches!(error, StoreError::Settings { .. }), "{error:?}");
    assert_eq!(std::fs::read_to_string(&text).unwrap().len(), 3_000);

    for path in [folder.path().join("no such folder/records.db"), folder.path().to_owned()] {
        let error = Sqlite::open(path).unwrap_err();
        assert!(matches!(error, StoreError::Settings { source: Some(_), .. }), "{error:?}");
        assert!(error.to_string().contains("cannot be opened") && error.to_string().contains("folder"), "{error}");
        assert!(!error.to_string().contains("network"), "{error}");
    }
}

/// A small file system of its own, where this process may mount one.
struct Disk(TempDir);

impl Disk {
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "none"]).arg(folder.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then(|| Self(folder))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).output();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_loses_nothing() {
    let Some(disk) = Disk::mount("2m") else {
        println!(
            "SKIPPED: no file system can be mounted here; a unit test of the store does the same with a page limit"
        );
        return;
    };
    let ballast = disk.0.path().join("ballast");
    std::fs::write(&ballast, vec![1; 400_000]).unwrap();
    let store = Sqlite::open(disk.0.path().join("records.db")).unwrap();
    let owner = any_record("owner");
    assert_eq!(store.create(&key(1), &owner).await.unwrap(), Swap::Done);
    assert!(family::fill(&store, 100).await > 3);
    let large = Record::new(owner.version(), vec![2; 500_000]);
    let error = store.swap(&key(1), owner.version(), &large).await.unwrap_err();
    assert!(matches!(error, StoreError::Full { applied: Applied::No, .. }), "{error:?}");
    assert_eq!(store.load(&key(1)).await.unwrap().unwrap(), owner);
    std::fs::remove_file(ballast).unwrap();
    assert_eq!(store.create(&key(2), &any_record(vec![3; 50_000])).await.unwrap(), Swap::Done, "room again");
}
