//! Real processes: one starts a payment, another finishes it, one is killed in between, and the payment is made once.
//!
//! The test binary runs itself again. A child is the ignored test [`as_a_child`] with a role in its environment; it shares a
//! file and the institution's address with its parent, and nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    reason = "tests fail by panicking, and children talk by printing"
)]

mod child;
#[path = "../../examples/drill/mod.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with an example")]
mod drill;
mod killed;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use ofx_session::Blob;
use ofx_session::seal::Kind;
use ofx_session::testing::{AccessKeys, Bank, BankBuilder};

pub(crate) const PASSWORD: &str = "canary-horse";
pub(crate) const ANSWER: &str = "canary-Garcia";

/// An institution and the folder of its clients.
struct Town {
    bank: Bank,
    folder: tempfile::TempDir,
}

/// A child that runs.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    said: Vec<String>,
}

/// A child that is over.
#[derive(Debug, PartialEq, Eq)]
struct Over {
    pid: u32,
    end: String,
}

impl Town {
    fn new(builder: BankBuilder) -> Self {
        let town = Self { bank: builder.user("jane", PASSWORD).start().unwrap(), folder: tempfile::tempdir().unwrap() };
        fs::write(town.folder.path().join("ca.pem"), town.bank.ca_pem()).unwrap();
        town
    }

    fn blob(&self) -> PathBuf {
        self.folder.path().join("blob")
    }

    fn spawn(&self, role: &str) -> Running {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "as_a_child", "--ignored", "--nocapture", "--test-threads=1"]);
        command.env(child::ROLE, role).env(child::URL, self.bank.url()).env(child::FOLDER, self.folder.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Running { child, lines, said: Vec::new() }
    }

    fn run(&self, role: &str) -> Over {
        self.spawn(role).over()
    }

    /// What is in the file between two processes.
    fn check_blob(&self, kind: Kind) {
        let text = fs::read_to_string(self.blob()).unwrap();
        let blob = Blob::from_text(&text).unwrap();
        assert_eq!(blob.header().unwrap().kind(), kind);
        // In the bytes alone: the text is the same in Base64, where four letters come about by chance once in some hundred blobs.
        for needle in [PASSWORD, ANSWER, "canary", "jane", "1000001", "PMTTRNRQ", "https://"] {
            let mut windows = blob.as_bytes().windows(needle.len());
            assert!(!windows.any(|window| window.eq_ignore_ascii_case(needle.as_bytes())), "the blob holds {needle}");
        }
        let names: Vec<_> = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "nothing else is left behind: {names:?}");
    }

    fn clean(&self, payments: usize) {
        assert_eq!((self.bank.payments_made(), self.bank.violations()), (payments, vec![]));
    }
}

