//! What happened at the institution, as its ledger file keeps it: enough to go on after a restart.

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use crate::ofx::{
    BankAccount, Content, Element, FileUid, Member as _, PayeeRef, Payment, PaymentTransactionResponse, TrnUid, Version,
};
use crate::testing::answers::SavedAnswer;
use crate::testing::signon::Step;
use crate::testing::{BankModel, LedgerEntry};

/// One thing that happened; the first text is the user. Variants and members are only ever added at the end: the
/// encoding knows them by their place.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Fact {
    Signon(String, Step),
    /// `TRNUID`, and a mark of what it was first sent with.
    Sent(String, String, u64),
    /// `TRNUID` of a payment.
    Received(String, String),
    /// `PAYEELSTID` and the payee that it stands for from now on.
    Listed(String, String, Node),
    /// A response in the history of an account.
    Remembered(String, Node, Node),
    Saved(String, SavedAnswer),
    /// `NEWFILEUID` of a saved answer that is thrown away.
    Forgotten(String, String),
    Paid(Paid),
    ProfileGiven,
    /// `NEWFILEUID`, and a mark of what the file asked for.
    Filed(String, String, u64),
}

/// [`LedgerEntry`] in a form that can be stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Paid {
    user: String,
    server_id: String,
    trn_uid: String,
    payment: Node,
    /// Milliseconds since 1970, UTC.
    accepted: i64,
    ours: bool,
}

/// [`Element`] in a form that can be stored: tag, value, children.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Node(String, String, Vec<Self>);

impl Fact {
    pub(super) fn paid(entry: &LedgerEntry) -> Self {
        Self::Paid(Paid {
            user: entry.user.clone(),
            server_id: entry.server_id.clone(),
            trn_uid: entry.trn_uid.as_str().to_owned(),
            payment: Node::of(&entry.payment, "PMTINFO"),
            accepted: entry.accepted.timestamp_millis(),
            ours: entry.ours,
        })
    }

    pub(super) fn listed(user: &str, id: &str, payee: &PayeeRef) -> Self {
        let mut inside = Vec::new();
        payee.put("PAYEE", Version::V230, &mut inside);
        Self::Listed(user.to_owned(), id.to_owned(), Node::from(&Element::aggregate("PMTINFO", inside)))
    }

    pub(super) fn remembered(user: &str, account: &BankAccount, response: &PaymentTransactionResponse) -> Self {
        Self::Remembered(user.to_owned(), Node::of(account, "BANKACCTFROM"), Node::of(response, "PMTTRNRS"))
    }
}

impl Paid {
    /// `None` for what another version of this file wrote.
    pub(super) fn entry(&self) -> Option<LedgerEntry> {
        Some(LedgerEntry {
            user: self.user.clone(),
            server_id: self.server_id.clone(),
            trn_uid: TrnUid::new(self.trn_uid.as_str()),
            payment: Payment::read(&self.payment.element()).ok()?,
            accepted: DateTime::from_timestamp_millis(self.accepted)?,
            ours: self.ours,
        })
    }
}

impl Node {
    fn of(content: &impl Content, tag: &'static str) -> Self {
        Self::from(&content.write(tag, Version::V230))
    }

    fn element(&self) -> Element {
        if self.2.is_empty() {
            return Element::leaf(self.0.clone(), self.1.as_str());
        }
        Element::aggregate(self.0.clone(), self.2.iter().map(Self::element).collect())
    }
}

impl From<&Element> for Node {
    fn from(element: &Element) -> Self {
        let children = element.children().iter().map(Self::from).collect();
        Self(element.tag().to_owned(), element.text().unwrap_or_default().to_owned(), children)
    }
}

impl BankModel {
    /// Notes what happened, where it is to be kept.
    pub(super) fn note(&mut self, fact: impl FnOnce() -> Fact) {
        if let Some(facts) = &mut self.facts {
            facts.push(fact());
        }
    }

    /// Lets something happen again that a ledger file has; `None` when it makes no sense. Users that are no longer there
    /// are passed over.
    pub(super) fn happen_again(&mut self, fact: Fact) -> Option<()> {
        match fact {
            Fact::Signon(name, step) => drop(self.user_mut(&name).map(|user| user.take(&step))),
            Fact::Sent(name, trn_uid, mark) => self.sent(name, trn_uid, mark),
            Fact::Received(name, trn_uid) => {
                self.user_mut(&name).map(|user| user.received.insert(trn_uid));
            }
            Fact::Listed(name, id, payee) => {
                let payee = PayeeRef::take(&payee.element(), "PAYEE").ok()?;
                self.user_mut(&name).into_iter().for_each(|user| user.list(&id, &payee));
            }
            Fact::Remembered(name, account, response) => {
                let account = BankAccount::read(&account.element()).ok()?;
                let response = PaymentTransactionResponse::read(&response.element()).ok()?;
                let most = self.settings.promises.history;
                self.history(&name, &account).into_iter().for_each(|history| history.push(response.clone(), most));
            }
            Fact::Saved(name, answer) => {
                self.user_mut(&name).into_iter().for_each(|user| user.saved.push(answer.clone()))
            }
            Fact::Forgotten(name, uid) => {
                let uid = FileUid::new(uid);
                self.user_mut(&name).into_iter().for_each(|user| user.saved.retain(|saved| saved.uid != uid));
            }
            Fact::Paid(paid) => self.enter(paid.entry()?),
            Fact::ProfileGiven => self.profile_given = true,
            Fact::Filed(name, uid, mark) => self.filed(&name, &uid, mark),
        }
        Some(())
    }
}
