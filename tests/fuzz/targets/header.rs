//! Any header: of a document, in front of an empty root, and of a blob.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ofx_session::Blob;
use ofx_session_fuzz::document;

fuzz_target!(|data: &[u8]| {
    document(&[data, b"<OFX></OFX>"].concat());
    let blob = Blob::from_bytes([b"OFXS\x01", data].concat());
    if let Ok(header) = blob.header() {
        let _ = format!("{header:?}");
    }
});
