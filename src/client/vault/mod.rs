//! Payments that are made once, whatever crashes and whoever resumes: a client, keys and a store tied together.
//!
//! The application names each payment by an id of its own, such as the number of its order. However often, and in however
//! many processes, [`Vault::pay`] is called under one id, the payment is made exactly once, or reported as not made, or
//! reported as unknown with the evidence.
//!
//! ```text
//!                      ┌────────── Ask ◄── answer ──┐
//!                      ▼                            │
//!  pay(id) ─► claim ─► write ahead ─► send ─► answer ─► result, client and end of the claim ─► filed under its id
//!                ▲       └── each file ──┘    │
//!                │                            └─► in doubt ─► reconcile ─► the same, or unresolved ─► settle
//!                └── Busy, until the other is done or its lease is over
//! ```
//!
//! # What is in the store
//!
//! One record per vault, the *desk*: the client (profile, access key, `SESSCOOKIE`; while a payment is not over, also the cookies of the
//! transport), the claim, whether a payment was ever begun, the payments that are not over, and results that are not filed yet. One
//! record per payment that is over, its *file*: the receipt, the refusal, or the doubt that nothing could resolve. Both are sealed, under
//! the vault's context and the record's own key. The keys are SHA-256 digests of the context and, for a file, the id.
//!
//! Every change of the desk is one compare-and-swap against the version that was loaded. It is the fence: whoever sleeps while
//! somebody takes over holds an old version and can write nothing any more, and nothing is sent that was not written first.
//!
//! # What survives what
//!
//! | the program stops, or the store fails | on the desk | on the wire | who comes next |
//! |---|---|---|---|
//! | C0 before the first claim | nothing | nothing | starts, with new identifiers |
//! | C1 the payment is on the desk, nothing was sent | ready, or questions | nothing | goes on with the same identifiers and bytes |
//! | C2 the claim's acknowledgement is lost | our version, or the one before | nothing | the caller loads: its own version there means that it has the claim; else the same write again |
//! | C3 claimed, not written ahead | claim | nothing | waits for the lease, takes over, sends |
//! | C4 written ahead, not sent | in doubt | nothing | waits for the lease, finds out |
//! | C5 sent, not applied, may arrive late | in doubt | maybe | finds out; a late copy dies at the fences that the institution offers, see [below](#what-it-does-not-do) |
//! | C6 applied, the answer is lost | in doubt | yes | finds out |
//! | C7 answered, the result is not stored | in doubt | yes | finds out; the caller's error says `Yes` and has the receipt |
//! | C8 the result is stored, its acknowledgement or the caller's answer is lost | result | yes | gets the result |
//! | C9 a sleeping owner wakes after a takeover | the other's | maybe | its next write is refused: before the write-ahead nothing is sent; after it as C5, but that `Https` sends nothing any more once the claim is over; its result is not written |
//! | C10 stopped while finding out | in doubt | - | finds out once more |
//! | C11 stopped between filing and taking off the desk | result, and the file | yes | gets the result; the next claim finds the file and takes it off |
//!
//! A result is found at every moment, because it is in one place before it leaves the other and is looked for in that order:
//! the swap that ends a payment puts its result on the desk. The next claim creates the file first and takes
//! the result off the desk in its own swap. Readers load the desk first, then the file. Whoever finds the id in neither starts
//! by a swap against the desk that he loaded, which fails if anybody has written since. A file is
//! only ever written over by one that knows more: unresolved by settled, and what is past its retention.
//!
//! "Finds out" is [`Vault::reconcile`], which `pay` and `resume` do by themselves. Where an institution offers nothing to find
//! out by, a payment in doubt is reported as [`Progress::Unknown`](crate::Progress::Unknown), filed as unresolved, and never sent
//! again: a person asks the institution and calls [`Vault::settle`].
//!
//! # After a restart
//!
//! A program that starts again goes over the ids of its own for which it has stored no result, and calls [`pay`](Vault::pay) for each,
//! or [`look`](Vault::look) where nothing is to be sent. [`pending`](Vault::pending) alone is not enough: what is unresolved is not
//! pending, and any call for another payment files as unresolved what was in doubt and cannot be found out about. A vault cannot list
//! what is filed, because the keys of the records are digests.
//!
//! # Beside sessions
//!
//! A vault pays; everything else is a call of a [`Session`](crate::Session): payees, changes, synchronization. Restore one blob twice, once
//! for the vault and once for sessions: both name themselves by the same `CLIENTUID`, so that a synchronization tells the vault's payments
//! as [ours](crate::engine::Origin::Us), and the institution may ask its questions of each. Never pay one bill by both.
//!
//! No session of the user may send while a payment is in doubt or on its way, which [`pending`](Vault::pending) shows, but for a new one
//! that still fetches the profile; where both can begin at the same moment, under a lock of the application's. An institution that
//! repeats its answers (`RESPFILEER`) may forget them when any other file of the user comes. Where it neither keeps a history nor looks
//! for a `TRNUID` that it has seen, finding out sends the same file to somebody who does not know it any more, and that pays a second
//! time. Other programs of the same user do the same harm, and no vault can know of them.
//!
//! The same holds the other way round: while an operation of a session is in doubt or on its way (a change, a recurring payment), call
//! nothing of the user's vault that sends. A file of the vault makes such an institution forget the saved answer to the session's, and
//! [`reconcile`](crate::Session::reconcile) would have the session's carried out a second time. The vault does not know of it, and refuses
//! nothing.
//!
//! # What is stored and what is given anew
//!
//! Of the client that a vault is made with, a vault that has a desk takes the transport, observer, document log, device, limits, and what
//! it signs on with: the application's id, version and key, and the language; also whether payments go [without
//! synchronization](crate::Institution::without_synchronization), for those that are not begun yet; give up one that is; and, as long as
//! no profile is known, that none is asked for, or one as the user. Version of OFX,
//! the rest of the dialect, profile, `CLIENTUID` and keys stay what they were when the first payment was begun: files that may be sent
//! again were made of them. With another `ORG` or `FID` than then, nothing is sent.
//!
//! Until a payment is begun, only the `CLIENTUID` stays: address, `ORG` and `FID`, version and dialect are given anew, and the profile is
//! fetched again where one of them is another. So what the first errors advise (another version, say, or
//! [`Institution::without_profile`](crate::Institution::without_profile)) can be done by a new `Vault` on the same store. A payment is
//! begun once it is [`pending`](Vault::pending), which is after the profile; what is given up was begun. An institution that has accepted a
//! signon of the user's, for the account list or for a profile that is its users' only, or that has given a key, stays as well.
//!
//! An institution that has moved to another address, or has given the user another user id, gets a vault of another [`Context`], which
//! knows of no payment of this one. Nothing is sent from here to the new address or as another user; [`look`](Vault::look),
//! [`pending`](Vault::pending), [`settle`](Vault::settle) and [`abandon`](Vault::abandon) go on. Settle what is in doubt here, and look
//! here first whether an id was paid.
//!
//! # What it does not do
//!
//! - A store that is restored from an older copy has forgotten payments: they can be made again. The same holds for a
//!   store that acknowledges writes and loses them; see its [`Capabilities`](crate::store::Capabilities).
//! - Where file-based recovery is the institution's only promise (`RESPFILEER` without a history and without a check of `TRNUID`s), a
//!   copy that was on its way for so long that another payment was made in between is stopped by the saved answer alone. The vault never
//!   asks the institution to forget the answer to a payment that was ever in doubt. One that forgets by itself when another file comes, as
//!   OFX 1.0.3 §2.2.7 allows, can then make the payment a second time, or refuse the second one (for want of money, say), which is taken
//!   for its answer to the first; nothing that a client can say prevents it, and only a history could show it. One that wants its
//!   security questions answered before it gives its answer again is taken not to forget it by being asked for them.
//! - One vault makes one thing at a time: one user at one institution. Vaults of different contexts do not touch each other.
//! - Clocks of different machines may differ by a few seconds. Where one is behind, a takeover from it is early, which costs a doubt and
//!   no money. Where one is ahead, what it wrote counts all the same, and its claim is over once another has looked at it through the
//!   same [`Vault`] for one lease: a program that starts anew for each call starts to wait anew.
//! - Until when a result is kept is told by clocks. By one that is ahead by the [`retention`](Vault::retention), there are no results any
//!   more: whoever calls [`Vault::pay`] by it under an id that was paid pays again. What one that is as far behind has written is past
//!   its retention for all others at once. Stores that count by the machine's clock throw away what is past it.
//!
//! # Whether money may have moved
//!
//! | error | kind | [`money_may_have_moved`](Error::money_may_have_moved) |
//! |---|---|---|
//! | another caller has claimed it ([`Busy`]) | `Busy` | unknown when it is at work on this payment, or this one is in doubt; else no |
//! | another payment is in doubt ([`Pending`]) | `Busy` | no |
//! | another caller took over ([`Busy`]) | `Busy` | what the desk says by now; unknown when a file was sent; yes with a [`Receipt`](crate::Receipt) as detail |
//! | the store failed before anything was read, or a record cannot be read | `Store`, `Seal` | unknown: it may hold this payment |
//! | the store failed before a file was sent | `Store` | no; unknown when the payment was in doubt before, or the store may say that it is |
//! | the store failed after the answer | `Store` | yes with the [`Receipt`](crate::Receipt) as detail; unknown where a file with the payment had left, also with the [`Refusal`](crate::engine::Refusal) as detail and when questions were asked, because whoever comes next finds out and may send it once more; else no |
//! | the institution said no | `Refused` | no |
//! | this try was not sent, or a file failed that was to find out about the payment in doubt | `Transport` | no; unknown when the payment was in doubt before that file, or the store may say that it is |
//! | the call does not fit: wrong answers, another user, another payment under the id | `Misuse` | what became of the payment that the id stands for, which is the [`Standing`] in the detail where another was asked for; no when it was not sent |
//! | there is no such payment | `Misuse` | unknown: it may have been filed longer ago than its retention |

