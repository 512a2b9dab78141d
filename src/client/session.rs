//! One signed-on scope of a client.

use crate::client::ahead::Keeping;
use crate::client::{Client, Completed, Kept, Progress, driver};
use crate::engine::{Answers, Credentials, Doubt, Intent, Operation, Receipt, Refusal, RefusedAt, Situation, TaskKind};
use crate::error::{Error, ErrorKind, Moved};
use crate::ofx::{AccountInfo, Payment, Question, Request, RequestKind, TrnUid};

/// One signed-on scope: everything that talks to the institution in a user's name happens here.
///
/// A session has at most one operation under way. When the institution asks security questions, the session holds the operation
/// until it is answered, abandoned, or paused into a blob together with the client.
///
/// A thousand can work at once on one runtime. Each takes at most 80 KiB while it pays on a connection of its own, most of it buffers of
/// TLS and HTTP, and at most 8 KiB while nothing is under way; a profile and a list of accounts come on top. That is with one
/// [`Https`](crate::transport::Https) for all of them ([`for_another_user`](crate::transport::Https::for_another_user)): one of its own
/// for each takes more, and reads the roots of the machine each time.
#[derive(Debug)]
pub struct Session {
    pub(crate) client: Client,
    pub(crate) credentials: Credentials,
    pub(crate) current: Option<Operation>,
    /// Who stores what must survive before a file leaves.
    pub(crate) ahead: Option<Keeping>,
    profile_refused: bool,
    /// The institution has refused a signon of this session, and has not recognized the user in it.
    pub(crate) is_turned_down: bool,
}

impl Session {
    pub(crate) fn new(mut client: Client, credentials: Credentials, current: Option<Operation>) -> Self {
        client.state.begin_session();
        Self { client, credentials, current, ahead: None, profile_refused: false, is_turned_down: false }
    }

    /// Fetches the account list, unless the known one is up to date. OFX 1.0.3 §8.5, OFX 2.3 §8.5.
    ///
    /// # Errors
    ///
    /// `Refused` when the institution says no; `Transport` when it does not answer; `Misuse` when another operation waits.
    ///
    /// # Resuming
    ///
    /// Safe to repeat at any point.
    pub async fn accounts(&mut self) -> Result<Progress<Vec<AccountInfo>>, Error> {
        self.begin(Intent::Accounts).await?;
        self.run_as(Completed::accounts).await
    }

    /// Pays a bill. OFX 1.0.3 §12.6, OFX 2.3 §12.6.
    ///
    /// [`Progress::Done`] means the institution accepted it; [`Receipt::state`] and [`Receipt::date`] say what becomes of it and
    /// when. The amount is positive and in the
    /// currency of the account it is taken from; the due day is one of the institution's calendar.
    ///
    /// # Errors
    ///
    /// `Misuse` when the payment cannot be sent as it is, or another operation waits; `Refused` when the institution says no: the
    /// payment was not made, and also where it refuses to give its profile
    /// ([`Institution::without_profile`](crate::Institution::without_profile)). `Transport` means that it was not sent; a payment that may have been is [`Progress::Unknown`], also where
    /// asking what became of it failed in the same call. Of the errors only `Store`, which [`keep_ahead`](Self::keep_ahead) may give, can
    /// leave it in doubt: [`money_may_have_moved`](Error::money_may_have_moved) says so, and what was stored before.
    ///
    /// Where the signon was refused ([`Refusal::at`](crate::engine::Refusal::at)), nobody looked at the payment: it is prepared still.
    /// [`pause`](Self::pause) it and [resume](Client::resume) it with the right password, or [`abandon`](Self::abandon) it.
    ///
    /// # Resuming
    ///
    /// Calling `pay` twice pays twice. To go on with the same payment, use [`answer`](Self::answer),
    /// [`proceed`](Self::proceed), or [`pause`](Self::pause) and [`Client::resume`].
    ///
    /// # Cancellation
    ///
    /// A future that is dropped once the request may have left, leaves the payment in doubt, in the session. One that is dropped before
    /// leaves it prepared, where [`Https`](crate::transport::Https) was to send it: [`proceed`](Self::proceed) does; while the profile is
    /// fetched for it, nothing is prepared yet: call `pay` again. With
    /// [`keep_ahead`](Self::keep_ahead) it is in doubt then, too, as in what was stored. Where the session is dropped with the future (many
    /// web frameworks drop a handler when the browser goes away), spawn the future as a task of its own.
    pub async fn pay(&mut self, payment: &Payment) -> Result<Progress<Receipt>, Error> {
        self.prepare_payment(payment).await?;
        self.run_as(Completed::receipt).await
    }

