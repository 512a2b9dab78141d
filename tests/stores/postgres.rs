//! PostgreSQL: processes, a server that is killed and comes back, rows and tables that are not ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ofx_session::store::{Applied, Postgres, ServerOptions, Store, StoreError, Swap, Version};
use ofx_session::testing::conformance;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_postgres::{Client, NoTls};

use crate::servers::{Kind, PASSWORD, Server, relay};
use crate::{any_record, child, family, key};

pub(crate) fn url(server: &Server) -> String {
    format!("postgres://jane:{PASSWORD}@127.0.0.1:{}/postgres", server.port())
}

fn place(server: &Server) -> String {
    format!("postgres {}", url(server))
}

fn store(server: &Server) -> Postgres {
    Postgres::new(&url(server), ServerOptions::new()).unwrap()
}

/// A server with the table, and a connection of the test's own.
async fn start() -> Option<(Server, Client)> {
    let server = Server::start(Kind::Postgres, &[])?;
    let client = raw(&server).await;
    client.batch_execute(Postgres::TABLE).await.unwrap();
    Some((server, client))
}

pub(crate) async fn raw(server: &Server) -> Client {
    loop {
        // It opens its port before it lets anybody in.
        if let Ok((client, connection)) = tokio_postgres::connect(&url(server), NoTls).await {
            tokio::spawn(connection);
            return client;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_every_promise_among_processes_too() {
    let Some((server, client)) = start().await else { return };
    conformance::store(|| store(&server)).await.unwrap();
    let one = store(&server);
    assert!(one.capabilities().shared && !one.capabilities().durable);
    // Under the strictest isolation, and with acknowledgements that are no promise, unless a connection says otherwise.
    let strict = "ALTER ROLE jane SET default_transaction_isolation = 'serializable';
        ALTER ROLE jane SET synchronous_commit = off;";
    client.batch_execute(strict).await.unwrap();
    conformance::store(|| store(&server)).await.unwrap();

    assert_eq!(family::two_processes_race(&place(&server), 100, 1, || {}).await, 0);
    client.batch_execute("TRUNCATE ofx_session_records").await.unwrap();
    family::a_writer_is_killed(&place(&server)).await;
    family::a_sleeping_owner_is_refused(&place(&server)).await;
}

#[tokio::test]
async fn two_processes_have_one_winner_while_the_server_is_killed_and_started_again() {
    let Some((mut server, _client)) = start().await else { return };
    let place = place(&server);
    let errors = family::two_processes_race(&place, 600, 200, || {
        server.kill();
        server.restart();
    });
    assert_ne!(errors.await, 0, "the server was killed while they raced");

    let store = store(&server);
    let (first, second) = (any_record("first"), any_record("second"));
    assert_eq!(store.create(&key(9_001), &first).await.unwrap(), Swap::Done);
    server.kill();
    // The first calls may find the old connection broken, the later ones find nobody.
    while !matches!(store.load(&key(9_001)).await, Err(StoreError::Unreachable { .. })) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let error = store.create(&key(9_002), &first).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }) && error.applied() == Applied::No, "{error:?}");
    server.restart();
    assert!(child::surely(&store, &key(9_001), Some(first.version()), &second).await);
    assert_eq!(store.load(&key(9_001)).await.unwrap().unwrap(), second);
    assert_eq!(store.load(&key(9_002)).await.unwrap(), None, "what was said not to have happened did not");
    assert_eq!(store.swap(&key(9_001), first.version(), &first).await.unwrap(), Swap::Conflict);
}

