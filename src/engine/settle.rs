//! What an answer about a request that counts leads to: its end, another file, or doubt.

use chrono::{DateTime, Utc};

use crate::engine::marks::NO_TOKEN;
use crate::engine::operation::Phase;
use crate::engine::recovery::{Leg, Recovery};
use crate::engine::verdict::{Verdict, frame};
use crate::engine::{
    Change, Confirmed, Doubt, EngineError, Operation, Outcome, Receipt, Refusal, RefusedAt, State, Step, TaskKind,
};
use crate::error::StatusCode;
use crate::ofx::{Answer, Effect, Item, Reply, Request, RequestKind, Response, Status, SyncResponse, TrnUid};

impl Operation {
    /// The answer to a file whose signon was accepted, for a request that counts.
    pub(crate) fn take_work_answer(
        mut self,
        kind: RequestKind,
        state: &mut State,
        response: &Response,
        now: DateTime<Utc>,
    ) -> Result<(Self, Step), EngineError> {
        // Reading the account out of the request takes as long as the rest together: only where something is said of a history.
        let history = kind.row().sync.filter(|history| response.has_frame(*history));
        let frame = history.and_then(|history| {
            let account = self.account_of_history(state);
            frame(response, history, account.as_ref(), state)
        });
        if self.recovery.leg == Leg::Token {
            return Ok(self.take_token(state, frame.as_ref(), now));
        }
        let verdict = match Verdict::of(kind, &self.trn_uid(), response, frame.as_ref()) {
            Verdict::Absent if response.names(&self.trn_uid()) => Verdict::Unreadable(ELSEWHERE.to_owned()),
            verdict => verdict,
        };
        self.recovery.received |= matches!(verdict, Verdict::Duplicate(_) | Verdict::Hollow | Verdict::Unreadable(_));
        let says_nothing = matches!(verdict, Verdict::Absent | Verdict::OutOfDate(_));
        if says_nothing && self.looks_for_others() && frame.as_ref().is_none_or(|frame| frame.token.is_none()) {
            // What another copy has done would be in it, and is not told.
            return Err(EngineError::Missing("history (TOKEN)"));
        }
        Ok(match verdict {
            Verdict::Accepted(answer) => self.take_success(kind, *answer, response, frame.as_ref(), state, now),
            Verdict::Refused(status) => self.take_refusal(&status, frame.as_ref(), state, now),
            Verdict::OutOfDate(status) => self.take_out_of_date(state, &status, frame, now),
            // 2019 never is a success by itself: the history tells what became of the copy before.
            Verdict::Duplicate(message) => self.look_or_doubt(state, Doubt::Duplicate(message), now),
            Verdict::Absent if self.recovery.leg == Leg::History => self.take_absence(state, frame, now),
            Verdict::Hollow => self.look_or_doubt(state, Doubt::Unreadable(HOLLOW.to_owned()), now),
            Verdict::Absent => self.look_or_doubt(state, Doubt::NotMentioned, now),
            Verdict::Unreadable(why) => self.take_nonsense(why),
        })
    }

    /// Whether an answer whose signon was refused says more of what was asked for than that it was not looked at.
    pub(crate) fn is_answered_in(&self, response: &Response, state: &State) -> bool {
        let is_answered = |kind: RequestKind, trn_uid: &TrnUid| {
            let verdict = Verdict::of(kind, trn_uid, response, None);
            matches!(verdict, Verdict::Accepted(_) | Verdict::Unreadable(_) | Verdict::Duplicate(_))
        };
        match self.kind {
            TaskKind::Request(kind) => is_answered(kind, &self.trn_uid()),
            TaskKind::Batch(_) => self.tail.read(state.version()).unwrap_or_default().iter().any(|item| match item {
                Item::Request(trn_uid, request) => {
                    let kind = request.kind();
                    kind.row().effect != Effect::Reads && is_answered(kind, trn_uid)
                }
                Item::Sync(_) => false,
            }),
            TaskKind::ChangePassword => {
                let answers = response.passwords_under(&self.trn_uid());
                answers.is_ok_and(|answers| answers.iter().any(|(status, _)| !status.is_error()))
            }
            TaskKind::Profile | TaskKind::Synchronize(_) => false,
        }
    }

    /// What is said about it cannot be understood, and is the same when it is asked for in this way again.
    pub(crate) fn take_nonsense(mut self, why: String) -> (Self, Step) {
        let asked_for_the_answer = self.recovery.leg == Leg::SameFile;
        self.recovery.file_failed = asked_for_the_answer;
        self.recovery.exhausted =
            self.recovery.leg == Leg::History || asked_for_the_answer && self.recovery.token.is_none();
        self.in_doubt(Doubt::Unreadable(why))
    }

