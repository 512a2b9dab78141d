//! How a pretend institution is set up.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use crate::ofx::{
    AccountInfo, AccountType, BankAccount, BankAccountInfo, BillPayAccountInfo, CardAccount, CardAccountInfo,
    FinancialInstitution, Payee, SyncMode, Version,
};
use crate::secret::Secret;
use crate::testing::class::Promises;
use crate::testing::factors::Factors;
use crate::testing::facts::Fact;
use crate::testing::lasting::Lasting;
use crate::testing::{Bank, BankModel, Feature};

/// Whether an institution gives out an `ACCESSKEY` for a passed challenge. OFX 1.0.3 §2.5.4, OFX 2.3 §2.5.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AccessKeys {
    /// Never: every file needs a challenge of its own.
    Never,
    /// One with each passed challenge, good until it is revoked.
    Once,
    /// A new one with each answer; an older one is good until a newer one has been used.
    Rotate,
}

/// Settings of a pretend institution; ends in [`start`](Self::start) or [`build_model`](Self::build_model).
///
/// Without settings it has no user, no security question, three accounts (a checking account that pays bills, a savings
/// account that does not, a card), no standard payee, and asks for neither `FI` nor `CLIENTUID`.
#[derive(Clone, Debug)]
pub struct BankBuilder {
    settings: Settings,
    lasting: Lasting,
}

/// What the builder collects and the model reads.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) users: Vec<(String, Secret)>,
    pub(super) questions: Vec<SecurityQuestion>,
    pub(super) challenge_first: bool,
    pub(super) access_keys: AccessKeys,
    pub(super) separate_bill_pay: bool,
    pub(super) accounts: Vec<AccountInfo>,
    pub(super) payees: Vec<(String, Payee)>,
    pub(super) org: Option<String>,
    pub(super) fid: Option<String>,
    pub(super) checks_due_days: bool,
    pub(super) challenge_cookie: bool,
    pub(super) sync_mode: SyncMode,
    pub(super) file_recovery: bool,
    pub(super) promises: Promises,
    pub(super) features: BTreeSet<Feature>,
    pub(super) factors: Factors,
    pub(super) session_cookies: bool,
    pub(super) client_uid_required: bool,
    pub(super) profile_of_user: bool,
    pub(super) versions: Vec<Version>,
    pub(super) start: DateTime<Utc>,
    pub(super) url: String,
    pub(super) bill_pay_url: String,
}

/// A question with the answer that is right; `None` takes any well-formed one.
#[derive(Clone, Debug)]
pub(super) struct SecurityQuestion {
    pub(super) id: String,
    pub(super) label: Option<String>,
    pub(super) answer: Option<Secret>,
}

impl Settings {
    /// The `FI` that must stand in every signon, when there is one.
    pub(super) fn institution(&self) -> Option<FinancialInstitution> {
        self.org.as_ref().map(|org| FinancialInstitution::new(org.as_str(), self.fid.clone()))
    }

    /// Whether a user cannot be served in a version without the multi-factor elements.
    pub(super) fn needs_mfa(&self) -> bool {
        !self.questions.is_empty() || self.client_uid_required || self.factors.need_mfa()
    }
}

impl BankBuilder {
    pub(super) fn new() -> Self {
        Self {
            lasting: Lasting::default(),
            settings: Settings {
                users: Vec::new(),
                questions: Vec::new(),
                challenge_first: false,
                access_keys: AccessKeys::Once,
                separate_bill_pay: false,
                accounts: Vec::new(),
                payees: Vec::new(),
                org: None,
                fid: None,
                checks_due_days: false,
                challenge_cookie: false,
                sync_mode: SyncMode::Lite,
                file_recovery: false,
                promises: Promises::new(),
                features: Feature::USUAL.into(),
                factors: Factors::default(),
                session_cookies: true,
                client_uid_required: false,
                profile_of_user: false,
                versions: Version::ALL.to_vec(),
                start: DateTime::from_timestamp(START, 0).unwrap_or_default(),
                url: "https://ofx.bank.example/ofx".to_owned(),
                bill_pay_url: "https://pay.bank.example/billpay".to_owned(),
            },
        }
    }

    /// Adds a user. All users have the same accounts and the same questions; keys, payees and payments are their own.
    #[must_use]
    pub fn user(mut self, user_id: &str, password: &str) -> Self {
        self.settings.users.push((user_id.to_owned(), Secret::from(password)));
        self
    }

    /// Adds a security question with its label and the one right answer, compared exactly.
    #[must_use]
    pub fn question(mut self, id: &str, label: Option<&str>, answer: &str) -> Self {
        let (id, label) = (id.to_owned(), label.map(str::to_owned));
        self.settings.questions.push(SecurityQuestion { id, label, answer: Some(Secret::from(answer)) });
        self
    }

    /// Forgets the questions so far: for [`change_settings`](crate::testing::Bank::change_settings).
    #[must_use]
    pub fn without_questions(mut self) -> Self {
        self.settings.questions.clear();
        self
    }

