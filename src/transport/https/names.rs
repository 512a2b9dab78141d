//! Addresses of hosts: the system finds them, the options choose among them.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;

use crate::transport::options::Addresses;
use crate::transport::watch;

pub(crate) struct Names {
    which: Addresses,
}

impl Names {
    pub(crate) fn new(which: Addresses) -> Self {
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

fn chosen(mut found: Vec<SocketAddr>, which: Addresses) -> Vec<SocketAddr> {
    match which {
        Addresses::Any => {}
        // Sorting keeps the system's order among those of one family.
        Addresses::PreferIpv4 => found.sort_by_key(SocketAddr::is_ipv6),
        Addresses::PreferIpv6 => found.sort_by_key(SocketAddr::is_ipv4),
        Addresses::OnlyIpv4 => found.retain(SocketAddr::is_ipv4),
        Addresses::OnlyIpv6 => found.retain(SocketAddr::is_ipv6),
    }
    found
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

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
