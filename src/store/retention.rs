//! What is forgotten when its time has come, in small steps: a bank's notice never waits long
//! behind one.
//!
//! A raw body is destroyed twice: its sealed bytes are removed, and the key of its day goes
//! when the last of them has gone, so that what is left in free pages and in older backups of
//! the database cannot be read. Hash, verdict and the name of the key remain. With the raw
//! body goes what its transfer text says beside our reference.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::{StoreError, Tx, on_engine};
use crate::domain::day::start_of_day;

/// Days before `day` whose key is still there, oldest first.
pub async fn keys_before(tx: &mut Tx, day: NaiveDate) -> Result<Vec<NaiveDate>, StoreError> {
    const SQL: &str = "SELECT day FROM body_keys
        WHERE day < $1 AND key_sealed IS NOT NULL ORDER BY day";
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query_scalar(SQL).bind(day);
        query.fetch_all(connection).await
    })?)
}

/// When the first body of a day came that is to be removed; `None` when there is none. The
/// bodies of credits that wait in suspense stay until they are settled.
pub async fn first_body_of(
    tx: &mut Tx,
    day: NaiveDate,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    const SQL: &str = "SELECT MIN(received_at) FROM callbacks
        WHERE received_at >= $1 AND received_at < $2 AND body_sealed IS NOT NULL
            AND id NOT IN (
                SELECT e.callback_id FROM suspense_items s
                JOIN transaction_evidence e ON e.transaction_id = s.transaction_id
                WHERE s.state = 'open' AND e.callback_id IS NOT NULL)";
    let (first, end) = bounds(day);
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query_scalar(SQL).bind(first).bind(end);
        query.fetch_one(connection).await
    })?)
}

/// Removes the bodies of about `limit` deliveries of a day from `from` on, except those of
/// credits that wait in suspense. Gives the time of the last one looked at; `None` when the
/// day has no more.
pub async fn forget_bodies(
    tx: &mut Tx,
    day: NaiveDate,
    from: DateTime<Utc>,
    limit: i64,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    const END: &str = "SELECT MAX(received_at) FROM (
            SELECT received_at FROM callbacks WHERE received_at >= $1 AND received_at < $2
            ORDER BY received_at LIMIT $3) AS step";
    const FORGET: &str = "UPDATE callbacks SET body_sealed = NULL
        WHERE received_at >= $1 AND received_at <= $2 AND body_sealed IS NOT NULL
            AND id NOT IN (
                SELECT e.callback_id FROM suspense_items s
                JOIN transaction_evidence e ON e.transaction_id = s.transaction_id
                WHERE s.state = 'open' AND e.callback_id IS NOT NULL)";
    let (_, end) = bounds(day);
    let last: Option<DateTime<Utc>> = on_engine!(tx, |connection| {
        sqlx::query_scalar(END)
            .bind(from)
            .bind(end)
            .bind(limit)
            .fetch_one(connection)
            .await
    })?;
    let Some(last) = last else {
        return Ok(None);
    };
    on_engine!(tx, |connection| {
        let query = sqlx::query(FORGET).bind(from).bind(last);
        query.execute(connection).await.map(|_| ())
    })?;
    Ok(Some(last))
}

/// Destroys the key of a day, unless a body under it is still kept; whether it did.
pub async fn destroy_key(
    tx: &mut Tx,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE body_keys SET key_sealed = NULL, destroyed_at = $2
        WHERE day = $1 AND key_sealed IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM callbacks
            WHERE received_at >= $3 AND received_at < $4 AND body_sealed IS NOT NULL)";
    let (first, end) = bounds(day);
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(day)
            .bind(now)
            .bind(first)
            .bind(end)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Masks the transfer texts of at most `limit` transactions that were recorded before a
/// moment; how many is returned. Of a text only the reference stays that its payment was
/// attributed by; the texts of credits that wait in suspense stay until they are settled.
pub async fn mask_texts(
    tx: &mut Tx,
    before: DateTime<Utc>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE bank_transactions SET
            content = COALESCE((SELECT c.reference FROM payments p
                JOIN payment_codes c ON c.id = p.code_id
                WHERE p.transaction_id = bank_transactions.id AND p.standing <> 'voided'), ''),
            text_masked_at = $3
        WHERE id IN (SELECT t.id FROM bank_transactions t
            WHERE t.recorded_at < $1 AND t.text_masked_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM suspense_items s
                    WHERE s.transaction_id = t.id AND s.state = 'open')
            ORDER BY t.recorded_at LIMIT $2)";
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(before).bind(limit).bind(now);
        query
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?)
}

/// Masks the transfer texts of settled doubts that were opened before a moment; how many is
/// returned.
pub async fn mask_doubts(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE doubts SET content = ''
        WHERE opened_at < $1 AND state = 'settled' AND content <> ''";
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(before);
        query
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?)
}

/// Forgets one-time links that give nothing any more; how many is returned.
pub async fn forget_links(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM one_time_links WHERE used_at IS NOT NULL OR expires_at <= $1";
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(now);
        query
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?)
}

/// The first instant of a day, and of the one after it.
fn bounds(day: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    (start_of_day(day), start_of_day(day + Days::new(1)))
}
