//! One file of an operation: what is kept before it leaves, the exchange, and what its answer, or the lack of one, makes of the operation.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::client::Client;
use crate::client::giving_up::Undo;
use crate::engine::{Credentials, EngineError, Operation, Outcome, RefusedAt, Step, TaskKind, Transmit};
use crate::error::{Delivery, Error};
use crate::ofx::RequestKind;
use crate::secret::Secret;
use crate::transport::{Request, Response, TransportError, TurnedAway};

/// Who keeps what must be durable before a file leaves.
pub(crate) trait Ahead: Send {
    /// Keeps `interrupted`: an operation as it stands once its next file may have been sent.
    ///
    /// After an error nothing is sent.
    fn keep(&mut self, client: &Client, interrupted: &Operation) -> impl Future<Output = Result<Noted, Error>> + Send;

    /// Whether it may still leave, directly before it does: what stands between, an observer or the writer of a log, may have taken long.
    ///
    /// Says for how long it may. After an error nothing is sent.
    fn leave(&mut self, _now: DateTime<Utc>) -> Result<Option<Duration>, Error> {
        Ok(None)
    }
}

/// Where it is noted that a file may have been sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noted {
    /// Here, and nowhere else.
    Here,
    /// In a store as well, where others may find it and go on from there.
    Stored,
}

/// A session without a store keeps it in memory: what it holds is lost with the process.
pub(crate) struct InMemory;

impl Ahead for InMemory {
    async fn keep(&mut self, _: &Client, _: &Operation) -> Result<Noted, Error> {
        Ok(Noted::Here)
    }
}

/// Sends a file of the operation that `held` holds, and gives the next step. `held` is, at any moment, what must not be lost.
///
/// # Errors
///
/// When the file was not sent, or nothing hangs on it: `held` can go on from here.
pub(crate) async fn exchange(
    client: &mut Client,
    credentials: &mut Credentials,
    held: &mut Operation,
    ahead: &mut impl Ahead,
    transmit: Transmit,
) -> Result<Step, Error> {
    if !client.state.is_readable() {
        return Err(Error::misuse(UNREADABLE));
    }
    let wire = client.wire()?;
    if let Err(error) = wire.allows(transmit.url()) {
        let named_by_profile = transmit.url() != client.state.institution.url;
        return Err(if named_by_profile { Error::from(error).while_doing(NAMED_BY_PROFILE) } else { error.into() });
    }
    let url = transmit.url().to_owned();
    let now = client.world.now();
    let (interrupted, file) = transmit.prepare(credentials, &client.state, now)?;
    let noted = ahead.keep(client, &interrupted).await?;
    let kind = held.kind();
    let dialect = &client.state.institution.dialect;
    // An enrolment may be made again, but the first password is lost with its answer.
    let reads = !held.sends_what_counts() && !enrolls(kind);
    let request = |file| {
        let request = Request::new(url.as_str(), file);
        let request = dialect.headers().fold(request, |request, (name, line)| request.header(name, line));
        if reads { request.reusing_connection() } else { request }
    };
    let copy = dialect.repeat_for_cookie.then(|| file.clone());
    let (watching, world) = (client.watching.clone(), Arc::clone(&client.world));
    let first = request(file);
    let recorded = watching.leaves(&*world, kind, &first);
    let first = match ahead.leave(world.now()) {
        Ok(time) => first.leaving_within(time),
        Err(error) => {
            watching.stays(&*world, kind, recorded);
            return Err(error);
        }
    };
    let operation = std::mem::replace(held, interrupted);
    // A one-time token is good for one file: it is used up unless that was turned away before anybody looked at it.
    let token = if client.state.is_anonymous(kind) { None } else { credentials.auth_token.take() };
    let undo = Undo {
        current: held,
        // A store cannot be written while a future is dropped. What is there says that the file may have left, and whoever goes on from
        // there and whoever goes on from here must mean the same file.
        unsent: Some(&operation).filter(|_| noted == Noted::Here),
        auth_token: &mut credentials.auth_token,
        used: token.clone(),
        state: &client.state,
        now,
        recall: first.recall(),
    };
    let mut sent = undo.unless_over(watching.send(&*world, &*wire, kind, first, recorded)).await;
    let mut was_sent = false;
    // Time has passed, and somebody else may have taken over: a copy that may not leave now leaves the first one in doubt.
    if let (Err(TransportError::Empty { cookie_set: true }), Some(copy)) = (&sent, copy)
        && ahead.keep(client, held).await.is_ok()
    {
        let copy = request(copy);
        let recorded = watching.leaves(&*world, kind, &copy);
        if let Ok(time) = ahead.leave(world.now()) {
            was_sent = true;
            sent = watching.send(&*world, &*wire, kind, copy.leaving_within(time), recorded).await;
        } else {
            watching.stays(&*world, kind, recorded);
        }
    }
    let after = After { client, credentials, held, operation, token };
    match sent {
        Ok(response) => after.answer(response),
        Err(error) => after.failure(error, was_sent),
    }
}

