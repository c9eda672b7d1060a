//! The local days of an account of which a reconciled statement has told everything.

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::day::Window;
use crate::domain::ids::{AccountId, SourceId, StatementId};
use crate::store::reach::{Reach, reaches_merchant};
use crate::store::{StoreError, Tx, on_engine};

/// Closes a day of an account by a statement; whether it was open.
pub async fn close(
    tx: &mut Tx,
    account: AccountId,
    day: NaiveDate,
    import: StatementId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO statement_closed_days (account_id, day, import_id, closed_at)
        VALUES ($1, $2, $3, $4) ON CONFLICT (account_id, day) DO NOTHING";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(account.uuid())
            .bind(day)
            .bind(import.uuid())
            .bind(now)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Opens the days again that an import closed; how many there were.
pub async fn reopen(tx: &mut Tx, import: StatementId) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM statement_closed_days WHERE import_id = $1";
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(import.uuid());
        let done = query.execute(connection).await;
        done.map(|done| done.rows_affected())
    })?)
}

/// The closed days of an account within reach that lie in a window, in order.
pub async fn of_account(
    tx: &mut Tx,
    reach: Reach,
    account: AccountId,
    window: Window,
) -> Result<Vec<NaiveDate>, StoreError> {
    const SQL: &str = concat!(
        "SELECT d.day FROM statement_closed_days d JOIN accounts a ON a.id = d.account_id
        WHERE ",
        reaches_merchant!("a.merchant_id"),
        " AND d.account_id = $3 AND d.day >= $4 AND d.day <= $5 ORDER BY d.day"
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(account.uuid())
            .bind(window.first())
            .bind(window.last())
            .fetch_all(connection)
            .await
    })?)
}

/// The days of a window on which every account that a source speaks for is closed, in order:
/// on these the source can have missed nothing that is still unknown.
pub async fn of_source(
    tx: &mut Tx,
    source: SourceId,
    window: Window,
) -> Result<Vec<NaiveDate>, StoreError> {
    const SQL: &str = "SELECT d.day FROM statement_closed_days d
        JOIN source_accounts a ON a.account_id = d.account_id
        WHERE a.source_id = $1 AND a.unbound_at IS NULL AND d.day >= $2 AND d.day <= $3
        GROUP BY d.day
        HAVING COUNT(*) = (SELECT COUNT(*) FROM source_accounts b
            WHERE b.source_id = $1 AND b.unbound_at IS NULL)
        ORDER BY d.day";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(source.uuid())
            .bind(window.first())
            .bind(window.last())
            .fetch_all(connection)
            .await
    })?)
}
