//! What a user signs on with, and dates: what is sent is what is read, or nothing is sent.

use super::make;
use super::refused::{NEW, refuses_texts};
use super::samples::payment;
use crate::ofx::{
    AccountInfoRequest, ChallengeAnswer, Content, Element, EncodeError, Login, Payment, Request, SignonRequest, Stamp,
};
use crate::secret::Secret;

#[test]
fn what_signs_on_is_what_is_read() {
    let with = |change: &dyn Fn(&mut SignonRequest)| {
        let mut signon = make::full_signon_request();
        change(&mut signon);
        signon.check(NEW)
    };
    let login = |login: Login| with(&|signon| signon.login = login.clone());
    let name = |user_id: &str, password: &str| Login::Password {
        user_id: user_id.to_owned(),
        password: Secret::from(password),
    };
    refuses_texts("USERID", 32, |text| login(name(text, "secret")));
    refuses_texts("USERPASS", 171, |text| login(name("dora", text)));
    refuses_texts("USERKEY", 64, |text| login(Login::UserKey(Secret::from(text))));
    refuses_texts("ACCESSTOKEN", 10_000, |text| login(Login::AccessToken(Secret::from(text))));
    refuses_texts("USERCRED1", 171, |text| with(&|signon| signon.user_cred1 = Some(Secret::from(text))));
    refuses_texts("USERCRED2", 171, |text| with(&|signon| signon.user_cred2 = Some(Secret::from(text))));
    refuses_texts("AUTHTOKEN", 171, |text| with(&|signon| signon.auth_token = Some(Secret::from(text))));
    for secret in ["Blue\nGold", "Blue\tGold", "\u{a0}BlueGold", "BlueGold\r\n"] {
        let error = login(name("dora", secret)).unwrap_err();
        assert_eq!(error.tag(), Some("USERPASS"));
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("USERPASS") && shown.contains("remove it") && !shown.contains("Gold"), "{shown}");
    }
}

/// People type them, and a blank behind one is no part of it.
#[test]
fn answers_to_security_questions_go_without_outer_blanks() {
    for typed in ["Garcia", "Garcia ", "\u{a0}Garcia", "\tGarcia\r\n"] {
        assert_eq!(ChallengeAnswer::new("MFA16", typed).answer.expose(), "Garcia", "{typed:?}");
    }
    let with = |answer: &str| {
        let mut signon = make::full_signon_request();
        signon.answers = vec![ChallengeAnswer::new("MFA16", answer)];
        signon.check(NEW)
    };
    assert_eq!(with("de la Cruz "), Ok(()));
    assert_eq!(with("de\nCruz"), Err(EncodeError::Control("MFAPHRASEA".to_owned())));
    assert_eq!(with("de\tCruz"), Err(EncodeError::Control("MFAPHRASEA".to_owned())));
    assert_eq!(with(" \n"), Err(EncodeError::Empty("MFAPHRASEA")));
    assert!(matches!(with(&"x".repeat(65)), Err(EncodeError::TooLong { tag: "MFAPHRASEA", length: 65, limit: 64 })));
}

#[test]
fn a_day_is_a_day_of_the_calendar() {
    let due = |text: &str| {
        let mut payment = payment();
        payment.due = Stamp::new(text);
        payment.check(NEW)
    };
    for good in ["20270314", "20270314101500", "20270314101500.000", "20270314101500.000[-5:EST]"] {
        assert_eq!(due(good), Ok(()), "{good}");
    }
    for bad in
        ["20270229", "2027031", "tomorrow", "20270314x", "202703141015000", "00000314", "20270314101500.000[99:X]"]
    {
        assert_eq!(due(bad), Err(EncodeError::Invalid { tag: "DTDUE", expected: "must be a day" }), "{bad}");
    }
    for (year, sent) in [(1, true), (9999, true), (0, false), (-1, false), (10_000, false), (100_012, false)] {
        let day = chrono::NaiveDate::from_ymd_opt(year, 12, 4).unwrap();
        let moment = day.and_hms_opt(8, 15, 2).unwrap().and_utc();
        for stamp in [Stamp::day(day), Stamp::moment(moment), Stamp::short_moment(moment)] {
            assert_eq!(due(stamp.as_str()).is_ok(), sent, "{stamp}");
            assert_eq!(stamp.date(), Some(day).filter(|_| sent), "{stamp}");
        }
    }
}

/// What an institution wrote is no business of ours: it is sent back as it came.
#[test]
fn a_date_set_by_hand_is_written_as_the_specification_wants_it() {
    let expected = |tag| {
        let expected = "must be YYYYMMDD, YYYYMMDDHHMMSS, or YYYYMMDDHHMMSS.XXX[offset:zone]";
        Err(EncodeError::Invalid { tag, expected })
    };
    let odd = ["2027031410", "202703141015", "20270314[", "20270314[-8:PST]", "20270314GMT", "20270314101500 GMT"];
    let odder =
        ["20270314.5", "20270314101500.5", "20270314101500.000[-8:PST", "20270314101500.000[PST]", "20270314[]]"];
    for text in odd.into_iter().chain(odder) {
        let mut payment = payment();
        payment.due = Stamp::new(text);
        assert_eq!(payment.check(NEW), expected("DTDUE"), "{text}");
        let told = Payment::from_aggregate(&payment.to_aggregate()).unwrap();
        assert_eq!(told, payment, "where it comes from does not count");
        assert_eq!(told.check(NEW), Ok(()), "{text}");
    }
    let ask = |known: &Stamp| Request::from(AccountInfoRequest::new(known.clone())).check(NEW);
    assert_eq!(ask(&Stamp::oldest()), Ok(()));
    assert_eq!(ask(&Stamp::new("20270314[")), expected("DTACCTUP"));
    let zeros = Element::leaf("DTACCTUP", "00000000000000");
    assert_eq!(ask(&Content::read(&zeros).unwrap()), Ok(()));
}
