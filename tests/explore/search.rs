//! The search: depth first over what can happen next, each state once.
//!
//! A caller is a future, which cannot be copied: a state is reached again by doing the same things from the beginning. What a
//! caller does next depends only on what it was told, so two runs whose callers were told the same, with the same store,
//! institution, clock and files on their way, are one state.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::task::{Context, Poll, Waker};

use ofx_session::Moved;
use ofx_session::testing::Class;

use crate::callers::{Call, Report, with_store, without_store};
use crate::mutations::Mutation;
use crate::sim::{Event, Fate, Sim, Waits};
use crate::stage::Stage;

/// How much may happen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) callers: usize,
    /// Things that go wrong with a file or a write, in all.
    pub(crate) accidents: u32,
    /// How often all claims run out.
    pub(crate) waits: u32,
    pub(crate) with_store: bool,
    pub(crate) mutation: Option<Mutation>,
}

impl Bounds {
    /// Whether the network repeats files. Where the institution has no fence at all, a repeated file pays twice whatever its sender
    /// does: no client can be blamed for that.
    fn doubles(&self, class: Class) -> bool {
        class.duplicates || class.full_sync || class.file_recovery
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) states: usize,
    pub(crate) ends: usize,
    /// The most payments that were made of the one, in any state.
    pub(crate) worst: usize,
    /// What is wrong, with what happened before: the first few.
    pub(crate) wrong: Vec<String>,
    /// Ends in which it is not known what became of the payment.
    pub(crate) unknown: usize,
}

pub(crate) fn explore(class: Class, bounds: Bounds) -> Found {
    let stage = Stage::new(class);
    let mut found = Found::default();
    let mut seen = HashSet::new();
    let mut waiting = vec![Vec::new()];
    while let Some(mut path) = waiting.pop() {
        let mut run = Run::new(&stage, bounds);
        path.iter().for_each(|event| run.happen(*event));
        loop {
            let wrong = run.check();
            found.worst = found.worst.max(run.made());
            if !seen.insert(run.digest()) {
                break;
            }
            if let Some(wrong) = wrong {
                found.tell(&wrong, &path, &run);
                if bounds.mutation.is_some() {
                    found.states = seen.len();
                    return found;
                }
                break;
            }
            let mut events = run.events(class).into_iter();
            let Some(first) = events.next() else {
                found.ends += 1;
                match run.aftermath(class) {
                    Ok(Report::Unknown) => found.unknown += 1,
                    Ok(_) => {}
                    Err(wrong) => found.tell(&wrong, &path, &run),
                }
                found.worst = found.worst.max(run.made());
                break;
            };
            waiting.extend(events.map(|event| [path.as_slice(), &[event]].concat()));
            path.push(first);
            run.happen(first);
        }
    }
    found.states = seen.len();
    found
}

impl Found {
    fn tell(&mut self, wrong: &str, path: &[Event], run: &Run<'_>) {
        if self.wrong.len() < 3 {
            self.wrong.push(format!("{wrong}\n  after {path:?}\n  reports {:?}", run.reports));
        }
    }
}

/// One way through, so far.
struct Run<'a> {
    stage: &'a Stage,
    bounds: Bounds,
    sim: Sim,
    calls: Vec<Option<Call>>,
    reports: Vec<Option<Report>>,
    accidents: u32,
    waits: u32,
    other_client: bool,
}

impl<'a> Run<'a> {
    fn new(stage: &'a Stage, bounds: Bounds) -> Self {
        // One more, who comes when all is over.
        let sim = Sim::new(stage.bank.clone(), bounds.callers + 1, bounds.mutation);
        let mut run = Self {
            stage,
            bounds,
            sim,
            calls: Vec::new(),
            reports: vec![None; bounds.callers],
            accidents: 0,
            waits: 0,
            other_client: false,
        };
        for caller in 0..bounds.callers {
            run.calls.push(None);
            run.start(caller);
        }
        run
    }

