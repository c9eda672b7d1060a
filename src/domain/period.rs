//! Periods as people write them: `2026-11-23`, `2026-W48`, `2026-11`, or a first and a last
//! day; and how a window falls into days, weeks or months.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use crate::domain::day::Window;
use crate::domain::word::word_enum;

/// How many days a window may hold: ten years, longer than any pilot.
pub const WINDOW_MAX_DAYS: i64 = 3_660;

/// The first and the last year that a window may lie in.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

word_enum! {
    /// The length of one point of a series.
    Step is "step" {
        /// A local day.
        Day = "day",
        /// An ISO week, Monday to Sunday.
        Week = "week",
        /// A calendar month.
        Month = "month",
    }
}

/// Why a text names no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// Not a day of the calendar.
    #[error("a day is written 2026-11-23")]
    Day,
    /// Not a week of the ISO calendar.
    #[error("a week is written 2026-W48, and a year has 52 or 53")]
    Week,
    /// Not a month.
    #[error("a month is written 2026-11")]
    Month,
    /// No figures are kept of such a year.
    #[error("the year lies between 2000 and 2100")]
    Year,
    /// The last day is before the first.
    #[error("the last day is before the first")]
    Reversed,
    /// More days than a window may hold.
    #[error("a window holds at most {WINDOW_MAX_DAYS} days")]
    TooLong,
}

impl PeriodError {
    /// The same in Vietnamese.
    pub fn vietnamese(self) -> String {
        match self {
            Self::Day => "Ngày ghi theo dạng 2026-11-23".into(),
            Self::Week => "Tuần ghi theo dạng 2026-W48, mỗi năm có 52 hoặc 53 tuần".into(),
            Self::Month => "Tháng ghi theo dạng 2026-11".into(),
            Self::Year => "Năm từ 2000 đến 2100".into(),
            Self::Reversed => "Ngày cuối đứng trước ngày đầu".into(),
            Self::TooLong => format!("Khoảng thời gian tối đa {WINDOW_MAX_DAYS} ngày"),
        }
    }
}

/// Reads a day, `2026-11-23`.
pub fn read_day(text: &str) -> Result<NaiveDate, PeriodError> {
    let day: NaiveDate = text.parse().map_err(|_| PeriodError::Day)?;
    // Only one spelling: no spaces, no signs, every digit written.
    if day.to_string() != text {
        return Err(PeriodError::Day);
    }
    if !YEARS.contains(&day.year()) {
        return Err(PeriodError::Year);
    }
    Ok(day)
}

/// Reads an ISO week, `2026-W48`.
pub fn read_week(text: &str) -> Result<Window, PeriodError> {
    let (year, week) = text.split_once("-W").ok_or(PeriodError::Week)?;
    let year = digits(year, 4).ok_or(PeriodError::Week)?;
    let week = digits(week, 2).ok_or(PeriodError::Week)?;
    let monday = i32::try_from(year)
        .ok()
        .and_then(|year| NaiveDate::from_isoywd_opt(year, week, Weekday::Mon));
    let monday = monday.ok_or(PeriodError::Week)?;
    within_years(Window::iso_week_of(monday))
}

/// Reads a calendar month, `2026-11`.
pub fn read_month(text: &str) -> Result<Window, PeriodError> {
    let (year, month) = text.split_once('-').ok_or(PeriodError::Month)?;
    let year = digits(year, 4).ok_or(PeriodError::Month)?;
    let month = digits(month, 2).ok_or(PeriodError::Month)?;
    let first = i32::try_from(year)
        .ok()
        .and_then(|year| NaiveDate::from_ymd_opt(year, month, 1));
    let first = first.ok_or(PeriodError::Month)?;
    within_years(Window::month_of(first))
}

/// The window from one day to another, both included.
pub fn between(first: NaiveDate, last: NaiveDate) -> Result<Window, PeriodError> {
    let window = Window::new(first, last).ok_or(PeriodError::Reversed)?;
    if window.days() > WINDOW_MAX_DAYS {
        return Err(PeriodError::TooLong);
    }
    within_years(window)
}

fn within_years(window: Window) -> Result<Window, PeriodError> {
    let inside = YEARS.contains(&window.first().year()) && YEARS.contains(&window.last().year());
    inside.then_some(window).ok_or(PeriodError::Year)
}

