//! What may be set about [`Https`](crate::transport::Https): one value, in files by subject.
//!
//! | file | what |
//! |---|---|
//! | `mod.rs` | time and limits |
//! | `http.rs` | versions of HTTP, headers, keep-alive, compression, redirects, cookies |
//! | `network.rs` | addresses and TCP |
//! | `proxy.rs` | proxies |
//! | `tls.rs` | whom to trust, what to speak, who we are |
//! | `dangerous.rs` | certificates that count although they are wrong |
//! | `pem.rs` | certificates as they are held |
//! | `given.rs` | how the options are stored without what is secret in them |

mod dangerous;
mod given;
mod http;
mod network;
mod pem;
mod proxy;
mod tls;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::transport::TransportError;
use given::{millis, millis_or_none};
use http::HttpSettings;
use network::NetworkSettings;

pub use dangerous::DangerousCertificates;
pub(crate) use given::Given;
pub use http::{HttpVersions, KeepAlive, Redirects};
pub use network::Addresses;
pub(crate) use network::{bare_host, host_of_url, spelled_as_in_url, with_root};
pub use proxy::Proxy;
pub(crate) use proxy::ProxyKind;
pub(crate) use tls::{Check, TlsSettings};
pub use tls::{Roots, TlsVersion};

/// Settings of [`Https`](crate::transport::Https); what is not set keeps the default named with it.
///
/// # Storing
///
/// The options can be stored and read with serde, for a configuration file: everything may be left out there, and what is unknown
/// is refused. Times are in milliseconds, certificates in PEM; no `user_agent` is an empty text, and no `tcp_keep_alive_ms` is 0, in formats
/// without null as well. What is secret or code is not stored: the password of a proxy, the key of a
/// client certificate, the value of a secret header, the checks of certificates. Options that were stored with one of these cannot be
/// used before it is given again: [`Https::new`](crate::transport::Https::new) says which.
///
/// Every key there is, in JSON. Where `true` stands for what is not stored, a file may as well leave it out, and it is not missed then:
///
/// ```
/// use ofx_session::transport::{Https, HttpsOptions};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let text = r#"{
///   "connect_timeout_ms": 10000, "read_timeout_ms": 30000, "total_timeout_ms": 60000, "body_limit": 16777216,
///   "http": {
///     "versions": "http1", "user_agent": "InetClntApp/3.0", "accept": "*/*, application/x-ofx",
///     "headers": [["X-Tenant", "7"]], "secret_headers": [["X-Key", true]],
///     "keep_alive": "reads", "idle_timeout_ms": 4000, "accept_compression": false, "compress_requests": false,
///     "redirects": "none", "cookies": true
///   },
///   "network": {
///     "local_address": null, "addresses": "any", "connect_to": [["ofx.example.com", "192.0.2.7:443"]],
///     "tcp_keep_alive_ms": 15000, "allow_http_loopback": false
///   },
///   "proxy": {
///     "kind": "http", "address": "proxy.example:3128", "user": "app", "password": true,
///     "except": ["intranet.example", "10.0.0.0/8"]
///   },
///   "tls": {
///     "versions": ["1.2", "1.3"],
///     "cipher_suites": ["TLS_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
///     "key_exchange_groups": ["X25519", "secp256r1"],
///     "roots": "given", "root_pem": ["-----BEGIN CERTIFICATE-----\nMII...\n-----END CERTIFICATE-----\n"],
///     "pins": ["x4QzPSC810K5/cMjb05Qm4k3Bw5zBn4lTdO/nEW/Td4="], "crl_pem": [], "certificate_name": null,
///     "client_certificate": true, "check_certificate": false, "dangerous_certificates": false,
///     "send_sni": true, "resumption": true, "log_keys_to": null
///   }
/// }"#;
/// # let own = rcgen::generate_simple_self_signed(["app.example".to_owned()])?;
/// # let (chain, key) = (own.cert.pem(), own.signing_key.serialize_pem());
/// # let lines: Vec<_> = chain.lines().filter(|line| !line.starts_with('-')).collect();
/// # let text = &text.replace("MII...", &lines.join("\\n"));
/// # let (chain, key) = (chain.as_bytes(), key.as_bytes());
/// let options: HttpsOptions = serde_json::from_str(text)?;
/// # assert_eq!(serde_json::to_value(&options)?, serde_json::from_str::<serde_json::Value>(text)?, "this is every key");
/// // What is not stored; chain and key are PEM.
/// let options =
///     options.proxy_password("secret").secret_header("X-Key", "secret")?.client_certificate_pem(chain, key)?;
/// let transport = Https::new(options)?;
/// # Ok(())
/// # }
/// ```
///
/// | key | values |
/// |---|---|
/// | `http.versions` | `http1`, `http2`, `either`: [`HttpVersions`] |
/// | `http.keep_alive` | `never`, `reads`, `always`: [`KeepAlive`] |
/// | `http.redirects` | `none`, `same_host`: [`Redirects`] |
/// | `network.addresses` | `any`, `prefer_ipv4`, `prefer_ipv6`, `only_ipv4`, `only_ipv6`: [`Addresses`] |
/// | `proxy.kind` | `none`, `environment`, `http`, `https`, `socks4`, `socks4a`, `socks5`, `socks5_remote_dns`: [`Proxy`] |
/// | `tls.versions` | `1.2`, `1.3`: [`TlsVersion`] |
/// | `tls.cipher_suites` | [those](Self::cipher_suites) of which there are nine; an empty list stands for all |
/// | `tls.key_exchange_groups` | `X25519`, `secp256r1`, `secp384r1`; an empty list stands for all |
/// | `tls.roots` | `platform`, `mozilla`, `given`: [`Roots`]; `given` is [`only_given_roots`](Self::only_given_roots) |
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ofx_session::transport::{Https, HttpsOptions, Proxy};
///
/// # fn main() -> Result<(), ofx_session::transport::TransportError> {
/// # let pem = rcgen::generate_simple_self_signed(["bank.example".to_owned()]).unwrap().cert.pem();
/// # let pem = pem.as_bytes();
/// let options = HttpsOptions::new()
///     .total_timeout(Duration::from_secs(120))
///     .user_agent(None)
///     .proxy(Proxy::http("proxy.example:3128").login("app", "secret").except(["intranet.example"]))
///     .add_root_pem(pem)?
///     .only_given_roots();
/// let transport = Https::new(options)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpsOptions {
    #[serde(with = "millis", rename = "connect_timeout_ms")]
    pub(crate) connect_timeout: Duration,
    #[serde(with = "millis_or_none", rename = "read_timeout_ms")]
    pub(crate) read_timeout: Option<Duration>,
    #[serde(with = "millis", rename = "total_timeout_ms")]
    pub(crate) total_timeout: Duration,
    pub(crate) body_limit: usize,
    pub(crate) http: HttpSettings,
    pub(crate) network: NetworkSettings,
    pub(crate) proxy: Proxy,
    pub(crate) tls: TlsSettings,
}

