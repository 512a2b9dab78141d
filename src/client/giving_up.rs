//! What is left of an operation whose future is dropped while a file is on its way.
//!
//! Before the file was handed to the transport, the operation was noted as it stands when the file has left: a payment in doubt. That
//! is what stays, unless the transport proves, while the future is dropped, that it has not left and never will.

use std::pin::pin;

use chrono::{DateTime, Utc};

use crate::engine::{Operation, State};
use crate::error::Delivery;
use crate::secret::Secret;
use crate::transport::Recall;

/// Takes back, when it is dropped, what was noted for the case that a file has left.
pub(crate) struct Undo<'a> {
    /// Where it was noted.
    pub(crate) current: &'a mut Operation,
    /// The operation before it; `None` once there is nothing to take back, or it must not be.
    pub(crate) unsent: Option<&'a Operation>,
    /// Where the one-time token belongs.
    pub(crate) auth_token: &'a mut Option<Secret>,
    /// That which went with the file.
    pub(crate) used: Option<Secret>,
    pub(crate) state: &'a State,
    pub(crate) now: DateTime<Utc>,
    pub(crate) recall: Recall,
}

impl Undo<'_> {
    /// Waits for `exchange`, whose request has our [`Recall`].
    pub(crate) async fn unless_over<T>(mut self, exchange: impl Future<Output = T>) -> T {
        // Dropped from the last to the first: we say that we give up, the exchange ends, we look what it proved.
        let exchange = pin!(exchange);
        let _giving_up = GivingUp(self.recall.clone());
        let result = exchange.await;
        self.unsent = None;
        result
    }
}

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        if let Some(unsent) = self.unsent.filter(|_| self.recall.is_proved()) {
            // The same as after an error that says so. Where it was in doubt before, it is so again.
            let (unsent, _) = unsent.clone().handle_failure(self.state, Delivery::NotSent, "", self.now);
            *self.current = unsent;
            if self.used.is_some() {
                *self.auth_token = self.used.take();
            }
        }
    }
}

/// Says when it is dropped that nobody waits any longer.
struct GivingUp(Recall);

impl Drop for GivingUp {
    fn drop(&mut self) {
        self.0.give_up();
    }
}
