//! Servers of a test's own, from the installed binaries, on a free loopback port and in a temporary folder.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use ofx_session::store::ServerOptions;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

use crate::programs::{self, PATIENCE, answers, find, free_port, installed, log};

/// Of the user jane.
pub(crate) const PASSWORD: &str = "canary-right";

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
        installed(kind.program())?;
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
        programs::kill(&mut self.child);
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

/// An address behind which first one server is and then another, as after a failover. The port, and what leads on.
pub(crate) async fn relay(server: &Server, delay: Duration) -> (u16, Arc<AtomicU16>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let leads_to = Arc::new(AtomicU16::new(server.port()));
    let target = Arc::clone(&leads_to);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let target = target.load(Ordering::SeqCst);
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                let mut far = TcpStream::connect(("127.0.0.1", target)).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    (port, leads_to)
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

    /// What is done once, before the first start.
    fn prepare(self, folder: &Path) {
        certify(folder);
        if self == Self::Postgres {
            let (user, password) = (postgres_user(folder), folder.join("password"));
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
        let mut command = Command::new(find(self.program()).unwrap());
        match self {
            Self::Postgres => {
                command.arg("-D").arg(folder.join("data")).arg("-p").arg(port.to_string()).current_dir(folder);
                command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
                // What a killed process wrote is safe with the kernel. Syncing it takes most of the time of a test.
                command.args(["-c", "fsync=off"]);
                run_as(&mut command, postgres_user(folder));
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

/// User and group for PostgreSQL, which refuses to run as root.
fn postgres_user(folder: &Path) -> Option<(u32, u32)> {
    programs::servant(&["postgres", "nobody"], folder)
}

fn run_as(command: &mut Command, user: Option<(u32, u32)>) {
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
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
