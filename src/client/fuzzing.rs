//! What the fuzz targets in `tests/fuzz` reach that no user can: content behind a valid digest, packed trees, typed records.
//!
//! Compiled with `--cfg fuzzing` only, which cargo-fuzz sets.

use crate::engine::SCHEMA;
use crate::ofx::{self, Element, Limits};
use crate::seal::{self, Blob, Kind, OpenPolicy, Segment, Stamp};

/// A segment: tag, whether it is critical, whether it may be deflated, bytes.
pub type Piece = (u8, bool, bool, Vec<u8>);

/// A valid plain blob whose content is these bytes, whatever they are; `None` when they are too many.
#[must_use]
pub fn blob_of_content(paused: bool, content: &[u8]) -> Option<Blob> {
    seal::seal_plain_raw(&stamp(paused), content).ok()
}

/// A valid plain blob of these segments; `None` when they do not fit, or two have one tag.
#[must_use]
pub fn blob_of_pieces(paused: bool, pieces: &[Piece]) -> Option<Blob> {
    let segments: Vec<Segment> = pieces
        .iter()
        .map(|(tag, critical, compress, bytes)| Segment {
            tag: *tag,
            critical: *critical,
            compress: *compress,
            bytes: bytes.clone().into(),
        })
        .collect();
    seal::seal_plain(&stamp(paused), &segments).ok()
}

/// The segments of a plain blob that can be opened.
#[must_use]
pub fn pieces(paused: bool, blob: &Blob) -> Option<Vec<Piece>> {
    let policy = OpenPolicy::new(1).skew(u64::MAX).allow_plain();
    let opened = seal::open_plain(blob, kind(paused), SCHEMA.number, &policy).ok()?;
    let piece =
        |mut segment: Segment| (segment.tag, segment.critical, segment.compress, std::mem::take(&mut *segment.bytes));
    Some(opened.segments.into_iter().map(piece).collect())
}

/// Packs a tree.
#[must_use]
pub fn pack(tree: &Element) -> Vec<u8> {
    ofx::pack(tree).to_vec()
}

/// Unpacks what [`pack`] gave.
#[must_use]
pub fn unpack(bytes: &[u8]) -> Option<Element> {
    ofx::unpack(bytes)
}

/// Squeezes request bytes.
#[must_use]
pub fn squeeze(bytes: &[u8], identifier: &str) -> Vec<u8> {
    ofx::squeeze(bytes, identifier).to_vec()
}

/// Stretches what [`squeeze`] gave.
#[must_use]
pub fn stretch(bytes: &[u8], identifier: &str, limit: usize) -> Option<Vec<u8>> {
    ofx::stretch(bytes, identifier, limit).map(|bytes| bytes.to_vec())
}

/// Reads every typed record of an answer; how many could be read.
#[must_use]
pub fn records(bytes: &[u8]) -> usize {
    let Ok(response) = ofx::Response::decode(bytes, &Limits::new()) else { return 0 };
    1 + usize::from(response.challenge().is_ok())
        + response.profiles().map_or(0, |found| found.len())
        + response.all_answers().filter(Result::is_ok).count()
        + response.synchronizations().map(|frame| frame.answers.len()).sum::<usize>()
}

fn stamp(paused: bool) -> Stamp {
    Stamp {
        kind: kind(paused),
        schema: SCHEMA.number,
        oldest_reader: SCHEMA.oldest_reader,
        issued: 0,
        // The year 2100.
        expires: 4_102_444_800,
        state_id: [0; 16],
    }
}

fn kind(paused: bool) -> Kind {
    if paused { Kind::Paused } else { Kind::Client }
}
