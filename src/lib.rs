//! Resumable sessions for OFX (Open Financial Exchange): sign on, answer security questions, pay a bill, and survive being
//! interrupted in between.
//!
//! - A [`Client`] is who we are to one institution. [`Client::deconstruct`] turns it into one blob, [`Client::restore`] brings it
//!   back. No password is ever in a blob.
//! - A [`Session`] is one signed-on scope of a client. Everything that talks to the institution happens in one.
//! - An operation that needs more than one exchange (security questions, then the payment) can be paused where something is
//!   awaited: [`Session::pause`] consumes the session and yields one blob, [`Client::resume`] goes on in another process.
//! - A [`Vault`] keeps payments in a store: each is made once, whatever crashes and whoever resumes it.
//!
//! # The main job
//!
#![cfg_attr(feature = "testing", doc = "```")]
#![cfg_attr(not(feature = "testing"), doc = "```ignore")]
//! use chrono::{Days, Utc};
//! use ofx_session::testing::Bank;
//! use ofx_session::*;
//! use rust_decimal::Decimal;
//!
//! # fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Runtime::new()?.block_on(async {
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
//! let Progress::Ask(challenge) = session.pay(&payment).await? else { return Err("asked nothing".into()) };
//! assert_eq!(challenge.questions()[0].text(), "What is your mother's maiden name?");
//! let text = session.pause(&keys, &context)?.to_text();
//!
//! // Second process: knows nothing but the text, the password and the answer.
//! let paused = Client::resume(&Blob::from_text(&text)?, &keys, &context)?;
//! assert_eq!(paused.payment(), Some(payment)); // no network needed
//! let mut session = paused.connection(trust()?)?.open_risking_a_second_payment(Credentials::new("jane", "correct horse"))?;
//! let receipt = session.answer(Answers::new().with("MFA16", "Garcia")).await?.done()?.receipt();
//! assert!(receipt.is_some_and(|receipt| receipt.date().is_some()));
//! assert_eq!(bank.payments_made(), 1);
//!
//! // The access key spares the user the questions next time.
//! let blob = session.close()?.deconstruct(&keys, &context)?;
//! assert!(Client::restore(&blob, &keys, &context)?.has_access_key());
//! # Ok(()) })
//! # }
//! ```
//!
//! # Where things are
//!
//! | module | what it is for |
//! |---|---|
//! | [`client`] | `Client`, `Session`, `Vault` and what they return; what is used most is re-exported here |
//! | `blocking` | the same without async (feature `blocking`) |
//! | [`client::equivalents`] | what the properties and methods of the commercial components are called here |
//! | [`engine`] | the same as pure state machines, for drivers of your own |
//! | [`ofx`] | documents and typed records of OFX |
//! | [`seal`] | blobs, keys and contexts |
//! | [`store`] | records with compare-and-swap, so that one of two processes wins |
//! | [`transport`] | the HTTPS connection, and the trait to replace it |
//! | `testing` | a pretend institution (feature `testing`) |

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(feature = "https"),
    allow(rustdoc::broken_intra_doc_links, reason = "pages name the connection of this crate")
)]

#[cfg(feature = "blocking")]
pub mod blocking;
pub mod client;
pub mod engine;
pub mod error;
pub mod ofx;
pub mod seal;
pub mod secret;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod transport;

pub use client::vault::{Busy, Pending, Settlement, Standing};
pub use client::{Client, ClientBuilder, Completed, DocumentLog, Kept, Paused, Progress, Session, Stored, Vault};
pub use engine::{
    Answers, Approval, BatchAnswer, Challenge, ChallengeAnswerTag, Change, ChangeKind, Changes, ClientUidUse,
    Confirmed, Credentials, Device, Dialect, Doubt, HeaderLine, Institution, Intent, Origin, Receipt, Refusal,
    RefusedAt, Situation, TaskKind, UserKey,
};
pub use error::{Delivery, Error, ErrorKind, Moved, StatusCode};
pub use ofx::{
    AccountInfo, AccountType, BankAccount, Frequency, ListedPayee, Payee, PayeeAddition, PayeeModification, PayeeRef,
    Payment, Question, Recurrence, RecurringPayment, SyncFrom, SyncKind, Version,
};
pub use seal::{Blob, Context, Key, KeyRing, OpenPolicy};
pub use secret::Secret;
pub use transport::{CertificateSummary, Event, Observer, StepKind};
#[cfg(feature = "https")]
pub use transport::{Https, HttpsOptions, Proxy};

/// Compiles the code of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
