//! The kinds of operations and the histories, as the tables of `fixtures/blobs/README.md` have them; and what is made of a blob whose
//! kind, leg or place is not in them.

use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;

use ofx_session::seal::OpenError;
use serde_json::{Value, json};

use super::hand::{Raw, with};
use super::sync::opens;
use super::{folder, goldens, named, opening, read};

/// One row of the table of kinds.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    /// Wrapper and request, where there is one of each.
    pub(super) request: Option<(String, String)>,
    pub(super) set: String,
    pub(super) history: Option<&'static History>,
    pub(super) counts: bool,
}

/// One row of the table of histories.
#[derive(Clone, Debug)]
pub(super) struct History {
    pub(super) frame: String,
    pub(super) transaction: String,
    set: String,
    pub(super) of_account: bool,
}

/// The rows behind a header, cell by cell, without the marks of code.
fn table(header: &str) -> Vec<Vec<String>> {
    let page = fs::read_to_string(folder().parent().unwrap().join("README.md")).unwrap();
    let rows =
        page.lines().skip_while(|line| !line.starts_with(header)).skip(2).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
    rows.map(cells).collect()
}

pub(super) static HISTORIES: LazyLock<Vec<History>> = LazyLock::new(|| {
    let rows = table("| number | frame |").into_iter().enumerate().map(|(at, row)| {
        let [number, frame, transaction, set, of_account] = row.try_into().unwrap();
        assert_eq!(number, at.to_string());
        History { frame, transaction, set, of_account: of_account == "yes" }
    });
    rows.collect()
});

/// The kind of this number, if there is one.
pub(super) fn kind(number: u64) -> Option<Kind> {
    static ROWS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| table("| kind | | request |"));
    let find = |first: &str| ROWS.iter().find(|row| row[0] == first).unwrap();
    let histories = u64::try_from(HISTORIES.len()).unwrap();
    let (row, counts) = match number {
        64.. if number < 64 + histories => {
            let set = HISTORIES[usize::try_from(number - 64).unwrap()].set.clone();
            return Some(Kind { request: None, set, history: None, counts: false });
        }
        80..=82 => (find("80 + e"), number > 80),
        84..=86 => (find("84 + e"), number > 84),
        _ => {
            let row = ROWS.iter().find(|row| row[0] == number.to_string())?;
            (row, row[5] == "yes")
        }
    };
    let request = row[2].split_once(", ").map(|(wrapper, request)| (wrapper.to_owned(), request.to_owned()));
    let history = row[4].parse::<usize>().ok().map(|at| &HISTORIES[at]);
    Some(Kind { request, set: row[3].clone(), history, counts })
}

const OPERATION: u8 = 5;
const RECOVERY: u8 = 129;
const PLACE: u8 = 130;

#[test]
fn the_tables_of_the_page_are_whole() {
    let known: Vec<u64> = (0..=255).filter(|number| kind(*number).is_some()).collect();
    let expected: Vec<u64> = [0..=15, 64..=69, 80..=82, 84..=86, 96..=96].into_iter().flatten().collect();
    assert_eq!(known, expected);
    assert_eq!(HISTORIES.len(), 6);
    assert!((1..=15).all(|number| kind(number).unwrap().request.is_some()));
}

#[test]
fn every_kind_of_the_page_is_known_and_no_other() {
    for number in 0..=255 {
        // One whose kind is not that of a password, without a leg that would be.
        let found = opens("paused_payee_doubt", |segments| of_kind(segments, number));
        let expected = if kind(number.into()).is_some() { Ok(()) } else { Err(OPERATION) };
        assert_eq!(found, expected, "kind {number}");
    }
}

/// Counting on from there would end.
#[test]
fn more_files_than_the_page_allows_are_damaged() {
    for (last, expected) in [(0x07, Ok(())), (0x08, Err(OPERATION)), (0x0f, Err(OPERATION))] {
        let found = opens("paused_approval", |segments| {
            with(segments, OPERATION, |operation| {
                [&operation[..17], &[0xff, 0xff, 0xff, 0xff, last], &operation[18..]].concat()
            })
        });
        assert_eq!(found, expected, "{last:#x}");
    }
}

