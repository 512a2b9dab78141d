//! What an observer is told, in which order, by whom.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ofx_session::ofx::SyncMode;
use ofx_session::store::Memory;
use ofx_session::testing::Bank;
use ofx_session::transport::{Roots, TransportError};
use ofx_session::{Answers, Client, Event, HttpsOptions, Institution, Intent, Progress, Proxy, SyncKind, Vault};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::log::Page;
use super::{Line, Notebook, builder, context, jane, keys, payment, questioning};
use crate::listening::another_listener;

fn timeout() -> TransportError {
    TransportError::Timeout { host: "ofx.bank.example".to_owned(), source: None }
}

#[tokio::test]
async fn an_operation_is_told_step_by_step_with_any_transport() {
    let (line, notebook) = (Line::new(questioning()), Notebook::default());
    let client = builder().transport(line.clone()).observer(notebook.clone()).build().unwrap();
    let mut session = client.open(jane()).unwrap();
    let Progress::Ask(_) = session.pay(&payment()).await.unwrap() else { panic!("asked nothing") };
    let profile = ["profile: begin", "profile: sent", "profile: answered", "profile: done"];
    let asked = [
        "pay: begin",
        "pay: sent",
        "pay: answered",
        "pay: sent",
        "pay: answered",
        "challenge: MFA16 MFA1",
        "pay: asked",
    ];
    assert_eq!(notebook.taken(), [&profile[..], &asked[..]].concat());
    // In another process, which has an observer of its own.
    let blob = session.pause(&keys(), &context()).unwrap();
    let other = Notebook::default();
    let paused = Client::resume(&blob, &keys(), &context()).unwrap().transport(line.clone()).observer(other.clone());
    let mut session = paused.open_risking_a_second_payment(jane()).unwrap();
    let answers = || Answers::new().with("MFA16", "Garcia").with("MFA1", "Newport");
    session.answer(answers()).await.unwrap().done().unwrap();
    assert_eq!(notebook.taken(), Vec::<String>::new());
    assert_eq!(other.taken(), ["pay: begin", "pay: sent", "pay: answered", "pay: done"]);
    // What goes wrong.
    line.fail_next(timeout());
    assert!(session.accounts().await.is_err());
    assert_eq!(other.taken(), ["accounts: begin", "accounts: sent", "accounts: no_answer", "accounts: failed"]);
    line.fail_next(timeout());
    let Progress::Unknown(_) = session.pay(&payment()).await.unwrap() else { panic!("it is known") };
    assert_eq!(other.taken(), ["pay: begin", "pay: sent", "pay: no_answer", "pay: unknown"]);
    session.settle_doubt().unwrap();
    assert!(session.cancel_payment("77", &payment().from).await.is_err());
    let told = other.taken();
    assert_eq!(told.last().map(String::as_str), Some("cancel_payment: refused"), "{told:?}");
}

/// The ids are the institution's to choose, and it knows the password.
#[tokio::test]
async fn an_id_that_is_not_of_the_specification_is_not_told() {
    let strange = ["1000001 correct horse", "MFA correct horse", "mfa16", "MFA", "MFA123456", "MFA88-204", "BRQ7"];
    let known = ["MFA16", "MFA42", "MFA12345"];
    let bank = strange.iter().chain(&known).fold(Bank::builder().user("jane", "correct horse"), |bank, id| {
        bank.question(id, Some("In which town?"), "Newport")
    });
    let page = Page::default();
    let writer = page.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
    let guard = subscriber.with_writer(move || writer.clone()).set_default();
    let (line, notebook) = (Line::new(bank), Notebook::default());
    let client = builder().transport(line).observer(notebook.clone()).build().unwrap();
    let Progress::Ask(_) = client.open(jane()).unwrap().pay(&payment()).await.unwrap() else { panic!("asked nothing") };
    drop(guard);
    let told = notebook.taken();
    let challenge = format!("challenge: {} {}", strange.map(|_| "?").join(" "), known.join(" "));
    assert!(told.contains(&challenge), "{told:?}");
    for said in [told.join("\n"), page.text()] {
        assert!(!said.contains("correct horse") && !said.contains("1000001"), "{said}");
    }
}

