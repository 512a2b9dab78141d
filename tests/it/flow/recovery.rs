//! After a lost answer: tokens, the same file again, and what the history proves.

use ofx_session::engine::{Doubt, EngineError, Intent, Situation, Step};
use ofx_session::error::Delivery;
use ofx_session::ofx::{Element, SyncMode, Version};

use super::scenario::{
    Reply, Said, Scenario, Sent, acceptance, asked, easy, paid, questioning, refused, right, transaction, unknown,
};

/// What an institution promises, and nothing sent yet but the question for its profile.
fn promising(sync_mode: SyncMode, file_recovery: bool) -> Scenario {
    Scenario::with_profile(easy().sync_mode(sync_mode).file_recovery(file_recovery))
}

fn with_history() -> Scenario {
    let mut scenario = promising(SyncMode::Full, false);
    scenario.then_says(|_| frame("t-1", "N", vec![]));
    scenario
}

/// A payment whose answer was lost, in an institution with a history.
pub(super) fn lost() -> Scenario {
    let mut scenario = with_history();
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    assert_eq!(unknown(scenario.pay()), Doubt::NoAnswer("lost".to_owned()));
    scenario
}

pub(super) fn frame(token: &str, lost: &str, inside: Vec<Element>) -> Said {
    let account = [("BANKID", "999888777"), ("ACCTID", "1000001"), ("ACCTTYPE", "CHECKING")];
    let account = account.into_iter().map(|(tag, value)| Element::leaf(tag, value)).collect();
    let mut all = vec![
        Element::leaf("TOKEN", token),
        Element::leaf("LOSTSYNC", lost),
        Element::aggregate("BANKACCTFROM", account),
    ];
    all.extend(inside);
    Said::new(0, "INFO").payments(vec![Element::aggregate("PMTSYNCRS", all)])
}

pub(super) fn ours(code: u32, trn_uid: &str, paid: Option<&Sent>) -> Element {
    transaction("PMTTRNRS", trn_uid, code, paid.map(acceptance))
}

/// A payment of somebody else, as the history tells it.
fn stranger(like: &Sent) -> Element {
    with_value(&ours(0, "another-client", Some(like)), "TRNAMT", "1.11")
}

/// The same with another value in the elements that are called so.
pub(super) fn with_value(element: &Element, tag: &'static str, value: &str) -> Element {
    match element.tag() {
        found if found == tag => Element::leaf(tag, value),
        _ if element.children().is_empty() => element.clone(),
        found => {
            let children = element.children().iter().map(|child| with_value(child, tag, value)).collect();
            Element::aggregate(found.to_owned(), children)
        }
    }
}

fn token(sent: &Sent) -> Option<&str> {
    sent.document.find("/OFX/BILLPAYMSGSRQV1/PMTSYNCRQ").and_then(|frame| frame.value("TOKEN"))
}

fn request(sent: &Sent) -> Option<&Element> {
    sent.document.find("/OFX/BILLPAYMSGSRQV1/PMTSYNCRQ/PMTTRNRQ")
}

#[test]
fn a_payment_goes_after_the_newest_token_and_only_if_nothing_happened() {
    let mut scenario = with_history();
    scenario.then_says(|sent| frame("t-2", "N", vec![ours(0, sent.trn_uid(), Some(sent))]));
    assert_eq!(paid(scenario.pay()).id(), "4711");
    scenario.then_says(|sent| frame("t-3", "N", vec![ours(0, sent.trn_uid(), Some(sent))]));
    paid(scenario.pay());

    let [first, second, third] = scenario.sent.as_slice() else { panic!("{} files", scenario.sent.len()) };
    let frame = |sent: &Sent| sent.document.find("/OFX/BILLPAYMSGSRQV1/PMTSYNCRQ").unwrap().clone();
    assert_eq!((frame(first).value("TOKENONLY"), frame(first).value("REJECTIFMISSING")), (Some("Y"), Some("N")));
    assert!(request(first).is_none());
    assert_eq!((token(second), frame(second).value("REJECTIFMISSING")), (Some("t-1"), Some("Y")));
    assert!(request(second).is_some());
    assert_eq!(token(third), Some("t-2"), "the next payment knows the token");
    assert_ne!(request(second).unwrap().value("TRNUID"), request(third).unwrap().value("TRNUID"));
}

#[test]
fn a_promise_is_one_whatever_the_case_of_its_letters() {
    let mut scenario = promising(SyncMode::Other("Full".to_owned()), false);
    scenario.then_says(|_| frame("t-1", "N", vec![]));
    scenario.then_says(|sent| frame("t-2", "N", vec![ours(0, sent.trn_uid(), Some(sent))]));
    paid(scenario.pay());
    assert_eq!(token(scenario.last()), Some("t-1"));
}

