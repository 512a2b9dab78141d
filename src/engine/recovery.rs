//! After an unknown outcome: what was arranged so that it can be found out, and the next way to try. Every other request that counts goes
//! the ways of a payment.
//!
//! ```text
//!            SYNCMODE FULL, no token known
//!  begin ──────────────► Token ──► Request ──────────────────────────► Paid | Refused
//!    └────────────────────────────►  │  ▲ │
//!                                    │  │ └ nothing came, or nothing of use ──► in doubt
//!            token out of date ──────┘  │                                        │ reconcile
//!                                       │                          RESPFILEER    ▼
//!                                       │                ┌────────────────── SameFile ──► Paid | Refused
//!            absent: once more, under   │                ▼ says nothing or no, or there is none
//!            the same TRNUID and the    └──────────── History ──────────────────────────► Paid | Refused
//!            new token                                   └ history lost, 2019 without a result: nothing left to try
//! ```
//!
//! - `Token`: the newest token, before anything else. An operation that was stored before it had one, and of which there may be a
//!   copy that went on, asks for the whole history in its place, and finds there what the copy did.
//! - `Request`: the payment. Inside of `PMTSYNCRQ` with `REJECTIFMISSING` where the institution keeps a history: a copy that arrives
//!   late then finds its token out of date, unless nothing happened, and then it is the only one. OFX 1.0.3 §6.4.
//! - `SameFile`: the same bytes under the same `NEWFILEUID`: the institution gives its saved answer again. OFX 1.0.3 §6.10. One that has
//!   thrown it away may carry the file out anew, and refuse it because of the copy before: where there is a history, a refusal counts
//!   when that has nothing of it.
//! - `History`: what happened since the token that the payment carried. Our `TRNUID` in it settles the payment; its absence
//!   proves that no copy was carried out, and the next copy is fenced off from the ones before by the newer token; unless the history holds
//!   a [rival](super::rival) of it, which is for a person.

use crate::engine::marks::NO_TOKEN;
use crate::engine::operation::{Passed, Phase};
use crate::engine::{EngineError, Operation, Refusal, State, TaskKind};
use crate::error::Delivery;
use crate::ofx::FileUid;

/// Which file an operation sends next, apart from those for security questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Leg {
    /// Asks for the token that the request must carry.
    Token,
    /// The request itself.
    #[default]
    Request,
    /// The request once more, as the file that it was.
    SameFile,
    /// Asks what happened since the token that the request carries.
    History,
    /// Signs on with the new password, to find out whether it is the password.
    NewPassword,
    /// Signs on with the old one.
    OldPassword,
}

/// What is known for the case that the answer to a request gets lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recovery {
    pub(crate) leg: Leg,
    /// The `TOKEN` of the `xxxSYNCRQ` in which the request goes; `0` before one is known. `None` when it goes by itself.
    pub(crate) token: Option<String>,
    pub(crate) copies: Copies,
    /// The same file was sent in vain: the history is next.
    pub(crate) file_failed: bool,
    /// The institution answered every question about the request, and the answers settle nothing.
    pub(crate) exhausted: bool,
    /// Copies that were sent before carry a token that is out of date.
    pub(crate) fenced: bool,
    /// The institution has said that it received it, or something of it that is no refusal and cannot be understood: that its history
    /// has nothing of it proves nothing.
    pub(crate) received: bool,
    /// The same file was answered with this refusal, of the copy before or of a new one: the history says which.
    pub(crate) refused: Option<Refusal>,
    /// Nobody else can have gone on with it: whoever restored it says so, because the store that it was in lets only one. Not stored.
    pub(crate) alone: bool,
    /// How many answers have led to another file, or refused the same one. Bounded: an institution could go on for ever.
    pub(crate) rounds: u8,
}

/// The copies of a request that may have been carried out. One that was refused at the signon is none of them: it was not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Copies {
    /// `OLDFILEUID`, and the number of the file, with which the request was sent last so that its answer is saved; or, of one that was
    /// stored without the profile before it was sent, that it is to be.
    pub(crate) file: Option<(FileUid, u32)>,
    /// It was sent again, in another file, while it was in doubt: the saved answer is that to the last copy only.
    pub(crate) repeated: bool,
}

