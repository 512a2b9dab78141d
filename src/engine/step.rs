//! What to do next with an operation, and where it stands.

use crate::engine::{Approval, Challenge, Doubt, Outcome, Transmit};
use crate::ofx::Question;

/// What to do next: exactly one thing after every call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "a box is given back with what lay on the stack where its content was made, which may be a secret"
)]
pub enum Step {
    /// Put this file on the wire; keep what is inside first.
    Send(Transmit),
    /// The user must answer.
    Ask(Challenge),
    /// The user must have this client approved at the institution.
    Approve(Approval),
    /// It is over.
    Done(Outcome),
}

/// Where an operation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Situation {
    /// Its next file can be sent; nothing that was sent before can have been carried out. That is what this copy knows: of another one,
    /// resumed from the same blob, more may have been sent.
    Ready,
    /// The user must answer these questions.
    AwaitingAnswers(Challenge),
    /// The user must have this client approved at the institution; it was not looked at, and can be sent again then.
    AwaitingApproval(Approval),
    /// Its request may have been carried out.
    InDoubt(Doubt),
    /// It is over.
    Over(Outcome),
}

impl Situation {
    /// The questions the user must answer; empty when none are asked.
    #[must_use]
    pub fn questions(&self) -> &[Question] {
        match self {
            Self::AwaitingAnswers(challenge) => challenge.questions(),
            Self::Ready | Self::AwaitingApproval(_) | Self::InDoubt(_) | Self::Over(_) => &[],
        }
    }
}
