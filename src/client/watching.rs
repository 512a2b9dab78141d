//! Who is told what a client does: an observer, a log of documents, and the spans of feature `tracing`.

use std::fmt;
use std::sync::Arc;

use crate::client::document_log::Recorded;
use crate::client::{Completed, DocumentLog, Progress, World, words};
use crate::engine::{BatchAnswer, Changes, TaskKind};
use crate::error::{Error, ErrorKind};
use crate::secret::shown;
use crate::transport::observer::tell;
use crate::transport::{Event, Observer, Request, Response, StepKind, Transport, TransportError};

/// Settings of the program: never stored.
#[derive(Clone, Default)]
pub(crate) struct Watching {
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) log: Option<DocumentLog>,
}

impl Watching {
    /// Tells that an operation got further.
    pub(crate) fn step(&self, kind: TaskKind, step: StepKind) {
        self.tell(&Event::Step { operation: words::operation(kind), step });
    }

    /// Tells how far an operation got in the end, and what it brought.
    ///
    /// `left_in_doubt`: it was not in doubt before, and is by now.
    pub(crate) fn end(&self, kind: TaskKind, result: &Result<Progress<Completed>, Error>, left_in_doubt: bool) {
        let step = match result {
            Ok(Progress::Ask(challenge)) => {
                let ids: Vec<_> =
                    challenge.questions().iter().map(|question| question.numbered_id().unwrap_or(UNTOLD)).collect();
                self.tell(&Event::Challenge { questions: &ids });
                StepKind::Asked
            }
            Ok(Progress::Approve(_)) => StepKind::Asked,
            Ok(Progress::Unknown(_)) => StepKind::Unknown,
            Err(_) if left_in_doubt => StepKind::Unknown,
            Ok(Progress::Done(completed)) => {
                self.changes(completed);
                StepKind::Done
            }
            Err(error) if error.kind() == ErrorKind::Refused => StepKind::Refused,
            Err(_) => StepKind::Failed,
        };
        self.step(kind, step);
    }

    fn changes(&self, completed: &Completed) {
        let mut all: Vec<&Changes> = Vec::new();
        match completed {
            Completed::Synchronized(changes) => all.push(changes),
            Completed::Batch(answers) => {
                for answer in answers {
                    if let BatchAnswer::Synchronized(changes) = answer {
                        all.push(changes);
                    }
                }
            }
            _ => {}
        }
        for changes in all {
            for change in &changes.changes {
                let (action, origin) = (words::action(change.kind()), words::origin(change.origin));
                self.tell(&Event::SyncItem { kind: words::history(changes.kind), action, origin });
            }
        }
    }

    fn tell(&self, event: &Event<'_>) {
        tell(self.observer.as_deref(), event);
    }

    /// Tells and records that a file of an operation is about to leave. Both run code of the program, which may take its time.
    pub(crate) fn leaves(&self, world: &dyn World, kind: TaskKind, request: &Request) -> Option<Recorded> {
        let recorded = self.log.as_ref().map(|log| log.request(world.now(), request.url(), request.body()));
        self.step(kind, StepKind::Sent);
        recorded
    }

    /// Sends a file that [is about to leave](Self::leaves), and tells and records what comes of it.
    pub(crate) async fn send(
        &self,
        world: &dyn World,
        wire: &dyn Transport,
        kind: TaskKind,
        request: Request,
        recorded: Option<Recorded>,
    ) -> Result<Response, TransportError> {
        let address = shown(request.url());
        let answer = in_exchange(&address, wire.send(request.observed_by(self.observer.clone()))).await;
        if let Some((log, recorded)) = self.log.as_ref().zip(recorded) {
            log.answer(world.now(), recorded, answer.as_ref().map(Response::body));
        }
        self.step(kind, if answer.is_ok() { StepKind::Answered } else { StepKind::NoAnswer });
        answer
    }

    /// Tells and records that it did not leave.
    pub(crate) fn stays(&self, world: &dyn World, kind: TaskKind, recorded: Option<Recorded>) {
        if let Some((log, recorded)) = self.log.as_ref().zip(recorded) {
            log.not_sent(world.now(), &recorded);
        }
        self.step(kind, StepKind::NoAnswer);
    }
}

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watching").field("observer", &self.observer.is_some()).field("log", &self.log).finish()
    }
}

/// In place of an id that an institution made up.
const UNTOLD: &str = "?";

/// `future` in the span `operation`.
#[cfg(feature = "tracing")]
pub(crate) fn in_operation<F: Future>(kind: TaskKind, future: F) -> impl Future<Output = F::Output> + use<F> {
    use tracing::Instrument as _;
    future.instrument(tracing::info_span!(target: "ofx_session", "operation", operation = words::operation(kind)))
}

/// `future` in the span `exchange`.
#[cfg(feature = "tracing")]
pub(crate) fn in_exchange<F: Future>(address: &str, future: F) -> impl Future<Output = F::Output> + use<F> {
    use tracing::Instrument as _;
    future.instrument(tracing::debug_span!(target: "ofx_session", "exchange", address))
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn in_operation<F: Future>(_: TaskKind, future: F) -> F {
    future
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn in_exchange<F: Future>(_: &str, future: F) -> F {
    future
}
