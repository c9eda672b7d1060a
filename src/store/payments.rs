//! Payments: what a credit was taken for.

mod changes;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

pub use changes::{count, explain, set_returned, set_standing, set_time, void};

use super::reach::{Reach, reaches_zone};
use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::ids::{BankTransactionId, CodeId, MerchantId, OutletId, PaymentId, ZoneId};

/// A payment to store.
#[derive(Clone, Debug)]
pub struct NewPayment {
    /// Its id.
    pub id: PaymentId,
    /// The credit.
    pub transaction: BankTransactionId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Where it was paid.
    pub outlet: OutletId,
    /// The zone of the outlet.
    pub zone: ZoneId,
    /// The code that was named.
    pub code: Option<CodeId>,
    /// Orders credits of the same bank time, however they arrived.
    pub identity: String,
    /// How the credit came to its outlet.
    pub attributed_by: &'static str,
    /// Whether it takes part in sums.
    pub standing: &'static str,
    /// What arrived, đồng.
    pub received_vnd: i64,
    /// The local day of the bank's time.
    pub local_day: NaiveDate,
    /// The bank's time.
    pub occurred_at: DateTime<Utc>,
    /// Why it was attributed so, as JSON.
    pub explanation: String,
    /// The present.
    pub recorded_at: DateTime<Utc>,
}

/// What a payment is worth by the whole set of its code's credits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// `settled`, `partially_returned`, `returned` or `voided`.
    pub status: String,
    /// Sorted names with a space between.
    pub flags: String,
    /// What was expected in all, đồng.
    pub expected_vnd: Option<i64>,
    /// The part that is a sale, đồng.
    pub sale_vnd: i64,
    /// Which sums it is in: `verified`, `by_account` or `none`.
    pub counted_as: String,
}

/// A stored payment.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PaymentRow {
    /// Its id.
    pub id: Uuid,
    /// The credit.
    pub transaction_id: Uuid,
    /// Whose it is.
    pub merchant_id: Uuid,
    /// Where it was paid.
    pub outlet_id: Uuid,
    /// The zone.
    pub zone_id: Uuid,
    /// The code.
    pub code_id: Option<Uuid>,
    /// Orders credits of the same bank time.
    pub identity: String,
    /// How the credit came to its outlet.
    pub attributed_by: String,
    /// Whether it takes part in sums.
    pub standing: String,
    /// Its state.
    pub status: String,
    /// Sorted names with a space between.
    pub flags: String,
    /// What was expected in all, đồng.
    pub expected_vnd: Option<i64>,
    /// What arrived, đồng.
    pub received_vnd: i64,
    /// The part that is a sale, đồng.
    pub sale_vnd: i64,
    /// What went back, đồng.
    pub returned_vnd: i64,
    /// Which sums it is in.
    pub counted_as: String,
    /// The local day of the bank's time.
    pub local_day: NaiveDate,
    /// The bank's time.
    pub occurred_at: DateTime<Utc>,
    /// Why it was attributed so, as JSON.
    pub explanation: String,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Raised by every change.
    pub version: i64,
}

/// Stores a payment that stands nowhere yet: [`set_standing`] follows in the same
/// transaction.
pub async fn insert(tx: &mut Tx, payment: &NewPayment) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO payments
            (id,
             transaction_id,
             merchant_id,
             outlet_id,
             zone_id,
             code_id,
             identity,
             attributed_by,
             standing,
             status,
             flags,
             received_vnd,
             sale_vnd,
             returned_vnd,
             counted_as,
             local_day,
             occurred_at,
             explanation,
             recorded_at,
             version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'settled', '', $10, 0, 0, 'none', $11, $12, $13,
            $14, 1)";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(payment.id.uuid())
            .bind(payment.transaction.uuid())
            .bind(payment.merchant.uuid())
            .bind(payment.outlet.uuid())
            .bind(payment.zone.uuid())
            .bind(payment.code.map(CodeId::uuid))
            .bind(&payment.identity)
            .bind(payment.attributed_by)
            .bind(payment.standing)
            .bind(payment.received_vnd)
            .bind(payment.local_day)
            .bind(payment.occurred_at)
            .bind(&payment.explanation)
            .bind(payment.recorded_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("payments", affected)
}

