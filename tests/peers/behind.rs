//! What is set about the connection, behind a proxy: it holds there as it does without one, in a whole exchange each.

use ofx_session::transport::{
    CertificateProblem, HttpVersions, Https, HttpsOptions, Proxy, Request, Transport as _, TransportError,
};

use crate::backend::Backend;
use crate::papers::{Authority, Papers};
use crate::peer::{Peer, Recipe, nginx, stunnel};
use crate::{BODY, not_sent, send, trusting};

/// Lets everybody through, and writes down from where they came.
fn tinyproxy() -> Option<Peer> {
    let configuration = "Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nLogLevel Connect\n";
    Recipe::new("tinyproxy", "-d -c {folder}/conf").file("conf", configuration).start()
}

/// Options for a server that `authority` vouches for, behind `proxy`.
fn behind(authority: &Authority, proxy: &Peer) -> HttpsOptions {
    trusting(authority).proxy(Proxy::http(proxy.address()))
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_the_institution() {
    let (authority, clients) = (Authority::new("root"), Authority::new("clients"));
    let (Some(proxy), backend) = (tinyproxy(), Backend::answering("<OFX>fine")) else { return };
    for version in ["TLSv1.2", "TLSv1.3"] {
        let wants = format!("sslVersionMax = {version}\nCAfile = {{folder}}/clients.pem\nverifyChain = yes\n");
        let recipe = stunnel(&authority.server(), backend.port(), &wants).file("clients.pem", &clients.pem);
        let Some(peer) = recipe.start() else { return };
        let papers = clients.client("jane");
        let options = || behind(&authority, &proxy);
        let showing = options().client_certificate_pem(papers.chain.as_bytes(), papers.key.as_bytes()).unwrap();
        let before = backend.seen().len();
        assert_eq!(send(showing, &peer.url()).await.unwrap().body(), b"<OFX>fine", "{version}");
        peer.logged("Certificate accepted at depth=0", 1).await;
        // Without one it is the institution that refuses, and not the proxy.
        let error = send(options(), &peer.url()).await.unwrap_err();
        assert!(matches!(error, TransportError::ClientCertificate { .. }), "{version}: {error:?}");
        not_sent(error);
        assert_eq!(backend.seen().len(), before + 1);
    }
    proxy.logged("Established connection to host \"127.0.0.1\"", 4).await;
}

#[tokio::test]
async fn a_pin_is_for_the_institution() {
    let authority = Authority::new("root");
    let (Some(proxy), backend) = (tinyproxy(), Backend::answering("<OFX>fine")) else { return };
    let papers: Papers = authority.server();
    let Some(peer) = stunnel(&papers, backend.port(), "").start() else { return };
    let pinned = |pin: &str| behind(&authority, &proxy).pin_spki(pin).unwrap();
    assert_eq!(send(pinned(&papers.pin), &peer.url()).await.unwrap().body(), b"<OFX>fine");
    let error = send(pinned(&authority.server().pin), &peer.url()).await.unwrap_err();
    assert!(matches!(error, TransportError::Certificate { problem: CertificateProblem::NotPinned, .. }), "{error:?}");
    not_sent(error);
    assert_eq!(backend.seen().len(), 1);
}

#[tokio::test]
async fn the_way_to_the_proxy_begins_at_the_local_address() {
    let authority = Authority::new("root");
    let Some(proxy) = tinyproxy() else { return };
    let Some(peer) = nginx(&authority.server(), "", "location / { return 200 \"<OFX>$remote_addr\"; }").start() else {
        return;
    };
    let options = behind(&authority, &proxy).local_address(std::net::IpAddr::from([127, 0, 0, 2]));
    assert_eq!(send(options, &peer.url()).await.unwrap().body(), b"<OFX>127.0.0.1");
    proxy.logged("127.0.0.2", 1).await;
}

#[tokio::test]
async fn http_2_is_spoken_through_it() {
    let authority = Authority::new("root");
    let Some(proxy) = tinyproxy() else { return };
    let inside = "location / { return 200 \"<OFX>$server_protocol $connection\"; }";
    let Some(peer) = nginx(&authority.server(), "http2", inside).start() else { return };
    for versions in [HttpVersions::Http2, HttpVersions::Either] {
        let https = Https::new(behind(&authority, &proxy).http_versions(versions)).unwrap();
        let mut bodies = Vec::new();
        for _ in 0..2 {
            let request = Request::new(peer.url(), BODY.to_vec()).reusing_connection();
            let answer = https.send(request).await.unwrap();
            bodies.push(String::from_utf8(answer.body().to_vec()).unwrap());
        }
        assert!(bodies[0].starts_with("<OFX>HTTP/2.0 "), "{versions:?}: {bodies:?}");
        assert_eq!(bodies[0], bodies[1], "{versions:?}: on the same connection");
    }
    proxy.logged("Established connection", 2).await;
}
