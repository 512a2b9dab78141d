//! What people do about a vault: end a payment by what they have found out, or by giving it up; replace its key.

use crate::client::Vault;
use crate::client::stored::unread;
use crate::client::vault::flow::{MOST_TURNS, busy, check_id, contended, no_such};
use crate::client::vault::standing::{Settlement, Verdict};
use crate::engine::Situation;
use crate::error::{Error, Moved};

impl Vault {
    /// Ends a doubt by what a person has found out at the institution. Nothing is sent now, nor under this id for the
    /// [`retention`](Self::retention). That counts from this call on or, where the payment had been told or filed as unresolved before, from
    /// then on. After it the id is free, and [`pay`](Self::pay) pays.
    ///
    /// It is final: what was settled cannot be settled otherwise later. Be sure, and first of all of [`Settlement::NotMade`], after which
    /// the bill is paid under a new id.
    ///
    /// # Errors
    ///
    /// `Misuse` when the payment is not in doubt, or was settled otherwise; `Busy` when somebody is at work; else as [`pending`](Self::pending). Saying
    /// the same again is no error.
    pub async fn settle(&self, id: &str, settlement: Settlement) -> Result<(), Error> {
        check_id(id)?;
        for _ in 0..MOST_TURNS {
            let (mut desk, state) = self.desk().await.map_err(unread)?;
            let now = self.world.now();
            let moved = desk.moved(id, now).unwrap_or(Moved::No);
            let on_desk = desk.open(id).is_some() || desk.finished(id).is_some();
            if on_desk && desk.claimed(now).is_some() || desk.is_at_work_on(id, now) {
                return Err(busy(&desk, now, moved));
            }
            let written = if let Some(finished) = desk.finished.iter_mut().find(|finished| finished.id == id) {
                if !settles(&finished.verdict, settlement)? {
                    return Ok(());
                }
                finished.verdict = Verdict::Settled(settlement);
                self.write(&mut desk, &state, Moved::Unknown).await?
            } else if let Some(open) = desk.open(id) {
                if open.operation.doubt().is_none() {
                    return Err(Error::misuse(NOT_IN_DOUBT).with_moved(moved));
                }
                desk.finish(id, Verdict::Settled(settlement), now);
                self.write(&mut desk, &state, Moved::Unknown).await?
            } else {
                let Some((version, mut finished)) = self.filed(id).await.map_err(unread)? else {
                    return Err(no_such());
                };
                if !settles(&finished.verdict, settlement)? {
                    return Ok(());
                }
                finished.verdict = Verdict::Settled(settlement);
                self.refile(version, &finished).await.map_err(unread)?
            };
            if written {
                return Ok(());
            }
        }
        Err(contended(Moved::Unknown))
    }

    /// Gives up a payment that was never sent, or was not looked at: it waits for answers or for another try. Its id is free again.
    ///
    /// # Errors
    ///
    /// `Misuse` when it is in doubt or unresolved, which [`settle`](Self::settle) ends, over or not there; `Busy` when somebody is at work; else as [`pending`](Self::pending).
    pub async fn abandon(&self, id: &str) -> Result<(), Error> {
        check_id(id)?;
        for _ in 0..MOST_TURNS {
            let (mut desk, state) = self.desk().await.map_err(unread)?;
            let now = self.world.now();
            if let Some(finished) = self.over(&desk, id).await.map_err(unread)? {
                let text = if matches!(finished.verdict, Verdict::Unresolved(_)) { UNRESOLVED } else { IS_OVER };
                return Err(Error::misuse(text).with_moved(finished.verdict.moved()));
            }
            let moved = desk.moved(id, now).unwrap_or(Moved::Unknown);
            if desk.claimed(now).is_some() {
                return Err(busy(&desk, now, moved));
            }
            let Some(open) = desk.remove(id) else { return Err(no_such()) };
            if open.operation.doubt().is_some() {
                let asks = matches!(open.operation.situation(&state, now), Situation::AwaitingAnswers(_));
                return Err(Error::misuse(if asks { IN_DOUBT_ASKING } else { IN_DOUBT }).with_moved(Moved::Unknown));
            }
            if self.write(&mut desk, &state, Moved::No).await? {
                return Ok(());
            }
        }
        Err(contended(Moved::Unknown))
    }

    /// Seals the vault's record anew where another key of the ring seals by now; true where that was so. Nothing is sent.
    ///
    /// For the one record that an idle vault keeps for ever: the client, and payments that are not over or not filed yet. What is filed
    /// stays as it was sealed, for its [`retention`](Self::retention): retire a key no sooner than that after it last sealed. Without
    /// the key, calls about what it has sealed fail with [`ErrorKind::Seal`](crate::error::ErrorKind::Seal), and nothing is paid again.
    ///
    /// # Errors
    ///
    /// `Busy` when somebody is at work, and seals it anew; else as [`pending`](Self::pending).
    pub async fn reseal(&self) -> Result<bool, Error> {
        for _ in 0..MOST_TURNS {
            let (mut desk, state) = self.desk().await.map_err(unread)?;
            if !desk.needs_reseal {
                return Ok(false);
            }
            let now = self.world.now();
            if desk.claimed(now).is_some() {
                return Err(busy(&desk, now, Moved::No));
            }
            if self.write(&mut desk, &state, Moved::No).await? {
                return Ok(true);
            }
        }
        Err(contended(Moved::No))
    }
}

/// Whether a settlement changes the verdict.
fn settles(verdict: &Verdict, settlement: Settlement) -> Result<bool, Error> {
    match verdict {
        Verdict::Unresolved(_) => Ok(true),
        Verdict::Settled(known) if *known == settlement => Ok(false),
        Verdict::Settled(_) => Err(Error::misuse(SETTLED_OTHERWISE).with_moved(verdict.moved())),
        Verdict::Paid(_) | Verdict::Refused(_) => Err(Error::misuse(NOT_IN_DOUBT).with_moved(verdict.moved())),
    }
}

const NOT_IN_DOUBT: &str = "this payment is not in doubt, there is nothing to settle: look says where it stands";
const SETTLED_OTHERWISE: &str = "this payment was settled otherwise before, and that is final";
const IN_DOUBT: &str =
    "this payment is in doubt and cannot be given up: reconcile it, or settle it once a person has found out";
const IN_DOUBT_ASKING: &str =
    "this payment is in doubt and cannot be given up: answer its questions, or settle it once a person has found out";
const UNRESOLVED: &str =
    "nobody knows whether this payment was made, and it cannot be given up: settle it once a person has found out";
const IS_OVER: &str = "this payment is over: look says how it ended";
