//! What ties movements by which money went back to what they take back.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{StoreError, Tx, on_engine};
use crate::domain::ids::{AccountId, BankTransactionId};

/// A transaction by which money may have gone back.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct MovementRow {
    /// The transaction.
    pub id: Uuid,
    /// The account.
    pub account_id: Uuid,
    /// Whose account it is.
    pub merchant_id: Uuid,
    /// `credit` or `debit`.
    pub direction: String,
    /// How much, đồng.
    pub amount_vnd: i64,
    /// The bank's time.
    pub occurred_at: DateTime<Utc>,
    /// The bank says that it takes something back.
    pub names: bool,
    /// It may be another one told twice, and nobody decided that it is not: it confirms
    /// nothing.
    pub doubtful: bool,
    /// The bank took it back itself, whole.
    pub undone: bool,
}

/// The columns of movements, and of them the ones within reach of an index.
macro_rules! select_movements {
    ($rest:literal) => {
        concat!(
            "SELECT t.id,
                t.account_id,
                t.merchant_id,
                t.direction,
                t.amount_vnd,
                t.occurred_at,
                EXISTS (SELECT 1 FROM transaction_evidence e
                    WHERE e.transaction_id = t.id AND e.reverses IS NOT NULL) AS names,
                t.duplicate_of_id IS NOT NULL
                    AND COALESCE(t.double_decision, '') <> 'other_money' AS doubtful,
                EXISTS (SELECT 1 FROM reversals b
                    JOIN bank_transactions m ON m.id = b.movement_id
                    WHERE b.taken_back_id = t.id AND b.origin = 'bank'
                        AND b.amount_vnd >= t.amount_vnd
                        AND (m.duplicate_of_id IS NULL
                            OR COALESCE(m.double_decision, '') = 'other_money')) AS undone
            FROM bank_transactions t ",
            $rest
        )
    };
}

/// One movement.
pub async fn movement(
    tx: &mut Tx,
    id: BankTransactionId,
) -> Result<Option<MovementRow>, StoreError> {
    const SQL: &str = select_movements!("WHERE t.id = $1");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?)
}

/// Debits of one amount on an account within a span of time, the earliest first.
pub async fn debits(
    tx: &mut Tx,
    (account, amount_vnd): (AccountId, i64),
    (first, last): (DateTime<Utc>, DateTime<Utc>),
    limit: u32,
) -> Result<Vec<MovementRow>, StoreError> {
    const SQL: &str = select_movements!(
        "WHERE t.account_id = $1 AND t.amount_vnd = $2 AND t.direction = 'debit'
            AND t.occurred_at >= $3 AND t.occurred_at <= $4
        ORDER BY t.occurred_at, t.id LIMIT $5"
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(account.uuid())
            .bind(amount_vnd)
            .bind(first)
            .bind(last)
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?)
}

/// How many candidates a person is shown.
const MOST_CANDIDATES: i64 = 50;

/// Debits of one amount on an account since a moment that confirm nothing yet, the earliest
/// first.
pub async fn free_debits_since(
    tx: &mut Tx,
    (account, amount_vnd): (AccountId, i64),
    since: DateTime<Utc>,
) -> Result<Vec<MovementRow>, StoreError> {
    const SQL: &str = select_movements!(
        "WHERE t.account_id = $1 AND t.amount_vnd = $2 AND t.direction = 'debit'
            AND t.occurred_at >= $3
            AND NOT EXISTS (SELECT 1 FROM reversals r
                WHERE r.movement_id = t.id AND r.state = 'confirmed')
        ORDER BY t.occurred_at, t.id LIMIT $4"
    );
    candidates(tx, SQL, (account, amount_vnd), since).await
}

/// Credits of at least an amount on an account until a moment: those of exactly the amount
/// first, then the latest.
pub async fn credits_before(
    tx: &mut Tx,
    (account, amount_vnd): (AccountId, i64),
    until: DateTime<Utc>,
) -> Result<Vec<MovementRow>, StoreError> {
    const SQL: &str = select_movements!(
        "WHERE t.account_id = $1 AND t.amount_vnd >= $2 AND t.direction = 'credit'
            AND t.occurred_at <= $3
            AND NOT EXISTS (SELECT 1 FROM reversals r WHERE r.movement_id = t.id)
        ORDER BY CASE WHEN t.amount_vnd = $2 THEN 0 ELSE 1 END, t.occurred_at DESC, t.id
        LIMIT $4"
    );
    candidates(tx, SQL, (account, amount_vnd), until).await
}

