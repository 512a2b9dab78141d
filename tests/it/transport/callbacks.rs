//! What a program's own code does in the middle of a request: it takes its time, panics, sends something itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use ofx_session::blocking::wait;
use ofx_session::error::Delivery;
use ofx_session::transport::{
    CertificateProblem, DangerousCertificates, Event, HttpVersions, Https, Observer, Request, Transport, TransportError,
};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use super::server::Server;
use super::{loopback, reply};
use crate::papers::Authority;
use crate::promises::{BODY, not_sent, send, trusting};
use crate::wire::answer;

/// Blocks when a body is about to leave, until the other end is dropped; says when it begins and when it is over.
fn blocking() -> (Arc<dyn Observer>, mpsc::Sender<()>, mpsc::Receiver<&'static str>) {
    let (go_on, wait) = mpsc::channel::<()>();
    let (say, said) = mpsc::channel();
    let both = Mutex::new((wait, say));
    let observer = move |event: &Event<'_>| {
        if matches!(event, Event::RequestSent { .. }) {
            let both = both.lock().unwrap();
            both.1.send("blocks").unwrap();
            let _ = both.0.recv();
            let _ = both.1.send("goes on");
        }
    };
    (Arc::new(observer), go_on, said)
}

/// Takes connections and never answers; its address, and what came until a connection was over.
async fn recording() -> (String, tokio::sync::mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/ofx", listener.local_addr().unwrap());
    let (say, said) = tokio::sync::mpsc::channel(9);
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut bytes = Vec::new();
            let _ = connection.read_to_end(&mut bytes).await;
            say.send(bytes).await.unwrap();
        }
    });
    (url, said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_body_that_an_observer_held_up_does_not_leave_after_its_time() {
    let (url, mut recorded) = recording().await;
    for versions in [HttpVersions::Http1, HttpVersions::Http2] {
        let (observer, go_on, said) = blocking();
        let https = Https::new(loopback().http_versions(versions).total_timeout(Duration::from_millis(500))).unwrap();
        let request = Request::new(url.clone(), BODY.to_vec()).observed_by(Some(observer));
        let error = https.send(request).await.unwrap_err();
        assert_eq!(said.recv().unwrap(), "blocks");
        assert_eq!(error.delivery(), Delivery::NotSent, "{error:?}");
        not_sent(error);
        drop(go_on);
        assert_eq!(said.recv().unwrap(), "goes on");
        drop(https);
        let came = recorded.recv().await.unwrap();
        assert!(!came.windows(6).any(|part| part == b"canary"), "it left after it was called not sent");
    }
}

/// Nobody can look at the clock while the only thread is held up, by an observer or because the process sleeps.
#[tokio::test]
async fn a_body_whose_only_thread_was_held_up_does_not_leave_after_its_time() {
    let (url, mut recorded) = recording().await;
    for versions in [HttpVersions::Http1, HttpVersions::Http2] {
        let observer = |event: &Event<'_>| {
            if matches!(event, Event::RequestSent { .. }) {
                std::thread::sleep(Duration::from_millis(400));
            }
        };
        let time = Duration::from_millis(300);
        let https = Https::new(loopback().http_versions(versions).total_timeout(time)).unwrap();
        let error = https.send(Request::new(url.clone(), BODY.to_vec()).observed_by(Some(Arc::new(observer)))).await;
        let error = error.unwrap_err();
        assert!(matches!(error, TransportError::ConnectTimeout { .. }), "{error:?}");
        not_sent(error);
        drop(https);
        let came = recorded.recv().await.unwrap();
        assert!(!came.windows(6).any(|part| part == b"canary"), "it left after its time");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_is_dropped_while_an_observer_holds_it_up_does_not_leave() {
    let (url, mut recorded) = recording().await;
    let (observer, go_on, said) = blocking();
    let https = Https::new(loopback()).unwrap();
    let (given_up, give_up) = tokio::sync::oneshot::channel::<()>();
    let sending = https.send(Request::new(url, BODY.to_vec()).observed_by(Some(observer)));
    let watching = std::thread::spawn(move || {
        assert_eq!(said.recv().unwrap(), "blocks");
        given_up.send(()).unwrap();
        said
    });
    tokio::select! {
        answer = sending => panic!("{answer:?}"),
        _ = give_up => {}
    }
    let said = watching.join().unwrap();
    drop(go_on);
    assert_eq!(said.recv().unwrap(), "goes on");
    let came = recorded.recv().await.unwrap();
    assert!(!came.windows(6).any(|part| part == b"canary"), "it left after it was given up");
}

#[tokio::test]
#[allow(clippy::panic, reason = "on purpose")]
async fn a_check_that_panics_refuses_the_certificate() {
    let authority = Authority::new("root");
    for (papers, options, named) in [
        (authority.server(), trusting(&authority).check_certificate(|_| panic!("canary")), "check_certificate"),
        // It is asked before the verdict counts.
        (
            Authority::new("unknown").server(),
            trusting(&authority)
                .check_certificate(|_| panic!("canary"))
                .dangerous_certificates(DangerousCertificates::accept_when(|_| true)),
            "check_certificate",
        ),
        (
            Authority::new("unknown").server(),
            trusting(&authority).dangerous_certificates(DangerousCertificates::accept_when(|_| panic!("canary"))),
            "DangerousCertificates",
        ),
    ] {
        let server = Server::tls(&papers, reply(&answer("<OFX>"))).await;
        let error = send(options, &server.url()).await.unwrap_err();
        let TransportError::Certificate { problem, source: Some(source), .. } = &error else { panic!("{error:?}") };
        assert_eq!(*problem, CertificateProblem::RefusedByCheck);
        let said = format!("{source:?}");
        assert!(said.contains("panicked") && said.contains(named), "{said}");
        not_sent(error);
        assert!(server.seen().is_empty());
    }
}

#[test]
fn an_observer_may_send_something_itself() {
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // The server has one of its own: what waits on a thread of the other holds up whatever is next on that.
    let (serving, calling) = (runtime(), runtime());
    let authority = Authority::new("root");
    let server = serving.block_on(Server::tls(&authority.server(), reply(&answer("<OFX>fine"))));
    let url = format!("https://localhost:{}/ofx", server.port());
    let inner = Arc::new(Https::new(trusting(&authority)).unwrap());
    let told = Arc::new(Mutex::new(Vec::new()));
    for wanted in ["Resolving", "Connected", "TlsEstablished", "RequestSent", "ResponseHead", "BodyReceived", "Closed"]
    {
        let (told, inner, url, once) = (Arc::clone(&told), Arc::clone(&inner), url.clone(), AtomicBool::new(false));
        let (over, is_over) = mpsc::channel();
        let over = Mutex::new(over);
        let own = url.clone();
        let observer = move |event: &Event<'_>| {
            if format!("{event:?}").starts_with(wanted) && !once.swap(true, Ordering::SeqCst) {
                let sent = wait(inner.send(Request::new(own.clone(), BODY.to_vec())));
                let failed = sent.map_or_else(
                    |misuse| Some(format!("{misuse:?}")),
                    |sent| sent.err().map(|error| format!("{error:?}")),
                );
                told.lock().unwrap().push((wanted, failed));
                over.lock().unwrap().send(()).unwrap();
            }
        };
        let request = Request::new(url, BODY.to_vec()).observed_by(Some(Arc::new(observer)));
        let outer = Https::new(trusting(&authority)).unwrap();
        calling.block_on(outer.send(request)).unwrap();
        drop(outer);
        assert!(is_over.recv_timeout(Duration::from_secs(20)).is_ok(), "{wanted}");
    }
    let told = told.lock().unwrap();
    assert!(told.len() == 7 && told.iter().all(|(_, failed)| failed.is_none()), "{told:?}");
}
