//! Which way a call goes: the result that is there, the questions that wait, somebody else's claim, or to work.

use std::ops::ControlFlow;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use crate::client::stored::unread;
use crate::client::vault::Vault;
use crate::client::vault::desk::{Desk, Open};
use crate::client::vault::patience::Effort;
use crate::client::vault::shelf::Lost;
use crate::client::vault::standing::{Finished, Settlement, Standing, Verdict};
use crate::client::{Client, Completed, Progress, belongs, driver};
use crate::engine::{Answers, Credentials, Intent, Operation, Receipt, Situation, State};
use crate::error::{Delivery, Error, ErrorKind, Moved};
use crate::ofx::{Amount, Content as _, Element, Payment, Version};

/// What a call wants of a payment.
#[derive(Clone, Copy)]
pub(crate) enum Wanted<'a> {
    Pay(&'a Payment, [u8; 32]),
    Resume,
    Answer(&'a Answers),
    /// Only to find out about a payment in doubt.
    FindOut,
}

/// How one look at the desk ended: that was it, or somebody else has written in between, and it is looked at again.
type Turn = ControlFlow<Option<Progress<Receipt>>>;

impl Vault {
    /// Goes on with a payment as far as it goes. `None`: there was nothing to find out, it was left as it is.
    pub(crate) async fn go(
        &self,
        id: &str,
        wanted: Wanted<'_>,
        mut credentials: Credentials,
    ) -> Result<Option<Progress<Receipt>>, Error> {
        check_id(id)?;
        if self.retention < LEAST_RETENTION {
            return Err(unread(Error::misuse(SHORT_RETENTION)));
        }
        for _ in 0..MOST_TURNS {
            let (desk, state) = self.desk().await.map_err(unread)?;
            let now = self.world.now();
            let over = self.over(&desk, id).await.map_err(unread)?;
            let moved = over.as_ref().map(|finished| finished.verdict.moved()).or_else(|| desk.moved(id, now));
            let moved = moved.unwrap_or(if matches!(wanted, Wanted::Pay(..)) { Moved::No } else { Moved::Unknown });
            its_user(&state, &credentials).map_err(|error| error.with_moved(moved))?;
            if let Some(finished) = over {
                return match wanted {
                    Wanted::Pay(_, digest) if finished.digest != digest => {
                        Err(another_payment(moved, finished.standing()))
                    }
                    _ => finished.again().map(Some),
                };
            }
            self.serves(&state).map_err(|error| error.with_moved(moved))?;
            match self.turn(desk, state, id, wanted, &mut credentials, now).await? {
                Turn::Break(progress) => return Ok(progress),
                Turn::Continue(()) => {}
            }
        }
        Err(contended(Moved::Unknown))
    }

    async fn turn(
        &self,
        mut desk: Desk,
        state: State,
        id: &str,
        wanted: Wanted<'_>,
        credentials: &mut Credentials,
        now: DateTime<Utc>,
    ) -> Result<Turn, Error> {
        let moved = desk.moved(id, now).unwrap_or(Moved::No);
        let misuse = |text: &str| Err(Error::misuse(text).with_moved(moved));
        let Some(open) = desk.open(id).cloned() else {
            let Wanted::Pay(payment, digest) = wanted else { return Err(missing(&desk, id, now)) };
            return self.begin(desk, state, id, (payment, digest), credentials, now).await;
        };
        if matches!(wanted, Wanted::Pay(_, digest) if digest != open.digest) {
            let pending = self.pending_of(&desk, &open, &state, now)?;
            return Err(another_payment(moved, Standing::Open(Box::new(pending))));
        }
        if open.user.as_deref().zip(credentials.user_id()).is_some_and(|(own, other)| own != other) {
            return misuse(ANOTHER_USER);
        }
        let at_work = desk.is_at_work_on(id, now);
        let mut operation = open.operation.clone();
        let mut tries = MOST_RECONCILED;
        match open.operation.situation(&state, now) {
            Situation::AwaitingAnswers(challenge) => match wanted {
                Wanted::Answer(answers) => {
                    self.free(&desk, &state, id, now)?;
                    let answered = operation.handle_answer(&state, answers, now);
                    operation = answered.map_err(|error| Error::from(error).with_moved(moved))?.0;
                }
                Wanted::FindOut => return Ok(Turn::Break(None)),
                Wanted::Pay(..) | Wanted::Resume if at_work => return Err(busy(&desk, now, moved)),
                Wanted::Pay(..) | Wanted::Resume => return Ok(Turn::Break(Some(Progress::Ask(challenge)))),
            },
            Situation::Ready => match wanted {
                Wanted::FindOut => return Ok(Turn::Break(None)),
                // What was asked may be out of date by now: it goes on without the answers, and may be asked anew.
                Wanted::Pay(..) | Wanted::Resume | Wanted::Answer(_) => self.free(&desk, &state, id, now)?,
            },
            Situation::AwaitingApproval(_) => match wanted {
                Wanted::FindOut => return Ok(Turn::Break(None)),
                Wanted::Answer(_) => return misuse(NOT_ASKED),
                // It was not looked at, and the user may have approved the client by now.
                Wanted::Pay(..) | Wanted::Resume => {
                    self.free(&desk, &state, id, now)?;
                    operation = operation.after_approval(&state);
                }
            },
            Situation::InDoubt(doubt) => {
                if desk.claimed(now).is_some() {
                    return Err(busy(&desk, now, moved));
                }
                if matches!(wanted, Wanted::Answer(_)) {
                    return misuse(NOT_ASKED);
                }
                if open.operation.is_hopeless() {
                    desk.finish(id, Verdict::Unresolved(doubt.clone()), now);
                    let over = Progress::Unknown(doubt);
                    return Ok(if self.write(&mut desk, &state, moved).await? {
                        Turn::Break(Some(over))
                    } else {
                        Turn::Continue(())
                    });
                }
                tries = MOST_RECONCILED - 1;
                let begun = operation.reconcile(&state, now);
                operation = begun.map_err(|error| Error::from(error).with_moved(moved))?.0;
            }
            Situation::Over(_) => return Err(driver::bug("an operation that is over was stored as open")),
        }
        if !self.claim(&mut desk, &state, id, Effort::Ahead).await.map_err(|error| error.with_moved(moved))? {
            return Ok(Turn::Continue(()));
        }
        let open = Open { operation, ..open };
        self.work(desk, &mut self.client(state), open, credentials, tries).await.and_then(as_receipt)
    }

    /// A payment that nobody has asked for before.
    async fn begin(
        &self,
        mut desk: Desk,
        state: State,
        id: &str,
        (payment, digest): (&Payment, [u8; 32]),
        credentials: &mut Credentials,
        now: DateTime<Utc>,
    ) -> Result<Turn, Error> {
        let moved = desk.moved(id, now).unwrap_or(Moved::No);
        self.free(&desk, &state, id, now)?;
        let mut client = self.client(state);
        let user = credentials.user_id().map(str::to_owned);
        let new = |operation| Open { id: id.to_owned(), digest, user: user.clone(), operation };
        let intent = || Intent::pay(payment);
        let mut begun = None;
        // Where the profile is known, one write takes the claim and stores the identifiers.
        if !driver::lacks_profile(&client.state) {
            let open = new(driver::start(&mut client, intent()).map_err(|error| error.with_moved(moved))?);
            desk.put(open.clone());
            begun = Some(open);
        }
        if !self.claim(&mut desk, &client.state, id, Effort::Adding).await.map_err(|error| error.with_moved(moved))? {
            return Ok(Turn::Continue(()));
        }
        let open = match begun {
            Some(open) => open,
            None => new(self.started(&mut desk, &mut client, credentials, intent()).await?),
        };
        self.work(desk, &mut client, open, credentials, MOST_RECONCILED).await.and_then(as_receipt)
    }

    /// The result of a payment that is over, on the desk or filed; `None` when it is open, or was never asked for.
    pub(crate) async fn over(&self, desk: &Desk, id: &str) -> Result<Option<Finished>, Error> {
        if let Some(finished) = desk.finished(id).filter(|finished| self.world.now() <= self.end(finished)) {
            return Ok(Some(finished.clone()));
        }
        if desk.open(id).is_some() {
            return Ok(None);
        }
        // Results leave the desk only after they were filed, and the desk was read first: it is in one of the two.
        Ok(self.filed(id).await?.map(|(_, finished)| finished))
    }

    /// Refuses where what is stored would be sent to another institution than was given; and a lease that is over before anybody has
    /// answered.
    pub(crate) fn serves(&self, state: &State) -> Result<(), Error> {
        let (stored, given) = (&state.institution, &self.template.institution);
        if (&stored.url, &stored.fi) != (&given.url, &given.fi) {
            return Err(Error::misuse(ELSEWHERE));
        }
        if self.lease >= LEAST_LEASE { Ok(()) } else { Err(Error::misuse(SHORT_LEASE)) }
    }

    /// Takes the claim, in one write that also clears the desk of what is over. False when somebody else has written since.
    pub(crate) async fn claim(&self, desk: &mut Desk, state: &State, id: &str, effort: Effort) -> Result<bool, Error> {
        for finished in &desk.finished {
            self.file(finished).await?;
        }
        desk.finished.clear();
        desk.sweep(self.world.now());
        desk.take(id, self.world.now(), self.lease);
        match self.put(desk, state, effort).await {
            Ok(()) => Ok(true),
            Err(Lost::Taken(_)) => Ok(false),
            Err(Lost::Failed(error)) => Err(error),
        }
    }

    /// Writes a change that needs nobody at work. False when somebody else has written since.
    pub(crate) async fn write(&self, desk: &mut Desk, state: &State, moved: Moved) -> Result<bool, Error> {
        // Whoever had it and sleeps cannot write any more once this is there.
        desk.claim = None;
        match self.put(desk, state, Effort::Ahead).await {
            Ok(()) => Ok(true),
            Err(Lost::Taken(_)) => Ok(false),
            Err(Lost::Failed(error)) => Err(error.with_moved(moved)),
        }
    }

    /// Makes an operation under the claim, with the profile that it needs. Where that fails, the claim is given up.
    pub(crate) async fn started(
        &self,
        desk: &mut Desk,
        client: &mut Client,
        credentials: &mut Credentials,
        intent: Intent,
    ) -> Result<Operation, Error> {
        let known = driver::know_profile(client, credentials, intent.relies_on_profile(), &mut false).await;
        match known.and_then(|()| driver::start(client, intent)) {
            Ok(operation) => Ok(operation),
            Err(error) => {
                self.give_up(desk, &client.state).await;
                Err(error.with_moved(Moved::No))
            }
        }
    }

    /// Gives up a claim under which nothing was sent for a payment. If that cannot be written, it runs out.
    pub(crate) async fn give_up(&self, desk: &mut Desk, state: &State) {
        desk.claim = None;
        let _ = self.put(desk, state, Effort::Ahead).await;
    }

    /// Refuses where somebody else is at work, or another payment must be found out about first.
    pub(crate) fn free(&self, desk: &Desk, state: &State, id: &str, now: DateTime<Utc>) -> Result<(), Error> {
        let moved = desk.moved(id, now).unwrap_or(Moved::No);
        if desk.claimed(now).is_some() {
            return Err(busy(desk, now, moved));
        }
        let Some(blocker) = desk.blocker(id) else { return Ok(()) };
        let pending = self.pending_of(desk, blocker, state, now)?;
        let way = match pending.situation {
            Situation::AwaitingAnswers(_) => "its questions wait: call answer for it",
            _ => "call reconcile for it",
        };
        let text = format!(
            "payment {:?} of this vault is in doubt and must be found out about first: {way}, or settle once a person has found out",
            pending.id
        );
        Err(Error::new(ErrorKind::Busy, Delivery::NotSent, text).with_moved(moved).with_detail(pending))
    }
}

fn as_receipt(progress: Progress<Completed>) -> Result<Turn, Error> {
    let receipt = progress.try_map(Completed::receipt).ok_or_else(|| driver::bug(OTHER_KIND))?;
    Ok(Turn::Break(Some(receipt)))
}

pub(crate) const OTHER_KIND: &str = "an operation ended as another kind";

/// Refuses credentials of another user than the vault's.
pub(crate) fn its_user(state: &State, credentials: &Credentials) -> Result<(), Error> {
    belongs(state, credentials).map_err(|_| Error::misuse(SOMEBODY_ELSE))
}

/// Somebody else has the claim.
pub(crate) fn busy(desk: &Desk, now: DateTime<Utc>, moved: Moved) -> Error {
    let busy = desk.busy(now);
    let work = busy.id.as_ref().map_or_else(|| "the account list".to_owned(), |id| format!("payment {id:?}"));
    let text = format!(
        "another caller is at work on {work} in this vault: ask again in a moment, and at the latest at {}",
        busy.until.format("%F %T UTC")
    );
    Error::new(ErrorKind::Busy, Delivery::NotSent, text).with_moved(moved).with_detail(busy)
}

/// Others have written at each turn.
pub(crate) fn contended(moved: Moved) -> Error {
    Error::new(ErrorKind::Busy, Delivery::NotSent, CONTENDED).with_moved(moved)
}

/// The id stands for another payment, of which this is what is known.
fn another_payment(moved: Moved, standing: Standing) -> Error {
    let became = match &standing {
        Standing::Refused(_) => "was refused",
        Standing::Settled { settlement: Settlement::NotMade, .. } => "was settled as not made",
        _ => return Error::misuse(ANOTHER_PAYMENT).with_moved(moved).with_detail(standing),
    };
    let text = format!(
        "this id stands for another payment, and nothing was done with this one: that one {became}; pay the corrected one under a \
         new id"
    );
    Error::misuse(text).with_moved(moved).with_detail(standing)
}

/// Neither open nor over: nobody has asked for it, or somebody does so at this moment.
fn missing(desk: &Desk, id: &str, now: DateTime<Utc>) -> Error {
    if desk.is_at_work_on(id, now) { busy(desk, now, Moved::Unknown) } else { no_such() }
}

/// What is not there may have been filed so long ago that nobody knows any more.
pub(crate) fn no_such() -> Error {
    Error::misuse(NO_SUCH_PAYMENT).with_moved(Moved::Unknown)
}

pub(crate) fn check_id(id: &str) -> Result<(), Error> {
    if (1..=LONGEST_ID).contains(&id.len()) { Ok(()) } else { Err(Error::misuse(BAD_ID)) }
}

/// SHA-256 of a payment, independent of how any version of this crate stores or sends it. Amounts are compared as numbers.
pub(crate) fn digest(payment: &Payment) -> [u8; 32] {
    let mut payment = payment.clone();
    payment.amount = Amount::new(payment.amount.value().normalize());
    let mut hash = Sha256::new_with_prefix(b"ofx-session payment v1");
    absorb(&mut hash, &payment.write("PMTINFO", Version::V230));
    hash.finalize().into()
}

fn absorb(hash: &mut Sha256, element: &Element) {
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX).to_be_bytes();
    for text in [element.tag(), element.text().unwrap_or_default()] {
        hash.update(count(text.len()));
        hash.update(text);
    }
    hash.update(count(element.children().len()));
    element.children().iter().for_each(|child| absorb(hash, child));
}

