//! Settings for institutions that differ: each changes what goes over the wire as it promises, and all outlive the process.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ofx_session::ofx::{Document, Element, Limits, Style, SyncMode, Version};
use ofx_session::testing::{BankBuilder, BankModel, Endpoint};
use ofx_session::transport::{HttpsOptions, Request, Response, Sending, Transport, TransportError};
use ofx_session::{
    ChallengeAnswerTag, Client, ClientUidUse, Dialect, HeaderLine, Institution, Paused, Progress, Session, Situation,
};
use serde_json::{Value, json};

use crate::resume::line::{context, easy, jane, keys, now, payment, questioning, right};
use crate::transport::server::{Act, Server};

const UID: &str = "7c1e9a54-0b1d-4c5e-8f00-112233445566";
const URL: &str = "https://ofx.bank.example/ofx";

/// An honest institution, and what was sent to it: the file, and the headers that were asked for.
#[derive(Clone)]
struct Wire(Arc<Mutex<(BankModel, Vec<Sent>)>>);

#[derive(Clone)]
struct Sent {
    file: String,
    document: Document,
    headers: Vec<(String, Option<String>)>,
}

impl Wire {
    fn to(bank: BankBuilder) -> Self {
        Self(Arc::new(Mutex::new((bank.build_model(), Vec::new()))))
    }

    fn sent(&self) -> Vec<Sent> {
        self.0.lock().unwrap().1.clone()
    }

    fn last(&self) -> Sent {
        self.sent().pop().unwrap()
    }

    fn payments_made(&self) -> usize {
        self.0.lock().unwrap().0.payments_made()
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl Transport for Wire {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(async move {
            let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            inside.1.push(Sent {
                file: String::from_utf8(request.body().to_vec()).unwrap(),
                document: Document::decode(request.body(), &Limits::new()).unwrap(),
                headers: request.headers().map(|(name, line)| (name.to_owned(), line.map(str::to_owned))).collect(),
            });
            let answer = inside.0.answer(Endpoint::Main, request.body());
            let body = answer.map_err(|refusal| TransportError::Status { code: refusal.status() })?;
            Response::from_http_200(Some("application/x-ofx"), body)
        })
    }
}

impl Sent {
    fn signon(&self) -> &Element {
        self.document.find("/OFX/SIGNONMSGSRQV1/SONRQ").unwrap()
    }

