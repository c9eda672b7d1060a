//! What moved after a day was closed.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Area, in_area};
use crate::domain::day::Window;
use crate::store::{StoreError, Tx, on_engine};

/// One numbered change of a zone's closed day.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DayRevision {
    /// The code of the zone.
    pub zone: String,
    /// The day that changed.
    pub day: NaiveDate,
    /// The number of the change, from 1 for each zone and day.
    pub revision: i64,
    /// When it changed.
    pub at: DateTime<Utc>,
    /// How many counted payments more, or fewer when negative.
    pub payments_delta: i64,
    /// How much more sale, đồng.
    pub sale_delta_vnd: i64,
    /// How much more was received, đồng.
    pub received_delta_vnd: i64,
    /// How many payments by account more.
    pub by_account_payments_delta: i64,
    /// How much more sale by account, đồng.
    pub by_account_sale_delta_vnd: i64,
    /// What caused it.
    pub cause: String,
}

/// The highest revision and the number of changes of each day that was changed after it was
/// closed.
pub async fn by_day(
    tx: &mut Tx,
    area: &Area,
    window: Window,
) -> Result<BTreeMap<NaiveDate, (i64, i64)>, StoreError> {
    const SQL: &str = concat!(
        "SELECT r.day, MAX(r.revision), COUNT(*) FROM day_revisions r
        WHERE r.day <= $1 AND r.day >= $5 AND ",
        in_area!("r.zone_id", "r.day"),
        " GROUP BY r.day ORDER BY r.day"
    );
    let rows: Vec<(NaiveDate, i64, i64)> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(window.last())
            .bind(area.zone())
            .bind(area.ward())
            .bind(area.caretaker())
            .bind(window.first())
            .fetch_all(connection)
            .await
    })?;
    let day = |(day, highest, changes)| (day, (highest, changes));
    Ok(rows.into_iter().map(day).collect())
}

/// The changes of a window's closed days, newest first.
pub async fn newest(
    tx: &mut Tx,
    area: &Area,
    window: Window,
    limit: u32,
) -> Result<Vec<DayRevision>, StoreError> {
    const SQL: &str = concat!(
        "SELECT z.code AS zone,
            r.day,
            r.revision,
            r.at,
            r.payments_delta,
            r.sale_delta_vnd,
            r.received_delta_vnd,
            r.by_account_payments_delta,
            r.by_account_sale_delta_vnd,
            r.cause
        FROM day_revisions r JOIN zones z ON z.id = r.zone_id
        WHERE r.day <= $1 AND r.day >= $5 AND ",
        in_area!("r.zone_id", "r.day"),
        " ORDER BY r.at DESC, r.day DESC, z.code, r.revision DESC LIMIT $6"
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(window.last())
            .bind(area.zone())
            .bind(area.ward())
            .bind(area.caretaker())
            .bind(window.first())
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?)
}
