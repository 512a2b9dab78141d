//! Enrolling a user, and the user's data. OFX 1.0.3 §8.4 and §8.7, OFX 2.3 §8.4 and §8.7.

use crate::ofx::aggregate::aggregate;
use crate::ofx::{AccountRef, Content, DecodeError, Element, Member, Stamp, Version};
use crate::secret::Secret;

aggregate! {
    /// `ENROLLRQ`: asks the institution to let a user in. Sent with the anonymous signon.
    ///
    /// Versions before 2.1 require everything but the user id and the account.
    #[doc(alias = "ENROLLRQ")]
    pub struct EnrollmentRequest {
        /// `FIRSTNAME`, up to 32 characters.
        first_name: String = "FIRSTNAME",
        /// `MIDDLENAME`, up to 32 characters.
        middle_name: Option<String> = "MIDDLENAME",
        /// `LASTNAME`, up to 32 characters.
        last_name: String = "LASTNAME",
        /// `ADDR1`, up to 32 characters.
        address1: String = "ADDR1",
        /// `ADDR2`, up to 32 characters.
        address2: Option<String> = "ADDR2",
        /// `ADDR3`, up to 32 characters; only with the second line.
        address3: Option<String> = "ADDR3",
        /// `CITY`, up to 32 characters.
        city: String = "CITY",
        /// `STATE`, up to 5 characters.
        state: String = "STATE",
        /// `POSTALCODE`, up to 11 characters.
        postal_code: String = "POSTALCODE",
        /// `COUNTRY`, ISO 3166 with three letters.
        country: Option<String> = "COUNTRY",
        /// `DAYPHONE`, up to 32 characters.
        day_phone: Option<String> = "DAYPHONE",
        /// `EVEPHONE`, up to 32 characters.
        evening_phone: Option<String> = "EVEPHONE",
        /// `EMAIL`, up to 80 characters.
        email: String = "EMAIL",
        /// `USERID`: the user id that is wished for, up to 32 characters.
        user_id: Option<String> = "USERID",
        /// `TAXID`: in the US the social security number, up to 32 characters.
        tax_id: Option<Secret> = "TAXID",
        /// `SECURITYNAME`: mother's maiden name or the like, up to 32 characters.
        security_name: Option<Secret> = "SECURITYNAME",
        /// `DATEBIRTH`.
        birth: Option<Stamp> = "DATEBIRTH",
        /// An account of the user's, where the profile has `ACCTREQUIRED`.
        account: Option<AccountRef> = "FROM",
    }
}

aggregate! {
    /// `ENROLLRS`: what the user can sign on with.
    #[doc(alias = "ENROLLRS")]
    pub struct EnrollmentResponse {
        /// `TEMPPASS`: a password for the first signon.
        temporary_password: Option<Secret> = "TEMPPASS",
        /// `USERID`.
        user_id: Option<String> = "USERID",
        /// `DTEXPIRE`: when the password ends.
        expires: Option<Stamp> = "DTEXPIRE",
    }
}

aggregate! {
    /// `CHGUSERINFORQ`: the user's data as they shall be from now on.
    ///
    /// All of them: **what is left out is deleted at the institution**, whether it was changed or not.
    #[doc(alias = "CHGUSERINFORQ")]
    #[derive(Default)]
    pub struct UserInfo {
        /// `FIRSTNAME`, up to 32 characters.
        first_name: Option<String> = "FIRSTNAME",
        /// `MIDDLENAME`, up to 32 characters.
        middle_name: Option<String> = "MIDDLENAME",
        /// `LASTNAME`, up to 32 characters.
        last_name: Option<String> = "LASTNAME",
        /// `ADDR1`, up to 32 characters.
        address1: Option<String> = "ADDR1",
        /// `ADDR2`, up to 32 characters; only with the first line.
        address2: Option<String> = "ADDR2",
        /// `ADDR3`, up to 32 characters; only with the second line.
        address3: Option<String> = "ADDR3",
        /// `CITY`, up to 32 characters.
        city: Option<String> = "CITY",
        /// `STATE`, up to 5 characters.
        state: Option<String> = "STATE",
        /// `POSTALCODE`, up to 11 characters.
        postal_code: Option<String> = "POSTALCODE",
        /// `COUNTRY`, ISO 3166 with three letters.
        country: Option<String> = "COUNTRY",
        /// `DAYPHONE`, up to 32 characters.
        day_phone: Option<String> = "DAYPHONE",
        /// `EVEPHONE`, up to 32 characters.
        evening_phone: Option<String> = "EVEPHONE",
        /// `EMAIL`, up to 80 characters.
        email: Option<String> = "EMAIL",
    }
}

/// `CHGUSERINFORS`: the user's data as they are now.
#[doc(alias = "CHGUSERINFORS")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangedUserInfo {
    /// The same elements as in the request.
    pub info: UserInfo,
    /// `DTINFOCHG`: when they were changed; required.
    pub changed: Option<Stamp>,
}

impl Content for ChangedUserInfo {
    fn read(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self { info: UserInfo::read(element)?, changed: Member::take(element, "DTINFOCHG")? })
    }

    fn write(&self, tag: &'static str, version: Version) -> Element {
        let mut children = self.info.write(tag, version).take_children();
        self.changed.put("DTINFOCHG", version, &mut children);
        Element::aggregate(tag, children)
    }
}
