//! The text of a document and the pieces of it that its tree is made of.
//!
//! A document that was read keeps its text once. Tags and values are places in it, and it is wiped as a whole with the last
//! element that came out of it.

use std::ops::Range;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::secret::{append_text, wipe_text};

/// The text of a document that was read, which holds passwords and account numbers.
pub(crate) struct Source(Zeroizing<String>);

impl Source {
    pub(crate) fn new(text: Zeroizing<String>) -> Arc<Self> {
        Arc::new(Self(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Where `part` stands, when it is a part of this text and not a copy of one.
    pub(crate) fn place_of(&self, part: &str) -> Option<Range<usize>> {
        let start = part.as_ptr().addr().checked_sub(self.0.as_ptr().addr())?;
        let end = start.checked_add(part.len())?;
        (end <= self.0.len()).then_some(start..end)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        wipe_text(&mut self.0);
    }
}

/// A tag or a value.
#[derive(Clone)]
pub(crate) enum Piece {
    Fixed(&'static str),
    Own(Zeroizing<String>),
    /// A place in the source of its element.
    Read(Range<usize>),
}

impl Piece {
    pub(crate) const EMPTY: Self = Self::Fixed("");

    pub(crate) fn own(text: String) -> Self {
        Self::Own(Zeroizing::new(text))
    }

    /// Reads `part`, which may stand in `source` or elsewhere.
    pub(crate) fn of(part: &str, source: &Source) -> Self {
        source.place_of(part).map_or_else(|| Self::own(part.to_owned()), Self::Read)
    }

    pub(crate) fn as_str<'a>(&'a self, source: Option<&'a Source>) -> &'a str {
        match self {
            Self::Fixed(text) => text,
            Self::Own(text) => text,
            Self::Read(place) => source.and_then(|source| source.as_str().get(place.clone())).unwrap_or_default(),
        }
    }

    pub(crate) fn is(&self, text: &str, source: Option<&Source>) -> bool {
        match self {
            Self::Fixed(own) => *own == text,
            Self::Own(own) => own.as_str() == text,
            Self::Read(place) => {
                let bytes = source.map(|source| source.as_str().as_bytes());
                place.len() == text.len() && bytes.and_then(|bytes| bytes.get(place.clone())) == Some(text.as_bytes())
            }
        }
    }

    /// Adds to it, leaving no copy behind that is not wiped.
    pub(crate) fn push(&mut self, part: &str, source: &Source) {
        let so_far = self.as_str(Some(source));
        if so_far.is_empty() {
            *self = Self::of(part, source);
        } else if let Self::Own(text) = self {
            append_text(text, part);
        } else {
            let mut text = Zeroizing::new(String::with_capacity(so_far.len() + part.len()));
            text.push_str(so_far);
            text.push_str(part);
            *self = Self::Own(text);
        }
    }

    /// Takes away white space at both ends.
    pub(crate) fn trim(&mut self, source: &Source) {
        match self {
            Self::Fixed(text) => *text = text.trim(),
            Self::Own(text) => {
                let end = text.trim_end().len();
                text.truncate(end);
                let blanks = text.len() - text.trim_start().len();
                text.drain(..blanks);
            }
            Self::Read(place) => {
                let text = source.as_str().get(place.clone()).unwrap_or_default();
                let rest = text.trim_start();
                let start = place.start + text.len() - rest.len();
                *place = start..start + rest.trim_end().len();
            }
        }
    }

    /// The same in a source that begins `by` bytes later.
    pub(crate) fn moved(&self, by: usize) -> Self {
        match self {
            Self::Read(place) => Self::Read(place.start.saturating_sub(by)..place.end.saturating_sub(by)),
            other => other.clone(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use crate::ofx::Element;

    /// What a tree could show at most.
    fn behind(element: &Element) -> String {
        let own = element.source().map(|source| source.as_str().to_owned()).unwrap_or_default();
        element.children().iter().map(behind).fold(own, |all, child| all + &child)
    }

    #[test]
    fn an_element_on_its_own_keeps_nothing_of_its_document() {
        let text = "<A><B>secret &amp; 1</B><C><D>kept &amp; x</D><E>\u{fc}ber</E><f>7</f></C><G>secret 2</G></A>";
        let whole = Element::from_markup(text).unwrap();
        let part = whole.child("C").unwrap();
        assert!(behind(part).contains("secret"), "the test sees what is kept");
        let made = Element::aggregate("NEW", vec![part.clone(), Element::leaf("H", "8")]);
        for (part, same) in [(part.on_its_own(), part), (made.on_its_own(), &made)] {
            assert!(!behind(&part).contains("secret"));
            assert_eq!(&part, same);
            assert_eq!(part.to_markup(), same.to_markup());
        }
    }

    #[test]
    fn values_are_the_same_wherever_they_were_put_together() {
        let pieces = ["<A>  one two\n</A>", "<A> one<![CDATA[ two]]></A>", "<A>one&#32;two</A>", "<a>one two"];
        for text in pieces {
            let read = Element::from_markup(&format!("<X>{text}</X>")).unwrap();
            assert_eq!(read.child("A").and_then(Element::text), Some("one two"), "{text}");
        }
    }
}
