//! Who is at work: a few threads, each with one or two processes, and the users whose turn it is.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::Utc;
use indicatif::ProgressBar;

use crate::drill::process::Process;
use crate::drill::{End, Order, Point, Problem, Result, Told};
use crate::plan::Kill;
use crate::town::{Done, House, Lane};

/// What all threads share.
pub struct Yard<'a> {
    pub houses: &'a [House],
    pub store: &'a str,
    pub tenant: &'a str,
    pub bar: &'a ProgressBar,
    shared: Mutex<Shared>,
    woken: Condvar,
}

/// What came of it.
#[derive(Default)]
struct Shared {
    waiting: Vec<(Instant, Lane)>,
    at_work: usize,
    done: Vec<Done>,
    kills: BTreeMap<Point, usize>,
    problem: Option<Problem>,
}

/// One thread's processes; those that were killed are missing.
#[derive(Default)]
struct Crew([Option<Process>; 2]);

impl<'a> Yard<'a> {
    pub fn new(houses: &'a [House], lanes: Vec<Lane>, store: &'a str, tenant: &'a str, bar: &'a ProgressBar) -> Self {
        let waiting = lanes.into_iter().map(|lane| (Instant::now(), lane)).collect();
        let shared = Mutex::new(Shared { waiting, ..Shared::default() });
        Self { houses, store, tenant, bar, shared, woken: Condvar::new() }
    }

    /// Makes all payments, `jobs` at the same moment.
    pub fn run(self, jobs: usize) -> Result<(Vec<Done>, BTreeMap<Point, usize>)> {
        std::thread::scope(|scope| {
            for _ in 0..jobs {
                scope.spawn(|| self.work());
            }
        });
        let shared = self.shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        match shared.problem {
            Some(problem) => Err(problem),
            None => Ok((shared.done, shared.kills)),
        }
    }

    fn work(&self) {
        let mut crew = Crew::default();
        while let Some(mut lane) = self.take() {
            let ended = self.step(&mut lane, &mut crew);
            let mut shared = self.lock();
            shared.at_work -= 1;
            match ended {
                Ok(when) if !lane.plans.is_empty() => shared.waiting.push((when, lane)),
                Ok(_) => {}
                Err(problem) => shared.problem = Some(problem),
            }
            self.woken.notify_all();
        }
    }

