//! A paused operation that was read back: everything to show, nothing sent yet.

use chrono::{DateTime, Utc};

use crate::client::stored::{Mark, Opened, Protection, Validity};
use crate::client::{Client, DocumentLog, Kept, Session, driver};
use crate::engine::{Credentials, Device, Operation, Situation, TaskKind};
use crate::error::Error;
use crate::ofx::{Limits, Payment, Question, Request, TrnUid};
use crate::seal::{Blob, Context, KeyRing};
use crate::transport::{Observer, Transport};

/// A paused operation, readable without a network.
#[derive(Debug)]
pub struct Paused {
    client: Client,
    operation: Operation,
    mark: Mark,
}

impl Paused {
    pub(crate) fn from_opened(opened: Opened) -> Result<Self, Error> {
        let operation = opened.operation.ok_or_else(|| driver::bug("a paused blob without an operation was opened"))?;
        let client = Client::from_opened(opened.state, opened.needs_reseal);
        Ok(Self { client, operation, mark: opened.mark })
    }

    /// Replaces the HTTPS settings, which are not stored.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`](crate::error::ErrorKind::Misuse) when the settings contradict each other.
    #[cfg(feature = "https")]
    pub fn connection(mut self, options: crate::transport::HttpsOptions) -> Result<Self, Error> {
        let moved = self.operation.moved();
        self.client = self.client.connection(options).map_err(|error| error.with_moved(moved))?;
        Ok(self)
    }

