//! What an answer means to what does no harm when it is asked for again: profile, lists, inquiries, synchronizations.

use crate::engine::{Changes, Confirmed, EngineError, Held, Outcome, Refusal, RefusedAt, State};
use crate::error::StatusCode;
use crate::ofx::{Answer, Item, Reply, RequestKind, Response, Tail, TrnUid};

pub(crate) fn profile(trn_uid: &TrnUid, response: &Response, state: &mut State) -> Result<Outcome, EngineError> {
    let found = ours_or_only(response.profiles()?, |found| trn_uid.is(found.trn_uid.as_str()));
    let answer = found.ok_or(EngineError::Missing("profile (PROFTRNRS)"))?;
    if answer.status.is_error() {
        return Ok(Outcome::Refused(Refusal::new(&answer.status, RefusedAt::Request)));
    }
    match answer.response {
        Some(profile) => state.take_profile(profile),
        None if answer.status.code == StatusCode::UP_TO_DATE && state.profile().is_none() => {
            return Err(EngineError::NothingKnown("profile"));
        }
        None if answer.status.code == StatusCode::UP_TO_DATE => {}
        None => return Err(EngineError::Missing("profile (PROFRS)")),
    }
    state.profile_is_old = false;
    Ok(Outcome::Profile)
}

pub(crate) fn accounts(trn_uid: &TrnUid, response: &Response, state: &mut State) -> Result<Outcome, EngineError> {
    let answer = answer_that_reads(RequestKind::Accounts, trn_uid, response)?;
    if answer.status.is_error() {
        return Ok(Outcome::Refused(Refusal::new(&answer.status, RefusedAt::Request)));
    }
    take_accounts(answer, state)?;
    Ok(Outcome::Accounts)
}

/// Keeps the account list of an answer that is no refusal.
pub(crate) fn take_accounts(answer: Answer, state: &mut State) -> Result<(), EngineError> {
    match answer.reply {
        Some(Reply::Accounts(list)) => state.accounts = Some(Held::new("ACCTINFORS", *list)),
        _ if answer.status.code == StatusCode::UP_TO_DATE && state.accounts().is_none() => {
            return Err(EngineError::NothingKnown("account list"));
        }
        _ if answer.status.code == StatusCode::UP_TO_DATE => {}
        _ => return Err(EngineError::Missing("account list (ACCTINFORS)")),
    }
    Ok(())
}

pub(crate) fn request(kind: RequestKind, trn_uid: &TrnUid, response: &Response) -> Result<Outcome, EngineError> {
    let answer = answer_that_reads(kind, trn_uid, response)?;
    if answer.status.is_error() {
        return Ok(Outcome::Refused(Refusal::new(&answer.status, RefusedAt::Request)));
    }
    let confirmed = Confirmed::new(answer, response.signon(), Vec::new());
    Ok(Outcome::Confirmed(Box::new(confirmed.ok_or_else(|| EngineError::Missing(kind.row().response))?)))
}

pub(crate) fn changes(tail: &Tail, response: &Response, state: &mut State) -> Result<Outcome, EngineError> {
    let asked = tail.read(state.version())?.into_iter().find_map(|item| match item {
        Item::Sync(request) => Some(request),
        Item::Request(..) => None,
    });
    let asked = asked.ok_or(EngineError::Situation("was stored without what it asks for"))?;
    Ok(match Changes::find(&asked, true, response, state)? {
        Ok(changes) => Outcome::Synchronized(Box::new(changes)),
        Err(refusal) => Outcome::Refused(refusal),
    })
}

/// The answer under our `TRNUID`. Of account lists also the only one there is: reading the wrong one does no harm, while whoever
/// reads that another payment failed may pay this one again.
pub(crate) fn answer_that_reads(
    kind: RequestKind,
    trn_uid: &TrnUid,
    response: &Response,
) -> Result<Answer, EngineError> {
    let answers: Result<Vec<_>, _> = response.answers(kind).map(|answer| response.read(kind, answer)).collect();
    let is_ours = |found: &Answer| trn_uid.is(found.trn_uid.as_str());
    let found = match kind {
        RequestKind::Accounts => ours_or_only(answers?, is_ours),
        _ => answers?.into_iter().find(is_ours),
    };
    found.ok_or_else(|| EngineError::Missing(kind.row().transaction_response))
}

fn ours_or_only<T>(mut found: Vec<T>, is_ours: impl Fn(&T) -> bool) -> Option<T> {
    match found.iter().position(is_ours) {
        Some(at) => Some(found.swap_remove(at)),
        None if found.len() == 1 => found.pop(),
        None => None,
    }
}
