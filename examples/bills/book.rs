//! What the state file holds: the sealed client, copies of everything the institution has told, and the operation that waits.

use chrono::{SecondsFormat, Utc};
use ofx_session::ofx::{
    ExtendedPayee, ListedPayee, ModifiedModel, ModifiedPayee, Payee, PaymentMail, PaymentProcessing, PaymentState,
    RecurringModel, Stamp,
};
use ofx_session::{BankAccount, PayeeRef, Payment, SyncKind};
use serde::{Deserialize, Serialize};

use crate::arguments::account;

/// The state file, as it stands on the disk. Copies are for people; what the institution wants back is kept as it was sent.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Book {
    pub format: u32,
    pub url: String,
    pub user: String,
    pub ca_file: Option<std::path::PathBuf>,
    pub allow_http_loopback: bool,
    pub speech: Speech,
    /// The client: `CLIENTUID`, access key, profile, account list and places in the histories. Sealed.
    pub client: Option<String>,
    pub waiting: Option<Waiting>,
    /// When the institution was last asked what happened, UTC.
    pub synchronized: Option<String>,
    pub payees: Vec<PayeeCopy>,
    pub payments: Vec<PaymentCopy>,
    pub recurring: Vec<RecurringCopy>,
    pub mail: Vec<MailCopy>,
}

/// How the institution is spoken to.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Speech {
    pub org: Option<String>,
    pub fid: Option<String>,
    pub app_id: String,
    pub app_version: String,
    pub ofx_version: u16,
}

/// An operation that somebody has to go on with.
#[derive(Clone, Serialize, Deserialize)]
pub struct Waiting {
    /// What it does, for people.
    pub what: String,
    pub trn_uid: String,
    /// When it was stored, in unix seconds.
    pub stored: u64,
    /// Whether it is not known if it was carried out.
    pub in_doubt: bool,
    /// Whether money depends on it.
    pub pays: bool,
    /// The session and the operation. Sealed.
    pub blob: String,
    /// What the command that began it has yet to do.
    #[serde(default)]
    pub then: Option<Then>,
}

/// The rest of a command whose first operation waits.
#[derive(Clone, Serialize, Deserialize)]
pub enum Then {
    Sync {
        refresh: bool,
    },
    /// It is to be entered again, by this name.
    Again(String),
}

