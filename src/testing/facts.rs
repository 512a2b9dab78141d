//! What happened at the institution, as its ledger file keeps it: enough to go on after a restart.

use chrono::{DateTime, Datelike as _, Duration, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::ofx::{
    AccountInfo, BankAccount, Content, Element, FileUid, Member as _, PayeeAddition, PayeeRef, Payment, PaymentState,
    RecurringPayment, SyncKind, TrnUid, UserInfo, Version,
};
use crate::testing::answers::SavedAnswer;
use crate::testing::history::Event;
use crate::testing::models::Model;
use crate::testing::payments::processing_day;
use crate::testing::user::Step;
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
    /// `PAYEELSTID` and the payee that it stands for from now on. As it was written before there were other entries.
    Listed(String, String, Node),
    /// A response in the history of payments of an account. As it was written before there were other histories.
    Remembered(String, Node, Node),
    Saved(String, SavedAnswer),
    /// `NEWFILEUID` of a saved answer that is thrown away.
    Forgotten(String, String),
    Paid(Paid),
    ProfileGiven,
    /// `NEWFILEUID`, and a mark of what the file asked for.
    Filed(String, String, u64),
    /// What a payment has become; the same entry was [`Paid`](Self::Paid) before.
    Stands(Stands),
    /// `PAYEELSTID` and the entry that it stands for from now on.
    Payee(String, String, Node),
    /// `PAYEELSTID` of an entry that was taken off.
    PayeeDropped(String, String),
    /// A response in a history: its kind, its account, the response.
    Happened(String, u8, Option<Node>, Node),
    /// The clock went on by more than requests let it.
    DayPassed,
    /// What a recurring payment is from now on.
    Model(String, Recurs),
    /// Clients must be approved from now on.
    ApprovalWanted,
    /// A user who enrolled, and the password for the first signon.
    Enrolled(String, String),
    /// Name and address of a user, and when they changed.
    Info(String, Node, i64),
    /// The accounts of a user, and when they changed.
    Accounts(String, Vec<Node>, i64),
    /// An account of a user that has got another number.
    Moved(String, Node, Node),
    /// When the settings changed, as the profile says it: milliseconds since 1970, UTC.
    SettingsChanged(i64),
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

/// What can change about a payment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Stands {
    pub(super) server_id: String,
    payment: Node,
    /// `PMTPRCCODE`.
    state: String,
    /// Days since the year 0.
    day: i32,
    model_id: Option<String>,
}

/// [`Model`] in a form that can be stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Recurs {
    id: String,
    ours: bool,
    request: Node,
    made: Vec<String>,
    before: usize,
    is_canceled: bool,
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

    pub(super) fn stands(entry: &LedgerEntry) -> Self {
        Self::Stands(Stands {
            server_id: entry.server_id.clone(),
            payment: Node::of(&entry.payment, "PMTINFO"),
            state: entry.state.as_str().to_owned(),
            day: entry.day.num_days_from_ce(),
            model_id: entry.model_id.clone(),
        })
    }

    pub(super) fn payee(user: &str, id: &str, payee: &PayeeAddition) -> Self {
        Self::Payee(user.to_owned(), id.to_owned(), Node::of(payee, "PAYEERQ"))
    }

    pub(super) fn model(user: &str, model: &Model) -> Self {
        let Model { id, ours, request, made, before, is_canceled } = model.clone();
        let request = Node::of(&request, "RECPMTRQ");
        Self::Model(user.to_owned(), Recurs { id, ours, request, made, before, is_canceled })
    }

    pub(super) fn info(user: &str, info: &UserInfo, when: DateTime<Utc>) -> Self {
        Self::Info(user.to_owned(), Node::of(info, "CHGUSERINFORQ"), when.timestamp_millis())
    }

    pub(super) fn accounts(user: &str, accounts: &[AccountInfo], when: DateTime<Utc>) -> Self {
        let accounts = accounts.iter().map(|account| Node::of(account, "ACCTINFO")).collect();
        Self::Accounts(user.to_owned(), accounts, when.timestamp_millis())
    }

    pub(super) fn moved(user: &str, from: &BankAccount, to: &BankAccount) -> Self {
        Self::Moved(user.to_owned(), Node::of(from, "BANKACCTFROM"), Node::of(to, "BANKACCTFROM"))
    }

    pub(super) fn happened(user: &str, kind: SyncKind, account: Option<&BankAccount>, event: &Event) -> Self {
        let account = account.map(|account| Node::of(account, "BANKACCTFROM"));
        let event = Node::from(&event.write(kind, Version::V230));
        Self::Happened(user.to_owned(), kind.number(), account, event)
    }
}

