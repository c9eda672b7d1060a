//! Establishments and outlets as they stand at the end of a window.

use chrono::Days;

use super::{Area, end_of, in_area};
use crate::domain::adoption::{Counts, REGULAR_DAYS, SEASONED_DAYS};
use crate::domain::day::Window;
use crate::store::{StoreError, Tx, on_engine};

#[derive(Debug, sqlx::FromRow)]
struct Stock {
    operating: i64,
    registered: i64,
    seasoned: i64,
    active: i64,
    regular: i64,
    never_active: i64,
}

/// Counts the establishments and the outlets outside the census; sums of payments are left
/// at zero.
pub async fn count(tx: &mut Tx, area: &Area, window: Window) -> Result<Counts, StoreError> {
    let stock = inside(tx, area, window).await?;
    let (registered_outside, active_outside) = outside(tx, area, window).await?;
    Ok(Counts {
        operating: stock.operating,
        registered: stock.registered,
        registered_outside,
        active: stock.active,
        active_outside,
        regular: stock.regular,
        seasoned: stock.seasoned,
        never_active: stock.never_active,
        ..Counts::default()
    })
}

/// The operating establishments and what is true of them.
async fn inside(tx: &mut Tx, area: &Area, window: Window) -> Result<Stock, StoreError> {
    // An establishment operates by what changed last since its zone's latest census, else by
    // what that census saw.
    const SQL: &str = concat!(
        "WITH latest AS (
            SELECT c.id, c.zone_id, c.surveyed_on FROM censuses c
            WHERE c.surveyed_on <= $1
                AND NOT EXISTS (SELECT 1 FROM censuses n
                    WHERE n.zone_id = c.zone_id AND n.surveyed_on <= $1
                        AND (n.surveyed_on > c.surveyed_on
                            OR (n.surveyed_on = c.surveyed_on AND n.version > c.version)))
                AND ",
        in_area!("c.zone_id", "$1"),
        "), operating AS (
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
                    WHERE o.establishment_id = p.id AND m.approved_at < $5 AND o.created_at < $5
                        AND (m.closed_at IS NULL OR m.closed_at >= $5)
                        AND (o.closed_at IS NULL OR o.closed_at >= $5))
                    THEN 1 ELSE 0 END AS registered,
                CASE WHEN EXISTS (SELECT 1 FROM outlets o JOIN merchants m ON m.id = o.merchant_id
                    WHERE o.establishment_id = p.id AND m.approved_at < $6 AND o.created_at < $6
                        AND (m.closed_at IS NULL OR m.closed_at >= $5)
                        AND (o.closed_at IS NULL OR o.closed_at >= $5))
                    THEN 1 ELSE 0 END AS seasoned,
                (SELECT COUNT(DISTINCT d.day) FROM outlet_days d JOIN outlets o ON o.id = d.outlet_id
                    WHERE o.establishment_id = p.id AND d.payments > 0
                        AND d.day >= $7 AND d.day <= $1) AS days,
                CASE WHEN EXISTS (SELECT 1 FROM outlet_days d JOIN outlets o ON o.id = d.outlet_id
                    WHERE o.establishment_id = p.id AND d.payments > 0 AND d.day <= $1)
                    THEN 1 ELSE 0 END AS ever
            FROM operating p
        )
        SELECT COUNT(*) AS operating,
            CAST(COALESCE(SUM(registered), 0) AS BIGINT) AS registered,
            CAST(COALESCE(SUM(seasoned), 0) AS BIGINT) AS seasoned,
            CAST(COALESCE(SUM(CASE WHEN days >= 1 THEN 1 ELSE 0 END), 0) AS BIGINT) AS active,
            CAST(COALESCE(SUM(CASE WHEN days >= $8 THEN 1 ELSE 0 END), 0) AS BIGINT) AS regular,
            CAST(COALESCE(SUM(CASE WHEN seasoned = 1 AND ever = 0 THEN 1 ELSE 0 END), 0) AS BIGINT)
                AS never_active
        FROM facts"
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(window.last())
            .bind(area.zone())
            .bind(area.ward())
            .bind(area.caretaker())
            .bind(end_of(window.last()))
            .bind(end_of(window.last() - Days::new(SEASONED_DAYS)))
            .bind(window.first())
            .bind(REGULAR_DAYS)
            .fetch_one(connection)
            .await
    })?)
}

/// Approved outlets that no census and no confirmed opening lists, and how many of them had a
/// payment.
async fn outside(tx: &mut Tx, area: &Area, window: Window) -> Result<(i64, i64), StoreError> {
    const SQL: &str = concat!(
        "WITH approved AS (
            SELECT o.id FROM outlets o JOIN merchants m ON m.id = o.merchant_id
            WHERE m.approved_at < $5 AND o.created_at < $5
                AND (m.closed_at IS NULL OR m.closed_at >= $5)
                AND (o.closed_at IS NULL OR o.closed_at >= $5)
                AND NOT EXISTS (SELECT 1 FROM census_records r JOIN censuses c ON c.id = r.census_id
                    WHERE r.establishment_id = o.establishment_id AND c.surveyed_on <= $1)
                AND NOT EXISTS (SELECT 1 FROM establishment_changes h
                    WHERE h.establishment_id = o.establishment_id AND h.day <= $1)
                AND ",
        in_area!("o.zone_id", "$1"),
        ")
        SELECT COUNT(*),
            CAST(COALESCE(SUM(CASE WHEN EXISTS (SELECT 1 FROM outlet_days d
                WHERE d.outlet_id = a.id AND d.payments > 0 AND d.day >= $6 AND d.day <= $1)
                THEN 1 ELSE 0 END), 0) AS BIGINT)
        FROM approved a"
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(window.last())
            .bind(area.zone())
            .bind(area.ward())
            .bind(area.caretaker())
            .bind(end_of(window.last()))
            .bind(window.first())
            .fetch_one(connection)
            .await
    })?)
}
