//! Which characters the bytes of a document stand for, in spite of what its header says.

use encoding_rs::{CoderResult, EncoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use zeroize::Zeroizing;

use crate::ofx::Header;

/// The character set of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Charset {
    encoding: &'static Encoding,
    /// UTF-8 in which each byte that is of no letter has become a U+FFFD.
    has_faults: bool,
}

impl Charset {
    const fn of(encoding: &'static Encoding) -> Self {
        Self { encoding, has_faults: false }
    }

    /// The set that a byte order mark names, with the length of the mark.
    pub(crate) fn from_mark(bytes: &[u8]) -> Option<(Self, usize)> {
        Encoding::for_bom(bytes).map(|(encoding, length)| (Self::of(encoding), length))
    }

    /// UTF-16 without a mark shows in the zero byte beside its first ASCII character.
    pub(crate) fn utf16_without_mark(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0, second, ..] if *second != 0 => Some(Self::of(UTF_16BE)),
            [first, 0, ..] if *first != 0 => Some(Self::of(UTF_16LE)),
            _ => None,
        }
    }

    pub(crate) fn is_utf16(self) -> bool {
        self.encoding == UTF_16BE || self.encoding == UTF_16LE
    }

    /// What 1.x documents of ours are written in.
    pub(crate) fn latin() -> Self {
        Self::of(WINDOWS_1252)
    }

    /// The set of text that was transcoded already.
    pub(crate) fn utf8() -> Self {
        Self::of(UTF_8)
    }

    /// How many bytes of the file `text` was decoded from.
    pub(crate) fn length_of(self, text: &str) -> usize {
        if self.encoding == UTF_8 {
            let faults = if self.has_faults { text.matches(char::REPLACEMENT_CHARACTER).count() } else { 0 };
            text.len() - faults * (char::REPLACEMENT_CHARACTER.len_utf8() - 1)
        } else if self.is_utf16() {
            2 * text.encode_utf16().count()
        } else if self.encoding.is_single_byte() {
            text.chars().count()
        } else {
            // Piece by piece: a copy of the whole would be left behind.
            let (mut encoder, mut rest, mut length) = (self.encoding.new_encoder(), text, 0);
            loop {
                let (result, read, written, _) = encoder.encode_from_utf8(rest, &mut [0; 64], true);
                length += written;
                rest = rest.get(read..).unwrap_or_default();
                if result == CoderResult::InputEmpty {
                    return length;
                }
            }
        }
    }

    /// Decides for a body whose header is known, and decodes it.
    ///
    /// Institutions declare 1252 and send UTF-8, so bytes beyond ASCII that are valid UTF-8 are taken for it whenever the
    /// declared set is a Latin one or none; Latin text forms valid UTF-8 only by an accident too rare to matter. That holds for single
    /// letters, too: a value that was cut within one makes no Latin text of the others.
    pub(crate) fn detect(header: &Header, body: &[u8]) -> (Self, Zeroizing<String>) {
        let declared = header.charset().and_then(by_label).or_else(|| header.encoding().and_then(by_label));
        match declared {
            Some(encoding) if encoding != WINDOWS_1252 && encoding != UTF_8 => Self::of(encoding).read(body),
            _ => match std::str::from_utf8(body) {
                Ok(text) => (Self::of(UTF_8), Zeroizing::new(text.to_owned())),
                Err(_) => Self::read_with_faults(body).unwrap_or_else(|| Self::of(WINDOWS_1252).read(body)),
            },
        }
    }

    /// Takes it for UTF-8 where more letters beyond ASCII are whole than bytes are of none.
    fn read_with_faults(body: &[u8]) -> Option<(Self, Zeroizing<String>)> {
        let (mut letters, mut faults) = (0_usize, 0_usize);
        for chunk in body.utf8_chunks() {
            letters += chunk.valid().chars().filter(|c| !c.is_ascii() && *c != char::REPLACEMENT_CHARACTER).count();
            faults += chunk.invalid().len();
        }
        if letters <= faults {
            return None;
        }
        // Room enough from the start, as below.
        let room = body.len().saturating_add(faults.saturating_mul(char::REPLACEMENT_CHARACTER.len_utf8()));
        let mut text = Zeroizing::new(String::with_capacity(room));
        for chunk in body.utf8_chunks() {
            text.push_str(chunk.valid());
            chunk.invalid().iter().for_each(|_| text.push(char::REPLACEMENT_CHARACTER));
        }
        Some((Self { has_faults: true, ..Self::utf8() }, text))
    }

    /// Decodes, and says by which set.
    pub(crate) fn read(self, bytes: &[u8]) -> (Self, Zeroizing<String>) {
        (self, self.decode(bytes))
    }

    /// The text; what cannot be decoded becomes U+FFFD.
    pub(crate) fn decode(self, bytes: &[u8]) -> Zeroizing<String> {
        if self.encoding == UTF_8
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            return Zeroizing::new(text.to_owned());
        }
        let mut decoder = self.encoding.new_decoder_without_bom_handling();
        // Room enough from the start, so that a value that is a secret is not left behind by a growing buffer.
        let mut room = decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len());
        let mut text = Zeroizing::new(String::with_capacity(room));
        let mut rest = bytes;
        loop {
            let (result, read, _) = decoder.decode_to_string(rest, &mut text, true);
            rest = rest.get(read..).unwrap_or_default();
            match result {
                CoderResult::InputEmpty => return text,
                CoderResult::OutputFull => room = room.saturating_mul(2),
            }
            let mut larger = Zeroizing::new(String::with_capacity(room));
            larger.push_str(&text);
            text = larger;
        }
    }
}

/// Bytes of `text` in the character set of a 1.x document, or `None` when it has a character that is not in it.
pub(crate) fn to_latin(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    // A character has one byte there and one at least here.
    let mut bytes = Zeroizing::new(vec![0; text.len()]);
    let (result, _, len) = WINDOWS_1252.new_encoder().encode_from_utf8_without_replacement(text, &mut bytes, true);
    bytes.truncate(len);
    (result == EncoderResult::InputEmpty).then_some(bytes)
}

/// Labels as OFX headers write them, code page numbers included. `None` where the label says nothing.
fn by_label(label: &str) -> Option<&'static Encoding> {
    let label = label.trim();
    if ["NONE", "USASCII", "UNICODE"].iter().any(|empty| label.eq_ignore_ascii_case(empty)) {
        return None;
    }
    let found = Encoding::for_label(label.as_bytes())
        .or_else(|| Encoding::for_label(format!("windows-{label}").as_bytes()))
        .or_else(|| Encoding::for_label(format!("iso-{label}").as_bytes()))
        .or_else(|| {
            Encoding::for_label(format!("windows-{}", label.to_ascii_uppercase().strip_prefix("CP")?).as_bytes())
        })?;
    // UTF-16 bytes were recognized before; a header that could be read byte by byte is not UTF-16.
    if Charset::of(found).is_utf16() || found == encoding_rs::REPLACEMENT { None } else { Some(found) }
}
