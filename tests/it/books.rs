//! Any sequence of operations, losses, pauses and crashes: what a program keeps of payees, payments and recurring payments, from
//! nothing but synchronizations, is what stands in the institution's own books.

mod program;

use proptest::prelude::*;
use proptest::test_runner::Config;

use program::{Act, Program};

fn act() -> impl Strategy<Value = Act> {
    let some = 0_usize..6;
    prop_oneof![
        2 => (0_u8..4).prop_map(Act::AddPayee),
        1 => some.clone().prop_map(Act::ModifyPayee),
        1 => some.clone().prop_map(Act::DeletePayee),
        3 => (0_u8..4, 1_u32..500).prop_map(|(payee, cents)| Act::Pay { payee, cents }),
        2 => (some.clone(), 1_u32..500).prop_map(|(which, cents)| Act::PayListed { which, cents }),
        2 => (some.clone(), 1_u32..500).prop_map(|(which, cents)| Act::ModifyPayment { which, cents }),
        2 => some.clone().prop_map(Act::CancelPayment),
        1 => some.clone().prop_map(Act::AskAfter),
        1 => (0_u8..4, 1_u32..500).prop_map(|(payee, cents)| Act::AddRecurring { payee, cents }),
        1 => (some, any::<bool>()).prop_map(|(which, pending)| Act::CancelRecurring { which, pending }),
        1 => (0_u8..4).prop_map(Act::AnotherClientPays),
        1 => (0_u8..4).prop_map(Act::AnotherClientAddsPayee),
        1 => (1_u32..20).prop_map(Act::PassDays),
        2 => Just(Act::LoseTheAnswer),
        1 => Just(Act::LoseTheRequest),
        1 => Just(Act::AskQuestions),
        2 => Just(Act::Synchronize),
        1 => Just(Act::Crash),
        1 => Just(Act::Deconstruct),
    ]
}

proptest! {
    #![proptest_config(Config { cases: 64, failure_persistence: None, ..Config::default() })]

    #[test]
    fn what_was_synchronized_is_what_the_institution_has(acts in prop::collection::vec(act(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut program = Program::new();
            for act in acts {
                program.does(act).await;
            }
            program.synchronizes().await;
            program.has_what_the_institution_has();
        });
    }
}

#[tokio::test(flavor = "current_thread")]
async fn the_comparison_can_fail() {
    let mut program = Program::new();
    program.does(Act::Pay { payee: 0, cents: 100 }).await;
    program.synchronizes().await;
    program.has_what_the_institution_has();
    program.does(Act::Pay { payee: 1, cents: 100 }).await;
    let stale = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| program.has_what_the_institution_has()));
    assert!(stale.is_err(), "a payment that was not synchronized is missing in the books");
}

#[tokio::test(flavor = "current_thread")]
async fn every_act_does_what_it_says() {
    let mut program = Program::new();
    let acts = [
        (Act::AddPayee(0), (1, 0, 0)),
        (Act::ModifyPayee(0), (1, 0, 0)),
        (Act::AskQuestions, (1, 0, 0)),
        (Act::PayListed { which: 0, cents: 100 }, (1, 1, 0)),
        (Act::ModifyPayment { which: 0, cents: 200 }, (1, 1, 0)),
        (Act::AskAfter(0), (1, 1, 0)),
        (Act::Pay { payee: 1, cents: 300 }, (2, 2, 0)),
        (Act::LoseTheAnswer, (2, 2, 0)),
        (Act::AnotherClientPays(2), (3, 3, 0)),
        (Act::AnotherClientAddsPayee(3), (4, 3, 0)),
        (Act::AddRecurring { payee: 1, cents: 400 }, (4, 3, 1)),
        (Act::PassDays(25), (4, 4, 1)),
        (Act::Deconstruct, (4, 4, 1)),
        (Act::CancelRecurring { which: 0, pending: true }, (4, 4, 0)),
        (Act::DeletePayee(3), (3, 4, 0)),
    ];
    for (act, counts) in acts {
        let loses = matches!(act, Act::LoseTheAnswer);
        program.does(act.clone()).await;
        if loses {
            program.does(Act::CancelPayment(0)).await;
        }
        program.synchronizes().await;
        program.has_what_the_institution_has();
        assert_eq!(program.counts(), counts, "{act:?}");
    }
    assert_eq!((program.asked, program.canceled(), program.lost()), (2, 2, 1), "asked, cancelled, lost");
    program.does(Act::Pay { payee: 0, cents: 500 }).await;
    program.does(Act::Crash).await;
    program.synchronizes().await;
    program.has_what_the_institution_has();
    assert_eq!(program.counts(), (4, 5, 0), "what was done before the crash comes with the synchronization");
}
