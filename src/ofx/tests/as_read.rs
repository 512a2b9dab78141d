//! What was read out of an institution's answer, or out of stored state, goes back as it came.

use super::refused::NEW;
use super::samples::{cents, day, harbor};
use crate::ofx::{
    AccountType, Amount, BankAccount, Content as _, Element, EncodeError, Payee, PayeeAddition, Payment, pack, unpack,
};

#[test]
fn an_account_that_was_stored_is_as_long_as_it_came_and_no_longer() {
    let long = BankAccount::new("DEUTDEFF500", "1", AccountType::Checking);
    let too_long = |length| Err(EncodeError::TooLong { tag: "BANKID", length, limit: 9 });
    assert_eq!(long.check(), too_long(11));
    let mut stored = BankAccount::read(&unpack(&pack(&long.write("BANKACCTFROM", NEW))).unwrap()).unwrap();
    assert_eq!((stored.check(), &stored), (Ok(()), &long));
    stored.bank_id = "DEUTDEFF5001".to_owned();
    assert_eq!(stored.check(), too_long(12));
    stored.bank_id = "DEUTDEFF\n50".to_owned();
    let paid = Payment::new(stored, cents(1), harbor(), "1", day());
    assert_eq!(paid.check(NEW), Err(EncodeError::Control("BANKID".to_owned())), "it must still be understood");
}

#[test]
fn a_payee_keeps_its_country_and_what_is_new_of_it_is_checked() {
    let mut payee = Payee::from_aggregate(&harbor().country("US").to_aggregate()).unwrap();
    assert_eq!(PayeeAddition::new(payee.clone()).check(NEW), Ok(()));
    payee.name = "x".repeat(33);
    let refused = PayeeAddition::new(payee).check(NEW);
    assert_eq!(refused, Err(EncodeError::TooLong { tag: "NAME", length: 33, limit: 32 }));
}

/// Not where a program takes what somebody has typed: there, it can be asked what was meant.
#[test]
fn marks_of_thousands_are_read_where_they_leave_no_doubt() {
    let read = |text: &str| Amount::read(&Element::leaf("TRNAMT", text)).ok().map(|amount| amount.to_string());
    for (text, expected) in [
        ("1,234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("-1,234.56", "-1234.56"),
        ("+12,345,678.9", "12345678.9"),
        ("123.456.789,00", "123456789.00"),
        ("1 234,56", "1234.56"),
        ("1\u{a0}234.56", "1234.56"),
        ("1'234.56", "1234.56"),
        ("1,234.", "1234"),
        ("1 234", "1234"),
    ] {
        assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        assert_eq!(Amount::parse(text), None, "{text}");
    }
    assert_eq!(read("1,000").as_deref(), Some("1.000"), "a comma by itself is the point");
    let in_doubt =
        ["1,234,567", "1.234.567", "12,34.56", "1,2345.6", "1234,567.8", ",234.56", "1,,234.5", "1 2", "1 2345"];
    let nonsense = ["1,234.56.7", "1,234.567,8", "1,234 567.8", "- 5", "-,123.4", "1,234 .5", "1,23a.4", "1,234.5-"];
    for text in in_doubt.into_iter().chain(nonsense) {
        assert_eq!(read(text), None, "{text}");
    }
    let long = format!("{}.5", ["999"; 10].join(","));
    assert_eq!(read(&long), None, "more digits than fit are never rounded");
}
