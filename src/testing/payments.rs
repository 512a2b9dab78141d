//! The payment desk. OFX 1.0.3 §12.2 and §12.5, OFX 2.3 likewise.

use chrono::{Datelike as _, Days, NaiveDate, Weekday};
use rust_decimal::Decimal;

use crate::error::StatusCode;
use crate::ofx::{
    BankAccount, Content as _, Element, EncodeError, ExtendedPayee, IdScope, PayeeRef, Payment, PaymentProcessing,
    PaymentResponse, PaymentState, PaymentTransactionResponse, Status, TrnUid, Version,
};
use crate::testing::facts::Fact;
use crate::testing::{BankModel, LedgerEntry};

/// `STATUS`, and the response inside of the wrapper unless it is an error.
pub(super) type Reply = (Status, Option<Element>);

impl BankModel {
    /// Answers a payment, and keeps the answer for those who synchronize.
    pub(super) fn pay(&mut self, name: &str, trn_uid: &str, payment: &Payment, version: Version) -> Reply {
        if !self.receive(name, trn_uid) {
            return duplicate();
        }
        let (status, response) = self.decide(name, trn_uid, payment, true);
        let body = response.as_ref().map(|response| response.write("PMTRS", version));
        let whole = PaymentTransactionResponse::new(TrnUid::new(trn_uid), status.clone(), response);
        self.remember(name, &payment.from, whole);
        (status, body)
    }

    /// Declines a payment whose amount is no amount.
    pub(super) fn decline_nonsense(&mut self, name: &str, trn_uid: &str) -> Reply {
        if !self.receive(name, trn_uid) {
            return duplicate();
        }
        decline(StatusCode::INVALID_AMOUNT, "TRNAMT is not an amount")
    }

    /// Declines a payment that stands in the frame of another account.
    pub(super) fn decline_foreign(&mut self, name: &str, trn_uid: &str) -> Reply {
        if !self.receive(name, trn_uid) {
            return duplicate();
        }
        decline(StatusCode::ACCOUNT_ERROR, "BANKACCTFROM is not the account of the PMTSYNCRQ")
    }

    /// Notes a `TRNUID` as received; `false` for one that is refused as a duplicate.
    pub(super) fn receive(&mut self, name: &str, trn_uid: &str) -> bool {
        let checks = self.settings.promises.checks_duplicates;
        let Some(user) = self.user_mut(name) else { return false };
        let new = user.received.insert(trn_uid.to_owned());
        if new {
            self.note(|| Fact::Received(name.to_owned(), trn_uid.to_owned()));
        }
        new || !checks
    }

    /// Accepts a payment into the ledger, or says why not.
    pub(super) fn decide(
        &mut self,
        name: &str,
        trn_uid: &str,
        payment: &Payment,
        ours: bool,
    ) -> (Status, Option<PaymentResponse>) {
        if let Err(status) = self.examine(payment) {
            return (status, None);
        }
        let Some(list_id) = self.list_payee(name, payment) else {
            let status =
                Status::new(StatusCode::INVALID_PAYEE_LIST_ID, Some("PAYEELSTID is not in your list of payees"));
            return (status, None);
        };
        let server_id = self.next_id().to_string();
        let payment = payment.clone().payee_list_id(list_id.as_str());
        let days = PaymentProcessing::new(PaymentState::WillProcessOn, self.processing_day(&payment));
        let mut response = PaymentResponse::new(&server_id, &list_id, payment.clone(), days);
        response.extended_payee = self.extended_payee(&payment);
        let (user, trn_uid, accepted) = (name.to_owned(), TrnUid::new(trn_uid), self.now);
        self.enter(LedgerEntry { user, server_id, trn_uid, payment, accepted, ours });
        (Status::new(StatusCode::SUCCESS, None), Some(response))
    }

    /// Whether bills can be paid from the account.
    pub(super) fn source(&self, account: &BankAccount) -> Result<(), Status> {
        let accounts = &self.settings.accounts;
        if accounts.iter().any(|known| known.pays_bills() == Some(account)) {
            return Ok(());
        }
        let exists = accounts.iter().filter_map(|known| known.bank.as_ref()).any(|bank| bank.account == *account);
        Err(if exists {
            Status::new(StatusCode::SOURCE_NOT_AUTHORIZED, Some("bills cannot be paid from this account"))
        } else {
            Status::new(StatusCode::SOURCE_NOT_FOUND, Some("BANKACCTFROM is not an account of yours"))
        })
    }

    /// Whether account, amount, day and payee are acceptable, in this order.
    fn examine(&self, payment: &Payment) -> Result<(), Status> {
        self.source(&payment.from)?;
        let amount = payment.amount.value();
        if amount <= Decimal::ZERO || amount.normalize().scale() > 2 {
            return Err(Status::new(StatusCode::INVALID_AMOUNT, Some("TRNAMT must be positive, in whole cents")));
        }
        if payment.due.date().is_some_and(|due| due < self.now.date_naive()) {
            return Err(Status::new(StatusCode::DATE_TOO_SOON, Some("DTDUE is past")));
        }
        if let PayeeRef::Id(id) = &payment.payee
            && !self.settings.payees.iter().any(|(known, _)| known == id)
        {
            return Err(Status::new(StatusCode::INVALID_PAYEE_ID, Some("PAYEEID is not known")));
        }
        payment.check(Version::V230).map_err(|error| Status::new(code_for(&error), Some(&error.to_string())))
    }

    /// The payee's entry in the user's list: added when new, changed when different; `None` for an entry that is not there.
    fn list_payee(&mut self, name: &str, payment: &Payment) -> Option<String> {
        let fresh = self.next_id().to_string();
        let user = self.user_mut(name)?;
        let found = match &payment.payee_list_id {
            Some(id) => user.payees.iter().find(|(known, _)| known == id).map(|(id, _)| id.clone()),
            None => {
                let same = user.payees.iter().find(|(_, payee)| *payee == payment.payee);
                Some(same.map_or(fresh, |(id, _)| id.clone()))
            }
        };
        let id = found?;
        user.list(&id, &payment.payee);
        self.note(|| Fact::listed(name, &id, &payment.payee));
        Some(id)
    }

    /// Business days before the due day, and never before today.
    pub(super) fn processing_day(&self, payment: &Payment) -> NaiveDate {
        let today = self.now.date_naive();
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

    pub(super) fn extended_payee(&self, payment: &Payment) -> Option<ExtendedPayee> {
        let PayeeRef::Id(id) = &payment.payee else { return None };
        let (_, payee) = self.settings.payees.iter().find(|(known, _)| known == id)?;
        Some(ExtendedPayee {
            id: Some(id.clone()),
            scope: Some(IdScope::Global),
            name: Some(payee.name.clone()),
            days_to_pay: Some(DAYS_TO_PAY),
        })
    }
}

fn duplicate() -> Reply {
    decline(StatusCode::DUPLICATE, "a request with this TRNUID was received before")
}

fn decline(code: StatusCode, message: &str) -> Reply {
    (Status::new(code, Some(message)), None)
}

/// The code of the specification for an element that is not acceptable.
fn code_for(error: &EncodeError) -> StatusCode {
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

/// `DFLTDAYSTOPAY` and `XFERDFLTDAYSTOPAY` of the profile.
pub(super) const DAYS_TO_PAY: u32 = 4;
pub(super) const DAYS_TO_PAY_BY_TRANSFER: u32 = 1;
