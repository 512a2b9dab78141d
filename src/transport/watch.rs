//! What happens on the way of one request, told to its observer from wherever in the HTTP and TLS stacks it is seen.
//!
//! The stacks call back with no word about whose request they serve. They do so in the task that waits for the answer, as long as the
//! connection is being made: so a [`Watch`] lies in that task, where the callbacks find it.

use std::cell::RefCell;
use std::mem::replace;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustls::pki_types::ServerName;

use crate::transport::observer::{CertificateSummary, Event, Observer, tell};
use crate::transport::options::bare_host;

tokio::task_local! {
    static WATCHED: Arc<Watch>;
}

thread_local! {
    /// The life of the connection on which new keys are about to be made, where nobody watches any more.
    static RENEWED: RefCell<Weak<Life>> = const { RefCell::new(Weak::new()) };
}

/// One request on its way.
pub(crate) struct Watch {
    observer: Option<Arc<dyn Observer>>,
    host: String,
    proxy: Option<Hop>,
    /// Whether the body goes over no connection but the one whose handshake is seen here, or nothing hangs on it.
    is_certain: bool,
    handshake: Mutex<Handshake>,
    /// That of the exchange. What the HTTP stack does in a task of its own happens in it all the same.
    #[cfg(feature = "tracing")]
    span: tracing::Span,
}

/// A proxy in front of the institution.
#[derive(Clone, Debug)]
pub(crate) struct Hop {
    /// Host and port; that of the environment may have none.
    pub(crate) address: String,
    /// It has a handshake of its own, before that of the institution.
    pub(crate) speaks_tls: bool,
}

impl Hop {
    pub(crate) fn host(&self) -> &str {
        let port = self.address.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
        bare_host(port.map_or(&self.address, |(host, _)| host))
    }
}

#[derive(Default)]
struct Handshake {
    /// The name that was looked up last before it.
    looked_up: Option<String>,
    /// It is that of a proxy.
    at_proxy: bool,
    /// That of the institution has begun: whatever is in front of it is connected.
    begun: bool,
    version: Option<&'static str>,
    /// The server wants to know who we are.
    asked_for_identity: bool,
    /// The suite, until it was told.
    suite: Option<String>,
    peer: Option<CertificateSummary>,
    /// Whether more than alerts was heard under the keys that were agreed on last.
    heard: Heard,
    /// Held here as well, so that a connection is not over before its answer.
    life: Option<Arc<Life>>,
}

impl Watch {
    pub(crate) fn new(
        observer: Option<Arc<dyn Observer>>,
        host: String,
        proxy: Option<Hop>,
        is_certain: bool,
    ) -> Arc<Self> {
        Arc::new(Self {
            observer,
            host,
            proxy,
            is_certain,
            handshake: Mutex::default(),
            #[cfg(feature = "tracing")]
            span: tracing::Span::current(),
        })
    }

    /// Runs `future` so that callbacks find this watch.
    pub(crate) async fn over<F: Future>(self: Arc<Self>, future: F) -> F::Output {
        WATCHED.scope(self, future).await
    }

    /// Whether TCP was connected, through the proxy if there is one.
    pub(crate) fn was_connected(&self) -> bool {
        self.handshake().begun
    }

    /// Whether the name that was looked up last is that of the proxy, and not that of the institution as well.
    pub(crate) fn was_looking_for_the_proxy(&self) -> bool {
        let handshake = self.handshake();
        let found = handshake.looked_up.as_deref().zip(self.proxy.as_ref());
        found.is_some_and(|(name, proxy)| {
            name.eq_ignore_ascii_case(proxy.host()) && !name.eq_ignore_ascii_case(bare_host(&self.host))
        })
    }

    /// Whether the server of that handshake wanted a certificate of ours.
    pub(crate) fn was_asked_for_identity(&self) -> bool {
        self.handshake().asked_for_identity
    }

    /// Whether an alert that came after the body has left can be the last word of that handshake: by TLS 1.3, where it is certain that the
    /// institution says it on this connection, and not a proxy or another one, and where it is the first that was heard since our part of
    /// the handshake was over. A server that has said anything else, be it a session ticket, was content with us then.
    pub(crate) fn hears_the_end_of_its_handshake(&self) -> bool {
        let in_tls = self.proxy.as_ref().is_some_and(|proxy| proxy.speaks_tls);
        let handshake = self.handshake();
        self.is_certain && !in_tls && handshake.version == Some(TLS_1_3) && !handshake.heard.is_more_than_alerts()
    }

    /// The body is about to leave.
    pub(crate) fn sends(&self, bytes: usize) {
        let agreed = {
            let mut handshake = self.handshake();
            handshake.version.zip(handshake.suite.take()).map(|agreed| (agreed, handshake.peer.take()))
        };
        if let Some(((version, suite), peer)) = agreed {
            self.tell(&Event::TlsEstablished { host: &self.host, version, suite: &suite, peer: peer.as_ref() });
        }
        self.tell(&Event::RequestSent { host: &self.host, bytes });
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        #[cfg(feature = "tracing")]
        let _within = self.span.enter();
        tell(self.observer.as_deref(), event);
    }

    fn is_heard(&self) -> bool {
        self.observer.is_some() || cfg!(feature = "tracing")
    }

