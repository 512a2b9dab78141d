//! What an operation is: what it asks for, read out of its own bytes, and where that goes.

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use crate::engine::{Credentials, EngineError, Operation, State, Step, TaskKind};
use crate::ofx::{BankAccount, DecodeError, Item, Payment, Problem, Request, SyncKind, TrnUid};

impl Operation {
    /// Where the request goes.
    pub(crate) fn url<'a>(&'a self, state: &'a State) -> &'a str {
        self.urls.as_ref().map_or_else(|| state.url_of(self.kind.message_set()), |(url, _)| url)
    }

    /// Where the questions are asked for.
    pub(crate) fn challenge_url<'a>(&'a self, state: &'a State) -> &'a str {
        self.urls.as_ref().map_or_else(|| state.challenge_url(self.kind.message_set()), |(_, url)| url)
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> TaskKind {
        self.kind
    }

    /// `TRNUID` of its request: name it when talking to the institution.
    #[must_use]
    pub fn trn_uid(&self) -> TrnUid {
        self.seed.work()
    }

    /// The payment that is asked for, read out of the request's own bytes.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for another kind of operation, also for several requests: one payment of many must not stand for them all.
    pub fn payment(&self, state: &State) -> Result<Payment, DecodeError> {
        let requests = if self.kind == TaskKind::PAY { self.requests(state)? } else { Vec::new() };
        let payment = requests.into_iter().find_map(|request| match request {
            Request::Pay(request) => Some(request.payment),
            _ => None,
        });
        payment.ok_or_else(|| DecodeError::new(Problem::Missing("PMTRQ"), 0))
    }

    /// What is asked for, in the order of the file, read out of its own bytes. Empty for what is no request of a user: a profile,
    /// a password change, a synchronization.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when the bytes were not written by this crate.
    pub fn requests(&self, state: &State) -> Result<Vec<Request>, DecodeError> {
        if matches!(self.kind, TaskKind::Profile | TaskKind::ChangePassword) {
            return Ok(Vec::new());
        }
        let requests = self.tail.read(state.version())?.into_iter().filter_map(|item| match item {
            Item::Request(_, request) => Some(request),
            Item::Sync(_) => None,
        });
        Ok(requests.collect())
    }

    /// The history that it goes into, and the account that this is of.
    pub(crate) fn history(&self, state: &State) -> Option<(SyncKind, Option<BankAccount>)> {
        let kind = self.kind.history()?;
        Some((kind, self.account_of_history(state)))
    }

    pub(crate) fn account_of_history(&self, state: &State) -> Option<BankAccount> {
        let own = || self.requests(state).ok()?.first().and_then(Request::account).cloned();
        self.account.clone().or_else(own)
    }

    /// The file that it would send now, without sending it; `None` when it waits for something else.
    ///
    /// # Errors
    ///
    /// As [`Transmit::prepare`](crate::engine::Transmit::prepare).
    ///
    /// # Security
    ///
    /// The bytes hold the password; they are wiped when dropped. Whoever sends them must go on with [`begin`](Self::begin)'s step
    /// instead: it hands out what must be kept first.
    pub fn render(
        &self,
        credentials: &Credentials,
        state: &State,
        now: DateTime<Utc>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, EngineError> {
        match self.step(state, now) {
            Step::Send(transmit) => transmit.prepare(credentials, state, now).map(|(_, file)| Some(file)),
            Step::Ask(_) | Step::Approve(_) | Step::Done(_) => Ok(None),
        }
    }
}
