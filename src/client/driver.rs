//! The one loop that drives the engine over a transport.

use std::sync::Arc;

use crate::client::giving_up::Undo;
use crate::client::watching::in_operation;
use crate::client::{Client, Completed, Progress};
use crate::engine::{Credentials, Intent, Operation, Outcome, Refusal, RefusedAt, State, Step, TaskKind};
use crate::error::{Delivery, Error, ErrorKind, Moved, StatusCode};
use crate::ofx::RequestKind;
use crate::transport::{Request, StepKind, TransportError, TurnedAway};

/// Who keeps what must be durable before a file leaves.
pub(crate) trait Ahead: Send {
    /// Keeps `interrupted`: an operation as it stands once its next file may have been sent.
    ///
    /// After an error nothing is sent.
    fn keep(&mut self, state: &State, interrupted: &Operation) -> impl Future<Output = Result<Noted, Error>> + Send;
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
    async fn keep(&mut self, _: &State, _: &Operation) -> Result<Noted, Error> {
        Ok(Noted::Here)
    }
}

/// Continues what `current` holds until the user is asked, it is over, or the institution cannot be reached.
///
/// Whatever goes wrong while a request in doubt is sent once more, the error says that it is still in doubt.
pub(crate) async fn run(
    client: &mut Client,
    credentials: &mut Credentials,
    current: &mut Option<Operation>,
    ahead: &mut impl Ahead,
) -> Result<Progress<Completed>, Error> {
    let result = match current.as_ref().map(Operation::kind) {
        None => Err(Error::misuse(NO_OPERATION)),
        Some(kind) => {
            let watching = client.watching.clone();
            let watched = async {
                watching.step(kind, StepKind::Begin);
                let result = drive(client, credentials, current, ahead).await;
                watching.end(kind, &result);
                result
            };
            in_operation(kind, watched).await
        }
    };
    let in_doubt = current.as_ref().is_some_and(|operation| operation.doubt().is_some());
    result.map_err(|error| {
        if in_doubt {
            error.with_delivery(Delivery::Unknown).with_moved(Moved::Unknown).while_doing(STILL_IN_DOUBT)
        } else {
            error.with_moved(Moved::No)
        }
    })
}

