//! What the children do: each role knows a file, an address, a password, and nothing of the process before.

use std::fs;
use std::path::PathBuf;

use chrono::NaiveDate;
use ofx_session::engine::Doubt;
use ofx_session::transport::{Https, Request, Sending, Transport};
use ofx_session::{
    AccountType, Answers, BankAccount, Blob, Client, Completed, Context, Credentials, HttpsOptions, Institution, Key,
    KeyRing, Paused, Payee, Payment, Progress, Session, Situation,
};
use rust_decimal::Decimal;

use crate::{ANSWER, PASSWORD};

pub(crate) const ROLE: &str = "OFX_TEST_ROLE";
pub(crate) const URL: &str = "OFX_TEST_URL";
pub(crate) const FOLDER: &str = "OFX_TEST_FOLDER";

/// In front of each line that is for the parent.
pub(crate) const MARK: &str = "child: ";

pub(crate) async fn run(role: &str) {
    say(&format!("pid {}", std::process::id()));
    let end = match role {
        "prepare" => {
            let mut session = client().open(jane()).unwrap();
            session.prepare_payment(&payment()).await.unwrap();
            keep(&session.pause(&keys(), &context()).unwrap());
            "prepared".to_owned()
        }
        "start" => {
            let mut session = client().open(jane()).unwrap();
            let progress = session.pay(&payment()).await.unwrap();
            ended(session, progress.map(|receipt| Completed::Paid(Box::new(receipt))))
        }
        "pay again" => {
            let client = Client::restore(&blob(), &keys(), &context()).unwrap().transport(https());
            assert!(client.has_access_key());
            let mut session = client.open(jane()).unwrap();
            let progress = session.pay(&payment()).await.unwrap();
            ended(session, progress.map(|receipt| Completed::Paid(Box::new(receipt))))
        }
        "finish" => finish(paused().transport(https()), ANSWER).await,
        "answer wrong" => finish(paused().transport(https()), "canary-Lopez").await,
        "finish when told" => {
            let paused = paused().transport(https());
            say("ready");
            // The parent closes it when both are here.
            std::io::read_to_string(std::io::stdin()).unwrap();
            finish(paused, ANSWER).await
        }
        "stop before" => finish(paused().transport(Stops { https: https(), behind: false }), ANSWER).await,
        "stop behind" => finish(paused().transport(Stops { https: https(), behind: true }), ANSWER).await,
        "repeat" => {
            let mut session = paused().transport(https()).open_risking_a_second_payment(jane()).unwrap();
            let progress = session.repeat_payment_in_doubt().await.unwrap();
            ended(session, progress)
        }
        "look" => match paused().situation() {
            Situation::InDoubt(doubt) => format!("in doubt {}", name(&doubt)),
            other => panic!("{other:?}"),
        },
        other => panic!("no role {other}"),
    };
    say(&format!("end {end}"));
}

/// Goes on with a payment and keeps what comes of it.
async fn finish(paused: Paused, answer: &str) -> String {
    assert_eq!(paused.payment(), Some(payment()));
    let answers: Answers = paused.questions().iter().map(|question| (question.id(), answer)).collect();
    let asked = matches!(paused.situation(), Situation::AwaitingAnswers(_));
    let mut session = paused.open_risking_a_second_payment(jane()).unwrap();
    let progress = if asked { session.answer(answers).await } else { session.proceed().await };
    ended(session, progress.unwrap())
}

fn ended(session: Session, progress: Progress<Completed>) -> String {
    match progress {
        Progress::Done(completed) => {
            let receipt = completed.receipt().unwrap();
            keep(&session.close().unwrap().deconstruct(&keys(), &context()).unwrap());
            format!("paid {}", receipt.trn_uid.as_str())
        }
        Progress::Ask(challenge) => {
            keep(&session.pause(&keys(), &context()).unwrap());
            let ids: Vec<_> = challenge.questions().iter().map(|question| question.id().to_owned()).collect();
            format!("asked {}{}", ids.join(" "), if challenge.is_repeated() { " again" } else { "" })
        }
        Progress::Unknown(doubt) => {
            keep(&session.pause(&keys(), &context()).unwrap());
            format!("unknown {}", name(&doubt))
        }
        other => panic!("{other:?}"),
    }
}

/// Stops for ever before or behind the exchange, as if the machine were taken away there.
#[derive(Debug)]
struct Stops {
    https: Https,
    behind: bool,
}

impl Transport for Stops {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(async move {
            if self.behind {
                self.https.send(request).await.unwrap();
            }
            say("stopped");
            std::future::pending().await
        })
    }
}

fn name(doubt: &Doubt) -> String {
    format!("{doubt:?}").split('(').next().unwrap().to_owned()
}

fn say(text: &str) {
    println!("\n{MARK}{text}");
}

fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os(FOLDER).unwrap())
}

/// Written beside and put in its place, so that nobody reads half of it.
fn keep(blob: &Blob) {
    let beside = folder().join(format!("blob-{}", std::process::id()));
    fs::write(&beside, blob.to_text()).unwrap();
    fs::rename(beside, folder().join("blob")).unwrap();
}

fn blob() -> Blob {
    Blob::from_text(&fs::read_to_string(folder().join("blob")).unwrap()).unwrap()
}

fn paused() -> Paused {
    Client::resume(&blob(), &keys(), &context()).unwrap()
}

fn client() -> Client {
    let institution = Institution::new(std::env::var(URL).unwrap());
    Client::builder(institution).transport(https()).build().unwrap()
}

fn https() -> Https {
    let pem = fs::read(folder().join("ca.pem")).unwrap();
    Https::new(HttpsOptions::new().add_root_pem(&pem).unwrap().only_given_roots()).unwrap()
}

fn jane() -> Credentials {
    Credentials::new("jane", PASSWORD)
}

fn keys() -> KeyRing {
    KeyRing::new(Key::new(1, [7; 32]).unwrap())
}

fn context() -> Context {
    Context::new("tenant-1", "user-42").unwrap()
}

fn payment() -> Payment {
    let from = BankAccount::new("999888777", "1000001", AccountType::Checking);
    let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    let due = NaiveDate::from_ymd_opt(2026, 1, 23).unwrap();
    Payment::new(from, Decimal::new(8420, 2), payee, "88-204-117", due)
}
