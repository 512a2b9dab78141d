//! Any bytes as a document, by themselves and as what follows a header of 1.x.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ofx_session_fuzz::document;

fuzz_target!(|data: &[u8]| {
    if data.first() != Some(&b'<') {
        return document(data);
    }
    document(&[HEADER, data].concat());
});

const HEADER: &[u8] = b"OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:103\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252\r\nCOMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n\r\n";
