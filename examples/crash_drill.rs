//! Shows that a payment is made exactly once, whatever is killed.
//!
//! `cargo run --release --example crash_drill -- --runs 300` pays 300 bills at pretend institutions of all eight classes. Each
//! is paid by real processes over real HTTPS and a real store; at least one of them is killed with SIGKILL on the way, and
//! the network and the institution do what they can to confuse the others. Then the ledgers are counted.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::indexing_slicing, reason = "examples print")]
#![allow(missing_docs, unreachable_pub, dead_code, reason = "the examples share modules")]

mod common;
mod drill;
#[path = "drill/foreman.rs"]
mod foreman;
#[path = "drill/plan.rs"]
mod plan;
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "shared with the tests, which fail by panicking"
)]
#[path = "../tests/shared/programs.rs"]
mod programs;
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "shared with the tests, which fail by panicking"
)]
#[path = "../tests/stores/servers.rs"]
mod servers;
#[path = "drill/table.rs"]
mod table;
#[path = "drill/town.rs"]
mod town;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use drill::{End, Problem, Result};
use indicatif::{ProgressBar, ProgressStyle};
use ofx_session::store::Postgres;
use ofx_session::testing::{Class, Ledger};
use servers::{Kind, PASSWORD, Server};
use table::Counts;
use tokio_postgres::NoTls;
use town::{Done, House};

/// Pay bills while processes are killed, and count what was paid.
///
/// Each payment has processes that are killed with SIGKILL: at a point where they were told to stop (before and after the
/// claim, after the write-ahead, after the send, after the answer, before and after the result is stored, while filing, while
/// reconciling) or at a random moment; sometimes two at a time are at work on it. Requests and answers are lost, cut, delayed, late
/// and repeated, and some answers are HTTP 503 or a web page. After each kill the payment is started again, until it ends.
///
/// A request that the network repeats is not among the faults of class D-S-F-: such an institution carries the same file out
/// twice, whatever its client does. The specification forbids it.
///
/// Last lines: `double: N`, payments made more often than once, and `lost: N`: reported as paid and not in the ledger, or the other way
/// round; never ended; or unknown at an institution that gives a way to find out (S or F). Some payments are such that the
/// institution refuses them. Ends with status 1 when one is not 0, and names the seed. The same seed plans the same kills and faults; what the clock decides is another run's.
#[derive(Parser)]
#[command(verbatim_doc_comment)]
struct Arguments {
    /// How many payments to make, spread over the classes
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    runs: u32,
    /// sqlite (a file in a temporary folder), redis://.. or postgres://..; redis and postgres start a server of their own
    #[arg(long, default_value = "sqlite")]
    store: String,
    /// Institutions of this class only: D checks duplicates, S full synchronization, F file recovery; DF- is D+S+F-
    #[arg(long)]
    class: Option<Class>,
    /// Plans the same kills and faults again
    #[arg(long)]
    seed: Option<u64>,
    /// How many payments are being made at the same moment
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=32))]
    jobs: u8,
    #[arg(long, hide = true)]
    child: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = if arguments.child { child() } else { run(&arguments) };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => common::report(Err(problem)),
    }
}

fn child() -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(drill::child::run()).map(|()| true)
}

fn run(arguments: &Arguments) -> Result<bool> {
    let any = u64::from_le_bytes(uuid::Uuid::new_v4().into_bytes()[..8].try_into()?) % 1_000_000;
    let seed = arguments.seed.unwrap_or(any);
    let folder = tempfile::tempdir()?;
    let (store, server) = place(&arguments.store, folder.path())?;
    // A server may have records of earlier drills.
    let tenant = format!("crash-drill {}", uuid::Uuid::new_v4());
    let classes = arguments.class.map_or_else(|| Class::ALL.to_vec(), |class| vec![class]);
    let runs = usize::try_from(arguments.runs)?;
    println!(
        "seed {seed}: {runs} payments, {} classes of institutions, store {}",
        classes.len(),
        name(&arguments.store)
    );

    let began = Instant::now();
    let (houses, lanes) = town::build(&classes, runs, seed, folder.path())?;
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} payments, {elapsed}")?;
    let bar = ProgressBar::new(u64::from(arguments.runs)).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    let yard = foreman::Yard::new(&houses, lanes, &store, &tenant, &bar);
    let (done, kills) = yard.run(usize::from(arguments.jobs))?;
    bar.finish_and_clear();
    for house in &houses {
        house.bank.deliver_late();
    }
    let stored = foreman::look(&done, &houses, &store, &tenant)?;

    let counts = count(&done, &stored, &houses)?;
    table::kills(&kills);
    let sum = table::classes(&counts);
    let mut clean = true;
    for house in &houses {
        for violation in house.bank.violations() {
            clean = false;
            println!("class {}: against the specification: {violation}", house.class);
        }
    }
    println!("\n{:.1} s", began.elapsed().as_secs_f32());
    drop(server);
    let clean = clean && sum.double == 0 && sum.lost == 0;
    if !clean {
        println!("failed with --seed {seed}; ledgers and store are in {}", folder.keep().display());
    }
    println!("double: {}\nlost: {}", sum.double, sum.lost);
    Ok(clean)
}

