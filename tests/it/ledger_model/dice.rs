//! Draws from a seeded generator.

use phocho::entropy::Entropy;

/// Draws from a seeded generator.
pub struct Dice(pub Entropy);

impl Dice {
    pub fn below(&mut self, limit: usize) -> usize {
        let drawn = u64::from_le_bytes(self.0.bytes());
        usize::try_from(drawn % u64::try_from(limit).unwrap()).unwrap()
    }

    /// Whether one of so many draws hits.
    pub fn once_in(&mut self, draws: usize) -> bool {
        self.below(draws) == 0
    }

    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for end in (1..all.len()).rev() {
            all.swap(end, self.below(end + 1));
        }
    }
}
