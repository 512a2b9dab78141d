//! The door: who signs on, whether a challenge is due, and what it costs to get it wrong. OFX 1.0.3 §2.5, OFX 2.3 §2.5.

use std::net::IpAddr;

use crate::error::StatusCode;
use crate::ofx::{ChallengeAnswer, Login, Status};
use crate::secret::Secret;
use crate::testing::builder::{AccessKeys, SecurityQuestion};
use crate::testing::facts::Fact;
use crate::testing::file::RequestFile;
use crate::testing::model::BankModel;
use crate::testing::user::Step;

/// Who came in.
#[derive(Clone, Debug)]
pub(super) enum Who {
    Anonymous,
    User(String),
}

impl BankModel {
    /// Looks at institution, user id and password.
    pub(super) fn check_credentials(&mut self, file: &RequestFile) -> Result<Who, Status> {
        if !self.settings.versions.contains(&file.version) {
            return refuse(StatusCode::UNSUPPORTED_VERSION, "this bank does not speak that version");
        }
        let wanted = self.settings.institution();
        if wanted.is_some() && wanted != file.signon.institution {
            return refuse(StatusCode::FI_MISSING, "this bank needs its ORG and FID in each signon");
        }
        if file.signon.login == Login::anonymous() {
            if !file.is_for_anyone() {
                return refuse(StatusCode::SIGNON_INVALID, "anonymous users can only ask for the profile, and enrol");
            }
            if self.settings.profile_of_user && file.is_only_profile() {
                return refuse(StatusCode::SIGNON_INVALID, "this bank shows its profile to its users");
            }
            return Ok(Who::Anonymous);
        }
        let name = self.identify(file)?;
        if self.settings.needs_mfa() && !file.version.knows_mfa() {
            return refuse(StatusCode::UNSUPPORTED_VERSION, "users are served in versions 103, 203 and 211 up");
        }
        if matches!(file.signon.login, Login::AccessToken(_)) {
            return Ok(Who::User(name));
        }
        if self.settings.client_uid_required && file.signon.client_uid.is_none() {
            self.violation("CLIENTUID is missing although the profile requires it");
            return refuse(StatusCode::CLIENT_UID_UNKNOWN, "a CLIENTUID is required");
        }
        self.check_approval(&name, file)?;
        self.check_extras(&name, file)?;
        Ok(Who::User(name))
    }

    /// Looks at id and password, or at what stands in their place.
    fn identify(&mut self, file: &RequestFile) -> Result<String, Status> {
        let Login::Password { user_id, password } = &file.signon.login else {
            let name = self.check_stand_in(file)?;
            let is_locked = self.users.get(&name).is_some_and(|user| user.locked);
            return if is_locked { refuse(StatusCode::LOCKED_OUT, "please call us") } else { Ok(name) };
        };
        let Some(user) = self.users.get(user_id) else {
            return refuse(StatusCode::SIGNON_INVALID, "user id or password is wrong");
        };
        if user.locked {
            return refuse(StatusCode::LOCKED_OUT, "please call us");
        }
        if user.password != *password {
            self.step(user_id, Step::WrongPassword);
            return refuse(StatusCode::SIGNON_INVALID, "user id or password is wrong");
        }
        if user.wrong_passwords > 0 {
            self.step(user_id, Step::RightPassword);
        }
        self.refuse_password(file)?;
        Ok(user_id.clone())
    }

    /// Looks at what is wanted beyond the password; the answer's `ACCESSKEY` comes back.
    pub(super) fn check_factors(&mut self, name: &str, file: &RequestFile) -> Result<Option<Secret>, Status> {
        if matches!(file.signon.login, Login::AccessToken(_)) {
            return Ok(None);
        }
        let settings = self.settings.clone();
        let (answers, key, client) = (&file.signon.answers, &file.signon.access_key, &file.signon.client_uid);
        let profile_known = self.profile_given;
        let Some(user) = self.users.get(name) else { return Ok(None) };
        let refused_before = key.as_ref().is_some_and(|key| user.refused.contains(key));
        let is_good = key.as_ref().is_some_and(|key| user.keys.contains(key));
        let is_met = user.met.contains(client);
        if refused_before {
            self.violation("an ACCESSKEY that was refused is sent again");
        }
        if settings.questions.is_empty() {
            if !answers.is_empty() {
                self.violation("MFACHALLENGEANSWER is sent although this bank asks no questions");
            }
            return Ok(None);
        }
        if file.asks_questions() {
            if !answers.is_empty() {
                self.violation("MFACHALLENGEANSWER stands in the file of an MFACHALLENGETRNRQ");
            }
            if file.transactions().count() > 1 {
                self.violation("something else stands in the file of an MFACHALLENGETRNRQ");
                return refuse(StatusCode::GENERAL_ERROR, "ask for the questions in a file of their own");
            }
            self.step(name, Step::Asked(client.clone()));
            return Ok(None);
        }
        if !answers.is_empty() {
            return self.judge(name, file);
        }
        if let Some(key) = key {
            if !is_good {
                self.step(name, Step::KeyRefused(key.expose().to_owned()));
                return refuse(StatusCode::MFA_REQUIRED, "your access key is no longer valid");
            }
            if settings.access_keys != AccessKeys::Rotate {
                return Ok(Some(key.clone()));
            }
            self.step(name, Step::KeyUsed(key.expose().to_owned()));
            return Ok(Some(self.issue_key(name)));
        }
        if file.is_only_profile() && !settings.challenge_first {
            return Ok(None);
        }
        if settings.challenge_first && profile_known && !is_met {
            self.violation("the profile says MFACHALLENGEFIRST, and something else comes first");
        }
        refuse(StatusCode::MFA_REQUIRED, "please answer your security questions")
    }