mod accounts;
mod desk;
mod ending;
mod flow;
mod looking;
mod patience;
mod paying;
mod record;
mod shelf;
mod standing;
mod work;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::client::vault::shelf::Seen;
use crate::client::watching::Watching;
use crate::client::{Client, World};
use crate::engine::State;
use crate::error::Error;
use crate::seal::{Context, KeyRing};
use crate::store::Store;
use crate::transport::Transport;

pub use standing::{Busy, Pending, Settlement, Standing};

/// Makes payments once each, under ids of the application's own, on a store that several processes may share.
///
/// See [the module's page](crate::client::vault) for what is stored and what survives what. A clone is another handle to the
/// same vault; all calls go through `&self`, from as many tasks and processes as there are. One of them works at a time, the
/// others are told [`Busy`].
///
/// Where a store does not answer when a result is to be written, it is tried again for as long as the claim lasts, up to ninety times,
/// with pauses, inside of a tokio runtime whose time is enabled (and with one of the features `https`, `redis`, `postgres`);
/// elsewhere four times at once.
///
/// # Cancellation
///
/// A future that is dropped loses nothing that was durable. Its claim runs out after the [`lease`](Self::lease); a payment whose
/// request was on its way is in doubt then, and whoever comes next finds out.
///
/// # Examples
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```ignore")]
/// use chrono::{Days, Utc};
/// use ofx_session::store::Memory;
/// use ofx_session::testing::Bank;
/// use ofx_session::*;
/// use rust_decimal::Decimal;
///
/// # fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let bank = Bank::builder().user("jane", "correct horse").start()?; // pretend institution
/// let trust = HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes())?;
/// let client = Client::builder(Institution::new(bank.url())).connection(trust).build()?;
/// let keys = KeyRing::new(Key::new(1, [7; 32])?);
/// let vault = Vault::new(client, Memory::new(), keys, Context::new("tenant-1", "user-42")?.and("bank-7"))?;
///
/// let from = BankAccount::new("999888777", "1000001", AccountType::Checking);
/// let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
/// let due = Utc::now().date_naive() + Days::new(10);
/// let payment = Payment::new(from, Decimal::new(8420, 2), payee, "88-204-117", due);
/// let jane = || Credentials::new("jane", "correct horse");
/// let receipt = vault.pay("order-4711", &payment, jane()).await?.done()?;
/// let again = vault.pay("order-4711", &payment, jane()).await?.done()?;
/// assert_eq!(receipt.id(), again.id());
/// assert_eq!(bank.payments_made(), 1);
/// # Ok(()) })
/// # }
/// ```
#[derive(Clone)]
pub struct Vault {
    template: State,
    transport: Arc<dyn Transport>,
    watching: Watching,
    world: Arc<dyn World>,
    store: Arc<dyn Store>,
    keys: KeyRing,
    context: Context,
    lease: Duration,
    retention: Duration,
    seen: Arc<Mutex<Option<Seen>>>,
}

