//! Answers that the institution saves: for which file they are asked for, and when it is told to forget one.

use ofx_session::engine::Doubt;
use ofx_session::error::Delivery;
use ofx_session::ofx::SyncMode;

use super::scenario::{
    Reply, Said, Scenario, Sent, acceptance, easy, paid, questions, refused, right, transaction, unknown,
};

/// An institution that saves its answers and keeps no history.
fn saving() -> Scenario {
    Scenario::with_profile(easy().sync_mode(SyncMode::Lite).file_recovery(true))
}

fn said(sent: &Sent, code: u32) -> Said {
    let body = (code == 0).then(|| acceptance(sent));
    Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), code, body)])
}

/// The name of the file whose answer the institution may forget.
fn old(sent: &Sent) -> &str {
    sent.document.header().old_file_uid().as_str()
}

fn files(scenario: &Scenario) -> Vec<&str> {
    scenario.sent.iter().map(Sent::file_uid).collect()
}

#[test]
fn an_answer_is_forgotten_once_it_was_of_use() {
    for code in [0, 10_504] {
        let mut scenario = saving();
        scenario.then_says(move |sent| said(sent, code));
        scenario.pay().unwrap();
        paid(scenario.pay());
        assert_eq!(old(&scenario.sent[0]), "0");
        assert_eq!(old(&scenario.sent[1]), scenario.sent[0].file_uid(), "{code}");
    }
}

/// What stands behind a doubt is the last that anybody can ask for, also after the doubt was settled in another way.
#[test]
fn an_answer_that_settled_nothing_is_not_forgotten() {
    type Answer = fn(&Sent) -> Said;
    let answers: [(&str, Answer); 3] = [
        ("nothing is said", |_| Said::new(0, "INFO")),
        ("received before", |sent| said(sent, 2019)),
        ("not to be read", |sent| {
            Said::new(0, "INFO").payments(vec![
                transaction("PMTTRNRS", sent.trn_uid(), 0, None),
                transaction("PMTTRNRS", sent.trn_uid(), 2014, None),
            ])
        }),
    ];
    for (name, answer) in answers {
        let mut scenario = saving();
        scenario.then_says(answer);
        unknown(scenario.pay());
        scenario.operation = None;
        paid(scenario.pay());
        assert_eq!(old(scenario.last()), "0", "{name}");
    }
}

#[test]
fn a_copy_that_was_not_looked_at_does_not_hide_the_one_before() {
    for (code, asked) in [(15_500, false), (2_000, false), (3_000, true)] {
        let mut scenario = saving();
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
        unknown(scenario.pay());
        scenario.then_says(move |_| Said::new(code, "ERROR"));
        if asked {
            // The institution wants questions answered, and then the connection is gone.
            scenario.then_says(|sent| Said::new(0, "INFO").beside(questions(sent.trn_uid(), &["MFA16", "BRQ7"])));
            scenario.repeat().unwrap();
            scenario.then(|_, _| Reply::Failed(Delivery::NotSent));
            unknown(scenario.answer(&right()));
        } else {
            assert!(matches!(unknown(scenario.repeat()), Doubt::RepeatRefused(_)));
        }
        scenario.then_says(|sent| said(sent, 10_504));
        let refusal = refused(scenario.reconcile());
        assert_eq!(refusal.status.code.value(), 10_504, "{code}: there is one copy only that was looked at");
        let files = files(&scenario);
        assert_eq!(files.last(), files.first(), "{code}: the answer to the first is asked for");
        assert_ne!(files[1], files[0]);
    }
}
