//! Trials: their own tables, which nothing else refers to. What came to them is in
//! [`deliveries`].

pub mod deliveries;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::ids::TrialId;

/// A trial as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Trial {
    /// Its id.
    pub id: Uuid,
    /// SHA-256 of the token that reads it.
    pub token_hash: Vec<u8>,
    /// The format that is tried.
    pub adapter: String,
    /// The secret, sealed.
    pub secret_sealed: Vec<u8>,
    /// The sender's key, where one was given.
    pub ed25519_public_key: Option<String>,
    /// A JSON object: what else the format needs.
    pub config: String,
    /// The one account that it may speak for.
    pub account_number: String,
    /// The one reference that its texts may name.
    pub reference: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it is no more.
    pub expires_at: DateTime<Utc>,
    /// How many deliveries came.
    pub deliveries: i64,
}

/// Adds a trial.
pub async fn insert(tx: &mut Tx, trial: &Trial) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO trials
            (id,
             token_hash,
             adapter,
             secret_sealed,
             ed25519_public_key,
             config,
             account_number,
             reference,
             created_at,
             expires_at,
             deliveries)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(trial.id)
            .bind(&trial.token_hash)
            .bind(&trial.adapter)
            .bind(&trial.secret_sealed)
            .bind(&trial.ed25519_public_key)
            .bind(&trial.config)
            .bind(&trial.account_number)
            .bind(&trial.reference)
            .bind(trial.created_at)
            .bind(trial.expires_at)
            .bind(trial.deliveries)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("trials", affected)
}

/// A trial that has not ended.
pub async fn find(
    tx: &mut Tx,
    id: TrialId,
    now: DateTime<Utc>,
) -> Result<Option<Trial>, StoreError> {
    const SQL: &str = "SELECT id,
            token_hash,
            adapter,
            secret_sealed,
            ed25519_public_key,
            config,
            account_number,
            reference,
            created_at,
            expires_at,
            deliveries
        FROM trials WHERE id = $1 AND expires_at > $2";
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query_as(SQL).bind(id.uuid()).bind(now);
        query.fetch_optional(connection).await
    })?)
}

/// How many trials there are, ended ones that are still stored too.
pub async fn count(tx: &mut Tx) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM trials";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL).fetch_one(connection).await
    })?)
}

/// Trials that ended, the first ones first.
pub async fn ended(
    tx: &mut Tx,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<TrialId>, StoreError> {
    const SQL: &str =
        "SELECT id FROM trials WHERE expires_at <= $1 ORDER BY expires_at, id LIMIT $2";
    let ids: Vec<Uuid> = on_engine!(tx, |connection| {
        let query = sqlx::query_scalar(SQL).bind(now).bind(limit);
        query.fetch_all(connection).await
    })?;
    Ok(ids.into_iter().map(TrialId::from_uuid).collect())
}

/// The oldest trial that was made before a moment and to which nothing came.
pub async fn oldest_unused(
    tx: &mut Tx,
    before: DateTime<Utc>,
) -> Result<Option<TrialId>, StoreError> {
    const SQL: &str = "SELECT id FROM trials WHERE created_at < $1 AND deliveries = 0
        ORDER BY created_at, id LIMIT 1";
    let id: Option<Uuid> = on_engine!(tx, |connection| {
        let query = sqlx::query_scalar(SQL).bind(before);
        query.fetch_optional(connection).await
    })?;
    Ok(id.map(TrialId::from_uuid))
}

/// Removes a trial with all that came to it; whether it was there. Another instance may have
/// removed it meanwhile.
pub async fn remove(tx: &mut Tx, id: TrialId) -> Result<bool, StoreError> {
    // Takes the trial first: what is being delivered to it waits, and finds that it ended.
    const END: &str = "UPDATE trials SET expires_at = created_at WHERE id = $1";
    const PARTS: [&str; 4] = [
        "DELETE FROM trial_deliveries WHERE trial_id = $1",
        "DELETE FROM trial_movements WHERE trial_id = $1",
        "DELETE FROM trial_checks WHERE trial_id = $1",
        "DELETE FROM trial_counts WHERE trial_id = $1",
    ];
    const SQL: &str = "DELETE FROM trials WHERE id = $1";
    let ended = on_engine!(tx, |connection| {
        let query = sqlx::query(END).bind(id.uuid());
        let done = query.execute(connection).await;
        done.map(|done| done.rows_affected())
    })?;
    if ended == 0 {
        return Ok(false);
    }
    for part in PARTS {
        on_engine!(tx, |connection| {
            let query = sqlx::query(part).bind(id.uuid());
            query.execute(connection).await.map(|_| ())
        })?;
    }
    let affected = on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(id.uuid());
        let done = query.execute(connection).await;
        done.map(|done| done.rows_affected())
    })?;
    expect_one("trials", affected)?;
    Ok(true)
}
