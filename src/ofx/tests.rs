//! Typed records through a document and back, and what each version leaves out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod as_read;
mod generate;
mod mask;
mod records;
mod refused;
mod samples;
mod signed;

use std::fmt::Debug;

use proptest::prelude::*;

use self::generate as make;
use crate::ofx::{
    AccountInfoRequest, AccountInfoResponse, ChallengeResponse, ChallengeTransaction, ChallengeTransactionResponse,
    Content, DecodeError, Document, Element, EncodeError, Header, Limits, MessageSetCore, Payment, PaymentRequest,
    Problem, Profile, ProfileTransaction, ProfileTransactionResponse, Question, QuestionSource, SignonInfo,
    SignonRequest, SignonResponse, Stamp, Status, Style, TrnUid, Version, writer,
};

/// Writes `value` into a document of `version`, and reads it out of the bytes again. Told without a tree, as requests are, it has the
/// same bytes.
fn through<T: Content>(value: &T, version: Version, style: &Style) -> Result<T, DecodeError> {
    let tree = value.write("VALUE", version);
    let told = writer::text(version, style, |out| value.write_to("VALUE", version, out)).expect("it can be written");
    let from_tree = writer::text(version, style, |out| out.element(&tree)).expect("it can be written");
    assert_eq!(String::from_utf8_lossy(&told), String::from_utf8_lossy(&from_tree), "{version}");
    let root = Element::aggregate("OFX", vec![tree]);
    let bytes = Document::new(Header::new(version), root).encode(style).expect("every value can be written");
    let document = Document::decode(&bytes, &Limits::new())?;
    T::read(document.root().child("VALUE").expect("it was written"))
}

/// Unchanged in `full`, which knows everything that is in `value`; in every other version unchanged by a second passage.
fn check<T: Content + Clone + Debug + PartialEq>(value: &T, full: &[Version]) -> Result<(), TestCaseError> {
    for version in Version::ALL {
        for style in [Style::new(), Style::new().close_leaves(true).line_breaks(true)] {
            let once = through(value, version, &style).map_err(|error| TestCaseError::fail(error.to_string()))?;
            if full.contains(&version) {
                prop_assert!(*value == once, "{version}: {value:?} became {once:?}");
            }
            let twice = through(&once, version, &style).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert!(once == twice, "{version}: {once:?} became {twice:?}");
        }
    }
    Ok(())
}

const NEWEST: [Version; 1] = [Version::V230];
const MFA: [Version; 5] = [Version::V103, Version::V203, Version::V211, Version::V220, Version::V230];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn payments(payment in make::payment()) {
        check(&payment, &Version::ALL)?;
        check(&PaymentRequest { payment }, &Version::ALL)?;
    }

    #[test]
    fn payment_responses(status in make::status(), response in make::payment_response()) {
        check(&status, &Version::ALL)?;
        response.map_or(Ok(()), |response| check(&response, &Version::ALL))?;
    }

    #[test]
    fn signon_requests(request in make::signon_request()) {
        check(&SignonRequest { country: None, ..request.clone() }, &[Version::V220, Version::V230])?;
        check(&SignonRequest { country: None, app_key: None, ..request.clone() }, &MFA)?;
        let plain = SignonRequest { app_key: None, client_uid: None, user_cred1: None, user_cred2: None, ..request };
        let plain = SignonRequest { auth_token: None, access_key: None, answers: Vec::new(), ..plain };
        check(&plain, &[Version::V151, Version::V160])?;
        check(&SignonRequest { country: None, ..plain }, &Version::ALL)?;
    }

    #[test]
    fn signon_responses(response in make::signon_response()) {
        check(&SignonResponse { country: None, ..response.clone() }, &NEWEST)?;
        check(&SignonResponse { country: None, user_updated: None, ..response }, &MFA)?;
    }

    #[test]
    fn challenges(uid in make::text(), at in make::stamp(), questions in make::questions()) {
        check(&ChallengeTransaction::new(TrnUid::new(uid.as_str()), at), &Version::ALL)?;
        check(&ChallengeTransactionResponse::new(TrnUid::new(uid), questions), &Version::ALL)?;
    }

    #[test]
    fn account_lists(updated in make::stamp(), list in make::records::accounts()) {
        check(&AccountInfoRequest { updated: updated.clone() }, &Version::ALL)?;
        check(&AccountInfoResponse::new(updated, list), &Version::ALL)?;
    }

    #[test]
    fn profiles(uid in make::text(), status in make::status(), profile in make::profile()) {
        check(&ProfileTransaction::new(TrnUid::new(uid.as_str()), Stamp::oldest()), &Version::ALL)?;
        check(&ProfileTransactionResponse::new(TrnUid::new(uid), status, Some(profile)), &NEWEST)?;
    }
}

