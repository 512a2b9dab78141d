//! The main job: a bill payment that meets security questions in one process and is finished in another.
//!
//! `cargo run --example pay_with_mfa` starts a pretend institution, then runs itself twice: `start` signs on, asks for the
//! payment, is asked questions, pauses into one sealed blob and exits; `finish` reads the blob, answers, and the payment is made.
//!
//! To aim it at a real institution, give `--url`, `--user` and what to pay (`--help` lists all); with `start` and then `finish`
//! in front, the two halves can be run by hand, one after the other, with the same `--state FILE`.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::indexing_slicing, reason = "examples print")]
#![allow(missing_docs, unreachable_pub, dead_code, reason = "the examples share a module")]

mod bill;
mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use bill::Bill;
use clap::{Parser, ValueEnum};
use common::{Options, Problem, Result, keys, read_blob, report, with_client_uid, write_blob};
use ofx_session::ofx::PaymentState;
use ofx_session::seal::Kind;
use ofx_session::{Answers, Client, Completed, Payment, Progress, Receipt, Session, Situation};

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
    /// Sign on, ask for the payment, pause into the --state FILE (pay_with_mfa.state) when questions are asked
    Start,
    /// Read the paused payment from the --state FILE, answer, and finish it
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
    let Arguments { mut options, bill, .. } = arguments;
    let state = state_file(&mut options);
    println!("start:  process {}", std::process::id());
    bill.check()?;
    keys(&state)?; // a file that cannot be written is found out before anything is sent
    let mut session = options.client()?.open(options.credentials()?)?;
    match ask(&mut session, &options, &bill).await {
        Ok(Some(receipt)) => done(session, &options, &receipt),
        Ok(None) => {
            // Consumes session and operation: one blob holds both, and no password.
            let blob = session.pause(&keys(&state)?, &options.context()?)?;
            println!("        paused into one sealed blob of {} characters", blob.to_text().len());
            write_blob(&state, &blob)
        }
        Err(error) => {
            if let Some(Situation::Ready) = session.situation() {
                session.abandon()?;
            }
            Err(keep(session, &options, error))
        }
    }
}

/// The receipt, or none when questions are asked first.
async fn ask(session: &mut Session, options: &Options, bill: &Bill) -> Result<Option<Receipt>> {
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
            Ok(None)
        }
        Progress::Done(completed) => {
            println!("        was asked nothing");
            Ok(Some(pay_if_needed(session, options, bill, completed).await?))
        }
        Progress::Unknown(doubt) => Err(doubt.explain().into()),
        _ => Err("this example is older than the library".into()),
    }
}

/// Second process: knows nothing but the blob, the password and the answers.
async fn finish(arguments: Arguments) -> Result<()> {
    let Arguments { mut options, bill, .. } = arguments;
    let state = state_file(&mut options);
    println!("finish: process {}", std::process::id());
    let blob = read_blob(&state)?;
    if blob.header()?.kind() != Kind::Paused {
        return Err(format!("nothing is paused in {}: its payment is finished, or start first", state.display()).into());
    }
    let paused = Client::resume(&blob, &keys(&state)?, &options.context()?)?.device(options.device());

    // All of this is known without a network.
    let questions = paused.questions();
    match paused.payment() {
        Some(payment) => print!("        read the blob: pays {}, due {}", payment.amount, due(&payment)),
        None => print!("        read the blob: asks for the accounts, then pays"),
    }
    println!(", {} question(s) open", questions.len());
    if let Situation::InDoubt(doubt) = paused.situation() {
        return Err(format!("{} (its TRNUID is {})", doubt.explain(), paused.trn_uid()).into());
    }
    if paused.payment().is_none() {
        bill.check().map_err(|error| format!("{error} (say again what to pay: only the account list is paused)"))?;
    }
    let answers = options.answer_questions(&questions)?;
    let mut session =
        paused.connection(options.connection()?)?.open_risking_a_second_payment(options.credentials()?)?;
    match go_on(&mut session, &options, &bill, (!questions.is_empty()).then_some(answers)).await {
        Ok(receipt) => done(session, &options, &receipt),
        Err(error) => Err(keep(session, &options, error)),
    }
}

