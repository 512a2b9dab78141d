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

/// It may have been the acceptance.
#[test]
fn what_could_not_be_read_once_is_not_sent_again() {
    let mut scenario = promising(false);
    scenario.then_says(|_| frame("t-1", "N", vec![]));
    scenario.then_says(|sent| {
        let broken = Element::aggregate("PMTRS", vec![Element::leaf("SRVRTID", "1")]);
        frame("t-1", "N", vec![transaction("PMTTRNRS", sent.trn_uid(), 0, Some(broken))])
    });
    assert!(matches!(unknown(scenario.pay()), Doubt::Unreadable(_)));
    scenario.then_says(|_| frame("t-2", "N", vec![]));
    assert!(matches!(unknown(scenario.reconcile()), Doubt::Unreadable(_)));
    assert_eq!(copies(&scenario), 1);
    assert!(!scenario.operation.as_ref().unwrap().can_reconcile(), "a person must find out");
}

/// Where the institution says that it has received it, what its history has not is no proof, and neither is a refusal in part of that.
#[test]
fn what_was_received_is_settled_by_a_whole_history_only() {
    for (lost_sync, counts) in [("Y", false), ("N", true)] {
        let mut scenario = promising(false);
        scenario.then_says(|_| frame("t-1", "N", vec![]));
        scenario.then_says(|sent| frame("t-1", "N", vec![ours(2019, sent.trn_uid(), None)]));
        scenario.then(|_, _| Reply::Failed(Delivery::NotSent));
        assert!(matches!(unknown(scenario.pay()), Doubt::Duplicate(_)));
        let uid = scenario.sent[1].trn_uid().to_owned();
        scenario.then_says(move |_| frame("t-2", lost_sync, vec![ours(10_504, &uid, None)]));
        let step = scenario.reconcile();
        if counts {
            assert_eq!(refused(step).status.code.value(), 10_504);
        } else {
            unknown(step);
        }
    }
}

/// That it was received says more than what else the history holds, and a history that says no more than that is the last word.
#[test]
fn a_duplicate_stays_one_whatever_the_history_holds() {
    for is_rival in [true, false] {
        let mut scenario = promising(false);
        scenario.then_says(|_| frame("t-1", "N", vec![]));
        scenario.then_says(|sent| frame("t-1", "N", vec![ours(2019, sent.trn_uid(), None)]));
        scenario.then(move |_, _| Reply::Failed(Delivery::NotSent));
        unknown(scenario.pay());
        let first = scenario.sent[1].clone();
        scenario.then_says(move |_| {
            let told = if is_rival { ours(0, "another", Some(&first)) } else { ours(2019, first.trn_uid(), None) };
            frame("t-2", "N", vec![told])
        });
        assert!(matches!(unknown(scenario.reconcile()), Doubt::Duplicate(_)), "{is_rival}");
        assert_eq!(copies(&scenario), 1, "{is_rival}");
        assert!(!scenario.operation.as_ref().unwrap().can_reconcile(), "{is_rival}: a person must find out");
    }
}

/// It was left out, and nothing had happened since its token: a further copy would be left out for the same reason.
#[test]
fn what_was_left_out_without_a_reason_is_not_sent_again() {
    let mut scenario = promising(false);
    for _ in 0..3 {
        scenario.then_says(|_| frame("t-1", "N", vec![]));
    }
    assert_eq!(unknown(scenario.pay()), Doubt::NotMentioned);
    assert_eq!(copies(&scenario), 1);
    assert!(!scenario.operation.as_ref().unwrap().can_reconcile(), "a person must find out");
}

/// A second copy was left out as well, whatever has happened in between.
#[test]
fn what_was_left_out_twice_is_not_sent_a_third_time() {
    let mut scenario = lost();
    scenario.then_says(|_| frame("t-1", "N", vec![]));
    scenario.then_says(|_| frame("t-2", "N", vec![]));
    assert_eq!(unknown(scenario.repeat()), Doubt::NotMentioned);
    assert_eq!(copies(&scenario), 2);
    assert!(!scenario.operation.as_ref().unwrap().can_reconcile(), "a person must find out");
}

/// What one call does is bounded, and not how often somebody calls.
#[test]
fn it_goes_again_as_often_as_somebody_asks() {
    let mut scenario = lost();
    for round in 0..12 {
        scenario.then_says(move |_| frame(&format!("n-{round}"), "N", vec![]));
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
        unknown(scenario.reconcile());
    }
    scenario.then_says(|_| frame("n-12", "N", vec![]));
    scenario.then_says(|sent| frame("n-13", "N", vec![ours(0, sent.trn_uid(), Some(sent))]));
    paid(scenario.reconcile());
}

/// Only an institution that says so has no history: without one a payment could not be found out about.
#[test]
fn a_token_that_did_not_come_is_asked_for_again() {
    for delivery in [Delivery::NotSent, Delivery::Unknown] {
        let mut scenario = promising(false);
        scenario.then(move |_, _| Reply::Failed(delivery));
        paid(scenario.pay());
        let frame = scenario.sent[1].document.find("/OFX/BILLPAYMSGSRQV1/PMTSYNCRQ");
        assert!(frame.is_some_and(|frame| frame.value("TOKENONLY").is_some()), "{delivery:?}");
        assert_eq!((scenario.sent.len(), copies(&scenario)), (3, 1), "{delivery:?}");
    }
}

