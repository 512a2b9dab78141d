//! Settings of the connection that a scripted server can judge: how they are stored, headers, redirects, cookies, events.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ofx_session::transport::{
    Addresses, DangerousCertificates, Event, Https, HttpsOptions, KeepAlive, Observer, Proxy, Redirects, Request,
    Roots, TlsVersion, Transport, TransportError,
};
use serde_json::{Value, json};

use super::server::{Act, Seen, Server};
use super::{loopback, misuse, reply};
use crate::child::in_a_child;
use crate::papers::Authority;
use crate::promises::{BODY, send, trusting};
use crate::wire::answer;

fn stored(options: &HttpsOptions) -> Value {
    serde_json::to_value(options).unwrap()
}

/// The options after they were stored and read again.
fn again(options: &HttpsOptions) -> HttpsOptions {
    let text = serde_json::to_string(options).unwrap();
    assert!(!text.contains("canary"), "{text}");
    let read: HttpsOptions = serde_json::from_str(&text).unwrap();
    assert_eq!(stored(&read), stored(options));
    // What has no names of fields in it serves as well.
    let bytes = postcard::to_allocvec(options).unwrap();
    assert_eq!(stored(&postcard::from_bytes(&bytes).unwrap()), stored(options));
    read
}

#[test]
fn options_are_stored_and_work_as_they_did() {
    let pem = Authority::new("root").pem;
    let options = HttpsOptions::new()
        .connect_timeout(Duration::from_millis(1500))
        .read_timeout(Duration::from_secs(2))
        .body_limit(1000)
        .user_agent(None)
        .header("X-Version", "7")
        .unwrap()
        .keep_alive(KeepAlive::Always)
        .addresses(Addresses::PreferIpv6)
        .connect_to("Bank.Example", ([127, 0, 0, 1], 8443).into())
        .tls_versions(&[TlsVersion::Tls13])
        .cipher_suites(&["TLS_AES_128_GCM_SHA256"])
        .unwrap()
        .add_root_pem(pem.as_bytes())
        .unwrap()
        .only_given_roots()
        .proxy(Proxy::socks5("proxy.example:1080").except(["10.0.0.0/8"]));
    let value = stored(&options);
    assert_eq!(value["connect_timeout_ms"], 1500);
    assert_eq!(value["tls"]["versions"], json!(["1.3"]));
    assert_eq!(value["network"]["connect_to"], json!([["bank.example", "127.0.0.1:8443"]]));
    assert_eq!(value["proxy"]["kind"], "socks5");
    Https::new(again(&options)).unwrap();
    // A file names what differs and nothing else; what it says wrongly is found.
    let few: HttpsOptions = serde_json::from_value(json!({"tls": {"roots": "mozilla"}, "read_timeout_ms": 5})).unwrap();
    assert_eq!(stored(&few), stored(&HttpsOptions::new().roots(Roots::Mozilla).read_timeout(Duration::from_millis(5))));
    let wrong = serde_json::from_value::<HttpsOptions>(json!({"tls": {"verify": false}}));
    assert!(wrong.unwrap_err().to_string().contains("verify"));
    let bad: HttpsOptions =
        serde_json::from_value(json!({"tls": {"cipher_suites": ["TLS_RSA_WITH_RC4_128_MD5"]}})).unwrap();
    let text = misuse(Https::new(bad).unwrap_err());
    assert!(text.contains("cipher suite") && text.contains("\"TLS_RSA_WITH_RC4_128_MD5\""), "{text}");
}

