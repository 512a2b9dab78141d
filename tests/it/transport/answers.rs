//! What counts as an answer, and what is said of one that does not.

use ofx_session::transport::{Response, TransportError};

use super::server::Server;
use super::{loopback, reply};
use crate::promises::{send, unknown};
use crate::wire::answer;

/// The failure of a plain request that a server meets with `text`.
async fn failure_of(text: &str) -> TransportError {
    let server = Server::plain(reply(text)).await;
    let error = send(loopback(), &server.url()).await.unwrap_err();
    assert_eq!(server.seen().len(), 1, "the request went out once");
    error
}

#[tokio::test]
async fn a_cut_answer_leaves_it_open() {
    for text in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<OFX>cut",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<OFX>\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "not http at all\r\n\r\n",
    ] {
        let error = failure_of(text).await;
        assert!(matches!(error, TransportError::Interrupted { .. }), "{text}: {error:?}");
        unknown(error);
    }
}

#[tokio::test]
async fn no_status_but_200_is_an_answer() {
    for (code, word) in [(201, "unexpected"), (400, "rejected"), (503, "failed"), (500, "failed")] {
        let error = failure_of(&format!("HTTP/1.1 {code} x\r\nContent-Length: 5\r\n\r\n<OFX>")).await;
        assert!(matches!(error, TransportError::Status { code: found } if found == code), "{error:?}");
        let text = unknown(error);
        assert!(text.contains(word) && text.contains(&code.to_string()), "{text}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::plain(reply(&answer("<OFX>"))).await;
    for code in [301, 302, 303, 307, 308] {
        let to = format!("HTTP/1.1 {code} x\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", elsewhere.url());
        let error = failure_of(&to).await;
        assert!(matches!(error, TransportError::Status { code: found } if found == code), "{error:?}");
        assert!(unknown(error).contains("redirected"));
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn an_answer_of_nothing_is_none() {
    for body in ["", " \r\n\t", "\u{feff}\n"] {
        let error = failure_of(&answer(body)).await;
        assert!(matches!(error, TransportError::Empty { .. }), "{error:?}");
        unknown(error);
    }
}

#[tokio::test]
async fn a_long_answer_is_given_up() {
    let exact = Server::plain(reply(&answer(&"x".repeat(1000)))).await;
    assert_eq!(send(loopback().body_limit(1000), &exact.url()).await.unwrap().body().len(), 1000);
    let announced = answer(&"x".repeat(1001));
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1001));
    for text in [announced, endless] {
        let server = Server::plain(reply(&text)).await;
        let error = send(loopback().body_limit(1000), &server.url()).await.unwrap_err();
        assert!(matches!(error, TransportError::TooLarge { limit: 1000 }), "{error:?}");
        assert!(unknown(error).contains("1000"));
    }
}

#[tokio::test]
async fn a_web_page_is_no_answer() {
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<body><title>Access\r\n denied</title>";
    let error = failure_of(page).await;
    assert!(matches!(&error, TransportError::Html { title: Some(title) } if title == "Access denied"), "{error:?}");
    assert!(unknown(error).contains("\"Access denied\""));
}

#[test]
fn pages_and_answers_are_told_apart() {
    let html = Some("Text/HTML; charset=utf-8");
    let pages = [
        (None, "<!DOCTYPE html><p>"),
        (None, "\u{feff}\r\n <!doctype HTML>"),
        (None, "<HTML lang=en><OFX>"),
        (Some("application/x-ofx"), "<html>"),
        (None, "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC>"),
        (html, "Request blocked"),
    ];
    for (kind, body) in pages {
        let result = Response::from_http_200(kind, body.as_bytes().to_vec());
        assert!(matches!(result, Err(TransportError::Html { title: None })), "{body}: {result:?}");
    }
    let answers = [
        (html, "OFXHEADER:100\r\n\r\n<ofx>"),
        (None, "Request blocked"),
        (Some("text/plain"), "Request blocked"),
        (None, "<?xml version=\"1.0\"?><?OFX ?><OFX><NAME><html></OFX>"),
    ];
    for (kind, body) in answers {
        assert_eq!(Response::from_http_200(kind, body.as_bytes().to_vec()).unwrap().body(), body.as_bytes());
    }
}

/// Block pages like to say what they block.
#[tokio::test]
async fn a_title_repeats_nothing_of_the_address() {
    for (title, kept) in [
        ("403 Forbidden", Some("403 Forbidden")),
        ("404: /ofx?canary-query was not found", Some("404:")),
        ("http://127.0.0.1/ofx?canary-query", None),
        ("Bad query 'canary-query'", None),
        ("Bad query CANARY-QUERY", None),
        (&format!("{} canary-query", "x".repeat(73)), None),
    ] {
        let error = failure_of(&answer(&format!("<html><title>{title}</title></html>"))).await;
        assert!(matches!(&error, TransportError::Html { title } if title.as_deref() == kept), "{title}: {error:?}");
        unknown(error);
    }
    // As it stands in the address, and as it was meant.
    let page = "<html><title>No user jane doe, no session canary+1, no Session</title></html>";
    for (query, kept) in [
        ("user=jane+doe", None),
        ("user=jane%20doe", None),
        ("a=b&session=canary+1", None),
        ("session&x", None),
        ("session=&user=", None),
        ("session=x&user=y", Some("No user jane doe, no session canary+1, no Session")),
    ] {
        let server = Server::plain(reply(&answer(page))).await;
        let url = server.url().replace("canary-query", query);
        let error = send(loopback(), &url).await.unwrap_err();
        assert!(matches!(&error, TransportError::Html { title } if title.as_deref() == kept), "{query}: {error:?}");
    }
}

/// A transport of the program's own does not say where it sent to.
#[test]
fn what_looks_like_an_address_ends_a_title() {
    for (title, kept) in [
        ("Cannot POST /ofx?session=canary now", Some("Cannot POST")),
        ("Blocked: ofx.dll?session=canary x", Some("Blocked:")),
        ("Blocked session=canary x", Some("Blocked")),
        ("Blocked %2Fofx%3Fcanary", Some("Blocked")),
        ("Blocked &#x2F;ofx&#x3F;canary", Some("Blocked")),
        ("Blocked &#47;canary", Some("Blocked")),
        ("(https://bank.example/canary)", None),
        ("Are you human? (Really?)", Some("Are you human? (Really?)")),
        (
            "Access denied / 100% blocked - Jane &amp; Co &raquo; firewall",
            Some("Access denied / 100% blocked - Jane &amp; Co &raquo; firewall"),
        ),
    ] {
        let page = format!("<html><title>{title}</title></html>");
        let result = Response::from_http_200(None, page.into_bytes());
        assert!(
            matches!(&result, Err(TransportError::Html { title }) if title.as_deref() == kept),
            "{title}: {result:?}"
        );
    }
}

#[test]
fn a_title_is_one_short_line() {
    let title = |body: String| match Response::from_http_200(None, body.into_bytes()) {
        Err(TransportError::Html { title }) => title,
        other => panic!("{other:?}"),
    };
    assert_eq!(title("<html><TITLE id=a> a\u{1b}\n\n b </TITLE>".into()).unwrap(), "a b");
    assert_eq!(title(format!("<html><title>{}", "ä".repeat(500))).unwrap(), "ä".repeat(80));
    assert_eq!(title(format!("<html><title>{}a {} b", " ".repeat(100_000), " ".repeat(1_000))).unwrap(), "a b");
    assert_eq!(title("<html><title> </title>".into()), None);
    assert_eq!(title("<html><title".into()), None);
}
