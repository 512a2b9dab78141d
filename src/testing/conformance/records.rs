//! What goes in comes out, and only the right version changes anything.

use crate::store::Swap::{Conflict, Done};
use crate::store::{Applied, Record, RecordKey, Store, StoreError, Version};
use crate::testing::conformance::{Broken, Probe, any_key, any_record, any_version};

const MEBIBYTE: usize = 1 << 20;

/// Bytes of every kind are created, swapped in and loaded unchanged.
pub(super) async fn round_trips(store: &dyn Store) -> Result<(), Broken> {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let values: [(&str, Vec<u8>); 7] = [
        ("an empty value", Vec::new()),
        ("one zero byte", vec![0]),
        ("zero bytes between others", b"before\0after\0\0".to_vec()),
        ("every byte there is", all.clone()),
        ("bytes that are not UTF-8", vec![0xC3, 0x28, 0xFF, 0xFE, 0xED, 0xA0, 0x80]),
        ("quotes, line breaks and backslashes", b"'\"\\x00\r\n%s$1?--;".to_vec()),
        ("40 kB", all.repeat(160)),
    ];
    let probe = Probe::new(store, "values");
    for (name, value) in values {
        let (key, first, second) = (any_key(), any_record(value.clone()), any_record(value));
        probe.holds(&format!("{name}, before it is created"), &key, None).await?;
        probe.create(&format!("create with {name}"), Done, &key, &first).await?;
        probe.holds(&format!("load {name}"), &key, Some(&first)).await?;
        probe.swap(&format!("swap {name} in"), Done, &key, first.version(), &second).await?;
        probe.holds(&format!("load {name} after a swap"), &key, Some(&second)).await?;
        probe.delete(&format!("delete {name}"), Done, &key, second.version()).await?;
        probe.holds(&format!("{name}, after it was deleted"), &key, None).await?;
    }
    Ok(())
}

/// An answer that is never awaited has done nothing.
pub(super) async fn laziness(store: &dyn Store) -> Result<(), Broken> {
    let probe = Probe::new(store, "laziness");
    let (key, first, second) = (any_key(), any_record("first"), any_record("second"));
    drop(store.create(&key, &first));
    probe.holds("after a create that was not awaited", &key, None).await?;
    probe.create("create", Done, &key, &first).await?;
    drop(store.swap(&key, first.version(), &second));
    drop(store.delete(&key, first.version()));
    probe.holds("after a swap and a delete that were not awaited", &key, Some(&first)).await?;
    probe.delete("delete", Done, &key, first.version()).await
}

/// Stale, absent and right versions, creating twice, and records that were deleted and made again.
pub(super) async fn versions(store: &dyn Store) -> Result<(), Broken> {
    let probe = Probe::new(store, "versions");
    let (key, first, second, third) = (any_key(), any_record("first"), any_record("second"), any_record("third"));
    let never = any_version();

    probe.swap("swap where there is no record", Conflict, &key, never, &first).await?;
    probe.holds("after a swap where there was no record", &key, None).await?;
    probe.delete("delete where there is no record", Conflict, &key, never).await?;

    probe.create("create", Done, &key, &first).await?;
    probe.create("create again with another record", Conflict, &key, &second).await?;
    probe.create("create again with the same record", Conflict, &key, &first).await?;
    probe.holds("after creating twice", &key, Some(&first)).await?;

    probe.swap("swap with a version that never was", Conflict, &key, never, &second).await?;
    for flipped in neighbours(first.version()) {
        probe.swap("swap with a version that differs in one bit", Conflict, &key, flipped, &second).await?;
        probe.delete("delete with a version that differs in one bit", Conflict, &key, flipped).await?;
    }
    probe.delete("delete with a version that never was", Conflict, &key, never).await?;
    probe.holds("after conflicts", &key, Some(&first)).await?;

    probe.swap("swap with the right version", Done, &key, first.version(), &second).await?;
    probe.swap("swap with a stale version", Conflict, &key, first.version(), &third).await?;
    probe.delete("delete with a stale version", Conflict, &key, first.version()).await?;
    probe.holds("after stale versions", &key, Some(&second)).await?;

    probe.delete("delete with the right version", Done, &key, second.version()).await?;
    probe.holds("after a delete", &key, None).await?;
    probe.swap("swap of a deleted record", Conflict, &key, second.version(), &third).await?;
    probe.delete("delete of a deleted record", Conflict, &key, second.version()).await?;
    probe.create("create after a delete", Done, &key, &third).await?;
    for old in [first.version(), second.version()] {
        probe.swap("swap of a record made again, with a version from before", Conflict, &key, old, &first).await?;
        probe.delete("delete of a record made again, with a version from before", Conflict, &key, old).await?;
    }
    probe.holds("a record made again", &key, Some(&third)).await?;
    probe.delete("delete of a record made again", Done, &key, third.version()).await
}

