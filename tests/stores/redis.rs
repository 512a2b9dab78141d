//! Redis: processes, a server that is killed and comes back, memory at its limit, keys that are not ours.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ofx_session::Error;
use ofx_session::store::{Applied, Redis, ServerOptions, Store, StoreError, Swap, Version};
use ofx_session::testing::conformance;

use crate::servers::{Kind, Server, relay};
use crate::{any_record, child, family, key};

fn url(server: &Server) -> String {
    format!("redis://127.0.0.1:{}/0", server.port())
}

fn store(server: &Server) -> Redis {
    Redis::new(&url(server), ServerOptions::new()).unwrap()
}

/// Asks the server directly.
async fn raw<T: redis::FromRedisValue>(server: &Server, words: &[&[u8]]) -> T {
    let client = redis::Client::open(url(server)).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::Cmd::new();
    for word in words {
        command.arg(*word);
    }
    command.query_async(&mut connection).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_every_promise() {
    let Some(server) = Server::start(Kind::Redis, &[]) else { return };
    conformance::store(|| store(&server)).await.unwrap();
    let one = store(&server);
    conformance::store(|| one.clone()).await.unwrap();
    assert!(!one.capabilities().durable && one.capabilities().shared && one.capabilities().expires);
    assert!(Redis::new(&url(&server), ServerOptions::new().durable(true)).unwrap().capabilities().durable);
    let left: u64 = raw(&server, &[b"DBSIZE"]).await;
    let claimed: Vec<String> = raw(&server, &[b"KEYS", b"ofx-session:*"]).await;
    assert_eq!(claimed.len() as u64, left, "no key of another name");
}

#[tokio::test]
async fn two_processes_have_one_winner() {
    let Some(server) = Server::start(Kind::Redis, &[]) else { return };
    assert_eq!(family::two_processes_race(&format!("redis {}", url(&server)), 100, 1, || {}).await, 0);
}

#[tokio::test]
async fn two_processes_have_one_winner_while_the_server_is_killed_and_started_again() {
    let Some(mut server) = Server::start(Kind::Redis, &[]) else { return };
    let place = format!("redis {}", url(&server));
    let errors = family::two_processes_race(&place, 1_000, 200, || {
        server.kill();
        server.restart();
    });
    assert_ne!(errors.await, 0, "the server was killed while they raced");
}

#[tokio::test]
async fn a_killed_writer_leaves_what_was_acknowledged() {
    let Some(server) = Server::start(Kind::Redis, &[]) else { return };
    family::a_writer_is_killed(&format!("redis {}", url(&server))).await;
}

#[tokio::test]
async fn a_sleeping_owner_is_refused() {
    let Some(server) = Server::start(Kind::Redis, &[]) else { return };
    family::a_sleeping_owner_is_refused(&format!("redis {}", url(&server))).await;
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_killed_server() {
    let Some(mut server) = Server::start(Kind::Redis, &[]) else { return };
    let store = Arc::new(store(&server));
    let (first, second) = (any_record("first"), any_record("second"));
    assert_eq!(store.create(&key(1), &first).await.unwrap(), Swap::Done);
    server.kill();
    // The first calls may find the old connection broken, the later ones find nobody.
    while !matches!(store.load(&key(1)).await, Err(StoreError::Unreachable { .. })) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let error = store.create(&key(2), &first).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }) && error.applied() == Applied::No, "{error:?}");
    server.restart();
    assert!(child::surely(&*store, &key(1), Some(first.version()), &second).await);
    assert_eq!(store.load(&key(1)).await.unwrap().unwrap(), second);
    assert_eq!(store.load(&key(2)).await.unwrap(), None, "what was said not to have happened did not");
    assert_eq!(store.swap(&key(1), first.version(), &first).await.unwrap(), Swap::Conflict);
}

