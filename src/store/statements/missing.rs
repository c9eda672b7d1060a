//! The transactions of an account in a period, to find those that a statement does not tell of.

use chrono::{DateTime, Days, NaiveDate, Utc};
use uuid::Uuid;

use super::direction;
use crate::domain::credit::Direction;
use crate::domain::day::{Window, start_of_day};
use crate::domain::ids::{AccountId, BankTransactionId, StatementId};
use crate::store::{StoreError, Tx, expect_one, on_engine};

/// A transaction of the period.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PeriodTransaction {
    /// The transaction.
    pub id: Uuid,
    /// `credit` or `debit`.
    pub direction: String,
    /// How much, đồng.
    pub amount_vnd: i64,
    /// The bank's time.
    pub occurred_at: DateTime<Utc>,
    /// Its local day.
    pub local_day: NaiveDate,
    /// The bank's own reference.
    pub bank_reference: Option<String>,
    /// Whether it waits for a person as a suspected duplicate.
    pub is_suspected: bool,
}

impl PeriodTransaction {
    /// In or out.
    pub fn direction(&self) -> Result<Direction, StoreError> {
        direction(&self.direction, "bank_transactions", self.id)
    }

    /// The transaction.
    pub const fn transaction(&self) -> BankTransactionId {
        BankTransactionId::from_uuid(self.id)
    }
}

/// The transactions of an account in a period after one (its time and id), oldest first.
pub async fn of_account(
    tx: &mut Tx,
    account: AccountId,
    period: Window,
    after: Option<(DateTime<Utc>, BankTransactionId)>,
    limit: i64,
) -> Result<Vec<PeriodTransaction>, StoreError> {
    const SQL: &str = "SELECT t.id,
            t.direction,
            t.amount_vnd,
            t.occurred_at,
            t.local_day,
            t.bank_reference,
            t.duplicate_of_id IS NOT NULL AS is_suspected
        FROM bank_transactions t
        WHERE t.account_id = $1 AND t.occurred_at >= $2 AND t.occurred_at < $3
            AND ($4 IS NULL OR t.occurred_at > $4 OR (t.occurred_at = $4 AND t.id > $5))
        ORDER BY t.occurred_at, t.id LIMIT $6";
    let (start, end) = bounds(period);
    let (time, id) = after.unzip();
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(account.uuid())
            .bind(start)
            .bind(end)
            .bind(time)
            .bind(id.map(BankTransactionId::uuid))
            .bind(limit)
            .fetch_all(connection)
            .await
    })?)
}

/// Writes transactions down as ones that import $1 does not tell of, behind its lines.
macro_rules! write_down {
    ($number:literal, $which:literal) => {
        concat!(
            "INSERT INTO statement_lines
                (import_id,
                 number,
                 verdict,
                 direction,
                 amount_vnd,
                 occurred_at,
                 local_day,
                 bank_reference,
                 transaction_id)
            SELECT $1, ",
            $number,
            ",
                'missing_at_bank',
                t.direction,
                t.amount_vnd,
                t.occurred_at,
                t.local_day,
                t.bank_reference,
                t.id
            FROM bank_transactions t WHERE ",
            $which
        )
    };
}

/// Writes down every transaction of the period that no line tells of, behind the lines; how
/// many there are. One that may be the same money as another is left out: it counts for
/// nothing yet.
pub async fn insert(
    tx: &mut Tx,
    import: StatementId,
    account: AccountId,
    period: Window,
    last_number: i64,
) -> Result<i64, StoreError> {
    // Asked once for all: the lines are too new for PostgreSQL to know how many there are, so
    // it would look through all of them for every transaction.
    const SQL: &str = write_down!(
        "$5 + ROW_NUMBER() OVER (ORDER BY t.occurred_at, t.id)",
        "t.account_id = $2 AND t.occurred_at >= $3 AND t.occurred_at < $4
            AND t.duplicate_of_id IS NULL
            AND t.id NOT IN (SELECT o.transaction_id FROM statement_lines o
                WHERE o.import_id = $1 AND o.transaction_id IS NOT NULL)"
    );
    let (start, end) = bounds(period);
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(import.uuid())
            .bind(account.uuid())
            .bind(start)
            .bind(end)
            .bind(last_number)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(i64::try_from(affected).unwrap_or(i64::MAX))
}

/// Writes one transaction down that an import does not tell of, which is visible already.
pub async fn insert_one(
    tx: &mut Tx,
    import: StatementId,
    transaction: BankTransactionId,
) -> Result<(), StoreError> {
    const SQL: &str = write_down!(
        "(SELECT COALESCE(MAX(l.number), 0) + 1 FROM statement_lines l WHERE l.import_id = $1)",
        "t.id = $2"
    );
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(import.uuid())
            .bind(transaction.uuid())
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("statement_lines", affected)
}

/// Says that an import tells of a transaction after all; whether it was missing there.
pub async fn remove(
    tx: &mut Tx,
    import: StatementId,
    transaction: BankTransactionId,
) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM statement_lines
        WHERE import_id = $1 AND transaction_id = $2 AND verdict = 'missing_at_bank'";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(import.uuid())
            .bind(transaction.uuid())
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// The first instant of a period, and the first one behind it.
fn bounds(period: Window) -> (DateTime<Utc>, DateTime<Utc>) {
    let end = period.last() + Days::new(1);
    (start_of_day(period.first()), start_of_day(end))
}
