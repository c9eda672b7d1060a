//! Whether a source of notices is heard as usual, judged by its own rhythm.
//!
//! The rhythm is taken from the 28 local days that end with the day on which the source was
//! last heard, so that a long silence does not become its habit:
//!
//! | how many notices a day in those days | usual gap |
//! |---|---|
//! | on more than half of the days 24 or more, more than one an hour | 12 hours, a night |
//! | on more than half of the days at least one | 24 hours |
//! | fewer | 28 days divided by the days on which it was heard |
//!
//! | silent for | state |
//! |---|---|
//! | at most the usual gap | `live` |
//! | at most twice the usual gap | `late` |
//! | longer, or never heard | `silent` |
//! | it does not matter, its notices are not taken | `closed` |
//!
//! A source that was heard on at least 25 of its 28 days speaks daily: a whole later day
//! without any notice is a gap, and figures that depend on the source and hold that day are
//! incomplete. Six days a week is not daily, so a day off is no gap. What a source that was
//! switched off did not say after its last notice is no gap either: a person decided so.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use crate::domain::day::{Window, local_day};
use crate::domain::word::word_enum;

/// Over how many days a rhythm is taken.
pub const RHYTHM_DAYS: i64 = 28;

/// On how many of these days a source that speaks daily is heard at least.
pub const DAILY_AT_LEAST: usize = 25;

/// From how many notices a day on a source is silent at night only.
const BUSY_NOTICES: i64 = 24;

word_enum! {
    /// Whether a source is heard as usual.
    SourceState is "source state" {
        /// As usual.
        Live = "live",
        /// Longer silent than usual, which may be chance.
        Late = "late",
        /// Silent for more than twice as long as usual, or never heard.
        Silent = "silent",
        /// Not let in, or switched off.
        Closed = "closed",
    }
}

/// How a source is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether it is heard as usual.
    pub state: SourceState,
    /// Its last authentic delivery.
    pub last_heard_at: Option<DateTime<Utc>>,
    /// How long it is silent as a rule; unknown of a source that was never heard.
    pub usual_gap: Option<TimeDelta>,
}

/// Whether a source is switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Its notices are taken.
    On,
    /// They are not.
    Off,
}

/// When a source was heard: authentic deliveries of any kind by the local day they came on.
/// Days without any are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard(BTreeMap<NaiveDate, i64>);

impl FromIterator<(NaiveDate, i64)> for Heard {
    fn from_iter<Rows: IntoIterator<Item = (NaiveDate, i64)>>(rows: Rows) -> Self {
        let spoken = rows.into_iter().filter(|(_, notices)| *notices > 0);
        Self(spoken.collect())
    }
}

impl Heard {
    /// The last day on which it was heard before a day.
    fn last_before(&self, day: NaiveDate) -> Option<NaiveDate> {
        self.0.range(..day).next_back().map(|(day, _)| *day)
    }

    /// The notices of each day of the 28 that end with `last` on which there were any.
    fn rhythm(&self, last: NaiveDate) -> Vec<i64> {
        let days = u64::try_from(RHYTHM_DAYS - 1).expect("a number of days");
        let first = last - Days::new(days);
        self.0
            .range(first..=last)
            .map(|(_, notices)| *notices)
            .collect()
    }

    /// How long the source is silent as a rule, by the 28 days that end with `last`.
    fn usual_gap(&self, last: NaiveDate) -> TimeDelta {
        let notices = self.rhythm(last);
        let on_most_days = |least: i64| {
            let days = notices.iter().filter(|number| **number >= least).count();
            i64::try_from(days).is_ok_and(|days| days * 2 > RHYTHM_DAYS)
        };
        if on_most_days(BUSY_NOTICES) {
            return TimeDelta::hours(12);
        }
        if on_most_days(1) {
            return TimeDelta::hours(24);
        }
        let days = i64::try_from(notices.len().max(1)).expect("at most 28 days");
        TimeDelta::hours(RHYTHM_DAYS * 24 / days)
    }

    /// Whether it speaks daily, by the 28 days that end with `last`.
    fn is_daily(&self, last: NaiveDate) -> bool {
        self.rhythm(last).len() >= DAILY_AT_LEAST
    }
}