    /// Replaces the transport by one of your own.
    #[must_use]
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.client = self.client.transport(transport);
        self
    }

    /// Replaces what the program answers about itself, which is not stored.
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        self.client = self.client.device(device);
        self
    }

    /// Replaces the limits on the institution's answers, which are not stored.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.client = self.client.limits(limits);
        self
    }

    /// Replaces how many bytes a blob may have, which is not stored: see [`ClientBuilder::blob_limit`](crate::ClientBuilder::blob_limit).
    #[must_use]
    pub fn blob_limit(mut self, bytes: usize) -> Self {
        self.client = self.client.blob_limit(bytes);
        self
    }

    /// Sets where time and random bytes come from, which is not stored. Whether this blob may still be opened was told by the machine's
    /// clock, or that of [`Client::resume_under`](crate::Client::resume_under).
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn world(mut self, world: std::sync::Arc<dyn crate::client::World>) -> Self {
        self.client = self.client.world(world);
        self
    }

    /// Lets `observer` be told what happens from now on, which is not stored.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.client = self.client.observer(observer);
        self
    }

    /// Records requests and answers from now on, which is not stored.
    #[must_use]
    pub fn document_log(mut self, log: DocumentLog) -> Self {
        self.client = self.client.document_log(log);
        self
    }

    /// Opens the session again, with the operation under way: [`answer`](Session::answer) or
    /// [`proceed`](Session::proceed) goes on with it.
    ///
    /// Not for what pays, which is a payment, a new recurring payment ([`add_recurring`](Session::add_recurring)), and a batch with one
    /// of them: a blob can be copied, and two processes that resume one payment could make it twice. A
    /// [`Vault`](crate::Vault) keeps payments in a store where one of them wins; it takes no recurring payments and no batches. For these, and
    /// where there is no vault, say [`open_risking_a_second_payment`](Self::open_risking_a_second_payment).
    ///
    /// # Security
    ///
    /// Nothing here stops an old blob of a change (of a payment, a payee, the user's data) from being resumed after a newer change of
    /// the same object. At an institution without a history, and from a blob that had no place in it yet, nothing tells that something
    /// happened in between: the old change may be carried out then, and undo the newer one. The risk is none where one process has the only copy and replaces it by
    /// [`Session::pause`] whatever happens.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`](crate::error::ErrorKind::Misuse) when it belongs to another user, or pays. It comes back in
    /// the error.
    pub fn open(self, credentials: Credentials) -> Result<Session, Kept<Self>> {
        if self.operation.kind().pays() {
            let text = if self.operation.kind() == TaskKind::PAY { IS_A_PAYMENT } else { PAYS };
            return Err(Kept::new(self.told(Error::misuse(text)), self));
        }
        self.open_risking_a_second_payment(credentials)
    }

    /// As [`open`](Self::open), for payments, too.
    ///
    /// # Security
    ///
    /// Nothing here stops the same blob from being resumed twice: by a browser that sends its cookie again, by two servers, by a
    /// program that starts again from an older copy. Both send the same payment under the same identifiers. An institution pays once
    /// that checks for duplicates of a `TRNUID` (answered with 2019), refuses what comes after a token of its history that is out of
    /// date, or repeats its answer to the same file; one that does none of these pays twice. Nor does the blob in storage learn that
    /// the payment was sent: a program that is killed then and starts again from that blob does not know of the doubt. The risk is none
    /// where one process has the only copy and replaces it by [`Session::pause`] whatever happens.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`](crate::error::ErrorKind::Misuse) when it belongs to another user. It comes back in the error.
    pub fn open_risking_a_second_payment(self, credentials: Credentials) -> Result<Session, Kept<Self>> {
        if let Err(error) = self.client.belongs_to(&credentials) {
            let in_doubt = self.operation.doubt().is_some();
            let error = if in_doubt { Error::misuse(DOUBT_OF_ANOTHER) } else { error };
            return Err(Kept::new(self.told(error), self));
        }
        Ok(Session::new(self.client, credentials, Some(self.operation)))
    }

    /// Gives the operation up and the client back. Nothing was carried out as far as this blob knows: another copy may have been sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`](crate::error::ErrorKind::Misuse) when it is in doubt: forgetting it invites doing it twice. It comes back in
    /// the error.
    pub fn abandon(mut self) -> Result<Client, Kept<Self>> {
        if let Some(doubt) = self.operation.doubt() {
            let text =
                format!("it is in doubt: open and reconcile it, or settle it when it is known: {}", doubt.explain());
            return Err(Kept::new(self.told(Error::misuse(text)), self));
        }
        self.client.state.cookies.clear();
        Ok(self.client)
    }

    /// Ends a doubt that was settled by other means, and gives the client back: the institution's own list, or a call there, has
    /// shown what became of the request.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`](crate::error::ErrorKind::Misuse) when nothing is in doubt. It comes back in the error.
    pub fn settle_doubt(mut self) -> Result<Client, Kept<Self>> {
        if self.operation.doubt().is_none() {
            return Err(Kept::new(Error::misuse("nothing is in doubt here: abandon gives it up"), self));
        }
        self.client.state.cookies.clear();
        Ok(self.client)
    }

    /// Whether [`Session::reconcile`] has a way to find out what became of a request in doubt.
    #[must_use]
    pub fn can_reconcile(&self) -> bool {
        self.operation.can_reconcile()
    }

    /// Makes the same blob once more under the key that seals by now, readable until when it was before. Needs no credentials:
    /// nothing goes on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Seal`](crate::error::ErrorKind::Seal) when it cannot be made. It comes back in the error.
    ///
    /// # Resuming
    ///
    /// The new blob is the same paused operation, with the same identifiers and the same
    /// [state id](crate::seal::Header::state_id), as any copy is. Put it in place of the old one.
    pub fn reseal(self, keys: &KeyRing, context: &Context) -> Result<Blob, Kept<Self>> {
        let (protection, validity) = (Protection::Sealed(keys, context), Validity::AsBefore(self.mark));
        self.client.save(Some(&self.operation), protection, validity).map_err(|error| Kept::new(self.told(error), self))
    }

    /// An error about the operation, which says whether that is in doubt.
    fn told(&self, error: Error) -> Error {
        error.with_moved(self.operation.moved())
    }

    /// Whether it came from a blob sealed under an older key of the ring: [`reseal`](Self::reseal) it to have it under the new one.
    #[must_use]
    pub fn needs_reseal(&self) -> bool {
        self.client.needs_reseal()
    }

    /// The questions the user must answer; empty when none are asked.
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        self.situation().questions().to_vec()
    }

    /// Where the operation stands.
    #[must_use]
    pub fn situation(&self) -> Situation {
        self.operation.situation(&self.client.state, self.client.world.now())
    }

    /// What is being paid; `None` for another kind of operation, also for several [requests](Self::requests).
    #[must_use]
    pub fn payment(&self) -> Option<Payment> {
        self.operation.payment(&self.client.state).ok()
    }

    /// What kind of operation it is.
    #[must_use]
    pub fn kind(&self) -> TaskKind {
        self.operation.kind()
    }

    /// What is asked for; empty for a profile, a password change and a synchronization.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.operation.requests(&self.client.state).unwrap_or_default()
    }

    /// `TRNUID` of the request: name it when talking to the institution.
    #[must_use]
    pub fn trn_uid(&self) -> TrnUid {
        self.operation.trn_uid()
    }

    /// Until when the blob can be opened, UTC.
    #[must_use]
    pub fn expires(&self) -> Option<DateTime<Utc>> {
        self.mark.expires()
    }

    /// The client inside, to look at.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }
}

const DOUBT_OF_ANOTHER: &str = "this state belongs to another user id, and holds what is in doubt: open it with that one, and keep it until \
                                the doubt is settled";
const IS_A_PAYMENT: &str = "a payment is not resumed from a blob just like that, because two who resume it could pay twice: keep payments in \
                            a Vault, or say open_risking_a_second_payment";
const PAYS: &str = "what pays (here a recurring payment, or several requests with a payment) is not resumed from a blob just like that, because \
                    two who resume it could have it paid twice: make sure that one process has the only copy, and say \
                    open_risking_a_second_payment";
