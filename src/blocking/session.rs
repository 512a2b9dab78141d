//! One signed-on scope of a client, without async.

use std::io;
use std::time::Duration;

use crate::blocking::forward::{Wrap as _, forward, looked_at_as_async, same_as_async};
use crate::blocking::{Client, wait};
use crate::client::{self, Completed, Kept, Progress};
use crate::engine::{Answers, BatchAnswer, Changes, Confirmed, Intent, Receipt};
use crate::error::Error;
use crate::ofx::{
    AccountInfo, BankAccount, CanceledModel, CanceledPayment, ChangedUserInfo, DeletedPayee, EnrollmentRequest,
    EnrollmentResponse, Exchange, ListedPayee, ModelModification, ModifiedModel, ModifiedPayee, ModifiedPayment,
    PayeeAddition, PayeeModification, Payment, PaymentMail, PaymentStatus, RecurringModel, RecurringPayment,
    ServiceRequest, ServiceResponse, SyncFrom, SyncKind, UserInfo,
};
use crate::seal::{Blob, Context, KeyRing};
use crate::secret::Secret;

/// As [`client::Session`]: everything that talks to the institution in a user's name happens here, and each call waits until it is
/// over.
///
/// What can be looked at, its client too, is on [`client::Session`], which this derefs to.
#[derive(Debug)]
pub struct Session(client::Session);

same_as_async!(Session);
looked_at_as_async!(Session);

/// Accounts and payments, and what becomes of them.
impl Session {
    forward! { Session:
        /// Fetches the account list, unless the known one is up to date.
        async fn accounts(&mut self) -> Result<Progress<Vec<AccountInfo>>, Error>;

        /// Pays a bill.
        async fn pay(&mut self, payment: &Payment) -> Result<Progress<Receipt>, Error>;

        /// Makes a payment's identifiers and its request without sending it.
        async fn prepare_payment(&mut self, payment: &Payment) -> Result<(), Error>;

        /// Answers the security questions and goes on with the operation they belong to.
        async fn answer(&mut self, answers: Answers) -> Result<Progress<Completed>, Error>;

        /// Goes on with the operation under way: one that was prepared, resumed, or could not be sent.
        async fn proceed(&mut self) -> Result<Progress<Completed>, Error>;

        /// Finds out what became of a request in doubt.
        async fn reconcile(&mut self) -> Result<Progress<Completed>, Error>;

        /// Sends a payment, or another request, that is in doubt once more, under the same identifiers and with the same bytes.
        async fn repeat_payment_in_doubt(&mut self) -> Result<Progress<Completed>, Error>;

        /// Gives up the operation under way.
        fn abandon(&mut self) -> Result<(), Error>;

        /// Ends a doubt that was settled by other means.
        fn settle_doubt(&mut self) -> Result<(), Error>;
    }
}

/// Ways out: all of them consume the session.
impl Session {
    forward! { Session:
        /// Replaces how many bytes a blob may have, which is not stored.
        fn blob_limit(self, bytes: usize) -> Self;

        /// Turns session and operation into one blob, by these keys and in this context only.
        fn pause(self, keys: &KeyRing, context: &Context) -> Result<Blob, Kept<Self>>;

        /// As [`pause`](Self::pause), readable for `life`.
        fn pause_for(self, life: Duration, keys: &KeyRing, context: &Context) -> Result<Blob, Kept<Self>>;

        /// As [`pause`](Self::pause), into a blob without protection, for storage that is itself trusted.
        fn pause_plain_including_private(self) -> Result<Blob, Kept<Self>>;

        /// Ends the session and gives the client back.
        fn close(self) -> Result<Client, Kept<Self>>;

        /// Ends the session and gives the one blob to store, whatever it is doing.
        fn store(self, keys: &KeyRing, context: &Context) -> Result<Blob, Kept<Self>>;

        /// As [`store`](Self::store), an operation that waits readable for `life`.
        fn store_for(self, life: Duration, keys: &KeyRing, context: &Context) -> Result<Blob, Kept<Self>>;

        /// From now on, before a file of an operation that counts leaves, `keep` gets the blob to store.
        fn keep_ahead(
            &mut self,
            keys: &KeyRing,
            context: &Context,
            keep: impl FnMut(&Blob) -> io::Result<()> + Send + Sync + 'static,
        );
    }
}

