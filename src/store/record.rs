//! What a store keeps: a name, a version, bytes, and how long to keep them.

use std::fmt;
use std::time::Duration;

/// Names a record: 32 bytes, a digest made by whoever owns the record. Nothing about the user can be read from it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey([u8; 32]);

impl RecordKey {
    /// Wraps the 32 bytes of a digest.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordKey({})", hex(&self.0))
    }
}

/// Names one write: 16 random bytes brought by the writer and never used twice.
///
/// So a record that was deleted and made again is never mistaken for the old one, and after a lost acknowledgement the
/// writer loads the record and sees whether its own write is there.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version([u8; 16]);

impl Version {
    /// Wraps 16 bytes of a cryptographic random source.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({})", hex(&self.0))
    }
}

/// Bytes under a version, and how long from now a store keeps them.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    version: Version,
    bytes: Vec<u8>,
    life: Option<Duration>,
}

impl Record {
    /// A record that is kept until it is deleted.
    #[must_use]
    pub fn new(version: Version, bytes: impl Into<Vec<u8>>) -> Self {
        Self { version, bytes: bytes.into(), life: None }
    }

    /// Has the record kept for `life` from the moment the store writes it, by the store's clock.
    ///
    /// Stores count in whole milliseconds, rounded up, at least one, and at most a thousand years of 365 days.
    #[must_use]
    pub const fn with_life(mut self, life: Duration) -> Self {
        self.life = Some(life);
        self
    }

    /// The write this record is of.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Hands over the bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// How long from now the store keeps it: what was asked for in a record to write, what is left in a loaded one.
    /// `None`: until it is deleted.
    #[must_use]
    pub const fn life(&self) -> Option<Duration> {
        self.life
    }

    /// The life in milliseconds, as stores count it: rounded up, at least 1, at most a thousand years.
    #[must_use]
    pub fn life_in_millis(&self) -> Option<u64> {
        const THOUSAND_YEARS: u64 = 1_000 * 365 * 86_400_000;
        let millis = self.life?.as_nanos().div_ceil(1_000_000);
        Some(u64::try_from(millis).map_or(THOUSAND_YEARS, |millis| millis.clamp(1, THOUSAND_YEARS)))
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("version", &self.version)
            .field("bytes", &format_args!("{} bytes", self.bytes.len()))
            .field("life", &self.life)
            .finish()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_rounded_up_and_kept_in_bounds() {
        let millis = |life| Record::new(Version::new([0; 16]), []).with_life(life).life_in_millis();
        assert_eq!(Record::new(Version::new([0; 16]), []).life_in_millis(), None);
        assert_eq!(millis(Duration::ZERO), Some(1));
        assert_eq!(millis(Duration::from_nanos(1_000_001)), Some(2));
        assert_eq!(millis(Duration::from_secs(900)), Some(900_000));
        assert_eq!(millis(Duration::MAX), Some(31_536_000_000_000));
    }

    #[test]
    fn debug_shows_no_byte_of_a_record() {
        let shown = format!("{:?}", Record::new(Version::new([1; 16]), b"canary".as_slice()));
        assert!(shown.contains("6 bytes") && !shown.contains("canary") && !shown.contains("99, 97"), "{shown}");
    }
}
