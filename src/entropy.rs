//! Chance, the one place that draws it: ids, references, tokens and nonces.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use rand::rngs::{StdRng, SysRng};
use rand::{Rng, SeedableRng, TryRng};
use uuid::{Builder, Uuid};

use crate::domain::txn_ref::{ALPHABET, RANDOM_LENGTH, TxnRef};

/// A source of random bytes: the operating system's, or a seeded one that repeats.
#[derive(Clone, Debug)]
pub enum Entropy {
    /// The operating system's generator: the only one fit for secrets.
    System,
    /// A seeded generator for tests and the demo's invented data.
    Seeded(Arc<Mutex<StdRng>>),
}

impl Entropy {
    /// A generator that gives the same bytes for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// Fills `bytes` with random ones.
    pub fn fill(&self, bytes: &mut [u8]) {
        match self {
            Self::System => SysRng
                .try_fill_bytes(bytes)
                .expect("the system's generator works"),
            Self::Seeded(rng) => {
                rng.lock()
                    .expect("no holder of the generator panics")
                    .fill_bytes(bytes);
            }
        }
    }

    /// An array of random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A `UUIDv7`: sorts by `now`, random behind the millisecond.
    pub fn uuid(&self, now: DateTime<Utc>) -> Uuid {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }

    /// A fresh payment reference; the caller makes sure that it was never issued.
    pub fn txn_ref(&self) -> TxnRef {
        let mut numbers = [0; RANDOM_LENGTH];
        for number in &mut numbers {
            *number = self.below_alphabet();
        }
        TxnRef::from_random(numbers)
    }

    /// A number below the alphabet's size, every one equally likely.
    fn below_alphabet(&self) -> u8 {
        let size = u8::try_from(ALPHABET.len()).expect("31 fits");
        let fair = u8::MAX - u8::MAX % size;
        loop {
            let [byte] = self.bytes();
            if byte < fair {
                return byte % size;
            }
        }
    }
}
