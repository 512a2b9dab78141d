//! A pretend institution on loopback HTTPS, for tests and examples. Feature `testing`.
//!
//! [`Bank`] listens on a free port and speaks OFX; [`BankModel`] is the same institution without a network, for tests
//! that call it directly. Nothing in this crate's other rooms uses either. [`conformance`] checks stores of other makers.
//!
//! ```text
//! HTTPS ─ server.rs ─► model.rs ─ file.rs ─► signon.rs ─► catalog.rs (profile, accounts)
//!                          │                      └─────► payments.rs (the ledger)
//!                          └─ grammar.rs (what the client may not do)
//! ```

mod bank;
mod builder;
mod catalog;
mod certificate;
pub mod conformance;
mod file;
mod grammar;
mod model;
mod payments;
mod record;
mod server;
mod signon;

pub use bank::Bank;
pub use builder::{AccessKeys, BankBuilder};
pub use model::{BankModel, Endpoint, HttpRefusal};
pub use payments::LedgerEntry;