    /// Adds a question that the program answers by itself, an id above `MFA100`; any well-formed answer is right.
    ///
    /// Well formed is a moment of 14 digits for `MFA101`, an IP address for `MFA103`, a MAC address for `MFA104`, and 1 to
    /// 64 characters for any other.
    #[must_use]
    pub fn program_question(mut self, id: &str) -> Self {
        self.settings.questions.push(SecurityQuestion { id: id.to_owned(), label: None, answer: None });
        self
    }

    /// Says `MFACHALLENGEFIRST` and refuses everything before a passed challenge.
    ///
    /// Without it a file with nothing but profile requests is answered before one, too. Without questions it means nothing.
    #[must_use]
    pub fn challenge_first(mut self, first: bool) -> Self {
        self.settings.challenge_first = first;
        self
    }

    /// Sets when an `ACCESSKEY` is given out; [`AccessKeys::Once`] unless set.
    #[must_use]
    pub fn access_keys(mut self, keys: AccessKeys) -> Self {
        self.settings.access_keys = keys;
        self
    }

    /// Puts bill pay on another path and port. What is sent to the wrong one is refused with HTTP 400.
    ///
    /// Both belong to one signon realm: users, challenges and keys are shared, and a challenge may be asked for at either.
    #[must_use]
    pub fn separate_bill_pay_url(mut self, separate: bool) -> Self {
        self.settings.separate_bill_pay = separate;
        self
    }

    /// Refuses a payment that is due before what the days to pay of the profile allow with 2014, as
    /// [`Profile::earliest_due`](crate::ofx::Profile::earliest_due) counts them; off unless set. Without it every day is early enough
    /// that is not past.
    #[must_use]
    pub fn checks_due_days(mut self, checks: bool) -> Self {
        self.settings.checks_due_days = checks;
        self
    }

    /// Ties a challenge to an HTTP cookie that comes with the questions: answers without it are refused with 3000; off unless set, and
    /// only for [`start`](Self::start). The cookie is that of the user, the `CLIENTUID` and the newest challenge of the two.
    #[must_use]
    pub fn challenge_cookie(mut self, tied: bool) -> Self {
        self.settings.challenge_cookie = tied;
        self
    }

    /// Adds an account; the first one replaces the three default ones.
    #[must_use]
    pub fn account(mut self, account: AccountInfo) -> Self {
        self.settings.accounts.push(account);
        self
    }

    /// Adds a standard payee that can be paid by `PAYEEID`.
    #[must_use]
    pub fn payee(mut self, payee_id: &str, payee: Payee) -> Self {
        self.settings.payees.push((payee_id.to_owned(), payee));
        self
    }

    /// Wants this `ORG` in the `FI` of every signon.
    #[must_use]
    pub fn org(mut self, org: &str) -> Self {
        self.settings.org = Some(org.to_owned());
        self
    }

    /// Wants this `FID`, too; counts only together with [`org`](Self::org).
    #[must_use]
    pub fn fid(mut self, fid: &str) -> Self {
        self.settings.fid = Some(fid.to_owned());
        self
    }

    /// Sets `SYNCMODE`; [`SyncMode::Lite`] unless set.
    ///
    /// With [`SyncMode::Full`] the institution keeps a history of the responses to payments; with any other it keeps none,
    /// every token is `0`, and answers are given once.
    #[must_use]
    pub fn sync_mode(mut self, mode: SyncMode) -> Self {
        self.settings.sync_mode = mode;
        self
    }

    /// Answers a repeated file with the saved answer, and says `RESPFILEER`; off unless set. OFX 1.0.3 §6.10.
    ///
    /// An answer is saved when the request's `OLDFILEUID` is not `NONE`, and thrown away when a later file names it there; see
    /// also [`purges_saved_answers`](Self::purges_saved_answers).
    #[must_use]
    pub fn file_recovery(mut self, recovery: bool) -> Self {
        self.settings.file_recovery = recovery;
        self
    }

    /// Gives out `SESSCOOKIE`; on unless set.
    #[must_use]
    pub fn session_cookies(mut self, cookies: bool) -> Self {
        self.settings.session_cookies = cookies;
        self
    }

    /// Gives its profile to its users only, and refuses the anonymous request for it with 15500; off unless set.
    #[must_use]
    pub fn profile_of_user(mut self, of_user: bool) -> Self {
        self.settings.profile_of_user = of_user;
        self
    }

    /// Wants a `CLIENTUID` in every signon of a user, and refuses with 15510 without; off unless set.
    #[must_use]
    pub fn client_uid_required(mut self, required: bool) -> Self {
        self.settings.client_uid_required = required;
        self
    }

    /// Speaks these OFX versions only, and refuses signons in others with 2021. All that can be written unless set.
    #[must_use]
    pub fn versions(mut self, versions: &[Version]) -> Self {
        self.settings.versions = versions.to_vec();
        self
    }

