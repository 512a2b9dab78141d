//! Records in one SQLite file. Feature `sqlite`.
//!
//! A write that is acknowledged has been synced to the disk, which takes from a fraction of a millisecond to some milliseconds
//! (0.25 to 4 in the middle on a virtual disk), and may wait for another process first. That is too long for a runtime's
//! thread, so each store has a thread of its own that writes, and needs no runtime.
//!
//! A load takes 0.01 milliseconds, and the way to another thread and back about five times as much. In write-ahead mode
//! nobody who writes keeps others from reading, so loads have a connection of their own and are made where they are polled. Only where
//! that cannot be done at once, the thread does it.

mod file;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Transaction, TransactionBehavior, params};

use crate::store::sqlite::file::{explain, prepare, reader, still_ours};
use crate::store::worker::Worker;
use crate::store::{Answer, Applied, Capabilities, LARGEST, Record, RecordKey, Store, StoreError, Swap, Version, fits};

/// Keeps records in one file on this machine. Several processes may use it at the same time.
///
/// The file is in write-ahead mode and synced with every write, so it must be on a disk of this machine, never on a network
/// share, and is accompanied by files that end in `-wal` and `-shm` while it is in use. Never delete, replace or copy
/// back any of them while a process has the store open: two processes would then see different records, and both could win.
///
/// Time is the machine's clock in unix milliseconds. Records whose life is over count as absent everywhere and are
/// removed by the next create. `Clone` gives another handle to the same connections.
///
/// # Examples
///
/// ```
/// use ofx_session::store::{Record, RecordKey, Sqlite, Store, Swap, Version};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("records.db");
/// let store = Sqlite::open(&path)?; // made when missing
/// let (key, record) = (RecordKey::new([1; 32]), Record::new(Version::new([2; 16]), b"sealed".as_slice()));
/// assert_eq!(store.create(&key, &record).await?, Swap::Done);
/// assert_eq!(Sqlite::open(&path)?.load(&key).await?, Some(record)); // as another process would
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sqlite {
    // Dropped in this order: whoever closes the last connection of all writes the log back into the file, and that is work
    // for the thread.
    reader: Arc<Mutex<Connection>>,
    writer: Worker<Connection>,
}

impl Sqlite {
    /// Opens the file at `path`, and makes it and its table when they are missing.
    ///
    /// Blocks for as long as the disk takes, and up to ten seconds while other processes write.
    ///
    /// # Errors
    ///
    /// [`StoreError::Settings`] when the file cannot be opened, is another program's or cannot be in write-ahead mode,
    /// [`StoreError::NewerLayout`] when a newer version made it, [`StoreError::Unreachable`] when there is no thread to be had.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let connection = prepare(Connection::open(path).map_err(|error| explain(error, Applied::No))?)?;
        let reader = Arc::new(Mutex::new(reader(path)?));
        let writer = Worker::start("ofx-session sqlite", connection)
            .map_err(|error| StoreError::Unreachable { store: NAME, source: Some(Arc::new(error)) })?;
        Ok(Self { reader, writer })
    }

    /// Loads without waiting for anybody; `None` when that does not work, for whatever reason.
    fn load_at_once(&self, key: &RecordKey) -> Option<Option<Record>> {
        let reader = self.reader.try_lock().ok()?;
        find(&reader, key).ok()
    }

    fn ask<'a, T: Send + 'static>(
        &'a self,
        job: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<'a, T> {
        Box::pin(async move {
            let gone = StoreError::NoAnswer { store: NAME, applied: Applied::Unknown, source: None };
            let answer = self.writer.ask(|connection| {
                // Left open by a rollback that failed: nothing that was not committed may be seen.
                if !connection.is_autocommit() {
                    connection.execute_batch("ROLLBACK").map_err(|error| explain(error, Applied::No))?;
                }
                job(connection)
            });
            answer.await.unwrap_or(Err(gone))
        })
    }
}

impl Store for Sqlite {
    fn capabilities(&self) -> Capabilities {
        Capabilities::new().durable(true).shared(true).largest(LARGEST)
    }

    fn create<'a>(&'a self, key: &'a RecordKey, record: &'a Record) -> Answer<'a, Swap> {
        let (key, record) = (*key, record.clone());
        self.ask(move |connection| {
            fits(NAME, &record)?;
            write(connection, |transaction, now| {
                transaction.prepare_cached(EXPIRE)?.execute([now])?;
                let (new, until) = (record.version(), expires(&record, now));
                let values = params![key.as_bytes(), new.as_bytes(), until, record.bytes()];
                transaction.prepare_cached(CREATE)?.execute(values)
            })
        })
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>> {
        Box::pin(async move {
            if let Some(found) = self.load_at_once(key) {
                return Ok(found);
            }
            let key = *key;
            self.ask(move |connection| find(connection, &key)).await
        })
    }

    fn swap<'a>(&'a self, key: &'a RecordKey, expected: Version, record: &'a Record) -> Answer<'a, Swap> {
        let (key, record) = (*key, record.clone());
        self.ask(move |connection| {
            fits(NAME, &record)?;
            write(connection, |transaction, now| {
                let (new, until) = (record.version(), expires(&record, now));
                let values = params![key.as_bytes(), expected.as_bytes(), now, new.as_bytes(), until, record.bytes()];
                transaction.prepare_cached(SWAP)?.execute(values)
            })
        })
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Version) -> Answer<'a, Swap> {
        let key = *key;
        self.ask(move |connection| {
            write(connection, |transaction, now| {
                transaction.prepare_cached(DELETE)?.execute(params![key.as_bytes(), expected.as_bytes(), now])
            })
        })
    }
}

