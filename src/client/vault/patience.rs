//! How long a write is tried again: what an institution has answered is worth waiting for a store, as long as others wait for us.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::client::vault::Vault;
use crate::client::vault::desk::later;

/// How much it matters that a write succeeds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// A claim that adds a payment: leaves room for results.
    Adding,
    /// Before something is sent. When it fails, nothing is sent.
    Ahead,
    /// What an institution has answered: tried again also when the store says that nothing was written, with pauses in between,
    /// while the claim lasts.
    Result {
        /// When the claim ends.
        until: DateTime<Utc>,
    },
}

impl Effort {
    pub(crate) fn is_result(self) -> bool {
        matches!(self, Self::Result { .. })
    }
}

impl Vault {
    /// Whether to try a write once more that was tried so many times; after a pause, where there is one to make.
    pub(crate) async fn tries_again(&self, effort: Effort, tries: u32) -> bool {
        let Effort::Result { until } = effort else { return tries < MOST_TRIES };
        let by = FIRST_PAUSE.saturating_mul(1 << (tries - 1).min(8)).min(LONGEST_PAUSE);
        let in_time = tries < MOST_PAUSES && later(self.world.now(), by) <= until;
        // Past the claim's end as well: whoever has taken over meanwhile is found out by the version.
        (in_time && pause(by).await) || tries < MOST_TRIES
    }
}

/// Waits inside of a tokio runtime with a clock, where stores with a server are at home. False where there is nothing to wait with.
async fn pause(by: Duration) -> bool {
    #[cfg(any(feature = "https", feature = "redis", feature = "postgres"))]
    if tokio::runtime::Handle::try_current().is_ok() {
        // A runtime does not say whether it has one, and panics where it has none: now, when money may have moved.
        let Ok(sleep) = std::panic::catch_unwind(|| tokio::time::sleep(by)) else { return false };
        sleep.await;
        return true;
    }
    let _ = by;
    false
}

/// How often the same write is tried without a pause.
pub(crate) const MOST_TRIES: u32 = 4;

/// Whatever a clock says. The pauses alone are about a minute and a half.
const MOST_PAUSES: u32 = 90;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
