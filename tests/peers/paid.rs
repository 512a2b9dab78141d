//! A payment to hostile peers: where it may have left it is in doubt, where it has not it is ready, and either way it can be paused.

use std::time::Duration;

use ofx_session::error::{Delivery, ErrorKind};
use ofx_session::transport::{HttpVersions, HttpsOptions};
use ofx_session::{Institution, Progress, Session, Situation};

use crate::backend::Backend;
use crate::cancelled::{is_in_doubt, paused_and_back};
use crate::frames::{CONTINUATION, DATA, END_HEADERS, HEADERS, STATUS, flooding, frame, line};
use crate::hostile::{ENDLESS, MIB, OK, bomb, patient, piece, repeating};
use crate::papers::Authority;
use crate::{money, trusting};

fn session(url: &str, options: HttpsOptions) -> Session {
    money::session(Institution::new(url).without_profile(), options)
}

/// Pays where the answer is nothing that can be used: nobody knows what became of it, here or in another process.
async fn is_doubted(what: &str, server: &Backend, options: HttpsOptions) {
    let url = server.url();
    let mut session = session(&url, options);
    let progress = session.pay(&money::payment()).await.unwrap();
    assert!(matches!(progress, Progress::Unknown(_)), "{what}: {progress:?}");
    assert_eq!(server.connections(), 1, "{what}: it was sent once");
    assert!(is_in_doubt(&session), "{what}: {:?}", session.situation());
    let back = paused_and_back(session, |client| client.url() == url);
    assert!(is_in_doubt(&back), "{what}: {:?}", back.situation());
    assert!(back.close().is_err(), "{what}: a doubt is not forgotten by accident");
}

/// Pays where no connection comes about: nothing has left, and it can be tried again, here or in another process.
async fn is_ready(what: &str, server: &Backend, options: HttpsOptions) {
    let url = server.url().replace("http:", "https:");
    let mut session = session(&url, options);
    let error = session.pay(&money::payment()).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Transport, Delivery::NotSent), "{what}: {error:?}");
    assert!(server.seen().is_empty(), "{what}");
    assert!(matches!(session.situation(), Some(Situation::Ready)), "{what}: {:?}", session.situation());
    let back = paused_and_back(session, |client| client.url() == url);
    assert!(matches!(back.situation(), Some(Situation::Ready)), "{what}: {:?}", back.situation());
    back.close().expect("nothing was sent, so there is nothing to find out");
}

/// So short that what drips is not done.
fn hasty() -> HttpsOptions {
    patient().total_timeout(Duration::from_millis(500))
}

#[tokio::test]
async fn an_answer_that_does_not_end_in_time_leaves_a_doubt() {
    let pause = Duration::from_millis(20);
    let body = format!("{OK}Content-Length: 100000\r\n\r\n");
    is_doubted("body", &repeating(body, "x", 100_000, pause), hasty()).await;
    is_doubted("head", &repeating("HTTP/1.1 200 OK\r\nX: ", "x", 100_000, pause), hasty()).await;
    is_doubted("silence", &repeating("", "", 0, pause), patient().read_timeout(Duration::from_millis(300))).await;
}

#[tokio::test]
async fn an_answer_that_is_too_long_leaves_a_doubt() {
    let endless = repeating(format!("{OK}\r\n"), piece(), ENDLESS, Duration::ZERO);
    is_doubted("endless", &endless, patient()).await;
    let limit = 2 * MIB;
    let bomb = repeating(bomb(limit), "", 0, Duration::ZERO);
    is_doubted("gzip", &bomb, patient().body_limit(limit).accept_compression(true)).await;
}

#[tokio::test]
async fn a_head_that_is_too_long_leaves_a_doubt() {
    let head = format!("{OK}X: {}\r\nContent-Length: 5\r\n\r\n<OFX>", "x".repeat(MIB));
    is_doubted("one line", &repeating(head, "", 0, Duration::ZERO), patient()).await;
    let lines = "X-Header: canary\r\n".repeat(1_000);
    is_doubted("lines", &repeating(OK, lines, ENDLESS, Duration::ZERO), patient()).await;
}

#[tokio::test]
async fn by_http2_it_is_in_doubt_as_well() {
    let options = || patient().http_versions(HttpVersions::Http2);
    let endless = flooding(frame(HEADERS, END_HEADERS, 1, STATUS), frame(DATA, 0, 1, &[b'x'; 16 * 1024]));
    is_doubted("endless", &endless, options()).await;
    let heads = flooding(frame(HEADERS, 0, 1, STATUS), frame(CONTINUATION, 0, 1, &line().repeat(100)));
    is_doubted("head", &heads, options()).await;
}

#[tokio::test]
async fn a_handshake_that_does_not_end_leaves_it_ready() {
    let authority = Authority::new("root");
    let brief = Duration::from_millis(300);
    let stalled = Backend::new(|mut connection| async move {
        let _ = connection.write(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03").await;
        connection.linger().await;
    });
    is_ready("stalled", &stalled, trusting(&authority).connect_timeout(brief)).await;
    let dripping = Backend::new(|mut connection| async move {
        let mut left = connection.write(b"\x16\x03\x03\x40\x00").await;
        while left.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            left = connection.write(b"\x02").await;
        }
    });
    is_ready("dripping", &dripping, trusting(&authority).total_timeout(brief)).await;
    let silent = Backend::new(|connection| connection.linger());
    is_ready("silent", &silent, trusting(&authority).connect_timeout(brief)).await;
}
