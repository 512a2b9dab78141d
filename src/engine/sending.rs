//! What an operation sends next: which file, where to, and as what it stands once that file is on its way.

use chrono::{DateTime, Utc};

use crate::engine::marks::NO_TOKEN;
use crate::engine::operation::Phase;
use crate::engine::recovery::Leg;
use crate::engine::transmit::Purpose;
use crate::engine::{Approval, Doubt, Operation, Outcome, State, Step, TaskKind, Transmit};
use crate::ofx::{ChallengeAnswer, FileUid, SyncFrom};

impl Operation {
    /// The step to go on with, for an operation that was restored.
    #[must_use]
    pub fn step(&self, state: &State, now: DateTime<Utc>) -> Step {
        match &self.phase {
            Phase::ExpectQuestions { .. } => {
                let purpose = Purpose::Challenge(self.seed.challenge(self.files));
                let mut interrupted = self.clone();
                interrupted.files += 1;
                self.send(self.challenge_url(state), purpose, (FileUid::none(), self.files), Vec::new(), interrupted)
            }
            Phase::ExpectResult { passed } => {
                let answers = passed.as_ref().map(|passed| passed.answers.clone()).unwrap_or_default();
                let mut interrupted = self.clone();
                if interrupted.note_send(state) {
                    interrupted.doubt = Some(Doubt::Interrupted);
                } else {
                    interrupted.use_up_answers();
                }
                let purpose = match self.recovery.leg {
                    Leg::Token => Purpose::History(SyncFrom::TokenOnly),
                    Leg::History => {
                        let token = self.recovery.token.clone().unwrap_or_else(|| NO_TOKEN.to_owned());
                        Purpose::History(SyncFrom::Token(token))
                    }
                    // A file that tries a password asks no questions, so the identifier is used once.
                    Leg::NewPassword | Leg::OldPassword => Purpose::TryPassword(self.seed.challenge(self.files)),
                    Leg::Request | Leg::SameFile if self.kind == TaskKind::ChangePassword => Purpose::NewPassword,
                    Leg::Request | Leg::SameFile => Purpose::Work,
                };
                let saved = if self.sends_what_counts() { self.saved_file(state) } else { None };
                let file = saved.unwrap_or_else(|| (FileUid::none(), self.files));
                let url = if self.recovery.tries_a_password() { state.url_of("SIGNUP") } else { self.url(state) };
                self.send(url, purpose, file, answers, interrupted)
            }
            Phase::ExpectAnswers { questions, again } => Step::Ask(self.challenge(questions, *again, state, now)),
            Phase::ExpectApproval { message } => Step::Approve(Approval::new(state, message.clone())),
            Phase::InDoubt(doubt) => Step::Done(Outcome::Unknown(doubt.clone())),
            Phase::Over(outcome) => Step::Done(outcome.clone()),
        }
    }

    /// Whether what it sends next is a request that must not simply be made again.
    pub(crate) fn sends_what_counts(&self) -> bool {
        let leg = self.recovery.leg;
        self.kind.counts()
            && matches!(self.phase, Phase::ExpectResult { .. })
            && matches!(leg, Leg::Request | Leg::SameFile)
    }

    /// Whether it goes on another way when the institution does not read the file it sends next.
    pub(crate) fn can_do_without_answer(&self) -> bool {
        self.asks_for_token() && matches!(self.phase, Phase::ExpectResult { .. })
    }

    /// Whether all it asks for is a token, because nothing of it was sent by anybody.
    pub(crate) fn asks_for_token(&self) -> bool {
        self.recovery.leg == Leg::Token || self.asks_before_it_sends() && self.recovery.alone
    }

    /// Whether the file it sends next asks what was done since it was made or stored, before it sends anything itself: by another copy of
    /// it, restored from the same blob, or by others to what it changes. Where the institution does not tell, nothing is sent. One that no
    /// longer has all of it (`LOSTSYNC` Y to a question from the beginning) has forgotten what is old, and a blob of something that is not
    /// in doubt is not.
    pub(crate) fn asks_for_others(&self) -> bool {
        self.looks_for_others() && matches!(self.phase, Phase::ExpectResult { .. })
    }

    /// As [`asks_for_others`](Self::asks_for_others), for an answer to that file.
    pub(crate) fn looks_for_others(&self) -> bool {
        self.asks_before_it_sends() && !self.recovery.alone
    }

    fn asks_before_it_sends(&self) -> bool {
        self.recovery.leg == Leg::History && self.doubt.is_none()
    }

    /// The same where no other copy of it can have gone on.
    pub(crate) fn alone(mut self) -> Self {
        self.recovery.alone = true;
        self
    }

    /// Notes that the file of the present step was sent, and whether it was one that counts.
    pub(crate) fn note_send(&mut self, state: &State) -> bool {
        let counts = self.sends_what_counts();
        if counts {
            self.recovery.copies.repeated |= self.doubt.is_some() && self.recovery.leg == Leg::Request;
            self.recovery.copies.file = self.saved_file(state);
        }
        self.files += 1;
        counts
    }

    /// Answers that may have arrived are not given twice: the questions are asked for again.
    pub(crate) fn use_up_answers(&mut self) {
        if matches!(self.phase, Phase::ExpectResult { passed: Some(_) }) {
            self.phase = Phase::ExpectQuestions { again: false };
        }
    }

    /// How the request goes out as a file of which the institution keeps the answer, when it does: `OLDFILEUID`, and the number of
    /// the file.
    fn saved_file(&self, state: &State) -> Option<(FileUid, u32)> {
        match self.recovery.leg {
            Leg::SameFile => self.recovery.copies.file.clone(),
            // A file with passwords is never repeated. OFX 1.0.3 §2.2.7.
            _ if self.kind == TaskKind::ChangePassword => None,
            Leg::Request => {
                let old = state.old_file_uid(self.kind.message_set(), self.recovery.copies.file.is_some());
                Some((old, self.files)).filter(|(old, _)| !old.is_none())
            }
            Leg::Token | Leg::History | Leg::NewPassword | Leg::OldPassword => None,
        }
    }

    fn send(
        &self,
        url: &str,
        purpose: Purpose,
        (old_file_uid, number): (FileUid, u32),
        answers: Vec<ChallengeAnswer>,
        mut interrupted: Self,
    ) -> Step {
        if let Some(doubt) = interrupted.doubt.take() {
            interrupted.phase = Phase::InDoubt(doubt);
        }
        Step::Send(Transmit {
            url: url.to_owned(),
            purpose,
            old_file_uid,
            file_uid: self.seed.file(number),
            answers,
            interrupted,
        })
    }
}
