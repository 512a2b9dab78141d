//! Records in a table of a PostgreSQL database. Feature `postgres`.
//!
//! Every call is one statement, which the server commits or undoes as a whole. A process has one connection: statements on
//! it wait for each other, and a record is written in about the time of one sync to the server's disk.

use std::error::Error as _;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres::error::{DbError, Severity};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::store::server::{Driver, PLAIN, in_a_runtime, settings, too_late_to_answer, too_late_to_connect};
use crate::store::{
    Answer, Applied, Capabilities, Cause, LARGEST, Record, RecordKey, ServerOptions, Store, StoreError, Swap, Version,
    fits,
};

/// Keeps records in the table [`Postgres::TABLE`] makes, version 12 or later.
///
/// Connects when it is first used and again after the connection broke; what was asked for when it broke fails with
/// [`Applied::Unknown`]. All calls share one connection, `Clone` included. It must be used inside a tokio runtime with I/O
/// and time. The connection needs settings of its own, so no pooler in transaction mode may be in between.
///
/// Time is the server's clock. Records whose life is over count as absent everywhere; each create removes some of them.
///
/// # What the server needs
///
/// The table, and a user who may select, insert, update and delete in it; all processes must find the same table by its
/// name. [`ServerOptions::durable`] vouches for `fsync = on`, which is the default, and that no standby takes over which may
/// lack what was acknowledged: `synchronous_standby_names` must name those that may. The store itself sees to it that
/// `synchronous_commit` is not off.
///
/// # Examples
///
/// ```no_run
/// use ofx_session::store::{Postgres, Record, RecordKey, ServerOptions, Store, Swap, Version};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Postgres::new("postgres://app:secret@db.example.com/payments", ServerOptions::new().durable(true))?;
/// let (key, record) = (RecordKey::new([1; 32]), Record::new(Version::new([2; 16]), b"sealed".as_slice()));
/// assert_eq!(store.create(&key, &record).await?, Swap::Done);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Postgres(Arc<Inner>);

struct Inner {
    target: Config,
    tls: Option<MakeRustlsConnect>,
    options: ServerOptions,
    line: Mutex<Option<Line>>,
}

/// One connection.
#[derive(Clone)]
struct Line {
    client: Arc<Client>,
    driver: Driver,
}

/// A value of a statement.
type Value<'a> = (&'a (dyn ToSql + Sync), Type);

