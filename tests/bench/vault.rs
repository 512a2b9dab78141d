//! What a vault costs: whole payments beside the bare reads and writes of the same store, and how many there are per second.
//!
//! `cargo bench --bench vault` prints a table for SQLite, Redis and PostgreSQL, or for those that are named, as in
//! `cargo bench --bench vault -- sqlite`; the servers are started from the installed binaries, and left out where there are none.
//! "Payment" is everything under one id, from the first load to the stored result, without the institution's own time: claim,
//! write-ahead, result, and the file of the payment before. "Bare" is as many reads and conditional writes of as many bytes through
//! rusqlite, redis or tokio-postgres alone, in turn with the payments, so that both meet the same disk. `synced` is Redis with
//! `appendfsync always`, which survives a crash of its machine.
//!
//! What processes do together is measured in turn, too: one and two of ours, one and two that do nothing but the bare calls on
//! one file or server. All rates are medians.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    dead_code,
    missing_docs,
    reason = "a benchmark prints and fails by panicking"
)]

#[path = "../shared/programs.rs"]
mod programs;
mod rate;
mod raw;
#[path = "../stores/servers.rs"]
mod servers;
mod watched;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use ofx_session::store::{Postgres, Redis, ServerOptions, Sqlite, Store};
use ofx_session::{
    AccountType, BankAccount, Client, Context, Credentials, Institution, Key, KeyRing, Payee, Payment, Vault,
};
use raw::Raw;
use rust_decimal::Decimal;
use servers::{Kind, Server};
use tokio_postgres::NoTls;
use watched::{Call, Near, Noted, Watched};

pub(crate) const PASSWORD: &str = "correct horse";

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if runtime.block_on(rate::child()).is_some() {
        return;
    }
    // Cargo adds options of its own.
    let named: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |name: &str| named.is_empty() || named.iter().any(|word| word == name);
    let folder = tempfile::tempdir().unwrap();
    let redis = |fsync: &str| Server::start(Kind::Redis, &["--appendfsync", fsync]);
    let url = |server: &Server| format!("redis://127.0.0.1:{}/", server.port());
    println!("{:<16}{:<34} {:>10} {:>10} {:>8}", "store", "", "median", "p99", "bare x");
    let measure = |name: &str, rounds: usize, place: &str| {
        let calls = runtime.block_on(payments(name, rounds, place));
        rate::measure(name, place, &calls);
    };
    if wanted("sqlite") {
        measure("SQLite", 300, &format!("sqlite:{}", folder.path().join("vault.db").display()));
    }
    if let Some(server) = wanted("redis").then(|| redis("everysec")).flatten() {
        measure("Redis", 2000, &url(&server));
    }
    if let Some(server) = wanted("redis").then(|| redis("always")).flatten() {
        measure("Redis, synced", 300, &url(&server));
    }
    let postgres = || Server::start(Kind::Postgres, &["-c", "fsync=on"]);
    if let Some(server) = wanted("postgres").then(postgres).flatten() {
        let place = format!("postgres://jane:{}@127.0.0.1:{}/postgres", servers::PASSWORD, server.port());
        runtime.block_on(table(&place));
        measure("PostgreSQL", 300, &place);
    }
}

/// Whole payments, and their reads and writes once more without this crate. Returns the calls of a payment.
async fn payments(name: &str, rounds: usize, place: &str) -> Vec<Noted> {
    let store = Watched::new(open(place));
    let bank = Near::new();
    let vault = vault(store.clone(), bank.clone(), "payments");
    let mut bare = Raw::open(place).await;
    let (mut whole, mut inside, mut alone): (Vec<_>, Vec<_>, Vec<_>) = Default::default();
    let (mut per_call, mut bare_call, mut plain_call): (Vec<_>, Vec<_>, Vec<_>) = Default::default();
    let mut shape = Vec::new();
    for round in 0..rounds + WARM {
        store.take();
        bank.take();
        let start = Instant::now();
        vault.pay(&format!("bill {round}"), &payment(), jane()).await.unwrap().done().unwrap();
        let time = start.elapsed().saturating_sub(bank.take());
        let calls = store.take();

        let mut took = Duration::ZERO;
        for noted in &calls {
            let bytes = vec![0x5A; noted.len];
            let start = Instant::now();
            bare.repeat(noted.call, &noted.key, &bytes).await;
            let one = start.elapsed();
            took += one;
            if noted.call != Call::Load && round >= WARM {
                per_call.push(noted.time);
                bare_call.push(one);
                let start = Instant::now();
                if bare.plain(&noted.key, &bytes).await {
                    plain_call.push(start.elapsed());
                }
            }
        }
        if round >= WARM {
            whole.push(time);
            inside.push(calls.iter().map(|noted| noted.time).sum());
            alone.push(took);
        }
        shape = calls;
    }
    assert_eq!(bank.payments_made(), rounds + WARM);
    row(name, "payment", &mut whole, Some(&mut alone));
    row(name, "  its calls of the store", &mut inside, Some(&mut alone));
    row(name, "  the same calls, bare", &mut alone, None);
    row(name, "one write", &mut per_call, Some(&mut bare_call));
    row(name, "  the same write, bare", &mut bare_call, None);
    if !plain_call.is_empty() {
        row(name, "  as many bytes, without condition", &mut plain_call, None);
    }
    let told: String = shape.iter().map(|noted| format!(" {:?} {}", noted.call, noted.len)).collect();
    println!("{name:<16}calls of a payment, with bytes written:{told}");
    shape
}

fn row(name: &str, what: &str, times: &mut [Duration], bare: Option<&mut Vec<Duration>>) {
    let middle = median(times);
    let ratio = bare.map(|bare| format!("{:.2}", middle.as_secs_f64() / median(bare).as_secs_f64()));
    let worst = times[times.len() * 99 / 100];
    println!("{name:<16}{what:<34} {middle:>10.1?} {worst:>10.1?} {:>8}", ratio.unwrap_or_default());
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn vault(store: impl Store + 'static, bank: Near, user: &str) -> Vault {
    let client = Client::builder(Institution::new("https://ofx.bank.example/ofx")).transport(bank).build().unwrap();
    let keys = KeyRing::new(Key::new(1, [7; 32]).unwrap());
    Vault::new(client, store, keys, Context::new("bench", user).unwrap()).unwrap()
}

fn open(place: &str) -> Arc<dyn Store> {
    match place.split_once(':').unwrap() {
        ("sqlite", path) => Arc::new(Sqlite::open(path).unwrap()),
        ("redis", _) => Arc::new(Redis::new(place, ServerOptions::new()).unwrap()),
        _ => Arc::new(Postgres::new(place, ServerOptions::new()).unwrap()),
    }
}

/// Makes the table, on a server that opens its port before it lets anybody in.
async fn table(place: &str) {
    loop {
        if let Ok((client, connection)) = tokio_postgres::connect(place, NoTls).await {
            tokio::spawn(connection);
            return client.batch_execute(Postgres::TABLE).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn jane() -> Credentials {
    Credentials::new("jane", PASSWORD)
}

fn payment() -> Payment {
    let from = BankAccount::new("999888777", "1000001", AccountType::Checking);
    let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    let due = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
    Payment::new(from, Decimal::new(8420, 2), payee, "88-204-117", due)
}

/// Rounds that are not counted: the profile is fetched, the connection made.
const WARM: usize = 20;
