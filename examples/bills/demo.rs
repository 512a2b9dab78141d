//! The command line at work against a pretend institution: as a demonstration, or for as long as somebody wants to play.

use std::path::PathBuf;
use std::process::{Command, Output};

use chrono::Utc;
use ofx_session::Payee;
use ofx_session::ofx::SyncMode;
use ofx_session::testing::{Bank, BankBuilder};
use serde_json::{Value, json};

use crate::shown::{Failure, Shown};

/// Everything that bill payment has.
fn institution() -> BankBuilder {
    Bank::builder()
        .org("EXAMPLE")
        .fid("7777")
        .user("jane", PASSWORD)
        .question("MFA16", None, "Garcia")
        .payee("N77", Payee::new("Northern Power", "1 Dam Road", "Augusta", "ME", "04330", "207-555-0177"))
        .everything()
        .sync_mode(SyncMode::Full)
        .clock(Utc::now())
}

/// A pretend institution that stays until it is stopped.
pub async fn serve(port: Option<u16>, folder: Option<PathBuf>) -> Result<Shown, Failure> {
    let builder = institution();
    let bank = match port {
        Some(port) => builder.port(port).start()?,
        None => builder.start()?,
    };
    let folder = match folder {
        Some(folder) => folder,
        None => tempfile::Builder::new().prefix("bills-").tempdir()?.keep(),
    };
    let cannot = |error: std::io::Error| format!("cannot write into {}: {error}", folder.display());
    std::fs::create_dir_all(&folder).map_err(cannot)?;
    let ca_file = std::path::absolute(folder.join("ca.pem"))?;
    std::fs::write(&ca_file, bank.ca_pem()).map_err(cannot)?;
    let me = std::env::current_exe()?;
    println!("a pretend institution is at {}", bank.url());
    println!("its user is jane with the password {PASSWORD:?}; her mother's maiden name (MFA16) is Garcia");
    println!("its root certificate is in {}\n", ca_file.display());
    println!("in another terminal, the first command says where it is, later ones need not:\n");
    println!("  alias bills={}", me.display());
    println!("  export OFX_PASSWORD='{PASSWORD}'");
    let where_ = format!("--url {} --ca-file {}", bank.url(), ca_file.display());
    println!("  bills {where_} --org EXAMPLE --fid 7777 --user jane sync");
    println!("  bills add payee --name 'Harbor Water' --address '14 Quay Street' --city Newport --region RI \\");
    println!("    --postal-code 02840 --phone 401-555-0142 --account 88-204-117");
    println!("  bills pay harbor --amount 84.20 --due +10d\n");
    println!("{TROUBLE}");
    let mut lines = typed_lines();
    loop {
        let line = tokio::select! {
            Some(line) = lines.recv() => line,
            stop = tokio::signal::ctrl_c() => break stop?,
        };
        match line.trim() {
            "lose" => bank.lose_answers(1),
            "ask" => bank.revoke_access_keys(),
            "day" => bank.pass_days(1),
            "require" => bank.require_approval(),
            "approve" => bank.approve_clients(),
            "expire" => bank.set_password_expired("jane"),
            "" => continue,
            other => {
                println!("there is no {other:?} here; there are day, lose, ask, require, approve and expire");
                continue;
            }
        }
        println!("done");
    }
    let violations = bank.violations();
    let text = format!("stopped; {} payment(s) were made, {} rule(s) broken", bank.payments_made(), violations.len());
    Ok(Shown::new(text, json!({ "payments_made": bank.payments_made(), "violations": violations })))
}

/// What is typed, line by line. The thread that waits for it ends with the program.
fn typed_lines() -> tokio::sync::mpsc::UnboundedReceiver<String> {
    let (send, lines) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || std::io::stdin().lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
    lines
}

/// A user with two computers, each with a state file of its own.
struct Show {
    folder: PathBuf,
    first: Vec<String>,
}