    /// Makes a payment's identifiers and its request without sending it: [`pause`](Self::pause) stores it,
    /// [`proceed`](Self::proceed) sends it. The profile is fetched when it is not known.
    ///
    /// # Errors
    ///
    /// As [`pay`](Self::pay).
    pub async fn prepare_payment(&mut self, payment: &Payment) -> Result<(), Error> {
        self.begin(Intent::pay(payment)).await
    }

    /// Answers the security questions and goes on with the operation they belong to.
    ///
    /// # Errors
    ///
    /// `Misuse` when a question has no answer or an answer no question: the operation still waits. Else as the operation itself.
    pub async fn answer(&mut self, answers: Answers) -> Result<Progress<Completed>, Error> {
        let now = self.client.world.now();
        let Some(operation) = self.resting() else {
            return Err(Error::misuse("there is no operation that waits for answers"));
        };
        let answered = operation.handle_answer(&self.client.state, &answers, now);
        let (operation, _) = answered.map_err(|error| self.told(error))?;
        self.current = Some(operation);
        self.go_on().await
    }

    /// Goes on with the operation under way: one that was prepared, resumed, or could not be sent.
    ///
    /// # Errors
    ///
    /// As the operation itself; `Misuse` when there is none.
    pub async fn proceed(&mut self) -> Result<Progress<Completed>, Error> {
        self.current = self.resting().map(|operation| operation.after_approval(&self.client.state));
        self.go_on().await
    }

    /// The operation that is under way, [at rest](Operation::at_rest): as everybody finds it who does not go on with it.
    pub(crate) fn resting(&self) -> Option<Operation> {
        self.current.clone().map(Operation::at_rest)
    }

    async fn go_on(&mut self) -> Result<Progress<Completed>, Error> {
        if let Some(keeping) = &mut self.ahead {
            keeping.is_turned_down = self.is_turned_down;
        }
        let kind = self.current.as_ref().map(Operation::kind);
        let was_in_doubt = self.doubt().is_some();
        let result = driver::run(&mut self.client, &mut self.credentials, &mut self.current, &mut self.ahead).await;
        self.heed(kind, result.as_ref().err());
        let progress = match (result, self.doubt()) {
            // What failed was to find out about it in this same call, and whoever drops the session for an error must not lose the doubt.
            (Err(error), Some(doubt)) if !was_in_doubt && error.kind() != ErrorKind::Store => {
                Progress::Unknown(doubt.clone())
            }
            (result, _) => result?,
        };
        if progress == Progress::Done(Completed::PasswordChanged) {
            self.credentials.adopt_new_password(self.client.state.has_other_realms());
            self.client.state.password_change_due = false;
        }
        Ok(progress)
    }

    /// Remembers whether the institution said no to the user. What it says to an anonymous signon is about nobody.
    fn heed(&mut self, kind: Option<TaskKind>, error: Option<&Error>) {
        let of_user = kind.is_some_and(|kind| !self.client.state.is_anonymous(kind));
        let refused = error.and_then(Error::detail::<Refusal>);
        let at_signon = of_user && refused.is_some_and(|refusal| refusal.at == RefusedAt::Signon);
        self.is_turned_down = (self.is_turned_down || at_signon) && !self.client.state.recognized;
    }

    /// Finds out what became of a request in doubt, in the ways that the institution's profile promised when it was sent: its saved
    /// answer (`RESPFILEER`), or its history (`SYNCMODE` FULL). When the history proves that it was not carried out, it is
    /// sent again, under the same identifiers, so that no earlier copy can be carried out as well. OFX 1.0.3 §6.
    ///
    /// # Errors
    ///
    /// `Misuse` when nothing is in doubt, there is no way left ([`can_reconcile`](Self::can_reconcile)), or it is being found out about and
    /// waits for answers: [`answer`](Self::answer) goes on. `Refused` when it was not
    /// carried out, and is not in doubt any more. After all others, `Transport` included, it is in doubt as before: that this try was not
    /// sent says nothing about the one before, and [`money_may_have_moved`](Error::money_may_have_moved) is unknown.
    pub async fn reconcile(&mut self) -> Result<Progress<Completed>, Error> {
        let Some(operation) = self.resting() else {
            return Err(Error::misuse("there is no request in doubt"));
        };
        let (operation, _) =
            operation.reconcile(&self.client.state, self.client.world.now()).map_err(|error| self.told(error))?;
        self.current = Some(operation);
        self.go_on().await
    }

