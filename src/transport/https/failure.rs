//! The words for what failed. Whether the request was sent is proved elsewhere; this only finds the name of the failure.

use std::error::Error as StdError;
use std::sync::Arc;

use crate::transport::https::gate::Revoked;
use crate::transport::watch::Watch;
use crate::transport::{ProxyProblem, TransportError, tls};

/// The request that failed.
pub(crate) struct Failed<'a> {
    pub(crate) host: &'a str,
    pub(crate) proxy: Option<&'a str>,
    pub(crate) watch: &'a Arc<Watch>,
}

impl Failed<'_> {
    /// Names a failure before the body left.
    pub(crate) fn not_sent(&self, cause: reqwest::Error) -> TransportError {
        if cause.is_builder() {
            return TransportError::BadUrl { reason: "it cannot be put into a request" };
        }
        let in_tls = tls::find::<rustls::Error>(&cause);
        // A proxy over TLS has a handshake of its own.
        let at_proxy = self.proxy.filter(|_| in_tls.is_some() && is_in_tunnel(&cause));
        let host = at_proxy.unwrap_or(self.host).to_owned();
        let about_us = |error| tls::wants_other_identity(error) || tls::is_handshake_failure(error);
        let identity = self.watch.was_asked_for_identity() && in_tls.is_some_and(about_us);
        let other_http = in_tls.is_some_and(tls::speaks_other_http);
        let certificate = in_tls.and_then(tls::certificate_problem);
        let without_roots = in_tls.and_then(tls::lacks_roots);
        let in_tls = in_tls.is_some();
        let in_proxy = match proxy_problem(&cause) {
            // Whoever hangs up in the handshake is behind the proxy, and what becomes of a kept connection is no question of connecting.
            None if self.watch.was_connected() || !cause.is_connect() => None,
            found => Some(found.unwrap_or(ProxyProblem::Unreachable)),
        };
        let (dns, timeout) = (cause.is_dns(), cause.is_timeout() || tls::find::<Revoked>(&cause).is_some());
        let lost = self.proxy.filter(|_| dns && self.watch.was_looking_for_the_proxy());
        let silent = self.proxy.filter(|_| !self.watch.was_connected()).map(str::to_owned);
        let source = Some(cause.without_url().into());
        if let Some(reason) = without_roots {
            return TransportError::BadOptions { reason: reason.0.into(), source };
        }
        match (certificate, self.proxy.zip(in_proxy)) {
            (Some(problem), _) => TransportError::Certificate { host, problem, source },
            _ if identity => TransportError::ClientCertificate { host, source },
            _ if other_http => TransportError::HttpVersion { host, source },
            _ if in_tls => TransportError::Tls { host, source },
            _ if dns => match lost.map(str::to_owned) {
                Some(proxy) => TransportError::Proxy { proxy, problem: ProxyProblem::Unreachable, source },
                None => TransportError::Resolve { host, source },
            },
            _ if timeout => TransportError::ConnectTimeout { host, proxy: silent, source },
            (None, Some((proxy, problem))) => TransportError::Proxy { proxy: proxy.to_owned(), problem, source },
            (None, None) => TransportError::Connect { host, source },
        }
    }

    /// Names a failure after the body may have left.
    pub(crate) fn unknown(&self, cause: reqwest::Error) -> TransportError {
        let about_us = tls::find::<rustls::Error>(&cause).is_some_and(tls::wants_other_identity);
        if about_us && self.watch.was_asked_for_identity() && self.watch.hears_the_end_of_its_handshake() {
            // By TLS 1.3 alone the server's word on our certificate comes after ours is said, and with it the request. A server that says
            // so before anything else has ended the handshake, and read nothing behind it. RFC 8446 §4.4.2.4.
            TransportError::ClientCertificate { host: self.host.to_owned(), source: Some(cause.without_url().into()) }
        } else {
            self.cut(cause)
        }
    }

    /// Names a failure after the answer may have begun.
    pub(crate) fn cut(&self, cause: reqwest::Error) -> TransportError {
        let host = self.host.to_owned();
        let too_large = tls::find::<hyper::Error>(&cause).is_some_and(hyper::Error::is_parse_too_large);
        let timeout = cause.is_timeout();
        let source = Some(cause.without_url().into());
        if too_large {
            TransportError::HeadTooLarge { host }
        } else if timeout {
            TransportError::Timeout { host, source }
        } else {
            TransportError::Interrupted { host, source }
        }
    }
}

/// What a proxy said or did, by the text in which the HTTP stack reports it: it has no other way.
fn proxy_problem(cause: &(dyn StdError + 'static)) -> Option<ProxyProblem> {
    tls::causes(cause).find_map(|cause| {
        let text = cause.to_string();
        if let Some(said) = text.strip_prefix(TUNNEL) {
            return Some(match said {
                "proxy authorization required" => ProxyProblem::Login,
                NOT_CONNECTED => ProxyProblem::Unreachable,
                _ => ProxyProblem::Refused,
            });
        }
        let said = text.strip_prefix("SOCKS error: ")?;
        Some(match said {
            "credentials not accepted"
            | "server does not support user/pass authentication"
            | "server implements authentication incorrectly" => ProxyProblem::Login,
            NOT_CONNECTED => ProxyProblem::Unreachable,
            _ => ProxyProblem::Refused,
        })
    })
}

/// Whether it happened before the proxy had connected us to anybody.
fn is_in_tunnel(cause: &(dyn StdError + 'static)) -> bool {
    tls::causes(cause).any(|cause| cause.to_string().starts_with(TUNNEL))
}

const TUNNEL: &str = "tunnel error: ";
const NOT_CONNECTED: &str = "failed to create underlying connection";

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::transport::options::HttpsOptions;

    /// What became of a request before its body left, behind a proxy, on a connection whose making was not seen.
    fn told(cause: reqwest::Error) -> TransportError {
        let watch = Watch::new(None, "bank.example".to_owned(), None, true);
        Failed { host: "bank.example", proxy: Some("proxy.example:1"), watch: &watch }.not_sent(cause)
    }

    #[tokio::test]
    async fn the_proxy_is_named_only_where_connecting_failed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let tls = tls::config(&HttpsOptions::new()).unwrap();
        let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap();
        let hanging_up = async {
            listener.accept().await.unwrap();
            drop(listener);
        };
        let (lost, ()) = tokio::join!(client.get(&url).send(), hanging_up);
        let error = told(lost.unwrap_err());
        assert!(matches!(error, TransportError::Connect { .. }), "{error:?}");
        let error = told(client.get(&url).send().await.unwrap_err());
        assert!(matches!(error, TransportError::Proxy { problem: ProxyProblem::Unreachable, .. }), "{error:?}");
    }
}
