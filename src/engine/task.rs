//! What an operation is for: the request it makes, and what an answer to it means.

use crate::engine::outcome::known_or_oldest;
use crate::engine::recovery::Recovery;
use crate::engine::{EngineError, Held, Outcome, Refusal, RefusedAt, State};
use crate::error::StatusCode;
use crate::ofx::{AccountInfoTransaction, Payment, PaymentTransaction, ProfileTransaction, Response, Tail, TrnUid};

/// What a program wants from an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Intent {
    /// Fetch the profile, unless the known one is up to date. Signs on anonymously. OFX 1.0.3 §7, OFX 2.3 §7.
    Profile,
    /// Fetch the account list, unless the known one is up to date. OFX 1.0.3 §8.5, OFX 2.3 §8.5.
    Accounts,
    /// Pay a bill. OFX 1.0.3 §12.6, OFX 2.3 §12.6.
    Pay(Box<Payment>),
}

/// The kind of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskKind {
    /// Fetches the profile.
    Profile,
    /// Fetches the account list.
    Accounts,
    /// Pays a bill.
    Pay,
}

impl TaskKind {
    /// The message set it belongs to, as the profile names it.
    pub(crate) fn message_set(self) -> &'static str {
        match self {
            Self::Profile => "PROF",
            Self::Accounts => "SIGNUP",
            Self::Pay => "BILLPAY",
        }
    }

    /// Whether a request that may have been carried out must not be made again.
    pub(crate) fn moves_money(self) -> bool {
        match self {
            Self::Profile | Self::Accounts => false,
            Self::Pay => true,
        }
    }

    /// Whether it signs on without the user's credentials.
    pub(crate) fn is_anonymous(self) -> bool {
        match self {
            Self::Profile => true,
            Self::Accounts | Self::Pay => false,
        }
    }
}

/// The request of an intent: made here once, never again.
pub(crate) fn request(
    intent: Intent,
    state: &State,
    trn_uid: TrnUid,
) -> Result<(TaskKind, Tail, Recovery), EngineError> {
    let (version, style) = (state.version(), &state.institution.dialect.style());
    Ok(match intent {
        Intent::Profile => {
            let known = state.profile().and_then(|profile| profile.updated.as_ref());
            let request = ProfileTransaction::new(trn_uid, known_or_oldest(known));
            (TaskKind::Profile, Tail::profile(&request, version, style)?, Recovery::default())
        }
        Intent::Accounts => {
            let known = state.accounts().and_then(|accounts| accounts.updated.as_ref());
            let request = AccountInfoTransaction::new(trn_uid, known_or_oldest(known));
            (TaskKind::Accounts, Tail::accounts(&request, version, style)?, Recovery::default())
        }
        Intent::Pay(payment) => {
            // A payment sent to an address that pays no bills would be in doubt for ever.
            if state.profile().is_some_and(|profile| profile.message_set(TaskKind::Pay.message_set()).is_none()) {
                return Err(EngineError::NotOffered("bill payment (BILLPAYMSGSET)"));
            }
            let request = PaymentTransaction::new(trn_uid, *payment);
            let recovery = if state.keeps_history() {
                Recovery::by_history(state.payment_token(&request.request.payment.from))
            } else {
                Recovery::default()
            };
            (TaskKind::Pay, Tail::payment(&request, version, style)?, recovery)
        }
    })
}

/// What an answer means whose signon was accepted.
pub(crate) fn judge(
    kind: TaskKind,
    trn_uid: &TrnUid,
    response: &Response,
    state: &mut State,
) -> Result<Outcome, EngineError> {
    match kind {
        TaskKind::Profile => judge_profile(trn_uid, response, state),
        TaskKind::Accounts => judge_accounts(trn_uid, response, state),
        TaskKind::Pay => Err(EngineError::Situation("is a payment, whose answer is read elsewhere")),
    }
}

fn judge_profile(trn_uid: &TrnUid, response: &Response, state: &mut State) -> Result<Outcome, EngineError> {
    let found = ours_or_only(response.profiles()?, |found| &found.trn_uid == trn_uid);
    let answer = found.ok_or(EngineError::Missing("profile (PROFTRNRS)"))?;
    if answer.status.is_error() {
        return Ok(Outcome::Refused(Refusal::new(&answer.status, RefusedAt::Request)));
    }
    match answer.response {
        Some(profile) => state.profile = Some(Held::new("PROFRS", profile)),
        None if answer.status.code == StatusCode::UP_TO_DATE && state.profile().is_none() => {
            return Err(EngineError::NothingKnown("profile"));
        }
        None if answer.status.code == StatusCode::UP_TO_DATE => {}
        None => return Err(EngineError::Missing("profile (PROFRS)")),
    }
    state.profile_is_old = false;
    Ok(Outcome::Profile)
}

fn judge_accounts(trn_uid: &TrnUid, response: &Response, state: &mut State) -> Result<Outcome, EngineError> {
    let found = ours_or_only(response.accounts()?, |found| &found.trn_uid == trn_uid);
    let answer = found.ok_or(EngineError::Missing("account list (ACCTINFOTRNRS)"))?;
    if answer.status.is_error() {
        return Ok(Outcome::Refused(Refusal::new(&answer.status, RefusedAt::Request)));
    }
    match answer.response {
        Some(list) => state.accounts = Some(Held::new("ACCTINFORS", list)),
        None if answer.status.code == StatusCode::UP_TO_DATE && state.accounts().is_none() => {
            return Err(EngineError::NothingKnown("account list"));
        }
        None if answer.status.code == StatusCode::UP_TO_DATE => {}
        None => return Err(EngineError::Missing("account list (ACCTINFORS)")),
    }
    Ok(Outcome::Accounts)
}

/// The answer under our `TRNUID`, or the only one there is: reading the wrong list does no harm.
fn ours_or_only<T>(mut found: Vec<T>, is_ours: impl Fn(&T) -> bool) -> Option<T> {
    match found.iter().position(is_ours) {
        Some(at) => Some(found.swap_remove(at)),
        None if found.len() == 1 => found.pop(),
        None => None,
    }
}
