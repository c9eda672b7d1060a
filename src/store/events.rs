//! What happened, numbered in the order of commits.
//!
//! The counter's row is locked from the numbering to the commit, so a number never becomes
//! visible after a larger one and a reader that asks "after n" misses nothing. Number last
//! in a transaction: the lock is shared by all writers.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::reach::Reach;
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
    /// Whose it is, when it is one merchant's.
    pub merchant_id: Option<Uuid>,
    /// At which outlet.
    pub outlet_id: Option<Uuid>,
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

/// Events after a number within reach, oldest first; of one outlet only, when one is given.
/// In someone's zones are those of the outlets there, and those of a merchant with an outlet
/// there that concern no single outlet.
pub async fn list(
    tx: &mut Tx,
    reach: Reach,
    outlet: Option<OutletId>,
    after: i64,
    limit: i64,
) -> Result<Vec<EventRow>, StoreError> {
    const SQL: &str = "SELECT e.sequence,
            e.id,
            e.at,
            e.kind,
            e.subject,
            e.merchant_id,
            e.outlet_id,
            e.payload
        FROM events e
        WHERE ($1 IS NULL OR e.merchant_id = $1)
            AND ($2 IS NULL OR EXISTS (SELECT 1 FROM outlets o
                JOIN user_zones u ON u.zone_id = o.zone_id
                WHERE u.user_id = $2 AND o.merchant_id = e.merchant_id
                    AND (e.outlet_id IS NULL OR e.outlet_id = o.id)))
            AND ($3 IS NULL OR e.outlet_id = $3)
            AND e.sequence > $4
        ORDER BY e.sequence LIMIT $5";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(outlet.map(OutletId::uuid))
            .bind(after)
            .bind(limit)
            .fetch_all(connection)
            .await
    })?)
}

/// The highest number that was given: in one transaction with [`list`], nothing at or below
/// it comes later.
pub async fn last_sequence(tx: &mut Tx) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT last_sequence FROM event_counter WHERE id = 1";
    Ok(on_engine!(tx, |connection| sqlx::query_scalar(SQL)
        .fetch_one(connection)
        .await)?)
}