#[test]
fn the_history_finds_a_payment_whose_answer_was_lost() {
    let mut scenario = lost();
    assert!(scenario.operation.as_ref().unwrap().can_reconcile());
    let sent = scenario.sent[1].clone();
    scenario.then_says(move |_| frame("t-2", "N", vec![ours(0, sent.trn_uid(), Some(&sent))]));
    let receipt = paid(scenario.reconcile());
    assert_eq!(receipt.trn_uid.as_str(), scenario.sent[1].trn_uid());
    assert_eq!(scenario.sent.len(), 3);
    assert_eq!(token(&scenario.sent[2]), Some("t-1"), "since the token that the payment carried");
    assert!(request(&scenario.sent[2]).is_none(), "nothing is asked for twice");
}

#[test]
fn the_history_finds_a_refusal() {
    let mut scenario = lost();
    let sent = scenario.sent[1].clone();
    scenario.then_says(move |_| frame("t-2", "N", vec![ours(2012, sent.trn_uid(), None)]));
    assert_eq!(refused(scenario.reconcile()).status.code.value(), 2012);
}

#[test]
fn what_the_history_does_not_have_is_sent_again_as_it_was_after_the_new_token() {
    let mut scenario = lost();
    let like = scenario.sent[1].clone();
    scenario.then_says(move |_| frame("t-9", "N", vec![stranger(&like)]));
    scenario.then_says(|sent| frame("t-10", "N", vec![ours(0, sent.trn_uid(), Some(sent))]));
    paid(scenario.reconcile());
    let (first, again) = (&scenario.sent[1], &scenario.sent[3]);
    assert_eq!((token(first), token(again)), (Some("t-1"), Some("t-9")));
    assert_eq!(request(first), request(again), "the same TRNUID and the same payment");
    assert_ne!(first.file_uid(), again.file_uid());
}

/// A first copy may still be on its way. A newer token keeps it from being carried out after the refusal of the second, or what is
/// wrong with both.
#[test]
fn the_refusal_of_a_second_copy_counts_when_the_first_is_out_of_date() {
    for (since, code, counts) in [
        ("t-9", 10_504, true),
        ("t-1", 10_504, false),
        ("t-1", 2012, true),
        ("t-1", 10_503, true),
        ("t-1", 2015, false),
    ] {
        let mut scenario = lost();
        scenario.then_says(move |_| frame(since, "N", vec![]));
        scenario.then_says(move |sent| frame(since, "N", vec![ours(code, sent.trn_uid(), None)]));
        let step = scenario.reconcile();
        if counts {
            assert_eq!(refused(step).status.code.value(), code);
        } else {
            assert!(matches!(unknown(step), Doubt::RepeatRefused(_)));
            assert!(!scenario.operation.as_ref().unwrap().can_reconcile(), "a person must find out");
        }
    }
}

#[test]
fn a_history_with_a_gap_proves_nothing() {
    for (since, gap, doubt) in [
        ("t-9", "Y", Doubt::HistoryLost),
        ("-1", "N", Doubt::NoAnswer("lost".to_owned())),
        ("-1", "Y", Doubt::HistoryLost),
    ] {
        let mut scenario = lost();
        scenario.then_says(move |_| frame(since, gap, vec![]));
        assert_eq!(unknown(scenario.reconcile()), doubt);
        assert_eq!(scenario.sent.len(), 3, "nothing is sent again");
        assert!(!scenario.operation.as_ref().unwrap().can_reconcile());
        assert!(scenario.reconcile().is_err());
    }
}

#[test]
fn a_payment_behind_the_times_goes_again_with_the_token_that_came() {
    type Answer = fn(&Sent) -> Said;
    let answers: [Answer; 3] = [
        |sent| frame("t-5", "N", vec![stranger(sent), ours(6502, sent.trn_uid(), None)]),
        |sent| frame("t-5", "N", vec![stranger(sent), ours(2000, sent.trn_uid(), None)]),
        |sent| frame("-1", "N", vec![ours(6502, sent.trn_uid(), None)]),
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        let mut scenario = with_history();
        scenario.then_says(answer);
        if number == 2 {
            scenario.then_says(|_| frame("t-5", "N", vec![]));
        }
        scenario.then_says(|sent| frame("t-6", "N", vec![ours(0, sent.trn_uid(), Some(sent))]));
        paid(scenario.pay());
        let last = scenario.sent.last().unwrap();
        assert_eq!((token(last), request(last)), (Some("t-5"), request(&scenario.sent[1])), "{number}");
        let frame = scenario.sent[2].document.find("/OFX/BILLPAYMSGSRQV1/PMTSYNCRQ").unwrap();
        assert_eq!(frame.value("TOKENONLY").is_some(), number == 2, "a payment needs no more than the token");
    }
}

