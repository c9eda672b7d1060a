//! The rhythm of a source by hour of the week: how many notices it would have brought while
//! it was silent.
//!
//! A market sleeps at night and rests on some weekdays, so an hour of silence means nothing
//! by itself. What counts is how many notices came in the same hours of the weeks before: by
//! the mean of at least four and at most eight weeks, which end before the hour in which the
//! source was last heard: a long silence does not become its habit, and an hour that fell
//! silent half-way is no measure. A part of an hour counts as that part of its notices.
//!
//! If notices come independently of each other, a silence in which `n` were expected happens
//! by chance with probability `e^-n`: 5 in 100 for three, 3 in 10 000 for eight. A source is
//! asked about every hour, so the first happens once in a while and is only worth a word; the
//! second, in a year, practically only when something is broken.

use chrono::{DateTime, Utc};

use crate::domain::day::hours_in_vietnam;

/// Hours of a week.
const WEEK_HOURS: i64 = 168;
/// Seconds of an hour.
const HOUR_S: i64 = 3600;

/// From how many weeks on a rhythm is known.
pub const WEEKS_AT_LEAST: i64 = 4;

/// How many weeks it is taken over at most: two months, so that a season does not count for
/// the next one.
pub const WEEKS_AT_MOST: i64 = 8;

/// How many weeks the counts of hours are kept: a source that was silent for as long as its
/// rhythm is taken over is still judged by it.
pub const WEEKS_KEPT: i64 = 2 * WEEKS_AT_MOST;

/// An hour of local time, counted from 1970-01-01 00:00 in Vietnam.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalHour(i64);

impl LocalHour {
    /// The hour in which an instant lies.
    pub fn of(at: DateTime<Utc>) -> Self {
        Self(hours_in_vietnam(at))
    }

    /// An hour as it is stored.
    pub const fn from_count(hours: i64) -> Self {
        Self(hours)
    }

    /// The number that is stored.
    pub const fn count(self) -> i64 {
        self.0
    }

    /// The hour so many weeks earlier.
    pub const fn weeks_before(self, weeks: i64) -> Self {
        Self(self.0 - weeks * WEEK_HOURS)
    }

    /// Which of the 168 hours of a week it is.
    fn of_week(self) -> usize {
        usize::try_from(self.0.rem_euclid(WEEK_HOURS)).expect("a remainder is not negative")
    }
}

/// The notices of a source by hour of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rhythm {
    weeks: i64,
    notices: Vec<i64>,
}

/// How many notices were expected: a fraction that is never rounded before it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    notice_seconds: i128,
    per_notice: i128,
}

impl Expected {
    /// Whether at least so many were.
    pub fn is_at_least(self, notices: i64) -> bool {
        self.notice_seconds >= i128::from(notices) * self.per_notice
    }

    /// The whole number of them.
    pub fn whole(self) -> i64 {
        i64::try_from(self.notice_seconds / self.per_notice).unwrap_or(i64::MAX)
    }
}

impl Rhythm {
    /// The rhythm by the counts of the hours before `last`, the hour in which the source was
    /// last heard; `None` when `first`, the first hour in which it was heard, is not long
    /// enough ago, or when it said nothing in these weeks. Hours outside the weeks that are looked at are passed over.
    pub fn new(
        first: LocalHour,
        last: LocalHour,
        hours: impl IntoIterator<Item = (LocalHour, i64)>,
    ) -> Option<Self> {
        let known = (last.0 - first.0) / WEEK_HOURS;
        if known < WEEKS_AT_LEAST {
            return None;
        }
        let weeks = known.min(WEEKS_AT_MOST);
        let begin = last.weeks_before(weeks);
        let mut notices = vec![0; usize::try_from(WEEK_HOURS).expect("a week fits")];
        for (hour, count) in hours {
            if begin <= hour && hour < last {
                notices[hour.of_week()] += count;
            }
        }
        // Weeks without a notice tell nothing about the next one.
        let spoke = notices.iter().any(|count| *count > 0);
        spoke.then_some(Self { weeks, notices })
    }

