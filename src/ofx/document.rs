//! A whole document: header and tree.

use zeroize::Zeroizing;

use crate::ofx::writer::{self, Style};
use crate::ofx::{Charset, DecodeError, Element, EncodeError, Header, Limits, Problem, Version, markup};

/// An OFX document, read or to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    header: Header,
    root: Element,
}

impl Document {
    /// A document of `header` and the `OFX` element.
    #[must_use]
    pub fn new(header: Header, root: Element) -> Self {
        Self { header, root }
    }

    /// Reads a document, 1.x or 2.x, within `limits`.
    ///
    /// Lenient where institutions are careless: leaves without end tags, any line breaks, a missing or damaged header, wrong
    /// character sets, a bare `&`. Strict where leniency could hide something: a cut document, end tags that close nothing,
    /// a `DOCTYPE`.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] with byte offset and path of tags.
    ///
    /// # Examples
    ///
    /// ```
    /// use ofx_session::ofx::{Document, Limits};
    ///
    /// let text = b"OFXHEADER:100\r\nVERSION:103\r\n\r\n<OFX><SIGNONMSGSRSV1><SONRS><LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1></OFX>";
    /// let document = Document::decode(text, &Limits::new())?;
    /// assert_eq!(document.find("/OFX/SIGNONMSGSRSV1/SONRS/LANGUAGE").and_then(|leaf| leaf.text()), Some("ENG"));
    /// # Ok::<(), ofx_session::ofx::DecodeError>(())
    /// ```
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        if bytes.len() > limits.bytes {
            return Err(DecodeError::new(Problem::Limit { what: "bytes", limit: limits.bytes }, limits.bytes));
        }
        let length = bytes.len();
        let marked = Charset::from_mark(bytes);
        let wide =
            marked.map(|(set, _)| set).filter(|set| set.is_utf16()).or_else(|| Charset::utf16_without_mark(bytes));
        let skip = marked.map_or(0, |(_, length)| length);
        let bytes = bytes.get(skip..).unwrap_or_default();
        let transcoded: Zeroizing<String>;
        let bytes = match wide {
            Some(set) => {
                transcoded = set.decode(bytes);
                transcoded.as_bytes()
            }
            None => bytes,
        };
        let start = find_root(bytes).ok_or_else(|| DecodeError::new(Problem::NoOfx, 0))?;
        let (before, body) = bytes.split_at_checked(start).unwrap_or_default();
        let place = |at: &[u8]| skip + wide.map_or(at.len(), |set| set.length_of(&String::from_utf8_lossy(at)));
        if let Some(at) = find(before, |window: &[u8; 9]| window.eq_ignore_ascii_case(b"<!DOCTYPE")) {
            return Err(DecodeError::new(Problem::Doctype, place(before.get(..at).unwrap_or_default())));
        }
        let header = match std::str::from_utf8(before) {
            Ok(before) if before.is_ascii() => Header::parse(before),
            _ => Header::parse(&before.iter().copied().map(char::from).collect::<String>()),
        };
        let (charset, text) = match (wide, marked) {
            // The body is UTF-8 by now, whatever the header says.
            (Some(_), _) => Charset::utf8().read(body),
            (None, Some((set, _))) => set.read(body),
            (None, None) => Charset::detect(&header, body),
        };
        let root = markup::read(text, limits, header.is_sgml(), (wide.unwrap_or(charset), place(before), length))?;
        Ok(Self { header, root })
    }

    /// Writes the document in the version its header names, in that version's character set and with `SECURITY` `NONE`, whatever else a
    /// header says that was read. SGML has no way to write a carriage return: it is read back as a line feed.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] when the header names no version that can be written, or a value holds a character that the
    /// version's character set lacks.
    pub fn encode(&self, style: &Style) -> Result<Zeroizing<Vec<u8>>, EncodeError> {
        let version = self.header.version.and_then(Version::from_number).ok_or(EncodeError::Invalid {
            tag: "VERSION",
            expected: "must be one of 102 103 151 160 200 201 202 203 210 211 220 230",
        })?;
        self.header.check()?;
        let mut bytes = Zeroizing::new(self.header.render(version).into_bytes());
        bytes.extend_from_slice(&writer::text(version, style, |out| out.element(&self.root))?);
        Ok(bytes)
    }

    /// What stood in front of `<OFX>`.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The `OFX` element.
    #[must_use]
    pub fn root(&self) -> &Element {
        &self.root
    }

    /// The first element at a path that starts at the root: `/OFX/SIGNONMSGSRSV1/SONRS/LANGUAGE`.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Element> {
        let (first, rest) = {
            let path = path.trim_start_matches('/');
            path.split_once('/').unwrap_or((path, ""))
        };
        if first == self.root.tag() { self.root.find(rest) } else { None }
    }
}

/// Where the root's start tag is. A header may hold `<?OFX`, never `<OFX`.
fn find_root(bytes: &[u8]) -> Option<usize> {
    find(bytes, |[name @ .., end]: &[u8; 5]| {
        name.eq_ignore_ascii_case(b"<OFX") && matches!(end, b'>' | b' ' | b'\t' | b'\r' | b'\n')
    })
}

fn find<const N: usize>(bytes: &[u8], wanted: impl Fn(&[u8; N]) -> bool) -> Option<usize> {
    // Whatever is looked for begins with it, and most bytes are none.
    bytes.windows(N).position(|window| window.starts_with(b"<") && window.try_into().is_ok_and(&wanted))
}
