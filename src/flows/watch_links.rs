//! Watching the account links: an alert some days before a consent ends, and links that break
//! by themselves when it has ended, or when their source fell silent or was switched off.
//!
//! One alert is raised for each consent, also when a person settles it. A new consent or a
//! revocation settles it.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::access::Act;
use super::alarm::{self, PROGRAM, Warning};
use super::change::record;
use super::link_account::deed;
use crate::domain::account_link::{BreakCause, EXPIRY_WARNING, LinkEvent};
use crate::domain::day::to_rfc3339;
use crate::domain::ids::SourceId;
use crate::domain::source_health::SourceState;
use crate::entropy::Entropy;
use crate::store::account_links::{self, AccountLink};
use crate::store::reach::Reach;
use crate::store::source_health::known_now;
use crate::store::{Store, StoreError, Tx, alerts, locks};

/// The kind of these alerts; the subject is the id of the link.
pub const LINK_EXPIRING: &str = "account_link.expiring";

/// Links that one transaction looks at.
const STEP: u32 = 200;

/// One look at all links.
pub struct LinkWatch<'a> {
    /// The database.
    pub store: &'a Store,
    /// The present.
    pub now: DateTime<Utc>,
    /// Draws ids.
    pub entropy: &'a Entropy,
}

/// What a look came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinksWatched {
    /// Consents that end soon and that a person was told of.
    pub warned: u64,
    /// Links that broke.
    pub broken: u64,
}

impl LinkWatch<'_> {
    /// Looks at all links. Safe while other instances do the same.
    pub async fn run(&self) -> Result<LinksWatched, StoreError> {
        let mut watched = LinksWatched::default();
        let mut after = None;
        loop {
            let mut tx = self.store.begin_write().await?;
            let by = self.now + EXPIRY_WARNING;
            let links = account_links::ending_by(&mut tx, by, after, STEP).await?;
            let Some(last) = links.last() else {
                break;
            };
            after = Some(last.id);
            for link in &links {
                self.look_at_consent(&mut tx, link, &mut watched).await?;
            }
            tx.commit().await?;
        }
        for (source, cause) in self.dead_sources().await? {
            watched.broken += self.break_all(source, cause).await?;
        }
        Ok(watched)
    }

    /// Sources that were heard and are no more, and those that are switched off.
    async fn dead_sources(&self) -> Result<Vec<(SourceId, BreakCause)>, StoreError> {
        let mut tx = self.store.begin_read().await?;
        let known = known_now(&mut tx, None, self.now).await?;
        let dead = known.iter().filter_map(|source| {
            let cause = match source.health_at(self.now).state {
                SourceState::Silent if source.last_heard_at.is_some() => BreakCause::Silent,
                SourceState::Closed => BreakCause::Closed,
                SourceState::Live | SourceState::Late | SourceState::Silent => return None,
            };
            Some((source.id, cause))
        });
        Ok(dead.collect())
    }

    /// Breaks every live link through a source, step by step.
    async fn break_all(&self, source: SourceId, cause: BreakCause) -> Result<u64, StoreError> {
        let mut broken = 0;
        loop {
            let mut tx = self.store.begin_write().await?;
            let links = account_links::live_through(&mut tx, source, STEP).await?;
            let mut moved = 0;
            for link in &links {
                moved += u64::from(self.break_one(&mut tx, link, cause).await?);
            }
            tx.commit().await?;
            broken += moved;
            // Where another instance was first in all of them, it does the rest.
            if moved == 0 {
                return Ok(broken);
            }
        }
    }

    async fn look_at_consent(
        &self,
        tx: &mut Tx,
        link: &AccountLink,
        watched: &mut LinksWatched,
    ) -> Result<(), StoreError> {
        locks::account_link(tx, link.id).await?;
        let link = account_links::find(tx, Reach::Everything, link.id).await?;
        let Some(link) = link else {
            return Ok(());
        };
        let Some(consent) = link.state.consent() else {
            return Ok(());
        };
        let newest = alerts::newest(tx, LINK_EXPIRING, &link.id.to_string()).await?;
        let told = newest.is_some_and(|alert| alert.raised_at >= consent.recorded_at);
        if consent.ends_soon(self.now) && !told {
            self.warn(tx, &link).await?;
            watched.warned += 1;
        }
        if consent.has_ended(self.now) {
            let broke = self.break_one(tx, &link, BreakCause::Expired).await?;
            watched.broken += u64::from(broke);
        }
        Ok(())
    }

    async fn break_one(
        &self,
        tx: &mut Tx,
        link: &AccountLink,
        cause: BreakCause,
    ) -> Result<bool, StoreError> {
        let from = link.state.status();
        let broken = link
            .state
            .clone()
            .transition(LinkEvent::Break(cause), self.now);
        let Ok(state) = broken else {
            return Ok(false);
        };
        if !account_links::update_state(tx, link.id, link.version, &state).await? {
            return Ok(false);
        }
        let detail = json!({"from": from.as_str(), "cause": cause.as_str()});
        record(tx, &self.act(), deed("account_link.break", link, detail)).await?;
        Ok(true)
    }

    async fn warn(&self, tx: &mut Tx, link: &AccountLink) -> Result<(), StoreError> {
        let ends = link.state.consent().and_then(|consent| consent.expires_at);
        let detail = json!({
            "account_id": link.account.to_string(),
            "source_id": link.source.to_string(),
            "expires_at": ends.map(to_rfc3339),
        });
        let warning = Warning {
            kind: LINK_EXPIRING,
            subject: &link.id.to_string(),
            merchant: Some(link.merchant),
            detail,
        };
        let raised = alarm::raise(tx, &self.act(), warning).await?;
        record(tx, &self.act(), raised).await
    }

    fn act(&self) -> Act<'_> {
        Act {
            actor: PROGRAM,
            now: self.now,
            entropy: self.entropy,
        }
    }
}
