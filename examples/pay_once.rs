//! Pays one bill once, under a key of the application's own, whatever crashes and however many try.
//!
//! `cargo run --example pay_once` starts a pretend institution and runs itself twice at the same moment with the same `--id`:
//! one process pays, the other waits for the receipt.
//!
//! With `--url`, `--store`, `--id` and the options of the other examples it pays at a real institution. Started again with the same
//! `--id` after any crash, by one or several processes at once, it goes on, waits or reports. Its last line is for programs.
//!
//! The key of the store's records is in a file beside the store, or in `--key-file`: an example's way to keep a key. A real
//! program keeps it where it keeps its secrets (`examples/keys_in_kms.rs`).
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::indexing_slicing, reason = "examples print")]
#![allow(missing_docs, unreachable_pub, dead_code, reason = "the examples share a module")]

mod bill;
mod common;

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use bill::Bill;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Parser;
use common::{Options, Result, keys_in, pass, report};
use ofx_session::client::vault::{Busy, Pending, Standing};
use ofx_session::engine::{Challenge, Refusal, RefusedAt};
use ofx_session::store::{Postgres, Redis, ServerOptions, Sqlite};
use ofx_session::{Client, Error, ErrorKind, KeyRing, Moved, Payment, Progress, Receipt, StatusCode, Vault};

/// Pay one bill once, under a key of your own.
///
/// The last line of the output, for programs, and the exit status:
///
///   done PAYMENT-ID    0  the institution accepted the payment
///   rejected CODE      3  the institution refused it with this status: it was not made
///   unknown REASON     4  nobody knows whether it was made; run it again, and ask the institution if it stays so. Do not
///                         pay it under another --id before that is settled
///   busy UNTIL         5  another process is at work, at the latest until then (UTC)
///   ask QUESTION-IDS   6  the institution asks these questions; give --answer ID=TEXT for each and run it again
///   signon CODE        7  the institution refused the signon with this status, and did not look at the payment: it was not
///                         made, and is when it is run again with the right credentials. Each further try with the wrong
///                         ones may lock the user out
///
/// Anything else ends with status 1 (2 for wrong options), the reason on the standard error, and without such a line: run it again.
#[derive(Parser)]
#[command(verbatim_doc_comment)]
struct Arguments {
    /// Where to keep what must survive: a file (PATH or sqlite:PATH), redis://.., rediss://.. or postgres://..
    #[arg(long)]
    store: Option<String>,
    /// Your own name of this payment, such as an order number. What was started under it is gone on with; another bill under it is
    /// noticed only where both --from and --due are given
    #[arg(long)]
    id: Option<String>,
    /// The key of the store's records, made when missing; beside the store when that is a file
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// How long to wait for another process before reporting busy
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    wait: u64,
    /// How long a claim is good for, 3 to 3600: after a crash, others wait that long. An exchange may take two thirds of it
    #[arg(long, value_name = "SECONDS", default_value_t = 90, value_parser = clap::value_parser!(u64).range(3..=3600))]
    lease: u64,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    bill: Bill,
}

/// The last line.
enum Report {
    Done(String),
    Rejected(StatusCode),
    Unknown(String),
    Busy(DateTime<Utc>),
    Ask(Vec<String>),
    Signon(StatusCode),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.options.url.is_none() {
        return report(pretend(arguments));
    }
    let runtime = tokio::runtime::Runtime::new().map_err(Into::into);
    match runtime.and_then(|runtime| runtime.block_on(run(&arguments))) {
        Ok(found) => {
            println!("{}", found.line());
            ExitCode::from(found.status())
        }
        Err(error) => report(Err(error)),
    }
}

