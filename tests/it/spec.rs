//! What the specification says of values, headers, versions and codes, section by section.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use ofx_session::error::StatusCode;
use ofx_session::ofx::{
    Amount, Document, Element, EncodeError, FileUid, Header, Limits, MessageSet, MessageSetCore, MessageSetDetails,
    Problem, Profile, Severity, SignonInfo, Stamp, Status, Style, SyncMode, Version,
};
use rust_decimal::Decimal;

// Dates: OFX 1.0.3 §3.2.8.

/// As written, and the moment it stands for with its zone.
const MOMENTS: &[(&str, &str)] = &[
    ("20270314", "2027-03-14T00:00:00+00:00"),
    ("2027031408", "2027-03-14T08:00:00+00:00"),
    ("202703140815", "2027-03-14T08:15:00+00:00"),
    ("20270314081502", "2027-03-14T08:15:02+00:00"),
    ("20270314081502.250", "2027-03-14T08:15:02.250+00:00"),
    ("20270314081502.2", "2027-03-14T08:15:02.200+00:00"),
    ("20270314081502.123456", "2027-03-14T08:15:02.123+00:00"),
    ("20270314081502.250[-8:PST]", "2027-03-14T08:15:02.250-08:00"),
    ("20270314081502[-8:PST]", "2027-03-14T08:15:02-08:00"),
    ("20270314081502[-8]", "2027-03-14T08:15:02-08:00"),
    ("20270314081502[-8:PST", "2027-03-14T08:15:02-08:00"),
    ("20270314[-8:PST]", "2027-03-14T00:00:00-08:00"),
    ("202703140815[+1:CET]", "2027-03-14T08:15:00+01:00"),
    ("20270314081502.000[1:CET]", "2027-03-14T08:15:02+01:00"),
    ("20270314081502.000[0:GMT]", "2027-03-14T08:15:02+00:00"),
    ("20270314081502.000[12:NZST]", "2027-03-14T08:15:02+12:00"),
    ("20270314081502.000[-12]", "2027-03-14T08:15:02-12:00"),
    ("20270314081502.000 GMT", "2027-03-14T08:15:02+00:00"),
    ("20270314081502 GMT", "2027-03-14T08:15:02+00:00"),
    ("20270314081502[-:EST]", "2027-03-14T08:15:02-05:00"),
    ("20270314081502[:PDT]", "2027-03-14T08:15:02-07:00"),
    ("20270314081502[EST]", "2027-03-14T08:15:02-05:00"),
    ("20270314081502[-:XYZ]", "2027-03-14T08:15:02+00:00"),
    ("20270314081502[]", "2027-03-14T08:15:02+00:00"),
    ("20270314081502[5:5:5]", "2027-03-14T08:15:02+05:00"),
    // Minutes, hundredths or tenths of an hour: no zone of this world makes them disagree.
    ("20270314081502[+5.30:IST]", "2027-03-14T08:15:02+05:30"),
    ("20270314081502[+5.50:IST]", "2027-03-14T08:15:02+05:30"),
    ("20270314081502[5.5:IST]", "2027-03-14T08:15:02+05:30"),
    ("20270314081502[5.3:IST]", "2027-03-14T08:15:02+05:30"),
    ("20270314081502[-3.30:NST]", "2027-03-14T08:15:02-03:30"),
    ("20270314081502[-3.5:NST]", "2027-03-14T08:15:02-03:30"),
    ("20270314081502[+5.45:NPT]", "2027-03-14T08:15:02+05:45"),
    ("20270314081502[+5.75:NPT]", "2027-03-14T08:15:02+05:45"),
    ("20270314081502[-5.00:EST]", "2027-03-14T08:15:02-05:00"),
    ("20270314081502[+05:30]", "2027-03-14T08:15:02+05:30"),
    ("20270314081502[+05:30:IST]", "2027-03-14T08:15:02+05:30"),
    ("20270314081502[-03:30:NST]", "2027-03-14T08:15:02-03:30"),
    ("20270314081502[+5:45:NPT]", "2027-03-14T08:15:02+05:45"),
    ("20270314081502[+08:00]", "2027-03-14T08:15:02+08:00"),
    ("20270314081502[+5,30:IST]", "2027-03-14T08:15:02+05:30"),
    ("20270314081502,000[-3,5]", "2027-03-14T08:15:02-03:30"),
    ("20270314081502[GMT-5]", "2027-03-14T08:15:02-05:00"),
    ("20270314081502[UTC+05:30]", "2027-03-14T08:15:02+05:30"),
    ("20270314081502[10]", "2027-03-14T08:15:02+10:00"),
    ("20270314081502[-0.30:XXX]", "2027-03-14T08:15:02-00:30"),
];

