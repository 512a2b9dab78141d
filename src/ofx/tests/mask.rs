//! No value that is masked by name comes through, whatever happens to the document around it.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::ofx::mask::names::{MASKED, SHOWN};
use crate::ofx::tests::generate::{self as make, records};
use crate::ofx::{Content, Document, Element, Header, Heard, Mask, Style, Version};

/// Elements that no change of the lists may ever show: written out here, because what is left out there by accident would be left out
/// of every test that asks those lists.
#[rustfmt::skip]
const NEVER_SHOWN: [&str; 39] = [
    "USERID", "USERPASS", "NEWUSERPASS", "TEMPPASS", "USERKEY", "ACCESSKEY", "ACCESSTOKEN", "SESSCOOKIE", "AUTHTOKEN",
    "USERCRED1", "USERCRED2", "MFAPHRASEA", "MFACHALLENGEA", "MFACHALLENGEANSWER", "CLIENTUID", "APPKEY", "TAN",
    "ACCTID", "ACCTKEY", "LOANACCTID", "PARENTACCTID", "PAYACCT", "NAMEACCTHELD", "BUSNAMEACCTHELD",
    "NAME", "BUSNAME", "BILLERNAME", "ADDR1", "ADDR2", "ADDR3", "PHONE", "DAYPHONE", "EVEPHONE", "EMAIL", "BILLREFINFO",
    "TAXID", "SSN", "SECURITYNAME", "MEMO",
];

fn is_private(tag: &str) -> bool {
    NEVER_SHOWN.contains(&tag) || MASKED.contains(&tag)
}

#[test]
fn what_is_private_is_masked_wherever_it_comes_until_it_is_shown_by_name() {
    let value = "canary-0123456";
    for tag in NEVER_SHOWN {
        let document = format!("<OFX><{tag}>{value}<CODE>15500<MESSAGE>No {value} here</OFX>");
        let log =
            |mask: &Mask| String::from_utf8(mask.apply(document.as_bytes(), &mut Heard::default())).unwrap_or_default();
        // Also where it stands in another element: by that a name in the list is more than one that nobody knows.
        let expected = format!("<OFX><{tag}>[masked]<CODE>15500<MESSAGE>No [masked] here</OFX>");
        assert_eq!(log(&Mask::default()), expected);
        assert!(!SHOWN.contains(&tag), "{tag}");
        let mut narrowed = Mask::default();
        assert!(narrowed.show(tag), "{tag} cannot be shown by name");
        assert_eq!(log(&narrowed), document);
    }
    assert!(SHOWN.iter().all(|tag| !MASKED.contains(tag)), "a name is in one list");
}

/// A record of any kind, as a version writes it.
fn record(version: Version) -> impl Strategy<Value = Element> {
    fn of<T: Content>(version: Version) -> impl Fn(T) -> Element {
        move |record| record.write("VALUE", version)
    }
    prop_oneof![
        make::signon_request().prop_map(of(version)),
        make::signon_response().prop_map(of(version)),
        make::payment().prop_map(of(version)),
        make::profile().prop_map(of(version)),
        records::recurring_payment().prop_map(of(version)),
        records::payee_addition().prop_map(of(version)),
        records::mail().prop_map(of(version)),
        records::user_info().prop_map(of(version)),
        records::enrollment().prop_map(of(version)),
        records::password_change().prop_map(move |(change, _)| change.write("VALUE", version)),
        records::accounts().prop_map(move |accounts| {
            Element::aggregate("VALUE", accounts.iter().map(|account| account.write("ACCTINFO", version)).collect())
        }),
    ]
}

/// A document with several records.
fn document() -> impl Strategy<Value = (Element, Vec<u8>)> {
    let version = select(&Version::ALL[..]);
    let parts = version.prop_flat_map(|version| (Just(version), proptest::collection::vec(record(version), 1..4)));
    (parts, any::<bool>(), any::<bool>()).prop_map(|((version, records), closed, lines)| {
        let root = Element::aggregate("OFX", records);
        let style = Style::new().close_leaves(closed).line_breaks(lines);
        let bytes =
            Document::new(Header::new(version), root.clone()).encode(&style).expect("every value can be written");
        (root, bytes.to_vec())
    })
}

