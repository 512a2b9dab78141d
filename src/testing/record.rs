//! Copies of what goes over the wire, for checking them against the published grammars; and the secrets in it, for finding them
//! where they do not belong.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::ofx::{Document, Element, Limits};

/// Writes exchanges into the folder that `OFX_TESTING_RECORD` names.
#[derive(Debug)]
pub(super) struct Recorder {
    folder: Option<PathBuf>,
    /// Lines of `secrets.txt` that are there already.
    known: BTreeSet<String>,
}

impl Recorder {
    /// Reads the variable once.
    pub(super) fn from_environment() -> Self {
        Self {
            folder: std::env::var_os("OFX_TESTING_RECORD").filter(|name| !name.is_empty()).map(PathBuf::from),
            known: BTreeSet::new(),
        }
    }

    /// Adds the secrets of a document to `secrets.txt`: a line for each, with its tag, a tabulator, and the value.
    pub(super) fn note_secrets(&mut self, document: &[u8]) {
        let Some(folder) = &self.folder else { return };
        let Ok(document) = Document::decode(document, &Limits::new()) else { return };
        let mut lines = BTreeSet::new();
        collect(document.root(), &mut lines);
        let new: String = lines.into_iter().filter(|line| self.known.insert(line.clone())).collect();
        if !new.is_empty() {
            let _ = std::fs::create_dir_all(folder);
            let file = OpenOptions::new().append(true).create(true).open(folder.join("secrets.txt"));
            let _ = file.and_then(|mut file| file.write_all(new.as_bytes()));
        }
    }

    /// Writes an answer, and the request when nothing in it was against the rules: a test that breaks them on purpose is
    /// no evidence against what the crate sends.
    ///
    /// A folder that cannot be written to must not change how the institution answers, so that is passed over.
    pub(super) fn write(&self, request: Option<&[u8]>, answer: &[u8]) {
        let Some(folder) = &self.folder else { return };
        let name = format!("{}-{:06}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let _ = std::fs::create_dir_all(folder);
        if let Some(request) = request {
            let _ = std::fs::write(folder.join(format!("{name}-rq.ofx")), request);
        }
        let _ = std::fs::write(folder.join(format!("{name}-rs.ofx")), answer);
    }
}

/// Adds a line for each secret at or below `element`.
fn collect(element: &Element, lines: &mut BTreeSet<String>) {
    if let Some(value) = element.text().filter(|_| SECRET.contains(&element.tag()))
        && can_be_found(value)
        && value != ANONYMOUS
    {
        lines.insert(format!("{}\t{value}\n", element.tag()));
    }
    element.children().iter().for_each(|child| collect(child, lines));
}

/// Whether it is nowhere by chance. Shorter words stand in every log, and so do short numbers.
fn can_be_found(value: &str) -> bool {
    let shortest = if value.bytes().any(|byte| byte.is_ascii_alphabetic()) { SHORTEST_WORD } else { SHORTEST_NUMBER };
    value.len() >= shortest
}

const SECRET: [&str; 15] = [
    "USERPASS",
    "NEWUSERPASS",
    "TEMPPASS",
    "USERKEY",
    "ACCESSKEY",
    "ACCESSTOKEN",
    "SESSCOOKIE",
    "AUTHTOKEN",
    "USERCRED1",
    "USERCRED2",
    "MFAPHRASEA",
    "APPKEY",
    "ACCTID",
    "LOANACCTID",
    "PAYACCT",
];
const SHORTEST_WORD: usize = 6;
const SHORTEST_NUMBER: usize = 8;
/// What a password is called where there is none.
const ANONYMOUS: &str = "anonymous00000000000000000000000";

/// Shared by all institutions of a process, so that names are unique.
static COUNTER: AtomicUsize = AtomicUsize::new(1);

#[cfg(test)]
mod tests {
    use super::{BTreeSet, Recorder};

    #[test]
    fn names_are_unique_and_a_bad_request_is_left_out() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let mut recorder = Recorder { folder: Some(folder.path().join("new")), known: BTreeSet::new() };
        recorder.write(Some(b"first"), b"answer");
        recorder.write(None, b"answer");
        let document =
            b"OFXHEADER:100\r\nVERSION:103\r\n\r\n<OFX><USERPASS>correct horse<ACCTID>1000001<ACCESSKEY>k-1234567\
              <MFAPHRASEA>Garcia<USERCRED1>wrong<PAYACCT>88-204-117</OFX>";
        (0..2).for_each(|_| recorder.note_secrets(document));
        let secrets = folder.path().join("new/secrets.txt");
        assert_eq!(
            std::fs::read_to_string(&secrets)?,
            "ACCESSKEY\tk-1234567\nMFAPHRASEA\tGarcia\nPAYACCT\t88-204-117\nUSERPASS\tcorrect horse\n"
        );
        std::fs::remove_file(secrets)?;
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder.path().join("new"))? {
            let entry = entry?;
            found.push((entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path())?));
        }
        let of = |end: &'static str| {
            found.iter().filter(move |(name, _)| name.ends_with(end)).map(|(_, bytes)| bytes.as_slice())
        };
        assert!(of("-rq.ofx").eq([b"first"]));
        assert!(of("-rs.ofx").eq([b"answer", b"answer"]));
        Ok(())
    }
}