// What a version leaves out.

fn tags(element: &Element) -> Vec<&str> {
    element.children().iter().map(Element::tag).collect()
}

#[test]
fn a_signon_is_written_in_the_order_of_the_grammar_with_what_the_version_knows() {
    let request = make::full_signon_request();
    let mfa =
        ["CLIENTUID", "USERCRED1", "USERCRED2", "AUTHTOKEN", "ACCESSKEY", "MFACHALLENGEANSWER", "MFACHALLENGEANSWER"];
    for version in Version::ALL {
        let mut expected = vec!["DTCLIENT", "USERID", "USERPASS", "GENUSERKEY", "LANGUAGE"];
        expected.extend(version.knows_signon_country().then_some("COUNTRY"));
        expected.extend(["FI", "SESSCOOKIE", "APPID", "APPVER"]);
        expected.extend(version.knows_access_token().then_some("APPKEY"));
        expected.extend(mfa.iter().filter(|_| version.knows_mfa()));
        assert_eq!(tags(&request.write("SONRQ", version)), expected, "{version}");
    }
}

#[test]
fn a_signon_that_a_version_cannot_carry_is_refused() {
    let request = make::full_signon_request();
    for version in Version::ALL {
        let refused =
            matches!(request.check(version), Err(EncodeError::Version { version: named, .. }) if named == version);
        assert_eq!(refused, !version.knows_mfa(), "{version}");
        let token = SignonRequest { login: make::access_token(), ..SignonRequest::clone(&request) };
        let refused = matches!(token.check(version), Err(EncodeError::Version { .. }));
        assert_eq!(refused, !version.knows_access_token(), "{version}");
    }
}

#[test]
fn a_realm_shows_its_questions_only_where_they_can_be_answered() {
    let info = SignonInfo { mfa_first: Some(true), access_token_required: Some(true), ..SignonInfo::new("R") };
    for version in Version::ALL {
        let written = info.write("SIGNONINFO", version);
        assert_eq!(written.child("MFACHALLENGEFIRST").is_some(), version.knows_mfa(), "{version}");
        assert_eq!(written.child("ACCESSTOKENREQ").is_some(), version.number() >= 220, "{version}");
    }
    let core = MessageSetCore { refresh: Some(true), ..make::core() };
    for version in Version::ALL {
        assert_eq!(
            core.write("MSGSETCORE", version).child("REFRESHSUPT").is_some(),
            version.number() > 102,
            "{version}"
        );
    }
}

// What institutions write differently.

fn read<T: Content>(body: &str) -> Result<T, DecodeError> {
    let text = format!("OFXHEADER:100\r\nVERSION:103\r\n\r\n<OFX><VALUE>{body}</VALUE></OFX>");
    T::read(Document::decode(text.as_bytes(), &Limits::new())?.root().child("VALUE").unwrap())
}

#[test]
fn an_empty_element_in_a_list_counts_as_absent() {
    let core: MessageSetCore =
        read("<URL>u</URL><LANGUAGE></LANGUAGE><LANGUAGE>ENG</LANGUAGE><SPNAME></SPNAME>").unwrap();
    assert_eq!((core.languages, core.provider), (vec!["ENG".to_owned()], None));
    let list: AccountInfoResponse = read("<DTACCTUP>20270101<ACCTINFO></ACCTINFO>").unwrap();
    assert_eq!(list.accounts, Vec::new());
    let profile: Profile =
        read("<MSGSETLIST></MSGSETLIST><SIGNONINFOLIST><SIGNONINFO></SIGNONINFO></SIGNONINFOLIST>").unwrap();
    assert_eq!((profile.message_sets, profile.signon), (Vec::new(), Vec::new()));
}

