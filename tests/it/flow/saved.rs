//! Answers that the institution saves: for which file they are asked for, and when it is told to forget one.

use ofx_session::engine::Doubt;
use ofx_session::error::Delivery;
use ofx_session::ofx::{Element, SyncMode};

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
fn a_saved_answer_without_a_word_of_it_is_the_last_way() {
    let mut scenario = saving();
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.pay());
    scenario.then_says(|_| Said::new(0, "INFO"));
    assert_eq!(unknown(scenario.reconcile()), Doubt::NotMentioned);
    assert!(!scenario.operation.as_ref().unwrap().can_reconcile(), "a person must find out");
}

/// The file of which no answer was read gives way to the history; without one it is sent again for as long as an answer may come.
#[test]
fn a_saved_answer_that_is_no_answer_is_given_up_in_the_end() {
    let page = || Reply::Body(b"<html><body>Please wait</body></html>".to_vec());
    let cut = |sent: &Sent| {
        let whole = said(sent, 0).bytes(ofx_session::ofx::Version::V211);
        Reply::Body(whole[..whole.len() / 2].to_vec())
    };
    let can_reconcile = |scenario: &Scenario| scenario.operation.as_ref().unwrap().can_reconcile();
    let mut scenario = saving();
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.pay());
    for _ in 0..20 {
        scenario.then(move |_, sent| cut(sent));
        unknown(scenario.reconcile());
    }
    let mut tries = 0;
    while can_reconcile(&scenario) && tries < 20 {
        scenario.then(move |_, _| page());
        unknown(scenario.reconcile());
        tries += 1;
    }
    assert!((5..20).contains(&tries), "{tries}");

    let mut scenario = Scenario::with_profile(easy().sync_mode(SyncMode::Full).file_recovery(true));
    scenario.then_is_honest();
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.pay());
    scenario.then(move |_, _| page());
    unknown(scenario.reconcile());
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.reconcile());
    assert!(scenario.last().document.find("/OFX/BILLPAYMSGSRQV1/PMTSYNCRQ/PMTTRNRQ").is_none(), "the history is next");
}

/// Only what changes something is worth that.
#[test]
fn no_answer_is_saved_for_what_only_reads() {
    let mut scenario = saving();
    let _ = scenario.run(ofx_session::ofx::Request::from(ofx_session::ofx::PaymentInquiry::new("1")).into());
    assert!(scenario.last().document.header().old_file_uid().is_none());
}

/// Questions that the version does not know refuse that copy, and not the way to the answer to the first.
#[test]
fn a_challenge_that_cannot_be_answered_leaves_the_saved_answer() {
    let version = ofx_session::ofx::Version::V102;
    let mut scenario = Scenario::speaking(version, easy().sync_mode(SyncMode::Lite).file_recovery(true));
    scenario.run(ofx_session::Intent::Profile).unwrap();
    scenario.then_loses_the_answer();
    unknown(scenario.pay());
    scenario.then_says(|_| Said::new(3_000, "ERROR"));
    assert!(matches!(unknown(scenario.repeat()), Doubt::RepeatRefused(_)));
    paid(scenario.reconcile());
    scenario.clean(1);
}

/// Neither of the two ways is given up because nothing came of it once.
#[test]
fn where_the_history_is_not_reached_either_the_file_is_sent_again() {
    let mut scenario = Scenario::with_profile(easy().sync_mode(SyncMode::Full).file_recovery(true));
    scenario.then_is_honest();
    for _ in 0..4 {
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    }
    unknown(scenario.pay());
    for _ in 0..3 {
        unknown(scenario.reconcile());
    }
    let names = files(&scenario);
    let [_, first, again, history, once_more] = names.as_slice() else { panic!("{} files", names.len()) };
    assert_eq!((first, first), (again, once_more));
    assert_ne!(first, history);
}

/// The history has nothing of any copy. What the file is refused with ends the payment where it was the only one, and not where the
/// institution has said that it received one; of several copies it is that of the last, and a further one goes.
#[test]
fn a_refused_file_ends_what_the_history_does_not_have_where_there_is_one_copy() {
    let history = |token: &str| {
        let account = [("BANKID", "999888777"), ("ACCTID", "1000001"), ("ACCTTYPE", "CHECKING")];
        let account = account.map(|(tag, value)| Element::leaf(tag, value)).to_vec();
        let account = Element::aggregate("BANKACCTFROM", account);
        let inside = vec![Element::leaf("TOKEN", token), Element::leaf("LOSTSYNC", "N"), account];
        Said::new(0, "INFO").payments(vec![Element::aggregate("PMTSYNCRS", inside)])
    };
    for (received, repeated) in [(false, false), (true, false), (false, true)] {
        let mut scenario = Scenario::with_profile(easy().sync_mode(SyncMode::Full).file_recovery(true));
        scenario.then_says(move |_| history("t-1"));
        if received {
            scenario.then_says(|sent| said(sent, 2019));
        }
        scenario.then(move |_, _| Reply::Failed(if received { Delivery::NotSent } else { Delivery::Unknown }));
        unknown(scenario.pay());
        if repeated {
            scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
            unknown(scenario.repeat());
        }
        let before = scenario.sent.len();
        scenario.then_says(|sent| said(sent, 10_504));
        scenario.then_says(move |_| history("t-2"));
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
        let step = scenario.reconcile();
        let files = scenario.sent.len() - before;
        match (received, repeated) {
            (true, _) => assert!(matches!((unknown(step), files), (Doubt::RepeatRefused(_), 2))),
            (_, true) => assert!(matches!((unknown(step), files), (Doubt::NoAnswer(_), 3)), "{files}"),
            _ => assert_eq!((refused(step).status.code.value(), files), (10_504, 2)),
        }
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