    /// How many notices it brings between two instants as a rule; none when they are reversed.
    pub fn expected(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Expected {
        let (from_s, until_s) = (from.timestamp(), until.timestamp().max(from.timestamp()));
        let whole_weeks = (until_s - from_s) / (WEEK_HOURS * HOUR_S);
        let per_week: i64 = self.notices.iter().sum();
        let mut notice_seconds =
            i128::from(whole_weeks) * i128::from(per_week) * i128::from(HOUR_S);
        // What is left is less than a week. Vietnam's hours begin with those of UTC.
        let mut at_s = from_s + whole_weeks * WEEK_HOURS * HOUR_S;
        while at_s < until_s {
            let hour_ends_s = (at_s.div_euclid(HOUR_S) + 1) * HOUR_S;
            let part_s = hour_ends_s.min(until_s) - at_s;
            let at = DateTime::from_timestamp(at_s, 0).expect("a time between two times");
            let notices = self.notices[LocalHour::of(at).of_week()];
            notice_seconds += i128::from(notices) * i128::from(part_s);
            at_s = hour_ends_s;
        }
        Expected {
            notice_seconds,
            per_notice: i128::from(self.weeks) * i128::from(HOUR_S),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    /// A Monday, 00:00 in Vietnam.
    fn monday() -> DateTime<Utc> {
        "2026-03-01T17:00:00Z".parse().unwrap()
    }

    fn at(days: i64, hours: i64, minutes: i64) -> DateTime<Utc> {
        monday() + TimeDelta::days(days) + TimeDelta::hours(hours) + TimeDelta::minutes(minutes)
    }

    /// `weeks` weeks before that Monday, each day from 6 to 18 o'clock twelve notices an
    /// hour, but none on Mondays.
    fn market(weeks: i64) -> Option<Rhythm> {
        let begin = LocalHour::of(monday()).0 - weeks * WEEK_HOURS;
        let trades = |hour: i64| {
            let of_week = (hour - LocalHour::of(monday()).0).rem_euclid(WEEK_HOURS);
            of_week >= 24 && (6..18).contains(&(of_week % 24))
        };
        let hours = (begin..begin + weeks * WEEK_HOURS).filter(|hour| trades(*hour));
        let hours: Vec<_> = hours.map(|hour| (LocalHour(hour), 12)).collect();
        Rhythm::new(LocalHour(begin), LocalHour::of(monday()), hours)
    }

    #[test]
    fn what_is_expected_follows_the_hours_of_the_week() {
        let market = market(5).unwrap();
        for (name, from, until, wanted) in [
            ("a night", at(1, 18, 0), at(2, 6, 0), 0),
            ("its day of rest", at(-1, 18, 0), at(1, 6, 0), 0),
            ("an hour of trade", at(1, 9, 0), at(1, 10, 0), 12),
            ("a quarter of an hour", at(1, 9, 5), at(1, 9, 20), 3),
            ("over the end of an hour", at(1, 9, 50), at(1, 10, 10), 4),
            ("over the evening", at(1, 17, 30), at(2, 6, 30), 12),
            ("a week", at(1, 9, 0), at(8, 9, 0), 6 * 12 * 12),
            ("ten weeks and an hour", at(1, 9, 0), at(71, 10, 0), 8652),
            ("nothing", at(1, 9, 0), at(1, 9, 0), 0),
            ("reversed", at(1, 9, 0), at(1, 8, 0), 0),
        ] {
            assert_eq!(market.expected(from, until).whole(), wanted, "{name}");
        }
    }

    #[test]
    fn a_part_of_a_notice_is_never_rounded_up() {
        let market = market(4).unwrap();
        let expected = market.expected(at(1, 9, 0), at(1, 9, 15) - TimeDelta::seconds(1));
        assert!(!expected.is_at_least(3));
        assert_eq!(expected.whole(), 2);
        assert!(market.expected(at(1, 9, 0), at(1, 9, 15)).is_at_least(3));
    }

    #[test]
    fn a_rhythm_is_known_after_four_weeks_and_forgets_what_is_older_than_eight() {
        for (weeks, wanted) in [
            (1, None),
            (3, None),
            (4, Some(4)),
            (8, Some(8)),
            (20, Some(8)),
        ] {
            assert_eq!(market(weeks).map(|it| it.weeks), wanted, "{weeks} weeks");
        }
        let hour = LocalHour::of(monday());
        let old = hour.weeks_before(WEEKS_AT_MOST);
        let heard = [(LocalHour(old.0 - 1), 1000), (old, 8), (hour, 1000)];
        let rhythm = Rhythm::new(old.weeks_before(1), hour, heard).unwrap();
        assert_eq!(rhythm.notices.iter().sum::<i64>(), 8);
        let expected = rhythm.expected(monday(), monday() + TimeDelta::hours(1));
        assert_eq!((expected.whole(), expected.is_at_least(1)), (1, true));
    }

    #[test]
    fn weeks_without_a_notice_are_no_rhythm() {
        let hour = LocalHour::of(monday());
        let only = [(hour.weeks_before(9), 5), (hour, 1)];
        assert_eq!(Rhythm::new(hour.weeks_before(9), hour, only), None);
    }

    #[test]
    fn an_hour_of_local_time_is_the_one_on_the_clock_in_hanoi() {
        assert_eq!(LocalHour::of(monday()).count() % 24, 0);
        assert_eq!(LocalHour::of(at(0, 9, 59)).count() % 24, 9);
        let back = LocalHour::from_count(LocalHour::of(monday()).count());
        assert_eq!(back, LocalHour::of(monday()));
    }
}
