//! Several requests in one file: each answer is matched to what was asked for.

use crate::engine::judge::{answer_that_reads, take_accounts};
use crate::engine::recovery::Leg;
use crate::engine::verdict::Verdict;
use crate::engine::{
    BatchAnswer, Changes, Confirmed, Doubt, EngineError, Operation, Outcome, Refusal, RefusedAt, State, Step,
};
use crate::ofx::{Effect, Item, Request, RequestKind, Response, SyncRequest, TrnUid, shortened};

impl Operation {
    /// The answer to a file whose signon was accepted. When one of the requests that count has no answer of use, the whole is in
    /// doubt: nothing of it is reported that might have to be taken back.
    pub(crate) fn take_batch(mut self, state: &mut State, response: &Response) -> Result<(Self, Step), EngineError> {
        let items = self.tail.read(state.version())?;
        // What is said about the last copy says nothing about those before it.
        let about_all = self.doubt.is_none() || self.recovery.leg == Leg::SameFile && !self.recovery.copies.repeated;
        let mut answers = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let answer = match item {
                Item::Request(trn_uid, request) => match answer(request, trn_uid, response, state) {
                    Ok(BatchAnswer::Refused(refusal)) if !about_all && request.kind().row().effect != Effect::Reads => {
                        self.recovery.exhausted = true;
                        return Ok(self.refused(*refusal));
                    }
                    Ok(answer) => answer,
                    Err(doubt) => {
                        self.recovery.exhausted = self.recovery.leg == Leg::SameFile;
                        return Ok(self.in_doubt(doubt));
                    }
                },
                Item::Sync(asked) => match Changes::find(asked, is_only(asked, &items), response, state) {
                    Ok(Ok(changes)) => BatchAnswer::Synchronized(Box::new(changes)),
                    Ok(Err(refusal)) => BatchAnswer::Refused(Box::new(refusal)),
                    Err(error) => BatchAnswer::Unanswered(error.to_string()),
                },
            };
            answers.push((self.order.get(at).copied(), answer));
        }
        answers.sort_by_key(|(place, _)| *place);
        Ok(self.over(Outcome::Batch(answers.into_iter().map(|(_, answer)| answer).collect())))
    }
}

/// Whether it is the only history of its kind that is asked for.
fn is_only(asked: &SyncRequest, items: &[Item]) -> bool {
    let alike = |item: &&Item| matches!(item, Item::Sync(other) if other.kind == asked.kind);
    items.iter().filter(alike).count() == 1
}

fn answer(request: &Request, trn_uid: &TrnUid, response: &Response, state: &mut State) -> Result<BatchAnswer, Doubt> {
    let kind = request.kind();
    let found = if kind.row().effect == Effect::Reads {
        match answer_that_reads(kind, trn_uid, response) {
            Ok(answer) => answer,
            Err(error) => return Ok(BatchAnswer::Unanswered(error.to_string())),
        }
    } else {
        match Verdict::of(kind, trn_uid, response, None) {
            Verdict::Accepted(answer) => *answer,
            Verdict::Refused(status) | Verdict::OutOfDate(status) => return Ok(refused(&status)),
            Verdict::Duplicate(message) => return Err(Doubt::Duplicate(message)),
            Verdict::Absent | Verdict::Hollow => return Err(Doubt::NotMentioned),
            Verdict::Unreadable(why) => return Err(Doubt::Unreadable(shortened(&why))),
        }
    };
    if found.status.is_error() {
        return Ok(refused(&found.status));
    }
    if kind == RequestKind::Accounts {
        // The list that it replaces is of no more use; an answer that is none leaves it as it is.
        if let Err(error) = take_accounts(found.clone(), state) {
            return Ok(BatchAnswer::Unanswered(error.to_string()));
        }
    }
    let confirmed = Confirmed::new(found, response.signon(), Vec::new());
    Ok(confirmed.map_or(BatchAnswer::UpToDate, |confirmed| BatchAnswer::Confirmed(Box::new(confirmed))))
}

fn refused(status: &crate::ofx::Status) -> BatchAnswer {
    BatchAnswer::Refused(Box::new(Refusal::new(status, RefusedAt::Request)))
}
