//! The file: whose it is, how it is set up, how one process waits for another, and what errors mean.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::store::sqlite::NAME;
use crate::store::{Applied, Cause, StoreError};

/// Sees whose file it is, then sets it up.
pub(super) fn prepare(mut connection: Connection) -> Result<Connection, StoreError> {
    let failed = |error| explain(error, Applied::No);
    connection.busy_handler(Some(wait)).map_err(failed)?;
    // Before anything is changed: another program's file stays as it is. In one transaction, or a file that another process
    // makes at this moment is seen half-made.
    let looking = connection.transaction_with_behavior(TransactionBehavior::Deferred).map_err(failed)?;
    owner(&looking).map_err(failed)?.check()?;
    looking.finish().map_err(failed)?;
    write_ahead(&connection)?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;").map_err(failed)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let owner = owner(&transaction).map_err(failed)?;
    owner.check()?;
    if owner.application == 0 {
        transaction.execute_batch(TABLE).map_err(failed)?;
    }
    transaction.commit().map_err(failed)?;
    Ok(connection)
}

/// A second connection to a file that is set up, which only reads and never waits.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::default().difference(OpenFlags::SQLITE_OPEN_CREATE);
    let failed = |error| explain(error, Applied::No);
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_handler(None::<fn(i32) -> bool>).map_err(failed)?;
    connection.execute_batch("PRAGMA query_only = ON").map_err(failed)?;
    Ok(connection)
}

/// Waits for another process that writes, and says whether to try again. What SQLite has for this sleeps for up to 100
/// milliseconds at a time, while a write takes less than one on a good disk.
fn wait(tries: i32) -> bool {
    let tries = u32::try_from(tries).unwrap_or(u32::MAX);
    let (step, waited) = match tries.checked_sub(SHORT_STEPS) {
        None => (SHORT_STEP, SHORT_STEP.saturating_mul(tries)),
        Some(long) => (LONG_STEP, LONG_STEP.saturating_mul(long)),
    };
    // The first time it may be over already: "busy" is also said where somebody wrote between a look at the file and its lock.
    if tries > 0 {
        std::thread::sleep(step);
    }
    waited < PATIENCE
}

/// Switches to write-ahead mode. SQLite does not wait for others here by itself.
fn write_ahead(connection: &Connection) -> Result<(), StoreError> {
    let until = Instant::now() + PATIENCE;
    loop {
        let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                let reason =
                    format!("its file stays in {mode} mode, and needs write-ahead mode on a disk of this machine");
                return Err(StoreError::Settings { store: NAME, reason, source: None });
            }
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(explain(error, Applied::No)),
        }
    }
}

/// Whose file it is.
struct Owner {
    application: i64,
    layout: i64,
    tables: i64,
}

fn owner(connection: &Connection) -> rusqlite::Result<Owner> {
    let number = |query| connection.query_row(query, [], |row| row.get(0));
    Ok(Owner {
        application: number("PRAGMA application_id")?,
        layout: number("PRAGMA user_version")?,
        tables: number("SELECT count(*) FROM sqlite_schema")?,
    })
}

impl Owner {
    fn check(&self) -> Result<(), StoreError> {
        match (self.application, self.layout) {
            (APPLICATION, LAYOUT) => Ok(()),
            (APPLICATION, found) if found > LAYOUT => Err(newer(found)),
            (0, 0) if self.tables == 0 => Ok(()),
            _ => {
                let reason = "the file is another program's database: give a file of its own".to_owned();
                Err(StoreError::Settings { store: NAME, reason, source: None })
            }
        }
    }
}

/// Refuses a table that a newer version has changed since it was opened.
pub(super) fn still_ours(connection: &Connection) -> Result<(), StoreError> {
    let layout =
        connection.prepare_cached("PRAGMA user_version").and_then(|mut ask| ask.query_row([], |row| row.get(0)));
    let found = layout.map_err(|error| explain(error, Applied::No))?;
    if found > LAYOUT { Err(newer(found)) } else { Ok(()) }
}

fn newer(found: i64) -> StoreError {
    StoreError::NewerLayout { store: NAME, found, known: LAYOUT }
}

/// Says what an error of SQLite means; `applied` is what is known of the write.
pub(super) fn explain(error: rusqlite::Error, applied: Applied) -> StoreError {
    let code = error.sqlite_error_code();
    let shape = matches!(
        error,
        rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
    );
    let source: Option<Cause> = Some(Arc::new(error));
    let nonsense = |reason, source| StoreError::Nonsense { store: NAME, reason, applied, source };
    let settings = |reason: &str, source| StoreError::Settings { store: NAME, reason: reason.to_owned(), source };
    match code {
        None if shape => nonsense("a row has the wrong shape", source),
        Some(ErrorCode::DatabaseCorrupt) => nonsense("the file is damaged", source),
        Some(ErrorCode::DiskFull) => StoreError::Full { store: NAME, applied, source },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::NoAnswer { store: NAME, applied, source }
        }
        // Said only of what happens before a commit, where nothing can have been applied.
        Some(ErrorCode::NotADatabase) if applied == Applied::No => {
            settings("the file is not a SQLite database", source)
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) if applied == Applied::No => {
            settings("this process may not write its file", source)
        }
        Some(ErrorCode::CannotOpen) if applied == Applied::No => settings(
            "its file cannot be opened: check that its folder exists and that this process may write there",
            source,
        ),
        _ => StoreError::Refused { store: NAME, applied, source },
    }
}

/// How long a write waits for other processes.
const PATIENCE: Duration = Duration::from_secs(10);

/// About one write of another process; from then on it may be a slow disk, or many processes.
const SHORT_STEP: Duration = Duration::from_micros(50);
const SHORT_STEPS: u32 = 100;
const LONG_STEP: Duration = Duration::from_millis(2);

/// "OFXS" in the file's header, so that no other program's file is touched.
const APPLICATION: i64 = 0x4F46_5853;
const LAYOUT: i64 = 1;

const TABLE: &str = "
    CREATE TABLE ofx_session_records (
        key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
        version BLOB NOT NULL CHECK (length(version) = 16),
        expires INTEGER,
        bytes BLOB NOT NULL
    ) STRICT;
    CREATE INDEX ofx_session_expires ON ofx_session_records (expires) WHERE expires IS NOT NULL;
    PRAGMA application_id = 0x4F465853;
    PRAGMA user_version = 1;";
