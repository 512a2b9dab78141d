//! Resumable OFX sessions.

pub mod client;
pub mod engine;
pub mod error;
pub mod ofx;
pub mod seal;
pub mod secret;
#[cfg(feature = "testing")]
pub mod testing;
pub mod transport;

pub use client::{Client, ClientBuilder, Completed, Kept, Paused, Progress, Session};
pub use engine::{Answers, Challenge, Credentials, Device, Doubt, Institution, Receipt, Situation};
pub use error::{Delivery, Error, ErrorKind, StatusCode};
pub use ofx::{AccountInfo, AccountType, BankAccount, Payee, PayeeRef, Payment, Question, Version};
pub use seal::{Blob, Context, Key, KeyRing, OpenPolicy};
pub use secret::Secret;
#[cfg(feature = "https")]
pub use transport::{Https, HttpsOptions};
