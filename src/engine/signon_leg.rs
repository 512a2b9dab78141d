//! The signon leg that every request runs through: what an answer's signon says, before anything beside it counts.

use chrono::{DateTime, Utc};

use crate::engine::answers::{complete, open_questions};
use crate::engine::doubt::BESIDE_REFUSED_SIGNON;
use crate::engine::judge;
use crate::engine::operation::{Passed, Phase, app};
use crate::engine::recovery::{Copies, Leg};
use crate::engine::{Answers, Doubt, EngineError, Operation, Refusal, RefusedAt, State, Step, TaskKind};
use crate::error::{Delivery, StatusCode};
use crate::ofx::{Question, Response, shortened};

impl Operation {
    /// The answer to the request for questions. OFX 1.0.3 §2.5.4.
    pub(crate) fn take_questions(
        mut self,
        state: &mut State,
        body: &[u8],
        again: bool,
        now: DateTime<Utc>,
    ) -> Result<(Self, Step), EngineError> {
        let response = Response::decode(body, &state.limits)?;
        let signon = response.signon();
        state.absorb(signon, self.kind, false);
        if !signon.is_accepted() && self.recovery.tries_a_password() {
            return Ok(self.take_password_try(signon, state, now));
        }
        if !signon.is_accepted() {
            return Ok(self.refused_at_signon(&signon.status, state, now));
        }
        let challenge = response.challenge()?;
        if challenge.status.is_error() {
            return Ok(self.refused(Refusal::new(&challenge.status, RefusedAt::Challenge)));
        }
        let sent = challenge.response.map(|response| response.questions).unwrap_or_default();
        if sent.len() > MOST_QUESTIONS || sent.iter().any(|question| question.id.len() > LONGEST_QUESTION_ID) {
            return Err(EngineError::Missing("list of security questions of a reasonable length"));
        }
        let mut questions: Vec<Question> = Vec::with_capacity(sent.len());
        for question in sent {
            // Each id is answered exactly once, however often it is asked.
            if !questions.iter().any(|known| known.id() == question.id) {
                questions.push(Question::new(question.id, question.label.as_deref().map(shortened)));
            }
        }
        if questions.is_empty() {
            return Err(EngineError::Missing("security question (MFACHALLENGE)"));
        }
        let alone = open_questions(&questions, &state.device, app(state), now).is_empty();
        // When the program's own answers were wrong, giving them again would go on for ever: the user is asked.
        self.phase = if alone && !again {
            let answers = complete(&questions, &Answers::new(), &state.device, app(state), now)?;
            Phase::ExpectResult { passed: Some(Passed { questions, again, answers, alone }) }
        } else {
            Phase::ExpectAnswers { questions, again }
        };
        Ok(self.with_step(state, now))
    }

    /// The answer to the request itself. `before` is what was known of copies before this one, where it is one that counts.
    pub(crate) fn take_result(
        mut self,
        state: &mut State,
        body: &[u8],
        passed: Option<&Passed>,
        before: Option<Copies>,
        now: DateTime<Utc>,
    ) -> Result<(Self, Step), EngineError> {
        let counts = before.is_some();
        let response = match Response::decode(body, &state.limits) {
            Ok(response) => response,
            Err(error) if counts => {
                // Cut short on its way, it may be whole the next time.
                let read = if error.is_cut_short(body) { Delivery::Unknown } else { Delivery::Answered };
                self.recovery.note_failure(read);
                return Ok(self.in_doubt(Doubt::Unreadable(shortened(&error.to_string()))));
            }
            // One that cannot be read is a history all the same, and the answer may be in it: a copy of this may have gone on from where it
            // was stored. Cut short on its way, it may be whole the next time. Only where no OFX came is there none.
            Err(error) if self.asks_for_token() && error.is_of_no_ofx() && !error.is_cut_short(body) => {
                return Ok(self.give_up_history(state, now));
            }
            Err(error) => {
                return match self.doubt.take() {
                    Some(doubt) => {
                        let tells = self.recovery.leg == Leg::History && !self.recovery.exhausted;
                        let hides = tells && !error.is_of_no_ofx() && !error.is_cut_short(body);
                        Ok(self.in_doubt(if hides { doubt.of_unreadable_history(&error) } else { doubt }))
                    }
                    None => Err(error.into()),
                };
            }
        };
        let signon = response.signon();
        state.absorb(signon, self.kind, self.recovery.leg == Leg::SameFile);
        if counts && !signon.is_accepted() && self.is_answered_in(&response, state) {
            // Nothing beside a failed signon is believed, that nothing was done neither.
            self.recovery.received = true;
            return Ok(self.take_nonsense(BESIDE_REFUSED_SIGNON.to_owned()));
        }
        if let Some(before) = before.filter(|_| !signon.is_accepted()) {
            // This copy was not looked at: what may have been carried out is what was before it.
            self.recovery.copies = before;
        }
        let wants_challenge = matches!(signon.status.code, StatusCode::MFA_REQUIRED | StatusCode::MFA_WRONG);
        if wants_challenge && !state.is_anonymous(self.kind) {
            if let Err(why) = state.version().require_mfa("an answer to the institution's security questions") {
                self.recovery.exhausted |= self.recovery.tries_a_password();
                return Ok(self.refused(Refusal::new(&signon.status, RefusedAt::Signon).because(why.to_string())));
            }
            // Nothing was carried out, and nothing beside a failed signon is believed. OFX 1.0.3 §2.5.1.
            // 3001 to a file without answers judges those of somebody before us.
            let again = passed.is_some();
            self.phase = Phase::ExpectQuestions { again };
            return Ok(self.with_step(state, now));
        }
        if self.recovery.tries_a_password() {
            return Ok(self.take_password_try(signon, state, now));
        }
        if !signon.is_accepted() {
            return Ok(self.refused_at_signon(&signon.status, state, now));
        }
        // Where a copy of the file may still be on its way the institution is never told to forget the answer: it is what stops that copy.
        let saved = self.recovery.copies.file.as_ref().filter(|_| counts && self.doubt.is_none());
        let saved = saved.map(|(_, number)| self.seed.file(*number));
        if passed.is_some() {
            state.realm_mut(self.kind.message_set()).challenged = true;
        }
        let trn_uid = self.trn_uid();
        let (operation, step) = match self.kind {
            TaskKind::Request(kind) if self.kind.counts() => self.take_work_answer(kind, state, &response, now)?,
            TaskKind::Batch(_) => self.take_batch(state, &response)?,
            TaskKind::ChangePassword => self.take_password(state, &response),
            TaskKind::Profile => self.over(judge::profile(&trn_uid, &response, state)?),
            TaskKind::ACCOUNTS => self.over(judge::accounts(&trn_uid, &response, state)?),
            TaskKind::Request(kind) => self.over(judge::request(kind, &trn_uid, &response)?),
            TaskKind::Synchronize(_) => {
                let outcome = judge::changes(&self.tail, &response, state)?;
                self.over(outcome)
            }
        };
        // The answer was of use: nobody will ask for it again.
        if saved.is_some() && matches!(operation.phase, Phase::Over(_)) {
            state.marks.last_file = saved;
        }
        Ok((operation, step))
    }
}

/// More than anybody would ask; what is asked goes into blobs.
const MOST_QUESTIONS: usize = 32;

const LONGEST_QUESTION_ID: usize = 64;
