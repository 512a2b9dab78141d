//! What the institution says of itself and of its users: profile, accounts, security questions.

use chrono::{DateTime, Duration};

use crate::error::StatusCode;
use crate::ofx::{
    AccountInfo, AccountInfoResponse, BankSet, BillPaySet, ChallengeTransactionResponse, Content as _, CreditCardSet,
    Enrollment, MessageSet, MessageSetCore, MessageSetDetails, Profile, Reply, SignonInfo, SignupSet, Stamp, Status,
    TrnUid, Version,
};
use crate::testing::facts::Fact;
use crate::testing::file::Transaction;
use crate::testing::models::MODEL_DAYS;
use crate::testing::payments::{DAYS_TO_PAY, DAYS_TO_PAY_BY_TRANSFER, INQUIRY_DAYS};
use crate::testing::requests::{Decision, Written};
use crate::testing::{BankModel, Feature};

impl BankModel {
    /// When the profile last changed: 30 days before the clock started, unless the settings have changed since.
    pub(super) fn profile_updated(&self) -> Stamp {
        self.changed.map_or_else(|| self.before_start(30), Stamp::moment)
    }

    /// When the account list last changed: 7 days before the clock started, unless the user changed it.
    pub(super) fn accounts_updated(&self, name: &str) -> Stamp {
        let changed = self.users.get(name).and_then(|user| user.accounts.as_ref());
        changed.map_or_else(|| self.before_start(7), |(_, when)| Stamp::moment(*when))
    }

    /// `MFACHALLENGERS`.
    pub(super) fn questions(&self, transaction: &Transaction, version: Version) -> Written {
        let questions = self.settings.questions.iter().map(|question| (question.id.clone(), question.label.clone()));
        let whole = ChallengeTransactionResponse::new(TrnUid::new(transaction.trn_uid.as_str()), questions.collect());
        (whole.status, whole.response.map(|response| response.write("MFACHALLENGERS", version)))
    }

    /// `PROFRS`, unless the client has the newest. OFX 1.0.3 §7.1.
    pub(super) fn profile(&mut self, known: &Stamp, version: Version) -> Written {
        if !self.profile_given {
            self.profile_given = true;
            self.note(|| Fact::ProfileGiven);
        }
        let updated = self.profile_updated();
        if is_current(known, &updated) {
            return (Status::new(StatusCode::UP_TO_DATE, None), None);
        }
        let mut profile = Profile::new(updated, self.message_sets(version), vec![self.signon_info()]);
        profile.name = Some("Example Loopback Bank".to_owned());
        profile.address1 = Some("1 Loopback Lane".to_owned());
        profile.city = Some("Newport".to_owned());
        profile.state = Some("RI".to_owned());
        profile.postal_code = Some("02840".to_owned());
        profile.country = Some("USA".to_owned());
        profile.customer_phone = Some("401-555-0100".to_owned());
        (Status::new(StatusCode::SUCCESS, None), Some(profile.write("PROFRS", version)))
    }

    /// `ACCTINFORS`, unless the client has the newest. OFX 1.0.3 §8.5.
    pub(super) fn accounts(&self, name: &str, known: &Stamp) -> Decision {
        let updated = self.accounts_updated(name);
        if is_current(known, &updated) {
            return Err(Status::new(StatusCode::UP_TO_DATE, None));
        }
        let list = AccountInfoResponse::new(updated, self.accounts_of(name).to_vec());
        Ok(Reply::Accounts(Box::new(list)))
    }

    /// The accounts of a user.
    pub(super) fn accounts_of(&self, name: &str) -> &[AccountInfo] {
        let own = self.users.get(name).and_then(|user| user.accounts.as_ref());
        own.map_or(&self.settings.accounts, |(accounts, _)| accounts)
    }

    fn before_start(&self, days: i64) -> Stamp {
        let whole = self.settings.start.timestamp();
        let start = DateTime::from_timestamp(whole, 0).unwrap_or(self.settings.start);
        Stamp::moment(start - Duration::days(days))
    }

    pub(super) fn message_sets(&self, version: Version) -> Vec<MessageSet> {
        let settings = &self.settings;
        let set = |name: &str, url: &str, details: MessageSetDetails| {
            let core = MessageSetCore::new(url, REALM, settings.sync_mode.clone(), settings.file_recovery);
            MessageSet::new(name, core, details)
        };
        let mut bill_pay = BillPaySet::basic();
        (bill_pay.days_to_pay, bill_pay.transfer_days_to_pay) = (DAYS_TO_PAY, DAYS_TO_PAY_BY_TRANSFER);
        (bill_pay.model_days, bill_pay.inquiry_days) = (MODEL_DAYS, INQUIRY_DAYS);
        bill_pay.by_payee_id = !settings.payees.is_empty();
        bill_pay.add_payees = self.offers(Feature::AddPayees);
        bill_pay.status_by_sync = self.offers(Feature::StatusBySync);
        bill_pay.modify = self.offers(Feature::ModifyPayments);
        bill_pay.modify_models = self.offers(Feature::ModifyModels);
        bill_pay.extended = self.offers(Feature::ExtendedPayments);
        bill_pay.different_first = self.offers(Feature::FirstAmount);
        bill_pay.different_last = self.offers(Feature::LastAmount);
        let mut signup = SignupSet::with_accounts("https://bank.example/enroll");
        if self.offers(Feature::Enroll) {
            signup.enrollment = Enrollment::Client { account_required: false };
        }
        signup.change_user_info = self.offers(Feature::ChangeUserInfo);
        signup.activation = self.offers(Feature::ActivateServices);
        let (main, pay) = (settings.url.as_str(), settings.bill_pay_url.as_str());
        let mut sets = vec![
            set("SIGNON", main, MessageSetDetails::None),
            set("SIGNUP", main, MessageSetDetails::Signup(signup)),
            set("BANK", main, MessageSetDetails::Bank(BankSet::statements_only())),
            set("CREDITCARD", main, MessageSetDetails::CreditCard(CreditCardSet::statements_only())),
            set("BILLPAY", pay, MessageSetDetails::BillPay(bill_pay)),
        ];
        // The schemas want it last. The content model of the 1.0.3 DTD is ambiguous, and its readers take it second only.
        let at = if version == Version::V103 { 1 } else { sets.len() };
        sets.insert(at, set("PROF", main, MessageSetDetails::None));
        sets
    }

    pub(super) fn signon_info(&self) -> SignonInfo {
        let mut info = SignonInfo::new(REALM);
        info.spaces = Some(true);
        info.password_change = Some(self.offers(Feature::ChangePassword));
        info.client_uid_required = Some(self.settings.client_uid_required);
        self.tell_factors(&mut info);
        info.mfa_supported = Some(!self.settings.questions.is_empty());
        info.mfa_first = Some(self.settings.challenge_first && !self.settings.questions.is_empty());
        info
    }
}

/// Whether what the client has is not older; a date that cannot be read is taken for old.
fn is_current(known: &Stamp, updated: &Stamp) -> bool {
    known.utc().is_some_and(|known| updated.utc().is_some_and(|updated| known >= updated))
}

const REALM: &str = "EXAMPLE";
