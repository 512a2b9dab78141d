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
        written: 0,
        flat: Vec::new(),
        last: 0,
        left: MOST_REPEATED,
        left_bytes: MOST_COPIED,
    };
    packer.element(root);
    packer.out
}

/// Reads a packed tree; `None` when the bytes are not exactly one, or repeat more than a few thousand elements or a mebibyte of
/// values.
pub(crate) fn unpack(bytes: &[u8]) -> Option<Element> {
    let mut reader = Unpacker {
        rest: bytes,
        values: Vec::new(),
        flat: Vec::new(),
        last: 0,
        left: MOST_REPEATED,
        left_bytes: MOST_COPIED,
    };
    let root = reader.element(DEEPEST)?;
    reader.rest.is_empty().then_some(root)
}

struct Packer<'a> {
    out: Zeroizing<Vec<u8>>,
    values: HashMap<&'a str, usize>,
    /// How many values of forms 1 and 7 there are: beyond the bound, the same one more than once.
    written: usize,
    flat: Vec<&'a Element>,
    last: usize,
    left: usize,
    left_bytes: usize,
}

impl<'a> Packer<'a> {
    fn element(&mut self, element: &'a Element) {
        let Some(value) = element.text() else { return self.aggregate(element) };
        let common = COMMON.iter().position(|known| *known == value);
        let seen = self.values.get(value).copied().zip(self.left_bytes.checked_sub(value.len()));
        match (value, common, seen) {
            ("Y", ..) => self.head(4, element.tag()),
            ("N", ..) => self.head(5, element.tag()),
            (_, Some(which), _) => self.numbered(3, element.tag(), which),
            (_, None, Some((which, left))) => {
                self.left_bytes = left;
                self.numbered(2, element.tag(), which);
            }
            (_, None, None) => {
                self.values.insert(value, self.written);
                self.written += 1;
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
    left_bytes: usize,
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
            2 => {
                let value = self.values.get(read_varint(&mut self.rest)?)?.as_str();
                // Nor may they stand for a long value again and again.
                self.left_bytes = self.left_bytes.checked_sub(value.len())?;
                value
            }
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
/// Bytes of values that form 2 repeats. More than what an institution says in a blob of the largest size: 32768 of them with 32
/// characters.
const MOST_COPIED: usize = 1 << 20;

#[cfg(test)]
mod tests;
