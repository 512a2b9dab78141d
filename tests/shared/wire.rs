//! Requests as a server of ours reads them, an answer, and a port at which nobody answers.
#![allow(dead_code, reason = "each test binary needs a part of it")]

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::TcpSocket;

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// How many came before it on the same connection.
    pub(crate) nth_on_connection: usize,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// The next request of a connection on which so many came before; `None` when the other side has closed.
pub(crate) async fn read<S: AsyncRead + Unpin>(stream: &mut S, nth_on_connection: usize) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let body = bytes.split_off(end + 4);
    let mut seen = Seen { head: String::from_utf8(bytes).unwrap(), body, nth_on_connection };
    let length: usize = seen.header("content-length").expect("a content length").parse().unwrap();
    while seen.body.len() < length {
        if stream.read_buf(&mut seen.body).await.ok()? == 0 {
            return None;
        }
    }
    assert_eq!(seen.body.len(), length, "more came than was announced");
    Some(seen)
}

/// An answer of status 200 with a body.
pub(crate) fn answer(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/x-ofx\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A port that is bound and not listening: it stays ours, and refuses, for as long as the first is kept.
pub(crate) fn nobody() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    (socket, address)
}