impl Postgres {
    /// Makes the table, for whoever sets the database up.
    pub const TABLE: &'static str = "\
CREATE TABLE IF NOT EXISTS ofx_session_records (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    layout smallint NOT NULL,
    version bytea NOT NULL CHECK (octet_length(version) = 16),
    expires timestamptz,
    bytes bytea NOT NULL
);
CREATE INDEX IF NOT EXISTS ofx_session_records_expires ON ofx_session_records (expires) WHERE expires IS NOT NULL;";

    /// Names the server: `postgres://user:password@host:port/database`, or the words of a connection string.
    ///
    /// Another machine is talked to over TLS, and its certificate is checked, with each `sslmode` but `disable`, which is refused. On this
    /// machine TLS is used with `sslmode=require` only.
    ///
    /// # Errors
    ///
    /// [`StoreError::Settings`] when the URL cannot be used, or asks for another machine without TLS.
    pub fn new(url: &str, options: ServerOptions) -> Result<Self, StoreError> {
        // The error would repeat parts of the URL.
        let mut target: Config = url.parse().map_err(|_| settings(NAME, BAD_URL))?;
        if target.get_hosts().is_empty() && target.get_hostaddrs().is_empty() {
            return Err(settings(NAME, BAD_URL));
        }
        let near = target.get_hosts().iter().all(|host| match host {
            Host::Tcp(host) => options.allows_plain(host),
            #[cfg(unix)]
            Host::Unix(_) => true,
        }) && target.get_hostaddrs().iter().all(|address| options.allows_plain(&address.to_string()));
        let tls = match target.get_ssl_mode() {
            SslMode::Disable if !near => return Err(settings(NAME, PLAIN)),
            SslMode::Disable => None,
            SslMode::Prefer if near => None,
            _ => Some(MakeRustlsConnect::new(options.tls()?)),
        };
        target.ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
        if target.get_hosts().len() > 1 {
            target.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        Ok(Self(Arc::new(Inner { target, tls, options, line: Mutex::new(None) })))
    }

    /// Runs `ask` on the connection, within the time there is.
    async fn ask<T>(
        &self,
        ask: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, StoreError> {
        in_a_runtime(NAME)?;
        let (limit, started) = (self.0.options.limit(), Instant::now());
        let line = timeout(limit, self.0.line()).await.unwrap_or_else(|_| Err(too_late_to_connect(NAME)))?;
        match timeout(limit.saturating_sub(started.elapsed()), ask(&line.client)).await {
            Ok(answer) => answer.map_err(|error| explain(error, Applied::Unknown)),
            // What comes late would hold up everything behind it.
            Err(_) => {
                line.driver.leave();
                Err(too_late_to_answer(NAME))
            }
        }
    }

    /// Runs a statement that writes one record or none.
    async fn write(&self, statement: &str, values: &[Value<'_>]) -> Result<Swap, StoreError> {
        match self.ask(async |client| client.execute_typed(statement, values).await).await? {
            0 => Ok(Swap::Conflict),
            1 => Ok(Swap::Done),
            _ => Err(nonsense("it wrote more than one record", Applied::Unknown, None)),
        }
    }
}

impl Inner {
    /// The connection, made when there is none that works.
    async fn line(&self) -> Result<Line, StoreError> {
        let mut line = self.line.lock().await;
        if let Some(line) = line.as_ref().filter(|line| !line.client.is_closed() && line.driver.is_usable()) {
            return Ok(line.clone());
        }
        Ok(line.insert(self.connect().await?).clone())
    }

    async fn connect(&self) -> Result<Line, StoreError> {
        match &self.tls {
            Some(tls) => {
                let (client, connection) = self.target.connect(tls.clone()).await.map_err(not_connected)?;
                self.prepare(client, connection).await
            }
            None => {
                let (client, connection) = self.target.connect(NoTls).await.map_err(not_connected)?;
                self.prepare(client, connection).await
            }
        }
    }

    /// Drives the connection itself until it is ready: dropped before, it is closed, however silent the server is.
    async fn prepare(
        &self,
        client: Client,
        connection: impl Future<Output: Send> + Send + 'static,
    ) -> Result<Line, StoreError> {
        // The server gives up first, so that what it was asked cannot happen long after the caller gave up.
        let patience = (self.options.limit() / 5).saturating_mul(4).as_millis().clamp(1, 2_000_000_000);
        let session = format!("{SESSION} SET statement_timeout = {patience};");
        let mut connection = Some(Box::pin(connection));
        {
            let mut ready = pin!(client.batch_execute(&session));
            let both = poll_fn(|context| {
                // It is over: what waits for an answer is told so once it is dropped.
                if connection.as_mut().is_some_and(|connection| connection.as_mut().poll(context).is_ready()) {
                    connection = None;
                }
                ready.as_mut().poll(context)
            });
            both.await.map_err(not_connected)?;
        }
        let driver = Driver::spawn(async move {
            if let Some(connection) = connection {
                connection.await;
            }
        });
        Ok(Line { client: Arc::new(client), driver })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(line) = self.line.get_mut() {
            line.driver.leave();
        }
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the rest of the target: it holds the password.
        f.debug_struct("Postgres")
            .field("hosts", &self.0.target.get_hosts())
            .field("tls", &self.0.tls.is_some())
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}

impl Store for Postgres {
    fn capabilities(&self) -> Capabilities {
        Capabilities::new().durable(self.0.options.is_durable()).shared(true).largest(LARGEST)
    }

    fn create<'a>(&'a self, key: &'a RecordKey, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(async move {
            fits(NAME, record)?;
            let (key, version) = (key.as_bytes().as_slice(), record.version());
            let (version, bytes) = (version.as_bytes().as_slice(), record.bytes());
            let values: [Value<'_>; 4] =
                [(&key, Type::BYTEA), (&version, Type::BYTEA), (&life(record), Type::INT8), (&bytes, Type::BYTEA)];
            self.write(CREATE, &values).await
        })
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>> {
        Box::pin(async move {
            let key = key.as_bytes().as_slice();
            let values: [Value<'_>; 1] = [(&key, Type::BYTEA)];
            let row = self.ask(async |client| client.query_typed_opt(LOAD, &values).await).await?;
            row.map(|row| read(&row)).transpose()
        })
    }

    fn swap<'a>(&'a self, key: &'a RecordKey, expected: Version, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(async move {
            fits(NAME, record)?;
            let (key, new) = (key.as_bytes().as_slice(), record.version());
            let (expected, new, bytes) = (expected.as_bytes().as_slice(), new.as_bytes().as_slice(), record.bytes());
            let values: [Value<'_>; 5] = [
                (&key, Type::BYTEA),
                (&expected, Type::BYTEA),
                (&new, Type::BYTEA),
                (&life(record), Type::INT8),
                (&bytes, Type::BYTEA),
            ];
            self.write(SWAP, &values).await
        })
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Version) -> Answer<'a, Swap> {
        Box::pin(async move {
            let (key, expected) = (key.as_bytes().as_slice(), expected.as_bytes().as_slice());
            let values: [Value<'_>; 2] = [(&key, Type::BYTEA), (&expected, Type::BYTEA)];
            self.write(DELETE, &values).await
        })
    }
}

