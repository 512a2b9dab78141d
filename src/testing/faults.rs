//! What can go wrong on the way to the institution and back, and when.

use std::time::Duration;

use crate::testing::desk::Reaction;
use crate::testing::history::mix;
use crate::testing::{Endpoint, HttpRefusal};

/// Something that goes wrong with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is closed, and the request never arrives.
    DropBefore,
    /// The request is carried out, and the connection is closed without an answer.
    DropAfter,
    /// The request is carried out, and the connection is closed behind so many bytes of the answer's body; at least one is
    /// always missing.
    CutAnswer(usize),
    /// The request is carried out at once, and the answer waits.
    Delay(Duration),
    /// The connection is closed, and the request arrives later: when
    /// [`Bank::deliver_late`](crate::testing::Bank::deliver_late) says so, or behind so many further requests. Its answer
    /// goes nowhere.
    LateDelivery {
        /// How many further requests are dealt with first; `None` waits for the test.
        after: Option<usize>,
    },
    /// The request arrives twice, one behind the other.
    Replay {
        /// Sends the answer to the second one, and not that to the first.
        second_answer: bool,
    },
    /// HTTP 503.
    Unavailable {
        /// Whether the request was carried out all the same.
        carried_out: bool,
    },
    /// HTTP 200 with a page for people.
    Html {
        /// Whether the request was carried out all the same.
        carried_out: bool,
    },
    /// Any HTTP status of 400 up, such as 401 or 429, with a line of text.
    Status {
        /// The HTTP status.
        code: u16,
        /// Whether the request was carried out all the same.
        carried_out: bool,
    },
    /// HTTP 200 without a body.
    Empty {
        /// Whether the request was carried out all the same.
        carried_out: bool,
    },
}

impl Fault {
    /// What is answered in place of OFX, and whether the request was carried out; `None` for what goes wrong otherwise.
    pub(super) fn instead(self) -> Option<(Reaction, bool)> {
        let status = |code, reason: &str| Reaction::Refuse(HttpRefusal::new(code, reason));
        Some(match self {
            Self::Unavailable { carried_out } => (status(503, "come back later"), carried_out),
            Self::Status { code, carried_out } => (status(code, "not now"), carried_out),
            Self::Html { carried_out } => (Reaction::Page, carried_out),
            Self::Empty { carried_out } => (Reaction::Answer(Vec::new()), carried_out),
            _ => return None,
        })
    }
}

/// Which requests a [`Fault`] waits for, or a status of [`Bank::answer_next`](crate::testing::Bank::answer_next) or
/// [`Bank::signon_next`](crate::testing::Bank::signon_next).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum On {
    /// Any request.
    Any,
    /// With a payment in it, in a synchronization frame or not.
    Payment,
    /// With a synchronization frame for payments that asks what happened, and nothing enclosed: what is cancelled or changed in one is
    /// [`With`](Self::With) its tag.
    Sync,
    /// With the question for the newest token of payments (`TOKENONLY`), which comes before a first payment.
    Token,
    /// With this tag in it: `PMTCANCRQ`.
    With(&'static str),
    /// For the security questions.
    Questions,
    /// For the profile.
    Profile,
    /// For the list of accounts.
    Accounts,
}

impl On {
    pub(super) fn fits(self, body: &[u8]) -> bool {
        let has = |tag: &[u8]| holds(body, tag);
        if let Self::With(tag) = self {
            return has(format!("<{tag}>").as_bytes());
        }
        match self {
            Self::Any | Self::With(_) => true,
            Self::Payment => has(b"<PMTRQ>"),
            Self::Sync => has_frame(body, |frame| !holds(frame, b"<PMTTRNRQ>") && !holds(frame, b"<TOKENONLY>")),
            Self::Token => has_frame(body, |frame| holds(frame, b"<TOKENONLY>")),
            Self::Questions => has(b"<MFACHALLENGERQ>"),
            Self::Profile => has(b"<PROFRQ>"),
            Self::Accounts => has(b"<ACCTINFORQ>"),
        }
    }
}

/// Whether any synchronization frame for payments is such a one, by what is in it.
fn has_frame(mut body: &[u8], is_such: impl Fn(&[u8]) -> bool) -> bool {
    while let Some((_, rest)) = split(body, b"<PMTSYNCRQ>") {
        let (frame, behind) = split(rest, b"</PMTSYNCRQ>").unwrap_or((rest, &[]));
        if is_such(frame) {
            return true;
        }
        body = behind;
    }
    false
}

