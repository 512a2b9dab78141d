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
fn an_account_has_no_bank_id_where_it_came_without_or_was_made_so() {
    let missing = |tag| Err(EncodeError::Empty(tag));
    let mut made = BankAccount::new("", "1", AccountType::Checking);
    assert_eq!(made.check(), missing("BANKID"));
    let on_purpose = BankAccount::without_bank_id("1", AccountType::Checking);
    assert_eq!((on_purpose.check(), &on_purpose), (Ok(()), &made));
    let long = BankAccount::without_bank_id("1".repeat(23), AccountType::Checking);
    assert_eq!(long.check(), Err(EncodeError::TooLong { tag: "ACCTID", length: 23, limit: 22 }));
    made.bank_id = "  ".to_owned();
    assert_eq!(made.check(), missing("BANKID"));

    let text = on_purpose.write("BANKACCTFROM", NEW).to_markup();
    assert_eq!(text, "<BANKACCTFROM><ACCTID>1</ACCTID><ACCTTYPE>CHECKING</ACCTTYPE></BANKACCTFROM>");
    for text in [text.as_str(), "<BANKACCTFROM><BANKID></BANKID><ACCTID>1<ACCTTYPE>CHECKING</BANKACCTFROM>"] {
        let read = BankAccount::read(&Element::from_markup(text).unwrap()).unwrap();
        let mut stored = BankAccount::read(&unpack(&pack(&read.write("BANKACCTFROM", NEW))).unwrap()).unwrap();
        assert_eq!((read.check(), stored.check(), &read, &stored), (Ok(()), Ok(()), &on_purpose, &on_purpose));
        stored.bank_id = "  ".to_owned();
        assert_eq!(stored.check(), missing("BANKID"));
        stored.bank_id = "999888777".to_owned();
        assert_eq!(stored.check(), Ok(()));
        stored.account_type = AccountType::from_word("");
        assert_eq!(stored.check(), missing("ACCTTYPE"));
    }
    let mut whole = BankAccount::read(&BankAccount::new("9", "1", AccountType::Checking).write("A", NEW)).unwrap();
    whole.bank_id.clear();
    assert_eq!(whole.check(), missing("BANKID"), "it came with one");
    let untyped = Element::from_markup("<BANKACCTFROM><ACCTID>1</BANKACCTFROM>").unwrap();
    assert_eq!(BankAccount::read(&untyped).unwrap().check(), missing("ACCTTYPE"));
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
        ("1’234.50", "1234.50"),
        // Two equal marks are no points.
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("-1,234,567", "-1234567"),
        // A sign by itself.
        ("- 84.20", "-84.20"),
        ("-\u{a0}1.234,56", "-1234.56"),
        ("+ 84", "84"),
        ("- 5", "-5"),
    ] {
        assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        assert_eq!(Amount::parse(text), None, "{text}");
    }
    assert_eq!(read("1,000").as_deref(), Some("1.000"), "a comma by itself is the point");
    let in_doubt = [
        "12,34,567",
        "1.23.456",
        "1,234,56",
        "12,34.56",
        "1,2345.6",
        "1234,567.8",
        ",234.56",
        "1,,234.5",
        "1 2",
        "1 2345",
    ];
    let nonsense = [
        "1,234.56.7",
        "1,234.567,8",
        "1,234 567.8",
        "- -5",
        "-+5",
        "-  ",
        "5 -",
        "84.20-",
        "-,123.4",
        "1,234 .5",
        "1,23a.4",
        "1,234.5-",
    ];
    for text in in_doubt.into_iter().chain(nonsense) {
        assert_eq!(read(text), None, "{text}");
    }
    assert_eq!(read("1.234").as_deref(), Some("1.234"), "and so is a point");
    let long = format!("{}.5", ["999"; 10].join(","));
    assert_eq!(read(&long), None, "more digits than fit are never rounded");
}

#[test]
fn whatever_marks_an_amount_has_it_is_written_as_the_same_number() {
    let read = |text: &str| Amount::read(&Element::leaf("TRNAMT", text)).ok();
    let whole = |groups: &[&str], mark: &str| groups.join(mark);
    let groups: [&[&str]; 4] = [&["84"], &["1", "234"], &["12", "345", "678"], &["999", "000", "000", "001"]];
    for sign in ["", "-", "+", "- ", "+ "] {
        for (groups, decimals) in
            groups.iter().flat_map(|groups| ["", "20", "5", "001"].map(|decimals| (groups, decimals)))
        {
            let plain = format!("{}{}.{decimals}", sign.trim(), whole(groups, ""));
            let expected = Amount::parse(&plain).unwrap();
            for mark in ["", ",", ".", " ", "\u{a0}", "\u{202f}", "'", "’"] {
                for point in [".", ","].into_iter().filter(|point| *point != mark) {
                    let rest = if decimals.is_empty() { String::new() } else { format!("{point}{decimals}") };
                    let written = format!("{sign}{}{rest}", whole(groups, mark));
                    let found = read(&written);
                    // One mark alone may be the point.
                    if rest.is_empty() && groups.len() == 2 && [",", "."].contains(&mark) {
                        assert_eq!(found.map(|found| found.value().scale()), Some(3), "{written}");
                        continue;
                    }
                    let found = found.unwrap_or_else(|| panic!("{written}"));
                    assert_eq!(found, expected, "{written}");
                    assert_eq!(read(&found.to_string()), Some(found), "{written}");
                }
            }
        }
    }
}
