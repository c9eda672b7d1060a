//! Imports from their beginning to the moment when they become visible.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::day::Window;
use crate::domain::ids::{AccountId, MerchantId, StatementId};
use crate::domain::reconciliation::{BalanceControl, VerdictCounts};
use crate::domain::statement::StatementForm;
use crate::store::{StoreError, Tx, expect_one, on_engine};

/// A file whose lines are about to be written down.
#[derive(Clone, Debug)]
pub struct NewImport<'a> {
    /// Its id.
    pub id: StatementId,
    /// The account that it tells of.
    pub account: AccountId,
    /// Whose account it is.
    pub merchant: MerchantId,
    /// SHA-256 of the file.
    pub file_hash: &'a [u8],
    /// How it is written.
    pub form: StatementForm,
    /// The days that it tells of.
    pub period: Window,
    /// What stood on the account before the first line, đồng.
    pub opening_vnd: Option<i64>,
    /// What stood there after the last, đồng.
    pub closing_vnd: Option<i64>,
    /// Whether the balances prove that no line is left out.
    pub balance: BalanceControl,
    /// Lines that could not be read.
    pub bad_lines: i64,
    /// Lines of money that has not moved yet.
    pub unbooked_lines: i64,
    /// Who brought it: a user, a merchant.
    pub imported_by: &'a str,
    /// The present.
    pub now: DateTime<Utc>,
}

/// What the lines of an import came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportSums {
    /// Booked lines that were taken.
    pub lines: i64,
    /// Money in, đồng.
    pub credited_vnd: i64,
    /// Money out, đồng.
    pub debited_vnd: i64,
    /// By verdict.
    pub counts: VerdictCounts,
}

/// Begins an import that nobody sees yet.
pub async fn begin(tx: &mut Tx, import: &NewImport<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO statement_imports
            (id,
             account_id,
             merchant_id,
             state,
             file_hash,
             form,
             first_day,
             last_day,
             opening_vnd,
             closing_vnd,
             balance,
             lines,
             credited_vnd,
             debited_vnd,
             bad_lines,
             unbooked_lines,
             matched,
             missing_here,
             amount_differs,
             missing_at_bank,
             imported_by,
             started_at,
             version)
        VALUES ($1, $2, $3, 'reading', $4, $5, $6, $7, $8, $9, $10, 0, 0, 0, $11, $12,
            0, 0, 0, 0, $13, $14, 1)";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(import.id.uuid())
            .bind(import.account.uuid())
            .bind(import.merchant.uuid())
            .bind(import.file_hash)
            .bind(import.form.as_str())
            .bind(import.period.first())
            .bind(import.period.last())
            .bind(import.opening_vnd)
            .bind(import.closing_vnd)
            .bind(import.balance.as_str())
            .bind(import.bad_lines)
            .bind(import.unbooked_lines)
            .bind(import.imported_by)
            .bind(import.now)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("statement_imports", affected)
}

/// Makes an import visible. `false` means that the same file was imported meanwhile.
pub async fn finish(
    tx: &mut Tx,
    id: StatementId,
    sums: ImportSums,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE statement_imports SET
            state = 'done',
            lines = $2,
            credited_vnd = $3,
            debited_vnd = $4,
            matched = $5,
            missing_here = $6,
            amount_differs = $7,
            missing_at_bank = $8,
            done_at = $9
        WHERE id = $1 AND state = 'reading' AND NOT EXISTS (
            SELECT 1 FROM statement_imports o
            WHERE o.account_id = statement_imports.account_id
                AND o.file_hash = statement_imports.file_hash AND o.state = 'done')";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(sums.lines)
            .bind(sums.credited_vnd)
            .bind(sums.debited_vnd)
            .bind(sums.counts.matched)
            .bind(sums.counts.missing_here)
            .bind(sums.counts.amount_differs)
            .bind(sums.counts.missing_at_bank)
            .bind(now)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Imports that were begun before a moment and never ended, at most `limit`.
pub async fn abandoned(
    tx: &mut Tx,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<StatementId>, StoreError> {
    const SQL: &str = "SELECT id FROM statement_imports
        WHERE state = 'reading' AND started_at < $1 ORDER BY id LIMIT $2";
    let ids: Vec<Uuid> = on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(before)
            .bind(limit)
            .fetch_all(connection)
            .await
    })?;
    Ok(ids.into_iter().map(StatementId::from_uuid).collect())
}

/// Removes an import that is not visible and has no lines any more; whether it was there.
pub async fn remove(tx: &mut Tx, id: StatementId) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM statement_imports WHERE id = $1 AND state = 'reading'";
    let affected = on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(id.uuid());
        query
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}
