//! What institutions that nobody here wrote were seen to do, played to the engine byte by byte.

use chrono::{DateTime, NaiveDate, Utc};
use ofx_session::engine::{Application, EngineError, Intent, Operation, Outcome, Seed, State, Step};
use ofx_session::ofx::Version;
use ofx_session::{AccountType, Answers, BankAccount, Credentials, Institution, PayeeRef, Payment};
use rust_decimal::Decimal;

/// It remembers that it asked somebody, who never answered, and takes our first file for wrong answers.
#[test]
fn wrong_answers_of_somebody_before_us_are_not_ours() {
    let mut state = state();
    let (operation, _) = Operation::begin(Intent::Accounts, &state, Seed::new([7; 16]), now()).unwrap();

    let (operation, _) = operation.handle_response(&mut state, &file(&signon(3001, "")), now()).unwrap();
    let (operation, step) = operation.handle_response(&mut state, &questions(), now()).unwrap();
    let Step::Ask(challenge) = step else { panic!("nobody was asked: {step:?}") };
    assert!(!challenge.is_repeated(), "nothing was answered yet");

    let (operation, _) = operation.handle_answer(&state, &Answers::new().with("MFA16", "Garcia"), now()).unwrap();
    let (operation, _) = operation.handle_response(&mut state, &file(&signon(3001, "")), now()).unwrap();
    let (_, step) = operation.handle_response(&mut state, &questions(), now()).unwrap();
    let Step::Ask(challenge) = step else { panic!("nobody was asked: {step:?}") };
    assert!(challenge.is_repeated(), "the answers before were ours");
}

/// Its profile is right and full, and has no bill payment in it.
#[test]
fn no_payment_goes_where_no_bills_are_paid() {
    let mut state = state();
    let payment = Payment::new(
        BankAccount::new("123456", "456789", AccountType::Checking),
        Decimal::new(8420, 2),
        PayeeRef::Id("77".to_owned()),
        "88-204-117",
        NaiveDate::from_ymd_opt(2026, 12, 4).unwrap(),
    );
    let pay = || Intent::Pay(Box::new(payment.clone()));
    assert!(Operation::begin(pay(), &state, Seed::new([7; 16]), now()).is_ok(), "nothing is known of what it offers");

    for (sets, offered) in [(&["BANK"][..], false), (&["BANK", "BILLPAY"][..], true)] {
        let (operation, _) = Operation::begin(Intent::Profile, &state, Seed::new([8; 16]), now()).unwrap();
        operation.handle_response(&mut state, &profile(sets), now()).unwrap();
        let begun = Operation::begin(pay(), &state, Seed::new([7; 16]), now());
        assert_eq!(begun.is_ok(), offered, "{sets:?}");
        assert!(offered || matches!(begun, Err(EngineError::NotOffered(_))), "{begun:?}");
    }
}

/// It makes a second credential mandatory by naming it; an empty name names nothing.
#[test]
fn a_signon_without_a_credential_that_the_profile_names_is_not_sent() {
    let bare = || Credentials::new("jane", "correct horse");
    for (label, credentials, sent) in [
        ("<USERCRED1LABEL />", bare(), true),
        ("<USERCRED1LABEL>Card number</USERCRED1LABEL>", bare(), false),
        ("<USERCRED1LABEL>Card number</USERCRED1LABEL>", bare().user_cred1("4000"), true),
    ] {
        let mut state = state();
        let (operation, _) = Operation::begin(Intent::Profile, &state, Seed::new([8; 16]), now()).unwrap();
        operation.handle_response(&mut state, &profile_with(&[], label), now()).unwrap();
        let (_, step) = Operation::begin(Intent::Accounts, &state, Seed::new([7; 16]), now()).unwrap();
        let Step::Send(transmit) = step else { panic!("nothing to send: {step:?}") };
        match transmit.prepare(&credentials, &state, now()) {
            Ok(_) => assert!(sent, "{label}"),
            Err(error) => {
                assert!(!sent && matches!(error, EngineError::Credential { .. }), "{label}: {error}");
                assert!(error.to_string().contains("Card number"), "{error}");
            }
        }
    }
}

