//! Watching the sources: an alert for each that fell silent, settled by itself when the source
//! is heard again.
//!
//! One alert is raised for each silence, also when a person settles it before the source is
//! heard. A source that was never heard has not fallen silent: its own document shows that.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::access::Act;
use super::alarm::{self, PROGRAM, Warning};
use super::change::record;
use crate::domain::day::to_rfc3339;
use crate::domain::ids::SourceId;
use crate::domain::source_health::SourceState;
use crate::entropy::Entropy;
use crate::store::source_health::{KnownSource, known_now};
use crate::store::{Store, StoreError, Tx, alerts, locks};

/// The kind of these alerts; the subject is the id of the source.
pub const SOURCE_SILENT: &str = "source.silent";

/// One look at all sources.
pub struct Watch<'a> {
    /// The database.
    pub store: &'a Store,
    /// The present.
    pub now: DateTime<Utc>,
    /// Draws ids.
    pub entropy: &'a Entropy,
}

/// What a look came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Sources that fell silent.
    pub raised: u64,
    /// Alerts whose source is heard again, or was switched off.
    pub settled: u64,
}

/// What is to be done about a source.
enum Due {
    Nothing,
    Raise,
    Settle,
}

impl Watch<'_> {
    /// Looks at all sources. Safe while other instances do the same.
    pub async fn run(&self) -> Result<Watched, StoreError> {
        let mut tx = self.store.begin_read().await?;
        let mut found = Vec::new();
        for source in known_now(&mut tx, None, self.now).await? {
            if !matches!(self.due(&mut tx, &source).await?, Due::Nothing) {
                found.push(source.id);
            }
        }
        tx.rollback().await?;
        let mut watched = Watched::default();
        for id in found {
            self.act_on(id, &mut watched).await?;
        }
        Ok(watched)
    }

    /// Judges a source again while no other instance does, and does what is due.
    async fn act_on(&self, id: SourceId, watched: &mut Watched) -> Result<(), StoreError> {
        let mut tx = self.store.begin_write().await?;
        locks::source(&mut tx, id).await?;
        for source in known_now(&mut tx, Some(id), self.now).await? {
            match self.due(&mut tx, &source).await? {
                Due::Nothing => {}
                Due::Raise => {
                    self.raise(&mut tx, &source).await?;
                    watched.raised += 1;
                }
                Due::Settle => {
                    self.settle(&mut tx, &source).await?;
                    watched.settled += 1;
                }
            }
        }
        tx.commit().await
    }

    async fn due(&self, tx: &mut Tx, source: &KnownSource) -> Result<Due, StoreError> {
        let newest = alerts::newest(tx, SOURCE_SILENT, &source.id.to_string()).await?;
        let is_silent = source.health_at(self.now).state == SourceState::Silent;
        Ok(match (newest, source.last_heard_at) {
            (Some(alert), _) if alert.settled_at.is_none() => {
                if is_silent {
                    Due::Nothing
                } else {
                    Due::Settle
                }
            }
            (newest, Some(heard_at)) if is_silent => match newest {
                Some(alert) if alert.raised_at >= heard_at => Due::Nothing,
                _ => Due::Raise,
            },
            _ => Due::Nothing,
        })
    }

    async fn raise(&self, tx: &mut Tx, source: &KnownSource) -> Result<(), StoreError> {
        let health = source.health_at(self.now);
        let name = &source.name;
        let detail = json!({
            "source": name,
            "last_heard_at": health.last_heard_at.map(to_rfc3339),
            "expected_notices": health.expected,
            "usual_gap_s": health.usual_gap.map(|gap| gap.num_seconds()),
        });
        let warning = Warning {
            kind: SOURCE_SILENT,
            subject: &source.id.to_string(),
            merchant: None,
            detail,
        };
        let deed = alarm::raise(tx, &self.act(), warning).await?;
        record(tx, &self.act(), deed).await
    }

    async fn settle(&self, tx: &mut Tx, source: &KnownSource) -> Result<(), StoreError> {
        let words = match source.health_at(self.now).state {
            SourceState::Closed => "Nguồn đã được tắt.",
            SourceState::Live | SourceState::Late | SourceState::Silent => {
                "Nguồn đã gửi thông báo trở lại."
            }
        };
        let about = (SOURCE_SILENT, &*source.id.to_string());
        if let Some(deed) = alarm::settle(tx, &self.act(), about, words).await? {
            record(tx, &self.act(), deed).await?;
        }
        Ok(())
    }

    fn act(&self) -> Act<'_> {
        Act {
            actor: PROGRAM,
            now: self.now,
            entropy: self.entropy,
        }
    }
}
