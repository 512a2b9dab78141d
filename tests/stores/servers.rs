//! Servers of a test's own, from the installed binaries, on a free loopback port and in a temporary folder.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use ofx_session::store::ServerOptions;
use tempfile::TempDir;

/// Of the user jane.
pub(crate) const PASSWORD: &str = "canary-right";

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
    Postgres,
}

impl Server {
    /// Starts one with further options, in which `{port}` and `{folder}` are filled in; the folder has a certificate in
    /// `cert.pem`, `key.pem` and `ca.pem`. `None`, with a line that says so, where its binary is missing and may be.
    pub(crate) fn start(kind: Kind, extra: &[&str]) -> Option<Self> {
        if kind.binary().is_none() {
            let missing = format!("{} is not installed", kind.program());
            assert!(std::env::var_os("REQUIRE_SERVERS").is_none_or(|value| value != "1"), "{missing}");
            println!("SKIPPED: {missing}");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        kind.prepare(folder.path());
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

    /// Kills it and what it has started by their process ids, as a crash of the machine would.
    pub(crate) fn kill(&mut self) {
        let children = children_of(self.child.id());
        self.child.kill().unwrap();
        let _ = Command::new("kill").arg("-KILL").args(children).output().unwrap();
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

    /// Options that trust this server's certificate and no other.
    pub(crate) fn trust(&self) -> ServerOptions {
        let pem = fs::read(self.folder.path().join("ca.pem")).unwrap();
        ServerOptions::new().add_root_pem(&pem).unwrap().only_given_roots()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.kind == Kind::Postgres {
            // Its "immediate" shutdown: what it would leave behind otherwise is memory that outlives it.
            let _ = Command::new("kill").arg("-QUIT").arg(self.child.id().to_string()).output();
        } else {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

impl Kind {
    fn program(self) -> &'static str {
        match self {
            Self::Redis => "redis-server",
            Self::Postgres => "postgres",
        }
    }

    fn binary(self) -> Option<PathBuf> {
        find(self.program())
    }

    /// What is done once, before the first start.
    fn prepare(self, folder: &Path) {
        certify(folder);
        if self == Self::Postgres {
            let (user, password) = (servant(folder), folder.join("password"));
            fs::write(&password, PASSWORD).unwrap();
            if let Some((user, group)) = user {
                for path in [folder, &folder.join("key.pem")] {
                    chown(path, Some(user), Some(group)).unwrap();
                }
            }
            let mut command = Command::new(find("initdb").expect("initdb comes with postgres"));
            command.arg("--pgdata").arg(folder.join("data")).arg("--pwfile").arg(&password).current_dir(folder);
            command.args(["--auth=scram-sha-256", "--username=jane", "--encoding=UTF8", "--locale=C", "--no-sync"]);
            run_as(&mut command, user);
            let output = command.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }

    fn spawn(self, folder: &Path, port: u16, extra: &[String]) -> Child {
        let mut command = Command::new(self.binary().unwrap());
        match self {
            Self::Postgres => {
                command.arg("-D").arg(folder.join("data")).arg("-p").arg(port.to_string()).current_dir(folder);
                command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
                // What a killed process wrote is safe with the kernel. Syncing it takes most of the time of a test.
                command.args(["-c", "fsync=off"]);
                run_as(&mut command, servant(folder));
            }
            Self::Redis => {
                command.arg("--port").arg(port.to_string()).arg("--dir").arg(folder);
                command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "always"]);
            }
        }
        let log = fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
        let placed =
            |option: &String| option.replace("{port}", &port.to_string()).replace("{folder}", folder.to_str().unwrap());
        command.args(extra.iter().map(placed)).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        command.spawn().unwrap()
    }
}

/// User and group for a server that refuses to run as root, where the tests do. `folder` belongs to whoever runs them.
fn servant(folder: &Path) -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(|number| number.parse().unwrap());
        Some((numbers.next()?, numbers.next()?))
    };
    let root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let owned = fs::metadata(folder).unwrap().uid();
    (root || owned == 0).then(|| of("postgres").or_else(|| of("nobody")).expect("a user that is not root"))
}

fn run_as(command: &mut Command, user: Option<(u32, u32)>) {
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
}

/// The processes a server has started, which survive it for a moment.
fn children_of(parent: u32) -> Vec<String> {
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().into_string().ok());
    let is_child = |number: &String| {
        let line = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        // Number, name in brackets, state, parent.
        let rest = line.rsplit_once(')').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
        rest.split_whitespace().nth(1) == Some(&*parent.to_string())
    };
    numbers.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())).filter(is_child).collect()
}

/// In the search path, and where Debian puts the binaries of PostgreSQL.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    folders.into_iter().map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// A port that no other test of this process has had: one that is between two starts looks free.
fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        if GIVEN.lock().unwrap().insert(port) {
            return port;
        }
    }
}

/// A certificate for this machine, its key, and the authority that signed it, in three files.
fn certify(folder: &Path) {
    let authority = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = params.self_signed(&authority).unwrap();
    let issuer = rcgen::Issuer::from_params(&params, &authority);
    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = rcgen::CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    for (name, text) in [("ca.pem", root.pem()), ("cert.pem", certificate.pem()), ("key.pem", key.serialize_pem())] {
        fs::write(folder.join(name), text).unwrap();
    }
    fs::set_permissions(folder.join("key.pem"), Permissions::from_mode(0o600)).unwrap();
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
