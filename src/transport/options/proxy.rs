//! Which proxy to go through.

use std::net::IpAddr;

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::transport::TransportError;
use crate::transport::options::{Given, HttpsOptions, Reason, bare_host, host_of_url, spelled_as_in_url, with_root};

/// The proxy in front of the institution, if any.
///
/// A proxy sees the name or the address of the institution, never a request: it only passes TLS on. Requests over plain `http://` to
/// [this machine](HttpsOptions::allow_http_loopback) never go through one.
///
/// Addresses are `host:port`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Proxy {
    pub(crate) kind: ProxyKind,
    /// Of one with a login in it only what is behind that, and the at sign: it is refused, and not shown and not stored.
    #[serde(deserialize_with = "read_address")]
    pub(crate) address: String,
    pub(crate) user: Option<String>,
    pub(crate) password: Given<Secret>,
    pub(crate) except: Vec<String>,
}

/// Why a variable is refused. What it holds is not said: it may be a login.
macro_rules! unreadable {
    ($name:literal) => {
        concat!($name, " must hold a proxy that can be used, like http://proxy.example:3128 (Proxy::from_environment)")
    };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProxyKind {
    None,
    Environment,
    Http,
    Https,
    Socks4,
    Socks4a,
    Socks5,
    Socks5RemoteDns,
}

impl Proxy {
    /// No proxy, whatever the environment says.
    #[must_use]
    pub fn none() -> Self {
        Self::of(ProxyKind::None, String::new())
    }

    /// The proxy that `HTTPS_PROXY` or `ALL_PROXY` names, except for the hosts in `NO_PROXY`; these names in lower case, too. A login is part
    /// of the address there: [`login`](Self::login) and [`except`](Self::except) are not for this one.
    ///
    /// Where one of these is set and none names a proxy that can be used, it is [refused](crate::transport::Https::new). In a program of
    /// CGI, where `REQUEST_METHOD` is set, the HTTP stack heeds none of them, and one that is set is refused as well.
    ///
    /// On macOS and Windows the proxy of the system counts as well where another crate of the program switches on `system-proxy`, a
    /// feature of `reqwest` and one of its default features. Where that must not be, give the proxy itself, or [`none`](Self::none).
    ///
    /// `NO_PROXY` holds what [`except`](Self::except) takes, with commas between. What it holds beside that is passed over and not
    /// refused: a name with a port, or names with nothing but spaces between, and what is not spelled as in a URL.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::of(ProxyKind::Environment, String::new())
    }

    /// A proxy of HTTP, by `CONNECT`.
    #[must_use]
    pub fn http(address: impl Into<String>) -> Self {
        Self::of(ProxyKind::Http, address.into())
    }

    /// As [`http`](Self::http), over TLS: the login is then not shown to everyone on the way to the proxy.
    ///
    /// What is set about certificates holds for that of the proxy as well: roots, pins, the client certificate,
    /// [`certificate_name`](HttpsOptions::certificate_name) and the checks.
    #[must_use]
    pub fn https(address: impl Into<String>) -> Self {
        Self::of(ProxyKind::Https, address.into())
    }

    /// A SOCKS proxy of version 4: the host is looked up here, IPv4 only, no login. It is told the first address of IPv4 and no other.
    #[must_use]
    pub fn socks4(address: impl Into<String>) -> Self {
        Self::of(ProxyKind::Socks4, address.into())
    }

    /// A SOCKS proxy of version 4a: the proxy looks up the host, no login.
    #[must_use]
    pub fn socks4a(address: impl Into<String>) -> Self {
        Self::of(ProxyKind::Socks4a, address.into())
    }

    /// A SOCKS proxy of version 5: the host is looked up here. The proxy is told the first address and no other; which is the first,
    /// [`HttpsOptions::addresses`] says.
    #[must_use]
    pub fn socks5(address: impl Into<String>) -> Self {
        Self::of(ProxyKind::Socks5, address.into())
    }

    /// A SOCKS proxy of version 5, which looks up the host.
    #[must_use]
    pub fn socks5_remote_dns(address: impl Into<String>) -> Self {
        Self::of(ProxyKind::Socks5RemoteDns, address.into())
    }

    /// Who we are to the proxy. The password is never shown and never stored.
    ///
    /// User and password may have 16 KiB together. For a proxy of SOCKS 5 it is 234 bytes, and neither may be empty; with
    /// [`socks5_remote_dns`](Self::socks5_remote_dns) the two and the host of the institution may have 249. Another login is
    /// [refused](crate::transport::Https::new), and a longer host when it is called.
    #[must_use]
    pub fn login(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.user = Some(user.into());
        self.password = Given::Yes(password.into());
        self
    }

    /// Goes to these hosts directly: a name, which stands for the names under it as well, an address, a network like `10.0.0.0/8`, or
    /// `*` for every name; every address is `0.0.0.0/0` and `::/0`. A name counts as the URL has it, in any spelling, with the dot of the
    /// root or without: what its address is plays no part. Anything else, a name with a port or a whole URL, is
    /// [refused](crate::transport::Https::new).
    #[must_use]
    pub fn except<H: Into<String>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        self.except.extend(hosts.into_iter().map(Into::into));
        self
    }

    fn of(kind: ProxyKind, address: String) -> Self {
        Self { kind, address: without_login(address), user: None, password: Given::No, except: Vec::new() }
    }

    /// Refuses what no proxy can be reached with.
    pub(crate) fn check(&self) -> Result<(), TransportError> {
        let password = self.password.get(&NO_PASSWORD)?;
        if self.scheme().is_none() {
            let set = self.user.is_some() || password.is_some() || !self.except.is_empty() || !self.address.is_empty();
            let reason = if self.kind == ProxyKind::Environment { IN_ENVIRONMENT } else { NOT_HERE };
            return match self.kind {
                _ if set => Err(reason.error()),
                ProxyKind::Environment => check_environment(),
                _ => Ok(()),
            };
        }
        if matches!(self.kind, ProxyKind::Socks4 | ProxyKind::Socks4a) && self.user.is_some() {
            return Err(NO_LOGIN.error());
        }
        if self.user.is_some() != password.is_some() {
            return Err(HALF_A_LOGIN.error());
        }
        if let (Some(user), Some(password)) = (&self.user, password) {
            let length = user.len().saturating_add(password.expose().len());
            let is_socks5 = matches!(self.kind, ProxyKind::Socks5 | ProxyKind::Socks5RemoteDns);
            if is_socks5 && (user.is_empty() || password.expose().is_empty() || length > LONGEST_SOCKS5_LOGIN) {
                return Err(NO_SOCKS5_LOGIN.error());
            }
            if length > LONGEST_LOGIN {
                return Err(LONG_LOGIN.error());
            }
        }
        self.exceptions()?;
        let url = self.url().and_then(|url| reqwest::Url::parse(&url).ok()).ok_or_else(|| BAD_ADDRESS.error())?;
        // What the HTTP stack cannot read it passes over, and goes to the institution directly.
        match intercepted(&Matcher::builder().all(String::from(url)).build()) {
            Some(_) => Ok(()),
            None => Err(BAD_ADDRESS.error()),
        }
    }

    /// Where the proxy is, in the one spelling that is read alike by all who read it.
    fn url(&self) -> Option<String> {
        let (host, port) = self.address.rsplit_once(':')?;
        let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse::<u16>().ok().filter(|_| is_number)?;
        // Without brackets the port might be a part of the address.
        let host = spelled_as_in_url(host).filter(|_| host.starts_with('[') || !host.contains(':'))?;
        Some(format!("{}://{host}:{port}", self.scheme()?))
    }

    /// Whom it is not for, in the spelling in which the HTTP stack compares.
    fn exceptions(&self) -> Result<String, TransportError> {
        let spelled: Option<Vec<_>> = self.except.iter().map(|host| exception(host.trim())).collect();
        spelled.map(|hosts| hosts.join(",")).ok_or_else(|| BAD_EXCEPTION.error())
    }

    fn scheme(&self) -> Option<&'static str> {
        Some(match self.kind {
            ProxyKind::None | ProxyKind::Environment => return None,
            ProxyKind::Http => "http",
            ProxyKind::Https => "https",
            ProxyKind::Socks4 => "socks4",
            ProxyKind::Socks4a => "socks4a",
            ProxyKind::Socks5 => "socks5",
            ProxyKind::Socks5RemoteDns => "socks5h",
        })
    }

    /// The same for the HTTP stack; nothing for none and for that of the environment.
    pub(crate) fn for_reqwest(&self) -> Result<Option<reqwest::Proxy>, TransportError> {
        if self.scheme().is_none() {
            return Ok(None);
        }
        let url = self.url().ok_or_else(|| BAD_ADDRESS.error())?;
        let proxy = reqwest::Proxy::all(url).map_err(|_| BAD_ADDRESS.error())?;
        let proxy = match (&self.user, self.password.get(&NO_PASSWORD)?) {
            (Some(user), Some(password)) => proxy.basic_auth(&escaped(user), &escaped(password.expose())),
            _ => proxy,
        };
        Ok(Some(proxy.no_proxy(reqwest::NoProxy::from_string(&self.exceptions()?))))
    }

    /// Whether the proxy is told an address of IPv4 and can be told nothing else.
    pub(crate) fn is_socks4(&self) -> bool {
        // That of the environment is known by how it treats an address that no exception names.
        let found = self.matcher().and_then(|matcher| intercepted(&matcher));
        found.is_some_and(|proxy| proxy.uri().scheme_str() == Some("socks4"))
    }

    /// Whether the proxy can be told `host` beside the login.
    pub(crate) fn can_be_told(&self, host: &str) -> bool {
        let (Some(user), Given::Yes(password)) = (&self.user, &self.password) else { return true };
        let length = user.len().saturating_add(password.expose().len()).saturating_add(host.len());
        self.kind != ProxyKind::Socks5RemoteDns || length <= LONGEST_SOCKS5_TEXT
    }

    /// Finds out which proxy a request goes through, to name it; nothing where there is never one.
    pub(crate) fn matcher(&self) -> Option<Matcher> {
        match self.kind {
            ProxyKind::None => None,
            ProxyKind::Environment => Some(Matcher::from_env()),
            _ => Some(Matcher::builder().all(self.url()?).no(self.exceptions().ok()?).build()),
        }
    }
}

