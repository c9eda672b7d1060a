//! What happened, numbered in the order of commits.
//!
//! The counter's row is locked from the numbering to the commit, so a number never becomes
//! visible after a larger one and a reader that asks "after n" misses nothing. Number last
//! in a transaction: the lock is shared by all writers.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::ids::{EventId, MerchantId, OutletId};

/// Something that happened.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Its id.
    pub id: EventId,
    /// When.
    pub at: DateTime<Utc>,
    /// What kind, such as `payment.settled`.
    pub kind: &'static str,
    /// The id of what it happened to.
    pub subject: String,
    /// Whose it is, when it is one merchant's.
    pub merchant: Option<MerchantId>,
    /// At which outlet.
    pub outlet: Option<OutletId>,
    /// What a reader needs to know, as a JSON object.
    pub payload: Value,
}

/// A stored event.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct EventRow {
    /// Its number.
    pub sequence: i64,
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// What kind.
    pub kind: String,
    /// What it happened to.
    pub subject: String,
    /// JSON text.
    pub payload: String,
}

/// Numbers events and stores them; the highest number is returned.
pub async fn append(tx: &mut Tx, events: &[NewEvent]) -> Result<i64, StoreError> {
    const NUMBER: &str = "UPDATE event_counter SET last_sequence = last_sequence + $1
        WHERE id = 1 RETURNING last_sequence";
    const INSERT: &str = "INSERT INTO events
            (sequence,
             id,
             at,
             kind,
             subject,
             merchant_id,
             outlet_id,
             payload)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let count = i64::try_from(events.len()).expect("a batch is small");
    let last: i64 = on_engine!(tx, |connection| {
        sqlx::query_scalar(NUMBER)
            .bind(count)
            .fetch_one(connection)
            .await
    })?;
    for (sequence, event) in (last - count + 1..).zip(events) {
        let affected = on_engine!(tx, |connection| {
            sqlx::query(INSERT)
                .bind(sequence)
                .bind(event.id.uuid())
                .bind(event.at)
                .bind(event.kind)
                .bind(&event.subject)
                .bind(event.merchant.map(MerchantId::uuid))
                .bind(event.outlet.map(OutletId::uuid))
                .bind(event.payload.to_string())
                .execute(connection)
                .await
                .map(|done| done.rows_affected())
        })?;
        expect_one("events", affected)?;
    }
    Ok(last)
}

/// Events after a number, oldest first; one merchant's only, when one is given.
pub async fn list(
    tx: &mut Tx,
    merchant: Option<MerchantId>,
    after: i64,
    limit: i64,
) -> Result<Vec<EventRow>, StoreError> {
    const SQL: &str = "SELECT sequence, id, at, kind, subject, payload FROM events
        WHERE sequence > $1 AND ($2 IS NULL OR merchant_id = $2) ORDER BY sequence LIMIT $3";
    let merchant = merchant.map(MerchantId::uuid);
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(after)
            .bind(merchant)
            .bind(limit)
            .fetch_all(connection)
            .await
    })?)
}
