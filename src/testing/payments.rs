//! The payment desk and its ledger. OFX 1.0.3 §12.2 and §12.5, OFX 2.3 likewise.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc, Weekday};
use rust_decimal::Decimal;

use crate::error::StatusCode;
use crate::ofx::{
    Content as _, Element, EncodeError, ExtendedPayee, IdScope, PayeeRef, Payment, PaymentProcessing, PaymentResponse,
    PaymentState, Status, TrnUid, Version,
};
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
    /// `PMTINFO` as it was received, with the `PAYEELSTID` filled in.
    pub payment: Payment,
    /// When it was accepted, by the institution's clock.
    pub accepted: DateTime<Utc>,
}

/// `STATUS`, and the response inside of the wrapper unless it is an error.
pub(super) type Reply = (Status, Option<Element>);

impl BankModel {
    /// Decides about a payment: once for each `TRNUID` of a user, whatever the decision was.
    pub(super) fn pay(&mut self, name: &str, trn_uid: &str, payment: &Payment, version: Version) -> Reply {
        if !self.is_new(name, trn_uid) {
            return decline(StatusCode::DUPLICATE, "a request with this TRNUID was received before");
        }
        if let Err(status) = self.examine(payment) {
            return (status, None);
        }
        let Some(list_id) = self.list_payee(name, payment) else {
            return decline(StatusCode::INVALID_PAYEE_LIST_ID, "PAYEELSTID is not in your list of payees");
        };
        let server_id = self.next_id().to_string();
        let payment = payment.clone().payee_list_id(list_id.as_str());
        let days = PaymentProcessing::new(PaymentState::WillProcessOn, self.processing_day(&payment));
        let mut response = PaymentResponse::new(&server_id, &list_id, payment.clone(), days);
        response.extended_payee = self.extended_payee(&payment);
        let trn_uid = TrnUid::new(trn_uid);
        self.ledger.push(LedgerEntry { user: name.to_owned(), server_id, trn_uid, payment, accepted: self.now });
        (Status::new(StatusCode::SUCCESS, None), Some(response.write("PMTRS", version)))
    }

    /// Declines a payment whose amount is no amount.
    pub(super) fn decline_nonsense(&mut self, name: &str, trn_uid: &str) -> Reply {
        if !self.is_new(name, trn_uid) {
            return decline(StatusCode::DUPLICATE, "a request with this TRNUID was received before");
        }
        decline(StatusCode::INVALID_AMOUNT, "TRNAMT is not an amount")
    }

    fn is_new(&mut self, name: &str, trn_uid: &str) -> bool {
        self.users.get_mut(name).is_some_and(|user| user.decided.insert(trn_uid.to_owned()))
    }

    /// Whether account, amount, day and payee are acceptable, in this order.
    fn examine(&self, payment: &Payment) -> Result<(), Status> {
        let accounts = &self.settings.accounts;
        if !accounts.iter().any(|account| account.pays_bills() == Some(&payment.from)) {
            let exists =
                accounts.iter().filter_map(|account| account.bank.as_ref()).any(|bank| bank.account == payment.from);
            return Err(if exists {
                Status::new(StatusCode::SOURCE_NOT_AUTHORIZED, Some("bills cannot be paid from this account"))
            } else {
                Status::new(StatusCode::SOURCE_NOT_FOUND, Some("BANKACCTFROM is not an account of yours"))
            });
        }
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
        payment.check().map_err(|error| Status::new(code_for(&error), Some(&error.to_string())))
    }

    /// The payee's entry in the user's list: added when new, changed when different; `None` for an entry that is not there.
    fn list_payee(&mut self, name: &str, payment: &Payment) -> Option<String> {
        let fresh = self.next_id().to_string();
        let payees = &mut self.users.get_mut(name)?.payees;
        if let Some(id) = &payment.payee_list_id {
            let (_, payee) = payees.iter_mut().find(|(known, _)| known == id)?;
            payee.clone_from(&payment.payee);
            return Some(id.clone());
        }
        if let Some((id, _)) = payees.iter().find(|(_, payee)| *payee == payment.payee) {
            return Some(id.clone());
        }
        payees.push((fresh.clone(), payment.payee.clone()));
        Some(fresh)
    }

    /// Business days before the due day, and never before today.
    fn processing_day(&self, payment: &Payment) -> NaiveDate {
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

    fn extended_payee(&self, payment: &Payment) -> Option<ExtendedPayee> {
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
