//! Recurring payments: models that the institution makes payments of, 30 days ahead. OFX 1.0.3 §12.7, OFX 2.3 §12.7.
//!
//! ```text
//! RECPMTRQ ──► Model ──30 days ahead──► a payment in the ledger, and a PMTRS with TRNUID 0 and RECSRVRTID in its history
//! ```

use std::hash::{Hash as _, Hasher};

use chrono::{Days, Months, NaiveDate};

use crate::error::StatusCode;
use crate::ofx::{
    Amount, CanceledModel, Content as _, Frequency, ModelCancellation, ModelModification, ModifiedModel, Payment,
    PaymentState, RecurringModel, RecurringPayment, Reply, Stamp, Status, SyncKind, Version,
};
use crate::testing::facts::Fact;
use crate::testing::history::Event;
use crate::testing::payments::{code_for, refuse_fixed, whole_cents};
use crate::testing::requests::{Asking, Decision, refusal};
use crate::testing::{BankModel, Feature, LedgerEntry, digest};

/// A recurring payment, as the institution carries it out.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// `RECSRVRTID`.
    pub(super) id: String,
    pub(super) ours: bool,
    pub(super) request: RecurringPayment,
    /// `SRVRTID` of each payment that it made, oldest first.
    pub(super) made: Vec<String>,
    /// How many were made before the due day of the request was the first one.
    pub(super) before: usize,
    pub(super) is_canceled: bool,
}

impl Model {
    /// Adds what decides how it goes on.
    pub(super) fn digest(&self, hasher: &mut impl Hasher) {
        (self.ours, self.made.len(), self.before, self.is_canceled).hash(hasher);
        digest::fingerprint(&self.request.write("RECPMTRQ", Version::V230), hasher);
    }

    fn pays_the_same_as(&self, other: &Self) -> bool {
        let mut request = self.request.clone();
        request.payment.payee_list_id.clone_from(&other.request.payment.payee_list_id);
        request == other.request
    }

    /// Whether no payment is left to make.
    fn is_over(&self) -> bool {
        self.is_canceled || self.count().is_some_and(|count| self.made.len() >= count)
    }

    /// How many payments there are in all.
    fn count(&self) -> Option<usize> {
        self.request.recurrence.count.and_then(|count| usize::try_from(count).ok())
    }

    /// The payment at a place of the row.
    fn payment(&self, place: usize, due: NaiveDate) -> Payment {
        let RecurringPayment { payment, initial_amount, final_amount, .. } = &self.request;
        let mut payment = payment.clone();
        let is_last = self.count() == Some(place + 1);
        let amount: Option<Amount> = initial_amount.filter(|_| place == 0).or_else(|| final_amount.filter(|_| is_last));
        payment.amount = amount.unwrap_or(payment.amount);
        payment.due = Stamp::day(due);
        payment
    }

    /// The due day of the next payment.
    fn next_due(&self) -> Option<NaiveDate> {
        let first = self.request.payment.due.date()?;
        let place = u32::try_from(self.made.len().checked_sub(self.before)?).ok()?;
        let days = |days: u64| first.checked_add_days(Days::new(days.checked_mul(u64::from(place))?));
        let months = |months: u32| first.checked_add_months(Months::new(months.checked_mul(place)?));
        match self.request.recurrence.frequency {
            Frequency::Weekly => days(7),
            Frequency::Biweekly => days(14),
            Frequency::FourWeeks => days(28),
            Frequency::TwiceMonthly => {
                let day = first.checked_add_days(Days::new(if place % 2 == 0 { 0 } else { 15 }))?;
                day.checked_add_months(Months::new(place / 2))
            }
            Frequency::Monthly => months(1),
            Frequency::Bimonthly => months(2),
            Frequency::Quarterly => months(3),
            Frequency::Semiannually => months(6),
            Frequency::Annually => months(12),
            Frequency::Other(_) => None,
        }
    }
}

impl BankModel {
    /// The user's recurring payments that are not over, oldest first.
    #[must_use]
    pub fn recurring_payments(&self, user_id: &str) -> Vec<RecurringModel> {
        let models = self.users.get(user_id).map(|user| user.models.as_slice()).unwrap_or_default();
        models.iter().filter(|model| self.lives(model)).map(|model| self.model_as_new(model)).collect()
    }

    /// Pairs of recurring payments of ours that are not over and pay the same for the same user, the earlier one first; how the
    /// institution lists the payee does not count. Who wants the same twice must mark it, by the `MEMO` for example.
    ///
    /// [`Ledger::double_payments`](crate::testing::Ledger::double_payments) sees the payments that they have made, and none before that:
    /// a payment is made 30 days ahead.
    #[must_use]
    pub fn double_models(&self) -> Vec<(RecurringModel, RecurringModel)> {
        let mut pairs = Vec::new();
        for user in self.users.values() {
            let ours: Vec<&Model> = user.models.iter().filter(|model| model.ours && self.lives(model)).collect();
            for (at, first) in ours.iter().enumerate() {
                let later = ours.iter().skip(at + 1).filter(|second| first.pays_the_same_as(second));
                pairs.extend(later.map(|second| (self.model_as_new(first), self.model_as_new(second))));
            }
        }
        pairs
    }

