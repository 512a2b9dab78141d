//! HTTP as nginx speaks it: compression, versions, redirects, cookies, headers, slow answers.

use std::time::Duration;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use ofx_session::Institution;
use ofx_session::transport::{
    HttpVersions, Https, HttpsOptions, KeepAlive, Redirects, Request, Transport as _, TransportError,
};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::backend::{Backend, Connection};
use crate::papers::Authority;
use crate::peer::{Peer, nginx, stunnel};
use crate::{BODY, money, not_sent, send, trusting, unknown};

/// nginx with this inside, and options that trust it.
fn started(listen: &str, inside: &str) -> Option<(Peer, HttpsOptions)> {
    let authority = Authority::new("root");
    Some((nginx(&authority.server(), listen, inside).start()?, trusting(&authority)))
}

#[tokio::test]
async fn a_bill_is_paid_by_http_2_with_compression_both_ways() {
    let (bank, authority) = (money::bank(), Authority::new("root"));
    // The institution knows no compressed requests: they are undone on the way, and its answers are compressed there.
    let unpacking = Backend::new({
        let (target, pem) = (bank.url().to_owned(), bank.ca_pem().to_owned());
        move |connection| pass_on_unpacked(connection, target.clone(), pem.clone())
    });
    let inside = format!(
        "gzip on; gzip_types application/x-ofx; gzip_min_length 1; gzip_proxied any;\n\
         location / {{ proxy_pass http://127.0.0.1:{}; }}",
        unpacking.port()
    );
    let Some(peer) = nginx(&authority.server(), "http2", &inside).start() else { return };
    let options = trusting(&authority).http_versions(HttpVersions::Either).keep_alive(KeepAlive::Always);
    let options = options.accept_compression(true).compress_requests(true);
    let mut session = money::session(Institution::new(peer.at("ofx")).ignore_profile_urls(), options);
    session.pay(&money::payment()).await.unwrap().done().unwrap();
    assert_eq!((bank.payments_made(), bank.violations()), (1, vec![]));
    let lines = peer.written("access.log", "HTTP/2.0 200 127.0.0.1 >gzip<", 2).await;
    assert_eq!(lines.len(), 2, "the profile and the payment");
    let seen = unpacking.seen();
    assert!(seen.iter().all(|one| one.header("content-encoding") == Some("gzip")), "{seen:?}");
}

async fn pass_on_unpacked(mut connection: Connection, target: String, pem: String) {
    let https = Https::new(HttpsOptions::new().add_root_pem(pem.as_bytes()).unwrap().only_given_roots()).unwrap();
    while let Some(seen) = connection.read().await {
        let mut body = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&seen.body[..]), &mut body).unwrap();
        let answer = https.send(Request::new(target.clone(), body)).await.unwrap();
        let said = crate::wire::answer(std::str::from_utf8(answer.body()).unwrap());
        if connection.write(said.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Longer than nginx compresses at least, and than one buffer.
fn long() -> String {
    format!("<OFX>{}</OFX>", "a statement of many lines\n".repeat(4_000))
}

#[tokio::test]
async fn answers_are_compressed_only_when_asked_for() {
    let authority = Authority::new("root");
    let inside = "gzip on; gzip_types application/x-ofx; gzip_min_length 1; error_page 405 =200 $uri; root files;";
    let recipe = nginx(&authority.server(), "", inside).folder("files").file("files/ofx", long());
    let Some(peer) = recipe.start() else { return };
    let plain = send(trusting(&authority), &peer.url()).await.unwrap();
    assert_eq!(plain.body(), long().as_bytes());
    let packed = send(trusting(&authority).accept_compression(true), &peer.url()).await.unwrap();
    assert_eq!(packed.body(), long().as_bytes());
    let lines = peer.written("access.log", "HTTP/1.1 200", 2).await;
    assert!(lines[0].ends_with("><") || lines[0].ends_with(">-<"), "{lines:?}");
    assert!(lines[1].ends_with(">gzip<"), "{lines:?}");
}

#[tokio::test]
async fn every_coding_is_undone_also_when_nobody_asked_for_it() {
    let authority = Authority::new("root");
    let text = long();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
    for writer in [&mut gzip as &mut dyn std::io::Write, &mut zlib, &mut bare] {
        writer.write_all(text.as_bytes()).unwrap();
    }
    let inside = "error_page 405 =200 $uri; root files;\n\
                  location /gzip { add_header Content-Encoding gzip; }\n\
                  location /zlib { add_header Content-Encoding deflate; }\n\
                  location /bare { add_header Content-Encoding Deflate; }\n\
                  location /cut { add_header Content-Encoding gzip; }\n\
                  location /other { add_header Content-Encoding br; }";
    let packed = gzip.finish().unwrap();
    let cut = packed[..packed.len() / 2].to_vec();
    let recipe = nginx(&authority.server(), "", inside).folder("files").bytes("files/gzip", packed);
    let recipe = recipe.bytes("files/zlib", zlib.finish().unwrap()).bytes("files/bare", bare.finish().unwrap());
    let Some(peer) = recipe.bytes("files/cut", cut).file("files/other", "canary").start() else { return };
    for asks in [true, false] {
        for path in ["gzip", "zlib", "bare"] {
            let options = trusting(&authority).accept_compression(asks).body_limit(text.len());
            assert_eq!(send(options, &peer.at(path)).await.unwrap().body(), text.as_bytes(), "{path}");
            // The limit is for what comes out, too.
            let options = trusting(&authority).accept_compression(asks).body_limit(text.len() - 1);
            let error = send(options, &peer.at(path)).await.unwrap_err();
            assert!(matches!(error, TransportError::TooLarge { .. }), "{path}: {error:?}");
            unknown(error);
        }
    }
    for path in ["cut", "other"] {
        let error = send(trusting(&authority).accept_compression(true), &peer.at(path)).await.unwrap_err();
        assert!(matches!(error, TransportError::Compression { .. }), "{path}: {error:?}");
        unknown(error);
    }
}

#[tokio::test]
async fn requests_are_compressed_when_asked_for() {
    let authority = Authority::new("root");
    let backend = Backend::answering("<OFX>fine");
    let inside = format!("location / {{ proxy_pass http://127.0.0.1:{}; }}", backend.port());
    let Some(peer) = nginx(&authority.server(), "", &inside).start() else { return };
    send(trusting(&authority), &peer.url()).await.unwrap();
    send(trusting(&authority).compress_requests(true), &peer.url()).await.unwrap();
    let [plain, packed] = &backend.seen()[..] else { panic!("two requests") };
    assert_eq!((plain.header("content-encoding"), &plain.body[..]), (None, BODY));
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut body = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed.body[..]), &mut body).unwrap();
    assert_eq!(body, BODY);
    assert_eq!(packed.header("content-type"), Some("application/x-ofx"));
}

