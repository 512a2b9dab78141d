//! Passwords of proxies, of HTTP and of SOCKS: right and wrong ones, in the options and on the wire, and in the environment.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ofx_session::testing::Bank;
use ofx_session::transport::Proxy;
use ofx_session::{Client, Credentials, HttpsOptions, Institution};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::hay::Hay;
use super::{PASSWORD, USER, observer, trusting};
use crate::canaries;
use crate::child::in_a_child;

const RIGHT: &str = "cAnArY-proxy-22";
const WRONG: &str = "cAnArY-proxy-23";
const PROXY_USER: &str = "jane";

/// A proxy that speaks HTTP or SOCKS 5, whichever it hears, with the passwords that it was told.
struct Gate {
    address: String,
    told: Arc<Mutex<Vec<String>>>,
}

impl Gate {
    async fn open() -> Self {
        [RIGHT, WRONG].iter().for_each(|password| canaries::note_login(PROXY_USER, password));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let told = Arc::<Mutex<Vec<_>>>::default();
        let (address, kept) = (listener.local_addr().unwrap().to_string(), Arc::clone(&told));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, Arc::clone(&kept)));
            }
        });
        Self { address, told }
    }
}

/// Lets through who gives the right password.
async fn pass(mut stream: TcpStream, told: Arc<Mutex<Vec<String>>>) -> std::io::Result<()> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    let target = if first == [5] { socks(&mut stream, &told).await? } else { http(&mut stream, &told).await? };
    let Some(target) = target else { return Ok(()) };
    let mut target = TcpStream::connect(target).await?;
    tokio::io::copy_bidirectional(&mut stream, &mut target).await.map(|_| ())
}