#[test]
fn every_form_of_a_date_is_the_moment_it_says() {
    for (text, moment) in MOMENTS {
        let expected: DateTime<FixedOffset> = moment.parse().unwrap();
        let found = Stamp::new(*text).moment_in_zone();
        assert_eq!(found, Some(expected), "{text}");
        assert_eq!(found.map(|at| *at.offset()), Some(*expected.offset()), "{text}");
        assert_eq!(Stamp::new(*text).utc(), Some(expected.to_utc()), "{text}");
    }
}

#[test]
fn the_day_that_was_written_stays_whatever_the_zone() {
    for (text, _) in MOMENTS {
        assert_eq!(Stamp::new(*text).date(), NaiveDate::from_ymd_opt(2027, 3, 14), "{text}");
    }
    let late = Stamp::new("20270314233000.000[-8:PST]");
    assert_eq!(late.utc().map(|at| at.date_naive()), NaiveDate::from_ymd_opt(2027, 3, 15));
    assert_eq!(late.date(), NaiveDate::from_ymd_opt(2027, 3, 14));
    assert_eq!(late.as_str(), "20270314233000.000[-8:PST]");
}

#[test]
fn what_is_no_date_is_none() {
    let days = ["", "2027", "2027031", "00000000", "00000000000000", "14/03/2027", "20271314", "20270230", "+2027031"];
    for text in days.into_iter().chain([" 2027031", "２０２７０３１４", "2027-3-4", "abcdefgh"]) {
        assert_eq!(Stamp::new(text).date(), None, "{text}");
        assert_eq!(Stamp::new(text).utc(), None, "{text}");
    }
    for time in ["0", "081", "08150", "081502250", "240000", "086000", "+81502", "0815é", " 81502"] {
        assert_eq!(Stamp::new(format!("20270314{time}")).utc(), None, "{time}");
    }
    for rest in ["081502.", "081502.x", "081502.-5", "081502.+50", "081502.é"] {
        assert_eq!(Stamp::new(format!("20270314{rest}")).utc().map(|at| at.timestamp_millis() % 1000), None, "{rest}");
    }
}

#[test]
fn no_zone_panics_and_impossible_ones_are_none() {
    let numbers = [
        "24:X",
        "-24:X",
        "99:X",
        "5.60:X",
        "5.99:X",
        "5:60:X",
        "5.é:X",
        "596523.99:X",
        "-2147483648:X",
        "2147483647.59",
    ];
    for zone in numbers.into_iter().chain(["é", "+-5", "[[", "--", "1e1", "٣"]) {
        assert_eq!(Stamp::new(format!("20270314081502[{zone}]")).moment_in_zone(), None, "{zone}");
    }
}

#[test]
fn a_leap_second_is_a_moment() {
    let leap = Stamp::new("20161231235960").utc().unwrap();
    assert_eq!(leap.timestamp(), Stamp::new("20161231235959").utc().unwrap().timestamp());
}

#[test]
fn dates_are_written_in_the_strict_form() {
    let at: DateTime<Utc> = "2027-03-14T08:15:02.25Z".parse().unwrap();
    assert_eq!(Stamp::moment(at).as_str(), "20270314081502.250[0:GMT]");
    assert_eq!(Stamp::moment(at).utc(), Some(at));
    assert_eq!(Stamp::day(at.date_naive()).as_str(), "20270314");
    assert_eq!(Stamp::oldest().date(), NaiveDate::from_ymd_opt(1990, 1, 1));
}

