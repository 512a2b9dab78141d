//! Records on a Redis server. Feature `redis`.
//!
//! A record is one string, so that one command or script sees all of it: layout (1 byte, 1), version (16 bytes), bytes. Its
//! life is the key's. Creating is `SET` with `NX`; loading, swapping and deleting are scripts, which Redis runs one at a time.

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo as _, RedisError, RedisResult,
    Script, ServerErrorKind, Value,
};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use crate::store::server::{Driver, PLAIN, in_a_runtime, settings, too_late_to_answer, too_late_to_connect};
use crate::store::{
    Answer, Applied, Capabilities, LARGEST, Record, RecordKey, ServerOptions, Store, StoreError, Swap, Version, fits,
};

/// Keeps records on one Redis server, version 6 or later, or one that speaks its language. Keys begin with `ofx-session:`.
///
/// Connects when it is first used and again after the connection broke; what was asked for when it broke fails with
/// [`Applied::Unknown`]. All calls share one connection, `Clone` included. It must be used inside a tokio runtime with I/O
/// and time.
///
/// # What the server needs
///
/// [`ServerOptions::durable`] vouches for all of this. Without it a record that was acknowledged can be gone, and then
/// whoever comes next wins again:
///
/// - `appendonly yes` and `appendfsync always`: the default writes to the disk once a second;
/// - no failover to a replica: replicas are written after the acknowledgement, so one that takes over may lack what was
///   acknowledged last. `WAIT` makes that rare and does not exclude it;
/// - no second program that flushes the database.
///
/// `maxmemory-policy noeviction`, which is the default, is needed in any case: every other policy throws records away.
///
/// # Examples
///
/// ```no_run
/// use ofx_session::store::{Record, RecordKey, Redis, ServerOptions, Store, Swap, Version};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Redis::new("rediss://app:secret@redis.example.com/0", ServerOptions::new().durable(true))?;
/// let (key, record) = (RecordKey::new([1; 32]), Record::new(Version::new([2; 16]), b"sealed".as_slice()));
/// assert_eq!(store.create(&key, &record).await?, Swap::Done);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    target: ConnectionInfo,
    tls: Option<TlsConnector>,
    options: ServerOptions,
    line: Mutex<Option<Line>>,
}

/// One connection.
#[derive(Clone)]
struct Line {
    connection: MultiplexedConnection,
    driver: Driver,
}

impl Redis {
    /// Names the server: `rediss://user:password@host:port/database`, or `redis://` without TLS, or `unix:///path`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Settings`] when the URL cannot be used, or names another machine without TLS.
    pub fn new(url: &str, options: ServerOptions) -> Result<Self, StoreError> {
        // Its own TLS would need a cryptography that is installed for the whole process.
        let secure = url.split_once("://").is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("rediss"));
        let plain = url.split_once("://").filter(|_| secure).map(|(_, rest)| format!("redis://{rest}"));
        // The error would repeat parts of the URL.
        let target = plain.as_deref().unwrap_or(url).into_connection_info().map_err(|_| settings(NAME, BAD_URL))?;
        match target.addr() {
            ConnectionAddr::Unix(_) => {}
            ConnectionAddr::Tcp(host, _) if secure || options.allows_plain(host) => {}
            ConnectionAddr::Tcp(..) => return Err(settings(NAME, PLAIN)),
            _ => return Err(settings(NAME, BAD_URL)),
        }
        let tls = if secure { Some(TlsConnector::from(Arc::new(options.tls()?))) } else { None };
        Ok(Self(Arc::new(Inner { target, tls, options, line: Mutex::new(None) })))
    }

    /// Runs `ask` on the connection, within the time there is.
    async fn ask<T>(
        &self,
        ask: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<T, StoreError> {
        in_a_runtime(NAME)?;
        let (limit, started) = (self.0.options.limit(), Instant::now());
        let mut line = timeout(limit, self.0.line()).await.unwrap_or_else(|_| Err(too_late_to_connect(NAME)))?;
        let answer = timeout(limit.saturating_sub(started.elapsed()), ask(&mut line.connection)).await;
        match answer {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                // Others wait on this line, too; it is given up only where nothing good can come of it any more.
                let broken = error.code().is_none() && error.kind() != ErrorKind::UnexpectedReturnType;
                if broken || is_no_primary(&error) {
                    line.driver.leave();
                }
                Err(explain(error))
            }
            // What comes late would hold up everything behind it.
            Err(_) => {
                line.driver.leave();
                Err(too_late_to_answer(NAME))
            }
        }
    }

    /// Runs a script that answers whether it has written.
    async fn script(&self, script: &Script, key: &RecordKey, arguments: &[&[u8]]) -> Result<Swap, StoreError> {
        let answer = self.ask(async |connection| {
            let mut call = script.prepare_invoke();
            call.key(name(key));
            for argument in arguments {
                call.arg(*argument);
            }
            call.invoke_async::<Value>(connection).await
        });
        match answer.await? {
            Value::Int(1) => Ok(Swap::Done),
            Value::Int(0) => Ok(Swap::Conflict),
            _ => Err(nonsense("its answer is neither yes nor no", Applied::Unknown)),
        }
    }
}

