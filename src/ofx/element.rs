//! The tree of a document: aggregates with children, elements with a value.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::ofx::piece::{Piece, Source};
use crate::ofx::{DecodeError, Limits, Problem, markup, writer};

/// One tag of a document with what it holds: a value, or other elements.
///
/// `Debug` shows the shape and never a value, because passwords and account numbers are values. Two elements are equal
/// when tags and values are; where they stood in their document does not count.
#[derive(Clone)]
pub struct Element {
    /// What it was read from.
    source: Option<Arc<Source>>,
    tag: Piece,
    text: Piece,
    /// None of a leaf. Shared, so that a copy of a tree costs no more than one of a leaf.
    children: Option<Arc<[Self]>>,
    offset: usize,
}

impl Element {
    /// An element with a value.
    #[must_use]
    pub fn leaf(tag: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        Self::made(tag.into(), Piece::own(value.into()), Vec::new())
    }

    /// An aggregate with its children in order.
    #[must_use]
    pub fn aggregate(tag: impl Into<Cow<'static, str>>, children: Vec<Self>) -> Self {
        Self::made(tag.into(), Piece::EMPTY, children)
    }

    fn made(tag: Cow<'static, str>, text: Piece, children: Vec<Self>) -> Self {
        let tag = match tag {
            Cow::Borrowed(tag) => Piece::Fixed(tag),
            Cow::Owned(tag) => Piece::own(tag),
        };
        Self { source: None, tag, text, children: shared(children.into_iter()), offset: 0 }
    }

    /// One that was read: `tag` and `text` are of `source`, and it stood at `offset` in its document.
    pub(crate) fn read(
        source: Arc<Source>,
        tag: Piece,
        text: Piece,
        children: impl ExactSizeIterator<Item = Self>,
        offset: usize,
    ) -> Self {
        Self { source: Some(source), tag, text, children: shared(children), offset }
    }

    /// The same on its own: what else stood in its document is not kept with it.
    pub(crate) fn on_its_own(&self) -> Self {
        let Some(source) = &self.source else {
            let children = shared(self.children().iter().map(Self::on_its_own));
            return Self { children, ..self.clone() };
        };
        let (mut first, mut last) = (usize::MAX, 0);
        self.bounds(&mut first, &mut last);
        let text = source.as_str().get(first..last).unwrap_or_default();
        self.moved(&Source::new(Zeroizing::new(text.to_owned())), first)
    }

    /// From where to where it needs its source.
    fn bounds(&self, first: &mut usize, last: &mut usize) {
        for piece in [&self.tag, &self.text] {
            if let Piece::Read(place) = piece {
                *first = place.start.min(*first);
                *last = place.end.max(*last);
            }
        }
        self.children().iter().for_each(|child| child.bounds(first, last));
    }

    fn moved(&self, source: &Arc<Source>, by: usize) -> Self {
        Self {
            source: Some(Arc::clone(source)),
            tag: self.tag.moved(by),
            text: self.text.moved(by),
            children: shared(self.children().iter().map(|child| child.moved(source, by))),
            offset: self.offset,
        }
    }

    /// Whether it has this tag.
    pub(crate) fn is(&self, tag: &str) -> bool {
        self.tag.is(tag, self.source.as_deref())
    }

    #[cfg(test)]
    pub(crate) fn source(&self) -> Option<&Source> {
        self.source.as_deref()
    }

    fn show<'a>(&'a self, piece: &'a Piece) -> &'a str {
        piece.as_str(self.source.as_deref())
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

    /// Whether it has neither a value nor children, which counts as absent. OFX 1.0.3 §2.3.2.
    pub(crate) fn is_empty(&self) -> bool {
        self.children.is_none() && self.text().is_none()
    }

    /// The tag without brackets; in upper case where it was read.
    #[must_use]
    pub fn tag(&self) -> &str {
        self.show(&self.tag)
    }

    /// The value, unescaped; where it was read, without surrounding white space. `None` for an aggregate and for an empty element.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        Some(self.show(&self.text)).filter(|text| !text.is_empty())
    }

    /// The children in the order of the document.
    #[must_use]
    pub fn children(&self) -> &[Self] {
        self.children.as_deref().unwrap_or_default()
    }

    /// Byte position of the tag in the document it was read from; 0 for one that was made here.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The first child with this tag.
    #[must_use]
    pub fn child(&self, tag: &str) -> Option<&Self> {
        self.children().iter().find(|child| child.is(tag))
    }

    /// All children with this tag.
    pub fn children_named<'a>(&'a self, tag: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children().iter().filter(move |child| child.is(tag))
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
        self.tag() == other.tag() && self.text() == other.text() && self.children == other.children
    }
}

impl Eq for Element {}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.children.is_none() {
            write!(f, "<{}>", self.tag())
        } else {
            write!(f, "<{}>", self.tag())?;
            f.debug_list().entries(self.children()).finish()
        }
    }
}

fn shared(children: impl ExactSizeIterator<Item = Element>) -> Option<Arc<[Element]>> {
    Some(children).filter(|children| children.len() > 0).map(Iterator::collect)
}

/// Whether `tag` can be one, private tags with their dots included.
pub(crate) fn is_name(tag: &str) -> bool {
    (1..=LONGEST_NAME).contains(&tag.len())
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// The longest of the specification has 24 characters, private ones not many more.
const LONGEST_NAME: usize = 64;
