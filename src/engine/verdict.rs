//! What an answer says about one request, wherever in the file it says so.

use crate::engine::State;
use crate::error::StatusCode;
use crate::ofx::{Answer, BankAccount, RequestKind, Response, Status, SyncKind, SyncResponse, TrnUid, shortened};

/// What an answer says about the request under our `TRNUID`.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Accepted.
    Accepted(Box<Answer>),
    /// Not carried out, and this copy never will be.
    Refused(Status),
    /// Not looked at, because something happened since the token that it carried. OFX 2.3 §6.4.
    OutOfDate(Status),
    /// 2019: a copy was received before. OFX 1.0.3 §6.10.1.
    Duplicate(Option<String>),
    /// Not a word.
    Absent,
    /// Accepted, without the response that says what was done. No proof that it was, and none that it was not.
    Hollow,
    /// Something that cannot be read.
    Unreadable(String),
}

impl Verdict {
    /// For what counts, only what stands under our own `TRNUID` is an answer.
    pub(crate) fn of(kind: RequestKind, trn_uid: &TrnUid, response: &Response, frame: Option<&SyncResponse>) -> Self {
        let mut ours = Vec::new();
        for answer in response.answers_under(kind, trn_uid) {
            match answer {
                Ok(answer) => ours.push(answer),
                Err(error) => return Self::Unreadable(shortened(&error.to_string())),
            }
        }
        let ids: Vec<Option<&str>> = ours.iter().filter(|answer| accepts(answer, kind)).map(Answer::id).collect();
        match ids.split_first() {
            // A history may tell the same thing twice.
            Some((first, others)) if others.iter().all(|other| other == first) && !ours.iter().any(contradicts) => {}
            Some(_) => return Self::Unreadable("it says more than one thing about our TRNUID".to_owned()),
            None => return Self::without_success(ours, frame),
        }
        let found = ours.into_iter().find(|answer| accepts(answer, kind));
        found.map_or(Self::Absent, |answer| Self::Accepted(Box::new(answer)))
    }

    fn without_success(ours: Vec<Answer>, frame: Option<&SyncResponse>) -> Self {
        // Whatever it is, it is no proof that the request was not carried out.
        if ours.iter().any(|answer| !answer.status.is_error() && answer.reply.is_some()) {
            return Self::Unreadable("it says something else about our TRNUID than what was asked for".to_owned());
        }
        if ours.iter().any(Answer::says_yes_and_no) {
            return Self::Unreadable("it refuses the request, with the response of what was done".to_owned());
        }
        let hollow = ours.iter().any(|answer| !answer.status.is_error());
        let errors: Vec<Status> = ours.into_iter().map(|answer| answer.status).filter(Status::is_error).collect();
        let has = |code| errors.iter().position(|status| status.code == code);
        if let Some(at) = has(StatusCode::DUPLICATE) {
            let message = errors.get(at).and_then(|status| status.message.as_deref());
            return Self::Duplicate(message.map(shortened));
        }
        match (hollow, errors.is_empty()) {
            (true, true) => return Self::Hollow,
            (true, false) => return Self::Unreadable("it says yes and no about our TRNUID".to_owned()),
            (false, _) => {}
        }
        // Before 2.x there is no code of its own for it. OFX 1.0.3 §6.4.
        let news = frame.is_some_and(|frame| frame.is_out_of_date() || frame.has_news());
        let out_of_date =
            has(StatusCode::REJECTED_OUT_OF_DATE).or_else(|| has(StatusCode::GENERAL_ERROR).filter(|_| news));
        match out_of_date {
            Some(at) => errors.into_iter().nth(at).map_or(Self::Absent, Self::OutOfDate),
            None => errors.into_iter().next().map_or(Self::Absent, Self::Refused),
        }
    }
}

/// Whether an answer says that the request was done.
fn accepts(answer: &Answer, kind: RequestKind) -> bool {
    !answer.status.is_error() && answer.reply.as_ref().is_some_and(|reply| reply.kind() == kind)
}

/// Whether it refuses a request for another reason than that there is one already or something happened in between.
fn contradicts(answer: &Answer) -> bool {
    let expected = [StatusCode::DUPLICATE, StatusCode::REJECTED_OUT_OF_DATE, StatusCode::GENERAL_ERROR];
    answer.status.is_error() && !expected.contains(&answer.status.code)
}

/// The part of an answer that is about a history, and its newest token kept for later.
pub(crate) fn frame(
    response: &Response,
    kind: SyncKind,
    account: Option<&BankAccount>,
    state: &mut State,
) -> Option<SyncResponse> {
    let frame = SyncResponse::about(response.frames(kind), account)?;
    if let Some(token) = frame.token.as_deref().filter(|_| account.is_some() || !kind.is_of_account()) {
        state.keep_token(kind, account, token);
    }
    Some(frame)
}
