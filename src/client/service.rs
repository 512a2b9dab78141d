//! The bill-payment and sign-up services, as calls of a session: changes of payments, recurring payments, payees, mail,
//! synchronization, and what concerns the user.

use zeroize::Zeroizing;

use crate::client::{Completed, Progress, Session};
use crate::engine::{BatchAnswer, Changes, Confirmed, Intent};
use crate::error::Error;
use crate::ofx::{
    BankAccount, CanceledModel, CanceledPayment, ChangedUserInfo, DecodeError, DeletedPayee, Document,
    EnrollmentRequest, EnrollmentResponse, ListedPayee, ModelCancellation, ModelModification, ModifiedModel,
    ModifiedPayee, ModifiedPayment, PayeeAddition, PayeeDeletion, PayeeModification, Payment, PaymentCancellation,
    PaymentInquiry, PaymentMail, PaymentModification, PaymentStatus, RecurringModel, RecurringPayment, Reply, Request,
    ServiceRequest, ServiceResponse, SyncFrom, SyncKind, UserInfo,
};
use crate::secret::Secret;

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
    /// lost stands in the history of that account.
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
        let request = Box::new(PaymentCancellation::new(id).into());
        self.perform_as(Intent::Request { request, account: Some(from.clone()) }).await
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
    /// `id` is the model's `RECSRVRTID`, `from` the account it pays from.
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
        let request = Box::new(ModelCancellation::new(id, pending).into());
        self.perform_as(Intent::Request { request, account: Some(from.clone()) }).await
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
    /// Safe to repeat at any point.
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

/// Mail, sign-up, and the user's own data.
impl Session {
    /// Sends mail about a payment, or about payments in general. The reply comes by [`sync_payment_mail`](Self::sync_payment_mail). OFX 1.0.3
    /// §12.8, OFX 2.3 §12.8.
    ///
    /// # Errors
    ///
    /// As [`add_payee`](Self::add_payee).
    ///
    /// # Resuming
    ///
    /// As [`pay`](Self::pay): calling it twice sends the mail twice.
    pub async fn send_payment_mail(&mut self, mail: &PaymentMail) -> Result<Progress<Confirmed<PaymentMail>>, Error> {
        self.perform(mail.clone()).await
    }

    /// Enrols a user, anonymously: there are no credentials yet. OFX 1.0.3 §8.4, OFX 2.3 §8.4.
    ///
    /// # Errors
    ///
    /// `Misuse` when the profile says that users enrol elsewhere; `Refused` with 13501 when the user is enrolled already.
    ///
    /// # Resuming
    ///
    /// Safe to repeat: an institution does not enrol a user twice.
    pub async fn enroll(
        &mut self,
        request: &EnrollmentRequest,
    ) -> Result<Progress<Confirmed<EnrollmentResponse>>, Error> {
        self.perform(request.clone()).await
    }

    /// Changes the user's name and address. What is left out is deleted at the institution: give everything. OFX 1.0.3 §8.7, OFX 2.3
    /// §8.7.
    ///
    /// # Errors
    ///
    /// `Misuse` when the profile offers no such changes (`CHGUSERINFO`); `Refused` with 13503 when the institution says no.
    ///
    /// # Resuming
    ///
    /// As [`pay`](Self::pay).
    pub async fn change_user_info(&mut self, info: &UserInfo) -> Result<Progress<Confirmed<ChangedUserInfo>>, Error> {
        self.perform(info.clone()).await
    }

    /// Asks for a service of an account to be activated, moved to another account, or ended. OFX 1.0.3 §8.6, OFX 2.3 §8.6.
    ///
    /// # Errors
    ///
    /// `Misuse` when the profile lets no client ask for it (`CLIENTACTREQ`); `Refused` with 13502 when the service is none of the
    /// account's.
    ///
    /// # Resuming
    ///
    /// As [`pay`](Self::pay).
    pub async fn change_service(
        &mut self,
        request: &ServiceRequest,
    ) -> Result<Progress<Confirmed<ServiceResponse>>, Error> {
        self.perform(request.clone()).await
    }

