//! The payment desk. OFX 1.0.3 §12.2, §12.5 and §12.6, OFX 2.3 likewise.

use chrono::{Datelike as _, Days, NaiveDate, Weekday};
use rust_decimal::Decimal;

use crate::error::StatusCode;
use crate::ofx::{
    BankAccount, CanceledPayment, EncodeError, ExtendedPayee, IdScope, ModifiedPayment, PayeeRef, Payment,
    PaymentModification, PaymentResponse, PaymentState, PaymentStatus, Profile, Reply, Stamp, Status, SyncKind, TrnUid,
    Version,
};
use crate::testing::history::Event;
use crate::testing::requests::{Asking, Decision, refusal};
use crate::testing::{BankModel, Feature, LedgerEntry};

impl BankModel {
    /// The institution ends a payment, or says that it was made: there is not enough money, it fails, the user cancels it by
    /// telephone. Those who synchronize are told, unless [`Feature::StatusBySync`] is off. `false` when there is no such
    /// payment that waits, and for a state that ends nothing.
    pub fn end_payment(&mut self, server_id: &str, state: PaymentState) -> bool {
        if matches!(state, PaymentState::WillProcessOn | PaymentState::Other(_)) {
            return false;
        }
        let waits = self.ledger.iter().any(|entry| entry.server_id == server_id && entry.is_scheduled());
        if waits {
            let today = self.now.date_naive();
            self.end(server_id, state, today);
        }
        waits
    }

    /// `PMTRQ`: accepts a payment into the ledger, or says why not.
    pub(super) fn pay(&mut self, asking: Asking<'_>, payment: &Payment) -> Decision {
        self.examine(asking.name, payment, None)?;
        let list_id = self.list_payee(asking.name, payment)?;
        let mut payment = payment.clone().payee_list_id(list_id);
        if asking.ours {
            self.orders.rewrite(&mut payment);
        }
        let entry = self.accept(asking, payment, None);
        Ok(Reply::Pay(Box::new(self.as_new(&entry))))
    }

    /// Enters a payment into the ledger.
    pub(super) fn accept(&mut self, asking: Asking<'_>, payment: Payment, model_id: Option<&str>) -> LedgerEntry {
        let entry = LedgerEntry {
            user: asking.name.to_owned(),
            server_id: self.next_id().to_string(),
            trn_uid: TrnUid::new(asking.trn_uid),
            day: processing_day(&payment, self.now.date_naive()),
            payment,
            accepted: self.now,
            ours: asking.ours,
            state: PaymentState::WillProcessOn,
            model_id: model_id.map(str::to_owned),
        };
        self.enter(entry.clone());
        entry
    }

    /// `PMTMODRQ`.
    pub(super) fn modify_payment(&mut self, name: &str, request: &PaymentModification) -> Decision {
        self.must_offer(Feature::ModifyPayments, "CANMODPMTS", "a payment is changed")?;
        let known = self.open_payment(name, &request.server_id)?.payment.clone();
        refuse_fixed(&known, &request.payment)?;
        let mut payment = request.payment.clone();
        payment.payee_list_id.clone_from(&known.payee_list_id);
        self.examine(name, &payment, Some(&known))?;
        self.list_again(name, &payment)?;
        let reply = self.rewrite(&request.server_id, payment);
        reply.map(Reply::from).ok_or_else(unknown)
    }

    /// `PMTCANCRQ`.
    pub(super) fn cancel_payment(&mut self, name: &str, server_id: &str) -> Decision {
        self.open_payment(name, server_id)?;
        let today = self.now.date_naive();
        self.change_entry(server_id, |entry| (entry.state, entry.day) = (PaymentState::CanceledOn, today));
        Ok(Reply::CancelPayment(Box::new(CanceledPayment::new(server_id))))
    }

    /// `PMTINQRQ`.
    pub(super) fn inquire(&mut self, name: &str, server_id: &str) -> Decision {
        let entry = self.payment_of(name, server_id).ok_or_else(unknown)?;
        Ok(Reply::PaymentStatus(Box::new(PaymentStatus::new(server_id, entry.processing()))))
    }

    /// A payment of the user, as long as the institution speaks of it.
    pub(super) fn payment_of(&self, name: &str, server_id: &str) -> Option<&LedgerEntry> {
        let entry = self.ledger.iter().find(|entry| entry.user == name && entry.server_id == server_id)?;
        let until = entry.day.checked_add_days(Days::new(u64::from(INQUIRY_DAYS)));
        let speaks = entry.is_scheduled() || until.is_none_or(|until| self.now.date_naive() <= until);
        speaks.then_some(entry)
    }

