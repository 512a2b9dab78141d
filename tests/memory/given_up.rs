//! A payment whose future is dropped while it waits: before it left, where it is taken back, and while nobody knows.

use std::net::TcpListener;
use std::pin::pin;
use std::task::{Context as TaskContext, Waker};

use ofx_session::engine::Device;
use ofx_session::transport::{Https, HttpsOptions, Request, Sending, Transport};
use ofx_session::{Client, Institution, Session, Situation, Version};

use crate::flow::{context, credentials, keys, payment};
use crate::{canary, clean};

/// Takes a request and never says what became of it.
#[derive(Debug)]
struct Hangs;

impl Transport for Hangs {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(async move {
            let _on_its_way = request;
            std::future::pending().await
        })
    }
}

fn session(url: &str, transport: impl Transport + 'static) -> Session {
    let institution = Institution::new(url).version(Version::V211).without_profile();
    let device = Device::new().mac_address(canary::DEVICE);
    let client = Client::builder(institution).app_key(canary::APP_KEY).device(device).transport(transport).build();
    client.unwrap().open(credentials()).unwrap()
}

/// Starts to pay, gives up, and keeps what is left.
fn given_up(mut session: Session) -> (Situation, Session) {
    {
        let what = payment();
        let mut paying = pin!(session.pay(&what));
        assert!(paying.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())).is_pending());
    }
    let situation = session.situation().unwrap();
    let blob = session.pause(&keys(), &context()).unwrap();
    let paused = Client::resume(&blob, &keys(), &context()).unwrap();
    assert_eq!(paused.situation(), situation);
    (situation, paused.open_risking_a_second_payment(credentials()).unwrap())
}

#[test]
fn what_is_in_doubt_leaves_nothing_behind() {
    clean("given up on its way", || {
        let (situation, session) = given_up(session("https://ofx.bank.example/ofx", Hangs));
        assert!(matches!(situation, Situation::InDoubt(_)), "{situation:?}");
        drop(session);
    });
}

#[test]
fn what_is_taken_back_leaves_nothing_behind() {
    // Takes connections, as the kernel does, and is silent.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/ofx", silent.local_addr().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    clean("given up before it left", || {
        let _inside = runtime.enter();
        let (situation, session) = given_up(session(&url, Https::new(HttpsOptions::new()).unwrap()));
        assert!(matches!(situation, Situation::Ready), "{situation:?}");
        drop(session);
    });
}
