//! A document as it may be shown: its tags, and of its values only those that say nothing about anybody.
//!
//! Not the reader: a scanner over bytes that takes any, so that a document which is cut, broken, or none at all is masked as well.
//! It looks for what may be shown, not for what is secret:
//!
//! - the value after the opening tag of an element in [`SHOWN`], if it is one plain line;
//! - the tags themselves, without attributes, and the header.
//!
//! All else is masked, by a text that does not tell how long it was: values of every other element, text that stands where none
//! belongs, comments, broken tags, bytes in an encoding without ASCII. A value may look like a tag: it ends at one that OFX has, or that
//! closes its element. The value of an element that was masked once is masked wherever it comes again, in the same document and in the
//! answer to it: an institution may repeat it in a message.

mod heard;
pub(super) mod names;

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::ofx::element::is_name;
use crate::ofx::header::KEYS;

pub(crate) use heard::Heard;
use names::{Kind, MASKED, kind};

/// What stands for a value.
pub(crate) const MASK: &str = "[masked]";

/// Masks documents, all but what was narrowed by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mask {
    shown: BTreeSet<String>,
}

impl Mask {
    /// Shows the values of `name` from now on. Says whether there is such a name.
    pub(crate) fn show(&mut self, name: &str) -> bool {
        let name = name.to_ascii_uppercase();
        let is_known = (is_name(&name) && is_private(&name)) || MASKED.contains(&name.as_str());
        if is_known {
            self.shown.insert(name);
        }
        is_known
    }

    /// The document as it may be shown. `heard` has what is secret elsewhere, and gets what is here.
    pub(crate) fn apply(&self, document: &[u8], heard: &mut Heard) -> Vec<u8> {
        for piece in Scanner::new(self, document) {
            if let Piece::Value { of: Some(of), text, .. } = piece
                && !of.is_shown
            {
                heard.hear_as_written(text.trim_ascii());
            }
        }
        let mut search = heard.search();
        let mut out = Vec::with_capacity(document.len());
        // Whether what was written last is the mask: what follows it belongs to it.
        let mut hidden = false;
        for piece in Scanner::new(self, document) {
            let masked = match piece {
                Piece::Header(text) => header(text, &mut out),
                Piece::Instruction(text) => write(&mut out, &[text]),
                Piece::Tag(tag) if tag.of.is_known || !search.is_in(tag.of.name.as_bytes()) => tag.write(&mut out),
                Piece::Value { text, .. } if text.trim_ascii().is_empty() => write(&mut out, &[text]),
                Piece::Value { of: Some(of), text, cdata } if of.is_shown && is_plain(text) => {
                    let text = search.masked_in(text);
                    if cdata { write(&mut out, &[b"<![CDATA[", &text, b"]]>"]) } else { write(&mut out, &[&text]) }
                }
                Piece::Value { text, .. } => {
                    if !hidden {
                        out.extend_from_slice(MASK.as_bytes());
                    }
                    let end = text.trim_ascii_end().len();
                    out.extend_from_slice(text.get(end..).unwrap_or_default());
                    true
                }
                Piece::Tag(_) | Piece::Odd => {
                    if !hidden {
                        out.extend_from_slice(MASK.as_bytes());
                    }
                    true
                }
            };
            hidden = masked;
        }
        out
    }

    /// What becomes of the element that is called so.
    fn of<'a>(&self, name: &'a str) -> Element<'a> {
        let is_small = name.bytes().any(|byte| byte.is_ascii_lowercase());
        let capitals = if is_small { Cow::Owned(name.to_ascii_uppercase()) } else { Cow::Borrowed(name) };
        let kind = kind(&capitals);
        let was_named = self.shown.contains(&*capitals);
        let is_shown = was_named || kind == Some(Kind::Shown);
        let hides = !is_shown && kind != Some(Kind::Around);
        Element { name, is_known: was_named || kind.is_some(), is_shown, hides }
    }
}

/// Writes what is shown, which is no mask.
fn write(out: &mut Vec<u8>, parts: &[&[u8]]) -> bool {
    parts.iter().for_each(|part| out.extend_from_slice(part));
    false
}

