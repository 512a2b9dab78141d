//! What is in the state file, as tables.

use serde_json::json;

use crate::arguments::List;
use crate::book::Book;
use crate::shown::{Shown, table};
use crate::sync::NO_HISTORY;

impl Book {
    /// One kind, or all.
    pub fn list(&self, which: Option<&List>, keeps_no_history: bool) -> Shown {
        let as_of = match &self.synchronized {
            Some(when) => format!("(as of {when}; `sync` asks for news)"),
            None => "(the institution was not asked yet: `sync`)".to_owned(),
        };
        let note = if keeps_no_history { format!("\nnote: {NO_HISTORY}") } else { String::new() };
        let mut shown = match which {
            Some(which) => self.table(which),
            None => {
                let all = [List::Payees, List::Payments, List::Recurring, List::Mail].map(|which| self.table(&which));
                let mut json = json!({});
                for object in all.iter().filter_map(|shown| shown.json.as_object()) {
                    object.iter().for_each(|(name, list)| json[name] = list.clone());
                }
                Shown::new(all.map(|shown| shown.text).join("\n"), json)
            }
        };
        shown.text = format!("{}{as_of}{note}", shown.text);
        shown.json["synchronized"] = json!(self.synchronized);
        shown.json["keeps_no_history"] = json!(keeps_no_history);
        shown
    }

    fn table(&self, which: &List) -> Shown {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let end = |account: &str| account.split(':').nth(1).unwrap_or(account).to_owned();
        let (name, rows, headings, json) = match which {
            List::Payees => {
                let mut payees: Vec<_> = self.payees.iter().collect();
                payees.sort_by_key(|payee| payee.name.to_lowercase());
                let row = |payee: &&crate::book::PayeeCopy| {
                    vec![
                        payee.id.clone(),
                        payee.name.clone(),
                        text(&payee.city),
                        payee.accounts.join(" "),
                        text(&payee.payee_id),
                    ]
                };
                let rows: Vec<_> = payees.iter().map(row).collect();
                (
                    "payees",
                    rows,
                    ["ID", "NAME", "CITY", "YOUR ACCOUNT", "PAYEE ID"].as_slice(),
                    json!({ "payees": payees }),
                )
            }
            List::Payments => {
                let mut payments: Vec<_> = self.payments.iter().collect();
                payments.sort_by_key(|payment| (&payment.due, &payment.id));
                let row = |payment: &&crate::book::PaymentCopy| {
                    let payment = *payment;
                    vec![
                        payment.id.clone(),
                        payment.due.clone(),
                        payment.amount.clone(),
                        payment.payee.clone(),
                        payment.account.clone(),
                        end(&payment.from),
                        payment.standing(),
                    ]
                };
                let rows: Vec<_> = payments.iter().map(row).collect();
                let headings = ["ID", "DUE", ">AMOUNT", "PAYEE", "YOUR ACCOUNT", "FROM", "STATE"].as_slice();
                ("payments", rows, headings, json!({ "payments": payments }))
            }
            List::Recurring => {
                let row = |copy: &crate::book::RecurringCopy| {
                    vec![
                        copy.id.clone(),
                        copy.first.clone(),
                        copy.amount.clone(),
                        copy.payee.clone(),
                        copy.account.clone(),
                        copy.every.clone(),
                        copy.times.map_or_else(|| "no end".to_owned(), |times| times.to_string()),
                        if copy.ended { "ended" } else { "goes on" }.to_owned(),
                    ]
                };
                let rows: Vec<_> = self.recurring.iter().map(row).collect();
                let headings =
                    ["ID", "FIRST", ">AMOUNT", "PAYEE", "YOUR ACCOUNT", "EVERY", ">TIMES", "STATE"].as_slice();
                ("recurring payments", rows, headings, json!({ "recurring": self.recurring }))
            }
            List::Mail => {
                let row = |copy: &crate::book::MailCopy| {
                    let about = copy.about.as_ref().map(|id| self.payment_in_short(id));
                    vec![
                        copy.date.clone(),
                        copy.from.clone(),
                        copy.to.clone(),
                        text(&about),
                        copy.subject.clone(),
                        copy.text.clone(),
                    ]
                };
                let rows: Vec<_> = self.mail.iter().map(row).collect();
                let headings = ["DATE", "FROM", "TO", "ABOUT PAYMENT", "SUBJECT", "TEXT"].as_slice();
                ("mail", rows, headings, json!({ "mail": self.mail }))
            }
        };
        let body = if rows.is_empty() { format!("no {name} here\n") } else { table(headings, &rows) };
        Shown::new(body, json)
    }
}
