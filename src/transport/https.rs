//! The transport of this crate: reqwest over rustls, with everything off that could send a payment twice.
//!
//! One connection per request, HTTP/1.1, no redirect, no retry, no compression. Headers in the order that some institutions
//! insist on, as far as reqwest and hyper leave it to us. The body is behind a
//! [`Gate`](crate::transport::gate::Gate), which is where "not sent" comes from: not from reading error texts.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::cookie::Jar;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::{Body, Client, ClientBuilder, Url};
use tokio::runtime::Handle;
use zeroize::Zeroizing;

use crate::secret::append;
use crate::transport::gate::Gate;
use crate::transport::options::{HttpsOptions, Reason};
use crate::transport::{Request, Response, Sending, Transport, TransportError, tls};

/// Talks HTTPS to institutions. Keeps the cookies they set for as long as it lives, and shares them with nobody.
///
/// # Headers
///
/// These lines are sent, in this order, and no others: `User-Agent`, `Content-Type`, `Accept`, `Cookie` where one was set, `Host`,
/// `Content-Length`. What [`Request::header`] asks for changes the value of the first and of the third, or leaves out the first.
/// The HTTP stack never leaves out `Accept`: it is sent without a value then. Discover, which insists on `Content-Type`, `Host`,
/// `Content-Length`, `Connection` and nothing else, needs a [`Transport`] of your own.
///
/// Needs a tokio runtime with time and I/O switched on around [`send`](Transport::send).
///
/// # Security
///
/// Verifies certificates against this machine's roots and those given in the options. Copies of a request inside the
/// TLS and HTTP buffers are not wiped.
pub struct Https {
    secure: Client,
    /// Knows no proxy and no way but to this machine.
    loopback: Option<Client>,
    options: HttpsOptions,
}

impl Https {
    /// Sets up the transport; nothing goes out yet.
    ///
    /// # Errors
    ///
    /// [`TransportError::BadOptions`] when there is no root certificate to trust, a header cannot be sent as given, or
    /// a timeout is zero.
    pub fn new(options: HttpsOptions) -> Result<Self, TransportError> {
        if options.connect_timeout.is_zero() || options.total_timeout.is_zero() {
            return Err(ZERO_TIMEOUT.error());
        }
        headers(&options, &Request::new("", Vec::new()))?;
        let tls = tls::config(&options)?;
        let cookies = Arc::new(Jar::default());
        let builder = || careful(&options, &cookies).tls_backend_preconfigured(tls.clone());
        let secure = builder().https_only(true);
        let secure = if options.environment_proxies { secure } else { secure.no_proxy() };
        let loopback = if options.http_loopback {
            // A name server may say what it likes about localhost. The port comes from the URL.
            let here = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
            Some(built(builder().no_proxy().resolve_to_addrs(LOCALHOST, &here))?)
        } else {
            None
        };
        Ok(Self { secure: built(secure)?, loopback, options })
    }

    /// The client for `url`, or why there is none.
    fn route(&self, url: &str) -> Result<(&Client, Url, String), TransportError> {
        let url = Url::parse(url).map_err(|_| TransportError::BadUrl { reason: "it cannot be parsed" })?;
        let host = url.host_str().unwrap_or_default().to_owned();
        if host.is_empty() {
            return Err(TransportError::BadUrl { reason: "it names no host" });
        }
        match (url.scheme(), &self.loopback) {
            ("https", _) if tls::can_name(&host) => Ok((&self.secure, url, host)),
            ("https", _) => Err(TransportError::BadUrl { reason: "its host is not a name a certificate can be for" }),
            ("http", Some(client)) if is_this_machine(&host) => Ok((client, url, host)),
            ("http", _) => Err(TransportError::PlainHttpRefused { host }),
            _ => Err(TransportError::BadUrl { reason: "its scheme is not https" }),
        }
    }

    async fn exchange(&self, request: Request) -> Result<Response, TransportError> {
        let (client, url, host) = self.route(request.url())?;
        // Without this reqwest would panic further down.
        if Handle::try_current().is_err() {
            return Err(NO_RUNTIME.error());
        }
        let headers = headers(&self.options, &request)?;
        let (gate, body) = Gate::new(request.into_body());
        let sent = client.post(url).headers(headers).body(Body::wrap(body)).send().await;
        let mut answer = match sent {
            Ok(answer) => answer,
            Err(cause) if gate.take_back() => return Err(not_sent(host, cause)),
            Err(cause) => return Err(unknown(host, cause)),
        };
        let code = answer.status().as_u16();
        if code != 200 {
            return Err(TransportError::Status { code });
        }
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
        let limit = self.options.body_limit;
        let mut body = Zeroizing::new(Vec::new());
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) if chunk.len() > limit.saturating_sub(body.len()) => {
                    return Err(TransportError::TooLarge { limit });
                }
                Ok(Some(chunk)) => append(&mut body, &chunk),
                Ok(None) => return Response::from_http_200(kind.as_deref(), std::mem::take(&mut *body)),
                Err(cause) => return Err(unknown(host, cause)),
            }
        }
    }
}

