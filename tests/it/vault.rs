//! The vault: one payment under one id, whatever crashes, whoever resumes, and whatever the store does.

mod claims;
mod doubt;
mod moved;
mod once;
mod records;
mod store;
mod support;