#[test]
fn a_2000_without_news_is_a_refusal() {
    let mut scenario = with_history();
    scenario.then_says(|sent| frame("t-1", "N", vec![ours(2000, sent.trn_uid(), None)]));
    assert_eq!(refused(scenario.pay()).status.code.value(), 2000);
}

#[test]
fn an_institution_that_always_has_news_is_not_asked_for_ever() {
    let mut scenario = with_history();
    for round in 0..20 {
        scenario.then_says(move |sent| {
            frame(&format!("n-{round}"), "N", vec![stranger(sent), ours(6502, sent.trn_uid(), None)])
        });
    }
    assert_eq!(refused(scenario.pay()).status.code.value(), 6502);
    assert!(scenario.sent.len() < 12, "{} files", scenario.sent.len());
}

#[test]
fn an_answer_without_a_word_about_the_payment_is_looked_for_in_the_history_at_once() {
    for code in [None, Some(2019)] {
        let mut scenario = with_history();
        scenario.then_says(move |sent| {
            frame("t-2", "N", code.map(|code| ours(code, sent.trn_uid(), None)).into_iter().collect())
        });
        let first = scenario.now();
        scenario.then(move |_, sent| {
            assert_eq!(token(sent), Some("t-1"), "{code:?} {first}");
            Reply::Failed(Delivery::NotSent)
        });
        assert!(matches!(unknown(scenario.pay()), Doubt::NotMentioned | Doubt::Duplicate(_)));
        let sent = scenario.sent[1].clone();
        scenario.then_says(move |_| frame("t-2", "N", vec![ours(0, sent.trn_uid(), Some(&sent))]));
        paid(scenario.reconcile());
    }
}

#[test]
fn a_payment_that_was_received_before_and_is_not_in_the_history_is_nobody_s_guess() {
    let mut scenario = with_history();
    scenario.then_says(|sent| frame("t-1", "N", vec![ours(2019, sent.trn_uid(), None)]));
    scenario.then_says(|_| frame("t-1", "N", vec![]));
    assert!(matches!(unknown(scenario.pay()), Doubt::Duplicate(_)));
    assert_eq!(scenario.sent.len(), 3, "not sent again");
    assert!(!scenario.operation.as_ref().unwrap().can_reconcile());
}

#[test]
fn the_same_file_brings_the_saved_answer() {
    let mut scenario = promising(SyncMode::Lite, true);
    paid(scenario.pay());
    scenario.then_loses_the_answer();
    unknown(scenario.pay());
    paid(scenario.reconcile());
    let [first, lost, again] = scenario.sent.as_slice() else { panic!("{} files", scenario.sent.len()) };
    let uids = |sent: &Sent| {
        let header = sent.document.header();
        (header.old_file_uid().as_str().to_owned(), header.new_file_uid().as_str().to_owned())
    };
    assert_eq!(uids(first).0, "0");
    assert_eq!(uids(lost).0, uids(first).1, "the answer before was received");
    assert_eq!((uids(lost), lost.tail()), (uids(again), again.tail()));
    scenario.clean(2);
}

/// The institution has thrown its answer away, and refuses the file: nobody waits for that for ever.
#[test]
fn a_file_that_is_always_refused_is_given_up() {
    let mut scenario = promising(SyncMode::Lite, true);
    scenario.then_loses_the_answer();
    unknown(scenario.pay());
    let mut tries = 0;
    while scenario.operation.as_ref().unwrap().can_reconcile() {
        scenario.then(|_, _| Reply::Failed(Delivery::Answered));
        assert!(matches!(unknown(scenario.reconcile()), Doubt::NoAnswer(_)));
        tries += 1;
        assert!(tries < 20);
    }
    assert!(tries > 5, "{tries}: a proxy may have said it");
    let mut scenario = promising(SyncMode::Lite, true);
    scenario.then_loses_the_answer();
    unknown(scenario.pay());
    for _ in 0..20 {
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
        unknown(scenario.reconcile());
    }
    paid(scenario.reconcile());
}

#[test]
fn without_a_promise_there_is_no_recovery_and_nothing_in_the_header() {
    let mut scenario = promising(SyncMode::Lite, false);
    scenario.then_loses_the_answer();
    unknown(scenario.pay());
    let operation = scenario.operation.as_ref().unwrap();
    assert!(!operation.can_reconcile());
    assert!(operation.clone().reconcile(&scenario.state, scenario.now()).is_err());
    assert!(scenario.sent[0].document.header().old_file_uid().is_none());
}

