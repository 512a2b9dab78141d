//! The HTTPS around the model: listeners, TLS, and what OFX asks of HTTP. OFX 1.0.3 §1.2.1 and §2.1.

use std::io;
use std::net::TcpListener as StdListener;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{ALLOW, CONTENT_TYPE, COOKIE, HeaderValue, SET_COOKIE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode as HttpStatus};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::testing::Endpoint;
use crate::testing::desk::{Desk, Reaction, lock};

/// A listener with the one path it serves.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) listener: StdListener,
    pub(super) path: &'static str,
    pub(super) endpoint: Endpoint,
}

/// Serves `doors` until `stop` is sent or dropped. Runs in a thread of its own.
pub(super) fn run(
    doors: Vec<Door>,
    tls: Arc<ServerConfig>,
    desk: Arc<Mutex<Desk>>,
    stop: oneshot::Receiver<()>,
    ready: &std::sync::mpsc::Sender<io::Result<()>>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(ready.send(Err(error))),
    };
    runtime.block_on(async {
        for door in doors {
            match TcpListener::from_std(door.listener) {
                Ok(listener) => {
                    let tls = TlsAcceptor::from(Arc::clone(&tls));
                    tokio::spawn(accept(listener, tls, door.path, door.endpoint, Arc::clone(&desk)));
                }
                Err(error) => return drop(ready.send(Err(error))),
            }
        }
        let _ = ready.send(Ok(()));
        let _ = stop.await;
    });
}

async fn accept(
    listener: TcpListener,
    tls: TlsAcceptor,
    path: &'static str,
    endpoint: Endpoint,
    desk: Arc<Mutex<Desk>>,
) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file handles, most likely: let the other tasks give some back.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        // An answer is whole when it is written: nothing to wait for.
        let _ = stream.set_nodelay(true);
        tokio::spawn(connection(stream, tls.clone(), path, endpoint, Arc::clone(&desk)));
    }
}

/// One connection, kept alive until the client closes it, breaks TLS or HTTP, or an answer is lost.
async fn connection(
    stream: TcpStream,
    tls: TlsAcceptor,
    path: &'static str,
    endpoint: Endpoint,
    desk: Arc<Mutex<Desk>>,
) {
    let Ok(stream) = tls.accept(stream).await else { return };
    let service = service_fn(move |request| respond(request, path, endpoint, Arc::clone(&desk)));
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// An error here closes the connection without an answer.
async fn respond(
    request: Request<Incoming>,
    path: &'static str,
    endpoint: Endpoint,
    desk: Arc<Mutex<Desk>>,
) -> Result<Response<Content>, AnswerLost> {
    if request.uri().path() != path {
        return Ok(text(HttpStatus::NOT_FOUND, "there is nothing here"));
    }
    if request.method() != Method::POST {
        let mut refusal = text(HttpStatus::METHOD_NOT_ALLOWED, "OFX is sent with POST");
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return Ok(refusal);
    }
    let cookies = request.headers().get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let cookies = cookies.collect::<Vec<_>>().join("; ");
    let is_ofx = request.headers().get(CONTENT_TYPE).is_some_and(says_ofx);
    let Some(body) = read(request.into_body()).await else {
        return Ok(text(HttpStatus::PAYLOAD_TOO_LARGE, "the body is too large or was cut"));
    };
    if !is_ofx {
        let mut desk = lock(&desk);
        desk.requests.push(body);
        desk.model.violation("Content-Type is not application/x-ofx");
        return Ok(text(HttpStatus::BAD_REQUEST, "Content-Type must be application/x-ofx"));
    }
    let (reaction, cookie) = {
        let mut desk = lock(&desk);
        let reaction = desk.receive(endpoint, &body, &cookies);
        let cookie = desk.challenge_cookie(&body, &reaction).and_then(|cookie| HeaderValue::try_from(cookie).ok());
        (reaction, cookie)
    };
    let ofx = |content| {
        let mut response = ofx(content);
        cookie.into_iter().for_each(|cookie| drop(response.headers_mut().insert(SET_COOKIE, cookie)));
        response
    };
    match reaction {
        Reaction::Answer(answer) => Ok(ofx(Content::whole(answer))),
        Reaction::Part(answer, bytes) => Ok(ofx(Content::part(answer, bytes))),
        Reaction::Later(answer, time) => {
            tokio::time::sleep(time).await;
            Ok(ofx(Content::whole(answer)))
        }
        Reaction::Page => {
            let mut page = text(HttpStatus::OK, "<html><body><h1>Scheduled maintenance</h1></body></html>");
            page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            Ok(page)
        }
        Reaction::Close => Err(AnswerLost),
        Reaction::Refuse(refusal) => {
            let status = HttpStatus::from_u16(refusal.status()).unwrap_or(HttpStatus::BAD_REQUEST);
            Ok(text(status, refusal.reason()))
        }
    }
}

/// What is sent: all of it, or the beginning and then the end of the connection.
struct Content {
    rest: Bytes,
    /// What the `Content-Length` says.
    length: usize,
    state: Sending,
}

enum Sending {
    Data,
    /// Waits once, so that what was sent so far leaves the machine.
    Pause,
    Break,
}

impl Content {
    fn whole(bytes: impl Into<Bytes>) -> Self {
        let rest = bytes.into();
        Self { length: rest.len(), rest, state: Sending::Data }
    }

    fn part(bytes: Vec<u8>, sent: usize) -> Self {
        let length = bytes.len();
        let mut rest = Bytes::from(bytes);
        rest.truncate(sent);
        Self { length, rest, state: Sending::Data }
    }

    fn is_cut(&self) -> bool {
        self.rest.len() < self.length
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = AnswerLost;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerLost>>> {
        match self.state {
            Sending::Data if !self.rest.is_empty() => {
                let data = std::mem::take(&mut self.rest);
                self.length -= data.len();
                if self.is_cut() {
                    self.state = Sending::Pause;
                }
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Sending::Data if !self.is_cut() => Poll::Ready(None),
            Sending::Data | Sending::Pause => {
                self.state = Sending::Break;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Sending::Break => Poll::Ready(Some(Err(AnswerLost))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.length).unwrap_or(u64::MAX))
    }
}

fn ofx(content: Content) -> Response<Content> {
    let mut response = Response::new(content);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ofx"));
    response
}

/// The whole body. What is too large is read to its end all the same, because a client that is still writing would not see
/// the refusal.
async fn read(mut body: Incoming) -> Option<Vec<u8>> {
    let (mut whole, mut fits) = (Vec::new(), true);
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.ok()?.into_data() {
            fits = fits && whole.len() + data.len() <= LARGEST_BODY;
            if fits {
                whole.extend_from_slice(&data);
            }
        }
    }
    fits.then_some(whole)
}

/// The connection is closed in place of an answer, as a test asked for.
#[derive(Debug, thiserror::Error)]
#[error("the answer is lost on purpose")]
struct AnswerLost;

fn says_ofx(value: &HeaderValue) -> bool {
    let kind = value.to_str().ok().and_then(|text| text.split(';').next()).unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/x-ofx")
}

fn text(status: HttpStatus, reason: &str) -> Response<Content> {
    let mut response = Response::new(Content::whole(format!("{reason}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// In bytes; more than any request and less than what would make a test slow.
const LARGEST_BODY: usize = 1024 * 1024;
