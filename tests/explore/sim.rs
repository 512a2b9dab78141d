//! The world of one run: what callers share, what they wait for, and what happens to it.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use chrono::{DateTime, TimeDelta, Utc};
use ofx_session::Error;
use ofx_session::client::World;
use ofx_session::store::{Answer, Applied, Capabilities, Memory, Record, RecordKey, Store, StoreError, Swap, Version};
use ofx_session::testing::{BankModel, Endpoint};
use ofx_session::transport::{Request, Response, Sending, Transport, TransportError};

use crate::mutations::Mutation;

/// What a caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Waits {
    Load,
    Write,
    Send,
}

/// How what a caller waits for ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fate {
    /// As it should.
    Happens,
    /// It happens, and the caller is told that nobody knows.
    AnswerLost,
    /// It does not happen, and the caller is told that nobody knows.
    Lost,
    /// The caller is told that nobody knows, and the file is still on its way.
    Late,
    /// It happens, and the network has a second copy of the file on its way.
    Doubled,
}

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    /// A caller gets what it waits for.
    Goes(usize, Fate),
    /// A file that was on its way arrives.
    Arrives(usize),
    /// Another client of the same user pays something.
    OtherClient,
    /// So much time passes that every claim has run out.
    ClaimsRunOut,
}

/// A file that is on its way.
#[derive(Clone)]
struct Copy {
    body: Vec<u8>,
}

/// What callers share.
pub(crate) struct Shared {
    pub(crate) memory: Memory,
    pub(crate) bank: BankModel,
    late: Vec<Copy>,
    clock: DateTime<Utc>,
    callers: Vec<Caller>,
    /// What is in the store, by a number for each record.
    shelf: BTreeMap<[u8; 32], u64>,
    mutation: Option<Mutation>,
}

/// What the world knows of one caller.
#[derive(Default)]
struct Caller {
    waits: Option<Waits>,
    fate: Option<Fate>,
    /// Everything the caller was ever told: it decides what the caller does next.
    told: DefaultHasher,
    draws: u64,
    /// A write that a mutation holds back.
    held: Option<Held>,
}

pub(crate) struct Held {
    pub(crate) key: RecordKey,
    pub(crate) expected: Option<Version>,
    pub(crate) record: Record,
}

/// The world, as each of its users has it.
#[derive(Clone)]
pub(crate) struct Sim(Arc<Mutex<Shared>>);

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sim")
    }
}