impl Vault {
    /// Ties a client, a store, and the keys and the context of its user together. Nothing is loaded or sent.
    ///
    /// Once there is a record, [what is stored wins](crate::client::vault#what-is-stored-and-what-is-given-anew) over most of what the
    /// client says. The context names tenant, end user and institution, and says whether it is a test, by names that never change: no
    /// e-mail address, no login name. A record is found by its context alone. Under another one there is no payment, and [`pay`](Self::pay)
    /// pays again what was paid; under one that a test has used, too, it gives the result of the test, and pays nothing.
    ///
    /// **Where the same user is to have sessions as well, decide that before the first payment.** Restore one blob twice then, once for
    /// the vault and once for sessions: [Beside sessions](crate::client::vault#beside-sessions) says why. A vault gives no blob of its
    /// client, and shows its `CLIENTUID` only where the institution wants the user to approve it
    /// ([`Progress::Approve`](crate::Progress::Approve)): do not count on doing this later with one that was made at random. A program
    /// that chooses the `CLIENTUID` of each user and stores it needs no blob: a new client of
    /// [`Client::builder(..).client_uid(uid)`](crate::ClientBuilder::client_uid) does for each `Vault::new`, and for sessions at any time.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`](crate::error::ErrorKind::Misuse) for a context that names no tenant and no end user, and when there is no
    /// transport.
    pub fn new(
        mut client: Client,
        store: impl Store + 'static,
        keys: KeyRing,
        context: Context,
    ) -> Result<Self, Error> {
        if !context.is_bound() {
            return Err(Error::misuse(UNBOUND_CONTEXT));
        }
        let transport = client.wire()?;
        client.state.begin_session();
        Ok(Self {
            template: client.state,
            transport,
            watching: client.watching,
            world: client.world,
            store: Arc::new(store),
            keys,
            context,
            lease: LEASE,
            retention: RETENTION,
            seen: Arc::default(),
        })
    }

