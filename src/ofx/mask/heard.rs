//! What was masked, to be masked wherever it comes again.

use zeroize::Zeroizing;

use crate::ofx::Charset;
use crate::ofx::charset::to_latin;
use crate::ofx::mask::{LONGEST_SHOWN, MASK};

/// Values that were masked, in order, to be found where they do not belong.
#[derive(Default)]
pub(crate) struct Heard(Vec<Zeroizing<Vec<u8>>>);

impl Heard {
    /// Hears a value as it stands in a document, and as it stands where it is escaped in another way or not at all, or in the other
    /// character set.
    pub(super) fn hear_as_written(&mut self, value: &[u8]) {
        if value.len() > LONGEST_ESCAPED * LONGEST_SHOWN {
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
        self.hear(value);
        if value.iter().any(|b| matches!(b, b'&' | b'<' | b'>')) {
            let plain = ESCAPES
                .iter()
                .fold(Zeroizing::new(value.to_vec()), |text, (mark, escape)| replaced(&text, escape, mark));
            let escaped =
                ESCAPES.iter().rev().fold(plain.clone(), |text, (mark, escape)| replaced(&text, mark, escape));
            self.hear(&plain);
            self.hear(&escaped);
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

    /// `text`, which has nothing to hide of its own, without the values that were masked elsewhere.
    pub(crate) fn masked_in(&self, text: &[u8]) -> Vec<u8> {
        let (mut out, mut rest) = (Vec::with_capacity(text.len()), text);
        let mut left = MOST_COMPARED;
        while let [first, behind @ ..] = rest {
            if let Some(length) = self.longest_at(rest, &mut left) {
                out.extend_from_slice(MASK.as_bytes());
                rest = rest.get(length..).unwrap_or_default();
            } else {
                out.push(*first);
                rest = behind;
            }
        }
        out
    }

    /// Whether a value that was masked is in `text`.
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        self.masked_in(text) != text
    }

    /// How long the value is with which `text` begins, if it does with one. All of it where that takes too long to find out: somebody
    /// has made many values that begin alike.
    fn longest_at(&self, text: &[u8], left: &mut usize) -> Option<usize> {
        let start = text.get(..SHORTEST_HEARD)?;
        let from = self.0.partition_point(|known| known.as_slice() < start);
        let mut longest = None;
        for known in self.0.get(from..)?.iter().take_while(|known| known.starts_with(start)) {
            if *left == 0 {
                return Some(text.len());
            }
            *left -= 1;
            if text.starts_with(known) {
                longest = longest.max(Some(known.len()));
            }
        }
        longest
    }
}

/// `text` with `to` wherever it has `from`.
fn replaced(text: &[u8], from: &[u8], to: &[u8]) -> Zeroizing<Vec<u8>> {
    // Room enough from the start: what a growing buffer leaves behind is not wiped.
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() * to.len().max(1)));
    let mut rest = text;
    while let [first, behind @ ..] = rest {
        if let Some(after) = rest.strip_prefix(from) {
            out.extend_from_slice(to);
            rest = after;
        } else {
            out.push(*first);
            rest = behind;
        }
    }
    out
}

/// How many bytes a mark has in the markup at most.
const LONGEST_ESCAPED: usize = 5;

/// How many values one that is shown is compared with at most: more than any is as a rule, also in a long list of accounts.
const MOST_COMPARED: usize = 1024;

/// What stands for a mark in the markup; the ampersand last, so that taking them away takes away one level.
const ESCAPES: [(&[u8], &[u8]); 3] = [(b"<", b"&lt;"), (b">", b"&gt;"), (b"&", b"&amp;")];

/// Shorter ones are found everywhere.
const SHORTEST_HEARD: usize = 4;

/// An institution could make the search long.
const MOST_HEARD: usize = 512;

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
