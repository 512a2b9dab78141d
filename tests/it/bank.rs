//! The pretend bank: does it refuse what it must, answer what it must, and count right?

mod https;
mod payments;
mod signon;
mod support;
mod versions;
