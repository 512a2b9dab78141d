//! TLS sessions to be resumed, in memory; and the moment in which a handshake begins.

use rustls::NamedGroup;
use rustls::client::{ClientSessionMemoryCache, ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;

use crate::transport::watch;

/// Sessions of as many servers as one client meets.
#[derive(Debug)]
pub(crate) struct Sessions {
    kept: Option<ClientSessionMemoryCache>,
}

impl Sessions {
    pub(crate) fn new(keep: bool) -> Self {
        Self { kept: keep.then(|| ClientSessionMemoryCache::new(SERVERS)) }
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, server: ServerName<'static>, group: NamedGroup) {
        if let Some(kept) = &self.kept {
            kept.set_kx_hint(server, group);
        }
    }

    fn kx_hint(&self, server: &ServerName<'_>) -> Option<NamedGroup> {
        self.kept.as_ref()?.kx_hint(server)
    }

    fn set_tls12_session(&self, server: ServerName<'static>, value: Tls12ClientSessionValue) {
        if let Some(kept) = &self.kept {
            kept.set_tls12_session(server, value);
        }
    }

    fn tls12_session(&self, server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.kept.as_ref()?.tls12_session(server)
    }

    fn remove_tls12_session(&self, server: &ServerName<'static>) {
        if let Some(kept) = &self.kept {
            kept.remove_tls12_session(server);
        }
    }

    fn insert_tls13_ticket(&self, server: ServerName<'static>, value: Tls13ClientSessionValue) {
        if let Some(kept) = &self.kept {
            kept.insert_tls13_ticket(server, value);
        }
    }

    /// Every handshake begins with looking for a session: TCP and a proxy, if there is one, are connected by then.
    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        watch::handshake_begins(server);
        self.kept.as_ref()?.take_tls13_ticket(server)
    }
}

const SERVERS: usize = 64;
