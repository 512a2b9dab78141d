//! Empty answers that set a cookie: what left is sent once more with it where the settings say so, and never otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ofx_session::transport::HttpsOptions;
use ofx_session::{Dialect, Institution, Progress, Session};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::backend::Backend;
use crate::papers::Authority;
use crate::peer::nginx;
use crate::{money, trusting};

#[tokio::test]
async fn an_empty_answer_with_a_cookie_is_repeated_with_it_when_the_settings_say_so() {
    let (bank, authority) = (money::bank(), Authority::new("root"));
    let inside = format!(
        "location / {{ if ($http_cookie !~ \"id=1\") {{ add_header Set-Cookie \"id=1; Path=/\"; return 200; }}\n\
         proxy_pass {}; }}",
        bank.url().strip_suffix("/ofx").unwrap()
    );
    let Some(peer) = nginx(&authority.server(), "", &inside).start() else { return };
    for repeats in [false, true] {
        let dialect = Dialect::new().repeat_for_cookie(repeats);
        let institution = Institution::new(peer.at("ofx")).dialect(dialect).without_profile();
        let mut session = money::session(institution, trusting(&authority));
        let progress = session.pay(&money::payment()).await.unwrap();
        let done = matches!(progress, Progress::Done(_));
        assert!(done == repeats && (done || matches!(progress, Progress::Unknown(_))), "{progress:?}");
        assert_eq!((bank.payments_made(), bank.violations()), (usize::from(repeats), vec![]));
    }
}

#[tokio::test]
async fn what_left_before_a_cookie_came_is_in_doubt_whatever_becomes_of_it_then() {
    // It answers once, with nothing and a cookie, and is gone.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let answering = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        drop(listener);
        let mut seen = Vec::new();
        while !seen.windows(6).any(|window| window == b"</OFX>") {
            stream.read_buf(&mut seen).await.unwrap();
        }
        let empty = b"HTTP/1.1 200 OK\r\nSet-Cookie: id=1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        stream.write_all(empty).await.unwrap();
    };
    let institution = Institution::new(url).dialect(Dialect::new().repeat_for_cookie(true)).without_profile();
    let mut session = money::session(institution, HttpsOptions::new().allow_http_loopback());
    let what = money::payment();
    let (progress, ()) = tokio::join!(session.pay(&what), answering);
    let progress = progress.unwrap();
    assert!(matches!(progress, Progress::Unknown(_)), "{progress:?}");
    assert!(session.close().is_err(), "a doubt is not forgotten by accident");
}

/// Answers every request with nothing, and with another cookie each time if it shall.
fn empty(sets_cookies: bool) -> Backend {
    empty_with(move |number| if sets_cookies { format!("Set-Cookie: id={number}\r\n") } else { String::new() })
}

/// Answers every request with nothing, and with the header that its number calls for.
fn empty_with(header: impl Fn(usize) -> String + Send + Sync + 'static) -> Backend {
    let (number, header) = (Arc::new(AtomicUsize::new(0)), Arc::new(header));
    Backend::new(move |mut connection| {
        let (number, header) = (Arc::clone(&number), Arc::clone(&header));
        async move {
            while connection.read().await.is_some() {
                let cookie = header(number.fetch_add(1, Ordering::SeqCst));
                let answer = format!("HTTP/1.1 200 OK\r\n{cookie}Content-Length: 0\r\n\r\n");
                if connection.write(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    })
}

fn session_with(server: &Backend, repeats: bool) -> Session {
    let dialect = Dialect::new().repeat_for_cookie(repeats);
    let institution = Institution::new(server.url()).dialect(dialect).without_profile();
    money::session(institution, HttpsOptions::new().allow_http_loopback())
}

#[tokio::test]
async fn an_institution_that_answers_nothing_for_ever_is_asked_twice_at_most() {
    for (sets_cookies, repeats, times) in [(true, true, 2), (true, false, 1), (false, true, 1), (false, false, 1)] {
        let what = format!("cookies: {sets_cookies}, repeats: {repeats}");
        let server = empty(sets_cookies);
        let mut session = session_with(&server, repeats);
        let progress = session.pay(&money::payment()).await.unwrap();
        assert!(matches!(progress, Progress::Unknown(_)), "{what}: {progress:?}");
        let seen = server.seen();
        assert_eq!(seen.len(), times, "{what}");
        assert!(seen.iter().all(|one| one.body == seen[0].body), "{what}: the same file, also the second time");
        assert_eq!(seen[0].header("cookie"), None, "{what}");
        if let Some(again) = seen.get(1) {
            assert_eq!(again.header("cookie"), Some("id=0"), "{what}");
        }
        // What only reads is asked for as often, and it is for the caller to ask again.
        let server = empty(sets_cookies);
        let mut session = session_with(&server, repeats);
        session.accounts().await.unwrap_err();
        assert_eq!(server.seen().len(), times, "{what}");
    }
}

#[tokio::test]
async fn a_payment_is_not_sent_again_for_a_cookie_that_changes_nothing() {
    for line in [
        "id=; Max-Age=0",
        "id=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "id=1; Domain=bank.example",
        "id=1; Path=/elsewhere",
        "garbage",
    ] {
        let server = empty_with(move |_| format!("Set-Cookie: {line}\r\n"));
        let mut session = session_with(&server, true);
        let progress = session.pay(&money::payment()).await.unwrap();
        assert!(matches!(progress, Progress::Unknown(_)), "{line}: {progress:?}");
        assert_eq!(server.seen().len(), 1, "{line}");
    }
    // The value that was just sent: the first question is asked again because of it, and then nothing is.
    let server = empty_with(|_| "Set-Cookie: id=1\r\n".to_owned());
    let mut session = session_with(&server, true);
    session.accounts().await.unwrap_err();
    assert_eq!(server.seen().len(), 2);
    let progress = session.pay(&money::payment()).await.unwrap();
    assert!(matches!(progress, Progress::Unknown(_)), "{progress:?}");
    assert_eq!(server.seen().len(), 3);
    assert_eq!(server.seen()[2].header("cookie"), Some("id=1"));
}
