//! What the connection costs beside the bare HTTP stack: `cargo bench --bench connection`.
//!
//! Against an institution in a process of its own, over TLS on loopback:
//!
//! - a payment on a connection that is kept, beside a POST by reqwest of the same bytes: once the file alone, made beforehand and sent
//!   by `Https`, which must not take more than 1.1 times as long, and once the whole operation, in which the file is made, sent,
//!   answered and the answer judged;
//! - a thousand sessions at once that pay, beside a thousand tasks that POST, each in a process of its own: payments per second, and
//!   memory at the most;
//! - from `Client::resume` in a fresh process to the first byte on the wire, which must not take more than 5 ms.
//!
//! The bytes of the bare requests are payments too, so that the institution does the same work for both. What the operation costs beside
//! the file is about as much in microseconds whatever the institution takes, so the ratio is shown for two: one that has a payment on disk
//! before it answers, and one that answers out of memory in a quarter of a millisecond, as none does.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    missing_docs,
    reason = "a benchmark prints and fails by panicking"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::NaiveDate;
use ofx_session::testing::Bank;
use ofx_session::transport::{Https, KeepAlive, Request, Transport as _};
use ofx_session::{
    AccountType, BankAccount, Blob, Client, Context, Credentials, HttpsOptions, Institution, Key, KeyRing, Payee,
    Payment, Session,
};
use reqwest::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use rust_decimal::Decimal;
use tokio::task::JoinSet;

/// In the environment of the child that is the institution: whether a payment is on the disk before it is answered, as it must be where
/// money is moved, or in memory only.
const BANK: &str = "OFX_BENCH_BANK";
const ON_DISK: &str = "on disk";
const IN_MEMORY: &str = "in memory";
/// In the environment of a child that does many things at once, ours or bare.
const MANY: &str = "OFX_BENCH_MANY";
const OURS: &str = "ours";
/// In the environment of a child that resumes: the blob, and whether only given roots are trusted.
const RESUME: &str = "OFX_BENCH_RESUME";
const ROOTS: &str = "OFX_BENCH_ROOTS";

/// What one after the other is measured: so many in a group, a group of each in a round.
const BARE: usize = 0;
const FILE: usize = 1;
const WHOLE: usize = 2;
const GROUP: usize = 100;
const ROUNDS: usize = 20;
const MOST_FOR_THE_FILE: f64 = 1.1;
const SESSIONS: usize = 1000;
const FIRST_BYTE: Duration = Duration::from_millis(5);
const PASSWORD: &str = "correct horse";

