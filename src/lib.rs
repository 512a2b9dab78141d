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
