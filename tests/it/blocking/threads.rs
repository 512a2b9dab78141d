//! Waiting on every kind of thread: bare ones, a runtime's own, many at once, and what ends a wait.

use std::future::poll_fn;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use ofx_session::blocking::{Client, Paused, Session, Stored, Vault, wait};
use ofx_session::testing::Bank;
use ofx_session::transport::{Https, Request, Transport as _};
use ofx_session::{Delivery, ErrorKind, HttpsOptions, Institution, Moved, Progress, Situation};

use super::{client, is_clean, payment, reread};
use crate::resume::line::{context, easy, jane, keys};

/// Longer than anything here takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn pays(bank: &Bank) {
    let mut session = client(bank).open(jane()).unwrap();
    assert!(session.pay(&payment()).unwrap().done().unwrap().date().is_some());
}

#[test]
fn thirty_two_threads_wait_at_once() {
    let bank = easy().start().unwrap();
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| pays(&bank));
        }
    });
    is_clean(&bank, 32);
}

#[tokio::test]
async fn a_runtime_of_one_thread_is_no_obstacle() {
    let bank = easy().start().unwrap();
    pays(&bank);
    tokio::task::LocalSet::new().run_until(async { pays(&bank) }).await;
    is_clean(&bank, 2);
}

/// The clock of the runtime stands still; ours does not.
#[tokio::test(start_paused = true)]
async fn a_runtime_whose_clock_stands_still_is_no_obstacle() {
    let bank = easy().start().unwrap();
    pays(&bank);
    is_clean(&bank, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_of_a_runtime_wait_as_any_thread_does() {
    let bank = std::sync::Arc::new(easy().start().unwrap());
    let on_workers = [(); 2].map(|()| {
        let bank = std::sync::Arc::clone(&bank);
        tokio::spawn(async move { pays(&bank) })
    });
    for task in on_workers {
        task.await.unwrap();
    }
    let beside = std::sync::Arc::clone(&bank);
    tokio::task::spawn_blocking(move || pays(&beside)).await.unwrap();
    let within = std::sync::Arc::clone(&bank);
    tokio::spawn(async move { tokio::task::block_in_place(|| pays(&within)) }).await.unwrap();
    // Afterwards the thread is the runtime's again: what it spawns runs there.
    assert_eq!(tokio::spawn(async { 7 }).await.unwrap(), 7);
    is_clean(&bank, 4);
}

/// A task may do so much between two waits; then tokio has every socket and channel say "not yet" until the task is polled anew.
#[test]
fn a_task_that_has_spent_its_budget_gets_its_answer() {
    let (ended, end) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
            (0..10_000).for_each(|number| sender.send(number).unwrap());
            let task = tokio::spawn(poll_fn(move |context| {
                while receiver.poll_recv(context).is_ready() {}
                assert!(!receiver.is_empty(), "the budget is spent before the channel is empty");
                let bank = easy().start().unwrap();
                pays(&bank);
                is_clean(&bank, 1);
                Poll::Ready(())
            }));
            task.await.unwrap();
        });
        ended.send(()).unwrap();
    });
    end.recv_timeout(PATIENCE).expect("it waits for ever");
}

/// Runs `work` in a runtime of one thread, and in a task on a worker of a larger one; fails where it does not come to its end.
fn in_runtimes(work: fn()) {
    let (ended, end) = mpsc::channel();
    thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async { work() });
        let workers = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        workers.block_on(async { tokio::spawn(async move { work() }).await.unwrap() });
        ended.send(()).unwrap();
    });
    end.recv_timeout(PATIENCE).expect("it waits for ever");
}

/// What undoes the compression gives others their turn, and the runtime around the call gets none before the call is over.
#[test]
fn a_compressed_answer_comes_also_where_a_runtime_is_at_work() {
    let reads = || {
        let text = b"<OFX>fine".repeat(10_000);
        let url = compresses(&text);
        let https = Https::new(HttpsOptions::new().allow_http_loopback().total_timeout(PATIENCE / 6)).unwrap();
        let response = wait(https.send(Request::new(url, b"<OFX>".to_vec()))).unwrap().unwrap();
        assert_eq!(response.body(), text);
    };
    reads();
    in_runtimes(reads);
}

/// A server that answers one request with `text` in gzip; its address.
fn compresses(text: &[u8]) -> String {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    let body = encoder.finish().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ofx", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"<OFX>") {
            let mut piece = [0; 1024];
            let count = stream.read(&mut piece).unwrap();
            seen.extend_from_slice(&piece[..count]);
        }
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    });
    url
}

