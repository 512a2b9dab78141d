//! Operations as state machines, without clock, randomness, network or keys.
