//! A profile in short: where its message sets are, how one signs on, and what can be done with bills.

use ofx_session::ofx::{Enrollment, MessageSetDetails, Profile};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub struct ProfileReport {
    pub name: Option<String>,
    pub updated: Option<String>,
    pub address: Vec<String>,
    pub message_sets: Vec<SetReport>,
    pub realms: Vec<RealmReport>,
    pub bill_pay: Vec<(&'static str, String)>,
    pub signup: Vec<(&'static str, String)>,
}

#[derive(Debug, Serialize)]
pub struct SetReport {
    pub name: String,
    pub version: u32,
    pub url: String,
    pub realm: Option<String>,
    pub sync_mode: Option<String>,
    pub refresh: Option<bool>,
    pub file_recovery: Option<bool>,
    /// Its attributes are not as the specification has them.
    pub is_strange: bool,
}

#[derive(Debug, Serialize)]
pub struct RealmReport {
    pub realm: String,
    pub password: String,
    pub password_change: Option<bool>,
    pub client_uid_required: Option<bool>,
    pub questions: Option<bool>,
    pub questions_first: Option<bool>,
    /// What else is asked for.
    pub labels: Vec<String>,
}

impl ProfileReport {
    pub fn new(profile: &Profile) -> Self {
        let lines = [
            &profile.address1,
            &profile.address2,
            &profile.address3,
            &profile.city,
            &profile.state,
            &profile.postal_code,
            &profile.country,
            &profile.customer_phone,
            &profile.email,
            &profile.web_page,
        ];
        Self {
            name: profile.name.clone(),
            updated: profile.updated.as_ref().map(ToString::to_string),
            address: lines.into_iter().flatten().cloned().collect(),
            message_sets: profile.message_sets.iter().map(set).collect(),
            realms: profile.signon.iter().map(realm).collect(),
            bill_pay: bill_pay(profile),
            signup: signup(profile),
        }
    }
}

fn set(set: &ofx_session::ofx::MessageSet) -> SetReport {
    SetReport {
        name: set.name.clone(),
        version: set.version,
        url: set.core.url.clone(),
        realm: set.core.realm.clone(),
        sync_mode: set.core.sync_mode.as_ref().map(ToString::to_string),
        refresh: set.core.refresh,
        file_recovery: set.core.file_recovery,
        is_strange: matches!(set.details, MessageSetDetails::Other(_)),
    }
}

fn realm(info: &ofx_session::ofx::SignonInfo) -> RealmReport {
    let number = |number: Option<u32>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
    let kind = info.char_type.as_ref().map_or_else(String::new, |kind| format!(" {kind}"));
    let labels = [&info.user_cred1_label, &info.user_cred2_label, &info.auth_token_label];
    RealmReport {
        realm: info.realm.clone(),
        password: format!("{} to {}{kind}", number(info.min), number(info.max)),
        password_change: info.password_change,
        client_uid_required: info.client_uid_required,
        questions: info.mfa_supported,
        questions_first: info.mfa_first,
        labels: labels.into_iter().flatten().cloned().collect(),
    }
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

fn bill_pay(profile: &Profile) -> Vec<(&'static str, String)> {
    let Some(set) = profile.bill_pay() else { return Vec::new() };
    vec![
        ("payees by address", yes(set.by_address)),
        ("by transfer", yes(set.by_transfer)),
        ("by payee id", yes(set.by_payee_id)),
        ("new payees", yes(set.add_payees)),
        ("invoices", yes(set.extended)),
        ("payments can be changed", yes(set.modify)),
        ("recurring payments can be changed", yes(set.modify_models)),
        ("other first and last amount", format!("{} and {}", yes(set.different_first), yes(set.different_last))),
        ("days to pay", format!("{}, by transfer {}", set.days_to_pay, set.transfer_days_to_pay)),
        ("days from processing until the money is taken", set.days_with.to_string()),
        ("days that it is taken ahead by transfer", set.transfer_days_with.to_string()),
        ("days that payments are made ahead", set.model_days.to_string()),
        ("days that payments can be inquired", set.inquiry_days.to_string()),
        ("changes of state by synchronization", yes(set.status_by_sync)),
    ]
}

fn signup(profile: &Profile) -> Vec<(&'static str, String)> {
    let Some(MessageSetDetails::Signup(set)) = profile.message_set("SIGNUP").map(|set| &set.details) else {
        return Vec::new();
    };
    let enrollment = match &set.enrollment {
        Enrollment::Client { account_required: true } => "from here, with an account".to_owned(),
        Enrollment::Client { .. } => "from here".to_owned(),
        Enrollment::Web(url) => format!("at {url}"),
        Enrollment::Other(message) => message.clone(),
        _ => "in a way that this program does not know".to_owned(),
    };
    vec![
        ("enrolment", enrollment),
        ("account list", yes(set.available_accounts)),
        ("name and address can be changed", yes(set.change_user_info)),
        ("services can be activated", yes(set.activation)),
    ]
}
