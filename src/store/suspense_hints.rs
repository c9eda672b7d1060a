//! What the codes and outlets of an account tell about a credit in suspense, within bounds.

use chrono::{DateTime, Utc};

use super::codes::{CodeRow, select_codes};
use super::{StoreError, Tx, on_engine};
use crate::domain::ids::{AccountId, OutletId};

/// Codes with a reference on an account that were issued by a moment, the newest first: of one
/// kind, `static` or `dynamic`. Those that test an outlet are left out.
pub async fn codes_of_account(
    tx: &mut Tx,
    account: AccountId,
    kind: &str,
    until: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<CodeRow>, StoreError> {
    const SQL: &str = select_codes!(
        "",
        "WHERE c.account_id = $1 AND c.kind = $2 AND c.created_at <= $3
            AND c.reference IS NOT NULL AND NOT c.for_test
        ORDER BY c.created_at DESC, c.id DESC LIMIT $4"
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(account.uuid())
            .bind(kind)
            .bind(until)
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?)
}

/// The outlets at which codes of an account hang that traded at a moment.
pub async fn outlets_of_account(
    tx: &mut Tx,
    account: AccountId,
    at: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<OutletId>, StoreError> {
    const SQL: &str = "SELECT o.id FROM outlets o
        WHERE o.id IN (SELECT c.outlet_id FROM payment_codes c WHERE c.account_id = $1)
            AND o.opened_at IS NOT NULL AND o.opened_at <= $2
            AND (o.closed_at IS NULL OR o.closed_at > $2)
        ORDER BY o.id LIMIT $3";
    let ids: Vec<uuid::Uuid> = on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(account.uuid())
            .bind(at)
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?;
    Ok(ids.into_iter().map(OutletId::from_uuid).collect())
}
