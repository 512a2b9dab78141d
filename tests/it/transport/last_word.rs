//! A server's word, by TLS 1.3, that it does not accept our certificate: when it is the last one of the handshake, and when it is not.

use std::sync::Arc;

use ofx_session::transport::TransportError;
use rustls::crypto::cipher::{OutboundChunks, OutboundPlainMessage};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    ConnectionTrafficSecrets, ContentType, ProtocolVersion, RootCertStore, ServerConfig, SupportedCipherSuite,
};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::papers::Authority;
use crate::promises::{not_sent, send, trusting, unknown};
use crate::wire::read;

/// Asks for a certificate, does not insist on one, and sends so many session tickets once the handshake is over.
pub(super) fn asking(authority: &Authority, tickets: usize) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let papers = authority.server();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_client_cert_verifier(verifier.allow_unauthenticated().build().unwrap())
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(papers.chain.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(papers.key.as_bytes()).unwrap(),
        )
        .unwrap();
    config.send_tls13_tickets = tickets;
    config.enable_secret_extraction = true;
    config
}

/// A record with a fatal alert, as the server of `connection` would send it next.
fn alert(connection: rustls::ServerConnection, description: u8) -> Vec<u8> {
    let Some(SupportedCipherSuite::Tls13(suite)) = connection.negotiated_cipher_suite() else { panic!("TLS 1.3") };
    let (number, secrets) = connection.dangerous_extract_secrets().unwrap().tx;
    let (ConnectionTrafficSecrets::Aes128Gcm { key, iv }
    | ConnectionTrafficSecrets::Aes256Gcm { key, iv }
    | ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv }) = secrets
    else {
        panic!("a cipher of TLS 1.3")
    };
    let message = OutboundPlainMessage {
        typ: ContentType::Alert,
        version: ProtocolVersion::TLSv1_2,
        payload: OutboundChunks::Single(&[2, description]),
    };
    suite.aead_alg.encrypter(key, iv).encrypt(message, number).unwrap().encode()
}

/// The failure where a server reads the whole request, says `first`, and then the alert.
async fn failure(tickets: usize, first: &[u8], description: u8) -> TransportError {
    let authority = Authority::new("root");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/ofx?canary", listener.local_addr().unwrap());
    let acceptor = TlsAcceptor::from(Arc::new(asking(&authority, tickets)));
    let answering = async {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(tcp).await.unwrap();
        read(&mut stream, 0).await.unwrap();
        stream.write_all(first).await.unwrap();
        stream.flush().await.unwrap();
        let (mut tcp, connection) = stream.into_inner();
        tcp.write_all(&alert(connection, description)).await.unwrap();
        tcp
    };
    let (result, _tcp) = tokio::join!(send(trusting(&authority), &url), answering);
    result.unwrap_err()
}

const ACCESS_DENIED: u8 = 49;
const CERTIFICATE_REQUIRED: u8 = 116;
const INTERNAL_ERROR: u8 = 80;

#[tokio::test]
async fn a_certificate_that_is_refused_as_the_first_thing_ends_the_handshake() {
    for description in [ACCESS_DENIED, CERTIFICATE_REQUIRED] {
        let error = failure(0, b"", description).await;
        assert!(matches!(error, TransportError::ClientCertificate { .. }), "{error:?}");
        not_sent(error);
    }
}

#[tokio::test]
async fn whatever_was_said_before_it_the_handshake_was_over_then() {
    // Session tickets alone, a part of an answer alone, both.
    for (tickets, first) in [(1, &b""[..]), (0, b"HTTP/1.1 2"), (2, b"HTTP/1.1 200 OK\r\n")] {
        for description in [ACCESS_DENIED, CERTIFICATE_REQUIRED] {
            let error = failure(tickets, first, description).await;
            assert!(matches!(error, TransportError::Interrupted { .. }), "{tickets} {first:?}: {error:?}");
            unknown(error);
        }
    }
}

#[tokio::test]
async fn another_alert_says_nothing_about_the_request() {
    unknown(failure(0, b"", INTERNAL_ERROR).await);
}
