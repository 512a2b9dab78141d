//! What is written is read again as it was, in every version; what nobody wrote never makes the reader panic.

use std::fs;
use std::path::Path;

use ofx_session::ofx::{Document, Element, EncodeError, FileUid, Header, Limits, Style, Version};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Tags of leaves and of aggregates are apart, as in every OFX grammar: an open leaf is told from its parent by that.
const LEAVES: &[&str] = &["TRNUID", "CODE", "MEMO", "NAME", "TRNAMT", "DTDUE", "EXTDPMTDSC", "MSGBODY", "INTU.BID"];
const AGGREGATES: &[&str] = &["SIGNONMSGSRQV1", "SONRQ", "STATUS", "PMTTRNRQ", "PMTINFO", "PAYEE", "LKS.EXTRA"];

/// A tree under `OFX` whose values are of this strategy.
fn tree(value: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = Element> {
    let leaf = (select(LEAVES), prop_oneof![9 => value.boxed(), 1 => Just(String::new())]);
    let leaf = leaf.prop_map(|(tag, value)| Element::leaf(tag, value));
    let node = leaf.prop_recursive(5, 48, 6, |inside| {
        (select(AGGREGATES), vec(inside, 0..6)).prop_map(|(tag, children)| Element::aggregate(tag, children))
    });
    vec(node, 0..6).prop_map(|children| Element::aggregate("OFX", children))
}

/// Windows-1252 without control characters. Letters beyond ASCII are from `à` up, which never form UTF-8 by accident,
/// and those that stand elsewhere in windows-1252, between two others that keep them apart.
fn latin() -> impl Strategy<Value = String> {
    "[!-~à-ÿ]([ -~à-ÿ\t\n]{0,12}(a[€–…‰Ž]b)?[!-~à-ÿ])?"
}

fn unicode() -> impl Strategy<Value = String> {
    let wanted = |c: &char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    vec(any::<char>().prop_filter("no control character", wanted), 1..16)
        .prop_map(|chars| chars.into_iter().collect::<String>().trim().to_owned())
}

fn style() -> impl Strategy<Value = Style> {
    any::<(bool, bool)>().prop_map(|(close, breaks)| Style::new().close_leaves(close).line_breaks(breaks))
}

fn uid() -> impl Strategy<Value = FileUid> {
    prop_oneof![Just(FileUid::none()), "[0-9A-Za-z{}-]{1,36}".prop_map(FileUid::new)]
}

fn header(version: Version) -> impl Strategy<Value = Header> {
    (uid(), uid()).prop_map(move |(old, new)| Header::new(version).file_uids(old, new))
}

fn passes(document: &Document, style: &Style) -> Result<(), TestCaseError> {
    let bytes = document.encode(style).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let again = Document::decode(&bytes, &Limits::new()).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert!(*document == again, "{}", String::from_utf8_lossy(&bytes));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_version_and_style_keeps_latin_text(root in tree(latin()), style in style()) {
        for version in Version::ALL {
            passes(&Document::new(Header::new(version), root.clone()), &style)?;
        }
    }

    #[test]
    fn xml_keeps_all_text(root in tree(unicode()), style in style()) {
        for version in Version::ALL.into_iter().filter(|version| !version.is_sgml()) {
            passes(&Document::new(Header::new(version), root.clone()), &style)?;
        }
    }

    #[test]
    fn sgml_keeps_text_or_says_what_it_cannot_carry(root in tree(unicode()), style in style()) {
        let document = Document::new(Header::new(Version::V103), root);
        match document.encode(&style) {
            Err(EncodeError::Charset { tag, .. }) => prop_assert!(LEAVES.contains(&tag.as_str()), "{tag}"),
            Err(error) => prop_assert!(false, "{error}"),
            Ok(bytes) => prop_assert!(Document::decode(&bytes, &Limits::new()).is_ok()),
        }
    }

    #[test]
    fn headers_are_kept(old_new in select(&Version::ALL[..]).prop_flat_map(header), style in style()) {
        passes(&Document::new(old_new, Element::aggregate("OFX", Vec::new())), &style)?;
    }

    #[test]
    fn a_transcoded_document_is_the_same(root in tree(unicode()), big in any::<bool>(), mark in any::<bool>()) {
        let document = Document::new(Header::new(Version::V211), root);
        let text = String::from_utf8(document.encode(&Style::new()).unwrap().to_vec()).unwrap();
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        let bytes: Vec<u8> = units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect();
        let again = Document::decode(&bytes, &Limits::new()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(document, again);
    }
}

/// Whatever comes: an error within the file, or a tree within the limits that can be written again.
fn survives(bytes: &[u8]) -> Result<(), TestCaseError> {
    let limits = Limits::new().elements(500).depth(20);
    match Document::decode(bytes, &limits) {
        Err(error) => prop_assert!(error.offset() <= bytes.len(), "{error} of {}", bytes.len()),
        Ok(document) => {
            let (elements, depth) = size(document.root());
            prop_assert!(elements <= 500 && depth <= 20, "{elements} elements, {depth} levels");
            match Document::new(Header::new(Version::V211), document.root().clone()).encode(&Style::new()) {
                // Bytes that windows-1252 leaves open, and code points that are no characters.
                Err(EncodeError::Control(_)) => {}
                Err(error) => prop_assert!(false, "{error}"),
                Ok(again) => {
                    let again = Document::decode(&again, &limits);
                    prop_assert!(again.as_ref().is_ok_and(|again| again.root() == document.root()), "{again:?}");
                }
            }
        }
    }
    Ok(())
}

fn size(element: &Element) -> (usize, usize) {
    let below = element.children().iter().map(size);
    below.fold((1, 1), |(elements, depth), (more, deeper)| (elements + more, depth.max(deeper + 1)))
}

#[rustfmt::skip]
const PIECES: &[&str] = &[
    "<OFX>", "</OFX>", "<A>", "</A>", "<B>", "</B>", "<CCSTMTRS>", "</STMTRS>", "<A/>", "<a x='", "\"", "'", "<", ">", "</", "/>",
    "<>", "</>", "<!", "<!>", "<!->", "<!-->", "<!--", "-->", "<![CDATA[", "<![ CDATA [", "<![", "]]>", "]", "<?", "?>", "<??>",
    "<?xml", "<!DOCTYPE", "<!DOCTYPE>", "[", "<!ENTITY", "&", "&amp;", "&#", "&#x", "&#13;", "&#9;", "&#x0;", "&#xFFFE;", ";",
    "x", " ", "\r\n", "\r", "\t", "é", "\u{85}", "\u{a0}", "\u{feff}", "\u{2028}", "\0", "\x1b", "1204.05",
];

const HEADERS: &[&str] = &[
    "",
    "OFXHEADER:100\r\nVERSION:103\r\nCHARSET:1252\r\n\r\n",
    "OFXHEADER:100VERSION:102CHARSET:ISO-8859-15",
    "VERSION:CHARSET:ENCODING:UTF-8\r",
    "<?xml version='1.0' encoding='Shift_JIS'?><?OFX VERSION='211'?>",
    "<?OFX VERSION=\"203?",
    "\u{feff}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..256)) {
        survives(&bytes)?;
        survives(&[b"<OFX>".as_slice(), &bytes, b"</OFX>"].concat())?;
    }

    #[test]
    fn pieces_of_markup_in_any_order_never_panic(header in select(HEADERS), pieces in vec(select(PIECES), 0..24)) {
        let inside = pieces.concat();
        survives(format!("{header}{inside}").as_bytes())?;
        survives(format!("{header}<OFX>{inside}").as_bytes())?;
        survives(format!("{header}<OFX><A>{inside}</A></OFX>").as_bytes())?;
    }
}

/// One careless hand on a document: what, where, how much, and with what.
#[derive(Clone, Debug)]
enum Accident {
    Flip(Index, u8),
    Cut(Index, usize),
    Repeat(Index, usize),
    Swap(Index, Index, usize),
    Insert(Index, &'static str),
}

fn accident() -> impl Strategy<Value = Accident> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 1_u8..).prop_map(|(at, bits)| Accident::Flip(at, bits)),
        (at(), 1_usize..40).prop_map(|(at, length)| Accident::Cut(at, length)),
        (at(), 1_usize..40).prop_map(|(at, length)| Accident::Repeat(at, length)),
        (at(), at(), 1_usize..20).prop_map(|(one, other, length)| Accident::Swap(one, other, length)),
        (at(), select(PIECES)).prop_map(|(at, piece)| Accident::Insert(at, piece)),
    ]
}

impl Accident {
    fn befall(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        let span = |at: &Index, most: usize| at.index(length)..(at.index(length) + most).min(length);
        match self {
            Self::Flip(at, bits) => bytes[at.index(length)] ^= bits,
            Self::Cut(at, most) => drop(bytes.drain(span(at, *most))),
            Self::Repeat(at, most) => {
                let copy = bytes[span(at, *most)].to_vec();
                bytes.splice(at.index(length)..at.index(length), copy);
            }
            Self::Swap(one, other, most) => {
                let copy = bytes[span(one, *most)].to_vec();
                bytes.splice(span(other, *most), copy);
            }
            Self::Insert(at, piece) => drop(bytes.splice(at.index(length)..at.index(length), piece.bytes())),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_documents_never_panic(which in any::<Index>(), accidents in vec(accident(), 1..6)) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/quirks");
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|end| end == "ofx"));
        files.sort();
        let mut bytes = fs::read(which.get(&files)).unwrap();
        for accident in &accidents {
            accident.befall(&mut bytes);
        }
        survives(&bytes)?;
    }
}