#[tokio::test]
async fn each_change_of_a_synchronization_is_told() {
    let (line, notebook) =
        (Line::new(Bank::builder().user("jane", "correct horse").sync_mode(SyncMode::Full)), Notebook::default());
    let client = builder().transport(line.clone()).build().unwrap().observer(notebook.clone());
    let mut session = client.open(jane()).unwrap();
    session.pay(&payment()).await.unwrap().done().unwrap();
    assert!(line.change(|bank| bank.other_client_pays("jane", &payment())).is_some());
    notebook.taken();
    let changes = session.sync_payments(&payment().from).await.unwrap().done().unwrap();
    let items = || notebook.taken().into_iter().filter(|line| line.contains(" by ")).collect::<Vec<_>>();
    let told = items();
    assert_eq!(told.len(), changes.changes.len());
    for line in ["payments: added by us", "payments: added by another_client"] {
        assert!(told.iter().any(|told| told == line), "{told:?}");
    }
    let both = vec![
        Intent::synchronize(SyncKind::Payments, Some(&payment().from)),
        Intent::synchronize(SyncKind::Payees, None),
    ];
    session.batch(both).await.unwrap().done().unwrap();
    assert!(items().contains(&"payments: added by us".to_owned()));
}

#[tokio::test]
async fn a_vault_tells_the_observer_of_the_client_it_was_made_of() {
    let (line, notebook) = (Line::new(Bank::builder().user("jane", "correct horse")), Notebook::default());
    let client = builder().transport(line).observer(notebook.clone()).build().unwrap();
    let vault = Vault::new(client, Memory::new(), keys(), context()).unwrap();
    vault.pay("order-1", &payment(), jane()).await.unwrap().done().unwrap();
    assert_eq!(notebook.taken().last().map(String::as_str), Some("pay: done"));
}

#[tokio::test]
async fn an_observer_that_panics_loses_no_payment() {
    let line = Line::new(Bank::builder().user("jane", "correct horse"));
    let called = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&called);
    let observer = move |_: &Event<'_>| {
        count.fetch_add(1, Ordering::Relaxed);
        panic!("on purpose");
    };
    let client = builder().transport(line.clone()).observer(observer).build().unwrap();
    client.open(jane()).unwrap().pay(&payment()).await.unwrap().done().unwrap();
    assert_eq!(called.load(Ordering::Relaxed), 8);
    assert_eq!(line.change(|bank| bank.payments_made()), 1);
}

#[tokio::test]
async fn a_connection_is_told_from_its_beginning_to_its_end() {
    let bank = Bank::builder().user("jane", "correct horse").start().unwrap();
    let notebook = Notebook::default();
    let seen = Arc::new(Mutex::new(None));
    let (summary, forward) = (Arc::clone(&seen), notebook.clone());
    let observer = move |event: &Event<'_>| {
        if let Event::TlsEstablished { peer: Some(peer), .. } = event {
            *summary.lock().unwrap() = Some((*peer).clone());
        }
        ofx_session::Observer::event(&forward, event);
    };
    let trusting = HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes()).unwrap().only_given_roots();
    let client = Client::builder(Institution::new(bank.url())).connection(trusting).observer(observer).build().unwrap();
    client.open(jane()).unwrap().pay(&payment()).await.unwrap().done().unwrap();
    let told = notebook.taken();
    // The connections of the profile and of the payment, which is told in the middle of its operation.
    let from = told.iter().rposition(|line| line == "pay: sent").unwrap();
    let to = told.iter().rposition(|line| line == "pay: answered").unwrap();
    let names: Vec<_> = told[from + 1..to].iter().filter_map(|line| line.split([' ', '{']).next()).collect();
    let told = told.join("\n");
    let order = ["Connected", "TlsEstablished", "RequestSent", "ResponseHead", "BodyReceived"];
    assert_eq!(names.iter().filter(|name| order.contains(name)).copied().collect::<Vec<_>>(), order, "{told}");
    assert!(told.contains("TLSv1.3") && told.contains("application/x-ofx") && told.contains("127.0.0.1"), "{told}");
    let peer = seen.lock().unwrap().clone().expect("there was a certificate");
    assert!(peer.names.iter().any(|name| name == "127.0.0.1") && peer.fingerprint.len() == 64, "{peer:?}");
    assert!(peer.not_before < peer.not_after);
}

