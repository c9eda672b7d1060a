//! Ticket sizes: nearest-rank quantiles over a histogram of sale amounts.

use std::collections::BTreeMap;

use crate::domain::money::Vnd;

/// How many counted payments had which sale amount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TicketHistogram(BTreeMap<Vnd, u64>);

/// A share in whole per cent, 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percentile(u8);

impl Percentile {
    /// The lower quartile.
    pub const P25: Self = Self(25);
    /// The median.
    pub const P50: Self = Self(50);
    /// The upper quartile.
    pub const P75: Self = Self(75);

    /// Takes 1 to 100.
    pub fn new(percent: u8) -> Option<Self> {
        (1..=100).contains(&percent).then_some(Self(percent))
    }
}

impl FromIterator<(Vnd, u64)> for TicketHistogram {
    /// Adds up rows in any order; an amount may come several times, from several days.
    fn from_iter<Rows: IntoIterator<Item = (Vnd, u64)>>(rows: Rows) -> Self {
        let mut counts = BTreeMap::new();
        for (amount, payments) in rows {
            if payments > 0 {
                *counts.entry(amount).or_insert(0) += payments;
            }
        }
        Self(counts)
    }
}

impl TicketHistogram {
    /// How many payments there are.
    pub fn payments(&self) -> u64 {
        self.0.values().sum()
    }

    /// The smallest amount with at least this share of the payments at or below it; `None`
    /// without payments.
    pub fn quantile(&self, share: Percentile) -> Option<Vnd> {
        let whole = u128::from(self.payments());
        let wanted = whole * u128::from(share.0);
        let mut at_or_below = 0;
        self.0.iter().find_map(|(amount, payments)| {
            at_or_below += u128::from(*payments);
            (at_or_below * 100 >= wanted).then_some(*amount)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vnd(amount: i64) -> Vnd {
        Vnd::new(amount).unwrap()
    }

    fn histogram(rows: &[(i64, u64)]) -> TicketHistogram {
        rows.iter()
            .map(|(amount, payments)| (vnd(*amount), *payments))
            .collect()
    }

    #[test]
    fn a_quantile_is_an_amount_that_was_really_paid() {
        for (name, rows, quartiles) in [
            ("one payment", vec![(5_000, 1)], [5_000, 5_000, 5_000]),
            ("two", vec![(1_000, 1), (9_000, 1)], [1_000, 1_000, 9_000]),
            (
                "four",
                vec![(1_000, 1), (2_000, 1), (3_000, 1), (4_000, 1)],
                [1_000, 2_000, 3_000],
            ),
            (
                "five",
                vec![(1_000, 1), (2_000, 1), (3_000, 1), (4_000, 1), (5_000, 1)],
                [2_000, 3_000, 4_000],
            ),
            (
                "one amount twice, rows out of order",
                vec![(20_000, 1), (10_000, 1), (20_000, 2), (500_000, 0)],
                [10_000, 20_000, 20_000],
            ),
        ] {
            let tickets = histogram(&rows);
            let found = [Percentile::P25, Percentile::P50, Percentile::P75]
                .map(|share| tickets.quantile(share).unwrap().get());
            assert_eq!(found, quartiles, "{name}");
        }
        assert_eq!(histogram(&[]).quantile(Percentile::P50), None);
        assert_eq!(histogram(&[(1_000, 0)]).quantile(Percentile::P50), None);
        assert_eq!((Percentile::new(0), Percentile::new(101)), (None, None));
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_sorted_list(
            amounts in prop::collection::vec(1i64..200, 1..60), percent in 1u8..=100
        ) {
            let rows: Vec<(i64, u64)> = amounts.iter().map(|amount| (*amount, 1)).collect();
            let share = Percentile::new(percent).unwrap();
            let mut sorted = amounts;
            sorted.sort_unstable();
            let rank = (sorted.len() * usize::from(percent)).div_ceil(100);
            let found = histogram(&rows).quantile(share).map(Vnd::get);
            prop_assert_eq!(found, Some(sorted[rank - 1]));
        }
    }
}
