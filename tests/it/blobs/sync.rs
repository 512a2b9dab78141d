//! Marks, recovery, and the switch against synchronization: what comes back, what is refused, and in which order.

use std::ops::Range;

use ofx_session::ofx::SyncMode;
use ofx_session::transport::{Request, Sending, Transport, TransportError};
use ofx_session::{Blob, Client, ErrorKind, OpenPolicy, Situation};

use super::hand::{Raw, seal, with};
use super::make::{SEALED, answers, credentials, easy, payment};
use super::wire::{Fault, Wire};
use super::{Golden, Open, named, opening, read, run};

/// Where the doubt stands in an operation whose `files` is below 128.
const DOUBT: Range<usize> = 19..20;

#[test]
fn a_client_that_never_synchronizes_comes_back_as_one() {
    // Whoever asks about a history here fails.
    let bank = || Wire::new(easy().sync_mode(SyncMode::Full), &[("<PMTSYNCRQ>", Fault::NotSent)]);
    let paid = |name: &str| {
        let Ok(Open::Client(client)) = named(name).open() else { panic!("{name} does not open") };
        let mut session = client.transport(bank()).open(credentials()).unwrap();
        run(session.pay(&payment())).map(|progress| progress.done().unwrap())
    };
    paid("client_never_synchronizes").unwrap();
    assert_eq!(paid("client_new").unwrap_err().kind(), ErrorKind::Transport);
}

#[test]
fn tokens_are_kept_by_the_digest_of_the_account() {
    let marks = named("client_marks").page["content"]["marks"].clone();
    let client_uid = named("client_marks").page["content"]["identity"]["client_uid"].as_str().unwrap().to_owned();
    let accounts = [["999888777", "", "1000001", "CHECKING"], ["999888777", "0042", "1000002", "SAVINGS"]];
    let kept: Vec<_> = marks["tokens"].as_array().unwrap().iter().map(|one| one["account"].clone()).collect();
    let digest = |account: [&str; 4]| read::digest(&[&[client_uid.as_str()], &account[..]].concat());
    assert_eq!(kept, accounts.map(digest));
    assert!(marks["last_file"].is_string());
}

#[test]
fn who_had_no_token_asks_for_the_whole_history() {
    let mut seen = 0;
    for golden in opening().filter(|golden| golden.page["content"]["recovery"]["leg"] == 0) {
        let Ok(Open::Paused(paused)) = golden.open() else { panic!("{} does not open", golden.name) };
        let asks = matches!(paused.situation(), Situation::AwaitingAnswers(_));
        let mut session = golden.session(paused.transport(AsksForTheWholeHistory));
        let tried = if asks { run(session.answer(answers("Garcia"))).err() } else { run(session.proceed()).err() };
        assert_eq!(tried.unwrap().kind(), ErrorKind::Transport, "{}", golden.name);
        seen += 1;
    }
    assert!(seen >= 2, "{seen}");
}

#[test]
fn a_recovery_that_cannot_be_is_damaged() {
    let (token, file) = (&b"\x01\x02T1"[..], &b"\x01\x010\x05"[..]);
    let none = &b"\x00"[..];
    let record = |leg: u8, token: &[u8], file: &[u8]| [&[leg], token, file, &[0, 0]].concat();
    let whole = record(3, token, file);
    let cases = [
        (record(0, token, none), true),
        (record(0, none, file), false),
        (record(1, none, none), true),
        (record(2, none, file), true),
        (record(2, token, none), false),
        (record(3, token, none), true),
        (record(3, none, file), false),
        // Passwords are tried for a change of the password only.
        (record(4, token, file), false),
        (record(5, token, file), false),
        (record(6, token, file), false),
        (record(255, token, file), false),
        (whole.clone(), true),
        (whole[..whole.len() - 1].to_vec(), false),
        ([&whole[..], &[0]].concat(), false),
        (vec![], false),
    ];
    // One whose leg counts, and one in doubt, where it does not and is looked at all the same.
    for name in ["paused_answers_history", "paused_doubt_with_file"] {
        for (recovery, possible) in &cases {
            let found = opens(name, |segments| with(segments, 129, |_| recovery.clone()));
            assert_eq!(found, if *possible { Ok(()) } else { Err(129) }, "{name} {recovery:?}");
        }
    }
}

