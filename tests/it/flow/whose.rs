//! Histories whose account is told in part: whose they are, and what they prove.

use ofx_session::engine::BatchAnswer::{Synchronized, Unanswered};
use ofx_session::engine::{Intent, Outcome, Step};
use ofx_session::error::Delivery;
use ofx_session::ofx::{AccountType, BankAccount, Element, SyncKind, SyncMode};

use super::scenario::{Reply, Said, Scenario, easy, payment, unknown};

/// A history of which nothing is known but whose it is. What is empty is left out.
fn history(token: &str, account: [&str; 3]) -> Element {
    let members = ["BANKID", "ACCTID", "ACCTTYPE"].into_iter().zip(account).filter(|(_, value)| !value.is_empty());
    let account = Element::aggregate("BANKACCTFROM", members.map(|(tag, value)| Element::leaf(tag, value)).collect());
    let all = vec![Element::leaf("TOKEN", token), Element::leaf("LOSTSYNC", "N"), account];
    Element::aggregate("PMTSYNCRS", all)
}

/// Whether a history like that proves that a payment from this account was not made, so that it is sent once more.
fn proves(from: &BankAccount, told: [&'static str; 3]) -> bool {
    let mut scenario = Scenario::with_profile(easy().sync_mode(SyncMode::Full));
    let own = [from.bank_id.clone(), from.account_id.clone(), from.account_type.to_string()];
    scenario
        .then_says(move |_| Said::new(0, "INFO").payments(vec![history("t-1", own.each_ref().map(String::as_str))]));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    let mut asked = payment();
    asked.from = from.clone();
    unknown(scenario.run(Intent::Pay(Box::new(asked))));
    scenario.then_says(move |_| Said::new(0, "INFO").payments(vec![history("t-2", told)]));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.reconcile());
    let path = "/OFX/BILLPAYMSGSRQV1/PMTSYNCRQ/PMTTRNRQ";
    let copies = scenario.sent.iter().filter(|sent| sent.document.find(path).is_some()).count();
    assert!((1..=2).contains(&copies), "{told:?}");
    copies == 2
}

#[test]
fn the_only_history_may_leave_out_what_names_the_bank_or_the_type() {
    let ours = payment().from.clone();
    for (told, is_ours) in [
        (["999888777", "1000001", "CHECKING"], true),
        (["", "1000001", "CHECKING"], true),
        (["999888777", "1000001", ""], true),
        (["", "1000001", ""], true),
        (["", "01000001", ""], true),
        (["", "", ""], true),
        (["", "2000002", "CHECKING"], false),
        (["", "1000001", "SAVINGS"], false),
        (["111888777", "1000001", ""], false),
        (["000000000", "1000001", "CHECKING"], false),
        (["999888777", "2000002", ""], false),
        (["999888777", "", "CHECKING"], true),
        (["111888777", "", "CHECKING"], false),
        (["111888777", "", "SAVINGS"], false),
        (["", "", "SAVINGS"], false),
    ] {
        assert_eq!(proves(&ours, told), is_ours, "{told:?}");
    }
}

#[test]
fn an_account_without_bank_id_is_not_the_one_with_any() {
    let ours = BankAccount::without_bank_id("1000001", AccountType::Checking);
    for (told, is_ours) in [
        (["", "1000001", "CHECKING"], true),
        (["", "1000001", ""], true),
        (["999888777", "1000001", "CHECKING"], false),
        (["999888777", "1000001", ""], false),
        (["000000000", "1000001", "CHECKING"], false),
        (["", "1000001", "SAVINGS"], false),
    ] {
        assert_eq!(proves(&ours, told), is_ours, "{told:?}");
    }
}

/// Two accounts may share a number: a history that does not say which it is of is that of neither.
#[test]
fn of_several_histories_one_that_is_told_in_part_is_nobodys() {
    let other = BankAccount::new("999888777", "1000001", AccountType::Savings);
    let sync = |account| Intent::Synchronize { kind: SyncKind::Payments, account: Some(account), from: None };
    for (told, found) in [
        (["999888777", "1000001", "CHECKING"], true),
        (["999888777", "1000001", ""], false),
        (["", "1000001", "CHECKING"], false),
        (["", "1000001", ""], false),
    ] {
        let mut scenario = Scenario::with_profile(easy().sync_mode(SyncMode::Full));
        scenario.then_says(move |_| Said::new(0, "INFO").payments(vec![history("t-1", told)]));
        let batch = Intent::Batch(vec![sync(payment().from.clone()), sync(other.clone())]);
        match (scenario.run(batch), found) {
            (Ok(Step::Done(Outcome::Batch(answers))), true) => {
                assert!(matches!(&answers[..], [Synchronized(_), Unanswered(_)]), "{told:?}: {answers:?}");
            }
            (Ok(Step::Done(Outcome::Batch(answers))), false) => {
                assert!(matches!(&answers[..], [Unanswered(_), Unanswered(_)]), "{told:?}: {answers:?}");
            }
            (other, _) => panic!("{told:?}: {other:?}"),
        }
    }
}
