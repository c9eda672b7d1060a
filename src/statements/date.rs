//! Days and times as statements write them: Vietnam time unless an offset says otherwise.

use super::fault::found;
use super::reason::Reason;
use crate::domain::day::{local_day, to_microseconds, vietnam_offset};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeZone, Utc};

/// The years that a statement may tell of; another one is a slip.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2099;

/// A day, and the time where one is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// The local day.
    pub on: NaiveDate,
    /// The instant.
    pub at: Option<DateTime<Utc>>,
}

impl Moment {
    /// A day without a time.
    pub(super) fn day(on: NaiveDate) -> Option<Self> {
        YEARS.contains(&on.year()).then_some(Self { on, at: None })
    }

    /// A local time.
    pub(super) fn local(time: NaiveDateTime) -> Option<Self> {
        let at = vietnam_offset().from_local_datetime(&time).single()?;
        Self::instant(at.with_timezone(&Utc))
    }

    fn instant(at: DateTime<Utc>) -> Option<Self> {
        let at = to_microseconds(at);
        let day = Self::day(local_day(at))?;
        Some(Self {
            at: Some(at),
            ..day
        })
    }
}

/// Reads `2026-03-16`. An offset behind it says nothing about a day and is passed over.
pub(super) fn iso_day(text: &str) -> Result<Moment, Reason> {
    let (day, offset) = text.split_at_checked(10).unwrap_or((text, ""));
    let is_offset = |it: &str| matches!(it.as_bytes(), [b'+' | b'-', _, _, b':', _, _]);
    let moment = (offset.is_empty() || offset == "Z" || is_offset(offset))
        .then(|| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok())
        .flatten()
        .and_then(Moment::day);
    moment.ok_or_else(|| Reason::NotADate { found: found(text) })
}

/// Reads `2026-03-16T09:29:41`, with or without fractions and an offset.
pub(super) fn iso_time(text: &str) -> Result<Moment, Reason> {
    let moment = DateTime::parse_from_rfc3339(text).map_or_else(
        |_| {
            let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
            Moment::local(time)
        },
        |at| Moment::instant(at.with_timezone(&Utc)),
    );
    moment.ok_or_else(|| Reason::NotADate { found: found(text) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::day::to_rfc3339;

    #[test]
    fn a_time_is_vietnams_unless_an_offset_says_otherwise() {
        for (text, wanted) in [
            ("2026-03-16T09:29:41", Some("2026-03-16T09:29:41+07:00")),
            (
                "2026-03-16T09:29:41.5",
                Some("2026-03-16T09:29:41.500+07:00"),
            ),
            ("2026-03-16T02:29:41Z", Some("2026-03-16T09:29:41+07:00")),
            (
                "2026-03-15T20:00:00-01:00",
                Some("2026-03-16T04:00:00+07:00"),
            ),
            ("2026-03-16", None),
            ("2026-02-30T00:00:00", None),
            ("0026-03-16T00:00:00", None),
            ("", None),
        ] {
            let found = iso_time(text).ok();
            assert_eq!(
                found.and_then(|it| it.at).map(to_rfc3339).as_deref(),
                wanted,
                "{text}"
            );
        }
        let evening = iso_time("2026-03-15T17:00:00Z").unwrap();
        assert_eq!(evening.on, NaiveDate::from_ymd_opt(2026, 3, 16).unwrap());
    }

    #[test]
    fn a_day_has_no_time() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 16).unwrap();
        for text in ["2026-03-16", "2026-03-16Z", "2026-03-16+07:00"] {
            assert_eq!(iso_day(text), Ok(Moment { on: day, at: None }), "{text}");
        }
        for text in [
            "2026-3-16x",
            "2026-02-29",
            "1999-12-31",
            "2026-03-16T",
            "2026-03-16é",
            "",
        ] {
            assert!(iso_day(text).is_err(), "{text}");
        }
    }
}
