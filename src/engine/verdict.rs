//! What an answer says about one payment, wherever in the file it says so.

use crate::engine::operation::shortened;
use crate::engine::{Receipt, State};
use crate::error::StatusCode;
use crate::ofx::{BankAccount, PaymentFrame, PaymentTransactionResponse, Response, Status, TrnUid};

/// What an answer says about the payment under our `TRNUID`.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Accepted.
    Paid(Box<Receipt>),
    /// Not carried out, and this copy never will be.
    Refused(Status),
    /// Not looked at, because something happened since the token that it carried. OFX 2.3 §6.4.
    OutOfDate(Status),
    /// 2019: a copy was received before. OFX 1.0.3 §6.10.1.
    Duplicate(Option<String>),
    /// Not a word.
    Absent,
    /// Something that cannot be read.
    Unreadable(String),
}

impl Verdict {
    /// For money only what stands under our own `TRNUID` counts.
    pub(crate) fn of(trn_uid: &TrnUid, response: &Response, frame: Option<&PaymentFrame>) -> Self {
        let mut ours = Vec::new();
        for answer in response.payments_under(trn_uid) {
            match answer {
                Ok(answer) => ours.push(answer),
                Err(error) => return Self::Unreadable(shortened(&error.to_string())),
            }
        }
        let ids: Vec<&str> = ours.iter().filter_map(accepted).collect();
        match ids.split_first() {
            // A history may tell the same thing twice.
            Some((first, others)) if others.iter().all(|other| other == first) && !ours.iter().any(contradicts) => {}
            Some(_) => return Self::Unreadable("it says more than one thing about our TRNUID".to_owned()),
            None => return Self::without_a_payment(ours, frame),
        }
        let found = ours.into_iter().find(|answer| accepted(answer).is_some());
        let Some(PaymentTransactionResponse { trn_uid, status, response: Some(paid) }) = found else {
            return Self::Absent;
        };
        let notices = [response.signon().status.clone(), status];
        let notices = notices.into_iter().filter(|status| status.code != StatusCode::SUCCESS).collect();
        Self::Paid(Box::new(Receipt { trn_uid, response: paid, notices }))
    }

    fn without_a_payment(ours: Vec<PaymentTransactionResponse>, frame: Option<&PaymentFrame>) -> Self {
        let errors: Vec<Status> = ours.into_iter().map(|answer| answer.status).filter(Status::is_error).collect();
        let has = |code| errors.iter().position(|status| status.code == code);
        if let Some(at) = has(StatusCode::DUPLICATE) {
            return Self::Duplicate(errors.into_iter().nth(at).and_then(|status| status.message));
        }
        // Before 2.x there is no code of its own for it. OFX 1.0.3 §6.4.
        let news = frame.is_some_and(|frame| frame.is_out_of_date || frame.others > 0);
        let out_of_date =
            has(StatusCode::REJECTED_OUT_OF_DATE).or_else(|| has(StatusCode::GENERAL_ERROR).filter(|_| news));
        match out_of_date {
            Some(at) => errors.into_iter().nth(at).map_or(Self::Absent, Self::OutOfDate),
            None => errors.into_iter().next().map_or(Self::Absent, Self::Refused),
        }
    }
}

/// The institution's name for the payment that an answer accepts.
fn accepted(answer: &PaymentTransactionResponse) -> Option<&str> {
    answer.response.as_ref().filter(|_| !answer.status.is_error()).map(|paid| paid.server_id.as_str())
}

/// Whether it refuses a payment for another reason than that there is one already or something happened in between.
fn contradicts(answer: &PaymentTransactionResponse) -> bool {
    let expected = [StatusCode::DUPLICATE, StatusCode::REJECTED_OUT_OF_DATE, StatusCode::GENERAL_ERROR];
    answer.status.is_error() && !expected.contains(&answer.status.code)
}

/// The part of an answer that is about the payments of an account, and its newest token kept for later.
pub(crate) fn frame(response: &Response, account: Option<&BankAccount>, state: &mut State) -> Option<PaymentFrame> {
    let mut frames = response.payment_frames();
    let ours = frames.iter().position(|frame| account.is_some() && frame.account.as_ref() == account);
    let frame = match ours {
        Some(at) => frames.swap_remove(at),
        None if frames.len() == 1 => frames.pop()?,
        None => return None,
    };
    if let (Some(account), Some(token)) = (account, &frame.token) {
        state.keep_token(account, token);
    }
    Some(frame)
}
