//! The main job: a bill payment that meets security questions in one process and is finished in another.
//!
//! `cargo run --example pay_with_mfa` starts a pretend institution, then runs itself twice: `start` signs on, asks for the
//! payment, is asked questions, pauses into one sealed blob and exits; `finish` reads the blob, answers, and the payment is made.
//!
//! To aim it at a real institution, give `--url`, `--user` and what to pay (`--help` lists all); with `start` and then `finish`
//! in front, the two halves can be run by hand, one after the other, with the same `--state FILE`.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::indexing_slicing, reason = "examples print")]
#![allow(missing_docs, unreachable_pub, reason = "the examples share a module")]

mod bill;
mod common;

use std::path::PathBuf;
use std::process::Command;

use bill::Bill;
use clap::{Parser, ValueEnum};
use common::{Options, Result, keys, read_blob, report, write_blob};
use ofx_session::{Blob, Client, Completed, Payment, Progress, Receipt, Session};

/// Pay a bill through security questions, across two processes.
#[derive(Parser)]
struct Arguments {
    /// Which half to run; both, in two processes, when left out
    role: Option<Role>,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    bill: Bill,
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    /// Sign on, ask for the payment, pause when questions are asked
    Start,
    /// Read the paused payment, answer, and finish it
    Finish,
}

fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    report(match arguments.role {
        None => both(arguments),
        Some(role) => tokio::runtime::Runtime::new().map_err(Into::into).and_then(|runtime| {
            runtime.block_on(async {
                match role {
                    Role::Start => start(arguments).await,
                    Role::Finish => finish(arguments).await,
                }
            })
        }),
    })
}

/// First process: everything up to the questions.
async fn start(arguments: Arguments) -> Result<()> {
    let Arguments { options, bill, .. } = arguments;
    let state = state_file(&options);
    println!("start:  process {}", std::process::id());
    let mut session = options.client()?.open(options.credentials()?)?;

    // The account list names the account to pay from, unless it was given; either request may be the one that is challenged.
    let progress = match bill.source() {
        Some(from) => {
            let payment = bill.payment(from)?;
            println!("        asks to pay {} to {}, due {}", payment.amount, bill.payee_name()?, due(&payment));
            session.pay(&payment).await?.map(|receipt| Completed::Paid(Box::new(receipt)))
        }
        None => session.accounts().await?.map(Completed::Accounts),
    };
    match progress {
        Progress::Ask(challenge) => {
            println!("        the institution asks:");
            for question in challenge.questions() {
                println!("          {:<8} {}", question.id(), question.text());
            }
            // Consumes session and operation: one blob holds both, and no password.
            let blob = session.pause(&keys(&state)?, &options.context()?)?;
            println!("        paused into one sealed blob of {} characters", blob.to_text().len());
            write_blob(&state, &blob)
        }
        Progress::Done(completed) => {
            println!("        was asked nothing");
            let receipt = pay_if_needed(&mut session, &options, &bill, completed).await?;
            done(session, &options, &receipt)
        }
        Progress::Unknown(doubt) => keep_doubt(session, &options, &doubt.explain()),
        _ => Err("this example is older than the library".into()),
    }
}

/// Second process: knows nothing but the blob, the password and the answers.
async fn finish(arguments: Arguments) -> Result<()> {
    let Arguments { options, bill, .. } = arguments;
    let state = state_file(&options);
    println!("finish: process {}", std::process::id());
    let paused = Client::resume(&read_blob(&state)?, &keys(&state)?, &options.context()?)?;

    // All of this is known without a network.
    if let Some(payment) = paused.payment() {
        println!(
            "        read the blob: pays {}, due {}, {} question(s) open",
            payment.amount,
            due(&payment),
            paused.questions().len()
        );
    }
    let answers = options.answer_questions(&paused.questions())?;
    let mut session = paused.connection(options.connection()?)?.open(options.credentials()?)?;
    match session.answer(answers).await? {
        Progress::Done(completed) => {
            let receipt = pay_if_needed(&mut session, &options, &bill, completed).await?;
            done(session, &options, &receipt)
        }
        Progress::Ask(_) => {
            write_blob(&state, &session.pause(&keys(&state)?, &options.context()?)?)?;
            Err("the institution did not accept the answers; the payment is still paused, run finish again".into())
        }
        Progress::Unknown(doubt) => keep_doubt(session, &options, &doubt.explain()),
        _ => Err("this example is older than the library".into()),
    }
}

