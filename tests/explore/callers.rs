//! Callers: programs that want the bill paid, each with what it reports in the end.

use std::pin::Pin;
use std::sync::Arc;

use ofx_session::error::ErrorKind;
use ofx_session::{Client, Error, Moved, Progress, Vault};

use crate::sim::{Own, Reach, Sim, Wire};
use crate::stage::{Stage, context, jane, keys, payment};

/// What a caller tells its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Report {
    Paid,
    /// The institution said no to the payment itself.
    Refused,
    Unknown,
    /// An error, with what it says about the money.
    Failed(Moved),
}

pub(crate) type Call = Pin<Box<dyn Future<Output = Report>>>;

/// Pays through a vault, as a process does that was started with the bill's id.
pub(crate) fn with_store(stage: &Stage, sim: &Sim, caller: usize) -> Call {
    let wire = Wire { sim: sim.clone(), caller };
    let client = Client::restore_plain(&stage.client).unwrap().transport(wire);
    let store = Reach { sim: sim.clone(), caller };
    let world = Arc::new(Own { sim: sim.clone(), caller });
    let vault = Vault::new(client, store, keys(), context()).unwrap().world(world);
    Box::pin(async move {
        match vault.pay("bill", &payment(), jane()).await {
            Ok(progress) => report(&progress),
            Err(error) => failed(&error),
        }
    })
}

/// Resumes a copy of the paused payment, as all others do.
pub(crate) fn without_store(stage: &Stage, sim: &Sim, caller: usize) -> Call {
    let wire = Wire { sim: sim.clone(), caller };
    let paused = Client::resume_plain(&stage.paused).unwrap().transport(wire);
    let mut session = paused.open_risking_a_second_payment(jane()).unwrap();
    Box::pin(async move {
        let mut progress = session.proceed().await;
        for _ in 0..2 {
            if session.can_reconcile() {
                progress = session.reconcile().await;
            }
        }
        match progress {
            Ok(progress) => report(&progress),
            Err(error) => failed(&error),
        }
    })
}

fn report<T>(progress: &Progress<T>) -> Report {
    match progress {
        Progress::Done(_) => Report::Paid,
        Progress::Unknown(_) => Report::Unknown,
        other => panic!("nothing is asked here: {:?}", std::mem::discriminant(other)),
    }
}

fn failed(error: &Error) -> Report {
    match error.kind() {
        ErrorKind::Refused => Report::Refused,
        ErrorKind::Bug | ErrorKind::Misuse | ErrorKind::Seal => panic!("{error}"),
        _ => Report::Failed(error.money_may_have_moved()),
    }
}
