//! The writer: records and trees into bytes of either syntax.

use zeroize::Zeroizing;

use crate::ofx::element::is_name;
use crate::ofx::markup::repair_cdata;
use crate::ofx::{Element, Elements, EncodeError, Sink, Version, charset};
use crate::secret::make_room;

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

/// Bytes of what is told, in the character set of `version`.
pub(crate) fn text(
    version: Version,
    style: &Style,
    tell: impl FnOnce(&mut dyn Sink),
) -> Result<Zeroizing<Vec<u8>>, EncodeError> {
    let mut text = Text::new(version, style);
    tell(&mut text);
    text.finish()
}

/// Writes what it is told, and notes what cannot be written.
struct Text {
    out: Zeroizing<String>,
    version: Version,
    style: Style,
    open: Vec<&'static str>,
    /// A mail that is not told to its end: how its body is written hangs on what comes behind it.
    mail: Elements,
    /// What was wrong first.
    problem: Option<EncodeError>,
}

impl Text {
    fn new(version: Version, style: &Style) -> Self {
        let out = Zeroizing::new(String::with_capacity(1024));
        Self { out, version, style: *style, open: Vec::new(), mail: Elements::default(), problem: None }
    }

    /// The bytes, in the character set of the version.
    fn finish(mut self) -> Result<Zeroizing<Vec<u8>>, EncodeError> {
        match self.problem.take() {
            Some(problem) => Err(problem),
            None if self.version.is_sgml() && !self.out.is_ascii() => {
                charset::to_latin(&self.out).ok_or_else(|| beyond_latin("a value", self.version))
            }
            None => Ok(Zeroizing::new(std::mem::take(&mut *self.out).into_bytes())),
        }
    }

    fn refuse(&mut self, problem: EncodeError) {
        self.problem.get_or_insert(problem);
    }

    fn start(&mut self, tag: &str, value: usize) {
        // The longest that a character becomes has five, and a marked section twelve.
        make_room(&mut self.out, 2 * tag.len() + 5 * value + 24);
        self.out.push('<');
        self.out.push_str(tag);
        self.out.push('>');
    }

    fn line(&mut self) {
        if self.style.line_breaks {
            make_room(&mut self.out, 2);
            self.out.push_str("\r\n");
        }
    }

    fn end(&mut self, tag: &str) {
        make_room(&mut self.out, tag.len() + 3);
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }

    /// `markup` says that the value is markup of its own, which stands in a marked section. OFX 1.0.3 §9.2.
    fn value(&mut self, tag: &str, value: &str, parent: &str, markup: bool) {
        self.start(tag, value.len());
        if is_plain(value) && !markup {
            self.out.push_str(value);
        } else {
            if let Err(problem) = check_characters(tag, value, self.version) {
                self.refuse(problem);
            }
            if markup {
                self.out.extend(["<![CDATA[", value, "]]>"]);
            } else {
                escape(value, self.version, &mut self.out);
            }
        }
        let may_stay_open = self.version.is_sgml() && !self.style.close_leaves;
        // The end tag of a parent of the same name would be taken for this one's.
        if !may_stay_open || ALWAYS_CLOSED.contains(&tag) || tag.eq_ignore_ascii_case(parent) {
            self.end(tag);
        }
        self.line();
    }

    fn tree(&mut self, at: &Element, parent: &str, markup: bool) {
        let tag = at.tag();
        if !is_name(tag) {
            self.refuse(EncodeError::Invalid {
                tag: "a tag",
                expected: "must be 1 to 64 letters, digits, dots, dashes",
            });
        }
        if let Some(value) = at.text() {
            return self.value(tag, value, parent, markup);
        }
        self.start(tag, 0);
        self.line();
        let html = at.value("USEHTML") == Some("Y");
        for child in at.children() {
            let markup = html && child.tag() == "MSGBODY" && child.text().is_some_and(fits_cdata);
            self.tree(child, tag, markup);
        }
        self.end(tag);
        self.line();
    }
}

impl Sink for Text {
    fn open(&mut self, tag: &'static str) {
        if tag == "MAIL" || self.mail.is_open() {
            return self.mail.open(tag);
        }
        self.open.push(tag);
        self.start(tag, 0);
        self.line();
    }

    fn leaf(&mut self, tag: &'static str, value: &str) {
        if self.mail.is_open() {
            self.mail.leaf(tag, value);
        } else if value.is_empty() {
            self.open(tag);
            self.close();
        } else {
            let parent = self.open.last().copied().unwrap_or_default();
            self.value(tag, value, parent, false);
        }
    }

    fn close(&mut self) {
        if self.mail.is_open() {
            self.mail.close();
            if !self.mail.is_open() {
                let mail = std::mem::take(&mut self.mail).finish();
                mail.iter().for_each(|mail| self.element(mail));
            }
        } else if let Some(tag) = self.open.pop() {
            self.end(tag);
            self.line();
        }
    }

    fn element(&mut self, element: &Element) {
        if self.mail.is_open() {
            return self.mail.element(element);
        }
        let parent = self.open.last().copied().unwrap_or_default();
        self.tree(element, parent, false);
    }
}

/// Whether every byte stands for itself wherever it is written.
fn is_plain(value: &str) -> bool {
    value.bytes().all(|b| (b' '..0x7f).contains(&b) && !matches!(b, b'&' | b'<' | b'>'))
}

/// Refuses characters that no document may hold, and those that the character set of `version` lacks.
fn check_characters(tag: &str, value: &str, version: Version) -> Result<(), EncodeError> {
    let refused =
        |c: char| matches!(c, '\u{fffe}' | '\u{ffff}') || (c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
    if value.contains(refused) {
        return Err(EncodeError::Control(tag.to_owned()));
    }
    if version.is_sgml() && charset::to_latin(value).is_none() {
        return Err(beyond_latin(tag, version));
    }
    Ok(())
}

fn beyond_latin(tag: &str, version: Version) -> EncodeError {
    EncodeError::Charset { tag: tag.to_owned(), version, charset: "1252" }
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
    value + 2 * at.tag().len() + 5 + at.children().iter().map(size).sum::<usize>()
}

/// Leaves that every 1.x grammar wants closed.
const ALWAYS_CLOSED: [&str; 2] = ["EXTDPMTDSC", "MSGBODY"];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::text;
    use crate::ofx::{Document, Element, Header, Limits, Style, Version};

    #[test]
    fn an_empty_value_is_closed_in_every_version() {
        for version in Version::ALL {
            let told = text(version, &Style::new(), |out| out.leaf("MEMO", "")).unwrap();
            assert_eq!(told.as_slice(), b"<MEMO></MEMO>", "{version}");
            let tree = text(version, &Style::new(), |out| out.element(&Element::leaf("MEMO", ""))).unwrap();
            assert_eq!(told, tree, "{version}");
        }
    }

    #[test]
    fn a_leaf_named_like_its_parent_does_not_take_the_end_tag_of_that() {
        let inner = Element::aggregate("NOTE", vec![Element::leaf("MEMO", "paid"), Element::leaf("NOTE", "late")]);
        let document = Document::new(Header::new(Version::V103), Element::aggregate("OFX", vec![inner]));
        let written = document.encode(&Style::new()).unwrap();
        assert_eq!(Document::decode(&written, &Limits::new()).unwrap(), document);
    }
}