/// What is in front of the document: `KEY:VALUE`, on lines or without. Says whether it ends in a mask.
fn header(text: &[u8], out: &mut Vec<u8>) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut hidden = false;
    for part in text.split_inclusive(u8::is_ascii_whitespace) {
        let word = part.trim_ascii();
        let blanks = part.get(word.len()..).unwrap_or_default();
        if word.is_empty() || is_header(word) {
            hidden = write(out, &[word, blanks]) || (hidden && word.is_empty());
        } else {
            if !hidden {
                out.extend_from_slice(MASK.as_bytes());
            }
            out.extend_from_slice(blanks);
            hidden = true;
        }
    }
    hidden
}

fn is_header(word: &[u8]) -> bool {
    let at = word.iter().position(|byte| *byte == b':').unwrap_or(word.len());
    let (key, value) = word.split_at_checked(at).unwrap_or_default();
    KEYS.iter().any(|known| known.as_bytes() == key)
        && value.len() <= LONGEST_HEADER
        && value.iter().all(|b| b.is_ascii_alphanumeric() || b":-_.".contains(b))
}

/// Whether a value is what one is made of: a line of printable characters, with no tags in it in whatever disguise.
fn is_plain(text: &[u8]) -> bool {
    let value = text.trim_ascii();
    let disguised = |part: &[u8]| text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part));
    text.len() <= LONGEST_SHOWN
        && !value.iter().any(|b| b.is_ascii_control() || matches!(b, b'<' | b'>'))
        && !DISGUISES.iter().any(|part| disguised(part.as_bytes()))
}

/// A stretch of a document.
enum Piece<'a> {
    /// In front of the first tag.
    Header(&'a [u8]),
    /// `<?xml ..?>` or `<?OFX ..?>`, with nothing unusual in it.
    Instruction(&'a [u8]),
    Tag(Tag<'a>),
    /// Text, and the element whose opening tag is in front of it; of none when another tag is.
    Value {
        of: Option<Element<'a>>,
        text: &'a [u8],
        cdata: bool,
    },
    /// Anything else, never shown.
    Odd,
}

/// An element by its name.
#[derive(Clone, Copy)]
struct Element<'a> {
    name: &'a str,
    /// OFX has it, or it is to be shown: its tag is no value that looks like one.
    is_known: bool,
    /// Its value is shown.
    is_shown: bool,
    /// Its value is masked, and ends at a tag and not at whatever a value may look like.
    hides: bool,
}

/// A tag that is one.
struct Tag<'a> {
    of: Element<'a>,
    closes: bool,
    /// `<TAG/>`
    empty: bool,
    attributes: bool,
}

impl<'a> Tag<'a> {
    /// Reads what is between `<` and `>`.
    fn read(mask: &Mask, inside: &'a [u8]) -> Option<Self> {
        let inside = std::str::from_utf8(inside).ok()?.trim();
        let (inside, closes) = inside.strip_prefix('/').map_or((inside, false), |rest| (rest.trim_start(), true));
        let (inside, empty) = inside.strip_suffix('/').map_or((inside, false), |rest| (rest.trim_end(), true));
        let (name, attributes) = inside.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((inside, ""));
        let is_one = is_name(name) && !(closes && (empty || !attributes.is_empty()));
        is_one.then(|| Self { of: mask.of(name), closes, empty, attributes: !attributes.is_empty() })
    }

    /// Whether it can be a tag that is followed by a value, with the bracket between them damaged.
    fn holds_value(&self) -> bool {
        let begins =
            |masked: &str| self.of.name.get(..masked.len()).is_some_and(|start| start.eq_ignore_ascii_case(masked));
        !self.of.is_known && MASKED.iter().any(|masked| begins(masked))
    }

    /// Writes what is no value of it; says that this is no mask.
    fn write(&self, out: &mut Vec<u8>) -> bool {
        let parts = [
            if self.closes { "</" } else { "<" },
            self.of.name,
            if self.attributes { " " } else { "" },
            if self.attributes { MASK } else { "" },
            if self.empty { "/>" } else { ">" },
        ];
        write(out, &parts.map(str::as_bytes))
    }
}

/// Whether it is a tag of an institution's own, which names its owner in front of a dot.
fn is_private(name: &str) -> bool {
    name.split_once('.').is_some_and(|(owner, own)| !owner.is_empty() && !own.is_empty())
}

/// Cuts a document into pieces; together they are all of it.
struct Scanner<'a> {
    mask: &'a Mask,
    rest: &'a [u8],
    /// No tag was seen yet.
    before: bool,
    /// The element whose value comes, if one does.
    within: Option<Element<'a>>,
    /// A tag was cut off by another: what looks like the name of that one may be the rest of a longer name.
    doubtful: bool,
}