impl Sim {
    pub(crate) fn new(bank: BankModel, callers: usize, mutation: Option<Mutation>) -> Self {
        Self(Arc::new(Mutex::new(Shared {
            memory: Memory::new(),
            bank,
            late: Vec::new(),
            clock: DateTime::from_timestamp(1_767_607_200, 0).unwrap(),
            callers: (0..callers).map(|_| Caller::default()).collect(),
            shelf: BTreeMap::new(),
            mutation,
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap()
    }

    pub(crate) fn waits(&self, caller: usize) -> Option<Waits> {
        self.lock().callers[caller].waits
    }

    pub(crate) fn late(&self) -> usize {
        self.lock().late.len()
    }

    /// Lets something happen. A caller that is concerned must be polled then.
    pub(crate) fn happen(&self, event: Event) {
        let mut shared = self.lock();
        match event {
            Event::Goes(caller, fate) => {
                let waits = shared.callers[caller].waits.take();
                assert!(waits.is_some(), "caller {caller} waits for nothing");
                shared.callers[caller].fate = Some(fate);
            }
            Event::Arrives(which) => {
                let copy = shared.late.remove(which);
                let _ = shared.bank.answer(Endpoint::Main, &copy.body);
            }
            Event::OtherClient => {
                assert!(shared.bank.other_client_pays("jane", &crate::stage::other_payment()).is_some());
            }
            Event::ClaimsRunOut => shared.clock += TimeDelta::minutes(10),
        }
    }

    /// A number for all that decides how it goes on, but for what the callers are.
    pub(crate) fn digest(&self) -> u64 {
        let shared = self.lock();
        let mut hasher = DefaultHasher::new();
        shared.bank.digest().hash(&mut hasher);
        shared.clock.hash(&mut hasher);
        shared.shelf.hash(&mut hasher);
        let mut late: Vec<&[u8]> = shared.late.iter().map(|copy| tail(&copy.body)).collect();
        late.sort_unstable();
        late.hash(&mut hasher);
        for caller in &shared.callers {
            (caller.waits, caller.told.finish(), caller.held.is_some()).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Writes what a mutation has held back for a caller.
    pub(crate) fn let_go(&self, caller: usize) {
        let held = self.lock().callers[caller].held.take();
        if let Some(Held { key, expected, record }) = held {
            let _ = self.write(&key, expected, &record);
        }
    }

    fn turn(&self, caller: usize, waits: Waits) -> Turn {
        Turn { sim: self.clone(), caller, waits: Some(waits) }
    }

    fn tell(&self, caller: usize, what: impl Hash) {
        let mut shared = self.lock();
        let clock = shared.clock;
        (what, clock).hash(&mut shared.callers[caller].told);
    }

    fn mutation(&self) -> Option<Mutation> {
        self.lock().mutation
    }

    fn write(&self, key: &RecordKey, expected: Option<Version>, record: &Record) -> Swap {
        let mut shared = self.lock();
        let memory = shared.memory.clone();
        let expected = match (shared.mutation, expected) {
            // Who writes last is right, whatever was there.
            (Some(Mutation::NoClaim), _) => now(memory.load(key)).unwrap().map(|found| found.version()),
            (_, expected) => expected,
        };
        let swap = match expected {
            Some(version) => now(memory.swap(key, version, record)),
            None => now(memory.create(key, record)),
        };
        let swap = swap.unwrap();
        if swap == Swap::Done {
            let mut hasher = DefaultHasher::new();
            (record.version().as_bytes(), record.bytes()).hash(&mut hasher);
            shared.shelf.insert(*key.as_bytes(), hasher.finish());
        }
        swap
    }
}

/// Waits until it is a caller's turn.
struct Turn {
    sim: Sim,
    caller: usize,
    waits: Option<Waits>,
}

impl Future for Turn {
    type Output = Fate;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Fate> {
        let waits = self.waits.take();
        let mut shared = self.sim.lock();
        let caller = &mut shared.callers[self.caller];
        match (waits, caller.fate.take()) {
            (Some(waits), _) => {
                caller.waits = Some(waits);
                Poll::Pending
            }
            (None, Some(fate)) => Poll::Ready(fate),
            (None, None) => Poll::Pending,
        }
    }
}

/// The clock and the random source of one caller.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) sim: Sim,
    pub(crate) caller: usize,
}

impl World for Own {
    fn now(&self) -> DateTime<Utc> {
        self.sim.lock().clock
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), Error> {
        let mut shared = self.sim.lock();
        let caller = &mut shared.callers[self.caller];
        for chunk in bytes.chunks_mut(8) {
            caller.draws += 1;
            let mut hasher = DefaultHasher::new();
            (self.caller, caller.draws).hash(&mut hasher);
            let fresh = hasher.finish().to_be_bytes();
            chunk.copy_from_slice(&fresh[..chunk.len()]);
        }
        Ok(())
    }
}

/// The store as one caller reaches it.
#[derive(Debug)]
pub(crate) struct Reach {
    pub(crate) sim: Sim,
    pub(crate) caller: usize,
}

impl Reach {
    async fn write(&self, key: &RecordKey, expected: Option<Version>, record: &Record) -> Result<Swap, StoreError> {
        let fate = self.sim.turn(self.caller, Waits::Write).await;
        self.sim.let_go(self.caller);
        let held_back = self.sim.mutation() == Some(Mutation::WriteAheadBehind);
        let swap = match fate {
            Fate::Lost => None,
            _ if held_back => {
                let held = Held { key: *key, expected, record: record.clone() };
                self.sim.lock().callers[self.caller].held = Some(held);
                Some(Swap::Done)
            }
            _ => Some(self.sim.write(key, expected, record)),
        };
        self.sim.tell(self.caller, (fate, swap == Some(Swap::Done)));
        match (fate, swap) {
            (Fate::Happens, Some(swap)) => Ok(swap),
            _ => Err(StoreError::NoAnswer { store: "Memory", applied: Applied::Unknown, source: None }),
        }
    }
}

impl Store for Reach {
    fn capabilities(&self) -> Capabilities {
        self.sim.lock().memory.capabilities()
    }

    fn create<'a>(&'a self, key: &'a RecordKey, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(self.write(key, None, record))
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>> {
        Box::pin(async move {
            self.sim.turn(self.caller, Waits::Load).await;
            self.sim.let_go(self.caller);
            let memory = self.sim.lock().memory.clone();
            let found = memory.load(key).await?;
            let number = found.as_ref().map(|found| (*found.version().as_bytes(), found.bytes().to_vec()));
            self.sim.tell(self.caller, number);
            Ok(found)
        })
    }

    fn swap<'a>(&'a self, key: &'a RecordKey, expected: Version, record: &'a Record) -> Answer<'a, Swap> {
        Box::pin(self.write(key, Some(expected), record))
    }

    fn delete<'a>(&'a self, _: &'a RecordKey, _: Version) -> Answer<'a, Swap> {
        panic!("a vault deletes nothing");
    }
}

/// The network as one caller reaches it.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) sim: Sim,
    pub(crate) caller: usize,
}

impl Wire {
    async fn exchange(&self, body: Vec<u8>) -> Result<Response, TransportError> {
        let fate = self.sim.turn(self.caller, Waits::Send).await;
        let mutation = self.sim.mutation();
        let body = match mutation {
            Some(mutation) => mutation.outward(body, self.caller),
            None => body,
        };
        let mut shared = self.sim.lock();
        let answer = match fate {
            Fate::Lost => None,
            Fate::Late => {
                shared.late.push(Copy { body });
                None
            }
            Fate::Happens | Fate::AnswerLost => shared.bank.answer(Endpoint::Main, &body).ok(),
            Fate::Doubled => {
                let answer = shared.bank.answer(Endpoint::Main, &body).ok();
                shared.late.push(Copy { body });
                answer
            }
        };
        let answer = answer.filter(|_| matches!(fate, Fate::Happens | Fate::Doubled));
        drop(shared);
        self.sim.let_go(self.caller);
        let answer = match (answer, mutation) {
            (Some(answer), Some(mutation)) => Some(mutation.inward(answer, self.caller)),
            (answer, _) => answer,
        };
        self.sim.tell(self.caller, (fate, answer.as_deref().map(without_times)));
        match answer {
            Some(answer) => Response::from_http_200(Some("application/x-ofx"), answer),
            None => Err(TransportError::Timeout { host: "bank.example".to_owned(), source: None }),
        }
    }
}

impl Transport for Wire {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(self.exchange(request.body().to_vec()))
    }
}

/// What a request says behind its signon, which has the time in it.
fn tail(body: &[u8]) -> &[u8] {
    let end = b"</SONRQ>";
    body.windows(end.len()).position(|window| window == end).map_or(body, |at| &body[at..])
}

/// An answer without the institution's clock, which no caller acts on.
fn without_times(answer: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(answer);
    let cut = text.split("<DTSERVER>").map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.'));
    cut.collect::<String>().into_bytes()
}

/// The result of a future that never waits.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(std::task::Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("waits for something, and there is nothing to wait for"),
    }
}
