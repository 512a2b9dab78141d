//! What stands beside a signon that is refused: nothing of it is believed, and what says that the request was looked at leaves a doubt.

use ofx_session::Doubt;
use ofx_session::engine::{Intent, Step};
use ofx_session::ofx::{Element, Version};

use super::scenario::{
    Reply, Said, Scenario, Sent, acceptance, asked, easy, honest, paid, payment, questioning, refused, transaction,
    unknown,
};

/// The answer to a payment by an institution that refuses the signon.
fn beside(sent: &Sent, answers: &[(u32, Option<Element>)]) -> Said {
    beside_code(15_500, sent, answers)
}

fn beside_code(signon: u32, sent: &Sent, answers: &[(u32, Option<Element>)]) -> Said {
    let answers = answers.iter().map(|(code, body)| transaction("PMTTRNRS", sent.trn_uid(), *code, body.clone()));
    Said::new(signon, "ERROR").payments(answers.collect())
}

fn is_beside(doubt: &Doubt) -> bool {
    matches!(doubt, Doubt::Unreadable(why) if why.contains("refuses the signon"))
}

fn broken() -> Element {
    Element::aggregate("PMTRS", vec![Element::leaf("SRVRTID", "4711"), Element::leaf("CURDEF", "USD")])
}

#[test]
fn what_says_that_a_payment_was_looked_at_leaves_it_in_doubt() {
    let cases: [fn(&Sent) -> Said; 5] = [
        |sent| beside(sent, &[(0, Some(acceptance(sent)))]),
        |sent| beside(sent, &[(0, Some(acceptance(sent))), (15_500, None)]),
        |sent| beside(sent, &[(0, Some(broken()))]),
        |sent| beside(sent, &[(15_500, Some(acceptance(sent)))]),
        |sent| beside(sent, &[(2019, None)]),
    ];
    for (number, case) in cases.into_iter().enumerate() {
        let mut scenario = Scenario::new(easy());
        scenario.then_says(case);
        assert!(is_beside(&unknown(scenario.pay())), "{number}");
    }
    let mut scenario = Scenario::new(easy());
    scenario.then_says(|sent| beside(sent, &[(0, Some(acceptance(sent)))]));
    let pay = || Intent::pay(&payment());
    assert!(is_beside(&unknown(scenario.run(Intent::Batch(vec![pay(), pay()])))));
}

#[test]
fn a_payment_that_was_looked_at_does_not_wait_for_approval() {
    let mut looked_at = Scenario::new(easy());
    looked_at.then_says(|sent| beside_code(15_510, sent, &[(0, Some(acceptance(sent)))]));
    assert!(is_beside(&unknown(looked_at.pay())));
    let mut waits = Scenario::new(easy());
    waits.then_says(|sent| beside_code(15_510, sent, &[(15_510, None)]));
    assert!(matches!(waits.pay(), Ok(Step::Approve(_))));
}

/// Filled in by a template, before anybody has looked.
#[test]
fn a_status_alone_says_nothing() {
    for code in [0, 15_500] {
        let mut scenario = Scenario::new(easy());
        scenario.then_says(move |sent| beside(sent, &[(code, None)]));
        assert_eq!(refused(scenario.pay()).status.code.value(), 15_500, "{code}");
    }
    let mut scenario = Scenario::new(questioning());
    scenario
        .then_says(|sent| Said::new(3000, "ERROR").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 0, None)]));
    asked(scenario.pay());
    paid(scenario.answer(&super::scenario::right()));
    scenario.clean(1);
}

/// A payment of which an institution with a history says so, and that it has made.
fn carried_out(class: &str) -> Scenario {
    let mut scenario = Scenario::with_profile(easy().class(class.parse().unwrap()));
    scenario.then_is_honest();
    scenario.then(|bank, sent| {
        honest(bank, sent);
        Reply::Body(beside(sent, &[(0, Some(acceptance(sent)))]).bytes(Version::V211))
    });
    unknown(scenario.pay());
    scenario
}

/// It was carried out, and the history does not know it yet.
#[test]
fn it_is_not_sent_again_where_the_history_comes_late() {
    let mut scenario = carried_out("D-S+F-");
    scenario.then(|_, sent| {
        let asked = sent.document.find("/OFX/BILLPAYMSGSRQV1/PMTSYNCRQ").unwrap();
        let account = asked.children_named("BANKACCTFROM").next().unwrap().clone();
        let newer = vec![Element::leaf("TOKEN", "77"), Element::leaf("LOSTSYNC", "N"), account];
        let history = Element::aggregate("PMTSYNCRS", newer);
        Reply::Body(Said::new(0, "INFO").payments(vec![history]).bytes(Version::V211))
    });
    unknown(scenario.reconcile());
    assert_eq!(scenario.bank.payments_made(), 1);
}

/// A saved answer that says so is the same the next time: the history is next.
#[test]
fn the_history_finds_it_behind_a_saved_answer_of_that_kind() {
    let mut scenario = carried_out("D+S+F+");
    scenario.then_says(|sent| beside(sent, &[(0, Some(acceptance(sent)))]));
    unknown(scenario.reconcile());
    paid(scenario.reconcile());
    scenario.clean(1);

    let mut scenario = Scenario::with_profile(easy().class("D-S-F+".parse().unwrap()));
    for _ in 0..2 {
        scenario.then_says(|sent| beside(sent, &[(0, Some(acceptance(sent)))]));
    }
    unknown(scenario.pay());
    unknown(scenario.reconcile());
    assert!(!scenario.operation.unwrap().can_reconcile(), "there is no other way, and each costs a signon");
}
