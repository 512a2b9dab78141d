//! What an operation is for, and the request it makes.

use crate::engine::outcome::known_or_oldest;
use crate::engine::recovery::Recovery;
use crate::engine::{EngineError, Seed, State};
use crate::ofx::{
    AccountInfoRequest, BankAccount, Effect, Exchange, Item, ModelCancellation, Payment, PaymentCancellation,
    PaymentRequest, ProfileTransaction, Request, RequestKind, SyncFrom, SyncKind, SyncMode, SyncRequest, Tail, TrnUid,
};

/// What a program wants from an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Intent {
    /// Fetch the profile, unless the known one is up to date. Signs on anonymously, unless the profile is the
    /// [user's](crate::engine::Dialect::profile_of_user). OFX 1.0.3 §7, OFX 2.3 §7.
    Profile,
    /// Fetch the account list, unless the known one is up to date. OFX 1.0.3 §8.5, OFX 2.3 §8.5.
    Accounts,
    /// Pay a bill. OFX 1.0.3 §12.6, OFX 2.3 §12.6.
    Pay(Box<Payment>),
    /// Any other request.
    Request {
        /// What is asked for.
        request: Box<Request>,
        /// The account in whose history it goes, where the request does not say so itself: that of a cancelled payment. Without
        /// it, what became of a request whose answer is lost cannot be found out from that history.
        account: Option<BankAccount>,
    },
    /// Ask what happened. OFX 1.0.3 §6, OFX 2.3 §6.
    Synchronize {
        /// To what.
        kind: SyncKind,
        /// The account, for the kinds that have one.
        account: Option<BankAccount>,
        /// Since when; `None` for everything since the changes that were acknowledged last.
        from: Option<SyncFrom>,
    },
    /// Ask for several things in one file.
    Batch(Vec<Self>),
    /// Change the password to that of [`Credentials::new_password`](crate::engine::Credentials::new_password). OFX 1.0.3 §2.5.2.
    ChangePassword,
}

impl Intent {
    /// Pay a bill.
    #[must_use]
    pub fn pay(payment: &Payment) -> Self {
        Self::Pay(Box::new(payment.clone()))
    }

    /// Cancel the payment with this `SRVRTID`, which would be paid from this account.
    #[must_use]
    pub fn cancel_payment(id: &str, from: &BankAccount) -> Self {
        Self::Request { request: Box::new(PaymentCancellation::new(id).into()), account: Some(from.clone()) }
    }

    /// End the recurring payment with this `RECSRVRTID`, which pays from this account; `pending` also cancels the payments that it has
    /// made and that were not carried out yet.
    #[must_use]
    pub fn cancel_recurring(id: &str, pending: bool, from: &BankAccount) -> Self {
        Self::Request { request: Box::new(ModelCancellation::new(id, pending).into()), account: Some(from.clone()) }
    }

    /// Whether what is asked for must not simply be made again, and what became of it is found out by what a profile promises. Which
    /// password counts is found out by trying both, and an institution may refuse all else before it is changed.
    pub(crate) fn relies_on_profile(&self) -> bool {
        match self {
            Self::Pay(_) => true,
            Self::Request { request, .. } => TaskKind::Request(request.kind()).counts(),
            Self::Batch(intents) => intents.iter().any(Self::relies_on_profile),
            Self::Profile | Self::Accounts | Self::Synchronize { .. } | Self::ChangePassword => false,
        }
    }

    /// Ask what happened since the changes that were acknowledged last; the account for the kinds that are of one.
    #[must_use]
    pub fn synchronize(kind: SyncKind, account: Option<&BankAccount>) -> Self {
        Self::Synchronize { kind, account: account.cloned(), from: None }
    }
}

impl From<Request> for Intent {
    fn from(request: Request) -> Self {
        Self::Request { request: Box::new(request), account: None }
    }
}

impl<R: Exchange> From<R> for Intent {
    fn from(request: R) -> Self {
        let request: Request = request.into();
        request.into()
    }
}

/// The kind of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskKind {
    /// Fetches the profile.
    Profile,
    /// Makes one request.
    Request(RequestKind),
    /// Asks what happened.
    Synchronize(SyncKind),
    /// Makes several requests in one file.
    Batch(BatchKind),
    /// Changes the password.
    ChangePassword,
}

/// What several requests have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatchKind {
    bills: bool,
    effect: Effect,
}

impl TaskKind {
    /// Fetches the account list.
    pub const ACCOUNTS: Self = Self::Request(RequestKind::Accounts);
    /// Pays a bill.
    pub const PAY: Self = Self::Request(RequestKind::Pay);

