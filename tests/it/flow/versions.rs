//! Every version that can be written: what works in each, and what a version cannot say.

use ofx_session::Credentials;
use ofx_session::engine::{EngineError, Institution, Intent, Outcome, Step};
use ofx_session::error::{Error, ErrorKind};
use ofx_session::ofx::{EncodeError, Style, Version};

use super::scenario::{MAIN, Said, Scenario, asked, easy, honest, paid, payment, questioning, refused, right};

#[test]
fn a_bill_is_paid_in_every_version() {
    for version in Version::ALL {
        let mut scenario = Scenario::speaking(version, easy());
        assert_eq!(scenario.run(Intent::Profile), Ok(Step::Done(Outcome::Profile)), "{version}");
        assert_eq!(scenario.run(Intent::Accounts), Ok(Step::Done(Outcome::Accounts)), "{version}");
        assert_eq!(paid(scenario.pay()).differences(&payment()), Vec::<&str>::new(), "{version}");
        for sent in &scenario.sent {
            assert_eq!(sent.document.header().version_number(), Some(version.number()));
        }
        let uid = scenario.last().signon("CLIENTUID");
        assert_eq!(uid.is_some(), version.knows_mfa(), "{version}");
        assert_eq!(scenario.operation.clone().unwrap().payment(&scenario.state), Ok(payment()), "{version}");
        scenario.clean(1);
    }
}

#[test]
fn a_bill_is_paid_in_every_layout() {
    for version in Version::ALL {
        for style in [Style::new().close_leaves(true), Style::new().close_leaves(false), Style::new().line_breaks(true)]
        {
            let mut scenario = Scenario::at(Institution::new(MAIN).version(version).style(style), version, easy());
            paid(scenario.pay());
            scenario.clean(1);
        }
    }
}

#[test]
fn questions_are_answered_in_every_version_that_has_them() {
    let able: Vec<_> = Version::ALL.into_iter().filter(|version| version.knows_mfa()).collect();
    assert_eq!(able, [Version::V103, Version::V203, Version::V211, Version::V220, Version::V230]);
    for version in able {
        for first in [false, true] {
            let mut scenario = Scenario::speaking(version, questioning().challenge_first(first));
            scenario.run(Intent::Profile).unwrap();
            asked(scenario.pay());
            paid(scenario.answer(&right()));
            paid(scenario.pay());
            scenario.clean(2);
        }
    }
}

#[test]
fn a_version_without_questions_is_refused_with_versions_that_have_them() {
    for version in Version::ALL.into_iter().filter(|version| !version.knows_mfa()) {
        // The pretend institution refuses the version as such.
        let mut scenario = Scenario::speaking(version, questioning());
        let error = Error::from(refused(scenario.pay()));
        assert_eq!(error.status().map(|status| status.value()), Some(2021), "{version}");
        assert!(error.to_string().contains("choose another OFX version"), "{error}");
        // Others ask all the same.
        for code in [3000, 3001] {
            for intent in [Intent::Accounts, Intent::Pay(Box::new(payment()))] {
                let mut scenario = Scenario::speaking(version, easy());
                scenario.then_says(move |_| Said::new(code, "ERROR"));
                let error = Error::from(refused(scenario.run(intent)));
                assert_eq!(error.kind(), ErrorKind::Refused);
                assert_eq!(error.status().map(|status| status.value()), Some(code));
                let text = error.to_string();
                assert!(text.contains("security questions") && text.contains("our words"), "{text}");
                assert!(
                    text.contains(&format!("OFX {version}")) && text.contains("103, 203, 211, 220 or 230"),
                    "{text}"
                );
                assert_eq!(scenario.sent.len(), 1);
            }
        }
    }
}

#[test]
fn a_version_without_questions_is_told_so_before_anything_is_sent_when_the_profile_wants_them_first() {
    let mut scenario = Scenario::speaking(Version::V102, easy());
    scenario.then(|bank, sent| {
        let text = String::from_utf8(honest(bank, sent)).unwrap();
        let realm = "<SIGNONINFO><SIGNONREALM>EXAMPLE";
        assert!(text.contains(realm), "{text}");
        super::scenario::Reply::Body(
            text.replace(realm, "<SIGNONINFO><MFACHALLENGEFIRST>Y<SIGNONREALM>EXAMPLE").into_bytes(),
        )
    });
    scenario.run(Intent::Profile).unwrap();
    let error = scenario.pay().unwrap_err();
    assert!(matches!(error, EngineError::Encode(EncodeError::Version { .. })), "{error}");
    assert!(error.to_string().contains("103, 203, 211, 220 or 230"), "{error}");
    assert_eq!(scenario.sent.len(), 1);
}

#[test]
fn what_a_version_cannot_say_is_refused_before_anything_is_sent() {
    let jane = || Credentials::new("jane", "correct horse");
    for version in Version::ALL {
        for (credentials, can) in [
            (jane().auth_token("1"), version.knows_mfa()),
            (jane().user_cred1("1"), version.knows_mfa()),
            (Credentials::access_token("token"), version.knows_access_token()),
            (Credentials::user_key("key"), true),
        ] {
            let mut scenario = Scenario::speaking(version, easy());
            scenario.credentials = credentials;
            let end = scenario.pay();
            if can {
                assert!(end.is_ok(), "{version}: {end:?}");
            } else {
                let error = Error::from(end.unwrap_err());
                assert_eq!(error.kind(), ErrorKind::Misuse);
                assert!(error.to_string().contains("use version"), "{error}");
                assert!(scenario.sent.is_empty());
            }
        }
    }
}

#[test]
fn characters_that_the_version_cannot_carry_are_refused_before_anything_is_sent() {
    for version in Version::ALL {
        let mut scenario = Scenario::speaking(version, easy());
        let payment = payment().memo("für Łódź 水");
        let end = scenario.run(Intent::Pay(Box::new(payment.clone())));
        if version.is_sgml() {
            assert!(matches!(end, Err(EngineError::Encode(EncodeError::Charset { .. }))), "{version}: {end:?}");
            assert!(scenario.sent.is_empty());
        } else {
            paid(end);
            assert_eq!(scenario.bank.payments()[0].payment.memo, payment.memo, "{version}");
        }
    }
}