    /// Sets the institution's clock, which goes on by one second with each request. 5 January 2026, 09:30 UTC unless set.
    ///
    /// Whatever it gives out for some days (`USERKEY`, the first password of who enrols) ends by this clock: for a program that goes by
    /// the real one, set `Utc::now()`. Due days must lie behind it.
    #[must_use]
    pub fn clock(mut self, start: DateTime<Utc>) -> Self {
        self.settings.start = start;
        self
    }

    /// Makes the institution without a network.
    #[must_use]
    pub fn build_model(self) -> BankModel {
        let mut settings = self.settings;
        if settings.accounts.is_empty() {
            settings.accounts = default_accounts();
        }
        if !settings.separate_bill_pay {
            settings.bill_pay_url.clone_from(&settings.url);
        }
        BankModel::new(Arc::new(settings))
    }

    /// Starts the institution on loopback ports, in a thread of its own.
    ///
    /// # Errors
    ///
    /// When no port, no certificate or no thread can be had, or the ledger file cannot be read or written.
    pub fn start(self) -> io::Result<Bank> {
        Bank::start(self)
    }

    pub(super) fn promises(&mut self) -> &mut Promises {
        &mut self.settings.promises
    }

    pub(super) fn factors(&mut self) -> &mut Factors {
        &mut self.settings.factors
    }

    pub(super) fn feature(&mut self, feature: Feature, offers: bool) {
        if offers {
            self.settings.features.insert(feature)
        } else {
            self.settings.features.remove(&feature)
        };
    }

    pub(super) fn lasting(&mut self) -> &mut Lasting {
        &mut self.lasting
    }

    pub(super) fn is_separate(&self) -> bool {
        self.settings.separate_bill_pay
    }

    pub(super) fn urls(mut self, url: &str, bill_pay_url: &str) -> Self {
        (self.settings.url, self.settings.bill_pay_url) = (url.to_owned(), bill_pay_url.to_owned());
        self
    }
}

impl BankModel {
    /// Sets the institution up anew while it runs: `change` is given its settings. The profile is a new one (`DTPROFUP`).
    ///
    /// Users, accounts, addresses, clock, port and files stay as they are, and so does what was given out: challenges, keys, tokens,
    /// histories, approvals. [`auth_token_first`](BankBuilder::auth_token_first) is said in the profile, and wanted only of those who enrol
    /// from now on. A [ledger file](BankBuilder::ledger_file) keeps no settings: after a restart they are as they were, and the profile is
    /// a new one once more.
    ///
    /// ```
    /// use ofx_session::testing::{Bank, Feature};
    ///
    /// let mut bank = Bank::builder().user("jane", "correct horse").question("MFA16", None, "Garcia").build_model();
    /// bank.change_settings(|settings| settings.without_questions().question("MFA13", None, "Rex").offers(Feature::ModifyPayments, true));
    /// ```
    pub fn change_settings(&mut self, change: impl FnOnce(BankBuilder) -> BankBuilder) {
        let changed = change(self.as_set_up());
        self.set_up(changed);
    }

    /// The settings, to change them.
    pub(super) fn as_set_up(&self) -> BankBuilder {
        BankBuilder { settings: Settings::clone(&self.settings), lasting: Lasting::default() }
    }

    /// Takes changed settings.
    pub(super) fn set_up(&mut self, changed: BankBuilder) {
        let (mut settings, old) = (changed.settings, Settings::clone(&self.settings));
        if settings.factors.approval != old.factors.approval {
            self.approval = settings.factors.approval;
        }
        settings.separate_bill_pay = old.separate_bill_pay;
        (settings.users, settings.accounts, settings.start) = (old.users, old.accounts, old.start);
        self.settings = Arc::new(settings);
        // Newer than any profile that a client can have.
        let when = self.changed.map_or(self.now, |last| self.now.max(last + Duration::seconds(1)));
        self.note(|| Fact::SettingsChanged(when.timestamp_millis()));
        self.changed = Some(when);
    }
}

impl Settings {
    pub(super) fn has_account_without_bank_id(&self) -> bool {
        self.accounts.iter().any(|info| info.pays_bills().is_some_and(|account| account.bank_id.is_empty()))
    }
}

fn default_accounts() -> Vec<AccountInfo> {
    let checking = BankAccount::new("999888777", "1000001", AccountType::Checking);
    let savings = BankAccount::new("999888777", "1000002", AccountType::Savings);
    let mut everyday = AccountInfo::new(Some("Everyday Checking"));
    everyday.bill_pay = Some(BillPayAccountInfo::active(checking.clone()));
    everyday.bank = Some(BankAccountInfo::active(checking));
    let mut rainy_day = AccountInfo::new(Some("Rainy Day Savings"));
    rainy_day.bank = Some(BankAccountInfo::active(savings));
    let mut card = AccountInfo::new(Some("Blue Card"));
    card.card = Some(CardAccountInfo::active(CardAccount::new("4000000000001000")));
    vec![everyday, rainy_day, card]
}

/// Monday, 5 January 2026, 09:30:00 UTC: before the clock of anyone who runs this, so that their due days are not past.
const START: i64 = 1_767_605_400;
