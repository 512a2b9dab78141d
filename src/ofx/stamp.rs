//! Dates: read in all the ways in which institutions write them, and sent in those of the specification.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::RangeInclusive;

use chrono::{
    DateTime, Datelike as _, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Timelike as _, Utc,
};

use crate::ofx::value::text;
use crate::ofx::{Content, DecodeError, Element, Problem, Sink, Version};

/// A date, with or without a time and a zone, exactly as it was written. OFX 1.0.3 §3.2.8.
///
/// Kept as text because many of them must be sent back as they came (`DTPROFUP`, `DTACCTUP`), because a date that a user
/// meant must not move when zones are converted, and because institutions write dates that no rule describes. One that was read
/// goes back as it came; one that was made here is sent only as the specification writes dates.
#[derive(Clone)]
pub struct Stamp {
    text: String,
    /// Whether it was read out of a document. Does not count when two are compared.
    read: bool,
}

impl Stamp {
    /// Takes the text of a date.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), read: false }
    }

    /// A day without time and zone, `YYYYMMDD`. There are such of the years 1 to 9999; what is written of others is no date, and
    /// not sent.
    #[must_use]
    pub fn day(date: NaiveDate) -> Self {
        if !YEARS.contains(&date.year()) {
            return Self::new(date.to_string());
        }
        Self::new(format!("{:04}{:02}{:02}", date.year(), date.month(), date.day()))
    }

    /// A moment in UTC with milliseconds and zone, `YYYYMMDDHHMMSS.XXX[0:GMT]`.
    #[must_use]
    pub fn moment(at: DateTime<Utc>) -> Self {
        let millis = at.timestamp_subsec_millis() % 1000;
        Self::new(format!("{}.{millis:03}[0:GMT]", Self::short_moment(at)))
    }

    /// A moment in UTC without milliseconds and zone, `YYYYMMDDHHMMSS`: a missing zone means GMT.
    #[must_use]
    pub fn short_moment(at: DateTime<Utc>) -> Self {
        let (day, time) = (Self::day(at.date_naive()), at.time());
        Self::new(format!("{day}{:02}{:02}{:02}", time.hour(), time.minute(), time.second()))
    }

    /// Older than anything: what to send when no earlier answer is known.
    #[must_use]
    pub fn oldest() -> Self {
        Self::new("19900101")
    }

    /// The text as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The calendar day that was written, in whatever zone was meant.
    #[must_use]
    pub fn date(&self) -> Option<NaiveDate> {
        let day = self.text.get(..8).filter(|day| is_digits(day))?;
        let (year, day) = day.split_at_checked(4)?;
        let (month, day) = day.split_at_checked(2)?;
        let year = year.parse().ok().filter(|year| YEARS.contains(year))?;
        NaiveDate::from_ymd_opt(year, month.parse().ok()?, day.parse().ok()?)
    }

    /// The moment, with the zone that was written; a missing time is midnight, a missing zone is GMT.
    #[must_use]
    pub fn moment_in_zone(&self) -> Option<DateTime<FixedOffset>> {
        let (stamp, zone) =
            self.text.split_once('[').map_or((self.text.as_str(), None), |(stamp, zone)| (stamp, Some(zone)));
        let stamp = stamp.trim_end_matches("GMT").trim();
        let (whole, fraction) = stamp.split_once(['.', ',']).unwrap_or((stamp, "0"));
        if !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        // The specification lets what is left out at the right be zero.
        let time = whole.get(8..).filter(|time| matches!(time.len(), 0 | 2 | 4 | 6))?;
        let part = |at: usize| time.get(at..at + 2).map_or(Some(0), |two| two.parse::<u32>().ok());
        let (hour, minute, second) = (part(0)?, part(2)?, part(4)?);
        // Second 60 is a leap second: the last one before it, and more.
        let (second, leap) = if second == 60 { (59, 1_000_000_000) } else { (second, 0) };
        let time = NaiveTime::from_hms_nano_opt(hour, minute, second, leap)?;
        let millis = chrono::Duration::milliseconds(first_digits(fraction, 3)?.into());
        let local = NaiveDateTime::new(self.date()?, time).checked_add_signed(millis)?;
        offset(zone.unwrap_or_default())?.from_local_datetime(&local).single()
    }

    /// The moment in UTC; see [`moment_in_zone`](Self::moment_in_zone).
    #[must_use]
    pub fn utc(&self) -> Option<DateTime<Utc>> {
        self.moment_in_zone().map(|moment| moment.to_utc())
    }

    /// Whether it names the same day as another: as it is written, or by the moment, told in another zone.
    pub(crate) fn is_same_day(&self, other: &Self) -> bool {
        self.date() == other.date() || self.utc().is_some_and(|moment| other.utc() == Some(moment))
    }

    /// Whether it may be sent in a spelling of its own: that in which it came.
    pub(crate) fn was_read(&self) -> bool {
        self.read
    }

    /// Whether it is `YYYYMMDD`, `YYYYMMDDHHMMSS` or `YYYYMMDDHHMMSS.XXX`, the last with a zone or without. OFX 1.0.3 §3.2.8, and the
    /// grammars of 2.x.
    pub(crate) fn is_as_specified(&self) -> bool {
        let (stamp, zone) = self.text.split_at_checked(18).unwrap_or((&self.text, ""));
        let (whole, millis) = stamp.split_once('.').map_or((stamp, None), |(whole, millis)| (whole, Some(millis)));
        let fits = match millis {
            Some(millis) => whole.len() == 14 && millis.len() == 3 && is_digits(millis),
            None => matches!(whole.len(), 8 | 14) && zone.is_empty(),
        };
        fits && is_digits(whole) && (zone.is_empty() || is_zone(zone))
    }
}

