//! The change of a password, and which one counts when its answer is lost. OFX 1.0.3 §2.5.2, OFX 2.3 §2.5.2.
//!
//! ```text
//! PINCHRQ ──► status 0 ──► PasswordChanged
//!    │  └───► error ─────► Refused
//!    └ no answer, or 2019 ─► in doubt ─reconcile─► the new one, once ──► accepted ──► PasswordChanged
//!                               │                     └ 15500 ─► the old one, once ─► accepted ──► Refused: it is the password
//!                               │                                   └ 15500 ─► in doubt, and nothing more is tried
//!                               └ sent once more ─► error ─► in doubt: it says nothing of the first
//! ```
//!
//! An answer is one under our `TRNUID`, or under none.
//!
//! No password is ever stored: both are given again with the credentials.

use chrono::{DateTime, Utc};

use crate::engine::operation::Phase;
use crate::engine::recovery::Leg;
use crate::engine::{Doubt, Operation, Outcome, Refusal, RefusedAt, State, Step};
use crate::error::StatusCode;
use crate::ofx::{Response, SignonResponse, Status, shortened};

impl Operation {
    /// The answer to a file whose signon was accepted.
    pub(crate) fn take_password(self, state: &State, response: &Response) -> (Self, Step) {
        let ours = match response.passwords_under(&self.trn_uid()) {
            Ok(ours) => ours,
            Err(error) => return self.in_doubt(Doubt::Unreadable(shortened(&error.to_string()))),
        };
        let (refused, accepted): (Vec<_>, Vec<_>) = ours.into_iter().partition(|(status, _)| status.is_error());
        let received_before = refused.iter().find(|(status, _)| status.code == StatusCode::DUPLICATE);
        match (refused.first(), received_before) {
            (None, _) if accepted.is_empty() => self.in_doubt(Doubt::NotMentioned),
            (None, _) if accepted.iter().any(|(_, user_id)| is_another(state, *user_id)) => {
                self.in_doubt(Doubt::Unreadable(ANOTHER_USER.to_owned()))
            }
            (None, _) => self.over(Outcome::PasswordChanged),
            (Some(_), _) if !accepted.is_empty() => self.in_doubt(Doubt::Unreadable(YES_AND_NO.to_owned())),
            (Some(_), None) if refused.iter().any(|(_, user_id)| user_id.is_some()) => {
                self.in_doubt(Doubt::Unreadable(WITH_RESPONSE.to_owned()))
            }
            (Some(_), Some((status, _))) => {
                let message = status.message.as_deref().map(shortened);
                self.in_doubt(Doubt::Duplicate(message))
            }
            (Some((status, _)), None) => self.refused(Refusal::new(status, RefusedAt::Request)),
        }
    }

    /// Whether the institution took the password that was tried.
    pub(crate) fn take_password_try(
        mut self,
        signon: &SignonResponse,
        state: &State,
        now: DateTime<Utc>,
    ) -> (Self, Step) {
        let (accepted, status) = (signon.is_accepted(), &signon.status);
        match self.recovery.leg {
            Leg::NewPassword if accepted => self.over(Outcome::PasswordChanged),
            Leg::NewPassword if status.code == StatusCode::SIGNON_INVALID => {
                self.recovery.leg = Leg::OldPassword;
                self.phase = Phase::ExpectResult { passed: None };
                self.with_step(state, now)
            }
            _ if accepted => {
                // In our words: the institution has only let the user in.
                let kept = Status::new(StatusCode::PASSWORD_NOT_CHANGED, None);
                let refusal = Refusal::new(&kept, RefusedAt::Request).because(OLD_ONE_COUNTS.to_owned());
                self.over(Outcome::Refused(refusal))
            }
            _ => {
                self.recovery.exhausted = true;
                let why = Refusal::new(status, RefusedAt::Signon);
                self.in_doubt(Doubt::repeat_refused(&why))
            }
        }
    }
}

/// Whether an answer names another user than the one that the state is of, as far as both are known. Institutions have letters of
/// their own.
fn is_another(state: &State, named: Option<&str>) -> bool {
    let same = |known: &str, named: &str| known.trim().to_lowercase() == named.trim().to_lowercase();
    matches!((&state.user_id, named), (Some(known), Some(named)) if !same(known, named))
}

const OLD_ONE_COUNTS: &str = "the old password still counts; keep both for a day: a copy on its way may change it yet";
const YES_AND_NO: &str = "it says yes and no about the change of the password";
/// An error leaves its response out. OFX 1.0.3 §3.1.4.
const WITH_RESPONSE: &str = "it refuses the change of the password, with the response of what was done";
const ANOTHER_USER: &str = "it accepts the change of the password of another user";
