//! A document to look at when none is given: an answer with something of everything.

use chrono::NaiveDate;
use ofx_session::ofx::{
    AccountInfo, AccountInfoResponse, BankAccountInfo, BillPayAccountInfo, CanceledPayment, CardAccount,
    CardAccountInfo, Document, Element, Frequency, Header, ListedPayee, PaymentProcessing, PaymentResponse,
    PaymentState, Recurrence, RecurringModel, RecurringPayment, Reply, SignonResponse, Stamp, Status, Style,
};
use ofx_session::{AccountType, BankAccount, Payee, Payment, StatusCode, Version};
use rust_decimal::Decimal;

use crate::common::Result;

const VERSION: Version = Version::V211;

/// An answer as an institution would send it, with a tag of its own in it.
pub fn document() -> Result<Vec<u8>> {
    let listed = ListedPayee::new("L-0017", Some(payee()));
    let paid = PaymentResponse::new("P4711", "L-0017", payment(), processing(PaymentState::WillProcessOn));
    let model = RecurringPayment::new(Recurrence::times(12, Frequency::Monthly), payment());
    let sync = [
        Element::leaf("TOKEN", "q-7781"),
        Element::leaf("LOSTSYNC", "N"),
        account_element(),
        done("PMTTRNRS", "0", &Reply::Pay(Box::new(paid.clone()))),
        done("PMTTRNRS", "7", &Reply::CancelPayment(Box::new(CanceledPayment::new("P4710")))),
    ];
    let bills = vec![
        done("PAYEETRNRS", "1", &Reply::AddPayee(Box::new(listed))),
        done("PMTTRNRS", "2", &Reply::Pay(Box::new(paid))),
        refused("PMTTRNRS", "3"),
        done("RECPMTTRNRS", "4", &Reply::AddRecurring(Box::new(RecurringModel::new("R0815", "L-0017", model)))),
        Element::aggregate("PMTSYNCRS", sync.into()),
    ];
    let accounts = done("ACCTINFOTRNRS", "5", &Reply::Accounts(Box::new(accounts())));
    let mut signon = SignonResponse::new(Status::new(StatusCode::SUCCESS, None), Stamp::new("20261125120000"), "ENG");
    signon.accounts_updated = Some(Stamp::new("20261101"));
    let signon = signon.to_element(VERSION);
    let root = Element::aggregate(
        "OFX",
        vec![
            Element::aggregate("SIGNONMSGSRSV1", vec![signon]),
            Element::aggregate("SIGNUPMSGSRSV1", vec![accounts]),
            Element::aggregate("BILLPAYMSGSRSV1", bills),
            Element::aggregate("EXAMPLE.ADVERTS", vec![Element::leaf("EXAMPLE.TEXT", "Open a savings account today")]),
        ],
    );
    Ok(Document::new(Header::new(VERSION), root).encode(&Style::new())?.to_vec())
}

fn done(tag: &'static str, trn_uid: &str, reply: &Reply) -> Element {
    let status = [Element::leaf("CODE", "0"), Element::leaf("SEVERITY", "INFO")];
    let status = Element::aggregate("STATUS", status.into());
    Element::aggregate(tag, vec![Element::leaf("TRNUID", trn_uid), status, reply.to_element(VERSION)])
}

fn refused(tag: &'static str, trn_uid: &str) -> Element {
    let status = [
        Element::leaf("CODE", StatusCode::DATE_TOO_SOON.to_string()),
        Element::leaf("SEVERITY", "ERROR"),
        Element::leaf("MESSAGE", "Not before 2 December"),
    ];
    Element::aggregate(tag, vec![Element::leaf("TRNUID", trn_uid), Element::aggregate("STATUS", status.into())])
}

fn account() -> BankAccount {
    BankAccount::new("999888777", "0042917730", AccountType::Checking)
}

fn account_element() -> Element {
    Element::aggregate(
        "BANKACCTFROM",
        vec![
            Element::leaf("BANKID", "999888777"),
            Element::leaf("ACCTID", "0042917730"),
            Element::leaf("ACCTTYPE", "CHECKING"),
        ],
    )
}

fn accounts() -> AccountInfoResponse {
    let mut checking = AccountInfo::new(Some("Everyday Checking"));
    checking.bank = Some(BankAccountInfo::active(account()));
    checking.bill_pay = Some(BillPayAccountInfo::active(account()));
    let mut card = AccountInfo::new(Some("Travel Card"));
    card.card = Some(CardAccountInfo::active(CardAccount::new("4147090011223300")));
    AccountInfoResponse::new(Stamp::new("20261101"), vec![checking, card])
}

fn payee() -> Payee {
    Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142")
}

fn payment() -> Payment {
    Payment::new(account(), Decimal::new(8420, 2), payee(), "88-204-117", day(4)).memo("Invoice 3391")
}

fn processing(state: PaymentState) -> PaymentProcessing {
    PaymentProcessing::new(state, day(2))
}

/// A day of December 2026.
fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 12, day).unwrap_or_default()
}
