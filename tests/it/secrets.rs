//! Canaries: no secret of an operation is in anything that the crate, or a library below it, says about it.
//!
//! Whole operations against the pretend institution over HTTPS, with everything collected that could be read by somebody: every event
//! of `tracing` and record of `log` at TRACE, from all crates; every event of an observer; the document log; errors with their causes;
//! `Debug` of every public value; panics. The canaries are searched for in all of it, in several spellings, after making sure that each
//! was on the wire and that the search finds a leak.

mod engine;
mod hay;
mod identity;
mod operations;
mod proxies;

use std::sync::Arc;

use ofx_session::ofx::{BankAccountInfo, BillPayAccountInfo, SyncMode};
use ofx_session::testing::{AccessKeys, Bank, BankBuilder};
use ofx_session::transport::{Https, Request, Transport as _};
use ofx_session::{
    AccountInfo, AccountType, BankAccount, Client, Credentials, DocumentLog, Event, HttpsOptions, Institution, Payee,
    Payment, Version,
};
use rust_decimal::Decimal;

use self::hay::Hay;
use crate::resume::line::{Fate, Line, MAIN, now};
use crate::transport::server::{Act, Seen, Server};

const USER: &str = "cAnArY-user-01";
const PASSWORD: &str = "cAnArY-pass-02";
const WRONG_PASSWORD: &str = "cAnArY-wrong-03";
const NEW_PASSWORD: &str = "cAnArY-new-pass-04";
const ANSWER: &str = "cAnArY-answer-05";
const SECOND_ANSWER: &str = "cAnArY-answer-06";
const WRONG_ANSWER: &str = "cAnArY-answer-07";
const CRED1: &str = "cAnArY-cred-08";
const CRED2: &str = "cAnArY-cred-09";
const AUTH_TOKEN: &str = "cAnArY-auth-10";
const ACCESS_TOKEN: &str = "cAnArY-access-11";
const APP_KEY: &str = "cAnArY-appkey-12";
const ACCOUNT: &str = "cAnArY-account-13";
const PAY_ACCOUNT: &str = "cAnArY-payacct-14";
const PAYEE: &str = "cAnArY-payee-15";
const STREET: &str = "cAnArY-street-16";
const MEMO: &str = "cAnArY-memo-17";
const QUERY: &str = "cAnArY-query-18";
/// Never on the wire: it is said aloud, on purpose.
const PLANTED: &str = "cAnArY-planted-20";

/// What opens an account: nowhere at all.
const KEYS: [&str; 11] = [
    PASSWORD,
    WRONG_PASSWORD,
    NEW_PASSWORD,
    ANSWER,
    SECOND_ANSWER,
    WRONG_ANSWER,
    CRED1,
    CRED2,
    AUTH_TOKEN,
    ACCESS_TOKEN,
    APP_KEY,
];

/// What is the user's own business: nowhere but in `Debug` of the records that a program makes or gets.
const PRIVATE: [&str; 6] = [USER, ACCOUNT, PAY_ACCOUNT, PAYEE, STREET, MEMO];

fn bank() -> Bank {
    builder().start().unwrap()
}

fn builder() -> BankBuilder {
    let account = BankAccount::new("999888777", ACCOUNT, AccountType::Checking);
    let mut info = AccountInfo::new(Some("Everyday Checking"));
    info.bill_pay = Some(BillPayAccountInfo::active(account.clone()));
    info.bank = Some(BankAccountInfo::active(account));
    let builder = Bank::builder().everything().sync_mode(SyncMode::Full).account(info).user(USER, PASSWORD);
    let builder = builder.question("MFA16", None, ANSWER).question("BRQ7", Some("In which town?"), SECOND_ANSWER);
    let builder = builder.user_cred1("Favourite colour", CRED1).user_cred2("Favourite town", CRED2).auth_tokens(true);
    builder.access_keys(AccessKeys::Rotate).user_keys(4000)
}

fn credentials() -> Credentials {
    Credentials::new(USER, PASSWORD).user_cred1(CRED1).user_cred2(CRED2)
}

fn trusting(bank: &Bank) -> HttpsOptions {
    HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes()).unwrap().only_given_roots()
}

fn client(bank: &Bank, hay: &Arc<Hay>) -> Client {
    let institution = Institution::new(format!("{}?token={QUERY}", bank.url())).version(Version::V230);
    let builder = Client::builder(institution).app_key(APP_KEY).connection(trusting(bank));
    let builder = builder.observer(observer(hay)).document_log(DocumentLog::to_writer(hay.page("the document log")));
    hay.debug("the builder", &builder);
    builder.build().unwrap()
}

fn observer(hay: &Arc<Hay>) -> impl Fn(&Event<'_>) + Send + Sync + use<> {
    let hay = Arc::clone(hay);
    move |event| hay.debug("an event", event)
}

fn payment() -> Payment {
    let from = BankAccount::new("999888777", ACCOUNT, AccountType::Checking);
    let payee = Payee::new(PAYEE, STREET, "Newport", "RI", "02840", "401-555-0142");
    let due = chrono::NaiveDate::from_ymd_opt(2026, 12, 4).unwrap();
    Payment::new(from, Decimal::new(8420, 2), payee, PAY_ACCOUNT, due).memo(MEMO)
}

/// Everything that went over the wire, as the institution has it in its books.
fn wire(bank: &Bank) -> String {
    let all = [bank.requests(), bank.answers()].concat().concat();
    String::from_utf8_lossy(&all).into_owned()
}