#[test]
fn what_is_secret_is_not_stored_and_is_missed() {
    let key = rcgen::KeyPair::generate().unwrap();
    let own = rcgen::CertificateParams::new(vec!["app.example".to_owned()]).unwrap().self_signed(&key).unwrap();
    let new = HttpsOptions::new;
    for (options, named) in [
        (new().proxy(Proxy::http("proxy.example:1").login("app", "canary")), "HttpsOptions::proxy_password"),
        (new().secret_header("X-Key", "canary").unwrap(), "secret_header): \"X-Key\""),
        (
            new().client_certificate_pem(own.pem().as_bytes(), key.serialize_pem().as_bytes()).unwrap(),
            "client_certificate_pem",
        ),
        (new().check_certificate(|_| Ok(())), "check_certificate"),
        (new().dangerous_certificates(DangerousCertificates::accept_when(|_| false)), "dangerous_certificates"),
    ] {
        assert!(!format!("{options:?}").contains("canary"), "{options:?}");
        Https::new(options.clone()).unwrap();
        let text = misuse(Https::new(again(&options)).unwrap_err());
        assert!(text.contains("stored without") && text.contains(named), "{text}");
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let new = HttpsOptions::new;
    let refused = |options: HttpsOptions, part: &str| {
        let text = misuse(Https::new(options).unwrap_err());
        assert!(text.contains(part), "{text}");
    };
    refused(new().read_timeout(Duration::ZERO), "zero");
    refused(new().tls_versions(&[]), "no version of TLS");
    for (version, suite) in
        [(TlsVersion::Tls12, "TLS_AES_128_GCM_SHA256"), (TlsVersion::Tls13, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")]
    {
        let options = new().cipher_suites(&[suite]).unwrap().tls_versions(&[version]);
        refused(options, "none of the cipher suites given belongs to a version");
    }
    for address in
        ["proxy.example", "", "http://proxy.example:1", "user:canary@proxy.example:1", "proxy.example:1/path"]
    {
        refused(new().proxy(Proxy::http(address)), "host and a port");
    }
    refused(new().proxy(Proxy::socks4("proxy.example:1").login("app", "canary")), "version 4");
    refused(new().proxy(Proxy::none().login("app", "canary")), "no proxy");
    refused(new().proxy_password("canary"), "no proxy");
    refused(new().proxy(Proxy::from_environment()).proxy_password("canary"), "HTTPS_PROXY");
    refused(new().proxy(Proxy::http("proxy.example:1")).proxy_password("canary"), "a user and a password");
    let (four, six) = ([127, 0, 0, 1].into(), IpAddr::V6(Ipv6Addr::LOCALHOST));
    for (local, which) in [(four, Addresses::OnlyIpv6), (six, Addresses::OnlyIpv4)] {
        refused(new().local_address(local).addresses(which), "local address");
    }
    for (local, which) in [(four, Addresses::OnlyIpv4), (six, Addresses::OnlyIpv6), (four, Addresses::PreferIpv6)] {
        Https::new(new().local_address(local).addresses(which)).unwrap();
    }
    refused(new().proxy(Proxy::socks4("proxy.example:1")).addresses(Addresses::OnlyIpv6), "IPv4 only");
    Https::new(new().proxy(Proxy::socks4a("proxy.example:1")).addresses(Addresses::OnlyIpv6)).unwrap();
    for (name, value) in
        [("Host", "x"), ("user-agent", "x"), ("Content-Length", "1"), ("cookie", "x=y"), ("a b", "x"), ("X", "a\nb")]
    {
        let text = misuse(new().header(name, value).unwrap_err());
        assert!(text.contains("added header"), "{text}");
        assert!(name == "a b" || text.ends_with(&format!(": {}", name.to_lowercase())), "{text}");
    }
    let pinned = || new().pin_spki("x4QzPSC810K5/cMjb05Qm4k3Bw5zBn4lTdO/nEW/Td4=").unwrap();
    for pin in ["", "AAAA", "not base64"] {
        let text = misuse(pinned().pin_spki(pin).unwrap_err());
        assert!(text.contains("pinned") && text.ends_with("number 2 is not"), "{text}");
    }
    let text = misuse(new().add_root_pem(b"/etc/ssl/root.pem").unwrap_err());
    assert!(text.contains("no certificate") && text.contains("not a path"), "{text}");
    let locked = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let chain = Authority::new("root").pem;
    let text = misuse(new().client_certificate_pem(chain.as_bytes(), locked).unwrap_err());
    assert!(text.contains("without a password") && text.contains("openssl pkey"), "{text}");
    let text = misuse(new().key_exchange_groups(&["X25519", "rsa"]).unwrap_err());
    assert!(text.contains("X25519") && text.ends_with("\"rsa\""), "{text}");
    assert!(misuse(new().add_crl_pem(b"nothing").unwrap_err()).contains("revoked"));
    // In PEM, and nothing else about it is right.
    let garbled = b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";
    refused(new().roots(Roots::Mozilla).add_crl_pem(garbled).unwrap(), "add_crl_pem");
    for short in [Duration::ZERO, Duration::from_millis(999)] {
        refused(new().tcp_keep_alive(short), "tcp_keep_alive");
    }
    refused(new().tcp_keep_alive(Duration::from_secs(32_768)), "tcp_keep_alive");
    Https::new(new().tcp_keep_alive(Duration::from_secs(1))).unwrap();
    for (tls, words) in [
        (json!({"roots": "mozilla", "crl_pem": ["nothing"]}), "revoked"),
        (json!({"roots": "given", "root_pem": ["nothing"]}), "no certificate"),
    ] {
        refused(serde_json::from_value(json!({"tls": tls})).unwrap(), words);
    }
    for address in ["127.0.0.1", "::1", "[::1]"] {
        refused(new().connect_to(address, ([127, 0, 0, 1], 9).into()), "connect_to");
        let here = new().connect_to(address, ([127, 0, 0, 1], 9).into()).proxy(Proxy::socks5("proxy.example:1"));
        Https::new(here).unwrap();
    }
}

#[test]
fn a_login_in_the_address_of_a_proxy_is_refused_and_not_kept() {
    let with = |address: &str| {
        let stored = json!({"proxy": {"kind": "http", "address": address}});
        [HttpsOptions::new().proxy(Proxy::http(address)), serde_json::from_value(stored).unwrap()]
    };
    for address in
        ["jane:canary@proxy.example:1", "canary@proxy.example:1", "jane:can@canary@proxy.example:1", "@proxy.example:1"]
    {
        for options in with(address) {
            let shown = format!("{options:?}{}", stored(&options));
            assert!(!shown.contains("canary") && shown.contains("proxy.example:1"), "{shown}");
            assert!(misuse(Https::new(options).unwrap_err()).contains("Proxy::login"), "{address}");
        }
    }
    with("proxy.example:1").into_iter().for_each(|options| drop(Https::new(options).unwrap()));
}

/// The port of the address counts only where the URL names none.
#[tokio::test]
async fn a_host_is_called_elsewhere_at_the_port_of_its_url() {
    let authority = Authority::new("root");
    let server = Server::tls(&authority.server_named(&["ofx.bank.example"]), reply(&answer("<OFX>fine"))).await;
    let options = trusting(&authority).connect_to("ofx.bank.example", ([127, 0, 0, 1], 9).into());
    let url = format!("https://ofx.bank.example:{}/", server.port());
    assert_eq!(send(options, &url).await.unwrap().body(), b"<OFX>fine");
    assert_eq!(server.seen()[0].header("host"), Some(format!("ofx.bank.example:{}", server.port()).as_str()));
}

#[tokio::test]
async fn what_authorizes_is_sent_as_a_secret_and_not_otherwise() {
    let text = misuse(HttpsOptions::new().header("authorization", "Bearer canary").unwrap_err());
    assert!(text.contains("secret_header"), "{text}");
    let from_file = json!({"http": {"headers": [["Authorization", "Bearer canary"]]}});
    let text = misuse(Https::new(serde_json::from_value(from_file).unwrap()).unwrap_err());
    assert!(text.contains("secret_header"), "{text}");
    for name in ["Proxy-Authorization", "Cookie"] {
        assert!(misuse(HttpsOptions::new().secret_header(name, "canary").unwrap_err()).contains("by itself"), "{name}");
    }
    let server = Server::plain(reply(&answer("<OFX>"))).await;
    let options = loopback().secret_header("Authorization", "Bearer canary").unwrap();
    assert!(!format!("{options:?}{}", stored(&options)).contains("canary"), "{options:?}");
    send(options, &server.url()).await.unwrap();
    assert_eq!(server.seen()[0].header("authorization"), Some("Bearer canary"));
}

#[tokio::test]
async fn an_address_of_the_other_family_is_not_called() {
    let server = Server::plain(reply(&answer("<OFX>"))).await;
    let here = server.url().replace("127.0.0.1", "localhost");
    let tls = ("https://127.0.0.1:9/", "https://[::1]:9/");
    for (which, four, six) in
        [(Addresses::PreferIpv6, true, true), (Addresses::OnlyIpv4, true, false), (Addresses::OnlyIpv6, false, true)]
    {
        let options = || loopback().addresses(which);
        let https = Https::new(options()).unwrap();
        for (url, expected) in [(tls.0, four), (tls.1, six), ("http://127.0.0.1:9/", four), ("http://[::1]:9/", six)] {
            let allowed = https.allows(url);
            assert_eq!(allowed.is_ok(), expected, "{which:?} {url}: {allowed:?}");
        }
        https.allows("https://bank.example/").unwrap();
        assert_eq!(send(options(), &here).await.is_ok(), four, "{which:?}");
        // Behind a proxy it is the proxy that connects.
        Https::new(options().proxy(Proxy::http("proxy.example:1"))).unwrap().allows(tls.0).unwrap();
    }
    let error = send(loopback().addresses(Addresses::OnlyIpv6), &server.url()).await.unwrap_err();
    assert!(matches!(error, TransportError::BadUrl { .. }), "{error:?}");
    assert!(misuse(error).contains("HttpsOptions::addresses"));
}

#[tokio::test]
async fn headers_are_added_behind_our_own() {
    let server = Server::plain(reply(&answer("<OFX>"))).await;
    let options = loopback().header("X-Tenant", "old").unwrap().header("x-tenant", "new").unwrap();
    send(options.secret_header("X-Key", "1234").unwrap().accept_compression(true), &server.url()).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!((seen.header("x-tenant"), seen.header("x-key")), (Some("new"), Some("1234")));
    assert_eq!(seen.header("accept-encoding"), Some("gzip, deflate"));
    assert_eq!(seen.head.matches("enant").count(), 1);
}

#[tokio::test]
async fn a_redirect_is_followed_on_the_same_host_when_asked_for() {
    let elsewhere =
        |to: &str, code: u16| format!("HTTP/1.1 {code} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    for code in [301, 302, 307, 308] {
        let server = Server::plain(move |seen: &Seen| {
            let first = seen.head.starts_with("POST /ofx?");
            Act::ReplyAndClose(if first { elsewhere("/new", code) } else { answer("<OFX>there") })
        })
        .await;
        let options = loopback().redirects(Redirects::SameHost);
        assert_eq!(send(options, &server.url()).await.unwrap().body(), b"<OFX>there");
        let seen = server.seen();
        assert!(seen[1].head.starts_with("POST /new ") && seen[1].body == BODY, "{code}");
    }
    for (to, code) in [("/new", 303), ("http://127.0.0.2/new", 307), ("https://127.0.0.1/new", 307), ("", 200)] {
        let text = if code == 200 { answer("<OFX>") } else { elsewhere(to, code) };
        let server = Server::plain(reply(&text)).await;
        let result = send(loopback().redirects(Redirects::SameHost), &server.url()).await;
        assert_eq!(result.is_ok(), code == 200, "{to} {code}");
        assert_eq!(server.seen().len(), 1);
    }
    let server = Server::plain(reply(&elsewhere("/again", 308))).await;
    let error = send(loopback().redirects(Redirects::SameHost), &server.url()).await.unwrap_err();
    assert!(matches!(error, TransportError::Status { code: 308 }), "{error:?}");
    assert_eq!(server.seen().len(), 4, "three times, then no more");
}

#[tokio::test]
async fn an_empty_answer_tells_whether_it_sets_a_cookie() {
    let with = "HTTP/1.1 200 OK\r\nSet-Cookie: id=1\r\nContent-Length: 0\r\n\r\n";
    let without = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    for (text, options, expected) in
        [(with, loopback(), true), (without, loopback(), false), (with, loopback().cookies(false), false)]
    {
        let server = Server::plain(reply(text)).await;
        let error = send(options, &server.url()).await.unwrap_err();
        assert!(matches!(error, TransportError::Empty { cookie_set } if cookie_set == expected), "{error:?}");
    }
}

#[tokio::test]
async fn connections_are_used_again_as_the_setting_says() {
    let authority = Authority::new("root");
    let keep = |seen: &Seen| Act::Reply(answer(&format!("<OFX>{}", seen.nth_on_connection)));
    for (setting, reads, counts) in [(KeepAlive::Never, 2, 2), (KeepAlive::Reads, 1, 2), (KeepAlive::Always, 1, 1)] {
        for (may_reuse, connections) in [(true, reads), (false, counts)] {
            let server = Server::tls(&authority.server(), keep).await;
            let https = Https::new(trusting(&authority).keep_alive(setting)).unwrap();
            for _ in 0..2 {
                let request = Request::new(server.url(), BODY.to_vec());
                https.send(if may_reuse { request.reusing_connection() } else { request }).await.unwrap();
            }
            assert_eq!(server.connections(), connections, "{setting:?}, reads: {may_reuse}");
        }
    }
}

#[tokio::test]
async fn times_without_end_are_none_that_fail() {
    // A panic in a task of the HTTP stack is seen nowhere else.
    if !in_a_child("transport::settings::times_without_end_are_none_that_fail", &[]) {
        return;
    }
    static PANICKED: AtomicBool = AtomicBool::new(false);
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICKED.store(true, Ordering::SeqCst);
        usual(info);
    }));
    for limit in [Duration::MAX, Duration::from_secs(u64::MAX / 2), Duration::from_millis(u64::MAX)] {
        let server = Server::plain(|_: &Seen| Act::Reply(answer("<OFX>"))).await;
        let options = loopback().keep_alive(KeepAlive::Always).idle_timeout(limit).connect_timeout(limit);
        let https = Https::new(options.read_timeout(limit).total_timeout(limit)).unwrap();
        for _ in 0..2 {
            https.send(Request::new(server.url(), BODY.to_vec())).await.unwrap();
            tokio::task::yield_now().await;
        }
        assert_eq!(server.connections(), 1, "{limit:?}");
        assert!(!PANICKED.load(Ordering::SeqCst), "{limit:?}");
    }
}