    fn take_success(
        self,
        kind: RequestKind,
        mut answer: Answer,
        response: &Response,
        frame: Option<&SyncResponse>,
        state: &State,
        now: DateTime<Utc>,
    ) -> (Self, Step) {
        let signon = response.signon();
        let payer = answer.reply.as_mut().and_then(Reply::payer_mut);
        if let Some(payer) = payer.filter(|payer| payer.bank_id.is_empty() || payer.account_type.as_str().is_empty()) {
            // What it leaves out of what it was asked for would be left out of the next request that is made of it.
            let asked = self.requests(state).unwrap_or_default();
            asked.iter().filter_map(Request::account).for_each(|ours| payer.fill_in(ours));
        }
        let outcome = match kind {
            RequestKind::Pay => {
                let later = frame.map(|frame| frame.answers.as_slice()).unwrap_or_default().iter().flatten();
                let receipt = Receipt::new(answer, signon).map(|receipt| receipt.after(later, now.date_naive()));
                receipt.map(|receipt| Outcome::Paid(Box::new(receipt)))
            }
            _ => {
                let since = frame.map(|frame| Change::since(&answer, frame, state)).unwrap_or_default();
                Confirmed::new(answer, signon, since).map(|confirmed| Outcome::Confirmed(Box::new(confirmed)))
            }
        };
        match outcome {
            Some(outcome) => self.over(outcome),
            None => self.look_or_doubt(state, Doubt::NotMentioned, now),
        }
    }

    /// No answer of OFX came to the question for a token: a profile may promise a history that is not there. The payment goes by
    /// itself then; whether it can be found out about is less certain, and it is sent once all the same. What is in doubt asks for no
    /// token, and would not be sent here if it did.
    pub(crate) fn give_up_history(mut self, state: &State, now: DateTime<Utc>) -> (Self, Step) {
        match self.doubt.take() {
            Some(doubt) => {
                self.recovery.exhausted = true;
                self.in_doubt(doubt)
            }
            None => {
                let copies = std::mem::take(&mut self.recovery.copies);
                self.recovery = Recovery { copies, ..Recovery::default() };
                self.phase = Phase::ExpectResult { passed: None };
                self.with_step(state, now)
            }
        }
    }

    fn take_token(self, state: &State, frame: Option<&SyncResponse>, now: DateTime<Utc>) -> (Self, Step) {
        match frame.and_then(|frame| frame.token.clone()) {
            Some(token) => self.send_after(&token, state, now),
            None => self.give_up_history(state, now),
        }
    }

    /// The institution says that it was not and will not be carried out.
    ///
    /// With earlier copies on their way that only counts when it is about them too: the saved answer to the only file, where no history
    /// could say more; the whole history; a copy after which they cannot be carried out any more; or a reason that is in the request
    /// itself, where the history around it says that none was before. A refusal that the institution counts as something that happened
    /// is such a copy itself: it was looked at because nothing had happened since the token, and the earlier ones come with a token that
    /// is out of date from then on.
    fn take_refusal(
        mut self,
        status: &Status,
        frame: Option<&SyncResponse>,
        state: &State,
        now: DateTime<Utc>,
    ) -> (Self, Step) {
        let refusal = Refusal::new(status, RefusedAt::Request);
        let whole = frame.is_some_and(SyncResponse::is_whole);
        let no_copy_can = self.recovery.token.is_some() && whole && is_in_the_request(status.code);
        let alone = frame.is_some_and(|frame| frame.answers.len() == 1);
        let moved = self.is_pinned() && frame.and_then(|frame| frame.token.as_ref()) != self.recovery.token.as_ref();
        // That the institution has received it says more than that it does not tell of it.
        let is_heard_of = self.recovery.received;
        let about_all = match self.recovery.leg {
            Leg::SameFile if self.recovery.token.is_some() => {
                let doubt = Doubt::repeat_refused(&refusal);
                self.recovery.refused = Some(refusal);
                return self.look_or_doubt(state, doubt, now);
            }
            // In the history itself it is about the only copy, whether or not that is whole.
            Leg::History if whole || !is_heard_of && !self.recovery.copies.repeated => true,
            _ if is_heard_of => false,
            _ if self.recovery.fenced || no_copy_can => true,
            Leg::Request => whole && alone && moved,
            // Where the answer was not saved for so long, the file was looked at anew: a day that is too near now was not then.
            Leg::SameFile => !self.recovery.copies.repeated && status.code != StatusCode::DATE_TOO_SOON,
            Leg::History | Leg::Token | Leg::NewPassword | Leg::OldPassword => false,
        };
        if about_all {
            return self.over(Outcome::Refused(refusal));
        }
        self.recovery.exhausted = true;
        self.refused(refusal)
    }

    /// Whether it goes after a token that says what was known.
    fn is_pinned(&self) -> bool {
        self.recovery.token.as_deref().is_some_and(|token| token != NO_TOKEN)
    }

