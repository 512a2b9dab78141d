//! Status codes: which end an operation, which only say something, and what their texts tell the user.

use ofx_session::engine::{EngineError, Outcome, RefusedAt, Step};
use ofx_session::error::{Delivery, Error, ErrorKind};
use ofx_session::ofx::{Element, EnrollmentRequest, EnrollmentResponse, Request};
use ofx_session::testing::Bank;
use ofx_session::{Credentials, Doubt, engine::Intent};

use super::scenario::{
    Said, Scenario, acceptance, asked, easy, paid, questioning, refused, status, transaction, unknown,
};

#[test]
fn an_expired_password_is_a_notice_beside_the_payment() {
    let mut scenario = Scenario::new(easy());
    scenario.bank.set_password_expired("jane");
    let receipt = paid(scenario.pay());
    let [notice] = &receipt.notices[..] else { panic!("{:?}", receipt.notices) };
    assert_eq!(notice.code.value(), 15_000);
    assert!(notice.code.remedy().unwrap().contains("change the password"));
    assert_eq!(scenario.run(Intent::Accounts), Ok(Step::Done(Outcome::Accounts)));
    scenario.clean(1);
}

#[test]
fn a_warning_of_the_payment_itself_is_a_notice_too() {
    let mut scenario = Scenario::new(easy());
    scenario.then_says(|sent| {
        Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 2028, Some(acceptance(sent)))])
    });
    let receipt = paid(scenario.pay());
    // The message of the signon is one beside it.
    let told = receipt.notices.iter().map(|status| (status.code.value(), status.message.as_deref()));
    assert_eq!(told.collect::<Vec<_>>(), [(0, Some("our words")), (2028, Some("our words"))]);
}

#[test]
fn a_client_that_must_be_approved_waits_with_the_same_request() {
    for intent in [Intent::Accounts, Intent::Pay(Box::new(super::scenario::payment()))] {
        let mut scenario = Scenario::new(easy());
        scenario.then_says(move |_| Said::new(15_510, "ERROR"));
        let approval = match scenario.run(intent) {
            Ok(Step::Approve(approval)) => approval,
            other => panic!("not to be approved: {other:?}"),
        };
        assert_eq!(approval.message.as_deref(), Some("our words"));
        assert!(approval.explain().contains(&approval.client_uid), "{}", approval.explain());
        assert_eq!(approval.to_string(), approval.explain());
        let first = (scenario.last().trn_uid().to_owned(), scenario.last().tail().to_owned());
        let operation = scenario.operation.take().unwrap().after_approval(&scenario.state);
        scenario.operation = Some(operation);
        let step = scenario.proceed().unwrap();
        assert!(matches!(step, Step::Done(Outcome::Accounts | Outcome::Paid(_))), "{step:?}");
        assert_eq!((scenario.last().trn_uid().to_owned(), scenario.last().tail().to_owned()), first);
        assert_eq!(scenario.bank.violations(), Vec::<String>::new().as_slice());
    }
}

#[test]
fn a_refused_signon_is_a_refusal_whatever_its_severity_says() {
    let cases: [(u32, &[&str]); 12] = [
        (15_500, &["user id or password was not accepted", "check both", "lock"]),
        (15_501, &["another session", "try again"]),
        (15_502, &["locked out", "call the institution"]),
        (15_505, &["country"]),
        (15_506, &["signon without a request"]),
        (15_507, &["password must be changed"]),
        (15_508, &["may not act"]),
        (15_511, &["contact the institution"]),
        (15_512, &["one-time token", "ask the user"]),
        (15_513, &["one-time token", "new one"]),
        (13_504, &["ORG or FID", "check org and fid"]),
        (2_000, &["without saying which", "later"]),
    ];
    for (code, words) in cases {
        for severity in ["ERROR", "INFO", "WARN", ""] {
            for intent in [Intent::Accounts, Intent::Pay(Box::new(super::scenario::payment()))] {
                let mut scenario = Scenario::new(easy());
                scenario.then_says(move |_| Said::new(code, severity));
                let refusal = refused(scenario.run(intent));
                assert_eq!((refusal.status.code.value(), refusal.at), (code, RefusedAt::Signon));
                let error = Error::from(refusal);
                assert_eq!((error.kind(), error.delivery()), (ErrorKind::Refused, Delivery::Answered));
                assert_eq!(error.status().map(|status| status.value()), Some(code));
                assert_eq!(error.server_message(), Some("our words"));
                let text = error.to_string();
                for word in words.iter().chain(&["the institution refused the signon", "our words"]) {
                    assert!(text.contains(word), "{text} lacks {word}");
                }
                assert!(!text.ends_with('.') && text.starts_with(char::is_lowercase), "{text}");
                assert_eq!(scenario.sent.len(), 1, "nothing is tried again by itself");
            }
        }
    }
}

#[test]
fn a_signon_code_that_nobody_knows_is_a_refusal_whatever_its_severity_says() {
    let mut scenario = Scenario::new(easy());
    scenario.then_says(|_| Said::new(15_999, "ERROR"));
    let text = Error::from(refused(scenario.pay())).to_string();
    assert!(text.contains("15999") && text.contains("our words") && text.contains("does not list"), "{text}");
    let mut scenario = Scenario::new(easy());
    scenario.then_says(|_| Said::new(15_999, ""));
    refused(scenario.pay());
    for severity in ["INFO", "WARN"] {
        let mut scenario = Scenario::new(easy());
        scenario.then_says(move |sent| {
            let beside = transaction("PMTTRNRS", sent.trn_uid(), 0, Some(acceptance(sent)));
            Said::new(15_999, severity).payments(vec![beside])
        });
        let doubt = unknown(scenario.pay());
        assert!(matches!(&doubt, Doubt::Unreadable(why) if why.contains("refuses the signon")), "{doubt:?}");
        let mut scenario = Scenario::new(easy());
        scenario.then_says(move |_| Said::new(15_999, severity));
        assert_eq!(refused(scenario.pay()).at, RefusedAt::Signon);
    }
}

