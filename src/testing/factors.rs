//! What a signon can need beyond a password: credentials of the institution's own, one-time tokens, approval of the client;
//! and what can stand in place of the password. OFX 1.0.3 §2.5, OFX 2.3 §2.5.

use chrono::{DateTime, Duration};

use crate::error::StatusCode;
use crate::ofx::{Login, SignonInfo, SignonResponse, Stamp, Status};
use crate::secret::Secret;
use crate::testing::file::RequestFile;
use crate::testing::signon::refuse;
use crate::testing::user::Step;
use crate::testing::{BankBuilder, BankModel};

/// What is wanted beyond a password, and taken in its place.
#[derive(Clone, Debug, Default)]
pub(super) struct Factors {
    /// `USERCRED1` and `USERCRED2`: the label and the right value.
    creds: [Option<(String, Secret)>; 2],
    /// How many days a `USERKEY` is good for, when there are any.
    user_key_days: Option<u32>,
    /// `ACCESSTOKEN`s, with whose they are.
    access_tokens: Vec<(String, Secret)>,
    /// Whether `AUTHTOKEN`s are spoken of in the profile.
    auth_tokens: bool,
    /// The `AUTHTOKEN` of each user's first signon.
    pub(super) first_token: Option<Secret>,
    /// Whether a client must be approved.
    pub(super) approval: bool,
}

impl Factors {
    /// Whether a user cannot be served in a version without the multi-factor elements.
    pub(super) fn need_mfa(&self) -> bool {
        self.auth_tokens || self.creds.iter().any(Option::is_some)
    }
}

impl BankBuilder {
    /// Wants a credential with this label in every signon of a user (`USERCRED1`), the same for all users.
    #[must_use]
    pub fn user_cred1(mut self, label: &str, value: &str) -> Self {
        self.factors().creds[0] = Some((label.to_owned(), Secret::from(value)));
        self
    }

    /// Wants a second one (`USERCRED2`).
    #[must_use]
    pub fn user_cred2(mut self, label: &str, value: &str) -> Self {
        self.factors().creds[1] = Some((label.to_owned(), Secret::from(value)));
        self
    }

    /// Gives whoever asks for one (`GENUSERKEY`) a `USERKEY` that is good for so many days; none unless set.
    ///
    /// The newest one of a user counts. The days are those of the [`clock`](Self::clock).
    #[must_use]
    pub fn user_keys(mut self, days: u32) -> Self {
        self.factors().user_key_days = Some(days);
        self
    }

    /// Takes an `ACCESSTOKEN` in place of the user's other credentials, and says `ACCESSTOKENREQ`: from 2.2 on nobody signs on
    /// with a password any more. OFX 2.3 §2.5.1.
    #[must_use]
    pub fn access_token(mut self, user_id: &str, token: &str) -> Self {
        self.factors().access_tokens.push((user_id.to_owned(), Secret::from(token)));
        self
    }

    /// Says in the profile what an `AUTHTOKEN` is, for those that
    /// [`require_auth_token`](crate::testing::Bank::require_auth_token) wants.
    #[must_use]
    pub fn auth_tokens(mut self, uses: bool) -> Self {
        self.factors().auth_tokens = uses;
        self
    }

    /// Says `AUTHTOKENFIRST`, and wants this one-time token in the first signon of each user, of those who enrol, too.
    #[must_use]
    pub fn auth_token_first(mut self, token: &str) -> Self {
        self.factors().first_token = Some(Secret::from(token));
        self.auth_tokens(true)
    }

    /// Refuses each client of a user with 15510 until it is [approved](crate::testing::Bank::approve_clients). Says
    /// `CLIENTUIDREQ`, too.
    #[must_use]
    pub fn approval_required(mut self, required: bool) -> Self {
        self.factors().approval = required;
        self.client_uid_required(required)
    }
}

impl BankModel {
    /// From now on each client of a user is refused with 15510 until it is [approved](Self::approve_clients), those that were
    /// approved before, too.
    pub fn require_approval(&mut self) {
        self.want_approval();
        self.of_everyone(&Step::ApprovalsForgotten);
    }

    /// Approves every client that was refused, by its `CLIENTUID`.
    pub fn approve_clients(&mut self) {
        self.of_everyone(&Step::ClientsApproved);
    }

    /// Wants this one-time token in the next signon of a user: 15512 without it, 15513 for another one.
    pub fn require_auth_token(&mut self, user_id: &str, token: &str) {
        self.step(user_id, Step::TokenWanted(token.to_owned()));
    }

    /// Makes every `USERKEY` invalid: the next signon with one is refused with 15500.
    pub fn revoke_user_keys(&mut self) {
        self.of_everyone(&Step::UserKeyRevoked);
    }

    fn of_everyone(&mut self, step: &Step) {
        let names: Vec<String> = self.users.keys().cloned().collect();
        names.iter().for_each(|name| self.step(name, step.clone()));
    }

    /// Who is meant by what stands in place of id and password.
    pub(super) fn named_by<'a>(&'a self, login: &'a Login) -> Option<&'a str> {
        let of_key = |key: &Secret| {
            let owner =
                self.users.iter().find(|(_, user)| user.user_key.as_ref().is_some_and(|(known, _)| known == key));
            owner.map(|(name, _)| name.as_str())
        };
        match login {
            Login::Password { user_id, .. } => Some(user_id),
            Login::UserKey(key) => of_key(key),
            Login::AccessToken(token) => {
                let known = self.settings.factors.access_tokens.iter().find(|(_, known)| known == token);
                known.map(|(name, _)| name.as_str())
            }
        }
    }

