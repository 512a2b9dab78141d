//! What a user, or whoever watches over the user's account, does by telephone: locks and passwords.

use crate::testing::user::Step;
use crate::testing::{Bank, BankModel, desk};

impl BankModel {
    /// Locks a user out: 15502. Unknown users stay unknown.
    pub fn lock_user(&mut self, user_id: &str) {
        self.step(user_id, Step::Locked);
    }

    /// Lets a user in again who was locked out, by wrong passwords, too.
    pub fn unlock_user(&mut self, user_id: &str) {
        self.step(user_id, Step::Unlocked);
    }

    /// Gives the user another password, which counts from the next file on, has not expired, and need not keep the rules of the profile.
    /// It does not [unlock](Self::unlock_user).
    pub fn set_password(&mut self, user_id: &str, password: &str) {
        self.step(user_id, Step::PasswordChanged(password.to_owned()));
    }

    /// Lets the user's password expire: signons are accepted with 15000 from now on.
    pub fn set_password_expired(&mut self, user_id: &str) {
        self.step(user_id, Step::Expired);
    }
}

/// What is done by telephone.
impl Bank {
    /// Locks a user out: 15502.
    pub fn lock_user(&self, user_id: &str) {
        desk::lock(&self.desk).change(|model| model.lock_user(user_id));
    }

    /// Lets a user in again who was locked out, by wrong passwords, too.
    pub fn unlock_user(&self, user_id: &str) {
        desk::lock(&self.desk).change(|model| model.unlock_user(user_id));
    }

    /// Gives the user another password, which counts from the next file on, has not expired, and need not keep the rules of the profile.
    /// It does not [unlock](Self::unlock_user).
    pub fn set_password(&self, user_id: &str, password: &str) {
        desk::lock(&self.desk).change(|model| model.set_password(user_id, password));
    }

    /// Lets the user's password expire: signons are accepted with 15000 from now on.
    pub fn set_password_expired(&self, user_id: &str) {
        desk::lock(&self.desk).change(|model| model.set_password_expired(user_id));
    }
}
