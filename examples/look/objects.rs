//! One payment, recurring payment, payee or account, as far as a person wants to know it.

use ofx_session::Payee;
use ofx_session::ofx::{ExtendedPayee, PaymentProcessing, Stamp};
use serde::Serialize;

#[derive(Debug, Default, Serialize)]
pub struct PaymentRow {
    pub what: &'static str,
    pub id: Option<String>,
    pub amount: Option<String>,
    pub currency: Option<String>,
    pub due: Option<String>,
    pub payee: Option<String>,
    pub payee_list_id: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub account_at_payee: Option<String>,
    pub state: Option<String>,
    pub state_day: Option<String>,
    pub check_number: Option<String>,
    pub model_id: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct RecurringRow {
    pub what: &'static str,
    pub id: Option<String>,
    pub frequency: Option<String>,
    pub times: Option<u32>,
    pub initial_amount: Option<String>,
    pub final_amount: Option<String>,
    /// Whether payments that were made of it are concerned, too.
    pub pending: Option<bool>,
    #[serde(flatten)]
    pub payment: PaymentRow,
}

#[derive(Debug, Default, Serialize)]
pub struct PayeeRow {
    pub what: &'static str,
    pub list_id: Option<String>,
    pub id: Option<String>,
    pub scope: Option<String>,
    pub name: Option<String>,
    pub place: Option<String>,
    pub phone: Option<String>,
    pub to: Option<String>,
    pub accounts: Vec<String>,
    pub days_to_pay: Option<u32>,
}

#[derive(Debug, Serialize)]
pub struct AccountRow {
    pub description: Option<String>,
    pub kind: &'static str,
    pub bank: Option<String>,
    pub number: String,
    pub account_type: Option<String>,
    pub status: Option<String>,
}

/// A date as people write it, with the time where there is one.
pub fn day(stamp: &Stamp) -> String {
    stamp.date().map_or_else(|| stamp.to_string(), |date| date.to_string())
}

impl PaymentRow {
    pub fn about(&self) -> String {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let id = self.id.as_ref().map_or_else(String::new, |id| format!("{id}: "));
        format!("{id}{} to {}, due {}", text(&self.amount), text(&self.payee), text(&self.due))
    }

    pub fn stands(&mut self, processing: Option<&PaymentProcessing>) {
        self.state = processing.map(|processing| processing.state.to_string());
        self.state_day = processing.map(|processing| day(&processing.date));
    }
}

impl PayeeRow {
    pub fn address(self, payee: &Payee) -> Self {
        Self {
            name: Some(payee.name.clone()),
            place: Some(format!("{} {} {}", payee.city, payee.state, payee.postal_code)),
            phone: Some(payee.phone.clone()),
            ..self
        }
    }

    pub fn extended(self, extended: Option<&ExtendedPayee>) -> Self {
        let Some(extended) = extended else { return self };
        Self {
            id: extended.id.clone(),
            scope: extended.scope.as_ref().map(ToString::to_string),
            name: self.name.or_else(|| extended.name.clone()),
            days_to_pay: extended.days_to_pay,
            ..self
        }
    }
}
