//! Identifiers of an operation, all from one random seed.
//!
//! The engine has no random source, and an operation that is resumed must send the same identifiers again; so everything
//! after the first one is derived.

use std::fmt;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::ofx::{FileUid, TrnUid};

/// 16 random bytes from which all identifiers of one operation come. Never use one twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed([u8; 16]);

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seed({})", self.work())
    }
}

impl Seed {
    /// Wraps 16 bytes of a cryptographic random source.
    #[must_use]
    pub const fn new(random: [u8; 16]) -> Self {
        Self(random)
    }

    pub(crate) const fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// `TRNUID` of the work request: the same for the whole life of the operation.
    pub(crate) fn work(self) -> TrnUid {
        TrnUid::new(uuid::Builder::from_random_bytes(self.0).into_uuid().to_string())
    }

    /// `TRNUID` of one of several requests in a file.
    pub(crate) fn item(self, place: u8, client_uid: &str) -> TrnUid {
        let own = || Self(self.derive(b"item", u32::from(place)).into_bytes()).of_client(client_uid);
        if place == 0 { self.work() } else { own().work() }
    }

    /// The same seed marked as this client's: who knows the `CLIENTUID` can tell the identifiers that it makes from those of
    /// other clients, in the history of an institution. Ten of the 16 bytes stay random.
    #[must_use]
    pub fn of_client(self, client_uid: &str) -> Self {
        let mut bytes = uuid::Builder::from_random_bytes(self.0).into_uuid().into_bytes();
        let mark = mark(&bytes, client_uid);
        bytes.iter_mut().skip(RANDOM).zip(mark).for_each(|(to, from)| *to = from);
        Self(bytes)
    }

    /// Whether an identifier was made from the seed of an operation of this client.
    pub(crate) fn made(trn_uid: &str, client_uid: &str) -> bool {
        Uuid::try_parse(trn_uid).is_ok_and(|uuid| {
            let bytes = uuid.as_bytes();
            bytes.iter().skip(RANDOM).eq(mark(bytes, client_uid).iter())
        })
    }

    /// `TRNUID` of the challenge request of a round.
    pub(crate) fn challenge(self, round: u32) -> TrnUid {
        TrnUid::new(self.derive(b"challenge", round).to_string())
    }

    /// `NEWFILEUID` of a file: each differs in its signon and so needs its own.
    pub(crate) fn file(self, number: u32) -> FileUid {
        FileUid::new(self.derive(b"file", number).to_string())
    }

    fn derive(self, what: &[u8], number: u32) -> Uuid {
        let digest =
            Sha256::new().chain_update(self.0).chain_update(what).chain_update(number.to_be_bytes()).finalize();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// The mark of a client on the random part of an identifier.
fn mark(bytes: &[u8; 16], client_uid: &str) -> [u8; 16 - RANDOM] {
    let random = bytes.get(..RANDOM).unwrap_or_default();
    let digest =
        Sha256::new().chain_update(b"ofx-session client").chain_update(client_uid).chain_update(random).finalize();
    let mut mark = [0; 16 - RANDOM];
    mark.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    mark
}

/// Bytes of a marked identifier that are random: 74 bits beside version and variant.
const RANDOM: usize = 10;
