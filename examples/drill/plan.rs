//! What is to go wrong with each payment: chance that repeats itself with the seed.

use std::time::Duration;

use ofx_session::testing::{Class, Fault, On};

use crate::drill::Point;

/// What happens to one payment.
#[derive(Clone, Debug)]
pub struct Plan {
    pub number: usize,
    /// The institution is to refuse it.
    pub refused: bool,
    /// Where processes are killed, one after the other.
    pub kills: Vec<Kill>,
}

/// What happens in one try to make it.
#[derive(Clone, Copy, Debug)]
pub struct Kill {
    pub point: Point,
    /// At [`Point::Random`]: how long after the order. At [`Point::AfterSend`]: how long after the sending began.
    pub after: Duration,
    /// A second process is at work on the same payment at the same moment.
    pub two: bool,
    pub fault: Option<(On, Fault)>,
}

/// SplitMix64: small, and the same everywhere.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The chance of one payment, whatever happens to the others.
    pub fn of(seed: u64, number: usize) -> Self {
        let mut chance = Self(seed);
        let other = chance.next();
        Self(other ^ u64::try_from(number).unwrap_or(0).wrapping_mul(0xD134_2543_DE82_EF95))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn millis(&mut self, bound: usize) -> Duration {
        Duration::from_millis(u64::try_from(self.below(bound)).unwrap_or(0))
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

impl Plan {
    /// `first` says that no other payment of its user was before it: then there is nothing to file.
    pub fn of(seed: u64, number: usize, class: Class, first: bool) -> Self {
        let mut chance = Chance::of(seed, number);
        let mut points = Vec::new();
        // Each point in turn, so that few payments meet them all, and random moments as often as two of them.
        let turn = (number / 8 + number) % (Point::NAMED.len() + 2);
        match Point::NAMED.get(turn).copied().unwrap_or(Point::Random) {
            Point::Filing | Point::Filed if first => points.push(Point::Random),
            point @ (Point::Reconciling | Point::Reconciled) => points.extend([chance.pick(&Point::IN_DOUBT), point]),
            point => points.push(point),
        }
        while points.len() < 3 && chance.one_in(3) {
            let more = [Point::Reconciling, Point::Reconciled, Point::Random, Point::AfterClaim, Point::BeforeResult];
            points.push(chance.pick(&more));
        }
        let refused = chance.one_in(12);
        // The first try of a user's first payment asks for the newest token.
        let kills = points.into_iter().enumerate();
        let kills = kills.map(|(at, point)| Kill::of(point, class, first && at == 0, &mut chance)).collect();
        Self { number, refused, kills }
    }
}

impl Kill {
    fn of(point: Point, class: Class, asks_token: bool, chance: &mut Chance) -> Self {
        let after = if point == Point::Random { chance.millis(60) } else { chance.millis(12) };
        let fault = chance.one_in(3).then(|| fault(point, class, asks_token, chance));
        Self { point, after, two: chance.one_in(4), fault }
    }
}

/// Something that goes wrong at the institution or on the way.
fn fault(point: Point, class: Class, asks_token: bool, chance: &mut Chance) -> (On, Fault) {
    // A fault that no request of this payment meets would wait for one of another.
    let frame = match point {
        Point::Reconciling | Point::Reconciled if class.full_sync && !class.file_recovery => On::Sync,
        _ if class.full_sync && asks_token => On::Token,
        _ => On::Payment,
    };
    let on = chance.pick(&[On::Payment, On::Payment, frame, On::Any]);
    let carried_out = chance.one_in(2);
    match chance.below(9) {
        0 => (on, Fault::DropBefore),
        1 => (on, Fault::CutAnswer(chance.below(2000))),
        2 => (on, Fault::Delay(Duration::from_millis(20) + chance.millis(150))),
        3 => (On::Payment, Fault::LateDelivery { after: None }),
        4 if network_may_repeat(class) => (On::Payment, Fault::Replay { second_answer: chance.one_in(2) }),
        5 => (on, Fault::Unavailable { carried_out }),
        6 => (on, Fault::Html { carried_out }),
        _ => (on, Fault::DropAfter),
    }
}

/// An institution without any of the three fences carries out the same file twice, and no client can do anything about it.
pub fn network_may_repeat(class: Class) -> bool {
    class.duplicates || class.full_sync || class.file_recovery
}

/// Whether the institution gives any way to find out what became of a payment.
pub fn tells(class: Class) -> bool {
    class.full_sync || class.file_recovery
}
