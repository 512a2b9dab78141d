//! Enrolling a user, and the user's data. OFX 1.0.3 §8.4 and §8.7, OFX 2.3 §8.4 and §8.7.

use chrono::NaiveDate;

use crate::ofx::aggregate::{aggregate, setters};
use crate::ofx::check::{self, day, limit, optional};
use crate::ofx::{AccountRef, Content, DecodeError, Element, EncodeError, Member, Sink, Stamp, Version};
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
        /// An account of the user's, where the profile has `ACCTREQUIRED`; always in 2.0 to 2.0.3.
        account: Option<AccountRef> = "FROM",
    }
}

impl EnrollmentRequest {
    /// A request with what every version requires.
    #[must_use]
    pub fn new(
        first_name: &str,
        last_name: &str,
        address: &str,
        city: &str,
        state: &str,
        postal_code: &str,
        email: &str,
    ) -> Self {
        Self {
            first_name: first_name.to_owned(),
            middle_name: None,
            last_name: last_name.to_owned(),
            address1: address.to_owned(),
            address2: None,
            address3: None,
            city: city.to_owned(),
            state: state.to_owned(),
            postal_code: postal_code.to_owned(),
            country: None,
            day_phone: None,
            evening_phone: None,
            email: email.to_owned(),
            user_id: None,
            tax_id: None,
            security_name: None,
            birth: None,
            account: None,
        }
    }

    /// Sets the day of birth.
    #[must_use]
    pub fn birth(mut self, day: NaiveDate) -> Self {
        self.birth = Some(Stamp::day(day));
        self
    }

    /// Refuses what no institution could accept, naming the element, and what `version` cannot say.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        self.check_texts("ENROLLRQ", version)?;
        let tax_id = self.tax_id.as_ref().map(Secret::expose);
        let security_name = self.security_name.as_ref().map(Secret::expose);
        limit("FIRSTNAME", &self.first_name, 32)?;
        optional("MIDDLENAME", self.middle_name.as_deref(), 32)?;
        limit("LASTNAME", &self.last_name, 32)?;
        check::address([Some(&self.address1), self.address2.as_deref(), self.address3.as_deref()])?;
        limit("CITY", &self.city, 32)?;
        limit("STATE", &self.state, 5)?;
        limit("POSTALCODE", &self.postal_code, 11)?;
        check::country(self.country.as_deref())?;
        optional("DAYPHONE", self.day_phone.as_deref(), 32)?;
        optional("EVEPHONE", self.evening_phone.as_deref(), 32)?;
        limit("EMAIL", &self.email, 80)?;
        optional("USERID", self.user_id.as_deref(), 32)?;
        optional("TAXID", tax_id, 32)?;
        optional("SECURITYNAME", security_name, 32)?;
        self.birth.as_ref().map_or(Ok(()), |birth| day("DATEBIRTH", birth))?;
        self.account.as_ref().map_or(Ok(()), |account| account.check(version))?;
        if version.since_210() {
            return Ok(());
        }
        let required = [
            ("MIDDLENAME", self.middle_name.as_deref()),
            ("COUNTRY", self.country.as_deref()),
            ("DAYPHONE", self.day_phone.as_deref()),
            ("EVEPHONE", self.evening_phone.as_deref()),
            ("TAXID", tax_id),
            ("SECURITYNAME", security_name),
            ("DATEBIRTH", self.birth.as_ref().map(Stamp::as_str)),
        ];
        let missing = required.into_iter().find(|(_, value)| value.is_none());
        if let Some((tag, _)) = missing {
            return Err(EncodeError::Invalid { tag, expected: "is required to enroll in versions before 210" });
        }
        // The text of 2.0 leaves it out where the profile does; its schema does not.
        if version.since_200() && self.account.is_none() {
            return Err(EncodeError::Invalid {
                tag: "BANKACCTFROM",
                expected: "is required to enroll in versions 200 to 203",
            });
        }
        Ok(())
    }
}

setters! {
    EnrollmentRequest {
        /// Sets the middle name.
        middle_name: String,
        /// Sets the second address line.
        address2: String,
        /// Sets the third address line; only with the second.
        address3: String,
        /// Sets the country, ISO 3166 with three letters.
        country: String,
        /// Sets the telephone number for the day.
        day_phone: String,
        /// Sets the telephone number for the evening.
        evening_phone: String,
        /// Sets the user id that is wished for.
        user_id: String,
        /// Sets the tax id.
        tax_id: Secret,
        /// Sets the security name.
        security_name: Secret,
        /// Sets an account of the user's.
        account: AccountRef,
    }
}

aggregate! {
    /// `ENROLLRS`: what the user can sign on with. Nothing is in it where the user gets that in another way (13000).
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

impl EnrollmentResponse {
    /// A response with a user id and a password for the first signon.
    #[must_use]
    pub fn new(user_id: &str, temporary_password: impl Into<Secret>) -> Self {
        Self { temporary_password: Some(temporary_password.into()), user_id: Some(user_id.to_owned()), expires: None }
    }

    /// The user gets them in another way.
    pub(crate) fn without_credentials() -> Self {
        Self { temporary_password: None, user_id: None, expires: None }
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

impl UserInfo {
    /// Nothing: what is not set by the methods below is deleted at the institution.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses what no institution could accept, naming the element.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        self.check_texts("CHGUSERINFORQ", version)?;
        let lines = [self.address1.as_deref(), self.address2.as_deref(), self.address3.as_deref()];
        check::address(lines)?;
        check::country(self.country.as_deref())?;
        let rest = [
            ("FIRSTNAME", &self.first_name, 32),
            ("MIDDLENAME", &self.middle_name, 32),
            ("LASTNAME", &self.last_name, 32),
            ("CITY", &self.city, 32),
            ("STATE", &self.state, 5),
            ("POSTALCODE", &self.postal_code, 11),
            ("DAYPHONE", &self.day_phone, 32),
            ("EVEPHONE", &self.evening_phone, 32),
            ("EMAIL", &self.email, 80),
        ];
        rest.into_iter().try_for_each(|(tag, text, most)| optional(tag, text.as_deref(), most))?;
        // An aggregate without members cannot be written, and would ask for everything to be deleted.
        if *self == Self::default() { Err(EncodeError::Empty("CHGUSERINFORQ")) } else { Ok(()) }
    }
}

setters! {
    UserInfo {
        /// Sets the first name.
        first_name: String,
        /// Sets the middle name.
        middle_name: String,
        /// Sets the last name.
        last_name: String,
        /// Sets the first address line.
        address1: String,
        /// Sets the second address line.
        address2: String,
        /// Sets the third address line; only with the second.
        address3: String,
        /// Sets the city.
        city: String,
        /// Sets the state.
        state: String,
        /// Sets the postal code.
        postal_code: String,
        /// Sets the country, ISO 3166 with three letters.
        country: String,
        /// Sets the telephone number for the day.
        day_phone: String,
        /// Sets the telephone number for the evening.
        evening_phone: String,
        /// Sets the address for electronic mail.
        email: String,
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

impl ChangedUserInfo {
    /// The user's data as of `changed`.
    #[must_use]
    pub fn new(info: UserInfo, changed: Stamp) -> Self {
        Self { info, changed: Some(changed) }
    }
}

impl Content for ChangedUserInfo {
    fn read(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self { info: UserInfo::read(element)?, changed: Member::take(element, "DTINFOCHG")? })
    }

    fn write_to(&self, tag: &'static str, version: Version, out: &mut dyn Sink) {
        out.aggregate(tag, |out| {
            self.info.write_members(version, out);
            self.changed.put("DTINFOCHG", version, out);
        });
    }
}
