//! The same [`Client`], [`Session`], [`Paused`] and [`Vault`] without async, for programs that have no runtime. Feature `blocking`.
//!
//! Every method has the name, the arguments and the result of the async one, and waits until it is over. Nothing of the flow is
//! here: each type is a wrapper around the async one of the same name, and `From` changes one into the other at any time. What
//! the types do not share with those of this module (payments, receipts, keys, blobs, errors) is the same for both.
//!
//! ```text
//!  any thread ─► wait(future) ─► polls it here, sleeps in between ─► result
//!                                  ▲ wakes                │ connections, timers
//!                                  └── one thread in the background, for all ──
//! ```
//!
//! # Threads
//!
//! Every call works on every thread but the one in the background, and one that is ending and has nothing left for tokio (the
//! destructors of thread-local values): also on one that a tokio runtime works with, where it does not panic, but holds up whatever
//! else would run there. In async code, use the async types, or `spawn_blocking`. Values can be moved to other threads in between, and
//! dropped anywhere.
//!
//! The thread in the background starts with the first call that waits, is named `ofx-session`, serves all threads, and ends with
//! the process. Time-outs are those of the [`HttpsOptions`](crate::HttpsOptions); nothing else ends a call early.
//!
//! A process that forks without starting another program loses that thread in the child: there a call would wait for
//! ever. Fork first, make clients and call afterwards.
//!
//! # Stores and transports
//!
//! A [`Vault`] waits for its [`Store`](crate::store::Store), whichever it is, and a [`Session`] for its
//! [`Transport`](crate::transport::Transport). Whoever calls one directly uses [`wait`].
//!
//! That thread has the connections of all calls. One [`Https`](crate::transport::Https) that serves async calls as well
//! keeps connections for those that were first, these or those: the others get a new one for each request
//! ([`HttpsOptions::keep_alive`](crate::HttpsOptions::keep_alive)).
//!
//! # Errors
//!
//! Those of the async types, and those of [`wait`]: where the thread in the background cannot be started, on that thread, and at the
//! very end of another.
//!
//! # Examples
//!
#![cfg_attr(feature = "testing", doc = "```")]
#![cfg_attr(not(feature = "testing"), doc = "```ignore")]
//! use chrono::{Days, Utc};
//! use ofx_session::blocking::Client;
//! use ofx_session::testing::Bank;
//! use ofx_session::*;
//! use rust_decimal::Decimal;
//!
//! # fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
//! let bank = Bank::builder().user("jane", "correct horse").question("MFA16", None, "Garcia").start()?; // pretend institution
//! let trust = || HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes());
//! let keys = KeyRing::new(Key::new(1, [7; 32])?);
//! let context = Context::new("tenant-1", "user-42")?;
//!
//! // First process: asks for the payment, is asked a question, pauses.
//! let client = Client::builder(Institution::new(bank.url())).connection(trust()?).build()?;
//! let mut session = client.open(Credentials::new("jane", "correct horse"))?;
//! let from = BankAccount::new("999888777", "1000001", AccountType::Checking);
//! let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
//! let due = Utc::now().date_naive() + Days::new(10);
//! let payment = Payment::new(from, Decimal::new(8420, 2), payee, "88-204-117", due);
//! let Progress::Ask(_) = session.pay(&payment)? else { return Err("asked nothing".into()) };
//! let text = session.pause(&keys, &context)?.to_text();
//!
//! // Second process: knows nothing but the text, the password and the answer.
//! let paused = Client::resume(&Blob::from_text(&text)?, &keys, &context)?;
//! assert_eq!(paused.payment(), Some(payment)); // no network needed
//! let mut session = paused.connection(trust()?)?.open_risking_a_second_payment(Credentials::new("jane", "correct horse"))?;
//! let receipt = session.answer(Answers::new().with("MFA16", "Garcia"))?.done()?.receipt();
//! assert!(receipt.is_some_and(|receipt| receipt.date().is_some()));
//! assert_eq!(bank.payments_made(), 1);
//! # Ok(())
//! # }
//! ```

mod client;
mod forward;
mod paused;
mod session;
mod vault;
mod wait;

pub use crate::blocking::client::Client;
pub use crate::blocking::paused::{Paused, Stored};
pub use crate::blocking::session::Session;
pub use crate::blocking::vault::Vault;
pub use crate::blocking::wait::wait;

/// As [`client::ClientBuilder`](crate::client::ClientBuilder), and builds a [`Client`] of this module.
pub type ClientBuilder = crate::client::ClientBuilder<Client>;