    /// A payment that can still be changed, or why not.
    fn open_payment(&self, name: &str, server_id: &str) -> Result<&LedgerEntry, Status> {
        let entry = self.payment_of(name, server_id).ok_or_else(unknown)?;
        match entry.state {
            PaymentState::WillProcessOn => Ok(entry),
            PaymentState::CanceledOn => Err(refusal(StatusCode::ALREADY_CANCELLED, "it was cancelled")),
            _ => Err(refusal(StatusCode::ALREADY_COMMITTED, "it was processed")),
        }
    }

    /// Gives a payment that waits other contents; gives what became of it.
    pub(super) fn rewrite(&mut self, server_id: &str, payment: Payment) -> Option<ModifiedPayment> {
        let day = processing_day(&payment, self.now.date_naive());
        self.change_entry(server_id, |entry| (entry.payment, entry.day) = (payment, day));
        let entry = self.ledger.iter().find(|entry| entry.server_id == server_id)?;
        Some(ModifiedPayment::new(server_id, entry.payment.clone(), Some(entry.processing())))
    }

    /// Lets something become of a payment without anybody's request, and tells those who synchronize.
    pub(super) fn end(&mut self, server_id: &str, state: PaymentState, day: NaiveDate) {
        let is_canceled = state == PaymentState::CanceledOn;
        self.change_entry(server_id, |entry| (entry.state, entry.day) = (state, day));
        let entry = self.ledger.iter().find(|entry| entry.server_id == server_id);
        let tells = is_canceled || self.offers(Feature::StatusBySync);
        let Some(LedgerEntry { user, payment, .. }) = entry.filter(|_| tells).cloned() else { return };
        let reply = if is_canceled {
            Reply::CancelPayment(Box::new(CanceledPayment::new(server_id)))
        } else {
            let processing = entry.map(LedgerEntry::processing);
            Reply::from(ModifiedPayment::new(server_id, payment.clone(), processing))
        };
        self.remember(&user, SyncKind::Payments, Some(&payment.from), Event::by_itself(reply));
    }

    /// The earliest day on which a payment can be due, as clients read it out of the profile.
    fn earliest_due(&self, payment: &Payment) -> Option<NaiveDate> {
        let profile = Profile::new(Stamp::oldest(), self.message_sets(Version::V230), Vec::new());
        profile.earliest_due(self.extended_payee(&payment.payee).as_ref(), payment.to.is_some(), self.now)
    }

    /// Whether bills can be paid from the account.
    pub(super) fn source(&self, name: &str, account: &BankAccount) -> Result<(), Status> {
        let accounts = self.accounts_of(name);
        if accounts.iter().any(|known| known.pays_bills() == Some(account)) {
            return Ok(());
        }
        let exists = accounts.iter().filter_map(|known| known.bank.as_ref()).any(|bank| bank.account == *account);
        Err(if exists {
            refusal(StatusCode::SOURCE_NOT_AUTHORIZED, "bills cannot be paid from this account")
        } else {
            refusal(StatusCode::SOURCE_NOT_FOUND, "BANKACCTFROM is not an account of yours")
        })
    }

    /// Whether account, amount, day and payee are acceptable, in this order. A day that was accepted before is not looked at
    /// again.
    pub(super) fn examine(&mut self, name: &str, payment: &Payment, known: Option<&Payment>) -> Result<(), Status> {
        self.source(name, &payment.from)?;
        whole_cents("TRNAMT", payment.amount.value())?;
        let is_before = |day: NaiveDate| payment.due.date().is_some_and(|due| due < day);
        if known.is_none_or(|known| known.due != payment.due) {
            if is_before(self.now.date_naive()) {
                return Err(refusal(StatusCode::DATE_TOO_SOON, "DTDUE is past"));
            }
            if self.settings.checks_due_days && self.earliest_due(payment).is_some_and(is_before) {
                return Err(refusal(StatusCode::DATE_TOO_SOON, "DTDUE is too early for the days to pay"));
            }
        }
        self.known_payee(&payment.payee)?;
        if !payment.extended.is_empty() {
            self.must_offer(Feature::ExtendedPayments, "HASEXTDPMT", "a payment has an EXTDPMT")?;
        }
        payment.check(Version::V230).map_err(|error| refusal(code_for(&error), &error.to_string()))
    }

    /// As [`list_payee`](Self::list_payee), for a payment that was accepted before: its payee may have been taken off the
    /// list since.
    pub(super) fn list_again(&mut self, name: &str, payment: &Payment) -> Result<(), Status> {
        let is_listed = payment.payee_list_id.as_deref().is_some_and(|id| self.listed(name, id).is_some());
        if is_listed { self.list_payee(name, payment).map(drop) } else { Ok(()) }
    }

