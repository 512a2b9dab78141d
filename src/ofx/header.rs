//! The OFX header: nine lines in 1.x, a processing instruction in 2.x.

use std::fmt;

use crate::ofx::{EncodeError, Version};

/// Identifier of a file, for duplicate detection and file-based recovery. OFX 1.0.3 §2.2.7.
///
/// `NONE` when unused, `0` for the first file of a client that wants recovery, else up to 36 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileUid(String);

impl FileUid {
    /// Wraps an identifier as it stands in a header.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// `NONE`.
    #[must_use]
    pub fn none() -> Self {
        Self("NONE".to_owned())
    }

    /// The text in the header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is `NONE`.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0 == "NONE"
    }
}

impl fmt::Display for FileUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands in front of `<OFX>`. OFX 1.0.3 §2.2, OFX 2.3 §2.2.
///
/// When reading, everything may be missing: institutions leave out keys, line breaks, or the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub(crate) version: Option<u16>,
    /// The header says SGML: by its version, or by `OFXHEADER` where it has none that is a number.
    sgml: bool,
    pub(crate) security: Option<String>,
    pub(crate) encoding: Option<String>,
    pub(crate) charset: Option<String>,
    pub(crate) old_file_uid: FileUid,
    pub(crate) new_file_uid: FileUid,
}

impl Header {
    /// The header of a document that is to be written.
    #[must_use]
    pub fn new(version: Version) -> Self {
        let (encoding, charset) = if version.is_sgml() {
            (Some("USASCII".to_owned()), Some("1252".to_owned()))
        } else {
            (Some("UTF-8".to_owned()), None)
        };
        Self {
            version: Some(version.number()),
            sgml: version.is_sgml(),
            security: Some("NONE".to_owned()),
            encoding,
            charset,
            old_file_uid: FileUid::none(),
            new_file_uid: FileUid::none(),
        }
    }

    /// Sets `OLDFILEUID` and `NEWFILEUID`.
    #[must_use]
    pub fn file_uids(mut self, old: FileUid, new: FileUid) -> Self {
        (self.old_file_uid, self.new_file_uid) = (old, new);
        self
    }

    /// The version number as it was written, whether or not this crate knows it; `None` when there was none, or what stood in its place
    /// is no number: some institutions write `1.0.2`.
    #[must_use]
    pub fn version_number(&self) -> Option<u16> {
        self.version
    }

    /// `SECURITY`, when given.
    #[must_use]
    pub fn security(&self) -> Option<&str> {
        self.security.as_deref()
    }

    /// `ENCODING` of a 1.x header, or the encoding of the XML declaration.
    #[must_use]
    pub fn encoding(&self) -> Option<&str> {
        self.encoding.as_deref()
    }

    /// `CHARSET` of a 1.x header.
    #[must_use]
    pub fn charset(&self) -> Option<&str> {
        self.charset.as_deref()
    }

    /// `OLDFILEUID`.
    #[must_use]
    pub fn old_file_uid(&self) -> &FileUid {
        &self.old_file_uid
    }

    /// `NEWFILEUID`.
    #[must_use]
    pub fn new_file_uid(&self) -> &FileUid {
        &self.new_file_uid
    }

    /// Whether the header says SGML; a document without a header is taken for XML.
    pub(crate) fn is_sgml(&self) -> bool {
        self.sgml
    }

    /// Reads whatever stands in front of `<OFX>`.
    pub(crate) fn parse(text: &str) -> Self {
        let declaration = instruction(text, "<?xml");
        let ofx = instruction(text, "<?OFX");
        let key = |name: &str| ofx.map_or_else(|| line_value(text, name), |inside| attribute(inside, name));
        let version = key("VERSION").and_then(|digits| digits.parse().ok());
        let uid = |name: &str| key(name).map_or_else(FileUid::none, FileUid::new);
        Self {
            version,
            sgml: version.map_or_else(|| key("OFXHEADER") == Some("100"), |version| version < 200),
            security: key("SECURITY").map(str::to_owned),
            encoding: declaration
                .and_then(|inside| attribute(inside, "encoding"))
                .or_else(|| line_value(text, "ENCODING"))
                .map(str::to_owned),
            charset: line_value(text, "CHARSET").map(str::to_owned),
            old_file_uid: uid("OLDFILEUID"),
            new_file_uid: uid("NEWFILEUID"),
        }
    }

    /// Refuses identifiers that would be read as something else, or not at all.
    pub(crate) fn check(&self) -> Result<(), EncodeError> {
        for (tag, uid) in [("OLDFILEUID", &self.old_file_uid), ("NEWFILEUID", &self.new_file_uid)] {
            let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'<' | b'>' | b'&' | b'?' | b':');
            if !(1..=36).contains(&uid.as_str().len()) || !uid.as_str().bytes().all(plain) {
                return Err(EncodeError::Invalid { tag, expected: "must be 1 to 36 letters, digits or dashes" });
            }
        }
        Ok(())
    }

    /// Writes the header for `version`, which is that of this header.
    pub(crate) fn render(&self, version: Version) -> String {
        let (old, new) = (&self.old_file_uid, &self.new_file_uid);
        if version.is_sgml() {
            format!(
                "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:{version}\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252\r\n\
                 COMPRESSION:NONE\r\nOLDFILEUID:{old}\r\nNEWFILEUID:{new}\r\n\r\n"
            )
        } else {
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\r\n<?OFX OFXHEADER=\"200\" VERSION=\"{version}\" \
                 SECURITY=\"NONE\" OLDFILEUID=\"{old}\" NEWFILEUID=\"{new}\"?>\r\n"
            )
        }
    }
}

/// The inside of a processing instruction, tolerant of a missing `?>`.
fn instruction<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let at = find_ignoring_case(text, start)?;
    let inside = text.get(at + start.len()..)?;
    inside.split('?').next()
}

/// `name="value"` or `name='value'`, blanks around the equal sign allowed.
fn attribute<'a>(inside: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = inside;
    loop {
        let at = find_ignoring_case(rest, name)?;
        let starts_word = rest.get(..at)?.chars().next_back().is_none_or(char::is_whitespace);
        rest = rest.get(at + name.len()..)?;
        let Some(value) = rest.trim_start().strip_prefix('=').filter(|_| starts_word) else { continue };
        let value = value.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        return value.get(1..)?.split(quote).next().map(str::trim).filter(|found| !found.is_empty());
    }
}

/// The value of `KEY:value`, which ends at a line break or where the next key starts: some headers are one line.
fn line_value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut rest = text;
    loop {
        let at = rest.find(key)?;
        rest = rest.get(at + key.len()..)?;
        let Some(value) = rest.trim_start_matches([' ', '\t']).strip_prefix(':') else { continue };
        let line = value.split(['\r', '\n', '<']).next()?;
        let end = KEYS.iter().filter_map(|next| line.find(&format!("{next}:"))).min().unwrap_or(line.len());
        return line.get(..end).map(str::trim).filter(|found| !found.is_empty());
    }
}

fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    let wanted = wanted.as_bytes();
    let first = wanted.first()?;
    let begins = |window: &[u8]| window.first().is_some_and(|b| b.eq_ignore_ascii_case(first));
    text.as_bytes().windows(wanted.len()).position(|window| begins(window) && window.eq_ignore_ascii_case(wanted))
}

/// What a header of lines may say.
pub(super) const KEYS: [&str; 9] =
    ["OFXHEADER", "DATA", "VERSION", "SECURITY", "ENCODING", "CHARSET", "COMPRESSION", "OLDFILEUID", "NEWFILEUID"];