/// As a store or a transport of the program's own may do.
#[test]
fn what_gives_others_their_turn_comes_to_its_end_where_a_runtime_is_at_work() {
    in_runtimes(|| {
        let turns = async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            7
        };
        assert_eq!(wait(turns).unwrap(), 7);
        wait(async { wait(tokio::task::yield_now()).unwrap() }).unwrap();
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_moved_and_dropped_anywhere() {
    let bank = easy().start().unwrap();
    let (client, other) = (client(&bank), client(&bank));
    let session = thread::spawn(move || {
        let mut session = client.open(jane()).unwrap();
        session.prepare_payment(&payment()).unwrap();
        session
    });
    let session = session.join().unwrap();
    let vault = Vault::new(other, ofx_session::store::Memory::new(), keys(), context()).unwrap();
    vault.pending().unwrap();
    let paused = reread(&session.pause(&keys(), &context()).unwrap());
    tokio::spawn(async move { drop((paused, vault)) }).await.unwrap();
    is_clean(&bank, 0);
}

#[test]
fn one_wait_may_be_inside_of_another() {
    let bank = easy().start().unwrap();
    let made = wait(async {
        pays(&bank);
        wait(async { wait(std::future::ready(7)).unwrap() }).unwrap()
    });
    assert_eq!(made.unwrap(), 7);
    is_clean(&bank, 1);
}

#[test]
fn a_panic_in_what_is_waited_for_leaves_nothing_behind() {
    let panics = || wait(poll_fn(|_| -> Poll<()> { panic!("on purpose") }));
    let panicked = thread::spawn(panics).join();
    assert!(panicked.is_err());
    let bank = easy().start().unwrap();
    pays(&bank);
    is_clean(&bank, 1);
}

/// A server that takes the file and says nothing.
#[test]
fn a_time_out_ends_the_wait_and_the_payment_is_in_doubt() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ofx", silent.local_addr().unwrap());
    let limit = Duration::from_millis(300);
    let options = HttpsOptions::new().allow_http_loopback().total_timeout(limit);
    let institution = Institution::new(url).without_profile();
    let client = Client::builder(institution).connection(options).build().unwrap();
    let mut session = client.open(jane()).unwrap();

    let began = Instant::now();
    let error = session.accounts().unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Transport, Delivery::Unknown));
    assert_eq!(error.money_may_have_moved(), Moved::No);
    assert!(began.elapsed() >= limit && began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    session.abandon().unwrap();

    let Progress::Unknown(_) = session.pay(&payment()).unwrap() else { panic!("it is known") };
    let paused = reread(&session.pause(&keys(), &context()).unwrap());
    assert!(matches!(paused.situation(), Situation::InDoubt(_)));
}

/// Futures and timers of tokio itself.
#[test]
fn any_future_can_be_waited_for() {
    let began = Instant::now();
    wait(async { tokio::time::sleep(Duration::from_millis(50)).await }).unwrap();
    assert!(began.elapsed() >= Duration::from_millis(50));
    assert!(
        wait(async { tokio::time::timeout(Duration::from_millis(10), std::future::pending::<()>()).await })
            .unwrap()
            .is_err()
    );
    let spawned = wait(async { tokio::spawn(async { thread::current().name().map(str::to_owned) }).await.unwrap() });
    assert_eq!(spawned.unwrap().as_deref(), Some("ofx-session"), "what is spawned runs in the background");
    let here = wait(async { thread::current().id() }).unwrap();
    assert_eq!(here, thread::current().id(), "what is waited for runs here");
}

/// What is spawned runs in the background, and whoever waits there would never be woken.
#[test]
fn the_thread_in_the_background_refuses_to_wait_for_itself() {
    let bank = easy().start().unwrap();
    let mut session = client(&bank).open(jane()).unwrap();
    let error = wait(async { tokio::spawn(async move { session.accounts() }).await.unwrap() }).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Misuse, Delivery::NotSent));
    assert_eq!(error.money_may_have_moved(), Moved::Unknown, "an earlier payment was not found out about");
    let elsewhere = wait(async {
        let beside = tokio::spawn(async { tokio::task::spawn_blocking(|| wait(std::future::ready(7))).await });
        beside.await.unwrap().unwrap()
    });
    assert_eq!(elsewhere.unwrap().unwrap(), 7);
}

/// Waits when its thread ends, and tells what came of it.
struct AtTheEnd(mpsc::Sender<thread::Result<Result<i32, ofx_session::Error>>>);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        // A panic in here would end the process.
        let _ = self.0.send(std::panic::catch_unwind(|| wait(std::future::ready(7))));
    }
}

thread_local! {
    static LAST: std::cell::RefCell<Option<AtTheEnd>> = const { std::cell::RefCell::new(None) };
}

/// What came last goes first: either ours, or what tokio keeps for the thread.
#[test]
fn a_thread_that_has_ended_for_tokio_is_refused() {
    for tokio_goes_first in [false, true] {
        let (sender, end) = mpsc::channel();
        let ending = thread::spawn(move || {
            if !tokio_goes_first {
                wait(std::future::ready(())).unwrap();
            }
            LAST.set(Some(AtTheEnd(sender)));
            wait(std::future::ready(())).unwrap();
        });
        ending.join().unwrap();
        let waited = end.recv_timeout(PATIENCE).unwrap().expect("it panics");
        if tokio_goes_first {
            let error = waited.unwrap_err();
            assert_eq!((error.kind(), error.delivery()), (ErrorKind::Misuse, Delivery::NotSent));
            assert_eq!(error.money_may_have_moved(), Moved::Unknown, "an earlier payment was not found out about");
        } else {
            assert_eq!(waited.unwrap(), 7);
        }
    }
}

#[test]
fn the_types_can_be_sent_and_shared_as_the_async_ones() {
    fn both<T: Send + Sync + 'static>() {}
    both::<(Client, Session, Paused, Vault, Stored)>();
    both::<(ofx_session::Client, ofx_session::Session, ofx_session::Paused, ofx_session::Vault)>();
}