#[tokio::test]
async fn an_observer_is_told_of_each_step_of_the_connection() {
    let authority = Authority::new("root");
    let server = Server::tls(&authority.server(), reply(&answer("<OFX>fine"))).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&seen);
    let observer: Arc<dyn Observer> =
        Arc::new(move |event: &Event<'_>| list.lock().unwrap().push(format!("{event:?}")));
    let https = Https::new(trusting(&authority)).unwrap();
    let request = || Request::new(server.url(), BODY.to_vec()).observed_by(Some(Arc::clone(&observer)));
    https.send(request()).await.unwrap();
    for _ in 0..100 {
        if seen.lock().unwrap().len() >= 6 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let events = std::mem::take(&mut *seen.lock().unwrap());
    let names: Vec<_> = events.iter().map(|event| event.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(
        names,
        ["Connected", "TlsEstablished", "RequestSent", "ResponseHead", "BodyReceived", "Closed"],
        "{events:?}"
    );
    assert!(events[1].contains("TLSv1.3") && events[1].contains("TLS_AES_256_GCM_SHA384"), "{}", events[1]);
    assert!(events[1].contains("127.0.0.1") && events[1].contains("not_after"), "{}", events[1]);
    assert!(events[2].contains(&BODY.len().to_string()) && events[3].contains("200"), "{events:?}");
    assert!(!format!("{events:?}").contains("canary"));
    // The second one resumes the session: there is no certificate to look at.
    https.send(request()).await.unwrap();
    let second = seen.lock().unwrap().join("\n");
    assert!(second.contains("TlsEstablished") && second.contains("peer: None"), "{second}");
}