#[tokio::test]
async fn what_is_wrong_with_table_row_or_user_is_told() {
    let Some((server, client)) = start().await else { return };
    let store = store(&server);
    let record = any_record("sealed");
    assert_eq!(store.create(&key(1), &record).await.unwrap(), Swap::Done);

    expired_rows_are_removed(&store, &client).await;
    a_locked_row_is_given_up(&server, &client).await;
    connecting_and_asking_have_one_limit(&server, &client).await;
    rights_are_told(&server, &client).await;
    passwords_stay_hidden(&server).await;

    assert!(client.batch_execute("UPDATE ofx_session_records SET version = '\\x01'").await.is_err());
    let newer = "UPDATE ofx_session_records SET layout = 2";
    client.batch_execute(newer).await.unwrap();
    let error = store.load(&key(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::NewerLayout { found: 2, known: 1, .. }), "{error:?}");
    assert_eq!(store.swap(&key(1), record.version(), &record).await.unwrap(), Swap::Conflict);
    assert_eq!(store.create(&key(1), &record).await.unwrap(), Swap::Conflict);

    let garbage = "ALTER TABLE ofx_session_records DROP CONSTRAINT ofx_session_records_version_check;
        UPDATE ofx_session_records SET layout = 1, version = '\\x01'";
    client.batch_execute(garbage).await.unwrap();
    let error = store.load(&key(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Nonsense { reason: "a version is not 16 bytes", .. }), "{error:?}");
    assert_eq!(store.swap(&key(1), Version::new([1; 16]), &record).await.unwrap(), Swap::Conflict);

    let shape = "UPDATE ofx_session_records SET version = decode(repeat('01', 16), 'hex');
        ALTER TABLE ofx_session_records ALTER bytes TYPE int USING 1";
    client.batch_execute(shape).await.unwrap();
    let error = store.load(&key(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Nonsense { reason: "a row has the wrong shape", .. }), "{error:?}");
    let error = store.create(&key(2), &record).await.unwrap_err();
    assert!(matches!(error, StoreError::Settings { .. }), "{error:?}");

    client.batch_execute("DROP TABLE ofx_session_records").await.unwrap();
    let error = store.create(&key(2), &record).await.unwrap_err();
    assert!(matches!(error, StoreError::Settings { .. }) && error.applied() == Applied::No, "{error:?}");
    assert!(error.to_string().contains(Postgres::TABLE), "it says how to make the table: {error}");
}

async fn expired_rows_are_removed(store: &Postgres, client: &Client) {
    for n in 10..13 {
        let record = any_record("short").with_life(Duration::from_secs(3_600));
        assert_eq!(store.create(&key(n), &record).await.unwrap(), Swap::Done);
    }
    let age = "UPDATE ofx_session_records SET expires = now() - interval '1 hour' WHERE expires IS NOT NULL";
    client.batch_execute(age).await.unwrap();
    let again = any_record("again").with_life(Duration::from_secs(3_600));
    assert_eq!(store.create(&key(10), &again).await.unwrap(), Swap::Done, "in the place of an expired one");
    let left = client.query_one("SELECT count(*) FROM ofx_session_records", &[]).await.unwrap();
    assert_eq!(left.get::<_, i64>(0), 2, "the first one and the new one");
    assert_eq!(store.delete(&key(10), again.version()).await.unwrap(), Swap::Done);
}

