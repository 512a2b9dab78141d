//! What travels from answer to request, and what never changes: keys, cookies, identifiers, bytes.

use std::collections::BTreeSet;

use ofx_session::engine::{Answers, Intent, Outcome, Step};
use ofx_session::error::Delivery;
use ofx_session::ofx::SyncMode;
use ofx_session::testing::AccessKeys;

use super::scenario::{
    Reply, Said, Scenario, acceptance, asked, easy, paid, questioning, questions, right, transaction, trn_uid, unknown,
    wrong,
};

fn keys(scenario: &Scenario) -> Vec<Option<&str>> {
    scenario.sent.iter().map(|sent| sent.signon("ACCESSKEY")).collect()
}

#[test]
fn a_key_is_kept_and_sent_with_everything() {
    let mut scenario = Scenario::new(questioning());
    asked(scenario.pay());
    paid(scenario.answer(&right()));
    assert!(scenario.state.has_access_key());
    scenario.run(Intent::Accounts).unwrap();
    paid(scenario.pay());
    let sent = keys(&scenario);
    assert!(sent[..3].iter().all(Option::is_none) && sent[3].is_some() && sent[3] == sent[4], "{sent:?}");
    scenario.clean(2);
}

#[test]
fn the_newest_key_is_the_one_that_is_sent() {
    let mut scenario = Scenario::new(questioning().access_keys(AccessKeys::Rotate));
    asked(scenario.pay());
    paid(scenario.answer(&right()));
    for _ in 0..3 {
        paid(scenario.pay());
    }
    let sent = keys(&scenario);
    let different: BTreeSet<_> = sent[3..].iter().map(|key| key.unwrap()).collect();
    assert_eq!(different.len(), 3, "{sent:?}");
    scenario.clean(4);
}

#[test]
fn a_refused_key_is_dropped_and_never_sent_again() {
    let mut scenario = Scenario::new(questioning());
    asked(scenario.pay());
    paid(scenario.answer(&right()));
    scenario.bank.revoke_access_keys();
    let before = scenario.sent.len();
    asked(scenario.pay());
    assert!(!scenario.state.has_access_key());
    asked(scenario.answer(&wrong()));
    paid(scenario.answer(&right()));
    assert!(scenario.state.has_access_key());
    paid(scenario.pay());
    let sent = keys(&scenario).split_off(before);
    assert!(sent[0].is_some(), "{sent:?}");
    assert!(sent[1..5].iter().all(Option::is_none), "{sent:?}");
    assert!(sent[5].is_some() && sent[5] != sent[0], "{sent:?}");
    scenario.clean(3);
}

#[test]
fn a_key_that_a_refusal_brings_along_is_used_unless_it_is_the_refused_one() {
    let mut scenario = Scenario::new(questioning());
    asked(scenario.pay());
    paid(scenario.answer(&right()));
    let old = {
        paid(scenario.pay());
        scenario.last().signon("ACCESSKEY").unwrap().to_owned()
    };
    scenario.then_says(move |_| Said::new(3000, "ERROR").signon("ACCESSKEY", &old));
    asked(scenario.pay());
    assert!(!scenario.state.has_access_key());
    assert_eq!(scenario.last().signon("ACCESSKEY"), None);
}

#[test]
fn anonymous_files_carry_nothing_of_the_user() {
    let mut scenario = Scenario::new(questioning());
    asked(scenario.pay());
    paid(scenario.answer(&right()));
    scenario.run(Intent::Profile).unwrap();
    let last = scenario.last();
    assert_eq!(last.signon("USERID"), Some("anonymous00000000000000000000000"));
    assert_eq!(last.signon("USERPASS"), Some("anonymous00000000000000000000000"));
    for tag in ["ACCESSKEY", "CLIENTUID", "AUTHTOKEN", "USERCRED1"] {
        assert_eq!(last.signon(tag), None, "{tag}");
    }
    assert!(scenario.state.has_access_key());
    assert!(!String::from_utf8_lossy(&last.bytes).contains("jane"));
}

#[test]
fn the_session_cookie_is_sent_back() {
    let mut scenario = Scenario::new(easy());
    paid(scenario.pay());
    scenario.run(Intent::Accounts).unwrap();
    let cookie = scenario.last().signon("SESSCOOKIE").unwrap().to_owned();
    assert_eq!(scenario.sent[0].signon("SESSCOOKIE"), None);
    scenario.then_says(|_| Said::new(2000, "ERROR").signon("SESSCOOKIE", "another"));
    scenario.pay().unwrap();
    assert_eq!(scenario.last().signon("SESSCOOKIE"), Some(cookie.as_str()));
    paid(scenario.pay());
    assert_eq!(scenario.last().signon("SESSCOOKIE"), Some("another"));
}

