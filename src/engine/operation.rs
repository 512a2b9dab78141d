//! The operation: one request, and the signon leg that every request runs through.

use chrono::{DateTime, Utc};

use crate::engine::answers::{complete, open_questions};
use crate::engine::recovery::{Leg, Recovery};
use crate::engine::task::{Made, make};
use crate::engine::{
    Answers, Approval, Challenge, Doubt, EngineError, Intent, Outcome, Part, Refusal, Seed, Situation, State, Step,
    TaskKind,
};
use crate::error::{Delivery, Moved};
use crate::ofx::{BankAccount, ChallengeAnswer, EncodeError, Question, Tail, shortened, squeezed_at_most};

/// One request on its way through signon, challenge and answer. See the module's page for the whole contract.
#[derive(Clone, PartialEq, Eq)]
pub struct Operation {
    pub(crate) kind: TaskKind,
    pub(crate) seed: Seed,
    /// Made once, never changed.
    pub(crate) tail: Tail,
    /// Where its files go, when that was read from a blob and is not what the profile there says: the request and the questions.
    pub(crate) urls: Option<(String, String)>,
    /// Files sent so far; each has an identifier of its own.
    pub(crate) files: u32,
    /// The account of its history, where the request does not say it.
    pub(crate) account: Option<BankAccount>,
    /// For several requests: which one was asked for at which place of the file.
    pub(crate) order: Vec<u8>,
    /// What is not known of an earlier send, while the request is sent once more. Only its own result settles that.
    pub(crate) doubt: Option<Doubt>,
    pub(crate) phase: Phase,
    /// For the case that the answer gets lost.
    pub(crate) recovery: Recovery,
    /// Parts of a stored operation that only a later version understands: written back with it.
    pub(crate) unknown: Vec<Part>,
}

/// What is awaited.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The questions, for which a file is to be sent. `again` when the answers before were wrong.
    ExpectQuestions { again: bool },
    /// The user's answers.
    ExpectAnswers { questions: Vec<Question>, again: bool },
    /// That the user has this client approved. With the institution's words, when it had any.
    ExpectApproval { message: Option<String> },
    /// The result, for which the request is to be sent, with the answers where a challenge came before.
    ExpectResult { passed: Option<Passed> },
    /// Somebody who finds out whether the request was carried out.
    InDoubt(Doubt),
    /// Nothing any more.
    Over(Outcome),
}

impl Phase {
    /// What is awaited first of all.
    fn first(kind: TaskKind, state: &State) -> Result<Self, EncodeError> {
        let asks = !state.is_anonymous(kind) && state.challenge_comes_first(kind.message_set())?;
        Ok(if asks { Self::ExpectQuestions { again: false } } else { Self::ExpectResult { passed: None } })
    }
}

/// Answers that go into the next file, and the questions they answer: only those may be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Passed {
    pub(crate) questions: Vec<Question>,
    pub(crate) again: bool,
    pub(crate) answers: Vec<ChallengeAnswer>,
    /// The program gave them all: nobody is asked.
    pub(crate) alone: bool,
}

impl Operation {
    /// Makes the request of `intent`, with its identifiers, and says what to do first. Nothing is sent here.
    ///
    /// # Errors
    ///
    /// [`EngineError::Encode`] when the request, or the questions that must come before it, cannot be expressed in the
    /// institution's version, or a value is too long or has characters that the version cannot carry;
    /// [`EngineError::NotOffered`] when the profile has no bill payment; [`EngineError::Batch`] when it is too long for one file, or
    /// several requests cannot stand in one.
    pub fn begin(intent: Intent, state: &State, seed: Seed, now: DateTime<Utc>) -> Result<(Self, Step), EngineError> {
        Ok(Self::make(intent, state, seed)?.with_step(state, now))
    }

