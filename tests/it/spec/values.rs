//! Dates and amounts.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use ofx_session::ofx::{Amount, Stamp};
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
