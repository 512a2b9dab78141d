//! The ledger: every payment that was accepted, what became of it, and what a test asks of it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::ofx::{Payment, PaymentProcessing, PaymentState, TrnUid};
use crate::testing::BankModel;

/// One payment that the institution accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerEntry {
    /// Whose payment it is.
    pub user: String,
    /// `SRVRTID` that it was given.
    pub server_id: String,
    /// `TRNUID` that it came with.
    pub trn_uid: TrnUid,
    /// `PMTINFO` as it was received, with the `PAYEELSTID` filled in, and with every change that was made to it since.
    pub payment: Payment,
    /// When it was accepted, by the institution's clock.
    pub accepted: DateTime<Utc>,
    /// Whether it came in a request; not for one of
    /// [`other_client_pays`](crate::testing::BankModel::other_client_pays).
    pub ours: bool,
    /// Where it stands: it waits, was processed or cancelled, or failed.
    pub state: PaymentState,
    /// The day that the state speaks of.
    pub day: NaiveDate,
    /// `RECSRVRTID` of the recurring payment that made it.
    pub model_id: Option<String>,
}

impl LedgerEntry {
    /// Whether it was made or will be: it was neither cancelled, nor did it fail.
    #[must_use]
    pub fn stands(&self) -> bool {
        matches!(self.state, PaymentState::WillProcessOn | PaymentState::ProcessedOn)
    }

    /// Whether it waits to be processed.
    #[must_use]
    pub fn is_scheduled(&self) -> bool {
        self.state == PaymentState::WillProcessOn
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        self.state == PaymentState::CanceledOn
    }

    /// `PMTPRCSTS`.
    pub(super) fn processing(&self) -> PaymentProcessing {
        PaymentProcessing::new(self.state.clone(), self.day)
    }

    /// Whether both say the same, for the same user; how the institution lists the payee does not count.
    #[must_use]
    pub fn pays_the_same_as(&self, other: &Self) -> bool {
        let mut payment = self.payment.clone();
        payment.payee_list_id.clone_from(&other.payment.payee_list_id);
        self.user == other.user && payment == other.payment
    }
}

/// Payments that were really accepted, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: Vec<LedgerEntry>,
}

impl Ledger {
    pub(super) fn new(entries: Vec<LedgerEntry>) -> Self {
        Self { entries }
    }

    /// All of them, those of other clients included.
    #[must_use]
    pub fn entries(&self) -> &[LedgerEntry] {
        &self.entries
    }

    /// Those that were made or will be: without those that were cancelled or failed.
    #[must_use]
    pub fn standing(&self) -> Self {
        Self { entries: self.entries.iter().filter(|entry| entry.stands()).cloned().collect() }
    }

    /// How many times the payment with this `TRNUID` was made, by any user.
    #[must_use]
    pub fn payments_made_for(&self, trn_uid: &str) -> usize {
        made_for(&self.entries, trn_uid)
    }

    /// How many there are of each `TRNUID`.
    #[must_use]
    pub fn by_trn_uid(&self) -> BTreeMap<String, usize> {
        self.count(|entry| Some(entry.trn_uid.as_str()))
    }

    /// How many there are to each `PAYACCT`, so that a drill can mark each payment that it wants.
    #[must_use]
    pub fn by_pay_account(&self) -> BTreeMap<String, usize> {
        self.count(|entry| Some(entry.payment.pay_account.as_str()))
    }

    /// How many there are with each `MEMO`; those without are not counted.
    #[must_use]
    pub fn by_memo(&self) -> BTreeMap<String, usize> {
        self.count(|entry| entry.payment.memo.as_deref())
    }

    /// Pairs of ours that pay the same, the earlier one first; what was cancelled or failed pays nothing. Who wants to pay the
    /// same twice must mark it, by the `MEMO` for example.
    ///
    /// What recurring payments have made is here, from 30 days before it is due on; that a recurring payment itself was set up twice,
    /// [`BankModel::double_models`](crate::testing::BankModel::double_models) sees from the first moment on.
    #[must_use]
    pub fn double_payments(&self) -> Vec<(LedgerEntry, LedgerEntry)> {
        let ours: Vec<&LedgerEntry> = self.entries.iter().filter(|entry| entry.ours && entry.stands()).collect();
        let mut pairs = Vec::new();
        for (at, first) in ours.iter().enumerate() {
            let later = ours.iter().skip(at + 1).filter(|second| first.pays_the_same_as(second));
            pairs.extend(later.map(|second| ((*first).clone(), (*second).clone())));
        }
        pairs
    }

    fn count<'a>(&'a self, mark: impl Fn(&'a LedgerEntry) -> Option<&'a str>) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for mark in self.entries.iter().filter_map(mark) {
            *counts.entry(mark.to_owned()).or_default() += 1;
        }
        counts
    }
}

impl BankModel {
    /// Every payment that was really accepted, oldest first.
    #[must_use]
    pub fn payments(&self) -> &[LedgerEntry] {
        &self.ledger
    }

    /// How many payments were really accepted.
    #[must_use]
    pub fn payments_made(&self) -> usize {
        self.ledger.len()
    }

    /// How many of them were made or will be: without those that were cancelled or failed.
    #[must_use]
    pub fn payments_standing(&self) -> usize {
        self.ledger.iter().filter(|entry| entry.stands()).count()
    }

    /// How many times the payment with this `TRNUID` was made, by any user.
    #[must_use]
    pub fn payments_made_for(&self, trn_uid: &str) -> usize {
        made_for(&self.ledger, trn_uid)
    }

    /// A copy of the ledger, to ask more of it.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        Ledger { entries: self.ledger.to_vec() }
    }
}

fn made_for(entries: &[LedgerEntry], trn_uid: &str) -> usize {
    entries.iter().filter(|entry| entry.trn_uid.as_str() == trn_uid).count()
}
