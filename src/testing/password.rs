//! Users change their password. OFX 1.0.3 §2.5.2, OFX 2.3 §2.5.2.

use crate::error::StatusCode;
use crate::ofx::{CharType, Content as _, PasswordChange, PasswordChanged, SignonInfo, Stamp, Status, Version};
use crate::testing::requests::{Asking, Written, duplicate, refusal};
use crate::testing::user::Step;
use crate::testing::{BankModel, Feature};

impl BankModel {
    /// `PINCHRQ`: the new password counts from the next file on, and one that had expired no longer has.
    pub(super) fn change_password(
        &mut self,
        asking: Asking<'_>,
        request: &PasswordChange,
        version: Version,
    ) -> Written {
        if !self.receive(asking) {
            return duplicate();
        }
        match self.try_password(asking.name, request) {
            Err(status) => (status, None),
            Ok(()) => {
                let changed = PasswordChanged::new(asking.name, Stamp::moment(self.now));
                (Status::new(StatusCode::SUCCESS, None), Some(changed.write("PINCHRS", version)))
            }
        }
    }

    fn try_password(&mut self, name: &str, request: &PasswordChange) -> Result<(), Status> {
        let declined = |message| Err(refusal(StatusCode::PASSWORD_NOT_CHANGED, message));
        // Not asking for it when it is not offered is no rule: 15000 asks for it whatever the profile says.
        if !self.offers(Feature::ChangePassword) {
            return declined("change your password on our web page");
        }
        if request.user_id != name {
            return declined("USERID is not the user who signed on");
        }
        let new = request.new_password.expose();
        if !keeps_the_rules(&self.signon_info(), new) {
            return declined("the new password breaks a rule of the profile");
        }
        if self.users.get(name).is_some_and(|user| user.password == request.new_password) {
            return declined("the new password is the old one");
        }
        self.step(name, Step::PasswordChanged(new.to_owned()));
        Ok(())
    }
}

/// Whether the profile allows it: length and kinds of characters.
fn keeps_the_rules(info: &SignonInfo, password: &str) -> bool {
    let length = u32::try_from(password.chars().count()).unwrap_or(u32::MAX);
    let has = |kind: fn(char) -> bool| password.chars().any(kind);
    let special = |c: char| !c.is_alphanumeric() && c != ' ';
    let (letters, digits) = (has(char::is_alphabetic), has(|c| c.is_ascii_digit()));
    let made_of = match info.char_type {
        Some(CharType::AlphaOnly) => !digits,
        Some(CharType::NumericOnly) => !letters,
        Some(CharType::AlphaAndNumeric) => letters && digits,
        _ => true,
    };
    info.min.is_none_or(|min| min <= length)
        && info.max.is_none_or(|max| length <= max)
        && made_of
        && (info.spaces != Some(false) || !password.contains(' '))
        && (info.special != Some(false) || !has(special))
}