async fn http(stream: &mut TcpStream, told: &Mutex<Vec<String>>) -> std::io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let login = head.lines().find(|line| line.to_lowercase().starts_with("proxy-authorization: basic "));
    let login = login.and_then(|line| STANDARD.decode(line.rsplit(' ').next()?).ok()).unwrap_or_default();
    let login = String::from_utf8(login).unwrap();
    told.lock().unwrap().push(login.clone());
    if login != format!("{PROXY_USER}:{RIGHT}") {
        stream.write_all(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n").await?;
        return Ok(None);
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    Ok(head.split(' ').nth(1).map(str::to_owned))
}

/// RFC 1928 and RFC 1929.
async fn socks(stream: &mut TcpStream, told: &Mutex<Vec<String>>) -> std::io::Result<Option<String>> {
    async fn counted(stream: &mut TcpStream) -> std::io::Result<String> {
        let mut bytes = vec![0; usize::from(stream.read_u8().await?)];
        stream.read_exact(&mut bytes).await?;
        Ok(String::from_utf8(bytes).unwrap())
    }
    stream.read_u8().await?;
    counted(stream).await?;
    stream.write_all(&[5, 2]).await?;
    stream.read_u8().await?;
    let (user, password) = (counted(stream).await?, counted(stream).await?);
    let right = password == RIGHT;
    told.lock().unwrap().push(format!("{user}:{password}"));
    stream.write_all(&[1, u8::from(!right)]).await?;
    if !right {
        return Ok(None);
    }
    let mut request = [0; 4];
    stream.read_exact(&mut request).await?;
    let host = if request[3] == 3 {
        counted(stream).await?
    } else {
        let mut address = [0; 4];
        stream.read_exact(&mut address).await?;
        std::net::Ipv4Addr::from(address).to_string()
    };
    let port = stream.read_u16().await?;
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    Ok(Some(format!("{host}:{port}")))
}

/// Fetches the accounts through `proxy`, and collects all that there is to say about it.
async fn through(bank: &Bank, hay: &Arc<Hay>, proxy: Proxy) -> bool {
    hay.debug("options", &proxy);
    let options = trusting(bank).proxy(proxy);
    hay.debug("options", &options);
    hay.put("stored options", serde_json::to_string(&options).unwrap().as_bytes());
    let stored: HttpsOptions = serde_json::from_str(&serde_json::to_string(&options).unwrap()).unwrap();
    hay.debug("stored options", &stored);
    let builder = Client::builder(Institution::new(bank.url())).observer(observer(hay)).connection(options);
    hay.debug("the builder", &builder);
    let mut session = builder.build().unwrap().open(Credentials::new(USER, PASSWORD)).unwrap();
    let result = session.accounts().await;
    hay.debug("the session", &session);
    hay.debug("the session", session.client());
    result.map_err(|error| hay.error(&error)).is_ok()
}

fn searched(hay: &Hay) {
    for kind in ["an error", "an event"] {
        assert!(hay.amount(kind) > 0, "nothing was collected of {kind}");
    }
    let said = hay.everything();
    assert!(said.contains("intercepts"), "the HTTP stack said nothing of a proxy: is it listened to?");
    let login = STANDARD.encode(format!("{PROXY_USER}:{RIGHT}"));
    for canary in [RIGHT, WRONG, &login] {
        assert_eq!(hay.find(canary, |_| true), Vec::<String>::new());
    }
}

#[test]
fn no_password_of_a_proxy_is_in_anything_that_is_said() {
    let hay = Arc::new(Hay::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let told = hay.listening(|| {
        runtime.block_on(async {
            let bank = Bank::builder().user(USER, PASSWORD).start().unwrap();
            let gate = Gate::open().await;
            for make in [Proxy::http, Proxy::socks5, Proxy::socks5_remote_dns] {
                let proxy = |password: &str| make(gate.address.clone()).login(PROXY_USER, password);
                assert!(through(&bank, &hay, proxy(RIGHT)).await, "{:?}", gate.told.lock().unwrap());
                assert!(!through(&bank, &hay, proxy(WRONG)).await);
            }
            // With what no proxy can be reached with, and without what was not stored.
            let nonsense = trusting(&bank).proxy(Proxy::socks4(gate.address.clone()).login(PROXY_USER, RIGHT));
            let stored = serde_json::to_string(&trusting(&bank).proxy(Proxy::http("x:1").login(PROXY_USER, RIGHT)));
            let stored: HttpsOptions = serde_json::from_str(&stored.unwrap()).unwrap();
            // An address is no place for a login, and is not repeated.
            let in_address = trusting(&bank).proxy(Proxy::http(format!("{PROXY_USER}:{RIGHT}@127.0.0.1:1")));
            for options in [nonsense, stored, in_address] {
                hay.error(&ofx_session::transport::Https::new(options).unwrap_err());
            }
            gate.told.lock().unwrap().clone()
        })
    });
    for password in [RIGHT, WRONG] {
        let times = told.iter().filter(|login| **login == format!("{PROXY_USER}:{password}")).count();
        assert!(times >= 3, "{password} was not on the wire: {told:?}");
    }
    searched(&hay);
}

#[tokio::test]
async fn a_login_arrives_as_it_was_given() {
    let bank = Bank::builder().user(USER, PASSWORD).start().unwrap();
    let (gate, hay) = (Gate::open().await, Arc::new(Hay::default()));
    for make in [Proxy::http, Proxy::socks5, Proxy::socks5_remote_dns] {
        for (user, password) in [
            ("jane", "a%41b"),
            ("j%61ne", "50%20off"),
            ("100%", "100%"),
            ("%", "%25%2541"),
            ("jäne", "ü%C3%BC @/:?#[]&=+'\"\\"),
        ] {
            assert!(!through(&bank, &hay, make(gate.address.clone()).login(user, password)).await);
            assert_eq!(gate.told.lock().unwrap().last(), Some(&format!("{user}:{password}")));
        }
    }
}

#[test]
fn no_password_of_a_proxy_of_the_environment_is_in_anything_that_is_said() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let gate = runtime.block_on(Gate::open());
    let with = |password: &str| format!("http://{PROXY_USER}:{password}@{}", gate.address);
    for (password, name) in [(RIGHT, "HTTPS_PROXY"), (WRONG, "ALL_PROXY")] {
        let proxy = with(password);
        let set = [(name, proxy.as_str()), ("NO_PROXY", ""), ("no_proxy", "")];
        let test = "secrets::proxies::no_password_of_a_proxy_of_the_environment_is_in_anything_that_is_said";
        // The proxy is at work while the child is waited for.
        let (sender, done) = tokio::sync::oneshot::channel();
        let child = std::thread::scope(|scope| {
            let child = scope.spawn(|| {
                let result = in_a_child(test, &set);
                let _ = sender.send(());
                result
            });
            let _ = runtime.block_on(done);
            child.join().unwrap()
        });
        if child {
            return environment(&runtime);
        }
        let last = gate.told.lock().unwrap().last().cloned();
        assert_eq!(last, Some(format!("{PROXY_USER}:{password}")), "it was not on the wire");
    }
}

/// The child: what is set there is right or wrong.
fn environment(runtime: &tokio::runtime::Runtime) {
    let hay = Arc::new(Hay::default());
    hay.listening(|| {
        runtime.block_on(async {
            let bank = Bank::builder().user(USER, PASSWORD).start().unwrap();
            let got_through = through(&bank, &hay, Proxy::from_environment()).await;
            assert_eq!(got_through, std::env::var("HTTPS_PROXY").is_ok_and(|proxy| proxy.contains(RIGHT)));
            // So that there is an error in any case.
            through(&bank, &hay, Proxy::http("127.0.0.1:1")).await;
        });
    });
    searched(&hay);
}