#[test]
fn a_phase_beyond_those_of_the_page_is_damaged() {
    for phase in 0..=255 {
        let found = opens("paused_approval", |segments| {
            with(segments, OPERATION, |operation| [&operation[..18], &[phase], &operation[19..]].concat())
        });
        // There are no questions, and any doubt that phase 4 may have is 0.
        let expected = match phase {
            0..=2 | 4 | 5 => Ok(()),
            3 => Err(7),
            _ => Err(OPERATION),
        };
        assert_eq!(found, expected, "phase {phase}");
    }
}

#[test]
fn passwords_are_tried_for_a_change_of_the_password_only() {
    for (name, leg) in [("paused_password_old", 5), ("paused_password_answers", 4)] {
        assert_eq!(named(name).page["content"]["recovery"]["leg"], leg);
        for number in (0..=255).filter(|number| kind(u64::from(*number)).is_some()) {
            let found = opens(name, |segments| of_kind(segments, number));
            assert_eq!(found, if number == 96 { Ok(()) } else { Err(RECOVERY) }, "{name} as kind {number}");
        }
        for leg in 0..=255 {
            let found = opens(name, |segments| with(segments, RECOVERY, |record| [&[leg], &record[1..]].concat()));
            // It has neither token nor file.
            assert_eq!(found, if matches!(leg, 1 | 4 | 5) { Ok(()) } else { Err(RECOVERY) }, "{name} leg {leg}");
        }
    }
}

#[test]
fn a_place_that_is_none_is_damaged() {
    let value = |step: u8, text: &str| [&[step << 3 | 1, text.len().try_into().unwrap()], text.as_bytes()].concat();
    // Spelled: BANKACCTFROM with BANKID, ACCTID and ACCTTYPE, and without one of them.
    let spelled = |name: &str, text: &str| {
        let length = |text: &str| u8::try_from(text.len()).unwrap();
        [&[31 << 3 | 1, length(name)], name.as_bytes(), &[length(text)], text.as_bytes()].concat()
    };
    let members = [("BANKID", "999888777"), ("ACCTID", "1000001"), ("ACCTTYPE", "CHECKING")];
    let account = |names: &[(&str, &str)]| {
        let inside: Vec<u8> = names.iter().flat_map(|(name, text)| spelled(name, text)).collect();
        [&[31 << 3, 3, b'A', b'N', b'Y', names.len().try_into().unwrap()], inside.as_slice()].concat()
    };
    let record = |account: &[u8], order: &[u8]| {
        let long = |bytes: &[u8]| [&[u8::try_from(bytes.len()).unwrap()], bytes].concat();
        [long(account), long(order)].concat()
    };
    let whole = account(&members);
    let cases = [
        (record(&[], &[]), true),
        (record(&[], &[255, 0, 0]), true),
        (record(&whole, &[]), true),
        (record(&account(&members[1..]), &[]), true),
        (record(&account(&[members[0], members[2]]), &[]), false),
        (record(&account(&members[..2]), &[]), false),
        (record(&account(&[]), &[]), false),
        (record(&value(6, "no aggregate"), &[]), false),
        (record(&whole[..whole.len() - 1], &[]), false),
        (record(&[&whole[..], &[0]].concat(), &[]), false),
        (record(&[0xff; 3], &[]), false),
        (vec![0], false),
        (vec![0, 0, 0], false),
        (vec![0, 1], false),
        (vec![1], false),
        (vec![0xff; 3], false),
        (vec![], false),
    ];
    for name in ["paused_cancellation", "paused_batch", "paused_approval", "hand_place"] {
        for (place, possible) in &cases {
            let found = opens(name, |segments| with(segments, PLACE, |_| place.clone()));
            assert_eq!(found, if *possible { Ok(()) } else { Err(PLACE) }, "{name} {place:?}");
        }
    }
}

