//! A packed tree comes back, and nothing else is one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use super::*;

fn sample() -> Element {
    let core = || {
        Element::aggregate("MSGSETCORE", vec![Element::leaf("VER", "1"), Element::leaf("URL", "https://a.example/ofx")])
    };
    Element::aggregate(
        "PROFRS",
        vec![
            Element::aggregate("MSGSETLIST", vec![core(), core(), Element::aggregate("XFERPROF", vec![])]),
            Element::leaf("URL", "https://a.example/ofx"),
            Element::leaf("INTU.BID", "https://a.example/ofx"),
            Element::leaf("TRANSPSEC", "Y"),
            Element::leaf("BANKID", "N"),
            Element::leaf("ACCTID", "0042917"),
            Element::leaf("ACCTID", "00429170"),
            Element::leaf("ACCTID", "0042917"),
        ],
    )
}

#[test]
fn a_packed_tree_comes_back() {
    assert_eq!(unpack(&pack(&sample())), Some(sample()));
}

#[test]
fn no_prefix_is_a_tree_and_nothing_may_follow_one() {
    let packed = pack(&sample());
    for end in 0..packed.len() {
        assert_eq!(unpack(&packed[..end]), None, "{end}");
    }
    assert_eq!(unpack(&[packed.as_slice(), &[0]].concat()), None);
}

#[test]
fn each_number_and_half_byte_has_its_bounds() {
    let leaf =
        |bytes: &[u8]| unpack(bytes).map(|element| (element.tag().to_owned(), element.text().map(str::to_owned)));
    let read = |tag: &str, text: &str| Some((tag.to_owned(), Some(text.to_owned())));
    // Heads: step 30 is 240 and more, step 31 is 248 and more.
    assert_eq!(leaf(&[48 | 4]), read("SIGNONMSGSRQV1", "Y"));
    assert_eq!(leaf(&[40 | 4]), None, "the name before the first");
    assert_eq!(leaf(&[240 | 5, 184, 1]), read("EMAIL", "N"));
    assert_eq!(leaf(&[240 | 5, 185, 1]), None, "a name that not every reader has");
    let spelled = pack(&Element::leaf("PMTMODRQ", "N"));
    assert_eq!(spelled.as_slice(), [&[248 | 5, 8], b"PMTMODRQ".as_slice()].concat());
    assert_eq!(leaf(&spelled), read("PMTMODRQ", "N"));
    assert_eq!(leaf(&[48 | 3, 23]), read("SIGNONMSGSRQV1", "60"));
    assert_eq!(leaf(&[48 | 3, 24]), None);
    assert_eq!(leaf(&[48 | 3, 0x97, 0x80, 0x80, 0]), read("SIGNONMSGSRQV1", "60"));
    assert_eq!(leaf(&[48 | 3, 0x97, 0x80, 0x80, 0x80, 0]), None);
    assert_eq!(leaf(&[48 | 7, 3, 0x12, 0x3f]), read("SIGNONMSGSRQV1", "123"));
    for half in [0x10, 0x1e, 0xaf] {
        assert_eq!(leaf(&[48 | 7, 1, half]), None, "{half:x}");
    }
    assert_eq!(leaf(&[48 | 1, 1, 0xff]), None, "not UTF-8");
    assert_eq!(leaf(&[248 | 1, 1, b'X', 1, b'y']), read("X", "y"));
    for empty in [&[48 | 1, 0][..], &[48 | 7, 0]] {
        assert_eq!(leaf(empty), Some(("SIGNONMSGSRQV1".to_owned(), None)));
    }
    // Value 1 while there is only value 0; an aggregate within itself; another name.
    assert_eq!(leaf(&[48, 2, 49, 1, b'a', 50, 1]), None);
    assert_eq!(leaf(&[48, 2, 48, 1, 52, 54, 1]), None);
    assert_eq!(leaf(&[48, 2, 48, 1, 52, 62, 0]), None);
    let again = [48, 2, 48, 1, 52, 248 | 6, 14].into_iter().chain(*b"SIGNONMSGSRQV1").chain([0]);
    assert!(leaf(&again.collect::<Vec<_>>()).is_some(), "the same name, spelled");
}

#[test]
fn a_false_count_allocates_nothing_and_depth_is_bounded() {
    assert_eq!(unpack(&[48, 0xff, 0xff, 0xff, 0x7f]), None);
    let nested = |levels: usize| [[48, 1].repeat(levels - 1), vec![48, 0]].concat();
    assert!(unpack(&nested(DEEPEST)).is_some());
    assert_eq!(unpack(&nested(DEEPEST + 1)), None);
}

#[test]
fn many_different_values_come_back_and_equal_ones_are_kept_once() {
    let leaves = (0..200_000).map(|number| Element::leaf("URL", format!("https://a.example/{}", number % 150_000)));
    let tree = Element::aggregate("PROFRS", leaves.collect());
    let packed = pack(&tree);
    assert_eq!(packed.windows(24).filter(|window| *window == b"https://a.example/149999").count(), 1);
    assert_eq!(unpack(&packed), Some(tree));
}

#[test]
fn few_bytes_do_not_stand_for_a_large_tree() {
    let hundred = || Element::aggregate("SIGNONINFO", (0..100).map(|_| Element::leaf("MIN", "6")).collect());
    let tree = Element::aggregate("PROFRS", (0..1000).map(|_| hundred()).collect());
    let packed = pack(&tree);
    assert_eq!(unpack(&packed), Some(tree));
    assert!(packed.len() > 100_000, "beyond the bound, elements are written out");
    let mut greedy = vec![48, 101, 48, 100];
    (0..100).for_each(|_| greedy.extend_from_slice(&[52]));
    (0..100).for_each(|_| greedy.extend_from_slice(&[54, 0]));
    assert_eq!(unpack(&greedy), None);
}

#[test]
fn few_bytes_do_not_stand_for_long_values_again_and_again() {
    let long = "x".repeat(30_000);
    let leaves = (0..100).map(|_| Element::leaf("URL", long.clone()));
    let email = || Element::leaf("EMAIL", "a@b.example");
    let tree = Element::aggregate("PROFRS", leaves.chain([email(), email()]).collect());
    let packed = pack(&tree);
    assert_eq!(unpack(&packed), Some(tree));
    assert!(packed.len() > 65 * 30_000, "beyond the bound, values are written out");

    let greedy = |repeats: u8| {
        let mut packed = Zeroizing::new(vec![48, repeats + 1, 48 | 1]);
        varint(&mut packed, long.len());
        packed.extend_from_slice(long.as_bytes());
        packed.extend_from_slice(&[48 | 2, 0].repeat(repeats.into()));
        unpack(&packed)
    };
    assert!(greedy(34).is_some());
    assert_eq!(greedy(35), None);
}
