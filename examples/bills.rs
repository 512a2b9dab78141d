//! A small command line over the whole bill-payment service: payees, payments, recurring payments, synchronization, mail.
//!
//! `cargo run --example bills` shows it at work, against a pretend institution: a payee is added, paid, the amount is changed, the
//! payment cancelled, and another client sees it. To play for longer, `bills serve` in one terminal, and what it prints in another.
//!
//! To aim it at a real institution: `bills --url https://... --org ORG --fid FID --user USER accounts`, then `bills sync`,
//! `bills list payees`, `bills pay PAYEE --amount 84.20 --due +10d`. `bills --help` lists all. Everything is kept in one file
//! (`--state`, else `bills.state`), so that later commands say nothing but what they are about. The client and what waits in it are sealed
//! under the key in FILE.key; the copies of payees and payments are plain, readable by their owner only.
//!
//! When the institution asks something and nobody is there to answer, wants this client approved, or does not say what became of a
//! request, the operation waits in the file: no other is begun before `resume`, `reconcile`, `settle` or `abandon`.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::indexing_slicing, reason = "examples print")]
#![allow(missing_docs, unreachable_pub, dead_code, reason = "the examples share a module")]

#[path = "bills/arguments.rs"]
mod arguments;
#[path = "bills/book.rs"]
mod book;
#[path = "bills/commands.rs"]
mod commands;
mod common;
#[path = "bills/demo.rs"]
mod demo;
#[path = "bills/desk.rs"]
mod desk;
#[path = "bills/lists.rs"]
mod lists;
#[path = "bills/paying.rs"]
mod paying;
#[path = "bills/perform.rs"]
mod perform;
#[path = "bills/prompt.rs"]
mod prompt;
#[path = "bills/shown.rs"]
mod shown;
#[path = "bills/sync.rs"]
mod sync;
#[path = "bills/take.rs"]
mod take;
#[path = "bills/waiting.rs"]
mod waiting;
#[path = "bills/words.rs"]
mod words;

use std::process::ExitCode;

use arguments::Command;
use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use common::Options;
use desk::Desk;
use perform::Work;
use shown::{Failure, Shown};

/// Pay bills, and everything around it.
///
/// Without a command it runs a demonstration, against a pretend institution on this machine.
///
/// The exit status:
///
///   0  done
///   2  it cannot be done as asked: nothing was sent
///   3  the institution refused it
///   4  nobody knows whether it was carried out: `reconcile`
///   5  the institution cannot be reached, or its answer cannot be read; nothing was carried out
///   6  an operation waits for somebody: `resume`
///   1  anything else, such as a file that cannot be written
#[derive(Parser)]
#[command(name = "bills", verbatim_doc_comment)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// One JSON object on the standard output, and errors as JSON on the standard error
    #[arg(long)]
    json: bool,
    /// What to do; a demonstration when left out
    #[command(subcommand)]
    command: Option<Command>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let (arguments, said) = match parse() {
        Ok(parsed) => parsed,
        Err(status) => return status,
    };
    let json = arguments.json;
    match run(arguments, &said).await {
        Ok(shown) => {
            shown.print(json);
            ExitCode::SUCCESS
        }
        Err(failure) => failure.report(json),
    }
}

/// The options of the examples may stand before and behind the command. With them the names of those that were said.
fn parse() -> Result<(Arguments, Vec<String>), ExitCode> {
    let command = Arguments::command()
        .mut_args(|argument| argument.global(true).help_heading("Institution, user and state"))
        .mut_arg("answers", |argument| argument.help(ANSWER))
        .mut_arg("state", |argument| argument.help(STATE));
    let parsed = command.try_get_matches().and_then(|matches| {
        let names = matches.ids().map(|id| id.as_str().to_owned());
        let said = names.filter(|name| matches.value_source(name) == Some(ValueSource::CommandLine)).collect();
        Ok((Arguments::from_arg_matches(&matches)?, said))
    });
    parsed.map_err(|error| {
        if error.use_stderr() && std::env::args().any(|argument| argument == "--json") {
            return Failure::misuse(error.to_string().trim().trim_start_matches("error: ")).report(true);
        }
        let _ = error.print();
        ExitCode::from(if error.use_stderr() { 2 } else { 0 })
    })
}

async fn run(arguments: Arguments, said: &[String]) -> Result<Shown, Failure> {
    let Arguments { options, command, .. } = arguments;
    match command {
        None => demo::run(),
        Some(Command::Serve { port, folder }) => demo::serve(port, folder).await,
        Some(command) => at_desk(Desk::open(options, said)?, command).await,
    }
}

async fn at_desk(mut desk: Desk, command: Command) -> Result<Shown, Failure> {
    match command {
        Command::List { which } => {
            if let Err(waiting) = desk.refuse_if_waiting() {
                eprintln!("note: {}\n{}", waiting.text, waiting.hint.unwrap_or_default());
            }
            let keeps_no_history = desk.client().is_ok_and(|client| sync::keeps_no_history(&client));
            Ok(desk.book.list(which.as_ref(), keeps_no_history))
        }
        Command::Profile => {
            desk.refuse_if_waiting()?;
            let mut client = desk.client()?;
            let shown = client.fetch_profile().await.map(commands::show_profile);
            desk.keep(client)?;
            Ok(shown?)
        }
        Command::Resume => waiting::resume(&mut desk).await,
        Command::Reconcile { repeat, new_password } => waiting::reconcile(&mut desk, repeat, new_password).await,
        Command::Settle => waiting::settle(&mut desk),
        Command::Abandon => waiting::abandon(&mut desk),
        Command::Password { new_password } => {
            let mut work = Work::new(desk.session()?);
            let new = waiting::new_password_of(new_password)?;
            let result = work.change_password(&mut desk, new).await;
            waiting::finish(&mut desk, work, result)
        }
        command => {
            let mut work = Work::new(desk.session()?);
            let result = commands::online(&mut desk, &mut work, command).await;
            waiting::finish(&mut desk, work, result)
        }
    }
}

const STATE: &str = "File that keeps everything between commands; bills.state when left out. Its key is in FILE.key";

const ANSWER: &str = "Answer to a security question, by its id; repeat it for each. When missing, it is asked on the terminal, or the operation \
                      waits";
