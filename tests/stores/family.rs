//! Parents: they start children, have them race, kill them, and compare what they say with what is in the store.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use ofx_session::store::{Store, Swap};

use crate::{any_record, child, hex, key, open};

/// A child that runs.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Running {
    pub(crate) fn spawn(role: &str, place: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "as_a_child", "--ignored", "--nocapture", "--test-threads=1"]);
        command.env(child::ROLE, role).env(child::PLACE, place);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut running = Self { stdin: child.stdin.take(), child, lines };
        assert_eq!(running.hears("pid "), running.child.id().to_string());
        assert_ne!(running.child.id(), std::process::id());
        running
    }

    /// What follows `word` in the next line that begins with it.
    pub(crate) fn hears(&mut self, word: &str) -> String {
        loop {
            let line = self.lines.next().unwrap_or_else(|| panic!("the child never said {word}")).unwrap();
            if let Some(said) = line.split_once(child::MARK).and_then(|(_, said)| said.strip_prefix(word)) {
                return said.to_owned();
            }
        }
    }

    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Lets it come to its end.
    fn over(mut self) {
        drop(self.stdin.take());
        self.hears("end");
        self.lines.by_ref().for_each(drop);
        assert!(self.child.wait().unwrap().success());
    }

    /// Kills it, and returns what it had said and not been heard.
    fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        let rest = self.lines.by_ref().map_while(Result::ok);
        let said = rest.filter_map(|line| Some(line.split_once(child::MARK)?.1.to_owned())).collect();
        self.child.wait().unwrap();
        said
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Two processes with four tasks each race for one record after another. They are told of `batch` rounds at a time, and
/// `between` is called while they are at it. How many errors of the store they met.
pub(crate) async fn two_processes_race(place: &str, rounds: u64, batch: u64, mut between: impl FnMut()) -> u64 {
    let mut children = [Running::spawn("race", place), Running::spawn("race", place)];
    children.iter_mut().for_each(|child| drop(child.hears("ready")));
    let mut winners = Vec::new();
    for first in (0..rounds).step_by(usize::try_from(batch).unwrap()) {
        for round in first..first + batch {
            children.iter_mut().for_each(|child| child.tell(&round.to_string()));
        }
        between();
        for round in first..first + batch {
            let mut won = Vec::new();
            for child in &mut children {
                let said = child.hears(&format!("round {round} "));
                won.extend(said.split_whitespace().map(str::to_owned));
            }
            assert_eq!(won.len(), 1, "round {round}: {won:?}");
            winners.append(&mut won);
        }
    }
    let mut errors = 0;
    for mut child in children {
        drop(child.stdin.take());
        errors += child.hears("errors ").parse::<u64>().unwrap();
        child.over();
    }
    let store = open(place);
    for (round, winner) in (0..).zip(winners) {
        let found = store.load(&key(round)).await.unwrap().unwrap();
        assert_eq!((hex(found.version()), found.bytes()), (winner, b"claimed".as_slice()), "round {round}");
    }
    errors
}

/// A process that writes all the time is killed: what is there then is what was acknowledged last, or was on its way.
pub(crate) async fn a_writer_is_killed(place: &str) {
    let mut writer = Running::spawn("hammer", place);
    let heard = (0..30).map(|_| writer.hears("done ")).last().unwrap();
    let said = writer.kill();
    let store = open(place);
    let found = store.load(&key(0)).await.unwrap().unwrap();
    let acknowledged = said.iter().rev().find_map(|line| line.strip_prefix("done ")).unwrap_or(&heard);
    let tried = said.last().and_then(|line| line.strip_prefix("try "));
    let version = hex(found.version());
    assert!(version == acknowledged || Some(&*version) == tried, "{version} {heard} {said:?}");
    assert_eq!(found.bytes(), vec![7; 10_000]);
    let next = any_record("next");
    assert_eq!(store.swap(&key(0), found.version(), &next).await.unwrap(), Swap::Done, "others go on");
    assert_eq!(store.delete(&key(0), next.version()).await.unwrap(), Swap::Done);
}

/// An owner sleeps while somebody else takes the record over: it can neither write nor delete afterwards.
pub(crate) async fn a_sleeping_owner_is_refused(place: &str) {
    let store = open(place);
    let (mine, yours) = (any_record("mine"), any_record("yours"));
    assert_eq!(store.create(&key(0), &mine).await.unwrap(), Swap::Done);
    let mut sleeper = Running::spawn("sleep", place);
    assert_eq!(sleeper.hears("has "), hex(mine.version()));
    assert_eq!(store.swap(&key(0), mine.version(), &yours).await.unwrap(), Swap::Done);
    sleeper.tell("wake up");
    assert_eq!(sleeper.hears("woke "), "Conflict Conflict");
    sleeper.over();
    assert_eq!(store.load(&key(0)).await.unwrap().unwrap(), yours);
    assert_eq!(store.delete(&key(0), yours.version()).await.unwrap(), Swap::Done);
}

/// Fills the store until it says that it is full, then sees that every acknowledged record is there and the refused one is
/// not. How many went in.
pub(crate) async fn fill(store: &dyn Store, limit: u64) -> u64 {
    use ofx_session::store::{Applied, StoreError};
    let mut taken = HashSet::new();
    for n in 1_000..1_000 + limit {
        let record = any_record(vec![n.to_le_bytes()[0]; 50_000]);
        match store.create(&key(n), &record).await {
            Ok(swap) => assert!(swap == Swap::Done && taken.insert((n, record.version()))),
            Err(error) => {
                assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
                assert_eq!(error.applied(), Applied::No);
                assert_eq!(store.load(&key(n)).await.unwrap(), None, "refused, so it is not there");
                for (n, version) in &taken {
                    assert_eq!(store.load(&key(*n)).await.unwrap().unwrap().version(), *version);
                }
                return n - 1_000;
            }
        }
    }
    panic!("{limit} records and not full");
}
