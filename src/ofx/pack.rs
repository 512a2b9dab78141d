//! A tree in few bytes, for state that is stored: nothing of it is lost, and it is read without an OFX reader.
//!
//! ```text
//! element = head [name] content
//! head    = one byte: form in the low three bits, step in the high five
//! step    = 0..=29: the name's number is that of the element before plus step minus 6 (the first element's before is 0)
//!           30: varint number follows;  31: varint length and the name's bytes follow, and its number counts as 0
//! form 0  = aggregate: varint count of children, then these
//! form 1  = value: varint length, UTF-8 bytes
//! form 2  = the value of an earlier form 1 or 7: varint, which one, counted from 0
//! form 3  = a common value: varint, its number
//! form 4, 5 = Y, N
//! form 6  = the same as an earlier aggregate of form 0 that holds values only, name included: varint, which of these, from 0
//! form 7  = a value of digits only: varint count of digits, then two in a byte, the first in the high half; a last half that
//!           is left over is 15
//! ```
//!
//! Numbers of names and common values are those of `names.rs`.

use std::borrow::Cow;
use std::collections::HashMap;

use zeroize::Zeroizing;

use crate::ofx::Element;
use crate::ofx::names::{COMMON, NAMES, SHARED, number};
use crate::secret::append;

/// Packs `root` and everything below it.
pub(crate) fn pack(root: &Element) -> Zeroizing<Vec<u8>> {
    let mut packer = Packer {
        out: Zeroizing::new(Vec::with_capacity(1024)),
        values: HashMap::new(),
        flat: Vec::new(),
        last: 0,
        left: MOST_REPEATED,
    };
    packer.element(root);
    packer.out
}

/// Reads a packed tree; `None` when the bytes are not exactly one, or repeat more than a few thousand elements.
pub(crate) fn unpack(bytes: &[u8]) -> Option<Element> {
    let mut reader = Unpacker { rest: bytes, values: Vec::new(), flat: Vec::new(), last: 0, left: MOST_REPEATED };
    let root = reader.element(DEEPEST)?;
    reader.rest.is_empty().then_some(root)
}

struct Packer<'a> {
    out: Zeroizing<Vec<u8>>,
    values: HashMap<&'a str, usize>,
    flat: Vec<&'a Element>,
    last: usize,
    left: usize,
}

impl<'a> Packer<'a> {
    fn element(&mut self, element: &'a Element) {
        let Some(value) = element.text() else { return self.aggregate(element) };
        let common = COMMON.iter().position(|known| *known == value);
        let seen = self.values.get(value).copied();
        match (value, common, seen) {
            ("Y", ..) => self.head(4, element.tag()),
            ("N", ..) => self.head(5, element.tag()),
            (_, Some(which), _) => self.numbered(3, element.tag(), which),
            (_, None, Some(which)) => self.numbered(2, element.tag(), which),
            (_, None, None) => {
                self.values.insert(value, self.values.len());
                if value.len() > 2 && value.bytes().all(|byte| byte.is_ascii_digit()) {
                    self.numbered(7, element.tag(), value.len());
                    self.digits(value);
                } else {
                    self.head(1, element.tag());
                    self.text(value);
                }
            }
        }
    }

    fn aggregate(&mut self, element: &'a Element) {
        let flat = is_flat(element);
        if let Some((which, left)) =
            self.same(element).filter(|_| flat).zip(self.left.checked_sub(element.children().len()))
        {
            self.left = left;
            return self.numbered(6, element.tag(), which);
        }
        self.numbered(0, element.tag(), element.children().len());
        element.children().iter().for_each(|child| self.element(child));
        if flat {
            self.flat.push(element);
        }
    }

    /// An equal aggregate among the last ones: looking through all would take too long in a large tree.
    fn same(&self, element: &Element) -> Option<usize> {
        self.flat.iter().enumerate().rev().take(64).find(|(_, known)| **known == element).map(|(which, _)| which)
    }

    fn numbered(&mut self, form: u8, tag: &str, count: usize) {
        self.head(form, tag);
        varint(&mut self.out, count);
    }

    fn head(&mut self, form: u8, tag: &str) {
        let found = number(tag.as_bytes()).filter(|number| *number < SHARED);
        let step = found.and_then(|at| (at + BACK).checked_sub(self.last)).and_then(|step| u8::try_from(step).ok());
        match (step.filter(|step| *step < ABSOLUTE), found) {
            (Some(step), _) => append(&mut self.out, &[step << 3 | form]),
            (None, Some(at)) => {
                append(&mut self.out, &[ABSOLUTE << 3 | form]);
                varint(&mut self.out, at);
            }
            (None, None) => {
                append(&mut self.out, &[SPELLED << 3 | form]);
                self.text(tag);
            }
        }
        self.last = found.unwrap_or(0);
    }

