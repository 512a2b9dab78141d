//! The tree of a document: aggregates with children, elements with a value.

use std::borrow::Cow;
use std::fmt;

use zeroize::Zeroizing;

use crate::ofx::{DecodeError, Limits, Problem, markup, writer};
use crate::secret::append_text;

/// One tag of a document with what it holds: a value, or other elements.
///
/// `Debug` shows the shape and never a value, because passwords and account numbers are values. Two elements are equal
/// when tags and values are; where they stood in their document does not count.
#[derive(Clone)]
pub struct Element {
    tag: Cow<'static, str>,
    text: Zeroizing<String>,
    children: Vec<Self>,
    offset: usize,
}

impl Element {
    /// An element with a value.
    #[must_use]
    pub fn leaf(tag: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        Self { tag: tag.into(), text: Zeroizing::new(value.into()), children: Vec::new(), offset: 0 }
    }

    /// An aggregate with its children in order.
    #[must_use]
    pub fn aggregate(tag: impl Into<Cow<'static, str>>, children: Vec<Self>) -> Self {
        Self { tag: tag.into(), text: Zeroizing::default(), children, offset: 0 }
    }

    /// Reads one element with everything in it, in either syntax and without a header around it.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] with byte offset and path of tags.
    ///
    /// # Examples
    ///
    /// ```
    /// use ofx_session::ofx::Element;
    ///
    /// let element = Element::from_markup("<FI><ORG>Knox &amp; Sons<FID>7</FI>")?;
    /// assert_eq!(element.value("ORG"), Some("Knox & Sons"));
    /// assert_eq!(element.to_markup(), "<FI><ORG>Knox &amp; Sons</ORG><FID>7</FID></FI>");
    /// # Ok::<(), ofx_session::ofx::DecodeError>(())
    /// ```
    pub fn from_markup(text: &str) -> Result<Self, DecodeError> {
        let limits = Limits::new();
        if text.len() > limits.bytes {
            return Err(DecodeError::new(Problem::Limit { what: "bytes", limit: limits.bytes }, limits.bytes));
        }
        markup::read_part(text, &limits)
    }

    /// The text of the element with everything in it, every end tag written, as [`from_markup`](Self::from_markup) reads it.
    ///
    /// # Security
    ///
    /// What is in it is the caller's to keep out of logs.
    #[must_use]
    pub fn to_markup(&self) -> String {
        writer::markup(self)
    }

    pub(crate) fn open(tag: String, offset: usize) -> Self {
        Self { tag: Cow::Owned(tag), text: Zeroizing::default(), children: Vec::new(), offset }
    }

    pub(crate) fn push(&mut self, child: Self) {
        self.children.push(child);
    }

    /// Adds to the value, leaving no copy of it where it was before.
    pub(crate) fn push_text(&mut self, text: &str) {
        append_text(&mut self.text, text);
    }

    pub(crate) fn text_mut(&mut self) -> &mut Zeroizing<String> {
        &mut self.text
    }

    /// Whether no value was read so far; white space between children is none.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Whether it has neither a value nor children, which counts as absent. OFX 1.0.3 §2.3.2.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.children.is_empty()
    }

    pub(crate) fn take_children(&mut self) -> Vec<Self> {
        std::mem::take(&mut self.children)
    }

    /// The tag, upper case, without brackets.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The value, unescaped and without surrounding white space; `None` for an aggregate and for an empty element.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if self.text.is_empty() { None } else { Some(&self.text) }
    }

    /// The children in the order of the document.
    #[must_use]
    pub fn children(&self) -> &[Self] {
        &self.children
    }

    /// Byte position of the tag in the document it was read from; 0 for one that was made here.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The first child with this tag.
    #[must_use]
    pub fn child(&self, tag: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.tag == tag)
    }

    /// All children with this tag.
    pub fn children_named<'a>(&'a self, tag: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.tag == tag)
    }

    /// The value of the first child with this tag.
    #[must_use]
    pub fn value(&self, tag: &str) -> Option<&str> {
        self.child(tag).and_then(Self::text)
    }

    /// The first element at a path of tags below this one: `SONRS/STATUS/CODE`.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Self> {
        path.split('/').filter(|tag| !tag.is_empty()).try_fold(self, |at, tag| at.child(tag))
    }
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        self.tag == other.tag && self.text == other.text && self.children == other.children
    }
}

impl Eq for Element {}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.children.is_empty() {
            write!(f, "<{}>", self.tag)
        } else {
            write!(f, "<{}>", self.tag)?;
            f.debug_list().entries(&self.children).finish()
        }
    }
}

/// Whether `tag` can be one, private tags with their dots included.
pub(crate) fn is_name(tag: &str) -> bool {
    (1..=LONGEST_NAME).contains(&tag.len())
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// The longest of the specification has 24 characters, private ones not many more.
const LONGEST_NAME: usize = 64;
