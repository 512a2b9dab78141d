//! The reader: text of either syntax into a tree, with its own limits on top of the tokenizer.
//!
//! SGML leaves have no end tags, and some XML institutions leave them out too, so one reader does both. The rules:
//!
//! - a start tag closes an open element that already has a value;
//! - an end tag closes what it names and, on the way there, leaves without end tags; an open element without a value that
//!   was never closed is an empty leaf, and what followed it belongs to its parent (1.x only), unless its tag is that of an
//!   aggregate (`grammar.rs`): then its end tag was lost, and what it holds must not vanish;
//! - in a message of the institution, tags that lay out a web page are blanks;
//! - an end tag that names nothing open is an error, unless it is a shortening of the innermost aggregate's tag
//!   (`</STMTRS>` for `<CCSTMTRS>`, seen at one bank).

use std::sync::Arc;

use quick_xml::events::{BytesRef, Event};
use quick_xml::reader::Reader;
use zeroize::Zeroizing;

use crate::ofx::element::is_name;
use crate::ofx::grammar::is_aggregate;
use crate::ofx::piece::{Piece, Source};
use crate::ofx::{Charset, DecodeError, Element, Limits, Places, Problem};

/// Reads the root element out of `text`, which starts with its tag. `file` is what it was in its file: the character set, the
/// position of its first byte, and the length of the file.
pub(crate) fn read(
    text: Zeroizing<String>,
    limits: &Limits,
    sgml: bool,
    file: (Charset, usize, usize),
) -> Result<Element, DecodeError> {
    read_root(text, limits, sgml, file, Some("OFX"))
}

/// Reads one element of whatever name, with nothing around it.
pub(crate) fn read_part(text: &str, limits: &Limits) -> Result<Element, DecodeError> {
    read_root(Zeroizing::new(text.to_owned()), limits, true, (Charset::utf8(), 0, text.len()), None)
}

fn read_root(
    text: Zeroizing<String>,
    limits: &Limits,
    sgml: bool,
    (charset, first, length): (Charset, usize, usize),
    root: Option<&'static str>,
) -> Result<Element, DecodeError> {
    let (text, original) = match repair_cdata(&text) {
        Some(repaired) => (repaired, Some(text)),
        None => (text, None),
    };
    let source = Source::new(text);
    let mut places =
        Places::new(original.as_ref().map_or(source.as_str(), |text| text.as_str()), charset, first, length);
    let mut tokens = Reader::from_str(source.as_str());
    let config = tokens.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let (open, closed) = (Vec::with_capacity(16), Vec::with_capacity(32));
    let mut tree = Tree { source: &source, open, closed, done: None, root, limits, elements: 0, sgml };
    loop {
        let at = places.at(usize::try_from(tokens.buffer_position()).unwrap_or(usize::MAX));
        let step = match tokens.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => tree.take(event, at),
            Err(error) => Err(tree.broken(&error, at)),
        };
        step.map_err(|(problem, at)| DecodeError::new(problem, at).with_path(tree.path()))?;
    }
    let end = places.at(source.as_str().len());
    match tree.done.take() {
        Some(root) if tree.open.is_empty() => Ok(root),
        _ if tree.open.is_empty() && root.is_none() => {
            Err(DecodeError::new(Problem::Markup("there is no element".to_owned()), end))
        }
        _ => Err(DecodeError::new(Problem::Truncated(tree.innermost()), end).with_path(tree.path())),
    }
}

/// An element whose end was not read yet.
struct Open {
    tag: Piece,
    text: Piece,
    /// Where its children begin among what is closed.
    first_child: usize,
    offset: usize,
}

struct Tree<'a> {
    source: &'a Arc<Source>,
    open: Vec<Open>,
    /// What is closed and waits for its parent to be, in the order of the document.
    closed: Vec<Element>,
    done: Option<Element>,
    /// What the outermost element must be called; any name, and a value in it, when there is none.
    root: Option<&'static str>,
    limits: &'a Limits,
    elements: usize,
    /// Whether leaves may lack end tags: the header says so, or one was seen.
    sgml: bool,
}

type Step = Result<(), (Problem, usize)>;