async fn go_on(session: &mut Session, options: &Options, bill: &Bill, answers: Option<Answers>) -> Result<Receipt> {
    let progress = match answers {
        Some(answers) => session.answer(answers).await?,
        None => session.proceed().await?,
    };
    match progress {
        Progress::Done(completed) => pay_if_needed(session, options, bill, completed).await,
        Progress::Ask(challenge) if challenge.is_repeated() => Err("the institution did not accept the answers".into()),
        Progress::Ask(_) => Err("the institution asks questions".into()),
        Progress::Unknown(doubt) => Err(doubt.explain().into()),
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
    let mut progress = session.pay(&payment).await?.map(|receipt| Completed::Paid(Box::new(receipt)));
    if let Progress::Ask(challenge) = progress {
        progress = session.answer(options.answer(&challenge)?).await?;
    }
    match progress {
        Progress::Done(completed) => Ok(completed.receipt().ok_or("nothing was paid")?),
        Progress::Ask(_) => Err("the institution did not accept the answers".into()),
        Progress::Unknown(doubt) => Err(doubt.explain().into()),
        _ => Err("this example is older than the library".into()),
    }
}

fn done(session: Session, options: &Options, receipt: &Receipt) -> Result<()> {
    let client = session.close()?;
    println!("        access key: {}", if client.has_access_key() { "received" } else { "none" });
    let day = receipt.date().map_or_else(|| "a day it did not say".to_owned(), |date| date.to_string());
    let what = match receipt.state() {
        None | Some(PaymentState::WillProcessOn) => "will be made on",
        Some(PaymentState::ProcessedOn) => "was made on",
        Some(_) => "was accepted and will NOT be made, as of",
    };
    println!("        payment {} {what} {day}", receipt.id());
    options.keep(client)
}

/// Whatever went wrong, what is under way is kept, a payment in doubt above all; else the client is, with its CLIENTUID.
fn keep(session: Session, options: &Options, error: Problem) -> Problem {
    let error = with_client_uid(error, session.client());
    let kept = match session.situation() {
        None | Some(Situation::Over(_)) => session.close().map_err(Into::into).and_then(|client| options.keep(client)),
        Some(_) => pause(session, options),
    };
    match kept {
        Ok(()) => error,
        Err(lost) => format!("{error}; and what was under way could not be kept: {lost}").into(),
    }
}

fn pause(session: Session, options: &Options) -> Result<()> {
    let state = options.state.as_ref().ok_or("there is no file for it")?;
    write_blob(state, &session.pause(&keys(state)?, &options.context()?)?)?;
    println!("        paused: it is kept in {}, go on with finish", state.display());
    Ok(())
}

fn due(payment: &Payment) -> String {
    payment.due.date().map_or_else(|| payment.due.to_string(), |date| date.to_string())
}

/// Where the two halves meet.
fn state_file(options: &mut Options) -> PathBuf {
    options.state.get_or_insert_with(|| PathBuf::from("pay_with_mfa.state")).clone()
}

/// Runs the two halves as two processes that share a file and nothing else.
fn both(mut arguments: Arguments) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let pretend = arguments.options.or_pretend(folder.path())?;
    if pretend.is_some() {
        arguments.bill.pretend(folder.path())?;
    }
    let own = arguments.options.state.is_none();
    let state = arguments.options.state.get_or_insert_with(|| folder.path().join("client.blob")).clone();
    let ran = run_self("start", &arguments).and_then(|()| {
        let paused = is_paused(&state)?;
        if paused { run_self("finish", &arguments).map(|()| true) } else { Ok(false) }
    });
    if ran.is_err() && own && pretend.is_none() && state.exists() && is_paused(&state)? {
        // Nobody can finish, or ask about, what was deleted.
        let kept = folder.keep().join("client.blob");
        return Err(format!("not finished: go on with finish and --state {}", kept.display()).into());
    }
    let paused = ran?;
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

fn is_paused(state: &Path) -> Result<bool> {
    Ok(read_blob(state)?.header()?.kind() == Kind::Paused)
}

fn run_self(role: &str, arguments: &Arguments) -> Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(role);
    arguments.options.pass_to(&mut command);
    arguments.bill.pass_to(&mut command);
    if command.status()?.success() { Ok(()) } else { Err(format!("{role} failed").into()) }
}
