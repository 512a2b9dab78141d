//! Pausing, sealing, opening and resuming: at every step, of every shape, and never with a secret in the blob.

mod ahead;
mod blobs;
mod canary;
mod cookies;
mod given_up;
pub(crate) mod line;
mod lost;
mod moved;
mod newer;
mod no_bank_id;
mod one_time;
mod others;
mod passwords;
mod profile;
mod profile_of_user;
mod realms;
mod services;
mod shapes;
mod signon;
mod situations;
mod steps;
mod twice;
