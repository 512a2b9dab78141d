//! A store and a transport that stop where they are told to.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use ofx_session::Https;
use ofx_session::store::{Answer, Capabilities, Record, RecordKey, Store, Swap, Version};
use ofx_session::transport::{Request, Sending, SetCookie, Transport};

use super::{Point, Told, child};

/// How far one order is, seen from outside of the vault: by what it loads, writes and sends.
#[derive(Debug)]
pub struct Watch {
    stop: Option<Point>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// The first record that a vault loads.
    desk: Option<RecordKey>,
    claimed: bool,
    /// The last thing that happened is an exchange about the payment: the next write is its result.
    answered: bool,
    in_doubt: bool,
}

impl Watch {
    pub fn new(stop: Option<Point>) -> Arc<Self> {
        Arc::new(Self { stop, seen: Mutex::default() })
    }

    /// From here on everything is done to find out.
    pub fn in_doubt(&self) {
        self.with(|seen| seen.in_doubt = true);
    }

    /// Stops for ever, when this is the place.
    async fn pass(&self, point: Point) {
        if self.stop == Some(point) {
            child::say(&Told::At(point));
            std::future::pending::<()>().await;
        }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The points around a write to this record.
    fn around(&self, key: &RecordKey) -> (Option<Point>, Option<Point>) {
        self.with(|seen| match seen {
            Seen { desk: Some(desk), .. } if desk != key => (Some(Point::Filing), Some(Point::Filed)),
            Seen { claimed: false, .. } => (Some(Point::BeforeClaim), Some(Point::AfterClaim)),
            Seen { answered: true, .. } => (Some(Point::BeforeResult), Some(Point::AfterResult)),
            // The write-ahead: what follows is the sending.
            Seen { .. } => (None, None),
        })
    }

    async fn write<'a>(
        &self,
        key: &'a RecordKey,
        write: Answer<'a, Swap>,
    ) -> Result<Swap, ofx_session::store::StoreError> {
        let (before, after) = self.around(key);
        if let Some(point) = before {
            self.pass(point).await;
        }
        let answer = write.await;
        if let (Some(point), Ok(Swap::Done)) = (after, &answer) {
            self.pass(point).await;
            self.with(|seen| {
                seen.claimed |= point == Point::AfterClaim;
                seen.answered &= point != Point::AfterResult;
            });
        }
        answer
    }
}

/// A store that is watched.
#[derive(Debug)]
pub struct WatchedStore {
    pub store: Arc<dyn Store>,
    pub watch: Arc<Watch>,
}

impl Store for WatchedStore {
    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    fn create<'a>(&'a self, key: &'a RecordKey, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(self.watch.write(key, self.store.create(key, record)))
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>> {
        self.watch.with(|seen| seen.desk = seen.desk.or(Some(*key)));
        self.store.load(key)
    }

    fn swap<'a>(&'a self, key: &'a RecordKey, expected: Version, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(self.watch.write(key, self.store.swap(key, expected, record)))
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Version) -> Answer<'a, Swap> {
        Box::pin(self.watch.write(key, self.store.delete(key, expected)))
    }
}

/// A transport that is watched.
#[derive(Debug)]
pub struct WatchedTransport {
    pub https: Https,
    pub watch: Arc<Watch>,
}

impl Transport for WatchedTransport {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(async move {
            let has = |tag: &[u8]| request.body().windows(tag.len()).any(|window| window == tag);
            let pays = has(b"<PMTRQ>");
            let in_doubt = self.watch.with(|seen| seen.in_doubt);
            // A profile, or a token to begin with, says nothing about the payment.
            let about_it = pays || in_doubt && has(b"<PMTSYNCRQ>");
            match (about_it, in_doubt) {
                (true, true) => self.watch.pass(Point::Reconciling).await,
                (true, false) => self.watch.pass(Point::AfterWriteAhead).await,
                (false, _) => {}
            }
            let mut sending = self.https.send(request);
            if pays && !in_doubt && self.watch.stop == Some(Point::AfterSend) {
                // On its way from the first poll on; whatever comes back is never looked at.
                let first = std::future::poll_fn(|context| Poll::Ready(sending.as_mut().poll(context))).await;
                child::say(&Told::At(Point::AfterSend));
                if first.is_pending() {
                    let _ = sending.await;
                }
                return std::future::pending().await;
            }
            let answer = sending.await;
            if about_it {
                self.watch.with(|seen| seen.answered = true);
                self.watch.pass(if in_doubt { Point::Reconciled } else { Point::AfterAnswer }).await;
            }
            answer
        })
    }

    fn cookies(&self) -> Vec<SetCookie> {
        self.https.cookies()
    }

    fn restore_cookies(&self, cookies: Vec<SetCookie>) {
        self.https.restore_cookies(cookies);
    }
}