/// The proxy of an institution that no exception names.
fn intercepted(matcher: &Matcher) -> Option<Intercept> {
    matcher.intercept(&"https://institution.invalid/".parse().ok()?)
}

/// Refuses a proxy in the environment that would be passed over without a word.
fn check_environment() -> Result<(), TransportError> {
    // Of two spellings the first that is set counts, even where it is empty.
    let first = |spellings: [&'static str; 2]| {
        let found = spellings.into_iter().find_map(|name| Some((name, std::env::var_os(name)?)));
        found.filter(|(_, value)| !value.is_empty())
    };
    let (https, all) = (first(["HTTPS_PROXY", "https_proxy"]), first(["ALL_PROXY", "all_proxy"]));
    let Some((name, _)) = https.as_ref().or(all.as_ref()) else { return Ok(()) };
    if std::env::var_os("REQUEST_METHOD").is_some() {
        return Err(IN_CGI.error());
    }
    // Without NO_PROXY, which may name every host.
    let text = |name: &str| std::env::var(name).or_else(|_| std::env::var(name.to_lowercase()));
    let (https, all) = (text("HTTPS_PROXY"), text("ALL_PROXY"));
    let matcher = Matcher::builder().https(https.unwrap_or_default()).all(all.unwrap_or_default()).build();
    match intercepted(&matcher) {
        Some(_) => Ok(()),
        None => Err(Reason(match *name {
            "HTTPS_PROXY" => unreadable!("HTTPS_PROXY"),
            "https_proxy" => unreadable!("https_proxy"),
            "ALL_PROXY" => unreadable!("ALL_PROXY"),
            _ => unreadable!("all_proxy"),
        })
        .error()),
    }
}

