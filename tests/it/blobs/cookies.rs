//! Golden blobs with the cookies of a transport (part 14), and what readers make of other ones.

use std::sync::{Arc, Mutex};

use ofx_session::transport::{Request, Sending, SetCookie, Transport};
use ofx_session::{Blob, Client, Version};

use super::hand::{Raw, no_record, seal, unsealed};
use super::make::{Made, SEALED, asked, full, institution, payment, questioning};
use super::read;
use super::run;
use super::wire::Wire;

const PROFILE: u8 = 4;
const COOKIES: u8 = 14;

pub(super) fn made() -> Vec<Made> {
    let (header, of_client) = unsealed(&SEALED.client("", "", full()));
    let stray = [of_client, vec![no_record(COOKIES)]].concat();
    vec![
        SEALED.paused(
            "paused_cookies",
            "a payment that waits for answers, with the cookies of two hosts",
            asked(with(cookies()), &payment()),
        ),
        Made {
            name: "hand_stray_cookies",
            about: "a client with cookies, which are no record and are passed over",
            refused: None,
            plan: SEALED,
            blob: seal(&header, [1, 1], &stray, "hand_stray_cookies"),
        },
    ]
}

fn cookies() -> Vec<SetCookie> {
    let end = "Expires=Fri, 01 Jan 2106 00:00:00 GMT";
    vec![
        SetCookie::new("https://pay.bank.example", "JSESSIONID=\"node0 4711\"; Path=/billpay"),
        SetCookie::new("https://ofx.bank.example", format!("conversation=Zürich; Path=/; Secure; {end}")),
    ]
}

/// One whose transport has these cookies.
fn with(cookies: Vec<SetCookie>) -> Client {
    let transport = Keeps(Wire::new(questioning(), &[]), cookies);
    Client::builder(institution(Version::V211)).transport(transport).build().unwrap()
}

#[derive(Debug)]
struct Keeps(Wire, Vec<SetCookie>);

impl Transport for Keeps {
    fn send(&self, request: Request) -> Sending<'_> {
        self.0.send(request)
    }

    fn cookies(&self) -> Vec<SetCookie> {
        self.1.clone()
    }
}

/// Notes what it is given back.
#[derive(Debug)]
struct Given(Wire, Arc<Mutex<Vec<SetCookie>>>);

impl Transport for Given {
    fn send(&self, request: Request) -> Sending<'_> {
        self.0.send(request)
    }

    fn restore_cookies(&self, cookies: Vec<SetCookie>) {
        self.1.lock().unwrap().extend(cookies);
    }
}

/// The bytes of the part in a blob of ours.
fn part(made: &Made) -> Option<Vec<u8>> {
    unsealed(made).1.into_iter().find(|one| one.0 == COOKIES).map(|one| one.2)
}

fn paused_again(header: &[u8], segments: &[Raw]) -> Result<Made, ofx_session::Error> {
    let blob = seal(header, [1, 1], segments, "made by hand");
    let paused = Client::resume(&blob, &SEALED.keys(), &SEALED.context())?;
    let session = paused.open_risking_a_second_payment(super::make::credentials())?;
    Ok(SEALED.paused("", "", session))
}

#[test]
fn cookies_are_stored_as_far_as_four_kibibytes_hold_them_the_newest_first() {
    let short = || SetCookie::new("https://ofx.bank.example", "a=1");
    let long = |bytes: usize| SetCookie::new("https://ofx.bank.example", "x".repeat(bytes));
    for (cookies, kept) in [
        (vec![short(), long(1000), short()], 3),
        (vec![short(), long(5000), short()], 2),
        (vec![long(5000), short()], 1),
        (vec![long(4096 - 2 - 4 - 24)], 1),
        (vec![long(4096 - 2 - 4 - 23)], 0),
        ((0..10_000).map(|_| SetCookie::new("", "")).collect(), 1023),
    ] {
        let made = SEALED.paused("", "", asked(with(cookies), &payment()));
        let found = part(&made);
        let context = read::context(SEALED.bound, &[]);
        let content = read::take_apart(made.blob.as_bytes(), Some(&SEALED.key_bytes()), &context);
        assert_eq!(content["content"]["cookies"].as_array().map_or(0, Vec::len), kept);
        assert_eq!(found.is_some(), kept > 0);
        assert!(found.is_none_or(|bytes| bytes.len() <= 4096));
    }
}

