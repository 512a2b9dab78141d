//! Every way that a payment can take: the real vault and engine, the memory store and the pretend institution, driven through all
//! interleavings of two or three callers with lost, late and repeated files, lost acknowledgements, sleeping owners, claims that
//! run out, and a second client.
//!
//! A caller that crashes is one that is never scheduled again: every prefix of its steps is a crash. The usual size takes a minute
//! in a release build (`cargo test --release --features testing --test explore -- --nocapture` prints what was visited); with
//! `--ignored` the full size.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs,
    reason = "tests fail by panicking"
)]

mod callers;
mod mutations;
mod search;
mod sim;
mod stage;
