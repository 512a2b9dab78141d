//! What a synchronization tells: changes, who made them, and the place in the history behind them. OFX 1.0.3 §6, OFX 2.3 §6.

use crate::engine::{EngineError, Refusal, RefusedAt, Seed, State};
use crate::error::StatusCode;
use crate::ofx::{
    Answer, BankAccount, CanceledModel, CanceledPayment, ChangedUserInfo, DecodeError, DeletedPayee, ListedPayee,
    ModifiedModel, ModifiedPayee, ModifiedPayment, PaymentMail, PaymentResponse, RecurringModel, Reply, Response,
    ServiceResponse, Status, SyncFrom, SyncKind, SyncRequest, SyncResponse,
};

/// What happened since a place in an institution's history.
///
/// The client's state moves behind these changes only when they are [acknowledged](crate::Session::acknowledge): until then the next
/// synchronization brings them again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "what is not acknowledged comes again"]
pub struct Changes {
    /// What it is a history of.
    pub kind: SyncKind,
    /// Whose history, for the kinds that are of an account.
    pub account: Option<BankAccount>,
    /// `TOKEN`: the place behind these changes.
    pub token: String,
    /// `LOSTSYNC`: the institution no longer had everything since the place that was asked for. Some changes are missing; a
    /// refresh brings the present state.
    pub lost_sync: bool,
    /// The present state of everything was asked for: each object is there once, as if it were new, and what is not there is no more.
    pub is_refresh: bool,
    /// What happened, oldest first. Apply in this order; the same change may come more than once.
    pub changes: Vec<Change>,
    /// Why some of what happened cannot be read, which does not hide the rest: look at
    /// [`Session::document`](crate::Session::document) before acknowledging.
    pub unreadable: Vec<DecodeError>,
    /// The status of the signon, where it says more than success.
    pub notices: Vec<Status>,
}

impl Changes {
    /// Finds the answer to `asked`, which may be a refusal. One that leaves out its account, or part of it, counts where `is_only` of its
    /// kind was asked for.
    pub(crate) fn find(
        asked: &SyncRequest,
        is_only: bool,
        response: &Response,
        state: &mut State,
    ) -> Result<Result<Self, Refusal>, EngineError> {
        let says_whose =
            |found: &BankAccount| !asked.account.as_ref().is_some_and(|ours| found.leaves_open_whether_it_is(ours));
        let frame = SyncResponse::about(response.frames(asked.kind), asked.account.as_ref())
            .filter(|frame| is_only || asked.account.is_none() || frame.account.as_ref().is_some_and(says_whose))
            .ok_or_else(|| EngineError::Missing(asked.kind.frame().response))?;
        if let Some(error) = frame.token_error {
            return Err(error.into());
        }
        let Some(token) = frame.token else {
            let refused = frame.answers.iter().flatten().find(|answer| answer.status.is_error());
            let refused = refused.ok_or_else(|| EngineError::NoHistory(asked.kind.name()))?;
            return Ok(Err(Refusal::new(&refused.status, RefusedAt::Request)));
        };
        state.keep_token(asked.kind, asked.account.as_ref(), &token);
        let (mut changes, mut unreadable) = (Vec::new(), Vec::new());
        for answer in frame.answers {
            match answer {
                Ok(answer) => changes.push(Change::new(answer, state)),
                Err(error) => unreadable.push(error),
            }
        }
        Ok(Ok(Self {
            kind: asked.kind,
            account: asked.account.clone(),
            token,
            lost_sync: frame.lost_sync,
            is_refresh: asked.from == SyncFrom::Refresh,
            changes,
            unreadable,
            notices: notices([&response.signon().status]),
        }))
    }
}

/// Those that say more than success, which many also say in words.
pub(crate) fn notices<const N: usize>(statuses: [&Status; N]) -> Vec<Status> {
    let is_word = |message: &str| ["SUCCESS", "OK"].iter().any(|word| message.trim().eq_ignore_ascii_case(word));
    let says_more = |status: &&Status| {
        status.code != StatusCode::SUCCESS || status.message.as_deref().is_some_and(|message| !is_word(message))
    };
    statuses.into_iter().filter(says_more).cloned().collect()
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// Who made it happen.
    pub origin: Origin,
    /// What the institution says of it.
    pub answer: Answer,
}

