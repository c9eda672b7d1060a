//! Forgetting what has had its time: expired keys of requests, used links, raw bank notices,
//! the names and accounts in transfer texts, old hours of sources.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde_json::json;

use crate::domain::day::{local_day, start_of_day};
use crate::domain::rhythm::{LocalHour, WEEKS_KEPT};
use crate::flows::reconcile;
use crate::store::audit::{self, AuditEntry};
use crate::store::statements::{self, lines};
use crate::store::{Store, StoreError, idempotency, retention, source_hours, trials};

/// Rows that one transaction changes.
const STEP: i64 = 500;
/// After this time an import that has not ended never will.
const ABANDONED_AFTER: TimeDelta = TimeDelta::hours(24);
/// The audit chain of what the program does by itself; instances share it.
const CHAIN: &str = "housekeeping";

/// One round of housekeeping.
pub struct Round<'a> {
    /// The database.
    pub store: &'a Store,
    /// The present.
    pub now: DateTime<Utc>,
    /// Days that raw notices are kept.
    pub raw_retention_days: u32,
    /// Whether to go on after each step; a process that stops breaks the round off.
    pub go_on: &'a (dyn Fn() -> bool + Sync),
}

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Keys of creating requests.
    pub idempotency_keys: u64,
    /// One-time links.
    pub links: u64,
    /// Days whose raw notices can no longer be read.
    pub days: u64,
    /// Transfer texts of which only our reference is left.
    pub texts: u64,
    /// Trials that ended.
    pub trials: u64,
    /// Hours of sources that are too old for a rhythm.
    pub hours: u64,
    /// Transfer texts of lines of statements.
    pub stated_texts: u64,
    /// Imports of statements that never ended.
    pub abandoned_imports: u64,
}

impl Round<'_> {
    /// Does all of it. Safe while other instances do the same.
    pub async fn run(&self) -> Result<Forgotten, StoreError> {
        let mut forgotten = Forgotten::default();
        while (self.go_on)() {
            let mut tx = self.store.begin_write().await?;
            let step = idempotency::forget_expired(&mut tx, self.now, STEP).await?;
            tx.commit().await?;
            forgotten.idempotency_keys += step;
            if step == 0 {
                break;
            }
        }
        let mut tx = self.store.begin_write().await?;
        forgotten.links = retention::forget_links(&mut tx, self.now).await?;
        tx.commit().await?;
        let kept_hours = LocalHour::of(self.now).weeks_before(WEEKS_KEPT);
        let mut tx = self.store.begin_write().await?;
        forgotten.hours = source_hours::forget_before(&mut tx, kept_hours).await?;
        tx.commit().await?;
        let kept_since = local_day(self.now) - Days::new(self.raw_retention_days.into());
        let mut tx = self.store.begin_read().await?;
        let days = retention::keys_before(&mut tx, kept_since).await?;
        tx.rollback().await?;
        for day in days {
            if self.forget_day(day).await? {
                forgotten.days += 1;
            }
        }
        forgotten.texts = self.mask_texts(kept_since).await?;
        forgotten.trials = self.forget_trials().await?;
        forgotten.stated_texts = self.forget_stated_texts(kept_since).await?;
        forgotten.abandoned_imports = self.discard_abandoned().await?;
        Ok(forgotten)
    }

    /// Removes the trials that ended, one by one.
    async fn forget_trials(&self) -> Result<u64, StoreError> {
        let mut tx = self.store.begin_read().await?;
        let ended = trials::ended(&mut tx, self.now, STEP).await?;
        tx.rollback().await?;
        let mut removed = 0;
        for trial in ended {
            if !(self.go_on)() {
                break;
            }
            let mut tx = self.store.begin_write().await?;
            removed += u64::from(trials::remove(&mut tx, trial).await?);
            tx.commit().await?;
        }
        Ok(removed)
    }

    /// Masks the transfer texts of the days before one, step by step.
    async fn mask_texts(&self, kept_since: NaiveDate) -> Result<u64, StoreError> {
        let before = start_of_day(kept_since);
        let mut tx = self.store.begin_write().await?;
        let mut masked = retention::mask_doubts(&mut tx, before).await?;
        tx.commit().await?;
        while (self.go_on)() {
            let mut tx = self.store.begin_write().await?;
            let step = retention::mask_texts(&mut tx, before, STEP, self.now).await?;
            tx.commit().await?;
            masked += step;
            if step == 0 {
                break;
            }
        }
        Ok(masked)
    }

    /// Forgets the texts of lines of statements that were imported before a day.
    async fn forget_stated_texts(&self, kept_since: NaiveDate) -> Result<u64, StoreError> {
        let (before, mut forgotten) = (start_of_day(kept_since), 0);
        while (self.go_on)() {
            let mut tx = self.store.begin_write().await?;
            let step = lines::forget_texts(&mut tx, before, STEP).await?;
            tx.commit().await?;
            forgotten += step;
            if step == 0 {
                break;
            }
        }
        Ok(forgotten)
    }

    /// Removes what imports left that broke off in the middle.
    async fn discard_abandoned(&self) -> Result<u64, StoreError> {
        let mut tx = self.store.begin_read().await?;
        let before = self.now - ABANDONED_AFTER;
        let abandoned = statements::abandoned(&mut tx, before, STEP).await?;
        tx.rollback().await?;
        let mut discarded = 0;
        for id in abandoned {
            if !(self.go_on)() {
                break;
            }
            reconcile::discard(self.store, id).await?;
            discarded += 1;
        }
        Ok(discarded)
    }

    /// Removes a day's bodies step by step, then its key; whether the key has gone.
    async fn forget_day(&self, day: NaiveDate) -> Result<bool, StoreError> {
        let mut tx = self.store.begin_read().await?;
        let mut from = retention::first_body_of(&mut tx, day).await?;
        tx.rollback().await?;
        while let Some(begin) = from {
            if !(self.go_on)() {
                return Ok(false);
            }
            let mut tx = self.store.begin_write().await?;
            let last = retention::forget_bodies(&mut tx, day, begin, STEP).await?;
            tx.commit().await?;
            // Times are whole microseconds, so nothing lies between two of them.
            from = last.map(|last| last + chrono::TimeDelta::microseconds(1));
        }
        let mut tx = self.store.begin_write().await?;
        if !retention::destroy_key(&mut tx, day, self.now).await? {
            return Ok(false);
        }
        let entry = AuditEntry {
            at: self.now,
            actor: "phocho".to_owned(),
            action: "body_key.destroy",
            subject: day.to_string(),
            detail: json!({"kept_days": self.raw_retention_days}),
        };
        audit::append(&mut tx, CHAIN, &[entry]).await?;
        tx.commit().await?;
        Ok(true)
    }
}
