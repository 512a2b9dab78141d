//! Whether the allocator finds what it should, so that finding nothing says something.

use zeroize::Zeroizing;

use crate::allocator::{PIECE, Report, watch};
use crate::canary;

fn seen(work: impl FnOnce()) -> Report {
    watch(canary::secrets(), work).1
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_secret_that_is_dropped_as_it_is_is_found() {
    let report = seen(|| drop(canary::PASSWORD.to_owned()));
    assert_eq!((report.count, report.finds[0].what, report.finds[0].offset), (1, "password", 0));
    assert_eq!(report.finds[0].size, canary::PASSWORD.len());
    let report = seen(|| drop(canary::KEY.to_vec()));
    assert_eq!((report.count, report.finds[0].what), (1, "key"));
    let report = seen(|| drop(["<ACCTID>", canary::SAVINGS, "</ACCTID>"].concat()));
    assert_eq!((report.count, report.finds[0].what, report.finds[0].offset), (1, "savings account", 8));
}

#[test]
fn a_secret_that_is_wiped_is_not() {
    let report = seen(|| drop(Zeroizing::new(canary::PASSWORD.to_owned())));
    assert_eq!((report.count, report.searched), (0, canary::PASSWORD.len()));
    let report = seen(|| drop(ofx_session::Secret::new(canary::PASSWORD)));
    assert_eq!((report.count, report.searched), (0, canary::PASSWORD.len()));
}

#[test]
fn the_old_place_of_a_buffer_that_grew_is_searched() {
    let report = seen(|| {
        let mut text = Zeroizing::new(String::with_capacity(canary::ANSWER.len()));
        text.push_str(canary::ANSWER);
        text.push_str(" and more");
    });
    assert_eq!((report.count, report.finds[0].what), (1, "answer"));
}

#[test]
fn a_piece_and_a_remainder_beyond_the_end_are_found() {
    let report = seen(|| drop(canary::USER_CRED1[3..3 + PIECE].to_owned()));
    assert_eq!(report.count, 1);
    let report = seen(|| drop(canary::USER_CRED1[..PIECE - 1].to_owned()));
    assert_eq!(report.count, 0, "less than a piece is taken for chance");
    let report = seen(|| drop(canary::CHECKING[..PIECE].to_owned()));
    assert_eq!(report.count, 0, "so few digits may be those of an identifier");
    let report = seen(|| drop(canary::CHECKING[3..3 + 2 * PIECE].to_owned()));
    assert_eq!(report.count, 1);
    // The same in characters of two bytes each.
    assert_eq!(seen(|| drop(wide(&canary::CARD[2 * PIECE - 9..]))).count, 0);
    assert_eq!(seen(|| drop(wide(&canary::CHECKING[3..3 + 2 * PIECE]))).count, 1);
    assert_eq!(seen(|| drop(wide(&canary::ANSWER[3..3 + PIECE]))).count, 1);
    let report = seen(|| {
        let mut text = canary::AUTH_TOKEN.to_owned();
        text.clear();
    });
    assert_eq!(report.count, 1);
}

#[test]
fn other_forms_are_found() {
    let packed = vec![0x49, 0x29, 0x38, 0x17, 0x56, 0x20, 0x44, 0x17];
    let digits: Vec<u8> = canary::CARD.bytes().map(|byte| byte - b'0').collect();
    for form in [wide(canary::CARD), packed, digits] {
        let report = seen(|| drop(form));
        assert_eq!((report.count, report.finds[0].what), (1, "card"));
    }
    let latin = vec![b'-', b'p', b'w', b'-', b'G', b'r', 0xf6, 0xdf, b'e'];
    assert_eq!(seen(|| drop(latin)).count, 1);
}

#[test]
fn what_others_free_is_not_searched_and_nothing_is_after_the_watch() {
    let before = canary::PASSWORD.to_owned();
    let report = seen(|| std::thread::scope(|scope| scope.spawn(|| drop(before)).join().unwrap()));
    assert_eq!(report.count, 0);
    drop(canary::PASSWORD.to_owned());
    assert_eq!(seen(|| ()).searched, 0);
}

#[test]
fn the_most_that_was_held_is_counted() {
    let (kept, report) = watch(canary::secrets(), || {
        let kept = vec![1_u8; 1000];
        drop(vec![1_u8; 500]);
        drop(vec![1_u8; 700]);
        kept
    });
    assert_eq!((report.peak, report.kept, report.searched), (1700, 1000, 1200));
    drop(kept);
    let report = seen(|| {
        let mut grown = vec![1_u8; 300];
        grown.reserve_exact(300);
    });
    assert_eq!(report.peak, 900, "a block that grows moves: both places are held for a moment");
}