/// Who made a change happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// This client, in this process or another: the `TRNUID` was made under its `CLIENTUID`. For people to read: whoever knows the
    /// `CLIENTUID` can make such a one.
    Us,
    /// Another client of the same user.
    AnotherClient,
    /// The institution by itself (`TRNUID` 0): a payment of a recurring model, a payment that was processed, a payee that came
    /// onto the list because it was paid; and everything in a refresh.
    Institution,
}

/// What a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// An object is new: paid, added, sent.
    Added,
    /// An object is different: its data, or its state.
    Modified,
    /// An object is no more: cancelled, deleted.
    Removed,
    /// A request was refused: nothing changed.
    Refused,
    /// Something was done, and the answer does not say what in a form that is known; or it may have been, and the answer is an error
    /// with the response of what was. Look at its [aggregate](crate::ofx::Answer::aggregate).
    Unknown,
}

impl ChangeKind {
    fn of(answer: &Answer) -> Self {
        match (&answer.reply, answer.status.is_error()) {
            (None, true) => Self::Refused,
            (None, false) | (Some(_), true) => Self::Unknown,
            (Some(reply), false) => Self::told(reply),
        }
    }

    /// What was done where this is the response.
    pub(crate) fn told(reply: &Reply) -> Self {
        match reply {
            Reply::ModifyPayment(_) | Reply::ModifyRecurring(_) | Reply::ModifyPayee(_) => Self::Modified,
            Reply::ChangeUserInfo(_) | Reply::ChangeService(_) | Reply::PaymentStatus(_) => Self::Modified,
            Reply::CancelPayment(_) | Reply::CancelRecurring(_) | Reply::DeletePayee(_) => Self::Removed,
            _ => Self::Added,
        }
    }
}

impl Change {
    fn new(answer: Answer, state: &State) -> Self {
        let origin = match answer.trn_uid.as_str() {
            "0" => Origin::Institution,
            uid if Seed::made(uid, &state.client_uid) => Origin::Us,
            _ => Origin::AnotherClient,
        };
        Self { origin, answer }
    }

    /// What a history tells of the object of `answer` after it: what was done, of which the last says how it stands. What may have been is
    /// told by a synchronization only, as one of which nobody knows.
    pub(crate) fn since(answer: &Answer, frame: &SyncResponse, state: &State) -> Vec<Self> {
        let Some(id) = answer.id() else { return Vec::new() };
        let told = frame.answers.iter().flatten().skip_while(|told| !answer.trn_uid.is(told.trn_uid.as_str()));
        let others = told.filter(|told| !answer.trn_uid.is(told.trn_uid.as_str()));
        let same = others.filter(|told| !told.status.is_error() && told.id() == Some(id));
        same.map(|told| Self::new(told.clone(), state)).collect()
    }

    /// What it does.
    #[must_use]
    pub fn kind(&self) -> ChangeKind {
        ChangeKind::of(&self.answer)
    }

    /// What names the object: `SRVRTID`, `RECSRVRTID` or `PAYEELSTID`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.answer.id()
    }
}

macro_rules! told {
    ($($(#[$meta:meta])* $name:ident, $variant:ident, $record:ty;)*) => {
        impl Change {
            $(
                $(#[$meta])*
                #[must_use]
                pub fn $name(&self) -> Option<&$record> {
                    match &self.answer.reply {
                        Some(Reply::$variant(record)) => Some(record),
                        _ => None,
                    }
                }
            )*
        }
    };
}

told! {
    /// A payment that is new.
    payment, Pay, PaymentResponse;
    /// A payment that is different.
    modified_payment, ModifyPayment, ModifiedPayment;
    /// A payment that was cancelled.
    canceled_payment, CancelPayment, CanceledPayment;
    /// A payee that is new on the list.
    payee, AddPayee, ListedPayee;
    /// A payee that is different.
    modified_payee, ModifyPayee, ModifiedPayee;
    /// A payee that was taken off the list.
    deleted_payee, DeletePayee, DeletedPayee;
    /// A recurring payment that is new.
    recurring, AddRecurring, RecurringModel;
    /// A recurring payment that is different.
    modified_recurring, ModifyRecurring, ModifiedModel;
    /// A recurring payment that was ended.
    canceled_recurring, CancelRecurring, CanceledModel;
    /// Mail about a payment, or about payments in general.
    mail, SendPaymentMail, PaymentMail;
    /// The user's name and address as they are now.
    user_info, ChangeUserInfo, ChangedUserInfo;
    /// A service activated, moved to another account, or ended.
    service, ChangeService, ServiceResponse;
}
