//! Payments that are made once each, without async.

use std::time::Duration;

use crate::blocking::forward::{Wrap as _, forward, same_as_async};
use crate::blocking::{Client, wait};
use crate::client::vault::{Pending, Settlement, Standing};
use crate::client::{self, Progress};
use crate::engine::{Answers, Credentials, Receipt};
use crate::error::Error;
use crate::ofx::{AccountInfo, Payment};
use crate::seal::{Context, KeyRing};
use crate::store::Store;

/// As [`client::Vault`]: makes payments once each, under ids of the application's own, on a store that several threads and
/// processes may share. A clone is another handle to the same vault.
///
/// Any [`Store`] will do. One on a server connects when it is first used, in the background, and keeps that connection.
///
/// # Examples
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```ignore")]
/// use chrono::{Days, Utc};
/// use ofx_session::blocking::{Client, Vault};
/// use ofx_session::store::Memory; // or Sqlite, Redis, Postgres
/// use ofx_session::testing::Bank;
/// use ofx_session::*;
/// use rust_decimal::Decimal;
///
/// # fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
/// let bank = Bank::builder().user("jane", "correct horse").start()?; // pretend institution
/// let trust = HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes())?;
/// let client = Client::builder(Institution::new(bank.url())).connection(trust).build()?;
/// let keys = KeyRing::new(Key::new(1, [7; 32])?);
/// let vault = Vault::new(client, Memory::new(), keys, Context::new("tenant-1", "user-42")?)?;
///
/// let from = BankAccount::new("999888777", "1000001", AccountType::Checking);
/// let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
/// let due = Utc::now().date_naive() + Days::new(10);
/// let payment = Payment::new(from, Decimal::new(8420, 2), payee, "88-204-117", due);
/// let jane = || Credentials::new("jane", "correct horse");
/// let receipt = vault.pay("order-4711", &payment, jane())?.done()?;
/// assert_eq!(vault.pay("order-4711", &payment, jane())?.done()?.id(), receipt.id());
/// assert_eq!(bank.payments_made(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Vault(client::Vault);

same_as_async!(Vault);

impl Vault {
    /// Ties a client, a store, and the keys and the context of its user together. Nothing is loaded or sent.
    ///
    /// All else is on the page of [`Vault::new`](crate::Vault::new).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn new(client: Client, store: impl Store + 'static, keys: KeyRing, context: Context) -> Result<Self, Error> {
        client::Vault::new(client.into(), store, keys, context).wrap()
    }

    forward! { Vault:
        /// Sets for how long a claim is good; 90 seconds when it is not called.
        fn lease(self, lease: Duration) -> Self;

        /// Sets for how long a result is kept; 400 days when it is not called.
        fn retention(self, retention: Duration) -> Self;

        /// Sets where time and random bytes come from.
        #[cfg(feature = "testing")]
        fn world(self, world: std::sync::Arc<dyn client::World>) -> Self;
    }

    forward! { Vault:
        /// Pays a bill once under `id`, which has 1 to 200 bytes and is the application's own.
        async fn pay(&self, id: &str, payment: &Payment, credentials: Credentials) -> Result<Progress<Receipt>, Error>;

        /// Goes on with a payment that was started under `id`, or gives its result.
        async fn resume(&self, id: &str, credentials: Credentials) -> Result<Progress<Receipt>, Error>;

        /// Answers the questions that a payment waits for, and goes on with it.
        async fn answer(
            &self,
            id: &str,
            answers: Answers,
            credentials: Credentials,
        ) -> Result<Progress<Receipt>, Error>;

        /// Finds out what became of a payment in doubt.
        async fn reconcile(&self, id: &str, credentials: Credentials) -> Result<Standing, Error>;

        /// The payments that are not over, in the order in which they were started.
        async fn pending(&self) -> Result<Vec<Pending>, Error>;

        /// Where a payment stands; `None` when it was never asked for, was given up, or is past its retention.
        async fn look(&self, id: &str) -> Result<Option<Standing>, Error>;

        /// Ends a doubt by what a person has found out at the institution.
        async fn settle(&self, id: &str, settlement: Settlement) -> Result<(), Error>;

        /// Gives up a payment that was never sent, or was not looked at.
        async fn abandon(&self, id: &str) -> Result<(), Error>;

        /// Seals the vault's record anew where another key of the ring seals by now; true where that was so.
        async fn reseal(&self) -> Result<bool, Error>;

        /// Fetches the account list, unless the known one is up to date.
        async fn accounts(&self, credentials: Credentials) -> Result<Progress<Vec<AccountInfo>>, Error>;

        /// Answers the questions that the account list waits for, and goes on with it.
        async fn answer_accounts(
            &self,
            answers: Answers,
            credentials: Credentials,
        ) -> Result<Progress<Vec<AccountInfo>>, Error>;
    }
}