#[test]
fn a_challenge_is_one_whatever_its_severity_says() {
    for severity in ["ERROR", "INFO", "WARN", ""] {
        for code in [3000, 3001] {
            let mut scenario = Scenario::new(questioning());
            scenario.then_says(move |_| Said::new(code, severity));
            assert!(!asked(scenario.pay()).is_repeated(), "{severity}: nothing was answered yet");
            scenario.then_says(move |_| Said::new(code, severity));
            assert!(asked(scenario.answer(&super::scenario::right())).is_repeated(), "{severity}");
            scenario.clean(0);
        }
    }
}

#[test]
fn a_refused_payment_says_why_and_was_not_made() {
    let cases: [(u32, &str); 5] = [
        (2006, "the account to pay from was not found"),
        (2012, "the amount is not valid"),
        (2014, "too soon"),
        (10_504, "not enough money"),
        (10_517, "the payee's name"),
    ];
    for (code, words) in cases {
        let mut scenario = Scenario::new(easy());
        scenario.then_says(move |sent| {
            Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), code, None)])
        });
        let refusal = refused(scenario.pay());
        assert_eq!(refusal.at, RefusedAt::Request);
        let error = Error::from(refusal);
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Refused, Delivery::Answered));
        let text = error.to_string();
        assert!(text.contains(words) && text.contains("the institution refused the request"), "{text}");
    }
}

#[test]
fn the_institution_itself_refuses_with_the_codes_of_the_specification() {
    let code = |mut scenario: Scenario| refused(scenario.pay()).status.code.value();
    let mut wrong = Scenario::new(easy());
    wrong.credentials = Credentials::new("jane", "wrong");
    assert_eq!(code(wrong), 15_500);
    let mut locked = Scenario::new(easy());
    locked.bank.lock_user("jane");
    assert_eq!(code(locked), 15_502);
    assert_eq!(code(Scenario::new(easy().org("EXAMPLE").fid("7777"))), 13_504);
    let mut poor =
        Scenario::new(Bank::builder().user("jane", "correct horse").account(ofx_session::AccountInfo::new(None)));
    let refusal = refused(poor.pay());
    assert_eq!((refusal.status.code.value(), refusal.at), (2006, RefusedAt::Request));
    poor.clean(0);
}

#[test]
fn a_one_time_token_and_user_credentials_go_where_they_belong() {
    let mut scenario = Scenario::new(easy());
    scenario.then_says(|_| Said::new(15_512, "ERROR"));
    assert_eq!(refused(scenario.pay()).status.code.value(), 15_512);
    scenario.credentials = scenario.credentials.auth_token("394817").user_cred1("blue").user_cred2("green");
    paid(scenario.pay());
    let last = scenario.last();
    assert_eq!(last.signon("AUTHTOKEN"), Some("394817"));
    assert_eq!((last.signon("USERCRED1"), last.signon("USERCRED2")), (Some("blue"), Some("green")));
    assert_eq!(last.signon("CLIENTUID"), Some(scenario.state.client_uid()));
    scenario.clean(1);
}

/// Everything in `ENROLLRS` may be left out, and it with that. The user gets id and password in another way.
#[test]
fn an_enrolment_that_is_accepted_without_a_word_is_done() {
    let asked = EnrollmentRequest::new("Jane", "Doe", "1 High Street", "Newport", "RI", "02840", "jane@example.com");
    for code in [0, 13_000] {
        for body in [None, Some(Element::aggregate("ENROLLRS", Vec::new()))] {
            let mut scenario = Scenario::new(easy());
            scenario.then_says(move |sent| {
                Said::new(0, "INFO").set("SIGNUPMSGSRSV1", vec![enrolled(sent.trn_uid(), code, body)])
            });
            let step = scenario.run(Request::from(asked.clone()).into()).unwrap();
            let Step::Done(Outcome::Confirmed(confirmed)) = step else { panic!("{code}: {step:?}") };
            assert_eq!(confirmed.notices.last().map(|status| status.code.value()), Some(code));
            let record = confirmed.of::<EnrollmentResponse>().unwrap().record;
            assert_eq!((record.temporary_password, record.user_id, record.expires), (None, None, None));
        }
    }
    // A refusal is none, and no answer is one.
    let mut scenario = Scenario::new(easy());
    scenario.then_says(|sent| Said::new(0, "INFO").set("SIGNUPMSGSRSV1", vec![enrolled(sent.trn_uid(), 13_501, None)]));
    assert_eq!(refused(scenario.run(Request::from(asked.clone()).into())).status.code.value(), 13_501);
    let mut scenario = Scenario::new(easy());
    scenario.then_says(|_| Said::new(0, "INFO"));
    assert!(matches!(scenario.run(Request::from(asked).into()), Err(EngineError::Missing(_))));
}

fn enrolled(trn_uid: &str, code: u32, body: Option<Element>) -> Element {
    let severity = if code == 13_501 { "ERROR" } else { "INFO" };
    let inside = [vec![Element::leaf("TRNUID", trn_uid), status(code, severity)], Vec::from_iter(body)].concat();
    Element::aggregate("ENROLLTRNRS", inside)
}
