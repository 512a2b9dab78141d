//! Listening to `tracing` on one thread while the tests of other threads run.

use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;

/// To be held for as long as one thread listens. Where its subscriber is the only one, `tracing` asks whichever thread comes first to a
/// place in the code whether anybody listens there, and remembers what that thread said for all of them. Where there are two it asks
/// both, and not the thread.
pub(crate) fn another_listener() -> Dispatch {
    Dispatch::new(NoSubscriber::default())
}
