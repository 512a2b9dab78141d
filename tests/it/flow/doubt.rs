//! A payment in doubt: only an answer to the payment itself ends that.

use ofx_session::Credentials;
use ofx_session::engine::{BatchAnswer, Doubt, EngineError, Intent, Outcome, Situation, Step};
use ofx_session::error::Delivery;
use ofx_session::ofx::{Element, PaymentCancellation, PaymentInquiry, Request, SyncMode, Version};

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

/// A history with a character in it that no document may have.
fn broken(token: &str) -> Reply {
    let text = String::from_utf8(frame(token, "N", vec![]).bytes(Version::V211)).unwrap();
    Reply::Body(text.replace("LOSTSYNC>N", "LOSTSYNC>\u{1}N").into_bytes())
}

/// A payment in an institution with a history, to be sent after the token t-1.
fn fenced() -> Scenario {
    let mut scenario = Scenario::with_profile(easy().sync_mode(SyncMode::Full));
    scenario.then_says(|_| frame("t-1", "N", vec![]));
    scenario
}

fn unreadable(doubt: &Doubt) -> &str {
    let Doubt::Unreadable(why) = doubt else { panic!("{doubt:?}") };
    assert!(why.contains("history") && why.contains("byte"), "{why}");
    why
}

fn can_reconcile(scenario: &Scenario) -> bool {
    scenario.operation.as_ref().unwrap().can_reconcile()
}

/// Somebody may do something about it, and the history says the same the next time.
#[test]
fn a_history_that_cannot_be_read_says_why() {
    for how in ["no answer", "interrupted"] {
        let mut scenario = fenced();
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
        unknown(scenario.pay());
        if how == "interrupted" {
            let (again, step) =
                scenario.operation.clone().unwrap().repeat_in_doubt(&scenario.state, scenario.now()).unwrap();
            drop(again);
            let Step::Send(transmit) = step else { panic!("{step:?}") };
            scenario.operation =
                Some(transmit.prepare(&scenario.credentials, &scenario.state, scenario.now()).unwrap().0);
        }
        scenario.then(|_, _| broken("t-2"));
        let first = unreadable(&unknown(scenario.reconcile())).to_owned();
        assert!(can_reconcile(&scenario), "{how}: the way stays open");
        scenario.then(|_, _| broken("t-2-and-longer"));
        assert_ne!(unreadable(&unknown(scenario.reconcile())), first, "{how}: the newest reason counts");
        assert_eq!(in_doubt(&scenario).as_ref().map(Doubt::explain).unwrap().matches("history").count(), 1, "{how}");
        let sent = scenario.sent[1].clone();
        scenario.then_says(move |_| frame("t-2", "N", vec![ours(0, sent.trn_uid(), Some(&sent))]));
        paid(scenario.reconcile());
    }
}

/// That it was received says more, and what was cut short on its way may be whole the next time.
#[test]
fn a_history_that_cannot_be_read_hides_nothing_that_says_more() {
    let mut scenario = fenced();
    scenario.then_says(|sent| frame("t-1", "N", vec![ours(2019, sent.trn_uid(), None)]));
    scenario.then(|_, _| broken("t-2"));
    assert!(matches!(unknown(scenario.pay()), Doubt::Duplicate(_)));
    assert!(can_reconcile(&scenario));

    let mut scenario = fenced();
    scenario.then_says(|sent| {
        let yes_and_no = vec![ours(0, sent.trn_uid(), Some(sent)), ours(2012, sent.trn_uid(), None)];
        frame("t-2", "N", yes_and_no)
    });
    let said = unknown(scenario.pay());
    scenario.then(|_, _| broken("t-2"));
    assert_eq!(unknown(scenario.reconcile()), said);

    let mut scenario = fenced();
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.pay());
    scenario.then(|_, _| {
        let mut cut = frame("t-2", "N", vec![]).bytes(Version::V211);
        cut.truncate(cut.len() - 20);
        Reply::Body(cut)
    });
    assert_eq!(unknown(scenario.reconcile()), Doubt::NoAnswer("lost".to_owned()));
}

#[test]
fn that_a_history_cannot_be_read_is_not_said_once_it_can_be() {
    let mut scenario = fenced();
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.pay());
    scenario.then(|_, _| broken("t-2"));
    unreadable(&unknown(scenario.reconcile()));
    // It does not say that it is whole.
    scenario.then_says(|_| frame("t-2", "", vec![]));
    let doubt = unknown(scenario.reconcile());
    assert!(matches!(&doubt, Doubt::NoAnswer(why) if why.contains("can be read by now")), "{doubt:?}");
}

/// It was left out, and nothing had happened since its token: that is still so when the history can be read.
#[test]
fn what_was_left_out_stays_so_when_the_history_can_be_read() {
    for (token, goes_again) in [("t-1", false), ("t-2", true)] {
        let mut scenario = fenced();
        scenario.then_says(|_| frame("t-1", "N", vec![]));
        scenario.then(|_, _| broken("t-2"));
        // That it was left out says more than that the history cannot be read.
        assert_eq!(unknown(scenario.pay()), Doubt::NotMentioned);
        scenario.then_says(move |_| frame(token, "N", vec![]));
        if goes_again {
            scenario.then_says(|sent| frame("t-3", "N", vec![ours(0, sent.trn_uid(), Some(sent))]));
            paid(scenario.reconcile());
        } else {
            assert_eq!(unknown(scenario.reconcile()), Doubt::NotMentioned);
            assert!(!can_reconcile(&scenario), "a person must find out");
        }
    }
}