impl Paid {
    /// `None` for what another version of this file wrote.
    pub(super) fn entry(&self) -> Option<LedgerEntry> {
        let payment = Payment::read(&self.payment.element()).ok()?;
        let accepted = DateTime::from_timestamp_millis(self.accepted)?;
        Some(LedgerEntry {
            user: self.user.clone(),
            server_id: self.server_id.clone(),
            trn_uid: TrnUid::new(self.trn_uid.as_str()),
            day: processing_day(&payment, accepted.date_naive()),
            payment,
            accepted,
            ours: self.ours,
            state: PaymentState::WillProcessOn,
            model_id: None,
        })
    }
}

impl Recurs {
    fn model(self) -> Option<Model> {
        let Self { id, ours, request, made, before, is_canceled } = self;
        let request = RecurringPayment::read(&request.element()).ok()?;
        Some(Model { id, ours, request, made, before, is_canceled })
    }
}

impl Stands {
    /// Lets a payment become what it is now. `None` for what another version of this file wrote.
    pub(super) fn put(&self, entry: &mut LedgerEntry) -> Option<()> {
        entry.payment = Payment::read(&self.payment.element()).ok()?;
        entry.state = PaymentState::from_word(&self.state);
        entry.day = NaiveDate::from_num_days_from_ce_opt(self.day)?;
        entry.model_id.clone_from(&self.model_id);
        Some(())
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
                self.put_payee(&name, &id, PayeeAddition::new(payee));
            }
            Fact::Remembered(name, account, response) => {
                self.happened_again(&name, SyncKind::Payments, Some(&account), &response)?;
            }
            Fact::Saved(name, answer) => {
                self.user_mut(&name).into_iter().for_each(|user| user.saved.push(answer.clone()))
            }
            Fact::Forgotten(name, uid) => {
                let uid = FileUid::new(uid);
                self.user_mut(&name).into_iter().for_each(|user| user.saved.retain(|saved| saved.uid != uid));
            }
            Fact::Paid(paid) => self.enter(paid.entry()?),
            Fact::Model(name, recurs) => self.put_model(&name, recurs.model()?),
            Fact::ProfileGiven => self.profile_given = true,
            Fact::Enrolled(name, password) => self.add_user(&name, &password),
            Fact::Info(name, info, when) => {
                let info = UserInfo::read(&info.element()).ok()?;
                self.put_info(&name, info, DateTime::from_timestamp_millis(when)?);
            }
            Fact::Accounts(name, accounts, when) => {
                let accounts = accounts.iter().map(|account| AccountInfo::read(&account.element()));
                let accounts = accounts.collect::<Result<_, _>>().ok()?;
                self.put_accounts(&name, accounts, DateTime::from_timestamp_millis(when)?);
            }
            Fact::Moved(name, from, to) => {
                let (from, to) = (BankAccount::read(&from.element()).ok()?, BankAccount::read(&to.element()).ok()?);
                self.move_account(&name, &from, &to);
            }
            Fact::DayPassed => {}
            // They are as they were: the profile has changed once more since.
            Fact::SettingsChanged(when) => {
                let when = DateTime::from_timestamp_millis(when)?.checked_add_signed(Duration::seconds(1))?;
                self.changed = Some(when);
            }
            Fact::ApprovalWanted => self.approval = true,
            Fact::Filed(name, uid, mark) => self.filed(&name, &uid, mark),
            Fact::Stands(stands) => {
                let mut read = Some(());
                self.change_entry(&stands.server_id, |entry| read = stands.put(entry));
                read?;
            }
            Fact::Payee(name, id, payee) => {
                self.put_payee(&name, &id, PayeeAddition::read(&payee.element()).ok()?);
            }
            Fact::PayeeDropped(name, id) => self.drop_payee(&name, &id),
            Fact::Happened(name, kind, account, event) => {
                self.happened_again(&name, SyncKind::from_number(kind)?, account.as_ref(), &event)?;
            }
        }
        Some(())
    }

    fn happened_again(&mut self, name: &str, kind: SyncKind, account: Option<&Node>, event: &Node) -> Option<()> {
        let account = account.map(|account| BankAccount::read(&account.element())).transpose().ok()?;
        let event = Event::read(&event.element()).ok()?;
        let most = self.settings.promises.history;
        self.history(name, kind, account.as_ref()).into_iter().for_each(|history| history.push(event.clone(), most));
        Some(())
    }
}