    /// Compares answers with questions. One challenge is good for one file of answers, right or wrong.
    fn judge(&mut self, name: &str, file: &RequestFile) -> Result<Option<Secret>, Status> {
        let settings = self.settings.clone();
        let answers = &file.signon.answers;
        let Some(user) = self.users.get(name) else { return Ok(None) };
        let (uid, client) = (file.new_uid.to_string(), file.signon.client_uid.clone());
        let (again, is_challenged) = (user.answered.contains(&uid), user.challenged.contains(&client));
        let has_cookie = self.has_cookie(name, &client);
        self.step(name, Step::Answered { file: uid, client });
        if !is_challenged || !has_cookie {
            if !is_challenged && !again {
                self.violation("MFACHALLENGEANSWER is sent without a challenge that waits for it");
            }
            return refuse(StatusCode::MFA_REQUIRED, "please answer your security questions");
        }
        let mut right = true;
        for (at, answer) in answers.iter().enumerate() {
            let known = settings.questions.iter().any(|question| question.id == answer.id);
            let before = answers.iter().take(at).any(|other| other.id == answer.id);
            if !known {
                self.violation("a question was answered that was not asked");
            } else if before {
                self.violation("a question was answered twice");
            }
            right &= known && !before;
        }
        for question in &settings.questions {
            match answers.iter().find(|answer| answer.id == question.id) {
                Some(answer) => right &= question.accepts(answer),
                None => {
                    self.violation("a question was not answered");
                    right = false;
                }
            }
        }
        if !right {
            return refuse(StatusCode::MFA_WRONG, "an answer was not right");
        }
        Ok((settings.access_keys != AccessKeys::Never).then(|| self.issue_key(name)))
    }

    fn issue_key(&mut self, name: &str) -> Secret {
        let key = Secret::new(format!("key-{}", self.next_id()));
        self.step(name, Step::KeyGiven(key.expose().to_owned()));
        key
    }

    /// Takes a step of a signon, and notes it.
    pub(super) fn step(&mut self, name: &str, step: Step) {
        if let Some(user) = self.user_mut(name) {
            user.take(&step);
            self.note(|| Fact::Signon(name.to_owned(), step));
        }
    }

    /// The `SESSCOOKIE` for an answer: the client's own when it is one of this user's, else a new one.
    pub(super) fn cookie(&mut self, name: &str, file: &RequestFile) -> Option<Secret> {
        if !self.settings.session_cookies {
            return None;
        }
        let fresh = Secret::new(format!("cookie-{}", self.next_id()));
        let user = self.user_mut(name)?;
        let known = file.signon.session_cookie.clone().filter(|cookie| user.cookies.contains(cookie));
        Some(known.unwrap_or_else(|| {
            user.cookies.push(fresh.clone());
            fresh
        }))
    }
}

impl SecurityQuestion {
    fn accepts(&self, answer: &ChallengeAnswer) -> bool {
        let given = answer.answer.expose();
        match (&self.answer, self.id.as_str()) {
            (Some(right), _) => *right == answer.answer,
            (None, "MFA101") => given.len() == 14 && given.bytes().all(|byte| byte.is_ascii_digit()),
            (None, "MFA103") => given.parse::<IpAddr>().is_ok(),
            (None, "MFA104") => {
                let parts: Vec<&str> = given.split([':', '-']).collect();
                parts.len() == 6
                    && parts.iter().all(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit()))
            }
            (None, _) => (1..=64).contains(&given.chars().count()),
        }
    }
}

pub(super) fn refuse<T>(code: StatusCode, message: &str) -> Result<T, Status> {
    Err(Status::new(code, Some(message)))
}
