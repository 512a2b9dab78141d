//! A payment whose future is dropped at the worst moments: what is called ready has not left and never will, whatever the transport does,
//! and where that is not certain it is in doubt.

use std::future::poll_fn;
use std::io::Read as _;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use ofx_session::transport::{HttpVersions, Https, HttpsOptions, Proxy, Redirects, Request, Sending, Transport};
use ofx_session::{Client, Credentials, Dialect, Institution, Session, Situation};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::backend::Backend;
use crate::cancelled::{is_in_doubt, stopping, swallowing};
use crate::money::{self, PASSWORD, context, keys, payment};
use crate::papers::Authority;
use crate::peer::stunnel;
use crate::wire::nobody;

fn is_ready(session: &Session) -> bool {
    matches!(session.situation(), Some(Situation::Ready))
}

/// What came on each connection that has ended.
type Recorded = Arc<Mutex<Vec<Vec<u8>>>>;

/// Reads what comes on any connection, as it is, and never answers.
fn recording() -> (Backend, Recorded) {
    let all = Recorded::default();
    let kept = Arc::clone(&all);
    let backend = Backend::new(move |mut connection| {
        let all = Arc::clone(&kept);
        async move {
            let mut bytes = Vec::new();
            while connection.stream.read_buf(&mut bytes).await.is_ok_and(|read| read > 0) {}
            all.lock().unwrap().push(bytes);
        }
    });
    (backend, all)
}

/// Polls `future` up to `polls` times, lets a moment pass in which the other threads go on, and drops it.
async fn for_a_while(future: impl Future, polls: u32, moment: Duration) {
    let mut left = polls;
    let mut future = pin!(future);
    let polled = poll_fn(|context| {
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Pending if left > 0 => Poll::Pending,
            _ => Poll::Ready(()),
        }
    });
    let _ = tokio::time::timeout(Duration::from_millis(50), polled).await;
    let end = Instant::now() + moment;
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}

/// What was in these bytes, also where it was compressed.
fn plain(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    if let Some(at) = bytes.windows(2).position(|two| two == [0x1f, 0x8b]) {
        let mut inside = Vec::new();
        let _ = flate2::read::GzDecoder::new(&bytes[at..]).read_to_end(&mut inside);
        text += &String::from_utf8_lossy(&inside);
    }
    text
}

