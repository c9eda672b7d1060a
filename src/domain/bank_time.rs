//! When did the money move, if several tell of it?
//!
//! A source tells the bank's own time. A statement may tell the day only, and its times are
//! often those of the booking. So a source is believed before a statement, a time before a
//! bare day, and the earliest of equals: whatever the order in which they came.

use chrono::{DateTime, Utc};

use super::day::{local_day, start_of_day};

/// The bank's time as one telling has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToldTime {
    /// When. A bare day is its first instant.
    pub at: DateTime<Utc>,
    /// Whether a source told it, not a statement.
    pub by_source: bool,
}

impl ToldTime {
    /// Smaller is believed before.
    fn rank(self) -> (bool, bool, DateTime<Utc>) {
        let is_bare_day = self.at == start_of_day(local_day(self.at));
        (!self.by_source, !self.by_source && is_bare_day, self.at)
    }

    /// Whether this time is believed before the other one.
    pub fn leads(self, other: Self) -> bool {
        self.rank() < other.rank()
    }
}

/// The time that is believed; none when nothing was told.
pub fn bank_time(told: impl IntoIterator<Item = ToldTime>) -> Option<DateTime<Utc>> {
    let first = told.into_iter().min_by_key(|told| told.rank());
    first.map(|told| told.at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(by_source: bool, at: &str) -> ToldTime {
        ToldTime {
            at: at.parse().unwrap(),
            by_source,
        }
    }

    #[test]
    fn a_source_comes_before_a_statement_a_time_before_a_day_and_the_earliest_before_later_ones() {
        // Midnight in Hanoi.
        let day = told(false, "2026-11-23T17:00:00Z");
        let booked = told(false, "2026-11-24T03:00:00Z");
        let (early, late) = (
            told(true, "2026-11-24T02:59:58Z"),
            told(true, "2026-11-24T03:00:01Z"),
        );
        let order = [early, late, booked, day];
        for (place, first) in order.iter().enumerate() {
            let mut rest: Vec<_> = order[place..].to_vec();
            assert_eq!(bank_time(rest.clone()), Some(first.at));
            rest.reverse();
            assert_eq!(bank_time(rest.clone()), Some(first.at));
            assert!(order[place + 1..].iter().all(|other| first.leads(*other)));
        }
        assert_eq!(bank_time([]), None);
        assert!(!early.leads(early));
    }
}
