//! How far a trader has come: the first moments of what proves each step.

use chrono::{DateTime, Utc};

use super::{StoreError, Tx, on_engine};
use crate::domain::ids::MerchantId;

/// When a merchant took each step after its registration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Steps {
    /// When a verified notice told of its account for the first time.
    pub linked_at: Option<DateTime<Utc>>,
    /// When the test payment of an outlet came back for the first time.
    pub tested_at: Option<DateTime<Utc>>,
    /// The bank's time of its first payment that counts.
    pub active_at: Option<DateTime<Utc>>,
}

/// The steps of a merchant; the caller has looked whether it is within reach.
pub async fn steps(tx: &mut Tx, merchant: MerchantId) -> Result<Steps, StoreError> {
    const SQL: &str = "SELECT
            (SELECT t.recorded_at FROM bank_transactions t
                WHERE t.merchant_id = $1 AND EXISTS (SELECT 1 FROM transaction_evidence e
                    WHERE e.transaction_id = t.id AND e.kind = 'callback')
                ORDER BY t.occurred_at, t.id LIMIT 1) AS linked_at,
            (SELECT MIN(o.tested_at) FROM outlets o WHERE o.merchant_id = $1) AS tested_at,
            (SELECT p.occurred_at FROM payments p
                WHERE p.merchant_id = $1 AND p.counted_as <> 'none'
                ORDER BY p.occurred_at, p.id LIMIT 1) AS active_at";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(merchant.uuid())
            .fetch_one(connection)
            .await
    })?)
}
