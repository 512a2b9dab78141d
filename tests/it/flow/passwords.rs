//! A changed password, and which one counts when the answer is lost: each is tried once.

use ofx_session::Credentials;
use ofx_session::engine::{Doubt, Intent, Operation, Outcome, Step};
use ofx_session::error::Delivery;
use ofx_session::ofx::Element;

use super::scenario::{
    Reply, Said, Scenario, Sent, asked, easy, questioning, questions, refused, right, transaction, unknown,
};

fn with_both() -> Scenario {
    let mut scenario = Scenario::new(easy());
    scenario.credentials = Credentials::new("jane", "correct horse").new_password("battery staple");
    scenario
}

fn changed(trn_uid: &str, code: u32) -> Said {
    let body = (code == 0).then(|| Element::aggregate("PINCHRS", vec![Element::leaf("USERID", "jane")]));
    Said::new(0, "INFO").beside(transaction("PINCHTRNRS", trn_uid, code, body))
}

fn lost() -> Scenario {
    let mut scenario = with_both();
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    assert_eq!(unknown(scenario.run(Intent::ChangePassword)), Doubt::NoAnswer("lost".to_owned()));
    scenario
}

fn passwords(scenario: &Scenario) -> Vec<&str> {
    scenario.sent.iter().map(|sent| sent.signon("USERPASS").unwrap()).collect()
}

#[test]
fn the_request_signs_on_with_the_old_password_and_names_the_new_one() {
    let mut scenario = with_both();
    scenario.then_says(|sent| {
        let request = sent.document.find("/OFX/SIGNONMSGSRQV1/PINCHTRNRQ").unwrap();
        assert_eq!(request.find("PINCHRQ/USERID").unwrap().text(), Some("jane"));
        assert_eq!(request.find("PINCHRQ/NEWUSERPASS").unwrap().text(), Some("battery staple"));
        changed(request.value("TRNUID").unwrap(), 0)
    });
    assert_eq!(scenario.run(Intent::ChangePassword), Ok(Step::Done(Outcome::PasswordChanged)));
    assert_eq!(passwords(&scenario), ["correct horse"]);
    assert_eq!(scenario.last().document.header().old_file_uid().as_str(), "NONE", "never a file to be repeated");
}

#[test]
fn a_refused_change_leaves_the_old_password() {
    let mut scenario = with_both();
    scenario.then_says(|_| changed("1", 15_503));
    assert_eq!(refused(scenario.run(Intent::ChangePassword)).status.code.value(), 15_503);
}

#[test]
fn after_a_lost_answer_the_new_password_is_tried_first() {
    let mut scenario = lost();
    scenario.then_says(|_| Said::new(0, "INFO"));
    assert_eq!(scenario.reconcile(), Ok(Step::Done(Outcome::PasswordChanged)));
    assert_eq!(passwords(&scenario), ["correct horse", "battery staple"]);
}

#[test]
fn then_the_old_one_and_then_nothing_more() {
    let mut scenario = lost();
    scenario.then_says(|_| Said::new(15_500, "ERROR"));
    scenario.then_says(|_| Said::new(0, "INFO"));
    let refusal = refused(scenario.reconcile());
    assert_eq!(refusal.status.code.value(), 15_503);
    assert_eq!(passwords(&scenario), ["correct horse", "battery staple", "correct horse"]);

    let mut scenario = lost();
    scenario.then_says(|_| Said::new(15_500, "ERROR"));
    scenario.then_says(|_| Said::new(15_500, "ERROR"));
    unknown(scenario.reconcile());
    assert!(!scenario.operation.as_ref().is_some_and(Operation::can_reconcile));
    let error = scenario.reconcile().unwrap_err();
    assert!(error.to_string().contains("lock the user out"), "{error}");
    assert_eq!(scenario.sent.len(), 3);
}

#[test]
fn a_try_whose_answer_is_lost_is_tried_again_with_the_same_password() {
    let mut scenario = lost();
    scenario.then(|_, _| Reply::Failed(Delivery::NotSent));
    scenario.then_says(|_| Said::new(0, "INFO"));
    let first = scenario.reconcile();
    let last = match first {
        Ok(Step::Done(Outcome::Unknown(_))) => scenario.reconcile(),
        other => other,
    };
    assert_eq!(last, Ok(Step::Done(Outcome::PasswordChanged)));
    assert_eq!(passwords(&scenario), ["correct horse", "battery staple", "battery staple"]);
}

#[test]
fn a_try_that_leads_to_questions_has_an_identifier_of_its_own() {
    let mut scenario = lost();
    scenario.then_says(|_| Said::new(3000, "ERROR"));
    scenario.then_says(|sent| Said::new(0, "INFO").beside(questions(sent.trn_uid(), &["MFA16"])));
    asked(scenario.reconcile());
    let identifiers: Vec<_> = scenario.sent.iter().map(Sent::trn_uid).collect();
    let [changed, tried, questioned] = identifiers.as_slice() else { panic!("{identifiers:?}") };
    assert!(changed != tried && tried != questioned && changed != questioned, "{identifiers:?}");
}

#[test]
fn both_passwords_are_needed() {
    let mut scenario = Scenario::new(easy());
    let error = scenario.run(Intent::ChangePassword).unwrap_err();
    assert!(error.to_string().contains("new_password"), "{error}");
    assert!(scenario.sent.is_empty());
}

/// Whatever password signs on last may be the one that counts: the old one must not come in between.
#[test]
fn questions_while_the_new_password_is_tried_are_asked_for_with_it() {
    let mut scenario = Scenario::new(questioning());
    scenario.credentials = Credentials::new("jane", "correct horse").new_password("battery staple");
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.run(Intent::ChangePassword));
    scenario.then_says(|_| Said::new(3000, "ERROR"));
    scenario.then_says(|sent| Said::new(0, "INFO").beside(questions(sent.trn_uid(), &["MFA16", "BRQ7"])));
    asked(scenario.reconcile());
    scenario.then_says(|_| Said::new(0, "INFO"));
    assert_eq!(scenario.answer(&right()), Ok(Step::Done(Outcome::PasswordChanged)));
    assert_eq!(passwords(&scenario), ["correct horse", "battery staple", "battery staple", "battery staple"]);
}

/// Each is tried once, also where questions come in between: a failed signon more could lock the user out.
#[test]
fn a_password_that_is_refused_where_the_questions_are_asked_is_not_tried_again() {
    let mut scenario = lost();
    scenario.then_says(|_| Said::new(3000, "ERROR"));
    scenario.then_says(|_| Said::new(15_500, "ERROR"));
    scenario.then_says(|_| Said::new(3000, "ERROR"));
    scenario.then_says(|_| Said::new(15_500, "ERROR"));
    unknown(scenario.reconcile());
    assert!(!scenario.operation.as_ref().is_some_and(Operation::can_reconcile));
    assert!(scenario.sent.len() <= 5, "{} files", scenario.sent.len());
}

/// 13000 is information by its severity here, and no other code than 0, 15000 and 2028 lets anybody in.
#[test]
fn a_signon_that_was_not_accepted_proves_no_password() {
    for (code, severity) in [(13_000, "INFO"), (1, "INFO"), (10_993, "WARN")] {
        let mut scenario = lost();
        scenario.then_says(move |_| Said::new(code, severity));
        assert!(matches!(unknown(scenario.reconcile()), Doubt::RepeatRefused(_)), "{code}");
    }
}
