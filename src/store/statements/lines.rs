//! The lines of statements, and the transactions that a statement does not tell of.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::direction;
use crate::domain::credit::Direction;
use crate::domain::ids::{BankTransactionId, StatementId, StatementProposalId};
use crate::domain::money::Vnd;
use crate::domain::reconciliation::LineVerdict;
use crate::store::reach::{Reach, reaches_merchant};
use crate::store::{StoreError, Tx, expect_one, inconsistent, on_engine};

/// The most lines that one statement to the database holds: eleven values each, far below
/// what either engine takes.
pub const LINES_AT_ONCE: usize = 500;

/// A line with its verdict, to be written down.
#[derive(Clone, Debug)]
pub struct NewLine {
    /// From 1, in the order of the file.
    pub number: i64,
    /// The line or row of the file.
    pub file_line: i64,
    /// What became of it.
    pub verdict: LineVerdict,
    /// In or out.
    pub direction: Direction,
    /// How much.
    pub amount: Vnd,
    /// The bank's time.
    pub occurred_at: DateTime<Utc>,
    /// Its local day.
    pub local_day: NaiveDate,
    /// The bank's own reference.
    pub bank_reference: Option<String>,
    /// The transfer text, where it is still needed.
    pub content: Option<String>,
    /// The transaction that it tells of.
    pub transaction: Option<BankTransactionId>,
}

/// A stored line.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct LineRow {
    /// Its number.
    pub number: i64,
    /// The line or row of the file; none for what is missing at the bank.
    pub file_line: Option<i64>,
    /// What became of it.
    pub verdict: String,
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
    /// The transfer text, while it is kept.
    pub content: Option<String>,
    /// The transaction that it tells of.
    pub transaction_id: Option<Uuid>,
    /// The amount of that transaction, đồng.
    pub known_amount_vnd: Option<i64>,
    /// The newest proposal to believe it.
    pub proposal_id: Option<Uuid>,
    /// Where that proposal stands.
    pub proposal_state: Option<String>,
}

impl LineRow {
    /// In or out.
    pub fn direction(&self) -> Result<Direction, StoreError> {
        direction(&self.direction, "statement_lines", self.number)
    }

    /// How much.
    pub fn amount(&self) -> Result<Vnd, StoreError> {
        Vnd::new(self.amount_vnd)
            .map_err(|_| inconsistent("statement_lines", "amount_vnd", self.number))
    }
}

/// Columns of lines.
macro_rules! select {
    ($rest:literal) => {
        select!($rest,)
    };
    ($first:literal, $($rest:expr),*) => {
        concat!(
            "SELECT l.number,
                l.file_line,
                l.verdict,
                l.direction,
                l.amount_vnd,
                l.occurred_at,
                l.local_day,
                l.bank_reference,
                l.content,
                l.transaction_id,
                t.amount_vnd AS known_amount_vnd,
                l.proposal_id,
                p.state AS proposal_state
            FROM statement_lines l
            LEFT JOIN bank_transactions t ON t.id = l.transaction_id
            LEFT JOIN statement_proposals p ON p.id = l.proposal_id ",
            $first
            $(, $rest)*
        )
    };
}
pub(super) use select;

/// Writes lines of one import down together.
pub async fn insert(tx: &mut Tx, import: StatementId, lines: &[NewLine]) -> Result<(), StoreError> {
    // The list of values grows with the lines; all else is fixed.
    const SQL: &str = "INSERT INTO statement_lines
            (import_id,
             number,
             file_line,
             verdict,
             direction,
             amount_vnd,
             occurred_at,
             local_day,
             bank_reference,
             content,
             transaction_id) ";
    for some in lines.chunks(LINES_AT_ONCE) {
        let affected = on_engine!(tx, |connection| {
            let mut query = QueryBuilder::new(SQL);
            query.push_values(some, |mut values, line| {
                values
                    .push_bind(import.uuid())
                    .push_bind(line.number)
                    .push_bind(line.file_line)
                    .push_bind(line.verdict.as_str())
                    .push_bind(line.direction.as_str())
                    .push_bind(line.amount.get())
                    .push_bind(line.occurred_at)
                    .push_bind(line.local_day)
                    .push_bind(line.bank_reference.as_deref())
                    .push_bind(line.content.as_deref())
                    .push_bind(line.transaction.map(BankTransactionId::uuid));
            });
            query
                .build()
                .execute(connection)
                .await
                .map(|done| done.rows_affected())
        })?;
        if usize::try_from(affected) != Ok(some.len()) {
            return Err(StoreError::Conflict {
                table: "statement_lines",
            });
        }
    }
    Ok(())
}

