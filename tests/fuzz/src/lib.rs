//! What the fuzz targets share: an allocator that counts, the reference state, and the checks on documents.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context as TaskContext, Poll, Waker};

use ofx_session::client::fuzzing;
use ofx_session::ofx::{Document, Limits, Style};
use ofx_session::{Context, KeyRing, Session};

#[path = "../../bench/reference.rs"]
mod reference;

/// The key of the reference blobs.
pub fn keys() -> KeyRing {
    reference::keys()
}

/// The context of the reference blobs.
pub fn context() -> Context {
    reference::context()
}

/// A session with profile, accounts, access key, and a payment that waits for answers.
pub fn session() -> Session {
    now(reference::session())
}

/// Counts what is allocated at a time, as it was asked for.
pub struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator; a block that is moved counts twice while it is copied.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grown(size);
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(block, layout, size) }
    }
}

fn grown(size: usize) {
    PEAK.fetch_max(LIVE.fetch_add(size, Relaxed) + size, Relaxed);
}

/// What `work` gives, and how many bytes it held at most beyond what was held before.
///
/// Only where [`Counting`] is the global allocator.
pub fn measured<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = LIVE.load(Relaxed);
    PEAK.store(before, Relaxed);
    let result = work();
    (result, PEAK.load(Relaxed).saturating_sub(before))
}

/// Runs a future that never waits.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut TaskContext::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("waits for something, and there is nothing to wait for"),
    }
}

/// `base` with some of its bytes replaced, or cut: the first two bytes say where, the third how.
pub fn patched(base: &[u8], data: &[u8]) -> Vec<u8> {
    let mut bytes = base.to_vec();
    let [high, low, how, patch @ ..] = data else { return bytes };
    let at = usize::from(u16::from_be_bytes([*high, *low])) % (base.len() + 1);
    match how % 4 {
        0 => bytes.iter_mut().skip(at).zip(patch).for_each(|(byte, new)| *byte = *new),
        1 => bytes.iter_mut().skip(at).zip(patch).for_each(|(byte, new)| *byte ^= *new),
        2 => drop(bytes.splice(at..at, patch.iter().copied())),
        _ => bytes.truncate(at),
    }
    bytes
}

/// Reads a document with the default limits; what can be written again must be read as it was.
pub fn document(bytes: &[u8]) {
    let _ = fuzzing::records(bytes);
    let document = match Document::decode(bytes, &Limits::new()) {
        Ok(document) => document,
        Err(error) => {
            assert!(error.offset() <= bytes.len(), "{error}: offset {} of {}", error.offset(), bytes.len());
            return;
        }
    };
    for style in [Style::new(), Style::new().close_leaves(true), Style::new().line_breaks(true)] {
        let Ok(written) = document.encode(&style) else { continue };
        let again = match Document::decode(&written, &Limits::new()) {
            Ok(again) => again,
            Err(error) => panic!("{error}\n{}", String::from_utf8_lossy(&written)),
        };
        // 1.x has no way to write a carriage return that a reader keeps, and its Latin text that is UTF-8 by accident is read as
        // such; the reader's documentation says why.
        let body = written.split(|byte| *byte == b'<').skip(1);
        let returns = body.flatten().any(|byte| *byte == b'\r');
        let accident = !written.is_ascii() && std::str::from_utf8(&written).is_ok();
        if document.header().version_number() < Some(200) && (returns || accident) {
            continue;
        }
        assert!(again.root() == document.root(), "\n{:?}\n{:?}", document.root(), again.root());
        let (old, new) = (document.header(), again.header());
        assert_eq!(old.version_number(), new.version_number());
        assert_eq!((old.old_file_uid(), old.new_file_uid()), (new.old_file_uid(), new.new_file_uid()));
    }
}
