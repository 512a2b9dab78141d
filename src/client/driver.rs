//! The one loop that drives the engine over a transport.

use chrono::Utc;

use crate::client::{Client, Completed, Progress, stored};
use crate::engine::{Credentials, Intent, Operation, Outcome, Step};
use crate::error::{Delivery, Error, ErrorKind};
use crate::transport::Request;

/// Continues what `current` holds until the user is asked, it is over, or the institution cannot be reached.
///
/// `current` always holds what must not be lost: before each send it is the operation as it stands when the program stops, so
/// that a dropped future leaves a payment in doubt and not forgotten.
pub(crate) async fn run(
    client: &mut Client,
    credentials: &Credentials,
    current: &mut Option<Operation>,
) -> Result<Progress<Completed>, Error> {
    loop {
        let Some(operation) = current.clone() else {
            return Err(Error::misuse("there is no operation to continue; start one"));
        };
        let transmit = match operation.step(&client.state, Utc::now()) {
            Step::Send(transmit) => transmit,
            Step::Ask(challenge) => return Ok(Progress::Ask(challenge)),
            Step::Done(outcome) => return finish(client, current, outcome),
        };
        let wire = client.wire()?;
        wire.allows(transmit.url())?;
        let bytes = transmit.encode(credentials, &client.state, Utc::now())?;
        *current = Some(transmit.if_interrupted().clone());
        match wire.send(Request::new(transmit.url(), bytes)).await {
            Ok(response) => {
                // An answer that is of no use and on which nothing hangs ends the operation.
                *current = None;
                let (operation, _) = operation.handle_response(&mut client.state, response.body(), Utc::now())?;
                *current = Some(operation);
            }
            Err(error) => {
                let (operation, step) = operation.handle_failure(&client.state, error.delivery(), Utc::now());
                *current = Some(operation);
                if !matches!(step, Step::Done(_)) {
                    return Err(error.into());
                }
            }
        }
    }
}

fn finish(client: &Client, current: &mut Option<Operation>, outcome: Outcome) -> Result<Progress<Completed>, Error> {
    let completed = match outcome {
        Outcome::Unknown(doubt) => return Ok(Progress::Unknown(doubt)),
        Outcome::Refused(refusal) => {
            *current = None;
            return Err(refusal.into());
        }
        Outcome::Profile => Completed::Profile,
        Outcome::Accounts => Completed::Accounts(client.known_accounts().to_vec()),
        Outcome::Paid(receipt) => Completed::Paid(receipt),
    };
    *current = None;
    Ok(Progress::Done(completed))
}

/// Fetches the profile in an operation of its own, without the user's credentials.
pub(crate) async fn fetch_profile(client: &mut Client) -> Result<(), Error> {
    let mut current = Some(start(client, Intent::Profile)?);
    // Signs on anonymously, whatever credentials there are.
    run(client, &Credentials::anonymous(), &mut current).await?.done().map(|_| ())
}

/// Makes an operation: its identifiers and its bytes. Nothing is sent.
pub(crate) fn start(client: &Client, intent: Intent) -> Result<Operation, Error> {
    let (operation, _) = Operation::begin(intent, &client.state, stored::seed()?, Utc::now())?;
    Ok(operation)
}

pub(crate) fn bug(what: &'static str) -> Error {
    Error::new(ErrorKind::Bug, Delivery::Answered, format!("{what}; please report this"))
}
