//! Payments, recurring payments, payees and mail.

use chrono::NaiveDate;
use ofx_session::engine::{Intent, Outcome, Step};
use ofx_session::ofx::{
    Adjustment, Discount, ExtendedPayment, Frequency, Invoice, LineItem, Mail, ModelCancellation, ModelModification,
    PayeeAddition, PayeeDeletion, PayeeModification, PayeeRef, PaymentCancellation, PaymentInquiry, PaymentMail,
    PaymentModification, PaymentPurpose, PublishedBill, Recurrence, RecurringPayment, Request, Stamp,
};
use ofx_session::{AccountType, BankAccount, Delivery, Payee, Payment};
use rust_decimal::Decimal;

use super::scene::now;
use super::{Case, answers, since_200};

pub fn checking() -> BankAccount {
    BankAccount::new("999888777", "0042917730", AccountType::Checking)
}

pub fn payee() -> Payee {
    Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142")
}

/// 84.20 to a new payee.
pub fn payment() -> Payment {
    Payment::new(checking(), Decimal::new(8420, 2), payee(), "88-204-117", due())
}

fn due() -> NaiveDate {
    day(4)
}

/// A day of December 2026.
fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 12, day).unwrap_or_default()
}

/// The payee's account at a bank.
fn savings() -> BankAccount {
    BankAccount::new("111222333", "7700012", AccountType::Savings)
}

/// 84.20 to a standard payee of the payment system.
fn to_standard_payee() -> Payment {
    let payee = PayeeRef::Id("STD-00017".to_owned());
    Payment::new(checking(), Decimal::new(8420, 2), payee, "88-204-117", due())
}

fn pay(payment: Payment) -> Intent {
    Intent::Pay(Box::new(payment))
}

pub fn payments() -> Vec<Case> {
    let modified = || PaymentModification::new("P4711", changed_payment());
    vec![
        Case::of("pay-new-payee", pay(payment())),
        Case::of("pay-listed-payee", pay(payment().payee_list_id("L-0017"))),
        Case::of("pay-standard-payee", pay(to_standard_payee())),
        Case::of("pay-listed-standard-payee", pay(to_standard_payee().payee_list_id("L-0018"))),
        Case::of("pay-by-transfer", pay(payment().by_transfer_to(savings()))),
        Case::of("pay-with-memo", pay(payment().memo("Invoice 3391").bill_reference("REF-2026-11"))),
        Case::of("pay-whole-address", pay(to_whole_address())),
        Case::of("pay-from-whole-account", pay(from_whole_account())),
        Case::of("pay-special-characters", pay(payment().memo("<&> \"4 o'clock\" caf\u{e9}, 5 \u{20ac}"))),
        Case::of("pay-described", pay(payment().extended(ExtendedPayment::described("Water, 3rd quarter")))),
        Case::of("pay-invoices", pay(payment().extended(invoices()))),
        Case::of(
            "pay-invoices-twice",
            pay(payment().extended(invoices()).extended(ExtendedPayment::described("Rest"))),
        ),
        Case::of("pay-published-bill", pay(payment().published_bill(PublishedBill::new("Bills Example", "B-3391"))))
            .only(since_200),
        Case::new("pay-token-first", |scene| {
            scene.learn_profile(false)?;
            scene.render(pay(payment()))
        }),
        Case::in_history("pay-in-history", pay(payment()), answers::payment_token),
        Case::new("pay-again-in-saved-file", |scene| {
            scene.learn_profile(false)?;
            let operation = scene.begin(pay(payment()))?;
            let operation = scene.hear(operation, &answers::payment_token())?;
            let (operation, step) = operation.handle_failure(&scene.state, Delivery::Unknown, "nothing came", now());
            if !matches!(step, Step::Done(Outcome::Unknown(_))) {
                return Err("a payment without an answer is not in doubt".into());
            }
            let (operation, _) = operation.reconcile(&scene.state, now())?;
            scene.file(&operation)
        }),
        Case::of("modify-payment", modified()),
        Case::in_history("modify-payment-in-history", modified(), answers::payment_token),
        Case::of("cancel-payment", PaymentCancellation::new("P4711")),
        Case::in_history(
            "cancel-payment-in-history",
            of_checking(PaymentCancellation::new("P4711")),
            answers::payment_token,
        ),
        Case::of("payment-status", PaymentInquiry::new("P4711")),
    ]
}