/// What the institution gave out: the values of these elements in its answers.
fn given(wire: &str) -> Vec<String> {
    let of = |tag: &str| {
        let opening = format!("<{tag}>");
        let values = wire.split(&opening).skip(1).filter_map(|rest| rest.split('<').next());
        values.map(|value| value.trim().to_owned()).filter(|value| value.len() >= 8).collect::<Vec<_>>()
    };
    let mut all = ["ACCESSKEY", "SESSCOOKIE", "USERKEY"].map(of).concat();
    all.sort();
    all.dedup();
    all
}

#[test]
fn no_secret_of_an_operation_is_in_anything_that_is_said_about_it() {
    let hay = Arc::new(Hay::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let wire = hay.listening(|| runtime.block_on(operations::all(&hay)));
    let given = given(&wire);
    for tag in ["<ACCESSKEY>", "<SESSCOOKIE>", "<USERKEY>"] {
        assert!(wire.contains(tag), "{tag} was never on the wire");
    }
    for canary in KEYS.iter().chain(&PRIVATE) {
        assert!(wire.contains(canary), "{canary} was never on the wire");
    }
    // Something was collected, of every kind.
    for kind in [
        "the builder",
        "an event",
        "the document log",
        "tracing",
        "an error",
        "the session",
        "paused",
        "the blob",
        "a panic",
    ] {
        assert!(hay.amount(kind) > 0, "nothing was collected of {kind}");
    }
    let said = hay.everything();
    for crate_name in ["ofx_session", "hyper_util", "rustls", "reqwest"] {
        assert!(said.contains(crate_name), "{crate_name} said nothing: is it listened to?");
    }
    let mut leaks = Vec::new();
    for canary in KEYS.iter().copied().chain([QUERY]).chain(given.iter().map(String::as_str)) {
        leaks.extend(hay.find(canary, |_| true));
    }
    for canary in PRIVATE {
        leaks.extend(hay.find(canary, |kind| kind != "a record"));
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

#[test]
fn a_cookie_is_not_in_the_log() {
    let hay = Arc::new(Hay::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    hay.listening(|| {
        runtime.block_on(async {
            let text = "HTTP/1.1 200 OK\r\nSet-Cookie: id=cAnArY-cookie-19; Path=/\r\nContent-Length: 0\r\n\r\n";
            let server = Server::plain(move |_: &Seen| Act::Reply(text.to_owned())).await;
            let https = Https::new(HttpsOptions::new().allow_http_loopback()).unwrap();
            for _ in 0..2 {
                hay.error(&https.send(Request::new(server.url(), b"<OFX>".to_vec())).await.unwrap_err());
            }
            let last = server.seen().pop().unwrap();
            assert_eq!(last.header("cookie"), Some("id=cAnArY-cookie-19"));
            let cookies = https.cookies();
            assert_eq!(cookies[0].line.expose(), "id=cAnArY-cookie-19; Path=/");
            let other = https.for_another_user();
            other.restore_cookies(cookies.clone());
            assert_eq!(other.cookies(), cookies);
            hay.debug("cookies", &cookies);
            hay.debug("the transport", &other);
        });
    });
    assert!(hay.everything().contains("hyper_util"), "the connection said nothing: is it listened to?");
    assert_eq!(hay.find("cAnArY-cookie-19", |_| true), Vec::<String>::new());
}

/// The one way by which something of the request gets into an error, told in SECURITY.md: it is shown to whoever asked.
#[test]
fn an_error_quotes_the_institution_whatever_it_repeats() {
    let line = Line::new(Bank::builder().user(USER, PASSWORD).build_model());
    let says = format!(
        "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>15500</CODE><SEVERITY>ERROR</SEVERITY><MESSAGE>No {ACCOUNT} here</MESSAGE>\
         </STATUS><DTSERVER>20261121</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1></OFX>"
    );
    line.then([Fate::Says(says.into_bytes())]);
    let institution = Institution::new(MAIN).without_profile();
    let mut session = Client::builder(institution).transport(line).build().unwrap().open(credentials()).unwrap();
    let error = now(session.pay(&payment())).unwrap_err();
    assert_eq!(error.server_message(), Some(format!("No {ACCOUNT} here").as_str()));
    assert!(error.to_string().contains(ACCOUNT));
}

#[test]
fn a_leak_is_found() {
    let hay = Arc::new(Hay::default());
    hay.listening(|| {
        tracing::trace!(target: "some_library", body = PASSWORD, "sent");
        log::debug!("cookie {ANSWER}");
        let hay = Arc::clone(&hay);
        let leaking = move |event: &Event<'_>| hay.debug("an event", &(event, CRED1, CRED2.as_bytes()));
        let bank = Bank::builder().user(USER, PASSWORD).start().unwrap();
        let client = Client::builder(Institution::new(bank.url())).connection(trusting(&bank)).observer(leaking);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(client.build().unwrap().fetch_profile()).unwrap();
        let _ = std::panic::catch_unwind(|| panic!("at {PLANTED}"));
    });
    for canary in [PASSWORD, ANSWER, CRED1, CRED2, PLANTED] {
        assert!(!hay.find(canary, |_| true).is_empty(), "{canary} was not found");
    }
    assert!(hay.find(APP_KEY, |_| true).is_empty());
}
