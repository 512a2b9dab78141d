//! Every way that a payment can take: the real vault and engine, the memory store and the pretend institution, driven through all
//! interleavings of two or three callers with lost, late and repeated files, lost acknowledgements, sleeping owners, claims that
//! run out, and a second client.
//!
//! `EXPLORE=full cargo test --release --all-features --test explore -- --nocapture` explores more; the usual size takes under two
//! minutes. A caller that crashes is one that is never scheduled again, so that every prefix of a caller's steps is a crash.
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
