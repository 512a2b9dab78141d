//! Text that must not be seen: redacted in every `Debug`, wiped when dropped; and what of an address may be.

use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::{Zeroizing, optimization_barrier};

/// A password, an answer, a key the institution gave us.
///
/// Prints as `[redacted]` in every build, is wiped from memory when dropped, and is read only through
/// [`expose`](Self::expose).
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes over `text` without copying it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself.
    ///
    /// # Security
    ///
    /// From here on it is the caller's to keep out of logs.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Overwrites bytes and gives their memory back.
///
/// For buffers of kilobytes in what must be fast: `Zeroizing` does the same when it is dropped, but byte by byte.
pub(crate) fn wipe(bytes: &mut Zeroizing<Vec<u8>>) {
    wipe_bytes(std::mem::take(&mut **bytes));
}

/// Bytes that are [wiped](wipe) when they are dropped.
#[derive(PartialEq, Eq)]
pub(crate) struct Wiped(Zeroizing<Vec<u8>>);

impl From<Zeroizing<Vec<u8>>> for Wiped {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// As [`wipe`], for text.
pub(crate) fn wipe_text(text: &mut String) {
    wipe_bytes(std::mem::take(text).into_bytes());
}

fn wipe_bytes(mut bytes: Vec<u8>) {
    bytes.clear();
    bytes.resize(bytes.capacity(), 0);
    // So that the compiler does not leave out writing what nobody reads.
    optimization_barrier(bytes.as_slice());
}

/// Appends to bytes that are secret. Where they must move because they have grown, the old place is wiped.
pub(crate) fn append(to: &mut Zeroizing<Vec<u8>>, bytes: &[u8]) {
    let needed = to.len().saturating_add(bytes.len());
    if needed > to.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(to.capacity().saturating_mul(2))));
        larger.extend_from_slice(to);
        // What was there before is wiped when it is dropped.
        *to = larger;
    }
    to.extend_from_slice(bytes);
}

/// Lets `to` grow by so many bytes. Where it must move for that, the old place is wiped.
pub(crate) fn make_room(to: &mut Zeroizing<String>, bytes: usize) {
    let needed = to.len().saturating_add(bytes);
    if needed > to.capacity() {
        let mut larger = Zeroizing::new(String::with_capacity(needed.max(to.capacity().saturating_mul(2))));
        larger.push_str(to);
        *to = larger;
    }
}

/// As [`append`], for text.
pub(crate) fn append_text(to: &mut Zeroizing<String>, text: &str) {
    make_room(to, text.len());
    to.push_str(text);
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }
}

impl Eq for Secret {}

/// The pieces of an address that may be shown.
pub(crate) struct UrlParts<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
}

impl<'a> UrlParts<'a> {
    /// Reads `url`; nothing when it could be read in two ways, of which one would show a secret.
    pub(crate) fn of(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        if scheme.is_empty() || !scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) {
            return None;
        }
        let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at_checked(end)?;
        // A password that holds a slash or a question mark, unescaped, ends the authority too early. The at sign that
        // follows it gives that away.
        if tail.contains('@') {
            return None;
        }
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let path = tail.split(['?', '#', ';']).next().unwrap_or_default();
        Some(Self { scheme, host, path })
    }
}

/// `url` without anything that may be secret.
pub(crate) fn shown(url: &str) -> String {
    UrlParts::of(url)
        .map_or_else(|| "[hidden]".to_owned(), |parts| format!("{}://{}{}", parts.scheme, parts.host, parts.path))
}
