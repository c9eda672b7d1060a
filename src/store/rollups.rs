//! Sums by outlet, by zone and by ticket size, changed in the transaction of the payment.
//!
//! A figure reads these few rows and never the payments, so it costs the same at any number
//! of payments. [`apply`] takes what one batch moved, already summed and sorted by key, so
//! that two writers lock rows in the same order.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use uuid::Uuid;

use super::{StoreError, Tx, on_engine};
use crate::domain::adoption::closing::DAY_CLOSES_AFTER_DAYS;
use crate::domain::ids::{MerchantId, OutletId, ZoneId};

/// What sums change by; negative when a payment leaves them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Movement {
    /// Counted payments.
    pub payments: i64,
    /// Their sale amount, đồng.
    pub sale_vnd: i64,
    /// What they received, đồng.
    pub received_vnd: i64,
    /// Payments attributed by account alone.
    pub by_account_payments: i64,
    /// Their sale amount, đồng.
    pub by_account_sale_vnd: i64,
}

impl Movement {
    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            payments: self.payments + other.payments,
            sale_vnd: self.sale_vnd + other.sale_vnd,
            received_vnd: self.received_vnd + other.received_vnd,
            by_account_payments: self.by_account_payments + other.by_account_payments,
            by_account_sale_vnd: self.by_account_sale_vnd + other.by_account_sale_vnd,
        }
    }

    /// The opposite movement.
    pub fn reversed(self) -> Self {
        Self {
            payments: -self.payments,
            sale_vnd: -self.sale_vnd,
            received_vnd: -self.received_vnd,
            by_account_payments: -self.by_account_payments,
            by_account_sale_vnd: -self.by_account_sale_vnd,
        }
    }
}

/// Whose sums move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutletDay {
    /// The zone of the outlet.
    pub zone: ZoneId,
    /// The local day of the bank's time.
    pub day: NaiveDate,
    /// The outlet.
    pub outlet: OutletId,
    /// Its merchant.
    pub merchant: MerchantId,
}

/// What one batch of notices moves.
#[derive(Clone, Debug, Default)]
pub struct Movements {
    outlets: BTreeMap<OutletDay, Movement>,
    tickets: BTreeMap<(ZoneId, NaiveDate, i64), i64>,
    /// The part that was told after its day had closed.
    late: BTreeMap<(ZoneId, NaiveDate), Movement>,
}

impl Movements {
    /// Adds a movement of one payment whose sale amount is `ticket_vnd`, told on the local day
    /// `told_on`.
    pub fn add(
        &mut self,
        place: OutletDay,
        movement: Movement,
        ticket_vnd: i64,
        told_on: NaiveDate,
    ) {
        let sum = self.outlets.entry(place).or_default();
        *sum = sum.plus(movement);
        if place.day + Days::new(DAY_CLOSES_AFTER_DAYS) < told_on {
            let late = self.late.entry((place.zone, place.day)).or_default();
            *late = late.plus(movement);
        }
        if movement.payments != 0 {
            let ticket = self
                .tickets
                .entry((place.zone, place.day, ticket_vnd))
                .or_default();
            *ticket += movement.payments;
        }
    }
}

/// Writes movements. What was told after its day had closed raises the day's revision and is
/// recorded with it.
pub async fn apply(
    tx: &mut Tx,
    movements: &Movements,
    now: DateTime<Utc>,
    cause: &str,
) -> Result<(), StoreError> {
    let mut zones: BTreeMap<(ZoneId, NaiveDate), Movement> = BTreeMap::new();
    for (place, movement) in &movements.outlets {
        if *movement == Movement::default() {
            continue;
        }
        add_outlet_day(tx, place, movement).await?;
        let sum = zones.entry((place.zone, place.day)).or_default();
        *sum = sum.plus(*movement);
    }
    for (place, movement) in zones {
        let (zone, day) = place;
        let late = movements.late.get(&place);
        let late = late.filter(|late| **late != Movement::default());
        let revision = add_zone_day(tx, zone, day, &movement, late.is_some()).await?;
        if let Some(late) = late {
            record_revision(tx, zone, day, revision, now, late, cause).await?;
        }
    }
    for ((zone, day, sale_vnd), payments) in &movements.tickets {
        if *payments != 0 {
            add_ticket_day(tx, *zone, *day, *sale_vnd, *payments).await?;
        }
    }
    Ok(())
}

