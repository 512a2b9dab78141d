//! Programs that tests start from the installed binaries: where they are, on which port and as whom they run, and their end.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Longer than a start takes on the slowest machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Where a program is. `None`, with a line that says so, where it is missing and may be.
pub(crate) fn installed(program: &str) -> Option<PathBuf> {
    let found = find(program);
    if found.is_none() {
        skipped(&format!("{program} is not installed"));
    }
    found
}

/// Says why something is not tested, which is not allowed where all of it is wanted.
pub(crate) fn skipped(why: &str) {
    assert!(std::env::var_os("REQUIRE_SERVERS").is_none_or(|value| value != "1"), "{why}");
    println!("SKIPPED: {why}");
}

/// In the search path, where servers are, and where Debian puts the binaries of PostgreSQL.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.push(PathBuf::from("/usr/sbin"));
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    folders.into_iter().map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// A port that no other test of this process has had, of those that no system hands out by itself. One of the others may be
/// somebody's for a moment, for a listener or as the near end of a connection, and would look as if the program were there.
pub(crate) fn free_port() -> u16 {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 6_000;
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed);
        assert!(given < COUNT, "every port was given");
        // Processes that follow each other begin far from each other.
        let place = (std::process::id() % COUNT * 97 + given) % COUNT;
        let port = u16::try_from(FIRST + place).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// Waits until the port is open; false when the server ended instead.
pub(crate) fn answers(port: u16, child: &mut Child) -> bool {
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

/// User and group, the first of these names that there is, for a server that refuses to run as root, where the tests do.
/// `folder` belongs to whoever runs them.
pub(crate) fn servant(names: &[&str], folder: &Path) -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let of = |name: &&str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(|number| number.parse().unwrap());
        Some((numbers.next()?, numbers.next()?))
    };
    let root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let owned = fs::metadata(folder).unwrap().uid();
    (root || owned == 0).then(|| names.iter().find_map(of).expect("a user that is not root"))
}

/// Kills it and what it has started by their process ids, as a crash of the machine would.
pub(crate) fn kill(child: &mut Child) {
    let children = children_of(child.id());
    let _ = child.kill();
    if !children.is_empty() {
        let _ = Command::new("kill").arg("-KILL").args(children).output();
    }
    let _ = child.wait();
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

/// What it has said so far.
pub(crate) fn log(folder: &Path) -> String {
    fs::read(folder.join("log")).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
