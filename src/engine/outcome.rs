//! How an operation ends.

use std::fmt;
use std::ops::Deref;

use chrono::NaiveDate;

use crate::engine::changes::notices;
use crate::engine::{Change, Changes, Doubt};
use crate::error::{Delivery, Error, ErrorKind};
use crate::ofx::{
    Answer, Content as _, Payment, PaymentProcessing, PaymentResponse, PaymentState, Reply, SignonResponse, Stamp,
    Status, TrnUid, Version,
};

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The profile in the state is up to date.
    Profile,
    /// The account list in the state is up to date.
    Accounts,
    /// The payment was accepted.
    Paid(Box<Receipt>),
    /// Another request was done.
    Confirmed(Box<Confirmed>),
    /// What happened since a place in the history.
    Synchronized(Box<Changes>),
    /// The answers to several requests, in the order in which they were asked for.
    Batch(Vec<BatchAnswer>),
    /// The password is the new one.
    PasswordChanged,
    /// The institution said no. Nothing was carried out.
    Refused(Refusal),
    /// The payment may or may not have been made, or the change carried out. Never enter it again before that is settled.
    Unknown(Doubt),
}

/// A request that was done, other than a payment.
///
/// Dereferences to the record of the response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Confirmed<R = Reply> {
    /// The response.
    pub record: R,
    /// The status of the request and of the signon, where they say more than success: warnings and messages.
    pub notices: Vec<Status>,
    /// What the history tells of the same object behind this, oldest first: how it stands now is said by the last of them. Empty where
    /// the institution tells of nothing more. What it tells with an error is not among them, also where that has the response of what was
    /// done: nobody knows whether it was, and a synchronization tells it as [`ChangeKind::Unknown`](crate::engine::ChangeKind::Unknown).
    pub since: Vec<Change>,
    answer: Answer,
}

impl<R> Deref for Confirmed<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.record
    }
}

impl Confirmed {
    /// `None` for an answer without a response. `since` is what a history tells of the same object after it.
    pub(crate) fn new(answer: Answer, signon: &SignonResponse, since: Vec<Change>) -> Option<Self> {
        let record = answer.reply.clone()?;
        let answer = answer.on_its_own();
        let notices = notices([&signon.status, &answer.status]);
        Some(Self { record, notices, since, answer })
    }

    /// The same with the record of one kind of response; `None` for another kind.
    #[must_use]
    pub fn of<R: TryFrom<Reply>>(self) -> Option<Confirmed<R>> {
        let Self { record, notices, since, answer } = self;
        Some(Confirmed { record: R::try_from(record).ok()?, notices, since, answer })
    }
}

impl<R> Confirmed<R> {
    /// `TRNUID` under which it was asked for.
    #[must_use]
    pub fn trn_uid(&self) -> &TrnUid {
        &self.answer.trn_uid
    }

    /// The response aggregate as the institution sent it, as text.
    #[must_use]
    pub fn aggregate(&self) -> String {
        self.answer.aggregate()
    }

    /// Everything the institution answered, with whatever the record does not cover.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        &self.answer
    }
}

/// What became of one of several requests.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchAnswer {
    /// Done. A payment is a [`PaymentResponse`] here: `confirmed.of::<PaymentResponse>()`.
    Confirmed(Box<Confirmed>),
    /// What is known is up to date, as the account list.
    UpToDate,
    /// Not done; its text says why, and what to do.
    Refused(Box<Refusal>),
    /// What happened.
    Synchronized(Box<Changes>),
    /// It only reads, and the institution has said nothing of use about it, for this reason: ask again.
    Unanswered(String),
}

/// An accepted payment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// `TRNUID` under which it was asked for.
    pub trn_uid: TrnUid,
    /// Everything the institution answered.
    pub response: PaymentResponse,
    /// The status of the payment and of the signon, where they say more than success: warnings, words beside a success (code 0), and
    /// 15000 when the password must be changed.
    pub notices: Vec<Status>,
}

impl Receipt {
    /// `None` for an answer without a payment.
    pub(crate) fn new(answer: Answer, signon: &SignonResponse) -> Option<Self> {
        let Answer { trn_uid, status, reply: Some(Reply::Pay(response)), .. } = answer else { return None };
        let notices = notices([&signon.status, &status]);
        Some(Self { trn_uid, response: *response, notices })
    }