    /// As [`begin`](Self::begin), for whoever asks for the first [`step`](Self::step) later.
    pub(crate) fn make(intent: Intent, state: &State, seed: Seed) -> Result<Self, EngineError> {
        let Made { kind, tail, recovery, account, order } = make(intent, state, seed)?;
        if squeezed_at_most(tail.as_bytes()) > LONGEST_REQUEST {
            return Err(EngineError::Batch(TOO_LONG));
        }
        let phase = Phase::first(kind, state)?;
        Ok(Self {
            kind,
            seed,
            tail,
            urls: None,
            account,
            order,
            files: 0,
            doubt: None,
            phase,
            recovery,
            unknown: Vec::new(),
        })
    }

    /// Takes the body of an answer to the file last sent.
    ///
    /// # Errors
    ///
    /// [`EngineError`] when the answer is of no use and nothing hangs on it; what
    /// [`Transmit::prepare`](crate::engine::Transmit::prepare) handed out can go on. A request in doubt is [`Outcome::Unknown`] and no error.
    pub fn handle_response(
        mut self,
        state: &mut State,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<(Self, Step), EngineError> {
        let before = self.recovery.copies.clone();
        let before = self.note_send(state).then_some(before);
        match std::mem::replace(&mut self.phase, Phase::InDoubt(Doubt::Interrupted)) {
            Phase::ExpectQuestions { again } => self.take_questions(state, body, again, now),
            Phase::ExpectResult { passed } => self.take_result(state, body, passed.as_ref(), before, now),
            Phase::ExpectAnswers { .. } | Phase::ExpectApproval { .. } | Phase::InDoubt(_) | Phase::Over(_) => {
                Err(EngineError::Situation("expects no answer from the institution"))
            }
        }
    }

    /// Takes the news that no usable answer came to the file last sent. [`Delivery::Answered`] means that the institution refused to
    /// read the file as OFX, and always will (an HTTP status of 400 to 499 that is not about the moment, as 403 and 429 are); a request
    /// is in doubt then as if nothing had come.
    ///
    /// `why` is for people: it becomes the evidence of a request in doubt. The step says what could be done next: send again when
    /// nothing can have been carried out; a request that counts and may have been is in doubt.
    #[must_use]
    pub fn handle_failure(mut self, state: &State, delivery: Delivery, why: &str, now: DateTime<Utc>) -> (Self, Step) {
        // Asked before answers are used up, which changes what is awaited.
        let does_without = delivery == Delivery::Answered && self.can_do_without_answer();
        if delivery == Delivery::NotSent {
            self.files += 1;
        } else if self.note_send(state) {
            self.recovery.note_failure(delivery);
            return self.in_doubt(Doubt::NoAnswer(shortened(why)));
        } else {
            self.use_up_answers();
        }
        if does_without {
            return self.give_up_history(state, now);
        }
        match self.doubt.take() {
            Some(doubt) => self.in_doubt(doubt),
            None => self.with_step(state, now),
        }
    }

    /// Takes the user's answers. Check them with [`check_answers`](Self::check_answers) first, to keep the operation when they
    /// are incomplete.
    ///
    /// # Errors
    ///
    /// [`EngineError::Answers`] when a question has no answer or an answer no question; [`EngineError::Situation`] when nothing
    /// was asked.
    pub fn handle_answer(
        mut self,
        state: &State,
        answers: &Answers,
        now: DateTime<Utc>,
    ) -> Result<(Self, Step), EngineError> {
        let answers = self.check(state, answers, now)?;
        let Phase::ExpectAnswers { questions, again } = self.phase else {
            return Err(EngineError::Situation(NO_ANSWERS));
        };
        self.phase = Phase::ExpectResult { passed: Some(Passed { questions, again, answers, alone: false }) };
        Ok(self.with_step(state, now))
    }

    /// Whether these answers would be accepted, without using them up.
    ///
    /// # Errors
    ///
    /// As [`handle_answer`](Self::handle_answer).
    pub fn check_answers(&self, state: &State, answers: &Answers, now: DateTime<Utc>) -> Result<(), EngineError> {
        self.check(state, answers, now).map(|_| ())
    }

    /// Sends a request that is in doubt once more, unchanged and under the same identifiers.
    ///
    /// # Security
    ///
    /// An institution that checks for duplicates answers 2019 and pays once. One that does not pays twice.
    /// [`reconcile`](Self::reconcile) where there is a way, or settle the doubt by other means.
    ///
    /// The doubt lasts until the request itself is answered: a refusal of the second try says nothing about the first.
    ///
    /// # Errors
    ///
    /// [`EngineError::Situation`] when nothing is in doubt.
    pub fn repeat_in_doubt(mut self, state: &State, now: DateTime<Utc>) -> Result<(Self, Step), EngineError> {
        let doubt = self.ended_in_doubt()?.clone();
        self.doubt = Some(doubt);
        self.phase = Phase::ExpectResult { passed: None };
        self.recovery.leg = Leg::Request;
        self.recovery.fenced = false;
        Ok(self.with_step(state, now))
    }

    /// Whether [`reconcile`](Self::reconcile) has a way to find out what became of a request in doubt.
    #[must_use]
    pub fn can_reconcile(&self) -> bool {
        let has_a_way =
            if self.kind == TaskKind::ChangePassword { !self.recovery.exhausted } else { self.recovery.has_a_way() };
        matches!(self.phase, Phase::InDoubt(_)) && has_a_way
    }

    /// Finds out what became of a request in doubt, in the ways that the institution's profile promised when it was sent.
    ///
    /// # Errors
    ///
    /// [`EngineError::Situation`] when nothing is in doubt or there is no way to find out.
    pub fn reconcile(mut self, state: &State, now: DateTime<Utc>) -> Result<(Self, Step), EngineError> {
        let doubt = self.ended_in_doubt()?.clone();
        if self.kind == TaskKind::ChangePassword {
            if !state.share_realm("SIGNUP", "SIGNON") {
                return Err(EngineError::Situation(NO_REALM_TO_TRY));
            }
            self.recovery.turn_to_next_password()?;
        } else {
            self.recovery.turn_to_next_way()?;
        }
        self.doubt = Some(doubt);
        self.phase = Phase::ExpectResult { passed: None };
        Ok(self.with_step(state, now))
    }

    fn ended_in_doubt(&self) -> Result<&Doubt, EngineError> {
        match &self.phase {
            Phase::InDoubt(doubt) => Ok(doubt),
            _ if self.doubt.is_some() => Err(EngineError::Situation(GOES_ON)),
            _ => Err(EngineError::Situation("is not in doubt")),
        }
    }

    /// Goes on with one that waited for the client's approval: it is sent again, unchanged. Any other stays as it is.
    #[must_use]
    pub fn after_approval(mut self, state: &State) -> Self {
        if matches!(self.phase, Phase::ExpectApproval { .. }) {
            self.phase = self.first_phase(state);
        }
        self
    }

    /// What is awaited before anything was sent, or after nothing of it was looked at.
    pub(crate) fn first_phase(&self, state: &State) -> Phase {
        Phase::first(self.kind, state).unwrap_or(Phase::ExpectQuestions { again: false })
    }

    /// Where it stands.
    #[must_use]
    pub fn situation(&self, state: &State, now: DateTime<Utc>) -> Situation {
        match &self.phase {
            Phase::ExpectQuestions { .. } | Phase::ExpectResult { .. } => {
                self.doubt.clone().map_or(Situation::Ready, Situation::InDoubt)
            }
            Phase::ExpectAnswers { questions, again } => {
                Situation::AwaitingAnswers(self.challenge(questions, *again, state, now))
            }
            Phase::ExpectApproval { message } => Situation::AwaitingApproval(Approval::new(state, message.clone())),
            Phase::InDoubt(doubt) => Situation::InDoubt(doubt.clone()),
            Phase::Over(outcome) => Situation::Over(outcome.clone()),
        }
    }

    /// Why it is not known whether its request was carried out, when it is in doubt. That lasts while it is sent once more, also while
    /// questions wait for answers.
    #[must_use]
    pub fn doubt(&self) -> Option<&Doubt> {
        match &self.phase {
            Phase::InDoubt(doubt) => Some(doubt),
            Phase::ExpectQuestions { .. }
            | Phase::ExpectAnswers { .. }
            | Phase::ExpectApproval { .. }
            | Phase::ExpectResult { .. } => self.doubt.as_ref(),
            Phase::Over(_) => None,
        }
    }

    /// Whether money may have moved because of it.
    pub(crate) fn moved(&self) -> Moved {
        if self.doubt().is_some() { Moved::Unknown } else { Moved::No }
    }

    fn check(&self, state: &State, answers: &Answers, now: DateTime<Utc>) -> Result<Vec<ChallengeAnswer>, EngineError> {
        let Phase::ExpectAnswers { questions, .. } = &self.phase else {
            return Err(EngineError::Situation(NO_ANSWERS));
        };
        complete(questions, answers, &state.device, app(state), now)
    }

    pub(crate) fn with_step(self, state: &State, now: DateTime<Utc>) -> (Self, Step) {
        let step = self.step(state, now);
        (self, step)
    }

    pub(crate) fn challenge(
        &self,
        questions: &[Question],
        again: bool,
        state: &State,
        now: DateTime<Utc>,
    ) -> Challenge {
        let open = open_questions(questions, &state.device, app(state), now);
        Challenge::new(if open.is_empty() { questions.to_vec() } else { open }, again, self.doubt.is_some())
    }

    /// A refusal ends a first try. Of a second one it only says that this one was not carried out.
    pub(crate) fn refused(self, refusal: Refusal) -> (Self, Step) {
        if self.doubt.is_some() {
            return self.in_doubt(Doubt::repeat_refused(&refusal));
        }
        self.over(Outcome::Refused(refusal))
    }

    /// The operation after a file that was refused at the signon, as it was `before`: what would change something waits, under its
    /// identifiers, for a signon that is accepted. Each file has an identifier of its own. Answers stand in the signon, and are used up.
    pub(crate) fn not_looked_at(self, mut before: Self) -> Self {
        before.use_up_answers();
        let waits = self.kind != TaskKind::ChangePassword;
        if waits { Self { files: self.files, ..before } } else { self }
    }

    /// Whether nothing is awaited any more.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over(_))
    }

    pub(crate) fn over(mut self, outcome: Outcome) -> (Self, Step) {
        self.doubt = None;
        self.phase = Phase::Over(outcome.clone());
        (self, Step::Done(outcome))
    }

    pub(crate) fn in_doubt(mut self, doubt: Doubt) -> (Self, Step) {
        self.doubt = None;
        self.phase = Phase::InDoubt(doubt.clone());
        (self, Step::Done(Outcome::Unknown(doubt)))
    }
}

/// What may be in doubt must fit into a blob, beside the rest of the state.
const LONGEST_REQUEST: usize = 48 * 1024;
const GOES_ON: &str = "is in doubt, and is being found out about already: answer its questions where it has asked some, or go on with proceed";
const NO_ANSWERS: &str = "waits for no answers: go on with proceed, or settle a request that is in doubt";
const NO_REALM_TO_TRY: &str = "cannot be found out about: a password is tried with a request for the account list, which belongs to another \
                               signon realm of the institution; keep both passwords, and ask the institution";
const TOO_LONG: &str = "this is more than 48 KiB in one file (letters beyond ASCII count twice), and could not be stored while it is in doubt; send it in several";

pub(crate) fn app(state: &State) -> (&str, &str) {
    (&state.application.id, &state.application.version)
}
