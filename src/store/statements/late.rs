//! What changes of a visible statement when a transaction of its days is told after it.

use chrono::NaiveDate;
use uuid::Uuid;

use super::lines::{LineRow, select};
use crate::domain::credit::Direction;
use crate::domain::ids::{AccountId, StatementId};
use crate::domain::money::Vnd;
use crate::domain::reconciliation::VerdictCounts;
use crate::store::{StoreError, Tx, expect_one, on_engine};

/// The visible statements of an account that tell of a day, first made first.
pub async fn of_day(
    tx: &mut Tx,
    account: AccountId,
    day: NaiveDate,
) -> Result<Vec<StatementId>, StoreError> {
    of_period(tx, account, (day, day)).await
}

/// The visible statements of an account that tell of a day from a first to a last one, first
/// made first.
pub async fn of_period(
    tx: &mut Tx,
    account: AccountId,
    (first, last): (NaiveDate, NaiveDate),
) -> Result<Vec<StatementId>, StoreError> {
    const SQL: &str = "SELECT id FROM statement_imports
        WHERE account_id = $1 AND state = 'done' AND first_day <= $3 AND last_day >= $2
        ORDER BY id";
    let ids: Vec<Uuid> = on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(account.uuid())
            .bind(first)
            .bind(last)
            .fetch_all(connection)
            .await
    })?;
    Ok(ids.into_iter().map(StatementId::from_uuid).collect())
}

/// A movement as lines may tell of it.
#[derive(Clone, Copy, Debug)]
pub struct Movement<'a> {
    /// In or out.
    pub direction: Direction,
    /// How much.
    pub amount: Vnd,
    /// Its local day.
    pub day: NaiveDate,
    /// The bank's own reference.
    pub bank_reference: Option<&'a str>,
}

/// The lines of an import that may tell of a movement: those that are missing here, of its day
/// and amount or with its reference; and those that found its reference only with another
/// amount than theirs, which is the movement's. At most `limit`.
pub async fn lines_like(
    tx: &mut Tx,
    import: StatementId,
    movement: Movement<'_>,
    limit: i64,
) -> Result<Vec<LineRow>, StoreError> {
    // Two looks, each along an index of its own: a notice must not wait for a long statement.
    const SQL: &str = select!(
        "WHERE l.import_id = $1 AND l.direction = $2 AND l.number IN (
            SELECT d.number FROM statement_lines d
                WHERE d.import_id = $1 AND d.verdict = 'missing_here'
                    AND d.local_day = $3 AND d.amount_vnd = $4
            UNION SELECT r.number FROM statement_lines r
                WHERE r.import_id = $1 AND r.verdict <> 'matched' AND r.bank_reference = $5
                    AND (r.verdict = 'missing_here'
                        OR r.verdict = 'amount_differs' AND r.amount_vnd = $4))
        ORDER BY l.number LIMIT $6"
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(import.uuid())
            .bind(movement.direction.as_str())
            .bind(movement.day)
            .bind(movement.amount.get())
            .bind(movement.bank_reference)
            .bind(limit)
            .fetch_all(connection)
            .await
    })?)
}

/// Moves the counts of a visible import by as much as its lines changed; its row stays locked
/// until the commit.
pub async fn shift(tx: &mut Tx, id: StatementId, by: VerdictCounts) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE statement_imports SET
            matched = matched + $2,
            missing_here = missing_here + $3,
            amount_differs = amount_differs + $4,
            missing_at_bank = missing_at_bank + $5,
            version = version + 1
        WHERE id = $1 AND state = 'done'";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(by.matched)
            .bind(by.missing_here)
            .bind(by.amount_differs)
            .bind(by.missing_at_bank)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("statement_imports", affected)
}