    /// It was not looked at, because something happened in between: once more, with the newer token.
    fn take_out_of_date(
        mut self,
        state: &State,
        status: &Status,
        frame: Option<SyncResponse>,
        now: DateTime<Utc>,
    ) -> (Self, Step) {
        if !self.recovery.another_round() || self.recovery.token.is_none() {
            return match self.doubt.clone() {
                Some(doubt) => self.in_doubt(doubt),
                None => self.over(Outcome::Refused(Refusal::new(status, RefusedAt::Request))),
            };
        }
        if self.recovery.leg == Leg::History {
            return self.take_absence(state, frame, now);
        }
        if self.doubt.is_none() && frame.as_ref().is_some_and(|frame| self.undoes(frame, state)) {
            return self.over(Outcome::Refused(Refusal::new(status, RefusedAt::Request)));
        }
        if let Some(doubt) = self.doubt.clone() {
            // What happened in between may be the copy before: a further one goes only when the history has nothing of it.
            return self.look_or_doubt(state, doubt, now);
        }
        match frame {
            Some(SyncResponse { token: Some(token), .. }) => self.send_after(&token, state, now),
            _ => {
                // What has happened is to be seen before a change goes after it.
                let looks = self.is_pinned() && self.changes_an_object(state);
                self.recovery.leg = if looks { Leg::History } else { Leg::Token };
                self.phase = Phase::ExpectResult { passed: None };
                self.with_step(state, now)
            }
        }
    }

    /// The history has nothing of us: no copy was carried out.
    fn take_absence(mut self, state: &State, frame: Option<SyncResponse>, now: DateTime<Utc>) -> (Self, Step) {
        let Some(doubt) = self.doubt.clone().map(Doubt::of_read_history) else {
            let undoes = self.is_pinned() && frame.as_ref().is_some_and(|frame| self.undoes(frame, state));
            if undoes {
                let status = Status::new(StatusCode::REJECTED_OUT_OF_DATE, None);
                return self.over(Outcome::Refused(Refusal::new(&status, RefusedAt::Request)));
            }
            return self.take_token(state, frame.as_ref(), now);
        };
        let rival = frame.as_ref().and_then(|frame| self.rival(frame, state));
        let is_lost = frame.as_ref().is_some_and(|frame| frame.lost_sync);
        let Some(token) = frame.filter(SyncResponse::is_whole).and_then(|frame| frame.token) else {
            self.recovery.exhausted = true;
            return self.in_doubt(if is_lost { Doubt::HistoryLost } else { doubt });
        };
        if let Some(why) = rival {
            self.recovery.exhausted = true;
            // That it was received before says more.
            let is_received = self.recovery.received;
            return self.in_doubt(if is_received { doubt } else { Doubt::NoAnswer(why.to_owned()) });
        }
        let has_moved = self.recovery.token.as_ref() != Some(&token);
        // It was left out because something had happened since its token, or for a reason that a further copy does not change.
        let is_ignored = doubt == Doubt::NotMentioned && (!has_moved || self.recovery.copies.repeated);
        // Received before, and not in the history: it was refused or is kept back, or its answer was broken.
        let settles_nothing = self.recovery.received || is_ignored;
        if let Some(refusal) = self.recovery.refused.take_if(|_| !settles_nothing && !self.recovery.copies.repeated) {
            // No copy was carried out, and this is the saved answer to the only one.
            return self.over(Outcome::Refused(refusal));
        }
        if settles_nothing || !self.recovery.another_round() {
            self.recovery.exhausted = true;
            return self.in_doubt(doubt);
        }
        // A copy with the same token is as good as the one before.
        self.recovery.fenced = has_moved;
        self.send_after(&token, state, now)
    }

    /// The history is next where there is one; where it was the history that said no more, nothing is left to ask.
    fn look_or_doubt(mut self, state: &State, doubt: Doubt, now: DateTime<Utc>) -> (Self, Step) {
        if self.recovery.token.is_some() && self.recovery.leg != Leg::History && self.recovery.another_round() {
            self.recovery.leg = Leg::History;
            self.doubt = Some(doubt);
            self.phase = Phase::ExpectResult { passed: None };
            return self.with_step(state, now);
        }
        self.recovery.exhausted = self.recovery.leg != Leg::Request || self.recovery.copies.file.is_none();
        self.in_doubt(doubt)
    }

    /// The request after `token`, under the same identifier.
    fn send_after(mut self, token: &str, state: &State, now: DateTime<Utc>) -> (Self, Step) {
        if self.doubt.is_some() && self.recovery.token.as_deref() != Some(token) {
            // The file before carried another one, and cannot be made again as it was.
            self.recovery.copies.file = None;
        }
        self.recovery.token = Some(token.to_owned());
        self.recovery.leg = Leg::Request;
        self.phase = Phase::ExpectResult { passed: None };
        self.with_step(state, now)
    }
}

const ELSEWHERE: &str = "it names our TRNUID in a place where no answer stands";

const HOLLOW: &str = "it accepts the request without the response that belongs to it";

/// Whether what is wrong is the request, of which every copy is the same: its amount, a day that has come too near, its payee; or what
/// it would change, which was committed, cancelled or gone before and stays so.
/// What is wrong with accounts and their money may be right when another copy arrives. It says nothing about copies that arrived
/// before: a day that is too near today was not yesterday.
fn is_in_the_request(code: StatusCode) -> bool {
    matches!(
        code.value(),
        2012 | 2014 | 2016..=2018 | 10_501..=10_503 | 10_505 | 10_508..=10_513 | 10_515 | 10_517..=10_519
    )
}
