//! The work that `phocho serve` does by itself, hour by hour, until it stops.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::flows::access::Act;
use crate::flows::attach_reversals::attach_waiting;
use crate::flows::housekeeping::Round;
use crate::flows::pull::Puller;
use crate::flows::reconcile::draw_in;
use crate::flows::watch_links::LinkWatch;
use crate::flows::watch_sources::Watch;
use crate::http::lifecycle::{Lifecycle, Stage};
use crate::store::Store;

/// From the end of one round to the next one.
const PAUSE: Duration = Duration::from_hours(1);
/// From one look at which sources are to be pulled to the next one.
const PULL_LOOK: Duration = Duration::from_secs(5);

/// Forgets what has had its time and looks at the sources, now and every hour. What fails is
/// tried again with the next round.
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
                trials = forgotten.trials,
                hours = forgotten.hours,
                stated_texts = forgotten.stated_texts,
                abandoned_imports = forgotten.abandoned_imports,
                "what has had its time is forgotten"
            ),
            Err(error) => tracing::warn!(
                fault = error.chain(),
                "housekeeping failed; the next round tries again"
            ),
        }
        watch_sources(&store, clock.now()).await;
        attach_reversals(&store, clock.now()).await;
        draw_in_statements(&store, clock.now()).await;
        watch_links(&store, clock.now()).await;
        tokio::select! {
            () = lifecycle.stopping() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Fetches histories, all of them now and each when its time has come.
pub async fn pull_sources(puller: Puller, lifecycle: Lifecycle) {
    let (asking, stage) = (puller.clone(), lifecycle.clone());
    lifecycle.spawn(async move {
        stage.stopping().await;
        asking.stop();
    });
    let mut all = true;
    while lifecycle.stage() != Stage::Stopping {
        match puller.run(all).await {
            Ok(_) => all = false,
            Err(error) => tracing::warn!(
                fault = error.chain(),
                "no source could be pulled; the next look tries again"
            ),
        }
        tokio::select! {
            () = lifecycle.stopping() => {}
            () = tokio::time::sleep(PULL_LOOK) => {}
        }
    }
}

async fn attach_reversals(store: &Store, now: DateTime<Utc>) {
    match attach_waiting(store, now, &Entropy::System).await {
        Ok(attached) => tracing::info!(attached, "reversals that wait were looked at"),
        Err(error) => tracing::warn!(
            fault = error.chain(),
            "reversals that wait could not be looked at; the next round tries again"
        ),
    }
}

async fn draw_in_statements(store: &Store, now: DateTime<Utc>) {
    let act = Act {
        actor: "phocho",
        now,
        entropy: &Entropy::System,
    };
    match draw_in(store, &act, None).await {
        Ok(lines) => tracing::info!(lines, "what statements add was looked at"),
        Err(error) => tracing::warn!(
            fault = error.chain(),
            "what statements add could not be drawn in; the next round tries again"
        ),
    }
}

async fn watch_links(store: &Store, now: DateTime<Utc>) {
    let watch = LinkWatch {
        store,
        now,
        entropy: &Entropy::System,
    };
    match watch.run().await {
        Ok(watched) => tracing::info!(
            warned = watched.warned,
            broken = watched.broken,
            "the account links were looked at"
        ),
        Err(error) => tracing::warn!(
            fault = error.chain(),
            "the account links could not be looked at; the next round tries again"
        ),
    }
}

async fn watch_sources(store: &Store, now: DateTime<Utc>) {
    let watch = Watch {
        store,
        now,
        entropy: &Entropy::System,
    };
    match watch.run().await {
        Ok(watched) => tracing::info!(
            raised = watched.raised,
            settled = watched.settled,
            "the sources were looked at"
        ),
        Err(error) => tracing::warn!(
            fault = error.chain(),
            "the sources could not be looked at; the next round tries again"
        ),
    }
}
