//! The counts behind the indicators. This file only counts; what the counts mean is decided
//! in [`crate::domain::adoption`].
//!
//! Payments are read from the sums by day, never one by one, so a figure costs the same at
//! any number of payments.

use chrono::{DateTime, Days, NaiveDate, Utc};
use uuid::Uuid;

use super::sources::delivery_counts;
use super::{StoreError, Tx, inconsistent, on_engine};
use crate::domain::adoption::ticket::TicketHistogram;
use crate::domain::adoption::{CensusUsed, Counts, Notices, REGULAR_DAYS, SEASONED_DAYS};
use crate::domain::day::{Window, start_of_day};
use crate::domain::ids::ZoneId;
use crate::domain::money::Vnd;
use crate::domain::zone::ZoneCode;

/// Where figures are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Everywhere.
    Everywhere,
    /// One zone.
    Zone(ZoneId),
    /// The zones of a ward: for stocks those that are in it on the last day, for payments
    /// those that were in it on the day of the payment.
    Ward(String),
}

impl Place {
    fn zone(&self) -> Option<Uuid> {
        match self {
            Self::Zone(zone) => Some(zone.uuid()),
            Self::Everywhere | Self::Ward(_) => None,
        }
    }

    fn ward(&self) -> Option<&str> {
        match self {
            Self::Ward(ward) => Some(ward),
            Self::Everywhere | Self::Zone(_) => None,
        }
    }
}

/// Counts everything that the indicators need over a window.
pub async fn count(tx: &mut Tx, place: &Place, window: Window) -> Result<Counts, StoreError> {
    let stock = stock(tx, place, window).await?;
    let (registered_outside, active_outside) = outside(tx, place, window).await?;
    let sums = sums(tx, place, window).await?;
    Ok(Counts {
        operating: stock.operating,
        registered: stock.registered,
        registered_outside,
        active: stock.active,
        active_outside,
        regular: stock.regular,
        seasoned: stock.seasoned,
        never_active: stock.never_active,
        payments: sums.payments,
        sale_vnd: sums.sale_vnd,
        received_vnd: sums.received_vnd,
        by_account_payments: sums.by_account_payments,
        by_account_sale_vnd: sums.by_account_sale_vnd,
        tickets: tickets(tx, place, window).await?,
        notices: notices(tx, window).await?,
    })
}

/// The censuses behind the denominators on the last day.
pub async fn censuses(
    tx: &mut Tx,
    place: &Place,
    last: NaiveDate,
) -> Result<Vec<CensusUsed>, StoreError> {
    const SQL: &str = "SELECT z.code, c.version, c.surveyed_on
        FROM censuses c JOIN zones z ON z.id = c.zone_id
        WHERE c.surveyed_on <= $1
            AND NOT EXISTS (SELECT 1 FROM censuses n
                WHERE n.zone_id = c.zone_id AND n.surveyed_on <= $1 AND n.version > c.version)
            AND ($2 IS NULL OR c.zone_id = $2)
            AND ($3 IS NULL OR EXISTS (SELECT 1 FROM zone_wards w
                WHERE w.zone_id = c.zone_id AND w.ward = $3
                    AND w.valid_from <= $1 AND (w.valid_to IS NULL OR w.valid_to >= $1)))
        ORDER BY z.code";
    let rows: Vec<(String, i64, NaiveDate)> = on_engine!(tx, |connection| {
        let query = sqlx::query_as(SQL)
            .bind(last)
            .bind(place.zone())
            .bind(place.ward());
        query.fetch_all(connection).await
    })?;
    let census = |(code, version, surveyed_on): (String, i64, NaiveDate)| {
        let zone = ZoneCode::parse(&code).map_err(|_| inconsistent("zones", "code", &code))?;
        Ok(CensusUsed {
            zone,
            version,
            surveyed_on,
        })
    };
    rows.into_iter().map(census).collect()
}

#[derive(Debug, sqlx::FromRow)]
struct Stock {
    operating: i64,
    registered: i64,
    seasoned: i64,
    active: i64,
    regular: i64,
    never_active: i64,
}

