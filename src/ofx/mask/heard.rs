//! What was masked, to be masked wherever it comes again.

use std::iter::successors;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::ofx::Charset;
use crate::ofx::charset::to_latin;
use crate::ofx::mask::{LONGEST_SHOWN, MASK};

/// Values that were masked, in small letters and in order, to be found where they do not belong.
#[derive(Default)]
pub(crate) struct Heard(Vec<Zeroizing<Vec<u8>>>);

impl Heard {
    /// Hears a value as it stands in a document, and as it stands where it is not escaped, or in the other character set.
    pub(super) fn hear_as_written(&mut self, value: &[u8]) {
        if value.len() > LONGEST_ESCAPED * LONGEST_SHOWN || self.0.len() == MOST_HEARD {
            return;
        }
        self.hear_escaped(value);
        if !value.is_ascii() {
            match std::str::from_utf8(value) {
                Ok(text) => to_latin(text).into_iter().for_each(|latin| self.hear_escaped(&latin)),
                Err(_) => self.hear_escaped(Charset::latin().decode(value).as_bytes()),
            }
        }
    }

    fn hear_escaped(&mut self, value: &[u8]) {
        for reading in readings(value) {
            self.hear(&reading.bytes);
        }
    }

    fn hear(&mut self, value: &[u8]) {
        let at = self.0.partition_point(|known| known.as_slice() < value);
        let is_known = self.0.get(at).is_some_and(|known| known.as_slice() == value);
        // What is longer is in nothing that is shown.
        let may_recur = (SHORTEST_HEARD..=LONGEST_SHOWN).contains(&value.len());
        if may_recur && self.0.len() < MOST_HEARD && !is_known {
            self.0.insert(at, Zeroizing::new(value.to_vec()));
        }
    }

    /// Looks for it in the texts of one document.
    pub(super) fn search(&self) -> Search<'_> {
        // Room enough from the start: what a growing buffer leaves behind is not wiped.
        let mut starts = Zeroizing::new(Vec::with_capacity(self.0.len()));
        starts.extend(self.0.iter().filter_map(|known| known.first_chunk().copied()));
        starts.dedup();
        Search { heard: self, starts, left: MOST_COMPARED }
    }

    /// As [`Search::masked_in`], where there is one text alone.
    pub(crate) fn masked_in(&self, text: &[u8]) -> Vec<u8> {
        self.search().masked_in(text)
    }
}

/// What was heard is looked for, until that has taken too long: an institution can make many values that begin alike.
pub(super) struct Search<'a> {
    heard: &'a Heard,
    /// How the values begin, in order: most of a text is found to be none of them by that.
    starts: Zeroizing<Vec<[u8; SHORTEST_HEARD]>>,
    /// How many comparisons are left. After the last one everything is masked: nobody knows what is in it.
    left: usize,
}

impl Search<'_> {
    /// `text`, which has nothing to hide of its own, without the values that were masked elsewhere, in whatever case, and escaped or not.
    pub(super) fn masked_in(&mut self, text: &[u8]) -> Vec<u8> {
        if self.heard.0.is_empty() || text.len() < SHORTEST_HEARD {
            return text.to_vec();
        }
        let mut hidden = vec![false; text.len()];
        for reading in readings(text) {
            if self.left == 0 {
                return MASK.into();
            }
            self.hide(&reading, &mut hidden);
        }
        if self.left == 0 {
            return MASK.into();
        }
        let mut out = Vec::with_capacity(text.len());
        let mut was_hidden = false;
        for (byte, is_hidden) in text.iter().zip(hidden) {
            if !is_hidden {
                out.push(*byte);
            } else if !was_hidden {
                out.extend_from_slice(MASK.as_bytes());
            }
            was_hidden = is_hidden;
        }
        out
    }

    /// Whether a value that was masked is in `text`.
    pub(super) fn is_in(&mut self, text: &[u8]) -> bool {
        self.masked_in(text) != text
    }

    /// Marks in `hidden` what is a value that was masked.
    fn hide(&mut self, reading: &Reading, hidden: &mut [bool]) {
        // Where what is hidden ends. Another value may begin in front of that.
        let mut end = 0;
        for at in 0..reading.bytes.len() {
            let Some(length) = reading.bytes.get(at..).and_then(|rest| self.longest_at(rest)) else { continue };
            for place in reading.places.get(end.max(at)..at + length).unwrap_or_default() {
                hidden.get_mut(place.clone()).unwrap_or_default().fill(true);
            }
            end = end.max(at + length);
        }
    }

    /// How long the value is with which `text` begins, if it does with one.
    fn longest_at(&mut self, text: &[u8]) -> Option<usize> {
        let start = text.first_chunk::<SHORTEST_HEARD>()?;
        self.starts.binary_search(start).ok()?;
        let known = &self.heard.0;
        let from = known.partition_point(|known| known.as_slice() < start.as_slice());
        let alike = known.get(from..)?.iter().take_while(|known| known.starts_with(start.as_slice()));
        let mut longest = None;
        for known in alike.take(self.left) {
            self.left -= 1;
            if text.starts_with(known) {
                longest = longest.max(Some(known.len()));
            }
        }
        longest
    }
}

