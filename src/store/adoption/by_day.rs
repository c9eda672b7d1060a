//! Payments, tickets and notices day by day: one query for a whole series.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Area, Sums, in_area, ticket};
use crate::domain::adoption::{Counts, Notices, Scope};
use crate::domain::day::Window;
use crate::domain::money::Vnd;
use crate::store::{StoreError, Tx, on_engine};

#[derive(Debug, sqlx::FromRow)]
struct PaymentDay {
    day: NaiveDate,
    #[sqlx(flatten)]
    sums: Sums,
}

#[derive(Debug, sqlx::FromRow)]
struct NoticeDay {
    day: NaiveDate,
    accepted: i64,
    ignored: i64,
    failed: i64,
    quarantined: i64,
    conflict: i64,
}

/// The counts of each day with payments; establishments, tickets and notices are left at
/// zero.
pub async fn payments(
    tx: &mut Tx,
    area: &Area,
    window: Window,
) -> Result<BTreeMap<NaiveDate, Counts>, StoreError> {
    const SQL: &str = concat!(
        "SELECT d.day,
            CAST(SUM(d.payments) AS BIGINT) AS payments,
            CAST(SUM(d.sale_vnd) AS BIGINT) AS sale_vnd,
            CAST(SUM(d.received_vnd) AS BIGINT) AS received_vnd,
            CAST(SUM(d.by_account_payments) AS BIGINT) AS by_account_payments,
            CAST(SUM(d.by_account_sale_vnd) AS BIGINT) AS by_account_sale_vnd
        FROM zone_days d
        WHERE d.day <= $1 AND d.day >= $5 AND ",
        in_area!("d.zone_id", "d.day"),
        " GROUP BY d.day ORDER BY d.day"
    );
    let rows: Vec<PaymentDay> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(window.last())
            .bind(area.zone())
            .bind(area.ward())
            .bind(area.caretaker())
            .bind(window.first())
            .fetch_all(connection)
            .await
    })?;
    let counts = rows.into_iter().map(|row| (row.day, row.sums.into()));
    Ok(counts.collect())
}

/// How many payments of each day had which sale amount, by day and amount.
pub async fn tickets(
    tx: &mut Tx,
    area: &Area,
    window: Window,
) -> Result<Vec<(NaiveDate, Vnd, u64)>, StoreError> {
    const SQL: &str = concat!(
        "SELECT d.day, d.sale_vnd, CAST(SUM(d.payments) AS BIGINT)
        FROM ticket_days d
        WHERE d.day <= $1 AND d.day >= $5 AND ",
        in_area!("d.zone_id", "d.day"),
        " GROUP BY d.day, d.sale_vnd ORDER BY d.day, d.sale_vnd"
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
    let row = |(day, vnd, payments)| {
        let (amount, payments) = ticket(vnd, payments)?;
        Ok((day, amount, payments))
    };
    rows.into_iter().map(row).collect()
}

/// The notices of each day with any, of all sources or the one that is asked about; none for
/// who asks about zones.
pub async fn notices(
    tx: &mut Tx,
    area: &Area,
    window: Window,
) -> Result<BTreeMap<NaiveDate, Counts>, StoreError> {
    const SQL: &str = "SELECT day,
            CAST(SUM(accepted) AS BIGINT) AS accepted,
            CAST(SUM(ignored) AS BIGINT) AS ignored,
            CAST(SUM(failed) AS BIGINT) AS failed,
            CAST(SUM(quarantined) AS BIGINT) AS quarantined,
            CAST(SUM(conflict) AS BIGINT) AS conflict
        FROM source_days
        WHERE day >= $1 AND day <= $2 AND ($3 IS NULL OR source_id = $3)
        GROUP BY day ORDER BY day";
    if area.scope() == Scope::Zones {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<NoticeDay> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(window.first())
            .bind(window.last())
            .bind(area.source())
            .fetch_all(connection)
            .await
    })?;
    let counts = |row: NoticeDay| {
        let notices = Notices {
            accepted: row.accepted,
            ignored: row.ignored,
            failed: row.failed,
            quarantined: row.quarantined,
            conflict: row.conflict,
        };
        let counts = Counts {
            notices,
            ..Counts::default()
        };
        (row.day, counts)
    };
    Ok(rows.into_iter().map(counts).collect())
}
