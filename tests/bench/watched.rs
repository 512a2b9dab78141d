//! A store that notes what it is asked for and how long that takes, and an institution without a network that notes its own time.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ofx_session::store::{Answer, Capabilities, Record, RecordKey, Store, Swap, Version};
use ofx_session::testing::{Bank, BankModel, Endpoint};
use ofx_session::transport::{Request, Response, Sending, Transport};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Load,
    Create,
    Swap,
}

/// One call of a store.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    pub(crate) call: Call,
    pub(crate) key: [u8; 32],
    /// Of what was written.
    pub(crate) len: usize,
    pub(crate) time: Duration,
}

#[derive(Clone)]
pub(crate) struct Watched {
    store: Arc<dyn Store>,
    notes: Arc<Mutex<Vec<Noted>>>,
}

impl Watched {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, notes: Arc::default() }
    }

    /// What was noted since the last time.
    pub(crate) fn take(&self) -> Vec<Noted> {
        std::mem::take(&mut self.notes.lock().unwrap())
    }

    async fn note<T>(
        &self,
        call: Call,
        key: &RecordKey,
        len: usize,
        answer: Answer<'_, T>,
    ) -> Result<T, ofx_session::store::StoreError> {
        let start = Instant::now();
        let answer = answer.await;
        let time = start.elapsed();
        self.notes.lock().unwrap().push(Noted { call, key: *key.as_bytes(), len, time });
        answer
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

impl Store for Watched {
    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    fn create<'a>(&'a self, key: &'a RecordKey, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(self.note(Call::Create, key, record.bytes().len(), self.store.create(key, record)))
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>> {
        Box::pin(self.note(Call::Load, key, 0, self.store.load(key)))
    }

    fn swap<'a>(&'a self, key: &'a RecordKey, expected: Version, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(self.note(Call::Swap, key, record.bytes().len(), self.store.swap(key, expected, record)))
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Version) -> Answer<'a, Swap> {
        self.store.delete(key, expected)
    }
}

/// Answers at once, and notes how long it took itself.
#[derive(Clone, Debug)]
pub(crate) struct Near(Arc<Mutex<(BankModel, Duration)>>);

impl Near {
    pub(crate) fn new() -> Self {
        let model = Bank::builder().user("jane", crate::PASSWORD).build_model();
        Self(Arc::new(Mutex::new((model, Duration::ZERO))))
    }

    /// Its own time since the last time.
    pub(crate) fn take(&self) -> Duration {
        std::mem::take(&mut self.0.lock().unwrap().1)
    }

    pub(crate) fn payments_made(&self) -> usize {
        self.0.lock().unwrap().0.payments_made()
    }
}

impl Transport for Near {
    fn send(&self, request: Request) -> Sending<'_> {
        let start = Instant::now();
        let mut bank = self.0.lock().unwrap();
        let answer = bank.0.answer(Endpoint::Main, request.body()).unwrap();
        bank.1 += start.elapsed();
        Box::pin(async move { Response::from_http_200(Some("application/x-ofx"), answer) })
    }
}
