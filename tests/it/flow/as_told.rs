//! What an institution itself has written goes back to it as it came, also where it is longer than the specification has it.

use ofx_session::engine::{EngineError, Intent, Outcome, Step};
use ofx_session::error::Delivery;
use ofx_session::ofx::{
    AccountType, BankAccount, Element, EncodeError, ListedPayee, Payee, PayeeAddition, PaymentModification, Request,
    SyncKind, SyncMode,
};
use ofx_session::{AccountInfo, Payment};
use rust_decimal::Decimal;

use super::recovery::with_value;
use super::scenario::{Reply, Said, Scenario, Sent, acceptance, easy, paid, payment, transaction, unknown};

const BANK_ID: &str = "DEUTDEFF500";
const NAME: &str = "Harbor & Sons Water and Electricity Company";
const LIST_ID: &str = "HARBOR-AND-SONS-1";

fn leaf(tag: &'static str, value: &str) -> Element {
    Element::leaf(tag, value)
}

fn account() -> Element {
    let members = [("BANKID", BANK_ID), ("ACCTID", "1000001"), ("ACCTTYPE", "CHECKING")];
    Element::aggregate("BANKACCTFROM", members.map(|(tag, value)| leaf(tag, value)).to_vec())
}

fn payee() -> Element {
    let members = [
        ("NAME", NAME),
        ("ADDR1", "14 Quay Street"),
        ("CITY", "Newport"),
        ("STATE", "Rhode Island"),
        ("POSTALCODE", "02840"),
        ("COUNTRY", "US"),
        ("PHONE", "401-555-0142"),
    ];
    Element::aggregate("PAYEE", members.map(|(tag, value)| leaf(tag, value)).to_vec())
}

/// The account that the institution's list has for bills.
fn listed_account(scenario: &mut Scenario) -> BankAccount {
    scenario.then_says(|sent| {
        let service = Element::aggregate("BPACCTINFO", vec![account(), leaf("SVCSTATUS", "ACTIVE")]);
        let list = vec![leaf("DTACCTUP", "20260101"), Element::aggregate("ACCTINFO", vec![service])];
        let list = Element::aggregate("ACCTINFORS", list);
        Said::new(0, "INFO").set("SIGNUPMSGSRSV1", vec![transaction("ACCTINFOTRNRS", sent.trn_uid(), 0, Some(list))])
    });
    scenario.run(Intent::Accounts).unwrap();
    scenario.state.accounts().unwrap().accounts.iter().find_map(AccountInfo::pays_bills).unwrap().clone()
}

fn paying_from(from: BankAccount) -> Payment {
    let mut asked = payment();
    asked.from = from;
    asked
}

fn accepted(sent: &Sent) -> Said {
    Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 0, Some(acceptance(sent)))])
}

fn is_too_long(step: Result<Step, EngineError>, named: &str) {
    let error = step.unwrap_err();
    assert!(matches!(&error, EngineError::Encode(EncodeError::TooLong { tag, .. }) if *tag == named), "{error:?}");
}

#[test]
fn an_account_of_the_list_pays_whatever_the_length_of_its_bank_id() {
    let mut scenario = Scenario::with_profile(easy().everything().sync_mode(SyncMode::Lite));
    let from = listed_account(&mut scenario);
    scenario.then_says(accepted);
    paid(scenario.run(Intent::Pay(Box::new(paying_from(from.clone())))));
    assert_eq!(
        scenario.last().document.root().find("BILLPAYMSGSRQV1/PMTTRNRQ/PMTRQ/PMTINFO/BANKACCTFROM"),
        Some(&account())
    );

    // A program may put what is longer in its place. It is refused, as what is made here is.
    let mut longer = from.clone();
    longer.bank_id.push('0');
    is_too_long(scenario.run(Intent::Pay(Box::new(paying_from(longer)))), "BANKID");
    let made = BankAccount::new(BANK_ID, "1000001", AccountType::Checking);
    assert_eq!(made, from);
    is_too_long(scenario.run(Intent::Pay(Box::new(paying_from(made)))), "BANKID");
}

#[test]
fn the_history_of_such_an_account_can_be_asked_for_and_followed() {
    let mut scenario = Scenario::with_profile(easy().everything().sync_mode(SyncMode::Full));
    let from = listed_account(&mut scenario);
    let history = |inside: Vec<Element>| {
        let all = [vec![leaf("TOKEN", "t-1"), leaf("LOSTSYNC", "N"), account()], inside].concat();
        Said::new(0, "INFO").payments(vec![Element::aggregate("PMTSYNCRS", all)])
    };
    scenario.then_says(move |_| history(vec![]));
    let step = scenario.run(Intent::synchronize(SyncKind::Payments, Some(&from)));
    assert!(matches!(step, Ok(Step::Done(Outcome::Synchronized(_)))), "{step:?}");
    scenario.then_says(move |sent| {
        let done = Element::aggregate("PMTCANCRS", vec![leaf("SRVRTID", "4711")]);
        history(vec![transaction("PMTTRNRS", sent.trn_uid(), 0, Some(done))])
    });
    let step = scenario.run(Intent::cancel_payment("4711", &from));
    assert!(matches!(step, Ok(Step::Done(Outcome::Confirmed(_)))), "{step:?}");
    assert!(scenario.last().document.find("/OFX/BILLPAYMSGSRQV1/PMTSYNCRQ/PMTTRNRQ").is_some());

    // The account is read out of the request again to find out what became of it.
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.run(Intent::Pay(Box::new(paying_from(from)))));
    let sent = scenario.last().clone();
    let made = transaction("PMTTRNRS", sent.trn_uid(), 0, Some(acceptance(&sent)));
    scenario.then_says(move |_| history(vec![made]));
    assert_eq!(paid(scenario.reconcile()).response.payment.from.bank_id, BANK_ID);
}

