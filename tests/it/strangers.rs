//! What institutions that nobody here wrote were seen to do, played to the engine byte by byte.

use chrono::{DateTime, NaiveDate, Utc};
use ofx_session::engine::{Application, Intent, Operation, Seed, State, Step};
use ofx_session::{Answers, Institution};

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

fn state() -> State {
    let institution = Institution::new("https://ofx.example.com/ofx");
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
