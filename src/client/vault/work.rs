//! What is done under a claim: the same loop as a session's, with the store in front of each file.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::client::driver;
use crate::client::exchange::{Ahead, Noted};
use crate::client::vault::Vault;
use crate::client::vault::desk::{Desk, LISTING, Open, later};
use crate::client::vault::patience::Effort;
use crate::client::vault::shelf::Lost;
use crate::client::vault::standing::{Busy, Verdict};
use crate::client::{Client, Completed, Progress};
use crate::engine::{Credentials, Operation, Receipt, Refusal, RefusedAt, State};
use crate::error::{Delivery, Error, ErrorKind, Moved};
use crate::ofx::{PaymentResponse, Status};
use crate::store::Record;

impl Vault {
    /// Drives `open` until it is over, the user is asked, or nothing more can be done now; then writes what became of it and
    /// gives up the claim, in one swap. A payment in doubt is found out about up to `tries` times.
    pub(crate) async fn work(
        &self,
        mut desk: Desk,
        client: &mut Client,
        open: Open,
        credentials: &mut Credentials,
        mut tries: u32,
    ) -> Result<Progress<Completed>, Error> {
        let id = open.id.clone();
        let mut current = Some(open.operation.clone());
        let user = credentials.user_id().map(str::to_owned);
        let mut ahead =
            WriteAhead { vault: self, desk: &mut desk, open, user, sent: false, in_doubt: false, taken: None };
        let mut result = driver::run(client, credentials, &mut current, &mut ahead).await;
        // A second refusal at the signon would be one step more towards a locked user, for the same reason.
        let goes_on = |result: &Result<Progress<Completed>, Error>| match result {
            Ok(Progress::Unknown(doubt)) => !doubt.is_of_signon(),
            _ => false,
        };
        while tries > 0 && goes_on(&result) {
            tries -= 1;
            let Some(operation) = current.clone().filter(Operation::can_reconcile) else { break };
            let Ok((operation, _)) = operation.reconcile(&client.state, self.world.now()) else { break };
            current = Some(operation);
            match driver::run(client, credentials, &mut current, &mut ahead).await {
                // It is as unknown as before, and that is the answer.
                Err(error) if ahead.taken.is_none() && says_nothing(&error) => break,
                other => result = other,
            }
        }
        let WriteAhead { sent, in_doubt: stored_in_doubt, taken, open, user, .. } = ahead;
        if let Some(taken) = taken {
            return Err(self.taken_over(taken.as_ref(), &id, sent, None));
        }
        // The latest reason why it is not known.
        if let (Ok(Progress::Unknown(doubt)), Some(latest)) = (&mut result, current.as_ref().and_then(Operation::doubt))
        {
            doubt.clone_from(latest);
        }
        let until = desk.claim.as_ref().map_or_else(|| self.world.now(), |claim| claim.until);
        let in_doubt = current.as_ref().is_some_and(|operation| operation.doubt().is_some());
        // Where the store is away already, there is nothing to wait for it with; but that nothing was sent is worth as much as an answer
        // where the store says, or may say, that something was.
        let is_away = matches!(&result, Err(error) if error.kind() == ErrorKind::Store);
        let is_worth_it = (sent && !is_away) || (stored_in_doubt && !in_doubt);
        let effort = if is_worth_it { Effort::Result { until } } else { Effort::Ahead };
        self.conclude(&mut desk, &client.state, open, &result, current, user.as_deref());
        match self.put(&mut desk, &client.state, effort).await {
            Ok(()) => result,
            Err(Lost::Failed(error)) => unstored(error, result, in_doubt || stored_in_doubt),
            Err(Lost::Taken(record)) => {
                let receipt = receipt(result);
                Err(self.taken_over(record.as_ref(), &id, true, receipt))
            }
        }
    }

