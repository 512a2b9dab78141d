//! What a test orders for requests to come: another status than the institution would give, another payment than was asked for.

use std::fmt;
use std::hash::{Hash as _, Hasher};
use std::sync::Arc;

use crate::error::StatusCode;
use crate::ofx::{Payment, Status};
use crate::testing::file::{Ask, Transaction};
use crate::testing::{Bank, BankModel, On, desk};

/// Orders that wait, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    signons: Vec<(On, Status)>,
    answers: Vec<(On, Status)>,
    payments: Vec<Rewrite>,
}

/// What becomes of a payment before it is accepted.
#[derive(Clone)]
struct Rewrite(Arc<dyn Fn(&mut Payment) + Send + Sync>);

impl Orders {
    /// The status for the signon of a file that would be accepted with this one, which only an error may hide unless it is 0.
    pub(super) fn signon(&mut self, body: &[u8], accepted: &Status) -> Option<Status> {
        let is_plain = accepted.code == StatusCode::SUCCESS;
        let at = self.signons.iter().position(|(on, status)| on.fits(body) && (is_plain || status.is_error()))?;
        Some(self.signons.remove(at).1)
    }

    /// The status for one transaction. A frame is met only where nothing in it is, and by errors: it has no other status.
    pub(super) fn answer(&mut self, transaction: &Transaction) -> Option<Status> {
        if self.answers.is_empty() {
            return None;
        }
        let text = |one: &Transaction| one.element.to_markup();
        let enclosed: Vec<String> = match &transaction.ask {
            Ask::Sync(frame) => frame.transactions.iter().map(text).collect(),
            _ => Vec::new(),
        };
        let (whole, is_frame) = (text(transaction), matches!(transaction.ask, Ask::Sync(_)));
        let at = self.answers.iter().position(|(on, status)| {
            let inside = enclosed.iter().any(|one| on.fits(one.as_bytes()));
            on.fits(whole.as_bytes()) && !inside && (status.is_error() || !is_frame)
        })?;
        Some(self.answers.remove(at).1)
    }

    /// Makes another payment of one that is accepted.
    pub(super) fn rewrite(&mut self, payment: &mut Payment) {
        if !self.payments.is_empty() {
            (self.payments.remove(0).0)(payment);
        }
    }

    /// Adds what waits; of payments only how many.
    pub(super) fn digest(&self, hasher: &mut impl Hasher) {
        for orders in [&self.signons, &self.answers] {
            orders.len().hash(hasher);
            orders.iter().for_each(|(on, status)| (on, status.code, &status.message).hash(hasher));
        }
        self.payments.len().hash(hasher);
    }
}

impl BankModel {
    /// Answers the next request that `on` describes with this status; see [`Bank::answer_next`].
    pub fn answer_next(&mut self, on: On, status: Status) {
        self.orders.answers.push((on, status));
    }

    /// Answers the signon of the next file that `on` describes with this status; see [`Bank::signon_next`].
    pub fn signon_next(&mut self, on: On, status: Status) {
        self.orders.signons.push((on, status));
    }

    /// Makes another payment of the next one that is accepted; see [`Bank::accept_next_as`].
    pub fn accept_next_as(&mut self, change: impl Fn(&mut Payment) + Send + Sync + 'static) {
        self.orders.payments.push(Rewrite(Arc::new(change)));
    }
}

