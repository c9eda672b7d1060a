//! The work that `phocho serve` does by itself, hour by hour, until it stops.

use std::time::Duration;

use crate::clock::Clock;
use crate::flows::housekeeping::Round;
use crate::http::lifecycle::{Lifecycle, Stage};
use crate::store::Store;

/// From the end of one round to the next one.
const PAUSE: Duration = Duration::from_hours(1);

/// Forgets what has had its time, now and every hour. A round that fails is tried again with
/// the next one.
pub async fn keep_house(store: Store, clock: Clock, raw_retention_days: u32, lifecycle: Lifecycle) {
    let go_on = || lifecycle.stage() != Stage::Stopping;
    while go_on() {
        let round = Round {
            store: &store,
            now: clock.now(),
            raw_retention_days,
            go_on: &go_on,
        };
        match round.run().await {
            Ok(forgotten) => tracing::info!(
                idempotency_keys = forgotten.idempotency_keys,
                links = forgotten.links,
                days = forgotten.days,
                texts = forgotten.texts,
                "what has had its time is forgotten"
            ),
            Err(error) => tracing::warn!(
                fault = error.chain(),
                "housekeeping failed; the next round tries again"
            ),
        }
        tokio::select! {
            () = lifecycle.stopping() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}