#[test]
fn misspelled_security_questions_are_understood() {
    let questions: ChallengeResponse =
        read("<MFACHALLENGE><MFAPRHASEID>MFA9</MFACHALLENGE><MFACHALLENGE><MFAPHRASEID>LKS-3</MFACHALLENGE>").unwrap();
    let ids: Vec<_> = questions.questions.iter().map(|question| question.id.as_str()).collect();
    assert_eq!(ids, ["MFA9", "LKS-3"]);
    let signon: SignonRequest = read(
        "<DTCLIENT>20270314<USERID>u<USERPASS>p<LANGUAGE>ENG<APPID>A<APPVER>1\
         <MFACHALLENGEA><MFAPRHASEID>MFA9<MFAPHRASEA>Lindqvist</MFACHALLENGEA>",
    )
    .unwrap();
    assert_eq!(signon.answers, [make::answer("MFA9", "Lindqvist")]);
    let written = signon.write("SONRQ", Version::V211);
    assert!(written.find("MFACHALLENGEANSWER/MFAPHRASEID").is_some(), "the correct form is written");
}

#[test]
fn what_is_missing_or_wrong_is_named_with_its_path_and_place() {
    let error = read::<Payment>("<BANKACCTFROM><BANKID>1</BANKACCTFROM>").unwrap_err();
    assert_eq!((error.problem(), error.path().as_str()), (&Problem::Missing("ACCTID"), "/BANKACCTFROM"));
    let error = read::<Status>("<CODE>zero").unwrap_err();
    assert_eq!((error.problem(), error.path().as_str()), (&Problem::Value("number"), "/CODE"));
    let text = "OFXHEADER:100\r\nVERSION:103\r\n\r\n<OFX><VALUE><CODE>";
    assert_eq!(error.offset() + "<CODE>".len(), text.len());
}

// Security questions: OFX 1.0.3 §2.5.4.4, OFX 2.3 §2.5.4.4.

#[test]
fn questions_have_a_text_and_somebody_to_answer_them() {
    let question = |id: &str| Question::new(id, None);
    for number in (1..=23).chain(101..=107) {
        let text = question(&format!("MFA{number}")).text().to_owned();
        assert!(text.len() > 12 && !text.starts_with("MFA"), "MFA{number}: {text}");
    }
    for id in ["MFA24", "MFA30", "MFA108", "MFA110", "MFA0", "LKS-3", "mfa1", "MFA01", ""] {
        assert_eq!(question(id).text(), id, "nothing better is known");
    }
    assert!(question("MFA16").text().contains("mother's maiden name"));
    assert!(question("MFA9").text().contains("maternal grandmother"));
    assert!(question("MFA8").text().contains("paternal grandmother"));
    assert!(question("MFA103").text().contains("IP address"));
    let labelled = Question::new("MFA16", Some("Maiden name?".to_owned()));
    assert_eq!((labelled.text(), labelled.label(), labelled.id()), ("Maiden name?", Some("Maiden name?"), "MFA16"));
}

#[test]
fn the_program_answers_above_one_hundred_and_the_user_the_rest() {
    for id in ["MFA101", "MFA107", "MFA108", "MFA110"] {
        assert_eq!(Question::new(id, None).source(), QuestionSource::Program, "{id}");
    }
    let user =
        ["MFA1", "MFA23", "MFA30", "MFA99", "MFA100", "LKS-3", "101", "MFA", "MFA10 1", "XMFA101", "MFA+101", "mfa101"];
    for id in user.into_iter().chain(["MFA99999999999999999999", ""]) {
        assert_eq!(Question::new(id, None).source(), QuestionSource::User, "{id}");
    }
}