/// What the ledgers say of what was reported.
fn count(done: &[Done], stored: &[End], houses: &[House]) -> Result<BTreeMap<Class, Counts>> {
    let ledgers = houses.iter().map(|house| Ok(Ledger::read(&house.ledger_file)?.by_memo()));
    let ledgers = ledgers.collect::<Result<Vec<BTreeMap<String, usize>>>>()?;
    let mut counts: BTreeMap<Class, Counts> = BTreeMap::new();
    for (done, stored) in done.iter().zip(stored) {
        let class = houses[done.house].class;
        let id = drill::id(done.plan.number);
        let made = ledgers[done.house].get(&id).copied().unwrap_or(0);
        let told = done.said.last();
        // Whoever asks again is told the same, and so does the store for ever.
        let same = done.said.iter().chain([stored]).all(|end| told.is_some_and(|told| agree(told, end)));
        let unknown = matches!(told, Some(End::Unknown(_)));
        let found = Counts {
            wanted: 1,
            made: made.min(1),
            rejected: usize::from(matches!(told, Some(End::Rejected(_)))),
            unknown: usize::from(unknown),
            double: made.saturating_sub(1),
            lost: usize::from(!same || is_lost(told, made, class)),
        };
        if found.double > 0 || found.lost > 0 {
            println!("{id} of {} at class {class}: {made} in the ledger", done.user);
            println!("  reported: {:?}; in the store: {stored:?}", done.said);
        }
        counts.entry(class).or_default().add(found);
    }
    Ok(counts)
}

fn agree(one: &End, other: &End) -> bool {
    one == other || matches!((one, other), (End::Unknown(_), End::Unknown(_)))
}

fn is_lost(told: Option<&End>, made: usize, class: Class) -> bool {
    match told {
        Some(End::Paid(_)) => made == 0,
        Some(End::Rejected(_)) => made > 0,
        Some(End::Unknown(_)) => plan::tells(class),
        Some(End::Busy(_) | End::Again(_)) | None => true,
    }
}

/// The store for the children, and its server when it is one of ours.
fn place(store: &str, folder: &Path) -> Result<(String, Option<Server>)> {
    let kind = match store {
        "sqlite" => return Ok((format!("sqlite:{}", folder.join("vault.db").display()), None)),
        "redis" => Kind::Redis,
        "postgres" => Kind::Postgres,
        other => {
            if matches!(other.split_once("://"), Some(("postgres" | "postgresql", _))) {
                // Where it cannot be made so, it has to be there, and the store says so if it is not.
                let _ = make_table(other, Duration::ZERO);
            }
            return Ok((other.to_owned(), None));
        }
    };
    let server =
        Server::start(kind, &[]).ok_or_else(|| Problem::from(format!("the server of {store} is not installed")))?;
    let url = if kind == Kind::Redis {
        format!("redis://127.0.0.1:{}/", server.port())
    } else {
        format!("postgres://jane:{PASSWORD}@127.0.0.1:{}/postgres", server.port())
    };
    if kind == Kind::Postgres {
        make_table(&url, Duration::from_secs(30))?;
    }
    Ok((url, Some(server)))
}

/// Makes the table, on a server that may open its port before it lets anybody in.
fn make_table(url: &str, patience: Duration) -> Result<()> {
    let until = Instant::now() + patience;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        loop {
            match tokio_postgres::connect(url, NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    return Ok(client.batch_execute(Postgres::TABLE).await?);
                }
                Err(error) if Instant::now() >= until => return Err(error.into()),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    })
}

/// Without the password that a URL may hold.
fn name(store: &str) -> &str {
    store.split_once("://").map_or(store, |(scheme, _)| scheme)
}