#[tokio::test]
async fn versions_of_http_are_agreed_on() {
    let inside = "location / { return 200 \"<OFX>$server_protocol\"; }";
    let Some((both, trusted)) = started("http2", inside) else { return };
    let Some((old, other)) = started("", inside) else { return };
    for (peer, options, versions, expected) in [
        (&both, &trusted, HttpVersions::Http1, Some("<OFX>HTTP/1.1")),
        (&both, &trusted, HttpVersions::Http2, Some("<OFX>HTTP/2.0")),
        (&both, &trusted, HttpVersions::Either, Some("<OFX>HTTP/2.0")),
        (&old, &other, HttpVersions::Http1, Some("<OFX>HTTP/1.1")),
        (&old, &other, HttpVersions::Either, Some("<OFX>HTTP/1.1")),
        (&old, &other, HttpVersions::Http2, None),
    ] {
        let result = send(options.clone().http_versions(versions), &peer.url()).await;
        match (expected, result) {
            (Some(text), Ok(answer)) => assert_eq!(answer.body(), text.as_bytes(), "{versions:?}"),
            (None, Err(error)) => {
                assert!(matches!(error, TransportError::HttpVersion { .. }), "{error:?}");
                let text = not_sent(error);
                assert!(text.contains("version of HTTP") && text.contains("HttpsOptions::http_versions"), "{text}");
            }
            (_, other) => panic!("{versions:?}: {other:?}"),
        }
    }
    // A server that does not know of the question gets what it cannot read, and may close or answer as it likes.
    let (authority, backend) = (Authority::new("root"), Backend::deaf());
    let Some(peer) = stunnel(&authority.server(), backend.port(), "").start() else { return };
    let error = send(trusting(&authority).http_versions(HttpVersions::Http2), &peer.url()).await.unwrap_err();
    assert!(matches!(error, TransportError::Interrupted { .. }), "{error:?}");
    unknown(error);
}

#[tokio::test]
async fn redirects_are_followed_to_the_same_host_only_and_only_when_allowed() {
    let authority = Authority::new("root");
    let backend = Backend::answering("<OFX>arrived");
    let inside = format!(
        "location /there {{ proxy_pass http://127.0.0.1:{}; }}\n\
         location /301 {{ return 301 /there; }}\nlocation /302 {{ return 302 /there; }}\n\
         location /307 {{ return 307 https://127.0.0.1:{{port}}/there; }}\nlocation /308 {{ return 308 /there; }}\n\
         location /303 {{ return 303 /there; }}\n\
         location /name {{ return 307 https://localhost:{{port}}/there; }}\n\
         location /port {{ return 307 https://127.0.0.1:{{other}}/there; }}\n\
         location /plain {{ return 307 http://127.0.0.1:{{port}}/there; }}\n\
         location /round {{ return 307 /round; }}",
        backend.port()
    );
    let Some(peer) = nginx(&authority.server(), "", &inside).start() else { return };
    for code in [301, 302, 307, 308] {
        let path = peer.at(&code.to_string());
        let error = send(trusting(&authority), &path).await.unwrap_err();
        assert!(matches!(error, TransportError::Status { code: found } if found == code), "{error:?}");
        let before = backend.seen().len();
        let answer = send(trusting(&authority).redirects(Redirects::SameHost), &path).await.unwrap();
        assert_eq!(answer.body(), b"<OFX>arrived", "{code}");
        let seen = backend.seen();
        assert_eq!((seen.len(), &seen[before].body[..]), (before + 1, BODY), "{code}");
        assert!(seen[before].head.starts_with("POST /there "), "{code}: {}", seen[before].head);
    }
    let before = backend.seen().len();
    for (path, code) in [("303", 303), ("name", 307), ("port", 307), ("plain", 307), ("round", 307)] {
        let error = send(trusting(&authority).redirects(Redirects::SameHost), &peer.at(path)).await.unwrap_err();
        assert!(matches!(error, TransportError::Status { code: found } if found == code), "{path}: {error:?}");
        unknown(error);
    }
    assert_eq!(backend.seen().len(), before);
}

