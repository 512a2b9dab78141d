//! The blob as its owner handles it: bytes to store, or text for a cookie.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::seal::error::OpenError;
use crate::seal::header::Header;

/// State outside the process: opaque bytes to keep for a customer and to hand back unchanged.
///
/// Sealed blobs may be stored anywhere, also with the customer; plain ones only where the storage itself is trusted.
/// Two sealed blobs of the same state share nothing but the header. Copying a blob does not copy the right to use
/// it twice: see the documentation of the call that resumes it.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a blob may be all that is left of a payment: store it"]
pub struct Blob(Zeroizing<Vec<u8>>);

impl Blob {
    /// The most bytes a blob has, and the most its content has when it is inflated: 64 KiB.
    pub const MAX_LEN: usize = 64 * 1024;

    /// The most bytes whose text fits a cookie: 2925, which are 3900 characters. Browsers keep 4096 bytes for a cookie's name,
    /// value and attributes together.
    ///
    /// It is not the limit unless it is set: a database takes more.
    pub const COOKIE_LEN: usize = 3900 / 4 * 3;

    /// Takes back bytes that [`as_bytes`](Self::as_bytes) or [`into_bytes`](Self::into_bytes) gave.
    ///
    /// Nothing is checked before the blob is opened.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// Takes back the text that [`to_text`](Self::to_text) gave.
    ///
    /// Strict: each blob has exactly one text, so padding, white space, the `+` and `/` of other alphabets and
    /// unused bits that are not zero are all refused.
    ///
    /// # Errors
    ///
    /// [`OpenError::NotText`] for any other text, [`OpenError::TooLarge`] for one longer than any blob's.
    pub fn from_text(text: &str) -> Result<Self, OpenError> {
        // Four characters hold three bytes.
        if text.len() > Self::MAX_LEN.div_ceil(3) * 4 {
            return Err(OpenError::TooLarge { allowed: Self::MAX_LEN });
        }
        let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(text.len())]);
        let len = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).map_err(|_| OpenError::NotText)?;
        bytes.truncate(len);
        Ok(Self(bytes))
    }

    /// The bytes, for storage.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, taken out without a copy.
    #[must_use]
    pub fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }

    /// The blob as base64url without padding: letters, digits, `-` and `_` only, fit for a cookie or a form field.
    #[must_use]
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.as_bytes())
    }

    /// Reads what the blob says about itself without any key.
    ///
    /// # Security
    ///
    /// Nobody has vouched for it: whoever could change the blob could change this. Use it to find a key or a record,
    /// never to decide.
    ///
    /// # Errors
    ///
    /// [`OpenError::NotOurs`], [`OpenError::Truncated`], [`OpenError::ContainerTooNew`] or [`OpenError::TooLarge`].
    pub fn header(&self) -> Result<Header, OpenError> {
        Header::parse(self.as_bytes()).map(|(header, _)| header)
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Blob");
        shown.field("len", &self.0.len());
        if let Ok(header) = self.header() {
            shown.field("kind", &header.kind()).field("suite", &header.suite());
        }
        shown.finish_non_exhaustive()
    }
}