    /// `RECPMTRQ`.
    pub(super) fn add_recurring(&mut self, asking: Asking<'_>, request: &RecurringPayment) -> Decision {
        self.examine(asking.name, &request.payment, None)?;
        self.examine_model(request)?;
        let mut request = request.clone();
        request.payment.payee_list_id = Some(self.list_payee(asking.name, &request.payment)?);
        let id = self.next_id().to_string();
        let model = Model { id, ours: asking.ours, request, made: Vec::new(), before: 0, is_canceled: false };
        let reply = self.model_as_new(&model);
        self.put_model(asking.name, model);
        Ok(Reply::AddRecurring(Box::new(reply)))
    }

    /// `RECPMTMODRQ`.
    ///
    /// Another `DTDUE` is the due day of the next payment that is made, and the others follow it.
    pub(super) fn modify_recurring(&mut self, name: &str, request: &ModelModification) -> Decision {
        self.must_offer(Feature::ModifyModels, "CANMODMDLS", "a recurring payment is changed")?;
        let mut model = self.open_model(name, &request.model_id)?.clone();
        let known = model.request.payment.clone();
        refuse_fixed(&known, &request.payment)?;
        let mut changed = request.clone();
        changed.payment.payee_list_id.clone_from(&known.payee_list_id);
        self.examine(name, &changed.payment, Some(&known))?;
        model.request = RecurringPayment::new(changed.recurrence.clone(), changed.payment.clone());
        model.request.initial_amount = changed.initial_amount;
        model.request.final_amount = changed.final_amount;
        self.examine_model(&model.request)?;
        if changed.payment.due != known.due {
            model.before = model.made.len();
        }
        self.put_model(name, model.clone());
        self.list_again(name, &changed.payment)?;
        if changed.pending {
            self.rewrite_pending(name, &model);
        }
        Ok(Reply::ModifyRecurring(Box::new(ModifiedModel::new(changed))))
    }

    /// `RECPMTCANCRQ`.
    pub(super) fn cancel_recurring(&mut self, name: &str, request: &ModelCancellation) -> Decision {
        let mut model = self.open_model(name, &request.model_id)?.clone();
        model.is_canceled = true;
        let pending: Vec<String> = self.pending(&model).map(|(_, entry)| entry.server_id.clone()).collect();
        self.put_model(name, model);
        let today = self.now.date_naive();
        for server_id in pending.iter().filter(|_| request.pending) {
            self.end(server_id, PaymentState::CanceledOn, today);
        }
        Ok(Reply::CancelRecurring(Box::new(CanceledModel::new(request.clone()))))
    }

    /// Lets every model make what is due within the window.
    pub(super) fn make_recurring(&mut self) {
        let models: Vec<(String, String)> = self
            .users
            .iter()
            .flat_map(|(name, user)| user.models.iter().map(move |model| (name.clone(), model.id.clone())))
            .collect();
        for (name, id) in models {
            self.make_payments(&name, &id);
        }
    }

    /// Lets a model make the payments that are due within the window. OFX 1.0.3 §12.7.1.
    pub(super) fn make_payments(&mut self, name: &str, id: &str) {
        let until = self.now.date_naive().checked_add_days(Days::new(u64::from(MODEL_DAYS)));
        while let Some(mut model) = self.model_of(name, id).filter(|model| !model.is_over()).cloned() {
            let from = model.request.payment.from.clone();
            let due = model.next_due().filter(|due| until.is_some_and(|until| *due <= until));
            let Some(due) = due.filter(|_| self.source(name, &from).is_ok()) else { return };
            let asking = Asking { name, trn_uid: "0", ours: model.ours, ordered: None };
            let entry = self.accept(asking, model.payment(model.made.len(), due), Some(id));
            model.made.push(entry.server_id.clone());
            self.put_model(name, model);
            let event = Event::by_itself(Reply::Pay(Box::new(self.as_new(&entry))));
            self.remember(name, SyncKind::Payments, Some(&from), event);
        }
    }

    /// Lets the models of a payee have its data as they are now, and tells those who synchronize.
    pub(super) fn models_follow(&mut self, name: &str, list_id: &str) {
        let Some(payee) = self.listed(name, list_id).map(|listed| listed.payee.clone()) else { return };
        let models = self.users.get(name).map(|user| user.models.clone()).unwrap_or_default();
        for mut model in models {
            let payment = &model.request.payment;
            let follows = payment.payee_list_id.as_deref() == Some(list_id) && payment.payee != payee;
            if !follows || !self.lives(&model) {
                continue;
            }
            model.request.payment.payee.clone_from(&payee);
            let (from, request) = (model.request.payment.from.clone(), &model.request);
            let mut changed =
                ModelModification::new(model.id.as_str(), request.recurrence.clone(), request.payment.clone(), false);
            (changed.initial_amount, changed.final_amount) = (request.initial_amount, request.final_amount);
            let event = Event::by_itself(Reply::ModifyRecurring(Box::new(ModifiedModel::new(changed))));
            self.put_model(name, model);
            self.remember(name, SyncKind::RecurringPayments, Some(&from), event);
        }
    }

