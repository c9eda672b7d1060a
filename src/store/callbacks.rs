//! Deliveries: the authentic ones byte for byte, the refused ones up to a bound.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::ids::{CallbackId, SourceId};

/// How many refused deliveries are remembered; the counters remember all.
pub const REFUSED_KEPT: i64 = 1000;

/// An authentic delivery to keep.
#[derive(Clone, Debug)]
pub struct NewCallback {
    /// Its id.
    pub id: CallbackId,
    /// Who sent it.
    pub source: SourceId,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// The HTTP method.
    pub method: String,
    /// The path it was sent to.
    pub path: String,
    /// The query beside a body; empty when the vendor tells by the query, which is sealed.
    pub query: String,
    /// Chosen headers as a JSON array of pairs.
    pub headers: String,
    /// The body, or the query of a notice without one, under the key of the day.
    pub body_sealed: Vec<u8>,
    /// Which day's key.
    pub body_key_day: NaiveDate,
    /// SHA-256 of what was sealed, kept for ever.
    pub body_hash: Vec<u8>,
    /// The sender's address.
    pub peer: String,
    /// What became of it.
    pub verdict: &'static str,
    /// Why.
    pub reason: String,
    /// Which secret proved it.
    pub verified_with: &'static str,
}

/// What a sender chose freely: two deliveries with the same are one notice sent twice.
#[derive(Clone, Copy, Debug)]
pub struct SentBytes<'a> {
    /// SHA-256 of the body, or of the query of a notice without one.
    pub body_hash: &'a [u8],
    /// The query beside a body.
    pub query: &'a str,
}

/// Keeps a delivery.
pub async fn insert(tx: &mut Tx, callback: &NewCallback) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO callbacks
            (id,
             source_id,
             received_at,
             method,
             path,
             query,
             headers,
             body_sealed,
             body_key_day,
             body_hash,
             peer,
             verdict,
             reason,
             verified_with)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(callback.id.uuid())
            .bind(callback.source.uuid())
            .bind(callback.received_at)
            .bind(&callback.method)
            .bind(&callback.path)
            .bind(&callback.query)
            .bind(&callback.headers)
            .bind(&callback.body_sealed)
            .bind(callback.body_key_day)
            .bind(&callback.body_hash)
            .bind(&callback.peer)
            .bind(callback.verdict)
            .bind(&callback.reason)
            .bind(callback.verified_with)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("callbacks", affected)
}

/// Changes what became of a delivery that was kept in this same transaction.
pub async fn set_verdict(
    tx: &mut Tx,
    id: CallbackId,
    verdict: &str,
    reason: &str,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE callbacks SET verdict = $2, reason = $3 WHERE id = $1";
    let affected = on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(id.uuid()).bind(verdict).bind(reason);
        query
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("callbacks", affected)
}

/// Whether a source sent the same bytes before and they came to the same.
pub async fn came_before(
    tx: &mut Tx,
    source: SourceId,
    bytes: SentBytes<'_>,
    this: CallbackId,
    verdict: &str,
) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM callbacks
        WHERE source_id = $1 AND body_hash = $2 AND query = $3 AND id <> $4 AND verdict = $5";
    let before: i64 = on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(source.uuid())
            .bind(bytes.body_hash)
            .bind(bytes.query)
            .bind(this.uuid())
            .bind(verdict)
            .fetch_one(connection)
            .await
    })?;
    Ok(before > 0)
}

/// The sealed key of a day, creating it from `fresh` when the day has none.
pub async fn body_key(
    tx: &mut Tx,
    day: NaiveDate,
    fresh: &[u8],
) -> Result<Option<Vec<u8>>, StoreError> {
    const CREATE: &str = "INSERT INTO body_keys (day, key_sealed) VALUES ($1, $2)
        ON CONFLICT (day) DO NOTHING";
    const READ: &str = "SELECT key_sealed FROM body_keys WHERE day = $1";
    on_engine!(tx, |connection| {
        sqlx::query(CREATE)
            .bind(day)
            .bind(fresh)
            .execute(connection)
            .await
            .map(|_| ())
    })?;
    Ok(on_engine!(tx, |connection| {
        sqlx::query_scalar(READ)
            .bind(day)
            .fetch_one(connection)
            .await
    })?)
}

/// Remembers a delivery that failed authentication and forgets the oldest beyond the bound.
pub async fn insert_refused(
    tx: &mut Tx,
    id: Uuid,
    source: Option<SourceId>,
    received_at: DateTime<Utc>,
    peer: &str,
    reason: &str,
    body: (&[u8], i64),
) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO refused_deliveries
            (id,
             source_id,
             received_at,
             peer,
             reason,
             body_hash,
             body_bytes)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    const FORGET: &str = "DELETE FROM refused_deliveries WHERE id IN (
            SELECT id FROM refused_deliveries ORDER BY received_at DESC, id DESC LIMIT 100 OFFSET $1)";
    let (hash, bytes) = body;
    on_engine!(tx, |connection| {
        sqlx::query(INSERT)
            .bind(id)
            .bind(source.map(SourceId::uuid))
            .bind(received_at)
            .bind(peer)
            .bind(reason)
            .bind(hash)
            .bind(bytes)
            .execute(connection)
            .await
            .map(|_| ())
    })?;
    on_engine!(tx, |connection| {
        sqlx::query(FORGET)
            .bind(REFUSED_KEPT)
            .execute(connection)
            .await
            .map(|_| ())
    })?;
    Ok(())
}
