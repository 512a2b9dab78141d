//! A payment in doubt: only an answer to the payment itself ends that.

use ofx_session::Credentials;
use ofx_session::engine::{BatchAnswer, Doubt, EngineError, Intent, Outcome, Situation, Step};
use ofx_session::error::Delivery;
use ofx_session::ofx::{Element, PaymentCancellation, PaymentInquiry, Request, SyncMode};

use super::recovery::{frame, ours};
use super::scenario::{
    Reply, Said, Scenario, Sent, acceptance, asked, easy, paid, questioning, refused, right, transaction, unknown,
    wrong,
};

/// A payment whose answer was lost, carried out or not.
fn lost(mut scenario: Scenario, carried_out: bool) -> Scenario {
    if carried_out {
        scenario.then_loses_the_answer();
    } else {
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    }
    assert_eq!(unknown(scenario.pay()), Doubt::NoAnswer("lost".to_owned()));
    scenario
}

fn in_doubt(scenario: &Scenario) -> Option<Doubt> {
    scenario.operation.as_ref().unwrap().doubt().cloned()
}

#[test]
fn a_repeat_is_paid_once_whatever_became_of_the_first() {
    let mut scenario = lost(Scenario::new(easy()), false);
    paid(scenario.repeat());
    assert_eq!(in_doubt(&scenario), None);
    scenario.clean(1);
    let mut scenario = lost(Scenario::new(easy()), true);
    assert!(matches!(unknown(scenario.repeat()), Doubt::Duplicate(Some(_))));
    scenario.clean(1);
    assert!(matches!(unknown(scenario.repeat()), Doubt::Duplicate(_)), "and again");
    scenario.clean(1);
}

#[test]
fn what_is_in_doubt_is_repeated_by_name_only() {
    let mut scenario = lost(Scenario::new(easy()), true);
    let operation = scenario.operation.clone().unwrap();
    assert_eq!(
        operation.situation(&scenario.state, scenario.now()),
        Situation::InDoubt(Doubt::NoAnswer("lost".to_owned()))
    );
    let now = scenario.now();
    let (under_way, _) = operation.clone().repeat_in_doubt(&scenario.state, now).unwrap();
    assert!(matches!(under_way.situation(&scenario.state, now), Situation::InDoubt(_)), "until it is answered");
    let error = operation.clone().handle_response(&mut scenario.state, b"late", now).unwrap_err();
    assert!(matches!(error, EngineError::Situation(_)), "{error}");
    let error = operation.handle_answer(&scenario.state, &right(), scenario.now()).unwrap_err();
    assert!(matches!(error, EngineError::Situation(_)), "{error}");
    let mut scenario = Scenario::new(easy());
    paid(scenario.pay());
    let operation = scenario.operation.take().unwrap();
    assert!(operation.repeat_in_doubt(&scenario.state, scenario.now()).is_err());
}

#[test]
fn a_refused_repeat_says_nothing_about_the_first() {
    let mut scenario = lost(Scenario::new(easy()), true);
    scenario.credentials = Credentials::new("jane", "wrong");
    let doubt = unknown(scenario.repeat());
    assert!(matches!(&doubt, Doubt::RepeatRefused(why) if why.contains("15500")), "{doubt:?}");
    let text = doubt.explain();
    let remedy = text.find("reconcile with the right credentials first").unwrap();
    assert!(remedy < text.find("do not enter it again").unwrap(), "{text}");
    scenario.credentials = Credentials::new("jane", "correct horse");
    scenario
        .then_says(|sent| Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 10_504, None)]));
    let doubt = unknown(scenario.repeat());
    assert!(matches!(doubt, Doubt::RepeatRefused(_)), "the first may have used up the money");
    let text = doubt.explain();
    assert!(text.contains("once more and refused") && !text.contains("credentials"), "{text}");
    assert!(matches!(unknown(scenario.repeat()), Doubt::Duplicate(_)));
    scenario.clean(1);
}

