//! What a program asks a profile: what may be done, which days count, what a password must be like.

mod passwords;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use ofx_session::Secret;
use ofx_session::ofx::{
    ApplicationSecurity, BillPaySet, DayOff, Document, ExtendedPayee, Header, Limits, MessageSet, MessageSetCore,
    MessageSetDetails, PasswordProblem as P, PasswordType, ProcessingCalendar, Profile, SignonInfo, Stamp, Style,
    SyncMode, TimeOfDay, Version,
};
use ofx_session::testing::{Bank, Endpoint};

const WEEKEND: &[DayOff] = &[DayOff::Saturday, DayOff::Sunday];

fn profile(change: impl FnOnce(&mut BillPaySet)) -> Profile {
    let mut set = BillPaySet::basic();
    change(&mut set);
    with_set(MessageSetDetails::BillPay(set))
}

fn with_set(details: MessageSetDetails) -> Profile {
    let core = MessageSetCore::new("https://ofx.bank.example/ofx", "EXAMPLE", SyncMode::Full, false);
    let sets = vec![MessageSet::new("BILLPAY", core, details)];
    Profile::new(Stamp::oldest(), sets, vec![SignonInfo::new("EXAMPLE")])
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn week() -> Vec<DayOff> {
    use DayOff::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    vec![Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday]
}

/// A payee as an institution answers it, with its days to pay.
fn payee(days: Option<u32>) -> ExtendedPayee {
    let bank = Bank::builder().user("jane", "correct horse").build_model();
    let mut found = extended_payee(bank);
    found.days_to_pay = days;
    found
}

/// Out of an answer, since programs only ever get them there.
fn extended_payee(mut bank: ofx_session::testing::BankModel) -> ExtendedPayee {
    use ofx_session::engine::{Application, Credentials, Institution, Intent, Operation, Outcome, Seed, State, Step};
    let mut state = State::new(Institution::new("https://ofx.bank.example/ofx"), Application::new("QWIN", "2700"), "1");
    let (now, jane) = (moment("2026-01-05T10:00:00Z"), Credentials::new("jane", "correct horse"));
    let intent = Intent::Pay(Box::new(crate::resume::line::payment()));
    let (mut operation, mut step) = Operation::begin(intent, &state, Seed::new([1; 16]), now).unwrap();
    loop {
        match step {
            Step::Send(transmit) => {
                let (_, file) = transmit.prepare(&jane, &state, now).unwrap();
                let answer = String::from_utf8(bank.answer(Endpoint::Main, &file).unwrap()).unwrap();
                let extended = "<EXTDPAYEE><DAYSTOPAY>1</DAYSTOPAY></EXTDPAYEE><PMTPRCSTS>";
                let answer = answer.replace("<PMTPRCSTS>", extended);
                (operation, step) = operation.handle_response(&mut state, answer.as_bytes(), now).unwrap();
            }
            Step::Done(Outcome::Paid(receipt)) => return receipt.response.extended_payee.clone().unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_may_be_done_is_what_the_profile_says() {
    type Asks = fn(&Profile) -> bool;
    type Sets = fn(&mut BillPaySet) -> &mut bool;
    let questions: [(Asks, Sets); 8] = [
        (Profile::can_modify_payments, |set| &mut set.modify),
        (Profile::can_modify_models, |set| &mut set.modify_models),
        (Profile::can_add_payees, |set| &mut set.add_payees),
        (Profile::pays_by_address, |set| &mut set.by_address),
        (Profile::pays_by_transfer, |set| &mut set.by_transfer),
        (Profile::pays_by_payee_id, |set| &mut set.by_payee_id),
        (Profile::has_extended_payments, |set| &mut set.extended),
        (Profile::status_changes_come_by_synchronization, |set| &mut set.status_by_sync),
    ];
    let none = |set: &mut BillPaySet| questions.iter().for_each(|(_, sets)| *sets(set) = false);
    for (at, (asks, _)) in questions.iter().enumerate() {
        for (other, (_, sets)) in questions.iter().enumerate() {
            let only = profile(|set| {
                none(set);
                *sets(set) = true;
            });
            assert_eq!(asks(&only), at == other, "question {at}, switch {other}");
        }
    }
    assert_eq!(profile(|set| set.days_with = -1).days_with(), Some(-1));
    assert_eq!(profile(|set| set.inquiry_days = 7).bill_pay().map(|set| set.inquiry_days), Some(7));
    // Without bill payment, and with one that cannot be read.
    for nothing in [Profile::new(Stamp::oldest(), Vec::new(), Vec::new()), with_set(MessageSetDetails::None)] {
        assert!(questions.iter().all(|(asks, _)| !asks(&nothing)));
        assert_eq!((nothing.bill_pay(), nothing.days_with()), (None, None));
        assert_eq!(nothing.earliest_due(None, false, moment("2026-01-05T10:00:00Z")), None);
        assert_eq!(nothing.withdrawal_day(day("2026-01-05"), None, false), None);
    }
}

#[test]
fn times_of_day_are_read_as_institutions_write_them() {
    let read = |text: &str| TimeOfDay::new(text).in_zone().map(|(time, zone)| (time.to_string(), zone.to_string()));
    for (text, time, zone) in [
        ("170000.000[-5:EST]", "17:00:00", "-05:00"),
        ("170000[-5:EST]", "17:00:00", "-05:00"),
        ("140000", "14:00:00", "+00:00"),
        ("1730[+5.30:IST]", "17:30:00", "+05:30"),
        ("17[0:GMT]", "17:00:00", "+00:00"),
        ("235959.999[-8:PST]", "23:59:59", "-08:00"),
        ("120000.000[-6:CST]", "12:00:00", "-06:00"),
        ("120000[-:EST]", "12:00:00", "-05:00"),
        (" 120000 ", "12:00:00", "+00:00"),
        ("120000,000[+5,30:IST]", "12:00:00", "+05:30"),
        ("120000[GMT-5]", "12:00:00", "-05:00"),
        // The end of the day.
        ("240000[-5:EST]", "23:59:59.999999999", "-05:00"),
        ("24", "23:59:59.999999999", "+00:00"),
    ] {
        assert_eq!(read(text), Some((time.to_owned(), zone.to_owned())), "{text}");
        assert_eq!(TimeOfDay::new(text).to_string(), text, "as it was written");
    }
    for text in [
        "",
        "5 p.m.",
        "17:00",
        "240001",
        "250000",
        "2401",
        "176000",
        "1",
        "170",
        "17000",
        "1700000",
        "170000.x",
        "170000[99:X]",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

/// January 2026: the 1st is a Thursday, the 5th a Monday.
#[test]
fn the_earliest_due_day_counts_processing_days_from_the_cut_off() {
    let zone = "170000.000[-5:EST]";
    // Cut-off, days off, days to pay, now, earliest due day.
    let rows: &[(&str, &[DayOff], u32, &str, &str)] = &[
        // Monday at noon in New York: four days on is Friday.
        (zone, WEEKEND, 4, "2026-01-05T17:00:00Z", "2026-01-09"),
        // A second before the cut-off, at it, a second after it.
        (zone, WEEKEND, 4, "2026-01-05T21:59:59Z", "2026-01-09"),
        (zone, WEEKEND, 4, "2026-01-05T22:00:00Z", "2026-01-12"),
        (zone, WEEKEND, 4, "2026-01-05T22:00:01Z", "2026-01-12"),
        // Friday before and after the cut-off, Saturday, Sunday.
        (zone, WEEKEND, 1, "2026-01-09T21:59:59Z", "2026-01-12"),
        (zone, WEEKEND, 1, "2026-01-09T22:00:01Z", "2026-01-13"),
        (zone, WEEKEND, 1, "2026-01-10T12:00:00Z", "2026-01-13"),
        (zone, WEEKEND, 1, "2026-01-11T23:59:59Z", "2026-01-13"),
        // No days at all: on the processing day itself.
        (zone, WEEKEND, 0, "2026-01-05T12:00:00Z", "2026-01-05"),
        (zone, WEEKEND, 0, "2026-01-05T23:00:00Z", "2026-01-06"),
        (zone, WEEKEND, 0, "2026-01-10T12:00:00Z", "2026-01-12"),
        // The day ends at midnight.
        ("240000[-5:EST]", WEEKEND, 4, "2026-01-06T04:59:59Z", "2026-01-09"),
        ("240000[-5:EST]", WEEKEND, 4, "2026-01-06T05:00:00Z", "2026-01-12"),
        // A profile with no days off.
        (zone, &[], 4, "2026-01-08T12:00:00Z", "2026-01-12"),
        (zone, &[], 1, "2026-01-09T22:00:01Z", "2026-01-11"),
        // One processing day in the week.
        (
            zone,
            &[DayOff::Monday, DayOff::Tuesday, DayOff::Wednesday, DayOff::Thursday, DayOff::Friday, DayOff::Saturday],
            2,
            "2026-01-05T12:00:00Z",
            "2026-01-25",
        ),
        // The same day named twice, and a word that is no day.
        (zone, &[DayOff::Sunday, DayOff::Sunday], 6, "2026-01-05T12:00:00Z", "2026-01-12"),
        // Whole weeks, and more than there are days in one.
        (zone, WEEKEND, 5, "2026-01-05T12:00:00Z", "2026-01-12"),
        (zone, WEEKEND, 10, "2026-01-06T12:00:00Z", "2026-01-20"),
        (zone, WEEKEND, 999, "2026-01-05T12:00:00Z", "2029-11-02"),
        // It is yesterday in New York, and tomorrow in Auckland.
        (zone, WEEKEND, 1, "2026-01-06T02:00:00Z", "2026-01-07"),
        ("230000[-5:EST]", WEEKEND, 1, "2026-01-06T02:00:00Z", "2026-01-06"),
        ("230000[-5:EST]", WEEKEND, 1, "2026-01-06T04:00:01Z", "2026-01-07"),
        ("170000[+13:NZDT]", WEEKEND, 1, "2026-01-05T13:00:00Z", "2026-01-07"),
        ("170000[+13:NZDT]", WEEKEND, 1, "2026-01-06T03:59:59Z", "2026-01-07"),
        ("170000[+13:NZDT]", WEEKEND, 1, "2026-01-06T04:00:01Z", "2026-01-08"),
        // Sunday in London, still Saturday in Honolulu, already Monday in Auckland.
        ("120000[-10:HST]", &[DayOff::Saturday], 0, "2026-01-11T02:00:00Z", "2026-01-11"),
        ("120000[+13:NZDT]", WEEKEND, 0, "2026-01-11T12:00:00Z", "2026-01-12"),
        // Midnight: the day is over before it begins.
        ("000000[0:GMT]", WEEKEND, 0, "2026-01-05T00:00:00Z", "2026-01-06"),
        ("235959[0:GMT]", WEEKEND, 0, "2026-01-05T23:59:58Z", "2026-01-05"),
        // Over the end of a year and a leap day.
        (zone, WEEKEND, 2, "2025-12-31T12:00:00Z", "2026-01-02"),
        (zone, WEEKEND, 3, "2028-02-26T12:00:00Z", "2028-03-02"),
    ];
    for (cut_off, off, days, now, expected) in rows {
        let asked = profile(|set| {
            set.cut_off = TimeOfDay::new(*cut_off);
            set.days_off = off.to_vec();
            (set.days_to_pay, set.transfer_days_to_pay) = (*days, 77);
        });
        assert_eq!(asked.earliest_due(None, false, moment(now)), Some(day(expected)), "{cut_off} {off:?} {days} {now}");
    }
}

#[test]
fn without_a_day_or_an_end_of_it_there_is_no_earliest_one() {
    let now = moment("2026-01-05T12:00:00Z");
    let never = profile(|set| set.days_off = week());
    assert_eq!(never.earliest_due(None, false, now), None);
    assert_eq!(never.withdrawal_day(day("2026-01-16"), None, false), None);
    let unreadable = profile(|set| set.cut_off = TimeOfDay::new("at noon"));
    assert_eq!(unreadable.earliest_due(None, false, now), None);
    assert!(unreadable.withdrawal_day(day("2026-01-16"), None, false).is_some(), "it does not ask for the time");
    let word = profile(|set| set.days_off = vec![DayOff::from_word("HOLIDAYS")]);
    assert_eq!(word.earliest_due(None, false, now), Some(day("2026-01-09")));
    // At the ends of the calendar nothing is made up, and nothing takes for ever.
    let slow = profile(|set| (set.days_to_pay, set.days_with) = (u32::MAX, i32::MAX));
    assert_eq!(slow.earliest_due(None, false, now), None);
    assert_eq!(slow.withdrawal_day(day("2026-01-16"), None, false), None);
    let soon = profile(|_| {});
    assert_eq!(soon.earliest_due(None, false, DateTime::<Utc>::MAX_UTC), None);
    assert_eq!(soon.withdrawal_day(NaiveDate::MIN, None, false), None);
    assert!(soon.earliest_due(None, false, DateTime::<Utc>::MIN_UTC).is_none(), "before the first day in New York");
}

#[test]
fn the_payee_and_the_way_to_pay_decide_how_long_it_takes() {
    let asked = profile(|set| (set.days_to_pay, set.transfer_days_to_pay) = (4, 1));
    let now = moment("2026-01-05T12:00:00Z");
    let (quick, unknown) = (payee(Some(2)), payee(None));
    for (payee, by_transfer, expected) in [
        (None, false, "2026-01-09"),
        (None, true, "2026-01-06"),
        (Some(&quick), false, "2026-01-07"),
        (Some(&quick), true, "2026-01-07"),
        (Some(&unknown), false, "2026-01-09"),
        (Some(&unknown), true, "2026-01-06"),
    ] {
        assert_eq!(asked.earliest_due(payee, by_transfer, now), Some(day(expected)), "{payee:?} {by_transfer}");
    }
}

#[test]
fn the_money_is_taken_when_the_profile_says() {
    // Days off, days to pay, DAYSWITH, due day, day on which the money is taken.
    let rows: &[(&[DayOff], u32, i32, &str, &str)] = &[
        (WEEKEND, 4, 0, "2026-01-16", "2026-01-12"),
        (WEEKEND, 4, 2, "2026-01-16", "2026-01-14"),
        (WEEKEND, 4, 4, "2026-01-16", "2026-01-16"),
        (WEEKEND, 4, 5, "2026-01-16", "2026-01-19"),
        (WEEKEND, 4, 0, "2026-01-12", "2026-01-06"),
        (WEEKEND, 4, -1, "2026-01-16", "2026-01-16"),
        (WEEKEND, 4, -1, "2026-01-17", "2026-01-17"),
        (WEEKEND, 0, 0, "2026-01-16", "2026-01-16"),
        (WEEKEND, 0, 1, "2026-01-16", "2026-01-19"),
        // A due day without processing counts as the one before it.
        (WEEKEND, 0, 0, "2026-01-17", "2026-01-16"),
        (WEEKEND, 1, 0, "2026-01-18", "2026-01-15"),
        (WEEKEND, 4, 1, "2026-01-18", "2026-01-13"),
        (&[], 4, 1, "2026-01-18", "2026-01-15"),
        (WEEKEND, 10, 0, "2026-01-16", "2026-01-02"),
        (WEEKEND, 11, 0, "2026-01-16", "2026-01-01"),
    ];
    for (off, days, with, due, expected) in rows {
        let asked = profile(|set| {
            set.days_off = off.to_vec();
            (set.days_to_pay, set.days_with) = (*days, *with);
            (set.transfer_days_to_pay, set.transfer_days_with) = (77, 77);
        });
        let by_check = asked.withdrawal_day(day(due), None, false);
        assert_eq!(by_check, Some(day(expected)), "{off:?} {days} {with} {due}");
    }
    let quick = profile(|_| {}).withdrawal_day(day("2026-01-16"), Some(&payee(Some(1))), false);
    assert_eq!(quick, Some(day("2026-01-15")), "by the payee's own days");
    assert_eq!(profile(|set| set.days_with = -2).withdrawal_day(day("2026-01-16"), None, false), None);
}

/// `XFERDAYSWITH` counts the other way, and has no value for the due day.
#[test]
fn the_money_for_a_transfer_is_taken_before_it_is_processed() {
    // Days off, days to pay, XFERDAYSWITH, due day, day on which the money is taken if that can be said.
    let rows: &[(&[DayOff], u32, i32, &str, &str)] = &[
        (WEEKEND, 1, 2, "2026-01-16", "2026-01-13"),
        (WEEKEND, 1, 0, "2026-01-16", "2026-01-15"),
        (WEEKEND, 0, 0, "2026-01-16", "2026-01-16"),
        (WEEKEND, 0, 1, "2026-01-12", "2026-01-09"),
        (WEEKEND, 1, 1, "2026-01-18", "2026-01-14"),
        (&[], 1, 3, "2026-01-18", "2026-01-14"),
        (WEEKEND, 1, -1, "2026-01-16", ""),
        (WEEKEND, 1, i32::MAX, "2026-01-16", ""),
    ];
    for (off, days, with, due, expected) in rows {
        let asked = profile(|set| {
            set.days_off = off.to_vec();
            (set.days_to_pay, set.days_with) = (77, 77);
            (set.transfer_days_to_pay, set.transfer_days_with) = (*days, *with);
        });
        let by_transfer = asked.withdrawal_day(day(due), None, true);
        assert_eq!(by_transfer, (!expected.is_empty()).then(|| day(expected)), "{off:?} {days} {with} {due}");
        let processed = ProcessingCalendar::new(off, &TimeOfDay::new("120000")).before(day(due), *days);
        assert!(by_transfer <= processed, "never after the payee has it");
    }
    let quick =
        profile(|set| set.transfer_days_with = 1).withdrawal_day(day("2026-01-16"), Some(&payee(Some(2))), true);
    assert_eq!(quick, Some(day("2026-01-13")), "by the payee's own days");
}

#[test]
fn the_two_questions_about_days_fit_each_other() {
    let sets: [&[DayOff]; 4] = [WEEKEND, &[], &[DayOff::Wednesday], &week()[..6]];
    for off in sets {
        let calendar = ProcessingCalendar::new(off, &TimeOfDay::new("120000"));
        for days in [0, 1, 2, 4, 5, 7, 30] {
            let asked = profile(|set| {
                set.days_off = off.to_vec();
                set.cut_off = TimeOfDay::new("120000");
                set.days_to_pay = days;
            });
            for more in 0..30 {
                let sent = day("2026-01-01") + Days::new(more);
                let now = sent.and_time(NaiveTime::MIN).and_utc();
                let processed = calendar.processing_day(now).unwrap();
                let due = asked.earliest_due(None, false, now).unwrap();
                assert!(processed >= sent && calendar.is_processing_day(processed) && calendar.is_processing_day(due));
                // What is due on the earliest day is processed on the day on which it was sent for.
                assert_eq!(asked.withdrawal_day(due, None, false), Some(processed), "{off:?} {days} {sent}");
                // Counted one by one.
                let mut counted = processed;
                for _ in 0..days {
                    counted = counted.succ_opt().unwrap();
                    while !calendar.is_processing_day(counted) {
                        counted = counted.succ_opt().unwrap();
                    }
                }
                assert_eq!(due, counted);
            }
        }
    }
}

#[test]
fn a_profile_as_institutions_send_it_is_data_of_types() {
    // After one that was seen in the wild, with other names.
    let core = "<MSGSETCORE><VER>1<URL>https://ofx.bank.example<OFXSEC>NONE<TRANSPSEC>Y<SIGNONREALM>Standard<LANGUAGE>ENG\
                <COUNTRY>USA<SYNCMODE>FULL<RESPFILEER>Y<INTU.TIMEOUT>180</MSGSETCORE>";
    let secure = core.replace("<OFXSEC>NONE", "<OFXSEC>TYPE 1");
    let text = format!(
        "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:103\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252\r\nCOMPRESSION:NONE\
         \r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n\r\n<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS>\
         <DTSERVER>20260105<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1><PROFMSGSRSV1><PROFTRNRS><TRNUID>1<STATUS><CODE>0\
         <SEVERITY>INFO</STATUS><PROFRS><MSGSETLIST><SIGNONMSGSET><SIGNONMSGSETV1>{secure}</SIGNONMSGSETV1></SIGNONMSGSET>\
         <BANKMSGSET><BANKMSGSETV1>{core}<CLOSINGAVAIL>Y<XFERPROF><PROCDAYSOFF>SATURDAY<PROCDAYSOFF>SUNDAY<PROCENDTM>140000\
         <CANSCHED>N<CANRECUR>N<CANMODXFERS>N<CANMODMDLS>N<MODELWND>2<DAYSWITH>2<DFLTDAYSTOPAY>1</XFERPROF><EMAILPROF>\
         <CANEMAIL>N<CANNOTIFY>N</EMAILPROF></BANKMSGSETV1></BANKMSGSET><BILLPAYMSGSET><BILLPAYMSGSETV1>{core}<DAYSWITH>-1\
         <DFLTDAYSTOPAY>0<XFERDAYSWITH>0<XFERDFLTDAYSTOPAY>0<PROCDAYSOFF>SATURDAY<PROCDAYSOFF>SUNDAY\
         <PROCENDTM>120000.000[-6:CST]<MODELWND>0<POSTPROCWND>0<STSVIAMODS>Y<PMTBYADDR>Y<PMTBYXFER>N<PMTBYPAYEEID>N\
         <CANADDPAYEE>Y<HASEXTDPMT>N<CANMODPMTS>Y<CANMODMDLS>N<DIFFFIRSTPMT>N<DIFFLASTPMT>N</BILLPAYMSGSETV1>\
         </BILLPAYMSGSET></MSGSETLIST><SIGNONINFOLIST><SIGNONINFO><SIGNONREALM>Standard<MIN>6<MAX>12\
         <CHARTYPE>ALPHAANDNUMERIC<CASESEN>Y<SPECIAL>N<SPACES>N<PINCH>Y<CHGPINFIRST>N<PWTYPE>FIXED</SIGNONINFO>\
         </SIGNONINFOLIST><DTPROFUP>20260101<FINAME>Example<ADDR1>1 Lane<CITY>Newport<STATE>RI<POSTALCODE>02840\
         <COUNTRY>USA</PROFRS></PROFTRNRS></PROFMSGSRSV1></OFX>"
    );
    let document = Document::decode(text.as_bytes(), &Limits::new()).unwrap();
    let profile = received(&document);
    let signon = &profile.message_set("SIGNON").unwrap().core;
    assert!(signon.security.as_ref().is_some_and(ApplicationSecurity::is_type1), "with a blank");
    assert_eq!(profile.message_set("BANK").unwrap().core.security, Some(ApplicationSecurity::None));
    assert_eq!((&signon.languages[..], &signon.countries[..]), (&["ENG".to_owned()][..], &["USA".to_owned()][..]));
    let MessageSetDetails::Bank(bank) = &profile.message_set("BANK").unwrap().details else { panic!("no bank set") };
    let transfers = bank.transfers.as_ref().unwrap();
    assert_eq!(transfers.days_off, WEEKEND);
    let afternoon = transfers.calendar().processing_day(moment("2026-01-09T14:00:01Z"));
    assert_eq!(afternoon, Some(day("2026-01-12")), "no zone is GMT");
    assert_eq!(profile.days_with(), Some(-1));
    assert!(profile.can_modify_payments() && !profile.pays_by_transfer());
    assert_eq!(profile.earliest_due(None, false, moment("2026-01-09T17:59:59Z")), Some(day("2026-01-09")));
    assert_eq!(profile.earliest_due(None, false, moment("2026-01-09T18:00:00Z")), Some(day("2026-01-12")));
    assert_eq!(profile.signon[0].password_type, Some(PasswordType::Fixed));
    let rules = profile.password_rules("BILLPAY").unwrap();
    assert_eq!(rules.problems(&Secret::new("horse"), None), [P::TooShort(6), P::DigitMissing]);
    // What was typed is written as it came.
    let again = Document::new(Header::new(Version::V103), document.root().clone()).encode(&Style::new()).unwrap();
    assert_eq!(received(&Document::decode(&again, &Limits::new()).unwrap()), profile);
}

/// The profile that a client has of an answer.
fn received(document: &Document) -> Profile {
    use ofx_session::transport::{Request, Response, Sending, Transport};
    #[derive(Debug)]
    struct Says(Vec<u8>);
    impl Transport for Says {
        fn send(&self, _: Request) -> Sending<'_> {
            Box::pin(async { Response::from_http_200(None, self.0.clone()) })
        }
    }
    let answer = document.encode(&Style::new()).unwrap().to_vec();
    let institution = ofx_session::Institution::new("https://ofx.bank.example/ofx").version(Version::V103);
    let mut client = ofx_session::Client::builder(institution).transport(Says(answer)).build().unwrap();
    crate::resume::line::now(client.fetch_profile()).unwrap();
    // Out of a blob, so that nothing of it was lost on the way there.
    let (keys, context) = (crate::resume::line::keys(), crate::resume::line::context());
    let fetched = client.profile().unwrap().clone();
    let blob = client.deconstruct(&keys, &context).unwrap();
    let restored = ofx_session::Client::restore(&blob, &keys, &context).unwrap();
    assert_eq!(restored.profile(), Some(&fetched));
    fetched
}
