//! The one loop that drives the engine over a transport.

use crate::client::exchange::{Ahead, InMemory, exchange};
use crate::client::watching::in_operation;
use crate::client::{Client, Completed, Progress};
use crate::engine::{Credentials, Intent, Operation, Outcome, Refusal, RefusedAt, State, Step, TaskKind};
use crate::error::{Delivery, Error, ErrorKind, Moved, StatusCode};
use crate::transport::StepKind;

/// Continues what `current` holds until the user is asked, it is over, or the institution cannot be reached.
///
/// Whatever goes wrong while a request in doubt is sent once more, the error says that it is still in doubt.
pub(crate) async fn run(
    client: &mut Client,
    credentials: &mut Credentials,
    current: &mut Option<Operation>,
    ahead: &mut impl Ahead,
) -> Result<Progress<Completed>, Error> {
    let is_in_doubt =
        |current: &Option<Operation>| current.as_ref().is_some_and(|operation| operation.doubt().is_some());
    let was_in_doubt = is_in_doubt(current);
    let result = match current.as_ref().map(Operation::kind) {
        None => Err(Error::misuse(NO_OPERATION)),
        Some(kind) => {
            let watching = client.watching.clone();
            let watched = async {
                watching.step(kind, StepKind::Begin);
                let result = drive(client, credentials, current, ahead).await;
                watching.end(kind, &result, !was_in_doubt && is_in_doubt(current));
                result
            };
            in_operation(kind, watched).await
        }
    };
    result.map_err(|error| {
        if is_in_doubt(current) {
            error.with_delivery(Delivery::Unknown).with_moved(Moved::Unknown).while_doing(STILL_IN_DOUBT)
        } else {
            error.with_moved(Moved::No)
        }
    })
}

/// `current` always holds what must not be lost: before each send it is the operation as it stands when the program stops, so
/// that a dropped future leaves a request in doubt and not forgotten, unless the transport [proves](crate::client::giving_up) that it
/// never left.
async fn drive(
    client: &mut Client,
    credentials: &mut Credentials,
    current: &mut Option<Operation>,
    ahead: &mut impl Ahead,
) -> Result<Progress<Completed>, Error> {
    let Some(held) = current.as_mut() else { return Err(Error::misuse(NO_OPERATION)) };
    let mut step = held.step(&client.state, client.world.now());
    loop {
        match step {
            Step::Send(transmit) => step = exchange(client, credentials, held, ahead, transmit).await?,
            Step::Ask(challenge) => return Ok(Progress::Ask(challenge)),
            Step::Approve(approval) => return Ok(Progress::Approve(approval)),
            Step::Done(outcome) => return finish(client, current, outcome),
        }
    }
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

/// Fetches the profile in an operation of its own, with credentials that are used where it is the user's only.
pub(crate) async fn fetch_profile(
    client: &mut Client,
    credentials: &mut Credentials,
) -> Result<Progress<Completed>, Error> {
    let mut current = Some(start(client, Intent::Profile)?);
    run(client, credentials, &mut current, &mut InMemory).await
}

/// Fetches the profile when none is known or a newer one is announced. An institution may refuse to have one, which `refused`
/// remembers; what it offers is then found out by asking. Where it is `needed`, nothing goes without one: an institution that is only tired
/// would be sent it to another address, and without what the profile promises for the case that the answer is lost.
pub(crate) async fn know_profile(
    client: &mut Client,
    credentials: &mut Credentials,
    needed: bool,
    refused: &mut bool,
) -> Result<(), Error> {
    if *refused && !needed || !lacks_profile(&client.state) {
        return Ok(());
    }
    let of_user = !client.state.is_anonymous(TaskKind::Profile);
    let in_vain = |error: Error| {
        of_profile(error, of_user).with_delivery(Delivery::NotSent).while_doing("asking for the profile")
    };
    match fetch_profile(client, credentials).await {
        // A vault could ask them by no other call than the payment's own, and is better off with the known one than stopped. Once they
        // are answered, the next call fetches the newer one.
        Ok(Progress::Ask(_)) if client.state.profile().is_some() => Ok(()),
        Ok(Progress::Ask(_)) => Err(Error::misuse(ASKS_FIRST)),
        // A request that waited for the same approval would be made without the profile, and without the safety that this promises.
        Ok(progress) => progress.done().map(|_| ()).map_err(in_vain),
        // Going on would cost the user a failed signon, for a reason that is known now.
        Err(error) if would_fail_again(&error, &client.state) => Err(in_vain(error)),
        Err(error) if error.kind() == ErrorKind::Refused && needed && client.state.profile().is_none() => {
            Err(of_profile(error, of_user).with_delivery(Delivery::NotSent).while_doing(WITHOUT_PROFILE))
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
    }
}

/// What was refused is the profile, unless the user was. What it was fetched for was not looked at.
fn of_profile(error: Error, of_user: bool) -> Error {
    let Some(mut refusal) = error.detail::<Refusal>().cloned() else { return error };
    if refusal.at == RefusedAt::Request || !of_user {
        refusal.at = RefusedAt::Profile;
    }
    error.with_detail(refusal)
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

/// Makes an operation: its identifiers and its bytes. Nothing is sent.
pub(crate) fn start(client: &mut Client, intent: Intent) -> Result<Operation, Error> {
    // Whoever asks for the profile needs the one no more that cannot be read.
    if matches!(intent, Intent::Profile) && !client.state.is_readable() {
        client.state.profile = None;
    }
    let seed = client.world.seed()?.of_client(client.state.client_uid());
    Ok(Operation::make(intent, &client.state, seed)?)
}

pub(crate) fn bug(what: &'static str) -> Error {
    Error::new(ErrorKind::Bug, Delivery::Answered, format!("{what}; please report this"))
}

const NO_OPERATION: &str = "there is no operation to continue; start one";

const STILL_IN_DOUBT: &str = "the request is still in doubt and was not sent once more";

const WITHOUT_PROFILE: &str = "asking for the institution's profile, without which nothing is sent that must not be done twice: ask again \
                               later (where it has none, say Institution::without_profile, or Client::without_profile of one that \
                               was stored; where it has one for its users only, Dialect::profile_of_user)";

const ASKS_FIRST: &str =
    "the institution wants security questions answered before it gives its profile: Session::fetch_profile asks them";