/// Lines of a visible statement within reach after a number, in the order of the file; only
/// those with a verdict, when one is given.
pub async fn list(
    tx: &mut Tx,
    reach: Reach,
    import: StatementId,
    verdict: Option<LineVerdict>,
    after: i64,
    limit: u32,
) -> Result<Vec<LineRow>, StoreError> {
    const ALL: &str = select!(
        "JOIN statement_imports i ON i.id = l.import_id WHERE i.state = 'done' AND ",
        reaches_merchant!("i.merchant_id"),
        " AND l.import_id = $3 AND l.number > $4 ORDER BY l.number LIMIT $5"
    );
    const BY_VERDICT: &str = select!(
        "JOIN statement_imports i ON i.id = l.import_id WHERE i.state = 'done' AND ",
        reaches_merchant!("i.merchant_id"),
        " AND l.import_id = $3 AND l.number > $4 AND l.verdict = $6
        ORDER BY l.number LIMIT $5"
    );
    let sql = verdict.map_or(ALL, |_| BY_VERDICT);
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query_as(sql)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(import.uuid())
            .bind(after)
            .bind(i64::from(limit));
        let query = match verdict {
            Some(verdict) => query.bind(verdict.as_str()),
            None => query,
        };
        query.fetch_all(connection).await
    })?)
}

/// One line, whatever became of it.
pub async fn find(
    tx: &mut Tx,
    import: StatementId,
    number: i64,
) -> Result<Option<LineRow>, StoreError> {
    const SQL: &str = select!("WHERE l.import_id = $1 AND l.number = $2");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(import.uuid())
            .bind(number)
            .fetch_optional(connection)
            .await
    })?)
}

/// The lines of a proposal, in the order of the file.
pub async fn of_proposal(
    tx: &mut Tx,
    proposal: StatementProposalId,
) -> Result<Vec<LineRow>, StoreError> {
    const SQL: &str = select!("WHERE l.proposal_id = $1 ORDER BY l.number");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(proposal.uuid())
            .fetch_all(connection)
            .await
    })?)
}

/// Lines of an import that are missing here and look like a transaction that is missing at the
/// bank and was recorded since a moment: one that came while the file was read. After a
/// number, at most `limit`.
pub async fn come_meanwhile(
    tx: &mut Tx,
    import: StatementId,
    since: DateTime<Utc>,
    after: i64,
    limit: i64,
) -> Result<Vec<LineRow>, StoreError> {
    // The cross join has SQLite begin with the few that came; PostgreSQL needs no hint.
    const SQL: &str = select!(
        "WHERE l.import_id = $1 AND l.number IN (
            SELECT h.number FROM statement_lines m
            CROSS JOIN bank_transactions n
            CROSS JOIN statement_lines h
            WHERE m.import_id = $1 AND m.verdict = 'missing_at_bank'
                AND n.id = m.transaction_id AND n.recorded_at >= $2
                AND h.import_id = $1 AND h.verdict = 'missing_here'
                AND h.local_day = m.local_day AND h.amount_vnd = m.amount_vnd
                AND h.direction = m.direction AND h.number > $3)
        ORDER BY l.number LIMIT $4"
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(import.uuid())
            .bind(since)
            .bind(after)
            .bind(limit)
            .fetch_all(connection)
            .await
    })?)
}

/// Says what became of a line that was missing here, or was told here with another amount, now
/// that a transaction is known. The text of a matched one is kept there, and no longer here.
pub async fn judge_again(
    tx: &mut Tx,
    import: StatementId,
    number: i64,
    (verdict, transaction): (LineVerdict, BankTransactionId),
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE statement_lines SET
            verdict = $3,
            transaction_id = $4,
            content = CASE WHEN $3 = 'matched' THEN NULL ELSE content END
        WHERE import_id = $1 AND number = $2
            AND verdict IN ('missing_here', 'amount_differs')";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(import.uuid())
            .bind(number)
            .bind(verdict.as_str())
            .bind(transaction.uuid())
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("statement_lines", affected)
}

/// Puts a line that is missing here on a proposal. `false` means that it is on one that waits
/// already, or that it is not missing any more.
pub async fn propose(
    tx: &mut Tx,
    import: StatementId,
    number: i64,
    proposal: StatementProposalId,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE statement_lines SET proposal_id = $3
        WHERE import_id = $1 AND number = $2 AND verdict = 'missing_here'
            AND NOT EXISTS (SELECT 1 FROM statement_proposals p
                WHERE p.id = statement_lines.proposal_id AND p.state = 'proposed')";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(import.uuid())
            .bind(number)
            .bind(proposal.uuid())
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Removes lines of an import that is not visible, at most `limit`; how many there were.
pub async fn remove(tx: &mut Tx, import: StatementId, limit: i64) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM statement_lines WHERE import_id = $1 AND number IN (
            SELECT l.number FROM statement_lines l
            JOIN statement_imports i ON i.id = l.import_id
            WHERE l.import_id = $1 AND i.state = 'reading' ORDER BY l.number LIMIT $2)";
    Ok(on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(import.uuid())
            .bind(limit)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?)
}

/// Forgets the transfer texts of at most `limit` lines whose import ended before a moment; how
/// many is returned. A line on a proposal that waits keeps its text until that is decided.
pub async fn forget_texts(
    tx: &mut Tx,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE statement_lines SET content = NULL
        WHERE (import_id, number) IN (
            SELECT l.import_id, l.number FROM statement_imports i
            JOIN statement_lines l ON l.import_id = i.id
            LEFT JOIN statement_proposals p ON p.id = l.proposal_id
            WHERE i.done_at < $1 AND l.verdict <> 'matched' AND l.content IS NOT NULL
                AND (p.state IS NULL OR p.state <> 'proposed')
            LIMIT $2)";
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(before).bind(limit);
        query
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?)
}