/// Payments that were accepted before, and payments that come again.
impl Session {
    forward! { Session:
        /// Changes a payment that was not made yet.
        async fn modify_payment(
            &mut self,
            id: &str,
            payment: &Payment,
        ) -> Result<Progress<Confirmed<ModifiedPayment>>, Error>;

        /// Cancels a payment that was not made yet.
        async fn cancel_payment(
            &mut self,
            id: &str,
            from: &BankAccount,
        ) -> Result<Progress<Confirmed<CanceledPayment>>, Error>;

        /// Asks where a payment stands.
        async fn payment_status(&mut self, id: &str) -> Result<Progress<Confirmed<PaymentStatus>>, Error>;

        /// Starts a recurring payment.
        async fn add_recurring(
            &mut self,
            recurring: &RecurringPayment,
        ) -> Result<Progress<Confirmed<RecurringModel>>, Error>;

        /// Changes a recurring payment.
        async fn modify_recurring(
            &mut self,
            modification: &ModelModification,
        ) -> Result<Progress<Confirmed<ModifiedModel>>, Error>;

        /// Ends a recurring payment; `pending` also cancels the payments that it has made and that were not carried out yet.
        async fn cancel_recurring(
            &mut self,
            id: &str,
            pending: bool,
            from: &BankAccount,
        ) -> Result<Progress<Confirmed<CanceledModel>>, Error>;
    }
}

/// The user's list of payees, and what happened since the last time.
impl Session {
    forward! { Session:
        /// Adds a payee to the user's list.
        async fn add_payee(&mut self, payee: &PayeeAddition) -> Result<Progress<Confirmed<ListedPayee>>, Error>;

        /// Changes an entry of the user's list.
        async fn modify_payee(
            &mut self,
            modification: &PayeeModification,
        ) -> Result<Progress<Confirmed<ModifiedPayee>>, Error>;

        /// Takes a payee off the user's list.
        async fn delete_payee(&mut self, list_id: &str) -> Result<Progress<Confirmed<DeletedPayee>>, Error>;

        /// What happened to the payments of an account since the changes that were acknowledged last.
        async fn sync_payments(&mut self, account: &BankAccount) -> Result<Progress<Changes>, Error>;

        /// As [`sync_payments`](Self::sync_payments), for the recurring payments of an account.
        async fn sync_recurring(&mut self, account: &BankAccount) -> Result<Progress<Changes>, Error>;

        /// As [`sync_payments`](Self::sync_payments), for the user's list of payees.
        async fn sync_payees(&mut self) -> Result<Progress<Changes>, Error>;

        /// As [`sync_payments`](Self::sync_payments), for the user's mail about payments.
        async fn sync_payment_mail(&mut self) -> Result<Progress<Changes>, Error>;

        /// Synchronizes any kind, from any place.
        async fn synchronize(
            &mut self,
            kind: SyncKind,
            account: Option<&BankAccount>,
            from: Option<SyncFrom>,
        ) -> Result<Progress<Changes>, Error>;

        /// Lets the next synchronization start behind these changes.
        fn acknowledge(&mut self, changes: &Changes);
    }
}

/// Mail, sign-up, the user's own data, and any request.
impl Session {
    forward! { Session:
        /// Sends mail about a payment, or about payments in general.
        async fn send_payment_mail(&mut self, mail: &PaymentMail) -> Result<Progress<Confirmed<PaymentMail>>, Error>;

        /// Fetches the institution's profile, as the user where it is the user's.
        async fn fetch_profile(&mut self) -> Result<Progress<()>, Error>;

        /// Enrols a user, anonymously.
        async fn enroll(
            &mut self,
            request: &EnrollmentRequest,
        ) -> Result<Progress<Confirmed<EnrollmentResponse>>, Error>;

        /// Changes the user's name and address.
        async fn change_user_info(&mut self, info: &UserInfo) -> Result<Progress<Confirmed<ChangedUserInfo>>, Error>;

        /// Asks for a service of an account to be activated, moved to another account, or ended.
        async fn change_service(
            &mut self,
            request: &ServiceRequest,
        ) -> Result<Progress<Confirmed<ServiceResponse>>, Error>;

        /// Changes the user's password. The session goes on with the new one.
        async fn change_password(&mut self, new: impl Into<Secret>) -> Result<Progress<()>, Error>;

        /// Asks for several things in one file, with one signon.
        async fn batch(&mut self, intents: Vec<Intent>) -> Result<Progress<Vec<BatchAnswer>>, Error>;

        /// Makes the request of an intent without sending it.
        async fn prepare(&mut self, intent: Intent) -> Result<(), Error>;
    }

    /// Makes any request, and gives the record of its response.
    ///
    /// All else is on the page of [`Session::perform`](crate::Session::perform).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn perform<R: Exchange>(&mut self, request: R) -> Result<Progress<Confirmed<R::Response>>, Error> {
        wait(self.0.perform(request))?
    }
}