impl Transport for Https {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(self.exchange(request))
    }

    fn allows(&self, url: &str) -> Result<(), TransportError> {
        self.route(url).map(|_| ())
    }
}

impl fmt::Debug for Https {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the clients: they would show the cookies.
        f.debug_struct("Https").field("options", &self.options).finish_non_exhaustive()
    }
}

/// A client builder that sends what it is given once, as it is, and nothing else.
fn careful(options: &HttpsOptions, cookies: &Arc<Jar>) -> ClientBuilder {
    Client::builder()
        .cookie_provider(Arc::clone(cookies))
        .connect_timeout(options.connect_timeout)
        .timeout(options.total_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        // What a request may do twice is decided far above, with the identifiers of the payment at hand.
        .retry(reqwest::retry::never())
        // No connection is used twice. Institutions close idle connections without a word; a request written to one of
        // those is lost, and nobody can say whether it was read first. hyper also sends a request again that it had
        // queued on such a connection, and reqwest has no switch for that; without a pool there is none to queue on.
        .pool_max_idle_per_host(0)
        .http1_only()
        .http1_title_case_headers()
        // Off anyway, unless another crate of the program switches reqwest's features on.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .no_hickory_dns()
}

/// What the options say, unless the request wants it otherwise. American Express wants `User-Agent` first.
fn headers(options: &HttpsOptions, request: &Request) -> Result<HeaderMap, TransportError> {
    let (mut user_agent, mut accept) = (options.user_agent.as_deref(), options.accept.as_str());
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
    for (name, line) in [(USER_AGENT, user_agent), (CONTENT_TYPE, Some(MEDIA_TYPE)), (ACCEPT, Some(accept))] {
        let Some(line) = line else { continue };
        headers.insert(name, HeaderValue::from_str(line).map_err(|_| BAD_HEADER.error())?);
    }
    Ok(headers)
}

fn built(builder: ClientBuilder) -> Result<Client, TransportError> {
    builder.build().map_err(|cause| TransportError::BadOptions { reason: NO_CLIENT, source: Some(cause.into()) })
}

/// `127.0.0.0/8`, `[::1]` or `localhost`, in the spelling that parsing a URL leaves.
fn is_this_machine(host: &str) -> bool {
    host == LOCALHOST || host == "[::1]" || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// Names a failure before the body left; the gate has proved that, this only finds the words.
fn not_sent(host: String, cause: reqwest::Error) -> TransportError {
    let problem = tls::find(&cause).map(tls::certificate_problem);
    let (dns, timeout) = (cause.is_dns(), cause.is_timeout());
    if cause.is_builder() {
        return TransportError::BadUrl { reason: "it cannot be put into a request" };
    }
    let source = Some(cause.without_url().into());
    match problem {
        Some(Some(problem)) => TransportError::Certificate { host, problem, source },
        Some(None) => TransportError::Tls { host, source },
        None if dns => TransportError::Resolve { host, source },
        None if timeout => TransportError::ConnectTimeout { host, source },
        None => TransportError::Connect { host, source },
    }
}

/// Names a failure after the body may have left.
fn unknown(host: String, cause: reqwest::Error) -> TransportError {
    let timeout = cause.is_timeout();
    let source = Some(cause.without_url().into());
    if timeout { TransportError::Timeout { host, source } } else { TransportError::Interrupted { host, source } }
}

const MEDIA_TYPE: &str = "application/x-ofx";
const LOCALHOST: &str = "localhost";

const ZERO_TIMEOUT: Reason = Reason("a timeout of zero leaves no time for anything");
const BAD_HEADER: Reason = Reason("the user agent or the accepted types hold a character that no header may hold");
const OTHER_HEADER: Reason = Reason("a request may ask this transport for a user agent and accepted types only");
const NO_RUNTIME: Reason = Reason("there is no tokio runtime around this call");
const NO_CLIENT: &str = "the HTTP client cannot be set up";
