//! What a new password must be like, and what is said of one that is not.

use ofx_session::Secret;
use ofx_session::ofx::{
    CharType, MessageSet, MessageSetCore, MessageSetDetails, PasswordProblem as P, Profile, SignonInfo, Stamp, SyncMode,
};

fn realm(change: impl FnOnce(&mut SignonInfo)) -> SignonInfo {
    let mut info = SignonInfo::new("EXAMPLE");
    (info.min, info.max, info.char_type, info.case_sensitive, info.special, info.spaces) =
        (None, None, None, None, None, None);
    change(&mut info);
    info
}

#[test]
fn a_password_is_checked_against_what_the_profile_says() {
    type Rule = fn(&mut SignonInfo);
    let rows: &[(Rule, &str, &[P])] = &[
        (|_| {}, "a", &[]),
        (|_| {}, "", &[]),
        (|info| info.min = Some(4), "abc", &[P::TooShort(4)]),
        (|info| info.min = Some(4), "abcd", &[]),
        (|info| info.min = Some(1), "", &[P::TooShort(1)]),
        (|info| info.max = Some(4), "abcd", &[]),
        (|info| info.max = Some(4), "abcde", &[P::TooLong(4)]),
        // Characters count, not bytes.
        (|info| info.max = Some(4), "äöüß", &[]),
        (|info| info.min = Some(4), "äöü", &[P::TooShort(4)]),
        (|info| info.char_type = Some(CharType::AlphaOnly), "abc", &[]),
        (|info| info.char_type = Some(CharType::AlphaOnly), "abc1", &[P::Digit]),
        (|info| info.char_type = Some(CharType::AlphaOnly), "ab-c", &[]),
        (|info| info.char_type = Some(CharType::NumericOnly), "1234", &[]),
        (|info| info.char_type = Some(CharType::NumericOnly), "123a", &[P::Letter]),
        (|info| info.char_type = Some(CharType::AlphaOrNumeric), "abc", &[]),
        (|info| info.char_type = Some(CharType::AlphaOrNumeric), "123", &[]),
        (|info| info.char_type = Some(CharType::AlphaOrNumeric), "abc123", &[]),
        (|info| info.char_type = Some(CharType::AlphaAndNumeric), "abc123", &[]),
        (|info| info.char_type = Some(CharType::AlphaAndNumeric), "abc", &[P::DigitMissing]),
        (|info| info.char_type = Some(CharType::AlphaAndNumeric), "123", &[P::LetterMissing]),
        (|info| info.char_type = Some(CharType::AlphaAndNumeric), "--", &[P::LetterMissing, P::DigitMissing]),
        (|info| info.char_type = Some(CharType::from_word("EMOJI")), "abc", &[]),
        (|info| info.special = Some(false), "abc-1", &[P::Special]),
        (|info| info.special = Some(false), "abc 1", &[]),
        (|info| info.special = Some(true), "abc-1", &[]),
        (|info| info.spaces = Some(false), "abc 1", &[P::Blank]),
        (|info| info.spaces = Some(true), "abc 1", &[]),
        // Whatever the profile allows, these do not arrive as they were meant.
        (|info| info.spaces = Some(true), " abc", &[P::OuterBlank]),
        (|_| {}, "abc ", &[P::OuterBlank]),
        (|_| {}, "a\u{7}b", &[P::Control]),
        // All at once.
        (
            |info| {
                (info.min, info.char_type) = (Some(9), Some(CharType::AlphaAndNumeric));
                (info.special, info.spaces) = (Some(false), Some(false));
            },
            "a b-c ",
            &[P::TooShort(9), P::DigitMissing, P::Special, P::Blank, P::OuterBlank],
        ),
    ];
    for (rule, password, expected) in rows {
        let found = realm(rule).password_rules().problems(&Secret::new(*password), None);
        assert_eq!(&found, expected, "{password:?}");
    }
}

#[test]
fn a_new_password_is_another_one() {
    let same = |case_sensitive, old: &str, new: &str| {
        let rules = realm(|info| info.case_sensitive = case_sensitive).password_rules();
        rules.problems(&Secret::new(new), Some(&Secret::new(old))) == [P::Same]
    };
    for case_sensitive in [None, Some(true), Some(false)] {
        assert!(same(case_sensitive, "Horse", "Horse"));
        assert!(!same(case_sensitive, "Horse", "Horses"));
        assert_eq!(same(case_sensitive, "Horse", "hORSE"), case_sensitive == Some(false));
        assert_eq!(same(case_sensitive, "Éclair", "éCLAIR"), case_sensitive == Some(false));
    }
}

#[test]
fn rules_are_those_of_the_realm_and_say_no_password() {
    let set = |name, realm| {
        let core = MessageSetCore::new("https://ofx.bank.example/ofx", realm, SyncMode::Full, false);
        MessageSet::new(name, core, MessageSetDetails::None)
    };
    let mut long = SignonInfo::new("PAY");
    long.min = Some(12);
    let profile = Profile::new(
        Stamp::oldest(),
        vec![set("SIGNUP", "EXAMPLE"), set("BILLPAY", "PAY")],
        vec![SignonInfo::new("EXAMPLE"), long],
    );
    let short = Secret::new("canary");
    let problems = |name| profile.password_rules(name).unwrap().problems(&short, None);
    assert_eq!(problems("SIGNUP"), []);
    let found = problems("BILLPAY");
    assert_eq!(found, [P::TooShort(12)]);
    assert_eq!(found[0].to_string(), "has fewer than 12 characters");
    let shown = format!("{found:?} {} {:?}", found[0], profile.password_rules("BILLPAY"));
    assert!(!shown.contains("canary"));
    assert_eq!(profile.password_rules("INVSTMT"), None, "two realms, and the set names none");
}