impl HttpsOptions {
    /// The defaults: what works with most institutions.
    #[must_use]
    pub fn new() -> Self {
        Self {
            connect_timeout: CONNECT_TIMEOUT,
            read_timeout: None,
            total_timeout: TOTAL_TIMEOUT,
            body_limit: BODY_LIMIT,
            http: HttpSettings::default(),
            network: NetworkSettings::default(),
            proxy: Proxy::none(),
            tls: TlsSettings::default(),
        }
    }

    /// How long finding the host, connecting, a proxy and the TLS handshake may take together. Default: 10 seconds.
    ///
    /// When it runs out, nothing was sent.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long the institution may be silent: from the start to the first byte of its answer, and between two pieces of it. Default:
    /// no limit but the [total](Self::total_timeout).
    ///
    /// When it runs out after the request left, nobody knows whether it was carried out.
    #[must_use]
    pub fn read_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.read_timeout = limit.into();
        self
    }

    /// How long the whole exchange may take, connecting included, up to the last byte of the answer. Default: 60 seconds.
    ///
    /// When it runs out after the request left, nobody knows whether it was carried out. So leave it long.
    #[must_use]
    pub fn total_timeout(mut self, limit: Duration) -> Self {
        self.total_timeout = limit;
        self
    }

    /// How long an answer may be, in bytes, as it comes and after its compression is undone. Default: 16 MiB. A longer one is given
    /// up while it is being read.
    ///
    /// The worst answer takes three times as much memory for a moment, because a body grows by moving; 1 MiB comes on top for buffers and
    /// the head of the answer, which has a [limit of its own](TransportError::HeadTooLarge). By HTTP/2 a server that sends answers before
    /// the answer (1xx) without end makes it 16 MiB, until a time-out ends it.
    ///
    /// The compression of an answer is undone while it comes, a little at a time. One of which more has come than 64 KiB and eight times what
    /// came out of it is [given up](TransportError::Compression): no honest one is like that.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Refuses what cannot work, before anything is set up.
    pub(crate) fn check(&self) -> Result<(), TransportError> {
        let times = [Some(self.connect_timeout), Some(self.total_timeout), self.read_timeout];
        if times.into_iter().flatten().any(|time| time.is_zero()) {
            return Err(ZERO_TIMEOUT.error());
        }
        let looks_up_addresses =
            matches!(self.proxy.kind, ProxyKind::Socks4 | ProxyKind::Socks5 | ProxyKind::Environment);
        self.network.check(looks_up_addresses)?;
        self.proxy.check()?;
        if self.proxy.kind == ProxyKind::Socks4 && self.network.addresses == Addresses::OnlyIpv6 {
            return Err(NO_IPV6.error());
        }
        self.tls.check()
    }
}

