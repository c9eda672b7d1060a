//! Chance that repeats: equal seeds give equal data, whatever else was drawn before.

use chrono::{NaiveDate, TimeDelta};
use sha2::{Digest, Sha256};

use crate::entropy::Entropy;

/// A generator for one matter of invented data.
pub(super) struct Dice(Entropy);

impl Dice {
    /// The dice of a matter, such as one day of one street.
    pub(super) fn new(seed: u64, matter: &str) -> Self {
        let digest = Sha256::digest(format!("{seed} {matter}"));
        let first = digest.first_chunk().expect("a digest has 32 bytes");
        Self(Entropy::seeded(u64::from_be_bytes(*first)))
    }

    /// The generator behind it, for references and ids.
    pub(super) const fn entropy(&self) -> &Entropy {
        &self.0
    }

    /// A number from 0 up to and without `end`.
    pub(super) fn below(&self, end: u64) -> u64 {
        u64::from_be_bytes(self.0.bytes()) % end.max(1)
    }

    /// A number from `least` to `most`.
    pub(super) fn between(&self, least: i64, most: i64) -> i64 {
        let span = most.abs_diff(least) + 1;
        least + i64::try_from(self.below(span)).expect("a span of small numbers fits")
    }

    /// Whether something comes about that does so in `percent` of all cases.
    pub(super) fn chance(&self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub(super) fn pick<'a, T>(&self, items: &'a [T]) -> &'a T {
        let count = u64::try_from(items.len()).expect("a list in memory");
        let place = usize::try_from(self.below(count)).expect("a place in a list");
        &items[place]
    }

    /// A day up to `most` days before another.
    pub(super) fn days_before(&self, day: NaiveDate, least: i64, most: i64) -> NaiveDate {
        day - TimeDelta::days(self.between(least, most))
    }

    /// The numbers below `count` in an order of chance.
    pub(super) fn shuffled(&self, count: usize) -> Vec<usize> {
        let mut keyed: Vec<_> = (0..count).map(|it| (self.below(u64::MAX), it)).collect();
        keyed.sort_unstable();
        keyed.into_iter().map(|(_, it)| it).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_and_matters_repeat_and_others_do_not() {
        let draw = |seed, matter| {
            let dice = Dice::new(seed, matter);
            [(); 4].map(|()| dice.below(1_000_000))
        };
        assert_eq!(draw(7, "a"), draw(7, "a"));
        assert_ne!(draw(7, "a"), draw(7, "b"));
        assert_ne!(draw(7, "a"), draw(8, "a"));
        let dice = Dice::new(7, "c");
        let mut order = dice.shuffled(50);
        assert_ne!(order, (0..50).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..50).collect::<Vec<_>>());
        assert!((0..200).all(|_| (-2..=3).contains(&dice.between(-2, 3))));
    }
}