#[tokio::test]
async fn cookies_are_kept_unless_that_is_off() {
    let inside = "add_header Set-Cookie \"id=jar; Path=/; Secure; HttpOnly\";\nlocation / { return 200 \"<OFX>[$http_cookie]\"; }";
    let Some((peer, options)) = started("", inside) else { return };
    for (keeps, expected) in [(true, "<OFX>[id=jar]"), (false, "<OFX>[]")] {
        let https = Https::new(options.clone().cookies(keeps)).unwrap();
        let mut bodies = Vec::new();
        for _ in 0..2 {
            let answer = https.send(Request::new(peer.url(), BODY.to_vec())).await.unwrap();
            bodies.push(String::from_utf8(answer.body().to_vec()).unwrap());
        }
        assert_eq!(bodies, ["<OFX>[]", expected]);
    }
}

#[tokio::test]
async fn an_empty_answer_says_whether_a_cookie_came_with_it() {
    let inside = "location /with { add_header Set-Cookie \"id=1\"; return 200; }\nlocation / { return 200; }";
    let Some((peer, options)) = started("", inside) else { return };
    for (path, keeps, expected) in [("with", true, true), ("none", true, false), ("with", false, false)] {
        let error = send(options.clone().cookies(keeps), &peer.at(path)).await.unwrap_err();
        assert!(matches!(error, TransportError::Empty { cookie_set } if cookie_set == expected), "{path}: {error:?}");
    }
}

#[tokio::test]
async fn added_headers_arrive_by_either_version() {
    let inside =
        "location / { return 200 \"<OFX>[$http_x_gateway] [$http_x_key] [$http_user_agent] [$http_accept]\"; }";
    let Some((peer, options)) = started("http2", inside) else { return };
    let options = options.header("X-Gateway", "one").unwrap().secret_header("X-Key", "canary-key").unwrap();
    let options = options.user_agent("mine/1").accept("application/x-ofx");
    assert!(!format!("{options:?}").contains("canary"));
    for versions in [HttpVersions::Http1, HttpVersions::Http2] {
        let answer = send(options.clone().http_versions(versions), &peer.url()).await.unwrap();
        assert_eq!(answer.body(), b"<OFX>[one] [canary-key] [mine/1] [application/x-ofx]", "{versions:?}");
    }
}

#[tokio::test]
async fn a_slow_answer_is_waited_for_as_long_as_the_limits_allow() {
    let authority = Authority::new("root");
    // 2 KiB each second: the answer takes some two seconds, with a piece in each.
    let inside = "error_page 405 =200 $uri; root files; limit_rate 2k;";
    let text = format!("<OFX>{}", "x".repeat(5_000));
    let recipe = nginx(&authority.server(), "", inside).folder("files").file("files/ofx", text.clone());
    let Some(peer) = recipe.start() else { return };
    let options = || trusting(&authority).keep_alive(KeepAlive::Never);
    let patient = options().read_timeout(Duration::from_secs(20)).total_timeout(Duration::from_secs(40));
    let in_total = options().read_timeout(Duration::from_secs(20)).total_timeout(Duration::from_millis(700));
    let in_silence = options().read_timeout(Duration::from_millis(300)).total_timeout(Duration::from_secs(40));
    let url = peer.url();
    let (whole, total, silence) = tokio::join!(send(patient, &url), send(in_total, &url), send(in_silence, &url));
    assert_eq!(whole.unwrap().body(), text.as_bytes());
    for result in [total, silence] {
        let error = result.unwrap_err();
        assert!(matches!(error, TransportError::Timeout { .. }), "{error:?}");
        unknown(error);
    }
}

#[tokio::test]
async fn what_was_sent_before_a_redirect_is_never_called_unsent() {
    // It answers once, that the request is to be sent again, and is gone.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/first", listener.local_addr().unwrap());
    let answering = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        drop(listener);
        let mut seen = Vec::new();
        while !seen.ends_with(BODY) {
            stream.read_buf(&mut seen).await.unwrap();
        }
        stream
            .write_all(b"HTTP/1.1 307 x\r\nLocation: /second\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
    };
    let options = HttpsOptions::new().allow_http_loopback().redirects(Redirects::SameHost);
    let (result, ()) = tokio::join!(send(options, &url), answering);
    unknown(result.unwrap_err());
}
