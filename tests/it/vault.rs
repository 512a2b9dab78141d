//! The vault: one payment under one id, whatever crashes, whoever resumes, and whatever the store does.

mod advice;
mod claims;
mod clock;
mod doubt;
mod filing;
mod given_up;
mod golden;
mod held_up;

mod moved;
mod once;
mod outage;
mod records;
mod refused;
mod rivals;
mod store;
mod support;
