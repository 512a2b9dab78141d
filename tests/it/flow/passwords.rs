//! A changed password, and which one counts when the answer is lost: each is tried once.

use ofx_session::Credentials;
use ofx_session::engine::{Doubt, Intent, Operation, Outcome, Step};
use ofx_session::error::Delivery;
use ofx_session::ofx::{Element, Version};

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

/// `TRNUID` of the change that was asked for.
fn change_uid(sent: &Sent) -> &str {
    sent.document.find("/OFX/SIGNONMSGSRQV1/PINCHTRNRQ").unwrap().value("TRNUID").unwrap()
}

/// An answer to a change, without a `TRNUID` where none is given.
fn answer(trn_uid: Option<&str>, code: u32) -> Element {
    let answer = transaction("PINCHTRNRS", trn_uid.unwrap_or_default(), code, None);
    let inside = answer.children().iter().filter(|child| trn_uid.is_some() || child.tag() != "TRNUID");
    Element::aggregate("PINCHTRNRS", inside.cloned().collect())
}

/// What a first try comes to, to which these answers are given: one each, under our `TRNUID`, none, or that of somebody else.
fn told(answers: &'static [(Whose, u32)]) -> Step {
    let mut scenario = with_both();
    scenario.then_says(move |sent| {
        answers.iter().fold(Said::new(0, "INFO"), |said, (whose, code)| {
            let ours = change_uid(sent);
            let (upper, lower) = (ours.to_uppercase(), ours.to_lowercase());
            said.beside(match whose {
                Whose::Ours => answer(Some(ours), *code),
                Whose::OursAsTheyLike => answer(Some(if ours == upper { &lower } else { &upper }), *code),
                Whose::Nameless => answer(None, *code),
                Whose::Foreign => answer(Some("somebody-else"), *code),
            })
        })
    });
    scenario.run(Intent::ChangePassword).unwrap()
}

#[derive(Clone, Copy, Debug)]
enum Whose {
    Ours,
    /// In letters of the other case.
    OursAsTheyLike,
    Nameless,
    Foreign,
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
        changed(change_uid(sent), 0)
    });
    assert_eq!(scenario.run(Intent::ChangePassword), Ok(Step::Done(Outcome::PasswordChanged)));
    assert_eq!(passwords(&scenario), ["correct horse"]);
    assert_eq!(scenario.last().document.header().old_file_uid().as_str(), "NONE", "never a file to be repeated");
}

#[test]
fn a_refused_change_leaves_the_old_password() {
    let mut scenario = with_both();
    scenario.then_says(|sent| changed(change_uid(sent), 15_503));
    assert_eq!(refused(scenario.run(Intent::ChangePassword)).status.code.value(), 15_503);
}

#[test]
fn an_answer_without_an_identifier_may_be_ours() {
    for whose in [&[(Whose::Ours, 0)], &[(Whose::OursAsTheyLike, 0)], &[(Whose::Nameless, 0)]] {
        assert_eq!(told(whose), Step::Done(Outcome::PasswordChanged), "{whose:?}");
    }
    for whose in [&[(Whose::Ours, 15_503)], &[(Whose::OursAsTheyLike, 15_503)], &[(Whose::Nameless, 15_503)]] {
        assert_eq!(refused(Ok(told(whose))).status.code.value(), 15_503, "{whose:?}");
    }
}

/// Whoever reads that the change of another was made, or was not, keeps the wrong password.
#[test]
fn an_answer_under_another_identifier_says_nothing() {
    for answers in [&[(Whose::Foreign, 0)], &[(Whose::Foreign, 15_503)], &[(Whose::Foreign, 2019)]] {
        assert_eq!(unknown(Ok(told(answers))), Doubt::NotMentioned, "{answers:?}");
    }
    assert_eq!(told(&[(Whose::Foreign, 15_503), (Whose::Ours, 0)]), Step::Done(Outcome::PasswordChanged));
    assert_eq!(refused(Ok(told(&[(Whose::Foreign, 0), (Whose::Ours, 15_503)]))).status.code.value(), 15_503);
}