    /// `PMTRS`: what became of a payment, as if it were new.
    pub(super) fn as_new(&self, entry: &LedgerEntry) -> PaymentResponse {
        let list_id = entry.payment.payee_list_id.as_deref().unwrap_or_default();
        let mut response = PaymentResponse::new(&entry.server_id, list_id, entry.payment.clone(), entry.processing());
        response.extended_payee = self.extended_payee(&entry.payment.payee);
        response.model_id.clone_from(&entry.model_id);
        response
    }

    pub(super) fn extended_payee(&self, payee: &PayeeRef) -> Option<ExtendedPayee> {
        let PayeeRef::Id(id) = payee else { return None };
        let (_, payee) = self.settings.payees.iter().find(|(known, _)| known == id)?;
        Some(ExtendedPayee {
            id: Some(id.clone()),
            scope: Some(IdScope::Global),
            name: Some(payee.name.clone()),
            days_to_pay: Some(DAYS_TO_PAY),
        })
    }
}

impl From<ModifiedPayment> for Reply {
    fn from(payment: ModifiedPayment) -> Self {
        Self::ModifyPayment(Box::new(payment))
    }
}

/// Refuses to change what may not be changed: account, payee, and the payee's name. OFX 1.0.3 §12.6.2.
pub(super) fn refuse_fixed(known: &Payment, changed: &Payment) -> Result<(), Status> {
    let same_payee = match (&known.payee, &changed.payee) {
        (PayeeRef::Id(known), PayeeRef::Id(changed)) => known == changed,
        (PayeeRef::Address(known), PayeeRef::Address(changed)) => known.name == changed.name,
        _ => false,
    };
    let same_entry = changed.payee_list_id.is_none() || changed.payee_list_id == known.payee_list_id;
    let checks = [("BANKACCTFROM", known.from == changed.from), ("PAYEELSTID", same_entry), ("the payee", same_payee)];
    match checks.into_iter().find(|(_, same)| !same) {
        Some((what, _)) => Err(refusal(StatusCode::CANNOT_MODIFY, &format!("{what} cannot be changed"))),
        None => Ok(()),
    }
}

/// Refuses an amount that cannot be paid.
pub(super) fn whole_cents(tag: &str, amount: Decimal) -> Result<(), Status> {
    if amount <= Decimal::ZERO || amount.normalize().scale() > 2 {
        return Err(refusal(StatusCode::INVALID_AMOUNT, &format!("{tag} must be positive, in whole cents")));
    }
    Ok(())
}

/// Business days before the due day, and never before today.
pub(super) fn processing_day(payment: &Payment, today: NaiveDate) -> NaiveDate {
    let mut day = payment.due.date().unwrap_or(today);
    let mut left = if payment.to.is_some() { DAYS_TO_PAY_BY_TRANSFER } else { DAYS_TO_PAY };
    while left > 0 && day > today {
        day = day.checked_sub_days(Days::new(1)).unwrap_or(today);
        if !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            left -= 1;
        }
    }
    day
}

/// The code of the specification for an element that is not acceptable.
pub(super) fn code_for(error: &EncodeError) -> StatusCode {
    let (EncodeError::TooLong { tag, .. } | EncodeError::Empty(tag) | EncodeError::Invalid { tag, .. }) = error else {
        return StatusCode::GENERAL_ERROR;
    };
    match *tag {
        "NAME" => StatusCode::INVALID_PAYEE_NAME,
        "ADDR1" | "ADDR2" | "ADDR3" => StatusCode::INVALID_PAYEE_ADDRESS,
        "CITY" => StatusCode::INVALID_PAYEE_CITY,
        "STATE" => StatusCode::INVALID_PAYEE_STATE,
        "POSTALCODE" => StatusCode::INVALID_PAYEE_POSTAL_CODE,
        "PAYACCT" => StatusCode::INVALID_PAYEE_ACCOUNT,
        "PAYEELSTID" => StatusCode::INVALID_PAYEE_LIST_ID,
        "TRNAMT" => StatusCode::INVALID_AMOUNT,
        _ => StatusCode::GENERAL_ERROR,
    }
}

fn unknown() -> Status {
    refusal(StatusCode::UNKNOWN_SERVER_ID, "SRVRTID is not one of your payments")
}

/// `DFLTDAYSTOPAY` and `XFERDFLTDAYSTOPAY` of the profile.
pub(super) const DAYS_TO_PAY: u32 = 4;
pub(super) const DAYS_TO_PAY_BY_TRANSFER: u32 = 1;

/// `POSTPROCWND`: for so many days the institution speaks of a payment that is over.
pub(super) const INQUIRY_DAYS: u32 = 60;