impl Default for HttpsOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// A reason for [`TransportError::BadOptions`].
pub(crate) struct Reason(pub(crate) &'static str);

impl Reason {
    pub(crate) fn because(&self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TransportError {
        TransportError::BadOptions { reason: self.0.into(), source: Some(cause.into()) }
    }

    pub(crate) fn error(&self) -> TransportError {
        TransportError::BadOptions { reason: self.0.into(), source: None }
    }

    /// Says which one it is, of several: by a name or a number, and never by what is secret.
    pub(crate) fn about(&self, which: impl fmt::Display) -> TransportError {
        TransportError::BadOptions { reason: format!("{}: {which}", self.0).into(), source: None }
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(60);
const BODY_LIMIT: usize = 16 * 1024 * 1024;

const NO_IPV6: Reason = Reason(
    "a SOCKS proxy of version 4 knows addresses of IPv4 only: use version 5 or 4a, or other addresses (HttpsOptions::addresses)",
);
const ZERO_TIMEOUT: Reason = Reason(
    "a timeout of zero leaves no time for anything: for none, give read_timeout None, and connect_timeout and total_timeout a long one",
);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// As in a format that has no null, where what is null is left out.
    fn without_null(value: Value) -> Value {
        match value {
            Value::Object(fields) => {
                let there = fields.into_iter().filter(|(_, value)| !value.is_null());
                there.map(|(name, value)| (name, without_null(value))).collect::<serde_json::Map<_, _>>().into()
            }
            other => other,
        }
    }

    #[test]
    fn what_is_switched_off_stays_so_in_a_format_without_null() {
        let off = HttpsOptions::new().user_agent(None).tcp_keep_alive(None);
        let stored = without_null(serde_json::to_value(&off).unwrap());
        let read: HttpsOptions = serde_json::from_value(stored).unwrap();
        assert_eq!((read.http.user_agent, read.network.tcp_keep_alive), (None, None));
        // As it was stored before, and what is there by default.
        let earlier = json!({"http": {"user_agent": null}, "network": {"tcp_keep_alive_ms": null}});
        let read: HttpsOptions = serde_json::from_value(earlier).unwrap();
        assert_eq!((read.http.user_agent, read.network.tcp_keep_alive), (None, None));
        let stored = without_null(serde_json::to_value(HttpsOptions::new()).unwrap());
        let read: HttpsOptions = serde_json::from_value(stored).unwrap();
        assert!(read.http.user_agent.is_some() && read.network.tcp_keep_alive == Some(Duration::from_secs(15)));
    }

    #[test]
    fn a_time_below_a_millisecond_is_not_stored_as_none() {
        let short = Duration::from_micros(1_001);
        let options = HttpsOptions::new()
            .connect_timeout(short)
            .read_timeout(Duration::from_nanos(1))
            .tcp_keep_alive(Duration::ZERO);
        let read: HttpsOptions = serde_json::from_value(serde_json::to_value(&options).unwrap()).unwrap();
        assert_eq!(read.connect_timeout, Duration::from_millis(2));
        assert_eq!(read.read_timeout, Some(Duration::from_millis(1)));
        assert!(read.check().is_err(), "what is refused is still refused");
    }
}
