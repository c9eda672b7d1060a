//! What a batch of notices adds to the rhythm of its sources: notices by the hour and delays
//! since the bank's time.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::day::local_day;
use crate::domain::delay::step_of;
use crate::domain::ids::SourceId;
use crate::domain::rhythm::LocalHour;
use crate::store::{StoreError, Tx, source_delays, source_hours};

/// What one batch counts, summed and sorted by key, so that two writers lock rows in the same
/// order.
#[derive(Debug, Default)]
pub(super) struct RhythmCounts {
    hours: BTreeMap<(SourceId, LocalHour), i64>,
    delays: BTreeMap<(SourceId, NaiveDate, i64), i64>,
}

impl RhythmCounts {
    /// Counts a notice that did not come before.
    pub(super) fn note_notice(&mut self, source: SourceId, at: DateTime<Utc>) {
        *self.hours.entry((source, LocalHour::of(at))).or_default() += 1;
    }

    /// Counts a transaction that nobody told of before.
    pub(super) fn note_delay(
        &mut self,
        source: SourceId,
        heard_at: DateTime<Utc>,
        bank_time: DateTime<Utc>,
    ) {
        let step = step_of(heard_at - bank_time);
        let place = (source, local_day(heard_at), step);
        *self.delays.entry(place).or_default() += 1;
    }

    pub(super) async fn write(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for ((source, hour), notices) in &self.hours {
            source_hours::add(tx, *source, *hour, *notices).await?;
        }
        for ((source, day, at_most_s), notices) in &self.delays {
            source_delays::add(tx, *source, *day, *at_most_s, *notices).await?;
        }
        Ok(())
    }
}
