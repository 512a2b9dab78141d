//! Copies of what goes over the wire, for checking them against the published grammars.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes exchanges into the folder that `OFX_TESTING_RECORD` names.
#[derive(Debug)]
pub(super) struct Recorder {
    folder: Option<PathBuf>,
}

impl Recorder {
    /// Reads the variable once.
    pub(super) fn from_environment() -> Self {
        Self { folder: std::env::var_os("OFX_TESTING_RECORD").filter(|name| !name.is_empty()).map(PathBuf::from) }
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

/// Shared by all institutions of a process, so that names are unique.
static COUNTER: AtomicU64 = AtomicU64::new(1);

#[cfg(test)]
mod tests {
    use super::Recorder;

    #[test]
    fn names_are_unique_and_a_bad_request_is_left_out() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let recorder = Recorder { folder: Some(folder.path().join("new")) };
        recorder.write(Some(b"first"), b"answer");
        recorder.write(None, b"answer");
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
