//! A whole payment, as the thing that all of it is for.

use chrono::{Days, Utc};
use ofx_session::ofx::{BankAccountInfo, BillPayAccountInfo};
use ofx_session::testing::{Bank, BankBuilder};
use ofx_session::{
    AccountInfo, AccountType, BankAccount, Client, Context, Credentials, HttpsOptions, Institution, Key, KeyRing,
    Payee, Payment, Session,
};
use rust_decimal::Decimal;

pub(crate) fn bank() -> Bank {
    builder().start().unwrap()
}

/// An institution at which jane has an account whose number is long enough to be looked for in what is said.
pub(crate) fn builder() -> BankBuilder {
    let mut info = AccountInfo::new(Some("Everyday Checking"));
    info.bill_pay = Some(BillPayAccountInfo::active(account()));
    info.bank = Some(BankAccountInfo::active(account()));
    Bank::builder().account(info).user("jane", PASSWORD)
}

fn account() -> BankAccount {
    BankAccount::new("999888777", "4100900187", AccountType::Checking)
}

pub(crate) fn payment() -> Payment {
    let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    Payment::new(account(), Decimal::new(8420, 2), payee, "88-204-117", Utc::now().date_naive() + Days::new(10))
}

/// Options that trust the institution and nobody else.
pub(crate) fn trusting(bank: &Bank) -> HttpsOptions {
    HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes()).unwrap().only_given_roots()
}

pub(crate) fn session(institution: Institution, options: HttpsOptions) -> Session {
    Client::builder(institution).connection(options).build().unwrap().open(Credentials::new("jane", PASSWORD)).unwrap()
}

/// Pays at `url`, where `bank` is found.
pub(crate) async fn pay(bank: &Bank, url: &str, options: HttpsOptions) {
    let before = bank.payments_made();
    let mut session = session(Institution::new(url), options);
    let receipt = session.pay(&payment()).await.unwrap().done().unwrap();
    assert_eq!(receipt.trn_uid, bank.payments().last().unwrap().trn_uid);
    assert_eq!((bank.payments_made(), bank.violations()), (before + 1, vec![]));
}

pub(crate) fn keys() -> KeyRing {
    KeyRing::new(Key::new(1, [7; 32]).unwrap())
}

pub(crate) fn context() -> Context {
    Context::new("tenant-1", "user-42").unwrap()
}

pub(crate) const PASSWORD: &str = "canary horse";