/// A text in small letters, and where in the text as it was written each of its bytes comes from.
struct Reading {
    bytes: Zeroizing<Vec<u8>>,
    places: Vec<Range<usize>>,
}

/// `text` as it is written, and what it says after its references are undone, once and once more.
fn readings(text: &[u8]) -> impl Iterator<Item = Reading> {
    let bytes = Zeroizing::new(text.to_ascii_lowercase());
    let places = (0..text.len()).map(|at| at..at + 1).collect();
    successors(Some(Reading { bytes, places }), Reading::unescaped).take(READINGS)
}

impl Reading {
    /// Undoes one level of references, if there are any.
    fn unescaped(&self) -> Option<Self> {
        if !self.bytes.contains(&b'&') {
            return None;
        }
        // Room enough from the start: what a growing buffer leaves behind is not wiped. No reference is shorter than what it stands for.
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.bytes.len()));
        let mut places = Vec::with_capacity(self.bytes.len());
        let mut at = 0;
        while let Some(rest) = self.bytes.get(at..)
            && let Some(first) = rest.first()
        {
            let (length, mark) = reference(rest).map_or((1, None), |(length, mark)| (length, Some(mark)));
            let behind = at + length;
            match mark {
                Some(mark) => bytes.extend_from_slice(mark.to_ascii_lowercase().encode_utf8(&mut [0; 4]).as_bytes()),
                None => bytes.push(*first),
            }
            let from = self.places.get(at).map_or(0, |place| place.start);
            let to = self.places.get(behind - 1).map_or(from, |place| place.end);
            places.resize(bytes.len(), from..to);
            at = behind;
        }
        (bytes.len() < self.bytes.len()).then_some(Self { bytes, places })
    }
}

/// The reference with which `text` begins: how long it is, and what it stands for. `text` is in small letters.
fn reference(text: &[u8]) -> Option<(usize, char)> {
    let inside = text.strip_prefix(b"&")?;
    let end = inside.iter().take(LONGEST_REFERENCE).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(inside.get(..end)?).ok()?;
    let mark = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
        None => NAMED.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((end + "&;".len(), mark))
}

/// How many bytes a mark has in the markup at most, where it is written by its name.
const LONGEST_ESCAPED: usize = "&quot;".len();

/// The same without its ampersand where it is written by its number, with some zeros in front.
const LONGEST_REFERENCE: usize = 12;

/// How often a text is looked at: as it is written, and with one and two levels of references undone.
const READINGS: usize = 3;

/// How often the texts of one document are compared with a value: far more often than it takes as a rule, also in a long list of accounts,
/// and done in some milliseconds.
pub(super) const MOST_COMPARED: usize = 1 << 20;

/// What stands for a mark in the markup.
const NAMED: [(&str, char); 5] = [("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\''), ("amp", '&')];

/// Shorter ones are found everywhere.
const SHORTEST_HEARD: usize = 4;

/// An institution could make the search long.
pub(super) const MOST_HEARD: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_nothing_that_is_shown_is_not_kept() {
        let kept = |value: &[u8]| {
            let mut heard = Heard::default();
            heard.hear_as_written(value);
            heard.0.iter().map(|value| value.len()).collect::<Vec<_>>()
        };
        assert_eq!(kept(b"abc"), [0; 0]);
        assert_eq!(kept(&[b'a'; LONGEST_SHOWN]), [LONGEST_SHOWN]);
        assert_eq!(kept(&[b'a'; LONGEST_SHOWN + 1]), [0; 0]);
        // Escaped it is too long, and not where it stands plain.
        assert_eq!(kept(&b"&amp;".repeat(LONGEST_SHOWN)), [LONGEST_SHOWN]);
        assert_eq!(kept(&b"&".repeat(1 << 20)), [0; 0]);
    }
}
