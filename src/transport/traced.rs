//! The events of an observer as events of tracing. Their names and fields are on [`Event`]; they stay the same from version to version.

use tracing::{debug, info};

use crate::transport::Event;

/// Emits `event`. Connections at level DEBUG, operations at level INFO.
pub(crate) fn emit(event: &Event<'_>) {
    match *event {
        Event::Resolving { host } => debug!(target: TARGET, host, "resolving"),
        Event::Connected { host } => debug!(target: TARGET, host, "connected"),
        Event::ProxyConnected { host, proxy } => debug!(target: TARGET, host, proxy, "proxy_connected"),
        Event::TlsEstablished { host, version, suite, peer } => {
            let subject = peer.map(|peer| peer.subject.as_str());
            let issuer = peer.map(|peer| peer.issuer.as_str());
            let fingerprint = peer.map(|peer| peer.fingerprint.as_str());
            let not_after = peer.and_then(|peer| peer.not_after).map(|end| end.to_rfc3339());
            let not_after = not_after.as_deref();
            debug!(target: TARGET, host, version, suite, subject, issuer, fingerprint, not_after, "tls_established");
        }
        Event::RequestSent { host, bytes } => debug!(target: TARGET, host, bytes, "request_sent"),
        Event::ResponseHead { status, http_version, content_type, remote } => {
            let remote = remote.map(|remote| remote.to_string());
            let remote = remote.as_deref();
            debug!(target: TARGET, status, http_version, content_type, remote, "response_head");
        }
        Event::BodyReceived { bytes } => debug!(target: TARGET, bytes, "body_received"),
        // In no span: where the handshake fails, it comes in the middle of the exchange.
        Event::Closed { host } => debug!(target: TARGET, parent: None, host, "closed"),
        Event::Step { operation, step } => info!(target: TARGET, operation, step = step.name(), "step"),
        Event::Challenge { questions } => info!(target: TARGET, questions = questions.join(","), "challenge"),
        Event::SyncItem { kind, action, origin } => info!(target: TARGET, kind, action, origin, "sync_item"),
    }
}

const TARGET: &str = "ofx_session";