    /// The same after what a history tells of the payment beside its acceptance, `today`.
    pub(crate) fn after<'a>(mut self, told: impl Iterator<Item = &'a Answer>, today: NaiveDate) -> Self {
        let told: Vec<_> = told.filter(|answer| answer.id() == Some(&self.response.server_id)).collect();
        if told.is_empty() {
            return self;
        }
        let accepted = self.response.clone();
        for answer in told {
            let (payment, processing) = match &answer.reply {
                // It was accepted. How it stands nobody knows, before something else is told of it.
                _ if answer.says_yes_and_no() => {
                    self.response.processing = None;
                    continue;
                }
                _ if answer.status.is_error() => continue,
                // The very same over again is as old as it was.
                Some(Reply::Pay(again)) if **again != accepted => (&again.payment, &again.processing),
                Some(Reply::ModifyPayment(changed)) => (&changed.payment, &changed.processing),
                Some(Reply::CancelPayment(_)) => {
                    self.response.processing = Some(PaymentProcessing::new(PaymentState::CanceledOn, today));
                    continue;
                }
                _ => continue,
            };
            // Neither day nor state of the payment as it was counts for that on another day.
            let is_moved = !payment.due.is_same_day(&self.response.payment.due);
            self.response.payment = payment.clone();
            if is_moved || processing.is_some() {
                self.response.processing.clone_from(processing);
            }
        }
        self
    }

    /// `SRVRTID`: names the payment at the institution.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.response.server_id
    }

    /// Whether it will be made, was made, or failed already; `None` when the institution does not say. An institution may accept a
    /// payment and report in the same answer that it failed; one that was found out about in the history may have been changed or
    /// cancelled since, and this says so. Where the history has an error about it together with the response of what was done, nobody
    /// knows how it stands, and this is `None`: ask for its status.
    #[must_use]
    pub fn state(&self) -> Option<&PaymentState> {
        self.response.processing.as_ref().map(|processing| &processing.state)
    }

    /// The day that [`state`](Self::state) speaks of: on which it will be processed, was, or failed; the due day when the
    /// institution does not say; of a cancellation that was found in the history, which has no day, that on which it was found.
    #[must_use]
    pub fn date(&self) -> Option<NaiveDate> {
        let processing = self.response.processing.as_ref().and_then(|processing| processing.date.date());
        processing.or_else(|| self.response.payment.due.date())
    }

    /// The response aggregate as text, tags closed: `<PMTRS>…</PMTRS>`, with everything that the record covers.
    #[must_use]
    pub fn aggregate(&self) -> String {
        self.response.write("PMTRS", Version::V230).to_markup()
    }

    /// Which of account, amount, account that it goes to, account at the payee and due day the institution's version of the payment has
    /// otherwise than what was asked for: [`Payment::differences`].
    #[must_use]
    pub fn differences(&self, asked: &Payment) -> Vec<&'static str> {
        self.response.payment.differences(asked)
    }
}

/// Which part of an answer refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusedAt {
    /// The signon: no request of the file was looked at.
    Signon,
    /// The profile, which is fetched first, or its anonymous signon: neither the user nor the request was looked at.
    Profile,
    /// The request for security questions.
    Challenge,
    /// The request itself.
    Request,
}

/// A refusal with the institution's own status.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// What the institution answered.
    pub status: Status,
    /// Where it answered it.
    pub at: RefusedAt,
    /// What is known of the reason, in place of what the code advises in general.
    because: Option<String>,
}

impl Refusal {
    pub(crate) fn new(status: &Status, at: RefusedAt) -> Self {
        // It goes into errors and into blobs.
        Self { status: status.shortened(), at, because: None }
    }

    pub(crate) fn because(self, why: String) -> Self {
        Self { because: Some(why), ..self }
    }
}

/// What was refused, why, and what to do.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Status { code, message, .. } = &self.status;
        let what = match self.at {
            RefusedAt::Signon => SIGNON_REFUSED,
            RefusedAt::Profile => "the institution refused to give its profile",
            RefusedAt::Challenge => "the institution refused to ask its security questions",
            RefusedAt::Request => "the institution refused the request",
        };
        let meaning = code.described();
        let in_general = || code.remedy().unwrap_or("show its message to the user");
        let remedy = self.because.as_deref().unwrap_or_else(in_general);
        let quoted = message.as_deref().map_or_else(String::new, |message| format!(", in its words {message:?}"));
        write!(f, "{what}: {meaning} (status {code}{quoted}); {remedy}")
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let Status { code, message, .. } = refusal.status.clone();
        let text = refusal.to_string();
        Self::new(ErrorKind::Refused, Delivery::Answered, text).with_status(code, message).with_detail(refusal)
    }
}

/// How the text of a refusal at the signon begins.
pub(crate) const SIGNON_REFUSED: &str = "the institution refused the signon";

/// The stamp to ask with: that of what is known, or one older than anything.
pub(crate) fn known_or_oldest(known: Option<&Stamp>) -> Stamp {
    known.cloned().unwrap_or_else(Stamp::oldest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::StatusCode;

    #[test]
    fn an_endless_message_is_cut_before_it_goes_anywhere() {
        let status = Status::new(StatusCode::GENERAL_ERROR, Some(&"x".repeat(70_000)));
        let text = Error::from(Refusal::new(&status, RefusedAt::Signon)).to_string();
        assert!(text.contains("xxx") && text.len() < 700, "{}", text.len());
    }
}
