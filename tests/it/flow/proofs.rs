//! What proves that nothing was carried out and what does not, and what looks like a newer change and is none.

use chrono::NaiveDate;
use ofx_session::engine::{Doubt, Intent};
use ofx_session::error::Delivery;
use ofx_session::ofx::{
    AccountRef, AccountType, BankAccount, Element, PaymentModification, PaymentState, Request, Service, ServiceChange,
    ServiceRequest, Stamp, SyncMode, Version,
};

use super::recovery::{frame, lost, ours, with_value};
use super::scenario::{Reply, Said, Scenario, acceptance, easy, paid, payment, refused, transaction, unknown};

fn promising(file_recovery: bool) -> Scenario {
    Scenario::with_profile(easy().everything().sync_mode(SyncMode::Full).file_recovery(file_recovery))
}

/// How often the request itself was sent.
fn copies(scenario: &Scenario) -> usize {
    let asks = |path| scenario.sent.iter().filter(move |sent| sent.document.find(path).is_some()).count();
    asks("/OFX/BILLPAYMSGSRQV1/PMTSYNCRQ/PMTTRNRQ") + asks("/OFX/SIGNUPMSGSRQV1/ACCTSYNCRQ/ACCTTRNRQ")
}

fn modified(trn_uid: &str, id: &str, info: Element, state: Option<&str>) -> Element {
    let mut inside = vec![Element::leaf("SRVRTID", id), info];
    inside.extend(state.map(|state| {
        let members = vec![Element::leaf("PMTPRCCODE", state), Element::leaf("DTPMTPRC", "20251223")];
        Element::aggregate("PMTPRCSTS", members)
    }));
    transaction("PMTTRNRS", trn_uid, 0, Some(Element::aggregate("PMTMODRS", inside)))
}

/// The history does not show what the institution said that it has received, so what a later copy is told says nothing either.
#[test]
fn what_was_accepted_once_is_not_refused_by_what_a_later_copy_is_told() {
    for (code, token) in [(2014, "t-1"), (10_504, "t-2")] {
        let mut scenario = promising(false);
        scenario.then_says(|_| frame("t-1", "N", vec![]));
        scenario.then_says(|sent| frame("t-1", "N", vec![ours(0, sent.trn_uid(), None)]));
        scenario.then_says(|_| frame("t-1", "N", vec![]));
        unknown(scenario.pay());
        scenario.then_says(move |sent| frame(token, "N", vec![ours(code, sent.trn_uid(), None)]));
        assert!(matches!(unknown(scenario.repeat()), Doubt::RepeatRefused(_)), "{code}");
    }
}

/// That the copies before cannot be carried out any more says nothing of the last one.
#[test]
fn a_refused_file_is_looked_for_in_the_history_also_when_it_was_the_second() {
    let mut scenario = promising(true);
    scenario.then_says(|_| frame("t-1", "N", vec![]));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.pay());
    scenario.then_says(|_| Said::new(0, "INFO"));
    scenario.then_says(|_| frame("t-2", "N", vec![]));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.reconcile());
    assert_eq!(copies(&scenario), 3, "the first, the same file, and the second");
    let second = scenario.last().clone();
    scenario
        .then_says(|sent| Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 10_504, None)]));
    scenario.then_says(move |_| frame("t-3", "N", vec![ours(0, second.trn_uid(), Some(&second))]));
    paid(scenario.reconcile());
}

/// It is about our identifier, and there was no other copy.
#[test]
fn the_refusal_of_the_only_copy_counts_in_any_history() {
    let mut scenario = lost();
    let sent = scenario.sent[1].clone();
    scenario.then(move |_, _| {
        let said = frame("t-9", "N", vec![ours(2012, sent.trn_uid(), None)]).bytes(Version::V103);
        Reply::Body(String::from_utf8(said).unwrap().replace("<LOSTSYNC>N", "").into_bytes())
    });
    assert_eq!(refused(scenario.reconcile()).status.code.value(), 2012);
}

#[test]
fn a_history_that_says_two_things_of_itself_is_not_whole() {
    for (said, twice) in [("<LOSTSYNC>N", "<LOSTSYNC>N<LOSTSYNC>Y"), ("<TOKEN>t-9", "<TOKEN>t-9<TOKEN>t-8")] {
        let mut scenario = lost();
        scenario.then(move |_, _| {
            let text = String::from_utf8(frame("t-9", "N", vec![]).bytes(Version::V103)).unwrap();
            assert!(text.contains(said), "{text}");
            Reply::Body(text.replace(said, twice).into_bytes())
        });
        unknown(scenario.reconcile());
        assert_eq!(copies(&scenario), 1, "{twice}");
    }
}

