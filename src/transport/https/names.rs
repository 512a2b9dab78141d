//! Addresses of hosts: the system finds them, the options choose among them.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;

use crate::transport::options::{Addresses, HttpsOptions};
use crate::transport::watch;

pub(crate) struct Names {
    which: Addresses,
}

impl Names {
    /// As the options choose.
    pub(crate) fn new(options: &HttpsOptions) -> Self {
        let which = match options.network.addresses {
            // Such a proxy is told the first address, and no other.
            Addresses::Any | Addresses::PreferIpv6 if options.proxy.is_socks4() => Addresses::PreferIpv4,
            which => which,
        };
        Self { which }
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        watch::resolving(name.as_str());
        let which = self.which;
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?;
            let chosen = chosen(found.collect(), which);
            if chosen.is_empty() {
                return Err("the host has no address of the family that is to be used".into());
            }
            Ok(Box::new(chosen.into_iter()) as Addrs)
        })
    }
}

/// Those that are to be used, in the order in which they are.
pub(crate) fn chosen(mut found: Vec<SocketAddr>, which: Addresses) -> Vec<SocketAddr> {
    match which {
        Addresses::Any => {}
        // Sorting keeps the system's order among those of one family.
        Addresses::PreferIpv4 => found.sort_by_key(SocketAddr::is_ipv6),
        Addresses::PreferIpv6 => found.sort_by_key(SocketAddr::is_ipv4),
        Addresses::OnlyIpv4 | Addresses::OnlyIpv6 => found.retain(|address| which.allows(address.ip())),
    }
    found
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::transport::options::Proxy;

    #[test]
    fn a_proxy_of_socks_4_is_told_an_address_of_ipv4() {
        for (which, with_socks4) in [
            (Addresses::Any, Addresses::PreferIpv4),
            (Addresses::PreferIpv4, Addresses::PreferIpv4),
            (Addresses::PreferIpv6, Addresses::PreferIpv4),
            (Addresses::OnlyIpv4, Addresses::OnlyIpv4),
        ] {
            let address = || "proxy.example:1080";
            let through = |proxy| Names::new(&HttpsOptions::new().addresses(which).proxy(proxy)).which;
            assert_eq!(through(Proxy::socks4(address()).except(["10.0.0.0/8"])), with_socks4, "{which:?}");
            for other in [Proxy::none(), Proxy::http(address()), Proxy::socks4a(address()), Proxy::socks5(address())] {
                assert_eq!(through(other.clone()), which, "{other:?}");
            }
        }
    }

    #[test]
    fn addresses_are_chosen_and_keep_their_order() {
        let (four, six) = (SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0)));
        let other = SocketAddr::from((Ipv4Addr::BROADCAST, 0));
        let found = || vec![four, six, other];
        assert_eq!(chosen(found(), Addresses::Any), [four, six, other]);
        assert_eq!(chosen(found(), Addresses::PreferIpv4), [four, other, six]);
        assert_eq!(chosen(found(), Addresses::PreferIpv6), [six, four, other]);
        assert_eq!(chosen(found(), Addresses::OnlyIpv4), [four, other]);
        assert_eq!(chosen(found(), Addresses::OnlyIpv6), [six]);
    }
}
