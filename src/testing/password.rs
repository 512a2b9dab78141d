//! Users change their password. OFX 1.0.3 §2.5.2, OFX 2.3 §2.5.2.

use crate::error::StatusCode;
use crate::ofx::{Content as _, PasswordChange, PasswordChanged, Stamp, Status, Version};
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
        match asking.refused().map_or_else(|| self.try_password(asking.name, request), Err) {
            Err(status) => (status, None),
            Ok(()) => {
                let changed = PasswordChanged::new(asking.name, Stamp::moment(self.now));
                (asking.accepted(), Some(changed.write("PINCHRS", version)))
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
        let old = self.users.get(name).map(|user| user.password.clone());
        if !self.signon_info().password_rules().problems(&request.new_password, old.as_ref()).is_empty() {
            return declined("the new password breaks a rule of the profile");
        }
        self.step(name, Step::PasswordChanged(request.new_password.expose().to_owned()));
        Ok(())
    }
}
