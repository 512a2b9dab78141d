//! What may be set about addresses and TCP.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::Url;
use serde::{Deserialize, Serialize};

#[cfg(doc)]
use crate::transport::Proxy;
use crate::transport::TransportError;
use crate::transport::options::given::millis_or_zero;
use crate::transport::options::{HttpsOptions, Reason};
use crate::transport::tls::can_name;

/// Which addresses of a host are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Addresses {
    /// All, in the order in which the system names them; when one does not answer at once, the other family is tried beside it.
    #[default]
    Any,
    /// All, those of IPv4 first.
    PreferIpv4,
    /// All, those of IPv6 first.
    PreferIpv6,
    /// Those of IPv4.
    OnlyIpv4,
    /// Those of IPv6.
    OnlyIpv6,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NetworkSettings {
    pub(crate) local_address: Option<IpAddr>,
    pub(crate) addresses: Addresses,
    pub(crate) connect_to: Vec<(String, SocketAddr)>,
    #[serde(with = "millis_or_zero", rename = "tcp_keep_alive_ms")]
    pub(crate) tcp_keep_alive: Option<Duration>,
    #[serde(rename = "allow_http_loopback")]
    pub(crate) http_loopback: bool,
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self {
            local_address: None,
            addresses: Addresses::default(),
            connect_to: Vec::new(),
            tcp_keep_alive: Some(TCP_KEEP_ALIVE),
            http_loopback: false,
        }
    }
}

impl Addresses {
    /// Whether `address` may be used at all.
    pub(crate) fn allows(self, address: IpAddr) -> bool {
        match self {
            Self::Any | Self::PreferIpv4 | Self::PreferIpv6 => true,
            Self::OnlyIpv4 => address.is_ipv4(),
            Self::OnlyIpv6 => address.is_ipv6(),
        }
    }
}

impl NetworkSettings {
    /// Refuses what leaves no address, and what would be silently something else.
    ///
    /// `looks_up_addresses`: what is an address already is looked up as well.
    pub(crate) fn check(&self, looks_up_addresses: bool) -> Result<(), TransportError> {
        // The system counts whole seconds, does not know none, and passes over what is longer than it can wait.
        if self.tcp_keep_alive.is_some_and(|silence| !(FIRST_ASKED..=LAST_ASKED).contains(&silence)) {
            return Err(NO_SECOND.error());
        }
        for host in self.elsewhere() {
            let (host, _) = host?;
            if !looks_up_addresses && bare_host(&host).parse::<IpAddr>().is_ok() {
                return Err(NO_NAME.error());
            }
        }
        if self.local_address.is_some_and(|address| !self.addresses.allows(address)) {
            return Err(OTHER_FAMILY.error());
        }
        Ok(())
    }

    /// The hosts that are called elsewhere, in both spellings that their URLs have, and where.
    pub(crate) fn elsewhere(&self) -> impl Iterator<Item = Result<(String, SocketAddr), TransportError>> {
        self.connect_to.iter().flat_map(|(host, address)| match host_of_url(host) {
            Some(host) => with_root(host).map(|host| Ok((host, *address))).collect(),
            None => vec![Err(NO_HOST.error())],
        })
    }
}

/// `host` in the spelling in which parsing a URL leaves it, when it is a host and nothing else; without the dot of the root, which makes it
/// no other host.
pub(crate) fn host_of_url(host: &str) -> Option<String> {
    let mut host = spelled_as_in_url(host).filter(|host| can_name(host))?;
    host.truncate(host.strip_suffix('.').unwrap_or(&host).len());
    Some(host)
}

/// `host`, and the same with the dot of the root, which a URL keeps; an address has none.
pub(crate) fn with_root(host: String) -> impl Iterator<Item = String> {
    let rooted = bare_host(&host).parse::<IpAddr>().is_err().then(|| format!("{host}."));
    std::iter::once(host).chain(rooted)
}

/// As [`host_of_url`], for a host that no certificate need be for.
pub(crate) fn spelled_as_in_url(host: &str) -> Option<String> {
    let bare = bare_host(host);
    let url = if bare.parse::<Ipv6Addr>().is_ok() {
        format!("https://[{bare}]/")
    } else if host.contains(['/', '\\', '?', '#', '@', ':']) || host.contains(char::is_control) {
        return None;
    } else {
        format!("https://{host}/")
    };
    Some(Url::parse(&url).ok()?.host_str()?.to_owned())
}