#[test]
fn an_answer_that_says_yes_and_no_says_neither() {
    let both: [&[(Whose, u32)]; 4] = [
        &[(Whose::Ours, 0), (Whose::Ours, 15_503)],
        &[(Whose::Ours, 15_503), (Whose::Ours, 0)],
        &[(Whose::Nameless, 15_503), (Whose::Ours, 0)],
        &[(Whose::Ours, 2019), (Whose::Ours, 0)],
    ];
    for answers in both {
        assert!(matches!(unknown(Ok(told(answers))), Doubt::Unreadable(_)), "{answers:?}");
    }
    assert_eq!(told(&[(Whose::Ours, 0), (Whose::Ours, 0)]), Step::Done(Outcome::PasswordChanged));
}

/// A copy of it came before, and may have been carried out.
#[test]
fn a_change_that_was_received_before_is_found_out_about_by_the_passwords() {
    let mut scenario = with_both();
    scenario.then_says(|sent| changed(change_uid(sent), 2019));
    let doubt = unknown(scenario.run(Intent::ChangePassword));
    assert_eq!(doubt, Doubt::Duplicate(Some("our words".to_owned())));
    scenario.then_says(|_| Said::new(15_500, "ERROR"));
    scenario.then_says(|_| Said::new(0, "INFO"));
    assert_eq!(refused(scenario.reconcile()).status.code.value(), 15_503);
    assert_eq!(passwords(&scenario), ["correct horse", "battery staple", "correct horse"]);
}

/// What becomes of the second copy is no answer to the first, which may have been carried out.
#[test]
fn a_refusal_of_a_second_try_leaves_the_change_in_doubt() {
    for code in [15_503, 2000] {
        let mut scenario = lost();
        scenario.then_says(move |sent| changed(change_uid(sent), code));
        assert!(matches!(unknown(scenario.repeat()), Doubt::RepeatRefused(_)), "{code}");
        scenario.then_says(|_| Said::new(0, "INFO"));
        assert_eq!(scenario.reconcile(), Ok(Step::Done(Outcome::PasswordChanged)));
        assert_eq!(passwords(&scenario), ["correct horse", "correct horse", "battery staple"]);
    }
    let mut scenario = lost();
    scenario.then_says(|sent| changed(change_uid(sent), 2019));
    assert!(matches!(unknown(scenario.repeat()), Doubt::Duplicate(_)));
    let mut scenario = lost();
    scenario.then_says(|sent| changed(change_uid(sent), 0));
    assert_eq!(scenario.repeat(), Ok(Step::Done(Outcome::PasswordChanged)));
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

/// An error leaves its response out. Whoever believes it forgets the new password, which may be the one that counts.
#[test]
fn an_error_with_the_response_of_a_change_is_no_refusal() {
    let mut scenario = with_both();
    scenario.then_says(|sent| {
        let body = Element::aggregate("PINCHRS", vec![Element::leaf("USERID", "jane")]);
        Said::new(0, "INFO").beside(transaction("PINCHTRNRS", change_uid(sent), 15_503, Some(body)))
    });
    let doubt = unknown(scenario.run(Intent::ChangePassword));
    assert!(matches!(&doubt, Doubt::Unreadable(why) if why.contains("with the response")), "{doubt:?}");
    assert!(scenario.operation.as_ref().unwrap().can_reconcile(), "by the passwords");
}

/// Each password is tried once, also where the version has no way to the questions.
#[test]
fn questions_that_cannot_be_answered_end_the_trying() {
    let mut scenario = Scenario::speaking(Version::V102, easy());
    scenario.credentials = Credentials::new("jane", "correct horse").new_password("battery staple");
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.run(Intent::ChangePassword));
    scenario.then_says(|_| Said::new(3_000, "ERROR"));
    assert!(matches!(unknown(scenario.reconcile()), Doubt::RepeatRefused(_)));
    assert!(!scenario.operation.as_ref().unwrap().can_reconcile(), "a person must find out");
}

/// The file has both passwords, and is not asked to be kept.
#[test]
fn no_answer_is_saved_for_a_change_of_the_password() {
    let mut scenario = Scenario::with_profile(easy().file_recovery(true));
    scenario.credentials = Credentials::new("jane", "correct horse").new_password("battery staple");
    scenario.run(Intent::ChangePassword).unwrap();
    assert!(scenario.last().document.header().old_file_uid().is_none());
}
