//! What an institution has written otherwise than the specification lets it: too long, in another form, or not at all. It goes back as
//! it came, where what is made here would be refused.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::ofx::EncodeError;
use crate::ofx::check::{country, optional};

/// One text of a record, and what there is against it.
pub(crate) struct Checked {
    tag: &'static str,
    length: usize,
    result: Result<(), EncodeError>,
    /// That there is none may be how it came, too.
    may_be_missing: bool,
}

impl Checked {
    /// A text that may have so many characters.
    pub(crate) fn text(tag: &'static str, text: Option<&str>, most: usize) -> Self {
        Self { tag, length: length(text), result: optional(tag, text, most), may_be_missing: false }
    }

    /// As [`text`](Self::text), of which some institutions have none.
    pub(crate) fn or_none(tag: &'static str, text: &str, most: usize) -> Self {
        Self { may_be_missing: true, ..Self::text(tag, Some(text), most) }
    }

    /// `COUNTRY`.
    pub(crate) fn country(text: Option<&str>) -> Self {
        Self { tag: "COUNTRY", length: length(text), result: country(text), may_be_missing: false }
    }

    /// The tag and the length of a text that could not be sent if it had been made here.
    fn fault(&self) -> Option<(&'static str, usize)> {
        let is_of_form = matches!(&self.result, Err(EncodeError::TooLong { .. } | EncodeError::Invalid { .. }));
        let is_missing = self.may_be_missing && self.length == 0;
        (is_of_form || is_missing).then_some((self.tag, self.length))
    }
}

fn length(text: Option<&str>) -> usize {
    text.map_or(0, |text| text.chars().count())
}

/// Which texts of a record could not be sent if they had been made here, with the length that each came with. Does not count when
/// two records are compared.
///
/// A program may put another text in the place of one: it must be such as could be made here, or just as long as what came.
#[derive(Clone, Default)]
pub(crate) struct AsRead(Vec<(&'static str, usize)>);

impl AsRead {
    /// Of a record that was read.
    pub(crate) fn of(texts: &[Checked]) -> Self {
        Self(texts.iter().filter_map(Checked::fault).collect())
    }

    /// Of a record made here that has none of this text on purpose.
    pub(crate) fn without(tag: &'static str) -> Self {
        Self(vec![(tag, 0)])
    }

    /// Refuses what is neither sent by anybody nor came like that.
    pub(crate) fn check<const N: usize>(&self, texts: [Checked; N]) -> Result<(), EncodeError> {
        let came = |text: &Checked| text.fault().is_some_and(|fault| self.0.contains(&fault));
        texts.into_iter().filter(|text| !came(text)).try_for_each(|text| text.result)
    }
}

impl fmt::Debug for AsRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().copied()).finish()
    }
}

impl PartialEq for AsRead {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for AsRead {}

impl Hash for AsRead {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