impl Inner {
    /// The connection, made when there is none that works.
    async fn line(&self) -> Result<Line, StoreError> {
        let mut line = self.line.lock().await;
        if let Some(line) = line.as_ref().filter(|line| line.driver.is_usable()) {
            return Ok(line.clone());
        }
        Ok(line.insert(self.connect().await?).clone())
    }

    async fn connect(&self) -> Result<Line, StoreError> {
        let failed = |error: std::io::Error| StoreError::Unreachable { store: NAME, source: Some(Arc::new(error)) };
        match self.target.addr() {
            ConnectionAddr::Tcp(host, port) => {
                let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(failed)?;
                stream.set_nodelay(true).map_err(failed)?;
                match &self.tls {
                    None => self.greet(stream).await,
                    Some(tls) => {
                        let server = ServerName::try_from(host.clone()).map_err(|_| settings(NAME, BAD_URL))?;
                        self.greet(tls.connect(server, stream).await.map_err(failed)?).await
                    }
                }
            }
            #[cfg(unix)]
            ConnectionAddr::Unix(path) => {
                self.greet(tokio::net::UnixStream::connect(path).await.map_err(failed)?).await
            }
            _ => Err(settings(NAME, BAD_URL)),
        }
    }

    /// Signs on, and starts what moves bytes.
    async fn greet<S>(&self, stream: S) -> Result<Line, StoreError>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        // The time of each call is limited where it is made.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let made = MultiplexedConnection::new_with_config(self.target.redis_settings(), stream, config).await;
        let (connection, driver) = made.map_err(|error| match error.code() {
            // Nothing but the sign-on was sent so far.
            Some("WRONGPASS" | "NOAUTH" | "NOPERM") => refused_sign_on(error),
            _ if error.kind() == ErrorKind::AuthenticationFailed => refused_sign_on(error),
            _ => StoreError::Unreachable { store: NAME, source: Some(Arc::new(error)) },
        })?;
        Ok(Line { connection, driver: Driver::spawn(driver) })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(line) = self.line.get_mut() {
            line.driver.leave();
        }
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the target: it holds the password.
        f.debug_struct("Redis")
            .field("address", &format_args!("{}", self.0.target.addr()))
            .field("tls", &self.0.tls.is_some())
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}

impl Store for Redis {
    fn capabilities(&self) -> Capabilities {
        Capabilities::new().durable(self.0.options.is_durable()).shared(true).expires(true).largest(LARGEST)
    }

    fn create<'a>(&'a self, key: &'a RecordKey, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(async move {
            fits(NAME, record)?;
            let mut set = redis::cmd("SET");
            set.arg(name(key)).arg(value(record)).arg("NX");
            if let Some(millis) = record.life_in_millis() {
                set.arg("PX").arg(millis);
            }
            match self.ask(async |connection| set.query_async(connection).await).await? {
                Value::Okay => Ok(Swap::Done),
                Value::Nil => Ok(Swap::Conflict),
                _ => Err(nonsense("its answer is neither yes nor no", Applied::Unknown)),
            }
        })
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>> {
        Box::pin(async move {
            let found = self
                .ask(async |connection| LOAD.key(name(key)).invoke_async::<Option<(Vec<u8>, i64)>>(connection).await);
            found.await?.map(|(value, left)| record(&value, left)).transpose()
        })
    }

    fn swap<'a>(&'a self, key: &'a RecordKey, expected: Version, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(async move {
            fits(NAME, record)?;
            let life = record.life_in_millis().map(|millis| millis.to_string()).unwrap_or_default();
            self.script(&SWAP, key, &[&head(expected), &value(record), life.as_bytes()]).await
        })
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Version) -> Answer<'a, Swap> {
        Box::pin(async move { self.script(&DELETE, key, &[&head(expected)]).await })
    }
}