#[test]
fn a_doubt_without_a_meaning_is_damaged() {
    for (name, doubt, expected) in [
        ("paused_doubt_with_file", 6, Ok(())),
        ("paused_doubt_with_file", 7, Err(5)),
        ("paused_answers_history", 7, Ok(())),
        ("paused_answers_history", 8, Err(5)),
        // Not in doubt: ignored.
        ("paused_token_to_fetch", 255, Ok(())),
    ] {
        let found = opens(name, |segments| {
            with(segments, 5, |operation| [&operation[..DOUBT.start], &[doubt], &operation[DOUBT.end..]].concat())
        });
        assert_eq!(found, expected, "{name} {doubt}");
    }
}

/// Each fault is found before those behind it in the list.
#[test]
fn parts_are_looked_at_in_the_order_of_the_page() {
    let bad = |tag: u8| (tag, 0x80, vec![0xff; 3]);
    let order = [1, 11, 2, 10, 3, 8, 5, 7, 6, 129, 130];
    for at in 0..order.len() {
        let found = opens("paused_answers_with_token", |segments| {
            let kept = segments.iter().filter(|one| !order[at..].contains(&one.0)).cloned();
            // A request is any bytes, but for the code of an end tag where nothing is open.
            let faults = order[at..].iter().map(|tag| if *tag == 6 { (6, 0x80, vec![1]) } else { bad(*tag) });
            kept.chain(faults).collect()
        });
        assert_eq!(found, Err(order[at]));
    }
}

/// What is said of a golden blob after a change of its segments: the part that is damaged.
pub(super) fn opens(name: &str, change: impl FnOnce(&[Raw]) -> Vec<Raw>) -> Result<(), u8> {
    let Err(error) = open_changed(name, change) else { return Ok(()) };
    assert_eq!(error.kind(), ErrorKind::Seal);
    let text = error.to_string();
    let part =
        text.split_once("part ").and_then(|(_, rest)| rest.split_once(" of the stored state is missing, damaged"));
    Err(part.unwrap_or_else(|| panic!("{text}")).0.parse().unwrap())
}

/// Opens a golden blob after a change of its segments.
pub(super) fn open_changed(name: &str, change: impl FnOnce(&[Raw]) -> Vec<Raw>) -> Result<(), ofx_session::Error> {
    let golden = named(name);
    let plaintext = read::unhex(golden.page["steps"]["plaintext"].as_str().unwrap());
    let segments = change(&read::raw_segments(&plaintext));
    let blob = seal(&golden.blob.as_bytes()[..48], [1, 1], &segments, name);
    open(&golden, &blob)
}

fn open(golden: &Golden, blob: &Blob) -> Result<(), ofx_session::Error> {
    let policy = OpenPolicy::new(golden.time("issued"));
    Client::resume_under(blob, &SEALED.keys(), &SEALED.context(), &policy).map(|_| ())
}

/// Sends nothing, and wants to be asked for a history from its beginning and for no payment.
#[derive(Debug)]
struct AsksForTheWholeHistory;

impl Transport for AsksForTheWholeHistory {
    fn send(&self, request: Request) -> Sending<'_> {
        let body = String::from_utf8_lossy(request.body());
        assert!(body.contains("<PMTSYNCRQ><TOKEN>0<"), "{body}");
        assert!(body.contains("<REJECTIFMISSING>N<") && !body.contains("<PMTRQ>"), "{body}");
        Box::pin(async { Err(TransportError::Connect { host: "ofx.bank.example".to_owned(), source: None }) })
    }
}
