//! Private keys of client certificates, and passwords of files of PKCS#12: shown to servers that like them and that do not, and given in
//! ways that cannot be read.

use std::sync::Arc;

use ofx_session::transport::{Https, HttpsOptions, Request, Transport as _, TransportError};
use ofx_session::{Client, Institution};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

use super::hay::Hay;
use super::{credentials, observer};
use crate::papers::{Authority, Papers};
use crate::promises::trusting;
use crate::transport::server::{Act, Seen, Server};

#[cfg(feature = "pkcs12")]
const RIGHT: &str = "cAnArY-pkcs12-24";
#[cfg(feature = "pkcs12")]
const WRONG: &str = "cAnArY-pkcs12-25";

fn der(papers: &Papers) -> Vec<u8> {
    PrivateKeyDer::from_pem_slice(papers.key.as_bytes()).unwrap().secret_der().to_vec()
}

/// What must not be said of a key: the number that it is, and each line of its PEM.
fn canaries(papers: &Papers) -> Vec<Vec<u8>> {
    let der = der(papers);
    // RFC 5915 §3: an octet string of 32 bytes.
    let at = der.windows(2).position(|two| two == [4, 32]).unwrap() + 2;
    let lines = papers.key.lines().filter(|line| !line.starts_with('-')).map(|line| line.as_bytes().to_vec());
    let canaries: Vec<_> = lines.chain([der[at..at + 32].to_vec()]).collect();
    assert!(canaries.len() >= 3 && canaries.iter().all(|canary| canary.len() >= 16), "{}", canaries.len());
    canaries
}

fn leaks(hay: &Hay, papers: &Papers) -> Vec<String> {
    canaries(papers).iter().flat_map(|canary| hay.find_bytes("a private key", canary, |_| true)).collect()
}

/// Sends with these options, and collects all that there is to say about them.
async fn sent(server: &Server, hay: &Arc<Hay>, options: Result<HttpsOptions, TransportError>) -> bool {
    let options = match options {
        Ok(options) => options,
        Err(error) => {
            hay.error(&error);
            return false;
        }
    };
    hay.debug("options", &options);
    hay.put("stored options", serde_json::to_string(&options).unwrap().as_bytes());
    let https = match Https::new(options.clone()) {
        Ok(https) => https,
        Err(error) => {
            hay.error(&error);
            return false;
        }
    };
    hay.debug("the transport", &https);
    let builder = Client::builder(Institution::new(server.url())).connection(options);
    hay.debug("the builder", &builder);
    let session = builder.build().unwrap().open(credentials()).unwrap();
    hay.debug("the session", &session);
    let watched: Arc<dyn ofx_session::Observer> = Arc::new(observer(hay));
    let request = Request::new(server.url(), b"<OFX>".to_vec()).observed_by(Some(watched));
    hay.debug("the request", &request);
    https.send(request).await.map_err(|error| hay.error(&error)).is_ok()
}

async fn wanting(authority: &Authority, clients: &Authority) -> Server {
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ofx\r\nContent-Length: 5\r\n\r\n<OFX>";
    Server::tls_for(clients, &authority.server(), move |_: &Seen| Act::ReplyAndClose(answer.to_owned())).await
}

/// `work` with everything listened to.
fn listening(hay: &Arc<Hay>, work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    hay.listening(|| runtime.block_on(work));
    for kind in ["an error", "an event", "options", "the session"] {
        assert!(hay.amount(kind) > 0, "nothing was collected of {kind}");
    }
    assert!(hay.everything().contains("rustls"), "rustls said nothing: is it listened to?");
}

