//! What a person must look at.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::reach::Reach;
use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::ids::AlertId;

/// A stored alert.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AlertRow {
    /// Its id.
    pub id: Uuid,
    /// What kind, such as `conflict`.
    pub kind: String,
    /// The id of what it is about.
    pub subject: String,
    /// A JSON object.
    pub detail: String,
    /// Since when it waits.
    pub raised_at: DateTime<Utc>,
    /// When a person settled it.
    pub settled_at: Option<DateTime<Utc>>,
    /// Who did.
    pub settled_by: Option<String>,
}

/// Raises an alert.
pub async fn raise(
    tx: &mut Tx,
    id: AlertId,
    kind: &str,
    subject: &str,
    detail: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO alerts (id, kind, subject, detail, raised_at)
        VALUES ($1, $2, $3, $4, $5)";
    let affected = on_engine!(tx, |connection| {
        let query = sqlx::query(SQL)
            .bind(id.uuid())
            .bind(kind)
            .bind(subject)
            .bind(detail)
            .bind(now);
        query
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("alerts", affected)
}

/// How many alerts within reach wait for a person. In someone's zones are those of the
/// merchants with an outlet there.
pub async fn open_count(tx: &mut Tx, reach: Reach) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM alerts
        WHERE settled_at IS NULL
            AND ($1 IS NULL OR merchant_id = $1)
            AND ($2 IS NULL OR merchant_id IN (
                SELECT o.merchant_id FROM outlets o
                JOIN user_zones z ON z.zone_id = o.zone_id WHERE z.user_id = $2))";
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query_scalar(SQL)
            .bind(reach.merchant())
            .bind(reach.user());
        query.fetch_one(connection).await
    })?)
}

/// Alerts within reach that wait for a person, oldest first, after one (its time and id).
pub async fn list_open(
    tx: &mut Tx,
    reach: Reach,
    after: Option<(DateTime<Utc>, AlertId)>,
    limit: i64,
) -> Result<Vec<AlertRow>, StoreError> {
    const SQL: &str = "SELECT id,
            kind,
            subject,
            detail,
            raised_at,
            settled_at,
            settled_by
        FROM alerts
        WHERE settled_at IS NULL
            AND ($1 IS NULL OR merchant_id = $1)
            AND ($2 IS NULL OR merchant_id IN (
                SELECT o.merchant_id FROM outlets o
                JOIN user_zones z ON z.zone_id = o.zone_id WHERE z.user_id = $2))
            AND ($3 IS NULL OR raised_at > $3 OR (raised_at = $3 AND id > $4))
        ORDER BY raised_at, id LIMIT $5";
    let (raised_at, id) = after.unzip();
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(raised_at)
            .bind(id.map(AlertId::uuid))
            .bind(limit)
            .fetch_all(connection)
            .await
    })?)
}
