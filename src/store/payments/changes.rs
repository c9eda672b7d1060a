//! What changes of a payment after it was stored.

use chrono::{DateTime, NaiveDate, Utc};

use super::Standing;
use crate::domain::ids::PaymentId;
use crate::store::{StoreError, Tx, expect_one, on_engine};

/// Writes what a payment is worth now.
pub async fn set_standing(
    tx: &mut Tx,
    id: PaymentId,
    standing: &Standing,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE payments SET
            status = $2,
            flags = $3,
            expected_vnd = $4,
            sale_vnd = $5,
            counted_as = $6,
            version = version + 1
        WHERE id = $1";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(&standing.status)
            .bind(&standing.flags)
            .bind(standing.expected_vnd)
            .bind(standing.sale_vnd)
            .bind(&standing.counted_as)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("payments", affected)
}

/// Voids version `version` of a payment: it stays on record and takes part in no sum any
/// more, which [`set_standing`] follows up. `false` means that someone else was first.
pub async fn void(tx: &mut Tx, id: PaymentId, version: i64) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE payments SET standing = 'voided', version = version + 1
        WHERE id = $1 AND version = $2 AND standing <> 'voided'";
    let affected = on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(id.uuid()).bind(version);
        let done = query.execute(connection).await;
        done.map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Lets version `version` of a payment that may be another one told twice count, under an
/// identity of its own; [`set_standing`] follows it up. `false` means that someone else was
/// first.
pub async fn count(
    tx: &mut Tx,
    (id, version): (PaymentId, i64),
    identity: &str,
) -> Result<bool, StoreError> {
    const SQL: &str =
        "UPDATE payments SET standing = 'counts', identity = $3, version = version + 1
        WHERE id = $1 AND version = $2 AND standing = 'duplicate_suspected'";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(identity)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Writes how much of a payment went back, which [`set_standing`] follows up.
pub async fn set_returned(tx: &mut Tx, id: PaymentId, returned_vnd: i64) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE payments SET returned_vnd = $2, version = version + 1 WHERE id = $1";
    let affected = on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(id.uuid()).bind(returned_vnd);
        let done = query.execute(connection).await;
        done.map(|done| done.rows_affected())
    })?;
    expect_one("payments", affected)
}

/// Writes the bank's time of a payment and what it is known by among its fellows, which
/// [`set_standing`] follows up.
pub async fn set_time(
    tx: &mut Tx,
    id: PaymentId,
    (occurred_at, local_day): (DateTime<Utc>, NaiveDate),
    identity: &str,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE payments SET
            occurred_at = $2,
            local_day = $3,
            identity = $4,
            version = version + 1
        WHERE id = $1";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(occurred_at)
            .bind(local_day)
            .bind(identity)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("payments", affected)
}

/// Writes why a payment is attributed as it is, as JSON.
pub async fn explain(tx: &mut Tx, id: PaymentId, explanation: &str) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE payments SET explanation = $2, version = version + 1 WHERE id = $1";
    let affected = on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(id.uuid()).bind(explanation);
        let done = query.execute(connection).await;
        done.map(|done| done.rows_affected())
    })?;
    expect_one("payments", affected)
}
