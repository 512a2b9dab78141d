//! Calls of a session about the user, and those for any request: mail, sign-up, password, several at once, what was sent and answered.

use zeroize::Zeroizing;

use crate::client::{Completed, Progress, Session};
use crate::engine::{BatchAnswer, Confirmed, Intent};
use crate::error::Error;
use crate::ofx::{
    ChangedUserInfo, DecodeError, Document, EnrollmentRequest, EnrollmentResponse, Exchange, PaymentMail, Reply,
    RequestKind, ServiceRequest, ServiceResponse, UserInfo,
};
use crate::secret::Secret;

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

    /// Fetches the institution's profile, unless the known one is up to date: as the user where it is the
    /// [user's](crate::Dialect::profile_of_user), else anonymously. OFX 1.0.3 §7, OFX 2.3 §7.
    ///
    /// Everything else does this by itself; call it where security questions come before the profile.
    ///
    /// # Errors
    ///
    /// `Refused` when the institution has none for this user, `Transport` when it does not answer.
    pub async fn fetch_profile(&mut self) -> Result<Progress<()>, Error> {
        self.begin(Intent::Profile).await?;
        self.run_as(|completed| matches!(completed, Completed::Profile).then_some(())).await
    }

    /// Enrols a user, anonymously: there are no credentials yet. OFX 1.0.3 §8.4, OFX 2.3 §8.4.
    ///
    /// # Errors
    ///
    /// `Misuse` when the profile says that users enrol elsewhere; `Refused` with 13501 when the user is enrolled already.
    ///
    /// # Resuming
    ///
    /// Safe to repeat: an institution does not enrol a user twice. Where the answer was lost, and with it the first password
    /// ([`EnrollmentResponse::temporary_password`]), the second time is refused with 13501, and the institution gives the password anew by
    /// other means.
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
    /// It is the password of the signon realm of `SIGNON` that is changed. Where the profile has others, this session goes on with the old
    /// one there; later sessions need a client for each (see [`Client::open`](crate::Client::open)), and where the account list is in
    /// another, [`reconcile`](Self::reconcile) cannot find out which one counts.
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
        self.begin_with(Intent::ChangePassword, Some(with_both)).await?;
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
    /// As the single calls; `Misuse` when the requests go to different addresses or signon realms of the institution.
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
    /// As the call that is named for the request; `Misuse` for a payment and for the account list, whose results are more than a record:
    /// [`pay`](Self::pay), [`accounts`](Self::accounts).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use ofx_session::ofx::PaymentInquiry;
    /// use ofx_session::{Error, Session};
    ///
    /// async fn state(session: &mut Session, id: &str) -> Result<String, Error> {
    ///     let status = session.perform(PaymentInquiry::new(id)).await?.done()?;
    ///     Ok(format!("{} on {}", status.processing.state, status.processing.date))
    /// }
    /// ```
    pub async fn perform<R: Exchange>(&mut self, request: R) -> Result<Progress<Confirmed<R::Response>>, Error> {
        let request = request.into();
        match request.kind() {
            RequestKind::Pay => {
                Err(self.told(Error::misuse("a payment is made by Session::pay, which gives its receipt")))
            }
            RequestKind::Accounts => Err(self.told(Error::misuse("the account list is fetched by Session::accounts"))),
            _ => self.perform_as(Intent::from(request)).await,
        }
    }

    pub(crate) async fn perform_as<R: TryFrom<Reply>>(
        &mut self,
        intent: Intent,
    ) -> Result<Progress<Confirmed<R>>, Error> {
        self.begin(intent).await?;
        self.run_as(Completed::confirmed).await
    }

    /// Makes the request of an intent without sending it: [`pause`](Self::pause) stores it, [`proceed`](Self::proceed) sends it. The
    /// profile is fetched when it is not known. A change of the password is prepared in a session that was opened with both:
    /// `Credentials::new(id, old).new_password(new)`.
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
        let rendered = self.resting().map(|operation| operation.render(&self.credentials, &self.client.state, now));
        rendered.transpose().map(Option::flatten).map_err(|error| self.told(error))
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
