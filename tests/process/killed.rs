//! Processes that pay through a vault and are killed with SIGKILL, over real HTTPS and a real SQLite file.
//!
//! The children are those of `examples/crash_drill.rs`, which does the same with hundreds of payments. Here each point has
//! an institution and a store of its own, so that what is in the ledger at the kill is known, too.

use std::process::Command;
use std::thread;
use std::time::Duration;

use chrono::Utc;
use ofx_session::testing::{Bank, Class, Fault, On};
use tempfile::TempDir;

use crate::child::ROLE;
use crate::drill::process::Process;
use crate::drill::{End, Order, PASSWORD, Point, Told};

/// An institution, a store, and a user.
struct Case {
    bank: Bank,
    folder: TempDir,
}

impl Case {
    fn new(class: Class) -> Self {
        let bank = Bank::builder().class(class).user("jane", PASSWORD).start().unwrap();
        let case = Self { bank, folder: tempfile::tempdir().unwrap() };
        std::fs::write(case.folder.path().join("ca.pem"), case.bank.ca_pem()).unwrap();
        case
    }

    fn order(&self, number: usize, stop: Option<Point>) -> Order {
        Order {
            store: format!("sqlite:{}", self.folder.path().join("vault.db").display()),
            tenant: "tests".to_owned(),
            url: self.bank.url().to_owned(),
            ca_file: self.folder.path().join("ca.pem"),
            user: "jane".to_owned(),
            number,
            refused: false,
            pay: true,
            stop,
            lease_millis: 2000,
        }
    }

    /// Lets a process of its own pay until it stops at `point`, and kills it there.
    fn kill_at(&self, number: usize, point: Point) {
        loop {
            let mut process = start();
            process.order(&self.order(number, Some(point))).unwrap();
            match process.next().unwrap() {
                Told::At(at) => {
                    assert_eq!(at, point);
                    if point == Point::AfterSend {
                        // The answer waits there for longer than this process lives.
                        while self.made(number) == 0 {
                            thread::yield_now();
                        }
                    }
                    assert_eq!(process.kill().unwrap(), None);
                    return;
                }
                // A process that was killed before has the claim.
                Told::End(End::Busy(until)) => wait(until),
                told => panic!("{point}: {told:?}"),
            }
        }
    }

    /// Lets processes of their own pay until it is over.
    fn finish(&self, number: usize) -> End {
        loop {
            let mut process = start();
            process.order(&self.order(number, None)).unwrap();
            match process.next().unwrap() {
                Told::End(End::Busy(until)) => wait(until),
                Told::End(End::Again(_)) => {}
                Told::End(end) => return end,
                Told::At(point) => panic!("stopped at {point}"),
            }
        }
    }

    /// How many times the ledger has it.
    fn made(&self, number: usize) -> usize {
        self.bank.ledger().by_memo().get(&crate::drill::id(number)).copied().unwrap_or(0)
    }

    /// Whoever asks again gets the same, from the store and without another payment.
    fn stays(&self, number: usize, end: &End) {
        let made = self.made(number);
        assert_eq!(self.finish(number), *end);
        let mut process = start();
        process.order(&Order { pay: false, ..self.order(number, None) }).unwrap();
        assert_eq!(process.next().unwrap(), Told::End(end.clone()));
        assert_eq!((self.made(number), self.bank.violations()), (made, vec![]));
    }
}

fn start() -> Process {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "as_a_child", "--ignored", "--nocapture", "--test-threads=1"]).env(ROLE, "drill");
    Process::start(command).unwrap()
}

/// Until a claim has run out whose owner is dead.
fn wait(until: i64) {
    let millis = until.saturating_sub(Utc::now().timestamp_millis()).max(0);
    thread::sleep(Duration::from_millis(u64::try_from(millis).unwrap() + 1));
}

fn killed_at(class: Class, point: Point) {
    let case = Case::new(class);
    let tells = class.full_sync || class.file_recovery;
    if matches!(point, Point::Filing | Point::Filed) {
        assert!(matches!(case.finish(1), End::Paid(_)));
    }
    if matches!(point, Point::Reconciling | Point::Reconciled) {
        case.kill_at(2, Point::AfterWriteAhead);
        if !tells {
            // There is nothing to ask.
            assert!(matches!(case.finish(2), End::Unknown(_)));
            return assert_eq!(case.made(2), 0);
        }
    }
    if point == Point::AfterSend {
        case.bank.next(On::Payment, Fault::Delay(Duration::from_secs(60)));
    }
    case.kill_at(2, point);
    let made = match point {
        Point::AfterSend | Point::AfterAnswer | Point::BeforeResult | Point::AfterResult => 1,
        // The first way to find out is to send the same file again.
        Point::Reconciled => usize::from(class.file_recovery),
        _ => 0,
    };
    assert_eq!(case.made(2), made, "at the kill");
    let end = case.finish(2);
    if !tells && Point::IN_DOUBT.contains(&point) {
        assert!(matches!(end, End::Unknown(_)), "{end:?}");
        assert_eq!(case.made(2), made, "nothing is sent again where nobody can find out");
    } else {
        assert!(matches!(end, End::Paid(_)), "{end:?}");
        assert_eq!(case.made(2), 1);
    }
    case.stays(2, &end);
    if matches!(point, Point::Filing | Point::Filed) {
        assert_eq!(case.made(1), 1);
        case.stays(1, &case.finish(1));
    }
}

#[test]
fn killed_at_every_point() {
    // Everything is promised, a history, kept answers, nothing. Together, because each waits for claims to run out.
    thread::scope(|scope| {
        let mut cases = Vec::new();
        for class in ["D+S+F+", "D-S+F-", "D-S-F+", "D-S-F-"] {
            let start = |point| (class, point, scope.spawn(move || killed_at(class.parse().unwrap(), point)));
            cases.extend(Point::NAMED.map(start));
        }
        for (class, point, case) in cases {
            assert!(case.join().is_ok(), "class {class}, killed {point}");
        }
    });
}

#[test]
fn killed_at_random_moments() {
    // Each class once; between nothing and about the time that a payment takes.
    let random = |class: Class, at: usize| {
        let case = Case::new(class);
        for turn in 0..2 {
            let mut process = start();
            process.order(&case.order(7, None)).unwrap();
            let millis = u64::try_from((at * 37 + turn * 53) % 120).unwrap();
            let told = process.next_within(Duration::from_millis(millis)).unwrap();
            if told.is_none() {
                process.kill().unwrap();
            }
        }
        let end = case.finish(7);
        match &end {
            End::Paid(_) => assert_eq!(case.made(7), 1),
            End::Unknown(_) => assert!(case.made(7) <= 1 && !class.full_sync && !class.file_recovery),
            other => panic!("{other:?}"),
        }
        case.stays(7, &end);
    };
    thread::scope(|scope| {
        let mut cases = Vec::new();
        for (at, class) in Class::ALL.into_iter().enumerate() {
            cases.push((class, scope.spawn(move || random(class, at))));
        }
        for (class, case) in cases {
            assert!(case.join().is_ok(), "class {class}");
        }
    });
}
