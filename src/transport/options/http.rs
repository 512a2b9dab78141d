//! What may be set about HTTP.

use std::time::Duration;

use reqwest::header::{self, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::secret::Secret;
use crate::transport::TransportError;
use crate::transport::options::given::{millis, text_or_empty};
use crate::transport::options::{Given, HttpsOptions, Reason};

/// Which versions of HTTP are spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HttpVersions {
    /// 1.1, which every institution speaks, with headers in the spelling and order of
    /// [`Https`](crate::transport::Https#headers).
    #[default]
    Http1,
    /// 2, and nothing else.
    Http2,
    /// 2 where the server offers it in the TLS handshake, otherwise 1.1.
    Either,
}

/// Whether a connection is used for another request.
///
/// Servers close idle connections without a word. A request that is written to such a connection at that moment is lost, and nobody can
/// say whether it was read first: a payment would be in doubt.
///
/// So a request that only reads may fail for once, too, where it goes over such a connection; with [`Never`](Self::Never) it does not. With
/// [`Always`](Self::Always) and HTTP/2 many requests share one connection at the same time: where the server ends it, all that are on their
/// way over it are in doubt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeepAlive {
    /// Each request has a connection of its own.
    Never,
    /// A request that only reads may use a connection again; one that pays, changes or orders something gets a new one.
    #[default]
    Reads,
    /// Every request may use a connection again.
    Always,
}

/// Whether redirects are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Redirects {
    /// Never: the answer is an error that says so.
    #[default]
    None,
    /// To the same scheme, host and port, three times at most. The request is sent again as it is, by POST, for 301, 302, 307 and 308.
    SameHost,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HttpSettings {
    pub(crate) versions: HttpVersions,
    #[serde(with = "text_or_empty")]
    pub(crate) user_agent: Option<String>,
    pub(crate) accept: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) secret_headers: Vec<(String, Given<Secret>)>,
    pub(crate) keep_alive: KeepAlive,
    #[serde(with = "millis", rename = "idle_timeout_ms")]
    pub(crate) idle_timeout: Duration,
    pub(crate) accept_compression: bool,
    pub(crate) compress_requests: bool,
    pub(crate) redirects: Redirects,
    pub(crate) cookies: bool,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            versions: HttpVersions::default(),
            user_agent: Some(USER_AGENT.to_owned()),
            accept: ACCEPT.to_owned(),
            headers: Vec::new(),
            secret_headers: Vec::new(),
            keep_alive: KeepAlive::default(),
            idle_timeout: IDLE_TIMEOUT,
            accept_compression: false,
            compress_requests: false,
            redirects: Redirects::default(),
            cookies: true,
        }
    }
}

impl HttpSettings {
    /// The headers that were added.
    pub(crate) fn extra(&self) -> impl Iterator<Item = Result<(HeaderName, HeaderValue), TransportError>> {
        let plain = self.headers.iter().map(|(name, value)| plain_line(name, value));
        let secret = self.secret_headers.iter().map(|(name, value)| {
            let missing = |_| NO_SECRET_HEADER.about(format_args!("{name:?}"));
            let value = value.get(&NO_SECRET_HEADER).map_err(missing)?;
            let (name, mut value) = line(name, value.map(Secret::expose).unwrap_or_default())?;
            value.set_sensitive(true);
            Ok((name, value))
        });
        plain.chain(secret)
    }
}

/// HTTP.
impl HttpsOptions {
    /// Which versions of HTTP to speak. Default: 1.1.
    #[must_use]
    pub fn http_versions(mut self, versions: HttpVersions) -> Self {
        self.http.versions = versions;
        self
    }