#[test]
fn what_a_profile_wants_in_place_of_a_password_is_said_before_or_after_the_signon() {
    let begun = |credential: &str, edit: &dyn Fn(String) -> String| {
        let mut state = speaking(Version::V220);
        let operation = Operation::begin(Intent::Profile, &state, Seed::new([7; 16]), now()).unwrap().0;
        let profile = edit(String::from_utf8(profile_with(&[], credential)).unwrap());
        operation.handle_response(&mut state, profile.as_bytes(), now()).unwrap();
        let (_, step) = Operation::begin(Intent::Accounts, &state, Seed::new([7; 16]), now()).unwrap();
        let Step::Send(transmit) = step else { panic!("nothing to send: {step:?}") };
        (state, transmit)
    };
    let (state, transmit) = begun("<ACCESSTOKENREQ>Y</ACCESSTOKENREQ>", &|text| text);
    let password = Credentials::new("jane", "correct horse");
    let error = transmit.clone().prepare(&password, &state, now()).unwrap_err();
    assert!(error.to_string().contains("ACCESSTOKEN") && error.to_string().contains("access_token"), "{error}");
    assert!(transmit.prepare(&Credentials::access_token("t0ken"), &state, now()).is_ok());

    for (security, said) in [("TYPE1", true), ("TYPE 1", true), ("NONE", false)] {
        let with = |text: String| text.replace("</URL>", &format!("</URL><OFXSEC>{security}</OFXSEC>"));
        let (mut state, transmit) = begun("", &with);
        let (operation, _) = transmit.prepare(&password, &state, now()).unwrap();
        let (_, step) = operation.handle_response(&mut state, &file(&signon(15_500, "")), now()).unwrap();
        let Step::Done(Outcome::Refused(refusal)) = step else { panic!("{step:?}") };
        let text = refusal.to_string();
        assert!(text.contains("check both"), "{text}");
        assert_eq!(text.contains("OFXSEC TYPE1"), said, "{text}");
    }
}

fn profile(sets: &[&str]) -> Vec<u8> {
    profile_with(sets, "<USERCRED1LABEL />")
}

fn profile_with(sets: &[&str], credential: &str) -> Vec<u8> {
    let sets: String = ["SIGNON", "SIGNUP", "PROF"].iter().chain(sets).map(|set| message_set(set)).collect();
    file(&format!(
        "{}<PROFMSGSRSV1><PROFTRNRS><TRNUID>1</TRNUID><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS><PROFRS>\
         <MSGSETLIST>{sets}</MSGSETLIST><SIGNONINFOLIST><SIGNONINFO><SIGNONREALM>DefaultRealm</SIGNONREALM>\
         {credential}</SIGNONINFO></SIGNONINFOLIST><DTPROFUP>20111031070000.000[0:GMT]</DTPROFUP>\
         <FINAME>Hope</FINAME></PROFRS></PROFTRNRS></PROFMSGSRSV1>",
        signon(0, "")
    ))
}

fn message_set(name: &str) -> String {
    format!(
        "<{name}MSGSET><{name}MSGSETV1><MSGSETCORE><VER>1</VER><URL>https://ofx.example.com/ofx</URL>\
         <SIGNONREALM>DefaultRealm</SIGNONREALM></MSGSETCORE></{name}MSGSETV1></{name}MSGSET>"
    )
}

fn state() -> State {
    speaking(Version::V211)
}

fn speaking(version: Version) -> State {
    let institution = Institution::new("https://ofx.example.com/ofx").version(version);
    State::new(institution, Application::new("QWIN", "2700"), "0b2a7c2e-6a52-4d0c-9d1c-5a1f0d8e7b11")
}

fn now() -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(2026, 11, 21).unwrap().and_hms_opt(9, 30, 0).unwrap().and_utc()
}

fn questions() -> Vec<u8> {
    file(&signon(
        0,
        "<MFACHALLENGETRNRS><TRNUID>1</TRNUID><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS><MFACHALLENGERS>\
         <MFACHALLENGE><MFAPHRASEID>MFA16</MFAPHRASEID></MFACHALLENGE></MFACHALLENGERS></MFACHALLENGETRNRS>",
    ))
}

fn signon(code: u32, behind: &str) -> String {
    format!(
        "<SIGNONMSGSRSV1><SONRS><STATUS><CODE>{code}</CODE><SEVERITY>INFO</SEVERITY></STATUS>\
         <DTSERVER>20261121093000</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS>{behind}</SIGNONMSGSRSV1>"
    )
}

fn file(sets: &str) -> Vec<u8> {
    format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<OFX>{sets}</OFX>").into_bytes()
}