impl<'a> Scanner<'a> {
    fn new(mask: &'a Mask, document: &'a [u8]) -> Self {
        Self { mask, rest: document, before: true, within: None, doubtful: false }
    }

    /// Takes `length` bytes off the front.
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    /// What begins with `<`.
    fn markup(&mut self) -> Piece<'a> {
        let next = |bytes: &[u8], from: usize| {
            let behind = bytes.get(from..).unwrap_or_default();
            behind.iter().position(|b| matches!(b, b'<' | b'>')).map(|at| (from + at, behind.get(at) == Some(&b'>')))
        };
        if let Some(opening) = cdata_opening(self.rest) {
            self.take(opening);
            let Some(end) = find(self.rest, b"]]>") else {
                self.take(usize::MAX);
                return Piece::Odd;
            };
            let text = self.take(end);
            self.take(b"]]>".len());
            return Piece::Value { of: self.within, text, cdata: true };
        }
        if self.rest.starts_with(b"<!--") {
            let length = find(self.rest, b"-->").map_or(usize::MAX, |at| at + b"-->".len());
            self.take(length);
            return Piece::Odd;
        }
        match next(self.rest, 1) {
            Some((at, true)) => {
                let whole = self.take(at + 1);
                let inside = whole.get(1..at).unwrap_or_default();
                if is_instruction(inside) {
                    return Piece::Instruction(whole);
                }
                match Tag::read(self.mask, inside) {
                    Some(tag) if !self.may_be_value(&tag) && !tag.holds_value() => {
                        self.before = false;
                        let has_value = !tag.closes && !tag.empty && !self.doubtful;
                        self.within = has_value.then_some(tag.of);
                        self.doubtful = false;
                        Piece::Tag(tag)
                    }
                    _ => self.odd(),
                }
            }
            Some((at, false)) => {
                self.take(at);
                self.doubtful = true;
                self.odd()
            }
            None => {
                self.take(usize::MAX);
                self.odd()
            }
        }
    }

    /// Whether it may be a part of the value that is masked here.
    fn may_be_value(&self, tag: &Tag<'_>) -> bool {
        let is_end = |of: Element<'_>| tag.of.is_known || (tag.closes && tag.of.name.eq_ignore_ascii_case(of.name));
        self.within.is_some_and(|of| of.hides && !is_end(of))
    }

    /// What is no tag ends a value that is shown, and none that is masked.
    fn odd(&mut self) -> Piece<'a> {
        self.before = false;
        self.within = self.within.filter(|of| of.hides);
        Piece::Odd
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        match self.rest.first()? {
            b'<' => Some(self.markup()),
            _ => {
                let text = self.take(self.rest.iter().position(|b| *b == b'<').unwrap_or(usize::MAX));
                Some(if self.before {
                    Piece::Header(text)
                } else {
                    Piece::Value { of: self.within, text, cdata: false }
                })
            }
        }
    }
}

/// How long `<![CDATA[` is here, which the specification's own examples print with blanks in it.
fn cdata_opening(bytes: &[u8]) -> Option<usize> {
    let rest = bytes.strip_prefix(b"<![")?.trim_ascii_start();
    let (word, rest) = rest.split_at_checked(b"CDATA".len())?;
    let rest = rest.trim_ascii_start().strip_prefix(b"[").filter(|_| word.eq_ignore_ascii_case(b"CDATA"))?;
    Some(bytes.len() - rest.len())
}

/// Whether it is what stands between the angle brackets of an XML document's first two lines.
fn is_instruction(inside: &[u8]) -> bool {
    let Some(text) = inside.strip_prefix(b"?").and_then(|text| text.strip_suffix(b"?")) else { return false };
    let is_either = text.get(..4).is_some_and(|start| start == b"xml " || start.eq_ignore_ascii_case(b"OFX "));
    let is_usual = |b: &u8| b.is_ascii_alphanumeric() || b.is_ascii_whitespace() || b"=\"'.:_-".contains(b);
    is_either && text.len() <= LONGEST_SHOWN && text.iter().all(is_usual)
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// `MESSAGE` may have 255 characters.
const LONGEST_SHOWN: usize = 400;
const LONGEST_HEADER: usize = 48;
/// How a document inside of a value writes its angle brackets.
const DISGUISES: [&str; 6] = ["lt;", "gt;", "&#", "%3c", "%3e", "\\u00"];

#[cfg(test)]
mod tests;