/// Where a proxy listens that takes every connection where it is to go.
async fn proxy() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut here, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                here.read_buf(&mut head).await.unwrap();
            }
            let target = head.split(|byte| *byte == b' ').nth(1).unwrap();
            let mut there = TcpStream::connect(std::str::from_utf8(target).unwrap()).await.unwrap();
            here.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut here, &mut there).await });
        }
    });
    address
}

/// The table on [`Event`] is a promise: programs filter and count by these names.
#[test]
fn tracing_is_told_the_same_in_spans() {
    let page = Page::default();
    let writer = page.clone();
    let _both = another_listener();
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::DEBUG).with_ansi(false).without_time();
    let guard = subscriber.with_writer(move || writer.clone()).finish().set_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let through = runtime.block_on(async {
        let bank = questioning().sync_mode(SyncMode::Full).start().unwrap();
        let trusting = HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes()).unwrap().only_given_roots();
        let through = proxy().await;
        let options = trusting.clone().proxy(Proxy::http(&through));
        let mut client = Client::builder(Institution::new(bank.url())).connection(options).build().unwrap();
        client.fetch_profile().await.unwrap();
        // By name: the profile then tells the address.
        let named = bank.url().replace("127.0.0.1", "localhost");
        let client = Client::builder(Institution::new(named)).connection(trusting).build().unwrap();
        let mut session = client.open(jane()).unwrap();
        let Progress::Ask(_) = session.pay(&payment()).await.unwrap() else { panic!("asked nothing") };
        session.answer(Answers::new().with("MFA16", "Garcia").with("MFA1", "Newport")).await.unwrap().done().unwrap();
        let _ = session.sync_payments(&payment().from).await.unwrap().done().unwrap();
        drop(session);
        // A certificate that is refused: the connection ends in the middle of the exchange.
        let client =
            Client::builder(Institution::new(bank.url())).connection(HttpsOptions::new().roots(Roots::Mozilla));
        client.build().unwrap().fetch_profile().await.unwrap_err();
        // A connection may outlive what it was made for by a moment.
        for _ in 0..2_000 {
            if page.text().contains(" closed ") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        through
    });
    drop(guard);
    let text = page.text();
    let ours: Vec<_> = text.lines().filter(|line| line.contains(" ofx_session: ")).collect();
    let text = ours.join("\n");
    let through = format!(": ofx_session: proxy_connected host=\"127.0.0.1\" proxy=\"{through}\"");
    for told in [
        through.as_str(),
        ": ofx_session: resolving host=\"localhost\"",
        "DEBUG ofx_session: closed host=\"127.0.0.1\"",
        " INFO operation{operation=\"pay\"}: ofx_session: step operation=\"pay\" step=\"begin\"",
        " INFO operation{operation=\"pay\"}: ofx_session: step operation=\"pay\" step=\"asked\"",
        " INFO operation{operation=\"pay\"}: ofx_session: challenge questions=\"MFA16,MFA1\"",
        "DEBUG operation{operation=\"profile\"}:exchange{address=\"https://127.0.0.1:",
        "DEBUG operation{operation=\"profile\"}:exchange{address=\"https://localhost:",
        ": ofx_session: connected host=\"127.0.0.1\"",
        ": ofx_session: tls_established host=\"127.0.0.1\" version=\"TLSv1.3\" suite=\"TLS_",
        " subject=\"CN=loopback bank\" issuer=\"CN=testing authority of a loopback bank\" fingerprint=\"",
        ": ofx_session: request_sent host=\"127.0.0.1\" bytes=",
        ": ofx_session: response_head status=200 http_version=\"HTTP/1.1\" content_type=\"application/x-ofx\" remote=\"127.0.0.1:",
        ": ofx_session: body_received bytes=",
        " INFO operation{operation=\"synchronize_payments\"}: ofx_session: sync_item kind=\"payments\" action=\"added\" origin=\"us\"",
    ] {
        assert!(text.contains(told), "{told}\n{text}");
    }
    for closed in ours.iter().filter(|line| line.contains(" ofx_session: closed ")) {
        assert!(closed.starts_with("DEBUG ofx_session: "), "it comes in no span: {closed}");
    }
}