/// So that the HTTP stack, which undoes what looks like an escape, tells the proxy `text`.
fn escaped(text: &str) -> Zeroizing<String> {
    // It never has to move.
    let mut escaped = Zeroizing::new(String::with_capacity(text.len().saturating_mul(3)));
    for (index, part) in text.split('%').enumerate() {
        escaped.push_str(if index == 0 { "" } else { "%25" });
        escaped.push_str(part);
    }
    escaped
}

/// A name, which is written with the dot of the root as well, an address, a network or the star for every name.
fn exception(host: &str) -> Option<String> {
    if let Some((address, bits)) = host.split_once('/') {
        let longest = if address.parse::<IpAddr>().ok()?.is_ipv4() { 32 } else { 128 };
        let is_one = |found: u8| found <= longest && found.to_string() == bits;
        return bits.parse().is_ok_and(is_one).then(|| host.to_owned());
    }
    if host == "*" {
        return Some(host.to_owned());
    }
    let host = host_of_url(host.strip_prefix('.').unwrap_or(host))?;
    Some(with_root(bare_host(&host).to_owned()).collect::<Vec<_>>().join(","))
}

fn without_login(mut address: String) -> String {
    if let Some(at) = address.rfind('@') {
        address.drain(..at);
    }
    address
}

fn read_address<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    String::deserialize(from).map(without_login)
}

