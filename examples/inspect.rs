//! Says what is in an OFX document, request or response, of any version: for people in tables, or as JSON.
//!
//! `cargo run --example inspect -- FILE` reads a file, `-` the standard input; without one it looks at an answer that it makes itself.
//! Account numbers are shown by their ends only, unless `--show-accounts` is given; passwords and keys never are.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::indexing_slicing, reason = "examples print")]
#![allow(missing_docs, unreachable_pub, dead_code, reason = "the examples share modules")]

mod common;
mod look;

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use common::Result;
use look::tree::Veil;

/// Say what is in an OFX document; without FILE, in a sample that it makes itself
#[derive(Parser)]
struct Arguments {
    /// A request or a response, 1.x or 2.x; - for the standard input. When left out, a sample document is looked at
    file: Option<PathBuf>,
    /// Everything, for programs
    #[arg(long)]
    json: bool,
    /// Whole account numbers
    #[arg(long)]
    show_accounts: bool,
}

fn main() -> ExitCode {
    common::report(inspect(&Arguments::parse()))
}

fn inspect(arguments: &Arguments) -> Result<()> {
    let bytes = match &arguments.file {
        Some(file) => read(file)?,
        None => look::own::document()?,
    };
    let veil = Veil { show_accounts: arguments.show_accounts };
    let report = look::examine(&bytes, veil)?;
    let page = match arguments.json {
        true => serde_json::to_string_pretty(&report)? + "\n",
        false => look::text::page(&report),
    };
    match std::io::stdout().write_all(page.as_bytes()) {
        // Whoever reads along has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn read(file: &Path) -> Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    Ok(fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?)
}