/// Keys that differ in one byte only are different records.
pub(super) async fn many_keys(store: &dyn Store) -> Result<(), Broken> {
    let probe = Probe::new(store, "many keys");
    let base = *any_key().as_bytes();
    let mut records: Vec<(RecordKey, Record)> = Vec::new();
    for place in 0..base.len() {
        for change in [0_u8, 1, 2, 32, 128, 255] {
            let mut bytes = base;
            if let Some(byte) = bytes.get_mut(place) {
                *byte = change;
            }
            // Cut off at a zero byte, or read as letters of one case, some would be one.
            let key = RecordKey::new(bytes);
            if records.iter().all(|(known, _)| *known != key) {
                records.push((key, any_record(format!("{place} {change}"))));
            }
        }
    }
    for (key, record) in &records {
        probe.create("create many", Done, key, record).await?;
    }
    for (key, record) in &records {
        probe.holds("load one of many", key, Some(record)).await?;
    }
    for (key, record) in records.iter().step_by(2) {
        probe.delete("delete every other", Done, key, record.version()).await?;
    }
    for (n, (key, record)) in records.iter().enumerate() {
        probe.holds("after every other was deleted", key, (n % 2 == 1).then_some(record)).await?;
    }
    for (key, record) in records.iter().skip(1).step_by(2) {
        probe.delete("delete the rest", Done, key, record.version()).await?;
    }
    Ok(())
}

/// One mebibyte, or the largest value there may be; one byte more than that is refused by name.
pub(super) async fn sizes(store: &dyn Store) -> Result<(), Broken> {
    let probe = Probe::new(store, "sizes");
    let largest = store.capabilities().largest;
    let length = largest.unwrap_or(MEBIBYTE).min(MEBIBYTE);
    let bytes: Vec<u8> = (0..=u8::MAX).rev().cycle().take(length).collect();
    let (key, first, second) = (any_key(), any_record("small"), any_record(bytes));
    probe.create("create", Done, &key, &first).await?;
    probe.swap(&format!("swap {length} bytes in"), Done, &key, first.version(), &second).await?;
    probe.holds(&format!("load {length} bytes"), &key, Some(&second)).await?;
    probe.delete(&format!("delete {length} bytes"), Done, &key, second.version()).await?;

    // What could not be allocated in a test is not tried.
    let Some(limit) = largest.filter(|limit| *limit < 64 * MEBIBYTE) else { return Ok(()) };
    let (key, record) = (any_key(), any_record(vec![7; limit + 1]));
    match store.create(&key, &record).await {
        Err(error @ StoreError::TooLarge { .. }) if error.applied() == Applied::No => {}
        Err(error) => return Err(probe.failed("a value larger than the limit must be refused as too large", &error)),
        Ok(swap) => return Err(probe.broken(format!("a value larger than the limit was taken: {swap:?}"))),
    }
    probe.holds("after a value that was too large", &key, None).await
}

/// Two handles see one set of records.
pub(super) async fn is_shared(one: &dyn Store, other: &dyn Store) -> Result<(), Broken> {
    let (here, there) = (Probe::new(one, "two handles"), Probe::new(other, "two handles"));
    let (key, first, second) = (any_key(), any_record("first"), any_record("second"));
    here.create("create through one handle", Done, &key, &first).await?;
    there.holds("load through the other handle", &key, Some(&first)).await?;
    there.swap("swap through the other handle", Done, &key, first.version(), &second).await?;
    here.swap("swap through the first handle, with a stale version", Conflict, &key, first.version(), &first).await?;
    here.holds("load through the first handle", &key, Some(&second)).await?;
    here.delete("delete through the first handle", Done, &key, second.version()).await?;
    there.holds("load what the first handle deleted", &key, None).await
}

/// Versions that differ from `version` in one bit, first and last byte.
fn neighbours(version: Version) -> [Version; 2] {
    let (mut first, mut last) = (*version.as_bytes(), *version.as_bytes());
    if let (Some(head), Some(tail)) = (first.first_mut(), last.last_mut()) {
        *head ^= 1;
        *tail ^= 0x80;
    }
    [Version::new(first), Version::new(last)]
}
