//! Values: how each type is written in a leaf, and how members of an aggregate are found and put.

use std::fmt;

use rust_decimal::Decimal;
use zeroize::Zeroize as _;

use crate::ofx::aggregate::written_as_text;
use crate::ofx::{DecodeError, Element, Elements, EncodeError, Problem, Sink, TextCheck, Version};
use crate::secret::Secret;

/// A type that stands in one element: a value in a leaf, or an aggregate with its members.
pub(crate) trait Content: Sized {
    /// Reads it from its element. Errors carry the path below that element.
    fn read(element: &Element) -> Result<Self, DecodeError>;
    /// Writes it as an element called `tag`, leaving out what `version` does not know.
    fn write_to(&self, tag: &'static str, version: Version, out: &mut dyn Sink);
    /// As [`write_to`](Self::write_to), as a tree.
    fn write(&self, tag: &'static str, version: Version) -> Element {
        let mut elements = Elements::default();
        self.write_to(tag, version, &mut elements);
        elements.finish().pop().unwrap_or_else(|| Element::aggregate(tag, Vec::new()))
    }
    /// Refuses texts that would not be read as they were meant: [`TextCheck`].
    fn check_texts(&self, tag: &'static str, version: Version) -> Result<(), EncodeError> {
        let mut check = TextCheck::new();
        self.write_to(tag, version, &mut check);
        check.finish()
    }
    /// Overwrites text that does not do so by itself when it is dropped.
    fn wipe(&mut self) {}
}

/// How a member of an aggregate occurs: once, at most once, any number of times.
pub(crate) trait Member: Sized {
    /// Reads what `parent` holds under `tag`.
    fn take(parent: &Element, tag: &'static str) -> Result<Self, DecodeError>;
    /// Writes it where an aggregate's members stand.
    fn put(&self, tag: &'static str, version: Version, out: &mut dyn Sink);
    /// As [`Content::wipe`].
    fn wipe(&mut self) {}
}

impl<T: Content> Member for T {
    fn take(parent: &Element, tag: &'static str) -> Result<Self, DecodeError> {
        let child = only(parent, tag)?.ok_or_else(|| DecodeError::new(Problem::Missing(tag), parent.offset()))?;
        T::read(child).map_err(|error| error.within(tag))
    }

    fn put(&self, tag: &'static str, version: Version, out: &mut dyn Sink) {
        self.write_to(tag, version, out);
    }

    fn wipe(&mut self) {
        Content::wipe(self);
    }
}

impl<T: Content> Member for Option<T> {
    /// An empty element counts as absent. OFX 1.0.3 §2.3.2.
    fn take(parent: &Element, tag: &'static str) -> Result<Self, DecodeError> {
        only(parent, tag)?.map(|child| T::read(child).map_err(|error| error.within(tag))).transpose()
    }

    fn put(&self, tag: &'static str, version: Version, out: &mut dyn Sink) {
        if let Some(value) = self {
            value.write_to(tag, version, out);
        }
    }

    fn wipe(&mut self) {
        self.iter_mut().for_each(Content::wipe);
    }
}

/// Empty elements count as absent here, too. `OUTER/INNER` as a tag means a list in an aggregate of its own, which is there
/// even when the list is empty; `OUTER?/INNER` one that is only there with it.
impl<T: Content> Member for Vec<T> {
    fn take(parent: &Element, tag: &'static str) -> Result<Self, DecodeError> {
        let Some((outer, inner)) = tag.split_once('/') else {
            let found = parent.children_named(tag).filter(|child| !child.is_empty());
            return found.map(|child| T::read(child).map_err(|error| error.within(tag))).collect();
        };
        let outer = outer.trim_end_matches('?');
        let Some(list) = only(parent, outer)? else { return Ok(Self::new()) };
        Self::take(list, inner).map_err(|error| error.within(outer))
    }

    fn put(&self, tag: &'static str, version: Version, out: &mut dyn Sink) {
        let each = |inner, out: &mut dyn Sink| self.iter().for_each(|value| value.write_to(inner, version, out));
        match tag.split_once('/').map(|(outer, inner)| (outer, outer.strip_suffix('?'), inner)) {
            None => each(tag, out),
            Some((_, Some(_), _)) if self.is_empty() => {}
            Some((outer, with_items, inner)) => out.aggregate(with_items.unwrap_or(outer), |out| each(inner, out)),
        }
    }

    fn wipe(&mut self) {
        self.iter_mut().for_each(Content::wipe);
    }
}

/// What `parent` holds under `tag`, of which it may hold one: not what happens to come first when there are several. One that says
/// the same again does no harm, and empty ones count as absent.
pub(crate) fn only<'a>(parent: &'a Element, tag: &'static str) -> Result<Option<&'a Element>, DecodeError> {
    let mut found = parent.children_named(tag).filter(|child| !child.is_empty());
    let first = found.next();
    match found.find(|other| Some(*other) != first) {
        Some(other) if !FIRST.contains(&tag) => Err(DecodeError::new(Problem::Repeated(tag), other.offset())),
        _ => Ok(first),
    }
}

/// Of these the first is as good as any: words for people, and what grammars allow more than once where there is one account.
const FIRST: [&str; 8] =
    ["BANKACCTINFO", "BPACCTINFO", "CCACCTINFO", "INVACCTINFO", "LOANACCTINFO", "MEMO", "MESSAGE", "PRESACCTINFO"];

/// For a text that institutions leave out though it is required: it is empty then, and refused where it would be sent.
pub(crate) fn empty(error: DecodeError) -> Result<String, DecodeError> {
    match error.problem() {
        Problem::Missing(_) => Ok(String::new()),
        _ => Err(error),
    }
}

/// For what institutions write in a form of their own, and nothing hangs on: it is not known then.
pub(crate) fn unknown<T>(_: DecodeError) -> Result<Option<T>, DecodeError> {
    Ok(None)
}

/// The value of a leaf, or the error that it is not a `what`.
pub(crate) fn text<'a>(element: &'a Element, what: &'static str) -> Result<&'a str, DecodeError> {
    element.text().ok_or_else(|| invalid(element, what))
}

pub(crate) fn invalid(element: &Element, what: &'static str) -> DecodeError {
    DecodeError::new(Problem::Value(what), element.offset())
}

impl Content for String {
    fn read(element: &Element) -> Result<Self, DecodeError> {
        text(element, "text").map(str::to_owned)
    }

    fn write_to(&self, tag: &'static str, _: Version, out: &mut dyn Sink) {
        out.leaf(tag, self.as_str());
    }

    fn wipe(&mut self) {
        self.zeroize();
    }
}

impl Content for Secret {
    fn read(element: &Element) -> Result<Self, DecodeError> {
        text(element, "text").map(Self::new)
    }

    fn write_to(&self, tag: &'static str, _: Version, out: &mut dyn Sink) {
        out.leaf(tag, self.expose());
    }
}

impl Content for bool {
    /// `Y` or `N`. OFX 1.0.3 §3.2.
    fn read(element: &Element) -> Result<Self, DecodeError> {
        match text(element, "Y or N")? {
            "Y" | "y" => Ok(true),
            "N" | "n" => Ok(false),
            _ => Err(invalid(element, "Y or N")),
        }
    }

    fn write_to(&self, tag: &'static str, _: Version, out: &mut dyn Sink) {
        out.leaf(tag, if *self { "Y" } else { "N" });
    }
}

impl Content for u32 {
    fn read(element: &Element) -> Result<Self, DecodeError> {
        text(element, "number")?.parse().map_err(|_| invalid(element, "number"))
    }

    fn write_to(&self, tag: &'static str, _: Version, out: &mut dyn Sink) {
        out.leaf(tag, &self.to_string());
    }
}

impl Content for i32 {
    fn read(element: &Element) -> Result<Self, DecodeError> {
        text(element, "number")?.parse().map_err(|_| invalid(element, "number"))
    }

    fn write_to(&self, tag: &'static str, _: Version, out: &mut dyn Sink) {
        out.leaf(tag, &self.to_string());
    }
}

/// An amount of money, exact. OFX 1.0.3 §3.2.9.
///
/// Written with a point and the decimals it was given; read with a point or a comma, with or without sign, and in a document also with
/// blanks behind the sign and marks of thousands that leave no doubt: `1,234.56`, `1.234,56`, `1 234`, `1,234,567`. One comma by itself is
/// the point, whatever is behind it. A value with more digits than fit is refused and never rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(Decimal);

impl Amount {
    /// Wraps a decimal.
    #[must_use]
    pub const fn new(value: Decimal) -> Self {
        Self(value)
    }

    /// The decimal.
    #[must_use]
    pub const fn value(self) -> Decimal {
        self.0
    }

    /// Reads `84.20`, `84,20`, `+84`, `-84.`; no thousands marks. `None` when it is no such number or does not fit.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let marks = digits.bytes().filter(|b| matches!(b, b'.' | b',')).count();
        let well_formed = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','));
        if !well_formed || marks > 1 || !digits.bytes().any(|b| b.is_ascii_digit()) {
            return None;
        }
        let point = text.replace(',', ".");
        Decimal::from_str_exact(point.strip_prefix('+').unwrap_or(&point).trim_end_matches('.')).ok().map(Self)
    }
}