fn holds(body: &[u8], tag: &[u8]) -> bool {
    split(body, tag).is_some()
}

/// What stands before a tag and behind it.
fn split<'a>(body: &'a [u8], tag: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = body.windows(tag.len()).position(|window| window == tag)?;
    Some((body.get(..at)?, body.get(at + tag.len()..)?))
}

/// Faults to come, and requests that are still on their way.
#[derive(Debug, Default)]
pub(super) struct Faults {
    queue: Vec<(On, Fault)>,
    random: Option<Random>,
    late: Vec<Late>,
    pub(super) done: Vec<Fault>,
}

/// A request that was held back.
#[derive(Debug)]
pub(super) struct Late {
    pub(super) endpoint: Endpoint,
    pub(super) body: Vec<u8>,
    pub(super) cookies: Option<String>,
    after: Option<usize>,
}

impl Faults {
    pub(super) fn push(&mut self, on: On, fault: Fault) {
        self.queue.push((on, fault));
    }

    pub(super) fn set_random(&mut self, seed: u64, per_thousand: u32) {
        self.random = (per_thousand > 0).then_some(Random { state: seed, per_thousand: u64::from(per_thousand) });
    }

    /// What happens to this request: the first fault that waits for such a one, else what chance has it.
    pub(super) fn choose(&mut self, body: &[u8]) -> Option<Fault> {
        let fault = match self.queue.iter().position(|(on, _)| on.fits(body)) {
            Some(at) => Some(self.queue.remove(at).1),
            None => self.random.as_mut().and_then(Random::choose),
        };
        self.done.extend(fault);
        fault
    }

    pub(super) fn hold_back(&mut self, endpoint: Endpoint, body: &[u8], cookies: Option<String>, after: Option<usize>) {
        // The request that is dealt with right now counts, too, when `due` is asked behind it.
        let after = after.map(|after| after.saturating_add(1));
        self.late.push(Late { endpoint, body: body.to_owned(), cookies, after });
    }

    /// Requests whose time has come, one request later.
    pub(super) fn due(&mut self) -> Vec<Late> {
        for late in &mut self.late {
            late.after = late.after.map(|after| after.saturating_sub(1));
        }
        self.late.extract_if(.., |late| late.after == Some(0)).collect()
    }

    pub(super) fn all_late(&mut self) -> Vec<Late> {
        std::mem::take(&mut self.late)
    }
}

/// Chance that repeats itself: the same seed gives the same faults for the same number of requests.
#[derive(Debug)]
struct Random {
    state: u64,
    per_thousand: u64,
}

impl Random {
    fn choose(&mut self) -> Option<Fault> {
        if self.below(1000) >= self.per_thousand {
            return None;
        }
        let few = |number: u64| usize::try_from(number).unwrap_or_default();
        Some(match self.below(10) {
            0 => Fault::DropBefore,
            1 => Fault::DropAfter,
            2 => Fault::CutAnswer(few(self.below(LONGEST_CUT))),
            3 => Fault::Delay(Duration::from_millis(self.below(LONGEST_DELAY))),
            4 => Fault::LateDelivery { after: Some(few(self.below(MOST_REQUESTS_LATE))) },
            5 => Fault::Replay { second_answer: self.below(2) == 1 },
            6 => Fault::Unavailable { carried_out: self.below(2) == 1 },
            7 => Fault::Html { carried_out: self.below(2) == 1 },
            // A lost answer is what the whole protocol is about.
            _ => Fault::DropAfter,
        })
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(1);
        mix(self.state) % bound
    }
}

/// In bytes: some cuts fall into the header of a document, some behind the signon, some behind a payment.
const LONGEST_CUT: u64 = 2000;

/// In milliseconds.
const LONGEST_DELAY: u64 = 50;

const MOST_REQUESTS_LATE: u64 = 6;

#[cfg(test)]
mod tests {
    use super::{Fault, Faults};

    #[test]
    fn chance_repeats_itself_and_finds_every_kind() {
        let run = |seed| {
            let mut faults = Faults::default();
            faults.set_random(seed, 300);
            (0..2000).map(|_| faults.choose(b"")).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let found: Vec<Fault> = run(7).into_iter().flatten().collect();
        assert!((450..750).contains(&found.len()), "{} of 2000", found.len());
        let kinds: std::collections::HashSet<_> = found.iter().map(std::mem::discriminant).collect();
        assert_eq!(kinds.len(), 8);
        let mut off = Faults::default();
        off.set_random(7, 0);
        assert!((0..1000).all(|_| off.choose(b"").is_none()));
    }
}