/// Cookies for which nothing else that is left out would make room cost nothing else.
#[test]
fn in_a_small_blob_the_profile_goes_before_cookies_and_stays_where_that_is_not_enough() {
    let stored = |bytes: usize, limit: usize| {
        let cookies =
            if bytes == 0 { Vec::new() } else { vec![SetCookie::new("https://ofx.bank.example", "x".repeat(bytes))] };
        let session = asked(with(cookies).blob_limit(limit), &payment());
        let made = SEALED.paused("", "", session);
        assert!(made.blob.as_bytes().len() <= limit);
        let tags: Vec<u8> = unsealed(&made).1.iter().map(|one| one.0).collect();
        (tags.contains(&PROFILE), tags.contains(&COOKIES), made.blob.as_bytes().len())
    };
    let (_, _, whole) = stored(0, Blob::MAX_LEN);
    assert!(stored(50, Blob::MAX_LEN).0);
    let (has_profile, has_cookies, _) = stored(50, whole + 40);
    assert_eq!((has_profile, has_cookies), (false, true), "the profile is fetched again");
    let (has_profile, has_cookies, _) = stored(4000, whole);
    assert_eq!((has_profile, has_cookies), (true, false));
}

/// What was given up takes its cookies with it: the next request belongs to another conversation.
#[test]
fn cookies_of_what_was_given_up_are_not_given_back() {
    let made = SEALED.paused("", "", asked(with(cookies()), &payment()));
    let given = Arc::new(Mutex::new(Vec::new()));
    let resumed = || {
        let transport = Given(Wire::new(questioning(), &[]), Arc::clone(&given));
        Client::resume(&made.blob, &SEALED.keys(), &SEALED.context()).unwrap().transport(transport)
    };
    let open = || resumed().open_risking_a_second_payment(super::make::credentials()).unwrap();
    let mut session = open();
    session.abandon().unwrap();
    let _ = run(session.accounts()).unwrap();
    let mut session = resumed().abandon().unwrap().open(super::make::credentials()).unwrap();
    let _ = run(session.accounts()).unwrap();
    assert_eq!(*given.lock().unwrap(), []);
    let _ = run(open().answer(super::make::answers("Garcia")));
    assert_eq!(*given.lock().unwrap(), cookies());
}

#[test]
fn cookies_that_are_none_do_no_harm_and_an_older_reader_passes_them_on() {
    let made = SEALED.paused("", "", asked(with(cookies()), &payment()));
    let (header, segments) = unsealed(&made);
    let bytes = part(&made).unwrap();
    let other = |change: &dyn Fn(&Raw) -> Raw| {
        let segments: Vec<_> =
            segments.iter().map(|one| if one.0 == COOKIES { change(one) } else { one.clone() }).collect();
        paused_again(&header, &segments)
    };
    let same = other(&Clone::clone).unwrap();
    assert_eq!(part(&same), Some(bytes.clone()));
    // Longer than any that is written: it is not read, whatever it is.
    let long = other(&|_| (COOKIES, 0, [&[1, 0][..], &[0xcf, 0x1f], &[b'x'; 4095]].concat())).unwrap();
    assert_eq!(part(&long), None);
    let damaged = other(&|_| no_record(COOKIES)).map(|_| ()).unwrap_err();
    assert!(damaged.to_string().contains("part 14"), "{damaged}");
    // Somebody who does not know the tag has it in his own blob again, flags and all.
    let older = other(&|one| (100, one.1, one.2.clone())).unwrap();
    assert!(unsealed(&older).1.contains(&(100, 0, bytes)));
}
