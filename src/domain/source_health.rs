//! Whether a source of notices is heard as usual, judged by its own rhythm.
//!
//! A source whose [rhythm](super::rhythm) by hour of the week is known is judged by how many
//! notices it would have brought since it was last heard:
//!
//! | expected since then | and silent for | state |
//! |---|---|---|
//! | fewer than three | any time | `live` |
//! | at least three, which chance explains once in twenty | at least 15 minutes | `late` |
//! | at least eight, once in three thousand | at least an hour | `silent` |
//!
//! The times keep a source of many notices a minute from being called late for what a vendor
//! does by itself: one failed delivery that is tried again takes up to a quarter of an hour,
//! all its attempts about half an hour.
//!
//! One that is known for less than four weeks is judged by days, those of the 28 that end
//! with the day on which it was last heard:
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
//!
//! A source whose notices are not taken is `closed`, however it is heard.
//!
//! A source that was heard on at least 25 of its 28 days speaks daily: a whole later day
//! without any notice is a gap, and figures that depend on the source and hold that day are
//! incomplete. Six days a week is not daily, so a day off is no gap. What a source that was
//! switched off did not say after its last notice is no gap either: a person decided so. A
//! bank's statement that covers a day closes the gap.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use crate::domain::day::{Window, local_day};
use crate::domain::rhythm::{Expected, Rhythm};
use crate::domain::word::word_enum;

/// Over how many days a rhythm is taken.
pub const RHYTHM_DAYS: i64 = 28;

/// On how many of these days a source that speaks daily is heard at least.
pub const DAILY_AT_LEAST: usize = 25;

/// From how many notices a day on a source is silent at night only.
const BUSY_NOTICES: i64 = 24;

/// How many notices must have been expected for a silence to be late, and to be silent.
const LATE_FROM_EXPECTED: i64 = 3;
const SILENT_FROM_EXPECTED: i64 = 8;

/// How long a silence lasts at least, whatever was expected, to be late and to be silent.
const LATE_FROM: TimeDelta = TimeDelta::minutes(15);
const SILENT_FROM: TimeDelta = TimeDelta::hours(1);

/// The days that bank statements cover.
pub type ClosedDays = BTreeSet<NaiveDate>;