async fn run(arguments: &Arguments) -> Result<Report> {
    let vault = open(arguments)?;
    let id = arguments.id.as_ref().ok_or("--id is missing: your own name of this payment")?;
    let deadline = Instant::now() + Duration::from_secs(arguments.wait);
    let mut before = None;
    loop {
        let error = match go_on(&vault, id, arguments).await {
            Ok(found) => return Ok(found),
            Err(Trouble::Ours(error)) => error,
            Err(Trouble::Other(problem)) => return Err(problem),
        };
        if let Some(receipt) = error.detail::<Receipt>() {
            eprintln!("warning: {error}");
            return Ok(Report::Done(receipt.id().to_owned()));
        }
        if let Some(busy) = error.detail::<Busy>() {
            if Instant::now() >= deadline {
                return Ok(Report::Busy(busy.until));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        } else if let Some(pending) = error.detail::<Pending>().filter(|pending| before.as_ref() != Some(&pending.id)) {
            // Another payment of the vault may have been made: that is found out first.
            println!("{} is in doubt and is found out about first", pending.id);
            before = Some(pending.id.clone());
            find_out(&vault, pending, arguments).await?;
        } else if error.detail::<Pending>().is_some() {
            return Ok(Report::Busy(Utc::now()));
        } else {
            return say(error);
        }
    }
}

enum Trouble {
    Ours(Error),
    Other(common::Problem),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl From<common::Problem> for Trouble {
    fn from(problem: common::Problem) -> Self {
        Self::Other(problem)
    }
}

/// Whatever is due for this payment.
async fn go_on(vault: &Vault, id: &str, arguments: &Arguments) -> std::result::Result<Report, Trouble> {
    let (options, bill) = (&arguments.options, &arguments.bill);
    // A bill that says neither the account nor the day is another one tomorrow: what was started under this id is gone on with.
    let started = !bill.is_the_same_tomorrow() && vault.look(id).await?.is_some();
    let mut progress = if started {
        vault.resume(id, options.credentials()?).await?
    } else {
        match payment(vault, arguments).await? {
            Ok(payment) => vault.pay(id, &payment, options.credentials()?).await?,
            Err(report) => return Ok(report),
        }
    };
    // Asked at most twice in one run: wrong answers are not tried again.
    for _ in 0..2 {
        let Progress::Ask(challenge) = &progress else { break };
        let Some(answers) = options.answers_given(challenge.questions()).filter(|_| !challenge.is_repeated()) else {
            break;
        };
        progress = vault.answer(id, answers, options.credentials()?).await?;
    }
    Ok(match progress {
        Progress::Done(receipt) => Report::Done(receipt.id().to_owned()),
        Progress::Ask(challenge) => asked(&challenge),
        Progress::Unknown(doubt) => Report::Unknown(doubt.explain()),
        _ => return Err(Trouble::Other("this example is older than the library".into())),
    })
}

/// The questions for people, and their ids for the last line.
fn asked(challenge: &Challenge) -> Report {
    for question in challenge.questions() {
        println!("  {:<8} {}", question.id(), question.text());
    }
    Report::Ask(challenge.questions().iter().map(|question| question.id().to_owned()).collect())
}

/// What to pay; the account list names the account, unless it was given.
async fn payment(
    vault: &Vault,
    arguments: &Arguments,
) -> std::result::Result<std::result::Result<Payment, Report>, Trouble> {
    let (options, bill) = (&arguments.options, &arguments.bill);
    if let Some(from) = bill.source() {
        return Ok(Ok(bill.payment(from)?));
    }
    bill.check()?;
    let mut progress = vault.accounts(options.credentials()?).await?;
    if let Progress::Ask(challenge) = &progress
        && let Some(answers) = options.answers_given(challenge.questions())
    {
        progress = vault.answer_accounts(answers, options.credentials()?).await?;
    }
    // Not answered, or wrongly.
    if let Progress::Ask(challenge) = &progress {
        return Ok(Err(asked(challenge)));
    }
    let accounts = progress.done()?;
    let from = accounts.iter().find_map(|account| account.pays_bills());
    let from = from.ok_or_else(|| Trouble::Other("no account may pay bills; name one with --from".into()))?;
    Ok(Ok(bill.payment(from.clone())?))
}

/// What became of another payment. If that cannot be found out now, ours has to wait.
async fn find_out(vault: &Vault, pending: &Pending, arguments: &Arguments) -> Result<()> {
    let found = match arguments.options.answers_given(pending.questions()).filter(|_| !pending.questions().is_empty()) {
        Some(answers) => vault.answer(&pending.id, answers, arguments.options.credentials()?).await.map(|_| ()),
        None => vault.reconcile(&pending.id, arguments.options.credentials()?).await.map(|standing| match standing {
            Standing::Paid(receipt) => println!("{} was made: {}", pending.id, receipt.id()),
            Standing::Unresolved { doubt, .. } => println!("{}: {}", pending.id, doubt.explain()),
            _ => println!("{} was looked into", pending.id),
        }),
    };
    match found {
        Err(error) if !matches!(error.kind(), ErrorKind::Busy | ErrorKind::Refused) => Err(error.into()),
        _ => Ok(()),
    }
}

/// What an error means for the payment.
fn say(error: Error) -> Result<Report> {
    match (error.kind(), error.status(), error.money_may_have_moved()) {
        (ErrorKind::Refused, Some(code), Moved::No) => {
            eprintln!("{error}");
            let is_looked_at = |refusal: &Refusal| refusal.at == RefusedAt::Request;
            let is_final = error.detail::<Refusal>().is_none_or(is_looked_at);
            Ok(if is_final { Report::Rejected(code) } else { Report::Signon(code) })
        }
        (ErrorKind::Transport, _, Moved::Unknown) => Ok(Report::Unknown(error.to_string())),
        (ErrorKind::Busy, ..) => Ok(Report::Busy(Utc::now())),
        (ErrorKind::Transport | ErrorKind::Malformed, _, Moved::No) => {
            eprintln!("the payment was not sent: what failed is a request that comes before it");
            Err(error.into())
        }
        _ => Err(error.into()),
    }
}

impl Report {
    fn line(&self) -> String {
        match self {
            Self::Done(id) => format!("done {id}"),
            Self::Rejected(code) => format!("rejected {code}"),
            Self::Unknown(reason) => format!("unknown {}", reason.replace(['\r', '\n'], " ")),
            Self::Busy(until) => format!("busy {}", until.to_rfc3339_opts(SecondsFormat::Millis, true)),
            Self::Ask(ids) => format!("ask {}", ids.join(" ")),
            Self::Signon(code) => format!("signon {code}"),
        }
    }

    fn status(&self) -> u8 {
        match self {
            Self::Done(_) => 0,
            Self::Rejected(_) => 3,
            Self::Unknown(_) => 4,
            Self::Busy(_) => 5,
            Self::Ask(_) => 6,
            Self::Signon(_) => 7,
        }
    }
}

fn open(arguments: &Arguments) -> Result<Vault> {
    let options = &arguments.options;
    if options.state.is_some() {
        return Err("--state is for the other examples: here the store keeps the client".into());
    }
    let lease = Duration::from_secs(arguments.lease);
    // Longer than an exchange takes at most, so that nobody takes over while an answer is on its way.
    let limit = lease * 2 / 3;
    let connection = options.connection()?.total_timeout(limit).connect_timeout(limit.min(Duration::from_secs(10)));
    let client = options.client()?.connection(connection)?;
    let store = arguments.store.as_deref().ok_or("--store is missing: a file, redis://.. or postgres://..")?;
    let beside = |path: &str| PathBuf::from(format!("{path}.key"));
    let key = |file: Option<PathBuf>| -> Result<KeyRing> {
        let file = arguments.key_file.clone().or(file);
        keys_in(&file.ok_or("--key-file is missing: a store on a server has no file to keep the key beside")?)
    };
    let vault = match store.split_once("://").map(|(scheme, _)| scheme) {
        Some("redis" | "rediss" | "redis+unix" | "unix") => {
            tie(client, Redis::new(store, ServerOptions::new())?, key(None)?, options)?
        }
        Some("postgres" | "postgresql") => {
            tie(client, Postgres::new(store, ServerOptions::new())?, key(None)?, options)?
        }
        Some(other) => return Err(format!("{other} is no store: a file, redis://.. or postgres://..").into()),
        None => {
            let path = store.strip_prefix("sqlite:").unwrap_or(store);
            tie(client, Sqlite::open(path)?, key(Some(beside(path)))?, options)?
        }
    };
    Ok(vault.lease(lease))
}

fn tie(
    client: Client,
    store: impl ofx_session::store::Store + 'static,
    keys: KeyRing,
    options: &Options,
) -> Result<Vault> {
    // One user may have several institutions: each has a vault of its own.
    let context = options.context()?.and(client.url());
    Ok(Vault::new(client, store, keys, context)?)
}

/// Two processes at the same moment, a third afterwards: one payment.
fn pretend(mut arguments: Arguments) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let bank = arguments.options.or_pretend(folder.path())?.ok_or("there is an institution already")?;
    arguments.bill.pretend(folder.path())?;
    let own = folder.path().join("vault.db").display().to_string();
    arguments.store.get_or_insert(own);
    arguments.id.get_or_insert_with(|| "order-4711".to_owned());
    let start = || -> Result<std::process::Child> { Ok(command(&arguments)?.stdout(Stdio::piped()).spawn()?) };
    let mut lines = Vec::new();
    for children in [vec![start()?, start()?], vec![start()?]] {
        for child in children {
            let number = child.id();
            let output = child.wait_with_output()?;
            let line = String::from_utf8(output.stdout)?.lines().last().unwrap_or_default().to_owned();
            println!("process {number}: {line}");
            lines.push(line);
        }
    }
    println!("payments made: {}", bank.payments_made());
    let same = lines.iter().all(|line| *line == lines[0] && line.starts_with("done "));
    if bank.payments_made() != 1 || !same || !bank.violations().is_empty() {
        return Err("one payment was to be made, and every process to have its receipt".into());
    }
    Ok(())
}

fn command(arguments: &Arguments) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    pass(&mut command, "--store", arguments.store.as_ref());
    pass(&mut command, "--id", arguments.id.as_ref());
    pass(&mut command, "--key-file", arguments.key_file.as_ref());
    pass(&mut command, "--lease", Some(arguments.lease.to_string()));
    pass(&mut command, "--wait", Some(arguments.wait.max(60).to_string()));
    arguments.options.pass_to(&mut command);
    arguments.bill.pass_to(&mut command);
    Ok(command)
}
