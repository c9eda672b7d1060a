//! From where histories are fetched, who fetches at this moment, and how far each is read.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::ids::{AccountId, SourceId, UserId};

/// How the history of a source is fetched, as stored. Tokens are sealed.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PullRow {
    /// Its source.
    pub source_id: Uuid,
    /// The address in use.
    pub base_url: Option<String>,
    /// The token in use.
    pub token_sealed: Option<Vec<u8>>,
    /// Who let it be used.
    pub approved_by: Option<Uuid>,
    /// When.
    pub approved_at: Option<DateTime<Utc>>,
    /// An address that waits for a second person.
    pub next_base_url: Option<String>,
    /// Its token.
    pub next_token_sealed: Option<Vec<u8>>,
    /// Who asked for it.
    pub next_requested_by: Option<Uuid>,
    /// When.
    pub next_requested_at: Option<DateTime<Utc>>,
    /// When somebody last asked for a pull at once.
    pub demanded_at: Option<DateTime<Utc>>,
    /// When the last pull began.
    pub attempted_at: Option<DateTime<Utc>>,
    /// When the last one began that fetched everything.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// Since when none did.
    pub failing_since: Option<DateTime<Utc>>,
    /// How often in a row.
    pub failures: i64,
    /// Why the last one did not.
    pub last_error: Option<String>,
    /// Rows that were new to the books, since the beginning.
    pub rows_pulled: i64,
    /// Raised by every change of a person.
    pub version: i64,
}

/// How the history of a source is fetched, if it is.
pub async fn find(tx: &mut Tx, source: SourceId) -> Result<Option<PullRow>, StoreError> {
    const SQL: &str = "SELECT source_id,
            base_url,
            token_sealed,
            approved_by,
            approved_at,
            next_base_url,
            next_token_sealed,
            next_requested_by,
            next_requested_at,
            demanded_at,
            attempted_at,
            succeeded_at,
            failing_since,
            failures,
            last_error,
            rows_pulled,
            version
        FROM source_pulls WHERE source_id = $1";
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query_as(SQL).bind(source.uuid());
        query.fetch_optional(connection).await
    })?)
}

/// Keeps an address and a sealed token that wait for a second person, in place of those that
/// waited before.
pub async fn propose(
    tx: &mut Tx,
    source: SourceId,
    (base_url, token_sealed): (&str, &[u8]),
    by: UserId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO source_pulls
            (source_id,
             next_base_url,
             next_token_sealed,
             next_requested_by,
             next_requested_at,
             failures,
             rows_pulled,
             version)
        VALUES ($1, $2, $3, $4, $5, 0, 0, 1)
        ON CONFLICT (source_id) DO UPDATE SET
            next_base_url = excluded.next_base_url,
            next_token_sealed = excluded.next_token_sealed,
            next_requested_by = excluded.next_requested_by,
            next_requested_at = excluded.next_requested_at,
            version = source_pulls.version + 1";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(source.uuid())
            .bind(base_url)
            .bind(token_sealed)
            .bind(by.uuid())
            .bind(now)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("source_pulls", affected)
}