    /// The message set it belongs to, as the profile names it.
    pub(crate) fn message_set(self) -> &'static str {
        match self {
            Self::Profile => "PROF",
            Self::Request(kind) => kind.row().set,
            Self::Synchronize(kind) => kind.frame().set,
            Self::Batch(batch) => set_of(batch.bills),
            Self::ChangePassword => "SIGNON",
        }
    }

    fn effect(self) -> Effect {
        match self {
            Self::Profile | Self::Synchronize(_) => Effect::Reads,
            Self::Request(kind) => kind.row().effect,
            Self::Batch(batch) => batch.effect,
            Self::ChangePassword => Effect::Changes,
        }
    }

    /// Whether a request that may have been carried out must not simply be made again: a payment, or another change.
    #[must_use]
    pub fn counts(self) -> bool {
        self.effect() != Effect::Reads
    }

    /// Whether it makes payments.
    #[must_use]
    pub fn pays(self) -> bool {
        self.effect() == Effect::Pays
    }

    /// The history that it goes into.
    pub(crate) fn history(self) -> Option<SyncKind> {
        match self {
            Self::Request(kind) => kind.row().sync,
            Self::Profile | Self::Synchronize(_) | Self::Batch(_) | Self::ChangePassword => None,
        }
    }

    /// Its number in stored state. Frozen.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Profile => 0,
            Self::Request(kind) => kind.row().number,
            Self::Synchronize(kind) => FIRST_SYNC + kind.number(),
            Self::Batch(batch) => {
                let effect = match batch.effect {
                    Effect::Reads => 0,
                    Effect::Changes => 1,
                    Effect::Pays => 2,
                };
                FIRST_BATCH + 4 * u8::from(batch.bills) + effect
            }
            Self::ChangePassword => PASSWORD,
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        let batches = [false, true].into_iter().flat_map(|bills| {
            [Effect::Reads, Effect::Changes, Effect::Pays].map(|effect| Self::Batch(BatchKind { bills, effect }))
        });
        let fixed = [Self::Profile, Self::ChangePassword];
        RequestKind::from_number(number)
            .map(Self::Request)
            .or_else(|| SyncKind::from_number(number.checked_sub(FIRST_SYNC)?).map(Self::Synchronize))
            .or_else(|| fixed.into_iter().chain(batches).find(|kind| kind.number() == number))
    }
}

const FIRST_SYNC: u8 = 64;
const FIRST_BATCH: u8 = 80;
const PASSWORD: u8 = 96;

fn set_of(bills: bool) -> &'static str {
    if bills { "BILLPAY" } else { "SIGNUP" }
}

/// A request that was made, and what was arranged for it.
pub(crate) struct Made {
    pub(crate) kind: TaskKind,
    pub(crate) tail: Tail,
    pub(crate) recovery: Recovery,
    /// The account of its history, where the bytes do not say it.
    pub(crate) account: Option<BankAccount>,
    /// For several requests: which one was asked for at which place of the file.
    pub(crate) order: Vec<u8>,
}

/// The request of an intent: made here once, never again.
pub(crate) fn make(intent: Intent, state: &State, seed: Seed) -> Result<Made, EngineError> {
    let (version, style) = (state.version(), &state.institution.dialect.style());
    let made = |kind, tail| Made { kind, tail, recovery: Recovery::default(), account: None, order: Vec::new() };
    Ok(match intent {
        Intent::Profile => {
            let known = state.profile().and_then(|profile| profile.updated.as_ref());
            let request = ProfileTransaction::new(seed.work(), known_or_oldest(known));
            made(TaskKind::Profile, Tail::profile(&request, version, style)?)
        }
        Intent::ChangePassword => {
            // Which one counts is asked with a request of the sign-up set. In another realm nobody knows.
            let recovery = Recovery { exhausted: !state.share_realm("SIGNUP", "SIGNON"), ..Recovery::default() };
            Made { recovery, ..made(TaskKind::ChangePassword, Tail::made_when_sent()) }
        }
        Intent::Batch(intents) => make_batch(intents, state, seed)?,
        single => {
            let (item, account) = item(single, state, seed.work())?;
            let kind = match &item {
                Item::Request(_, request) => TaskKind::Request(request.kind()),
                Item::Sync(request) => TaskKind::Synchronize(request.kind),
            };
            let own = match &item {
                Item::Request(_, request) => request.account().cloned(),
                Item::Sync(_) => None,
            };
            let tail = Tail::items(&[item], version, style)?;
            let history = kind.history().filter(|history| state.keeps_history(history.frame().set));
            let recovery = match history {
                Some(history) if history.is_of_account() => {
                    own.as_ref().or(account.as_ref()).map_or_else(Recovery::default, |account| {
                        Recovery::by_history(state.token(history, Some(account)))
                    })
                }
                Some(history) => Recovery::by_history(state.token(history, None)),
                None => Recovery::default(),
            };
            Made { recovery, account: account.filter(|_| own.is_none()), ..made(kind, tail) }
        }
    })
}

