//! Changing the password. OFX 1.0.3 §2.5.2, OFX 2.3 §2.5.2.

use crate::ofx::aggregate::aggregate;
use crate::ofx::check::limit;
use crate::ofx::{Content as _, EncodeError, Stamp, Version};
use crate::secret::Secret;

aggregate! {
    /// `PINCHRQ`: asks for a new password. The signon of the same file carries the old one.
    #[doc(alias = "PINCHRQ")]
    pub struct PasswordChange {
        /// `USERID`, up to 32 characters.
        user_id: String = "USERID",
        /// `NEWUSERPASS`; the profile says how long it may be.
        new_password: Secret = "NEWUSERPASS",
    }
}

impl PasswordChange {
    /// Asks for the password of `user_id` to become `new_password`.
    #[must_use]
    pub fn new(user_id: impl Into<String>, new_password: impl Into<Secret>) -> Self {
        Self { user_id: user_id.into(), new_password: new_password.into() }
    }

    /// Refuses what no institution could accept, naming the element.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        self.check_texts("PINCHRQ", version)?;
        limit("USERID", &self.user_id, 32)?;
        limit("NEWUSERPASS", self.new_password.expose(), 171)
    }
}

aggregate! {
    /// `PINCHRS`: the password was changed.
    #[doc(alias = "PINCHRS")]
    pub struct PasswordChanged {
        /// `USERID`; required, and of no use where it is missing.
        user_id: Option<String> = "USERID",
        /// `DTCHANGED`.
        changed: Option<Stamp> = "DTCHANGED",
    }
}

impl PasswordChanged {
    /// A password that was changed at `changed`.
    #[must_use]
    pub fn new(user_id: impl Into<String>, changed: Stamp) -> Self {
        Self { user_id: Some(user_id.into()), changed: Some(changed) }
    }
}
