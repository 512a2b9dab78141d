//! A future that is dropped while a file waits to leave: where the transport proves that it never left, everything is as it was before,
//! the one-time token too; where it may have left, nothing is taken back.

use std::net::SocketAddr;

use ofx_session::transport::{Https, HttpsOptions, Proxy};
use ofx_session::{Client, Doubt, Institution, Progress, Session, Situation};
use tokio::net::{TcpListener, TcpStream};

use super::line::{Fate, Line, client, jane, now, pause, payment, reread};
use crate::wire::read;

const TOKEN: &str = "394817";

/// Takes connections and says nothing.
async fn silent() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A session that has a one-time token and sends its payment first.
fn session(url: String, options: HttpsOptions) -> Session {
    let client = Client::builder(Institution::new(url).without_profile()).transport(Https::new(options).unwrap());
    client.build().unwrap().open(jane().auth_token(TOKEN)).unwrap()
}

/// Gives up once a connection is there, which it gives.
async fn given_up<T: std::fmt::Debug>(listener: &TcpListener, going: impl Future<Output = T>) -> TcpStream {
    tokio::select! {
        biased;
        result = going => panic!("{result:?}"),
        accepted = listener.accept() => accepted.unwrap().0,
    }
}

fn has_token(file: &[u8]) -> bool {
    file.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes())
}

#[tokio::test]
async fn what_never_left_is_as_it_was_before_and_so_is_the_token() {
    let (listener, address) = silent().await;
    let mut session = session(format!("https://{address}/ofx"), HttpsOptions::new());
    let what = payment();
    // Nobody answers in the handshake.
    let mut connections = vec![given_up(&listener, session.pay(&what)).await];
    let trn_uid = session.trn_uid();
    for _ in 0..2 {
        assert_eq!(session.situation(), Some(Situation::Ready));
        assert!(has_token(&session.render().unwrap().unwrap()), "it was not used up");
        connections.push(given_up(&listener, session.proceed()).await);
    }
    assert_eq!(session.trn_uid(), trn_uid);
    session.close().expect("nothing is in doubt");
}

/// The profile is asked for anonymously.
#[tokio::test]
async fn a_file_without_the_token_takes_none_with_it() {
    let (listener, address) = silent().await;
    let mut session = session(format!("https://{address}/ofx"), HttpsOptions::new());
    let _connection = given_up(&listener, session.fetch_profile()).await;
    session.abandon().unwrap();
    session.prepare_payment(&payment()).await.unwrap();
    assert!(has_token(&session.render().unwrap().unwrap()), "nobody has seen it");
}

#[tokio::test]
async fn what_may_have_left_is_in_doubt_and_the_token_is_used_up() {
    let (listener, address) = silent().await;
    let mut session = session(format!("http://{address}/ofx"), HttpsOptions::new().allow_http_loopback());
    let what = payment();
    let reading = async {
        let mut stream = listener.accept().await.unwrap().0;
        let seen = read(&mut stream, 0).await.unwrap();
        (stream, seen)
    };
    let (_connection, seen) = tokio::select! {
        result = session.pay(&what) => panic!("{result:?}"),
        read = reading => read,
    };
    assert!(has_token(&seen.body));
    assert_eq!(session.situation(), Some(Situation::InDoubt(Doubt::Interrupted)));
    let reading = async {
        let mut stream = listener.accept().await.unwrap().0;
        read(&mut stream, 0).await.unwrap()
    };
    let again = tokio::select! {
        result = session.repeat_payment_in_doubt() => panic!("{result:?}"),
        seen = reading => seen,
    };
    assert!(!has_token(&again.body), "it is good for one file");
    assert!(session.close().is_err());
}

/// That the further try never left says nothing about the one before, and neither why that is in doubt.
#[tokio::test]
async fn a_doubt_is_the_same_after_a_further_try_that_never_left() {
    let line = Line::new(super::line::easy().class("D-S-F+".parse().unwrap()).build_model());
    let mut first = client(&line).open(jane()).unwrap();
    line.then([Fate::Honest, Fate::LostBefore]);
    let Ok(Progress::Unknown(doubt)) = now(first.pay(&payment())) else { panic!("no answer came") };
    assert!(matches!(doubt, Doubt::NoAnswer(_)), "{doubt:?}");
    let (listener, address) = silent().await;
    let stuck = Https::new(HttpsOptions::new().proxy(Proxy::http(address.to_string()))).unwrap();
    let paused = reread(&pause(first)).transport(stuck);
    let mut session = paused.open_risking_a_second_payment(jane()).unwrap();
    let _first = given_up(&listener, session.reconcile()).await;
    assert_eq!(session.situation(), Some(Situation::InDoubt(doubt.clone())));
    let _second = given_up(&listener, session.repeat_payment_in_doubt()).await;
    assert_eq!(session.situation(), Some(Situation::InDoubt(doubt)));
    // Nothing of it was sent, so that the saved answer is still that to the first copy.
    let paused = reread(&pause(session)).transport(line.clone());
    let mut session = paused.open_risking_a_second_payment(jane()).unwrap();
    assert!(matches!(now(session.reconcile()), Ok(Progress::Done(_))));
    line.clean(1);
}
