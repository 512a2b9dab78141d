//! Cookies: what counts as set for whoever would send a payment once more because of it, and how many are kept.

use std::sync::atomic::{AtomicUsize, Ordering};

use ofx_session::transport::{Https, Request, Transport as _, TransportError};

use super::loopback;
use super::server::{Act, Seen, Server};
use crate::promises::BODY;

/// A server that answers nothing, and says one of these blocks of headers each time.
async fn saying(headers: Vec<String>) -> Server {
    let number = AtomicUsize::new(0);
    Server::plain(move |_: &Seen| {
        let headers = &headers[number.fetch_add(1, Ordering::SeqCst)];
        Act::ReplyAndClose(format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: 0\r\n\r\n"))
    })
    .await
}

fn setting(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("Set-Cookie: {line}\r\n")).collect()
}

/// Whether each of the empty answers is said to have set a cookie, and which cookies the server was sent.
async fn told(headers: Vec<String>) -> (Vec<bool>, Vec<Option<String>>) {
    let (times, server) = (headers.len(), saying(headers).await);
    let https = Https::new(loopback()).unwrap();
    let mut set = Vec::new();
    for _ in 0..times {
        let error = https.send(Request::new(server.url(), BODY.to_vec())).await.unwrap_err();
        let TransportError::Empty { cookie_set } = error else { panic!("{error:?}") };
        set.push(cookie_set);
    }
    let sent = server.seen().iter().map(|seen| seen.header("cookie").map(str::to_owned)).collect();
    (set, sent)
}

#[tokio::test]
async fn a_cookie_counts_as_set_only_where_the_next_request_says_something_else() {
    // What one answer sets, and what the next does.
    for (first, second, expected) in [
        (&["id=1"][..], &[][..], [true, false]),
        (&["id=1"], &["id=1"], [true, false]),
        (&["id=1"], &["id=1; Path=/ofx"], [true, false]),
        (&["id=1"], &["id=2"], [true, true]),
        (&["id=1"], &["other=1"], [true, true]),
        (&["id=1"], &["id=; Max-Age=0"], [true, false]),
        (&["id=1"], &["id=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], [true, false]),
        (&["one=1", "two=2", "three=3"], &["two=; Max-Age=0"], [true, false]),
        (&["one=1", "two=2", "three=3"], &["three=3", "two=2", "one=1"], [true, false]),
        (&["id=; Max-Age=0"], &["id=1; Domain=bank.example"], [false, false]),
        (&["id=1; Path=/elsewhere"], &["id=1; Path=/ofx/below"], [false, false]),
        (&["no cookie"], &["=", "", ";;"], [false, false]),
        (&["id=1; Secure; HttpOnly; Path=/"], &["id=1; Secure; HttpOnly; Path=/"], [true, false]),
    ] {
        let (set, sent) = told(vec![setting(first), setting(second)]).await;
        assert_eq!(set, expected, "{first:?}, then {second:?}: {sent:?}");
        assert_eq!(sent[0], None);
        assert_eq!(sent[1].is_some(), expected[0], "{first:?}");
    }
}

/// So many cookies that nobody has set before, each with so much behind it.
fn many(prefix: &str, count: usize, behind: &str) -> String {
    (0..count).map(|number| format!("Set-Cookie: {prefix}{number}={behind}\r\n")).collect()
}

#[tokio::test]
async fn no_more_cookies_are_kept_than_the_page_says() {
    let count = |line: &Option<String>| line.as_deref().map_or(0, |line| line.split("; ").count());
    let long = "x".repeat(3_000);
    let (_, sent) = told(vec![
        many("a", 40, "1"),
        many("b", 40, "1"),
        many("c", 40, "1"),
        // What is taken back makes room.
        format!("{}{}{}", many("c", 10, "; Max-Age=0"), many("a", 1, "again"), many("d", 15, "2")),
        many("a", 1, "once more"),
        many("e", 60, "1"),
        String::new(),
    ])
    .await;
    let counts: Vec<_> = sent.iter().map(count).collect();
    // Where it would be too much, what is older goes.
    assert_eq!(counts, [0, 40, 40, 40, 46, 46, 50], "{sent:?}");
    let last = sent[5].as_deref().unwrap();
    for (pair, is_there) in [("a0=once more", true), ("d14=2", true), ("c9=1", false), ("c10=1", true), ("b9=1", false)]
    {
        assert_eq!(last.split("; ").any(|one| one == pair), is_there, "{pair}: {last}");
    }
    // One that is replaced by a longer one is not lost for it.
    let (_, sent) = told(vec![many("a", 2, &long), many("a", 1, &"y".repeat(6_000)), String::new()]).await;
    assert_eq!(sent[2].as_deref().map(str::len), Some("a0=".len() + 6_000));
    // What is long, too, and what is long only in what is said about it; what is for elsewhere counts.
    let (set, sent) = told(vec![
        many("a", 4, &long),
        many("b", 1, &format!("1; Path=/{}", "y".repeat(9_000))),
        many("a", 1, &"z".repeat(9_000)),
        many("c", 1, "1"),
        String::new(),
    ])
    .await;
    assert_eq!(set, [true, false, false, true, false]);
    assert_eq!(sent.iter().map(count).collect::<Vec<_>>(), [0, 2, 2, 2, 3]);
    let elsewhere = (0..60).map(|number| format!("Set-Cookie: a{number}=1; Path=/elsewhere\r\n")).collect();
    assert_eq!(told(vec![elsewhere, many("b", 1, "1")]).await.0, [false, true]);
}
