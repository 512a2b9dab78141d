//! What only `openssl` makes: an RSA key, and files of PKCS#12.

use std::process::Command;
use std::sync::OnceLock;

use crate::papers::Papers;
use crate::{canaries, programs};

impl Papers {
    /// With an RSA key, which the oldest way of agreeing on a secret needs. Made by `openssl`; nobody trusts it.
    pub(crate) fn rsa() -> Option<Self> {
        static MADE: OnceLock<Option<Papers>> = OnceLock::new();
        MADE.get_or_init(Self::make_rsa).clone()
    }

    fn make_rsa() -> Option<Self> {
        let openssl = programs::installed("openssl")?;
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(openssl);
        command.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost"]);
        command.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", "key", "-out", "certificate"]);
        let output = command.current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        let papers = Self { chain: read("certificate"), key: read("key"), pin: String::new() };
        canaries::note_key(&papers.key);
        Some(papers)
    }

    /// Both in one PKCS#12 file, as `openssl` makes it.
    #[cfg(feature = "pkcs12")]
    pub(crate) fn pkcs12(&self, password: &str, options: &[&str]) -> Option<Vec<u8>> {
        let openssl = programs::installed("openssl")?;
        canaries::note("password of PKCS#12", password);
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("chain", &self.chain), ("key", &self.key), ("password", &password.to_owned())] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mut command = Command::new(openssl);
        command.args([
            "pkcs12",
            "-export",
            "-in",
            "chain",
            "-inkey",
            "key",
            "-passout",
            "file:password",
            "-out",
            "p12",
        ]);
        let output = command.args(options).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(std::fs::read(folder.path().join("p12")).unwrap())
    }
}