/// Puts what waits in use. `false` means that someone else was first.
pub async fn adopt(
    tx: &mut Tx,
    source: SourceId,
    version: i64,
    by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE source_pulls SET
            base_url = next_base_url,
            token_sealed = next_token_sealed,
            approved_by = $3,
            approved_at = $4,
            next_base_url = NULL,
            next_token_sealed = NULL,
            next_requested_by = NULL,
            next_requested_at = NULL,
            demanded_at = $4,
            version = version + 1
        WHERE source_id = $1 AND version = $2 AND next_token_sealed IS NOT NULL";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(source.uuid())
            .bind(version)
            .bind(by.uuid())
            .bind(now)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Forgets the address and the token, in use or waiting; how far was read stays. `false` means
/// that there is nothing to forget.
pub async fn forget(tx: &mut Tx, source: SourceId) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM source_pulls WHERE source_id = $1";
    let affected = on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(source.uuid());
        query
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Asks for a pull at once. `false` means that nothing is in use to pull with.
pub async fn demand(tx: &mut Tx, source: SourceId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE source_pulls SET demanded_at = $2
        WHERE source_id = $1 AND token_sealed IS NOT NULL";
    let affected = on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(source.uuid()).bind(now);
        query
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Active sources whose last pull began before `before` or was asked for since, and that
/// nobody pulls at this moment.
pub async fn due(
    tx: &mut Tx,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<SourceId>, StoreError> {
    const SQL: &str = "SELECT p.source_id FROM source_pulls p
        JOIN sources s ON s.id = p.source_id
        WHERE s.state = 'active' AND p.token_sealed IS NOT NULL
            AND (p.held_until IS NULL OR p.held_until <= $2)
            AND (p.attempted_at IS NULL OR p.attempted_at <= $1 OR p.demanded_at > p.attempted_at)
        ORDER BY p.source_id";
    let ids: Vec<Uuid> = on_engine!(tx, |connection| {
        let query = sqlx::query_scalar(SQL).bind(before).bind(now);
        query.fetch_all(connection).await
    })?;
    Ok(ids.into_iter().map(SourceId::from_uuid).collect())
}

/// Takes or keeps the right to pull a source until a moment. `false` means that another
/// instance has it, or that there is nothing to pull with any more.
pub async fn hold(
    tx: &mut Tx,
    source: SourceId,
    holder: Uuid,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE source_pulls SET held_by = $2, held_until = $4
        WHERE source_id = $1 AND token_sealed IS NOT NULL
            AND (held_by IS NULL OR held_by = $2 OR held_until <= $3)";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(source.uuid())
            .bind(holder)
            .bind(now)
            .bind(until)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Gives the right to pull back, if the holder has it.
pub async fn release(tx: &mut Tx, source: SourceId, holder: Uuid) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE source_pulls SET held_by = NULL, held_until = NULL
        WHERE source_id = $1 AND held_by = $2";
    on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(source.uuid()).bind(holder);
        query.execute(connection).await.map(|_| ())
    })?;
    Ok(())
}

/// How a pull ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// Why it did not fetch everything.
    pub error: Option<&'a str>,
    /// Rows that were new to the books.
    pub rows: i64,
}

/// Notes how a pull ended and gives the right to pull back. `false` means that the holder had
/// lost it.
pub async fn finish(
    tx: &mut Tx,
    source: SourceId,
    holder: Uuid,
    ended: &Ended<'_>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE source_pulls SET
            held_by = NULL,
            held_until = NULL,
            attempted_at = $3,
            succeeded_at = CASE WHEN $4 THEN succeeded_at ELSE $3 END,
            failing_since = CASE WHEN $4 THEN COALESCE(failing_since, $3) ELSE NULL END,
            failures = CASE WHEN $4 THEN failures + 1 ELSE 0 END,
            last_error = $5,
            rows_pulled = rows_pulled + $6
        WHERE source_id = $1 AND held_by = $2";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(source.uuid())
            .bind(holder)
            .bind(ended.began_at)
            .bind(ended.error.is_some())
            .bind(ended.error)
            .bind(ended.rows)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// An account whose history is fetched.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PulledAccount {
    /// Its id.
    pub account_id: Uuid,
    /// Its number at the bank.
    pub account_number: String,
    /// Since when the source speaks for it.
    pub bound_at: DateTime<Utc>,
    /// Up to which of the provider's numbers it is read.
    pub since_id: Option<i64>,
    /// When that moved.
    pub moved_at: Option<DateTime<Utc>>,
}

/// The accounts that a source speaks for, with how far each is read.
pub async fn accounts(tx: &mut Tx, source: SourceId) -> Result<Vec<PulledAccount>, StoreError> {
    const SQL: &str = "SELECT a.id AS account_id,
            a.account_number,
            b.bound_at,
            c.since_id,
            c.moved_at
        FROM source_accounts b
        JOIN accounts a ON a.id = b.account_id
        LEFT JOIN pull_cursors c ON c.source_id = b.source_id AND c.account_id = b.account_id
        WHERE b.source_id = $1 AND b.unbound_at IS NULL
            AND a.state <> 'pending' AND a.state <> 'rejected'
        ORDER BY b.bound_at, a.id";
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query_as(SQL).bind(source.uuid());
        query.fetch_all(connection).await
    })?)
}

/// Notes that an account is read up to a number; it never goes back.
pub async fn advance(
    tx: &mut Tx,
    (source, account): (SourceId, AccountId),
    since_id: i64,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO pull_cursors (source_id, account_id, since_id, moved_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (source_id, account_id) DO UPDATE SET
            since_id = excluded.since_id, moved_at = excluded.moved_at
            WHERE pull_cursors.since_id < excluded.since_id";
    on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(source.uuid())
            .bind(account.uuid())
            .bind(since_id)
            .bind(now)
            .execute(connection)
            .await
            .map(|_| ())
    })?;
    Ok(())
}