/// A file has left, or was to.
struct After<'a> {
    client: &'a mut Client,
    credentials: &'a mut Credentials,
    held: &'a mut Operation,
    /// As it was before the file.
    operation: Operation,
    /// The one-time token that went with the file.
    token: Option<Secret>,
}

impl After<'_> {
    fn answer(self, response: Response) -> Result<Step, Error> {
        let Self { client, credentials, held, operation, token } = self;
        let counts = operation.kind().counts();
        let body = response.into_body();
        let ready = counts.then(|| operation.clone());
        let asks_for_others = operation.asks_for_others();
        let unread = if asks_for_others { Some(COPY) } else { operation.can_do_without_answer().then_some(FENCE) };
        let answered = operation.handle_response(&mut client.state, &body, client.world.now());
        client.keep_answer(body);
        // An answer that is of no use is an error only where nothing hangs on it.
        let answered = answered.map_err(|error| {
            let is_unread = matches!(error, EngineError::Decode(_)) || asks_for_others;
            let unread = unread.filter(|_| is_unread);
            let error = nothing_moved(error.into(), counts);
            unread.into_iter().fold(error, Error::while_doing)
        });
        if token.is_some() && matches!(answered, Ok((_, Step::Approve(_)))) {
            credentials.auth_token = token;
        }
        let (operation, next) = answered?;
        if let Some(user_id) = credentials.user_id().filter(|_| client.state.recognized) {
            client.state.user_id = Some(user_id.to_owned());
        }
        let not_looked_at = matches!(&next, Step::Done(Outcome::Refused(refusal)) if refusal.at != RefusedAt::Request);
        *held = match ready {
            Some(ready) if not_looked_at => operation.not_looked_at(ready),
            _ => operation,
        };
        Ok(next)
    }

    /// `was_sent`: the same file left before, and was answered with nothing.
    fn failure(self, error: TransportError, was_sent: bool) -> Result<Step, Error> {
        let Self { client, credentials, held, operation, token } = self;
        let turned_away = error.turned_away();
        let delivery = match error.delivery() {
            // It left the first time, and what became of it then is not known from what became of it now.
            _ if was_sent => Delivery::Unknown,
            // The institution did not read the file as OFX. What it did with it is another question.
            _ if turned_away.is_some() => Delivery::Answered,
            delivery => delivery,
        };
        if token.is_some() && delivery != Delivery::Unknown {
            credentials.auth_token = token;
        }
        let left = operation.sends_what_counts() && delivery != Delivery::NotSent;
        // That there is no history, or no saved answer, is for the institution to say, and not for what stands in front of it.
        let told = if turned_away == Some(TurnedAway::ForNow) { Delivery::Unknown } else { delivery };
        let asks_for_token = operation.can_do_without_answer();
        let asks_for_others = operation.asks_for_others();
        let goes_on = told == Delivery::Answered && asks_for_token;
        let (operation, next) = operation.handle_failure(&client.state, told, &error.to_string(), client.world.now());
        let kind = operation.kind();
        *held = operation;
        if left || goes_on {
            return Ok(next);
        }
        let error = nothing_moved(error.into(), kind.counts());
        let error = match turned_away {
            Some(_) if asks_for_others => error.while_doing(COPY),
            Some(TurnedAway::ForNow) if asks_for_token => error.while_doing(TOKEN),
            _ => error,
        };
        let may_have_arrived = !kind.counts() && delivery != Delivery::NotSent;
        let what = if enrolls(kind) { ENROLLING } else { ONLY_READS };
        Err(if may_have_arrived { error.with_doubt(None).while_doing(what) } else { error })
    }
}

/// A file around a request that counts failed, and the request itself was not sent or was refused: that is what the caller wants to know.
fn nothing_moved(error: Error, counts: bool) -> Error {
    if counts { error.with_delivery(Delivery::NotSent) } else { error }
}

fn enrolls(kind: TaskKind) -> bool {
    kind == TaskKind::Request(RequestKind::Enroll)
}

const NAMED_BY_PROFILE: &str =
    "the institution's profile names an address for this (Institution::ignore_profile_urls uses the one you gave)";

const UNREADABLE: &str = "the stored profile cannot be read by this version, and it says where requests go; use the version \
                          that stored it, or a newer one";

const TOKEN: &str = "asking for the newest token of the history, so that the request can be found out about (where there is none for this \
                     client, abandon the request and begin it anew with Institution::without_synchronization)";

const FENCE: &str = "asking for the newest token of the history, so that the request can be found out about (a limit is raised with \
                     Client::limits or Paused::limits; where the answer can never be read, abandon the request and begin it anew with \
                     Institution::without_synchronization)";

const COPY: &str = "looking into the history for what was done since this request was made or stored, perhaps by another copy of it (a \
                    limit is raised with Client::limits or Paused::limits; where the history can never be read, ask the institution \
                    whether the request was carried out, and only where it was not, abandon it and begin it anew with \
                    Institution::without_synchronization)";

const ENROLLING: &str = "while enrolling, which may have been done: enrol again, and where the user is enrolled already (13501), the institution \
                         gives the password anew";

const ONLY_READS: &str = "while asking, which changes nothing";
