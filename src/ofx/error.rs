//! What can be wrong with a document that was read, or one that is to be written.

use std::fmt;

use crate::error::{Delivery, Error, ErrorKind};
use crate::ofx::Version;

/// An institution's document could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    problem: Problem,
    offset: usize,
    path: Vec<String>,
}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// There is no `<OFX>` element in it.
    #[error("this is not an OFX document: no <OFX> was found")]
    NoOfx,
    /// The document ends before its last end tag.
    #[error("the document is cut short: it ends before </{0}>")]
    Truncated(String),
    /// An end tag closes nothing that is open.
    #[error("end tag </{0}> closes nothing that is open")]
    UnexpectedEnd(String),
    /// Something that is not OFX markup.
    #[error("the markup is broken: {0}")]
    Markup(String),
    /// A document type declaration, which OFX does not have and which can hide expanding entities.
    #[error("a DOCTYPE is not allowed in OFX")]
    Doctype,
    /// One of the limits was passed.
    #[error("the document has more than {limit} {what}; raise the limit if this is what the institution sends")]
    Limit {
        /// What was counted: bytes, levels, elements.
        what: &'static str,
        /// The limit in force.
        limit: usize,
    },
    /// An element that must be there is not.
    #[error("required element {0} is missing")]
    Missing(&'static str),
    /// There is more than one of an element that there may be one of, and they do not say the same.
    #[error("element {0} is there more than once, and not with the same content")]
    Repeated(&'static str),
    /// A value is not of its type.
    #[error("this is not a valid {0}")]
    Value(&'static str),
}

impl DecodeError {
    pub(crate) fn new(problem: Problem, offset: usize) -> Self {
        Self { problem, offset, path: Vec::new() }
    }

    pub(crate) fn with_path(mut self, path: Vec<String>) -> Self {
        self.path = path;
        self
    }

    /// Puts the tag that encloses the trouble in front of the path.
    pub(crate) fn within(mut self, tag: &str) -> Self {
        self.path.insert(0, tag.to_owned());
        self
    }

    /// The outermost tag of the path, below what was read.
    pub(crate) fn first_tag(&self) -> Option<&str> {
        self.path.first().map(String::as_str)
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Whether there is no `<OFX>` in what was read.
    pub(crate) fn is_of_no_ofx(&self) -> bool {
        matches!(self.problem, Problem::NoOfx)
    }

    /// Whether `document` began as OFX and lost its end.
    pub(crate) fn is_cut_short(&self, document: &[u8]) -> bool {
        let headers = [b"OFXHEADER".as_slice(), b"<?xml"];
        match self.problem {
            Problem::Truncated(_) => true,
            Problem::NoOfx => headers.iter().any(|start| document.starts_with(start) || start.starts_with(document)),
            _ => false,
        }
    }

    /// Byte position in the document.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Path of tags that leads to the trouble: `/OFX/SIGNONMSGSRSV1/SONRS`.
    #[must_use]
    pub fn path(&self) -> String {
        self.path.iter().fold(String::new(), |path, tag| path + "/" + tag)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {}", self.problem, self.offset)?;
        if self.path.is_empty() { f.write_str(")") } else { write!(f, ", in {})", self.path()) }
    }
}

impl std::error::Error for DecodeError {}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        let (offset, path) = (error.offset(), error.path());
        Self::new(ErrorKind::Malformed, Delivery::Answered, format!("the institution's answer cannot be read: {error}"))
            .with_place(Some(offset), Some(path))
    }
}

/// A document cannot be written as asked. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The chosen version has no way to say this.
    #[error("{what} cannot be expressed in OFX {version}; use version {would_do}")]
    Version {
        /// What was to be said.
        what: &'static str,
        /// The version chosen.
        version: Version,
        /// Versions that can say it.
        would_do: &'static str,
    },
    /// A character that the document's character set lacks.
    #[error(
        "{tag} holds a character that OFX {version} cannot carry in character set {charset}; replace it, or use a 2.x version"
    )]
    Charset {
        /// The element.
        tag: String,
        /// The version chosen.
        version: Version,
        /// The character set of that version's documents.
        charset: &'static str,
    },
    /// A control character, which no OFX document may hold.
    #[error("{0} holds a line break or another control character; remove it")]
    Control(String),
    /// A value that begins or ends with a blank, which readers take away.
    #[error("{0} begins or ends with a blank; remove it")]
    OuterBlank(String),
    /// A value longer than its element allows.
    #[error("{tag} is {length} characters long; at most {limit} are allowed")]
    TooLong {
        /// The element.
        tag: &'static str,
        /// Its length now.
        length: usize,
        /// Its limit.
        limit: usize,
    },
    /// A value that must be there is empty.
    #[error("{0} must not be empty")]
    Empty(&'static str),
    /// A value outside of what its element allows.
    #[error("{tag} {expected}")]
    Invalid {
        /// The element.
        tag: &'static str,
        /// What is expected of it.
        expected: &'static str,
    },
}

impl EncodeError {
    /// The element that is wrong, where it is one.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        match self {
            Self::Version { .. } => None,
            Self::Charset { tag, .. } | Self::Control(tag) | Self::OuterBlank(tag) => Some(tag),
            Self::TooLong { tag, .. } | Self::Empty(tag) | Self::Invalid { tag, .. } => Some(tag),
        }
    }
}

impl From<EncodeError> for Error {
    /// The error itself is the [`detail`](Error::detail), so that a form can mark the field.
    fn from(error: EncodeError) -> Self {
        Self::misuse(error.to_string()).with_detail(error)
    }
}
