//! Checks that a [`Store`] of any maker keeps its promises. Run it in a test of yours.
//!
//! ```text
//! store(make) ─► records.rs  what goes in comes out; versions that are stale, absent, right
//!             ─► lives.rs    records that end by themselves
//!             ─► races.rs    one winner, also when acknowledgements get lost
//! ```

mod lives;
mod races;
mod records;

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use crate::store::{Record, RecordKey, Store, StoreError, Swap, Version};

/// Runs every check on the store that `make` gives; each call must give a handle to the *same* records.
///
/// The store need not be empty: keys are random, and most records are deleted at the end. It takes some 15 000 writes and
/// two seconds of waiting for records to end. Call it inside a tokio runtime of several threads, or nothing really races. What
/// one process cannot show is left to tests of yours: other processes, a server that restarts, a full disk.
///
/// # Errors
///
/// The first broken promise, as one sentence, or the first error of the store.
///
/// # Examples
///
/// ```
/// use ofx_session::store::Memory;
/// use ofx_session::testing::conformance;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let memory = Memory::new();
/// conformance::store(|| memory.clone()).await
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn store<S: Store + 'static>(make: impl Fn() -> S + Send + Sync) -> Result<(), Broken> {
    let one = make();
    records::round_trips(&one).await?;
    records::laziness(&one).await?;
    records::versions(&one).await?;
    records::many_keys(&one).await?;
    records::sizes(&one).await?;
    records::is_shared(&one, &make()).await?;
    lives::ends(&one).await?;
    lives::changes(&one).await?;
    races::claims(&make).await?;
    races::lost_acknowledgements(Arc::new(make())).await?;
    races::claims_with_losses(&make).await
}

/// A promise that a store does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    check: &'static str,
    text: String,
}

impl Broken {
    fn new(check: &'static str, text: impl Into<String>) -> Self {
        Self { check, text: text.into() }
    }

    /// Names the check that failed, in a word or two.
    #[must_use]
    pub fn check(&self) -> &'static str {
        self.check
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.text)
    }
}

impl std::error::Error for Broken {}

/// One check's view of a store: every answer is compared, and the sentence says what was done.
struct Probe<'a> {
    store: &'a dyn Store,
    check: &'static str,
}

impl<'a> Probe<'a> {
    fn new(store: &'a dyn Store, check: &'static str) -> Self {
        Self { store, check }
    }

    fn broken(&self, text: impl Into<String>) -> Broken {
        Broken::new(self.check, text)
    }

    fn failed(&self, what: &str, error: &StoreError) -> Broken {
        self.broken(format!("{what}: the store answered an error: {error}"))
    }

    fn ends(&self, what: &str, wanted: Swap, answer: Result<Swap, StoreError>) -> Result<(), Broken> {
        match answer {
            Ok(swap) if swap == wanted => Ok(()),
            Ok(swap) => Err(self.broken(format!("{what}: the answer is {swap:?} and must be {wanted:?}"))),
            Err(error) => Err(self.failed(what, &error)),
        }
    }

    async fn create(&self, what: &str, wanted: Swap, key: &RecordKey, record: &Record) -> Result<(), Broken> {
        self.ends(what, wanted, self.store.create(key, record).await)
    }

    async fn swap(&self, what: &str, wanted: Swap, key: &RecordKey, old: Version, new: &Record) -> Result<(), Broken> {
        self.ends(what, wanted, self.store.swap(key, old, new).await)
    }

    async fn delete(&self, what: &str, wanted: Swap, key: &RecordKey, old: Version) -> Result<(), Broken> {
        self.ends(what, wanted, self.store.delete(key, old).await)
    }

    async fn load(&self, what: &str, key: &RecordKey) -> Result<Option<Record>, Broken> {
        self.store.load(key).await.map_err(|error| self.failed(what, &error))
    }

    /// Loads and compares the version only.
    async fn version(&self, what: &str, key: &RecordKey, wanted: Option<Version>) -> Result<(), Broken> {
        let found = self.load(what, key).await?.map(|record| record.version());
        if found == wanted {
            Ok(())
        } else {
            Err(self.broken(format!("{what}: there is {found:?} and must be {wanted:?}")))
        }
    }

    /// Loads and compares version and bytes; the life is compared by whoever knows what is left of it.
    async fn holds(&self, what: &str, key: &RecordKey, wanted: Option<&Record>) -> Result<(), Broken> {
        let found = self.load(what, key).await?;
        let same = match (&found, wanted) {
            (None, None) => true,
            (Some(found), Some(wanted)) => found.version() == wanted.version() && found.bytes() == wanted.bytes(),
            _ => false,
        };
        let (found, wanted) = (Shown(found.as_ref()), Shown(wanted));
        if same { Ok(()) } else { Err(self.broken(format!("{what}: there is {found} and must be {wanted}"))) }
    }
}

/// A record or its absence, in words.
struct Shown<'a>(Option<&'a Record>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("no record"),
            Some(record) => write!(f, "{:?} with {} bytes", record.version(), record.bytes().len()),
        }
    }
}

fn any_key() -> RecordKey {
    let mut bytes = [0; 32];
    let halves = Uuid::new_v4().into_bytes().into_iter().chain(Uuid::new_v4().into_bytes());
    bytes.iter_mut().zip(halves).for_each(|(to, from)| *to = from);
    RecordKey::new(bytes)
}

fn any_version() -> Version {
    Version::new(Uuid::new_v4().into_bytes())
}

fn any_record(bytes: impl Into<Vec<u8>>) -> Record {
    Record::new(any_version(), bytes)
}
