//! The transport of this crate: reqwest over rustls, with everything off that could send a payment twice.
//!
//! Headers in the order that some institutions insist on, as far as reqwest and hyper leave it to us. The body is behind a
//! [`Gate`](crate::transport::https::gate::Gate), which is where "not sent" comes from: not from reading error texts.
//! Beside it one word of the institution counts, by TLS 1.3: that it does not accept our certificate, with which the handshake ends.
//!
//! | file | what |
//! |---|---|
//! | `mod.rs` | one exchange |
//! | `stack.rs` | the HTTP stack, made out of the options |
//! | `gate.rs` | the body, which leaves once at most |
//! | `answer.rs` | the body of an answer, under its limit |
//! | `cookies.rs` | what institutions set to be sent again |
//! | `failure.rs` | the words for what failed |
//! | `names.rs` | addresses of hosts |
//! | `route.rs` | where a request goes |
//! | `runtime.rs` | what the runtime around a call lacks, and what panics in it |

mod answer;
mod cookies;
mod failure;
mod gate;
mod names;
mod route;
mod runtime;
mod stack;

use std::fmt;
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, TRANSFER_ENCODING};
use reqwest::{Body, Client, Url, Version};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::transport::observer::Event;
use crate::transport::options::{HttpsOptions, Redirects};
use crate::transport::watch::Watch;
use crate::transport::{Recall, Request, Response, Sending, SetCookie, Transport, TransportError, tls};
use answer::Unpacking;
use cookies::Cookies;
use failure::Failed;
use gate::Gate;
use route::Route;
use stack::Stack;

/// Talks HTTPS to institutions. Keeps the cookies they set for as long as it lives, and shares them with nobody; what is stored of an
/// operation that is under way has them, too ([`HttpsOptions::cookies`]).
///
/// A program that serves many users makes one and gives each client its own by [`for_another_user`](Self::for_another_user): what TLS and
/// the certificates of the roots take is then there once.
///
/// # Headers
///
/// By HTTP/1.1 these lines are sent, in this order: `User-Agent`, `Content-Type`, `Accept`, then `Accept-Encoding` and
/// `Content-Encoding` where compression is switched on, those that were added, `Cookie` where one was set, `Host`, `Content-Length`.
/// What [`Request::header`] asks for changes the value of the first and of the third, or leaves out the first. The HTTP stack never
/// leaves out `Accept`: it is sent without a value then. Discover, which insists on `Content-Type`, `Host`, `Content-Length`, `Connection`
/// and nothing else, needs a [`Transport`] of your own.
///
/// Of an answer by HTTP/1.1, header lines that no server should write are read where they can be (a space before the colon, one that goes on
/// in the next line) and left out where not; what they leave unclear about where the answer ends is an error.
///
/// # Runtimes and processes
///
/// Needs a tokio runtime with time and I/O switched on around [`send`](Transport::send). Connections belong to that runtime: those that are
/// kept serve the first one on which any is ([`HttpsOptions::keep_alive`]).
///
/// It belongs to the process in which it was made. A process that forks without starting another program makes one after that, in the child:
/// a thread that was reading the roots of the machine is not there, so that the first handshake may wait for it for ever, and a connection
/// that is kept would be used by both.
///
/// # Security
///
/// Verifies certificates against this machine's roots and those given in the options, unless the options say otherwise. Copies of a
/// request inside the TLS, HTTP and compression buffers are not wiped.
pub struct Https {
    shared: Arc<Shared>,
    cookies: Cookies,
    /// Of the last request: as a rule the next one goes the same way, and reading a URL takes longer than all the rest here.
    last: Mutex<Option<Arc<Route>>>,
}

/// What users can have in common.
struct Shared {
    secure: Stack,
    /// Knows no proxy and no way but to this machine.
    loopback: Option<Stack>,
    proxies: Option<Matcher>,
    /// Of a request that wants none of its own.
    headers: HeaderMap,
    options: HttpsOptions,
}

impl Https {
    /// Sets up the transport; nothing goes out yet.
    ///
    /// # Errors
    ///
    /// [`TransportError::BadOptions`] when the options contradict each other, only given roots are to be trusted and there is none, a
    /// header cannot be sent as given, a timeout is zero, or something is missing that is not [stored](HttpsOptions#storing). That this
    /// machine has no roots is found out, and said in the same way, when a server has presented its certificate: they are read in the
    /// meantime.
    pub fn new(options: HttpsOptions) -> Result<Self, TransportError> {
        options.check()?;
        let headers = stack::headers(&options, &Request::new("", Vec::new()))?;
        let tls = tls::config(&options)?;
        let secure = Stack::secure(&options, &tls)?;
        let loopback = if options.network.http_loopback { Some(Stack::loopback(&options, &tls)?) } else { None };
        let proxies = options.proxy.matcher();
        Ok(Self::of(Arc::new(Shared { secure, loopback, proxies, headers, options })))
    }