async fn candidates(
    tx: &mut Tx,
    sql: &'static str,
    (account, amount_vnd): (AccountId, i64),
    moment: DateTime<Utc>,
) -> Result<Vec<MovementRow>, StoreError> {
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(sql)
            .bind(account.uuid())
            .bind(amount_vnd)
            .bind(moment)
            .bind(MOST_CANDIDATES)
            .fetch_all(connection)
            .await
    })?)
}

/// The transaction that a movement takes back: the one whose number its own source names, else
/// the one whose bank reference is named, else a credit of the same amount under the same bank
/// reference. Where several sources name several of them, the one of the same amount is meant.
pub async fn taken_back_by(
    tx: &mut Tx,
    movement: BankTransactionId,
) -> Result<Option<BankTransactionId>, StoreError> {
    const SQL: &str = "SELECT t.id FROM (
            SELECT o.transaction_id AS id, 1 AS rank
            FROM transaction_evidence e JOIN transaction_evidence o
                ON o.source_id = e.source_id AND o.provider_txn_id = e.reverses
            WHERE e.transaction_id = $1
            UNION ALL
            SELECT o.id, 2 AS rank
            FROM transaction_evidence e
            JOIN bank_transactions m ON m.id = e.transaction_id
            JOIN bank_transactions o
                ON o.account_id = m.account_id AND o.bank_reference = e.reverses
            WHERE e.transaction_id = $1
            UNION ALL
            SELECT o.id, 3 AS rank
            FROM bank_transactions m JOIN bank_transactions o
                ON o.account_id = m.account_id AND o.bank_reference = m.bank_reference
                    AND o.amount_vnd = m.amount_vnd AND o.direction = 'credit'
            WHERE m.id = $1 AND m.direction = 'debit'
        ) AS found
        JOIN bank_transactions t ON t.id = found.id
        JOIN bank_transactions m ON m.id = $1
        WHERE t.id <> m.id AND t.account_id = m.account_id
        ORDER BY found.rank,
            CASE WHEN t.direction = m.direction THEN 1 ELSE 0 END,
            CASE WHEN t.amount_vnd = m.amount_vnd THEN 0 ELSE 1 END,
            CASE WHEN t.duplicate_of_id IS NULL THEN 0 ELSE 1 END,
            t.occurred_at,
            t.id
        LIMIT 1";
    let id: Option<Uuid> = on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(movement.uuid())
            .fetch_optional(connection)
            .await
    })?;
    Ok(id.map(BankTransactionId::from_uuid))
}

/// The movements on the same account that name a transaction, as any of its tellings has its
/// number or reference, and the debits that share its bank reference.
pub async fn movements_naming(
    tx: &mut Tx,
    named: BankTransactionId,
) -> Result<Vec<BankTransactionId>, StoreError> {
    const SQL: &str = "SELECT r.transaction_id
        FROM transaction_evidence e JOIN transaction_evidence r
            ON r.reverses = e.provider_txn_id AND r.source_id = e.source_id
                AND r.account_id = e.account_id
        WHERE e.transaction_id = $1
        UNION
        SELECT r.transaction_id
        FROM transaction_evidence e JOIN transaction_evidence r
            ON r.reverses = e.bank_reference AND r.account_id = e.account_id
        WHERE e.transaction_id = $1
        UNION
        SELECT d.id
        FROM transaction_evidence e JOIN bank_transactions d
            ON d.account_id = e.account_id AND d.bank_reference = e.bank_reference
                AND d.direction = 'debit'
        WHERE e.transaction_id = $1";
    let ids: Vec<Uuid> = on_engine!(tx, |connection| {
        let query = sqlx::query_scalar(SQL).bind(named.uuid());
        query.fetch_all(connection).await
    })?;
    Ok(ids.into_iter().map(BankTransactionId::from_uuid).collect())
}
