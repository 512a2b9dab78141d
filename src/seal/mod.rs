//! The blob: bytes that hold state outside the process, sealed so that only its owner can read or change them.
