//! A scripted HTTP server on loopback, plain or TLS.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::papers::{Authority, Papers};
pub(crate) use crate::wire::Seen;
use crate::wire::read;

/// What the server does once it has read a whole request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Writes these bytes and waits for the next request on the same connection.
    Reply(String),
    /// Writes these bytes and closes.
    ReplyAndClose(String),
    /// Writes these bytes, which are no text, and closes.
    Bytes(Vec<u8>),
    /// Writes these bytes and closes without the last word of TLS, `close_notify`.
    ReplyAndHangUp(Vec<u8>),
    /// Closes without a word.
    Close,
    /// Never answers and never closes.
    Silence,
    /// Lets this much time pass on the paused clock and never answers.
    LetPass(Duration),
}

pub(crate) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) async fn plain(script: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Self {
        Self::start("http", None, script).await
    }

    pub(crate) async fn tls(papers: &Papers, script: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Self {
        Self::start("https", Some(config(papers, Arc::new(NoClientAuth))), script).await
    }

    /// One that wants to see a certificate that `clients` has signed.
    pub(crate) async fn tls_for(
        clients: &Authority,
        papers: &Papers,
        script: impl Fn(&Seen) -> Act + Send + Sync + 'static,
    ) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(clients.pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        Self::start("https", Some(config(papers, verifier)), script).await
    }

    async fn start(
        scheme: &'static str,
        tls: Option<ServerConfig>,
        script: impl Fn(&Seen) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (script, tls) = (Arc::new(script), tls.map(|config| TlsAcceptor::from(Arc::new(config))));
        let server = Self { address, scheme, seen: Arc::clone(&seen), connections: Arc::clone(&connections) };
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (tls, seen, script) = (tls.clone(), Arc::clone(&seen), Arc::clone(&script));
                tokio::spawn(async move {
                    match tls {
                        None => talk(tcp, &seen, &*script).await,
                        // A client that does not like the certificate leaves here.
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(tcp).await {
                                talk(stream, &seen, &*script).await;
                            }
                        }
                    }
                });
            }
        });
        server
    }

    /// An address on this server; its query must never be seen anywhere.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}/ofx?canary-query", self.scheme, self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    seen: &Mutex<Vec<Seen>>,
    script: &(dyn Fn(&Seen) -> Act + Sync),
) {
    for nth_on_connection in 0.. {
        let Some(request) = read(&mut stream, nth_on_connection).await else { return };
        seen.lock().unwrap().push(request.clone());
        match script(&request) {
            Act::Reply(bytes) => stream.write_all(bytes.as_bytes()).await.unwrap(),
            Act::ReplyAndClose(bytes) => {
                // The client may hang up in the middle of an answer that is too long for it.
                let _ = stream.write_all(bytes.as_bytes()).await;
                let _ = stream.shutdown().await;
                return;
            }
            Act::Bytes(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Act::ReplyAndHangUp(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.flush().await;
                return;
            }
            Act::Close => return,
            Act::Silence => std::future::pending::<()>().await,
            Act::LetPass(time) => {
                tokio::time::pause();
                tokio::time::advance(time).await;
                std::future::pending::<()>().await;
            }
        }
    }
}

fn config(papers: &Papers, clients: Arc<dyn ClientCertVerifier>) -> ServerConfig {
    let chain = vec![CertificateDer::from_pem_slice(papers.chain.as_bytes()).unwrap()];
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(papers.key.as_bytes()).unwrap())
        .unwrap()
}
