//! Status codes: OFX 1.0.3 §3.1.4 and appendix A, OFX 2.3 §3.1.5.

use ofx_session::error::StatusCode;
use ofx_session::ofx::{Severity, Status};

#[test]
fn every_listed_code_has_the_severity_of_the_specification() {
    let info = [0, 1, 10_000, 13_000, 15_000];
    let warn = [2028, 6501, 12_250, 12_251, 12_252, 12_253, 12_254];
    let errors = [
        2000..=2012,
        2014..=2023,
        2025..=2027,
        3000..=3001,
        6500..=6500,
        6502..=6502,
        10_500..=10_519,
        10_600..=10_600,
        12_255..=12_255,
        12_500..=12_500,
        13_500..=13_504,
        14_500..=14_501,
        14_600..=14_601,
        14_700..=14_701,
        15_500..=15_508,
        15_510..=15_513,
        16_500..=16_503,
    ];
    let expected = info.into_iter().map(|code| (code, Severity::Info));
    let expected = expected.chain(warn.into_iter().map(|code| (code, Severity::Warn)));
    let expected = expected.chain(errors.into_iter().flatten().map(|code| (code, Severity::Error)));
    let expected: Vec<_> = expected.collect();
    let listed = (0..100_000).filter(|code| StatusCode::new(*code).severity().is_some());
    assert_eq!((expected.len(), listed.count()), (93, 93), "no other code is listed");
    for (code, severity) in expected {
        let code = StatusCode::new(code);
        assert_eq!(code.severity(), Some(severity), "{code}");
        assert!(code.meaning().is_some_and(|text| text.len() > 3), "{code}");
        assert!(code.remedy().is_some_and(|text| text.len() > 3), "{code}");
    }
    for code in [2, 2013, 2024, 2029, 2999, 10_990, 13_001, 15_509, 15_514, 15_515, 99_999] {
        let code = StatusCode::new(code);
        assert_eq!((code.severity(), code.meaning(), code.remedy()), (None, None, None), "{code}");
    }
}

/// Of every listed code: number, meaning, remedy.
fn texts_of_codes() -> Vec<(u32, &'static str, &'static str)> {
    let all = (0..100_000).map(StatusCode::new);
    all.filter_map(|code| Some((code.value(), code.meaning()?, code.remedy()?))).collect()
}

#[test]
fn each_code_has_texts_of_its_own_in_plain_english() {
    let texts = texts_of_codes();
    assert_eq!(texts.len(), 93);
    let mut seen = std::collections::BTreeMap::new();
    for (code, meaning, remedy) in texts {
        for text in [meaning, remedy] {
            assert_eq!(seen.insert(text, code), None, "{code}: {text:?} is said of another code, or twice");
            assert!((4..=90).contains(&text.chars().count()), "{code}: {text:?}");
            let first = text.split(' ').next().unwrap();
            // A name of the specification may begin it.
            let is_name = first.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || "-()".contains(c));
            assert!(is_name || first.starts_with(char::is_lowercase) || first.starts_with("401"), "{code}: {text:?}");
            assert!(
                !text.ends_with(['.', '!', ' ']) && !text.contains('\n') && !text.contains("  "),
                "{code}: {text:?}"
            );
        }
    }
}

#[test]
fn codes_that_are_not_listed_follow_the_rule() {
    // The last ten of every thousand are the institution's.
    for (code, own) in [
        (989, false),
        (990, true),
        (999, true),
        (1000, false),
        (2990, true),
        (2999, true),
        (10_989, false),
        (10_990, true),
        (15_999, true),
        (16_000, false),
        (u32::MAX, false),
    ] {
        assert_eq!(StatusCode::new(code).is_institutions_own(), own, "{code}");
        assert_eq!(StatusCode::new(code).treated_as(), StatusCode::GENERAL_ERROR, "{code}");
    }
    for (code, general) in [(0, true), (2019, true), (2999, true), (3000, false), (10_500, false)] {
        assert_eq!(StatusCode::new(code).is_general(), general, "{code}");
    }
    for (code, ..) in texts_of_codes() {
        let code = StatusCode::new(code);
        assert!(!code.is_institutions_own(), "no listed code is an institution's own: {code}");
        assert_eq!(code.treated_as(), code);
    }
}

#[test]
fn the_names_of_codes_are_their_numbers() {
    let names = [
        (StatusCode::SUCCESS, 0),
        (StatusCode::UP_TO_DATE, 1),
        (StatusCode::DUPLICATE, 2019),
        (StatusCode::MFA_REQUIRED, 3000),
        (StatusCode::MFA_WRONG, 3001),
        (StatusCode::TOKEN_OUT_OF_DATE, 6501),
        (StatusCode::INSUFFICIENT_FUNDS, 10_504),
        (StatusCode::PASSWORD_CHANGE_REQUIRED, 15_000),
        (StatusCode::SIGNON_INVALID, 15_500),
        (StatusCode::LOCKED_OUT, 15_502),
        (StatusCode::CLIENT_UID_UNKNOWN, 15_510),
        (StatusCode::AUTH_TOKEN_REQUIRED, 15_512),
    ];
    for (code, number) in names {
        assert_eq!(code.value(), number);
    }
}

fn status(code: u32, severity: Option<Severity>) -> Status {
    let mut status = Status::new(StatusCode::new(code), None);
    status.severity = severity;
    status
}

#[test]
fn a_lying_severity_does_not_hide_an_error() {
    let words = [None, Some(Severity::Info), Some(Severity::Warn), Some(Severity::Error)];
    for severity in words.into_iter().chain([Some(Severity::Other("SUCCESS".to_owned()))]) {
        for code in [2000, 2019, 2027, 3000, 10_500, 12_255, 13_500, 14_501, 15_500, 15_504, 16_503] {
            assert!(status(code, severity.clone()).is_error(), "{code} {severity:?}");
        }
        for code in [0, 1, 2028, 6501, 10_000, 12_250, 13_000, 15_000] {
            assert!(!status(code, severity.clone()).is_error(), "{code} {severity:?}");
        }
    }
}

#[test]
fn an_unknown_code_is_an_error_unless_it_says_otherwise() {
    for code in [2013, 2999, 15_514, 424_242] {
        assert!(!status(code, Some(Severity::Info)).is_error(), "{code}");
        assert!(!status(code, Some(Severity::Warn)).is_error(), "{code}");
        assert!(status(code, Some(Severity::Error)).is_error(), "{code}");
        assert!(status(code, None).is_error(), "{code}");
        for word in ["Error", "error", "FATAL", "INFORMATION"] {
            assert!(status(code, Some(Severity::Other(word.to_owned()))).is_error(), "{code} {word}");
        }
    }
    assert_eq!(Status::new(StatusCode::new(424_242), None).severity, Some(Severity::Error));
    assert_eq!(Status::new(StatusCode::UNKNOWN_ELEMENT, Some("x")).severity, Some(Severity::Warn));
}
