//! Any bytes as a packed tree and as a squeezed request; any document and any bytes packed and squeezed come back.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ofx_session::client::fuzzing::{pack, squeeze, stretch, unpack};
use ofx_session::ofx::{Document, Element, Limits};
use ofx_session_fuzz::patched;

static REAL: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    [
        &include_bytes!("../../../fixtures/reference/profile.ofx")[..],
        include_bytes!("../../../fixtures/reference/accounts.ofx"),
    ]
    .map(|text| pack(Document::decode(text, &Limits::new()).unwrap().root()))
});

fuzz_target!(|data: &[u8]| {
    let Some((mode, rest)) = data.split_first() else { return };
    match mode {
        0..64 => tree(unpack(rest)),
        64..128 => tree(unpack(&patched(&REAL[usize::from(mode % 2)], rest))),
        _ => {
            if let Some(stretched) = stretch(rest, UID, LIMIT) {
                assert!(stretched.len() <= LIMIT);
                comes_back(&stretched);
            }
        }
    }
    comes_back(data);
    tree(Document::decode(data, &Limits::new()).ok().map(|document| document.root().clone()));
});

fn tree(tree: Option<Element>) {
    let Some(tree) = tree else { return };
    assert!(unpack(&pack(&tree)).as_ref() == Some(&tree), "{tree:?}");
}

fn comes_back(bytes: &[u8]) {
    let squeezed = squeeze(bytes, UID);
    assert!(stretch(&squeezed, UID, bytes.len()).as_deref() == Some(bytes));
}

const UID: &str = "5e0b7a9c-19aa-4b7c-8c64-0e2c3f1d2b55";
const LIMIT: usize = 64 * 1024;