    /// Whether [`reconcile`](Self::reconcile) has a way to find out what became of a request in doubt. Not while questions wait on that
    /// way: [`answer`](Self::answer) goes on then.
    #[must_use]
    pub fn can_reconcile(&self) -> bool {
        self.resting().is_some_and(|operation| operation.can_reconcile())
    }

    /// Sends a payment, or another request, that is in doubt once more, under the same identifiers and with the same bytes.
    ///
    /// # Errors
    ///
    /// `Misuse` when nothing is in doubt; else as [`reconcile`](Self::reconcile).
    ///
    /// # Security
    ///
    /// An institution that checks for duplicates pays once and answers [`Doubt::Duplicate`](crate::engine::Doubt::Duplicate). One
    /// that does not pays twice. [`reconcile`](Self::reconcile) where there is a way, or settle the doubt by other means. The request stays in doubt until the
    /// institution answers for it: a refusal of the second try, or one that was not sent, says nothing about the first.
    pub async fn repeat_payment_in_doubt(&mut self) -> Result<Progress<Completed>, Error> {
        let Some(operation) = self.resting() else {
            return Err(Error::misuse("there is no request in doubt"));
        };
        let repeated = operation.repeat_in_doubt(&self.client.state, self.client.world.now());
        let (operation, _) = repeated.map_err(|error| self.told(error))?;
        self.current = Some(operation);
        self.go_on().await
    }

    /// Gives up the operation under way. Nothing was carried out, unless it is in doubt, or another copy of its blob was sent.
    ///
    /// # Errors
    ///
    /// `Misuse` when it is in doubt: forgetting a payment invites paying it twice.
    pub fn abandon(&mut self) -> Result<(), Error> {
        self.refuse_doubt()?;
        self.end_operation();
        Ok(())
    }

    /// Ends a doubt that was settled by other means: the institution's own list, or a call there, has shown what became of the
    /// request. Its `TRNUID` is in [`trn_uid`](Self::trn_uid) until then.
    ///
    /// # Errors
    ///
    /// `Misuse` when nothing is in doubt.
    pub fn settle_doubt(&mut self) -> Result<(), Error> {
        if self.doubt().is_none() {
            return Err(Error::misuse("there is no request in doubt to settle"));
        }
        self.end_operation();
        Ok(())
    }

    /// Nothing of it counts for the next one, nor what it was stored with.
    fn end_operation(&mut self) {
        self.current = None;
        self.client.state.cookies.clear();
    }

    /// Ends the session and gives the client back.
    ///
    /// # Errors
    ///
    /// `Misuse` when a request is in doubt: [`pause`](Self::pause) it instead. The session comes back in the error.
    pub fn close(self) -> Result<Client, Kept<Self>> {
        match self.refuse_doubt() {
            Ok(()) => Ok(self.client),
            Err(error) => Err(Kept::new(error, self)),
        }
    }

    /// The client, to look at.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Where the operation under way stands, if there is one.
    #[must_use]
    pub fn situation(&self) -> Option<Situation> {
        self.resting().map(|operation| operation.situation(&self.client.state, self.client.world.now()))
    }