impl Recovery {
    /// For a request inside of an `xxxSYNCRQ`, with the token where one is known.
    pub(crate) fn by_history(token: Option<&str>) -> Self {
        let leg = if token.is_some() { Leg::Request } else { Leg::Token };
        Self { leg, token: Some(token.unwrap_or(NO_TOKEN).to_owned()), ..Self::default() }
    }

    /// Whether there is a way left to find out what became of a request that was sent.
    pub(crate) fn has_a_way(&self) -> bool {
        !self.exhausted && (self.copies.file.is_some() || self.token.is_some())
    }

    /// Turns to the way to try next.
    pub(crate) fn turn_to_next_way(&mut self) -> Result<(), EngineError> {
        if !self.has_a_way() {
            return Err(EngineError::Situation(
                "cannot be found out about: the institution keeps neither its answers nor a history, or they settle nothing; ask there",
            ));
        }
        let same_file = self.copies.file.is_some() && !(self.file_failed && self.token.is_some());
        self.leg = if same_file { Leg::SameFile } else { Leg::History };
        self.file_failed = false;
        if self.leg == Leg::History {
            self.rounds = 0;
        }
        Ok(())
    }

    /// Whether it signs on to find out which password counts.
    pub(crate) fn tries_a_password(&self) -> bool {
        matches!(self.leg, Leg::NewPassword | Leg::OldPassword)
    }

    /// Turns to the password to try next: each is tried once, since failed signons lock the user out. OFX 1.0.3 §2.5.2.
    pub(crate) fn turn_to_next_password(&mut self) -> Result<(), EngineError> {
        self.leg = match self.leg {
            _ if self.exhausted => return Err(EngineError::Situation(NO_PASSWORD_LEFT)),
            Leg::NewPassword | Leg::OldPassword => self.leg,
            Leg::Token | Leg::Request | Leg::SameFile | Leg::History => Leg::NewPassword,
        };
        Ok(())
    }

    /// The request was sent, and no answer came that could be read.
    pub(crate) fn note_failure(&mut self, delivery: Delivery) {
        self.file_failed = self.leg == Leg::SameFile;
        // An institution that has thrown its answer away may refuse the file for ever.
        if self.file_failed && delivery == Delivery::Answered && self.token.is_none() && !self.another_round() {
            self.exhausted = true;
        }
    }

    /// Counts one more answer of the institution that leads to another file. `false` when it is enough.
    pub(crate) fn another_round(&mut self) -> bool {
        self.rounds = self.rounds.saturating_add(1);
        self.rounds <= MOST_ROUNDS
    }
}

impl Operation {
    /// What is stored of it where the profile is not: that says whether answers are saved, and a request that goes without its
    /// `OLDFILEUID` could not be found out about.
    pub(crate) fn recovery_without_profile(&self, state: &State) -> Recovery {
        let mut recovery = self.recovery.clone();
        let counts = self.kind.counts() && self.kind != TaskKind::ChangePassword;
        if counts && recovery.copies.file.is_none() && self.doubt().is_none() {
            let old = state.old_file_uid(self.kind.message_set(), false);
            recovery.copies.file = Some((old, self.files)).filter(|(old, _)| !old.is_none());
        }
        recovery
    }

    /// As it stands once what was asked for by name did not come to its file: what is in doubt is so again, and whether it is found out
    /// about or sent once more is asked for again. Answers that were not sent are, too. As it is after a pause.
    pub(crate) fn at_rest(mut self) -> Self {
        if self.doubt.is_none() {
            return self;
        }
        self.phase = match self.phase {
            Phase::ExpectResult { passed: Some(Passed { questions, again, alone: false, .. }) } => {
                Phase::ExpectAnswers { questions, again }
            }
            Phase::ExpectQuestions { .. } | Phase::ExpectResult { .. } => {
                self.doubt.take().map_or(Phase::ExpectResult { passed: None }, Phase::InDoubt)
            }
            phase => phase,
        };
        self
    }
}

/// More than any number of other clients that are at work on the same account.
const MOST_ROUNDS: u8 = 8;

const NO_PASSWORD_LEFT: &str =
    "has tried the new and the old password once each; another try could lock the user out: ask the institution";