fn main() {
    if let Ok(keeps) = std::env::var(BANK) {
        return be_the_bank(keeps == ON_DISK);
    }
    if let Ok(blob) = std::env::var(RESUME) {
        return resume(&blob);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if let Ok(whose) = std::env::var(MANY) {
        let bank = Process::start(IN_MEMORY);
        return runtime.block_on(many(&bank, whose == OURS));
    }
    for keeps in [ON_DISK, IN_MEMORY] {
        println!("an institution that has its ledger {keeps}");
        runtime.block_on(one_payment(&Process::start(keeps)));
    }
    for whose in [OURS, "bare", OURS, "bare"] {
        let child = Command::new(std::env::current_exe().unwrap()).env(MANY, whose).status();
        assert!(child.unwrap().success());
    }
    first_byte(&runtime);
}

/// An institution without questions in a process of its own.
struct Process {
    child: Child,
    url: String,
    pem: String,
}

impl Process {
    fn start(keeps: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(BANK, keeps)
            .env_remove(MANY)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let url = lines.next().unwrap();
        let pem = lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
        Self { child, url, pem }
    }

    fn options(&self) -> HttpsOptions {
        let options = HttpsOptions::new().add_root_pem(self.pem.as_bytes()).unwrap().only_given_roots();
        options.keep_alive(KeepAlive::Always)
    }

    fn session(&self, https: &Https) -> Session {
        let institution = Institution::new(self.url.as_str()).without_profile().without_synchronization();
        let client = Client::builder(institution).transport(https.for_another_user()).build().unwrap();
        client.open(Credentials::new("jane", PASSWORD)).unwrap()
    }

    fn bare(&self) -> reqwest::Client {
        let mut roots = rustls::RootCertStore::empty();
        let pem = <rustls::pki_types::CertificateDer<'_> as rustls::pki_types::pem::PemObject>::from_pem_slice;
        roots.add(pem(self.pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let tls = tls.with_root_certificates(roots).with_no_client_auth();
        reqwest::Client::builder().tls_backend_preconfigured(tls).http1_only().no_proxy().build().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The end of its standard input ends it.
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}

fn be_the_bank(on_disk: bool) {
    let folder = tempfile::tempdir().unwrap();
    let bank = Bank::builder().user("jane", PASSWORD).challenge_first(false);
    let bank = if on_disk { bank.ledger_file(folder.path().join("ledger")) } else { bank };
    let bank = bank.start().unwrap();
    println!("{}\n{}\n", bank.url(), bank.ca_pem().trim());
    std::io::stdout().flush().unwrap();
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    assert_eq!(bank.violations(), [""; 0]);
}

fn payment(cents: usize) -> Payment {
    let from = BankAccount::new("999888777", "1000001", AccountType::Checking);
    let payee = Payee::new("Harbor & Sons Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    let due = chrono::Utc::now().date_naive().checked_add_days(chrono::Days::new(10)).unwrap_or(NaiveDate::MAX);
    Payment::new(from, Decimal::new(i64::try_from(100 + cents).unwrap(), 2), payee, "88-204-117", due)
}

/// The bytes of payments that were not sent, as a session makes them that the institution knows: with its `SESSCOOKIE`.
async fn rendered(bank: &Process, https: &Https, count: usize) -> Vec<Vec<u8>> {
    let mut session = bank.session(https);
    session.pay(&payment(0)).await.unwrap().done().unwrap();
    let mut files = Vec::new();
    for cents in 0..count {
        session.prepare_payment(&payment(cents)).await.unwrap();
        files.push(session.render().unwrap().unwrap().to_vec());
        session.abandon().unwrap();
    }
    files
}

async fn post(client: &reqwest::Client, url: &str, file: Vec<u8>) {
    let post = client.post(url).header(USER_AGENT, "InetClntApp/3.0").header(CONTENT_TYPE, "application/x-ofx");
    let answer = post.header(ACCEPT, "*/*, application/x-ofx").body(file).send().await.unwrap();
    assert!(answer.status().is_success());
    let body = answer.bytes().await.unwrap();
    assert!(is_paid(&body), "it was paid");
}

fn is_paid(answer: &[u8]) -> bool {
    answer.windows(9).any(|part| part == b"<SRVRTID>")
}

async fn one_payment(bank: &Process) {
    let https = Https::new(bank.options()).unwrap();
    let mut files = rendered(bank, &https, 2 * ROUNDS * GROUP).await;
    let (mut session, client) = (bank.session(&https), bank.bare());
    let mut rounds: Vec<[Vec<Duration>; 3]> = Vec::new();
    let mut cents = 0;
    for round in 0..ROUNDS {
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        // On and back again, so that none always comes behind the same other one.
        for kind in if round % 2 == 0 { [BARE, FILE, WHOLE] } else { [WHOLE, FILE, BARE] } {
            for turn in 0..GROUP {
                cents += 1;
                let payment = payment(cents);
                let file = if kind == WHOLE { Vec::new() } else { files.pop().unwrap() };
                let start = Instant::now();
                match kind {
                    BARE => post(&client, &bank.url, file).await,
                    FILE => {
                        let request = Request::new(bank.url.as_str(), file).reusing_connection();
                        assert!(is_paid(https.send(request).await.unwrap().body()), "it was paid");
                    }
                    _ => drop(session.pay(&payment).await.unwrap().done().unwrap()),
                }
                // The first ones make the connections, or find the caches full of something else.
                if turn >= 10 {
                    times[kind].push(start.elapsed());
                }
            }
        }
        rounds.push(times);
    }
    println!("{:<44} {:>10} {:>10} {:>8}", "", "median", "p99", "bare x");
    for (kind, name) in
        [(BARE, "a bare POST of the same bytes"), (FILE, "a payment's file by Https"), (WHOLE, "a whole payment")]
    {
        let mut all: Vec<_> = rounds.iter().flat_map(|times| times[kind].iter().copied()).collect();
        let (middle, late) = (median(&mut all, 50), median(&mut all, 99));
        // Within a round, because the machine does not stay equally fast from one to the next.
        let mut ratios: Vec<_> = rounds.iter_mut().map(|times| ratio(times, kind)).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let ratio = ratios[ratios.len() / 2];
        println!("{name:<44} {:>7.1} us {:>7.1} us {ratio:>8.2}", micros(middle), micros(late));
        assert!(kind != FILE || ratio <= MOST_FOR_THE_FILE, "Https takes too long for a payment's file");
    }
}

/// How long one kind takes in a round beside the bare requests.
fn ratio(times: &mut [Vec<Duration>; 3], kind: usize) -> f64 {
    median(&mut times[kind], 50).as_secs_f64() / median(&mut times[BARE], 50).as_secs_f64()
}

/// In a process of its own: a thousand sessions that pay at once, or a thousand tasks that POST the bytes of payments.
async fn many(bank: &Process, ours: bool) {
    let https = Https::new(bank.options()).unwrap();
    let client = bank.bare();
    let mut files = if ours { Vec::new() } else { rendered(bank, &https, SESSIONS).await };
    let before = memory("VmRSS:");
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for cents in 0..SESSIONS {
        if ours {
            let mut session = bank.session(&https);
            tasks.spawn(async move {
                session.pay(&payment(cents)).await.unwrap().done().unwrap();
                Some(session)
            });
        } else {
            let (client, url, file) = (client.clone(), bank.url.clone(), files.pop().unwrap());
            tasks.spawn(async move {
                post(&client, &url, file).await;
                None
            });
        }
    }
    assert_eq!(tasks.join_all().await.len(), SESSIONS);
    let (time, most) = (start.elapsed(), memory("VmHWM:").saturating_sub(before));
    let name = if ours { "1000 sessions that pay at once" } else { "1000 bare POSTs at once" };
    let rate = SESSIONS as f64 / time.as_secs_f64();
    println!("{name:<44} {rate:>6.0} a second, {:>6.1} KiB each", most as f64 / SESSIONS as f64 / 1024.0);
}

/// What this process takes of memory, in bytes: now (`VmRSS:`), or at the most so far (`VmHWM:`).
fn memory(line: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|found| found.strip_prefix(line)).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() * 1024
}

fn first_byte(runtime: &tokio::runtime::Runtime) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/ofx", listener.local_addr().unwrap());
    let institution = Institution::new(url).without_profile().without_synchronization();
    let client = Client::builder(institution).build().unwrap();
    let mut session = client.open(Credentials::new("jane", PASSWORD)).unwrap();
    runtime.block_on(session.prepare_payment(&payment(0))).unwrap();
    let blob = session.pause(&keys(), &context()).unwrap().to_text();
    let pem = rcgen::generate_simple_self_signed(["bank.example".to_owned()]).unwrap().cert.pem();
    for (roots, name) in [(pem.as_str(), "given roots"), ("", "this machine's roots")] {
        let mut times: Vec<Duration> = (0..50)
            .map(|_| {
                let mut child = Command::new(std::env::current_exe().unwrap())
                    .env(RESUME, &blob)
                    .env(ROOTS, roots)
                    .stdout(Stdio::piped())
                    .spawn()
                    .unwrap();
                let (mut stream, _) = listener.accept().unwrap();
                stream.read_exact(&mut [0]).unwrap();
                let arrived = now();
                // The child's request fails, and it says when it began.
                drop(stream);
                let mut text = String::new();
                child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
                child.wait().unwrap();
                arrived.saturating_sub(Duration::from_nanos(text.trim().parse().unwrap()))
            })
            .collect();
        let name = format!("resume to first byte, {name}");
        let middle = median(&mut times, 50);
        println!("{name:<44} {:>7.1} us {:>7.1} us", micros(middle), micros(median(&mut times, 99)));
        assert!(middle < FIRST_BYTE, "more than {FIRST_BYTE:?}");
    }
}

/// A fresh process that goes on with a payment.
fn resume(blob: &str) {
    let start = now();
    let roots = std::env::var(ROOTS).unwrap();
    let paused = Client::resume(&Blob::from_text(blob).unwrap(), &keys(), &context()).unwrap();
    let paused = if roots.is_empty() {
        paused
    } else {
        paused.connection(HttpsOptions::new().add_root_pem(roots.as_bytes()).unwrap().only_given_roots()).unwrap()
    };
    let mut session = paused.open_risking_a_second_payment(Credentials::new("jane", PASSWORD)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(session.proceed()).unwrap_err();
    println!("{}", start.as_nanos());
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

fn keys() -> KeyRing {
    KeyRing::new(Key::new(1, [7; 32]).unwrap())
}

fn context() -> Context {
    Context::new("tenant-1", "user-42").unwrap()
}

fn median(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