    /// Looks at what stands in place of id and password.
    pub(super) fn check_stand_in(&self, file: &RequestFile) -> Result<String, Status> {
        let Some(name) = self.named_by(&file.signon.login) else {
            return refuse(StatusCode::SIGNON_INVALID, "key or token is not valid");
        };
        let Some(user) = self.users.get(name) else {
            return refuse(StatusCode::SIGNON_INVALID, "key or token is not valid");
        };
        let is_key = matches!(file.signon.login, Login::UserKey(_));
        let until = user.user_key.as_ref().and_then(|(_, until)| DateTime::from_timestamp_millis(*until));
        if is_key && until.is_none_or(|until| until <= self.now) {
            return refuse(StatusCode::SIGNON_INVALID, "the key has expired");
        }
        Ok(name.to_owned())
    }

    /// Refuses a password where the profile wants an `ACCESSTOKEN`.
    pub(super) fn refuse_password(&mut self, file: &RequestFile) -> Result<(), Status> {
        let is_wanted = !self.settings.factors.access_tokens.is_empty() && file.version.knows_access_token();
        if !is_wanted || file.is_only_profile() {
            return Ok(());
        }
        self.violation("a password is sent although the profile says ACCESSTOKENREQ");
        refuse(StatusCode::SIGNON_INVALID, "sign on with an access token")
    }

    /// Whether the client is approved.
    pub(super) fn check_approval(&mut self, name: &str, file: &RequestFile) -> Result<(), Status> {
        let client = file.signon.client_uid.clone().unwrap_or_default();
        let is_known = self.users.get(name).is_some_and(|user| user.approved.contains(&client));
        if !self.approval || is_known {
            return Ok(());
        }
        self.step(name, Step::ClientSeen(client));
        refuse(StatusCode::CLIENT_UID_UNKNOWN, "please approve this client on our web page")
    }

    /// Looks at the institution's own credentials, and at the one-time token.
    pub(super) fn check_extras(&mut self, name: &str, file: &RequestFile) -> Result<(), Status> {
        let signon = &file.signon;
        let wanted = self.settings.clone();
        let given = [("USERCRED1", &signon.user_cred1), ("USERCRED2", &signon.user_cred2)];
        for (wanted, (tag, given)) in wanted.factors.creds.iter().zip(given) {
            let Some((_, right)) = wanted else { continue };
            if given.is_none() {
                self.violation(format!("{tag} is missing although the profile has its label"));
                return refuse(StatusCode::SIGNON_INVALID, "a credential is missing");
            }
            if given.as_ref() != Some(right) {
                self.step(name, Step::WrongPassword);
                return refuse(StatusCode::SIGNON_INVALID, "a credential is wrong");
            }
        }
        let Some(user) = self.users.get(name) else { return Ok(()) };
        match (user.token_due.clone(), &signon.auth_token) {
            (None, None) => Ok(()),
            // Whoever lost the answer does not know that it was taken.
            (None, given) if *given == user.token_used => Ok(()),
            (None, Some(_)) if !wanted.factors.auth_tokens => Ok(()),
            (None, Some(_)) => {
                self.violation("AUTHTOKEN is sent although none is asked for");
                Ok(())
            }
            (Some(due), Some(token)) if due == *token => {
                self.step(name, Step::TokenUsed);
                Ok(())
            }
            (Some(_), Some(_)) => refuse(StatusCode::AUTH_TOKEN_INVALID, "the one-time token is wrong"),
            (Some(due), None) => {
                if self.profile_given && wanted.factors.first_token.as_ref() == Some(&due) {
                    self.violation("the profile says AUTHTOKENFIRST, and the first signon has no AUTHTOKEN");
                }
                refuse(StatusCode::AUTH_TOKEN_REQUIRED, "please sign on with a one-time token")
            }
        }
    }

    /// Puts a `USERKEY` into an answer, when the client asked for one and there are any.
    pub(super) fn give_user_key(&mut self, name: &str, file: &RequestFile, answer: &mut SignonResponse) {
        let is_asked = file.signon.generate_user_key == Some(true);
        let by_password = matches!(file.signon.login, Login::Password { .. });
        let days = self.settings.factors.user_key_days.filter(|_| is_asked && by_password);
        let Some(days) = days else { return };
        let (key, until) = (format!("userkey-{}", self.next_id()), self.now + Duration::days(i64::from(days)));
        self.step(name, Step::UserKeyGiven { key: key.clone(), until: until.timestamp_millis() });
        answer.user_key = Some(Secret::new(key));
        answer.user_key_expires = Some(Stamp::moment(until));
    }

    /// Says in the profile what is wanted.
    pub(super) fn tell_factors(&self, info: &mut SignonInfo) {
        let factors = &self.settings.factors;
        let label = |cred: &Option<(String, Secret)>| cred.as_ref().map(|(label, _)| label.clone());
        let [first, second] = &factors.creds;
        (info.user_cred1_label, info.user_cred2_label) = (label(first), label(second));
        if factors.auth_tokens {
            info.auth_token_first = Some(factors.first_token.is_some());
            info.auth_token_label = Some("One-time code".to_owned());
            info.auth_token_info_url = Some("https://bank.example/codes".to_owned());
        }
        if !factors.access_tokens.is_empty() {
            info.access_token_required = Some(true);
        }
    }
}
