//! What goes wrong between a program and an institution over real HTTPS, and what the program is told about it.

mod blobs;
mod doubt;
mod input;
mod support;
mod wire;