word_enum! {
    /// Whether a source is heard as usual.
    SourceState is "source state" {
        /// As usual.
        Live = "live",
        /// Longer silent than usual, which may be chance.
        Late = "late",
        /// Silent for longer than chance explains, or never heard.
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
    /// How many notices were expected since; of a source that is judged by the hours of its
    /// weeks.
    pub expected: Option<i64>,
    /// How long it is silent as a rule; of a source that is judged by days.
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

/// How a source is heard at an instant; `last_heard` is its last authentic delivery, `rhythm`
/// is known after some weeks only.
pub fn health(
    switch: Switch,
    heard: &Heard,
    rhythm: Option<&Rhythm>,
    last_heard: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Health {
    let Some(at) = last_heard else {
        return Health {
            state: judged(switch, SourceState::Silent),
            last_heard_at: None,
            expected: None,
            usual_gap: None,
        };
    };
    if let Some(rhythm) = rhythm {
        let expected = rhythm.expected(at, now);
        return Health {
            state: judged(switch, state_by_hours(expected, now - at)),
            last_heard_at: last_heard,
            expected: Some(expected.whole()),
            usual_gap: None,
        };
    }
    let usual_gap = heard.usual_gap(local_day(at));
    Health {
        state: judged(switch, state_by_days(usual_gap, now - at)),
        last_heard_at: last_heard,
        expected: None,
        usual_gap: Some(usual_gap),
    }
}

/// What was judged of a source that is switched on.
fn judged(switch: Switch, state: SourceState) -> SourceState {
    match switch {
        Switch::On => state,
        Switch::Off => SourceState::Closed,
    }
}

fn state_by_hours(expected: Expected, silence: TimeDelta) -> SourceState {
    if expected.is_at_least(SILENT_FROM_EXPECTED) && silence >= SILENT_FROM {
        SourceState::Silent
    } else if expected.is_at_least(LATE_FROM_EXPECTED) && silence >= LATE_FROM {
        SourceState::Late
    } else {
        SourceState::Live
    }
}

fn state_by_days(usual: TimeDelta, silence: TimeDelta) -> SourceState {
    if silence <= usual {
        SourceState::Live
    } else if silence <= usual * 2 {
        SourceState::Late
    } else {
        SourceState::Silent
    }
}

/// The days of a window on which a source that speaks daily was silent and that no statement
/// covers. Only whole days count: `today` and what comes after it do not.
pub fn silent_days(
    switch: Switch,
    heard: &Heard,
    closed: &ClosedDays,
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
        .filter(|day| !heard.0.contains_key(day) && !closed.contains(day))
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
    use crate::domain::rhythm::LocalHour;

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
    fn a_source_of_few_weeks_is_late_and_then_silent_by_its_days() {
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
            let found = health(Switch::On, &heard, None, Some(last), now);
            assert_eq!(
                (found.state, found.last_heard_at),
                (wanted, Some(last)),
                "{name}"
            );
            let off = health(Switch::Off, &heard, None, Some(last), now);
            assert_eq!(off.state, SourceState::Closed);
        }
        let never = health(
            Switch::On,
            &Heard::default(),
            None,
            None,
            start_of_day(day("2026-03-31")),
        );
        let nothing = Health {
            state: Silent,
            last_heard_at: None,
            expected: None,
            usual_gap: None,
        };
        assert_eq!(never, nothing);
    }

    /// Four weeks, each day but Monday from 6 to 18 o'clock so many notices an hour, up to
    /// Sunday 2026-03-29.
    fn market(per_hour: i64) -> Rhythm {
        let begin = LocalHour::of(start_of_day(day("2026-03-02"))).count();
        let trades = |hour: &i64| (hour - begin) % 168 >= 24 && (6..18).contains(&(hour % 24));
        let hours = (begin..begin + 4 * 168).filter(trades);
        let hours = hours.map(|hour| (LocalHour::from_count(hour), per_hour));
        let last = LocalHour::from_count(begin + 4 * 168);
        Rhythm::new(LocalHour::from_count(begin), last, hours).unwrap()
    }

    #[test]
    fn a_source_of_many_weeks_is_judged_by_what_its_hours_would_have_brought() {
        use SourceState::{Late, Live, Silent};
        for (name, per_hour, heard, now, wanted, expected) in [
            ("a night", 12, "03-31T17:59", "04-01T06:00", Live, 0),
            ("a day of rest", 12, "03-29T17:59", "03-31T06:00", Live, 0),
            (
                "the morning after",
                12,
                "03-29T17:59",
                "03-31T06:15",
                Late,
                3,
            ),
            ("an hour later", 12, "03-29T17:59", "03-31T06:40", Silent, 8),
            ("two expected", 12, "03-31T09:00", "03-31T09:14", Live, 2),
            ("a quarter", 12, "03-31T09:00", "03-31T09:15", Late, 3),
            ("40 minutes", 12, "03-31T09:00", "03-31T09:40", Late, 8),
            ("an hour", 12, "03-31T09:00", "03-31T10:00", Silent, 12),
            (
                "busy, ten minutes",
                600,
                "03-31T09:00",
                "03-31T09:14",
                Live,
                140,
            ),
            (
                "busy, a quarter",
                600,
                "03-31T09:00",
                "03-31T09:15",
                Late,
                150,
            ),
            (
                "busy, an hour",
                600,
                "03-31T09:00",
                "03-31T10:00",
                Silent,
                600,
            ),
            ("quiet, two hours", 1, "03-31T09:00", "03-31T11:00", Live, 2),
            ("quiet, three", 1, "03-31T09:00", "03-31T12:00", Late, 3),
            ("quiet, seven", 1, "03-31T09:00", "03-31T16:59", Late, 7),
            ("quiet, eight", 1, "03-31T09:00", "03-31T17:00", Silent, 8),
            ("months", 12, "03-31T09:00", "06-30T09:00", Silent, 11_232),
            (
                "the clock went back",
                12,
                "03-31T09:00",
                "03-31T08:00",
                Live,
                0,
            ),
        ] {
            let at = |text: &str| {
                let text = format!("2026-{text}:00+07:00");
                text.parse::<DateTime<Utc>>().unwrap()
            };
            let rhythm = market(per_hour);
            let health = |switch| {
                let last = Some(at(heard));
                health(switch, &Heard::default(), Some(&rhythm), last, at(now))
            };
            let found = health(Switch::On);
            assert_eq!(
                (found.state, found.expected, found.usual_gap),
                (wanted, Some(expected), None),
                "{name}"
            );
            assert_eq!(health(Switch::Off).state, SourceState::Closed);
        }
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
            let found = health(Switch::Off, &heard, None, Some(last), last);
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
            let found: Vec<_> = silent_days(switch, &heard, &ClosedDays::new(), april, day(today))
                .iter()
                .map(chrono::Datelike::day)
                .collect();
            assert_eq!(found, wanted, "{name}");
        }
        // A silence never becomes the habit: a month later the days are still gaps.
        let june = Window::month_of(day("2026-06-01"));
        let gaps =
            |closed| silent_days(Switch::On, &heard(28, 3), &closed, june, day("2026-06-11"));
        assert_eq!(gaps(ClosedDays::new()).len(), 10);
        // A statement closes the days that it covers and no other.
        let covered = (1..=9).map(|number| june.first() + Days::new(number - 1));
        assert_eq!(gaps(covered.collect()), [day("2026-06-10")]);
    }
}
