//! What all tellings of a transaction say of it, and drawing that into the transaction.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::domain::ids::BankTransactionId;
use crate::domain::linking::Teller;
use crate::store::{StoreError, Tx, expect_one, on_engine};

/// What one telling says.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct TellingRow {
    /// Whether a source told, not a statement.
    pub by_source: bool,
    /// `callback`, `pulled`, `statement` or `decision`.
    pub kind: String,
    /// The bank's time.
    pub occurred_at: Option<DateTime<Utc>>,
    /// The bank's own reference.
    pub bank_reference: Option<String>,
    /// What the texts name, as JSON.
    pub naming: Option<String>,
}

/// The tellings of a transaction, but for those of a statement that nobody sees yet.
pub async fn tellings(tx: &mut Tx, id: BankTransactionId) -> Result<Vec<TellingRow>, StoreError> {
    const SQL: &str = "SELECT e.source_id IS NOT NULL AS by_source,
            e.kind,
            e.occurred_at,
            e.bank_reference,
            e.naming
        FROM transaction_evidence e
        LEFT JOIN statement_imports i ON i.id = e.teller_id
        WHERE e.transaction_id = $1 AND (i.id IS NULL OR i.state = 'done')
        ORDER BY e.teller_id, e.transaction_key";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(id.uuid())
            .fetch_all(connection)
            .await
    })?)
}

/// Writes the bank's time and reference of a transaction as all its tellings have them. A
/// reference that is new takes the next place among the transactions with it.
pub async fn retell(
    tx: &mut Tx,
    id: BankTransactionId,
    (occurred_at, local_day): (DateTime<Utc>, NaiveDate),
    bank_reference: Option<&str>,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE bank_transactions SET
            occurred_at = $2,
            local_day = $3,
            reference_place = CASE WHEN $4 IS NULL OR bank_reference IS NOT NULL
                THEN reference_place
                ELSE (SELECT COALESCE(MAX(o.reference_place), 0) + 1 FROM bank_transactions o
                    WHERE o.account_id = bank_transactions.account_id
                        AND o.bank_reference = $4
                        AND o.direction = bank_transactions.direction
                        AND o.amount_vnd = bank_transactions.amount_vnd) END,
            bank_reference = COALESCE(bank_reference, $4)
        WHERE id = $1";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(occurred_at)
            .bind(local_day)
            .bind(bank_reference)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("bank_transactions", affected)
}

/// Shows the texts of the telling whose time is believed. They are masked when their time has
/// come, whatever was masked before.
pub async fn show_texts(
    tx: &mut Tx,
    id: BankTransactionId,
    content: &str,
    order_reference: Option<&str>,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE bank_transactions SET
            content = $2,
            order_reference = $3,
            text_masked_at = NULL
        WHERE id = $1";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(content)
            .bind(order_reference)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("bank_transactions", affected)
}

/// Replaces what the texts of a telling name, as JSON, after its teller told it again in other
/// words.
pub async fn read_again(
    tx: &mut Tx,
    (teller, key): (Teller, &str),
    naming: Option<&str>,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE transaction_evidence SET naming = $3
        WHERE teller_id = $1 AND transaction_key = $2";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(teller.uuid())
            .bind(key)
            .bind(naming)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("transaction_evidence", affected)
}

/// Adds the bank's reference to a telling that had none, unless another transaction of the
/// same amount has it: that two of them are one is not decided here. Whether it was added.
pub async fn name_again(
    tx: &mut Tx,
    (teller, key): (Teller, &str),
    reference: &str,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE transaction_evidence SET bank_reference = $3
        WHERE teller_id = $1 AND transaction_key = $2 AND bank_reference IS NULL
            AND NOT EXISTS (SELECT 1 FROM bank_transactions t
                JOIN transaction_evidence o ON o.account_id = t.account_id
                    AND o.bank_reference = $3 AND o.transaction_id <> t.id
                JOIN bank_transactions other ON other.id = o.transaction_id
                    AND other.direction = t.direction AND other.amount_vnd = t.amount_vnd
                WHERE t.id = transaction_evidence.transaction_id)
            AND NOT EXISTS (SELECT 1 FROM transaction_evidence o
                WHERE o.transaction_id = transaction_evidence.transaction_id
                    AND o.bank_reference <> $3)";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(teller.uuid())
            .bind(key)
            .bind(reference)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// What an import adds to its transactions and was not drawn into them yet, at most `limit`.
/// An import that nobody sees adds nothing.
pub async fn to_follow(
    tx: &mut Tx,
    import: Option<Teller>,
    limit: i64,
) -> Result<Vec<(Teller, String, BankTransactionId)>, StoreError> {
    const SQL: &str = "SELECT e.teller_id, e.transaction_key, e.transaction_id
        FROM transaction_evidence e JOIN statement_imports i ON i.id = e.teller_id
        WHERE e.is_to_follow AND i.state = 'done' AND ($1 IS NULL OR e.teller_id = $1)
        ORDER BY e.teller_id, e.transaction_key LIMIT $2";
    let rows: Vec<(Uuid, String, Uuid)> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(import.map(Teller::uuid))
            .bind(limit)
            .fetch_all(connection)
            .await
    })?;
    let rows = rows.into_iter();
    let told = rows.map(|(teller, key, transaction)| {
        let transaction = BankTransactionId::from_uuid(transaction);
        (Teller::from_uuid(teller), key, transaction)
    });
    Ok(told.collect())
}

/// Says that what a telling adds has been drawn into its transaction. `false` means that
/// somebody else did so.
pub async fn followed(tx: &mut Tx, teller: Teller, key: &str) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE transaction_evidence SET is_to_follow = FALSE
        WHERE teller_id = $1 AND transaction_key = $2 AND is_to_follow";
    let affected = on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(teller.uuid()).bind(key);
        let done = query.execute(connection).await;
        done.map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}
