//! The user's list of payees. OFX 1.0.3 §12.9, OFX 2.3 §12.9.

use std::hash::Hasher;

use crate::error::StatusCode;
use crate::ofx::{
    Content as _, DeletedPayee, ListedPayee, ModifiedPayee, PayeeAddition, PayeeModification, PayeeRef, Payment, Reply,
    Status, SyncKind, Version,
};
use crate::testing::facts::Fact;
use crate::testing::history::Event;
use crate::testing::payments::code_for;
use crate::testing::requests::{Decision, refusal};
use crate::testing::{BankModel, Feature, digest};

/// An entry of the list.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    /// `PAYEELSTID`.
    pub(super) id: String,
    pub(super) payee: PayeeAddition,
}

impl Listed {
    /// Adds what it says, but for its id.
    pub(super) fn digest(&self, hasher: &mut impl Hasher) {
        digest::fingerprint(&self.payee.write("PAYEERQ", Version::V230), hasher);
    }
}

impl BankModel {
    /// The user's list of payees, oldest first; those that came onto it because they were paid, too.
    #[must_use]
    pub fn payee_list(&self, user_id: &str) -> Vec<ListedPayee> {
        let listed = self.users.get(user_id).map(|user| user.payees.as_slice()).unwrap_or_default();
        listed.iter().map(|listed| self.entry(listed)).collect()
    }

    /// The institution finds out that an entry is one of its standard payees, and says so to those who synchronize: it is
    /// paid by its `PAYEEID` from now on. `false` when there is no such entry or payee.
    pub fn match_payee(&mut self, user_id: &str, list_id: &str, payee_id: &str) -> bool {
        let known = self.settings.payees.iter().any(|(known, _)| known == payee_id);
        let Some(mut payee) = self.listed(user_id, list_id).cloned().filter(|_| known) else { return false };
        payee.payee = PayeeRef::Id(payee_id.to_owned());
        payee.to = None;
        self.put_payee(user_id, list_id, payee);
        self.tell_payee_changed(user_id, list_id);
        true
    }

    /// `PAYEERQ`.
    pub(super) fn add_payee(&mut self, name: &str, request: &PayeeAddition) -> Decision {
        self.must_offer(Feature::AddPayees, "CANADDPAYEE", "a payee is added")?;
        self.known_payee(&request.payee)?;
        request.check(Version::V230).map_err(|error| refusal(code_for(&error), &error.to_string()))?;
        let id = self.next_id().to_string();
        self.put_payee(name, &id, request.clone());
        let entry = self.entry(&Listed { id, payee: request.clone() });
        Ok(Reply::AddPayee(Box::new(entry)))
    }

    /// `PAYEEMODRQ`. Payments that wait stay as they are.
    pub(super) fn modify_payee(&mut self, name: &str, request: &PayeeModification) -> Decision {
        let Some(mut payee) = self.listed(name, &request.list_id).cloned() else { return Err(not_listed()) };
        request.check(Version::V230).map_err(|error| refusal(code_for(&error), &error.to_string()))?;
        match (&request.payee, &payee.payee) {
            (Some(_), PayeeRef::Id(_)) => {
                return Err(refusal(StatusCode::PAYEE_NOT_MODIFIABLE, "a standard payee cannot be changed"));
            }
            (Some(changed), PayeeRef::Address(_)) => {
                payee.payee = PayeeRef::from(changed.clone());
                payee.to.clone_from(&request.to);
            }
            (None, _) => {}
        }
        payee.pay_accounts.clone_from(&request.pay_accounts);
        self.put_payee(name, &request.list_id, payee.clone());
        self.models_follow(name, &request.list_id);
        Ok(self.modified(&Listed { id: request.list_id.clone(), payee }))
    }

    /// `PAYEEDELRQ`. Payments that wait are made all the same.
    pub(super) fn delete_payee(&mut self, name: &str, list_id: &str) -> Decision {
        if self.listed(name, list_id).is_none() {
            return Err(not_listed());
        }
        self.drop_payee(name, list_id);
        Ok(Reply::DeletePayee(Box::new(DeletedPayee::new(list_id))))
    }