    /// The present state of the recurring payments of an account, as if each were new.
    pub(super) fn models_as_new(&self, name: &str, account: Option<&crate::ofx::BankAccount>) -> Vec<Event> {
        let models = self.recurring_payments(name).into_iter();
        let models = models.filter(|model| Some(&model.payment.from) == account);
        models.map(|model| Event::by_itself(Reply::AddRecurring(Box::new(model)))).collect()
    }

    pub(super) fn model_of(&self, name: &str, id: &str) -> Option<&Model> {
        self.users.get(name)?.models.iter().find(|model| model.id == id)
    }

    /// Adds a model, or puts it in the place of what it was.
    pub(super) fn put_model(&mut self, name: &str, model: Model) {
        self.note(|| Fact::model(name, &model));
        let Some(user) = self.user_mut(name) else { return };
        match user.models.iter_mut().find(|known| known.id == model.id) {
            Some(known) => *known = model,
            None => user.models.push(model),
        }
    }

    /// A model that can be changed or cancelled, or why not.
    fn open_model(&self, name: &str, id: &str) -> Result<&Model, Status> {
        let unknown = || refusal(StatusCode::UNKNOWN_MODEL, "RECSRVRTID is none of your recurring payments");
        let model = self.model_of(name, id).ok_or_else(unknown)?;
        if model.is_canceled {
            return Err(refusal(StatusCode::MODEL_CANCELLED, "it was cancelled"));
        }
        Some(model).filter(|model| self.lives(model)).ok_or_else(unknown)
    }

    /// Whether payments are left to make, or wait.
    fn lives(&self, model: &Model) -> bool {
        !model.is_over() || !model.is_canceled && self.pending(model).next().is_some()
    }

    /// The payments of a model that wait, with their places in the row.
    fn pending<'a>(&'a self, model: &'a Model) -> impl Iterator<Item = (usize, &'a LedgerEntry)> {
        model.made.iter().enumerate().filter_map(|(place, id)| {
            let entry = self.ledger.iter().find(|entry| entry.server_id == *id)?;
            entry.is_scheduled().then_some((place, entry))
        })
    }

    /// Lets the payments that wait be as the model is now, each on its own day; cancels those that are more than there are to
    /// be.
    fn rewrite_pending(&mut self, name: &str, model: &Model) {
        let today = self.now.date_naive();
        let pending: Vec<(usize, LedgerEntry)> =
            self.pending(model).map(|(place, entry)| (place, entry.clone())).collect();
        for (place, entry) in pending {
            if model.count().is_some_and(|count| place >= count) {
                self.end(&entry.server_id, PaymentState::CanceledOn, today);
                continue;
            }
            let payment = model.payment(place, entry.payment.due.date().unwrap_or(today));
            if payment != entry.payment
                && let Some(changed) = self.rewrite(&entry.server_id, payment)
            {
                let event = Event::by_itself(Reply::from(changed));
                self.remember(name, SyncKind::Payments, Some(&entry.payment.from), event);
            }
        }
    }

    /// Whether frequency, number and amounts are acceptable.
    fn examine_model(&mut self, request: &RecurringPayment) -> Result<(), Status> {
        if matches!(request.recurrence.frequency, Frequency::Other(_)) {
            return Err(refusal(StatusCode::INVALID_FREQUENCY, "FREQ is none of the specification's"));
        }
        if let Some(amount) = request.initial_amount {
            self.must_offer(Feature::FirstAmount, "DIFFFIRSTPMT", "a first payment has an amount of its own")?;
            whole_cents("INITIALAMT", amount.value())?;
        }
        if let Some(amount) = request.final_amount {
            self.must_offer(Feature::LastAmount, "DIFFLASTPMT", "a last payment has an amount of its own")?;
            whole_cents("FINALAMT", amount.value())?;
        }
        request.check(Version::V230).map_err(|error| refusal(code_for(&error), &error.to_string()))
    }

    /// `RECPMTRS`.
    fn model_as_new(&self, model: &Model) -> RecurringModel {
        let list_id = model.request.payment.payee_list_id.as_deref().unwrap_or_default();
        let mut reply = RecurringModel::new(&model.id, list_id, model.request.clone());
        reply.extended_payee = self.extended_payee(&model.request.payment.payee);
        reply
    }
}

/// `MODELWND`: so many days ahead a model makes its payments.
pub(super) const MODEL_DAYS: u32 = 30;
