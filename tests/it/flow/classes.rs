//! The engine against every class of institution, and everything that can happen to its files: never two payments, and the truth
//! about the one.

use std::cell::RefCell;
use std::rc::Rc;

use ofx_session::engine::{EngineError, Intent, Outcome, Step};
use ofx_session::error::Delivery;
use ofx_session::ofx::{Amount, Style, Version};
use ofx_session::testing::{Class, Rejection};

use super::scenario::{MAIN, Reply, Scenario, easy, honest, paid, payment};

/// What happens to one file.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    IsLost,
    AnswerIsLost,
    /// It arrives after the file behind it.
    IsLate,
    /// It arrives when all is over.
    IsVeryLate,
    ArrivesTwice,
    /// Another client was faster.
    IsOvertaken,
}

const FATES: [Fate; 7] = [
    Fate::Arrives,
    Fate::IsLost,
    Fate::AnswerIsLost,
    Fate::IsLate,
    Fate::IsVeryLate,
    Fate::ArrivesTwice,
    Fate::IsOvertaken,
];

type Late = Rc<RefCell<Vec<(bool, Vec<u8>)>>>;

fn suffer(scenario: &mut Scenario, fate: Fate, late: &Late) {
    let late = Rc::clone(late);
    scenario.then(move |bank, sent| {
        let before = std::mem::take(&mut *late.borrow_mut());
        let reply = match fate {
            Fate::Arrives => Reply::Body(honest(bank, sent)),
            Fate::IsLost => Reply::Failed(Delivery::Unknown),
            Fate::AnswerIsLost => {
                honest(bank, sent);
                Reply::Failed(Delivery::Unknown)
            }
            Fate::IsLate | Fate::IsVeryLate => {
                late.borrow_mut().push((matches!(fate, Fate::IsVeryLate), sent.bytes.clone()));
                Reply::Failed(Delivery::Unknown)
            }
            Fate::ArrivesTwice => {
                honest(bank, sent);
                Reply::Body(honest(bank, sent))
            }
            Fate::IsOvertaken => {
                let mut other = payment();
                other.amount = Amount::parse("1.11").unwrap();
                assert!(bank.other_client_pays("jane", &other).is_some());
                Reply::Body(honest(bank, sent))
            }
        };
        for (very, bytes) in before {
            if very {
                late.borrow_mut().push((very, bytes));
            } else {
                let _ = bank.answer(ofx_session::testing::Endpoint::Main, &bytes);
            }
        }
        reply
    });
}

/// Pays through these fates, finds out as long as there is a way, and says how it ended.
fn through(class: Class, rejection: Rejection, fates: &[Fate]) -> (Scenario, Result<Step, EngineError>) {
    let bank = easy().class(class).rejection(rejection);
    let mut scenario = Scenario::new(bank);
    scenario.run(Intent::Profile).unwrap();
    let late = Late::default();
    for fate in fates {
        suffer(&mut scenario, *fate, &late);
    }
    let mut step = scenario.pay();
    for _ in 0..8 {
        match &step {
            Ok(Step::Done(Outcome::Unknown(_))) if scenario.operation.as_ref().unwrap().can_reconcile() => {
                step = scenario.reconcile();
            }
            // The token could not be asked for.
            Ok(Step::Send(_)) => step = scenario.proceed(),
            _ => break,
        }
    }
    for (_, bytes) in late.take() {
        let _ = scenario.bank.answer(ofx_session::testing::Endpoint::Main, &bytes);
    }
    (scenario, step)
}

fn made(scenario: &Scenario) -> usize {
    scenario.bank.payments().iter().filter(|entry| entry.ours).count()
}

#[test]
fn a_payment_is_made_once_in_every_class_whatever_happens_to_three_files() {
    let mut unknown = 0;
    for class in Class::ALL {
        // Only what goes with a token is rejected for it.
        let rejections = [Rejection::OutOfDate, Rejection::GeneralError, Rejection::LeftOut];
        for rejection in rejections.into_iter().take(if class.full_sync { 3 } else { 1 }) {
            for number in 0..FATES.len().pow(3) {
                let digit = |place: u32| FATES[number / FATES.len().pow(place) % FATES.len()];
                let fates = [digit(0), digit(1), digit(2)];
                // A second client is not supported where there is no history; and it may cost the saved answer.
                if !class.full_sync && fates.iter().any(|fate| matches!(fate, Fate::IsOvertaken)) {
                    continue;
                }
                let twice = fates.iter().any(|fate| matches!(fate, Fate::ArrivesTwice));
                let (scenario, step) = through(class, rejection, &fates);
                let made = made(&scenario);
                let what = format!("{class} {rejection:?} {fates:?}: {step:?}, {made} made");
                // A network that repeats a file makes two payments of one where nothing at all is promised.
                let possible = if twice && class.to_string() == "D-S-F-" { 2 } else { 1 };
                assert!(made <= possible, "{what}");
                match step {
                    Ok(Step::Done(Outcome::Paid(_))) => assert!(made >= 1, "{what}"),
                    Ok(Step::Done(Outcome::Refused(_))) => assert_eq!(made, 0, "{what}"),
                    Ok(Step::Done(Outcome::Unknown(_))) => unknown += 1,
                    other => panic!("{what}: {other:?}"),
                }
                let lasting = fates.iter().filter(|fate| !matches!(fate, Fate::Arrives | Fate::ArrivesTwice)).count();
                if let (true, Ok(Step::Done(Outcome::Unknown(_)))) = (lasting == 1, &step) {
                    assert!(!class.full_sync && !class.file_recovery, "one accident is found out about: {what}");
                }
            }
        }
    }
    assert!(unknown > 0);
}

#[test]
fn every_version_and_layout_pays_after_a_token_and_finds_out() {
    use ofx_session::engine::Institution;
    for version in Version::ALL {
        for style in [Style::new(), Style::new().close_leaves(true), Style::new().line_breaks(true)] {
            for class in ["D-S+F-", "D-S-F+", "D-S+F+"] {
                let bank = easy().class(class.parse().unwrap());
                let mut scenario = Scenario::at(Institution::new(MAIN).version(version).style(style), version, bank);
                scenario.run(Intent::Profile).unwrap();
                paid(scenario.pay());
                scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
                assert!(matches!(scenario.pay(), Ok(Step::Done(Outcome::Unknown(_)))));
                paid(scenario.reconcile());
                scenario.then_loses_the_answer();
                assert!(matches!(scenario.pay(), Ok(Step::Done(Outcome::Unknown(_)))));
                paid(scenario.reconcile());
                scenario.clean(3);
            }
        }
    }
}
