//! Operations of the engine against the pretend institution, without a network: what is sent, what is asked, how it ends.

mod as_told;
mod beside;
mod challenge;
mod changes;
mod classes;
mod codes;
mod copies;
mod doubt;
mod histories;
mod keys;
mod lies;
mod newer;
mod passwords;
mod profile;
mod proofs;
mod recovery;
mod saved;
mod scenario;
mod sparse;
mod versions;
mod whose;
