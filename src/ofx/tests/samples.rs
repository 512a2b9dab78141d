//! Records that say one thing each, chosen by hand.

use rust_decimal::Decimal;

use crate::ofx::{
    AccountType, Adjustment, BankAccount, Discount, EnrollmentRequest, ExtendedPayment, Invoice, LineItem, Mail, Payee,
    Payment, PresentmentAccount, Stamp,
};

pub(super) fn day() -> chrono::NaiveDate {
    chrono::NaiveDate::from_ymd_opt(2027, 3, 14).unwrap()
}

pub(super) fn cents(cents: i64) -> Decimal {
    Decimal::new(cents, 2)
}

pub(super) fn bank() -> BankAccount {
    BankAccount::new("999888777", "0042917730", AccountType::Checking)
}

pub(super) fn harbor() -> Payee {
    Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142")
}

pub(super) fn invoice() -> Invoice {
    Invoice::new("3391", cents(9000), cents(8420), day(), "March")
        .discount(Discount::new(cents(500), cents(-450), "Early").date(day()))
        .adjustment(Adjustment::new("Leak", cents(-130)).number("A-1").date(day()))
        .line_item(LineItem::new(cents(9000), "Water"))
        .line_item(LineItem::new(cents(-580), "Credit"))
}

pub(super) fn extended() -> ExtendedPayment {
    ExtendedPayment::described("Water & waste")
        .purpose(crate::ofx::PaymentPurpose::Business)
        .check_number("0001234")
        .invoice(invoice())
}

pub(super) fn payment() -> Payment {
    Payment::new(bank(), cents(8420), harbor(), "88-204-117", day())
}

pub(super) fn mail() -> Mail {
    let created = Stamp::new("20270314101500.000[-5:EST]");
    Mail::new("dora", created, "Dora Lind", "Larkspur Bank", "Late?", "Where is it?\n\nDora")
}

pub(super) fn enrollment() -> EnrollmentRequest {
    EnrollmentRequest::new("Dora", "Lind", "1 Elm Street", "Newport", "RI", "02840", "dora@mail.example")
        .middle_name("M.")
        .country("USA")
        .day_phone("401-555-0100")
        .evening_phone("401-555-0101")
        .tax_id("078-05-1120")
        .security_name("Lindqvist")
        .birth(day())
}

pub(super) fn presentment() -> PresentmentAccount {
    PresentmentAccount::new("PUB", "BILLER", "88-204-117")
}