#[test]
fn where_the_same_file_says_nothing_the_history_is_asked() {
    let mut scenario = promising(SyncMode::Full, true);
    scenario.then_says(|_| frame("t-1", "N", vec![]));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.pay());
    scenario.then_says(|_| Said::new(0, "INFO"));
    let sent = scenario.sent[1].clone();
    scenario.then_says(move |_| frame("t-2", "N", vec![ours(0, sent.trn_uid(), Some(&sent))]));
    paid(scenario.reconcile());
    let header = |sent: &Sent| sent.document.header().new_file_uid().clone();
    assert_eq!(header(&scenario.sent[1]), header(&scenario.sent[2]));
    assert_eq!(scenario.sent[1].tail(), scenario.sent[2].tail());
    assert!(request(&scenario.sent[3]).is_none());
}

#[test]
fn a_file_that_is_lost_twice_gives_way_to_the_history() {
    let mut scenario = promising(SyncMode::Full, true);
    scenario.then_says(|_| frame("t-1", "N", vec![]));
    for _ in 0..2 {
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    }
    unknown(scenario.pay());
    unknown(scenario.reconcile());
    let sent = scenario.sent[1].clone();
    scenario.then_says(move |_| frame("t-2", "N", vec![ours(0, sent.trn_uid(), Some(&sent))]));
    paid(scenario.reconcile());
    assert!(request(&scenario.sent[3]).is_none());
}

#[test]
fn a_promise_of_a_history_that_is_not_kept_costs_nothing_but_the_history() {
    for refusal in 0..4 {
        let mut scenario = promising(SyncMode::Full, false);
        match refusal {
            0 => scenario.then(|_, _| Reply::Failed(Delivery::Answered)),
            1 => scenario.then_says(|_| frame("-1", "N", vec![])),
            2 => scenario.then_says(|_| Said::new(0, "INFO")),
            _ => scenario.then(|_, _| Reply::Body(b"<html>no</html>".to_vec())),
        }
        paid(scenario.pay());
        assert!(scenario.sent[1].document.find("/OFX/BILLPAYMSGSRQV1/PMTTRNRQ").is_some(), "{refusal}");
        scenario.clean(1);
    }
}

#[test]
fn a_history_whose_answer_is_cut_short_is_not_done_without() {
    for share in [0, 5, 20, 40, 60, 80, 99] {
        let mut scenario = promising(SyncMode::Full, false);
        scenario.then(move |_, _| {
            let mut whole = frame("t-1", "N", vec![]).bytes(Version::V211);
            whole.truncate(whole.len() * share / 100);
            Reply::Body(whole)
        });
        let error = scenario.pay().unwrap_err();
        assert!(matches!(error, EngineError::Decode(_)), "{share}: {error}");
        assert_eq!(scenario.sent.len(), 1, "{share}");
    }
}

#[test]
fn a_token_that_cannot_be_written_is_none() {
    for odd in ["", "a b", "<x>", "täg", &"t".repeat(37)] {
        let mut scenario = promising(SyncMode::Full, false);
        let odd = odd.to_owned();
        scenario.then_says(move |_| frame(&odd, "N", vec![]));
        paid(scenario.pay());
        assert_eq!(scenario.sent.len(), 2);
    }
}

#[test]
fn questions_in_the_middle_of_finding_out_keep_the_doubt() {
    let mut scenario = Scenario::new(questioning().sync_mode(SyncMode::Full));
    scenario.run(Intent::Profile).unwrap();
    scenario.then_says(|_| frame("t-1", "N", vec![]));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.pay());
    scenario.then_says(|_| Said::new(3000, "ERROR"));
    asked(scenario.reconcile());
    let operation = scenario.operation.as_ref().unwrap();
    assert_eq!(operation.doubt(), Some(&Doubt::NoAnswer("lost".to_owned())));
    let sent = scenario.sent[2].clone();
    scenario.then_says(move |_| frame("t-2", "N", vec![ours(0, sent.trn_uid(), Some(&sent))]));
    paid(scenario.answer(&right()));
    assert!(request(scenario.sent.last().unwrap()).is_none(), "the history, with the answers");
    assert_eq!(scenario.sent.last().unwrap().answers().len(), 2);
}

#[test]
fn a_program_that_stops_while_it_finds_out_finds_out_later() {
    let scenario = lost();
    let (now, operation) = (scenario.now(), scenario.operation.clone().unwrap());
    let (_, step) = operation.reconcile(&scenario.state, now).unwrap();
    let Step::Send(transmit) = step else { panic!("{step:?}") };
    let (interrupted, _) = transmit.prepare(&scenario.credentials, &scenario.state, now).unwrap();
    assert_eq!(interrupted.situation(&scenario.state, now), Situation::InDoubt(Doubt::NoAnswer("lost".to_owned())));
    assert!(interrupted.can_reconcile());
}