    fn uids(&self) -> (&str, &str) {
        let header = self.document.header();
        (header.old_file_uid().as_str(), header.new_file_uid().as_str())
    }
}

fn client(dialect: Dialect, version: Version, wire: &Wire) -> Client {
    let institution = Institution::new(URL).org("EXAMPLE").fid("7777").version(version).dialect(dialect);
    Client::builder(institution).client_uid(UID).transport(wire.clone()).build().unwrap()
}

fn session(dialect: Dialect, version: Version, wire: &Wire) -> Session {
    client(dialect, version, wire).open(jane()).unwrap()
}

/// The file with which a client of this dialect asks for the account list, and the client.
fn asks_for_accounts(dialect: Dialect, version: Version) -> Sent {
    let wire = Wire::to(easy());
    now(session(dialect, version, &wire).accounts()).unwrap().done().unwrap();
    wire.last()
}

/// Each setting by itself, as a configuration file has it.
fn one_by_one() -> Vec<(Value, Dialect)> {
    let new = Dialect::new;
    vec![
        (json!({"close_leaves": true}), new().close_leaves(true)),
        (json!({"line_breaks": true}), new().line_breaks(true)),
        (json!({"challenge_answer": "MFACHALLENGEA"}), new().challenge_answer(ChallengeAnswerTag::A)),
        (json!({"short_dates": true}), new().short_dates(true)),
        (json!({"without_fi": true}), new().without_fi(true)),
        (json!({"client_uid": "upper_case"}), new().client_uid(ClientUidUse::UpperCase)),
        (json!({"client_uid": "never"}), new().client_uid(ClientUidUse::Never)),
        (json!({"client_uid": "in_every_version"}), new().client_uid(ClientUidUse::InEveryVersion)),
        (json!({"without_file_uids": true}), new().without_file_uids(true)),
        (json!({"user_agent": "none"}), new().user_agent(HeaderLine::None)),
        (json!({"user_agent": {"text": "mine/1"}}), new().user_agent(HeaderLine::Text("mine/1".to_owned()))),
        (json!({"accept": "none"}), new().accept(HeaderLine::None)),
        (json!({"accept": {"text": "text/xml"}}), new().accept(HeaderLine::Text("text/xml".to_owned()))),
        (json!({"without_profile": true}), new().without_profile(true)),
        (json!({"ignore_profile_urls": true}), new().ignore_profile_urls(true)),
        (json!({"without_synchronization": true}), new().without_synchronization(true)),
        (json!({"repeat_for_cookie": true}), new().repeat_for_cookie(true)),
        (json!({"profile_of_user": true}), new().profile_of_user(true)),
    ]
}

fn everything() -> Dialect {
    let all = one_by_one().into_iter().flat_map(|(value, _)| value.as_object().unwrap().clone());
    serde_json::from_value(Value::Object(all.collect())).unwrap()
}

#[test]
fn a_configuration_file_holds_what_the_calls_set() {
    for (value, dialect) in one_by_one() {
        assert_eq!(serde_json::from_value::<Dialect>(value.clone()).unwrap(), dialect, "{value}");
        let written = serde_json::to_value(&dialect).unwrap();
        let (name, set) = value.as_object().unwrap().iter().next().unwrap();
        assert_eq!(written.get(name), Some(set));
        assert_eq!(serde_json::from_value::<Dialect>(written).unwrap(), dialect);
    }
    assert_eq!(serde_json::from_str::<Dialect>("{}").unwrap(), Dialect::new());
    let all = serde_json::to_value(Dialect::new()).unwrap();
    let defaults = json!({
        "close_leaves": false, "line_breaks": false, "challenge_answer": "MFACHALLENGEANSWER", "short_dates": false,
        "without_fi": false, "client_uid": "by_version", "without_file_uids": false, "user_agent": "default",
        "accept": "default", "without_profile": false, "ignore_profile_urls": false, "without_synchronization": false,
        "repeat_for_cookie": false, "profile_of_user": false,
    });
    assert_eq!(all, defaults);
    for wrong in [json!({"close_leafs": true}), json!({"client_uid": "sometimes"}), json!({"accept": "text/xml"})] {
        assert!(serde_json::from_value::<Dialect>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn the_institutions_own_calls_are_short_cuts() {
    let short =
        |institution: Institution| institution.without_profile().ignore_profile_urls().without_synchronization();
    let short = short(Institution::new(URL)).style(Style::new().close_leaves(true).line_breaks(true));
    let dialect = Dialect::new().without_profile(true).ignore_profile_urls(true).without_synchronization(true);
    let dialect = dialect.close_leaves(true).line_breaks(true);
    assert_eq!(dialect.style(), Style::new().close_leaves(true).line_breaks(true));
    assert_eq!(short, Institution::new(URL).dialect(dialect));
    assert_eq!(short.dialect(Dialect::new()), Institution::new(URL), "it takes the place of what was set before");
}

#[test]
fn the_default_is_what_the_specification_has() {
    let sent = asks_for_accounts(Dialect::new(), Version::V103);
    assert!(sent.headers.is_empty());
    assert!(sent.file.contains("<LANGUAGE>ENG<FI><ORG>EXAMPLE<FID>7777</FI>"), "{}", sent.file);
    let signon = sent.signon();
    assert_eq!(signon.value("CLIENTUID"), Some(UID));
    let time = signon.value("DTCLIENT").unwrap();
    assert!(time.len() == 25 && time.ends_with("[0:GMT]"), "{time}");
    assert_eq!(sent.uids().1.len(), 36);
}

#[test]
fn leaves_and_lines_are_laid_out_as_wanted() {
    let closed = asks_for_accounts(Dialect::new().close_leaves(true), Version::V103).file;
    assert!(closed.contains("<FI><ORG>EXAMPLE</ORG><FID>7777</FID></FI>"), "{closed}");
    assert!(closed.contains("<ACCTINFORQ><DTACCTUP>19900101</DTACCTUP></ACCTINFORQ>"), "{closed}");
    let lines = asks_for_accounts(Dialect::new().line_breaks(true), Version::V103).file;
    assert!(lines.contains("\r\n<FI>\r\n<ORG>EXAMPLE\r\n<FID>7777\r\n</FI>\r\n"), "{lines}");
    assert!(lines.contains("<ACCTINFORQ>\r\n<DTACCTUP>19900101\r\n</ACCTINFORQ>\r\n"), "{lines}");
}

#[test]
fn answers_are_called_what_the_institution_calls_them() {
    for (dialect, tag, other) in [
        (Dialect::new(), "MFACHALLENGEANSWER", "MFACHALLENGEA"),
        (Dialect::new().challenge_answer(ChallengeAnswerTag::A), "MFACHALLENGEA", "MFACHALLENGEANSWER"),
    ] {
        for version in [Version::V103, Version::V211] {
            let wire = Wire::to(questioning());
            let mut session = session(dialect.clone(), version, &wire);
            assert!(matches!(now(session.accounts()), Ok(Progress::Ask(_))));
            now(session.answer(right())).unwrap().done().unwrap();
            let sent = wire.last();
            let answers: Vec<_> = sent.signon().children_named(tag).collect();
            let given: Vec<_> = answers.iter().map(|one| (one.value("MFAPHRASEID"), one.value("MFAPHRASEA"))).collect();
            assert_eq!(given, [(Some("MFA16"), Some("Garcia")), (Some("BRQ7"), Some("Newport"))], "{version}");
            assert_eq!(sent.signon().children_named(other).count(), 0);
            assert!(sent.signon().children().iter().rev().take(2).all(|child| child.tag() == tag), "they come last");
        }
    }
}

#[test]
fn a_short_date_has_neither_milliseconds_nor_zone() {
    let wire = Wire::to(questioning());
    let mut session = session(Dialect::new().short_dates(true), Version::V211, &wire);
    assert!(matches!(now(session.accounts()), Ok(Progress::Ask(_))));
    now(session.answer(right())).unwrap().done().unwrap();
    let mut seen = 0;
    for sent in wire.sent() {
        let challenge = sent.document.find("/OFX/SIGNONMSGSRQV1/MFACHALLENGETRNRQ/MFACHALLENGERQ");
        for time in [Some(sent.signon()), challenge].into_iter().flatten().map(|one| one.value("DTCLIENT").unwrap()) {
            assert!(time.len() == 14 && time.bytes().all(|byte| byte.is_ascii_digit()), "{time}");
            seen += 1;
        }
    }
    assert_eq!(seen, 5, "profile, list, questions with two, list again");
}

#[test]
fn the_institutions_name_can_be_left_out() {
    let sent = asks_for_accounts(Dialect::new().without_fi(true), Version::V211);
    assert_eq!(sent.signon().child("FI"), None);
}

#[test]
fn the_client_uid_is_sent_as_the_institution_wants_it() {
    let upper = UID.to_uppercase();
    for version in Version::ALL {
        for (send, text) in [
            (ClientUidUse::ByVersion, Some(UID).filter(|_| version.knows_mfa())),
            (ClientUidUse::UpperCase, Some(upper.as_str()).filter(|_| version.knows_mfa())),
            (ClientUidUse::Never, None),
            (ClientUidUse::InEveryVersion, Some(UID)),
        ] {
            let wire = Wire::to(easy());
            let mut session = session(Dialect::new().client_uid(send), version, &wire);
            now(session.accounts()).unwrap().done().unwrap();
            assert_eq!(wire.last().signon().value("CLIENTUID"), text, "{send:?} in {version}");
            let before = wire.last().signon().children().iter().rev().nth(1).map(|one| one.tag().to_owned());
            assert_eq!(before.as_deref() == Some("APPVER"), text.is_some(), "{send:?} in {version}");
            let anonymous = &wire.sent()[0];
            assert!(anonymous.signon().value("USERID").unwrap().starts_with("anonymous"));
            assert_eq!(anonymous.signon().child("CLIENTUID"), None, "nobody has one");
            // What the user must register is what is sent.
            let shown = if send == ClientUidUse::UpperCase { &upper } else { UID };
            assert_eq!(session.client().client_uid(), shown);
        }
    }
}

#[test]
fn a_file_can_go_without_a_name_and_is_not_looked_for_then() {
    for (dialect, named) in [(Dialect::new(), true), (Dialect::new().without_file_uids(true), false)] {
        for version in [Version::V103, Version::V211] {
            let wire = Wire::to(easy().file_recovery(true));
            let mut session = session(dialect.clone().without_synchronization(true), version, &wire);
            now(session.pay(&payment())).unwrap().done().unwrap();
            for sent in wire.sent() {
                assert_eq!(sent.uids().1 != "NONE", named);
            }
            assert_eq!(wire.last().uids().0, if named { "0" } else { "NONE" });
            assert_eq!(wire.payments_made(), 1);
        }
    }
}

#[test]
fn a_request_carries_the_headers_that_are_wanted() {
    let text = |text: &str| HeaderLine::Text(text.to_owned());
    let none: [(String, Option<String>); 0] = [];
    assert_eq!(asks_for_accounts(Dialect::new(), Version::V211).headers, none);
    let both = Dialect::new().user_agent(text("mine/1")).accept(HeaderLine::None);
    let wanted = [("User-Agent".to_owned(), Some("mine/1".to_owned())), ("Accept".to_owned(), None)];
    assert_eq!(asks_for_accounts(both, Version::V211).headers, wanted);
}

/// What a server sees of a client with this dialect: `User-Agent` and `Accept`.
async fn over_http(dialect: Dialect) -> (Option<String>, Option<String>) {
    let server = Server::plain(|_| Act::Close).await;
    let institution = Institution::new(server.url()).dialect(dialect.without_profile(true));
    let client = Client::builder(institution).connection(HttpsOptions::new().allow_http_loopback()).build().unwrap();
    client.open(jane()).unwrap().accounts().await.unwrap_err();
    let [seen] = &server.seen()[..] else { panic!("one request") };
    let said = |name| seen.header(name).map(str::to_owned);
    (said("user-agent"), said("accept"))
}

#[tokio::test]
async fn the_headers_arrive() {
    let owned = |text: &str| Some(text.to_owned());
    let text = |text: &str| HeaderLine::Text(text.to_owned());
    let usual = (owned("InetClntApp/3.0"), owned("*/*, application/x-ofx"));
    assert_eq!(over_http(Dialect::new()).await, usual);
    let browser = Dialect::new().user_agent(text("Mozilla/5.0")).accept(text("application/xml;q=0.9, */*;q=0.8"));
    assert_eq!(over_http(browser).await, (owned("Mozilla/5.0"), owned("application/xml;q=0.9, */*;q=0.8")));
    let silent = Dialect::new().user_agent(HeaderLine::None).accept(HeaderLine::None);
    assert_eq!(over_http(silent).await, (None, owned("")));
}

#[test]
fn the_profile_is_used_as_wanted() {
    let elsewhere = "https://pay.bank.example/billpay";
    for (dialect, files) in [(Dialect::new(), 2), (Dialect::new().without_profile(true), 1)] {
        let wire = Wire::to(easy());
        now(session(dialect, Version::V211, &wire).accounts()).unwrap().done().unwrap();
        assert_eq!(wire.sent().len(), files);
    }
    for (dialect, framed) in [(Dialect::new(), true), (Dialect::new().without_synchronization(true), false)] {
        let wire = Wire::to(easy().sync_mode(SyncMode::Full));
        now(session(dialect, Version::V211, &wire).pay(&payment())).unwrap().done().unwrap();
        assert_eq!(wire.last().document.find("/OFX/BILLPAYMSGSRQV1/PMTSYNCRQ").is_some(), framed);
    }
    for (dialect, url) in [(Dialect::new(), elsewhere), (Dialect::new().ignore_profile_urls(true), URL)] {
        let addresses = Arc::new(Mutex::new(Vec::new()));
        let wire = Addresses(Wire::to(easy().separate_bill_pay_url(true)), Arc::clone(&addresses));
        let institution = Institution::new(URL).dialect(dialect.without_synchronization(true));
        let client = Client::builder(institution).transport(wire).build().unwrap();
        let _ = now(client.open(jane()).unwrap().pay(&payment()));
        assert_eq!(addresses.lock().unwrap().last().map(String::as_str), Some(url));
    }
}

/// Notes where files go.
#[derive(Debug)]
struct Addresses(Wire, Arc<Mutex<Vec<String>>>);

impl Transport for Addresses {
    fn send(&self, request: Request) -> Sending<'_> {
        self.1.lock().unwrap().push(request.url().to_owned());
        self.0.send(request)
    }
}

#[test]
fn every_setting_outlives_the_process() {
    let all = one_by_one().into_iter().map(|(_, dialect)| dialect);
    for dialect in all.chain([Dialect::new(), everything()]) {
        let wire = Wire::to(questioning());
        let made = || client(dialect.clone(), Version::V211, &wire);
        let public = made().deconstruct_plain_public().unwrap();
        let sealed = made().deconstruct(&keys(), &context()).unwrap();
        let policy = ofx_session::OpenPolicy::new(public.header().unwrap().issued()).allow_plain();
        let restored = Client::restore_under(&public, &keys(), &context(), &policy).unwrap();
        assert_eq!(restored.dialect(), &dialect, "it is not private");
        let restored = Client::restore(&sealed, &keys(), &context()).unwrap();
        assert_eq!(restored.dialect(), &dialect);
        // It speaks as it did, apart from times and random names.
        let spoken = |mut client: Client| {
            client = client.transport(wire.clone());
            let mut session = client.open(jane()).unwrap();
            assert!(matches!(now(session.accounts()), Ok(Progress::Ask(_))));
            (session, shape(&wire.last()))
        };
        let (_, first) = spoken(made());
        let (session, again) = spoken(restored);
        assert_eq!(first, again);
        let blob = session.pause(&keys(), &context()).unwrap();
        let paused: Paused = Client::resume(&blob, &keys(), &context()).unwrap();
        assert_eq!(paused.client().dialect(), &dialect);
        assert!(matches!(paused.situation(), Situation::AwaitingAnswers(_)));
        let mut session = paused.transport(wire.clone()).open_risking_a_second_payment(jane()).unwrap();
        now(session.answer(right())).unwrap().done().unwrap();
        let tag = if dialect == Dialect::new().challenge_answer(ChallengeAnswerTag::A) || dialect == everything() {
            "MFACHALLENGEA"
        } else {
            "MFACHALLENGEANSWER"
        };
        assert_eq!(wire.last().signon().children_named(tag).count(), 2, "{dialect:?}");
    }
}

/// What a file says, with times and identifiers by their length only, and the headers it wants.
fn shape(sent: &Sent) -> String {
    let mut shape = String::new();
    for piece in sent.file.split(['<', '"', ':']) {
        let (tag, value) = piece.split_once('>').unwrap_or((piece, ""));
        let changes = ["DTCLIENT", "TRNUID", "SESSCOOKIE"].contains(&tag) || piece.len() == 36;
        shape += &if changes { format!("[{} {}]", tag.len(), value.len()) } else { format!("[{piece}]") };
    }
    format!("{shape} {:?}", sent.headers)
}

#[test]
fn only_what_is_set_takes_room() {
    let wire = Wire::to(easy());
    let size =
        |dialect| client(dialect, Version::V211, &wire).deconstruct(&keys(), &context()).unwrap().as_bytes().len();
    let plain = size(Dialect::new());
    for in_flags in [Dialect::new().close_leaves(true), Dialect::new().ignore_profile_urls(true)] {
        assert_eq!(size(in_flags), plain, "the identity has it");
    }
    // Tag, flags, length, and the four fields of the record.
    assert_eq!(size(Dialect::new().short_dates(true)), plain + 3 + 4);
}

#[test]
fn a_payment_in_doubt_is_found_out_about_under_a_dialect_too() {
    // The bank is a real one here, so that an answer can get lost on its way.
    let bank = easy().sync_mode(SyncMode::Full).start().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dialect = Dialect::new().without_file_uids(true).short_dates(true).user_agent(HeaderLine::None);
    let institution = Institution::new(bank.url()).dialect(dialect);
    let options = HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes()).unwrap();
    let client = Client::builder(institution).connection(options).build().unwrap();
    let mut session = client.open(jane()).unwrap();
    runtime.block_on(async {
        let due = chrono::Utc::now().date_naive() + chrono::Days::new(10);
        let mut payment = payment();
        payment.due = ofx_session::ofx::Stamp::day(due);
        bank.next(ofx_session::testing::On::Payment, ofx_session::testing::Fault::DropAfter);
        assert!(matches!(session.pay(&payment).await, Ok(Progress::Unknown(_))));
        assert!(session.reconcile().await.unwrap().done().unwrap().receipt().is_some(), "the history tells");
    });
    assert_eq!(bank.payments_made(), 1);
    for request in bank.requests() {
        let text = String::from_utf8(request).unwrap();
        assert!(text.contains("OLDFILEUID=\"NONE\" NEWFILEUID=\"NONE\""), "{text}");
    }
}
