//! The pretend bank: does it refuse what it must, answer what it must, and count right?

mod classes;
mod faults;
mod https;
mod ledger;
mod payments;
mod signon;
mod support;
mod sync;
mod versions;
