//! Time passes at the institution: payments are processed, and recurring payments make theirs.

use chrono::{Duration, NaiveDate};

use crate::ofx::PaymentState;
use crate::testing::BankModel;
use crate::testing::facts::Fact;

impl BankModel {
    /// Lets so many days pass. On each of them recurring payments make the payments that are due within the next 30 days
    /// (`MODELWND`), and what waits for that day is processed.
    ///
    /// Each of it stands in the history of payments, with `TRNUID` 0: a new payment as `PMTRS` with the `RECSRVRTID`, a
    /// processed one as `PMTMODRS`, unless [`Feature::StatusBySync`](crate::testing::Feature::StatusBySync) is off.
    pub fn pass_days(&mut self, days: u32) {
        for _ in 0..days {
            self.now += Duration::days(1);
            self.note(|| Fact::DayPassed);
            self.work_through_the_day();
        }
    }

    /// Lets days pass until it is `day`, and processes what waits for it. A day that is past changes nothing but that what
    /// waits for today is processed.
    pub fn process_until(&mut self, day: NaiveDate) {
        self.work_through_the_day();
        while self.now.date_naive() < day {
            self.pass_days(1);
        }
    }

    fn work_through_the_day(&mut self) {
        self.make_recurring();
        let today = self.now.date_naive();
        let due = self.ledger.iter().filter(|entry| entry.is_scheduled() && entry.day <= today);
        let due: Vec<(String, NaiveDate)> = due.map(|entry| (entry.server_id.clone(), entry.day)).collect();
        for (server_id, day) in due {
            self.end(&server_id, PaymentState::ProcessedOn, day);
        }
    }
}
