//! Elements as JSON, with what is private veiled, and what of them no record covers.

use std::collections::BTreeMap;

use ofx_session::ofx::{BankAccount, Element};
use serde_json::{Map, Value};

/// What is shown of account numbers. Passwords and their like never are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Veil {
    /// Whole account numbers, as the user asked for.
    pub show_accounts: bool,
}

impl Veil {
    /// The last digits of an account number, and never more than half of it.
    pub fn account(self, number: &str) -> String {
        if self.show_accounts {
            return number.to_owned();
        }
        let length = number.chars().count();
        let shown = (length / 2).min(4);
        let end: String = number.chars().skip(length - shown).collect();
        format!("..{end}")
    }

    /// Bank, number and type.
    pub fn bank(self, account: &BankAccount) -> String {
        format!("{} {} {}", account.bank_id, self.account(&account.account_id), account.account_type)
    }

    /// The value of a leaf as it may be shown.
    fn value(self, tag: &str, value: &str) -> String {
        if SECRETS.contains(&tag) {
            "(secret)".to_owned()
        } else if ACCOUNTS.contains(&tag) {
            self.account(value)
        } else {
            value.to_owned()
        }
    }
}

/// An aggregate as an object; what may occur more than once is a list, also where it occurs once.
pub fn json(element: &Element, veil: Veil) -> Value {
    if element.children().is_empty() {
        return Value::String(veil.value(element.tag(), element.text().unwrap_or_default()));
    }
    let mut object = Map::new();
    for child in element.children() {
        let value = json(child, veil);
        match object.get_mut(child.tag()) {
            Some(Value::Array(list)) => list.push(value),
            Some(single) => *single = Value::Array(vec![single.take(), value]),
            None if is_list(element.tag(), child.tag()) => {
                object.insert(child.tag().to_owned(), Value::Array(vec![value]));
            }
            None => {
                object.insert(child.tag().to_owned(), value);
            }
        }
    }
    Value::Object(object)
}

/// Whether there may be several of it. There is one `PAYACCT` in a payment, and any number in a payee.
fn is_list(parent: &str, tag: &str) -> bool {
    LISTS.contains(&tag) && (parent, tag) != ("PMTINFO", "PAYACCT")
}

/// How many values an element holds.
pub fn values(element: &Element) -> usize {
    let own = usize::from(element.text().is_some());
    own + element.children().iter().map(values).sum::<usize>()
}

/// The values of an element that `known` does not have, by their path, and how many.
pub fn uncovered(element: &Element, known: &Element) -> BTreeMap<String, usize> {
    let (mut found, mut covered) = (BTreeMap::new(), BTreeMap::new());
    count(element, "", &mut found);
    count(known, "", &mut covered);
    found.retain(|path, count| {
        *count = count.saturating_sub(covered.get(path).copied().unwrap_or(0));
        *count > 0
    });
    found
}

fn count(element: &Element, path: &str, paths: &mut BTreeMap<String, usize>) {
    let own = element.tag();
    let tag = ALIASES.iter().find(|(alias, _)| *alias == own).map_or(own, |(_, tag)| tag);
    let path = format!("{path}/{tag}");
    if element.text().is_some() {
        *paths.entry(path.clone()).or_default() += 1;
    }
    element.children().iter().for_each(|child| count(child, &path, paths));
}

/// What every wrapper has, which its record does not show.
pub fn of_wrapper(wrapper: &Element) -> impl Iterator<Item = Element> {
    let status = wrapper.child("STATUS").map(|status| {
        let known = status.children().iter().filter(|child| matches!(child.tag(), "CODE" | "SEVERITY" | "MESSAGE"));
        Element::aggregate("STATUS", known.cloned().collect())
    });
    wrapper.child("TRNUID").cloned().into_iter().chain(status)
}

const SECRETS: [&str; 17] = [
    "USERPASS",
    "NEWUSERPASS",
    "TEMPPASS",
    "USERKEY",
    "ACCESSTOKEN",
    "ACCESSKEY",
    "SESSCOOKIE",
    "APPKEY",
    "AUTHTOKEN",
    "USERCRED1",
    "USERCRED2",
    "MFAPHRASEA",
    "TAXID",
    "SECURITYNAME",
    "ONETIMEPASS",
    "NONCE",
    "TAN",
];

const ACCOUNTS: [&str; 6] = ["ACCTID", "ACCTKEY", "PAYACCT", "LOANACCTID", "PARENTACCTID", "ACCTNUM"];

/// What may occur more than once.
const LISTS: [&str; 11] = [
    "EXTDPMT",
    "INVOICE",
    "LINEITEM",
    "PAYACCT",
    "ACCTINFO",
    "SIGNONINFO",
    "PROCDAYSOFF",
    "LANGUAGE",
    "INVALIDACCTTYPE",
    "MFACHALLENGE",
    "MFACHALLENGEANSWER",
];

/// Other names that the records are read under.
const ALIASES: [(&str, &str); 6] = [
    ("SVC2", "SVC"),
    ("SVCSTATUS2", "SVCSTATUS"),
    ("PAYEEID2", "PAYEEID"),
    ("PAYEELSTID2", "PAYEELSTID"),
    ("MFAPRHASEID", "MFAPHRASEID"),
    ("MFACHALLENGEA", "MFACHALLENGEANSWER"),
];