// Amounts: OFX 1.0.3 §3.2.9.

#[test]
fn amounts_are_read_exactly() {
    let amounts = [
        ("84.20", "84.20"),
        ("84,20", "84.20"),
        ("+84.20", "84.20"),
        ("-84,20", "-84.20"),
        ("84", "84"),
        ("84.", "84"),
        ("84,", "84"),
        (".5", "0.5"),
        ("-,5", "-0.5"),
        ("  84.20 ", "84.20"),
        ("007.10", "7.10"),
        ("0", "0"),
        ("0.00", "0.00"),
        ("1,234", "1.234"),
        ("0.0000000000000000000000000001", "0.0000000000000000000000000001"),
        ("9999999999999999999999999999", "9999999999999999999999999999"),
        ("-79228162514264337593543950335", "-79228162514264337593543950335"),
    ];
    for (text, expected) in amounts {
        let amount = Amount::parse(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(amount.to_string(), expected, "{text}");
        assert_eq!(Amount::parse(&amount.to_string()), Some(amount), "{text}");
    }
    assert_eq!(Amount::parse("84.20"), Some(Amount::new(Decimal::new(8420, 2))));
}

#[test]
fn what_is_no_amount_or_does_not_fit_is_refused_and_never_rounded() {
    let refused = [
        "",
        " ",
        ".",
        ",",
        "-",
        "+",
        "1,234.56",
        "1.234,56",
        "1.2.3",
        "1 234",
        "- 5",
        "+-5",
        "--5",
        "5-",
        "(5)",
        "$5",
        "5USD",
        "1e3",
        "0x10",
        "NaN",
        "inf",
        "None",
        "５",
        "1_000",
        "1'000",
        // One digit more than fits, before and behind the point.
        "99999999999999999999999999999",
        "79228162514264337593543950336",
        "0.00000000000000000000000000001",
        "1.23456789012345678901234567890123",
    ];
    for text in refused {
        assert_eq!(Amount::parse(text), None, "{text}");
    }
}

// Status codes: OFX 1.0.3 §3.1.4 and appendix A, OFX 2.3 §3.1.5.

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

// Headers: OFX 1.0.3 §2.2, OFX 2.3 §2.2.

fn written(header: Header) -> Result<String, EncodeError> {
    let document = Document::new(header, Element::aggregate("OFX", vec![Element::leaf("MEMO", "x")]));
    document.encode(&Style::new()).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

#[test]
fn headers_are_written_as_the_specification_prints_them() {
    let header = Header::new(Version::V103).file_uids(FileUid::new("0"), FileUid::new("a-1"));
    let lines = "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:103\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252\r\n\
                 COMPRESSION:NONE\r\nOLDFILEUID:0\r\nNEWFILEUID:a-1\r\n\r\n<OFX><MEMO>x</OFX>";
    assert_eq!(written(header).unwrap(), lines);
    let header = Header::new(Version::V220).file_uids(FileUid::none(), FileUid::new("a-1"));
    let instructions = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\r\n<?OFX OFXHEADER=\"200\" \
                        VERSION=\"220\" SECURITY=\"NONE\" OLDFILEUID=\"NONE\" NEWFILEUID=\"a-1\"?>\r\n\
                        <OFX><MEMO>x</MEMO></OFX>";
    assert_eq!(written(header).unwrap(), instructions);
}

#[test]
fn a_header_is_read_as_it_was_written() {
    for version in Version::ALL {
        let header = Header::new(version).file_uids(FileUid::new("0"), FileUid::new("5B0C4A1E-77D2"));
        let document = Document::decode(written(header.clone()).unwrap().as_bytes(), &Limits::new()).unwrap();
        assert_eq!(*document.header(), header);
        assert_eq!(document.header().security(), Some("NONE"));
    }
}

#[test]
fn an_identifier_cannot_forge_a_header() {
    for text in ["", "a\r\nSECURITY:TYPE1", "a\" SECURITY=\"TYPE1", "a?><OFX>", "a b", "é", &"9".repeat(37)] {
        for version in [Version::V102, Version::V230] {
            let old = Header::new(version).file_uids(FileUid::new(text), FileUid::none());
            let new = Header::new(version).file_uids(FileUid::none(), FileUid::new(text));
            assert!(matches!(written(old), Err(EncodeError::Invalid { tag: "OLDFILEUID", .. })), "{text:?}");
            assert!(matches!(written(new), Err(EncodeError::Invalid { tag: "NEWFILEUID", .. })), "{text:?}");
        }
    }
}

#[test]
fn a_tag_cannot_forge_an_element() {
    for tag in ["", "A>B", "A B", "A\r\n", "/A", "É", "A<B"] {
        let root = Element::aggregate("OFX", vec![Element::leaf(tag.to_owned(), "x")]);
        let encoded = Document::new(Header::new(Version::V211), root).encode(&Style::new());
        assert!(matches!(encoded, Err(EncodeError::Invalid { .. })), "{tag:?}");
    }
}

#[test]
fn a_version_that_cannot_be_written_says_which_can() {
    let text = b"OFXHEADER:100\r\nVERSION:299\r\n\r\n<OFX></OFX>";
    let document = Document::decode(text, &Limits::new()).unwrap();
    assert!(matches!(document.encode(&Style::new()), Err(EncodeError::Invalid { tag: "VERSION", .. })));
}

// Versions: OFX 1.0.3 §2.2, OFX 2.3 §2.2.

#[test]
fn each_version_knows_what_its_grammar_has() {
    // Number, SGML, security questions, access token, country in the signon.
    let versions = [
        (102, true, false, false, false),
        (103, true, true, false, false),
        (151, true, false, false, true),
        (160, true, false, false, true),
        (200, false, false, false, false),
        (201, false, false, false, false),
        (202, false, false, false, false),
        (203, false, true, false, false),
        (210, false, false, false, false),
        (211, false, true, false, false),
        (220, false, true, true, false),
        (230, false, true, true, false),
    ];
    let found = Version::ALL.map(|version| {
        (
            version.number(),
            version.is_sgml(),
            version.knows_mfa(),
            version.knows_access_token(),
            version.knows_signon_country(),
        )
    });
    assert_eq!(found, versions);
    assert!(Version::ALL.iter().all(|version| Version::from_number(version.number()) == Some(*version)));
    assert_eq!([0, 100, 104, 161, 204, 221, 231].map(Version::from_number), [None; 7]);
}

#[test]
fn leaves_without_end_tags_are_for_1x_only_and_two_leaves_never() {
    let inside = vec![Element::leaf("MEMO", "m"), Element::leaf("EXTDPMTDSC", "d"), Element::leaf("MSGBODY", "b")];
    for version in Version::ALL {
        let document = Document::new(Header::new(version), Element::aggregate("OFX", inside.clone()));
        let bytes = document.encode(&Style::new()).unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(text.contains("</MEMO>"), !version.is_sgml(), "{text}");
        assert!(text.contains("</EXTDPMTDSC>") && text.contains("</MSGBODY>"), "{text}");
    }
}

#[test]
fn what_1x_cannot_carry_is_refused_by_its_element() {
    let root = |memo: &str| Element::aggregate("OFX", vec![Element::leaf("MEMO", memo)]);
    let encode = |version, memo| Document::new(Header::new(version), root(memo)).encode(&Style::new());
    assert!(
        matches!(encode(Version::V103, "Zürich – €5"), Ok(bytes) if bytes.ends_with(b"<MEMO>Z\xfcrich \x96 \x805</OFX>"))
    );
    assert!(matches!(encode(Version::V103, "Αθήνα"), Err(EncodeError::Charset { tag, .. }) if tag == "MEMO"));
    assert!(encode(Version::V211, "Αθήνα").is_ok());
    for control in ["a\0b", "a\x1bb", "a\u{7f}b", "a\u{85}b", "a\u{ffff}b"] {
        for version in [Version::V103, Version::V211] {
            assert!(matches!(encode(version, control), Err(EncodeError::Control(tag)) if tag == "MEMO"), "{control:?}");
        }
    }
}

#[test]
fn line_breaks_in_values_are_kept_by_xml_and_joined_by_sgml() {
    let root = Element::aggregate("OFX", vec![Element::leaf("MEMO", "one\r\ntwo\rthree\nfour")]);
    for version in Version::ALL {
        let bytes = Document::new(Header::new(version), root.clone()).encode(&Style::new()).unwrap();
        let memo = Document::decode(&bytes, &Limits::new()).unwrap();
        let expected = if version.is_sgml() { "one\ntwo\nthree\nfour" } else { "one\r\ntwo\rthree\nfour" };
        assert_eq!(memo.root().value("MEMO"), Some(expected), "{version}");
    }
}

// Profile: OFX 1.0.3 §7, OFX 2.3 §7.

fn set(name: &str, url: &str, realm: &str, version: u32) -> MessageSet {
    let core = MessageSetCore::new(url, realm, SyncMode::Full, false);
    let mut set = MessageSet::new(name, core, MessageSetDetails::None);
    set.version = version;
    set
}

#[test]
fn a_profile_finds_message_sets_and_realms() {
    let sets = vec![
        set("SIGNON", "https://a.example/1", "EAST", 1),
        set("BILLPAY", "https://a.example/2", "WEST", 2),
        set("BILLPAY", "https://a.example/3", "EAST", 1),
        set("BANK", "https://a.example/4", "WEST", 2),
        set("EMAIL", "https://a.example/5", "NORTH", 1),
    ];
    let profile = Profile::new(Stamp::oldest(), sets, vec![SignonInfo::new("EAST"), SignonInfo::new("WEST")]);
    let url = |name| profile.message_set(name).map(|set| set.core.url.as_str());
    let realm = |name| profile.signon_info(name).map(|info| info.realm.as_str());
    assert_eq!(url("BILLPAY"), Some("https://a.example/3"), "version 1 is what this crate speaks");
    assert_eq!(url("BANK"), Some("https://a.example/4"), "a set that is there in version 2 only");
    assert_eq!((url("LOAN"), url("BILL"), url("")), (None, None, None));
    assert_eq!((realm("BILLPAY"), realm("BANK")), (Some("EAST"), Some("WEST")));
    assert_eq!((realm("EMAIL"), realm("LOAN")), (None, None), "two realms and neither is named");
}

#[test]
fn the_only_realm_counts_for_every_set() {
    let sets = vec![set("BILLPAY", "https://a.example/", "TYPO", 1)];
    let profile = Profile::new(Stamp::oldest(), sets, vec![SignonInfo::new("ONLY")]);
    for name in ["BILLPAY", "LOAN"] {
        assert_eq!(profile.signon_info(name).map(|info| info.realm.as_str()), Some("ONLY"), "{name}");
    }
    let none = Profile::new(Stamp::oldest(), Vec::new(), Vec::new());
    assert_eq!((none.message_set("BILLPAY"), none.signon_info("BILLPAY")), (None, None));
}

// Limits.

#[test]
fn a_limit_is_the_last_size_that_passes() {
    let text = b"<OFX><A><B>1</B><C>2</C></A></OFX>";
    let decode = |limits: Limits| Document::decode(text, &limits).map_err(|error| error.problem().clone());
    let limit = |what, limit| Err(Problem::Limit { what, limit });
    assert!(decode(Limits::new().bytes(text.len())).is_ok());
    assert_eq!(decode(Limits::new().bytes(text.len() - 1)), limit("bytes", text.len() - 1));
    assert!(decode(Limits::new().elements(4)).is_ok());
    assert_eq!(decode(Limits::new().elements(3)), limit("elements", 3));
    assert!(decode(Limits::new().depth(3)).is_ok());
    assert_eq!(decode(Limits::new().depth(2)), limit("levels of tags", 2));
}