/// `current` always holds what must not be lost: before each send it is the operation as it stands when the program stops, so
/// that a dropped future leaves a request in doubt and not forgotten, unless the transport [proves](Undo) that it never left.
async fn drive(
    client: &mut Client,
    credentials: &mut Credentials,
    current: &mut Option<Operation>,
    ahead: &mut impl Ahead,
) -> Result<Progress<Completed>, Error> {
    let first = current.as_ref().map(|operation| operation.step(&client.state, client.world.now()));
    let mut step = first.ok_or_else(|| Error::misuse(NO_OPERATION))?;
    loop {
        let transmit = match step {
            Step::Send(transmit) => transmit,
            Step::Ask(challenge) => return Ok(Progress::Ask(challenge)),
            Step::Approve(approval) => return Ok(Progress::Approve(approval)),
            Step::Done(outcome) => return finish(client, current, outcome),
        };
        if !client.state.is_readable() {
            return Err(Error::misuse(UNREADABLE));
        }
        let wire = client.wire()?;
        if let Err(error) = wire.allows(transmit.url()) {
            let named_by_profile = transmit.url() != client.state.institution.url;
            let what = "the institution's profile names an address for this (Institution::ignore_profile_urls uses the one you gave)";
            return Err(if named_by_profile { Error::from(error).while_doing(what) } else { error.into() });
        }
        let url = transmit.url().to_owned();
        let now = client.world.now();
        let (interrupted, file) = transmit.prepare(credentials, &client.state, now)?;
        let Some(held) = current.as_mut() else { return Err(Error::misuse(NO_OPERATION)) };
        let noted = ahead.keep(&client.state, &interrupted).await?;
        let operation = std::mem::replace(held, interrupted);
        let dialect = &client.state.institution.dialect;
        // An enrolment may be made again, but the first password is lost with its answer.
        let enrolls = operation.kind() == TaskKind::Request(RequestKind::Enroll);
        let reads = !operation.sends_what_counts() && !enrolls;
        let request = |file| {
            let request = Request::new(url.as_str(), file);
            let request = dialect.headers().fold(request, |request, (name, line)| request.header(name, line));
            if reads { request.reusing_connection() } else { request }
        };
        let copy = dialect.repeat_for_cookie.then(|| file.clone());
        let (watching, world, kind) = (client.watching.clone(), Arc::clone(&client.world), operation.kind());
        let first = request(file);
        // A store cannot be written while a future is dropped. What is there says that the file may have left, and whoever goes on from
        // there and whoever goes on from here must mean the same file.
        let unsent = Some(&operation).filter(|_| noted == Noted::Here);
        // A one-time token is good for one file: it is used up unless that was turned away before anybody looked at it.
        let anonymous = client.state.is_anonymous(operation.kind());
        let token = if anonymous { None } else { credentials.auth_token.take() };
        let undo = Undo {
            current: held,
            unsent,
            auth_token: &mut credentials.auth_token,
            used: token.clone(),
            state: &client.state,
            now,
            recall: first.recall(),
        };
        let mut sent = undo.unless_over(watching.send(&*world, &*wire, kind, first)).await;
        let mut was_sent = false;
        if let (Err(TransportError::Empty { cookie_set: true }), Some(copy)) = (&sent, copy) {
            was_sent = true;
            sent = watching.send(&*world, &*wire, kind, request(copy)).await;
        }
        match sent {
            Ok(response) => {
                // An answer that is of no use is an error only where nothing hangs on it: then the operation can go on from here.
                let counts = operation.kind().counts();
                let body = response.into_body();
                let ready = counts.then(|| operation.clone());
                let answered = operation.handle_response(&mut client.state, &body, client.world.now());
                client.keep_answer(body);
                let answered = answered.map_err(|error| nothing_moved(error.into(), counts));
                if token.is_some() && matches!(answered, Ok((_, Step::Approve(_)))) {
                    credentials.auth_token = token;
                }
                let (operation, next) = answered?;
                let recognized = client.state.recognized && !anonymous;
                if let Some(user_id) = credentials.user_id().filter(|_| recognized) {
                    client.state.user_id = Some(user_id.to_owned());
                }
                let not_looked_at =
                    matches!(&next, Step::Done(Outcome::Refused(refusal)) if refusal.at != RefusedAt::Request);
                *held = match ready {
                    Some(ready) if not_looked_at => operation.not_looked_at(ready),
                    _ => operation,
                };
                step = next;
            }
            Err(error) => {
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
                let goes_on = told == Delivery::Answered && asks_for_token;
                let (operation, next) =
                    operation.handle_failure(&client.state, told, &error.to_string(), client.world.now());
                let kind = operation.kind();
                *held = operation;
                step = next;
                if !left && !goes_on {
                    let error = nothing_moved(error.into(), kind.counts());
                    let without_token = asks_for_token && turned_away == Some(TurnedAway::ForNow);
                    let error = if without_token { error.while_doing(TOKEN) } else { error };
                    let may_have_arrived = !kind.counts() && delivery != Delivery::NotSent;
                    let what = if enrolls { ENROLLING } else { ONLY_READS };
                    return Err(if may_have_arrived { error.with_doubt(None).while_doing(what) } else { error });
                }
            }
        }
    }
}

/// A file around a request that counts failed, and the request itself was not sent or was refused: that is what the caller wants to know.
fn nothing_moved(error: Error, counts: bool) -> Error {
    if counts { error.with_delivery(Delivery::NotSent) } else { error }
}

fn finish(client: &Client, current: &mut Option<Operation>, outcome: Outcome) -> Result<Progress<Completed>, Error> {
    let completed = match outcome {
        Outcome::Unknown(doubt) => return Ok(Progress::Unknown(doubt)),
        Outcome::Refused(refusal) => {
            *current = current.take().filter(|operation| !operation.is_over());
            return Err(refusal.into());
        }
        Outcome::Profile => Completed::Profile,
        Outcome::Accounts => Completed::Accounts(client.known_accounts().to_vec()),
        Outcome::Paid(receipt) => Completed::Paid(receipt),
        Outcome::Confirmed(confirmed) => Completed::Confirmed(confirmed),
        Outcome::Synchronized(changes) => Completed::Synchronized(changes),
        Outcome::Batch(answers) => Completed::Batch(answers),
        Outcome::PasswordChanged => Completed::PasswordChanged,
    };
    *current = None;
    Ok(Progress::Done(completed))
}

