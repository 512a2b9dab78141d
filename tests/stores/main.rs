//! The stores with real files, servers and processes: claims race, servers and owners die in between, disks fill up.
//!
//! The test binary runs itself again. A child is the ignored test [`as_a_child`] with a role in its environment; it shares a
//! file or a server with its parent, and nothing else. Servers are started from the installed binaries, each test its own,
//! on a free loopback port and in a temporary folder.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    reason = "tests fail by panicking, and children talk by printing"
)]

mod blocking;
mod child;
mod family;
mod postgres;
#[path = "../shared/programs.rs"]
mod programs;
mod redis;
mod servers;
mod sqlite;

use std::sync::Arc;

use ofx_session::store::{Postgres, Record, RecordKey, Redis, ServerOptions, Sqlite, Store, Version};

/// Opens what parent and children share.
pub(crate) fn open(place: &str) -> Arc<dyn Store> {
    match place.split_once(' ').unwrap() {
        ("sqlite", path) => Arc::new(Sqlite::open(path).unwrap()),
        ("redis", url) => Arc::new(Redis::new(url, ServerOptions::new().durable(true)).unwrap()),
        ("postgres", url) => Arc::new(Postgres::new(url, ServerOptions::new().durable(true)).unwrap()),
        other => panic!("no store {other:?}"),
    }
}

/// The key of a round, the same in every process.
pub(crate) fn key(round: u64) -> RecordKey {
    let mut bytes = [0x5A; 32];
    bytes[24..].copy_from_slice(&round.to_be_bytes());
    RecordKey::new(bytes)
}

/// A write that nobody else makes.
pub(crate) fn any_version() -> Version {
    Version::new(uuid::Uuid::new_v4().into_bytes())
}

pub(crate) fn any_record(bytes: impl Into<Vec<u8>>) -> Record {
    Record::new(any_version(), bytes)
}

pub(crate) fn hex(version: Version) -> String {
    version.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "run by the other tests, in a process of its own"]
async fn as_a_child() {
    if let Ok(role) = std::env::var(child::ROLE) {
        child::run(&role, open(&std::env::var(child::PLACE).unwrap())).await;
    }
}