impl Tree<'_> {
    fn take(&mut self, event: Event<'_>, at: usize) -> Step {
        match event {
            Event::Start(tag) | Event::Empty(tag) if self.is_layout(tag.name().as_ref()) => {
                check_tag(&tag, tag.name().as_ref(), at)?;
                self.append(" ", at)
            }
            Event::End(tag) if self.is_layout(tag.name().as_ref()) => self.append(" ", at),
            Event::Start(tag) => {
                check_tag(&tag, tag.name().as_ref(), at)?;
                self.start(tag.name().as_ref(), at)
            }
            Event::Empty(tag) => {
                check_tag(&tag, tag.name().as_ref(), at)?;
                self.start(tag.name().as_ref(), at)?;
                self.close(at)
            }
            Event::End(tag) => self.end(tag.name().as_ref(), at),
            Event::Text(text) => self.text(&text, at),
            Event::CData(text) => self.text(&text, at),
            Event::GeneralRef(entity) => self.entity(&entity, at),
            Event::DocType(_) => Err((Problem::Doctype, at)),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::Eof => Ok(()),
        }
    }

    /// Whether a tag lays out the text of a message, as on a web page, and stands for no element.
    fn is_layout(&self, name: &str) -> bool {
        let in_message = |top: &Open| matches!(self.tag_of(top), "MESSAGE" | "MESSAGE2");
        name.len() <= LONGEST_LAYOUT
            && self.open.last().is_some_and(in_message)
            && LAYOUT.iter().any(|tag| tag.eq_ignore_ascii_case(name))
    }

    fn start(&mut self, name: &str, at: usize) -> Step {
        if self.done.is_some() {
            return Err((Problem::Markup("there is more after the end of the document".to_owned()), at));
        }
        check_name(name, at)?;
        if let Some(top) = self.open.last_mut() {
            if is_white(top.text.as_str(Some(self.source))) {
                top.text = Piece::EMPTY;
            } else if self.open.len() == 1 {
                return Err(between(at));
            } else {
                self.sgml = true;
                self.close(at)?;
            }
        }
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err((Problem::Limit { what: "elements", limit: self.limits.elements }, at));
        }
        if self.open.len() >= self.limits.depth {
            return Err((Problem::Limit { what: "levels of tags", limit: self.limits.depth }, at));
        }
        let tag = if name.bytes().any(|b| b.is_ascii_lowercase()) {
            Piece::own(name.to_ascii_uppercase())
        } else {
            Piece::of(name, self.source)
        };
        self.open.push(Open { tag, text: Piece::EMPTY, first_child: self.closed.len(), offset: at });
        Ok(())
    }

    /// Text as it stands in the document, with its line breaks made one: what the tokenizer offers for that leaves a copy of the
    /// value behind.
    fn text(&mut self, text: &str, at: usize) -> Step {
        if !text.as_bytes().contains(&b'\r') {
            return self.append(text, at);
        }
        let mut lines = text.split("\r\n").flat_map(|part| part.split('\r'));
        self.append(lines.next().unwrap_or_default(), at)?;
        lines.try_for_each(|line| self.append("\n", at).and_then(|()| self.append(line, at)))
    }

    fn append(&mut self, text: &str, at: usize) -> Step {
        let control = |b: u8| b < b' ' && !matches!(b, b'\t' | b'\r' | b'\n');
        match self.open.last_mut() {
            // The first question is much faster than the second, and is answered at once.
            Some(_) if text.bytes().fold(false, |any, b| any | (b < b' ')) && text.bytes().any(control) => {
                return Err((Problem::Markup("there is a control character in a value".to_owned()), at));
            }
            Some(top) if top.first_child == self.closed.len() => top.text.push(text, self.source),
            _ if is_white(text) => {}
            // What institutions append after the document is not ours.
            None if self.done.is_some() && self.root.is_some() => {}
            _ => return Err(between(at)),
        }
        Ok(())
    }

    fn entity(&mut self, entity: &BytesRef<'_>, at: usize) -> Step {
        let name: &str = entity;
        let known = match name {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            "quot" => "\"",
            "apos" => "'",
            "nbsp" => " ",
            _ if entity.is_char_ref() => {
                return match entity.resolve_char_ref() {
                    Ok(Some(c)) => self.append(c.encode_utf8(&mut [0; 4]), at),
                    _ => Err((Problem::Markup("a character reference names no character".to_owned()), at)),
                };
            }
            // A bare ampersand that happens to be followed by a semicolon.
            _ => {
                self.append("&", at)?;
                self.append(name, at)?;
                return self.append(";", at);
            }
        };
        self.append(known, at)
    }

    fn end(&mut self, name: &str, at: usize) -> Step {
        let name = name.trim_end();
        let stray = || (Problem::UnexpectedEnd(name.to_ascii_uppercase()), at);
        let named = |open: &Open| self.tag_of(open) == name || self.tag_of(open).eq_ignore_ascii_case(name);
        let Some(position) = self.open.iter().rposition(named) else {
            check_name(name, at)?;
            if self.open.last().is_some_and(|top| !self.is_blank(top)) {
                self.close(at)?;
            }
            let innermost = self.open.last().map(|top| self.tag_of(top)).ok_or_else(stray)?;
            let upper = name.to_ascii_uppercase();
            let shortened = innermost.ends_with(&upper);
            return if shortened && self.sgml && name.len() > 3 { self.close(at) } else { Err(stray()) };
        };
        while self.open.len() > position + 1 {
            self.close_unended(at)?;
        }
        self.close(at)
    }

    /// Closes the innermost element, whose end was never written.
    fn close_unended(&mut self, at: usize) -> Step {
        let Some(top) = self.open.last() else { return Ok(()) };
        if !self.is_blank(top) {
            self.sgml = true;
            return self.close(at);
        }
        let holds = top.first_child < self.closed.len();
        if !self.sgml || holds && is_aggregate(self.tag_of(top)) {
            return Err((Problem::Markup(format!("</{}> is missing", self.tag_of(top))), at));
        }
        // What followed it is its parent's from now on.
        self.open.pop();
        Ok(())
    }

    /// Closes the innermost element and hands it to its parent.
    fn close(&mut self, at: usize) -> Step {
        // The root holds message sets, never a value.
        if self.root.is_some() && self.open.len() == 1 && self.open.last().is_some_and(|root| !self.is_blank(root)) {
            return Err(between(at));
        }
        let Some(mut open) = self.open.pop() else { return Ok(()) };
        open.text.trim(self.source);
        if self.open.is_empty() && self.root.is_some_and(|root| self.tag_of(&open) != root) {
            return Err((Problem::NoOfx, at));
        }
        let Open { tag, text, first_child, offset } = open;
        let children = self.closed.drain(first_child..);
        let element = Element::read(Arc::clone(self.source), tag, text, children, offset);
        if self.open.is_empty() {
            self.done = Some(element);
        } else {
            self.closed.push(element);
        }
        Ok(())
    }

    fn tag_of<'b>(&'b self, open: &'b Open) -> &'b str {
        open.tag.as_str(Some(self.source))
    }

    /// Whether no value was read so far; white space between children is none.
    fn is_blank(&self, open: &Open) -> bool {
        is_white(open.text.as_str(Some(self.source)))
    }

    /// What the tokenizer complains about: mostly an end in the middle of something.
    fn broken(&self, error: &quick_xml::Error, at: usize) -> (Problem, usize) {
        match error {
            quick_xml::Error::Syntax(quick_xml::errors::SyntaxError::InvalidBangMarkup) => {
                (Problem::Markup("<! is followed by nothing that OFX knows".to_owned()), at)
            }
            quick_xml::Error::Syntax(_) => (Problem::Truncated(self.innermost()), at),
            _ => (Problem::Markup("a character or tag cannot be read".to_owned()), at),
        }
    }

    fn innermost(&self) -> String {
        self.open.last().map_or("OFX", |top| self.tag_of(top)).to_owned()
    }

    fn path(&self) -> Vec<String> {
        self.open.iter().map(|open| self.tag_of(open).to_owned()).collect()
    }
}

