//! Vietnamese calendar days.
//!
//! Every figure is counted by the local civil day of the bank's time. Vietnam keeps UTC+7
//! the whole year, so a fixed offset is exact.

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, SecondsFormat, TimeZone, Utc};

const OFFSET_S: i32 = 7 * 3600;

/// The offset of Asia/Ho_Chi_Minh, +07:00.
pub fn vietnam_offset() -> FixedOffset {
    FixedOffset::east_opt(OFFSET_S).expect("seven hours is a valid offset")
}

/// The Vietnamese civil day on which an instant falls.
pub fn local_day(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&vietnam_offset()).date_naive()
}

/// The first instant of a Vietnamese civil day.
pub fn start_of_day(day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_hms_opt(0, 0, 0).expect("midnight exists every day");
    vietnam_offset()
        .from_local_datetime(&midnight)
        .single()
        .expect("a fixed offset has no ambiguous time")
        .with_timezone(&Utc)
}

/// How many whole hours lie between 1970-01-01 00:00 in Vietnam and an instant.
pub fn hours_in_vietnam(at: DateTime<Utc>) -> i64 {
    (at.timestamp() + i64::from(OFFSET_S)).div_euclid(3600)
}

/// RFC 3339 with +07:00, as the API writes every time; fractions only when there are any.
pub fn to_rfc3339(at: DateTime<Utc>) -> String {
    at.with_timezone(&vietnam_offset())
        .to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// Cuts a time to the microsecond, the resolution both databases keep.
pub fn to_microseconds(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

/// A closed interval of local days, `first` to `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    first: NaiveDate,
    last: NaiveDate,
}

impl Window {
    /// The days from `first` to `last`, both included; `None` when `last` is earlier.
    pub fn new(first: NaiveDate, last: NaiveDate) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// A single day.
    pub fn day(day: NaiveDate) -> Self {
        Self {
            first: day,
            last: day,
        }
    }

    /// The calendar month in which `day` lies.
    pub fn month_of(day: NaiveDate) -> Self {
        let first = day.with_day(1).expect("every month has a first day");
        let next = first
            .checked_add_months(chrono::Months::new(1))
            .expect("a month later exists");
        Self {
            first,
            last: next.pred_opt().expect("a day earlier exists"),
        }
    }

    /// The ISO 8601 week (Monday to Sunday) in which `day` lies.
    pub fn iso_week_of(day: NaiveDate) -> Self {
        let first = day - Days::new(u64::from(day.weekday().num_days_from_monday()));
        Self {
            first,
            last: first + Days::new(6),
        }
    }

    /// The first day.
    pub fn first(self) -> NaiveDate {
        self.first
    }

    /// The last day.
    pub fn last(self) -> NaiveDate {
        self.last
    }

    /// Whether this is exactly one calendar month.
    pub fn is_calendar_month(self) -> bool {
        Self::month_of(self.first) == self
    }

    /// How many days there are, at least one.
    pub fn days(self) -> i64 {
        (self.last - self.first).num_days() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn five_in_the_afternoon_utc_is_the_next_local_day() {
        let before: DateTime<Utc> = "2026-03-15T16:59:59.999999Z".parse().unwrap();
        let after: DateTime<Utc> = "2026-03-15T17:00:00Z".parse().unwrap();
        assert_eq!(local_day(before), day("2026-03-15"));
        assert_eq!(local_day(after), day("2026-03-16"));
        assert_eq!(start_of_day(day("2026-03-16")), after);
        assert_eq!(to_rfc3339(after), "2026-03-16T00:00:00+07:00");
    }

    #[test]
    fn windows_are_months_and_iso_weeks() {
        let leap = Window::month_of(day("2028-02-17"));
        assert_eq!(
            (leap.first(), leap.last()),
            (day("2028-02-01"), day("2028-02-29"))
        );
        assert!(leap.is_calendar_month());
        let new_year = Window::iso_week_of(day("2027-01-01"));
        assert_eq!(
            (new_year.first(), new_year.last()),
            (day("2026-12-28"), day("2027-01-03"))
        );
        assert!(!new_year.is_calendar_month());
        assert_eq!(new_year.days(), 7);
        assert_eq!(Window::new(day("2026-01-02"), day("2026-01-01")), None);
    }
}
