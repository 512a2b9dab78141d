//! What an operation that waits is still good for.

use crate::engine::operation::Phase;
use crate::engine::{Operation, State};

impl Operation {
    /// Forgets questions that wait for answers, where another operation of the same user has passed a challenge of the same signon
    /// realm since: the institution waits for no answers any more, and an access key may spare them. The request is sent anew and may
    /// be challenged anew. An operation that waits for none, or is in doubt, stays as it is.
    pub(crate) fn without_old_questions(mut self, state: &State) -> Self {
        let passed = state.realm(self.kind.message_set()).challenged;
        if passed && matches!(self.phase, Phase::ExpectAnswers { .. }) && self.doubt.is_none() {
            self.phase = self.first_phase(state);
        }
        self
    }

    /// Whether it is in doubt and nothing is left to try. While a way is being tried, it is not.
    pub(crate) fn is_hopeless(&self) -> bool {
        matches!(self.phase, Phase::InDoubt(_)) && !self.can_reconcile()
    }
}
