//! A number for the state of the institution, for those who try every way on from a point.

use std::hash::{DefaultHasher, Hash as _, Hasher};

use crate::ofx::{Content as _, Element, SyncKind, Version};
use crate::testing::BankModel;
use crate::testing::history::Event;

impl BankModel {
    /// A number for everything that decides how the institution goes on: equal for equal states.
    ///
    /// Left out are the clock, the counter and the ids made from it that a client has no use for (`SRVRTID`, `RECSRVRTID`, `PAYEELSTID`,
    /// `SESSCOOKIE`), settings, and the violations found so far. Access keys count with their text.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.profile_given, self.approval).hash(&mut hasher);
        self.orders.digest(&mut hasher);
        self.trn_uids.hash(&mut hasher);
        for entry in self.ledger.iter() {
            (&entry.user, entry.trn_uid.as_str(), entry.ours).hash(&mut hasher);
            (&entry.state, entry.day).hash(&mut hasher);
            fingerprint(&entry.payment.write("PMTINFO", Version::V230), &mut hasher);
        }
        for (name, user) in &self.users {
            name.hash(&mut hasher);
            user.digest(&mut hasher);
        }
        hasher.finish()
    }
}

/// Adds an element without what differs between two ways to the same state.
pub(super) fn fingerprint(element: &Element, hasher: &mut impl Hasher) {
    walk(element, &OF_NO_USE, hasher);
}

fn walk(element: &Element, without: &[&str], hasher: &mut impl Hasher) {
    if without.contains(&element.tag()) {
        return;
    }
    (element.tag(), element.text(), element.children().len()).hash(hasher);
    for child in element.children() {
        walk(child, without, hasher);
    }
}

/// A number for an element without what differs between two ways to the same state.
pub(super) fn mark(element: &Element) -> u64 {
    let mut hasher = DefaultHasher::new();
    fingerprint(element, &mut hasher);
    hasher.finish()
}

/// A number for all of an element.
pub(super) fn exact(element: &Element) -> u64 {
    let mut hasher = DefaultHasher::new();
    walk(element, &[], &mut hasher);
    hasher.finish()
}

pub(super) fn response(kind: SyncKind, event: &Event, hasher: &mut impl Hasher) {
    fingerprint(&event.write(kind, Version::V230), hasher);
}

const OF_NO_USE: [&str; 6] = ["DTSERVER", "SRVRTID", "RECSRVRTID", "PAYEELSTID", "SESSCOOKIE", "MESSAGE"];