/// The server itself ends a statement that waits too long: so it is known that nothing was written.
async fn a_locked_row_is_given_up(server: &Server, client: &Client) {
    let store = Postgres::new(&url(server), ServerOptions::new().timeout(Duration::from_millis(1_000))).unwrap();
    let before = store.load(&key(1)).await.unwrap().unwrap();
    client.batch_execute("BEGIN; SELECT 1 FROM ofx_session_records FOR UPDATE").await.unwrap();
    let error = store.swap(&key(1), before.version(), &any_record("x")).await.unwrap_err();
    client.batch_execute("ROLLBACK").await.unwrap();
    assert!(matches!(error, StoreError::NoAnswer { applied: Applied::No, .. }), "{error:?}");
    assert_eq!(store.load(&key(1)).await.unwrap().unwrap(), before);

    // A server that does not keep the time: the caller gives up, and nothing is known.
    let hangs =
        "CREATE FUNCTION hang() RETURNS trigger AS 'BEGIN PERFORM set_config(''statement_timeout'', ''0'', true);
        PERFORM pg_sleep(1.5); RETURN NEW; EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(1.5); RETURN NEW; END'
        LANGUAGE plpgsql;
        CREATE TRIGGER hangs BEFORE UPDATE ON ofx_session_records FOR EACH ROW EXECUTE FUNCTION hang();";
    client.batch_execute(hangs).await.unwrap();
    let late = any_record("late");
    let error = store.swap(&key(1), before.version(), &late).await.unwrap_err();
    assert!(matches!(error, StoreError::NoAnswer { applied: Applied::Unknown, .. }), "{error:?}");
    let found = store.load(&key(1)).await.unwrap().unwrap();
    assert!([&before, &late].contains(&&found), "by another connection, at once: {found:?}");
    client.batch_execute("DROP TRIGGER hangs ON ofx_session_records").await.unwrap();
    assert!(child::surely(&store, &key(1), Some(before.version()), &late).await, "again or late, it is one write");
    assert_eq!(store.load(&key(1)).await.unwrap().unwrap(), late);
    let undo = store.swap(&key(1), late.version(), &before).await.unwrap();
    assert_eq!(undo, Swap::Done);
}

async fn connecting_and_asking_have_one_limit(server: &Server, client: &Client) {
    let (port, _) = relay(server, Duration::from_secs(3)).await;
    let url = format!("postgres://jane:{PASSWORD}@127.0.0.1:{port}/postgres");
    let store = Postgres::new(&url, ServerOptions::new().timeout(Duration::from_secs(4))).unwrap();
    client.batch_execute("BEGIN; LOCK TABLE ofx_session_records").await.unwrap();
    let started = Instant::now();
    let error = store.load(&key(1)).await.unwrap_err();
    let waited = started.elapsed();
    client.batch_execute("ROLLBACK").await.unwrap();
    assert!(matches!(error, StoreError::NoAnswer { .. }), "it was connected: {error:?}");
    // With a limit for each it would be six seconds and more: the server gives up after 3.2.
    assert!(waited < Duration::from_millis(5_700), "{waited:?}");
}

async fn rights_are_told(server: &Server, client: &Client) {
    let reader = "CREATE ROLE reader LOGIN PASSWORD 'canary-reader'; GRANT SELECT ON ofx_session_records TO reader";
    client.batch_execute(reader).await.unwrap();
    let url = format!("postgres://reader:canary-reader@127.0.0.1:{}/postgres", server.port());
    let reader = Postgres::new(&url, ServerOptions::new()).unwrap();
    assert!(reader.load(&key(1)).await.unwrap().is_some());
    let error = reader.create(&key(2), &any_record("x")).await.unwrap_err();
    assert!(matches!(error, StoreError::Settings { .. }) && error.to_string().contains("rights"), "{error:?}");
    client.batch_execute("ALTER ROLE reader SET default_transaction_read_only = on").await.unwrap();
    let reader = Postgres::new(&url, ServerOptions::new()).unwrap();
    let error = reader.create(&key(2), &any_record("x")).await.unwrap_err();
    assert!(matches!(error, StoreError::Settings { .. }), "{error:?}");
}

async fn passwords_stay_hidden(server: &Server) {
    for (url, wanted) in [
        (format!("postgres://jane:canary-wrong@127.0.0.1:{}/postgres", server.port()), "the user or the password"),
        (format!("postgres://jane:{PASSWORD}@127.0.0.1:{}/nowhere", server.port()), "this database"),
    ] {
        let store = Postgres::new(&url, ServerOptions::new()).unwrap();
        let error = store.load(&key(1)).await.unwrap_err();
        assert!(matches!(error, StoreError::Settings { .. }) && error.to_string().contains(wanted), "{error:?}");
        assert!(!format!("{error} {error:?} {store:?}").contains("canary"), "{error:?} {store:?}");
    }
}

