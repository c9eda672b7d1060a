//! What came to a trial, up to a bound, and what it showed.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::ids::TrialId;
use crate::domain::trial::{Check, Findings};
use crate::store::{StoreError, Tx, expect_one, inconsistent, on_engine};

/// How many deliveries of a trial are kept.
pub const DELIVERIES_KEPT: i64 = 200;
/// How many movements of a trial are known, to tell repeats.
pub const MOVEMENTS_KNOWN: i64 = 1000;

/// A delivery to a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialDelivery {
    /// Counted from 1.
    pub number: i64,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// The HTTP method.
    pub method: String,
    /// What the caller appended to the trial's address.
    pub path_below: String,
    /// SHA-256 of the body, or of the query of a notice without one.
    pub told_hash: Vec<u8>,
    /// How long that was.
    pub told_bytes: i64,
    /// What became of it and what was read.
    pub findings: Findings,
    /// The HTTP status of the answer.
    pub answer_status: i64,
    /// Its body.
    pub answer_body: String,
}

#[derive(sqlx::FromRow)]
struct DeliveryRow {
    number: i64,
    received_at: DateTime<Utc>,
    method: String,
    path_below: String,
    told_hash: Vec<u8>,
    told_bytes: i64,
    findings: String,
    answer_status: i64,
    answer_body: String,
}

impl DeliveryRow {
    fn read(self) -> Result<TrialDelivery, StoreError> {
        let findings = serde_json::from_str(&self.findings)
            .map_err(|_| inconsistent("trial_deliveries", "findings", self.number))?;
        Ok(TrialDelivery {
            number: self.number,
            received_at: self.received_at,
            method: self.method,
            path_below: self.path_below,
            told_hash: self.told_hash,
            told_bytes: self.told_bytes,
            findings,
            answer_status: self.answer_status,
            answer_body: self.answer_body,
        })
    }
}

/// A movement that a trial was told of.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct KnownMovement {
    /// SHA-256 of what must not change between two tellings.
    pub fact_hash: Vec<u8>,
    /// SHA-256 of the transfer text; empty for what is no credit.
    pub text_hash: Vec<u8>,
    /// Stands in answers that name our transaction.
    pub receipt: Uuid,
}

/// Takes the next number of a trial that has not ended, and the trial for this transaction:
/// its deliveries are recorded one after the other.
pub async fn next_number(
    tx: &mut Tx,
    trial: TrialId,
    now: DateTime<Utc>,
) -> Result<Option<i64>, StoreError> {
    const SQL: &str = "UPDATE trials SET deliveries = deliveries + 1
        WHERE id = $1 AND expires_at > $2 RETURNING deliveries";
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query_scalar(SQL).bind(trial.uuid()).bind(now);
        query.fetch_optional(connection).await
    })?)
}

/// Keeps a delivery, counts it and forgets the oldest beyond the bound.
pub async fn insert(
    tx: &mut Tx,
    trial: TrialId,
    delivery: &TrialDelivery,
) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO trial_deliveries
            (trial_id,
             number,
             received_at,
             method,
             path_below,
             told_hash,
             told_bytes,
             findings,
             answer_status,
             answer_body)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    const FORGET: &str = "DELETE FROM trial_deliveries WHERE trial_id = $1 AND number <= $2";
    const COUNT: &str = "INSERT INTO trial_counts (trial_id, verdict, deliveries)
        VALUES ($1, $2, 1)
        ON CONFLICT (trial_id, verdict) DO UPDATE SET deliveries = trial_counts.deliveries + 1";
    let findings = serde_json::to_string(&delivery.findings)
        .map_err(|_| inconsistent("trial_deliveries", "findings", delivery.number))?;
    let affected = on_engine!(tx, |connection| {
        sqlx::query(INSERT)
            .bind(trial.uuid())
            .bind(delivery.number)
            .bind(delivery.received_at)
            .bind(&delivery.method)
            .bind(&delivery.path_below)
            .bind(&delivery.told_hash)
            .bind(delivery.told_bytes)
            .bind(findings)
            .bind(delivery.answer_status)
            .bind(&delivery.answer_body)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("trial_deliveries", affected)?;
    on_engine!(tx, |connection| {
        let oldest = delivery.number - DELIVERIES_KEPT;
        let query = sqlx::query(FORGET).bind(trial.uuid()).bind(oldest);
        query.execute(connection).await.map(|_| ())
    })?;
    let verdict = delivery.findings.verdict.as_str();
    let affected = on_engine!(tx, |connection| {
        let query = sqlx::query(COUNT).bind(trial.uuid()).bind(verdict);
        let done = query.execute(connection).await;
        done.map(|done| done.rows_affected())
    })?;
    expect_one("trial_counts", affected)
}

/// The deliveries that are kept, the newest first.
pub async fn list(tx: &mut Tx, trial: TrialId) -> Result<Vec<TrialDelivery>, StoreError> {
    const SQL: &str = "SELECT number,
            received_at,
            method,
            path_below,
            told_hash,
            told_bytes,
            findings,
            answer_status,
            answer_body
        FROM trial_deliveries WHERE trial_id = $1 ORDER BY number DESC";
    let rows: Vec<DeliveryRow> = on_engine!(tx, |connection| {
        let query = sqlx::query_as(SQL).bind(trial.uuid());
        query.fetch_all(connection).await
    })?;
    rows.into_iter().map(DeliveryRow::read).collect()
}

/// How many deliveries came to what.
pub async fn counts(tx: &mut Tx, trial: TrialId) -> Result<Vec<(String, i64)>, StoreError> {
    const SQL: &str = "SELECT verdict, deliveries FROM trial_counts
        WHERE trial_id = $1 ORDER BY verdict";
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query_as(SQL).bind(trial.uuid());
        query.fetch_all(connection).await
    })?)
}

