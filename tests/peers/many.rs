//! A thousand sessions at once on one runtime: what each of them costs in memory.

use std::process::Command;

use ofx_session::testing::Bank;
use ofx_session::transport::Https;
use ofx_session::{Client, Credentials, Institution, Session};
use tokio::task::LocalSet;

use crate::money;
use crate::programs::skipped;
use crate::weight::{held_by, peak};

/// What the page of [`Session`] says: in bytes, while it pays on a connection of its own, and while nothing is under way.
const PAYING: usize = 80 * 1024;
const IDLE: usize = 8 * 1024;

const WANTED: usize = 1000;

/// A thousand, or as many as there may be open files: each session has one here, and its institution another.
fn sessions() -> usize {
    let [_, most] = open_files();
    // Whoever starts tests has fewer as a rule than the system would give.
    let own = std::process::id().to_string();
    let _ = Command::new("prlimit").args(["--pid", &own, &format!("--nofile={most}:")]).output();
    let [now, _] = open_files();
    let count = WANTED.min(now.saturating_sub(100) / 2);
    if count < WANTED {
        skipped(&format!("{now} open files are enough for {count} sessions only (ulimit -n)"));
    }
    count
}

/// How many files may be open now, and how many it could be.
fn open_files() -> [usize; 2] {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap_or_default();
    let mut numbers = line.split_whitespace().map(|number| number.parse().unwrap_or(usize::MAX));
    std::array::from_fn(|_| numbers.next().unwrap_or(256))
}

fn session(bank: &Bank, https: &Https) -> Session {
    let institution = Institution::new(bank.url()).without_profile().without_synchronization();
    let client = Client::builder(institution).transport(https.for_another_user()).build().unwrap();
    client.open(Credentials::new("jane", money::PASSWORD)).unwrap()
}

#[tokio::test]
async fn a_thousand_sessions_pay_at_once_in_the_memory_that_is_stated() {
    let bank = money::builder().challenge_first(false).start().unwrap();
    let https = Https::new(money::trusting(&bank)).unwrap();
    // What is made once, whoever comes first.
    session(&bank, &https).pay(&money::payment()).await.unwrap().done().unwrap();
    let count = sessions();
    let (paid, most) = peak(async {
        let local = LocalSet::new();
        let tasks: Vec<_> = (0..count)
            .map(|_| {
                let mut session = session(&bank, &https);
                local.spawn_local(async move {
                    session.pay(&money::payment()).await.unwrap().done().unwrap();
                    session
                })
            })
            .collect();
        let mut paid = Vec::with_capacity(count);
        local
            .run_until(async {
                for task in tasks {
                    paid.push(task.await.unwrap());
                }
            })
            .await;
        paid
    })
    .await;
    assert_eq!((bank.payments_made(), bank.violations()), (count + 1, vec![]));
    let idle = held_by(|| drop(paid));
    println!(
        "{count} sessions: {} bytes each while they pay, {} when nothing is under way",
        most / count,
        idle / count
    );
    assert!(most / count < PAYING, "{} bytes each while they pay", most / count);
    assert!(idle / count < IDLE, "{} bytes each when nothing is under way", idle / count);
}