/// There is no token that it could be out of date with, and none to go after.
#[test]
fn what_is_called_out_of_date_without_a_token_is_not_sent_again_by_itself() {
    let late = |sent: &Sent| Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 6502, None)]);
    let mut scenario = Scenario::new(easy());
    scenario.then_says(late);
    assert_eq!(refused(scenario.pay()).status.code.value(), 6502);
    assert_eq!(scenario.sent.len(), 1);
    let mut scenario = lost(Scenario::new(easy()), true);
    scenario.then_says(late);
    assert_eq!(unknown(scenario.repeat()), Doubt::NoAnswer("lost".to_owned()));
    assert_eq!(scenario.sent.len(), 2);
}

#[test]
fn a_repeat_that_is_not_sent_leaves_the_doubt() {
    let mut scenario = lost(Scenario::new(easy()), false);
    scenario.then(|_, _| Reply::Failed(Delivery::NotSent));
    assert_eq!(unknown(scenario.repeat()), Doubt::NoAnswer("lost".to_owned()));
    assert_eq!(in_doubt(&scenario), Some(Doubt::NoAnswer("lost".to_owned())));
    paid(scenario.repeat());
    scenario.clean(1);
}

#[test]
fn questions_before_a_repeat_do_not_end_the_doubt() {
    for carried_out in [false, true] {
        let mut scenario = Scenario::new(questioning());
        asked(scenario.pay());
        if carried_out {
            scenario.then_loses_the_answer();
        } else {
            scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
        }
        unknown(scenario.answer(&right()));
        assert!(!asked(scenario.repeat()).is_repeated());
        assert_eq!(in_doubt(&scenario), Some(Doubt::NoAnswer("lost".to_owned())), "while the questions wait");
        asked(scenario.answer(&wrong()));
        assert_eq!(in_doubt(&scenario), Some(Doubt::NoAnswer("lost".to_owned())), "after wrong answers");
        let end = scenario.answer(&right());
        if carried_out {
            assert!(matches!(unknown(end), Doubt::Duplicate(_)));
        } else {
            paid(end);
        }
        scenario.clean(1);
    }
}

#[test]
fn a_lost_challenge_before_a_repeat_does_not_end_the_doubt() {
    let mut scenario = lost(Scenario::new(questioning()), false);
    scenario.then_is_honest();
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    assert_eq!(unknown(scenario.repeat()), Doubt::NoAnswer("lost".to_owned()));
    scenario.then_is_honest();
    scenario.then_says(|_| Said::new(15_502, "ERROR"));
    assert!(matches!(unknown(scenario.repeat()), Doubt::RepeatRefused(_)));
    asked(scenario.repeat());
    paid(scenario.answer(&right()));
    scenario.clean(1);
}

#[test]
fn a_program_that_stops_while_sending_leaves_the_payment_in_doubt_and_nothing_else() {
    use ofx_session::engine::{Intent, Operation, Seed, Step};
    let mut scenario = Scenario::new(questioning());
    let pay = Intent::Pay(Box::new(super::scenario::payment()));
    for (intent, situation) in [
        (Intent::Profile, Situation::Ready),
        (Intent::Accounts, Situation::Ready),
        (pay, Situation::InDoubt(Doubt::Interrupted)),
    ] {
        let (operation, step) = Operation::begin(intent, &scenario.state, Seed::new([9; 16]), scenario.now()).unwrap();
        let Step::Send(transmit) = &step else { panic!("{step:?}") };
        let prepared = |one: &ofx_session::engine::Transmit| {
            one.clone().prepare(&scenario.credentials, &scenario.state, scenario.now()).unwrap()
        };
        let (stopped, first) = prepared(transmit);
        assert_eq!(stopped.situation(&scenario.state, scenario.now()), situation);
        assert_eq!((stopped.trn_uid(), stopped.kind()), (operation.trn_uid(), operation.kind()));
        let resumed = match situation {
            Situation::Ready => stopped.step(&scenario.state, scenario.now()),
            _ => stopped.repeat_in_doubt(&scenario.state, scenario.now()).unwrap().1,
        };
        let Step::Send(again) = resumed else { panic!("{resumed:?}") };
        let text = |file: &[u8]| String::from_utf8(file.to_vec()).unwrap();
        let (first, second) = (text(&first), text(&prepared(&again).1));
        let tail = |text: &str| text.split_once("</SONRQ>").unwrap().1.to_owned();
        assert_eq!(tail(&first), tail(&second));
        assert_ne!(first, second, "the file that may have arrived keeps its NEWFILEUID to itself");
    }
    // A challenge that may have arrived moves no money.
    scenario.then_is_honest();
    scenario.then(|_, sent| {
        assert!(sent.asks_questions());
        Reply::Failed(Delivery::Unknown)
    });
    asked(scenario.pay());
    paid(scenario.answer(&right()));
    scenario.clean(1);
}