/// Makes the operation that fetches the profile.
pub(crate) fn start_profile(client: &mut Client) -> Result<Operation, Error> {
    if !client.state.is_readable() {
        client.state.profile = None;
    }
    start(client, Intent::Profile)
}

/// Fetches the profile in an operation of its own, with credentials that are used where it is the user's only.
pub(crate) async fn fetch_profile(client: &mut Client, credentials: &mut Credentials) -> Result<(), Error> {
    let mut current = Some(start_profile(client)?);
    match run(client, credentials, &mut current, &mut InMemory).await? {
        Progress::Ask(_) => Err(Error::misuse(ASKS_FIRST)),
        progress => progress.done().map(|_| ()),
    }
}

/// Fetches the profile when none is known or a newer one is announced. An institution may refuse to have one, which `refused`
/// remembers; what it offers is then found out by asking.
pub(crate) async fn know_profile(
    client: &mut Client,
    credentials: &mut Credentials,
    refused: &mut bool,
) -> Result<(), Error> {
    if *refused || !lacks_profile(&client.state) {
        return Ok(());
    }
    match fetch_profile(client, credentials).await {
        // Going on would cost the user a failed signon, for a reason that is known now.
        Err(error) if would_fail_again(&error, &client.state) => {
            Err(error.with_delivery(Delivery::NotSent).while_doing("asking for the profile"))
        }
        Err(error) if error.kind() == ErrorKind::Refused => {
            *refused = true;
            // Asked for, and not again before a newer one is announced.
            client.state.profile_is_old = false;
            Ok(())
        }
        Err(error) => {
            let what = match error.delivery() {
                Delivery::NotSent => "the institution's profile could not be fetched",
                _ => {
                    "the institution's profile could not be fetched (if it has none, say Institution::without_profile)"
                }
            };
            Err(error.with_delivery(Delivery::NotSent).while_doing(what))
        }
        Ok(()) => Ok(()),
    }
}

/// Whether what the profile was refused for is a reason to refuse the next signon as well.
fn would_fail_again(error: &Error, state: &State) -> bool {
    let of_user = !state.is_anonymous(TaskKind::Profile);
    match error.status() {
        Some(StatusCode::FI_MISSING | StatusCode::UNSUPPORTED_VERSION) => true,
        _ => of_user && error.detail::<Refusal>().is_some_and(|refusal| refusal.at == RefusedAt::Signon),
    }
}

/// Whether the profile is to be fetched before anything is asked for.
pub(crate) fn lacks_profile(state: &State) -> bool {
    !state.institution.dialect.without_profile && (state.profile().is_none() || state.profile_is_old)
}

const UNREADABLE: &str = "the stored profile cannot be read by this version, and it says where requests go; use the version \
                          that stored it, or a newer one";

/// Makes an operation: its identifiers and its bytes. Nothing is sent.
pub(crate) fn start(client: &Client, intent: Intent) -> Result<Operation, Error> {
    let seed = client.world.seed()?.of_client(client.state.client_uid());
    Ok(Operation::make(intent, &client.state, seed)?)
}

pub(crate) fn bug(what: &'static str) -> Error {
    Error::new(ErrorKind::Bug, Delivery::Answered, format!("{what}; please report this"))
}

const NO_OPERATION: &str = "there is no operation to continue; start one";

const STILL_IN_DOUBT: &str = "the request is still in doubt and was not sent once more";

const TOKEN: &str = "asking for the newest token of the history, so that the request can be found out about (where there is none for this \
                     client, abandon the request and begin it anew with Institution::without_synchronization)";

const ASKS_FIRST: &str =
    "the institution wants security questions answered before it gives its profile: Session::fetch_profile asks them";

const ENROLLING: &str = "while enrolling, which may have been done: enrol again, and where the user is enrolled already (13501), the institution \
                         gives the password anew";

const ONLY_READS: &str = "while asking, which changes nothing";
