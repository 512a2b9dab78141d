//! The door: who signs on, whether a challenge is due, and what it costs to get it wrong. OFX 1.0.3 §2.5, OFX 2.3 §2.5.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash as _, Hasher};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::error::StatusCode;
use crate::ofx::{BankAccount, ChallengeAnswer, Login, PayeeRef, Status};
use crate::secret::Secret;
use crate::testing::answers::SavedAnswer;
use crate::testing::builder::{AccessKeys, SecurityQuestion};
use crate::testing::digest;
use crate::testing::facts::Fact;
use crate::testing::file::RequestFile;
use crate::testing::history::History;
use crate::testing::model::BankModel;

/// What the institution knows of a user.
#[derive(Clone, Debug)]
pub(super) struct User {
    password: Secret,
    wrong_passwords: u32,
    pub(super) locked: bool,
    pub(super) expired: bool,
    /// Valid keys, oldest first.
    keys: Vec<Secret>,
    /// Keys that were answered with 3000.
    refused: Vec<Secret>,
    /// Clients, by `CLIENTUID`, whose challenge waits for answers.
    challenged: BTreeSet<Option<String>>,
    /// Clients that asked for a challenge at least once.
    met: BTreeSet<Option<String>>,
    /// `NEWFILEUID` of every file that carried answers.
    answered: BTreeSet<String>,
    cookies: Vec<Secret>,
    /// `TRNUID` of every payment that was received.
    pub(super) received: BTreeSet<String>,
    /// The payee list: `PAYEELSTID` and payee.
    pub(super) payees: Vec<(String, PayeeRef)>,
    /// Answers that are kept for file-based recovery, oldest first.
    pub(super) saved: Vec<SavedAnswer>,
    /// A mark of what each file that could be recovered asked for, by `NEWFILEUID`.
    pub(super) files: BTreeMap<String, u64>,
    /// What can be synchronized, by account.
    pub(super) histories: Vec<(BankAccount, History)>,
}

impl User {
    pub(super) fn new(password: Secret) -> Self {
        Self {
            password,
            wrong_passwords: 0,
            locked: false,
            expired: false,
            keys: Vec::new(),
            refused: Vec::new(),
            challenged: BTreeSet::new(),
            met: BTreeSet::new(),
            answered: BTreeSet::new(),
            cookies: Vec::new(),
            received: BTreeSet::new(),
            payees: Vec::new(),
            saved: Vec::new(),
            files: BTreeMap::new(),
            histories: Vec::new(),
        }
    }

    /// Takes a step of a signon.
    pub(super) fn take(&mut self, step: &Step) {
        match step {
            Step::WrongPassword => {
                self.wrong_passwords += 1;
                self.locked = self.wrong_passwords >= WRONG_PASSWORDS;
            }
            Step::RightPassword => self.wrong_passwords = 0,
            Step::Locked => self.locked = true,
            Step::Expired => self.expired = true,
            Step::Asked(client) => {
                self.challenged.insert(client.clone());
                self.met.insert(client.clone());
            }
            Step::Answered { file, client } => {
                self.answered.insert(file.clone());
                self.challenged.remove(client);
            }
            Step::KeyGiven(key) => self.keys.push(Secret::new(key.as_str())),
            Step::KeyUsed(key) => {
                let at = self.keys.iter().position(|valid| valid.expose() == key).unwrap_or_default();
                self.keys.drain(..at);
            }
            Step::KeyRefused(key) => self.refused.push(Secret::new(key.as_str())),
            Step::KeysRevoked => self.keys.clear(),
        }
    }

    /// Puts a payee into the list, or another one in its place.
    pub(super) fn list(&mut self, id: &str, payee: &PayeeRef) {
        match self.payees.iter_mut().find(|(known, _)| known == id) {
            Some((_, known)) => known.clone_from(payee),
            None => self.payees.push((id.to_owned(), payee.clone())),
        }
    }

    /// Adds what decides how the user is treated. Cookies decide nothing.
    pub(super) fn digest(&self, hasher: &mut impl Hasher) {
        (self.wrong_passwords, self.locked, self.expired).hash(hasher);
        for keys in [&self.keys, &self.refused] {
            keys.len().hash(hasher);
            keys.iter().for_each(|key| key.expose().hash(hasher));
        }
        (&self.challenged, &self.met, &self.answered, &self.received, &self.files).hash(hasher);
        self.payees.len().hash(hasher);
        for saved in &self.saved {
            (&saved.uid, saved.answer).hash(hasher);
        }
        for (account, history) in &self.histories {
            let (dropped, kept) = history.contents();
            if dropped + kept.len() > 0 {
                (account, dropped).hash(hasher);
                kept.iter().for_each(|response| digest::response(response, hasher));
            }
        }
    }
}

/// What a signon changes about a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Step {
    WrongPassword,
    RightPassword,
    Locked,
    Expired,
    /// A client, by `CLIENTUID`, asked for the questions.
    Asked(Option<String>),
    /// It sent answers, in the file with this `NEWFILEUID`.
    Answered {
        file: String,
        client: Option<String>,
    },
    KeyGiven(String),
    /// Older ones are no longer good.
    KeyUsed(String),
    KeyRefused(String),
    KeysRevoked,
}

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
            if file.transactions().next().is_some() && !file.is_only_profile() {
                return refuse(StatusCode::SIGNON_INVALID, "anonymous users can only ask for the profile");
            }
            return Ok(Who::Anonymous);
        }
        let Login::Password { user_id, password } = &file.signon.login else {
            return refuse(StatusCode::SIGNON_INVALID, "this bank gives out no keys or tokens in place of passwords");
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
        if self.settings.needs_mfa() && !file.version.knows_mfa() {
            return refuse(StatusCode::UNSUPPORTED_VERSION, "users are served in versions 103, 203 and 211 up");
        }
        if self.settings.client_uid_required && file.signon.client_uid.is_none() {
            self.violation("CLIENTUID is missing although the profile requires it");
            return refuse(StatusCode::CLIENT_UID_UNKNOWN, "a CLIENTUID is required");
        }
        Ok(Who::User(user_id.clone()))
    }

    /// Looks at what is wanted beyond the password; the answer's `ACCESSKEY` comes back.
    pub(super) fn check_factors(&mut self, name: &str, file: &RequestFile) -> Result<Option<Secret>, Status> {
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
        self.step(name, Step::Answered { file: uid, client });
        if !is_challenged {
            if !again {
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

fn refuse<T>(code: StatusCode, message: &str) -> Result<T, Status> {
    Err(Status::new(code, Some(message)))
}

/// So many in a row lock the user out; the last of them is still answered with 15500.
const WRONG_PASSWORDS: u32 = 3;