#[test]
fn a_success_after_a_repeat_counts_once() {
    let mut scenario = lost(Scenario::new(easy()), false);
    scenario.then_says(|sent| {
        Said::new(15_000, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 0, Some(acceptance(sent)))])
    });
    let receipt = paid(scenario.repeat());
    let codes: Vec<_> = receipt.notices.iter().map(|status| status.code.value()).collect();
    assert_eq!((receipt.id(), &codes[..]), ("4711", &[15_000, 0][..]), "and the words beside the success");
    assert_eq!(receipt.trn_uid.as_str(), scenario.sent[0].trn_uid());
}

/// The first copy may have been carried out before the day came too near.
#[test]
fn without_a_token_the_refusal_of_a_second_copy_says_nothing_about_the_first() {
    type Answer = fn(&Sent) -> Said;
    let bare: Answer = |sent| Said::new(0, "INFO").payments(vec![ours(2014, sent.trn_uid(), None)]);
    // Nobody has asked for a history, so nobody knows since when it is one.
    for answer in [bare, |sent| frame("t-1", "N", vec![ours(2014, sent.trn_uid(), None)])] {
        let mut scenario = Scenario::with_profile(easy().sync_mode(SyncMode::Lite));
        scenario.then_loses_the_answer();
        unknown(scenario.pay());
        scenario.then_says(answer);
        assert!(matches!(unknown(scenario.repeat()), Doubt::RepeatRefused(_)));
        scenario.clean(1);
    }
}

/// What only reads is no part of the doubt, and its refusal none of the request's.
#[test]
fn a_question_that_is_refused_beside_a_second_copy_does_not_hide_that_it_was_accepted() {
    let batch = vec![
        Intent::from(Request::from(PaymentInquiry::new("1"))),
        Intent::from(Request::from(PaymentCancellation::new("2"))),
    ];
    let mut scenario = Scenario::with_profile(easy().sync_mode(SyncMode::Lite));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.run(Intent::Batch(batch)));
    scenario.then_says(|sent| {
        let set = sent.document.find("/OFX/BILLPAYMSGSRQV1").unwrap();
        let uid = |tag| set.child(tag).unwrap().value("TRNUID").unwrap();
        let canceled = Element::aggregate("PMTCANCRS", vec![Element::leaf("SRVRTID", "2")]);
        Said::new(0, "INFO").payments(vec![
            transaction("PMTINQTRNRS", uid("PMTINQTRNRQ"), 2018, None),
            transaction("PMTTRNRS", uid("PMTTRNRQ"), 0, Some(canceled)),
        ])
    });
    let told = scenario.repeat();
    let Ok(Step::Done(Outcome::Batch(answers))) = told else { panic!("{told:?}") };
    assert!(matches!(&answers[..], [BatchAnswer::Refused(_), BatchAnswer::Confirmed(_)]), "{answers:?}");
}