#[derive(Clone, Serialize, Deserialize)]
pub struct PayeeCopy {
    /// `PAYEELSTID`.
    pub id: String,
    pub name: String,
    pub address: Vec<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
    pub phone: Option<String>,
    /// The user's account numbers there.
    pub accounts: Vec<String>,
    /// `BANKACCTTO`: the account that a transfer goes to.
    pub transfer_to: Option<String>,
    /// `PAYEEID`, where it is a standard payee, and for whom that id is good.
    pub payee_id: Option<String>,
    pub scope: Option<String>,
    pub days_to_pay: Option<u32>,
    /// `PAYEE`, complete.
    pub aggregate: Option<String>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub struct PaymentCopy {
    /// `SRVRTID`.
    pub id: String,
    pub payee: String,
    pub payee_list_id: Option<String>,
    pub amount: String,
    pub currency: Option<String>,
    /// The user's account number at the payee.
    pub account: String,
    pub from: String,
    pub due: String,
    pub memo: Option<String>,
    /// scheduled, paid, no funds, failed, canceled, or the institution's own word.
    pub state: String,
    /// The day that the state speaks of.
    pub on: Option<String>,
    pub check_number: Option<String>,
    /// The recurring payment that made it.
    pub recurring: Option<String>,
    /// `PMTINFO`, complete: a change sends all of it.
    pub aggregate: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct RecurringCopy {
    /// `RECSRVRTID`.
    pub id: String,
    pub payee: String,
    pub payee_list_id: Option<String>,
    pub every: String,
    /// How many payments in all; none for no end.
    pub times: Option<u32>,
    pub amount: String,
    pub first_amount: Option<String>,
    pub last_amount: Option<String>,
    pub currency: Option<String>,
    pub account: String,
    pub from: String,
    /// Day of the first payment.
    pub first: String,
    pub ended: bool,
    /// `PMTINFO`, complete.
    pub aggregate: String,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct MailCopy {
    pub date: String,
    pub from: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub about: Option<String>,
}

impl PayeeCopy {
    pub fn listed(listed: &ListedPayee) -> Self {
        let transfer_to = listed.to.as_ref().map(account_text);
        let new = Self::new(&listed.list_id, listed.payee.as_ref(), listed.extended.as_ref(), &listed.pay_accounts);
        Self { transfer_to, ..new }
    }

    pub fn modified(modified: &ModifiedPayee) -> Self {
        let transfer_to = modified.to.as_ref().map(account_text);
        let (payee, more) = (modified.payee.as_ref(), modified.extended.as_ref());
        Self { transfer_to, ..Self::new(&modified.list_id, payee, more, &modified.pay_accounts) }
    }

    pub fn new(id: &str, payee: Option<&Payee>, more: Option<&ExtendedPayee>, accounts: &[String]) -> Self {
        let payee_id = more.and_then(|more| more.id.clone());
        let name = payee.map(|payee| payee.name.clone()).or_else(|| more.and_then(|more| more.name.clone()));
        let address = payee.map(|payee| [Some(&payee.address1), payee.address2.as_ref(), payee.address3.as_ref()]);
        Self {
            id: id.to_owned(),
            name: name.unwrap_or_else(|| format!("payee {}", payee_id.as_deref().unwrap_or(id))),
            address: address.into_iter().flatten().flatten().cloned().collect(),
            city: payee.map(|payee| payee.city.clone()),
            region: payee.map(|payee| payee.state.clone()),
            postal_code: payee.map(|payee| payee.postal_code.clone()),
            country: payee.and_then(|payee| payee.country.clone()),
            phone: payee.map(|payee| payee.phone.clone()),
            accounts: accounts.to_vec(),
            transfer_to: None,
            scope: more.and_then(|more| more.scope.as_ref()).map(ToString::to_string),
            days_to_pay: more.and_then(|more| more.days_to_pay),
            aggregate: payee.map(Payee::to_aggregate),
            payee_id,
        }
    }

    /// What another copy of it has otherwise: the name of the field, and both values.
    pub fn differences(&self, new: &Self) -> Vec<(&'static str, String, String)> {
        let values = |copy: &Self| {
            let texts = [&copy.city, &copy.region, &copy.postal_code, &copy.country, &copy.phone, &copy.transfer_to];
            let lists = [copy.name.clone(), copy.address.join(", "), copy.accounts.join(", ")];
            lists.into_iter().chain(texts.map(|text| text.clone().unwrap_or_default())).collect::<Vec<_>>()
        };
        let names = ["name", "address", "account", "city", "region", "postal code", "country", "phone", "transfer to"];
        let shown = |value: String| if value.is_empty() { "nothing".to_owned() } else { value };
        let both = values(self).into_iter().zip(values(new)).zip(names);
        both.filter(|((old, new), _)| old != new).map(|((old, new), name)| (name, shown(old), shown(new))).collect()
    }

    /// How a payment names it: by the id of the payment system once there is one, by name and address for a transfer.
    pub fn to_pay(&self) -> Result<PayeeRef, String> {
        match (self.payee_id.as_ref().filter(|_| self.transfer_to.is_none()), self.payee()?) {
            (Some(id), _) => Ok(PayeeRef::Id(id.clone())),
            (None, Some(payee)) => Ok(payee.into()),
            (None, None) => Err(format!("nothing is known of payee {}; sync --refresh asks for it", self.id)),
        }
    }

    /// The account that a transfer goes to.
    pub fn to(&self) -> Result<Option<BankAccount>, String> {
        self.transfer_to.as_deref().map(account).transpose()
    }

    /// Its name and address; none for a standard payee.
    pub fn payee(&self) -> Result<Option<Payee>, String> {
        let read = |text: &String| Payee::from_aggregate(text).map_err(|error| format!("payee {}: {error}", self.id));
        self.aggregate.as_ref().map(read).transpose()
    }
}

impl PaymentCopy {
    pub fn new(id: &str, payment: &Payment, payee: String) -> Self {
        Self {
            id: id.to_owned(),
            payee,
            payee_list_id: payment.payee_list_id.clone(),
            amount: payment.amount.to_string(),
            currency: None,
            account: payment.pay_account.clone(),
            from: account_text(&payment.from),
            due: day_text(&payment.due),
            memo: payment.memo.clone(),
            state: "scheduled".to_owned(),
            on: None,
            check_number: None,
            recurring: None,
            aggregate: payment.to_aggregate(),
        }
    }

    pub fn processed(&mut self, processing: Option<&PaymentProcessing>) {
        if let Some(processing) = processing {
            state_word(&processing.state).clone_into(&mut self.state);
            self.on = Some(day_text(&processing.date));
        }
    }

    pub fn payment(&self) -> Result<Payment, String> {
        Payment::from_aggregate(&self.aggregate).map_err(|error| format!("payment {}: {error}", self.id))
    }

    /// `scheduled for 2026-12-24`.
    pub fn standing(&self) -> String {
        match (self.state.as_str(), &self.on) {
            (state, None) => state.to_owned(),
            ("scheduled", Some(day)) => format!("scheduled for {day}"),
            (state, Some(day)) => format!("{state} on {day}"),
        }
    }
}

impl RecurringCopy {
    pub fn new(model: &RecurringModel, payee: String) -> Self {
        let (payment, recurrence) = (&model.payment, &model.recurrence);
        Self {
            id: model.model_id.clone(),
            payee,
            payee_list_id: model.payee_list_id.clone().or_else(|| payment.payee_list_id.clone()),
            every: recurrence.frequency.as_str().to_ascii_lowercase(),
            times: recurrence.count,
            amount: payment.amount.to_string(),
            first_amount: model.initial_amount.map(|amount| amount.to_string()),
            last_amount: model.final_amount.map(|amount| amount.to_string()),
            currency: model.currency.clone(),
            account: payment.pay_account.clone(),
            from: account_text(&payment.from),
            first: day_text(&payment.due),
            ended: false,
            aggregate: payment.to_aggregate(),
        }
    }

    pub fn change(&mut self, model: &ModifiedModel) {
        self.every = model.recurrence.frequency.as_str().to_ascii_lowercase();
        self.times = model.recurrence.count;
        self.amount = model.payment.amount.to_string();
        self.first_amount = model.initial_amount.map(|amount| amount.to_string());
        self.last_amount = model.final_amount.map(|amount| amount.to_string());
        self.first = day_text(&model.payment.due);
        self.aggregate = model.payment.to_aggregate();
    }

    pub fn payment(&self) -> Result<Payment, String> {
        Payment::from_aggregate(&self.aggregate).map_err(|error| format!("recurring payment {}: {error}", self.id))
    }
}

impl MailCopy {
    pub fn new(mail: &PaymentMail) -> Self {
        Self {
            date: day_text(&mail.mail.created),
            from: mail.mail.from.clone(),
            to: mail.mail.to.clone(),
            subject: mail.mail.subject.clone(),
            text: mail.mail.body.clone(),
            about: mail.about.as_ref().map(|about| about.server_id.clone()),
        }
    }
}

impl Book {
    pub fn payment(&self, id: &str) -> Option<&PaymentCopy> {
        self.payments.iter().find(|payment| payment.id == id)
    }

    pub fn recurring(&self, id: &str) -> Option<&RecurringCopy> {
        self.recurring.iter().find(|recurring| recurring.id == id)
    }

    pub fn payee(&self, id: &str) -> Option<&PayeeCopy> {
        self.payees.iter().find(|payee| payee.id == id)
    }

    /// The payee that is meant by a list id, a name, or a part of a name that only one has.
    pub fn find_payee(&self, text: &str) -> Result<&PayeeCopy, String> {
        if let Some(payee) = self.payee(text) {
            return Ok(payee);
        }
        let wanted = text.to_lowercase();
        let same: Vec<_> = self.payees.iter().filter(|payee| payee.name.to_lowercase() == wanted).collect();
        let like = || self.payees.iter().filter(|payee| payee.name.to_lowercase().contains(&wanted)).collect();
        match if same.is_empty() { like() } else { same }.as_slice() {
            [one] => Ok(one),
            [] => Err(format!(
                "no payee is called {text:?} here; `list payees` shows who there is, `sync` asks the institution, `add payee` adds one"
            )),
            several => {
                let ids: Vec<_> = several.iter().map(|payee| format!("{} ({})", payee.id, payee.name)).collect();
                Err(format!("{text:?} can be {}; say which by its id", ids.join(" or ")))
            }
        }
    }

    /// Whom a payment pays, for people.
    pub fn payee_name(&self, payment: &Payment, list_id: Option<&str>, more: Option<&ExtendedPayee>) -> String {
        let list_id = list_id.or(payment.payee_list_id.as_deref());
        let listed = || list_id.and_then(|id| self.payee(id)).map(|payee| payee.name.clone());
        match &payment.payee {
            PayeeRef::Address(payee) => payee.name.clone(),
            PayeeRef::Id(id) => {
                more.and_then(|more| more.name.clone()).or_else(listed).unwrap_or_else(|| format!("payee {id}"))
            }
            _ => listed().unwrap_or_else(|| "a payee".to_owned()),
        }
    }

    /// Notes that the institution was asked what happened.
    pub fn now_synchronized(&mut self) {
        self.synchronized = Some(Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true));
    }
}

pub fn kind_word(kind: SyncKind) -> &'static str {
    match kind {
        SyncKind::Payments => "payment",
        SyncKind::RecurringPayments => "recurring",
        SyncKind::Payees => "payee",
        SyncKind::PaymentMail => "mail",
        _ => "other",
    }
}

fn state_word(state: &PaymentState) -> &str {
    match state {
        PaymentState::WillProcessOn => "scheduled",
        PaymentState::ProcessedOn => "paid",
        PaymentState::NoFundsOn => "no funds",
        PaymentState::FailedOn => "failed",
        PaymentState::CanceledOn => "canceled",
        other => other.as_str(),
    }
}

pub fn day_text(stamp: &Stamp) -> String {
    stamp.date().map_or_else(|| stamp.to_string(), |day| day.to_string())
}

/// As the command line takes it.
pub fn account_text(account: &BankAccount) -> String {
    format!("{}:{}:{}", account.bank_id, account.account_id, account.account_type)
}
