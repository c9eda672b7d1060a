//! What lines of statements add to the evidence for transactions.
//!
//! A matched line is evidence by itself. It leaves a telling of its own only where it says
//! something new: a bank reference or a text by which a later notice may find the transaction,
//! or a time where no source told one.

use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;

use crate::domain::ids::{AccountId, BankTransactionId, StatementId};
use crate::store::{StoreError, Tx, on_engine};

/// The most tellings that one statement to the database holds.
const TELLINGS_AT_ONCE: usize = 500;

/// What a line tells of a transaction.
#[derive(Clone, Debug)]
pub struct StatedTelling {
    /// The number of the line.
    pub number: i64,
    /// The transaction.
    pub transaction: BankTransactionId,
    /// SHA-256 over the facts as told.
    pub fact_hash: Vec<u8>,
    /// The bank's own reference as told.
    pub bank_reference: Option<String>,
    /// The hash of day and text.
    pub text_link: Vec<u8>,
    /// The bank's time as told.
    pub occurred_at: DateTime<Utc>,
    /// What the text names, as JSON.
    pub naming: Option<String>,
    /// Whether the transaction has to be told anew with it.
    pub is_to_follow: bool,
}

/// Adds what lines of one import tell.
pub async fn insert(
    tx: &mut Tx,
    import: StatementId,
    account: AccountId,
    tellings: &[StatedTelling],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    // The list of values grows with the lines; all else is fixed.
    const SQL: &str = "INSERT INTO transaction_evidence
            (teller_id,
             transaction_key,
             transaction_id,
             account_id,
             kind,
             provider_txn_id,
             fact_hash,
             bank_reference,
             text_link,
             occurred_at,
             naming,
             is_to_follow,
             recorded_at) ";
    for some in tellings.chunks(TELLINGS_AT_ONCE) {
        let affected = on_engine!(tx, |connection| {
            let mut query = QueryBuilder::new(SQL);
            query.push_values(some, |mut values, told| {
                values
                    .push_bind(import.uuid())
                    .push_bind(told.number.to_string())
                    .push_bind(told.transaction.uuid())
                    .push_bind(account.uuid())
                    .push_bind("statement")
                    .push_bind(told.number.to_string())
                    .push_bind(told.fact_hash.as_slice())
                    .push_bind(told.bank_reference.as_deref())
                    .push_bind(told.text_link.as_slice())
                    .push_bind(told.occurred_at)
                    .push_bind(told.naming.as_deref())
                    .push_bind(told.is_to_follow)
                    .push_bind(now);
            });
            query
                .build()
                .execute(connection)
                .await
                .map(|done| done.rows_affected())
        })?;
        if usize::try_from(affected) != Ok(some.len()) {
            return Err(StoreError::Conflict {
                table: "transaction_evidence",
            });
        }
    }
    Ok(())
}

/// Removes what lines of an import that is not visible told, at most `limit`; how many there
/// were.
pub async fn remove(tx: &mut Tx, import: StatementId, limit: i64) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM transaction_evidence
        WHERE teller_id = $1 AND transaction_key IN (
            SELECT e.transaction_key FROM transaction_evidence e
            JOIN statement_imports i ON i.id = e.teller_id
            WHERE e.teller_id = $1 AND i.state = 'reading' LIMIT $2)";
    Ok(on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(import.uuid())
            .bind(limit)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?)
}