/// When it was the account list that was challenged, the payment comes now.
async fn pay_if_needed(session: &mut Session, options: &Options, bill: &Bill, completed: Completed) -> Result<Receipt> {
    let accounts = match completed {
        Completed::Paid(receipt) => return Ok(*receipt),
        Completed::Accounts(accounts) => accounts,
        _ => return Err("nothing was paid".into()),
    };
    let from = accounts
        .iter()
        .find_map(|account| account.pays_bills())
        .ok_or("no account may pay bills; name one with --from")?;
    let payment = bill.payment(from.clone())?;
    println!("        asks to pay {} to {}, due {}", payment.amount, bill.payee_name()?, due(&payment));
    match session.pay(&payment).await? {
        Progress::Done(receipt) => Ok(receipt),
        Progress::Ask(challenge) => match session.answer(options.answer(&challenge)?).await? {
            Progress::Done(completed) => Ok(completed.receipt().ok_or("nothing was paid")?),
            _ => Err("the institution did not accept the answers; nothing was paid".into()),
        },
        Progress::Unknown(doubt) => Err(doubt.explain().into()),
        _ => Err("this example is older than the library".into()),
    }
}

fn done(session: Session, options: &Options, receipt: &Receipt) -> Result<()> {
    let client = session.close()?;
    println!("        access key: {}", if client.has_access_key() { "received" } else { "none" });
    let day = receipt.date().map_or_else(|| "a day it did not say".to_owned(), |date| date.to_string());
    println!("        payment {} will be made on {day}", receipt.id());
    let options = Options { state: Some(state_file(options)), ..options.clone() };
    options.keep(client)
}

/// A payment in doubt is kept, never forgotten.
fn keep_doubt(session: Session, options: &Options, text: &str) -> Result<()> {
    let state = state_file(options);
    let blob: Blob = session.pause(&keys(&state)?, &options.context()?)?;
    write_blob(&state, &blob)?;
    Err(text.into())
}

fn due(payment: &Payment) -> String {
    payment.due.date().map_or_else(|| payment.due.to_string(), |date| date.to_string())
}

fn state_file(options: &Options) -> PathBuf {
    options.state.clone().unwrap_or_else(|| PathBuf::from("pay_with_mfa.state"))
}

/// Runs the two halves as two processes that share a file and nothing else.
fn both(mut arguments: Arguments) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let pretend = arguments.options.or_pretend(folder.path())?;
    if pretend.is_some() {
        arguments.bill.pretend();
    }
    let options = &mut arguments.options;
    let state = options.state.get_or_insert_with(|| folder.path().join("client.blob")).clone();
    run_self("start", &arguments)?;
    let paused = read_blob(&state)?.header()?.kind() == ofx_session::seal::Kind::Paused;
    if paused {
        run_self("finish", &arguments)?;
    }
    if let Some(bank) = pretend {
        let made = bank.payments_made();
        println!("payments made: {made}");
        for violation in bank.violations() {
            println!("violation: {violation}");
        }
        if made != 1 || !paused || !bank.violations().is_empty() {
            return Err("exactly one payment was to be made, through a challenge, without a violation".into());
        }
    }
    Ok(())
}

fn run_self(role: &str, arguments: &Arguments) -> Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(role);
    arguments.options.pass_to(&mut command);
    arguments.bill.pass_to(&mut command);
    if command.status()?.success() { Ok(()) } else { Err(format!("{role} failed").into()) }
}