impl Drop for Running {
    /// A child that stopped for ever is not left behind when a test fails.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Waits until the child says this.
    fn wait_for(&mut self, word: &str) {
        loop {
            let line =
                self.lines.next().unwrap_or_else(|| panic!("the child never said {word}: {:?}", self.said)).unwrap();
            if let Some((_, said)) = line.split_once(child::MARK) {
                self.said.push(said.to_owned());
                if said.starts_with(word) {
                    return;
                }
            }
        }
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn over(mut self) -> Over {
        self.wait_for("end ");
        let pid = self.pid();
        assert!(self.said.contains(&format!("pid {pid}")), "{:?}", self.said);
        assert_ne!(pid, std::process::id());
        // The rest of what the child prints, so that it is not stopped by a full pipe.
        self.lines.by_ref().for_each(drop);
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        let end = self.said.last().unwrap().trim_start_matches("end ").to_owned();
        Over { pid, end }
    }

    /// Ends it as the operating system ends a process: at once, without a word.
    fn kill(mut self) -> u32 {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert!(!status.success(), "it was killed: {status}");
        self.pid()
    }
}

#[test]
fn one_process_starts_a_payment_and_another_finishes_it() {
    let town = Town::new(Bank::builder().question("MFA16", None, ANSWER).access_keys(AccessKeys::Rotate));
    let start = town.run("start");
    assert_eq!(start.end, "asked MFA16");
    town.check_blob(Kind::Paused);
    town.clean(0);
    let finish = town.run("finish");
    assert_eq!(finish.end, format!("paid {}", town.bank.payments()[0].trn_uid.as_str()));
    assert_ne!(start.pid, finish.pid);
    town.check_blob(Kind::Client);
    town.clean(1);
    // The client that the second process left behind has the key: a third one is asked nothing.
    let third = town.run("pay again");
    assert!(third.end.starts_with("paid ") && third.end != finish.end, "{third:?}");
    assert!(third.pid != finish.pid && third.pid != start.pid);
    town.clean(2);
}

#[test]
fn wrong_answers_go_through_as_many_processes_as_it_takes() {
    let town = Town::new(Bank::builder().question("MFA16", None, ANSWER));
    town.run("start");
    for _ in 0..2 {
        assert_eq!(town.run("answer wrong").end, "asked MFA16 again");
        town.check_blob(Kind::Paused);
    }
    assert!(town.run("finish").end.starts_with("paid "));
    town.clean(1);
}

#[test]
fn a_process_killed_before_it_sends_has_paid_nothing_and_another_pays() {
    let town = Town::new(Bank::builder());
    assert_eq!(town.run("prepare").end, "prepared");
    town.check_blob(Kind::Paused);
    let mut killed = town.spawn("stop before");
    killed.wait_for("stopped");
    let killed = killed.kill();
    town.clean(0);
    let finish = town.run("finish");
    assert_eq!(finish.end, format!("paid {}", town.bank.payments()[0].trn_uid.as_str()));
    assert_ne!(killed, finish.pid);
    town.clean(1);
}

#[test]
fn a_process_killed_before_it_reads_the_answer_has_paid_and_another_does_not_pay_again() {
    let town = Town::new(Bank::builder());
    town.run("prepare");
    let mut killed = town.spawn("stop behind");
    killed.wait_for("stopped");
    town.clean(1);
    killed.kill();
    town.check_blob(Kind::Paused);
    for _ in 0..2 {
        assert_eq!(town.run("finish").end, "unknown Duplicate");
        town.check_blob(Kind::Paused);
        town.clean(1);
    }
}

#[test]
fn a_doubt_is_handed_from_process_to_process() {
    let town = Town::new(Bank::builder());
    town.run("prepare");
    town.bank.lose_answers(1);
    assert_eq!(town.run("finish").end, "unknown NoAnswer");
    let sent = town.bank.requests().len();
    assert_eq!(town.run("look").end, "in doubt NoAnswer");
    assert_eq!(town.bank.requests().len(), sent);
    town.check_blob(Kind::Paused);
    assert_eq!(town.run("repeat").end, "unknown Duplicate");
    assert_eq!(town.run("look").end, "in doubt Duplicate");
    town.clean(1);
}

#[test]
fn two_processes_that_finish_the_same_payment_pay_once() {
    let town = Town::new(Bank::builder());
    town.run("prepare");
    // Both have read the blob before either sends.
    let mut both = [town.spawn("finish when told"), town.spawn("finish when told")];
    both.iter_mut().for_each(|one| one.wait_for("ready"));
    both.iter_mut().for_each(|one| drop(one.child.stdin.take()));
    let mut ends = both.map(|one| one.over().end);
    ends.sort();
    assert!(ends[0].starts_with("paid "), "{ends:?}");
    assert_eq!(ends[1], "unknown Duplicate");
    town.clean(1);
}

/// What a child does; not a test of its own, and without a role it has nothing to do.
#[test]
#[ignore = "runs as a child of the other tests"]
fn as_a_child() {
    let Ok(role) = std::env::var(child::ROLE) else { return };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        match role.as_str() {
            "drill" => drill::child::run().await.unwrap(),
            role => child::run(role).await,
        }
    });
}