/// The columns of payments.
macro_rules! select_payments {
    ($rest:expr) => {
        concat!(
            "SELECT p.id,
                p.transaction_id,
                p.merchant_id,
                p.outlet_id,
                p.zone_id,
                p.code_id,
                p.identity,
                p.attributed_by,
                p.standing,
                p.status,
                p.flags,
                p.expected_vnd,
                p.received_vnd,
                p.sale_vnd,
                p.returned_vnd,
                p.counted_as,
                p.local_day,
                p.occurred_at,
                p.explanation,
                p.recorded_at,
                p.version
            FROM payments p ",
            $rest
        )
    };
}

/// The payments of a code in the order of bank time and identity.
pub async fn of_code(tx: &mut Tx, code: CodeId) -> Result<Vec<PaymentRow>, StoreError> {
    const SQL: &str = select_payments!("WHERE p.code_id = $1 ORDER BY p.occurred_at, p.identity");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(code.uuid())
            .fetch_all(connection)
            .await
    })?)
}

/// One payment within reach.
pub async fn find(
    tx: &mut Tx,
    reach: Reach,
    id: PaymentId,
) -> Result<Option<PaymentRow>, StoreError> {
    const SQL: &str = select_payments!(concat!(
        "WHERE ",
        reaches_zone!("p.merchant_id", "p.zone_id"),
        " AND p.id = $3"
    ));
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?)
}

/// The payment that holds a credit.
pub async fn of_transaction(
    tx: &mut Tx,
    transaction: BankTransactionId,
) -> Result<Option<PaymentRow>, StoreError> {
    const SQL: &str = select_payments!("WHERE p.transaction_id = $1 AND p.standing <> 'voided'");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(transaction.uuid())
            .fetch_optional(connection)
            .await
    })?)
}

/// Which payments to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct PaymentFilter {
    /// Only those at this outlet.
    pub outlet: Option<OutletId>,
    /// Only those of this code.
    pub code: Option<CodeId>,
    /// Only those whose bank time is this or later.
    pub from: Option<DateTime<Utc>>,
    /// Only those whose bank time is earlier.
    pub until: Option<DateTime<Utc>>,
}

/// Payments within reach before a place in the list, newest first.
pub async fn list(
    tx: &mut Tx,
    reach: Reach,
    filter: PaymentFilter,
    before: Option<(DateTime<Utc>, PaymentId)>,
    limit: u32,
) -> Result<Vec<PaymentRow>, StoreError> {
    const SQL: &str = select_payments!(concat!(
        "WHERE ",
        reaches_zone!("p.merchant_id", "p.zone_id"),
        " AND ($3 IS NULL OR p.occurred_at < $3 OR (p.occurred_at = $3 AND p.id < $4))
            AND ($5 IS NULL OR p.outlet_id = $5)
            AND ($6 IS NULL OR p.code_id = $6)
            AND ($7 IS NULL OR p.occurred_at >= $7)
            AND ($8 IS NULL OR p.occurred_at < $8)
        ORDER BY p.occurred_at DESC, p.id DESC LIMIT $9"
    ));
    let (time, id) = before.unzip();
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(time)
            .bind(id.map(PaymentId::uuid))
            .bind(filter.outlet.map(OutletId::uuid))
            .bind(filter.code.map(CodeId::uuid))
            .bind(filter.from)
            .bind(filter.until)
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?)
}

/// A payment as a list of the newest shows it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct RecentPayment {
    /// The bank's time.
    pub occurred_at: DateTime<Utc>,
    /// The zone's name.
    pub zone: String,
    /// The merchant's name.
    pub merchant: String,
    /// The stall or house number of the outlet.
    pub stall: String,
    /// What was expected in all, đồng.
    pub expected_vnd: Option<i64>,
    /// What arrived, đồng.
    pub received_vnd: i64,
    /// Sorted names with a space between.
    pub flags: String,
}

/// The payments that were recorded last, of everyone, the newest first; tests of outlets are
/// left out. For sample data: nobody else may see the money of all.
pub async fn newest(tx: &mut Tx, limit: u32) -> Result<Vec<RecentPayment>, StoreError> {
    // Ids sort by the time of recording.
    const SQL: &str = "SELECT p.occurred_at,
            z.name AS zone,
            m.name AS merchant,
            o.stall_label AS stall,
            p.expected_vnd,
            p.received_vnd,
            p.flags
        FROM payments p
        JOIN zones z ON z.id = p.zone_id
        JOIN merchants m ON m.id = p.merchant_id
        JOIN outlets o ON o.id = p.outlet_id
        WHERE p.flags <> 'test' AND p.standing <> 'voided'
        ORDER BY p.id DESC LIMIT $1";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?)
}
