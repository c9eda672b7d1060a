//! What a batch of notices adds to the rhythm of its sources: notices by the hour.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::domain::ids::SourceId;
use crate::domain::rhythm::LocalHour;
use crate::store::{StoreError, Tx, source_hours};

/// What one batch counts, summed and sorted by key, so that two writers lock rows in the same
/// order.
#[derive(Debug, Default)]
pub(super) struct RhythmCounts {
    hours: BTreeMap<(SourceId, LocalHour), i64>,
}

impl RhythmCounts {
    /// Counts a notice that did not come before.
    pub(super) fn note_notice(&mut self, source: SourceId, at: DateTime<Utc>) {
        *self.hours.entry((source, LocalHour::of(at))).or_default() += 1;
    }

    pub(super) async fn write(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for ((source, hour), notices) in &self.hours {
            source_hours::add(tx, *source, *hour, *notices).await?;
        }
        Ok(())
    }
}
