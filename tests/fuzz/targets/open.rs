//! Any bytes and any text as a blob, and a real blob with changed bytes: refused, without memory worth speaking of.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ofx_session::{Blob, Client};
use ofx_session_fuzz::{Counting, context, keys, measured, patched, session};

#[global_allocator]
static COUNTING: Counting = Counting;

/// A paused operation and a client, sealed; the same, plain.
static REAL: LazyLock<[Vec<u8>; 4]> = LazyLock::new(|| {
    let (keys, context) = (keys(), context());

    let client = || {
        let mut session = session();
        session.abandon().unwrap();
        session.close().unwrap()
    };
    [
        session().pause(&keys, &context).unwrap().into_bytes(),
        client().deconstruct(&keys, &context).unwrap().into_bytes(),
        session().pause_plain_including_private().unwrap().into_bytes(),
        client().deconstruct_plain_including_private().unwrap().into_bytes(),
    ]
});

fuzz_target!(|data: &[u8]| {
    let Some((mode, data)) = data.split_first() else { return };
    let real = REAL.get(usize::from(mode % 8));
    let bytes = real.map_or_else(|| data.to_vec(), |real| patched(real, data));
    let (keys, context) = (keys(), context());
    let blob = Blob::from_bytes(bytes.as_slice());

    let (opened, most) = measured(|| {
        [
            Client::restore(&blob, &keys, &context).is_ok(),
            Client::resume(&blob, &keys, &context).is_ok(),
            Client::restore_plain(&blob).is_ok(),
            Client::resume_plain(&blob).is_ok(),
        ]
    });
    assert!(most <= 64 * 1024, "{most} bytes");
    assert_eq!(opened.contains(&true), REAL.contains(&bytes), "{opened:?}");
    let _ = blob.header().map(|header| format!("{header:?}{blob:?}"));

    if let Ok(text) = std::str::from_utf8(data) {
        let (blob, most) = measured(|| Blob::from_text(text));
        assert!(most <= 64 * 1024, "{most} bytes");
        if let Ok(blob) = blob {
            assert_eq!(blob.to_text(), text, "a blob has one text");
        }
    }
    assert!(Blob::from_text(&blob.to_text()).is_ok_and(|again| again == blob) || bytes.len() > Blob::MAX_LEN);
});
