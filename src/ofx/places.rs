//! Positions in decoded text as positions in the file it came from.

use crate::ofx::Charset;

/// Turns positions in `text` into positions in the file. Positions are asked for in ascending order, so that the whole
/// text is walked through once.
pub(crate) struct Places<'a> {
    text: &'a str,
    charset: Charset,
    /// A position in `text`, and the same one in the file.
    last: (usize, usize),
    end: usize,
}

impl<'a> Places<'a> {
    /// `text` starts at byte `first` of a file that is `end` bytes long.
    pub(crate) fn new(text: &'a str, charset: Charset, first: usize, end: usize) -> Self {
        Self { text, charset, last: (0, first), end }
    }

    /// The byte of the file that became byte `at` of the text. Never beyond the end of the file, not even where bytes that
    /// could not be decoded became longer.
    pub(crate) fn at(&mut self, at: usize) -> usize {
        let (text, file) = self.last;
        let between = self.text.get(text..at).map_or(0, |between| self.charset.length_of(between));
        self.last = (at.max(text), file + between);
        self.last.1.min(self.end)
    }
}
