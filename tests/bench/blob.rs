//! What a blob costs: size, and time beside the bare cost of its cryptography.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs, reason = "a benchmark prints and fails by panicking")]

mod reference;

use std::time::Instant;

use ofx_session::Client;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (keys, context) = (reference::keys(), reference::context());
    let session = || runtime.block_on(reference::session());
    let blob = session().pause(&keys, &context).unwrap();
    println!("paused payment: {} bytes, {} characters", blob.as_bytes().len(), blob.to_text().len());
    let rounds = 2000;
    let mut pause = Vec::new();
    let mut resume = Vec::new();
    let mut held = session();
    for _ in 0..rounds {
        let at = Instant::now();
        let blob = held.pause(&keys, &context).unwrap();
        pause.push(at.elapsed());
        let at = Instant::now();
        let paused = Client::resume(&blob, &keys, &context).unwrap();
        resume.push(at.elapsed());
        held = paused.open(ofx_session::Credentials::new("jane", "correct horse")).unwrap();
    }
    for (name, mut times) in [("pause + seal", pause), ("open + resume", resume)] {
        times.sort_unstable();
        println!("{name}: median {:?}, p99 {:?}", times[times.len() / 2], times[times.len() * 99 / 100]);
    }
}