    /// One with the same options and no cookies yet, for the client of another user. Connections that are kept, and sessions of TLS, are
    /// shared: they say nothing about a user. An observer may be told of the [end](Event::Closed) of a connection that it saw begin and that
    /// has served other users since.
    #[must_use]
    pub fn for_another_user(&self) -> Self {
        Self::of(Arc::clone(&self.shared))
    }

    fn of(shared: Arc<Shared>) -> Self {
        Self { shared, cookies: Cookies::default(), last: Mutex::default() }
    }

    /// The way to `address`, or why there is none.
    fn route(&self, address: &str) -> Result<Arc<Route>, TransportError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = last.as_ref().filter(|route| route.address == address) {
            return Ok(Arc::clone(route));
        }
        let Shared { options, proxies, .. } = &*self.shared;
        let route = Arc::new(Route::to(address, options, proxies.as_ref())?);
        *last = Some(Arc::clone(&route));
        Ok(route)
    }

    async fn exchange(&self, request: Request) -> Result<Response, TransportError> {
        let route = self.route(request.url())?;
        let here = runtime::here()?;
        let Shared { secure, loopback, options, headers, .. } = &*self.shared;
        let usual = request.headers().next().is_none();
        let headers = if usual { headers.clone() } else { stack::headers(options, &request)? };
        let stack = loopback.as_ref().filter(|_| route.is_loopback).unwrap_or(secure);
        let client = stack.client(request.may_reuse_connection(), here);
        // One that only reads may go over whichever connection is there first: nothing hangs on it.
        let is_certain = request.may_reuse_connection() || !stack.always_shares();
        let watch = Watch::new(request.observer().cloned(), route.host.clone(), route.proxy.clone(), is_certain);
        let leaving = Leaving { recall: request.recall(), by: request.leaves_by().map(Instant::from_std) };
        let body =
            if options.http.compress_requests { answer::compressed(request.body())? } else { request.into_body() };
        let whole = self.follow(client, &route, headers, body, &watch, leaving);
        Arc::clone(&watch).over(whole).await
    }

    /// Sends the body, and again where the same host says that it is to be sent elsewhere and the options allow it.
    async fn follow(
        &self,
        client: &Client,
        route: &Route,
        mut headers: HeaderMap,
        mut body: Zeroizing<Vec<u8>>,
        watch: &Arc<Watch>,
        leaving: Leaving,
    ) -> Result<Response, TransportError> {
        let end = Instant::now().checked_add(self.shared.options.total_timeout);
        let follows = self.shared.options.http.redirects == Redirects::SameHost;
        let mut url = route.url.clone();
        let mut left = if follows { REDIRECTS } else { 0 };
        let mut was_sent = false;
        loop {
            // Kept only where it may be needed again.
            let (mut lines, this) =
                if left > 0 { (headers.clone(), body.clone()) } else { (take(&mut headers), take(&mut body)) };
            let cookies = self.cookies.line(&url);
            if let Some(cookies) = cookies.clone() {
                lines.insert(COOKIE, cookies);
            }
            let failed =
                Failed { host: &route.shown, proxy: route.proxy.as_ref().map(|proxy| proxy.address.as_str()), watch };
            let until = [end, leaving.by].into_iter().flatten().min();
            let (gate, gated) = Gate::new(this, Arc::clone(watch), until);
            // What left before has left, whatever becomes of it here.
            let gate = if was_sent { gate } else { gate.telling(leaving.recall.clone()) };
            let mut post = client.post(url.clone()).headers(lines).body(Body::wrap(gated));
            if let Some(end) = end {
                post = post.timeout(end.saturating_duration_since(Instant::now()));
            }
            let sending = runtime::whole(async { post.send().await });
            let answer = match sending.await {
                Ok(answer) => answer,
                Err(panicked) if !was_sent && gate.take_back() => return Err(panicked.not_sent()),
                Err(_) => return Err(TransportError::Interrupted { host: route.shown.clone(), source: None }),
            };
            let answer = match answer {
                Ok(answer) => answer,
                Err(cause) if was_sent => return Err(failed.cut(cause)),
                Err(cause) if gate.take_back() => return Err(failed.not_sent(cause)),
                Err(cause) => return Err(failed.unknown(cause)),
            };
            let cookie_set =
                self.shared.options.http.cookies && self.cookies.keep(answer.headers(), &url, cookies.as_ref());
            let code = answer.status().as_u16();
            watch.tell(&Event::ResponseHead {
                status: code,
                http_version: stack::version(answer.version()),
                content_type: text(answer.headers(), CONTENT_TYPE).as_deref(),
                remote: answer.remote_addr(),
            });
            if code == 200 {
                return self.read(answer, route, &failed, cookie_set, end).await;
            }
            let elsewhere = text(answer.headers(), LOCATION).and_then(|to| url.join(&to).ok());
            match elsewhere.filter(|to| left > 0 && REDIRECTING.contains(&code) && same_host(&url, to)) {
                Some(to) => url = to,
                None => return Err(TransportError::Status { code }),
            }
            was_sent = true;
            left -= 1;
        }
    }

    async fn read(
        &self,
        mut answer: reqwest::Response,
        route: &Route,
        failed: &Failed<'_>,
        cookie_set: bool,
        end: Option<Instant>,
    ) -> Result<Response, TransportError> {
        let kind = text(answer.headers(), CONTENT_TYPE);
        let codings = answer.headers().get_all(CONTENT_ENCODING).iter().filter_map(|line| line.to_str().ok());
        let mut body = Unpacking::new(codings, self.shared.options.body_limit, failed.host, end);
        let hung_up = loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => body.take(&chunk).await?,
                Ok(None) => break None,
                Err(cause) if ends_with_the_connection(&answer) && tls::lacks_last_word(&cause) => break Some(cause),
                Err(cause) => return Err(failed.cut(cause)),
            }
        };
        let body = body.finish().await;
        if let Some(cause) = hung_up.filter(|_| !body.as_ref().is_ok_and(|body| answer::is_closed(body))) {
            return Err(failed.cut(cause));
        }
        let mut body = body?;
        // A line that says so was too odd to be read.
        if answer::is_in_chunks(&body) {
            return Err(TransportError::Interrupted { host: failed.host.to_owned(), source: None });
        }
        failed.watch.tell(&Event::BodyReceived { bytes: body.len() });
        let private = || [&route.url, answer.url()].into_iter().flat_map(in_query).collect();
        match Response::without(kind.as_deref(), take(&mut *body), private) {
            Err(TransportError::Empty { .. }) => Err(TransportError::Empty { cookie_set }),
            other => other,
        }
    }
}

