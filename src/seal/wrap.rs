//! Keys that are stored wrapped: under a master key that never leaves its service.
//!
//! A key service (KMS, HSM, vault) is asked once at start-up for each stored key. Sealing and opening stay local: no blob
//! costs a call.
//!
//! ```text
//!  new key ──wrap──► WrappedKey ──to_text──► configuration, database, file
//!                                                    │ from_text
//!  KeyRing ◄──from_keys── Key ◄──unwrap── WrappedKey ◄┘        at every start
//! ```

use std::error::Error as StdError;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{Delivery, Error, ErrorKind};
use crate::seal::error::SealError;
use crate::seal::keyring::{Key, KeyRing};

/// Whatever a key service says when it fails; becomes the [`source`](StdError::source) of an [`Error`].
pub type KeyServiceError = Box<dyn StdError + Send + Sync>;

/// A service that encrypts and decrypts data keys under a master key of its own.
///
/// For clients of a service that block. An async client needs no trait, since nothing of this crate calls it: it
/// hands the bytes over itself.
///
/// ```
/// # use ofx_session::seal::{Key, KeyRing, KeyServiceError, WrappedKey};
/// # struct Kms;
/// # impl Kms {
/// #     async fn encrypt(&self, _id: u32, plain: &[u8]) -> Result<Vec<u8>, KeyServiceError> { Ok(plain.to_vec()) }
/// #     async fn decrypt(&self, _id: u32, wrapped: &[u8]) -> Result<Vec<u8>, KeyServiceError> { Ok(wrapped.to_vec()) }
/// # }
/// /// Once for each key; the text is stored.
/// async fn wrap(kms: &Kms, key: &Key) -> Result<String, KeyServiceError> {
///     Ok(WrappedKey::new(key.id(), kms.encrypt(key.id(), key.expose()).await?)?.to_text())
/// }
///
/// /// At every start.
/// async fn ring(kms: &Kms, sealing: u32, stored: &[String]) -> Result<KeyRing, KeyServiceError> {
///     let mut keys = Vec::new();
///     for text in stored {
///         let wrapped = WrappedKey::from_text(text)?;
///         keys.push(Key::from_vec(wrapped.id(), kms.decrypt(wrapped.id(), wrapped.as_bytes()).await?)?);
///     }
///     Ok(KeyRing::from_keys(sealing, keys)?)
/// }
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let stored = [wrap(&Kms, &Key::new(1, [7; 32])?).await?, wrap(&Kms, &Key::new(2, [8; 32])?).await?];
/// # assert_eq!(ring(&Kms, 2, &stored).await?.sealing_id(), 2);
/// # Ok::<(), KeyServiceError>(()) })?;
/// # Ok::<(), KeyServiceError>(())
/// ```
///
/// # Security
///
/// Bind [`Key::id`] to what is wrapped, as associated data or encryption context: then nobody who can write to the
/// storage can pass one key off as another.
pub trait KeyWrapper {
    /// Encrypts the 32 bytes of a key under the master key.
    ///
    /// # Errors
    ///
    /// Whatever the service says.
    fn wrap(&self, key: &Key) -> Result<Vec<u8>, KeyServiceError>;

    /// Decrypts what [`wrap`](Self::wrap) gave. The bytes are wiped once the key is made of them.
    ///
    /// # Errors
    ///
    /// Whatever the service says.
    fn unwrap(&self, wrapped: &WrappedKey) -> Result<Vec<u8>, KeyServiceError>;
}

/// A key as its service encrypted it: not a secret, to be stored with or without the blobs.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    id: u32,
    bytes: Vec<u8>,
}

impl WrappedKey {
    /// Takes over the bytes that a service gave for the key with this id.
    ///
    /// # Errors
    ///
    /// [`SealError::ZeroKeyId`] when `id` is 0.
    pub fn new(id: u32, bytes: impl Into<Vec<u8>>) -> Result<Self, SealError> {
        if id == 0 { Err(SealError::ZeroKeyId) } else { Ok(Self { id, bytes: bytes.into() }) }
    }

    /// Has a key wrapped by a service.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Seal`] with the service's error as source.
    pub fn wrap(wrapper: &(impl KeyWrapper + ?Sized), key: &Key) -> Result<Self, Error> {
        let bytes = wrapper.wrap(key).map_err(|cause| failed("wrap", key.id(), cause))?;
        Ok(Self { id: key.id(), bytes })
    }

    /// Has the key unwrapped by the service that wrapped it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Seal`] with the service's error as source, or [`SealError::KeyLength`] as [`detail`](Error::detail) when
    /// the service gives something else than a key.
    pub fn unwrap(&self, wrapper: &(impl KeyWrapper + ?Sized)) -> Result<Key, Error> {
        let bytes = wrapper.unwrap(self).map_err(|cause| failed("unwrap", self.id, cause))?;
        Ok(Key::from_vec(self.id, bytes)?)
    }

    /// Takes back the text that [`to_text`](Self::to_text) gave. Strict: each wrapped key has exactly one text.
    ///
    /// # Errors
    ///
    /// [`SealError::NotWrappedKey`] for any other text.
    pub fn from_text(text: &str) -> Result<Self, SealError> {
        let read = || {
            let (id, bytes) = text.split_once('.')?;
            let number = id.parse().ok().filter(|number: &u32| *number != 0 && number.to_string() == id)?;
            Some(Self { id: number, bytes: URL_SAFE_NO_PAD.decode(bytes).ok()? })
        };
        read().ok_or(SealError::NotWrappedKey)
    }

    /// The wrapped key as one line of text: its id, a full stop, its bytes in base64url.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}.{}", self.id, URL_SAFE_NO_PAD.encode(&self.bytes))
    }

    /// The number by which blobs name the key.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The bytes as the service gave them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrappedKey").field("id", &self.id).field("len", &self.bytes.len()).finish_non_exhaustive()
    }
}

impl KeyRing {
    /// Makes a ring of stored keys; the one with the id `sealing` seals. Every key is unwrapped here, and none later.
    ///
    /// # Errors
    ///
    /// As [`WrappedKey::unwrap`] and [`from_keys`](Self::from_keys).
    pub fn from_wrapped(
        wrapper: &(impl KeyWrapper + ?Sized),
        sealing: u32,
        wrapped: &[WrappedKey],
    ) -> Result<Self, Error> {
        let keys: Result<Vec<Key>, Error> = wrapped.iter().map(|key| key.unwrap(wrapper)).collect();
        Ok(Self::from_keys(sealing, keys?)?)
    }
}

fn failed(what: &str, id: u32, cause: KeyServiceError) -> Error {
    let text =
        format!("the key service did not {what} key {id}; check that it can be reached and may use its master key");
    Error::new(ErrorKind::Seal, Delivery::NotSent, text).with_source(cause)
}