/// A movement by the hash of its identity.
pub async fn find_movement(
    tx: &mut Tx,
    trial: TrialId,
    key_hash: &[u8],
) -> Result<Option<KnownMovement>, StoreError> {
    const SQL: &str = "SELECT fact_hash, text_hash, receipt FROM trial_movements
        WHERE trial_id = $1 AND key_hash = $2";
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query_as(SQL).bind(trial.uuid()).bind(key_hash);
        query.fetch_optional(connection).await
    })?)
}

/// Whether a movement with this text is known.
pub async fn knows_text(tx: &mut Tx, trial: TrialId, text_hash: &[u8]) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM trial_movements
        WHERE trial_id = $1 AND text_hash = $2";
    let count: i64 = on_engine!(tx, |connection| {
        let query = sqlx::query_scalar(SQL).bind(trial.uuid()).bind(text_hash);
        query.fetch_one(connection).await
    })?;
    Ok(count > 0)
}

/// Remembers a movement that the delivery `number` told of first, and forgets the oldest
/// beyond the bound.
pub async fn insert_movement(
    tx: &mut Tx,
    trial: TrialId,
    number: i64,
    key_hash: &[u8],
    movement: &KnownMovement,
) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO trial_movements
            (trial_id,
             key_hash,
             fact_hash,
             text_hash,
             receipt,
             number)
        VALUES ($1, $2, $3, $4, $5, $6)";
    const FORGET: &str = "DELETE FROM trial_movements WHERE trial_id = $1 AND key_hash IN (
            SELECT key_hash FROM trial_movements WHERE trial_id = $1
            ORDER BY number DESC, receipt DESC LIMIT 100 OFFSET $2)";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(INSERT)
            .bind(trial.uuid())
            .bind(key_hash)
            .bind(&movement.fact_hash)
            .bind(&movement.text_hash)
            .bind(movement.receipt)
            .bind(number)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("trial_movements", affected)?;
    on_engine!(tx, |connection| {
        let query = sqlx::query(FORGET).bind(trial.uuid()).bind(MOVEMENTS_KNOWN);
        query.execute(connection).await.map(|_| ())
    })?;
    Ok(())
}

/// Notes that a delivery showed a check to hold; the first one stays.
pub async fn pass(
    tx: &mut Tx,
    trial: TrialId,
    check: Check,
    number: i64,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO trial_checks (trial_id, name, number, passed_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (trial_id, name) DO NOTHING";
    on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(trial.uuid())
            .bind(check.as_str())
            .bind(number)
            .bind(at)
            .execute(connection)
            .await
            .map(|_| ())
    })?;
    Ok(())
}

/// What was shown, by which delivery and when.
pub async fn passed(
    tx: &mut Tx,
    trial: TrialId,
) -> Result<Vec<(Check, i64, DateTime<Utc>)>, StoreError> {
    const SQL: &str = "SELECT name, number, passed_at FROM trial_checks WHERE trial_id = $1";
    let rows: Vec<(String, i64, DateTime<Utc>)> = on_engine!(tx, |connection| {
        let query = sqlx::query_as(SQL).bind(trial.uuid());
        query.fetch_all(connection).await
    })?;
    let read = |(name, number, at): (String, i64, DateTime<Utc>)| {
        let check = Check::parse(&name).ok_or_else(|| inconsistent("trial_checks", "name", trial));
        check.map(|check| (check, number, at))
    };
    rows.into_iter().map(read).collect()
}
