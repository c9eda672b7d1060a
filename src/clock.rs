//! The time of day, the one place that reads it.
//!
//! Everything else takes `now` as an argument, so that a test can stand at any instant.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::day::to_microseconds;

/// Tells the time: the machine's, or one that a test or the demo sets.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until it is moved.
    Fixed(Arc<Mutex<DateTime<Utc>>>),
    /// The machine's clock, shown earlier or later: for sample data of another day.
    Shifted(TimeDelta),
}

impl Clock {
    /// A clock that stands at `at`.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(Mutex::new(at)))
    }

    /// The present instant, to the microsecond (what both databases keep).
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the time"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => to_microseconds(Utc::now()),
            Self::Shifted(by) => to_microseconds(Utc::now() + *by),
            Self::Fixed(at) => to_microseconds(*at.lock().expect("no holder of the clock panics")),
        }
    }

    /// Moves a fixed clock forward; the machine's clock is not ours to move.
    pub fn advance(&self, by: TimeDelta) {
        if let Self::Fixed(at) = self {
            *at.lock().expect("no holder of the clock panics") += by;
        }
    }
}