#[test]
fn every_send_of_an_operation_has_the_same_request_and_a_file_id_of_its_own() {
    let mut scenario = Scenario::new(questioning());
    scenario.then(|_, _| Reply::Failed(Delivery::NotSent));
    scenario.then_is_honest();
    scenario.then(|_, _| Reply::Failed(Delivery::NotSent));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    asked(scenario.pay());
    asked(scenario.answer(&wrong()));
    scenario.then(|_, _| Reply::Failed(Delivery::NotSent));
    scenario.then_loses_the_answer();
    unknown(scenario.answer(&right()));
    asked(scenario.repeat());
    unknown(scenario.answer(&right()));
    scenario.clean(1);

    let (challenges, work): (Vec<_>, Vec<_>) = scenario.sent.iter().partition(|sent| sent.asks_questions());
    assert_eq!((challenges.len(), work.len()), (5, 7));
    for sent in &work {
        assert_eq!((trn_uid(sent), sent.tail()), (trn_uid(work[0]), work[0].tail()));
    }
    let mut files: BTreeSet<_> = scenario.sent.iter().map(|sent| sent.file_uid().to_owned()).collect();
    assert_eq!(files.len(), scenario.sent.len(), "a NEWFILEUID is used once");
    let uids: BTreeSet<_> = challenges.iter().map(|sent| sent.trn_uid().to_owned()).collect();
    assert_eq!(uids.len(), challenges.len());
    assert!(!uids.contains(work[0].trn_uid()));
    assert!(files.insert(work[0].trn_uid().to_owned()));
    let shape = |uid: &str| uid.len() == 36 && uid.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    assert!(files.iter().chain(&uids).all(|uid| shape(uid)));
}

#[test]
fn two_operations_share_no_identifier() {
    let mut scenario = Scenario::new(easy());
    paid(scenario.pay());
    paid(scenario.pay());
    let [first, second] = &scenario.sent[..] else { panic!("two files") };
    assert_ne!(first.trn_uid(), second.trn_uid());
    assert_ne!(first.file_uid(), second.file_uid());
    scenario.clean(2);
}

#[test]
fn a_list_that_was_not_answered_is_simply_asked_for_again() {
    let mut scenario = Scenario::new(easy());
    for _ in 0..3 {
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    }
    assert_eq!(scenario.run(Intent::Accounts), Ok(Step::Done(Outcome::Accounts)));
    assert_eq!(scenario.sent.len(), 4);
    scenario.clean(0);
}

/// The saved answer is as old as the request: its signon has the key that was good then.
#[test]
fn a_refused_key_is_not_taken_out_of_a_saved_answer() {
    let mut scenario =
        Scenario::with_profile(questioning().sync_mode(SyncMode::Lite).file_recovery(true).purges_saved_answers(false));
    asked(scenario.pay());
    paid(scenario.answer(&right()));
    scenario.then_loses_the_answer();
    unknown(scenario.pay());
    let key = scenario.last().signon("ACCESSKEY").unwrap().to_owned();
    scenario.then_says(|_| Said::new(3000, "ERROR"));
    scenario.then_says(|sent| Said::new(0, "INFO").beside(questions(sent.trn_uid(), &["MFA16"])));
    asked(scenario.reconcile());
    assert!(!scenario.state.has_access_key());
    scenario.then_says(move |sent| {
        let body = Some(acceptance(sent));
        let answer = Said::new(0, "INFO").signon("ACCESSKEY", &key);
        answer.payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 0, body)])
    });
    paid(scenario.answer(&Answers::new().with("MFA16", "Garcia")));
    assert!(!scenario.state.has_access_key(), "it was refused since");
}

/// An institution may give a user the same key each time.
#[test]
fn a_refused_key_that_new_answers_bring_back_is_taken() {
    let mut scenario = Scenario::new(questioning());
    asked(scenario.pay());
    paid(scenario.answer(&right()));
    paid(scenario.pay());
    let key = scenario.last().signon("ACCESSKEY").unwrap().to_owned();
    scenario.then_says(|_| Said::new(3000, "ERROR"));
    asked(scenario.pay());
    scenario.then_says(move |sent| {
        let body = Some(acceptance(sent));
        let answer = Said::new(0, "INFO").signon("ACCESSKEY", &key);
        answer.payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 0, body)])
    });
    paid(scenario.answer(&right()));
    assert!(scenario.state.has_access_key());
}
