//! The HTTPS around the model: listeners, TLS, and what OFX asks of HTTP. OFX 1.0.3 §1.2.1 and §2.1.

use std::io;
use std::net::TcpListener as StdListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode as HttpStatus};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::testing::record::Recorder;
use crate::testing::{BankModel, Endpoint, HttpRefusal};

/// What the server's thread and the test share.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) model: BankModel,
    pub(super) requests: Vec<Vec<u8>>,
    pub(super) answers: Vec<Vec<u8>>,
    pub(super) answers_to_lose: usize,
    recorder: Recorder,
}

impl Desk {
    pub(super) fn new(model: BankModel) -> Self {
        let recorder = Recorder::from_environment();
        Self { model, requests: Vec::new(), answers: Vec::new(), answers_to_lose: 0, recorder }
    }

    /// `Ok(None)` stands for an answer that gets lost.
    fn answer(&mut self, endpoint: Endpoint, body: &[u8]) -> Result<Option<Vec<u8>>, HttpRefusal> {
        self.requests.push(body.to_owned());
        let before = self.model.violations().len();
        let answer = self.model.answer(endpoint, body)?;
        self.recorder.write((self.model.violations().len() == before).then_some(body), &answer);
        self.answers.push(answer.clone());
        if self.answers_to_lose > 0 {
            self.answers_to_lose -= 1;
            return Ok(None);
        }
        Ok(Some(answer))
    }
}

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
) -> Result<Response<Full<Bytes>>, AnswerLost> {
    if request.uri().path() != path {
        return Ok(text(HttpStatus::NOT_FOUND, "there is nothing here"));
    }
    if request.method() != Method::POST {
        let mut refusal = text(HttpStatus::METHOD_NOT_ALLOWED, "OFX is sent with POST");
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return Ok(refusal);
    }
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
    let answer = lock(&desk).answer(endpoint, &body);
    match answer {
        Ok(Some(answer)) => {
            let mut response = Response::new(Full::new(Bytes::from(answer)));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ofx"));
            Ok(response)
        }
        Ok(None) => Err(AnswerLost),
        Err(refusal) => {
            let status = HttpStatus::from_u16(refusal.status()).unwrap_or(HttpStatus::BAD_REQUEST);
            Ok(text(status, refusal.reason()))
        }
    }
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

fn text(status: HttpStatus, reason: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(format!("{reason}\n"))));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// The desk, even after a test panicked while it held it.
pub(super) fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

/// In bytes; more than any request and less than what would make a test slow.
const LARGEST_BODY: usize = 1024 * 1024;