    fn digits(&mut self, digits: &str) {
        for pair in digits.as_bytes().chunks(2) {
            append(
                &mut self.out,
                &[match pair {
                    [high, low] => (high & 15) << 4 | (low & 15),
                    [high] => (high & 15) << 4 | 15,
                    _ => 0,
                }],
            );
        }
    }

    fn text(&mut self, text: &str) {
        varint(&mut self.out, text.len());
        append(&mut self.out, text.as_bytes());
    }
}

/// LEB128.
fn varint(out: &mut Zeroizing<Vec<u8>>, mut value: usize) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        append(out, &[if value == 0 { low & 0x7f } else { low | 0x80 }]);
        if value == 0 {
            return;
        }
    }
}

/// Reads a LEB128 of at most four bytes and moves `rest` behind it.
fn read_varint(rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0_usize;
    for shift in (0..28).step_by(7) {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

struct Unpacker<'a> {
    rest: &'a [u8],
    values: Vec<Value<'a>>,
    flat: Vec<Element>,
    last: usize,
    left: usize,
}

/// A value as it was read: where it stands, or made of its digits.
enum Value<'a> {
    Text(&'a str),
    Digits(Zeroizing<String>),
}

impl Value<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Digits(digits) => digits,
        }
    }
}

impl<'a> Unpacker<'a> {
    fn element(&mut self, levels: usize) -> Option<Element> {
        let levels = levels.checked_sub(1)?;
        let (head, rest) = self.rest.split_first()?;
        self.rest = rest;
        let tag = match head >> 3 {
            SPELLED => {
                self.last = 0;
                self.text()?.to_owned().into()
            }
            step => {
                self.last = match step {
                    ABSOLUTE => read_varint(&mut self.rest)?,
                    step => (self.last + usize::from(step)).checked_sub(BACK)?,
                };
                Cow::Borrowed(*NAMES.get(..SHARED)?.get(self.last)?)
            }
        };
        let value = match head & 7 {
            0 => {
                let count = read_varint(&mut self.rest)?;
                // A count is no reason to allocate: each element takes a byte at least.
                let mut children = Vec::with_capacity(count.min(self.rest.len()));
                for _ in 0..count {
                    children.push(self.element(levels)?);
                }
                let element = Element::aggregate(tag, children);
                if is_flat(&element) {
                    self.flat.push(element.clone());
                }
                return Some(element);
            }
            form @ (1 | 7) => {
                let value = if form == 1 { Value::Text(self.text()?) } else { Value::Digits(self.digits()?) };
                let element = Element::leaf(tag, value.as_str());
                self.values.push(value);
                return Some(element);
            }
            2 => self.values.get(read_varint(&mut self.rest)?)?.as_str(),
            3 => COMMON.get(read_varint(&mut self.rest)?)?,
            4 => "Y",
            5 => "N",
            6 => {
                let which = read_varint(&mut self.rest)?;
                let known = self.flat.get(which).filter(|known| known.tag() == tag)?;
                // A few bytes may repeat many elements: not without bound.
                self.left = self.left.checked_sub(known.children().len())?;
                return Some(known.clone());
            }
            _ => return None,
        };
        Some(Element::leaf(tag, value))
    }

    fn digits(&mut self) -> Option<Zeroizing<String>> {
        let count = read_varint(&mut self.rest)?;
        let (packed, rest) = self.rest.split_at_checked(count.div_ceil(2))?;
        self.rest = rest;
        let mut digits = Zeroizing::new(String::with_capacity(count));
        for half in packed.iter().flat_map(|byte| [byte >> 4, byte & 15]).take(count) {
            digits.push(char::from_digit(half.into(), 10)?);
        }
        let filler = packed.last().is_none_or(|last| count % 2 == 0 || last & 15 == 15);
        filler.then_some(digits)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = read_varint(&mut self.rest)?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        std::str::from_utf8(text).ok()
    }
}

/// Not empty, and holds values only: an empty one is as short by itself.
fn is_flat(element: &Element) -> bool {
    !element.children().is_empty() && element.children().iter().all(|child| child.text().is_some())
}

const BACK: usize = 6;
const ABSOLUTE: u8 = 30;
const SPELLED: u8 = 31;
/// What the reader can be set to read, so that nothing that was read is refused here.
const DEEPEST: usize = 256;
const MOST_REPEATED: usize = 8192;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

    use super::*;

    fn sample() -> Element {
        let core = || {
            Element::aggregate(
                "MSGSETCORE",
                vec![Element::leaf("VER", "1"), Element::leaf("URL", "https://a.example/ofx")],
            )
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
}