/// What the institution is ordered to say.
impl Bank {
    /// Answers the next request that `on` describes with this status, in place of what it would say.
    ///
    /// With an error the request is refused: nothing of it is done, and its `TRNUID` counts as received. With any other status it is
    /// carried out as usual, and the status stands where 0 would: a notice. What is refused all the same keeps its own, and so does what
    /// the institution does not do (2000), which can only be refused otherwise; no `TRNUID` of that is kept.
    ///
    /// A request is one transaction of a file: [`On::Payment`] meets the first payment, [`On::Any`] whatever comes first. Orders wait
    /// until the signon is accepted, challenge included; a request that `REJECTIFMISSING` stopped, or that is answered with a saved
    /// answer, is not met. A synchronization frame has no status: an error is answered with `TOKEN` -1 and stands at what is enclosed.
    ///
    /// A notice of an institution's own needs its severity; an unknown code is an error without.
    ///
    /// ```
    /// # use chrono::NaiveDate;
    /// # use ofx_session::{AccountType, BankAccount, Client, Credentials, HttpsOptions, Institution, Payee, Payment};
    /// use ofx_session::StatusCode;
    /// use ofx_session::ofx::{Severity, Status};
    /// use ofx_session::testing::{Bank, On};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bank = Bank::builder().user("jane", "correct horse").start()?;
    /// # let trust = HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes())?.only_given_roots();
    /// # let client = Client::builder(Institution::new(bank.url())).connection(trust).build()?;
    /// # let mut session = client.open(Credentials::new("jane", "correct horse"))?;
    /// # let from = BankAccount::new("999888777", "1000001", AccountType::Checking);
    /// # let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    /// # let due = NaiveDate::from_ymd_opt(2026, 1, 23).ok_or("a day")?;
    /// # let payment = Payment::new(from, "12.50".parse()?, payee, "88-204-117", due);
    /// bank.answer_next(On::Payment, Status::new(StatusCode::new(10_504), Some("there is not enough money")));
    /// let refused = session.pay(&payment).await.expect_err("there is no money");
    /// assert_eq!(refused.status(), Some(StatusCode::new(10_504)));
    /// assert_eq!(bank.payments_made(), 0);
    ///
    /// let mut notice = Status::new(StatusCode::new(10_990), Some("your card expires soon"));
    /// notice.severity = Some(Severity::Warn);
    /// bank.answer_next(On::Payment, notice.clone());
    /// let receipt = session.pay(&payment).await?.done()?;
    /// assert_eq!(receipt.notices, [notice]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn answer_next(&self, on: On, status: Status) {
        desk::lock(&self.desk).change(|model| model.answer_next(on, status));
    }

    /// Answers the signon of the next file that `on` describes with this status, in place of what it would say.
    ///
    /// With an error the file is refused at the signon: nothing in it was looked at, and each request in it has 15500. With any other
    /// status the signon is accepted, and the status stands where 0 would; beside 15000, for a password that has expired, it waits.
    /// Files that are refused all the same are not met, nor those that are answered with a saved answer: this one comes behind password
    /// and challenge. A client need not take a code that is not listed for an accepted signon (0, 15000, 2028).
    pub fn signon_next(&self, on: On, status: Status) {
        desk::lock(&self.desk).change(|model| model.signon_next(on, status));
    }

    /// Makes another payment of the next one that is accepted (`PMTRQ`): `change` is what the institution understood.
    ///
    /// The changed payment stands in the answer, in the histories and in the [ledger](Self::ledger): it is what will be paid. Neither is
    /// it looked at again, nor do recurring payments and changes of payments meet the order. `change` runs while the institution is at
    /// work: nothing of this bank may be called in it, for it would wait for its own end.
    ///
    /// ```
    /// # use chrono::NaiveDate;
    /// # use ofx_session::{AccountType, BankAccount, Client, Credentials, HttpsOptions, Institution, Payee, Payment};
    /// use ofx_session::testing::Bank;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bank = Bank::builder().user("jane", "correct horse").start()?;
    /// # let trust = HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes())?.only_given_roots();
    /// # let client = Client::builder(Institution::new(bank.url())).connection(trust).build()?;
    /// # let mut session = client.open(Credentials::new("jane", "correct horse"))?;
    /// # let from = BankAccount::new("999888777", "1000001", AccountType::Checking);
    /// # let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    /// # let due = NaiveDate::from_ymd_opt(2026, 1, 23).ok_or("a day")?;
    /// # let payment = Payment::new(from, "12.50".parse()?, payee, "88-204-117", due);
    /// bank.accept_next_as(|payment| payment.pay_account = "88204117".to_owned());
    /// let receipt = session.pay(&payment).await?.done()?;
    /// assert_eq!(receipt.differences(&payment), ["PAYACCT"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn accept_next_as(&self, change: impl Fn(&mut Payment) + Send + Sync + 'static) {
        desk::lock(&self.desk).change(|model| model.accept_next_as(change));
    }
}

impl fmt::Debug for Rewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rewrite")
    }
}
