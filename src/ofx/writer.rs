//! The writer: a tree into bytes of either syntax.

use zeroize::Zeroizing;

use crate::ofx::element::is_name;
use crate::ofx::markup::repair_cdata;
use crate::ofx::{Element, EncodeError, Version, charset};

/// How a document is laid out, for institutions that are particular about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    close_leaves: bool,
    line_breaks: bool,
}

impl Style {
    /// Compact, and in 1.x without end tags on leaves: what the specification describes.
    #[must_use]
    pub const fn new() -> Self {
        Self { close_leaves: false, line_breaks: false }
    }

    /// Writes end tags on the leaves of 1.x documents too.
    #[must_use]
    pub const fn close_leaves(mut self, close: bool) -> Self {
        self.close_leaves = close;
        self
    }

    /// Puts each tag on a line of its own, CR LF.
    #[must_use]
    pub const fn line_breaks(mut self, breaks: bool) -> Self {
        self.line_breaks = breaks;
        self
    }

    pub(crate) const fn closes_leaves(self) -> bool {
        self.close_leaves
    }

    pub(crate) const fn breaks_lines(self) -> bool {
        self.line_breaks
    }
}

/// Bytes of `root` and everything below it, in the character set of `version`.
pub(crate) fn write(root: &Element, version: Version, style: &Style) -> Result<Zeroizing<Vec<u8>>, EncodeError> {
    let mut text = Zeroizing::new(String::with_capacity(size(root)));
    element(root, "", false, version, style, &mut text)?;
    if version.is_sgml() && !text.is_ascii() {
        if let Some(bytes) = charset::to_latin(&text) {
            return Ok(bytes);
        }
        let tag = first_beyond_latin(root).unwrap_or_default();
        return Err(EncodeError::Charset { tag, version, charset: "1252" });
    }
    Ok(Zeroizing::new(std::mem::take(&mut *text).into_bytes()))
}

/// `markup` says that the value is markup of its own, which stands in a marked section. OFX 1.0.3 §9.2.
fn element(
    at: &Element,
    parent: &str,
    markup: bool,
    version: Version,
    style: &Style,
    out: &mut String,
) -> Result<(), EncodeError> {
    let tag = at.tag();
    if !is_name(tag) {
        return Err(EncodeError::Invalid { tag: "a tag", expected: "must be 1 to 64 letters, digits, dots, dashes" });
    }
    out.push('<');
    out.push_str(tag);
    out.push('>');
    let leaf = at.text();
    match leaf {
        Some(value) if is_plain(value) && !markup => out.push_str(value),
        Some(value) if markup => {
            check_characters(tag, value)?;
            out.extend(["<![CDATA[", value, "]]>"]);
        }
        Some(value) => {
            check_characters(tag, value)?;
            escape(value, version, out);
        }
        None => {
            line(style, out);
            let html = at.value("USEHTML") == Some("Y");
            for child in at.children() {
                let markup = html && child.tag() == "MSGBODY" && child.text().is_some_and(fits_cdata);
                element(child, tag, markup, version, style, out)?;
            }
        }
    }
    let may_stay_open = leaf.is_some() && version.is_sgml() && !style.close_leaves;
    // The end tag of a parent of the same name would be taken for this one's.
    if !may_stay_open || ALWAYS_CLOSED.contains(&tag) || tag.eq_ignore_ascii_case(parent) {
        out.push_str("</");
        out.push_str(tag);
        out.push('>');
    }
    line(style, out);
    Ok(())
}

fn line(style: &Style, out: &mut String) {
    if style.line_breaks {
        out.push_str("\r\n");
    }
}

/// Whether every byte stands for itself wherever it is written.
fn is_plain(value: &str) -> bool {
    value.bytes().all(|b| (b' '..0x7f).contains(&b) && !matches!(b, b'&' | b'<' | b'>'))
}

fn check_characters(tag: &str, value: &str) -> Result<(), EncodeError> {
    let refused =
        |c: char| matches!(c, '\u{fffe}' | '\u{ffff}') || (c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
    if value.contains(refused) { Err(EncodeError::Control(tag.to_owned())) } else { Ok(()) }
}

fn escape(value: &str, version: Version, out: &mut String) {
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A reader of XML makes a line feed of every other carriage return. SGML has no such reference.
            '\r' if !version.is_sgml() => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
}

/// Whether a marked section ends where the value does, and brings back its line breaks and what looks like the start of one.
fn fits_cdata(value: &str) -> bool {
    !value.contains("]]>") && !value.contains('\r') && repair_cdata(value).is_none()
}

/// The text of one element, every end tag written, for [`markup::read_part`](crate::ofx::markup::read_part).
pub(crate) fn markup(at: &Element) -> String {
    let mut out = String::with_capacity(size(at));
    part(at, &mut out);
    out
}

fn part(at: &Element, out: &mut String) {
    out.extend(["<", at.tag(), ">"]);
    match at.text() {
        Some(value) => escape(value, Version::V230, out),
        None => at.children().iter().for_each(|child| part(child, out)),
    }
    out.extend(["</", at.tag(), ">"]);
}

/// Room enough for the whole text, so that a value that is a secret is not left behind by a growing buffer.
fn size(at: &Element) -> usize {
    let value = at
        .text()
        .map_or(0, |text| text.len() + 4 * text.bytes().filter(|b| matches!(b, b'&' | b'<' | b'>' | b'\r')).count());
    let marked = if at.tag() == "MSGBODY" { "<![CDATA[]]>".len() } else { 0 };
    value + marked + 2 * at.tag().len() + 9 + at.children().iter().map(size).sum::<usize>()
}

fn first_beyond_latin(at: &Element) -> Option<String> {
    if at.text().is_some_and(|text| charset::to_latin(text).is_none()) {
        return Some(at.tag().to_owned());
    }
    at.children().iter().find_map(first_beyond_latin)
}

/// Leaves that every 1.x grammar wants closed.
const ALWAYS_CLOSED: [&str; 2] = ["EXTDPMTDSC", "MSGBODY"];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use crate::ofx::{Document, Element, Header, Limits, Style, Version};

    #[test]
    fn a_leaf_named_like_its_parent_does_not_take_the_end_tag_of_that() {
        let inner = Element::aggregate("NOTE", vec![Element::leaf("MEMO", "paid"), Element::leaf("NOTE", "late")]);
        let document = Document::new(Header::new(Version::V103), Element::aggregate("OFX", vec![inner]));
        let written = document.encode(&Style::new()).unwrap();
        assert_eq!(Document::decode(&written, &Limits::new()).unwrap(), document);
    }
}