pub fn recurring() -> Vec<Case> {
    let frequencies = [
        Frequency::Weekly,
        Frequency::Biweekly,
        Frequency::TwiceMonthly,
        Frequency::Monthly,
        Frequency::FourWeeks,
        Frequency::Bimonthly,
        Frequency::Quarterly,
        Frequency::Semiannually,
        Frequency::Annually,
    ];
    let add = |frequency| RecurringPayment::new(Recurrence::times(12, frequency), payment());
    let mut cases: Vec<Case> = frequencies
        .into_iter()
        .map(|frequency| {
            let name = format!("add-recurring-{}", frequency.as_str().to_ascii_lowercase());
            Case::of(name, add(frequency))
        })
        .collect();
    let endless = RecurringPayment::new(Recurrence::endless(Frequency::Monthly), payment());
    let amounts = add(Frequency::Monthly).initial_amount(Decimal::new(10_000, 2)).final_amount(Decimal::new(1999, 2));
    let modify = |pending| {
        let recurrence = Recurrence::times(6, Frequency::Quarterly);
        ModelModification::new("R0815", recurrence, changed_payment(), pending)
    };
    cases.extend([
        Case::of("add-recurring-endless", endless),
        Case::of("add-recurring-other-amounts", amounts),
        Case::in_history("add-recurring-in-history", add(Frequency::Monthly), answers::recurring_token),
        Case::of("modify-recurring", modify(false)),
        Case::of("modify-recurring-and-pending", modify(true)),
        Case::of(
            "modify-recurring-other-amounts",
            modify(true).initial_amount(Decimal::new(10_000, 2)).final_amount(Decimal::new(1999, 2)),
        ),
        Case::in_history("modify-recurring-in-history", modify(false), answers::recurring_token),
        Case::of("cancel-recurring", ModelCancellation::new("R0815", false)),
        Case::of("cancel-recurring-and-pending", ModelCancellation::new("R0815", true)),
        Case::in_history(
            "cancel-recurring-in-history",
            of_checking(ModelCancellation::new("R0815", true)),
            answers::recurring_token,
        ),
    ]);
    cases
}

pub fn payees() -> Vec<Case> {
    let modified =
        || PayeeModification::new("L-0017", Some(moved_payee())).pay_account("88-204-117").pay_account("88-204-118");
    vec![
        Case::of("add-payee", PayeeAddition::new(payee()).pay_account("88-204-117")),
        Case::of("add-payee-without-account", PayeeAddition::new(payee())),
        Case::of("add-payee-whole-address", PayeeAddition::new(moved_payee())),
        Case::of("add-payee-by-transfer", PayeeAddition::new(payee()).by_transfer_to(savings())),
        Case::of(
            "add-standard-payee",
            PayeeAddition::new(PayeeRef::Id("STD-00017".to_owned())).pay_account("88-204-117"),
        ),
        Case::in_history("add-payee-in-history", PayeeAddition::new(payee()), answers::payee_token),
        Case::of("modify-payee", modified()),
        Case::of("modify-payee-by-transfer", modified().by_transfer_to(savings())),
        Case::of("modify-standard-payee", PayeeModification::new("L-0018", None).pay_account("88-204-118")),
        Case::in_history("modify-payee-in-history", modified(), answers::payee_token),
        Case::of("delete-payee", PayeeDeletion::new("L-0017")),
        Case::in_history("delete-payee-in-history", PayeeDeletion::new("L-0017"), answers::payee_token),
    ]
}

pub fn mail() -> Vec<Case> {
    let mail = || {
        Mail::new(
            "jane",
            Stamp::moment(now()),
            "Jane Winters",
            "Example Savings",
            "Where is it?",
            "Dear all,\nwhere is it?\nJane",
        )
    };
    let html = || {
        Mail::new(
            "jane",
            Stamp::moment(now()),
            "Jane Winters",
            "Example Savings",
            "Where is it?",
            "<p>Where is <b>it</b>?</p>",
        )
        .use_html(true)
        .include_images(true)
    };
    vec![
        Case::of("mail", PaymentMail::new(mail())),
        Case::of("mail-about-payment", PaymentMail::new(mail()).about("P4711", payment())),
        Case::of("mail-in-html", PaymentMail::new(html())),
        Case::in_history("mail-in-history", PaymentMail::new(mail()), answers::mail_token),
    ]
}

/// A request that does not say itself in whose history it goes.
fn of_checking(request: impl Into<Request>) -> Intent {
    Intent::Request { request: Box::new(request.into()), account: Some(checking()) }
}

/// The payment with another amount and day.
fn changed_payment() -> Payment {
    Payment::new(checking(), Decimal::new(9000, 2), payee(), "88-204-117", day(11))
        .payee_list_id("L-0017")
        .memo("Changed")
}

fn moved_payee() -> Payee {
    Payee::new("Harbor Water", "200 Commerce Street", "Newport", "RI", "02840-1102", "401-555-0143")
        .address2("Suite 1400")
        .address3("Third floor")
        .country("USA")
}

fn to_whole_address() -> Payment {
    Payment::new(checking(), Decimal::new(1, 2), moved_payee(), "88-204-117", due())
}

fn from_whole_account() -> Payment {
    let mut from = checking();
    from.branch_id = Some("0021".to_owned());
    from.account_key = Some("77".to_owned());
    Payment::new(from, Decimal::new(123_456_789, 2), payee(), "88-204-117", due())
}

/// An invoice with everything that can be in one.
fn invoices() -> ExtendedPayment {
    let full = Invoice::new("INV-3391", Decimal::new(10_000, 2), Decimal::new(8420, 2), day(1), "Water, 3rd quarter")
        .discount(Discount::new(Decimal::new(25, 1), Decimal::new(250, 2), "Prompt payment").date(day(10)))
        .adjustment(Adjustment::new("Meter fault", Decimal::new(-1330, 2)).number("ADJ-7").date(day(2)))
        .line_item(LineItem::new(Decimal::new(6000, 2), "Water"))
        .line_item(LineItem::new(Decimal::new(4000, 2), "Waste water"));
    let plain = Invoice::new("INV-3392", Decimal::new(500, 2), Decimal::new(500, 2), day(2), "Copy of a bill");
    ExtendedPayment::invoiced(full)
        .invoice(plain)
        .purpose(PaymentPurpose::Business)
        .check_number("1044")
        .description("Two invoices")
}
