//! Any bytes as a document, by themselves and as what follows a header of 2.x.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ofx_session_fuzz::document;

fuzz_target!(|data: &[u8]| {
    if data.first() != Some(&b'<') {
        return document(data);
    }
    document(&[HEADER, data].concat());
});

const HEADER: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<?OFX OFXHEADER=\"200\" VERSION=\"211\" SECURITY=\"NONE\" OLDFILEUID=\"NONE\" NEWFILEUID=\"NONE\"?>\r\n";
