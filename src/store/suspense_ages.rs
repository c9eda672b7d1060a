//! How many credits wait for their traders, and for how long: nobody's amounts.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::reach::{Reach, reaches_merchant, reaches_zone};
use super::{StoreError, Tx, on_engine};

/// Items that wait, by how long.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Ages {
    /// All that wait.
    pub open: i64,
    /// Of these, the ones that wait for less than a day.
    pub within_day: i64,
    /// For a day and less than a week.
    pub within_week: i64,
    /// For a week and less than thirty days.
    pub within_month: i64,
    /// For thirty days or more.
    pub older: i64,
    /// Since when the oldest waits.
    pub oldest: Option<DateTime<Utc>>,
}

/// The same for the traders of one zone.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ZoneAges {
    /// The zone.
    pub zone_id: Uuid,
    /// Its code.
    pub zone_code: String,
    /// Traders of the zone with items that wait.
    pub merchants: i64,
    /// Their items.
    #[sqlx(flatten)]
    pub ages: Ages,
}

/// Counts of open items by age: $3 is the moment a day ago, $4 a week, $5 thirty days.
macro_rules! select_ages {
    ($first:literal, $rest:expr) => {
        concat!(
            "SELECT ",
            $first,
            "COUNT(*) AS open,
                CAST(COALESCE(SUM(CASE WHEN s.opened_at > $3 THEN 1 ELSE 0 END), 0)
                    AS BIGINT) AS within_day,
                CAST(COALESCE(SUM(CASE WHEN s.opened_at <= $3 AND s.opened_at > $4
                    THEN 1 ELSE 0 END), 0) AS BIGINT) AS within_week,
                CAST(COALESCE(SUM(CASE WHEN s.opened_at <= $4 AND s.opened_at > $5
                    THEN 1 ELSE 0 END), 0) AS BIGINT) AS within_month,
                CAST(COALESCE(SUM(CASE WHEN s.opened_at <= $5 THEN 1 ELSE 0 END), 0)
                    AS BIGINT) AS older,
                MIN(s.opened_at) AS oldest
            FROM suspense_items s ",
            $rest
        )
    };
}

/// Counts the items within reach that wait.
pub async fn waiting(tx: &mut Tx, reach: Reach, now: DateTime<Utc>) -> Result<Ages, StoreError> {
    const SQL: &str = select_ages!(
        "",
        concat!(
            "WHERE s.state = 'open' AND ",
            reaches_merchant!("s.merchant_id")
        )
    );
    let [day, week, month] = bounds(now);
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(day)
            .bind(week)
            .bind(month)
            .fetch_one(connection)
            .await
    })?)
}

/// The same by the zones within reach: a credit names no outlet, so an item stands in every
/// zone where its trader has one.
pub async fn waiting_by_zone(
    tx: &mut Tx,
    reach: Reach,
    now: DateTime<Utc>,
) -> Result<Vec<ZoneAges>, StoreError> {
    const SQL: &str = select_ages!(
        "z.id AS zone_id, z.code AS zone_code, COUNT(DISTINCT s.merchant_id) AS merchants, ",
        concat!(
            "JOIN (SELECT DISTINCT o.merchant_id, o.zone_id FROM outlets o) h
                ON h.merchant_id = s.merchant_id
            JOIN zones z ON z.id = h.zone_id
            WHERE s.state = 'open' AND ",
            reaches_zone!("s.merchant_id", "z.id"),
            " GROUP BY z.id, z.code ORDER BY z.code"
        )
    );
    let [day, week, month] = bounds(now);
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(day)
            .bind(week)
            .bind(month)
            .fetch_all(connection)
            .await
    })?)
}

fn bounds(now: DateTime<Utc>) -> [DateTime<Utc>; 3] {
    [1, 7, 30].map(|days| now - TimeDelta::days(days))
}
