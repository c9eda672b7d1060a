//! The texts of payment codes: the history of one, and the codes that ever showed one.

use chrono::{DateTime, Utc};

use super::codes::{CodeRow, select_codes};
use super::{StoreError, Tx, on_engine};
use crate::domain::ids::{CodeId, OutletId};

/// What one revision of a code showed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RevisionRow {
    /// Its number, from 1.
    pub revision: i64,
    /// The text of the picture.
    pub payload: String,
    /// `fixed`, `open` or `suggested`.
    pub amount_rule: String,
    /// The fixed or suggested amount, đồng.
    pub amount_vnd: Option<i64>,
    /// The least amount, đồng.
    pub floor_vnd: Option<i64>,
    /// The most, đồng.
    pub ceiling_vnd: Option<i64>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// The revisions of a code that the caller may read, before a number, newest first.
pub async fn list(
    tx: &mut Tx,
    code: CodeId,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<RevisionRow>, StoreError> {
    const SQL: &str = "SELECT revision,
            payload,
            amount_rule,
            amount_vnd,
            floor_vnd,
            ceiling_vnd,
            created_by,
            created_at
        FROM code_revisions
        WHERE code_id = $1 AND ($2 IS NULL OR revision < $2)
        ORDER BY revision DESC LIMIT $3";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(code.uuid())
            .bind(before)
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?)
}

/// The codes that ever showed exactly this text, those in use first, then the newest: an
/// acquirer's code can be registered again after it was withdrawn.
pub async fn codes_with(
    tx: &mut Tx,
    payload: &str,
    limit: u32,
) -> Result<Vec<CodeRow>, StoreError> {
    const SQL: &str = select_codes!(
        "",
        "WHERE c.id IN (SELECT r.code_id FROM code_revisions r WHERE r.payload = $1)
        ORDER BY CASE c.state WHEN 'active' THEN 0 ELSE 1 END, c.id DESC LIMIT $2"
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(payload)
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?)
}

/// The test code of an outlet that still waits for its 1 000 đồng on an account in use.
pub async fn waiting_test(
    tx: &mut Tx,
    outlet: OutletId,
    now: DateTime<Utc>,
) -> Result<Option<CodeRow>, StoreError> {
    const SQL: &str = select_codes!(
        "",
        "JOIN accounts a ON a.id = c.account_id
        WHERE c.outlet_id = $1
            AND c.for_test
            AND c.state = 'active'
            AND c.expires_at > $2
            AND a.state = 'approved'
        ORDER BY c.id DESC LIMIT 1"
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(outlet.uuid())
            .bind(now)
            .fetch_optional(connection)
            .await
    })?)
}
