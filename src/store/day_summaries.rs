//! An outlet's day, added up for its trader.

use chrono::{Days, NaiveDate};

use super::{StoreError, Tx, on_engine};
use crate::domain::day::start_of_day;
use crate::domain::ids::{MerchantId, OutletId};

/// Payments of one day that count in the same way.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DayPart {
    /// `counts`, `duplicate_suspected` or `voided`.
    pub standing: String,
    /// `verified`, `by_account` or `none`.
    pub counted_as: String,
    /// How many payments.
    pub payments: i64,
    /// What they received, đồng.
    pub received_vnd: i64,
    /// The part that is a sale, đồng.
    pub sale_vnd: i64,
    /// What went back, đồng.
    pub returned_vnd: i64,
}

/// The payments of an outlet's local day by how they count; the caller has looked whose outlet
/// it is.
pub async fn parts(
    tx: &mut Tx,
    merchant: MerchantId,
    outlet: OutletId,
    day: NaiveDate,
) -> Result<Vec<DayPart>, StoreError> {
    const SQL: &str = "SELECT standing,
            counted_as,
            COUNT(*) AS payments,
            CAST(SUM(received_vnd) AS BIGINT) AS received_vnd,
            CAST(SUM(sale_vnd) AS BIGINT) AS sale_vnd,
            CAST(SUM(returned_vnd) AS BIGINT) AS returned_vnd
        FROM payments
        WHERE merchant_id = $1 AND outlet_id = $2 AND occurred_at >= $3 AND occurred_at < $4
        GROUP BY standing, counted_as ORDER BY standing, counted_as";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(merchant.uuid())
            .bind(outlet.uuid())
            .bind(start_of_day(day))
            .bind(start_of_day(day + Days::new(1)))
            .fetch_all(connection)
            .await
    })?)
}
