//! The connection against real peers: what the TLS, HTTP and proxy servers of others do with it, and what hostile ones try.
//!
//! Programs are started from the installed binaries, each test its own, on free loopback ports, with their configuration in a
//! temporary folder, and are killed when the test is over. One that is not installed is skipped with a line that says so, and
//! fails the test where `REQUIRE_SERVERS=1`. In Debian they are in `nginx-light`, `squid`, `tinyproxy`, `microsocks`, `dante-server`,
//! `stunnel4` and `openssl`. What none of them can show is done by the raw server of `backend.rs`.
#![cfg(unix)]
#![allow(
    unsafe_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    reason = "tests fail by panicking, and an allocator is unsafe to write"
)]

mod backend;
mod behind;
#[path = "../shared/canaries.rs"]
mod canaries;
mod cancelled;
mod certificates;
#[path = "../shared/child.rs"]
mod child;
mod connect;
mod connections;
mod cookies;
mod families;
mod frames;
mod given_up;
mod hostile;
mod http;
mod identity;
mod many;
mod money;
mod observed;
mod openssl;
mod paid;
#[path = "../shared/papers.rs"]
mod papers;
mod peer;
#[path = "../shared/programs.rs"]
mod programs;
#[path = "../shared/promises.rs"]
mod promises;
mod roots;
mod sessions;
mod socks;
mod versions;
mod weight;
#[path = "../shared/wire.rs"]
mod wire;

#[global_allocator]
static ALLOCATOR: weight::Scales = weight::Scales;

use promises::{BODY, not_sent, send, trusting, unknown};
