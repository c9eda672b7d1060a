//! The first answer to each creating request, kept in the transaction of its effect.

use chrono::{DateTime, Utc};

use super::{StoreError, Tx, expect_one, on_engine};

/// What one caller's key stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyName {
    /// Who sent it.
    pub principal: String,
    /// To which operation.
    pub operation: String,
    /// The key.
    pub key: String,
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// It is new and now taken by this transaction.
    Taken,
    /// It was used before.
    Known {
        /// SHA-256 of that request.
        request_hash: Vec<u8>,
        /// The status and body that it was answered with; `None` while it runs.
        answer: Option<(i64, Vec<u8>)>,
    },
}

/// Takes a key for this transaction, or tells what it was used for. Insert-first: of two
/// requests with one key, the second waits here for the first one's end. An expired key is
/// as good as new.
pub async fn reserve(
    tx: &mut Tx,
    name: &KeyName,
    request_hash: &[u8; 32],
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<Reservation, StoreError> {
    const FORGET: &str = "DELETE FROM idempotency_keys WHERE principal = $1 AND operation = $2
        AND idempotency_key = $3 AND expires_at <= $4";
    const INSERT: &str = "INSERT INTO idempotency_keys
            (principal,
             operation,
             idempotency_key,
             request_hash,
             created_at,
             expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (principal, operation, idempotency_key) DO NOTHING";
    on_engine!(tx, |connection| {
        sqlx::query(FORGET)
            .bind(&name.principal)
            .bind(&name.operation)
            .bind(&name.key)
            .bind(now)
            .execute(connection)
            .await
            .map(|_| ())
    })?;
    let inserted = on_engine!(tx, |connection| {
        sqlx::query(INSERT)
            .bind(&name.principal)
            .bind(&name.operation)
            .bind(&name.key)
            .bind(request_hash.as_slice())
            .bind(now)
            .bind(expires_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    if inserted == 1 {
        return Ok(Reservation::Taken);
    }
    known(tx, name).await
}

async fn known(tx: &mut Tx, name: &KeyName) -> Result<Reservation, StoreError> {
    const SQL: &str = "SELECT request_hash, response_status, response_body
        FROM idempotency_keys WHERE principal = $1 AND operation = $2 AND idempotency_key = $3";
    let (request_hash, status, body): (Vec<u8>, Option<i64>, Option<Vec<u8>>) =
        on_engine!(tx, |connection| {
            sqlx::query_as(SQL)
                .bind(&name.principal)
                .bind(&name.operation)
                .bind(&name.key)
                .fetch_one(connection)
                .await
        })?;
    Ok(Reservation::Known {
        request_hash,
        answer: status.zip(body),
    })
}

/// Keeps the answer of the request that took the key.
pub async fn finish(
    tx: &mut Tx,
    name: &KeyName,
    status: i64,
    body: &[u8],
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE idempotency_keys SET response_status = $4, response_body = $5
        WHERE principal = $1 AND operation = $2 AND idempotency_key = $3
            AND response_status IS NULL";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(&name.principal)
            .bind(&name.operation)
            .bind(&name.key)
            .bind(status)
            .bind(body)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("idempotency_keys", affected)
}

/// Forgets up to `limit` expired keys; how many is returned.
pub async fn forget_expired(
    tx: &mut Tx,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM idempotency_keys
        WHERE (principal, operation, idempotency_key) IN (
            SELECT principal, operation, idempotency_key FROM idempotency_keys
            WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(now).bind(limit);
        query
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?)
}
