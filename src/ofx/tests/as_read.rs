//! What was read out of an institution's answer, or out of stored state, goes back as it came.

use super::refused::NEW;
use super::samples::{cents, day, harbor};
use crate::ofx::{AccountType, BankAccount, Content as _, EncodeError, Payee, PayeeAddition, Payment, pack, unpack};

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