    fn start(&mut self, caller: usize) {
        let call = if self.bounds.with_store { with_store } else { without_store };
        self.calls[caller] = Some(call(self.stage, &self.sim, caller));
        self.poll(caller);
    }

    fn poll(&mut self, caller: usize) {
        let Some(call) = &mut self.calls[caller] else { return };
        if let Poll::Ready(report) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            self.sim.let_go(caller);
            self.calls[caller] = None;
            self.reports[caller] = Some(report);
        }
    }

    fn happen(&mut self, event: Event) {
        self.sim.happen(event);
        match event {
            Event::Goes(caller, fate) => {
                self.accidents += u32::from(fate != Fate::Happens);
                self.poll(caller);
            }
            Event::ClaimsRunOut => self.waits += 1,
            Event::OtherClient => self.other_client = true,
            Event::Arrives(_) => {}
        }
    }

    /// What can happen next, the usual first.
    fn events(&self, class: Class) -> Vec<Event> {
        let mut events = Vec::new();
        let mut accidents = Vec::new();
        for caller in 0..self.calls.len() {
            let fates: &[Fate] = match self.sim.waits(caller) {
                None => continue,
                Some(Waits::Load) => &[],
                Some(Waits::Write) => &[Fate::AnswerLost, Fate::Lost],
                Some(Waits::Send) if !self.bounds.doubles(class) => &[Fate::AnswerLost, Fate::Lost, Fate::Late],
                Some(Waits::Send) => &[Fate::AnswerLost, Fate::Lost, Fate::Late, Fate::Doubled],
            };
            events.push(Event::Goes(caller, Fate::Happens));
            accidents.extend(fates.iter().map(|fate| Event::Goes(caller, *fate)));
        }
        let at_work = !events.is_empty();
        // What happens at the institution by itself matters to nobody before the next file gets there.
        let matters = !at_work || (0..self.calls.len()).any(|caller| self.sim.waits(caller) == Some(Waits::Send));
        if self.accidents < self.bounds.accidents {
            events.extend(accidents);
        }
        if matters {
            events.extend((0..self.sim.late()).map(Event::Arrives));
        }
        if at_work && self.bounds.with_store && self.waits < self.bounds.waits {
            events.push(Event::ClaimsRunOut);
        }
        // Where there is no history, a second client is not supported. OFX 1.0.3 §6.
        if at_work && matters && class.full_sync && !self.other_client {
            events.push(Event::OtherClient);
        }
        events
    }

    /// How often the payment was made.
    fn made(&self) -> usize {
        self.sim.lock().bank.payments().iter().filter(|entry| entry.ours).count()
    }

    /// What is wrong with this state.
    fn check(&self) -> Option<String> {
        let made = self.made();
        if made > 1 {
            return Some(format!("{made} payments of one"));
        }
        let wrong = |report: &Report| match report {
            Report::Paid | Report::Failed(Moved::Yes) => made == 0,
            Report::Refused => true,
            Report::Unknown | Report::Failed(_) => false,
        };
        let wrong = self.reports.iter().flatten().find(|report| wrong(report))?;
        Some(format!("{wrong:?} is reported, and {made} made"))
    }

    /// All is over, and somebody asks once more, with nothing in the way.
    fn aftermath(&mut self, class: Class) -> Result<Report, String> {
        if !self.bounds.with_store {
            return Ok(Report::Unknown);
        }
        let last = self.bounds.callers;
        self.calls.push(None);
        self.reports.push(None);
        self.sim.happen(Event::ClaimsRunOut);
        self.start(last);
        while self.sim.waits(last).is_some() {
            self.happen(Event::Goes(last, Fate::Happens));
        }
        let (report, made) = (self.reports[last].unwrap(), self.made());
        let finds_out = class.full_sync || class.file_recovery;
        match (report, made) {
            (Report::Paid, 1) => Ok(report),
            (Report::Unknown, 0 | 1) if !finds_out => Ok(report),
            _ => Err(format!("in the end {report:?} is reported, and {made} made")),
        }
    }

    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.sim.digest().hash(&mut hasher);
        (&self.reports, self.accidents, self.waits, self.other_client).hash(&mut hasher);
        hasher.finish()
    }
}