    /// Changes the user's password. The session goes on with the new one. OFX 1.0.3 §2.5.2, OFX 2.3 §2.5.2.
    ///
    /// Where the answer is lost, [`Progress::Unknown`], either password may be the one that counts: keep both, and
    /// [`reconcile`](Self::reconcile), which tries the new one and then the old one, once each. In another process, for questions,
    /// too, open the [paused](Self::pause) session with both: `Credentials::new(id, old).new_password(new)`.
    ///
    /// # Errors
    ///
    /// `Misuse` when the session was not opened with id and password, the profile offers no changes (`PINCH`) and none is due, or the new
    /// one breaks a rule of the profile; `Refused` when the institution says no: the old password counts.
    ///
    /// # Security
    ///
    /// Neither password is ever in a blob.
    pub async fn change_password(&mut self, new: impl Into<Secret>) -> Result<Progress<()>, Error> {
        let with_both = self.credentials.clone().new_password(new);
        with_both.password_change()?;
        self.begin(Intent::ChangePassword).await?;
        if let Err(error) = self.client.state.allows_password(&with_both) {
            self.current = None;
            return Err(error.into());
        }
        // Not before: another change may be in doubt, and needs its own new password.
        self.credentials = with_both;
        self.run_as(|completed| matches!(completed, Completed::PasswordChanged).then_some(())).await
    }

    /// Asks for several things in one file, with one signon. The answers come in the order of `intents`. OFX 1.0.3 §2.4.5.
    ///
    /// What counts in it is not fenced off by a token as a single request is. Where the answer is lost, the whole is
    /// [`Progress::Unknown`], and [`reconcile`](Self::reconcile) has a way only at an institution that keeps its answers
    /// (`RESPFILEER`). Pay what must be certain one by one.
    ///
    /// # Errors
    ///
    /// As the single calls; `Misuse` when the requests go to different addresses of the institution.
    ///
    /// # Resuming
    ///
    /// As the single calls.
    pub async fn batch(&mut self, intents: Vec<Intent>) -> Result<Progress<Vec<BatchAnswer>>, Error> {
        self.begin(Intent::Batch(intents)).await?;
        self.run_as(Completed::batch).await
    }

    /// Makes any request, and gives the record of its response.
    ///
    /// # Errors
    ///
    /// As the call that is named for the request.
    pub async fn perform<R: TryFrom<Reply>>(
        &mut self,
        request: impl Into<Request>,
    ) -> Result<Progress<Confirmed<R>>, Error> {
        self.perform_as(Intent::from(request.into())).await
    }

    async fn perform_as<R: TryFrom<Reply>>(&mut self, intent: Intent) -> Result<Progress<Confirmed<R>>, Error> {
        self.begin(intent).await?;
        self.run_as(Completed::confirmed).await
    }

    /// Makes the request of an intent without sending it: [`pause`](Self::pause) stores it, [`proceed`](Self::proceed) sends it. The
    /// profile is fetched when it is not known.
    ///
    /// # Errors
    ///
    /// As the call that is named for the request.
    pub async fn prepare(&mut self, intent: Intent) -> Result<(), Error> {
        self.begin(intent).await
    }

    /// The file that the operation under way would send now; `None` when there is none, or it waits for something else. To look at:
    /// [`proceed`](Self::proceed) sends it.
    ///
    /// # Errors
    ///
    /// `Misuse` when the credentials lack what the institution asks for.
    ///
    /// # Security
    ///
    /// The bytes hold the password; they are wiped when dropped.
    pub fn render(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let now = self.client.world.now();
        let rendered =
            self.current.as_ref().map(|operation| operation.render(&self.credentials, &self.client.state, now));
        rendered.transpose().map(Option::flatten).map_err(Error::from)
    }

    /// The last answer of the institution, as it came.
    #[must_use]
    pub fn last_answer(&self) -> Option<&[u8]> {
        self.client.answered.as_ref().map(|body| body.as_slice())
    }

    /// The last answer of the institution as a tree, with whatever the typed records do not cover.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when it cannot be read.
    ///
    /// # Security
    ///
    /// An answer may hold an access key, a session cookie and account numbers.
    pub fn document(&self) -> Option<Result<Document, DecodeError>> {
        self.last_answer().map(|body| Document::decode(body, &self.client.state.limits))
    }
}
