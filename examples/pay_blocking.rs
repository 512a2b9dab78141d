//! Pays a bill without async: no runtime, no `await`, every call waits. Security questions are answered on another thread.
//!
//! `cargo run --example pay_blocking` uses a pretend institution. To aim it at a real one, give `--url`, `--user` and what to pay
//! (`--help` lists all).
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::indexing_slicing, reason = "examples print")]
#![allow(missing_docs, unreachable_pub, dead_code, reason = "the examples share a module")]

mod bill;
mod common;

use std::thread;

use bill::Bill;
use clap::Parser;
use common::{Options, Result, keys, report, write_blob};
use ofx_session::blocking::{Client, Session};
use ofx_session::{Blob, Completed, Progress};

/// Pay a bill, one call after the other.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    bill: Bill,
}

fn main() -> std::process::ExitCode {
    report(run(Arguments::parse()))
}

fn run(Arguments { mut options, mut bill }: Arguments) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let pretend = options.or_pretend(folder.path())?;
    if pretend.is_some() {
        bill.pretend(folder.path())?;
    }
    options.state.get_or_insert_with(|| folder.path().join("client.blob"));
    pay(&options, &bill)?;
    if let Some(bank) = pretend {
        println!("payments made: {}, violations: {:?}", bank.payments_made(), bank.violations());
    }
    Ok(())
}

/// The flow: the same calls as with async, without the waiting said.
fn pay(options: &Options, bill: &Bill) -> Result<()> {
    let from = bill.source().ok_or("--from is missing: the account to pay from")?;
    let payment = bill.payment(from)?;
    let (state, context) = (options.state.as_ref().ok_or("there is no file for the client")?, options.context()?);
    let keys = keys(state)?;

    let client = Client::from(options.client()?); // as Client::builder(institution).connection(..).build()? makes it
    let mut session = client.open(options.credentials()?)?;
    println!("asks to pay {} to {}", payment.amount, bill.payee_name()?);
    let progress = session.pay(&payment)?.map(|receipt| Completed::Paid(Box::new(receipt)));
    let Progress::Ask(challenge) = progress else { return done(session, progress, options) };
    println!("is asked {} question(s), and pauses", challenge.questions().len());
    let text = session.pause(&keys, &context)?.to_text();

    // Whoever has the text, the password and the answers goes on: another thread here, another process as well.
    let other = thread::scope(|scope| {
        let other = scope.spawn(|| -> Result<()> {
            let paused = Client::resume(&Blob::from_text(&text)?, &keys, &context)?.device(options.device());
            let answers = options.answer_questions(&paused.questions())?;
            let mut session =
                paused.connection(options.connection()?)?.open_risking_a_second_payment(options.credentials()?)?;
            let progress = session.answer(answers)?;
            done(session, progress, options)
        });
        other.join()
    });
    other.map_err(|_| "the other thread panicked")?
}

/// The receipt is shown and the client kept; a payment that is asked about again, or in doubt, is kept with it.
fn done(session: Session, progress: Progress<Completed>, options: &Options) -> Result<()> {
    let told = match progress {
        Progress::Done(completed) => {
            let receipt = completed.receipt().ok_or("nothing was paid")?;
            println!("payment {} was accepted", receipt.id());
            return options.keep(session.close()?.into());
        }
        Progress::Unknown(doubt) => doubt.explain(),
        _ => "the institution did not accept the answers, or wants something else first".to_owned(),
    };
    let state = options.state.as_ref().ok_or("there is no file for it")?;
    write_blob(state, &session.store(&keys(state)?, &options.context()?)?)?;
    Err(format!("{told}: what is under way is kept in {}", state.display()).into())
}