fn usual() -> Bounds {
    Bounds { callers: 2, accidents: 1, waits: 1, with_store: true, mutation: None }
}

/// Explores all classes, on two threads, and prints what was found.
fn explore_all(bounds: Bounds) -> Vec<(Class, Found)> {
    let work = std::sync::Mutex::new(Class::ALL.to_vec());
    let found = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(class) = work.lock().unwrap().pop() else { return };
                    let one = explore(class, bounds);
                    eprintln!(
                        "{class} {} store, {} callers, {} accidents, claims run out {} times: {} states, {} ends ({} unknown), \
                         at most {} made",
                        if bounds.with_store { "with" } else { "without" },
                        bounds.callers,
                        bounds.accidents,
                        bounds.waits,
                        one.states,
                        one.ends,
                        one.unknown,
                        one.worst
                    );
                    found.lock().unwrap().push((class, one));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort_by_key(|(class, _)| *class);
    assert_eq!(found.len(), 8);
    found
}

fn once_in_every_class(bounds: Bounds) {
    for (class, found) in explore_all(bounds) {
        assert!(found.wrong.is_empty(), "{class}: {}", found.wrong.join("\n"));
        assert_eq!(found.worst, 1, "{class}");
    }
}

#[test]
fn two_callers_make_one_payment_in_every_class() {
    once_in_every_class(Bounds { accidents: 0, waits: 0, ..usual() });
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes unless it is built with --release")]
fn a_payment_is_made_at_most_once_in_every_class_whatever_goes_wrong() {
    once_in_every_class(Bounds { waits: 0, ..usual() });
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes unless it is built with --release")]
fn a_payment_is_made_at_most_once_in_every_class_whoever_takes_over() {
    once_in_every_class(Bounds { accidents: 0, ..usual() });
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes unless it is built with --release")]
fn three_callers_make_one_payment_in_every_class() {
    once_in_every_class(Bounds { callers: 3, accidents: 0, waits: 0, ..usual() });
}

#[test]
#[ignore = "takes an hour: the full size"]
fn a_payment_is_made_at_most_once_in_every_class_at_full_size() {
    once_in_every_class(usual());
    once_in_every_class(Bounds { callers: 3, accidents: 0, ..usual() });
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes unless it is built with --release")]
fn without_a_store_a_payment_is_made_at_most_once_where_the_specification_is_kept() {
    for (class, found) in explore_all(Bounds { with_store: false, ..usual() }) {
        // There is no fence at all in this class: the specification forbids it.
        if class.to_string() == "D-S-F-" {
            assert_eq!(found.worst, 2);
        } else {
            assert!(found.wrong.is_empty(), "{class}: {}", found.wrong.join("\n"));
            assert_eq!(found.worst, 1, "{class}");
        }
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes unless it is built with --release")]
fn the_search_finds_what_each_rule_is_for() {
    for (mutation, class, accidents, waits) in [
        (Mutation::WriteAheadBehind, "D-S-F-", 0, 1),
        (Mutation::NewTrnUid, "D-S+F-", 0, 1),
        (Mutation::NoClaim, "D-S-F-", 0, 0),
        (Mutation::NoToken, "D-S+F-", 1, 0),
    ] {
        let bounds = Bounds { accidents, waits, mutation: Some(mutation), ..usual() };
        let found = explore(class.parse().unwrap(), bounds);
        eprintln!("{mutation:?} on {class}: {} states, at most {} made", found.states, found.worst);
        assert!(found.worst > 1, "{mutation:?} is not missed");
        let whole = explore(class.parse().unwrap(), Bounds { waits: 0, accidents: 0, ..usual() });
        assert!(whole.wrong.is_empty() && whole.worst == 1, "{class} without the mutation");
    }
}