    /// Puts on the desk what became of an operation, and the claim away.
    fn conclude(
        &self,
        desk: &mut Desk,
        state: &State,
        open: Open,
        result: &Result<Progress<Completed>, Error>,
        current: Option<Operation>,
        user: Option<&str>,
    ) {
        let (id, now) = (open.id.clone(), self.world.now());
        desk.claim = None;
        let refused = result.as_ref().err().and_then(Error::detail::<Refusal>);
        match (result, refused) {
            (Ok(Progress::Done(Completed::Paid(receipt))), _) => {
                desk.finish(&id, Verdict::Paid(Box::new(storable(receipt, &open.operation, state))), now);
            }
            (Ok(Progress::Done(_)), _) => drop(desk.remove(&id)),
            // An account list that failed is asked for anew.
            (Err(_), _) if id == LISTING => drop(desk.remove(&id)),
            (_, Some(refusal)) if refusal.at == RefusedAt::Request => {
                desk.finish(&id, Verdict::Refused(Box::new(refusal.clone())), now);
            }
            (_, refusal) => {
                if let Some(operation) = current {
                    let mut open = open.standing(operation, user);
                    // The client is the user's from now on; or nobody looked at this under this user id, which may be mistyped.
                    if state.recognized || refusal.is_some() {
                        open.user = None;
                    }
                    desk.put(open);
                }
            }
        }
        let others = desk.open.iter_mut().filter(|open| open.id != id);
        others.for_each(|open| open.operation = open.operation.clone().without_old_questions(state));
        desk.sweep(now);
    }

    /// The error of whoever finds that somebody else has taken over.
    fn taken_over(&self, record: Option<&Record>, id: &str, sent: bool, receipt: Option<Receipt>) -> Error {
        let now = self.world.now();
        let desk = record.and_then(|record| self.read_desk(record).ok()).map(|(desk, _)| desk);
        let busy = desk.as_ref().map_or(Busy { until: now, id: None }, |desk| desk.busy(now));
        let finished = desk.as_ref().and_then(|desk| desk.finished(id)).map(|finished| finished.verdict.moved());
        let moved = match (&receipt, finished) {
            (Some(_), _) => Moved::Yes,
            (None, Some(moved)) => moved,
            (None, None) if id == LISTING => Moved::No,
            (None, None) if sent => Moved::Unknown,
            // What is neither open nor just finished was filed, or is made by the other at this moment.
            (None, None) => desk.and_then(|desk| desk.moved(id, now)).unwrap_or(Moved::Unknown),
        };
        let delivery = if sent { Delivery::Unknown } else { Delivery::NotSent };
        let error = Error::new(ErrorKind::Busy, delivery, TAKEN_OVER).with_moved(moved);
        match receipt {
            Some(receipt) => error.with_detail(receipt),
            None => error.with_detail(busy),
        }
    }
}

/// Stores each file's operation as it stands when the program stops while the file is on its way, and renews the claim.
struct WriteAhead<'a> {
    vault: &'a Vault,
    desk: &'a mut Desk,
    open: Open,
    /// Who signs on.
    user: Option<String>,
    /// A file was sent.
    sent: bool,
    /// The store says, or may say, that it is in doubt.
    in_doubt: bool,
    /// Somebody else has taken over: the record that is there now.
    taken: Option<Option<Record>>,
}

impl Ahead for WriteAhead<'_> {
    async fn keep(&mut self, client: &Client, interrupted: &Operation) -> Result<Noted, Error> {
        let vault = self.vault;
        let stands = self.open.standing(interrupted.clone(), self.user.as_deref());
        self.desk.put(stands);
        self.desk.take(&self.open.id, vault.world.now(), vault.lease);
        match vault.put(self.desk, &client.state, Effort::Ahead).await {
            Ok(()) => self.in_doubt = interrupted.doubt().is_some(),
            Err(Lost::Failed(error)) => {
                self.in_doubt |= interrupted.doubt().is_some() && !self.desk.unanswered.is_empty();
                return Err(error.while_doing(if self.sent { NOT_GONE_ON } else { NOT_WRITTEN_AHEAD }));
            }
            Err(Lost::Taken(record)) => {
                self.taken = Some(record);
                return Err(Error::new(ErrorKind::Busy, Delivery::NotSent, TAKEN_OVER));
            }
        }
        Ok(Noted::Stored)
    }

    fn leave(&mut self, now: DateTime<Utc>) -> Result<Option<Duration>, Error> {
        let enough = later(now, self.vault.lease / 2);
        if self.desk.claim.as_ref().is_some_and(|claim| claim.until < enough) {
            // Whoever wakes up here so late may no longer be the owner, or would not be when the answer is there.
            return Err(Error::new(ErrorKind::Busy, Delivery::NotSent, TOO_SLOW));
        }
        self.sent = true;
        Ok(self.desk.claim.as_ref().and_then(|claim| (claim.until - now).to_std().ok()))
    }
}