/// Somebody else writes in between only by having got on himself.
pub(crate) const MOST_TURNS: u32 = 16;

/// How often one call tries to find out about a payment in doubt.
const MOST_RECONCILED: u32 = 2;

const LONGEST_ID: usize = 200;

/// No exchange with an institution takes less, and the transport may wait for much longer.
const LEAST_LEASE: Duration = Duration::from_secs(1);

/// Whoever asks again after a crash does so on the same day.
const LEAST_RETENTION: Duration = Duration::from_secs(24 * 3600);

const ELSEWHERE: &str = "the vault's record belongs to another institution (ORG or FID), or to one at another address, and nothing was \
                         sent: another institution needs a context of its own; where ORG or FID are only written otherwise by now, give \
                         those that the vault was made with; where this one has moved, settle what is in doubt here first, and pay \
                         under another context only what was not made here: it does not know of it";
const SOMEBODY_ELSE: &str = "the vault's record belongs to another user id, and nothing was sent: go on with that one; another user needs \
                             a context of his own; where the institution has changed the id, look says what became of each payment: \
                             settle what is in doubt here first, and pay under another context only what was not made here: it does not \
                             know of it";
const SHORT_LEASE: &str = "the vault's lease is shorter than a second, and somebody would take over before the institution has answered: \
                           give one that is longer than the transport waits at most, its total timeout";
const SHORT_RETENTION: &str = "the vault's retention is shorter than 24 hours, and whoever asks for the result after that pays again: give one that \
                               is longer than any retry may take (Duration::MAX: for ever)";
const BAD_ID: &str = "the id of a payment has 1 to 200 bytes";
const ANOTHER_PAYMENT: &str = "this id stands for another payment, and nothing was done with this one: look says what became of that \
                               one; where it is the same bill with another day or amount, do not pay it under a new id unless \
                               that one was not made";
const ANOTHER_USER: &str = "this payment was asked for by another user id; go on with that one; where it was mistyped, and what was sent is in \
                            doubt, settle it by what the institution says";
const NO_SUCH_PAYMENT: &str = "the vault knows no payment with this id: it was never asked for, was given up, or was filed too \
                               long ago, and may have been made then";
pub(crate) const NOT_ASKED: &str = "this waits for no answers: look says where it stands, resume goes on";
const CONTENDED: &str = "others write to this vault all the time; ask again";
