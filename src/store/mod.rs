//! Small records of sealed bytes with compare-and-swap: what makes one of two processes win.
//!
//! A later room decides what a record means and seals it; a store keeps bytes and never looks inside. What it promises is
//! small and must hold under any race, between processes and across restarts:
//!
//! - [`create`](Store::create) succeeds for one of all who try it under the same key,
//! - [`swap`](Store::swap) and [`delete`](Store::delete) succeed only against the version they expect,
//! - a record whose life is over is no record,
//! - an error says whether the write can have happened: [`StoreError::applied`].
//!
//! ```text
//!              create(v1)            swap(v1, v2)           delete(v2)
//!  no record ────────────► record v1 ────────────► record v2 ────────► no record
//!            ◄──────────── its life is over
//! ```
//!
//! | store | feature | survives a crash | several processes |
//! |---|---|---|---|
//! | [`Memory`] | | no | no |
//! | `Sqlite` | `sqlite` | yes | on one machine |
//! | `Redis` | `redis` | where its server is set up for it | yes |
//! | `Postgres` | `postgres` | where its server is set up for it | yes |
//!
//! Whoever implements [`Store`] runs `testing::conformance::store` on it (feature `testing`).
//!
//! # When an acknowledgement is lost
//!
//! After an error with [`Applied::Unknown`] the writer loads the record and compares its version with the one it wrote. The
//! same: the write is there. Another: it is not there, or was and somebody else has written since. It may also come yet, out of
//! a network's or a server's buffer. So who loads the version from before repeats the *same* write, with the same versions:
//! whichever copy comes second is a conflict and changes nothing. A deleted record can be made again by a create that comes
//! late; so a record is deleted only when what it stands for is over.
//!
//! # Moving to another store
//!
//! Stop every program that writes, copy all records with their versions and what is left of their lives, and start with the new store
//! only. What is copied while somebody writes is a state that never was: a result is in neither of its two places, and its payment is
//! made again.
//!
//! # Examples
//!
//! ```
//! use ofx_session::store::{Memory, Record, RecordKey, Store, Swap, Version};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let store = Memory::new();
//! let key = RecordKey::new([1; 32]); // a digest
//! let (mine, yours) = (Version::new([2; 16]), Version::new([3; 16])); // random bytes
//!
//! assert_eq!(store.create(&key, &Record::new(mine, b"mine".as_slice())).await?, Swap::Done);
//! assert_eq!(store.create(&key, &Record::new(yours, b"yours".as_slice())).await?, Swap::Conflict);
//! assert_eq!(store.swap(&key, mine, &Record::new(yours, b"yours now".as_slice())).await?, Swap::Done);
//! assert_eq!(store.load(&key).await?.map(Record::into_bytes), Some(b"yours now".to_vec()));
//! assert_eq!(store.delete(&key, mine).await?, Swap::Conflict);
//! # Ok::<(), ofx_session::Error>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod record;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "redis", feature = "postgres"))]
mod server;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqlite")]
mod worker;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

pub use crate::store::error::{Applied, Cause, StoreError};
pub use crate::store::memory::Memory;
#[cfg(feature = "postgres")]
pub use crate::store::postgres::Postgres;
pub use crate::store::record::{Record, RecordKey, Version};
#[cfg(feature = "redis")]
pub use crate::store::redis::Redis;
#[cfg(any(feature = "redis", feature = "postgres"))]
pub use crate::store::server::ServerOptions;
#[cfg(feature = "sqlite")]
pub use crate::store::sqlite::Sqlite;

/// What [`Store`]'s calls are waiting for.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Keeps records under a compare-and-swap.
///
/// Nothing happens before the answer is polled. Dropping an answer gives up waiting; whether the write happened is then
/// unknown. Implementations never repeat a write by themselves after an error: the writer decides that.
///
/// # Errors
///
/// Every call may fail with any [`StoreError`]; its [`applied`](StoreError::applied) is `No` only when the write certainly
/// did not happen and will not happen later.
pub trait Store: fmt::Debug + Send + Sync {
    /// What this store is good for, as it was set up.
    fn capabilities(&self) -> Capabilities;

    /// Writes `record` when there is none under `key`; [`Swap::Conflict`] when there is one.
    fn create<'a>(&'a self, key: &'a RecordKey, record: &'a Record) -> Answer<'a, Swap>;

    /// Reads the record under `key`, as the newest acknowledged write left it.
    fn load<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>>;

    /// Writes `record`, with its own life, over the one under `key` when that has the version `expected`.
    fn swap<'a>(&'a self, key: &'a RecordKey, expected: Version, record: &'a Record) -> Answer<'a, Swap>;

    /// Removes the record under `key` when it has the version `expected`.
    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Version) -> Answer<'a, Swap>;
}

macro_rules! passed_on {
    ($($pointer:ident)*) => {
        $(
            impl<S: Store + ?Sized> Store for $pointer<S> {
                fn capabilities(&self) -> Capabilities {
                    (**self).capabilities()
                }

                fn create<'a>(&'a self, key: &'a RecordKey, record: &'a Record) -> Answer<'a, Swap> {
                    (**self).create(key, record)
                }

                fn load<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>> {
                    (**self).load(key)
                }

                fn swap<'a>(&'a self, key: &'a RecordKey, expected: Version, record: &'a Record) -> Answer<'a, Swap> {
                    (**self).swap(key, expected, record)
                }

                fn delete<'a>(&'a self, key: &'a RecordKey, expected: Version) -> Answer<'a, Swap> {
                    (**self).delete(key, expected)
                }
            }
        )*
    };
}

passed_on! { Arc Box }

/// How a conditional write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "a conflict means that nothing was written"]
#[expect(clippy::exhaustive_enums, reason = "whoever moves money on it must be able to match both and nothing else")]
pub enum Swap {
    /// It was written.
    Done,
    /// Another version is there, or no record, or for a create: there is a record. Nothing was changed.
    Conflict,
}

/// What a store is good for. Nothing, until it says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// An acknowledged write survives a crash of this process, of the store's server and of their machines.
    pub durable: bool,
    /// Several processes see the same records.
    pub shared: bool,
    /// Records whose life is over are removed by the store without anybody asking for them.
    pub expires: bool,
    /// The most bytes a record may have; `None`: no limit of the store's own.
    pub largest: Option<usize>,
}

impl Capabilities {
    /// A store that promises nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { durable: false, shared: false, expires: false, largest: None }
    }

    /// Says whether an acknowledged write survives crashes.
    #[must_use]
    pub const fn durable(mut self, durable: bool) -> Self {
        self.durable = durable;
        self
    }

    /// Says whether several processes see the same records.
    #[must_use]
    pub const fn shared(mut self, shared: bool) -> Self {
        self.shared = shared;
        self
    }

    /// Says whether the store removes expired records by itself.
    #[must_use]
    pub const fn expires(mut self, expires: bool) -> Self {
        self.expires = expires;
        self
    }

    /// Names the most bytes a record may have.
    #[must_use]
    pub const fn largest(mut self, bytes: usize) -> Self {
        self.largest = Some(bytes);
        self
    }
}

/// The most bytes of a record that goes to a database: far more than a blob has.
#[cfg(any(feature = "sqlite", feature = "redis", feature = "postgres"))]
const LARGEST: usize = 16 << 20;

#[cfg(any(feature = "sqlite", feature = "redis", feature = "postgres"))]
fn fits(store: &'static str, record: &Record) -> Result<(), StoreError> {
    let length = record.bytes().len();
    if length <= LARGEST { Ok(()) } else { Err(StoreError::TooLarge { store, length, limit: LARGEST }) }
}