    /// The payee's entry in the user's list: added when new, changed when different.
    pub(super) fn list_payee(&mut self, name: &str, payment: &Payment) -> Result<String, Status> {
        let user = self.users.get(name).ok_or_else(not_listed)?;
        let found = match &payment.payee_list_id {
            Some(id) => Some(user.payees.iter().find(|listed| listed.id == *id).ok_or_else(not_listed)?),
            None => user.payees.iter().find(|listed| listed.payee.payee == payment.payee),
        };
        let Some(Listed { id, payee: known }) = found.cloned() else {
            self.must_offer(Feature::AddPayees, "CANADDPAYEE", "a payee that is not on the list is paid")?;
            let mut payee = PayeeAddition::new(payment.payee.clone()).pay_account(payment.pay_account.as_str());
            payee.to.clone_from(&payment.to);
            let id = self.next_id().to_string();
            self.put_payee(name, &id, payee.clone());
            let entry = self.entry(&Listed { id: id.clone(), payee });
            self.remember(name, SyncKind::Payees, None, Event::by_itself(Reply::AddPayee(Box::new(entry))));
            return Ok(id);
        };
        let mut payee = known.clone();
        payee.payee.clone_from(&payment.payee);
        if payment.to.is_some() {
            payee.to.clone_from(&payment.to);
        }
        if !payee.pay_accounts.contains(&payment.pay_account) {
            payee.pay_accounts.push(payment.pay_account.clone());
        }
        if payee != known {
            self.put_payee(name, &id, payee);
            self.tell_payee_changed(name, &id);
        }
        Ok(id)
    }

    /// Refuses a `PAYEEID` that is none.
    pub(super) fn known_payee(&self, payee: &PayeeRef) -> Result<(), Status> {
        match payee {
            PayeeRef::Id(id) if !self.settings.payees.iter().any(|(known, _)| known == id) => {
                Err(refusal(StatusCode::INVALID_PAYEE_ID, "PAYEEID is not known"))
            }
            _ => Ok(()),
        }
    }

    /// The present state of the list, as if every entry were new.
    pub(super) fn payees_as_new(&self, name: &str) -> Vec<Event> {
        self.payee_list(name).into_iter().map(|entry| Event::by_itself(Reply::AddPayee(Box::new(entry)))).collect()
    }

    pub(super) fn listed(&self, name: &str, list_id: &str) -> Option<&PayeeAddition> {
        let listed = self.users.get(name)?.payees.iter().find(|listed| listed.id == list_id)?;
        Some(&listed.payee)
    }

    /// Puts a payee into the list, or another one in its place.
    pub(super) fn put_payee(&mut self, name: &str, id: &str, payee: PayeeAddition) {
        self.note(|| Fact::payee(name, id, &payee));
        let Some(user) = self.user_mut(name) else { return };
        match user.payees.iter_mut().find(|listed| listed.id == id) {
            Some(listed) => listed.payee = payee,
            None => user.payees.push(Listed { id: id.to_owned(), payee }),
        }
    }

    pub(super) fn drop_payee(&mut self, name: &str, id: &str) {
        self.note(|| Fact::PayeeDropped(name.to_owned(), id.to_owned()));
        self.user_mut(name).into_iter().for_each(|user| user.payees.retain(|listed| listed.id != id));
    }

    /// Says to those who synchronize that an entry was changed otherwise than by a request of its own.
    fn tell_payee_changed(&mut self, name: &str, id: &str) {
        let Some(payee) = self.listed(name, id).cloned() else { return };
        let reply = self.modified(&Listed { id: id.to_owned(), payee });
        self.remember(name, SyncKind::Payees, None, Event::by_itself(reply));
        self.models_follow(name, id);
    }

    /// `PAYEERS`.
    fn entry(&self, listed: &Listed) -> ListedPayee {
        let Listed { id, payee } = listed;
        let mut entry = ListedPayee::new(id.as_str(), by_address(&payee.payee));
        entry.to.clone_from(&payee.to);
        entry.extended = self.extended_payee(&payee.payee);
        entry.pay_accounts.clone_from(&payee.pay_accounts);
        entry
    }

    /// `PAYEEMODRS`.
    fn modified(&self, listed: &Listed) -> Reply {
        let ListedPayee { list_id, payee, to, extended, pay_accounts } = &self.entry(listed);
        let mut modified = ModifiedPayee::new(list_id.as_str(), payee.clone());
        modified.to.clone_from(to);
        modified.extended.clone_from(extended);
        modified.pay_accounts.clone_from(pay_accounts);
        Reply::ModifyPayee(Box::new(modified))
    }
}

fn by_address(payee: &PayeeRef) -> Option<crate::ofx::Payee> {
    match payee {
        PayeeRef::Address(payee) => Some((**payee).clone()),
        PayeeRef::Id(_) => None,
    }
}

fn not_listed() -> Status {
    refusal(StatusCode::INVALID_PAYEE_LIST_ID, "PAYEELSTID is not in your list of payees")
}
