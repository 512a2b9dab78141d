//! A pretend institution on loopback HTTPS, for tests and examples. Feature `testing`.
//!
//! [`Bank`] listens on a free port and speaks OFX; [`BankModel`] is the same institution without a network, for tests
//! that call it directly. Nothing in this crate's other rooms uses either. [`conformance`] checks stores of other makers.
//!
//! ```text
//! HTTPS ─ server.rs ─► desk.rs (faults.rs) ─► model.rs (orders.rs)
//!
//! model.rs ─ file.rs ─► signon.rs, factors.rs ─► catalog.rs (profile, accounts)
//!    │                    user.rs        ├─────► password.rs
//!    ├─ grammar.rs (what the             └─────► requests.rs ◄─ sync.rs (history.rs), others.rs
//!    │  client may not do)                          ├─ payments.rs ─► ledger.rs
//!    ├─ answers.rs (saved answers)                  ├─ models.rs      ▲
//!    └─ features.rs                                 ├─ payee_list.rs  └─ calendar.rs (days pass)
//!                                                   └─ mail.rs, signup.rs
//!
//! desk.rs ─ journal.rs (the ledger file) ◄─ facts.rs ◄─ everything that changes the model
//! ```

mod answers;
mod as_made;
mod bank;
mod builder;
mod by_phone;
mod calendar;
mod catalog;
mod certificate;
mod class;
pub mod conformance;
mod cookies;
mod desk;
mod digest;
mod factors;
mod facts;
mod faults;
mod features;
mod file;
mod grammar;
mod history;
mod journal;
mod lasting;
mod ledger;
mod mail;
mod model;
mod models;
mod orders;
mod others;
mod overheard;
mod password;
mod payee_list;
mod payments;
mod record;
mod requests;
mod server;
mod signon;
mod signup;
mod sync;
mod user;

pub use bank::Bank;
pub use builder::{AccessKeys, BankBuilder};
pub use class::{Class, ClassError, Rejection};
pub use faults::{Fault, On};
pub use features::Feature;
pub use ledger::{Ledger, LedgerEntry};
pub use model::{BankModel, Endpoint, HttpRefusal};
