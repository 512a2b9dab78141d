//! The keys of connections in a file, in the format of NSS, when a program asks for it by name.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;

use rustls::KeyLog;

use crate::transport::TransportError;
use crate::transport::options::Reason;

#[derive(Debug)]
pub(crate) struct ToFile(Mutex<File>);

impl ToFile {
    pub(crate) fn open(path: &Path) -> Result<Self, TransportError> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options.open(path).map_err(|cause| NO_FILE.because(cause))?;
        Ok(Self(Mutex::new(file)))
    }
}

impl KeyLog for ToFile {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let line = format!("{label} {} {}\n", hex(client_random), hex(secret));
        if let Ok(mut file) = self.0.lock() {
            // One write for one line, so that several processes can share the file. A full disk is no reason to stop.
            let _ = file.write_all(line.as_bytes());
        }
    }
}

const NO_FILE: Reason = Reason("the file for the keys of TLS cannot be opened");