/// How a source is heard at an instant; `last_heard` is its last authentic delivery.
pub fn health(
    switch: Switch,
    heard: &Heard,
    last_heard: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Health {
    Health {
        state: state(switch, heard, last_heard, now),
        last_heard_at: last_heard,
        usual_gap: last_heard.map(|at| heard.usual_gap(local_day(at))),
    }
}

/// The state of a source at an instant.
fn state(
    switch: Switch,
    heard: &Heard,
    last_heard: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> SourceState {
    if switch == Switch::Off {
        return SourceState::Closed;
    }
    let Some(at) = last_heard else {
        return SourceState::Silent;
    };
    let (silence, usual) = (now - at, heard.usual_gap(local_day(at)));
    if silence <= usual {
        SourceState::Live
    } else if silence <= usual * 2 {
        SourceState::Late
    } else {
        SourceState::Silent
    }
}

/// The days of a window on which a source that speaks daily was silent. Only whole days
/// count: `today` and what comes after it do not.
pub fn silent_days(
    switch: Switch,
    heard: &Heard,
    window: Window,
    today: NaiveDate,
) -> Vec<NaiveDate> {
    let ends = match switch {
        Switch::On => Some(today),
        Switch::Off => heard.last_before(today),
    };
    let Some(ends) = ends else {
        return Vec::new();
    };
    let days = window.first().iter_days();
    days.take_while(|day| *day <= window.last() && *day < ends)
        .filter(|day| !heard.0.contains_key(day))
        .filter(|day| {
            heard
                .last_before(*day)
                .is_some_and(|last| heard.is_daily(last))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::day::start_of_day;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Heard on the last `days` days up to and with 2026-03-31, so many times a day.
    fn heard(days: u64, notices: i64) -> Heard {
        let last = day("2026-03-31");
        (0..days)
            .map(|back| (last - Days::new(back), notices))
            .collect()
    }

    #[test]
    fn a_source_is_late_and_then_silent_by_its_own_rhythm() {
        use SourceState::{Late, Live, Silent};
        // Two weeks a notice every other day.
        let every_other: Heard = (0..14)
            .map(|back| (day("2026-03-31") - Days::new(back * 2), 1))
            .collect();
        for (name, heard, hours, wanted) in [
            ("busy, a night", heard(28, 24), 12, Live),
            ("busy, longer", heard(28, 24), 13, Late),
            ("busy, a day", heard(28, 24), 24, Late),
            ("busy, more than a day", heard(28, 24), 25, Silent),
            ("daily, a day", heard(28, 23), 24, Live),
            ("daily, longer", heard(28, 23), 25, Late),
            ("daily, two days", heard(28, 1), 48, Late),
            ("daily, more than two", heard(28, 1), 49, Silent),
            ("on 15 of 28 days", heard(15, 1), 25, Late),
            ("every other day, two days", every_other.clone(), 48, Live),
            ("every other day, four days", every_other.clone(), 96, Late),
            ("every other day, longer", every_other, 97, Silent),
            ("one day only, four weeks", heard(1, 50), 28 * 24, Live),
            ("one day only, longer", heard(1, 50), 28 * 24 + 1, Late),
        ] {
            let last = start_of_day(day("2026-03-31")) + TimeDelta::hours(9);
            let now = last + TimeDelta::hours(hours);
            let found = health(Switch::On, &heard, Some(last), now);
            assert_eq!(
                (found.state, found.last_heard_at),
                (wanted, Some(last)),
                "{name}"
            );
            assert_eq!(
                state(Switch::Off, &heard, Some(last), now),
                SourceState::Closed
            );
        }
        let never = health(
            Switch::On,
            &Heard::default(),
            None,
            start_of_day(day("2026-03-31")),
        );
        let nothing = Health {
            state: Silent,
            last_heard_at: None,
            usual_gap: None,
        };
        assert_eq!(never, nothing);
    }

    #[test]
    fn the_usual_gap_is_told_with_the_state() {
        let last = start_of_day(day("2026-03-31"));
        for (heard, hours) in [
            (heard(28, 24), 12),
            (heard(28, 1), 24),
            (heard(7, 1), 4 * 24),
            (heard(1, 50), 28 * 24),
        ] {
            let found = health(Switch::Off, &heard, Some(last), last);
            assert_eq!(found.usual_gap, Some(TimeDelta::hours(hours)));
        }
    }

    #[test]
    fn a_day_is_a_gap_where_the_source_spoke_daily_before() {
        let april = Window::month_of(day("2026-04-01"));
        let mut broken = heard(28, 3);
        broken.0.insert(day("2026-04-03"), 1);
        let weekdays: Heard = (0..40)
            .map(|back| day("2026-03-31") - Days::new(back))
            .filter(|day| chrono::Datelike::weekday(day) != chrono::Weekday::Sun)
            .map(|day| (day, 5))
            .collect();
        for (name, switch, heard, today, wanted) in [
            (
                "daily, then nothing",
                Switch::On,
                heard(28, 3),
                "2026-04-04",
                vec![1, 2, 3],
            ),
            (
                "the day itself is not over",
                Switch::On,
                heard(28, 3),
                "2026-04-01",
                vec![],
            ),
            (
                "heard again",
                Switch::On,
                broken.clone(),
                "2026-04-04",
                vec![1, 2],
            ),
            (
                "switched off after it",
                Switch::Off,
                broken,
                "2026-04-20",
                vec![1, 2],
            ),
            (
                "switched off",
                Switch::Off,
                heard(28, 3),
                "2026-04-20",
                vec![],
            ),
            (
                "25 of 28 days",
                Switch::On,
                heard(25, 3),
                "2026-04-02",
                vec![1],
            ),
            (
                "24 of 28 days",
                Switch::On,
                heard(24, 3),
                "2026-04-02",
                vec![],
            ),
            (
                "six days a week",
                Switch::On,
                weekdays,
                "2026-04-30",
                vec![],
            ),
            (
                "never heard",
                Switch::On,
                Heard::default(),
                "2026-04-30",
                vec![],
            ),
        ] {
            let found: Vec<_> = silent_days(switch, &heard, april, day(today))
                .iter()
                .map(chrono::Datelike::day)
                .collect();
            assert_eq!(found, wanted, "{name}");
        }
        // A silence never becomes the habit: a month later the days are still gaps.
        let june = Window::month_of(day("2026-06-01"));
        let found = silent_days(Switch::On, &heard(28, 3), june, day("2026-06-11"));
        assert_eq!(found.len(), 10);
    }
}
