//! What sources told, as it lies in the books: to be held against their own notes.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{StoreError, Tx, on_engine};
use crate::domain::ids::SourceId;

/// A transaction as one source told it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ToldTransaction {
    /// The identity inside the source.
    pub transaction_key: String,
    /// How much, đồng.
    pub amount_vnd: i64,
}

/// What a source has told, by key, after one.
pub async fn told_by(
    tx: &mut Tx,
    source: SourceId,
    after: &str,
    limit: i64,
) -> Result<Vec<ToldTransaction>, StoreError> {
    const SQL: &str = "SELECT e.transaction_key, t.amount_vnd
        FROM transaction_evidence e JOIN bank_transactions t ON t.id = e.transaction_id
        WHERE e.source_id = $1 AND e.transaction_key > $2 AND e.kind <> 'decision'
        ORDER BY e.transaction_key LIMIT $3";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(source.uuid())
            .bind(after)
            .bind(limit)
            .fetch_all(connection)
            .await
    })?)
}

/// A kept delivery of a source.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct KeptDelivery {
    /// Its id.
    pub id: Uuid,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// SHA-256 of its body.
    pub body_hash: Vec<u8>,
    /// The amount of the transaction that it was the first to tell of, đồng.
    pub amount_vnd: Option<i64>,
}

/// The deliveries of a source in the order they came, after one (its time and id).
pub async fn delivered_by(
    tx: &mut Tx,
    source: SourceId,
    after: (DateTime<Utc>, Uuid),
    limit: i64,
) -> Result<Vec<KeptDelivery>, StoreError> {
    const SQL: &str = "SELECT c.id, c.received_at, c.body_hash, MIN(t.amount_vnd) AS amount_vnd
        FROM callbacks c
        LEFT JOIN transaction_evidence e ON e.callback_id = c.id
        LEFT JOIN bank_transactions t ON t.id = e.transaction_id
        WHERE c.source_id = $1 AND (c.received_at > $2 OR (c.received_at = $2 AND c.id > $3))
        GROUP BY c.id, c.received_at, c.body_hash
        ORDER BY c.received_at, c.id LIMIT $4";
    let (received_at, id) = after;
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(source.uuid())
            .bind(received_at)
            .bind(id)
            .bind(limit)
            .fetch_all(connection)
            .await
    })?)
}