/// Gives up at many moments around the one at which the body leaves, with the connection at work on other threads.
async fn at_any_moment(options: HttpsOptions) {
    let (backend, all) = recording();
    let https = Https::new(options.allow_http_loopback()).unwrap();
    let (mut ready, mut in_doubt) = (Vec::new(), Vec::new());
    let mut moment = Duration::ZERO;
    for number in 0..200_u32 {
        let client = Client::builder(Institution::new(backend.url()).without_profile());
        let client = client.transport(https.for_another_user()).build().unwrap();
        let mut session = client.open(Credentials::new("jane", PASSWORD)).unwrap();
        let what = payment();
        for_a_while(session.pay(&what), 2 + number % 2, moment).await;
        let trn_uid = session.trn_uid().unwrap().to_string();
        if is_in_doubt(&session) {
            in_doubt.push(trn_uid);
            moment = moment * 3 / 4;
        } else {
            assert!(is_ready(&session), "{:?}", session.situation());
            ready.push(trn_uid);
            moment = (moment * 4 / 3 + Duration::from_micros(1)).min(Duration::from_millis(20));
        }
    }
    drop(https);
    let end = Instant::now() + Duration::from_secs(10);
    while all.lock().unwrap().len() < backend.connections() && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(all.lock().unwrap().len(), backend.connections(), "what is on its way cannot be told yet");
    let arrived: String = all.lock().unwrap().iter().map(|bytes| plain(bytes)).collect();
    for trn_uid in &ready {
        assert!(!arrived.contains(trn_uid), "{trn_uid} was called ready, and arrived");
    }
    let doubts = in_doubt.iter().filter(|trn_uid| arrived.contains(*trn_uid)).count();
    assert!(ready.len() >= 10 && doubts >= 10, "{} ready, {doubts} of {} arrived", ready.len(), in_doubt.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_ready_never_arrives() {
    at_any_moment(HttpsOptions::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_ready_never_arrives_by_http_2() {
    at_any_moment(HttpsOptions::new().http_versions(HttpVersions::Http2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_ready_never_arrives_compressed() {
    at_any_moment(HttpsOptions::new().compress_requests(true)).await;
}

/// Sends a request in another way once the first has certainly failed.
#[derive(Debug)]
struct Failover {
    first: Https,
    second: (Https, String),
}

impl Transport for Failover {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(async move {
            let copy = request.body().to_vec();
            match self.first.send(request).await {
                Err(error) if error.delivery() == ofx_session::error::Delivery::NotSent => {
                    self.second.0.send(Request::new(self.second.1.clone(), copy)).await
                }
                other => other,
            }
        })
    }
}

#[tokio::test]
async fn what_failed_once_and_left_in_another_way_is_in_doubt() {
    let (backend, read) = swallowing();
    let (_socket, nobody) = nobody();
    let url = format!("https://{nobody}/");
    let https = || Https::new(HttpsOptions::new().allow_http_loopback()).unwrap();
    let failover = Failover { first: https(), second: (https(), backend.url()) };
    let client = Client::builder(Institution::new(url).without_profile()).transport(failover).build().unwrap();
    let mut session = client.open(Credentials::new("jane", PASSWORD)).unwrap();
    let what = payment();
    tokio::select! {
        biased;
        result = session.pay(&what) => panic!("{result:?}"),
        () = read.notified() => {}
    }
    assert!(is_in_doubt(&session), "{:?}", session.situation());
    assert_eq!(backend.seen().len(), 1);
}

/// A proxy that connects once and is silent from then on.
fn once_to(port: u16) -> (Backend, Arc<Notify>) {
    let connections = Arc::new(AtomicUsize::new(0));
    stopping(move |mut connection, reached| {
        let first = connections.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            connection.read_head().await;
            if !first {
                reached.notify_one();
                return connection.linger().await;
            }
            let mut target = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            connection.write(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut connection.stream, &mut target).await;
        }
    })
}

/// Pays where the first file is answered with `answer`, and gives up while the second waits to leave.
async fn given_up_the_second_time(answer: &'static str, options: impl Fn(HttpsOptions) -> HttpsOptions) {
    let authority = Authority::new("root");
    let backend = Backend::new(move |mut connection| async move {
        connection.read().await;
        let _ = connection.write(answer.as_bytes()).await;
    });
    let Some(peer) = stunnel(&authority.server(), backend.port(), "").start() else { return };
    let (proxy, reached) = once_to(peer.port());
    let through = Proxy::http(format!("127.0.0.1:{}", proxy.port()));
    let dialect = Dialect::new().repeat_for_cookie(true);
    let institution = Institution::new(peer.url()).dialect(dialect).without_profile();
    let mut session = money::session(institution, options(crate::trusting(&authority).proxy(through)));
    let what = payment();
    tokio::select! {
        biased;
        result = session.pay(&what) => panic!("{result:?}"),
        () = reached.notified() => {}
    }
    assert_eq!(backend.seen().len(), 1);
    assert!(is_in_doubt(&session), "{:?}", session.situation());
}

#[tokio::test]
async fn the_second_time_for_a_cookie_the_first_has_left() {
    let answer = "HTTP/1.1 200 OK\r\nSet-Cookie: id=1; Path=/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    given_up_the_second_time(answer, |options| options).await;
}

#[tokio::test]
async fn the_second_time_elsewhere_the_first_has_left() {
    let answer = "HTTP/1.1 307 Elsewhere\r\nLocation: /new\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    given_up_the_second_time(answer, |options| options.redirects(Redirects::SameHost)).await;
}

#[tokio::test]
async fn a_session_says_what_was_stored_ahead() {
    let (silent, reached) = stopping(|connection, reached| async move {
        reached.notify_one();
        connection.linger().await;
    });
    let through = Proxy::http(format!("127.0.0.1:{}", silent.port()));
    let institution = Institution::new("https://ofx.bank.example/ofx").without_profile();
    let mut session = money::session(institution, crate::trusting(&Authority::new("root")).proxy(through));
    let stored = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&stored);
    session.keep_ahead(&keys(), &context(), move |blob| {
        *kept.lock().unwrap() = Some(blob.clone());
        Ok(())
    });
    let what = payment();
    tokio::select! {
        biased;
        result = session.pay(&what) => panic!("{result:?}"),
        () = reached.notified() => {}
    }
    let blob = stored.lock().unwrap().take().expect("it was stored before it was to leave");
    let paused = Client::resume(&blob, &keys(), &context()).unwrap();
    assert!(matches!(paused.situation(), Situation::InDoubt(_)), "{:?}", paused.situation());
    assert!(is_in_doubt(&session), "{:?}", session.situation());
    assert_eq!(session.trn_uid(), Some(paused.trn_uid()));
}
