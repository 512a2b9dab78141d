//! How many payments and resumes processes make per second, alone and two at the same time, beside the bare calls of as many payments.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::raw::Raw;
use crate::watched::{Call, Near, Noted};

/// In the environment of a child: the store to work on.
const PLACE: &str = "OFX_BENCH_PLACE";

/// In the environment of a child that makes bare calls: the calls of a payment.
const CALLS: &str = "OFX_BENCH_CALLS";

/// How long each process is at work on each of its tasks.
const TIME: Duration = Duration::from_secs(1);

/// How often it is measured, in turn.
const ROUNDS: usize = 5;

/// Processes with a vault each, on the same store, and processes with the bare calls of a payment.
pub(crate) fn measure(name: &str, place: &str, calls: &[Noted]) {
    let calls: Vec<_> = calls.iter().map(|noted| format!("{:?} {}", noted.call, noted.len)).collect();
    let mut rates = [const { Vec::new() }; 6];
    for _ in 0..ROUNDS {
        for count in [1, 2] {
            let ours = together(count, |child| child.env(PLACE, place));
            let bare = together(count, |child| child.env(PLACE, place).env(CALLS, calls.join(",")));
            for (kind, rate) in ours.into_iter().chain(bare).enumerate() {
                rates[kind * 2 + count - 1].push(rate);
            }
        }
    }
    let medians = rates.map(|mut rates| {
        rates.sort_unstable_by(f64::total_cmp);
        rates[rates.len() / 2]
    });
    for (at, what) in ["payments", "resumes", "bare calls of a payment"].into_iter().enumerate() {
        let (one, two) = (medians[at * 2], medians[at * 2 + 1]);
        println!("{name:<16}{what:<24}per second one process {one:.0}, two {two:.0} ({:.2} x)", two / one);
    }
}

/// The sums of what so many children print, line by line.
fn together(count: usize, prepare: impl Fn(&mut Command) -> &mut Command) -> Vec<f64> {
    let children: Vec<_> = (0..count)
        .map(|_| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            prepare(&mut command).stdout(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let mut sums = Vec::new();
    for mut child in children {
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for (at, line) in lines.enumerate() {
            sums.resize(sums.len().max(at + 1), 0.0);
            sums[at] += line.unwrap().parse::<f64>().unwrap();
        }
        assert!(child.wait().unwrap().success());
    }
    sums
}

/// Does what the environment asks of a child; `None` in a process that is none.
pub(crate) async fn child() -> Option<()> {
    let place = std::env::var(PLACE).ok()?;
    match std::env::var(CALLS) {
        Ok(calls) => bare(&place, &calls).await,
        Err(_) => vault(&place).await,
    }
    Some(())
}

/// Pays for a while, then asks for results for a while; prints both rates.
async fn vault(place: &str) {
    let bank = Near::new();
    let vault = crate::vault(crate::open(place), bank.clone(), &uuid::Uuid::new_v4().to_string());
    let id = |number: usize| format!("bill {number}");
    let (start, mut paid) = (Instant::now(), 0);
    while start.elapsed() < TIME {
        vault.pay(&id(paid), &crate::payment(), crate::jane()).await.unwrap().done().unwrap();
        paid += 1;
    }
    println!("{}", paid as f64 / (start.elapsed() - bank.take()).as_secs_f64());
    let (start, mut resumed) = (Instant::now(), 0);
    while start.elapsed() < TIME {
        vault.resume(&id(resumed % paid), crate::jane()).await.unwrap().done().unwrap();
        resumed += 1;
    }
    println!("{}", resumed as f64 / start.elapsed().as_secs_f64());
    assert_eq!(bank.payments_made(), paid);
}

/// Makes the calls of payments for a while, and prints how many payments that would have been per second.
async fn bare(place: &str, calls: &str) {
    let calls: Vec<_> = calls
        .split(',')
        .map(|call| {
            let (call, len) = call.split_once(' ').unwrap();
            let call = [Call::Load, Call::Create, Call::Swap].into_iter().find(|known| format!("{known:?}") == call);
            (call.unwrap(), vec![0x5A; len.parse().unwrap()])
        })
        .collect();
    let mut raw = Raw::open(place).await;
    let key = || [uuid::Uuid::new_v4().into_bytes(), uuid::Uuid::new_v4().into_bytes()].concat();
    let desk = key();
    raw.repeat(Call::Create, &desk, &[]).await;
    let (start, mut paid) = (Instant::now(), 0);
    while start.elapsed() < TIME {
        for (call, bytes) in &calls {
            let key = if *call == Call::Create { &key() } else { &desk };
            raw.repeat(*call, key, bytes).await;
        }
        paid += 1;
    }
    println!("{}", paid as f64 / start.elapsed().as_secs_f64());
}