    /// What to say as `User-Agent`, unless a request wants it otherwise; `None` or an empty text sends no such header. Default:
    /// `InetClntApp/3.0`, which most institutions expect and without which some refuse to answer.
    #[must_use]
    pub fn user_agent<'a>(mut self, name: impl Into<Option<&'a str>>) -> Self {
        self.http.user_agent = name.into().filter(|name| !name.is_empty()).map(str::to_owned);
        self
    }

    /// What to say as `Accept`, unless a request wants it otherwise. Default: `*/*, application/x-ofx`.
    #[must_use]
    pub fn accept(mut self, types: impl Into<String>) -> Self {
        self.http.accept = types.into();
        self
    }

    /// Sends a header along with every request, in place of one of the same name that was added before.
    ///
    /// # Errors
    ///
    /// [`TransportError::BadOptions`] when it cannot be sent as given, or is one that the transport sets by itself or by a method of
    /// its own; also for `Authorization`, whose value is a secret: [`secret_header`](Self::secret_header) is for that.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, TransportError> {
        plain_line(name, value)?;
        self.forget_header(name);
        self.http.headers.push((name.to_owned(), value.to_owned()));
        Ok(self)
    }

    /// As [`header`](Self::header), with a value that is not shown and not stored: a key of a gateway, say, or `Authorization`.
    ///
    /// # Errors
    ///
    /// As [`header`](Self::header), but for `Authorization`.
    pub fn secret_header(mut self, name: &str, value: impl Into<Secret>) -> Result<Self, TransportError> {
        let value = value.into();
        line(name, value.expose())?;
        self.forget_header(name);
        self.http.secret_headers.push((name.to_owned(), Given::Yes(value)));
        Ok(self)
    }

    fn forget_header(&mut self, name: &str) {
        self.http.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.http.secret_headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// Whether a connection is used for more than one request. Default: by requests that only read.
    ///
    /// A connection belongs to a tokio runtime. Those that are kept are used on one only, the first on which a request may use one; on any
    /// other each request has a connection of its own, also when the first has ended. Calls of `ofx_session::blocking` (feature `blocking`)
    /// have a runtime of their own.
    #[must_use]
    pub fn keep_alive(mut self, connections: KeepAlive) -> Self {
        self.http.keep_alive = connections;
        self
    }

    /// How long an idle connection is kept to be used again. Default: 4 seconds, which is less than the 5 after which common servers
    /// close it.
    #[must_use]
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.http.idle_timeout = limit;
        self
    }

    /// Whether to ask for compressed answers, gzip or deflate. Default: no, because some institutions cannot. An answer that comes
    /// compressed without having been asked for is read all the same.
    #[must_use]
    pub fn accept_compression(mut self, yes: bool) -> Self {
        self.http.accept_compression = yes;
        self
    }

    /// Whether to compress requests with gzip. Default: no. OFX does not provide for it: only for an institution that says so.
    #[must_use]
    pub fn compress_requests(mut self, yes: bool) -> Self {
        self.http.compress_requests = yes;
        self
    }

    /// Whether redirects are followed. Default: no.
    #[must_use]
    pub fn redirects(mut self, follow: Redirects) -> Self {
        self.http.redirects = follow;
        self
    }

    /// Whether cookies that the institution sets are sent back to it: to the host that set them, and to no other, whatever their `Domain`
    /// says. Default: yes, as long as the transport lives; and in another process for an operation that was stored while it was under way,
    /// because an institution may tie its questions to a cookie: a [paused session](crate::Session::pause) and a [`Vault`](crate::Vault) give
    /// them to the transport with which they go on. At most 50 are kept, and 8 KiB of what would be sent: older ones go where there
    /// would be more, and what one answer sets beyond that is not kept.
    ///
    /// Without them nothing is sent [once more for a cookie](crate::engine::Dialect::repeat_for_cookie).
    #[must_use]
    pub fn cookies(mut self, yes: bool) -> Self {
        self.http.cookies = yes;
        self
    }
}

/// A header that may be added where everybody can see it.
fn plain_line(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), TransportError> {
    let (name, value) = line(name, value)?;
    if name == header::AUTHORIZATION { Err(SECRET.error()) } else { Ok((name, value)) }
}

/// A header that may be added.
fn line(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), TransportError> {
    let name: HeaderName = name.parse().map_err(|_| BAD_NAME.error())?;
    if OWN_HEADERS.contains(&name) {
        return Err(OWN_HEADER.about(name));
    }
    let value = HeaderValue::from_str(value).map_err(|_| BAD_VALUE.about(&name))?;
    Ok((name, value))
}

const USER_AGENT: &str = "InetClntApp/3.0";
const ACCEPT: &str = "*/*, application/x-ofx";
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// What the transport says by itself, or what has a method of its own.
const OWN_HEADERS: &[HeaderName] = &[
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::USER_AGENT,
];

const BAD_NAME: Reason = Reason("an added header has a name that no header may have");
const BAD_VALUE: Reason = Reason("an added header holds a character that no header may hold");
const OWN_HEADER: Reason = Reason(
    "an added header is one that the transport sets by itself (user_agent, accept, accept_compression, compress_requests, cookies and \
     Proxy::login change some of them)",
);
const SECRET: Reason = Reason(
    "an added header is Authorization, whose value would be shown and stored: give it with HttpsOptions::secret_header",
);
const NO_SECRET_HEADER: Reason =
    Reason("the options were stored without the value of a secret header: give it again (HttpsOptions::secret_header)");
