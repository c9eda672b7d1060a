//! What a person must look at.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::reach::{Reach, reaches_merchant};
use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::ids::{AlertId, MerchantId};

/// A stored alert.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AlertRow {
    /// Its id.
    pub id: Uuid,
    /// What kind, such as `conflict`.
    pub kind: String,
    /// The id of what it is about.
    pub subject: String,
    /// Whose it is, where that is known.
    pub merchant_id: Option<Uuid>,
    /// A JSON object.
    pub detail: String,
    /// Since when it waits.
    pub raised_at: DateTime<Utc>,
    /// When it was settled.
    pub settled_at: Option<DateTime<Utc>>,
    /// The person who did, or `phocho` where the cause went by itself.
    pub settled_by: Option<String>,
    /// What was written about it.
    pub settled_note: Option<String>,
}

/// An alert to raise.
#[derive(Clone, Copy, Debug)]
pub struct NewAlert<'a> {
    /// Its id.
    pub id: AlertId,
    /// What kind, such as `transaction.conflict`.
    pub kind: &'a str,
    /// The id of what it is about.
    pub subject: &'a str,
    /// Whose it is, where that is known; others than administrators see only such.
    pub merchant: Option<MerchantId>,
    /// A JSON object.
    pub detail: &'a str,
    /// The present.
    pub now: DateTime<Utc>,
}

/// The columns of alerts.
macro_rules! select_alerts {
    ($rest:expr) => {
        concat!(
            "SELECT id,
                kind,
                subject,
                merchant_id,
                detail,
                raised_at,
                settled_at,
                settled_by,
                settled_note
            FROM alerts a ",
            $rest
        )
    };
}

/// Raises an alert.
pub async fn raise(tx: &mut Tx, alert: &NewAlert<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO alerts (id, kind, subject, merchant_id, detail, raised_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(alert.id.uuid())
            .bind(alert.kind)
            .bind(alert.subject)
            .bind(alert.merchant.map(MerchantId::uuid))
            .bind(alert.detail)
            .bind(alert.now)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("alerts", affected)
}

/// Whether an alert of this kind about this subject waits for a person already.
pub async fn is_open(tx: &mut Tx, kind: &str, subject: &str) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM alerts
        WHERE settled_at IS NULL AND kind = $1 AND subject = $2";
    let count: i64 = on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(kind)
            .bind(subject)
            .fetch_one(connection)
            .await
    })?;
    Ok(count > 0)
}

/// The newest alert of this kind about this subject, settled or not.
pub async fn newest(
    tx: &mut Tx,
    kind: &str,
    subject: &str,
) -> Result<Option<AlertRow>, StoreError> {
    const SQL: &str =
        select_alerts!("WHERE kind = $1 AND subject = $2 ORDER BY raised_at DESC, id DESC LIMIT 1");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(kind)
            .bind(subject)
            .fetch_optional(connection)
            .await
    })?)
}

/// How many alerts within reach wait for a person. In someone's zones are those of the
/// merchants with an outlet there.
pub async fn open_count(tx: &mut Tx, reach: Reach) -> Result<i64, StoreError> {
    const SQL: &str = concat!(
        "SELECT COUNT(*) FROM alerts a WHERE a.settled_at IS NULL AND ",
        reaches_merchant!("a.merchant_id")
    );
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query_scalar(SQL)
            .bind(reach.merchant())
            .bind(reach.user());
        query.fetch_one(connection).await
    })?)
}

/// Alerts within reach: $1 is the merchant, $2 the person whose zones count.
macro_rules! select_within_reach {
    ($rest:literal) => {
        select_alerts!(concat!(
            "WHERE ",
            reaches_merchant!("a.merchant_id"),
            " ",
            $rest
        ))
    };
}

/// Alerts within reach that wait for a person, oldest first, after one (its time and id).
pub async fn list_open(
    tx: &mut Tx,
    reach: Reach,
    after: Option<(DateTime<Utc>, AlertId)>,
    limit: i64,
) -> Result<Vec<AlertRow>, StoreError> {
    const SQL: &str = select_within_reach!(
        "AND settled_at IS NULL
            AND ($3 IS NULL OR raised_at > $3 OR (raised_at = $3 AND id > $4))
        ORDER BY raised_at, id LIMIT $5"
    );
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

/// An alert within reach, settled or not.
pub async fn find(tx: &mut Tx, reach: Reach, id: AlertId) -> Result<Option<AlertRow>, StoreError> {
    const SQL: &str = select_within_reach!("AND id = $3");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?)
}

/// Settles an alert that waits. `false` means that someone else was first.
pub async fn settle(
    tx: &mut Tx,
    id: AlertId,
    by: &str,
    note: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE alerts SET settled_at = $2, settled_by = $3, settled_note = $4
        WHERE id = $1 AND settled_at IS NULL";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(now)
            .bind(by)
            .bind(note)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}
