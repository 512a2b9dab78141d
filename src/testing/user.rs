//! A user, as the institution knows one: credentials, what was received, and what can be asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash as _, Hasher};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ofx::{AccountInfo, BankAccount, Content as _, SyncKind, UserInfo, Version};
use crate::secret::Secret;
use crate::testing::answers::SavedAnswer;
use crate::testing::digest;
use crate::testing::history::History;
use crate::testing::models::Model;
use crate::testing::payee_list::Listed;

/// What the institution knows of a user.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) password: Secret,
    pub(super) wrong_passwords: u32,
    pub(super) locked: bool,
    pub(super) expired: bool,
    /// Valid keys, oldest first.
    pub(super) keys: Vec<Secret>,
    /// Keys that were answered with 3000.
    pub(super) refused: Vec<Secret>,
    /// Clients, by `CLIENTUID`, whose challenge waits for answers.
    pub(super) challenged: BTreeSet<Option<String>>,
    /// Clients that asked for a challenge at least once.
    pub(super) met: BTreeSet<Option<String>>,
    /// How many challenges each of them asked for.
    pub(super) rounds: BTreeMap<Option<String>, u64>,
    /// `NEWFILEUID` of every file that carried answers.
    pub(super) answered: BTreeSet<String>,
    pub(super) cookies: Vec<Secret>,
    /// The newest `USERKEY`, and when it ends, in milliseconds since 1970, UTC.
    pub(super) user_key: Option<(Secret, i64)>,
    /// Clients, by `CLIENTUID`, that wait for approval.
    pub(super) seen: BTreeSet<String>,
    /// Clients that were approved.
    pub(super) approved: BTreeSet<String>,
    /// The `AUTHTOKEN` that the next signon needs.
    pub(super) token_due: Option<Secret>,
    /// The last one that was taken.
    pub(super) token_used: Option<Secret>,
    /// `TRNUID` of every request that was received and changes something.
    pub(super) received: BTreeSet<String>,
    /// The payee list.
    pub(super) payees: Vec<Listed>,
    /// Name and address, and when they last changed.
    pub(super) info: Option<(UserInfo, DateTime<Utc>)>,
    /// Accounts, when they are other than everybody's, and since when.
    pub(super) accounts: Option<(Vec<AccountInfo>, DateTime<Utc>)>,
    /// Recurring payments, those that are over, too.
    pub(super) models: Vec<Model>,
    /// Answers that are kept for file-based recovery, oldest first.
    pub(super) saved: Vec<SavedAnswer>,
    /// A mark of what each file that could be recovered asked for, by `NEWFILEUID`.
    pub(super) files: BTreeMap<String, u64>,
    /// What can be synchronized.
    pub(super) histories: Vec<(SyncKind, Option<BankAccount>, History)>,
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
            rounds: BTreeMap::new(),
            answered: BTreeSet::new(),
            cookies: Vec::new(),
            user_key: None,
            seen: BTreeSet::new(),
            approved: BTreeSet::new(),
            token_due: None,
            token_used: None,
            received: BTreeSet::new(),
            payees: Vec::new(),
            info: None,
            accounts: None,
            models: Vec::new(),
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
            Step::Unlocked => (self.locked, self.wrong_passwords) = (false, 0),
            Step::Expired => self.expired = true,
            Step::Asked(client) => {
                self.challenged.insert(client.clone());
                self.met.insert(client.clone());
                *self.rounds.entry(client.clone()).or_default() += 1;
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
            Step::PasswordChanged(password) => {
                self.password = Secret::new(password.as_str());
                self.expired = false;
            }
            Step::UserKeyGiven { key, until } => self.user_key = Some((Secret::new(key.as_str()), *until)),
            Step::UserKeyRevoked => self.user_key = None,
            Step::ClientSeen(client) => drop(self.seen.insert(client.clone())),
            Step::ClientsApproved => self.approved.append(&mut self.seen),
            Step::ApprovalsForgotten => self.approved.clear(),
            Step::TokenWanted(token) => self.token_due = Some(Secret::new(token.as_str())),
            Step::TokenUsed => self.token_used = self.token_due.take(),
        }
    }

    /// Adds what decides how the user is treated. Cookies decide nothing, nor do rounds without a network.
    pub(super) fn digest(&self, hasher: &mut impl Hasher) {
        (self.wrong_passwords, self.locked, self.expired, self.password.expose()).hash(hasher);
        (&self.seen, &self.approved).hash(hasher);
        [&self.token_due, &self.token_used].map(|token| token.as_ref().map(Secret::expose)).hash(hasher);
        self.user_key.as_ref().map(|(key, until)| (key.expose(), until)).hash(hasher);
        for keys in [&self.keys, &self.refused] {
            keys.len().hash(hasher);
            keys.iter().for_each(|key| key.expose().hash(hasher));
        }
        (&self.challenged, &self.met, &self.answered, &self.received, &self.files).hash(hasher);
        self.payees.len().hash(hasher);
        self.payees.iter().for_each(|listed| listed.digest(hasher));
        if let Some((info, _)) = &self.info {
            digest::fingerprint(&info.write("CHGUSERINFORQ", Version::V230), hasher);
        }
        for account in self.accounts.iter().flat_map(|(accounts, _)| accounts) {
            digest::fingerprint(&account.write("ACCTINFO", Version::V230), hasher);
        }
        self.models.iter().for_each(|model| model.digest(hasher));
        for saved in &self.saved {
            (&saved.uid, saved.answer).hash(hasher);
        }
        for (kind, account, history) in &self.histories {
            let (dropped, kept) = history.contents();
            if history.length() > 0 {
                (kind, account, dropped).hash(hasher);
                kept.iter().for_each(|response| digest::response(*kind, response, hasher));
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
    /// By the user, or by telephone.
    PasswordChanged(String),
    UserKeyGiven {
        key: String,
        /// Milliseconds since 1970, UTC.
        until: i64,
    },
    UserKeyRevoked,
    /// A client, by `CLIENTUID`, waits for approval.
    ClientSeen(String),
    ClientsApproved,
    ApprovalsForgotten,
    /// The next signon needs this `AUTHTOKEN`.
    TokenWanted(String),
    TokenUsed,
    Unlocked,
}

/// So many in a row lock the user out; the last of them is still answered with 15500.
const WRONG_PASSWORDS: u32 = 3;
