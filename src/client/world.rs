//! Time and chance: the two things that make one run differ from another.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::engine::Seed;
use crate::error::{Delivery, Error, ErrorKind};

/// Where a client has its time and its random bytes from. Tests that explore what can happen bring one of their own.
#[cfg_attr(not(feature = "testing"), allow(unreachable_pub, reason = "only tests bring a world of their own"))]
pub trait World: fmt::Debug + Send + Sync {
    /// The time.
    fn now(&self) -> DateTime<Utc>;

    /// Fills `bytes` from a cryptographic random source.
    ///
    /// # Errors
    ///
    /// Why there are none.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Error>;
}

impl dyn World + '_ {
    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn seed(&self) -> Result<Seed, Error> {
        self.random().map(Seed::new)
    }

    pub(crate) fn uuid(&self) -> Result<String, Error> {
        Ok(uuid::Builder::from_random_bytes(self.random()?).into_uuid().to_string())
    }

    /// In whole seconds, UTC.
    pub(crate) fn unix(&self) -> u64 {
        u64::try_from(self.now().timestamp()).unwrap_or_default()
    }
}

/// The clock and the random source of the operating system.
pub(crate) fn real() -> &'static dyn World {
    &Real
}

#[derive(Debug)]
pub(crate) struct Real;

impl World for Real {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), Error> {
        getrandom::fill(bytes).map_err(|cause| {
            Error::new(
                ErrorKind::Bug,
                Delivery::NotSent,
                "the operating system gives no random bytes; nothing can be made safely",
            )
            .with_source(cause)
        })
    }
}
