//! The desk: what a vault knows of payments that are not over, and who is at work.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::client::vault::standing::{Busy, Finished, Verdict};
use crate::engine::Operation;
use crate::error::Moved;
use crate::store::Version;

/// The live form of the one record that decides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Desk {
    /// The record that was loaded, or the last one written; `None` before there is one.
    pub(crate) version: Option<Version>,
    /// What was written over [`version`](Self::version) by us without an answer: it may be there, or come yet.
    pub(crate) unanswered: Vec<Version>,
    /// It was sealed under a key that is no longer the one that seals.
    pub(crate) needs_reseal: bool,
    /// A payment was put on it once. What became of it may be filed, and then says nothing else here that anything was ever sent.
    pub(crate) begun: bool,
    pub(crate) claim: Option<Claim>,
    pub(crate) open: Vec<Open>,
    /// Over and not yet in files of their own.
    pub(crate) finished: Vec<Finished>,
}

/// Somebody is at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) until: DateTime<Utc>,
    /// The payment it is for, or [`LISTING`].
    pub(crate) id: String,
}

/// An operation that is not over.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    /// The application's own name of the payment, or [`LISTING`].
    pub(crate) id: String,
    /// Of the payment, so that another one under the same id is noticed.
    pub(crate) digest: [u8; 32],
    /// Who asked for it; `None` when that is not known, or was not accepted by the institution.
    pub(crate) user: Option<String>,
    pub(crate) operation: Operation,
}

impl Open {
    /// The same with its operation as it stands now. What may have arrived is bound to `user`, who sent it.
    pub(crate) fn standing(&self, operation: Operation, user: Option<&str>) -> Self {
        let user = if operation.doubt().is_some() { user } else { self.user.as_deref() };
        Self { id: self.id.clone(), digest: self.digest, user: user.map(str::to_owned), operation }
    }
}

impl Claim {
    /// Until when nobody else begins: clocks differ.
    pub(crate) fn over(&self) -> DateTime<Utc> {
        later(self.until, SKEW)
    }
}

impl Desk {
    pub(crate) fn open(&self, id: &str) -> Option<&Open> {
        self.open.iter().find(|open| open.id == id)
    }

    pub(crate) fn finished(&self, id: &str) -> Option<&Finished> {
        self.finished.iter().find(|finished| finished.id == id)
    }

    /// The claim, unless its time is over.
    pub(crate) fn claimed(&self, now: DateTime<Utc>) -> Option<&Claim> {
        self.claim.as_ref().filter(|claim| now <= claim.over())
    }

    /// Whether somebody is at work on this one. It is not open before its first request is made, which waits for the profile.
    pub(crate) fn is_at_work_on(&self, id: &str, now: DateTime<Utc>) -> bool {
        self.claimed(now).is_some_and(|claim| claim.id == id)
    }

    /// Who is at work, and until when; nobody, and now, where no one is.
    pub(crate) fn busy(&self, now: DateTime<Utc>) -> Busy {
        let claim = self.claimed(now);
        let id = claim.map(|claim| claim.id.clone()).filter(|id| id != LISTING);
        Busy { until: claim.map_or(now, Claim::over), id }
    }

    /// Takes the claim, whoever had it before, or renews it.
    pub(crate) fn take(&mut self, id: &str, now: DateTime<Utc>, lease: Duration) {
        self.claim = Some(Claim { until: later(now, lease), id: id.to_owned() });
    }

    /// Puts an operation in its place, or adds it.
    pub(crate) fn put(&mut self, open: Open) {
        self.begun |= open.id != LISTING;
        match self.open.iter_mut().find(|known| known.id == open.id) {
            Some(known) => *known = open,
            None => self.open.push(open),
        }
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<Open> {
        let at = self.open.iter().position(|open| open.id == id)?;
        Some(self.open.remove(at))
    }

    /// Ends a payment.
    pub(crate) fn finish(&mut self, id: &str, verdict: Verdict, now: DateTime<Utc>) {
        if let Some(Open { id, digest, operation, .. }) = self.remove(id) {
            self.finished.push(Finished { id, digest, trn_uid: operation.trn_uid(), at: now, verdict });
        }
    }

    /// Ends what is in doubt and has no way left, so that it blocks nobody.
    pub(crate) fn sweep(&mut self, now: DateTime<Utc>) {
        let hopeless: Vec<_> = self.open.iter().filter(|open| open.operation.is_hopeless()).collect();
        let found = hopeless.into_iter().filter_map(|open| Some((open.id.clone(), open.operation.doubt()?.clone())));
        for (id, doubt) in found.collect::<Vec<_>>() {
            self.finish(&id, Verdict::Unresolved(doubt), now);
        }
    }

    /// The payment that must be found out about before another request of the user is sent.
    pub(crate) fn blocker(&self, id: &str) -> Option<&Open> {
        let in_doubt = |open: &&Open| open.operation.doubt().is_some() && !open.operation.is_hopeless();
        self.open.iter().filter(|open| open.id != id).find(in_doubt)
    }

    /// Whether the payment may have been made, as far as the desk tells: `None` when it does not know the id.
    pub(crate) fn moved(&self, id: &str, now: DateTime<Utc>) -> Option<Moved> {
        if let Some(finished) = self.finished(id) {
            return Some(finished.verdict.moved());
        }
        // Whoever has the claim for it may send it at this moment.
        if self.is_at_work_on(id, now) {
            return Some(Moved::Unknown);
        }
        let open = self.open(id)?;
        Some(open.operation.moved())
    }
}

/// The end of time where a duration is longer than time is.
pub(crate) fn later(now: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    let by = TimeDelta::from_std(by).unwrap_or(TimeDelta::MAX);
    now.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Stands for the account list, where a payment has its id.
pub(crate) const LISTING: &str = "";

/// By how much the clocks of two machines may differ before one takes over too early. That would cost a doubt, not money.
const SKEW: Duration = Duration::from_secs(5);
