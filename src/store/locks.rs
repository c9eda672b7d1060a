//! Rows that are held until the end of a transaction, so that what was read of them stays
//! true. A merchant is held before its outlets, always in this order.

use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::ids::{MerchantId, OutletId, SourceId};

/// Holds a merchant's row.
pub async fn merchant(tx: &mut Tx, id: MerchantId) -> Result<(), StoreError> {
    // The write takes the row's lock; nothing is changed.
    const SQL: &str = "UPDATE merchants SET version = version WHERE id = $1";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("merchants", affected)
}

/// Holds an outlet's row.
pub async fn outlet(tx: &mut Tx, id: OutletId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE outlets SET version = version WHERE id = $1";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("outlets", affected)
}

/// Holds a source's row.
pub async fn source(tx: &mut Tx, id: SourceId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE sources SET version = version WHERE id = $1";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("sources", affected)
}