#[test]
fn no_private_key_is_in_anything_that_is_said() {
    let hay = Arc::new(Hay::default());
    let (authority, clients, strangers) = (Authority::new("root"), Authority::new("clients"), Authority::new("others"));
    let (own, other) = (clients.client("jane"), strangers.client("jane"));
    let with = |chain: &str, key: &str| trusting(&authority).client_certificate_pem(chain.as_bytes(), key.as_bytes());
    listening(&hay, async {
        let server = wanting(&authority, &clients).await;
        assert!(sent(&server, &hay, with(&own.chain, &own.key)).await);
        // In the same file as a root, which is stored.
        let both = format!("{}{}", own.chain, own.key);
        assert!(!sent(&server, &hay, trusting(&authority).add_root_pem(both.as_bytes())).await);
        assert!(!sent(&server, &hay, with(&other.chain, &other.key)).await, "it is a stranger's");
        // One that belongs to another certificate; both given in the place of the other; damaged ones.
        let text = &own.key;
        assert!(!sent(&server, &hay, with(&own.chain, &other.key)).await);
        assert!(!sent(&server, &hay, with(text, &own.chain)).await);
        assert!(!sent(&server, &hay, with(text, text)).await);
        let second = text.lines().nth(2).unwrap();
        for damaged in [
            text.replace(second, &format!("{second}!")),
            text.replace(second, ""),
            text.replace("-----END", "-----ENDE"),
            // As it is after a detour through a form or a variable.
            text.replace('\n', ""),
            text.replace('\n', " "),
            text.replacen("-----\n", "", 1),
            text.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
            text.replace("PRIVATE KEY", "PRIVATE"),
            text.lines().filter(|line| !line.starts_with('-')).collect(),
            text.lines().take(3).collect::<Vec<_>>().join("\n"),
        ] {
            assert!(!sent(&server, &hay, with(&own.chain, &damaged)).await, "it is damaged");
        }
        assert_eq!(server.seen().len(), 1);
    });
    assert_eq!([leaks(&hay, &own), leaks(&hay, &other)].concat(), Vec::<String>::new());
}

#[cfg(feature = "pkcs12")]
#[test]
fn no_password_of_a_file_of_pkcs12_is_in_anything_that_is_said() {
    let hay = Arc::new(Hay::default());
    let (authority, clients) = (Authority::new("root"), Authority::new("clients"));
    let own = clients.client("jane");
    let file = pkcs12(&own);
    let with = |file: &[u8], password: &str| trusting(&authority).client_certificate_pkcs12(file, password);
    listening(&hay, async {
        let server = wanting(&authority, &clients).await;
        assert!(sent(&server, &hay, with(&file, RIGHT)).await);
        assert!(!sent(&server, &hay, with(&file, WRONG)).await);
        for at in [0, 10, file.len() / 2, file.len() - 10] {
            let mut damaged = file.clone();
            damaged[at] ^= 0x55;
            assert!(!sent(&server, &hay, with(&damaged, RIGHT)).await, "damaged at {at}");
        }
        assert!(!sent(&server, &hay, with(&file[..file.len() - 1], RIGHT)).await);
        assert!(!sent(&server, &hay, with(own.chain.as_bytes(), RIGHT)).await);
    });
    let mut found = leaks(&hay, &own);
    for canary in [RIGHT, WRONG] {
        found.extend(hay.find(canary, |_| true));
    }
    assert_eq!(found, Vec::<String>::new());
}

#[cfg(feature = "pkcs12")]
fn pkcs12(papers: &Papers) -> Vec<u8> {
    use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
    use rustls::pki_types::CertificateDer;

    [RIGHT, WRONG].iter().for_each(|password| crate::canaries::note("password of PKCS#12", password));

    let certificate = CertificateDer::from_pem_slice(papers.chain.as_bytes()).unwrap();
    let certificate = Certificate::from_der(&certificate).unwrap();
    let key = PrivateKey::from_der(&der(papers)).unwrap();
    let mut store = KeyStore::new();
    store.add_entry("jane", KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new("jane", key, [certificate])));
    store.writer(RIGHT).write().unwrap()
}

#[test]
fn a_private_key_is_found() {
    let own = Authority::new("clients").client("jane");
    for said in [
        format!("{:?}", der(&own)),
        format!("{:#?}", der(&own)),
        own.key.clone(),
        format!("at {}", own.key.lines().nth(2).unwrap()),
    ] {
        let hay = Hay::default();
        hay.put("an error", said.as_bytes());
        assert!(!leaks(&hay, &own).is_empty(), "{said}");
    }
}
