//! An allocator that counts what one thread holds, and the most that it held while something was done.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's, with a count for each thread. What a peer in another thread needs is not in it.
pub(crate) struct Scales;

// SAFETY: every block comes from `System` and goes back to it with the layout it came with; only sizes are looked at.
unsafe impl GlobalAlloc for Scales {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those that `System` asks for.
        let block = unsafe { System.alloc(layout) };
        if !block.is_null() {
            count(layout.size().cast_signed());
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) };
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        let moved = unsafe { System.realloc(block, layout, size) };
        if !moved.is_null() {
            // While it is moved there may be both.
            count(size.cast_signed());
            count(-layout.size().cast_signed());
        }
        moved
    }
}

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // A thread that ends gives back its blocks after its counters are gone.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

/// Waits for `work`, and tells how many bytes this thread held at most meanwhile beyond what it held before.
///
/// All of the work must be done by this thread: a runtime of tokio's tests has but one.
pub(crate) async fn peak<F: Future>(work: F) -> (F::Output, usize) {
    let before = HELD.get();
    PEAK.set(before);
    let result = work.await;
    (result, usize::try_from(PEAK.get() - before).unwrap_or_default())
}

/// How many bytes this thread gives back when `gives_back` is done.
pub(crate) fn held_by(gives_back: impl FnOnce()) -> usize {
    let before = HELD.get();
    gives_back();
    usize::try_from(before - HELD.get()).unwrap_or_default()
}

#[tokio::test]
async fn the_scales_are_right() {
    let (kept, most) = peak(async {
        drop(vec![1_u8; 3_000_000]);
        tokio::task::yield_now().await;
        vec![1_u8; 1_000_000]
    })
    .await;
    assert_eq!(kept.len(), 1_000_000);
    assert!((3_000_000..3_100_000).contains(&most), "{most}");
}
