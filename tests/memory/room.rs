//! How much memory opening a blob takes, beyond the blob and beyond what is handed back.

use ofx_session::{Blob, Client};

use crate::allocator::{Report, watch};
use crate::blobs::{both, join, open, plain, seal, segments};
use crate::canary;
use crate::flow::{context, keys};

/// What all segments of a blob can have together, and so what opening may take.
const MOST: usize = 64 * 1024;

/// For an error, or for the list of the segments.
const LITTLE: usize = 1024;

/// Opens under watch what must be refused.
fn refused(bytes: &[u8]) -> Report {
    let (keys, context) = (keys(), context());
    let (result, report) = watch(canary::secrets(), || open(bytes, &keys, &context));
    result.unwrap_err();
    report
}

#[test]
fn nothing_is_made_of_a_blob_that_is_not_authentic() {
    for blob in both() {
        for at in [0, 6, 16, 60, 80] {
            let mut changed = blob.clone();
            changed[at] ^= 1;
            // The blob itself is held by the test within the watch; beside it an error.
            assert!(refused(&changed).peak - changed.len() < LITTLE, "byte {at}");
        }
        let mut large = blob.clone();
        large.resize(MOST, 0);
        large[80] ^= 1;
        assert!(refused(&large).peak - large.len() < LITTLE);
    }
}

#[test]
fn a_small_blob_that_inflates_takes_64_kib_and_no_more() {
    for blob in both() {
        for size in [65_000, 66_000, 1 << 20, 1 << 24] {
            let mut parts = segments(&blob);
            parts.push((77, 1, miniz_oxide::deflate::compress_to_vec(&vec![0; size], 9)));
            let content = join(&parts);
            // Anyone can make this one, where plain blobs are allowed at all.
            let bomb = Blob::from_bytes(plain(&blob, &content));
            let (result, report) =
                watch(canary::secrets(), || Client::restore_plain(&bomb).err().zip(Client::resume_plain(&bomb).err()));
            assert!(result.is_some() && report.peak <= MOST + LITTLE, "{size}: {}", report.peak);
            // For this one it takes the key. What is decrypted comes on top, and is no larger than the blob.
            let bytes = seal(&blob, &content);
            let extra = refused(&bytes).peak - bytes.len();
            assert!(extra <= content.len() + MOST + LITTLE, "{size}: {extra}");
        }
    }
}

#[test]
fn a_blob_as_large_as_any_takes_64_kib_beyond_what_it_gives() {
    let (keys, context) = (keys(), context());
    for blob in both() {
        let mut parts = segments(&blob);
        let used = blob.len() + 5;
        parts.push((77, 0, vec![7; MOST - used]));
        let largest = Blob::from_bytes(seal(&blob, &join(&parts)));
        assert!(MOST - largest.as_bytes().len() < 4);
        let (_kept, report) = watch(canary::secrets(), || {
            if blob[5] == 2 {
                (Some(Client::resume(&largest, &keys, &context).unwrap()), None)
            } else {
                (None, Some(Client::restore(&largest, &keys, &context).unwrap()))
            }
        });
        assert!(report.kept > MOST - used, "the state holds what it does not understand");
        let extra = report.peak - report.kept;
        assert!(extra <= MOST + LITTLE, "{extra}");
    }
}