fn life(record: &Record) -> Option<i64> {
    record.life_in_millis().map(|millis| i64::try_from(millis).unwrap_or(i64::MAX))
}

fn read(row: &Row) -> Result<Record, StoreError> {
    let shape =
        |error: tokio_postgres::Error| nonsense("a row has the wrong shape", Applied::No, Some(Arc::new(error)));
    let found: i16 = row.try_get(0).map_err(shape)?;
    if found > LAYOUT {
        return Err(StoreError::NewerLayout { store: NAME, found: found.into(), known: LAYOUT.into() });
    }
    let version: &[u8] = row.try_get(1).map_err(shape)?;
    let version = version.try_into().map_err(|_| nonsense("a version is not 16 bytes", Applied::No, None))?;
    let bytes: Vec<u8> = row.try_get(2).map_err(shape)?;
    let left: Option<i64> = row.try_get(3).map_err(shape)?;
    let record = Record::new(Version::new(version), bytes);
    Ok(match left {
        Some(left) => record.with_life(Duration::from_millis(u64::try_from(left).unwrap_or(0))),
        None => record,
    })
}

fn nonsense(reason: &'static str, applied: Applied, source: Option<Cause>) -> StoreError {
    StoreError::Nonsense { store: NAME, reason, applied, source }
}

/// Says what an error means before any record was asked for.
fn not_connected(error: tokio_postgres::Error) -> StoreError {
    let code = error.code().map(|code| code.code().to_owned()).unwrap_or_default();
    let source: Option<Cause> = Some(Arc::new(error));
    let settings = |reason: &str, source| StoreError::Settings { store: NAME, reason: reason.to_owned(), source };
    match code.get(..2) {
        Some("28") => settings("the server refuses the user or the password: check the URL", source),
        Some("3D" | "42") => settings("the server does not have this database for this user: check the URL", source),
        _ => StoreError::Unreachable { store: NAME, source },
    }
}

