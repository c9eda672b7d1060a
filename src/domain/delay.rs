//! How long after the bank's time a credit is known here: quantiles over a ladder of steps.
//!
//! A delay is the time from the bank's own time to the arrival of the notice that first told
//! of the credit; the commit follows within the same answer. Each is rounded up to a step, so
//! that a quantile reads a few counts and never the notices: it says "at most so many
//! seconds", with no step wider than twice the one before it.

use std::collections::BTreeMap;

use chrono::TimeDelta;

/// The steps, in seconds.
const STEPS_S: [i64; 24] = [
    1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900, 1800, 3600, 7200,
    14_400, 28_800, 43_200,
];

/// What every later delay is rounded to, in seconds: it was more than half a day.
pub const LONGER_S: i64 = 86_400;

/// The step of a delay, in seconds. A bank whose clock is ahead of ours has no delay.
pub fn step_of(delay: TimeDelta) -> i64 {
    let fits = |step: &i64| delay <= TimeDelta::seconds(*step);
    STEPS_S.into_iter().find(fits).unwrap_or(LONGER_S)
}

/// How many credits were known after at most so many seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delays(BTreeMap<i64, i64>);

impl FromIterator<(i64, i64)> for Delays {
    fn from_iter<Rows: IntoIterator<Item = (i64, i64)>>(rows: Rows) -> Self {
        let mut delays = Self::default();
        for (at_most_s, notices) in rows {
            *delays.0.entry(at_most_s).or_default() += notices;
        }
        delays
    }
}

impl Delays {
    /// How many there are.
    pub fn notices(&self) -> i64 {
        self.0.values().sum()
    }

    /// The step under which so many of a hundred lie, by the nearest rank; none of nothing.
    pub fn percentile(&self, of_hundred: i64) -> Option<i64> {
        let rank = (self.notices() * of_hundred + 99) / 100;
        let mut below = 0;
        let reaches = |(_, notices): &(&i64, &i64)| {
            below += **notices;
            below >= rank.max(1)
        };
        self.0.iter().find(reaches).map(|(step, _)| *step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_rounded_up_to_its_step() {
        for (milliseconds, wanted) in [
            (-5_000, 1),
            (0, 1),
            (1_000, 1),
            (1_001, 2),
            (5_001, 7),
            (61_000, 90),
            (43_200_000, 43_200),
            (43_200_001, LONGER_S),
            (400_000_000, LONGER_S),
        ] {
            let delay = TimeDelta::milliseconds(milliseconds);
            assert_eq!(step_of(delay), wanted, "{milliseconds} ms");
        }
        let narrow = STEPS_S
            .windows(2)
            .all(|it| it[0] < it[1] && it[1] <= 2 * it[0]);
        assert!(narrow, "{STEPS_S:?}");
    }

    #[test]
    fn quantiles_are_taken_by_the_nearest_rank() {
        let delays: Delays = [(1, 90), (5, 8), (60, 1), (LONGER_S, 1)]
            .into_iter()
            .collect();
        assert_eq!(delays.notices(), 100);
        for (of_hundred, wanted) in [(50, 1), (90, 1), (91, 5), (95, 5), (98, 5), (99, 60)] {
            assert_eq!(delays.percentile(of_hundred), Some(wanted), "P{of_hundred}");
        }
        let one: Delays = [(7, 1)].into_iter().collect();
        assert_eq!((one.percentile(50), one.percentile(99)), (Some(7), Some(7)));
        assert_eq!(Delays::default().percentile(50), None);
    }
}