/// The bill of last month has the same amount for the same account.
#[test]
fn that_an_older_payment_was_processed_is_no_reason_to_stop() {
    let mut scenario = promising(false);
    let first = paid(scenario.pay());
    assert!(scenario.bank.end_payment(first.id(), PaymentState::ProcessedOn));
    let mut again = payment();
    again.due = Stamp::day(NaiveDate::from_ymd_opt(2026, 2, 23).unwrap());
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.run(Intent::Pay(Box::new(again))));
    paid(scenario.reconcile());

    // Nor does it hide what a saved answer says.
    let mut scenario = promising(true);
    scenario.then_says(|_| frame("t-1", "N", vec![]));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.pay());
    let like = scenario.last().clone();
    scenario
        .then_says(|sent| Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 10_504, None)]));
    scenario.then_says(move |_| {
        let info = with_value(acceptance(&like).find("PMTINFO").unwrap(), "DTDUE", "20251223");
        frame("t-2", "N", vec![modified("0", "4000", info, Some("PROCESSEDON"))])
    });
    assert_eq!(refused(scenario.reconcile()).status.code.value(), 10_504);
}

/// What is to be gone is sent once more however it stands: the institution says when it is too late.
#[test]
fn that_a_payment_was_processed_does_not_stop_its_cancellation() {
    let mut scenario = promising(false);
    let first = paid(scenario.pay());
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.run(Intent::cancel_payment(first.id(), &payment().from)));
    scenario.bank.end_payment(first.id(), PaymentState::ProcessedOn);
    assert_eq!(refused(scenario.reconcile()).status.code.value(), 2016);
}

/// A newer change may be in what cannot be read or is not there, and in the history where the answer has none.
#[test]
fn a_change_does_not_go_over_what_it_cannot_see() {
    for how in ["unreadable", "lost", "without a token", "without a history"] {
        let mut scenario = promising(false);
        scenario.then_says(|_| frame("t-1", "N", vec![]));
        let newer = |info: &Element| modified("another", "4711", with_value(info, "TRNAMT", "70.00"), None);
        scenario.then_says(move |sent| {
            let late = transaction("PMTTRNRS", sent.trn_uid(), 6502, None);
            let info = sent.document.find("/OFX/BILLPAYMSGSRQV1/PMTSYNCRQ/PMTTRNRQ/PMTMODRQ/PMTINFO").unwrap();
            match how {
                "unreadable" => {
                    let broken = with_value(&newer(info), "TRNAMT", "seventy");
                    frame("t-2", "N", vec![broken, late])
                }
                "lost" => frame("t-2", "Y", vec![late]),
                "without a token" => frame("-1", "N", vec![newer(info), late]),
                _ => Said::new(0, "INFO").payments(vec![late]),
            }
        });
        if how == "without a history" {
            let info = acceptance_info();
            scenario.then_says(move |_| frame("t-2", "N", vec![newer(&info)]));
        }
        let step = scenario.run(Request::from(PaymentModification::new("4711", payment())).into());
        assert_eq!(refused(step).status.code.value(), 6502, "{how}");
        assert_eq!(copies(&scenario), 1, "{how}");
    }
}

fn acceptance_info() -> Element {
    let sent = lost().sent[1].clone();
    acceptance(&sent).find("PMTINFO").unwrap().clone()
}

/// Institutions show accounts at a payee as they like.
#[test]
fn an_account_may_be_shown_by_its_last_digits() {
    let shown = [("4117", true), ("####4117", true), ("xx4117", true), ("...4117", true), ("XXXXXXX", true)];
    for (account, stops) in shown.into_iter().chain([("XXXXX9999", false), ("9999", false), ("7", false)]) {
        let mut scenario = lost();
        let sent = scenario.sent[1].clone();
        scenario
            .then_says(move |_| frame("t-9", "N", vec![with_value(&ours(0, "0", Some(&sent)), "PAYACCT", account)]));
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
        unknown(scenario.reconcile());
        assert_eq!(copies(&scenario), if stops { 1 } else { 2 }, "{account}");
    }
}

/// A service of one account that became active is no change of another's.
#[test]
fn the_service_of_another_account_does_not_stop_a_second_copy() {
    for (account, stops) in [("5", false), ("6", true)] {
        let history = |token: &str, inside: Vec<Element>| {
            let mut all = vec![Element::leaf("TOKEN", token), Element::leaf("LOSTSYNC", "N")];
            all.extend(inside);
            Said::new(0, "INFO").set("SIGNUPMSGSRSV1", vec![Element::aggregate("ACCTSYNCRS", all)])
        };
        let members = [("BANKID", "999888777"), ("ACCTID", account), ("ACCTTYPE", "SAVINGS")];
        let to = Element::aggregate("BANKACCTTO", members.map(|(tag, value)| Element::leaf(tag, value)).to_vec());
        let service = vec![
            Element::aggregate("SVCADD", vec![to]),
            Element::leaf("SVC", "BPSVC"),
            Element::leaf("SVCSTATUS", "ACTIVE"),
        ];
        let active = transaction("ACCTTRNRS", "0", 0, Some(Element::aggregate("ACCTRS", service)));
        let mut scenario = promising(false);
        scenario.then_says(move |_| history("a-1", vec![]));
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
        let add = AccountRef::from(BankAccount::new("999888777", "6", AccountType::Savings));
        unknown(scenario.run(Request::from(ServiceRequest::new(ServiceChange::Add(add), Service::BillPay)).into()));
        scenario.then_says(move |_| history("a-2", vec![active]));
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
        unknown(scenario.reconcile());
        assert_eq!(copies(&scenario), if stops { 1 } else { 2 }, "{account}");
    }
}