#[test]
fn a_payment_is_changed_with_the_payee_that_the_institution_has_made_of_it() {
    let mut scenario = Scenario::with_profile(easy().everything().sync_mode(SyncMode::Lite));
    scenario.then_says(|sent| {
        let mut answer = acceptance(sent);
        for (tag, value) in [("NAME", NAME), ("STATE", "Rhode Island"), ("PAYACCT", &"8".repeat(40))] {
            answer = with_value(&answer, tag, value);
        }
        Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 0, Some(answer))])
    });
    let mut changed = paid(scenario.pay()).response.payment;
    changed.memo = Some("sorry".to_owned());
    scenario.then_says(|sent| {
        let info = sent.document.find("/OFX/BILLPAYMSGSRQV1/PMTTRNRQ/PMTMODRQ/PMTINFO").unwrap().clone();
        let done = Element::aggregate("PMTMODRS", vec![leaf("SRVRTID", "4711"), info]);
        Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 0, Some(done))])
    });
    let modify = |payment: &Payment| Request::from(PaymentModification::new("4711", payment.clone())).into();
    let step = scenario.run(modify(&changed));
    assert!(matches!(step, Ok(Step::Done(Outcome::Confirmed(_)))), "{step:?}");
    changed.memo = Some("m".repeat(256));
    is_too_long(scenario.run(modify(&changed)), "MEMO");
}

#[test]
fn a_payee_of_the_list_is_paid_whatever_the_length_of_its_name() {
    let mut scenario = Scenario::with_profile(easy().everything().sync_mode(SyncMode::Lite));
    scenario.then_says(|sent| {
        let entry = Element::aggregate("PAYEERS", vec![leaf("PAYEELSTID", LIST_ID), payee()]);
        Said::new(0, "INFO").payments(vec![transaction("PAYEETRNRS", sent.trn_uid(), 0, Some(entry))])
    });
    let harbor = Payee::new("Harbor", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    let added = scenario.run(Request::from(PayeeAddition::new(harbor)).into()).unwrap();
    let Step::Done(Outcome::Confirmed(added)) = added else { panic!("{added:?}") };
    let ofx_session::ofx::Reply::AddPayee(entry) = added.record.clone() else { panic!("{added:?}") };
    let mut entry: ListedPayee = *entry;
    let asked = payment();
    let to = |entry: &ListedPayee| {
        let due = asked.due.date().unwrap();
        Payment::to_listed(asked.from.clone(), Decimal::new(100, 2), entry, "88-204-117", due).unwrap()
    };
    let mut pays = |payment: Payment| {
        scenario.then_says(accepted);
        paid(scenario.run(Intent::Pay(Box::new(payment))));
        let set = scenario.last().document.find("/OFX/BILLPAYMSGSRQV1/PMTTRNRQ/PMTRQ/PMTINFO").unwrap();
        assert_eq!(set.value("PAYEELSTID"), Some(LIST_ID));
        set.clone()
    };
    assert_eq!(pays(to(&entry)).child("PAYEE"), Some(&payee()));
    entry.extended.get_or_insert_with(|| ofx_session::ofx::ExtendedPayee::taking(1)).id = Some(LIST_ID.to_owned());
    assert_eq!(pays(to(&entry)).value("PAYEEID"), Some(LIST_ID));
}

/// Up to 999.99 such an institution writes amounts like any other.
#[test]
fn a_payment_whose_amount_comes_with_marks_of_thousands_is_accepted() {
    for written in ["1,234.56", "1.234,56", "1 234,56"] {
        let mut scenario = Scenario::new(easy());
        scenario.then_says(|sent| {
            let answer = with_value(&acceptance(sent), "TRNAMT", written);
            Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 0, Some(answer))])
        });
        let mut asked = payment();
        asked.amount = Decimal::new(123_456, 2).into();
        let receipt = paid(scenario.run(Intent::Pay(Box::new(asked.clone()))));
        assert_eq!(receipt.differences(&asked), <[&str; 0]>::default(), "{written}");
    }
}

#[test]
fn a_list_with_a_careless_account_is_a_list() {
    let mut scenario = Scenario::new(easy());
    scenario.then_says(|sent| {
        let nameless = Element::aggregate("BANKACCTFROM", vec![leaf("BANKID", "1"), leaf("ACCTTYPE", "CD")]);
        let infos = [nameless, account()].map(|account| {
            let service = Element::aggregate("BPACCTINFO", vec![account, leaf("SVCSTATUS", "Active")]);
            Element::aggregate("ACCTINFO", vec![service])
        });
        let list = Element::aggregate("ACCTINFORS", [vec![leaf("DTACCTUP", "20260101")], infos.to_vec()].concat());
        Said::new(0, "INFO").set("SIGNUPMSGSRSV1", vec![transaction("ACCTINFOTRNRS", sent.trn_uid(), 0, Some(list))])
    });
    assert_eq!(scenario.run(Intent::Accounts), Ok(Step::Done(Outcome::Accounts)));
    let [nameless, good] = &scenario.state.accounts().unwrap().accounts[..] else { panic!("two accounts") };
    assert!(nameless.pays_bills().is_none() && nameless.unreadable.len() == 1);
    assert!(good.pays_bills().is_some() && good.unreadable.is_empty());
}