/// `host` as it stands in a URL, without the brackets of IPv6.
pub(crate) fn bare_host(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Addresses and TCP.
impl HttpsOptions {
    /// Connects from this address of the machine. Default: the system's choice. Addresses of the other family are then not used.
    ///
    /// Behind a proxy it is the way to the proxy that begins there.
    #[must_use]
    pub fn local_address(mut self, address: impl Into<Option<IpAddr>>) -> Self {
        self.network.local_address = address.into();
        self
    }

    /// Which addresses of a host to use. Default: all. A URL whose host is an address of a family that is not to be used is refused.
    ///
    /// Behind a proxy this holds for the way to the proxy, which is refused as well when it is such an address, and for the host where it
    /// is looked up here: [`Proxy::socks4`] and [`Proxy::socks5`]. With [`Proxy::socks4`] addresses of IPv4 come first everywhere. It does
    /// not choose among the addresses of [`connect_to`](Self::connect_to).
    #[must_use]
    pub fn addresses(mut self, which: Addresses) -> Self {
        self.network.addresses = which;
        self
    }

    /// Connects to `address` where `host` is called, in place of what the system would find: for servers under test, and for tunnels.
    /// The certificate must still be the host's, and the server is still told the host's name. The port counts where the URL names none, and
    /// 0 stands for the one that is usual then.
    ///
    /// `host` is a name in any spelling that a URL may have it in, with the dot of the root or without, and nothing beside it: with a port,
    /// as a whole URL and the like it is [refused](crate::transport::Https::new). What is an address is not looked up, and refused as well,
    /// but for [`Proxy::socks4`] and [`Proxy::socks5`], and a proxy of the environment, which may be one of them.
    ///
    /// Behind a proxy that looks up the host itself (all but [`Proxy::socks4`] and [`Proxy::socks5`]) it changes nothing, unless `host` is the
    /// proxy's; those two are told the address, and the port of the URL.
    #[must_use]
    pub fn connect_to(mut self, host: &str, address: SocketAddr) -> Self {
        // What is no host is found out when the transport is set up.
        let host = host_of_url(host).unwrap_or_else(|| host.to_owned());
        self.network.connect_to.retain(|(known, _)| *known != host);
        self.network.connect_to.push((host, address));
        self
    }

    /// After how long a silence TCP asks whether the other side is still there, in whole seconds, 1 to 32767; `None` for never. Default: 15
    /// seconds.
    ///
    /// On Linux a connection is given up, whatever this says, when nothing that was sent on it is acknowledged for 30 seconds
    /// (`TCP_USER_TIMEOUT`).
    #[must_use]
    pub fn tcp_keep_alive(mut self, silence: impl Into<Option<Duration>>) -> Self {
        self.network.tcp_keep_alive = silence.into();
        self
    }

    /// Allows `http://` to `127.0.0.0/8`, `[::1]` and `localhost`, for servers under test. Default: refused.
    ///
    /// Such requests never go through a proxy, and `localhost` is never looked up: it is this machine.
    #[must_use]
    pub fn allow_http_loopback(mut self) -> Self {
        self.network.http_loopback = true;
        self
    }
}

const TCP_KEEP_ALIVE: Duration = Duration::from_secs(15);

const FIRST_ASKED: Duration = Duration::from_secs(1);

/// What Linux takes.
const LAST_ASKED: Duration = Duration::from_secs(32_767);

const NO_SECOND: Reason = Reason("TCP asks after 1 to 32767 seconds (HttpsOptions::tcp_keep_alive)");
const NO_HOST: Reason = Reason(
    "what is called elsewhere must be a host name alone, without scheme, port, path or login (HttpsOptions::connect_to)",
);
const NO_NAME: Reason =
    Reason("what is an address already is connected to itself: give a name (HttpsOptions::connect_to)");
const OTHER_FAMILY: Reason = Reason(
    "the local address is of the family that is not to be used (HttpsOptions::local_address, HttpsOptions::addresses)",
);
