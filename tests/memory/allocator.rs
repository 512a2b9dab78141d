//! An allocator that looks into every block before it is given back, moves every block that grows, and counts.
//!
//! A watch belongs to the thread that starts it: only what that thread frees is searched, so tests do not disturb each other.

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};

/// Neither `realloc` nor `alloc_zeroed` is overridden: both then go through `alloc`, copy and `dealloc`, so no block ever grows
/// where it is, and the old place is searched like any other.
pub(crate) struct Watchful;

// SAFETY: every block comes from `System` and goes back to it with the layout it came with. In between it is only written to
// before it is handed out, and only read and written to after it came back, within its size.
unsafe impl GlobalAlloc for Watchful {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those that `System` asks for.
        let block = unsafe { System.alloc(layout) };
        if !block.is_null() {
            // SAFETY: the block has this size. Nobody else knows it yet.
            unsafe { block.write_bytes(FRESH, layout.size()) };
            count(layout.size().cast_signed());
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block has this size, was written to its end when it was handed out, and nobody else uses it any more.
        search(unsafe { std::slice::from_raw_parts(block, layout.size()) });
        // SAFETY: as above. What was found must not be found again in the next block at this place.
        unsafe { block.write_bytes(FREED, layout.size()) };
        count(-layout.size().cast_signed());
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.dealloc(block, layout) };
    }
}

/// A freed block that still held a piece of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Find {
    /// Which of the watched secrets: its name.
    pub(crate) what: &'static str,
    pub(crate) size: usize,
    pub(crate) offset: usize,
}

/// What a watch saw.
#[derive(Debug)]
pub(crate) struct Report {
    /// The first finds.
    pub(crate) finds: Vec<Find>,
    /// How many there were.
    pub(crate) count: usize,
    /// Most bytes held at one time, beyond what was held at the start.
    pub(crate) peak: usize,
    /// Bytes held at the end beyond what was held at the start.
    pub(crate) kept: usize,
    /// Bytes that were freed and searched.
    pub(crate) searched: usize,
}

/// Secrets to look for: every piece of each, of [`PIECE`] bytes, or of two or four times as many where fewer could be there by chance.
///
/// Made before a watch starts and never freed.
pub(crate) struct Secrets {
    /// Sorted by their first bytes, each with the name of its secret.
    pieces: Vec<(u64, &'static [u8], &'static str)>,
    /// One bit for each hash that a piece has, to pass over most places quickly.
    hashes: Box<[u64; 1024]>,
}

impl Secrets {
    pub(crate) fn new(all: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> &'static Self {
        let (mut pieces, mut hashes) = (Vec::new(), Box::new([0; 1024]));
        for (name, bytes) in all {
            let bytes: &'static [u8] = bytes.leak();
            let before = pieces.len();
            for at in 0..bytes.len() {
                let mut longer = [1, 2, 4].into_iter().filter_map(|times| bytes.get(at..at + times * PIECE));
                if let Some(piece) = longer.find(|piece| !is_common(piece)) {
                    let first = first(piece);
                    let hash = ((first ^ first >> 29) & 0xffff) as usize;
                    hashes[hash >> 6] |= 1 << (hash & 63);
                    pieces.push((first, piece, name));
                }
            }
            assert!(pieces.len() > before, "{name} is too short to be told from chance");
        }
        pieces.sort_unstable();
        Box::leak(Box::new(Self { pieces, hashes }))
    }

    /// The first piece of a secret in `block`.
    ///
    /// Plain arithmetic instead of windows and conversions: the tests spend their time here, without optimization.
    fn find(&self, block: &[u8]) -> Option<Find> {
        let (mut last, mut read) = (0_u64, 0);
        for byte in block {
            last = last >> 8 | (*byte as u64) << 56;
            read += 1;
            let hash = ((last ^ last >> 29) & 0xffff) as usize;
            if self.hashes[hash >> 6] & 1 << (hash & 63) != 0 && read >= PIECE {
                let offset = read - PIECE;
                let known = &self.pieces[self.pieces.partition_point(|(known, ..)| *known < last)..];
                let mut known = known.iter().take_while(|(known, ..)| *known == last);
                if let Some((_, _, what)) = known.find(|(_, piece, _)| block[offset..].starts_with(piece)) {
                    return Some(Find { what, size: block.len(), offset });
                }
            }
        }
        None
    }
}

fn first(piece: &[u8]) -> u64 {
    u64::from_le_bytes(piece[..PIECE].try_into().unwrap())
}

/// Whether it could be a piece of an identifier that was made at random, or has but a few characters of two bytes each.
fn is_common(piece: &[u8]) -> bool {
    let hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-');
    let zeros = piece.iter().filter(|byte| **byte == 0).count();
    let is_wide = zeros * 2 >= piece.len();
    let characters = if is_wide { piece.len() - zeros } else { piece.len() };
    let is_hex = piece.iter().filter(|byte| !is_wide || **byte != 0).all(hex);
    characters < if is_hex { 2 * PIECE } else { PIECE }
}

/// Runs `work` and searches everything that this thread frees meanwhile.
pub(crate) fn watch<T>(secrets: &'static Secrets, work: impl FnOnce() -> T) -> (T, Report) {
    SEEN.with(|seen| *seen.borrow_mut() = Seen::NOTHING);
    WATCHED.set(Some(secrets));
    let result = work();
    WATCHED.set(None);
    let seen = SEEN.with(|seen| std::mem::replace(&mut *seen.borrow_mut(), Seen::NOTHING));
    let finds = seen.finds.iter().flatten().copied().collect();
    let report = Report {
        finds,
        count: seen.count,
        peak: seen.peak.try_into().unwrap_or(0),
        kept: seen.held.try_into().unwrap_or(0),
        searched: seen.searched,
    };
    (result, report)
}

struct Seen {
    finds: [Option<Find>; 16],
    count: usize,
    searched: usize,
    held: isize,
    peak: isize,
}

impl Seen {
    const NOTHING: Self = Self { finds: [None; 16], count: 0, searched: 0, held: 0, peak: 0 };
}

thread_local! {
    // Neither needs memory to be made nor is anything run when the thread ends: both can be used from inside an allocator.
    static WATCHED: Cell<Option<&'static Secrets>> = const { Cell::new(None) };
    static SEEN: RefCell<Seen> = const { RefCell::new(Seen::NOTHING) };
}

fn count(bytes: isize) {
    if WATCHED.get().is_some() {
        SEEN.with_borrow_mut(|seen| {
            seen.held += bytes;
            seen.peak = seen.peak.max(seen.held);
        });
    }
}

fn search(block: &[u8]) {
    let Some(secrets) = WATCHED.get() else { return };
    let found = secrets.find(block);
    SEEN.with_borrow_mut(|seen| {
        seen.searched += block.len();
        if let Some(find) = found {
            if let Some(free) = seen.finds.iter_mut().find(|place| place.is_none()) {
                *free = Some(find);
            }
            seen.count += 1;
        }
    });
    if let Some(find) = found {
        // What follows allocates and frees by itself.
        WATCHED.set(None);
        if std::env::var_os(TELL).is_some() {
            eprintln!("freed with {find:?} inside, by\n{}", Backtrace::force_capture());
        }
        WATCHED.set(Some(secrets));
    }
}

/// So many bytes in a row are no chance.
pub(crate) const PIECE: usize = 8;

/// Set it to be told where a find was freed.
const TELL: &str = "OFX_MEMORY_BACKTRACE";

/// What a block holds when it is handed out, and when it is given back.
const FRESH: u8 = 0xa5;
const FREED: u8 = 0xde;
