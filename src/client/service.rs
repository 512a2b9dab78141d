//! The bill-payment service, as calls of a session: changes of payments, recurring payments, payees, synchronization.

use crate::client::{Completed, Progress, Session};
use crate::engine::{Changes, Confirmed, Intent};
use crate::error::Error;
use crate::ofx::{
    BankAccount, CanceledModel, CanceledPayment, DeletedPayee, ListedPayee, ModelModification, ModifiedModel,
    ModifiedPayee, ModifiedPayment, PayeeAddition, PayeeDeletion, PayeeModification, Payment, PaymentInquiry,
    PaymentModification, PaymentStatus, RecurringModel, RecurringPayment, SyncFrom, SyncKind,
};

/// Payments that were accepted before. All of these can be repeated safely only under their own identifiers: where an answer is lost
/// they are [`Progress::Unknown`], as a payment is, and [`reconcile`](Self::reconcile) finds out.
impl Session {
    /// Changes a payment that was not made yet. OFX 1.0.3 §12.6.2, OFX 2.3 §12.6.2.
    ///
    /// `id` is the payment's `SRVRTID`. `payment` is complete: what is changed and what is not. The account it is paid from and who is paid cannot be
    /// changed (10505); the payee's address can.
    ///
    /// # Errors
    ///
    /// `Misuse` when the profile offers no changes (`CANMODPMTS`), or the payment cannot be sent as it is; `Refused` when the
    /// institution says no: 2016 when it is too late, 2017 when it was cancelled, 2018 when it knows no such payment.
    ///
    /// # Resuming
    ///
    /// As [`pay`](Self::pay).
    pub async fn modify_payment(
        &mut self,
        id: &str,
        payment: &Payment,
    ) -> Result<Progress<Confirmed<ModifiedPayment>>, Error> {
        self.perform(PaymentModification::new(id, payment.clone())).await
    }

    /// Cancels a payment that was not made yet. OFX 1.0.3 §12.6.3, OFX 2.3 §12.6.3.
    ///
    /// `id` is the payment's `SRVRTID`, `from` the account that it would be paid from: what became of a cancellation whose answer is
    /// lost stands in the history of that account. Take both from the same record: whether they belong together is not checked, and where
    /// the institution keeps a history, a wrong `from` puts the cancellation into that of another account.
    ///
    /// # Errors
    ///
    /// As [`modify_payment`](Self::modify_payment). 2017 says that it was cancelled before, which is as good.
    ///
    /// # Resuming
    ///
    /// As [`pay`](Self::pay).
    pub async fn cancel_payment(
        &mut self,
        id: &str,
        from: &BankAccount,
    ) -> Result<Progress<Confirmed<CanceledPayment>>, Error> {
        self.perform_as(Intent::cancel_payment(id, from)).await
    }

    /// Asks where a payment stands. OFX 1.0.3 §12.8, OFX 2.3 §12.8.
    ///
    /// Possible until `POSTPROCWND` days after it was made; see [`BillPaySet::inquiry_days`](crate::ofx::BillPaySet::inquiry_days).
    ///
    /// # Errors
    ///
    /// `Refused` with 2018 when the institution knows no such payment, or no longer; `Transport` when it does not answer.
    ///
    /// # Resuming
    ///
    /// Safe to repeat at any point.
    pub async fn payment_status(&mut self, id: &str) -> Result<Progress<Confirmed<PaymentStatus>>, Error> {
        self.perform(PaymentInquiry::new(id)).await
    }
}

/// Recurring payments: models from which the institution makes payments by itself, `MODELWND` days ahead.
impl Session {
    /// Starts a recurring payment. OFX 1.0.3 §12.7.1, OFX 2.3 §12.7.1.
    ///
    /// The due day of the payment is that of the first one. The payments that it makes come by
    /// [`sync_payments`](Self::sync_payments), each with an id of its own.
    ///
    /// # Errors
    ///
    /// As [`pay`](Self::pay).
    ///
    /// # Resuming
    ///
    /// As [`pay`](Self::pay): calling it twice pays everything twice.
    pub async fn add_recurring(
        &mut self,
        recurring: &RecurringPayment,
    ) -> Result<Progress<Confirmed<RecurringModel>>, Error> {
        self.perform(recurring.clone()).await
    }

    /// Changes a recurring payment. OFX 1.0.3 §12.7.2, OFX 2.3 §12.7.2.
    ///
    /// # Errors
    ///
    /// As [`modify_payment`](Self::modify_payment); 10518 when the institution knows no such model.
    ///
    /// # Resuming
    ///
    /// As [`pay`](Self::pay).
    pub async fn modify_recurring(
        &mut self,
        modification: &ModelModification,
    ) -> Result<Progress<Confirmed<ModifiedModel>>, Error> {
        self.perform(modification.clone()).await
    }

    /// Ends a recurring payment; `pending` also cancels the payments that it has made and that were not carried out yet. OFX 1.0.3
    /// §12.7.3, OFX 2.3 §12.7.3.
    ///
    /// `id` is the model's `RECSRVRTID`, `from` the account it pays from, which is not checked, as for
    /// [`cancel_payment`](Self::cancel_payment).
    ///
    /// # Errors
    ///
    /// As [`cancel_payment`](Self::cancel_payment); 10518 when the institution knows no such model, 10509 when it was ended before.
    ///
    /// # Resuming
    ///
    /// As [`pay`](Self::pay).
    pub async fn cancel_recurring(
        &mut self,
        id: &str,
        pending: bool,
        from: &BankAccount,
    ) -> Result<Progress<Confirmed<CanceledModel>>, Error> {
        self.perform_as(Intent::cancel_recurring(id, pending, from)).await
    }
}

