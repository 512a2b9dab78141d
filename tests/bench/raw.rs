//! The same reads and writes without this crate: what a store costs by itself.

use std::sync::LazyLock;

use redis::Script;
use redis::aio::MultiplexedConnection;
use rusqlite::{Connection, TransactionBehavior, params};
use tokio_postgres::NoTls;

use crate::watched::Call;

/// A connection of the client library that a store of this crate uses, with the same settings.
pub(crate) enum Raw {
    Sqlite(Connection),
    Redis(MultiplexedConnection),
    Postgres(tokio_postgres::Client),
}

impl Raw {
    pub(crate) async fn open(place: &str) -> Self {
        match place.split_once(':').unwrap() {
            ("sqlite", path) => {
                // A file of its own, or it would wait for the payments. How it waits for a second process is SQLite's own way.
                let connection = Connection::open(format!("{path}.raw")).unwrap();
                connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
                connection.execute_batch("PRAGMA synchronous = FULL").unwrap();
                connection
                    .execute_batch("CREATE TABLE IF NOT EXISTS raw (key BLOB PRIMARY KEY, version BLOB, bytes BLOB)")
                    .unwrap();
                Self::Sqlite(connection)
            }
            ("redis", _) => {
                let client = redis::Client::open(place).unwrap();
                Self::Redis(client.get_multiplexed_async_connection().await.unwrap())
            }
            _ => {
                let (client, connection) = tokio_postgres::connect(place, NoTls).await.unwrap();
                tokio::spawn(connection);
                client
                    .batch_execute(
                        "CREATE TABLE IF NOT EXISTS raw (key bytea PRIMARY KEY, version bytea NOT NULL, bytes bytea NOT NULL)",
                    )
                    .await
                    .unwrap();
                Self::Postgres(client)
            }
        }
    }

    /// A write without a condition, where there is a cheaper one than with.
    pub(crate) async fn plain(&mut self, key: &[u8], bytes: &[u8]) -> bool {
        let Self::Redis(connection) = self else { return false };
        let key = [b"plain:", key].concat();
        redis::cmd("SET").arg(key).arg(bytes).exec_async(connection).await.unwrap();
        true
    }

    /// Does once what a store was asked for. `key` names the record.
    pub(crate) async fn repeat(&mut self, call: Call, key: &[u8], bytes: &[u8]) {
        match self {
            Self::Sqlite(connection) => sqlite(connection, call, key, bytes),
            Self::Redis(connection) => redis(connection, call, key, bytes).await,
            Self::Postgres(client) => postgres(client, call, key, bytes).await,
        }
    }
}

fn sqlite(connection: &mut Connection, call: Call, key: &[u8], bytes: &[u8]) {
    if call == Call::Load {
        let mut load = connection.prepare_cached("SELECT version, bytes FROM raw WHERE key = ?1").unwrap();
        let found = load.query_row([key], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?)));
        assert!(matches!(found, Ok(_) | Err(rusqlite::Error::QueryReturnedNoRows)), "{found:?}");
        return;
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let statement = match call {
        Call::Create => "INSERT INTO raw (key, version, bytes) VALUES (?1, ?2, ?3)",
        _ => "UPDATE raw SET bytes = ?3 WHERE key = ?1 AND version = ?2",
    };
    let written = transaction.prepare_cached(statement).unwrap().execute(params![key, VERSION, bytes]);
    assert_eq!(written.unwrap(), 1);
    transaction.commit().unwrap();
}

async fn redis(connection: &mut MultiplexedConnection, call: Call, key: &[u8], bytes: &[u8]) {
    let (key, value) = ([b"raw:", key].concat(), [VERSION, bytes].concat());
    match call {
        Call::Load => {
            let _: Option<Vec<u8>> = redis::cmd("GET").arg(key).query_async(connection).await.unwrap();
        }
        Call::Create => redis::cmd("SET").arg(key).arg(value).arg("NX").exec_async(connection).await.unwrap(),
        Call::Swap => {
            let swap = SWAP.key(key).arg(VERSION).arg(value).invoke_async::<i64>(connection).await;
            assert_eq!(swap.unwrap(), 1);
        }
    }
}

async fn postgres(client: &tokio_postgres::Client, call: Call, key: &[u8], bytes: &[u8]) {
    use tokio_postgres::types::Type;
    let (key, version, bytes) = (&key, &VERSION, &bytes);
    let written = match call {
        Call::Load => {
            let statement = "SELECT version, bytes FROM raw WHERE key = $1";
            let row = client.query_typed_opt(statement, &[(key, Type::BYTEA)]).await.unwrap();
            return drop(row.map(|row| row.get::<_, Vec<u8>>(1)));
        }
        Call::Create => {
            let statement = "INSERT INTO raw (key, version, bytes) VALUES ($1, $2, $3)";
            let values: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
                [(key, Type::BYTEA), (version, Type::BYTEA), (bytes, Type::BYTEA)];
            client.execute_typed(statement, &values).await
        }
        Call::Swap => {
            let statement = "UPDATE raw SET bytes = $3 WHERE key = $1 AND version = $2";
            let values: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
                [(key, Type::BYTEA), (version, Type::BYTEA), (bytes, Type::BYTEA)];
            client.execute_typed(statement, &values).await
        }
    };
    assert_eq!(written.unwrap(), 1);
}

/// Redis has no other way to write on a condition in one step.
static SWAP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GETRANGE', KEYS[1], 0, 15) ~= ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], ARGV[2])
        return 1",
    )
});

const VERSION: &[u8] = &[7; 16];
