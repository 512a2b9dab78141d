//! No secret is left behind in memory that was freed, and opening a blob takes little of it.
//!
//! The allocator of this binary searches every block that is given back for pieces of the secrets in `canary.rs`, before
//! anything else can overwrite it. What is promised: passwords, one-time values, answers, keys and account numbers that this
//! crate holds are wiped before their memory is given back, on success and on every error, up to the request that is handed to
//! the transport and from the answer that it hands back. `OFX_MEMORY_BACKTRACE=1` prints where a find was freed.
#![allow(
    unsafe_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    clippy::print_stderr,
    missing_docs,
    reason = "an allocator is unsafe to write, and tests fail by panicking"
)]

mod allocator;
mod bank;
mod blobs;
mod canary;
mod flow;
mod given_up;
mod itself;
mod room;

#[global_allocator]
static ALLOCATOR: allocator::Watchful = allocator::Watchful;

/// Runs `work` under watch and fails when a secret was freed.
fn clean<T>(case: &str, work: impl FnOnce() -> T) -> T {
    let (result, report) = allocator::watch(canary::secrets(), work);
    assert_eq!(report.count, 0, "{case}: {:#?}", report.finds);
    assert!(report.searched > 0, "{case}: nothing was freed, so nothing was searched");
    result
}
