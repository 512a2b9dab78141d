//! A pretend institution on loopback HTTPS.
