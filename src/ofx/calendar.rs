//! The days on which an institution processes, and the time at which such a day ends. OFX 1.0.3 §12.11.2, OFX 2.3 §12.11.2.

use chrono::{DateTime, Datelike as _, Days, FixedOffset, NaiveDate, NaiveTime, Utc, Weekday};

use crate::ofx::aggregate::{words, written_as_text};
use crate::ofx::stamp::{is_digits, offset};

words! {
    /// `PROCDAYSOFF`: a day of the week on which nothing is processed.
    pub enum DayOff {
        /// Mondays.
        Monday = "MONDAY",
        /// Tuesdays.
        Tuesday = "TUESDAY",
        /// Wednesdays.
        Wednesday = "WEDNESDAY",
        /// Thursdays.
        Thursday = "THURSDAY",
        /// Fridays.
        Friday = "FRIDAY",
        /// Saturdays.
        Saturday = "SATURDAY",
        /// Sundays.
        Sunday = "SUNDAY",
    }
}

impl DayOff {
    /// The day of the week; `None` for a word that is none.
    #[must_use]
    pub fn weekday(&self) -> Option<Weekday> {
        Some(match self {
            Self::Monday => Weekday::Mon,
            Self::Tuesday => Weekday::Tue,
            Self::Wednesday => Weekday::Wed,
            Self::Thursday => Weekday::Thu,
            Self::Friday => Weekday::Fri,
            Self::Saturday => Weekday::Sat,
            Self::Sunday => Weekday::Sun,
            Self::Other(_) => return None,
        })
    }
}

/// A time of day with or without a zone, exactly as it was written: `170000.000[-5:EST]`. OFX 1.0.3 §3.2.8.3.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TimeOfDay(String);

impl TimeOfDay {
    /// Takes a time as an institution wrote it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The time and the zone in which it is meant; what is left out at the right is zero, a missing zone is GMT, and 24 hours are the last
    /// moment of the day. `None` when it cannot be read.
    #[must_use]
    pub fn in_zone(&self) -> Option<(NaiveTime, FixedOffset)> {
        let (time, zone) = self.0.split_once('[').map_or((self.0.as_str(), ""), |(time, zone)| (time, zone));
        let time = time.trim();
        let (whole, fraction) = time.split_once(['.', ',']).unwrap_or((time, "0"));
        if !matches!(whole.len(), 2 | 4 | 6) || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        // Parts of a second are the institution's own affair.
        let time = match format!("{whole:0<6}").as_str() {
            "240000" => NaiveTime::from_hms_nano_opt(23, 59, 59, 999_999_999)?,
            time => NaiveTime::parse_from_str(time, "%H%M%S").ok()?,
        };
        Some((time, offset(zone)?))
    }
}

written_as_text!(TimeOfDay, "time");

/// The processing calendar of a service: which days count, and until when a day does.
///
/// It knows days of the week and no holidays: the profile names none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessingCalendar {
    /// Each at most once.
    off: Vec<Weekday>,
    cut_off: Option<(NaiveTime, FixedOffset)>,
}

impl ProcessingCalendar {
    /// The calendar of these `PROCDAYSOFF` and this `PROCENDTM`.
    #[must_use]
    pub fn new(days_off: &[DayOff], cut_off: &TimeOfDay) -> Self {
        let mut off = Vec::new();
        for day in days_off.iter().filter_map(DayOff::weekday) {
            if !off.contains(&day) {
                off.push(day);
            }
        }
        Self { off, cut_off: cut_off.in_zone() }
    }

    /// Whether something is processed on `day`.
    #[must_use]
    pub fn is_processing_day(&self, day: NaiveDate) -> bool {
        !self.off.contains(&day.weekday())
    }

    /// The day on which a request that arrives `now` is processed, by the institution's own calendar: today, unless its cut-off
    /// has come or today is none; then the next processing day. `None` when there is none in any week, or the cut-off cannot be
    /// read.
    #[must_use]
    pub fn processing_day(&self, now: DateTime<Utc>) -> Option<NaiveDate> {
        let (cut_off, zone) = self.cut_off?;
        let there = now.naive_utc().checked_add_offset(zone)?;
        let late = there.time() >= cut_off;
        self.after(there.date().checked_add_days(Days::new(u64::from(late)))?, 0)
    }

    /// So many processing days after `day`. A day that is none counts as the next one that is. `None` when there is none.
    #[must_use]
    pub fn after(&self, day: NaiveDate, count: u32) -> Option<NaiveDate> {
        self.walk(day, count, NaiveDate::checked_add_days)
    }

    /// So many processing days before `day`. A day that is none counts as the last one before it that is. `None` when there is
    /// none.
    #[must_use]
    pub fn before(&self, day: NaiveDate, count: u32) -> Option<NaiveDate> {
        self.walk(day, count, NaiveDate::checked_sub_days)
    }

    fn walk(&self, from: NaiveDate, count: u32, go: fn(NaiveDate, Days) -> Option<NaiveDate>) -> Option<NaiveDate> {
        let in_week = 7_u32.saturating_sub(u32::try_from(self.off.len()).ok()?);
        // A week without one would never end.
        let (weeks, rest) = (count.checked_div(in_week)?, count.checked_rem(in_week)?);
        let mut day = from;
        while !self.is_processing_day(day) {
            day = go(day, ONE)?;
        }
        day = go(day, Days::new(7 * u64::from(weeks)))?;
        for _ in 0..rest {
            day = go(day, ONE)?;
            while !self.is_processing_day(day) {
                day = go(day, ONE)?;
            }
        }
        Some(day)
    }
}

const ONE: Days = Days::new(1);