    /// Sets for how long a claim is good; 90 seconds when it is not called. It is renewed before each file.
    ///
    /// It must be longer than a write and one exchange with the institution (two with
    /// [`Dialect::repeat_for_cookie`](crate::engine::Dialect::repeat_for_cookie)) take at most, which is the transport's total timeout, 60
    /// seconds unless set: else somebody takes over while the answer is still on its way. That pays nothing twice, but leaves in doubt what
    /// would have been a receipt. Where the write before a file takes more than half of it, nothing is sent, and the call
    /// fails with [`ErrorKind::Busy`](crate::error::ErrorKind::Busy). By [`Https`](crate::transport::Https), nothing leaves either once the
    /// claim is over, whatever has held it up. After a crash, others wait for what is left of it and five seconds
    /// more.
    ///
    /// The vault does not know the time-outs of its transport. It refuses only what no institution can answer in: with less than one
    /// second, each call that would claim the vault fails with [`ErrorKind::Misuse`](crate::error::ErrorKind::Misuse).
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Sets for how long a result is kept, from the moment the payment was over; 400 days when it is not called. With less than 24 hours
    /// nothing is paid (`Misuse`); [`Duration::MAX`] is for ever.
    ///
    /// # Security
    ///
    /// After that the id is free: calling [`pay`](Self::pay) under it pays again. It is told by the clock of whoever calls, against that
    /// of whoever paid: where one of them can be wrong by as much as this, it must be longer. For so long the keys that sealed a result
    /// must be kept: [`reseal`](Self::reseal).
    #[must_use]
    pub fn retention(mut self, retention: Duration) -> Self {
        self.retention = retention;
        self
    }

    /// Sets where time and random bytes come from.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn world(mut self, world: Arc<dyn World>) -> Self {
        self.world = world;
        self
    }

    /// A client of the moment, with the state of the store.
    fn client(&self, state: State) -> Client {
        let client = Client::from_parts(state, Some(Arc::clone(&self.transport))).watched(self.watching.clone());
        Client { world: Arc::clone(&self.world), ..client }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("organization", &self.template.institution.fi)
            .field("store", &self.store)
            .field("lease", &self.lease)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}

/// Half as long again as the transport waits at most, unless it is set otherwise.
const LEASE: Duration = Duration::from_secs(90);

/// Longer than a year: some bills come once a year.
const RETENTION: Duration = Duration::from_secs(400 * 24 * 3600);

const UNBOUND_CONTEXT: &str = "a vault needs a context that names its tenant and its end user: Context::new";
