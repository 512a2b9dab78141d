//! What came of it, for people.

use std::collections::BTreeMap;

use ofx_session::testing::Class;

use crate::drill::Point;

/// Counts of one class.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub wanted: usize,
    /// Payments in the institution's ledger, each counted once.
    pub made: usize,
    pub rejected: usize,
    pub unknown: usize,
    /// Entries in the ledger beyond the first of a payment.
    pub double: usize,
    pub lost: usize,
}

impl Counts {
    pub fn add(&mut self, other: Self) {
        self.wanted += other.wanted;
        self.made += other.made;
        self.rejected += other.rejected;
        self.unknown += other.unknown;
        self.double += other.double;
        self.lost += other.lost;
    }
}

pub fn kills(by_point: &BTreeMap<Point, usize>) {
    println!("\n{:<34} {:>6}", "killed with SIGKILL", "times");
    for point in Point::NAMED.into_iter().chain([Point::Random]) {
        println!("{point:<34} {:>6}", by_point.get(&point).copied().unwrap_or(0));
    }
    println!("{:<34} {:>6}", "together", by_point.values().sum::<usize>());
}

/// Gives the sums.
pub fn classes(counts: &BTreeMap<Class, Counts>) -> Counts {
    let mut sum = Counts::default();
    println!(
        "\n{:<8} {:>7} {:>7} {:>9} {:>8} {:>7} {:>5}",
        "class", "wanted", "made", "rejected", "unknown", "double", "lost"
    );
    let line = |name: &str, counts: &Counts| {
        let Counts { wanted, made, rejected, unknown, double, lost, .. } = counts;
        println!("{name:<8} {wanted:>7} {made:>7} {rejected:>9} {unknown:>8} {double:>7} {lost:>5}");
    };
    for (class, counts) in counts.iter().rev() {
        line(&class.to_string(), counts);
        sum.add(*counts);
    }
    line("all", &sum);
    sum
}
