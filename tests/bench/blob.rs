//! What a blob costs: its size, and its time beside the bare cost of the same work done by the libraries alone.
//!
//! `cargo bench --bench blob` prints a table for the reference state of `reference.rs`. "Bare" is postcard, HKDF-SHA256 and
//! XChaCha20-Poly1305 on as many bytes, in the same run: serialize one record, derive, encrypt in place; and the way back.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    missing_docs,
    reason = "a benchmark prints and fails by panicking"
)]

mod reference;

use std::hint::black_box;
use std::time::{Duration, Instant};

use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{KeyInit as _, Tag, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use ofx_session::{Client, Credentials};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

const ROUNDS: usize = 20_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (keys, context) = (reference::keys(), reference::context());
    let mut session = runtime.block_on(reference::session());
    let mut client = runtime.block_on(reference::session());
    client.abandon().unwrap();
    let mut client = client.close().unwrap();

    let mut times: [Vec<Duration>; 6] = Default::default();
    let (mut paused_size, mut client_size) = (0, 0);
    for _ in 0..ROUNDS {
        let blob = timed(&mut times[0], || session.pause(&keys, &context).unwrap());
        paused_size = blob.as_bytes().len();
        let paused = timed(&mut times[1], || Client::resume(&blob, &keys, &context).unwrap());
        session = paused.open_risking_a_second_payment(Credentials::new("jane", "correct horse")).unwrap();

        let blob = timed(&mut times[2], || client.deconstruct(&keys, &context).unwrap());
        client_size = blob.as_bytes().len();
        client = timed(&mut times[3], || Client::restore(&blob, &keys, &context).unwrap());

        let content = vec![0x5a; paused_size - 120];
        let sealed = timed(&mut times[4], || bare_seal(&content));
        timed(&mut times[5], || bare_open(&sealed));
    }

    println!("paused payment: {paused_size} bytes, {} characters as text", paused_size.div_ceil(3) * 4);
    println!("client:         {client_size} bytes, {} characters as text\n", client_size.div_ceil(3) * 4);
    println!("{:<28} {:>10} {:>10} {:>8}", "", "median", "p99", "bare x");
    let bare = [median(&mut times[4]), median(&mut times[5])];
    let names = [
        "pause + seal",
        "open + resume",
        "deconstruct",
        "restore",
        "bare: serialize + seal",
        "bare: open + deserialize",
    ];
    for (at, name) in names.iter().enumerate() {
        let middle = median(&mut times[at]);
        let ratio = middle.as_nanos() as f64 / bare[at % 2].as_nanos() as f64;
        println!("{name:<28} {middle:>10.1?} {:>10.1?} {ratio:>8.2}", times[at][ROUNDS * 99 / 100]);
    }
}

fn timed<T>(times: &mut Vec<Duration>, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = black_box(work());
    times.push(start.elapsed());
    result
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[derive(Serialize, Deserialize)]
struct Record<'a> {
    #[serde(with = "serde_bytes_compat")]
    content: &'a [u8],
}

/// Bytes as bytes, not as a list of numbers.
mod serde_bytes_compat {
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &&[u8], out: S) -> Result<S::Ok, S::Error> {
        out.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<&'de [u8], D::Error> {
        <&[u8]>::deserialize(from)
    }
}

fn bare_keys() -> [u8; 64] {
    let mut keys = [0; 64];
    Hkdf::<Sha256>::new(Some(&[9; 24]), &[7; 32]).expand(&[1; 120], &mut keys).unwrap();
    keys
}

fn bare_seal(content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; content.len() + 3 + 16];
    let used = postcard::to_slice(&Record { content }, &mut bytes).unwrap().len();
    let keys = bare_keys();
    let cipher = XChaCha20Poly1305::new_from_slice(&keys[..32]).unwrap();
    let tag =
        cipher.encrypt_inout_detached(&XNonce::from([9; 24]), &keys[32..], bytes[..used].as_mut().into()).unwrap();
    bytes.truncate(used);
    bytes.extend_from_slice(&tag);
    bytes
}

fn bare_open(sealed: &[u8]) -> usize {
    let keys = bare_keys();
    let cipher = XChaCha20Poly1305::new_from_slice(&keys[..32]).unwrap();
    let (content, tag) = sealed.split_at(sealed.len() - 16);
    let mut bytes = content.to_vec();
    let tag = Tag::try_from(tag).unwrap();
    cipher.decrypt_inout_detached(&XNonce::from([9; 24]), &keys[32..], bytes.as_mut_slice().into(), &tag).unwrap();
    postcard::from_bytes::<Record<'_>>(&bytes).unwrap().content.len()
}