/// The operating establishments and what is true of them.
async fn stock(tx: &mut Tx, place: &Place, window: Window) -> Result<Stock, StoreError> {
    // An establishment operates by what changed last since its zone's latest census, else by
    // what that census saw.
    const SQL: &str = "WITH latest AS (
            SELECT c.id, c.zone_id, c.surveyed_on FROM censuses c
            WHERE c.surveyed_on <= $1
                AND NOT EXISTS (SELECT 1 FROM censuses n
                    WHERE n.zone_id = c.zone_id AND n.surveyed_on <= $1 AND n.version > c.version)
                AND ($2 IS NULL OR c.zone_id = $2)
                AND ($3 IS NULL OR EXISTS (SELECT 1 FROM zone_wards w
                    WHERE w.zone_id = c.zone_id AND w.ward = $3
                        AND w.valid_from <= $1 AND (w.valid_to IS NULL OR w.valid_to >= $1)))
        ), operating AS (
            SELECT e.id FROM establishments e
            JOIN latest l ON l.zone_id = e.zone_id
            LEFT JOIN census_records r ON r.census_id = l.id AND r.establishment_id = e.id
            WHERE COALESCE(
                (SELECT MIN(h.change) FROM establishment_changes h
                    WHERE h.establishment_id = e.id AND h.day = (
                        SELECT MAX(g.day) FROM establishment_changes g
                        WHERE g.establishment_id = e.id AND g.day > l.surveyed_on AND g.day <= $1
                    )) = 'opened',
                r.status = 'trading',
                FALSE)
        ), facts AS (
            SELECT
                CASE WHEN EXISTS (SELECT 1 FROM outlets o JOIN merchants m ON m.id = o.merchant_id
                    WHERE o.establishment_id = p.id AND m.approved_at < $4 AND o.created_at < $4
                        AND (m.closed_at IS NULL OR m.closed_at >= $4)
                        AND (o.closed_at IS NULL OR o.closed_at >= $4))
                    THEN 1 ELSE 0 END AS registered,
                CASE WHEN EXISTS (SELECT 1 FROM outlets o JOIN merchants m ON m.id = o.merchant_id
                    WHERE o.establishment_id = p.id AND m.approved_at < $5 AND o.created_at < $5
                        AND (m.closed_at IS NULL OR m.closed_at >= $4)
                        AND (o.closed_at IS NULL OR o.closed_at >= $4))
                    THEN 1 ELSE 0 END AS seasoned,
                (SELECT COUNT(DISTINCT d.day) FROM outlet_days d JOIN outlets o ON o.id = d.outlet_id
                    WHERE o.establishment_id = p.id AND d.payments > 0
                        AND d.day >= $6 AND d.day <= $1) AS days,
                CASE WHEN EXISTS (SELECT 1 FROM outlet_days d JOIN outlets o ON o.id = d.outlet_id
                    WHERE o.establishment_id = p.id AND d.payments > 0 AND d.day <= $1)
                    THEN 1 ELSE 0 END AS ever
            FROM operating p
        )
        SELECT COUNT(*) AS operating,
            CAST(COALESCE(SUM(registered), 0) AS BIGINT) AS registered,
            CAST(COALESCE(SUM(seasoned), 0) AS BIGINT) AS seasoned,
            CAST(COALESCE(SUM(CASE WHEN days >= 1 THEN 1 ELSE 0 END), 0) AS BIGINT) AS active,
            CAST(COALESCE(SUM(CASE WHEN days >= $7 THEN 1 ELSE 0 END), 0) AS BIGINT) AS regular,
            CAST(COALESCE(SUM(CASE WHEN seasoned = 1 AND ever = 0 THEN 1 ELSE 0 END), 0) AS BIGINT)
                AS never_active
        FROM facts";
    let ended = end_of(window.last());
    let seasoned_by = end_of(window.last() - Days::new(SEASONED_DAYS));
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(window.last())
            .bind(place.zone())
            .bind(place.ward())
            .bind(ended)
            .bind(seasoned_by)
            .bind(window.first())
            .bind(REGULAR_DAYS)
            .fetch_one(connection)
            .await
    })?)
}

