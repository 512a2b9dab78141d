//! Tells a web page from an institution's answer: block pages, login pages and error pages come with status 200.

/// Whether `body` has nothing in it but white space.
pub(crate) fn is_blank(body: &[u8]) -> bool {
    start(body).is_empty()
}

/// Whether `body` is a web page: by its first words, or by its type when nothing in it speaks against it.
pub(crate) fn is_html(content_type: Option<&str>, body: &[u8]) -> bool {
    let first = after_declaration(start(body));
    if OPENINGS.iter().any(|opening| starts_with(first, opening)) {
        return true;
    }
    // Some institutions label a good answer text/html.
    content_type.is_some_and(says_html) && find(body, NOT_A_PAGE).is_none()
}

/// The title of a web page, in one line of at most [`TITLE_CHARS`] characters, up to what looks like an address. None where it repeats one
/// of `private`.
pub(crate) fn title(body: &[u8], private: &[String]) -> Option<String> {
    let after = body.get(find(body, b"<title")?..)?;
    let text = after.get(after.iter().position(|byte| *byte == b'>')?.checked_add(1)?..)?.trim_ascii_start();
    // A page may be all title; what is behind this is not looked at, nor copied.
    let text = text.get(..TITLE_BYTES).unwrap_or(text);
    let text = text.get(..find(text, b"</title").unwrap_or(text.len()))?;
    let text = String::from_utf8_lossy(text);
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    // Behind it comes the rest of the address, if there were spaces in it.
    let words: Vec<&str> = words.take_while(|word| !is_of_an_address(word)).collect();
    let line = words.join(" ");
    let lower = line.to_lowercase();
    if line.is_empty() || private.iter().any(|part| lower.contains(&part.to_lowercase())) {
        return None;
    }
    Some(line.chars().take(TITLE_CHARS).collect())
}

/// Whether it looks like a path or a query, as it is or as a page writes it.
fn is_of_an_address(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let inner = word.trim_end_matches(['?', '!', '%', '.', ',', ':', ')', '"', '\'']);
    inner.chars().any(char::is_alphanumeric) && MARKS.iter().any(|mark| inner.contains(mark))
}

/// `body` after a byte order mark and white space.
fn start(body: &[u8]) -> &[u8] {
    body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body).trim_ascii_start()
}

/// `text` after an XML declaration, with which a page may begin as well.
fn after_declaration(text: &[u8]) -> &[u8] {
    if !starts_with(text, b"<?xml") {
        return text;
    }
    let end = find(text, b"?>").and_then(|end| end.checked_add(2));
    end.and_then(|end| text.get(end..)).map_or(text, <[u8]>::trim_ascii_start)
}

fn says_html(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("text/html")
}

fn starts_with(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len()).is_some_and(|first| first.eq_ignore_ascii_case(prefix))
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = wanted.first()?;
    // Most places differ in the first byte.
    let begins = |window: &[u8]| window.first().is_some_and(|byte| byte.eq_ignore_ascii_case(first));
    text.windows(wanted.len()).position(|window| begins(window) && window.eq_ignore_ascii_case(wanted))
}

/// How a web page begins.
const OPENINGS: &[&[u8]] = &[b"<!doctype html", b"<html"];

/// What a real answer has in it and a web page does not: the only thing this room knows about what it carries.
const NOT_A_PAGE: &[u8] = b"<OFX";

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What addresses are made of and titles are not, and how it is written in a page.
const MARKS: &[&str] = &[
    "/", "?", "=", "%", "\\", "&#47", "&#63", "&#61", "&#37", "&#x2f", "&#x3f", "&#x3d", "&#x25", "&sol", "&quest",
    "&equals", "&percnt",
];

/// A title is for a person to read, not for the institution to fill the log with.
const TITLE_CHARS: usize = 80;

/// How much of it is looked at: that many characters of the longest, with much white space between them.
const TITLE_BYTES: usize = 8 * 1024;
