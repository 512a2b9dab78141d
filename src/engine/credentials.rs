//! What a user signs on with. Lives for a session, and is never stored.

use crate::engine::EngineError;
use crate::ofx::{Login, PasswordChange};
use crate::secret::Secret;

/// What a user signs on with: OFX 1.0.3 §2.5.1, OFX 2.3 §2.5.1.
///
/// Never part of a blob: it is given again whenever a session is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub(crate) login: Login,
    pub(crate) user_cred1: Option<Secret>,
    pub(crate) user_cred2: Option<Secret>,
    pub(crate) auth_token: Option<Secret>,
    pub(crate) new_password: Option<Secret>,
    /// The password from before a change in the home realm, which counts in the others.
    pub(crate) password_elsewhere: Option<Secret>,
    pub(crate) wants_user_key: bool,
}

impl Credentials {
    /// User id, up to 32 characters, and password. The specification has 32 for that as well; up to 171, as it needs for encrypted ones,
    /// are sent.
    #[must_use]
    pub fn new(user_id: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self::of(Login::Password { user_id: user_id.into(), password: password.into() })
    }

    /// A `USERKEY` that the institution gave in place of the password.
    #[must_use]
    pub fn user_key(key: impl Into<Secret>) -> Self {
        Self::of(Login::UserKey(key.into()))
    }

    /// An `ACCESSTOKEN` that was obtained outside of OFX. OFX 2.2 up.
    #[must_use]
    pub fn access_token(token: impl Into<Secret>) -> Self {
        Self::of(Login::AccessToken(token.into()))
    }

    pub(crate) fn anonymous() -> Self {
        Self::of(Login::anonymous())
    }

    fn of(login: Login) -> Self {
        Self {
            login,
            user_cred1: None,
            user_cred2: None,
            auth_token: None,
            new_password: None,
            password_elsewhere: None,
            wants_user_key: false,
        }
    }

    /// Adds `USERCRED1`, which the profile asks for by `USERCRED1LABEL`.
    #[must_use]
    pub fn user_cred1(mut self, value: impl Into<Secret>) -> Self {
        self.user_cred1 = Some(value.into());
        self
    }

    /// Adds `USERCRED2`, which the profile asks for by `USERCRED2LABEL`.
    #[must_use]
    pub fn user_cred2(mut self, value: impl Into<Secret>) -> Self {
        self.user_cred2 = Some(value.into());
        self
    }

    /// Adds `AUTHTOKEN`, a one-time value that the institution asked for with status 15512.
    #[must_use]
    pub fn auth_token(mut self, value: impl Into<Secret>) -> Self {
        self.auth_token = Some(value.into());
        self
    }

    /// Adds the password that is to be the user's from now on, for a change of the password: until it is known to be, both must
    /// be kept. As long as [`new`](Self::new) takes.
    #[must_use]
    pub fn new_password(mut self, password: impl Into<Secret>) -> Self {
        self.new_password = Some(password.into());
        self
    }

    /// Asks for a `USERKEY` (`GENUSERKEY`), with which the user can sign on in place of id and password until it expires. An
    /// institution need not give one. It is that of the signon realm of `SIGNON`, and not asked for in others. The client keeps it:
    /// [`Client::user_key`](crate::Client::user_key).
    #[must_use]
    pub fn asking_for_user_key(mut self) -> Self {
        self.wants_user_key = true;
        self
    }

    pub(crate) fn asks_for_user_key(&self) -> bool {
        self.wants_user_key && matches!(self.login, Login::Password { .. })
    }

    /// The request that changes the password.
    pub(crate) fn password_change(&self) -> Result<PasswordChange, EngineError> {
        let (Some(user_id), Some(new)) = (self.user_id(), &self.new_password) else {
            return Err(EngineError::Situation(NO_PASSWORDS));
        };
        Ok(PasswordChange::new(user_id, new.clone()))
    }

    /// The login as it is when the new password counts.
    pub(crate) fn with_new_password(&self) -> Result<Login, EngineError> {
        let (Some(user_id), Some(new)) = (self.user_id(), &self.new_password) else {
            return Err(EngineError::Situation(NO_PASSWORDS));
        };
        Ok(Login::Password { user_id: user_id.to_owned(), password: new.clone() })
    }

    /// The new password is the password from now on, in the home realm. Where there are `others`, they have heard of no change.
    pub(crate) fn adopt_new_password(&mut self, others: bool) {
        if let (Login::Password { password, .. }, Some(new)) = (&mut self.login, self.new_password.take()) {
            let before = std::mem::replace(password, new);
            if others {
                self.password_elsewhere.get_or_insert(before);
            }
        }
    }

    /// The login in the home realm, or in another one.
    pub(crate) fn login_of(&self, home: bool) -> Login {
        match (&self.login, &self.password_elsewhere) {
            (Login::Password { user_id, .. }, Some(before)) if !home => {
                Login::Password { user_id: user_id.clone(), password: before.clone() }
            }
            (login, _) => login.clone(),
        }
    }

    /// The user id, when one is given.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        match &self.login {
            Login::Password { user_id, .. } => Some(user_id),
            Login::UserKey(_) | Login::AccessToken(_) => None,
        }
    }
}

const NO_PASSWORDS: &str =
    "changes the password and needs user id, old and new one: Credentials::new(id, old).new_password(new)";