#[tokio::test]
async fn a_server_that_hangs_leaves_the_write_unknown() {
    let Some(server) = Server::start(Kind::Redis, &[]) else { return };
    let store = Redis::new(&url(&server), ServerOptions::new().timeout(Duration::from_millis(300))).unwrap();
    assert_eq!(store.load(&key(1)).await.unwrap(), None);
    let record = any_record("late");
    // It stops answering writes, and carries them out afterwards.
    let paused: String = raw(&server, &[b"CLIENT", b"PAUSE", b"2000", b"WRITE"]).await;
    assert_eq!(paused, "OK");
    let error = store.create(&key(1), &record).await.unwrap_err();
    assert!(matches!(error, StoreError::NoAnswer { .. }) && error.applied() == Applied::Unknown, "{error:?}");
    let error = Error::from(error);
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("ran out"));
    let resumed: String = raw(&server, &[b"CLIENT", b"UNPAUSE"]).await;
    assert_eq!(resumed, "OK");
    assert!(child::surely(&store, &key(1), None, &record).await, "the same write, again or late, is one write");
    assert_eq!(store.load(&key(1)).await.unwrap().unwrap(), record);
}

/// Behind its address there is another primary by now: the one connection of the store must not stay with the old one.
#[tokio::test]
async fn a_primary_that_was_demoted_is_left() {
    let (Some(first), Some(second)) = (Server::start(Kind::Redis, &[]), Server::start(Kind::Redis, &[])) else {
        return;
    };
    for stale in [b"yes".as_slice(), b"no"] {
        let (port, leads_to) = relay(&first, Duration::ZERO).await;
        let store = Redis::new(&format!("redis://127.0.0.1:{port}/0"), ServerOptions::new()).unwrap();
        let (before, after) = (any_record("before"), any_record("after"));
        let _: String = raw(&first, &[b"CONFIG", b"SET", b"replica-serve-stale-data", stale]).await;
        let _: String = raw(&first, &[b"REPLICAOF", b"NO", b"ONE"]).await;
        for server in [&first, &second] {
            let _: String = raw(server, &[b"FLUSHALL"]).await;
        }
        assert_eq!(store.create(&key(1), &before).await.unwrap(), Swap::Done);
        let _: String = raw(&first, &[b"REPLICAOF", b"127.0.0.1", b"1"]).await;
        leads_to.store(second.port(), Ordering::SeqCst);
        // READONLY out of a script; MASTERDOWN before it.
        let error = store.swap(&key(1), before.version(), &after).await.unwrap_err();
        assert_eq!(error.applied(), Applied::No, "{error:?}");
        assert_eq!(store.load(&key(1)).await.unwrap(), None);
        assert_eq!(store.create(&key(1), &after).await.unwrap(), Swap::Done);
    }
}

#[tokio::test]
async fn connecting_and_asking_have_one_limit() {
    let Some(server) = Server::start(Kind::Redis, &[]) else { return };
    let (port, _) = relay(&server, Duration::from_secs(3)).await;
    let options = ServerOptions::new().timeout(Duration::from_secs(4));
    let store = Redis::new(&format!("redis://127.0.0.1:{port}/0"), options).unwrap();
    let _: String = raw(&server, &[b"CLIENT", b"PAUSE", b"30000", b"WRITE"]).await;
    let started = Instant::now();
    let error = store.create(&key(1), &any_record("late")).await.unwrap_err();
    let waited = started.elapsed();
    assert!(matches!(error, StoreError::NoAnswer { .. }), "it was connected: {error:?}");
    // With a limit for each it would be seven seconds.
    assert!(waited < Duration::from_millis(6_500), "{waited:?}");
}

#[tokio::test]
async fn memory_at_its_limit_is_told_and_loses_nothing() {
    let Some(server) = Server::start(Kind::Redis, &["--maxmemory", "8mb", "--maxmemory-policy", "noeviction"]) else {
        return;
    };
    let store = store(&server);
    let owner = any_record("owner");
    assert_eq!(store.create(&key(1), &owner).await.unwrap(), Swap::Done);
    assert!(family::fill(&store, 400).await > 3);
    let large = any_record(vec![2; 500_000]);
    let error = store.swap(&key(1), owner.version(), &large).await.unwrap_err();
    assert!(matches!(error, StoreError::Full { applied: Applied::No, .. }), "{error:?}");
    assert_eq!(store.load(&key(1)).await.unwrap().unwrap(), owner);
    assert_eq!(store.delete(&key(1), owner.version()).await.unwrap(), Swap::Done, "what makes room is taken");
}

