//! Signs on, answers security questions if there are any, and lists the accounts.
//!
//! `cargo run --example accounts` uses a pretend institution. To aim it at a real one:
//! `cargo run --example accounts -- --url https://... --org ORG --fid FID --user USER --state client.blob`
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::indexing_slicing, reason = "examples print")]
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "the examples share a module and use different parts of it"
)]

mod common;

use std::io::IsTerminal as _;

use clap::Parser;
use common::{Options, Result, report, with_client_uid};
use ofx_session::{AccountInfo, Progress, Session};

/// Sign on and list the accounts of a user.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    report(run(Arguments::parse().options).await)
}

async fn run(mut options: Options) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let _bank = options.or_pretend(folder.path())?;

    let mut session = options.client()?.open(options.credentials()?)?;
    let listed = list(&mut session, &mut options).await;
    // What was learnt is kept, whatever came of it: a CLIENTUID stays the same, a refused access key is not sent again.
    let client = session.close()?;
    let has_key = client.has_access_key();
    let listed = listed.map_err(|error| with_client_uid(error, &client));
    options.keep(client)?;

    table(&listed?);
    println!("access key: {}", if has_key { "kept for the next signon" } else { "none" });
    Ok(())
}

async fn list(session: &mut Session, options: &mut Options) -> Result<Vec<AccountInfo>> {
    let mut progress = session.accounts().await?;
    loop {
        progress = match progress {
            Progress::Done(accounts) => return Ok(accounts),
            Progress::Ask(challenge) => {
                if challenge.is_repeated() {
                    // The same answers again would be wrong again, until the user is locked out.
                    options.answers.clear();
                    if !std::io::stdin().is_terminal() {
                        return Err("the institution did not accept the answers; check them before its lock-out".into());
                    }
                    println!("the institution did not accept the answers");
                }
                println!("the institution asks {} question(s) first", challenge.questions().len());
                let answers = options.answer(&challenge)?;
                session.answer(answers).await?.map(|completed| completed.accounts().unwrap_or_default())
            }
            Progress::Unknown(doubt) => return Err(doubt.explain().into()),
            _ => return Err("this example is older than the library".into()),
        }
    }
}

fn table(accounts: &[AccountInfo]) {
    println!("{:<28} {:<12} {:<24} {:<12} pays bills", "description", "bank", "account", "type");
    for account in accounts {
        let (bank, number, kind) = match (&account.bank, &account.card, &account.bill_pay) {
            (Some(info), ..) => {
                (info.account.bank_id.as_str(), &info.account.account_id, info.account.account_type.as_str())
            }
            (None, Some(info), _) => ("", &info.account.account_id, "CARD"),
            (None, None, Some(info)) => {
                (info.account.bank_id.as_str(), &info.account.account_id, info.account.account_type.as_str())
            }
            (None, None, None) => continue,
        };
        let description = account.description.as_deref().unwrap_or("-");
        let pays = if account.pays_bills().is_some() { "yes" } else { "no" };
        println!("{description:<28} {bank:<12} {number:<24} {kind:<12} {pays}");
    }
}
