//! Signon and security questions. OFX 1.0.3 §2.5, OFX 2.3 §2.5.

use std::fmt;

use crate::error::StatusCode;
use crate::ofx::aggregate::aggregate;
use crate::ofx::check::{credential, day};
use crate::ofx::{Content, DecodeError, Element, EncodeError, Member, Problem, Sink, Stamp, Status, TrnUid, Version};
use crate::secret::Secret;

aggregate! {
    /// `FI`: names the institution in every signon of a client that was told these values.
    #[doc(alias = "FI")]
    pub struct FinancialInstitution {
        /// `ORG`, up to 32 characters.
        org: String = "ORG",
        /// `FID`, up to 32 characters.
        fid: Option<String> = "FID",
    }
}

impl FinancialInstitution {
    /// An institution's `ORG` and `FID`.
    #[must_use]
    pub fn new(org: impl Into<String>, fid: Option<String>) -> Self {
        Self { org: org.into(), fid }
    }
}

/// Who signs on: exactly one of the three ways of `SONRQ`.
///
/// # Security
///
/// `Debug` shows the user id as little as the secrets.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Login {
    /// `USERID` and `USERPASS`.
    Password {
        /// `USERID`, up to 32 characters.
        user_id: String,
        /// `USERPASS`, up to 32 characters.
        password: Secret,
    },
    /// `USERKEY`, which an institution gave in place of the password.
    UserKey(Secret),
    /// `ACCESSTOKEN`, which was obtained outside of OFX. 2.2 up.
    AccessToken(Secret),
}

impl Login {
    /// The anonymous signon, for profile requests of users that have no credentials yet. OFX 1.0.3 §2.5.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::Password { user_id: ANONYMOUS.to_owned(), password: Secret::new(ANONYMOUS) }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { password, .. } => {
                f.debug_struct("Password").field("password", password).finish_non_exhaustive()
            }
            Self::UserKey(key) => f.debug_tuple("UserKey").field(key).finish(),
            Self::AccessToken(token) => f.debug_tuple("AccessToken").field(token).finish(),
        }
    }
}

/// `anonymous` filled up with zeros to the 32 characters that every institution must accept.
const ANONYMOUS: &str = "anonymous00000000000000000000000";

impl Member for Login {
    fn take(parent: &Element, _: &'static str) -> Result<Self, DecodeError> {
        if let Some(token) = parent.value("ACCESSTOKEN") {
            return Ok(Self::AccessToken(Secret::from(token)));
        }
        if let Some(key) = parent.value("USERKEY") {
            return Ok(Self::UserKey(Secret::from(key)));
        }
        let missing = |tag| DecodeError::new(Problem::Missing(tag), parent.offset());
        let user_id = parent.value("USERID").ok_or_else(|| missing("USERID"))?.to_owned();
        let password = parent.value("USERPASS").ok_or_else(|| missing("USERPASS"))?;
        Ok(Self::Password { user_id, password: Secret::from(password) })
    }

    fn put(&self, _: &'static str, _: Version, out: &mut dyn Sink) {
        match self {
            Self::Password { user_id, password } => {
                out.leaf("USERID", user_id);
                out.leaf("USERPASS", password.expose());
            }
            Self::UserKey(key) => out.leaf("USERKEY", key.expose()),
            Self::AccessToken(token) => out.leaf("ACCESSTOKEN", token.expose()),
        }
    }
}

aggregate! {
    /// `MFACHALLENGEANSWER`: the answer to one question.
    #[doc(alias = "MFACHALLENGEANSWER")]
    pub struct ChallengeAnswer {
        /// `MFAPHRASEID`, exactly as the question had it.
        id: String = "MFAPHRASEID" or "MFAPRHASEID",
        /// `MFAPHRASEA`, up to 64 characters.
        answer: Secret = "MFAPHRASEA",
    }
}

impl ChallengeAnswer {
    /// An answer to the question with this id, without the blanks and line breaks around it that a user typed or pasted.
    #[must_use]
    pub fn new(id: impl Into<String>, answer: impl Into<Secret>) -> Self {
        let answer = answer.into();
        let trimmed = answer.expose().trim();
        let answer = if trimmed.len() == answer.expose().len() { answer } else { Secret::from(trimmed) };
        Self { id: id.into(), answer }
    }
}