impl Amount {
    /// Reads what has a mark between groups of three digits, and another one, a point or a comma, in front of the decimals. Without that
    /// one a mark that could be it leaves in doubt which it is, unless there are two of them.
    fn with_thousands(text: &str) -> Option<Self> {
        let mark = text.chars().find(|c| THOUSANDS.contains(c))?;
        let (whole, decimals) = match text.rsplit_once(|c| matches!(c, '.' | ',') && c != mark) {
            Some(both) => both,
            None if matches!(mark, '.' | ',') && text.matches(mark).count() == 1 => return None,
            None => (text, ""),
        };
        let mut groups = whole.strip_prefix(['+', '-']).unwrap_or(whole).split(mark);
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let first = groups.next().is_some_and(|first| matches!(first.len(), 1..=3) && digits(first));
        if !first || !groups.all(|group| group.len() == 3 && digits(group)) || !digits(decimals) {
            return None;
        }
        Self::parse(&format!("{}.{decimals}", whole.replace(mark, "")))
    }
}

/// The same without blanks between sign and number.
fn closed_up(text: &str) -> String {
    let number = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = text.strip_suffix(number).unwrap_or_default();
    format!("{sign}{}", number.trim_start_matches(BLANKS))
}

/// What institutions put between thousands.
const THOUSANDS: [char; 7] = [',', '.', '\'', '’', BLANKS[0], BLANKS[1], BLANKS[2]];

/// Of all kinds that do not break a line.
const BLANKS: [char; 3] = [' ', '\u{a0}', '\u{202f}'];

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Decimal> for Amount {
    fn from(value: Decimal) -> Self {
        Self(value)
    }
}

impl Content for Amount {
    fn read(element: &Element) -> Result<Self, DecodeError> {
        let text = closed_up(text(element, "amount")?);
        Self::parse(&text).or_else(|| Self::with_thousands(&text)).ok_or_else(|| invalid(element, "amount"))
    }

    fn write_to(&self, tag: &'static str, _: Version, out: &mut dyn Sink) {
        out.leaf(tag, &self.to_string());
    }
}

/// `TRNUID`: names one request and its response for ever. OFX 1.0.3 §3.2.1.
///
/// Made by the client, up to 36 characters; `0` when the institution acted by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TrnUid(String);

impl TrnUid {
    /// Wraps an identifier.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an institution means it by `found`: some keep identifiers as numbers, and write their letters as they like.
    pub(crate) fn is(&self, found: &str) -> bool {
        self.0.eq_ignore_ascii_case(found)
    }
}

written_as_text!(TrnUid, "TRNUID");
