//! Secrets that are in no document, for the list that `tests/canary` searches a whole run for.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

/// Adds a line to `secrets.txt` where a run is recorded, as [`Bank`](ofx_session::testing::Bank) does for what is in its documents.
pub(crate) fn note(kind: &str, value: &str) {
    let Some(folder) = std::env::var_os("OFX_TESTING_RECORD").filter(|name| !name.is_empty()).map(PathBuf::from) else {
        return;
    };
    std::fs::create_dir_all(&folder).unwrap();
    let mut file = OpenOptions::new().append(true).create(true).open(folder.join("secrets.txt")).unwrap();
    // In one piece: others write as well.
    file.write_all(format!("{kind}\t{value}\n").as_bytes()).unwrap();
}

/// As before, each line of a private key as PEM.
pub(crate) fn note_key(pem: &str) {
    pem.lines().filter(|line| !line.starts_with('-') && line.len() >= 16).for_each(|line| note("private key", line));
}

/// As before, the password of a proxy, alone and as HTTP sends it.
pub(crate) fn note_login(user: &str, password: &str) {
    use base64::Engine as _;
    note("password of a proxy", password);
    note("login of a proxy", &base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")));
}