fn digits(text: &str, length: usize) -> Option<u32> {
    let only_digits = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    only_digits.then(|| text.parse().ok()).flatten()
}

/// The days, weeks or months of a window, in order. The first and the last are cut where the
/// window is, so that no point counts a day outside it.
pub fn steps(window: Window, step: Step) -> impl Iterator<Item = Window> {
    let mut next = Some(window.first());
    std::iter::from_fn(move || {
        let first = next?;
        let whole = match step {
            Step::Day => Window::day(first),
            Step::Week => Window::iso_week_of(first),
            Step::Month => Window::month_of(first),
        };
        let last = whole.last().min(window.last());
        next = (last < window.last()).then(|| last + Days::new(1));
        Window::new(first, last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn told(window: Window) -> String {
        format!("{} {}", window.first(), window.last())
    }

    #[test]
    fn a_period_has_one_spelling() {
        for (name, read, wanted) in [
            (
                "day",
                read_day("2026-11-23").map(Window::day),
                Ok("2026-11-23 2026-11-23"),
            ),
            (
                "no such day",
                read_day("2026-02-29").map(Window::day),
                Err(PeriodError::Day),
            ),
            (
                "short day",
                read_day("2026-2-9").map(Window::day),
                Err(PeriodError::Day),
            ),
            (
                "space",
                read_day(" 2026-02-09").map(Window::day),
                Err(PeriodError::Day),
            ),
            (
                "far year",
                read_day("9999-12-31").map(Window::day),
                Err(PeriodError::Year),
            ),
            ("week", read_week("2026-W48"), Ok("2026-11-23 2026-11-29")),
            (
                "first week",
                read_week("2026-W01"),
                Ok("2025-12-29 2026-01-04"),
            ),
            (
                "week 53",
                read_week("2026-W53"),
                Ok("2026-12-28 2027-01-03"),
            ),
            ("no week 53", read_week("2025-W53"), Err(PeriodError::Week)),
            ("week 0", read_week("2026-W00"), Err(PeriodError::Week)),
            ("short week", read_week("2026-W7"), Err(PeriodError::Week)),
            ("small w", read_week("2026-w48"), Err(PeriodError::Week)),
            ("early year", read_week("1999-W10"), Err(PeriodError::Year)),
            ("month", read_month("2026-02"), Ok("2026-02-01 2026-02-28")),
            (
                "leap month",
                read_month("2028-02"),
                Ok("2028-02-01 2028-02-29"),
            ),
            ("month 13", read_month("2026-13"), Err(PeriodError::Month)),
            ("signed", read_month("+026-01"), Err(PeriodError::Month)),
            ("a day", read_month("2026-02-01"), Err(PeriodError::Month)),
            (
                "from to",
                between(day("2026-01-02"), day("2026-02-03")),
                Ok("2026-01-02 2026-02-03"),
            ),
            (
                "reversed",
                between(day("2026-02-03"), day("2026-02-02")),
                Err(PeriodError::Reversed),
            ),
            (
                "too long",
                between(day("2010-01-01"), day("2026-02-02")),
                Err(PeriodError::TooLong),
            ),
        ] {
            assert_eq!(
                read.map(told).as_deref(),
                wanted.as_ref().map(|it| *it),
                "{name}"
            );
        }
    }

    #[test]
    fn a_window_falls_into_steps_without_gap_overlap_or_a_day_outside() {
        let window = Window::new(day("2026-10-30"), day("2026-11-10")).unwrap();
        let by = |step| steps(window, step).map(told).collect::<Vec<_>>();
        assert_eq!(by(Step::Day).len(), 12);
        assert_eq!(
            by(Step::Week),
            [
                "2026-10-30 2026-11-01",
                "2026-11-02 2026-11-08",
                "2026-11-09 2026-11-10"
            ]
        );
        assert_eq!(
            by(Step::Month),
            ["2026-10-30 2026-10-31", "2026-11-01 2026-11-10"]
        );
        for step in Step::ALL {
            let parts: Vec<_> = steps(window, *step).collect();
            assert_eq!(
                parts.iter().map(|part| part.days()).sum::<i64>(),
                window.days()
            );
            assert!(
                parts
                    .windows(2)
                    .all(|two| two[0].last() + Days::new(1) == two[1].first())
            );
        }
        let one = Window::day(day("2026-11-10"));
        assert_eq!(steps(one, Step::Month).collect::<Vec<_>>(), [one]);
    }
}
