//! Operations as state machines: what was sent, what is awaited, what may be repeated.
//!
//! The engine keeps nothing and touches nothing: no clock, no random source, no network, no keys. What it needs is passed
//! in, what it decides is handed back, and states are consumed. Whoever drives it, in async code or not, over any HTTP
//! stack, does the same few lines:
//!
//! ```text
//! let (mut operation, mut step) = Operation::begin(intent, &state, seed, now)?;
//! loop {
//!     (operation, step) = match step {
//!         Step::Send(transmit) => {
//!             let url = transmit.url().to_owned();
//!             let (interrupted, file) = transmit.prepare(&credentials, &state, now)?;
//!             keep(&interrupted);                                   // before the first byte leaves
//!             match wire(url, file) {
//!                 Ok(body) => operation.handle_response(&mut state, &body, now)?,
//!                 Err((delivery, why)) => operation.handle_failure(&state, delivery, &why, now),  // again or in doubt: stop here
//!             }
//!         }
//!         Step::Ask(challenge) => operation.handle_answer(&state, ask(challenge), now)?,
//!         Step::Approve(approval) => {
//!             wait_for(approval);                                   // may take days
//!             let operation = operation.after_approval(&state);
//!             let step = operation.step(&state, now);
//!             (operation, step)
//!         }
//!         Step::Done(outcome)  => break outcome,
//!     }
//! }
//! ```
//!
//! ```text
//!               ┌──────────────── 3000, or MFACHALLENGEFIRST ───────────────┐
//!               ▼                                                          │
//!  begin ─► challenge ─► questions ─► Ask ─► answers ─► work ─► SONRS ok ─► Done(result, refused)
//!               ▲                                        │ ├──► SONRS error ─► Done(refused)
//!               └────────────────── 3001 ────────────────┘ └──► SONRS 15510 ─► Approve ─► the same as at the beginning
//!                           no usable answer to a request that counts ─► Done(unknown)
//! ```
//!
//! A refused signon ends an operation here, although nobody has looked at its request. A [`Session`](crate::Session) goes on from a copy
//! of what it was before. One that is refused because the institution does not know this client yet (15510) ends nothing: the operation
//! waits until the user has had the client approved, and its request is sent unchanged. Where something is in doubt, a refused signon
//! leaves it so.
//!
//! Only the rooms above this one can store an operation: to a driver of its own, `keep` is what the program remembers while it runs. What
//! must survive a crash is paid by a [`Session`](crate::Session) over a [`Transport`](crate::transport::Transport) of its own, with
//! [`Session::keep_ahead`](crate::Session::keep_ahead), or by a [`Vault`](crate::Vault).
//!
//! The identifiers and the bytes of the work request are made once, in [`Operation::begin`], and never change: the same
//! request can be sent again after a challenge, a crash or a lost answer, and the institution can tell that it is the same.

mod anew;
mod answers;
mod approval;
mod asked;
mod batch;
mod changes;
mod credentials;
mod dialect;
mod doubt;
mod error;
mod held;
mod ids;
mod judge;
mod marks;
mod offers;
mod operation;
mod outcome;
mod part;
mod password;
mod realm;
mod records;
mod recovery;
mod rival;
mod schema;
mod sending;
mod settle;
mod shown;
mod signon_leg;
mod snapshot;
mod state;
mod step;
mod task;
mod transmit;
mod verdict;

pub use answers::{Answers, Challenge, Device};
pub use approval::Approval;
pub use changes::{Change, ChangeKind, Changes, Origin};
pub use credentials::Credentials;
pub use dialect::{ChallengeAnswerTag, ClientUidUse, Dialect, HeaderLine};
pub use doubt::Doubt;
pub use error::EngineError;
pub use ids::Seed;
pub use operation::Operation;
pub use outcome::{BatchAnswer, Confirmed, Outcome, Receipt, Refusal, RefusedAt};
pub use state::{Application, Institution, State, UserKey};
pub use step::{Situation, Step};
pub use task::{BatchKind, Intent, TaskKind};
pub use transmit::Transmit;

pub(crate) use held::Held;
pub(crate) use part::{Part, SnapshotError};
pub(crate) use records::{read_doubt, write_doubt};
pub(crate) use schema::{SCHEMA, Schema};
pub(crate) use snapshot::{
    COOKIES, Include, SHED_IN_TURN, restore_operation, restore_state, save_operation, save_state, shed, understood,
};