/// The values that no log may show, as the document has them: each with where it is.
fn secrets(element: &Element, bytes: &[u8], found: &mut Vec<std::ops::Range<usize>>) {
    if let Some(text) = element.text().filter(|text| is_private(element.tag()) && text.chars().count() >= 4) {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let latin = |text: &str| text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect::<Vec<_>>();
        let opening = format!("<{}>", element.tag()).into_bytes();
        for form in [text.as_bytes().to_vec(), escaped.clone().into_bytes(), latin(text), latin(&escaped)] {
            let whole = [&opening[..], &form].concat();
            let places = bytes.windows(whole.len()).enumerate().filter(|(_, window)| *window == whole);
            found.extend(places.map(|(at, _)| at + opening.len()..at + whole.len()));
        }
    }
    element.children().iter().for_each(|child| secrets(child, bytes, found));
}

/// How many characters of a value there are at least.
fn characters(value: &[u8]) -> usize {
    let text = String::from_utf8_lossy(value);
    ["&amp;", "&lt;", "&gt;"].iter().fold(text.into_owned(), |text, entity| text.replace(entity, "+")).len()
}

fn contains(log: &[u8], part: &[u8]) -> bool {
    log.windows(part.len()).any(|window| window == part)
}

#[derive(Clone, Copy, Debug)]
enum Damage {
    Replaced(u8),
    Inserted(u8),
    Removed,
    CutBefore,
    CutAfter,
}

fn damage() -> impl Strategy<Value = Damage> {
    let byte = prop_oneof![3 => select(&b"<>/!?&; \r\n[]-\"'=.AX\0"[..]), 1 => any::<u8>()];
    prop_oneof![
        3 => byte.clone().prop_map(Damage::Replaced),
        2 => byte.prop_map(Damage::Inserted),
        1 => Just(Damage::Removed),
        1 => Just(Damage::CutBefore),
        1 => Just(Damage::CutAfter),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_value_of_a_whole_document_is_shown((root, bytes) in document()) {
        let log = Mask::default().apply(&bytes, &mut Heard::default());
        let mut found = Vec::new();
        secrets(&root, &bytes, &mut found);
        for place in found {
            prop_assert!(!contains(&log, &bytes[place.clone()]), "{:?}", String::from_utf8_lossy(&bytes[place]));
        }
        // It is still worth reading.
        prop_assert!(contains(&log, b"<OFX>") && contains(&log, b"VERSION"));
    }

    #[test]
    fn no_value_of_a_damaged_document_is_shown(
        (root, bytes) in document(),
        damages in proptest::collection::vec((any::<Index>(), damage()), 64),
    ) {
        let mut found = Vec::new();
        secrets(&root, &bytes, &mut found);
        let mut public = bytes.clone();
        found.iter().for_each(|place| public[place.clone()].fill(0));
        for (at, damage) in damages {
            let at = at.index(bytes.len());
            let mut damaged = bytes.clone();
            match damage {
                Damage::Replaced(byte) => damaged[at] = byte,
                Damage::Inserted(byte) => damaged.insert(at, byte),
                Damage::Removed => drop(damaged.remove(at)),
                Damage::CutBefore => damaged = bytes[at..].to_vec(),
                Damage::CutAfter => damaged.truncate(at),
            }
            let log = Mask::default().apply(&damaged, &mut Heard::default());
            for place in &found {
                let inside = place.contains(&at) && (place.start != at || !matches!(damage, Damage::Inserted(_)));
                let left = match damage {
                    Damage::CutBefore => place.start.max(at)..place.end.max(at),
                    Damage::CutAfter => place.start.min(at)..place.end.min(at),
                    _ if inside => continue,
                    _ => place.clone(),
                };
                // What is left of a value may stand elsewhere, where it is shown: the zone of a date.
                if characters(&bytes[left.clone()]) >= 4 && !contains(&public, &bytes[left.clone()]) {
                    prop_assert!(!contains(&log, &bytes[left.clone()]), "{:?} at {at}, {damage:?}: {:?}",
                        String::from_utf8_lossy(&bytes[left]), String::from_utf8_lossy(&damaged));
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_masked_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        Mask::default().apply(&bytes, &mut Heard::default());
    }
}