/// Approved outlets that no census lists, and how many of them had a payment.
async fn outside(tx: &mut Tx, place: &Place, window: Window) -> Result<(i64, i64), StoreError> {
    const SQL: &str = "WITH approved AS (
            SELECT o.id FROM outlets o JOIN merchants m ON m.id = o.merchant_id
            WHERE o.establishment_id IS NULL AND m.approved_at < $4 AND o.created_at < $4
                AND (m.closed_at IS NULL OR m.closed_at >= $4)
                AND (o.closed_at IS NULL OR o.closed_at >= $4)
                AND ($2 IS NULL OR o.zone_id = $2)
                AND ($3 IS NULL OR EXISTS (SELECT 1 FROM zone_wards w
                    WHERE w.zone_id = o.zone_id AND w.ward = $3
                        AND w.valid_from <= $1 AND (w.valid_to IS NULL OR w.valid_to >= $1)))
        )
        SELECT COUNT(*),
            CAST(COALESCE(SUM(CASE WHEN EXISTS (SELECT 1 FROM outlet_days d
                WHERE d.outlet_id = a.id AND d.payments > 0 AND d.day >= $5 AND d.day <= $1)
                THEN 1 ELSE 0 END), 0) AS BIGINT)
        FROM approved a";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(window.last())
            .bind(place.zone())
            .bind(place.ward())
            .bind(end_of(window.last()))
            .bind(window.first())
            .fetch_one(connection)
            .await
    })?)
}

#[derive(Debug, sqlx::FromRow)]
struct Sums {
    payments: i64,
    sale_vnd: i64,
    received_vnd: i64,
    by_account_payments: i64,
    by_account_sale_vnd: i64,
}

async fn sums(tx: &mut Tx, place: &Place, window: Window) -> Result<Sums, StoreError> {
    const SQL: &str = "SELECT
            CAST(COALESCE(SUM(d.payments), 0) AS BIGINT) AS payments,
            CAST(COALESCE(SUM(d.sale_vnd), 0) AS BIGINT) AS sale_vnd,
            CAST(COALESCE(SUM(d.received_vnd), 0) AS BIGINT) AS received_vnd,
            CAST(COALESCE(SUM(d.by_account_payments), 0) AS BIGINT) AS by_account_payments,
            CAST(COALESCE(SUM(d.by_account_sale_vnd), 0) AS BIGINT) AS by_account_sale_vnd
        FROM zone_days d
        WHERE d.day >= $1 AND d.day <= $2 AND ($3 IS NULL OR d.zone_id = $3)
            AND ($4 IS NULL OR EXISTS (SELECT 1 FROM zone_wards w
                WHERE w.zone_id = d.zone_id AND w.ward = $4
                    AND w.valid_from <= d.day AND (w.valid_to IS NULL OR w.valid_to >= d.day)))";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(window.first())
            .bind(window.last())
            .bind(place.zone())
            .bind(place.ward())
            .fetch_one(connection)
            .await
    })?)
}

async fn tickets(
    tx: &mut Tx,
    place: &Place,
    window: Window,
) -> Result<TicketHistogram, StoreError> {
    const SQL: &str = "SELECT d.sale_vnd, CAST(SUM(d.payments) AS BIGINT)
        FROM ticket_days d
        WHERE d.day >= $1 AND d.day <= $2 AND ($3 IS NULL OR d.zone_id = $3)
            AND ($4 IS NULL OR EXISTS (SELECT 1 FROM zone_wards w
                WHERE w.zone_id = d.zone_id AND w.ward = $4
                    AND w.valid_from <= d.day AND (w.valid_to IS NULL OR w.valid_to >= d.day)))
        GROUP BY d.sale_vnd ORDER BY d.sale_vnd";
    let rows: Vec<(i64, i64)> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(window.first())
            .bind(window.last())
            .bind(place.zone())
            .bind(place.ward())
            .fetch_all(connection)
            .await
    })?;
    let ticket = |(vnd, payments): (i64, i64)| {
        let amount = Vnd::new(vnd).map_err(|_| inconsistent("ticket_days", "sale_vnd", vnd))?;
        let payments =
            u64::try_from(payments).map_err(|_| inconsistent("ticket_days", "payments", vnd))?;
        Ok((amount, payments))
    };
    rows.into_iter().map(ticket).collect()
}

async fn notices(tx: &mut Tx, window: Window) -> Result<Notices, StoreError> {
    let counts = delivery_counts(tx, None, window.first(), window.last()).await?;
    Ok(Notices {
        accepted: counts.accepted,
        ignored: counts.ignored,
        failed: counts.failed,
        quarantined: counts.quarantined,
        conflict: counts.conflict,
    })
}

/// The first instant after a local day.
fn end_of(day: NaiveDate) -> DateTime<Utc> {
    start_of_day(day + Days::new(1))
}