aggregate! {
    /// `SONRQ`: signs on. First in every request file.
    #[doc(alias = "SONRQ")]
    pub struct SignonRequest {
        /// `DTCLIENT`: the client's clock.
        client_time: Stamp = "DTCLIENT",
        /// Who signs on.
        login: Login = "USERID",
        /// `GENUSERKEY`: asks for a `USERKEY`.
        generate_user_key: Option<bool> = "GENUSERKEY",
        /// `LANGUAGE`, ISO 639 with three letters.
        language: String = "LANGUAGE",
        /// `COUNTRY`; 1.5.1 and 1.6 only.
        country: Option<String> = "COUNTRY" if knows_signon_country,
        /// `FI`.
        institution: Option<FinancialInstitution> = "FI",
        /// `SESSCOOKIE`: the last one received.
        session_cookie: Option<Secret> = "SESSCOOKIE",
        /// `APPID`, up to 5 characters.
        app_id: String = "APPID",
        /// `APPVER`, four digits.
        app_version: String = "APPVER",
        /// `APPKEY`: identifies the application. 2.2 up.
        app_key: Option<Secret> = "APPKEY" if knows_access_token,
        /// `CLIENTUID`: identifies this installation of the client.
        client_uid: Option<String> = "CLIENTUID" if knows_mfa,
        /// `USERCRED1`.
        user_cred1: Option<Secret> = "USERCRED1" if knows_mfa,
        /// `USERCRED2`, only together with the first.
        user_cred2: Option<Secret> = "USERCRED2" if knows_mfa,
        /// `AUTHTOKEN`: a one-time value.
        auth_token: Option<Secret> = "AUTHTOKEN" if knows_mfa,
        /// `ACCESSKEY`: proof of an earlier challenge.
        access_key: Option<Secret> = "ACCESSKEY" if knows_mfa,
        /// `MFACHALLENGEANSWER`, one for each question.
        answers: Vec<ChallengeAnswer> = "MFACHALLENGEANSWER" or "MFACHALLENGEA" if knows_mfa,
    }
}

impl SignonRequest {
    /// A signon with what is always required.
    #[must_use]
    pub fn new(client_time: Stamp, login: Login, language: &str, app_id: &str, app_version: &str) -> Self {
        Self {
            client_time,
            login,
            generate_user_key: None,
            language: language.to_owned(),
            country: None,
            institution: None,
            session_cookie: None,
            app_id: app_id.to_owned(),
            app_version: app_version.to_owned(),
            app_key: None,
            client_uid: None,
            user_cred1: None,
            user_cred2: None,
            auth_token: None,
            access_key: None,
            answers: Vec::new(),
        }
    }

    /// Refuses what the institution would not read as it was meant, naming the element, and what `version` cannot carry.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        day("DTCLIENT", &self.client_time)?;
        match &self.login {
            Login::Password { user_id, password } => {
                credential("USERID", user_id, 32)?;
                credential("USERPASS", password.expose(), 171)?;
            }
            Login::UserKey(key) => credential("USERKEY", key.expose(), 64)?,
            Login::AccessToken(_) if !version.knows_access_token() => {
                return Err(EncodeError::Version {
                    what: "a signon with ACCESSTOKEN",
                    version,
                    would_do: "220 or 230",
                });
            }
            Login::AccessToken(token) => credential("ACCESSTOKEN", token.expose(), 10_000)?,
        }
        if self.user_cred2.is_some() && self.user_cred1.is_none() {
            return Err(EncodeError::Invalid {
                tag: "USERCRED2",
                expected: "may only be sent together with USERCRED1",
            });
        }
        let extra = [("USERCRED1", &self.user_cred1), ("USERCRED2", &self.user_cred2), ("AUTHTOKEN", &self.auth_token)];
        for (tag, value) in extra {
            if let Some(value) = value {
                version.require_mfa("a signon with USERCRED or AUTHTOKEN")?;
                credential(tag, value.expose(), 171)?;
            }
        }
        if !self.answers.is_empty() {
            version.require_mfa("an answer to a security question")?;
        }
        for answer in &self.answers {
            credential("MFAPHRASEA", answer.answer.expose(), 64)?;
        }
        Ok(())
    }
}

/// How a signon is written for an institution that reads it in its own way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SignonForm {
    /// Answers are called `MFACHALLENGEA`, as in the first text of 1.0.3.
    pub(crate) short_answer_tag: bool,
    /// `CLIENTUID` is written also where the version does not know it.
    pub(crate) client_uid_in_every_version: bool,
}

impl SignonRequest {
    /// `SONRQ` in this form.
    pub(crate) fn write_as(&self, form: SignonForm, version: Version, out: &mut dyn Sink) {
        out.aggregate("SONRQ", |out| {
            if form.short_answer_tag && version.knows_mfa() {
                let without = Self { answers: Vec::new(), ..self.clone() };
                without.write_members(version, out);
                // They come last.
                self.answers.put("MFACHALLENGEA", version, out);
            } else {
                self.write_members(version, out);
            }
            // No version without it has anything that comes behind it.
            if form.client_uid_in_every_version && !version.knows_mfa() {
                self.client_uid.put("CLIENTUID", version, out);
            }
        });
    }
}

