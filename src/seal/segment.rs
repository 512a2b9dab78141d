//! The content of a blob: segments, each a tag and bytes that mean nothing here.

use std::fmt;

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, TDEFLStatus, compress, create_comp_flags_from_zip_params,
};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use zeroize::Zeroizing;

use crate::seal::blob::Blob;
use crate::seal::error::{OpenError, SealError};
use crate::secret::wipe;

/// One piece of content, as the caller knows it: never deflated.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// What it is; at most one segment of a blob has it.
    pub(crate) tag: u8,
    /// Whether a reader that does not know the tag must refuse the blob.
    pub(crate) critical: bool,
    /// Sealing: deflate it where that is shorter. After opening: whether it was deflated, so that a segment of a newer version
    /// goes back as it came and a blob that fitted its place does so again. This version deflates none of its own.
    ///
    /// Never for a secret: its length would tell about it, and the compressor's window is freed without being wiped.
    pub(crate) compress: bool,
    /// The bytes.
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

impl Segment {
    /// The bytes, taken out without a copy.
    pub(crate) fn take(&mut self) -> Zeroizing<Vec<u8>> {
        std::mem::take(&mut self.bytes)
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        wipe(&mut self.bytes);
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment")
            .field("tag", &self.tag)
            .field("critical", &self.critical)
            .field("compress", &self.compress)
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// Segments in the form they are stored in, measured and ready to be written.
pub(crate) struct Content<'a> {
    parts: Vec<Part<'a>>,
    len: usize,
}

struct Part<'a> {
    segment: &'a Segment,
    deflated: Option<Zeroizing<Vec<u8>>>,
}

impl<'a> Content<'a> {
    /// Deflates what gains by it and refuses what could not be opened again.
    pub(crate) fn new(segments: &'a [Segment]) -> Result<Self, SealError> {
        let needed = segments.iter().map(|segment| segment.bytes.len()).sum();
        if needed > Blob::MAX_LEN {
            return Err(SealError::TooLarge { needed, allowed: Blob::MAX_LEN });
        }
        let mut parts = Vec::with_capacity(segments.len());
        let mut len = 0;
        for (index, segment) in segments.iter().enumerate() {
            if segments.iter().take(index).any(|other| other.tag == segment.tag) {
                return Err(SealError::Contradiction);
            }
            let part = Part { segment, deflated: if segment.compress { deflate(&segment.bytes) } else { None } };
            len += 2 + varint_len(part.stored().len()) + part.stored().len();
            parts.push(part);
        }
        Ok(Self { parts, len })
    }

    /// How many bytes [`write`](Self::write) appends.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        for part in &self.parts {
            let deflated = if part.deflated.is_some() { DEFLATED } else { 0 };
            let critical = if part.segment.critical { CRITICAL } else { 0 };
            out.push(part.segment.tag);
            out.push(deflated | critical);
            write_varint(part.stored().len(), out);
            out.extend_from_slice(part.stored());
        }
    }
}

impl Part<'_> {
    fn stored(&self) -> &[u8] {
        self.deflated.as_ref().unwrap_or(&self.segment.bytes)
    }
}

/// Reads authenticated content. All segments together have at most [`Blob::MAX_LEN`] bytes.
pub(crate) fn read_segments(content: &[u8]) -> Result<Vec<Segment>, OpenError> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut room = Blob::MAX_LEN;
    let mut rest = content;
    while !rest.is_empty() {
        let malformed = OpenError::MalformedSegment { at: content.len() - rest.len() };
        let (tag, flags, stored, after) = split_segment(rest).ok_or(malformed)?;
        if flags & !(DEFLATED | CRITICAL) != 0 || segments.iter().any(|other| other.tag == tag) {
            return Err(malformed);
        }
        let compress = flags & DEFLATED != 0;
        let bytes = if compress { inflate(stored, room, malformed)? } else { copy(stored, room)? };
        room -= bytes.len();
        segments.push(Segment { tag, critical: flags & CRITICAL != 0, compress, bytes });
        rest = after;
    }
    Ok(segments)
}

/// Tag, flags, stored bytes and what follows; `None` where the segment does not end within `bytes`.
fn split_segment(bytes: &[u8]) -> Option<(u8, u8, &[u8], &[u8])> {
    let ([tag, flags], rest) = bytes.split_first_chunk()?;
    let (len, rest) = read_varint(rest)?;
    let (stored, after) = rest.split_at_checked(len)?;
    Some((*tag, *flags, stored, after))
}

/// A raw deflate stream of `bytes`, if they are worth it and it is shorter than they are.
fn deflate(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if bytes.len() < WORTH_DEFLATING {
        return None;
    }
    let mut out = Zeroizing::new(vec![0; bytes.len() - 1]);
    let mut state = CompressorOxide::new(create_comp_flags_from_zip_params(LEVEL, RAW, 0));
    let (status, _, len) = compress(&mut state, bytes, &mut out, TDEFLFlush::Finish);
    out.truncate(len);
    (status == TDEFLStatus::Done).then_some(out)
}

/// Inflates one stream to at most `room` bytes, never holding more than `room` bytes at a time.
///
/// The size is guessed, not taken from the stream. A buffer that proves too small is wiped and dropped before the
/// next is made, so nothing is left behind by growing.
fn inflate(stream: &[u8], room: usize, malformed: OpenError) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let mut size = stream.len().saturating_mul(4).min(room);
    loop {
        let mut out = Zeroizing::new(vec![0; size]);
        let mut state = DecompressorOxide::new();
        let (status, read, len) = decompress(&mut state, stream, &mut out, 0, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF);
        size = match status {
            TINFLStatus::Done if read != stream.len() => return Err(malformed),
            TINFLStatus::Done if len == size => return Ok(out),
            TINFLStatus::Done if len <= room - size => {
                out.truncate(len);
                return copy(&out, room);
            }
            // The buffer and its copy would not fit side by side: once more, into a buffer of the right size.
            TINFLStatus::Done => len,
            TINFLStatus::HasMoreOutput if size == room => return Err(OpenError::TooLarge { allowed: Blob::MAX_LEN }),
            TINFLStatus::HasMoreOutput => size.saturating_mul(4).min(room),
            _ => return Err(malformed),
        };
    }
}

fn copy(bytes: &[u8], room: usize) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    if bytes.len() > room {
        return Err(OpenError::TooLarge { allowed: Blob::MAX_LEN });
    }
    Ok(Zeroizing::new(bytes.to_vec()))
}

/// LEB128 of at most three bytes, in its shortest form only.
fn read_varint(mut bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for shift in [0, 7, 14] {
        let (byte, rest) = bytes.split_first()?;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return (*byte != 0 || shift == 0).then_some((value, rest));
        }
        bytes = rest;
    }
    None
}

fn write_varint(mut value: usize, out: &mut Vec<u8>) {
    while value > 0x7f {
        let [low, ..] = value.to_le_bytes();
        out.push(low | 0x80);
        value >>= 7;
    }
    let [low, ..] = value.to_le_bytes();
    out.push(low);
}

fn varint_len(value: usize) -> usize {
    match value {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        _ => 3,
    }
}

const DEFLATED: u8 = 1;
const CRITICAL: u8 = 1 << 7;
/// Making a compressor costs more time than sealing does; below this length there is little to gain by it.
const WORTH_DEFLATING: usize = 128;
/// Of 0 to 10: what is deflated is small, so the best of the common levels costs little.
const LEVEL: i32 = 9;
/// No zlib wrapper around the stream: the blob has a check of its own.
const RAW: i32 = 0;