/// The question for the history was not read, which is no answer to it.
#[test]
fn a_history_that_is_not_told_once_is_asked_for_again() {
    for body in [None, Some("<html><body>Please wait</body></html>")] {
        let mut scenario = lost();
        scenario.then(move |_, _| match body {
            Some(body) => Reply::Body(body.into()),
            None => Reply::Failed(Delivery::Answered),
        });
        assert_eq!(unknown(scenario.reconcile()), Doubt::NoAnswer("lost".to_owned()));
        let sent = scenario.sent[1].clone();
        scenario.then_says(move |_| frame("t-2", "N", vec![ours(0, sent.trn_uid(), Some(&sent))]));
        paid(scenario.reconcile());
        assert_eq!(copies(&scenario), 1);
    }
}

/// `0` is the token of who has none: whatever happened, happened since, and a copy with it is fenced off by nothing.
#[test]
fn a_refusal_after_no_token_says_nothing_of_the_copy_before() {
    let mut scenario = promising(false);
    scenario.then_says(|_| frame("0", "N", vec![]));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.pay());
    scenario.then_says(|_| frame("0", "N", vec![]));
    scenario.then_says(|sent| frame("t-2", "N", vec![ours(10_504, sent.trn_uid(), None)]));
    assert!(matches!(unknown(scenario.reconcile()), Doubt::RepeatRefused(_)));
    assert_eq!(copies(&scenario), 2);
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

/// They undo nothing that anybody could want, whatever happened.
#[test]
fn a_payment_and_a_cancellation_go_after_what_they_cannot_see() {
    let pay = || Intent::Pay(Box::new(payment()));
    let cancel = || Intent::cancel_payment("4711", &payment().from);
    for (lost_sync, intent) in [("Y", pay()), ("N", pay()), ("Y", cancel()), ("N", cancel())] {
        let mut scenario = promising(false);
        scenario.then_says(|_| frame("t-1", "N", vec![]));
        scenario.then_says(move |sent| {
            let broken = transaction("PMTTRNRS", "another", 0, None);
            frame("t-2", lost_sync, vec![broken, ours(6502, sent.trn_uid(), None)])
        });
        scenario.then_says(|sent| frame("t-3", "N", vec![ours(10_504, sent.trn_uid(), None)]));
        assert_eq!(refused(scenario.run(intent)).status.code.value(), 10_504, "it was looked at");
        assert_eq!(copies(&scenario), 2);
    }
}

fn acceptance_info() -> Element {
    let sent = lost().sent[1].clone();
    acceptance(&sent).find("PMTINFO").unwrap().clone()
}

/// Whether no second copy leaves where the history tells of a payment like it for this account at the payee.
fn is_stopped_by(account: &'static str) -> bool {
    let mut scenario = lost();
    let sent = scenario.sent[1].clone();
    scenario.then_says(move |_| frame("t-9", "N", vec![with_value(&ours(0, "0", Some(&sent)), "PAYACCT", account)]));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.reconcile());
    let made = copies(&scenario);
    assert!((1..=2).contains(&made), "{account:?}: {made}");
    made == 1
}

/// Institutions show accounts at a payee as they like.
#[test]
fn an_account_may_be_shown_by_its_last_digits() {
    let shown = [("4117", true), ("####4117", true), ("xx4117", true), ("...4117", true), ("XXXXXXX", true)];
    for (account, stops) in
        shown.into_iter().chain([("117", true), ("17", false), ("XXXXX9999", false), ("9999", false), ("7", false)])
    {
        assert_eq!(is_stopped_by(account), stops, "{account:?}");
    }
}

/// Some cut it off, or write a name behind it.
#[test]
fn an_account_may_be_shown_by_its_beginning() {
    let shown = [("88-204", true), ("0088204", true), ("88204117 HARBOR", true), ("88204117****", true)];
    let others = [("8820", false), ("88205", false), ("88204118 HARBOR", false), ("-", true), ("", true)];
    for (account, stops) in shown.into_iter().chain(others) {
        assert_eq!(is_stopped_by(account), stops, "{account:?}");
    }
}

/// A service of one account that became active is no change of another's, and none of another service.
#[test]
fn the_service_of_another_account_does_not_stop_a_second_copy() {
    for (account, service, left_out, stops) in [
        ("5", "BPSVC", "", false),
        ("6", "BANKSVC", "", false),
        ("6", "BPSVC", "", true),
        ("5", "BPSVC", "BANKID", false),
        ("6", "BPSVC", "BANKID", true),
        ("6", "BPSVC", "ACCTTYPE", true),
    ] {
        let history = |token: &str, inside: Vec<Element>| {
            let mut all = vec![Element::leaf("TOKEN", token), Element::leaf("LOSTSYNC", "N")];
            all.extend(inside);
            Said::new(0, "INFO").set("SIGNUPMSGSRSV1", vec![Element::aggregate("ACCTSYNCRS", all)])
        };
        let members = [("BANKID", "999888777"), ("ACCTID", account), ("ACCTTYPE", "SAVINGS")];
        let members = members.into_iter().filter(|(tag, _)| *tag != left_out);
        let to = Element::aggregate("BANKACCTTO", members.map(|(tag, value)| Element::leaf(tag, value)).collect());
        let told = vec![
            Element::aggregate("SVCADD", vec![to]),
            Element::leaf("SVC", service),
            Element::leaf("SVCSTATUS", "ACTIVE"),
        ];
        let active = transaction("ACCTTRNRS", "0", 0, Some(Element::aggregate("ACCTRS", told)));
        let mut scenario = promising(false);
        scenario.then_says(move |_| history("a-1", vec![]));
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
        let add = AccountRef::from(BankAccount::new("999888777", "6", AccountType::Savings));
        unknown(scenario.run(Request::from(ServiceRequest::new(ServiceChange::Add(add), Service::BillPay)).into()));
        scenario.then_says(move |_| history("a-2", vec![active]));
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
        unknown(scenario.reconcile());
        assert_eq!(copies(&scenario), if stops { 1 } else { 2 }, "{account} {left_out}");
    }
}