/// A payee is added and paid, the payment changed and cancelled, and a second state file sees all of it.
pub fn run() -> Result<Shown, Failure> {
    let folder = tempfile::tempdir()?;
    let bank = institution().start()?;
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, bank.ca_pem())?;
    let ca_file = ca_file.display().to_string();
    let words = ["--url", bank.url(), "--ca-file", &ca_file, "--org", "EXAMPLE", "--fid", "7777", "--user", "jane"];
    let show = Show { folder: folder.path().to_owned(), first: words.map(str::to_owned).to_vec() };

    println!("A pretend institution asks jane a security question. Nobody is there to answer: the operation waits.\n");
    show.says_where("desk", &["accounts"], 6)?;
    show.run("desk", &["resume", "--answer", "MFA16=Garcia"], 0)?;

    println!("A payee is added and paid; the amount is changed; then the payment is cancelled.\n");
    let harbor = ["--name", "Harbor Water", "--address", "14 Quay Street", "--city", "Newport", "--region", "RI"];
    let more = ["--postal-code", "02840", "--phone", "401-555-0142", "--account", "88-204-117"];
    show.run("desk", &[["add", "payee"].as_slice(), &harbor, &more].concat(), 0)?;
    show.run("desk", &["pay", "harbor", "--amount", "84.20", "--due", "+10d", "--memo", "Invoice 3391"], 0)?;
    let payments = show.json("desk", &["list", "payments"])?;
    let id = payments["payments"][0]["id"].as_str().unwrap_or_default().to_owned();
    show.run("desk", &["modify", "payment", &id, "--amount", "90.05"], 0)?;
    show.run("desk", &["cancel", &id], 0)?;
    show.run("desk", &["list", "payments"], 0)?;

    println!("Another computer of jane's, with a state file of its own, sees what happened.\n");
    show.says_where("laptop", &["--answer", "MFA16=Garcia", "sync"], 0)?;
    show.run("laptop", &["list", "payees"], 0)?;
    let laptop = show.json("laptop", &["list", "payments"])?;

    println!("And the other way round.\n");
    let second = ["pay", "harbor", "--amount", "12.50", "--due", "+20d"];
    show.run("laptop", &second, 0)?;
    show.run("desk", &["sync"], 0)?;
    let desk = show.json("desk", &["list", "payments"])?;

    println!(
        "The rent pays itself from now on: the institution tells of each payment, and jane's other computer sees it.\n"
    );
    let rent =
        ["add", "recurring", "harbor", "--every", "monthly", "--times", "12", "--amount", "850", "--due", "+10d"];
    show.run("desk", &rent, 0)?;
    bank.pass_days(12);
    show.run("laptop", &["sync"], 0)?;
    show.run("laptop", &["list", "recurring"], 0)?;
    let rented = show.json("laptop", &["list", "payments"])?;
    let paid = rented["payments"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|one| one["amount"] == "850.00" && one["state"] == "paid");

    let seen = |list: &Value, at: usize, what: &str| list["payments"][at][what].clone();
    check(seen(&laptop, 0, "amount") == "90.05", "the second state file has the changed amount")?;
    check(seen(&laptop, 0, "state") == "canceled", "the second state file has the cancellation")?;
    check(seen(&desk, 1, "amount") == "12.50", "the first state file has the payment of the second")?;
    check(seen(&desk, 1, "state") == "scheduled", "that payment is scheduled")?;
    check(paid, "the first payment of the recurring one was made")?;
    // The recurring one makes its second payment a month ahead.
    check(bank.payments_made() >= 3, "two payments were accepted, and those of the recurring one made")?;
    check(bank.violations().is_empty(), &format!("no rule was broken: {:?}", bank.violations()))?;
    Ok(Shown::new("everything was as it should be", json!({ "ok": true })))
}

impl Show {
    /// A first command says where the institution is.
    fn says_where(&self, state: &str, words: &[&str], status: i32) -> Result<(), Failure> {
        let words: Vec<&str> = self.first.iter().map(String::as_str).chain(words.iter().copied()).collect();
        self.run(state, &words, status)
    }

    /// Runs the program as a user would, and shows what was typed and what came.
    fn run(&self, state: &str, words: &[&str], status: i32) -> Result<(), Failure> {
        let shown: Vec<_> = words
            .iter()
            .map(|word| if word.contains(' ') { format!("'{word}'") } else { (*word).to_owned() })
            .collect();
        println!("{state}$ bills {}", shown.join(" "));
        let output = self.output(state, words)?;
        print!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        println!();
        check(output.status.code() == Some(status), &format!("the command ends with status {status}"))
    }

    fn json(&self, state: &str, words: &[&str]) -> Result<Value, Failure> {
        let output = self.output(state, &[words, &["--json"]].concat())?;
        serde_json::from_slice(&output.stdout).map_err(|error| Failure::misuse(format!("no JSON came: {error}")))
    }

    fn output(&self, state: &str, words: &[&str]) -> Result<Output, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        let file = self.folder.join(format!("{state}.state"));
        command.arg("--state").arg(file).args(words).env("OFX_PASSWORD", PASSWORD);
        Ok(command.stdin(std::process::Stdio::null()).output()?)
    }
}

fn check(good: bool, what: &str) -> Result<(), Failure> {
    if good { Ok(()) } else { Err(Failure::broken(format!("this should have been so and was not: {what}"))) }
}

const PASSWORD: &str = "correct horse";

const TROUBLE: &str = "here, type  day     and a day passes: what is due is paid
            lose    and the answer to the next request gets lost, after it was carried out
            ask     and the security question is asked again
            require and clients have to be approved first; approve  approves those that asked
            expire  and the password is to be changed
            A user whom three wrong passwords have locked out stays so until this is started again
            Ctrl-C stops it";
