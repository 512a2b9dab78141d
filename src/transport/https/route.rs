//! Where a request goes: what its address says, and what the options make of it.

use std::net::{IpAddr, Ipv4Addr};

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use crate::transport::https::stack::LOCALHOST;
use crate::transport::options::{HttpsOptions, Reason, bare_host};
use crate::transport::watch::Hop;
use crate::transport::{TransportError, tls};

/// The way to an address.
pub(crate) struct Route {
    /// As it was asked for.
    pub(crate) address: String,
    pub(crate) url: Url,
    pub(crate) host: String,
    /// The host as failures name it: with its port where that is not the usual one.
    pub(crate) shown: String,
    pub(crate) proxy: Option<Hop>,
    /// By `http` to this machine.
    pub(crate) is_loopback: bool,
}

impl Route {
    /// The way to `address`, or why there is none.
    pub(crate) fn to(address: &str, options: &HttpsOptions, proxies: Option<&Matcher>) -> Result<Self, TransportError> {
        let url = Url::parse(address).map_err(|_| TransportError::BadUrl { reason: "it cannot be parsed" })?;
        let host = url.host_str().unwrap_or_default().to_owned();
        if host.is_empty() {
            return Err(TransportError::BadUrl { reason: "it names no host" });
        }
        let shown = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        let addresses = options.network.addresses;
        let other_family = |host: &str| address_of(host).is_some_and(|address| !addresses.allows(address));
        let (is_loopback, proxy) = match url.scheme() {
            "https" if tls::can_name(&host) => (false, proxies.and_then(|proxies| proxy_before(proxies, &url))),
            "https" => {
                return Err(TransportError::BadUrl { reason: "its host is not a name a certificate can be for" });
            }
            "http" if options.network.http_loopback && is_this_machine(&host) => (true, None),
            "http" => return Err(TransportError::PlainHttpRefused { host }),
            _ => return Err(TransportError::BadUrl { reason: "its scheme is not https" }),
        };
        // The HTTP stack takes the brackets for a part of the name that the certificate is for, once the proxy is connected.
        if proxy.is_some() && host.starts_with('[') {
            return Err(TransportError::BadUrl {
                reason: "an address of IPv6 cannot be called through a proxy: use a host name",
            });
        }
        if proxy.is_some() && !options.proxy.can_be_told(&host) {
            return Err(TransportError::BadUrl {
                reason: "its host is too long to be told to the proxy beside the login (Proxy::login)",
            });
        }
        if proxy.as_ref().is_some_and(|proxy| other_family(proxy.host())) {
            return Err(PROXY_OF_OTHER_FAMILY.error());
        }
        if proxy.is_none() && other_family(&host) {
            return Err(TransportError::BadUrl {
                reason: "its host is an address of a family that is not to be used (HttpsOptions::addresses)",
            });
        }
        Ok(Self { address: address.to_owned(), url, host, shown, proxy, is_loopback })
    }
}

/// The proxy that a request to `url` goes through.
fn proxy_before(proxies: &Matcher, url: &Url) -> Option<Hop> {
    let proxy = proxies.intercept(&url.as_str().parse().ok()?)?;
    let uri = proxy.uri();
    let host = uri.host()?;
    let address = uri.port_u16().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Some(Hop { address, speaks_tls: uri.scheme_str() == Some("https") })
}

/// `127.0.0.0/8`, `[::1]` or `localhost`, in the spelling that parsing a URL leaves.
fn is_this_machine(host: &str) -> bool {
    host == LOCALHOST || host == "[::1]" || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// `host` as the address it is, if it is none but that.
fn address_of(host: &str) -> Option<IpAddr> {
    bare_host(host).parse().ok()
}

const PROXY_OF_OTHER_FAMILY: Reason =
    Reason("the proxy is an address of a family that is not to be used (HttpsOptions::addresses)");

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::transport::options::Addresses;

    #[test]
    fn a_host_is_shown_with_a_port_that_is_not_the_usual_one() {
        for (address, shown) in [
            ("https://ofx.example.com/a?b", "ofx.example.com"),
            ("https://ofx.example.com:443/", "ofx.example.com"),
            ("https://jane@ofx.example.com:8443/a?b", "ofx.example.com:8443"),
            ("https://[::1]:8443/", "[::1]:8443"),
        ] {
            assert_eq!(Route::to(address, &HttpsOptions::new(), None).unwrap().shown, shown);
        }
    }

    /// As one of the environment may be written.
    #[test]
    fn a_proxy_is_of_its_family_without_a_port_as_well() {
        for (proxy, family, other) in [
            ("http://127.0.0.1", Addresses::OnlyIpv4, Addresses::OnlyIpv6),
            ("http://[::1]", Addresses::OnlyIpv6, Addresses::OnlyIpv4),
            ("http://[::1]:3128", Addresses::OnlyIpv6, Addresses::OnlyIpv4),
        ] {
            let proxies = Matcher::builder().all(proxy.to_owned()).build();
            let way = |which| {
                Route::to("https://bank.example/", &HttpsOptions::new().addresses(which), Some(&proxies)).map(|_| ())
            };
            way(family).unwrap();
            assert!(matches!(way(other), Err(TransportError::BadOptions { .. })), "{proxy}");
        }
    }
}
