//! A raw HTTP server in a thread of its own, without TLS: what stands behind the programs, and what is hostile by itself.
//!
//! Of its own, so that its memory is not counted and its work is not stopped by what a test measures or blocks.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::wire::{Seen, answer, read};

/// One that was accepted.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    requests: usize,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Connection {
    /// The next request, which is remembered; `None` when the other side has closed.
    pub(crate) async fn read(&mut self) -> Option<Seen> {
        let seen = read(&mut self.stream, self.requests).await?;
        self.requests += 1;
        self.seen.lock().unwrap().push(seen.clone());
        Some(seen)
    }

    /// A head that announces nothing behind it, as `CONNECT` has one.
    pub(crate) async fn read_head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && self.stream.read_buf(&mut head).await.is_ok_and(|read| read > 0) {}
        String::from_utf8_lossy(&head).into_owned()
    }

    /// Fails when the other side has gone, which it may.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Keeps the connection open until the other side closes it.
    pub(crate) async fn linger(mut self) {
        let mut sink = [0; 4096];
        while self.stream.read(&mut sink).await.is_ok_and(|read| read > 0) {}
    }
}

type Handled = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The server. Dropping it stops it and closes its connections.
pub(crate) struct Backend {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Backend {
    /// Does with each connection what `handle` does.
    pub(crate) fn new<F: Future<Output = ()> + Send + 'static>(
        handle: impl Fn(Connection) -> F + Send + Sync + 'static,
    ) -> Self {
        let handle = move |connection| Box::pin(handle(connection)) as Handled;
        let (seen, connections) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = mpsc::channel();
        let (theirs, count) = (Arc::clone(&seen), Arc::clone(&connections));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                ready.send(listener.local_addr().unwrap()).unwrap();
                tokio::select! {
                    () = accept(listener, theirs, count, handle) => {}
                    _ = stopped => {}
                }
            });
        });
        let address = is_ready.recv().unwrap();
        Self { address, seen, connections, stop: Some(stop), thread: Some(thread) }
    }

    /// Answers every request on every connection with this body.
    pub(crate) fn answering(body: &'static str) -> Self {
        Self::new(move |mut connection| async move {
            while connection.read().await.is_some() {
                if connection.write(answer(body).as_bytes()).await.is_err() {
                    return;
                }
            }
        })
    }

    /// Answers every connection that nothing on it was understood.
    pub(crate) fn deaf() -> Self {
        Self::new(|mut connection| async move {
            let _ = connection.stream.read(&mut [0; 16]).await;
            let _ =
                connection.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Its address without TLS; the query must never be seen anywhere.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/ofx?canary-query", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        drop(self.stop.take());
        // What failed in there has been printed; a panic in a drop would hide it.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn accept(
    listener: TcpListener,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
    handle: impl Fn(Connection) -> Handled,
) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        connections.fetch_add(1, Ordering::SeqCst);
        stream.set_nodelay(true).unwrap();
        tokio::spawn(handle(Connection { stream, requests: 0, seen: Arc::clone(&seen) }));
    }
}
