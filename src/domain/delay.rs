//! How long after the bank's time a transaction was in our books.
//!
//! Delays are counted in classes, so that a percentile costs the same at any number of
//! transactions. It is told as the end of its class: "at most so many seconds". The classes
//! grow by about a half to a double, which is what a delay is judged by.

use chrono::TimeDelta;

/// The longest delay of each class, in seconds: from one second to a week.
const ENDS_S: [i64; 20] = [
    1, 2, 3, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400,
    259_200, 604_800,
];

/// A class of delays, known by its longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DelayClass(usize);

impl DelayClass {
    /// What stands in place of the end of the last class, which has none.
    pub const WITHOUT_END: i64 = -1;

    /// The class of a delay. A bank whose clock is ahead of ours has none.
    pub fn of(delay: TimeDelta) -> Self {
        let whole = delay.num_seconds();
        let seconds = if delay > TimeDelta::seconds(whole) {
            whole + 1
        } else {
            whole
        };
        Self(ENDS_S.partition_point(|end| *end < seconds))
    }

    /// A class by its end as stored; `None` when there is no such class.
    pub fn from_stored(up_to_s: i64) -> Option<Self> {
        if up_to_s == Self::WITHOUT_END {
            return Some(Self(ENDS_S.len()));
        }
        ENDS_S.iter().position(|end| *end == up_to_s).map(Self)
    }

    /// Its longest delay in seconds; `None` for the last class, which has no end.
    pub fn up_to_s(self) -> Option<i64> {
        ENDS_S.get(self.0).copied()
    }

    /// The same as stored.
    pub fn stored(self) -> i64 {
        self.up_to_s().unwrap_or(Self::WITHOUT_END)
    }
}

/// The class within which `percent` of a hundred transactions were: of `counted`, by class
/// from the shortest on. `None` when nothing was counted.
pub fn percentile(counted: &[(DelayClass, i64)], percent: i64) -> Option<DelayClass> {
    let all: i64 = counted.iter().map(|(_, count)| count).sum();
    let mut within = 0;
    counted
        .iter()
        .find(|(_, count)| {
            within += count;
            *count > 0 && within.saturating_mul(100) >= all.saturating_mul(percent)
        })
        .map(|(class, _)| *class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_lies_in_the_first_class_that_holds_it() {
        for (milliseconds, end) in [
            (-5_000, Some(1)),
            (0, Some(1)),
            (1_000, Some(1)),
            (1_001, Some(2)),
            (60_000, Some(60)),
            (60_001, Some(120)),
            (604_800_000, Some(604_800)),
            (604_800_001, None),
        ] {
            let class = DelayClass::of(TimeDelta::milliseconds(milliseconds));
            assert_eq!(class.up_to_s(), end, "{milliseconds}");
            assert_eq!(DelayClass::from_stored(class.stored()), Some(class));
        }
        assert_eq!(DelayClass::from_stored(4), None);
    }

    #[test]
    fn a_percentile_is_the_end_of_its_class() {
        let class = |end| DelayClass::from_stored(end).unwrap();
        let counted = [
            (class(1), 50),
            (class(5), 0),
            (class(10), 45),
            (class(-1), 5),
        ];
        for (percent, end) in [(1, 1), (50, 1), (51, 10), (95, 10), (96, -1), (100, -1)] {
            assert_eq!(percentile(&counted, percent), Some(class(end)), "{percent}");
        }
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(percentile(&[(class(1), 0)], 50), None);
    }
}
