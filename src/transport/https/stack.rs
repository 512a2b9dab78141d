//! The HTTP stack, made out of the options.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::{Client, ClientBuilder, Version};
use rustls::ClientConfig;
use tokio::runtime::Id;

use crate::transport::https::names::{Names, chosen};
use crate::transport::options::{HttpVersions, HttpsOptions, KeepAlive, ProxyKind, Reason};
use crate::transport::{Request, TransportError};

/// Connections that are used once, and those that are used again.
pub(crate) struct Stack {
    fresh: Client,
    kept: Option<Client>,
    /// The runtime whose connections are kept. Another one cannot use them: it does not drive them, and perhaps nobody does any more.
    home: OnceLock<Id>,
    always: bool,
}

impl Stack {
    /// For `https`.
    pub(crate) fn secure(options: &HttpsOptions, tls: &ClientConfig) -> Result<Self, TransportError> {
        Self::new(options, || {
            let builder = careful(options, tls)?.https_only(true);
            let builder = if options.proxy.kind == ProxyKind::Environment { builder } else { builder.no_proxy() };
            Ok(match options.proxy.for_reqwest()? {
                Some(proxy) => builder.proxy(proxy),
                None => builder,
            })
        })
    }

    /// For `http` to this machine.
    pub(crate) fn loopback(options: &HttpsOptions, tls: &ClientConfig) -> Result<Self, TransportError> {
        // A name server may say what it likes about localhost. The port comes from the URL.
        let here = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
        let here = chosen(here, options.network.addresses);
        Self::new(options, || Ok(careful(options, tls)?.no_proxy().resolve_to_addrs(LOCALHOST, &here)))
    }

    fn new(
        options: &HttpsOptions,
        builder: impl Fn() -> Result<ClientBuilder, TransportError>,
    ) -> Result<Self, TransportError> {
        // Institutions close idle connections without a word; a request written to one of those is lost, and nobody can say whether
        // it was read first. hyper also sends a request again that it had queued on such a connection, and reqwest has no switch for
        // that; without a pool there is none to queue on. With one the gate sees to it that what is sent again never left.
        let fresh = built(builder()?.pool_max_idle_per_host(0))?;
        let kept = match options.http.keep_alive {
            KeepAlive::Never => None,
            KeepAlive::Reads | KeepAlive::Always => {
                Some(built(builder()?.pool_idle_timeout(options.http.idle_timeout.min(LONGEST)))?)
            }
        };
        Ok(Self { fresh, kept, home: OnceLock::new(), always: options.http.keep_alive == KeepAlive::Always })
    }

    /// Whether what counts, too, goes over connections that are used again.
    pub(crate) fn always_shares(&self) -> bool {
        self.always
    }

    /// The client for a request that is sent on the runtime `here`. That a runtime may get the id of one that is over does no more harm than
    /// before: a connection of the latter hangs until the time is over, and the request is not sent.
    pub(crate) fn client(&self, may_reuse: bool, here: Id) -> &Client {
        let kept = self.kept.as_ref().filter(|_| may_reuse || self.always);
        kept.filter(|_| *self.home.get_or_init(|| here) == here).unwrap_or(&self.fresh)
    }
}

/// A client builder that sends what it is given once, as it is, and nothing else.
fn careful(options: &HttpsOptions, tls: &ClientConfig) -> Result<ClientBuilder, TransportError> {
    let network = &options.network;
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .dns_resolver(Names::new(options))
        .connect_timeout(options.connect_timeout.min(LONGEST))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        // What a request may do twice is decided far above, with the identifiers of the payment at hand.
        .retry(reqwest::retry::never())
        .tcp_keepalive(network.tcp_keep_alive)
        .local_address(network.local_address)
        .http1_title_case_headers()
        // What comes back answers a request that is spent: a line that no server should write must not put a payment in doubt. What such
        // a line may say about the length is looked at in `read`.
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_ignore_invalid_headers_in_responses(true)
        .http2_max_header_list_size(LONGEST_HEAD)
        // Off anyway, unless another crate of the program switches reqwest's features on; compression is undone here.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .no_hickory_dns();
    builder = match options.http.versions {
        HttpVersions::Http1 => builder.http1_only(),
        HttpVersions::Http2 => builder.http2_prior_knowledge(),
        HttpVersions::Either => builder,
    };
    if let Some(silence) = options.read_timeout {
        builder = builder.read_timeout(silence.min(LONGEST));
    }
    if network.tcp_keep_alive.is_none() {
        // How often it asks would switch it on by itself, with the system's idea of when.
        builder = builder.tcp_keepalive_interval(None).tcp_keepalive_retries(None);
    }
    for elsewhere in network.elsewhere() {
        let (host, address) = elsewhere?;
        builder = builder.resolve_to_addrs(&host, &[address]);
    }
    Ok(builder)
}

fn built(builder: ClientBuilder) -> Result<Client, TransportError> {
    builder.build().map_err(|cause| NO_CLIENT.because(cause))
}

/// What the options say, unless the request wants it otherwise. American Express wants `User-Agent` first.
pub(crate) fn headers(options: &HttpsOptions, request: &Request) -> Result<HeaderMap, TransportError> {
    let http = &options.http;
    let (mut user_agent, mut accept) = (http.user_agent.as_deref(), http.accept.as_str());
    for (name, line) in request.headers() {
        if name.eq_ignore_ascii_case(USER_AGENT.as_str()) {
            user_agent = line;
        } else if name.eq_ignore_ascii_case(ACCEPT.as_str()) {
            // Without a line of ours reqwest would say */*.
            accept = line.unwrap_or_default();
        } else {
            return Err(OTHER_HEADER.error());
        }
    }
    let mut headers = HeaderMap::new();
    for (name, line) in [
        (USER_AGENT, user_agent),
        (CONTENT_TYPE, Some(MEDIA_TYPE)),
        (ACCEPT, Some(accept)),
        (ACCEPT_ENCODING, http.accept_compression.then_some("gzip, deflate")),
        (CONTENT_ENCODING, http.compress_requests.then_some("gzip")),
    ] {
        let Some(line) = line else { continue };
        headers.insert(name, HeaderValue::from_str(line).map_err(|_| BAD_HEADER.error())?);
    }
    for added in http.extra() {
        let (name, line) = added?;
        headers.insert(name, line);
    }
    Ok(headers)
}

pub(crate) fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_2 => "HTTP/2.0",
        _ => "unknown",
    }
}

const MEDIA_TYPE: &str = "application/x-ofx";
pub(crate) const LOCALHOST: &str = "localhost";

/// How long the head of an answer may be by HTTP/2, in bytes; by HTTP/1.1 hyper allows 400 KiB. `TransportError::HeadTooLarge` says so.
const LONGEST_HEAD: u32 = 64 * 1024;

/// A year: longer than anybody waits. The HTTP stack adds its times to that of the clock, and panics where the sum does not fit.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

const BAD_HEADER: Reason = Reason("the user agent or the accepted types hold a character that no header may hold");
const OTHER_HEADER: Reason = Reason("a request may ask this transport for a user agent and accepted types only");
const NO_CLIENT: Reason = Reason("the HTTP client cannot be set up");