/// When a body may leave, and who is told that it has not.
struct Leaving {
    recall: Recall,
    by: Option<Instant>,
}

impl Transport for Https {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(self.exchange(request))
    }

    fn allows(&self, url: &str) -> Result<(), TransportError> {
        self.route(url).map(|_| ())
    }

    fn cookies(&self) -> Vec<SetCookie> {
        self.cookies.all()
    }

    fn restore_cookies(&self, cookies: Vec<SetCookie>) {
        if self.shared.options.http.cookies {
            self.cookies.restore(&cookies);
        }
    }
}

impl fmt::Debug for Https {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the cookies.
        f.debug_struct("Https").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

fn text(headers: &HeaderMap, name: reqwest::header::HeaderName) -> Option<String> {
    headers.get(name).and_then(|line| line.to_str().ok()).map(str::to_owned)
}

/// What a query says, as it is written and as it is meant: values, and names that have none. What is very short says nothing.
fn in_query(url: &Url) -> impl Iterator<Item = String> {
    let written = url.query().unwrap_or_default().split('&').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if value.is_empty() { name.to_owned() } else { value.to_owned() }
    });
    let meant = url.query_pairs().map(|(name, value)| if value.is_empty() { name } else { value }.into_owned());
    written.chain(meant).filter(|part| part.chars().count() >= LEAST)
}

/// Whether nothing in the head says where the body ends.
fn ends_with_the_connection(answer: &reqwest::Response) -> bool {
    let is_announced = |name| answer.headers().contains_key(name);
    answer.version() <= Version::HTTP_11 && !is_announced(CONTENT_LENGTH) && !is_announced(TRANSFER_ENCODING)
}

/// Whether `other` is on the host of `one`. A user and a password that `one` does not have would go out as `Authorization`.
fn same_host(one: &Url, other: &Url) -> bool {
    let user = |url: &Url| (url.username().to_owned(), url.password().map(str::to_owned));
    let has_own_user = user(other) != user(one) && user(other) != (String::new(), None);
    !has_own_user
        && one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
}

/// How many characters of a query are taken for more than chance.
const LEAST: usize = 4;

/// How often a request is sent elsewhere.
const REDIRECTS: u8 = 3;
/// By which an answer says that the same request is to be sent elsewhere. 303 says that it was carried out.
const REDIRECTING: &[u16] = &[301, 302, 307, 308];