/// Says what an error means that came after a statement was sent; `otherwise` is what is known where the server said nothing.
fn explain(error: tokio_postgres::Error, otherwise: Applied) -> StoreError {
    let told = error.as_db_error().map(|told| (told.code().code().to_owned(), applied(told)));
    let broken = error.source().is_some_and(|source| source.is::<std::io::Error>()) || error.is_closed();
    let source: Option<Cause> = Some(Arc::new(error));
    let Some((code, applied)) = told else {
        return if broken {
            StoreError::NoAnswer { store: NAME, applied: otherwise, source }
        } else {
            nonsense("its answer is not of the kind that was asked for", otherwise, source)
        };
    };
    let settings = |reason: String, source| StoreError::Settings { store: NAME, reason, source };
    match (&*code, applied) {
        ("53100" | "53200" | "53400", _) => StoreError::Full { store: NAME, applied, source },
        // The time set for the statement ran out, or somebody cancelled it.
        ("57014", _) => StoreError::NoAnswer { store: NAME, applied, source },
        ("42P01" | "42703" | "42883" | "42P10" | "42804", Applied::No) => {
            settings(format!("its table is missing or of another shape: make it with\n{}", Postgres::TABLE), source)
        }
        ("42501", Applied::No) => settings(
            "the user needs the rights to select, insert, update and delete in ofx_session_records".to_owned(),
            source,
        ),
        ("25006", Applied::No) => settings("the server is a standby or read-only: name the primary".to_owned(), source),
        (_, Applied::Unknown) if code.starts_with("57P") || code.starts_with("08") => {
            StoreError::NoAnswer { store: NAME, applied, source }
        }
        _ => StoreError::Refused { store: NAME, applied, source },
    }
}

/// Whether a statement that ended with this error can have been committed all the same.
fn applied(told: &DbError) -> Applied {
    let code = told.code().code();
    // An error undoes the statement. What ends the whole connection may come between the commit and its acknowledgement, and
    // poolers speak of connections in the server's name.
    let error = told.parsed_severity() == Some(Severity::Error);
    let vague = code == "40003" || ["08", "57P", "58", "XX"].iter().any(|class| code.starts_with(class));
    if error && !vague { Applied::No } else { Applied::Unknown }
}

const NAME: &str = "PostgreSQL";
const LAYOUT: i16 = 1;
const BAD_URL: &str = "its URL cannot be used: it is postgres://user:password@host:port/database";

/// Under a stricter isolation races end in errors instead of conflicts. A stronger `synchronous_commit` stays as it is.
const SESSION: &str = "
    SET default_transaction_isolation = 'read committed';
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';";

/// Takes the place of a record whose life is over, and removes a few others of that kind that nobody else is at.
const CREATE: &str = "
    WITH over AS (
        DELETE FROM ofx_session_records WHERE key IN (
            SELECT key FROM ofx_session_records
            WHERE expires <= statement_timestamp() AND key <> $1 LIMIT 50 FOR UPDATE SKIP LOCKED
        )
    )
    INSERT INTO ofx_session_records AS old (key, layout, version, expires, bytes)
    VALUES ($1, 1, $2, clock_timestamp() + $3 * interval '1 millisecond', $4)
    ON CONFLICT (key) DO UPDATE
    SET layout = excluded.layout, version = excluded.version, expires = excluded.expires, bytes = excluded.bytes
    WHERE old.expires <= clock_timestamp()";

const LOAD: &str = "
    SELECT layout, version, bytes, ceil(extract(epoch FROM expires - clock_timestamp()) * 1000)::int8
    FROM ofx_session_records WHERE key = $1 AND (expires IS NULL OR expires > clock_timestamp())";

const SWAP: &str = "
    UPDATE ofx_session_records
    SET version = $3, expires = clock_timestamp() + $4 * interval '1 millisecond', bytes = $5
    WHERE key = $1 AND version = $2 AND layout = 1 AND (expires IS NULL OR expires > clock_timestamp())";

const DELETE: &str = "
    DELETE FROM ofx_session_records
    WHERE key = $1 AND version = $2 AND layout = 1 AND (expires IS NULL OR expires > clock_timestamp())";
