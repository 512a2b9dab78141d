//! Bad input: refused before anything is sent, with the element's name and its limit; or sent as it was meant.

use ofx_session::error::{Delivery, ErrorKind, Moved};
use ofx_session::ofx::{
    AccountInfoRequest, Amount, EncodeError, ExtendedPayee, PayeeRef, PaymentInquiry, PaymentRequest, Stamp,
};
use ofx_session::testing::Bank;
use ofx_session::{
    AccountType, BankAccount, Client, Credentials, Error, HttpsOptions, Institution, Payee, PayeeAddition, Payment,
    Session, StatusCode, Version,
};
use rust_decimal::Decimal;

use super::support::payment;

fn session(bank: &Bank, version: Version) -> Session {
    let trusting = HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes()).unwrap();
    let institution = Institution::new(bank.url()).version(version);
    Client::builder(institution)
        .connection(trusting)
        .build()
        .unwrap()
        .open(Credentials::new("jane", "correct horse"))
        .unwrap()
}

fn bank() -> Bank {
    Bank::builder().user("jane", "correct horse").everything().start().unwrap()
}

/// Nothing was sent, and the text names what is wrong.
fn refused(error: &Error, words: &[&str]) {
    let text = error.to_string();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Misuse, Delivery::NotSent), "{text}");
    assert_eq!(error.money_may_have_moved(), Moved::No, "{text}");
    for word in words {
        assert!(text.contains(word), "{text:?} lacks {word:?}");
    }
    assert!(error.detail::<EncodeError>().is_some(), "a form can tell which field it is: {text}");
}

fn payee() -> Payee {
    Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142")
}

#[tokio::test]
async fn what_is_too_long_or_missing_is_refused_with_its_name_and_limit() {
    let bank = bank();
    let mut session = session(&bank, Version::V211);
    session.accounts().await.unwrap().done().unwrap();
    let before = bank.requests().len();
    let long = "x".repeat(33);
    let with = |change: fn(&mut Payee, &str)| {
        let mut changed = payee();
        change(&mut changed, &long);
        changed
    };
    let payees = [
        (with(|payee, long| payee.name = long.to_owned()), ["NAME", "33", "32"]),
        (with(|payee, long| payee.address1 = long.to_owned()), ["ADDR1", "33", "32"]),
        (with(|payee, long| payee.state = long[..6].to_owned()), ["STATE", "6", "5"]),
        (with(|payee, _| payee.phone = String::new()), ["PHONE", "empty", ""]),
        (with(|payee, _| payee.country = Some("US".to_owned())), ["COUNTRY", "three", ""]),
    ];
    for (bad, words) in payees {
        let error = session.add_payee(&PayeeAddition::new(bad.clone())).await.unwrap_err();
        refused(&error, &words);
        let mut payment: Payment = payment();
        payment.payee = bad.into();
        refused(&session.pay(&payment).await.unwrap_err(), &words);
    }
    let mut negative = payment();
    negative.amount = Amount::new(Decimal::new(-1, 2));
    refused(&session.pay(&negative).await.unwrap_err(), &["TRNAMT", "more than zero"]);
    let long_memo = payment().memo("m".repeat(256));
    refused(&session.pay(&long_memo).await.unwrap_err(), &["MEMO", "256", "255"]);
    refused(&session.perform(PaymentInquiry::new("")).await.unwrap_err(), &["SRVRTID", "empty"]);
    // Their results are more than a record, which must not get lost.
    let list = AccountInfoRequest::new(Stamp::oldest());
    for (error, call) in [
        (session.perform(PaymentRequest::new(payment())).await.unwrap_err(), "Session::pay"),
        (session.perform(list).await.unwrap_err(), "Session::accounts"),
    ] {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Misuse, Delivery::NotSent), "{error}");
        assert!(error.to_string().contains(call), "{error}");
    }
    assert_eq!(bank.requests().len(), before, "nothing was sent");
    assert_eq!(bank.payments_made(), 0);
}

#[tokio::test]
async fn forty_digits_are_no_amount_and_the_largest_amount_is_sent_as_it_is() {
    assert_eq!(Amount::parse(&"9".repeat(40)), None, "refused where it is read, never rounded");
    assert_eq!(Amount::parse("0.0000000000000000000000000000000000000001"), None);
    let bank = bank();
    let mut session = session(&bank, Version::V103);
    let mut large = payment();
    large.amount = Amount::new(Decimal::MAX.trunc());
    let receipt = session.pay(&large).await.unwrap().done().unwrap();
    assert_eq!(receipt.response.payment.amount, large.amount);
    assert_eq!(bank.payments()[0].payment.amount, large.amount);
}

#[tokio::test]
async fn a_day_in_the_past_is_sent_and_the_institution_says_so() {
    let bank = bank();
    let mut session = session(&bank, Version::V211);
    let mut late = payment();
    late.due = Stamp::day(chrono::NaiveDate::from_ymd_opt(2001, 2, 3).unwrap());
    let error = session.pay(&late).await.unwrap_err();
    assert_eq!((error.status(), error.kind()), (Some(StatusCode::DATE_TOO_SOON), ErrorKind::Refused));
    assert!(error.to_string().contains("later"), "{error}");
    assert_eq!(error.money_may_have_moved(), Moved::No);
}