aggregate! {
    /// `SONRS`: whether the signon was accepted. First in every response file.
    #[doc(alias = "SONRS")]
    pub struct SignonResponse {
        /// `STATUS`.
        status: Status = "STATUS",
        /// `DTSERVER`: the institution's clock; required, yet missing at some.
        server_time: Option<Stamp> = "DTSERVER",
        /// `USERKEY`: use it in place of id and password.
        user_key: Option<Secret> = "USERKEY",
        /// `TSKEYEXPIRE`: when the `USERKEY` ends.
        user_key_expires: Option<Stamp> = "TSKEYEXPIRE",
        /// `LANGUAGE`; required, yet missing at some.
        language: Option<String> = "LANGUAGE",
        /// `COUNTRY`; 1.5.1 and 1.6 only.
        country: Option<String> = "COUNTRY" if knows_signon_country,
        /// `DTPROFUP`: when the profile last changed.
        profile_updated: Option<Stamp> = "DTPROFUP",
        /// `DTUSERUP`: when the user's data last changed. 2.2.1 up.
        user_updated: Option<Stamp> = "DTUSERUP" if since_221,
        /// `DTACCTUP`: when the account list last changed.
        accounts_updated: Option<Stamp> = "DTACCTUP",
        /// `FI`.
        institution: Option<FinancialInstitution> = "FI",
        /// `SESSCOOKIE`: to be sent back in the next signon.
        session_cookie: Option<Secret> = "SESSCOOKIE",
        /// `ACCESSKEY`: to be sent in every later signon.
        access_key: Option<Secret> = "ACCESSKEY" if knows_mfa,
    }
}

impl SignonResponse {
    /// Whether the signon was accepted, so that what stands beside it counts: status 0, 15000 (the password must be changed) and
    /// 2028 (an element was not understood), and no other, whatever its severity. OFX 1.0.3 §2.5.1.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        matches!(
            self.status.code,
            StatusCode::SUCCESS | StatusCode::PASSWORD_CHANGE_REQUIRED | StatusCode::UNKNOWN_ELEMENT
        )
    }

    /// The `SONRS` aggregate, as the given version has it.
    ///
    /// # Security
    ///
    /// It holds the keys that the institution gave.
    #[must_use]
    pub fn to_element(&self, version: Version) -> Element {
        self.write("SONRS", version)
    }

    /// A response with what is always required.
    #[must_use]
    pub fn new(status: Status, server_time: Stamp, language: &str) -> Self {
        Self {
            status,
            server_time: Some(server_time),
            user_key: None,
            user_key_expires: None,
            language: Some(language.to_owned()),
            country: None,
            profile_updated: None,
            user_updated: None,
            accounts_updated: None,
            institution: None,
            session_cookie: None,
            access_key: None,
        }
    }
}

aggregate! {
    /// `MFACHALLENGETRNRQ`: asks for the security questions, alone in its file. OFX 1.0.3 §2.5.4, OFX 2.3 §2.5.4.
    #[doc(alias = "MFACHALLENGETRNRQ")]
    pub struct ChallengeTransaction {
        /// `TRNUID`.
        trn_uid: TrnUid = "TRNUID",
        /// `MFACHALLENGERQ`.
        request: ChallengeRequest = "MFACHALLENGERQ",
    }
}

impl ChallengeTransaction {
    /// Asks for the questions.
    #[must_use]
    pub fn new(trn_uid: TrnUid, client_time: Stamp) -> Self {
        Self { trn_uid, request: ChallengeRequest { client_time } }
    }
}

aggregate! {
    /// `MFACHALLENGERQ`.
    #[doc(alias = "MFACHALLENGERQ")]
    pub struct ChallengeRequest {
        /// `DTCLIENT`.
        client_time: Stamp = "DTCLIENT",
    }
}

aggregate! {
    /// `MFACHALLENGETRNRS`.
    #[doc(alias = "MFACHALLENGETRNRS")]
    pub struct ChallengeTransactionResponse {
        /// `TRNUID`; some institutions put one of their own here.
        trn_uid: Option<TrnUid> = "TRNUID",
        /// `STATUS`.
        status: Status = "STATUS",
        /// `MFACHALLENGERS`, unless the status is an error.
        response: Option<ChallengeResponse> = "MFACHALLENGERS",
    }
}

impl ChallengeTransactionResponse {
    /// An answer to the request `trn_uid`: `(id, label)` of each question.
    #[must_use]
    pub fn new(trn_uid: TrnUid, questions: Vec<(String, Option<String>)>) -> Self {
        let questions = questions.into_iter().map(|(id, label)| ChallengeQuestion { id, label }).collect();
        Self {
            trn_uid: Some(trn_uid),
            status: Status::new(StatusCode::SUCCESS, None),
            response: Some(ChallengeResponse { questions }),
        }
    }
}

aggregate! {
    /// `MFACHALLENGERS`.
    #[doc(alias = "MFACHALLENGERS")]
    pub struct ChallengeResponse {
        /// `MFACHALLENGE`, one for each question.
        questions: Vec<ChallengeQuestion> = "MFACHALLENGE",
    }
}

aggregate! {
    /// `MFACHALLENGE`: one question as the institution sent it.
    #[doc(alias = "MFACHALLENGE")]
    pub struct ChallengeQuestion {
        /// `MFAPHRASEID`: a reserved id such as `MFA16`, or one of the institution's own. Misspelled in the
        /// specification's own examples, and so at some institutions.
        id: String = "MFAPHRASEID" or "MFAPRHASEID",
        /// `MFAPHRASELABEL`: the text to show; may be missing for reserved ids.
        label: Option<String> = "MFAPHRASELABEL",
    }
}