    /// The questions the user must answer; empty when none are asked.
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        self.situation().map_or_else(Vec::new, |situation| situation.questions().to_vec())
    }

    /// What kind of operation is under way.
    #[must_use]
    pub fn kind(&self) -> Option<TaskKind> {
        self.current.as_ref().map(Operation::kind)
    }

    /// What is asked for; empty for a profile, a password change and a synchronization, and when no operation is under way.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        let requests = self.current.as_ref().and_then(|operation| operation.requests(&self.client.state).ok());
        requests.unwrap_or_default()
    }

    /// `TRNUID` of the operation under way: name it when talking to the institution.
    #[must_use]
    pub fn trn_uid(&self) -> Option<TrnUid> {
        self.current.as_ref().map(Operation::trn_uid)
    }

    /// The payment under way; `None` for another kind of operation, also for several [requests](Self::requests).
    #[must_use]
    pub fn payment(&self) -> Option<Payment> {
        self.current.as_ref().and_then(|operation| operation.payment(&self.client.state).ok())
    }

    /// Whether the password must be changed, that of the signon realm of `SIGNON`: the institution has said so in this session (status
    /// 15000), or its profile wants it of a user that it has not met under this client (`CHGPINFIRST`).
    #[must_use]
    pub fn is_password_change_due(&self) -> bool {
        let state = &self.client.state;
        let info = state.profile().and_then(|profile| profile.signon_info("SIGNON"));
        let at_first = state.user_id.is_none() && info.and_then(|info| info.change_first) == Some(true);
        state.password_change_due || at_first
    }

    /// Makes an operation, in place of a list that could not be fetched. What counts is never replaced: it has its identifiers.
    pub(crate) async fn begin(&mut self, intent: Intent) -> Result<(), Error> {
        self.begin_with(intent, None).await
    }

    /// As [`begin`](Self::begin), with credentials that are the session's from then on.
    pub(crate) async fn begin_with(&mut self, intent: Intent, given: Option<Credentials>) -> Result<(), Error> {
        let counts = self.current.as_ref().is_some_and(|operation| operation.kind().counts());
        match self.situation() {
            Some(Situation::InDoubt(_)) => self.refuse_doubt()?,
            Some(Situation::AwaitingAnswers(_)) => {
                let text = "an operation waits for answers; answer, pause or abandon it first";
                return Err(self.told(Error::misuse(text)));
            }
            Some(Situation::AwaitingApproval(_)) => {
                return Err(Error::misuse(
                    "an operation waits for the approval of this client; proceed, pause or abandon it first",
                ));
            }
            Some(Situation::Ready) if counts => {
                return Err(Error::misuse(
                    "a request is prepared and was not carried out: proceed() sends it, pause() keeps it, abandon() gives it up",
                ));
            }
            None | Some(Situation::Ready | Situation::Over(_)) => {}
        }
        let changes = matches!(intent, Intent::ChangePassword);
        if changes {
            given.as_ref().unwrap_or(&self.credentials).password_change()?;
        }
        self.current = None;
        if self.needs_profile(&intent) {
            let Self { client, credentials, profile_refused, .. } = self;
            let known = driver::know_profile(client, credentials, intent.relies_on_profile(), profile_refused).await;
            self.heed(Some(TaskKind::Profile), known.as_ref().err());
            known?;
        }
        if changes {
            self.client.state.allows_password(given.as_ref().unwrap_or(&self.credentials))?;
        }
        self.current = Some(driver::start(&mut self.client, intent)?);
        // Not before: another change may be in doubt, and needs its own new password.
        if let Some(given) = given {
            self.credentials = given;
        }
        Ok(())
    }

    /// Whether the profile must be known first. It cannot be where it is the user's, and there is none yet.
    fn needs_profile(&self, intent: &Intent) -> bool {
        match intent {
            Intent::Profile => false,
            Intent::Request { request, .. } if request.kind() == RequestKind::Enroll => {
                self.client.state.is_anonymous(TaskKind::Profile)
            }
            _ => true,
        }
    }

    pub(crate) async fn run_as<T>(
        &mut self,
        result: impl FnOnce(Completed) -> Option<T>,
    ) -> Result<Progress<T>, Error> {
        let progress = self.proceed().await?;
        progress.try_map(result).ok_or_else(|| driver::bug("an operation ended as another kind"))
    }

    fn refuse_doubt(&self) -> Result<(), Error> {
        let Some(doubt) = self.doubt() else { return Ok(()) };
        let text = format!(
            "a request of this session is in doubt: reconcile it, pause it to keep it, or settle it: {}",
            doubt.explain()
        );
        Err(Error::misuse(text).with_moved(Moved::Unknown))
    }

    /// An error about the operation under way, which says whether that is in doubt.
    pub(crate) fn told(&self, error: impl Into<Error>) -> Error {
        error.into().with_moved(self.current.as_ref().map_or(Moved::No, Operation::moved))
    }

    pub(crate) fn doubt(&self) -> Option<&Doubt> {
        self.current.as_ref().and_then(Operation::doubt)
    }
}