/// The user's list of payees. An entry has a `PAYEELSTID`; a standard payee of the payment system also has a `PAYEEID`.
impl Session {
    /// Adds a payee to the user's list. Not needed before a first payment: paying a new payee adds it. OFX 1.0.3 §12.9.1, OFX 2.3 §12.9.1.
    ///
    /// # Errors
    ///
    /// `Misuse` when the profile lets nobody add payees (`CANADDPAYEE`), or the payee cannot be sent as it is; `Refused` when the
    /// institution says no.
    ///
    /// # Resuming
    ///
    /// As [`pay`](Self::pay): calling it twice may list the payee twice.
    pub async fn add_payee(&mut self, payee: &PayeeAddition) -> Result<Progress<Confirmed<ListedPayee>>, Error> {
        self.perform(payee.clone()).await
    }

    /// Changes an entry of the user's list: its complete data, and all account numbers at the payee. Payments that wait are not
    /// touched. OFX 1.0.3 §12.9.2, OFX 2.3 §12.9.2.
    ///
    /// # Errors
    ///
    /// As [`add_payee`](Self::add_payee); 10515 when the institution lets nobody change this payee.
    ///
    /// # Resuming
    ///
    /// As [`pay`](Self::pay).
    pub async fn modify_payee(
        &mut self,
        modification: &PayeeModification,
    ) -> Result<Progress<Confirmed<ModifiedPayee>>, Error> {
        self.perform(modification.clone()).await
    }

    /// Takes a payee off the user's list. Payments that wait are made all the same: cancel them first. OFX 1.0.3 §12.9.3, OFX 2.3 §12.9.3.
    ///
    /// # Errors
    ///
    /// `Refused` with 10519 when there is no such entry.
    ///
    /// # Resuming
    ///
    /// As [`pay`](Self::pay).
    pub async fn delete_payee(&mut self, list_id: &str) -> Result<Progress<Confirmed<DeletedPayee>>, Error> {
        self.perform(PayeeDeletion::new(list_id)).await
    }
}

/// What happened since the last time. Apply the changes, [`acknowledge`](Self::acknowledge) them, and store both together: the changes
/// and the client's blob. Whoever is stopped before gets the same changes again.
impl Session {
    /// What happened to the payments of an account since the changes that were acknowledged last. OFX 1.0.3 §12.10, OFX 2.3 §12.10.
    ///
    /// When [`lost_sync`](Changes::lost_sync) is set, some of it is missing: [refresh](Self::synchronize), and put the whole in place of
    /// what you have, before acknowledging. An institution whose `SYNCMODE` is LITE keeps no history: it tells what it did by itself, once;
    /// what this client did must be kept from the answers, and what others did does not come.
    ///
    /// Where questions came first, the changes come from [`answer`](Self::answer) as [`Completed::Synchronized`].
    ///
    /// # Errors
    ///
    /// `Refused` when the institution says no; `Transport` when it does not answer; `Misuse` when another operation waits.
    ///
    /// # Resuming
    ///
    /// Safe to repeat at any point where `SYNCMODE` is FULL. LITE tells what it did by itself once: a lost answer loses it.
    pub async fn sync_payments(&mut self, account: &BankAccount) -> Result<Progress<Changes>, Error> {
        self.synchronize(SyncKind::Payments, Some(account), None).await
    }

    /// As [`sync_payments`](Self::sync_payments), for the recurring payments of an account.
    ///
    /// # Errors
    ///
    /// As [`sync_payments`](Self::sync_payments).
    pub async fn sync_recurring(&mut self, account: &BankAccount) -> Result<Progress<Changes>, Error> {
        self.synchronize(SyncKind::RecurringPayments, Some(account), None).await
    }

    /// As [`sync_payments`](Self::sync_payments), for the user's list of payees. A payee that came onto the list because it was paid is
    /// here and not among the payments. The whole list: `synchronize(SyncKind::Payees, None, Some(SyncFrom::Refresh))`.
    ///
    /// # Errors
    ///
    /// As [`sync_payments`](Self::sync_payments).
    pub async fn sync_payees(&mut self) -> Result<Progress<Changes>, Error> {
        self.synchronize(SyncKind::Payees, None, None).await
    }

    /// As [`sync_payments`](Self::sync_payments), for the user's mail about payments.
    ///
    /// # Errors
    ///
    /// As [`sync_payments`](Self::sync_payments).
    pub async fn sync_payment_mail(&mut self) -> Result<Progress<Changes>, Error> {
        self.synchronize(SyncKind::PaymentMail, None, None).await
    }

    /// Synchronizes any kind, from any place: [`SyncFrom::Refresh`] for the present state of everything, [`SyncFrom::TokenOnly`] for the
    /// newest place and no changes, a token of your own, or `None` for what is new since the changes that were acknowledged last.
    ///
    /// # Errors
    ///
    /// As [`sync_payments`](Self::sync_payments); `Misuse` for a refresh where the institution keeps no history (`SYNCMODE` LITE).
    pub async fn synchronize(
        &mut self,
        kind: SyncKind,
        account: Option<&BankAccount>,
        from: Option<SyncFrom>,
    ) -> Result<Progress<Changes>, Error> {
        self.begin(Intent::Synchronize { kind, account: account.cloned(), from }).await?;
        self.run_as(Completed::changes).await
    }

    /// Lets the next synchronization start behind these changes. Store them, and the blob of the client, together.
    pub fn acknowledge(&mut self, changes: &Changes) {
        self.client.state.acknowledge(changes);
    }
}
