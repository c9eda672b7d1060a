//! When a window is final.
//!
//! A day is provisional through the third day after it; a calendar month through the fifth
//! day of the next one. Whatever comes later changes a figure only as a numbered revision.

use chrono::{Datelike, Days, NaiveDate};

use crate::domain::day::Window;
use crate::domain::word::word_enum;

/// How many days after its last day a window closes.
pub const DAY_CLOSES_AFTER_DAYS: u64 = 3;

/// On which day of the next month a calendar month closes.
pub const MONTH_CLOSES_ON: u32 = 5;

word_enum! {
    /// Whether a figure may still move, and whether something is missing.
    Completeness is "completeness" {
        /// Closed: changes only by a numbered revision.
        Final = "final",
        /// Not closed yet: late notices and reversals still move it.
        Provisional = "provisional",
        /// A source it depends on was not heard: what it shows is a lower bound.
        Incomplete = "incomplete",
    }
}

/// Whether the sources behind a figure were heard throughout its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceHealth {
    /// All of them, or gaps were repaired by pull or statement.
    Heard,
    /// At least one was silent and the gap is open.
    Gap,
}

/// The last local day on which a window is provisional.
pub fn closing_day(window: Window) -> NaiveDate {
    if window.is_calendar_month() {
        let next = window.last() + Days::new(1);
        next.with_day(MONTH_CLOSES_ON)
            .expect("every month has a fifth day")
    } else {
        window.last() + Days::new(DAY_CLOSES_AFTER_DAYS)
    }
}

/// Whether figures over a window are final on a local day.
pub fn completeness(window: Window, today: NaiveDate, sources: SourceHealth) -> Completeness {
    match sources {
        SourceHealth::Gap => Completeness::Incomplete,
        SourceHealth::Heard if today > closing_day(window) => Completeness::Final,
        SourceHealth::Heard => Completeness::Provisional,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_final_after_three_days_and_a_month_after_the_fifth() {
        use Completeness::{Final, Incomplete, Provisional};
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let single = Window::day(day("2026-02-27"));
        let week = Window::iso_week_of(day("2026-12-31"));
        let month = Window::month_of(day("2026-12-15"));
        for (name, window, today, wanted) in [
            ("the day itself", single, "2026-02-27", Provisional),
            (
                "third day after, over a month's end",
                single,
                "2026-03-02",
                Provisional,
            ),
            ("fourth day after", single, "2026-03-03", Final),
            ("third day after a week", week, "2027-01-06", Provisional),
            ("fourth day after a week", week, "2027-01-07", Final),
            ("month before its end", month, "2026-12-20", Provisional),
            ("month on the fourth", month, "2027-01-04", Provisional),
            ("month on the fifth", month, "2027-01-05", Provisional),
            ("month on the sixth", month, "2027-01-06", Final),
        ] {
            let heard = completeness(window, day(today), SourceHealth::Heard);
            assert_eq!(heard, wanted, "{name}");
            let gap = completeness(window, day(today), SourceHealth::Gap);
            assert_eq!(gap, Incomplete, "{name}");
        }
    }
}