impl Default for Proxy {
    fn default() -> Self {
        Self::none()
    }
}

/// Proxies.
impl HttpsOptions {
    /// Which proxy to go through. Default: none, whatever the environment says.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// Gives the password that belongs to the user of the proxy, and leaves the rest about the proxy as it is: for options that were
    /// [stored](Self#storing) without it. Elsewhere there is [`Proxy::login`].
    ///
    /// A password without a user, or without a proxy, is [refused](crate::transport::Https::new).
    #[must_use]
    pub fn proxy_password(mut self, password: impl Into<Secret>) -> Self {
        self.proxy.password = Given::Yes(password.into());
        self
    }
}

/// The HTTP stack has 262 bytes for all that it tells a proxy of SOCKS 5: 3 of greeting, 3 around the login and 7 around a host.
const LONGEST_SOCKS5_TEXT: usize = 262 - 3 - 3 - 7;

/// An address of IPv6 takes 22 of them.
const LONGEST_SOCKS5_LOGIN: usize = 262 - 3 - 3 - 22;

/// Escaped it is three times as long, and the HTTP stack reads a URL of 65534 bytes.
const LONGEST_LOGIN: usize = 16 * 1024;

const BAD_ADDRESS: Reason = Reason(
    "the address of the proxy must be a host and a port, like proxy.example:3128; a login is given by Proxy::login",
);
const BAD_EXCEPTION: Reason = Reason(
    "whom the proxy is not for must be a host name alone, an address, a network like 10.0.0.0/8, or * (Proxy::except)",
);
const NO_LOGIN: Reason = Reason("a SOCKS proxy of version 4 knows no login: use version 5, or leave it out");
const HALF_A_LOGIN: Reason = Reason("the login of the proxy must be a user and a password (Proxy::login)");
const NO_SOCKS5_LOGIN: Reason = Reason(
    "a SOCKS proxy of version 5 can be told a user and a password of 234 bytes together, neither of them empty (Proxy::login)",
);
const LONG_LOGIN: Reason = Reason("the login of the proxy is too long: it may have 16 KiB (Proxy::login)");
const NO_PASSWORD: Reason =
    Reason("the options were stored without the password of the proxy: give it again (HttpsOptions::proxy_password)");
const IN_CGI: Reason = Reason(
    "the proxy of the environment does not count where REQUEST_METHOD is set, as in a program of CGI: give the proxy itself (Proxy::http \
     and others)",
);
const NOT_HERE: Reason = Reason("a login, exceptions or an address were given, and no proxy to which they belong");
const IN_ENVIRONMENT: Reason = Reason(
    "the proxy of the environment has its login and its address in HTTPS_PROXY or ALL_PROXY and its exceptions in NO_PROXY: set them \
     there, or give the proxy itself (Proxy::http and others)",
);