/// Tags of web pages, in the messages of some institutions. No element is called so.
const LAYOUT: [&str; 12] = ["A", "B", "BR", "DIV", "EM", "FONT", "I", "LI", "P", "SPAN", "STRONG", "U"];
const LONGEST_LAYOUT: usize = 6;

/// Whether there is nothing in it but white space.
fn is_white(text: &str) -> bool {
    text.trim_start().is_empty()
}

/// Names end up in error texts, so nothing else may pass for one.
fn check_name(name: &str, at: usize) -> Step {
    if is_name(name) { Ok(()) } else { Err((Problem::Markup("a tag has a name that is no name".to_owned()), at)) }
}

/// Behind a tag's name attributes may stand, which have no meaning here. Anything else was a bare `<` in a value, and what the
/// tokenizer takes for its tag is the rest of that value, or the next tag.
fn check_tag(tag: &str, name: &str, at: usize) -> Step {
    let behind = tag.get(name.len()..).unwrap_or_default();
    if is_white(behind) || behind.contains('=') && !behind.contains('<') {
        return Ok(());
    }
    Err((Problem::Markup("a < is followed by what is no tag".to_owned()), at))
}

fn between(at: usize) -> (Problem, usize) {
    (Problem::Markup("there is text between elements".to_owned()), at)
}

/// `<![ CDATA [` as the specification's own examples print it, blanks put in front so that nothing moves.
pub(crate) fn repair_cdata(text: &str) -> Option<Zeroizing<String>> {
    let mut repaired = None;
    // A search for the one mark that is seldom is much faster than one for all three.
    for at in text.match_indices('!').filter_map(|(at, _)| at.checked_sub(1)) {
        let Some(inside) = text.get(at..).and_then(|rest| rest.strip_prefix("<![")) else { continue };
        let Some(behind) = inside.trim_start().strip_prefix("CDATA") else { continue };
        let Some(behind) = behind.trim_start().strip_prefix('[') else { continue };
        let end = text.len() - behind.len();
        if end - at > CDATA.len() {
            let repaired = repaired.get_or_insert_with(|| Zeroizing::new(text.to_owned()));
            repaired.replace_range(at..end, &format!("{CDATA:>width$}", width = end - at));
        }
    }
    repaired
}

const CDATA: &str = "<![CDATA[";