fn make_batch(intents: Vec<Intent>, state: &State, seed: Seed) -> Result<Made, EngineError> {
    if intents.is_empty() || intents.len() > MOST_IN_BATCH {
        return Err(EngineError::Batch("a batch holds 1 to 100 requests"));
    }
    let mut items = Vec::with_capacity(intents.len());
    for (place, intent) in (0..).zip(intents) {
        items.push((place, item(intent, state, seed.item(place, &state.client_uid))?.0));
    }
    let alone = |item: &Item| matches!(item, Item::Request(_, request) if request.kind() == RequestKind::Enroll);
    if items.iter().any(|(_, item)| alone(item)) {
        return Err(EngineError::Batch("who enrols signs on anonymously: an enrolment cannot be part of a batch"));
    }
    // As in the file, so that answers are found by their place.
    items.sort_by_key(|(_, item)| (item.set() != "SIGNUP", !is_about_payees(item)));
    let sets: Vec<&str> = items.iter().map(|(_, item)| item.set()).collect();
    let bills = sets.contains(&"BILLPAY");
    let own = set_of(bills);
    if sets.iter().any(|set| state.url_of(set) != state.url_of(own) || !state.share_realm(set, own)) {
        return Err(EngineError::Batch(
            "these requests go to different addresses or signon realms of the institution; send them one by one",
        ));
    }
    let effects = items.iter().map(|(_, item)| match item {
        Item::Request(_, request) => request.kind().row().effect,
        Item::Sync(_) => Effect::Reads,
    });
    let effect = effects.fold(Effect::Reads, |worst, effect| match (worst, effect) {
        (Effect::Pays, _) | (_, Effect::Pays) => Effect::Pays,
        (Effect::Changes, _) | (_, Effect::Changes) => Effect::Changes,
        (Effect::Reads, Effect::Reads) => Effect::Reads,
    });
    let (order, items): (Vec<u8>, Vec<Item>) = items.into_iter().unzip();
    let tail = Tail::items(&items, state.version(), &state.institution.dialect.style())?;
    let kind = TaskKind::Batch(BatchKind { bills, effect });
    Ok(Made { kind, tail, recovery: Recovery::default(), account: None, order })
}

fn is_about_payees(item: &Item) -> bool {
    let sync = match item {
        Item::Request(_, request) => request.kind().row().sync,
        Item::Sync(request) => Some(request.kind),
    };
    sync == Some(SyncKind::Payees)
}

/// One thing to ask for, and the account whose history it goes into when the request does not say so.
fn item(intent: Intent, state: &State, trn_uid: TrnUid) -> Result<(Item, Option<BankAccount>), EngineError> {
    let (request, account) = match intent {
        Intent::Accounts => {
            let known = state.accounts().and_then(|accounts| accounts.updated.as_ref());
            (AccountInfoRequest::new(known_or_oldest(known)).into(), None)
        }
        Intent::Pay(payment) => (PaymentRequest::new(*payment).into(), None),
        Intent::Request { request, account } => {
            if let Some(account) = &account {
                account.check()?;
            }
            (*request, account)
        }
        Intent::Synchronize { kind, account, from } => {
            state.offers(kind.frame().set)?;
            if from == Some(SyncFrom::Refresh) && state.sync_mode(kind.frame().set) == Some(SyncMode::Lite) {
                return Err(EngineError::NotOffered("refresh (SYNCMODE is LITE)"));
            }
            let from = from.unwrap_or_else(|| state.seen(kind, account.as_ref()));
            return Ok((Item::Sync(SyncRequest::new(kind, account, from)), None));
        }
        Intent::Profile | Intent::Batch(_) | Intent::ChangePassword => {
            return Err(EngineError::Batch("profile, password change and other batches cannot be part of a batch"));
        }
    };
    state.allows(&request)?;
    Ok((Item::Request(trn_uid, request), account))
}

/// More answers than that are no answer to one user.
const MOST_IN_BATCH: usize = 100;
