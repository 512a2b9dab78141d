//! What a vault says of its payments without a network.

use chrono::{DateTime, Utc};

use crate::client::Vault;
use crate::client::stored::unread;
use crate::client::vault::desk::{Claim, Desk, Open};
use crate::client::vault::flow::{busy, check_id};
use crate::client::vault::standing::{Pending, Standing};
use crate::engine::State;
use crate::error::{Error, Moved};

impl Vault {
    /// The payments that are not over, in the order in which they were started. Needs no network.
    ///
    /// A new one is among them once its request is made, and not yet while the profile is fetched for it.
    ///
    /// What is unresolved is over: it is not among them, and nothing lists it. Whoever [starts again](crate::client::vault#after-a-restart)
    /// goes over the ids of its own for which it has no result, and calls [`pay`](Self::pay) or [`look`](Self::look) for each.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`](crate::error::ErrorKind::Store) and [`ErrorKind::Seal`](crate::error::ErrorKind::Seal) when the record cannot be loaded or read.
    pub async fn pending(&self) -> Result<Vec<Pending>, Error> {
        let (desk, state) = self.desk().await.map_err(unread)?;
        let now = self.world.now();
        let payments = desk.open.iter().filter(|open| open.operation.kind().pays());
        payments.map(|open| self.pending_of(&desk, open, &state, now)).collect()
    }

    /// Where a payment stands; `None` when it was never asked for, was given up, or is past its retention. Needs no network.
    ///
    /// It is what became of the payment in this vault. That a session has changed or cancelled it later, the vault does not learn.
    ///
    /// # Errors
    ///
    /// As [`pending`](Self::pending); [`ErrorKind::Busy`](crate::error::ErrorKind::Busy), with [`Busy`](crate::client::vault::Busy) as
    /// [`detail`](Error::detail), while another caller fetches the profile for a new one: it may be sent at any moment.
    pub async fn look(&self, id: &str) -> Result<Option<Standing>, Error> {
        check_id(id)?;
        let (desk, state) = self.desk().await.map_err(unread)?;
        if let Some(finished) = self.over(&desk, id).await.map_err(unread)? {
            return Ok(Some(finished.standing()));
        }
        let now = self.world.now();
        let Some(open) = desk.open(id) else {
            // It has no identifiers yet, and may be sent at any moment.
            return if desk.is_at_work_on(id, now) { Err(busy(&desk, now, Moved::Unknown)) } else { Ok(None) };
        };
        let pending = self.pending_of(&desk, open, &state, now)?;
        Ok(Some(Standing::Open(Box::new(pending))))
    }

    pub(crate) fn pending_of(
        &self,
        desk: &Desk,
        open: &Open,
        state: &State,
        now: DateTime<Utc>,
    ) -> Result<Pending, Error> {
        Ok(Pending {
            id: open.id.clone(),
            trn_uid: open.operation.trn_uid(),
            payment: open.operation.payment(state)?,
            situation: open.operation.situation(state, now),
            doubt: open.operation.doubt().cloned(),
            claimed_until: desk.claimed(now).filter(|claim| claim.id == open.id).map(Claim::over),
        })
    }
}