async fn add_outlet_day(
    tx: &mut Tx,
    place: &OutletDay,
    movement: &Movement,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO outlet_days
            (outlet_id,
             day,
             zone_id,
             merchant_id,
             payments,
             sale_vnd,
             received_vnd,
             by_account_payments,
             by_account_sale_vnd)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (outlet_id, day) DO UPDATE SET
            payments = outlet_days.payments + excluded.payments,
            sale_vnd = outlet_days.sale_vnd + excluded.sale_vnd,
            received_vnd = outlet_days.received_vnd + excluded.received_vnd,
            by_account_payments = outlet_days.by_account_payments + excluded.by_account_payments,
            by_account_sale_vnd = outlet_days.by_account_sale_vnd + excluded.by_account_sale_vnd";
    on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(place.outlet.uuid())
            .bind(place.day)
            .bind(place.zone.uuid())
            .bind(place.merchant.uuid())
            .bind(movement.payments)
            .bind(movement.sale_vnd)
            .bind(movement.received_vnd)
            .bind(movement.by_account_payments)
            .bind(movement.by_account_sale_vnd)
            .execute(connection)
            .await
            .map(|_| ())
    })?;
    Ok(())
}

async fn add_zone_day(
    tx: &mut Tx,
    zone: ZoneId,
    day: NaiveDate,
    movement: &Movement,
    late: bool,
) -> Result<i64, StoreError> {
    const SQL: &str = "INSERT INTO zone_days
            (zone_id,
             day,
             payments,
             sale_vnd,
             received_vnd,
             by_account_payments,
             by_account_sale_vnd,
             revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (zone_id, day) DO UPDATE SET
            payments = zone_days.payments + excluded.payments,
            sale_vnd = zone_days.sale_vnd + excluded.sale_vnd,
            received_vnd = zone_days.received_vnd + excluded.received_vnd,
            by_account_payments = zone_days.by_account_payments + excluded.by_account_payments,
            by_account_sale_vnd = zone_days.by_account_sale_vnd + excluded.by_account_sale_vnd,
            revision = zone_days.revision + excluded.revision
        RETURNING revision";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(zone.uuid())
            .bind(day)
            .bind(movement.payments)
            .bind(movement.sale_vnd)
            .bind(movement.received_vnd)
            .bind(movement.by_account_payments)
            .bind(movement.by_account_sale_vnd)
            .bind(i64::from(late))
            .fetch_one(connection)
            .await
    })?)
}

async fn add_ticket_day(
    tx: &mut Tx,
    zone: ZoneId,
    day: NaiveDate,
    sale_vnd: i64,
    payments: i64,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO ticket_days (zone_id, day, sale_vnd, payments)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (zone_id, day, sale_vnd) DO UPDATE SET
            payments = ticket_days.payments + excluded.payments";
    on_engine!(tx, |connection| {
        let query = sqlx::query(SQL)
            .bind(zone.uuid())
            .bind(day)
            .bind(sale_vnd)
            .bind(payments);
        query.execute(connection).await.map(|_| ())
    })?;
    Ok(())
}

async fn record_revision(
    tx: &mut Tx,
    zone: ZoneId,
    day: NaiveDate,
    revision: i64,
    now: DateTime<Utc>,
    movement: &Movement,
    cause: &str,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO day_revisions
            (zone_id,
             day,
             revision,
             at,
             payments_delta,
             sale_delta_vnd,
             received_delta_vnd,
             by_account_payments_delta,
             by_account_sale_delta_vnd,
             cause)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(zone.uuid())
            .bind(day)
            .bind(revision)
            .bind(now)
            .bind(movement.payments)
            .bind(movement.sale_vnd)
            .bind(movement.received_vnd)
            .bind(movement.by_account_payments)
            .bind(movement.by_account_sale_vnd)
            .bind(cause)
            .execute(connection)
            .await
            .map(|_| ())
    })?;
    Ok(())
}

/// A place whose sums differ from a recount of its payments.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Difference {
    /// The outlet.
    pub outlet_id: Uuid,
    /// The day.
    pub day: NaiveDate,
    /// Counted payments by the sums, less those by the recount.
    pub payments: i64,
    /// The same for the sale amount, đồng.
    pub sale_vnd: i64,
}

/// Recounts every outlet and day from the payments; empty when all sums are right. A payment
/// without any sale in it, such as one that came after the amount was complete, is no counted
/// payment.
pub async fn differences(tx: &mut Tx, limit: i64) -> Result<Vec<Difference>, StoreError> {
    const SQL: &str = "SELECT outlet_id, day,
            CAST(SUM(payments) AS BIGINT) AS payments,
            CAST(SUM(sale_vnd) AS BIGINT) AS sale_vnd
        FROM (
            SELECT outlet_id, day, payments, sale_vnd FROM outlet_days
            UNION ALL
            SELECT outlet_id, local_day AS day, -1 AS payments, -sale_vnd AS sale_vnd
            FROM payments WHERE counted_as = 'verified' AND sale_vnd > 0
        ) AS both_sides
        GROUP BY outlet_id, day
        HAVING CAST(SUM(payments) AS BIGINT) <> 0 OR CAST(SUM(sale_vnd) AS BIGINT) <> 0
        ORDER BY day, outlet_id LIMIT $1";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL).bind(limit).fetch_all(connection).await
    })?)
}
