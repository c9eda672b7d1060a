//! Matching by account: where it was switched on, and since when.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::ids::{AccountId, OutletId, ZoneId};
use crate::domain::matching::AccountOutlet;

/// Notes that matching by account was switched on or off at an outlet; of two switches at the
/// same instant the later call counts.
pub async fn record(
    tx: &mut Tx,
    outlet: OutletId,
    at: DateTime<Utc>,
    is_on: bool,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO match_by_account_switches (outlet_id, switched_at, is_on)
        VALUES ($1, $2, $3)
        ON CONFLICT (outlet_id, switched_at) DO UPDATE SET is_on = excluded.is_on";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(outlet.uuid())
            .bind(at)
            .bind(is_on)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("match_by_account_switches", affected)
}

/// Switches matching by account over version `version` of an outlet. `false` means that
/// someone else was first.
pub async fn switch(
    tx: &mut Tx,
    outlet: OutletId,
    version: i64,
    at: DateTime<Utc>,
    is_on: bool,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE outlets SET match_by_account = $3, version = version + 1
        WHERE id = $1 AND version = $2";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(outlet.uuid())
            .bind(version)
            .bind(is_on)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    if affected == 0 {
        return Ok(false);
    }
    record(tx, outlet, at, is_on).await?;
    Ok(true)
}

/// The outlets at which codes of an account ever hung, as each stood at an instant; the
/// first two are enough to see that there is not one only.
pub async fn outlets_of_account(
    tx: &mut Tx,
    account: AccountId,
    at: DateTime<Utc>,
) -> Result<Vec<AccountOutlet>, StoreError> {
    const SQL: &str = "SELECT o.id,
            o.zone_id,
            o.opened_at IS NOT NULL AND o.opened_at <= $2
                AND (o.closed_at IS NULL OR o.closed_at > $2),
            COALESCE((SELECT s.is_on FROM match_by_account_switches s
                WHERE s.outlet_id = o.id AND s.switched_at <= $2
                ORDER BY s.switched_at DESC LIMIT 1), FALSE)
        FROM outlets o
        WHERE o.id IN (SELECT c.outlet_id FROM payment_codes c WHERE c.account_id = $1)
        ORDER BY o.id LIMIT 2";
    let rows: Vec<(Uuid, Uuid, bool, bool)> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(account.uuid())
            .bind(at)
            .fetch_all(connection)
            .await
    })?;
    let outlet = |(outlet, zone, trades, switched_on)| AccountOutlet {
        outlet: OutletId::from_uuid(outlet),
        zone: ZoneId::from_uuid(zone),
        trades,
        switched_on,
    };
    Ok(rows.into_iter().map(outlet).collect())
}