impl PartialEq for Stamp {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Stamp {}

impl Hash for Stamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stamp").field(&self.text).finish()
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Content for Stamp {
    fn read(element: &Element) -> Result<Self, DecodeError> {
        text(element, "date").map(|text| Self { text: text.to_owned(), read: true })
    }

    fn write_to(&self, tag: &'static str, _: Version, out: &mut dyn Sink) {
        out.leaf(tag, &self.text);
    }
}

/// For a day that institutions leave out though it is required, and nothing hangs on: it is empty then.
pub(super) fn no_day(error: DecodeError) -> Result<Stamp, DecodeError> {
    match error.problem() {
        Problem::Missing(_) => Ok(Stamp { text: String::new(), read: true }),
        _ => Err(error),
    }
}

/// The years that have four digits.
const YEARS: RangeInclusive<i32> = 1..=9999;

/// `[0:GMT]`, `[-3.5]`: hours, and perhaps a name.
fn is_zone(zone: &str) -> bool {
    let Some(zone) = zone.strip_prefix('[').and_then(|zone| zone.strip_suffix(']')) else { return false };
    let (hours, name) = zone.split_once(':').map_or((zone, None), |(hours, name)| (hours, Some(name)));
    let hours = hours.strip_prefix(['+', '-']).unwrap_or(hours);
    let (whole, part) = hours.split_once('.').unwrap_or((hours, "0"));
    is_digits(whole) && is_digits(part) && name.is_none_or(|name| !name.is_empty() && !name.contains(['[', ']']))
}

/// `-5:EST]`, `+5.30:IST]`, `+05:30:IST]`, `GMT-5]`, `-:EST]`, `EST]`: hours and what is behind their point or comma, or minutes behind a
/// colon; without a number the zone by its name, and GMT where the name says nothing either.
pub(super) fn offset(zone: &str) -> Option<FixedOffset> {
    let zone = zone.trim_end_matches(']');
    let (number, name) = zone.split_once(':').unwrap_or((zone, zone));
    let number = number.trim();
    let behind_name = ["GMT", "UTC"].iter().find_map(|name| number.strip_prefix(name));
    let number = behind_name.filter(|rest| rest.starts_with(['+', '-'])).unwrap_or(number);
    let sign = if number.starts_with('-') { -1 } else { 1 };
    let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
    if digits.bytes().all(|b| b.is_ascii_alphabetic()) {
        let named = ZONES.iter().find(|(known, _)| *known == name).map_or(0, |(_, hours)| *hours);
        return FixedOffset::east_opt(named * 3600);
    }
    let (hours, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    if !is_digits(hours) || !is_digits(fraction) {
        return None;
    }
    let behind = zone.split(':').nth(1).filter(|_| hours == digits);
    let clock = behind.filter(|minutes| minutes.len() == 2 && is_digits(minutes));
    // Some institutions write minutes, some parts of an hour; zones are whole quarters, which tells the two apart.
    let minutes = match (clock, first_digits(fraction, 2)?) {
        (Some(minutes), _) => minutes.parse().ok()?,
        (None, 25) => 15,
        (None, 50) => 30,
        (None, 75) => 45,
        (None, minutes) => i32::try_from(minutes).ok()?,
    };
    if minutes >= 60 {
        return None;
    }
    let hours: i32 = hours.parse().ok().filter(|hours| *hours < 24)?;
    FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))
}

/// The first digits of a fraction as a number; what is left out at the right is zero.
fn first_digits(fraction: &str, count: usize) -> Option<u32> {
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(count);
    digits.map(|digit| char::from(digit).to_digit(10)).try_fold(0, |number, digit| Some(number * 10 + digit?))
}

pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Zones that were seen with a name and no number.
const ZONES: [(&str, i32); 8] =
    [("EST", -5), ("EDT", -4), ("CST", -6), ("CDT", -5), ("MST", -7), ("MDT", -6), ("PST", -8), ("PDT", -7)];