#[tokio::test]
async fn tls_is_spoken_to_servers_that_prove_who_they_are() {
    let tls = ["-c", "ssl=on", "-c", "ssl_cert_file={folder}/cert.pem", "-c", "ssl_key_file={folder}/key.pem"];
    let Some(server) = Server::start(Kind::Postgres, &tls) else { return };
    raw(&server).await.batch_execute(Postgres::TABLE).await.unwrap();
    let url = format!("postgres://jane:{PASSWORD}@localhost:{}/postgres?sslmode=require", server.port());
    let (store, record) = (Postgres::new(&url, server.trust()).unwrap(), any_record("sealed"));
    assert_eq!(store.create(&key(1), &record).await.unwrap(), Swap::Done);
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(record));
    let spoken = raw(&server).await.query_one("SELECT count(*) FROM pg_stat_ssl WHERE ssl", &[]).await.unwrap();
    assert_eq!(spoken.get::<_, i64>(0), 1);
    let error = Postgres::new(&url, ServerOptions::new()).unwrap().load(&key(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert!(format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
}

#[test]
fn urls_are_checked_before_anything_is_sent() {
    for bad in [
        "",
        "postgres",
        "https://127.0.0.1",
        "postgres://jane:canary@db.example.com/x?sslmode=disable",
        "host=localhost hostaddr=10.0.0.1 sslmode=disable password=canary",
        "postgres://jane:canary@localhost,db.example.com/x?sslmode=disable",
    ] {
        let error = Postgres::new(bad, ServerOptions::new()).unwrap_err();
        assert!(matches!(error, StoreError::Settings { .. }), "{bad}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    for (good, tls) in [
        ("postgres://jane:canary@db.example.com/x", true),
        ("postgres://jane:canary@localhost/x", false),
        ("postgres://jane:canary@localhost/x?sslmode=require", true),
        ("host=/run/postgresql user=jane password=canary", false),
    ] {
        let shown = format!("{:?}", Postgres::new(good, ServerOptions::new()).unwrap());
        assert!(!shown.contains("canary") && shown.contains(&format!("tls: {tls}")), "{shown}");
    }
    let plain = "postgres://jane:canary@db.example.com/x?sslmode=disable";
    assert!(Postgres::new(plain, ServerOptions::new().allow_plain_network()).is_ok());
}

/// What pretends to be the server greets, and then hangs: the real one does so behind a pooler that does.
#[tokio::test]
async fn connections_to_a_server_that_hangs_behind_its_greeting_are_closed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let open = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&open);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut asked = [0; 1024];
                let _ = near.read(&mut asked).await;
                near.write_all(GREETING).await.unwrap();
                while near.read(&mut asked).await.is_ok_and(|bytes| bytes > 0) {}
                count.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    let options = ServerOptions::new().timeout(Duration::from_millis(100));
    let store = Postgres::new(&format!("postgres://jane:pw@127.0.0.1:{port}/postgres"), options).unwrap();
    for _ in 0..5 {
        let error = store.load(&key(1)).await.unwrap_err();
        assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    }
    let until = Instant::now() + Duration::from_secs(30);
    while open.load(Ordering::SeqCst) > 0 {
        assert!(Instant::now() < until, "{} connections stay", open.load(Ordering::SeqCst));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whoever waits is told at once, and not when its time is over.
#[tokio::test]
async fn a_server_that_hangs_up_behind_its_greeting_is_told_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut asked = [0; 1024];
            let _ = near.read(&mut asked).await;
            near.write_all(GREETING).await.unwrap();
            let _ = near.read(&mut asked).await;
        }
    });
    let options = ServerOptions::new().timeout(Duration::from_secs(600));
    let store = Postgres::new(&format!("postgres://jane:pw@127.0.0.1:{port}/postgres"), options).unwrap();
    let error = tokio::time::timeout(Duration::from_secs(60), store.load(&key(1))).await.unwrap().unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
}

/// AuthenticationOk, ReadyForQuery.
const GREETING: &[u8] = b"R\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05I";
