//! The ledger file: a line for each request that changed something, on disk before the answer goes out.
//!
//! ```text
//! ofx-testing-ledger 1
//! <first 16 hex digits of the SHA-256 of the bytes> <the bytes in base64: clock, counter, facts>
//! ```

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::testing::facts::Fact;
use crate::testing::{BankModel, Ledger, LedgerEntry};

/// An open ledger file.
#[derive(Debug)]
pub(super) struct Journal {
    pub(super) file: File,
}

/// What one request changed.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    /// Milliseconds since 1970, UTC, by the institution's clock.
    now: i64,
    counter: u64,
    facts: Vec<Fact>,
}

impl Journal {
    /// Opens a file, or starts it, and lets everything in it happen to the model again.
    pub(super) fn open(path: &Path, model: &mut BankModel) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let (lines, good) = parse(&text)?;
        for line in lines {
            model.go_on_from(line.now, line.counter);
            for fact in line.facts {
                model.happen_again(fact).ok_or_else(|| damaged("holds what this version cannot read"))?;
            }
        }
        // What is torn must not become the beginning of the next line.
        file.set_len(u64::try_from(good).map_err(io::Error::other)?)?;
        file.seek(SeekFrom::End(0))?;
        let mut journal = Self { file };
        if good == 0 {
            journal.write(FIRST)?;
        }
        // Elsewhere a folder cannot be opened like a file.
        #[cfg(unix)]
        File::open(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new(".")))?
            .sync_all()?;
        model.facts = Some(Vec::new());
        Ok(journal)
    }

    /// Makes what happened since the last call durable.
    pub(super) fn keep(&mut self, model: &mut BankModel) -> io::Result<()> {
        let facts = model.facts.as_mut().map(std::mem::take).unwrap_or_default();
        if facts.is_empty() {
            return Ok(());
        }
        let line = Line { now: model.now.timestamp_millis(), counter: model.counter, facts };
        let bytes = postcard::to_allocvec(&line).map_err(io::Error::other)?;
        let text = format!("{} {}\n", checksum(&bytes), STANDARD.encode(&bytes));
        self.write(text.as_bytes())
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        self.file.write_all(line)?;
        self.file.sync_data()
    }
}

impl Ledger {
    /// Reads the payments out of the file of [`BankBuilder::ledger_file`](crate::testing::BankBuilder::ledger_file), also
    /// while a bank in this or another process is writing to it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is none, or is damaged in any line but the last.
    pub fn read(path: impl AsRef<Path>) -> io::Result<Self> {
        let (lines, _) = parse(&std::fs::read(path)?)?;
        let unreadable = || damaged("holds a payment that this version cannot read");
        let mut entries: Vec<LedgerEntry> = Vec::new();
        for fact in lines.into_iter().flat_map(|line| line.facts) {
            match fact {
                Fact::Paid(paid) => entries.push(paid.entry().ok_or_else(unreadable)?),
                Fact::Stands(stands) => {
                    let known = entries.iter_mut().find(|entry| entry.server_id == stands.server_id);
                    known.and_then(|entry| stands.put(entry)).ok_or_else(unreadable)?;
                }
                _ => {}
            }
        }
        Ok(Self::new(entries))
    }
}

/// The lines of a file, and how many bytes of it are good. Whatever is wrong with the last line was torn.
fn parse(text: &[u8]) -> io::Result<(Vec<Line>, usize)> {
    let Some(rest) = text.strip_prefix(FIRST) else {
        return if FIRST.starts_with(text) { Ok((Vec::new(), 0)) } else { Err(damaged("is none")) };
    };
    let (mut lines, mut good) = (Vec::new(), FIRST.len());
    let mut pieces = rest.split_inclusive(|byte| *byte == b'\n').peekable();
    while let Some(piece) = pieces.next() {
        match read_line(piece) {
            Some(line) => lines.push(line),
            None if pieces.peek().is_none() => break,
            None => return Err(damaged("is damaged")),
        }
        good += piece.len();
    }
    Ok((lines, good))
}

fn read_line(piece: &[u8]) -> Option<Line> {
    let text = std::str::from_utf8(piece.strip_suffix(b"\n")?).ok()?;
    let (sum, coded) = text.split_once(' ')?;
    let bytes = STANDARD.decode(coded).ok()?;
    let (line, rest) = postcard::take_from_bytes(&bytes).ok()?;
    (sum == checksum(&bytes) && rest.is_empty()).then_some(line)
}

fn checksum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn damaged(how: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the ledger file {how}"))
}

const FIRST: &[u8] = b"ofx-testing-ledger 1\n";