/// A reader that was made before there was part 130 finds in it an unknown one that it must understand.
#[test]
fn readers_from_before_refuse_what_they_would_take_for_something_else() {
    let mut refused = 0;
    for golden in goldens().filter(|golden| golden.page["kind"] == "paused" && !golden.name.starts_with("hand_")) {
        let operation = &golden.page["content"]["operation"];
        let is_new = operation["kind"].as_u64().unwrap() > 2 || operation["phase"] == 5;
        let segments = golden.page["steps"]["segments"].as_array().unwrap();
        let places: Vec<&Value> = segments.iter().filter(|one| one["tag"] == PLACE).collect();
        assert_eq!(places.len(), usize::from(is_new), "{}", golden.name);
        assert!(places.iter().all(|place| place["flags"] == 0x80), "{}", golden.name);
        if is_new {
            let error = super::sync::open_changed(&golden.name, |segments| {
                let unknown = |one: &Raw| if one.0 == PLACE { (200, one.1, one.2.clone()) } else { one.clone() };
                segments.iter().map(unknown).collect()
            });
            assert_eq!(error.unwrap_err().detail(), Some(&OpenError::SegmentTooNew(200)), "{}", golden.name);
            refused += 1;
        }
    }
    assert!(refused >= 15, "{refused}");
}

#[test]
fn the_identifiers_of_several_requests_follow_from_the_seed() {
    for name in ["paused_batch", "paused_batch_doubt", "paused_batch_reads"] {
        let content = named(name).page["content"].clone();
        let seed = read::unhex(content["operation"]["seed"].as_str().unwrap());
        let client_uid = content["identity"]["client_uid"].as_str().unwrap();
        let order: Vec<usize> = serde_json::from_value(content["place"]["order"].clone()).unwrap();
        // A frame of a history has no identifier.
        let request = content["request"].as_str().unwrap();
        let parts = request.split("<TOKEN>").map(|part| part.split("<TRNUID>").skip(1).map(|uid| uid[..36].to_owned()));
        let mut found: Vec<Option<String>> = Vec::new();
        for (at, part) in parts.enumerate() {
            found.extend((at > 0).then_some(None));
            found.extend(part.map(Some));
        }
        assert_eq!(found.len(), order.len(), "{name}");
        for (number, uid) in order.iter().zip(found) {
            let expected = read::item_identifier(&seed, *number, client_uid);
            assert!(uid.is_none_or(|uid| uid == expected), "{name} {number}");
        }
        assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), order.len());
        assert_eq!(
            Some(read::item_identifier(&seed, 0, client_uid).as_str()),
            content["operation"]["trn_uid"].as_str()
        );
    }
}

#[test]
fn seeds_are_marked_as_the_clients_since_there_are_places() {
    let mut marked = 0;
    for golden in opening().filter(|golden| golden.page["content"]["place"].is_object()) {
        let content = &golden.page["content"];
        let seed = read::unhex(content["operation"]["seed"].as_str().unwrap());
        let client_uid = content["identity"]["client_uid"].as_str().unwrap();
        assert_eq!(read::marked(&seed, client_uid), seed, "{}", golden.name);
        assert_ne!(read::marked(&seed, "of another client"), seed, "{}", golden.name);
        marked += 1;
    }
    assert!(marked >= 15, "{marked}");
}

#[test]
fn tokens_and_places_of_every_history_are_kept_by_their_digests() {
    let content = named("client_places").page["content"].clone();
    let client_uid = content["identity"]["client_uid"].as_str().unwrap();
    let account = ["999888777", "", "1000001", "CHECKING"];
    let digest = |history: &History, purpose: &str| {
        let of_account = &account[..if history.of_account { 4 } else { 0 }];
        let oldest = (history.frame.as_str(), purpose) == ("PMTSYNCRQ", "fence");
        let more = [history.frame.as_str(), purpose];
        let more = if oldest { &[][..] } else { &more[..] };
        read::digest(&[&[client_uid][..], of_account, more].concat())
    };
    let expected: BTreeSet<String> =
        HISTORIES.iter().flat_map(|history| ["fence", "seen"].map(|purpose| digest(history, purpose))).collect();
    let tokens = content["marks"]["tokens"].as_array().unwrap();
    let found: BTreeSet<String> = tokens.iter().map(|one| one["account"].as_str().unwrap().to_owned()).collect();
    assert_eq!((found.len(), &found), (12, &expected));
    // Payments went on from where they had been seen.
    let token = |purpose| {
        let name = digest(&HISTORIES[0], purpose);
        tokens.iter().find(|one| one["account"] == json!(name)).unwrap()["token"].clone()
    };
    assert_ne!(token("fence"), token("seen"));
}

/// The operation under another number.
fn of_kind(segments: &[Raw], number: u8) -> Vec<Raw> {
    with(segments, OPERATION, |operation| [&[number], &operation[1..]].concat())
}
