//! What a vault says about a payment.

use chrono::{DateTime, Utc};

use crate::client::Progress;
use crate::engine::{Doubt, Receipt, Refusal, Situation};
use crate::error::{Error, Moved};
use crate::ofx::{Payment, Question, TrnUid};

/// Where a payment stands, by what the store says. [`Vault::look`](crate::Vault::look).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a payment may be open, in doubt or refused"]
pub enum Standing {
    /// Not over.
    Open(Box<Pending>),
    /// The institution accepted it.
    Paid(Box<Receipt>),
    /// The institution refused it: it was not made.
    Refused(Box<Refusal>),
    /// It may have been made, and there is no way left to find out by asking the institution's server.
    Unresolved {
        /// `TRNUID` of its request: name it when talking to the institution.
        trn_uid: TrnUid,
        /// The evidence.
        doubt: Doubt,
    },
    /// A person has found out: [`Vault::settle`](crate::Vault::settle).
    Settled {
        /// `TRNUID` of its request.
        trn_uid: TrnUid,
        /// What was found out.
        settlement: Settlement,
    },
}

impl Standing {
    /// Whether money may have moved.
    #[must_use]
    pub fn money_may_have_moved(&self) -> Moved {
        match self {
            Self::Open(pending) if pending.is_in_doubt() => Moved::Unknown,
            Self::Open(_) | Self::Refused(_) | Self::Settled { settlement: Settlement::NotMade, .. } => Moved::No,
            Self::Paid(_) | Self::Settled { settlement: Settlement::Made, .. } => Moved::Yes,
            Self::Unresolved { .. } => Moved::Unknown,
        }
    }
}

/// What a person found out about a payment in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever moves money on it must be able to match all of it and nothing else"
)]
pub enum Settlement {
    /// It was made.
    Made,
    /// It was not made, and will not be.
    NotMade,
}

/// A payment of a vault that is not over.
///
/// While somebody is at work on it, the store says what holds if he stops: in doubt as [interrupted](Doubt::Interrupted), as soon as its
/// request may be on its way. As long as [`claimed_until`](Self::claimed_until) is set, that is most likely no more than an institution
/// that takes its time, and no doubt that stays: look again in a moment, and at the latest when the claim is over.
///
/// Also the [`detail`](Error::detail) of an error that says which payment must be found out about first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pending {
    /// The application's own id.
    pub id: String,
    /// `TRNUID` of its request: name it when talking to the institution.
    pub trn_uid: TrnUid,
    /// What is being paid.
    pub payment: Payment,
    /// What it waits for; what it would wait for if whoever is at work stopped now, while it is [claimed](Self::claimed_until).
    pub situation: Situation,
    /// Why it is not known whether it was made, when that is so; it can be while questions wait for answers, too. While it is
    /// [claimed](Self::claimed_until), why it would not be known.
    pub doubt: Option<Doubt>,
    /// Until when another caller is at work on it, at the latest, UTC: the same moment as [`Busy::until`]. `None` when nobody is.
    pub claimed_until: Option<DateTime<Utc>>,
}

impl Pending {
    /// The questions the user must answer; empty when none are asked.
    #[must_use]
    pub fn questions(&self) -> &[Question] {
        self.situation.questions()
    }

    /// Whether it may have been made: it is in doubt, or somebody may be sending it at this moment.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.doubt.is_some() || self.claimed_until.is_some()
    }
}

/// Somebody else is at work in the same vault: the [`detail`](Error::detail) of such an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Busy {
    /// When to try again at the latest, UTC: if nobody has given up the claim by then, it is over. Where the other's clock is ahead of
    /// ours, it is told anew by each [`Vault`](crate::Vault) that is made, and moves on with our clock until it is past the other's.
    pub until: DateTime<Utc>,
    /// The payment the other is at work on; `None` for the account list.
    pub id: Option<String>,
}

/// A payment that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    pub(crate) id: String,
    pub(crate) digest: [u8; 32],
    pub(crate) trn_uid: TrnUid,
    /// When it was over, UTC.
    pub(crate) at: DateTime<Utc>,
    pub(crate) verdict: Verdict,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Paid(Box<Receipt>),
    Refused(Box<Refusal>),
    Unresolved(Doubt),
    Settled(Settlement),
}

impl Verdict {
    pub(crate) fn moved(&self) -> Moved {
        match self {
            Self::Paid(_) | Self::Settled(Settlement::Made) => Moved::Yes,
            Self::Refused(_) | Self::Settled(Settlement::NotMade) => Moved::No,
            Self::Unresolved(_) => Moved::Unknown,
        }
    }
}

impl Finished {
    /// The result once more, for whoever asks again.
    pub(crate) fn again(&self) -> Result<Progress<Receipt>, Error> {
        let settled = |text: &str, moved| Err(Error::misuse(text).with_moved(moved).with_detail(self.standing()));
        match &self.verdict {
            Verdict::Paid(receipt) => Ok(Progress::Done((**receipt).clone())),
            Verdict::Refused(refusal) => Err(Error::from((**refusal).clone()).with_moved(Moved::No)),
            Verdict::Unresolved(doubt) => Ok(Progress::Unknown(doubt.clone())),
            Verdict::Settled(Settlement::Made) => settled(SETTLED_MADE, Moved::Yes),
            Verdict::Settled(Settlement::NotMade) => settled(SETTLED_NOT_MADE, Moved::No),
        }
    }

    pub(crate) fn standing(&self) -> Standing {
        let trn_uid = self.trn_uid.clone();
        match &self.verdict {
            Verdict::Paid(receipt) => Standing::Paid(receipt.clone()),
            Verdict::Refused(refusal) => Standing::Refused(refusal.clone()),
            Verdict::Unresolved(doubt) => Standing::Unresolved { trn_uid, doubt: doubt.clone() },
            Verdict::Settled(settlement) => Standing::Settled { trn_uid, settlement: *settlement },
        }
    }
}

const SETTLED_MADE: &str = "this payment was in doubt and was settled as made: there is no receipt, and while that is kept \
                            (Vault::retention), nothing is sent under this id";
const SETTLED_NOT_MADE: &str = "this payment was in doubt and was settled as not made: while that is kept (Vault::retention), \
                                nothing is sent under this id; pay under a new one";
