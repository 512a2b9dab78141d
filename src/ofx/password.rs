//! Changing the password. OFX 1.0.3 §2.5.2, OFX 2.3 §2.5.2.

use crate::ofx::Stamp;
use crate::ofx::aggregate::aggregate;
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
