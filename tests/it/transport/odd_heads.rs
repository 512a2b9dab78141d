//! Header lines that no server should write, and answers whose end is not announced: what is read of them, and what is never taken as whole.

use ofx_session::transport::{Redirects, TransportError};

use super::server::{Act, Seen, Server};
use super::{loopback, reply};
use crate::papers::Authority;
use crate::promises::{send, trusting, unknown};
use crate::wire::answer;

const WHOLE: &str = "<OFX>whole</OFX>";

/// What becomes of `body` below a head with `lines` in it.
async fn answered(lines: &str, body: &str) -> Result<String, TransportError> {
    let server = Server::plain(reply(&format!("HTTP/1.1 200 OK\r\n{lines}\r\n{body}"))).await;
    let answer = send(loopback(), &server.url()).await?;
    Ok(String::from_utf8(answer.body().to_vec()).unwrap())
}

#[tokio::test]
async fn an_odd_header_line_costs_no_answer() {
    for line in [
        "Server : IIS\r\n",
        "Content-Type : application/x-ofx\r\n",
        "X-Long: one\r\n  two\r\n",
        "X-Long: one\r\n\ttwo\r\n\tthree\r\n",
        "a line without a colon\r\n",
        "X Powered By: me\r\n",
        "X@y: me\r\n",
        ": me\r\n",
        "X: a\u{1}b\r\n",
    ] {
        for lines in [format!("{line}Content-Length: 16\r\n"), format!("Content-Length: 16\r\n{line}")] {
            assert_eq!(answered(&lines, WHOLE).await.unwrap(), WHOLE, "{lines:?}");
        }
    }
}

#[tokio::test]
async fn odd_lines_about_the_length_never_make_a_part_the_whole() {
    let chunked = "8\r\n<OFX>who\r\n8\r\nle</OFX>\r\n0\r\n\r\n";
    // Read as what they mean.
    for (lines, body) in [
        ("Content-Length : 16\r\n", WHOLE),
        ("Content-Length:\r\n 16\r\n", WHOLE),
        ("Transfer-Encoding : chunked\r\nContent-Length: 5\r\n", chunked),
        ("Content-Length : 5\r\nTransfer-Encoding: chunked\r\n", chunked),
        ("Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n", chunked),
    ] {
        assert_eq!(answered(lines, body).await.unwrap(), WHOLE, "{lines:?}");
    }
    // In doubt.
    for (lines, body) in [
        ("Content-Length: 5\r\nContent-Length: 16\r\n", WHOLE),
        ("Content-Length : 5\r\nContent-Length: 16\r\n", WHOLE),
        ("Content-Length: 5\r\nContent-Length:\r\n 16\r\n", WHOLE),
        ("Content-Length: 1\r\n 6\r\n", WHOLE),
        ("Content-Length: 16\r\n 0\r\n", WHOLE),
        ("Content-Length : 17\r\n", WHOLE),
        ("Transfer-Encoding : chunked\r\n", WHOLE),
        ("Transfer-Encoding : chunked\r\n", "8\r\n<OFX>who\r\n"),
        ("Transfer-Encoding : chunked\r\nContent-Length: 13\r\n", "8\r\n<OFX>who\r\n"),
        // A line that is left out leaves the marks of its chunks in the document.
        ("Transfer-Encoding chunked\r\n", chunked),
        ("Transfer-Encoding chunked\r\nContent-Length: 36\r\n", chunked),
        ("Transfer-Encoding: \u{1}chunked\r\n", chunked),
    ] {
        match answered(lines, body).await {
            Err(error) => {
                assert!(matches!(error, TransportError::Interrupted { .. }), "{lines:?}: {error:?}");
                unknown(error);
            }
            Ok(read) => panic!("{lines:?}: {read}"),
        }
    }
}

/// Of TLS: what becomes of an answer after which the server closes without `close_notify`.
async fn hung_up(lines: &str, body: &[u8]) -> Result<Vec<u8>, TransportError> {
    let authority = Authority::new("root");
    let bytes = [format!("HTTP/1.1 200 OK\r\n{lines}\r\n").as_bytes(), body].concat();
    let server = Server::tls(&authority.server(), move |_: &Seen| Act::ReplyAndHangUp(bytes.clone())).await;
    send(trusting(&authority), &server.url()).await.map(|answer| answer.body().to_vec())
}

#[tokio::test]
async fn an_answer_that_ends_with_its_document_needs_no_last_word_of_tls() {
    for body in [WHOLE, "<OFX>whole</ofx>\r\n \n"] {
        assert_eq!(hung_up("Connection: close\r\n", body.as_bytes()).await.unwrap(), body.as_bytes());
    }
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, WHOLE.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    assert_eq!(hung_up("Content-Encoding: gzip\r\n", &packed).await.unwrap(), WHOLE.as_bytes());
    for (lines, body) in [
        ("", &b""[..]),
        ("", b"<OFX>whole</OFX"),
        ("", b"<OFX>whole</OFX>."),
        // What is announced has to come, whatever it looks like.
        ("Content-Length: 17\r\n", WHOLE.as_bytes()),
        ("Transfer-Encoding: chunked\r\n", b"10\r\n<OFX>whole</OFX>"),
        ("Transfer-Encoding: other\r\n", WHOLE.as_bytes()),
        ("Content-Encoding: gzip\r\n", &packed[..packed.len() - 4]),
    ] {
        let error = hung_up(lines, body).await.unwrap_err();
        assert!(matches!(error, TransportError::Interrupted { .. }), "{lines:?}: {error:?}");
        unknown(error);
    }
}

#[tokio::test]
async fn a_redirect_gives_no_user_and_no_password() {
    for (user, follows) in [("", true), ("canary:other@", false), ("canary@", false), (":other@", false)] {
        let script = move |seen: &Seen| {
            if seen.head.starts_with("POST /there") {
                return Act::ReplyAndClose(answer("<OFX>there"));
            }
            let host = seen.header("host").unwrap();
            let to = format!("HTTP/1.1 307 x\r\nLocation: http://{user}{host}/there\r\nContent-Length: 0\r\n\r\n");
            Act::ReplyAndClose(to)
        };
        let server = Server::plain(script).await;
        match send(loopback().redirects(Redirects::SameHost), &server.url()).await {
            Ok(answer) => assert_eq!((follows, answer.body()), (true, &b"<OFX>there"[..]), "{user}"),
            Err(error) => {
                assert!(!follows && matches!(error, TransportError::Status { code: 307 }), "{user}: {error:?}");
                unknown(error);
            }
        }
        assert!(server.seen().iter().all(|seen| seen.header("authorization").is_none()), "{user}");
    }
    // One that is in the address already goes along where the address leaves it in place.
    let script = |seen: &Seen| match seen.head.starts_with("POST /there") {
        true => Act::ReplyAndClose(answer("<OFX>there")),
        false => Act::ReplyAndClose("HTTP/1.1 307 x\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n".to_owned()),
    };
    let server = Server::plain(script).await;
    let url = server.url().replace("http://", "http://jane:secret@");
    send(loopback().redirects(Redirects::SameHost), &url).await.unwrap();
    assert_eq!(server.seen().len(), 2);
}