/// Whether an error while finding out leaves everything as it was.
fn says_nothing(error: &Error) -> bool {
    let refused = error.detail::<Refusal>().is_some_and(|refusal| refusal.at == RefusedAt::Request);
    matches!(error.kind(), ErrorKind::Transport | ErrorKind::Malformed | ErrorKind::Refused) && !refused
}

/// The result could not be written. What was sent is in doubt for the store, and whoever comes next finds out.
fn unstored(
    error: Error,
    result: Result<Progress<Completed>, Error>,
    in_doubt: bool,
) -> Result<Progress<Completed>, Error> {
    let moved = match &result {
        Ok(Progress::Done(Completed::Paid(_))) => Moved::Yes,
        // It may be sent again once it was found out about.
        _ if in_doubt => Moved::Unknown,
        // Its own error matters more, and says by itself whether money may have moved.
        Err(_) => return result,
        Ok(_) => Moved::No,
    };
    // Nobody has answered, and what went wrong matters more than that this could not be stored.
    let result = match result {
        Err(other) if other.detail::<Refusal>().is_none() => {
            let says_so = other.money_may_have_moved() == moved;
            return Err(if says_so { other } else { other.with_moved(moved).while_doing(SAYS_IN_DOUBT) });
        }
        result => result,
    };
    let delivery = if moved == Moved::Unknown { Delivery::Unknown } else { Delivery::Answered };
    let error = error.with_moved(moved).with_delivery(delivery).while_doing(NOT_STORED);
    if let Some(refusal) = result.as_ref().err().and_then(Error::detail::<Refusal>) {
        return Err(error.with_detail(refusal.clone()));
    }
    Err(match receipt(result) {
        Some(receipt) => error.with_detail(receipt),
        None => error,
    })
}

fn receipt(result: Result<Progress<Completed>, Error>) -> Option<Receipt> {
    match result {
        Ok(Progress::Done(completed)) => completed.receipt(),
        Ok(Progress::Ask(_) | Progress::Approve(_) | Progress::Unknown(_)) | Err(_) => None,
    }
}

/// A receipt that fits: an institution that answers with kilobytes of text must not make a result that fits nowhere.
fn storable(receipt: &Receipt, operation: &Operation, state: &State) -> Receipt {
    use crate::ofx::{Content as _, Version, pack, shortened};
    let notices = receipt.notices.iter().take(MOST_NOTICES).map(Status::shortened).collect();
    let mut kept = Receipt { notices, ..receipt.clone() };
    if pack(&kept.response.write("PMTRS", Version::V230)).len() > LARGEST_RECEIPT {
        kept.response = PaymentResponse {
            server_id: shortened(&kept.response.server_id),
            payee_list_id: None,
            currency: None,
            payment: operation.payment(state).unwrap_or(kept.response.payment),
            extended_payee: None,
            check_number: None,
            processing: None,
            model_id: None,
        };
    }
    kept
}

const NOT_WRITTEN_AHEAD: &str = "nothing was sent, because it could not be stored first";
const NOT_GONE_ON: &str = "nothing more was sent, because it could not be stored first";
const SAYS_IN_DOUBT: &str =
    "the store may say that the payment was sent, which will be found out about when it is asked for again";
const NOT_STORED: &str = "the institution has answered, and that could not be stored; ask again with the same call, which finds out what became of it";
const TAKEN_OVER: &str = "another caller has taken over in this vault; ask again, to go on or for the result";
const TOO_SLOW: &str = "the store, an observer or the writer of a document log took more than half of the time that the claim is good for, and \
                        nothing was sent; ask again, with a longer lease";

const LARGEST_RECEIPT: usize = 8 * 1024;
const MOST_NOTICES: usize = 4;
