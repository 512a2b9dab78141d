//! The change of a password, and which one counts when its answer is lost. OFX 1.0.3 §2.5.2, OFX 2.3 §2.5.2.
//!
//! ```text
//! PINCHRQ ──► status 0 ──► PasswordChanged
//!    │  └───► error ─────► Refused
//!    └ no answer ─► in doubt ─reconcile─► the new one, once ──► accepted ──► PasswordChanged
//!                                            └ 15500 ─► the old one, once ─► accepted ──► Refused: it is the password
//!                                                          └ 15500 ─► in doubt, and nothing more is tried
//! ```
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
    pub(crate) fn take_password(self, response: &Response) -> (Self, Step) {
        match response.password() {
            None => self.in_doubt(Doubt::NotMentioned),
            Some(Err(error)) => self.in_doubt(Doubt::Unreadable(shortened(&error.to_string()))),
            Some(Ok(status)) if status.is_error() => {
                let refusal = Refusal::new(&status, RefusedAt::Request);
                self.over(Outcome::Refused(refusal))
            }
            Some(Ok(_)) => self.over(Outcome::PasswordChanged),
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
                let kept = Status::new(
                    StatusCode::PASSWORD_NOT_CHANGED,
                    Some("the old password still counts; keep both for a day: a copy on its way may change it yet"),
                );
                self.over(Outcome::Refused(Refusal::new(&kept, RefusedAt::Request)))
            }
            _ => {
                self.recovery.exhausted = true;
                let why = Refusal::new(status, RefusedAt::Signon);
                self.in_doubt(Doubt::RepeatRefused(crate::error::Error::from(why).to_string()))
            }
        }
    }
}
