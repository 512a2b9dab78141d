//! One test binary; each module is a subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    missing_docs,
    reason = "tests fail by panicking"
)]

mod bank;
mod blobs;
mod blocking;
mod books;
#[path = "../shared/canaries.rs"]
mod canaries;
#[path = "../shared/child.rs"]
mod child;
mod corpus;
mod dialect;
mod flow;
mod listening;
mod observe;
#[path = "../shared/papers.rs"]
mod papers;
mod profile;
#[path = "../shared/promises.rs"]
mod promises;
mod reader;
mod resume;
mod rooms;
mod rotation;
mod roundtrip;
mod secrets;
mod sends;
mod size;
mod spec;
mod stores;
mod strangers;
mod transport;
mod trouble;
mod vault;
#[path = "../shared/wire.rs"]
mod wire;
