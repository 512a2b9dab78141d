//! The pretend bank: does it refuse what it must, answer what it must, and count right?

mod changes;
mod classes;
mod cookies;
mod factors;
mod faults;
mod https;
mod ledger;
mod lost;
mod mail;
mod orders;
mod payees;
mod payments;
mod recurring;
mod service;
mod session;
mod signon;
mod signup;
mod support;
mod sync;
mod versions;
