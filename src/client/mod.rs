//! `Client` and `Session`: what users meet.
