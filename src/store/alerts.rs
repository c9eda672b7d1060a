//! What a person must look at.

use chrono::{DateTime, Utc};

use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::ids::AlertId;

/// Raises an alert.
pub async fn raise(
    tx: &mut Tx,
    id: AlertId,
    kind: &str,
    subject: &str,
    detail: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO alerts (id, kind, subject, detail, raised_at)
        VALUES ($1, $2, $3, $4, $5)";
    let affected = on_engine!(tx, |connection| {
        let query = sqlx::query(SQL)
            .bind(id.uuid())
            .bind(kind)
            .bind(subject)
            .bind(detail)
            .bind(now);
        query
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("alerts", affected)
}

/// How many alerts wait for a person.
pub async fn open_count(tx: &mut Tx) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM alerts WHERE settled_at IS NULL";
    Ok(on_engine!(tx, |connection| sqlx::query_scalar(SQL)
        .fetch_one(connection)
        .await)?)
}