fn name(key: &RecordKey) -> Vec<u8> {
    let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
    let mut name = b"ofx-session:".to_vec();
    name.extend(key.as_bytes().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
    name
}

/// What a string begins with: layout and version.
fn head(version: Version) -> Vec<u8> {
    let mut head = vec![LAYOUT];
    head.extend(version.as_bytes());
    head
}

fn value(record: &Record) -> Vec<u8> {
    let mut value = head(record.version());
    value.extend(record.bytes());
    value
}

fn record(value: &[u8], left: i64) -> Result<Record, StoreError> {
    let (layout, rest) = value.split_first().ok_or_else(|| nonsense("a record is empty", Applied::No))?;
    match *layout {
        LAYOUT => {}
        found if found > LAYOUT => {
            return Err(StoreError::NewerLayout { store: NAME, found: found.into(), known: LAYOUT.into() });
        }
        _ => return Err(nonsense("a record has no layout", Applied::No)),
    }
    let (version, bytes) =
        rest.split_first_chunk().ok_or_else(|| nonsense("a version is not 16 bytes", Applied::No))?;
    let record = Record::new(Version::new(*version), bytes);
    // Minus one stands for: no end.
    Ok(match u64::try_from(left) {
        Ok(left) => record.with_life(Duration::from_millis(left)),
        Err(_) => record,
    })
}

fn nonsense(reason: &'static str, applied: Applied) -> StoreError {
    StoreError::Nonsense { store: NAME, reason, applied, source: None }
}

fn refused_sign_on(error: RedisError) -> StoreError {
    let reason = "the server refuses the user or the password: check the URL".to_owned();
    StoreError::Settings { store: NAME, reason, source: Some(Arc::new(error)) }
}

/// Whether it says that the server, as it is now, is not the one to ask: behind its address there may be another one by now.
fn is_no_primary(error: &RedisError) -> bool {
    // Redis 6 tells what stopped a script behind a code of its own.
    matches!(error.code(), Some("READONLY" | "MASTERDOWN" | "LOADING" | "NOAUTH"))
        || error.detail().is_some_and(|detail| detail.contains("-READONLY "))
}

/// Says what an error means that came after something was sent.
fn explain(error: RedisError) -> StoreError {
    // Redis 6 tells what stopped a script behind a code of its own.
    let full = error.code() == Some("OOM") || error.detail().is_some_and(|detail| detail.contains("OOM command"));
    let (kind, code) = (error.kind(), error.code().map(str::to_owned));
    let source = Some(Arc::new(error) as _);
    if full {
        return StoreError::Full { store: NAME, applied: Applied::No, source };
    }
    let settings =
        |reason: &str| StoreError::Settings { store: NAME, reason: reason.to_owned(), source: source.clone() };
    match (kind, code.as_deref()) {
        (_, Some("WRONGTYPE")) => {
            let reason = "under a record's key there is something else";
            StoreError::Nonsense { store: NAME, reason, applied: Applied::No, source }
        }
        (_, Some("NOPERM" | "NOAUTH")) => {
            settings("the user may not run SET, EVAL, EVALSHA or SCRIPT LOAD on its keys")
        }
        (_, Some("READONLY")) => settings("the server is a replica, which cannot be written: name the primary"),
        (_, Some("MOVED" | "ASK" | "CROSSSLOT")) => settings("the server is part of a cluster, which is not supported"),
        // Said before a command is run, by the server itself.
        (
            _,
            Some(
                "LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" | "BUSY" | "NOSCRIPT" | "NOREPLICAS" | "MISCONF",
            ),
        ) => StoreError::Refused { store: NAME, applied: Applied::No, source },
        // Proxies answer in the server's place, also after they passed the command on.
        (ErrorKind::Server(ServerErrorKind::ResponseError) | ErrorKind::Extension, Some(_)) => {
            StoreError::Refused { store: NAME, applied: Applied::Unknown, source }
        }
        (ErrorKind::Parse | ErrorKind::UnexpectedReturnType, _) => {
            let reason = "its answer is not of the kind that was asked for";
            StoreError::Nonsense { store: NAME, reason, applied: Applied::Unknown, source }
        }
        _ => StoreError::NoAnswer { store: NAME, applied: Applied::Unknown, source },
    }
}

const NAME: &str = "Redis";
const LAYOUT: u8 = 1;
const BAD_URL: &str =
    "its URL cannot be used: it is rediss://user:password@host:port/database, redis://.. or unix://..";

static LOAD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "
local value = redis.call('GET', KEYS[1])
if not value then return nil end
return {value, redis.call('PTTL', KEYS[1])}",
    )
});

/// The write comes last and is one command: where it fails, nothing was changed.
static SWAP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "
if redis.call('GETRANGE', KEYS[1], 0, 16) ~= ARGV[1] then return 0 end
if ARGV[3] == '' then redis.call('SET', KEYS[1], ARGV[2]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1",
    )
});

static DELETE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "
if redis.call('GETRANGE', KEYS[1], 0, 16) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])",
    )
});