fn find(connection: &Connection, key: &RecordKey) -> Result<Option<Record>, StoreError> {
    still_ours(connection)?;
    let row = connection.prepare_cached(LOAD).and_then(|mut load| load.query_row([key.as_bytes()], read).optional());
    row.map_err(|error| explain(error, Applied::No))?.map_or(Ok(None), |row| row.into_record(now()))
}

/// Runs one conditional write of at most one record.
fn write(
    connection: &mut Connection,
    change: impl FnOnce(&Transaction<'_>, i64) -> rusqlite::Result<usize>,
) -> Result<Swap, StoreError> {
    // What fails before the commit is rolled back when the transaction is dropped.
    let failed = |error| explain(error, Applied::No);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    still_ours(&transaction)?;
    // Read with the lock in hand: waiting for it may have taken the rest of a record's life.
    let changed = change(&transaction, now()).map_err(failed)?;
    transaction.commit().map_err(|error| {
        // Where the last piece of a commit did not fit, recovery after a crash ignores all of it. After any other
        // failure, such as that of the sync, it may find a whole commit in the file.
        let code = error.sqlite_error_code();
        let proven = matches!(code, Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy));
        explain(error, if proven { Applied::No } else { Applied::Unknown })
    })?;
    Ok(if changed == 1 { Swap::Done } else { Swap::Conflict })
}

/// A row, of whatever shape.
struct Row {
    version: Vec<u8>,
    expires: Option<i64>,
    bytes: Vec<u8>,
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row { version: row.get(0)?, expires: row.get(1)?, bytes: row.get(2)? })
}

impl Row {
    fn into_record(self, now: i64) -> Result<Option<Record>, StoreError> {
        let version = <[u8; 16]>::try_from(self.version).map_err(|_| StoreError::Nonsense {
            store: NAME,
            reason: "a version is not 16 bytes",
            applied: Applied::No,
            source: None,
        })?;
        let record = Record::new(Version::new(version), self.bytes);
        let Some(expires) = self.expires else { return Ok(Some(record)) };
        let left = u64::try_from(expires.saturating_sub(now)).unwrap_or(0);
        Ok((left > 0).then(|| record.with_life(Duration::from_millis(left))))
    }
}

/// Unix milliseconds. A clock before 1970 stands still there.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn expires(record: &Record, now: i64) -> Option<i64> {
    let life = i64::try_from(record.life_in_millis()?).unwrap_or(i64::MAX);
    Some(now.saturating_add(life))
}

const NAME: &str = "SQLite";

// Kept prepared: planning a swap takes five times as long as making it, without its sync.
const EXPIRE: &str = "DELETE FROM ofx_session_records WHERE expires <= ?1";
const CREATE: &str = "
    INSERT INTO ofx_session_records (key, version, expires, bytes) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO NOTHING";
const LOAD: &str = "SELECT version, expires, bytes FROM ofx_session_records WHERE key = ?1";
const SWAP: &str = "
    UPDATE ofx_session_records SET version = ?4, expires = ?5, bytes = ?6
    WHERE key = ?1 AND version = ?2 AND (expires IS NULL OR expires > ?3)";
const DELETE: &str = "
    DELETE FROM ofx_session_records WHERE key = ?1 AND version = ?2 AND (expires IS NULL OR expires > ?3)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_at_its_limit_is_full_and_nothing_was_written() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let store = Sqlite::open(folder.path().join("records.db"))?;
        tokio::runtime::Runtime::new()?.block_on(async {
            let limited = store
                .writer
                .ask(|connection| connection.query_row("PRAGMA max_page_count = 20", [], |row| row.get::<_, i64>(0)));
            assert_eq!(limited.await, Some(Ok(20)));
            let (key, small) = (RecordKey::new([1; 32]), Record::new(Version::new([2; 16]), [1; 100]));
            assert_eq!(store.create(&key, &small).await?, Swap::Done);
            let large = Record::new(Version::new([3; 16]), vec![1; 100_000]);
            for answer in
                [store.swap(&key, small.version(), &large).await, store.create(&RecordKey::new([2; 32]), &large).await]
            {
                assert!(
                    matches!(answer, Err(StoreError::Full { applied: Applied::No, source: Some(_), .. })),
                    "{answer:?}"
                );
            }
            assert_eq!(store.load(&key).await?, Some(small.clone()));
            assert_eq!(store.load(&RecordKey::new([2; 32])).await?, None);
            assert_eq!(store.delete(&key, small.version()).await?, Swap::Done);
            let tables = store.writer.ask(|connection| {
                let count = "SELECT count(*) FROM sqlite_schema WHERE name = 'left_open'";
                connection.query_row(count, [], |row| row.get::<_, i64>(0))
            });
            assert_eq!(tables.await, Some(Ok(0)), "what was left open was rolled back");
            Ok(())
        })
    }

    #[test]
    fn a_load_that_cannot_be_made_at_once_is_made_by_the_thread() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let store = Sqlite::open(folder.path().join("records.db"))?;
        let (key, record) = (RecordKey::new([1; 32]), Record::new(Version::new([2; 16]), [1; 100]));
        let taken = store.reader.lock().map_err(|_| "nobody panicked")?;
        tokio::runtime::Runtime::new()?.block_on(async {
            assert_eq!(store.create(&key, &record).await?, Swap::Done);
            assert_eq!(store.load(&key).await?, Some(record));
            Ok::<(), StoreError>(())
        })?;
        drop(taken);
        Ok(())
    }
}
