//! Servers of a test's own, from the installed binaries, on a free loopback port and in a temporary folder.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Longer than a start takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that runs until this is dropped.
pub(crate) struct Server {
    kind: Kind,
    folder: TempDir,
    port: u16,
    extra: Vec<String>,
    child: Child,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Redis,
}

impl Server {
    /// Starts one; `None`, with a line that says so, where its binary is missing and may be.
    pub(crate) fn start(kind: Kind, extra: &[&str]) -> Option<Self> {
        if kind.binary().is_none() {
            let missing = format!("{} is not installed", kind.program());
            assert!(std::env::var_os("REQUIRE_SERVERS").is_none_or(|value| value != "1"), "{missing}");
            println!("SKIPPED: {missing}");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let extra: Vec<String> = extra.iter().map(|&option| option.to_owned()).collect();
        for _ in 0..5 {
            let port = free_port();
            let mut child = kind.spawn(folder.path(), port, &extra);
            if answers(port, &mut child) {
                return Some(Self { kind, folder, port, extra, child });
            }
            // Somebody else took the port in between.
        }
        panic!("{} does not start: {}", kind.program(), log(folder.path()));
    }

    /// Kills it by its process id, as a crash of the machine would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, on the same port and the same files.
    pub(crate) fn restart(&mut self) {
        let until = Instant::now() + PATIENCE;
        loop {
            self.child = self.kind.spawn(self.folder.path(), self.port, &self.extra);
            if answers(self.port, &mut self.child) {
                return;
            }
            // What is left of the killed one may hold on to its files for a moment.
            assert!(Instant::now() < until, "does not start again: {}", log(self.folder.path()));
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Kind {
    fn program(self) -> &'static str {
        match self {
            Self::Redis => "redis-server",
        }
    }

    fn binary(self) -> Option<PathBuf> {
        find(self.program())
    }

    fn spawn(self, folder: &Path, port: u16, extra: &[String]) -> Child {
        let mut command = Command::new(self.binary().unwrap());
        match self {
            Self::Redis => {
                command.arg("--port").arg(port.to_string()).arg("--dir").arg(folder);
                command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "always"]);
            }
        }
        let log = fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
        command.args(extra).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        command.spawn().unwrap()
    }
}

/// In the search path, and where Debian puts the binaries of PostgreSQL.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    folders.into_iter().map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Waits until the port is open; false when the server ended instead.
fn answers(port: u16, child: &mut Child) -> bool {
    let until = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until, "the server does not open its port");
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}