    fn handshake(&self) -> MutexGuard<'_, Handshake> {
        // Nothing in it can be half done.
        self.handshake.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a server has said more than alerts under one of its keys.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<AtomicBool>);

impl Heard {
    pub(crate) fn note(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_more_than_alerts(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Lives as long as a connection; its end is the connection's.
pub(crate) struct Life {
    observer: Option<Arc<dyn Observer>>,
    host: String,
}

impl Drop for Life {
    fn drop(&mut self) {
        tell(self.observer.as_deref(), &Event::Closed { host: &self.host });
    }
}

/// That of the request for which this is called, if any. To be used outside of [`WATCHED`], which is borrowed for as long as it is looked
/// into: an observer that sends something itself, by a client that waits, puts another watch there meanwhile.
fn watched() -> Option<Arc<Watch>> {
    WATCHED.try_with(Arc::clone).ok()
}

/// Whether anybody wants to know.
pub(crate) fn is_watched() -> bool {
    watched().is_some_and(|watch| watch.is_heard())
}

/// A name is about to be looked up.
pub(crate) fn resolving(host: &str) {
    let Some(watch) = watched() else { return };
    watch.handshake().looked_up = Some(host.to_owned());
    watch.tell(&Event::Resolving { host });
}

/// TCP is connected to `server`, or through a proxy that is none.
pub(crate) fn handshake_begins(server: &ServerName<'_>) {
    let Some(watch) = watched() else { return };
    let (at_proxy, former) = {
        let mut handshake = watch.handshake();
        let at_proxy = watch.proxy.as_ref().filter(|proxy| proxy.speaks_tls).is_some_and(|proxy| {
            // Where both have one name, that of the proxy comes first.
            let alike = proxy.host().eq_ignore_ascii_case(bare_host(&watch.host));
            if alike { !handshake.at_proxy } else { server.to_str().eq_ignore_ascii_case(proxy.host()) }
        });
        let new = Handshake { at_proxy, begun: !at_proxy, ..Handshake::default() };
        (at_proxy, replace(&mut *handshake, new))
    };
    // Outside of the lock, because the end of its connection may be told.
    drop(former);
    if at_proxy {
        return;
    }
    let host = &watch.host;
    watch.tell(&match &watch.proxy {
        None => Event::Connected { host },
        Some(proxy) => Event::ProxyConnected { host, proxy: &proxy.address },
    });
}

/// The server wants a certificate of ours.
pub(crate) fn asked_for_identity() {
    if let Some(watch) = watched() {
        watch.handshake().asked_for_identity = true;
    }
}

/// The server has presented a certificate.
pub(crate) fn presented(summary: &CertificateSummary) {
    if let Some(watch) = watched() {
        watch.handshake().peer = Some(summary.clone());
    }
}

/// A cipher for what the server says is made: for its part of the handshake first, and for all that follows then. Hands out where to note
/// what is heard by it.
pub(crate) fn listens() -> Heard {
    let heard = Heard::default();
    if let Some(watch) = watched() {
        watch.handshake().heard = heard.clone();
    }
    heard
}

/// A cipher is made, for a connection that is being made or in place of another. Hands out what the cipher holds on to, when anybody wants to
/// know when it ends.
pub(crate) fn agreed(version: &'static str, suite: String) -> Option<Arc<Life>> {
    let renewed = RENEWED.try_with(|life| life.take().upgrade()).ok().flatten();
    let Some(watch) = watched() else { return renewed };
    let mut handshake = watch.handshake();
    handshake.version = Some(version);
    if handshake.at_proxy || !watch.is_heard() {
        return None;
    }
    handshake.suite = Some(suite);
    // One life for all ciphers of a connection, of which there is one for the handshake and one for what follows.
    let new = || Arc::new(Life { observer: watch.observer.clone(), host: watch.host.clone() });
    Some(Arc::clone(handshake.life.get_or_insert_with(new)))
}

/// A connection of TLS 1.3 has said something about the connection itself. After the handshake that is that other keys follow: the cipher
/// for them is made next, in the same breath, and in a task of the HTTP stack that says nothing about the connection.
pub(crate) fn renews(life: &Arc<Life>) {
    if watched().is_none() {
        let _ = RENEWED.try_with(|renewed| renewed.replace(Arc::downgrade(life)));
    }
}

pub(crate) const TLS_1_2: &str = "TLSv1.2";
pub(crate) const TLS_1_3: &str = "TLSv1.3";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_was_looked_up_is_the_proxys_where_it_is_not_the_institutions_too() {
        for (name, host, proxy, expected) in [
            ("Proxy.example", "bank.example", Some("proxy.example:3128"), true),
            ("proxy.example", "bank.example", Some("proxy.example"), true),
            // As one of SOCKS 5 wants it.
            ("bank.example", "bank.example", Some("proxy.example:1080"), false),
            ("bank.example", "bank.example", Some("bank.example:1080"), false),
            ("bank.example", "bank.example", None, false),
        ] {
            let proxy = proxy.map(|address| Hop { address: address.to_owned(), speaks_tls: false });
            let watch = Watch::new(None, host.to_owned(), proxy, true);
            Arc::clone(&watch).over(async { resolving(name) }).await;
            assert_eq!(watch.was_looking_for_the_proxy(), expected, "{name}");
        }
    }
}
