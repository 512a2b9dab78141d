//! For whom a blob is: bound into its keys, stored nowhere.

use std::fmt;

use crate::seal::error::SealError;

/// For whom a blob is sealed.
///
/// Whoever opens it must name the same parts in the same order; a blob of another tenant or end user is refused as if
/// the key were wrong. Nothing of a context is in the blob. There is no empty context: where an application has
/// nothing to bind, it says [`Context::unbound`].
///
/// ```
/// use ofx_session::seal::Context;
///
/// let context = Context::new("branch-7", "customer-4711")?.and("savings");
/// # Ok::<(), ofx_session::error::Error>(())
/// ```
#[derive(Clone)]
pub struct Context {
    /// As it enters the key derivation: see the layout in the documentation of `seal`.
    encoded: Vec<u8>,
    parts: usize,
}

impl Context {
    /// Binds a blob to a tenant (the application's customer, site or branch) and to one of its end users.
    ///
    /// Take both from the authenticated login, never from the request that carries the blob. Take names that never change, such as the
    /// keys of your own tables: what was sealed for an e-mail address cannot be opened for the next one, and a
    /// [`Vault`](crate::Vault) finds nothing there of what was paid.
    ///
    /// # Errors
    ///
    /// [`SealError::EmptyContext`] when either is empty.
    pub fn new(tenant: impl AsRef<[u8]>, end_user: impl AsRef<[u8]>) -> Result<Self, SealError> {
        if tenant.as_ref().is_empty() || end_user.as_ref().is_empty() {
            return Err(SealError::EmptyContext);
        }
        Ok(Self { encoded: vec![BOUND], parts: 0 }.and(tenant).and(end_user))
    }

    /// Binds a blob to no tenant and no end user.
    ///
    /// # Security
    ///
    /// Anyone who gets hold of such a blob can have it opened as his own. It is for programs with a single user.
    #[must_use]
    pub fn unbound() -> Self {
        Self { encoded: vec![UNBOUND], parts: 0 }
    }

    /// Binds one more part. Parts are kept apart: `ab`, `c` is another context than `a`, `bc`.
    #[must_use]
    pub fn and(mut self, part: impl AsRef<[u8]>) -> Self {
        let part = part.as_ref();
        self.encoded.extend_from_slice(&length_prefix(part));
        self.encoded.extend_from_slice(part);
        self.parts += 1;
        self
    }

    /// Whether it names a tenant and an end user.
    pub(crate) fn is_bound(&self) -> bool {
        self.encoded.first() == Some(&BOUND)
    }

    pub(crate) fn encoded(&self) -> &[u8] {
        &self.encoded
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("bound", &self.is_bound()).field("parts", &self.parts).finish_non_exhaustive()
    }
}

/// Four bytes, big-endian, saturated: parts of 4 GiB and more are not names.
pub(crate) fn length_prefix(part: &[u8]) -> [u8; 4] {
    u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes()
}

const UNBOUND: u8 = 0;
const BOUND: u8 = 1;