    /// The user whose turn it is; nothing when no user has anything left to pay.
    fn take(&self) -> Option<Lane> {
        let mut shared = self.lock();
        loop {
            if shared.problem.is_some() || shared.waiting.is_empty() && shared.at_work == 0 {
                return None;
            }
            let next = (0..shared.waiting.len()).min_by_key(|at| shared.waiting[*at].0);
            let now = Instant::now();
            let time = match next {
                Some(at) if shared.waiting[at].0 <= now => {
                    shared.at_work += 1;
                    return Some(shared.waiting.swap_remove(at).1);
                }
                Some(at) => shared.waiting[at].0 - now,
                None => Duration::from_secs(1),
            };
            shared = self.woken.wait_timeout(shared, time).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// One try of a user's payment. Gives when the next one makes sense.
    fn step(&self, lane: &mut Lane, crew: &mut Crew) -> Result<Instant> {
        let Some(plan) = lane.plans.front_mut() else { return Ok(Instant::now()) };
        let house = &self.houses[lane.house];
        if lane.tries == 0 {
            // What is still on its way for an earlier payment may throw away the answers that are kept for the next one.
            house.bank.deliver_late();
        }
        lane.tries += 1;
        let kill = plan.kills.first().copied();
        if let Some((on, fault)) = plan.kills.first_mut().and_then(|kill| kill.fault.take()) {
            house.bank.next(on, fault);
        }
        let order = Order {
            store: self.store.to_owned(),
            tenant: self.tenant.to_owned(),
            url: house.bank.url().to_owned(),
            ca_file: house.ca_file.clone(),
            user: lane.user.clone(),
            number: plan.number,
            refused: plan.refused,
            pay: true,
            stop: kill.map(|kill| kill.point).filter(|point| *point != Point::Random),
            lease_millis: LEASE,
        };
        let two = kill.is_some_and(|kill| kill.two);
        crew.order(0, &order)?;
        if two {
            crew.order(1, &Order { stop: None, ..order })?;
        }
        let (killed, mut ends) = crew.watch(kill)?;
        if two {
            ends.extend(crew.end(1)?);
        }
        if let Some(kill) = kill.filter(|_| killed) {
            plan.kills.remove(0);
            *self.lock().kills.entry(kill.point).or_default() += 1;
        }
        let mut when = Instant::now();
        for end in &ends {
            when = when.max(Instant::now() + pause(end));
        }
        lane.said.extend(ends.into_iter().filter(End::is_final));
        if (!lane.said.is_empty() && !killed || lane.tries >= MOST_TRIES)
            && let Some(plan) = lane.plans.pop_front()
        {
            let (house, user) = (lane.house, lane.user.clone());
            self.lock().done.push(Done { house, user, plan, said: std::mem::take(&mut lane.said) });
            lane.tries = 0;
            self.bar.inc(1);
        }
        Ok(when)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Crew {
    fn order(&mut self, at: usize, order: &Order) -> Result<()> {
        if self.0[at].is_none() {
            self.0[at] = Some(start()?);
        }
        self.at(at)?.order(order)
    }

    /// Waits for the first process, and kills it where it is to be killed. Gives whether it was, and what it has said.
    fn watch(&mut self, kill: Option<Kill>) -> Result<(bool, Vec<End>)> {
        let process = self.at(0)?;
        let told = match kill {
            Some(Kill { point: Point::Random, after, .. }) => process.next_within(after)?,
            _ => Some(process.next()?),
        };
        if let Some(Told::End(end)) = told {
            return Ok((false, vec![end]));
        }
        if told == Some(Told::At(Point::AfterSend)) {
            std::thread::sleep(kill.map_or(Duration::ZERO, |kill| kill.after));
        }
        let process = self.0[0].take().ok_or(NOBODY)?;
        Ok((
            true,
            match process.kill()? {
                // The kill came a moment too late for this payment: it counts as one, and so does what was said.
                Some(Told::End(end)) => vec![end],
                _ => Vec::new(),
            },
        ))
    }

    fn end(&self, at: usize) -> Result<Option<End>> {
        match self.0[at].as_ref().ok_or(NOBODY)?.next()? {
            Told::End(end) => Ok(Some(end)),
            Told::At(_) => Err("a process stopped where it was not told to".into()),
        }
    }

    fn at(&mut self, at: usize) -> Result<&mut Process> {
        Ok(self.0[at].as_mut().ok_or(NOBODY)?)
    }
}

/// What the store says of each payment, once all is over.
pub fn look(done: &[Done], houses: &[House], store: &str, tenant: &str) -> Result<Vec<End>> {
    let mut process = start()?;
    let mut found = Vec::new();
    for done in done {
        process.order(&Order {
            store: store.to_owned(),
            tenant: tenant.to_owned(),
            url: houses[done.house].bank.url().to_owned(),
            ca_file: houses[done.house].ca_file.clone(),
            user: done.user.clone(),
            number: done.plan.number,
            refused: done.plan.refused,
            pay: false,
            stop: None,
            lease_millis: LEASE,
        })?;
        match process.next()? {
            Told::End(end) => found.push(end),
            Told::At(_) => return Err("a process stopped where it was not told to".into()),
        }
    }
    Ok(found)
}

/// A process of this very program.
fn start() -> Result<Process> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--child");
    Process::start(command)
}

/// How long to wait for the next try.
fn pause(end: &End) -> Duration {
    match end {
        // Whoever has the claim may be done with it long before.
        End::Busy(until) => {
            let millis = until.saturating_sub(Utc::now().timestamp_millis()).clamp(0, 60_000);
            Duration::from_millis(u64::try_from(millis).unwrap_or(0) + 1)
        }
        End::Again(_) => Duration::from_millis(20),
        End::Paid(_) | End::Rejected(_) | End::Unknown(_) => Duration::ZERO,
    }
}

/// How long a claim is good for, in milliseconds; a vault adds five seconds for clocks that differ.
const LEASE: u64 = 1000;

/// Each kill costs two, each fault one or two.
const MOST_TRIES: usize = 60;

const NOBODY: &str = "there is no process";