#[tokio::test]
async fn brackets_and_ampersands_arrive_as_they_were_meant_in_both_syntaxes() {
    for version in [Version::V102, Version::V103, Version::V160, Version::V200, Version::V230] {
        let bank = bank();
        let mut session = session(&bank, version);
        let mut odd = payee();
        odd.name = "Smith & <Sons> \"Ltd\"".to_owned();
        let mut asked: Payment = payment().memo("5 < 6 & 7 > 3 &amp; so on");
        asked.payee = odd.into();
        let receipt = session.pay(&asked).await.unwrap().done().unwrap();
        let listed = receipt.response.payee_list_id.clone().unwrap();
        let expected = asked.payee_list_id(listed);
        assert_eq!(bank.payments()[0].payment, expected, "{version}");
        assert_eq!(receipt.response.payment, expected, "{version}");
        assert_eq!(bank.violations(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn letters_that_a_version_cannot_carry_are_refused_and_others_arrive() {
    let bank = bank();
    let mut old = session(&bank, Version::V103);
    let mut asked: Payment = payment().memo("für Wasser");
    old.pay(&asked).await.unwrap().done().unwrap();
    assert_eq!(bank.payments()[0].payment.memo.as_deref(), Some("für Wasser"), "Latin-1 has it");
    asked = payment().memo("水道料金");
    let error = old.pay(&asked).await.unwrap_err();
    refused(&error, &["MEMO", "103", "1252"]);
    let mut new = session(&bank, Version::V211);
    new.pay(&asked).await.unwrap().done().unwrap();
    assert_eq!(bank.payments()[1].payment.memo.as_deref(), Some("水道料金"));
    assert_eq!(bank.payments_made(), 2);
}

#[tokio::test]
async fn one_call_stores_a_session_whatever_it_is_doing() {
    use ofx_session::Stored;
    let bank = bank();
    let (keys, context) = (super::support::keys(), super::support::context());
    let mut idle = session(&bank, Version::V211);
    idle.accounts().await.unwrap().done().unwrap();
    let Stored::Client(client) = Stored::open(&idle.store(&keys, &context).unwrap(), &keys, &context).unwrap() else {
        panic!("nothing was under way")
    };
    assert!(!client.known_accounts().is_empty());
    let mut busy = session(&bank, Version::V211);
    busy.prepare_payment(&payment()).await.unwrap();
    let uid = busy.trn_uid();
    let Stored::Paused(paused) = Stored::open(&busy.store(&keys, &context).unwrap(), &keys, &context).unwrap() else {
        panic!("a payment waits")
    };
    assert_eq!(Some(paused.trn_uid()), uid);
    paused.abandon().unwrap();
}

#[tokio::test]
async fn a_payee_of_the_list_is_paid_as_its_entry_says() {
    let bank = bank();
    let mut session = session(&bank, Version::V211);
    let listed =
        session.add_payee(&PayeeAddition::new(payee()).pay_account("88-204-117")).await.unwrap().done().unwrap();
    let asked = payment();
    let due = asked.due.date().unwrap();
    let paid = Payment::to_listed(asked.from.clone(), Decimal::new(100, 2), &listed, "88-204-117", due).unwrap();
    let receipt = session.pay(&paid).await.unwrap().done().unwrap();
    assert_eq!(receipt.response.payee_list_id.as_deref(), Some(listed.list_id.as_str()));
    assert_eq!(bank.payee_list("jane").len(), 1, "no second entry");
    assert_eq!(Payment::from_aggregate(&receipt.response.payment.to_aggregate()).unwrap(), receipt.response.payment);
    assert!(receipt.aggregate().starts_with("<PMTRS><SRVRTID>"), "{}", receipt.aggregate());
}

/// Without the account a payee by transfer would be sent a cheque, and with its id instead of its name a transfer cannot be asked for.
#[tokio::test]
async fn a_payee_that_its_entry_pays_by_transfer_is_paid_by_transfer() {
    let bank = bank();
    let mut session = session(&bank, Version::V211);
    let account = BankAccount::new("111000025", "77120043", AccountType::Savings);
    let addition = PayeeAddition::new(payee()).by_transfer_to(account.clone()).pay_account("88-204-117");
    let listed = session.add_payee(&addition).await.unwrap().done().unwrap();
    assert_eq!(listed.to.as_ref(), Some(&account));
    let mut known = listed.record.clone();
    known.extended.get_or_insert_with(|| ExtendedPayee::taking(1)).id = Some("P-77".to_owned());
    let asked = payment();
    let due = asked.due.date().unwrap();
    for entry in [&listed.record, &known] {
        let paid = Payment::to_listed(asked.from.clone(), Decimal::new(100, 2), entry, "88-204-117", due).unwrap();
        assert_eq!(paid.to.as_ref(), Some(&account));
        let receipt = session.pay(&paid).await.unwrap().done().unwrap();
        assert_eq!(receipt.response.payment.to.as_ref(), Some(&account));
    }
    assert_eq!(bank.payee_list("jane").len(), 1, "no second entry");
    known.payee = None;
    let paid = Payment::to_listed(asked.from.clone(), Decimal::new(100, 2), &known, "88-204-117", due).unwrap();
    assert_eq!(
        (paid.payee.clone(), &paid.to),
        (PayeeRef::Id("P-77".to_owned()), &None),
        "as the specification lets it be named"
    );
}
