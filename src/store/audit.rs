//! The hash-chained record of changes, written in the transaction of the change.
//!
//! One chain for each writer, so that writers do not wait for each other; the head row of a
//! chain is locked from the first entry to the commit, so numbers have no gap. An entry's
//! hash covers the one before, which makes an edit, a swap and a removal in the middle
//! visible to anyone who recomputes.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::day::to_rfc3339;

/// The hash before the first entry of a chain.
const GENESIS: [u8; 32] = [0; 32];

/// One change.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Who: a user, a token's merchant, a source, or the program itself.
    pub actor: String,
    /// What was done, such as `merchant.approve`.
    pub action: &'static str,
    /// The id of what was changed.
    pub subject: String,
    /// What changed, as a JSON object.
    pub detail: Value,
}

/// A stored entry.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct AuditRow {
    /// Its number in the chain, from 1 without a gap.
    pub sequence: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// What changed, as JSON text.
    pub detail: String,
    /// SHA-256 over the previous hash and this entry.
    pub hash: Vec<u8>,
}

/// Appends entries to a chain.
pub async fn append(tx: &mut Tx, chain: &str, entries: &[AuditEntry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let (mut sequence, mut hash) = lock_head(tx, chain).await?;
    for entry in entries {
        sequence += 1;
        let detail = entry.detail.to_string();
        let fields = [&entry.actor, entry.action, &entry.subject, detail.as_str()];
        hash = entry_hash(&hash, sequence, entry.at, fields).to_vec();
        insert(tx, chain, sequence, entry, &detail, &hash).await?;
    }
    move_head(tx, chain, sequence, &hash).await
}

/// Entries of a chain after a number, oldest first.
pub async fn list(
    tx: &mut Tx,
    chain: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<AuditRow>, StoreError> {
    const SQL: &str = "SELECT sequence, at, actor, action, subject, detail, hash
        FROM audit_entries WHERE chain = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
    let rows = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(chain)
            .bind(after)
            .bind(limit)
            .fetch_all(connection)
            .await
    })?;
    Ok(rows)
}

/// Entries of a chain before a number, newest first; from the end without one. With a
/// subject, only what was done to it.
pub async fn newest(
    tx: &mut Tx,
    chain: &str,
    subject: Option<&str>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<AuditRow>, StoreError> {
    const SQL: &str = "SELECT sequence, at, actor, action, subject, detail, hash
        FROM audit_entries
        WHERE chain = $1
            AND ($2 IS NULL OR subject = $2)
            AND ($3 IS NULL OR sequence < $3)
        ORDER BY sequence DESC LIMIT $4";
    let rows = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(chain)
            .bind(subject)
            .bind(before)
            .bind(limit)
            .fetch_all(connection)
            .await
    })?;
    Ok(rows)
}

/// The names of all chains.
pub async fn chains(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    const SQL: &str = "SELECT name FROM audit_chains ORDER BY name";
    Ok(on_engine!(tx, |connection| sqlx::query_scalar(SQL)
        .fetch_all(connection)
        .await)?)
}

/// The first entry of a chain whose number or hash does not follow from the one before, or
/// `None` when the chain is whole.
pub async fn first_break(tx: &mut Tx, chain: &str) -> Result<Option<i64>, StoreError> {
    const PAGE: i64 = 1000;
    let (mut sequence, mut hash) = (0, GENESIS.to_vec());
    loop {
        let page = list(tx, chain, sequence, PAGE).await?;
        for row in &page {
            let fields = [row.actor.as_str(), &row.action, &row.subject, &row.detail];
            let wanted = entry_hash(&hash, sequence + 1, row.at, fields);
            if row.sequence != sequence + 1 || row.hash != wanted {
                return Ok(Some(sequence + 1));
            }
            (sequence, hash) = (row.sequence, row.hash.clone());
        }
        if page.is_empty() {
            let head = lock_free_head(tx, chain).await?;
            return Ok((head != (sequence, hash)).then_some(sequence + 1));
        }
    }
}

/// Each field is preceded by its length, so that no two entries write the same bytes.
fn entry_hash(previous: &[u8], sequence: i64, at: DateTime<Utc>, fields: [&str; 4]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(previous);
    hasher.update(sequence.to_be_bytes());
    let at = to_rfc3339(at);
    for field in [at.as_str()].into_iter().chain(fields) {
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field);
    }
    hasher.finalize().into()
}

async fn lock_head(tx: &mut Tx, chain: &str) -> Result<(i64, Vec<u8>), StoreError> {
    const CREATE: &str = "INSERT INTO audit_chains (name, last_sequence, last_hash)
        VALUES ($1, 0, $2) ON CONFLICT (name) DO NOTHING";
    // The write takes the row's lock; nothing is changed.
    const LOCK: &str = "UPDATE audit_chains SET last_sequence = last_sequence
        WHERE name = $1 RETURNING last_sequence, last_hash";
    on_engine!(tx, |connection| {
        sqlx::query(CREATE)
            .bind(chain)
            .bind(GENESIS.as_slice())
            .execute(connection)
            .await
            .map(|_| ())
    })?;
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(LOCK).bind(chain).fetch_one(connection).await
    })?)
}

async fn lock_free_head(tx: &mut Tx, chain: &str) -> Result<(i64, Vec<u8>), StoreError> {
    const SQL: &str = "SELECT last_sequence, last_hash FROM audit_chains WHERE name = $1";
    let head = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(chain)
            .fetch_optional(connection)
            .await
    })?;
    Ok(head.unwrap_or((0, GENESIS.to_vec())))
}

async fn move_head(tx: &mut Tx, chain: &str, sequence: i64, hash: &[u8]) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE audit_chains SET last_sequence = $2, last_hash = $3 WHERE name = $1";
    let affected = on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(chain).bind(sequence).bind(hash);
        query
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("audit_chains", affected)
}

async fn insert(
    tx: &mut Tx,
    chain: &str,
    sequence: i64,
    entry: &AuditEntry,
    detail: &str,
    hash: &[u8],
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO audit_entries
            (chain,
             sequence,
             at,
             actor,
             action,
             subject,
             detail,
             hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(chain)
            .bind(sequence)
            .bind(entry.at)
            .bind(&entry.actor)
            .bind(entry.action)
            .bind(&entry.subject)
            .bind(detail)
            .bind(hash)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("audit_entries", affected)
}
