//! The reference state: what a client and a paused payment look like after a session with the institution in
//! `fixtures/reference/`, played back by a transport without a network.

use chrono::NaiveDate;
use ofx_session::transport::{Request, Response, Sending, Transport};
use ofx_session::{
    AccountType, BankAccount, Client, Context, Credentials, Institution, Key, KeyRing, Payee, Payment, Progress,
    Session,
};
use rust_decimal::Decimal;

/// Answers by what the request asks for.
#[derive(Debug)]
struct Playback;

const PROFILE: &[u8] = include_bytes!("../../fixtures/reference/profile.ofx");
const ACCOUNTS: &[u8] = include_bytes!("../../fixtures/reference/accounts.ofx");
const CHALLENGE_NEEDED: &[u8] = include_bytes!("../../fixtures/reference/challenge_needed.ofx");
const QUESTIONS: &[u8] = include_bytes!("../../fixtures/reference/questions.ofx");

impl Transport for Playback {
    fn send(&self, request: Request) -> Sending<'_> {
        let body = String::from_utf8_lossy(request.body());
        let answer = [
            ("<PROFRQ>", PROFILE),
            ("<ACCTINFORQ>", ACCOUNTS),
            ("<MFACHALLENGERQ>", QUESTIONS),
            ("<PMTRQ>", CHALLENGE_NEEDED),
            ("<PMTSYNCRQ>", CHALLENGE_NEEDED),
        ]
        .into_iter()
        .find(|(tag, _)| body.contains(tag))
        .map(|(_, answer)| answer)
        .unwrap();
        Box::pin(async move { Response::from_http_200(Some("application/x-ofx"), answer.to_vec()) })
    }
}

pub(crate) fn keys() -> KeyRing {
    KeyRing::new(Key::new(1, [7; 32]).unwrap())
}

pub(crate) fn context() -> Context {
    Context::new("tenant-1", "user-42").unwrap()
}

/// A session with profile, accounts, access key, and a payment that waits for answers.
pub(crate) async fn session() -> Session {
    let institution = Institution::new("https://ofx.harborfederal.example/ofx/gateway").org("HARBORFED").fid("5521");
    let client = Client::builder(institution).transport(Playback).build().unwrap();
    let mut session = client.open(Credentials::new("jane", "correct horse")).unwrap();
    assert_eq!(session.accounts().await.unwrap().done().unwrap().len(), 6);
    let from = BankAccount::new("211391825", "0042917700", AccountType::Checking);
    let payee = Payee::new("Harbor & Sons Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    let due = NaiveDate::from_ymd_opt(2026, 12, 4).unwrap();
    let payment = Payment::new(from, Decimal::new(8420, 2), payee, "88-204-117", due).memo("Invoice 3391");
    let Progress::Ask(challenge) = session.pay(&payment).await.unwrap() else { panic!("asked nothing") };
    assert_eq!(challenge.questions().len(), 2);
    assert!(session.client().has_access_key());
    session
}