#[tokio::test]
async fn garbage_under_a_key_is_told() {
    let Some(server) = Server::start(Kind::Redis, &[]) else { return };
    let store = store(&server);
    let record = any_record("sealed");
    assert_eq!(store.create(&key(1), &record).await.unwrap(), Swap::Done);
    let names: Vec<Vec<u8>> = raw(&server, &[b"KEYS", b"*"]).await;
    let [name] = names.as_slice() else { panic!("{names:?}") };
    for (value, wanted) in [
        (b"".as_slice(), "a record is empty"),
        (b"\x01short", "a version is not 16 bytes"),
        (b"\x00seventeen bytes or more", "a record has no layout"),
    ] {
        let set: String = raw(&server, &[b"SET", name, value]).await;
        assert_eq!(set, "OK");
        let error = store.load(&key(1)).await.unwrap_err();
        assert!(matches!(error, StoreError::Nonsense { reason, .. } if reason == wanted), "{error:?}");
        assert_eq!(store.swap(&key(1), record.version(), &record).await.unwrap(), Swap::Conflict);
        assert_eq!(store.create(&key(1), &record).await.unwrap(), Swap::Conflict);
    }
    let _: String = raw(&server, &[b"SET", name, b"\x02seventeen bytes or more"]).await;
    let error = store.load(&key(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::NewerLayout { found: 2, known: 1, .. }), "{error:?}");

    let _: u64 = raw(&server, &[b"DEL", name]).await;
    let _: u64 = raw(&server, &[b"RPUSH", name, b"a list"]).await;
    for error in [
        store.load(&key(1)).await.map(drop).unwrap_err(),
        store.swap(&key(1), Version::new([1; 16]), &record).await.map(drop).unwrap_err(),
        store.delete(&key(1), Version::new([1; 16])).await.map(drop).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Nonsense { applied: Applied::No, .. }), "{error:?}");
    }
    assert_eq!(store.create(&key(1), &record).await.unwrap(), Swap::Conflict);
}

#[tokio::test]
async fn a_wrong_password_is_told_and_no_password_is_shown() {
    let Some(server) = Server::start(Kind::Redis, &["--requirepass", "canary-right"]) else { return };
    let at = |user: &str| format!("redis://{user}@127.0.0.1:{}/0", server.port());
    let wrong = Redis::new(&at(":canary-wrong"), ServerOptions::new()).unwrap();
    let error = wrong.load(&key(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Settings { .. }), "{error:?}");
    assert!(!format!("{error} {error:?} {wrong:?}").contains("canary"), "{error:?} {wrong:?}");
    let none = Redis::new(&url(&server), ServerOptions::new()).unwrap();
    let error = none.load(&key(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Settings { .. }), "{error:?}");
    let right = Redis::new(&at(":canary-right"), ServerOptions::new()).unwrap();
    assert_eq!(right.load(&key(1)).await.unwrap(), None);
}

#[tokio::test]
async fn tls_is_spoken_to_servers_that_prove_who_they_are() {
    let tls = [
        "--port",
        "0",
        "--tls-port",
        "{port}",
        "--tls-auth-clients",
        "no",
        "--tls-cert-file",
        "{folder}/cert.pem",
        "--tls-key-file",
        "{folder}/key.pem",
        "--tls-ca-cert-file",
        "{folder}/ca.pem",
    ];
    let Some(server) = Server::start(Kind::Redis, &tls) else { return };
    let (url, record) = (format!("rediss://localhost:{}/0", server.port()), any_record("sealed"));
    let store = Redis::new(&url, server.trust()).unwrap();
    assert_eq!(store.create(&key(1), &record).await.unwrap(), Swap::Done);
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(record));
    let stranger = Redis::new(&url, ServerOptions::new()).unwrap();
    let error = stranger.load(&key(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert!(format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
}

#[test]
fn urls_are_checked_before_anything_is_sent() {
    for bad in ["", "redis", "https://127.0.0.1", "redis://10.0.0.1/0", "redis://:canary@example.com", "rediss//x"] {
        let error = Redis::new(bad, ServerOptions::new()).unwrap_err();
        assert!(matches!(error, StoreError::Settings { .. }), "{bad}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    for good in ["rediss://:canary@example.com", "redis://localhost:1", "unix:///nowhere/redis.sock"] {
        let store = Redis::new(good, ServerOptions::new()).unwrap();
        assert!(!format!("{store:?}").contains("canary"), "{store:?}");
    }
    assert!(Redis::new("redis://10.0.0.1/0", ServerOptions::new().allow_plain_network()).is_ok());
}
