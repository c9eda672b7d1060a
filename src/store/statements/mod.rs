//! Bank statements that were held against our books.
//!
//! An import is `reading` while its lines are written down in steps and `done` from the one
//! short transaction that makes it visible; nothing here shows one that is not done.

pub mod closed_days;
pub mod evidence;
pub mod late;
pub mod lines;
pub mod missing;
pub mod near;
pub mod proposals;
pub(in crate::store) mod rules;
mod unfinished;

pub use self::unfinished::{ImportSums, NewImport, abandoned, begin, finish, remove};

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::reach::{Reach, reaches_merchant};
use super::{StoreError, Tx, inconsistent, on_engine};
use crate::domain::credit::Direction;
use crate::domain::ids::{AccountId, StatementId};
use crate::domain::reconciliation::VerdictCounts;

/// A stored import.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ImportRow {
    /// Its id.
    pub id: Uuid,
    /// The account that it tells of.
    pub account_id: Uuid,
    /// Whose account it is.
    pub merchant_id: Uuid,
    /// SHA-256 of the file.
    pub file_hash: Vec<u8>,
    /// How it is written.
    pub form: String,
    /// The first day that it tells of.
    pub first_day: NaiveDate,
    /// The last one.
    pub last_day: NaiveDate,
    /// What stood on the account before the first line, đồng.
    pub opening_vnd: Option<i64>,
    /// What stood there after the last, đồng.
    pub closing_vnd: Option<i64>,
    /// `controlled` or `none`.
    pub balance: String,
    /// Booked lines that were taken.
    pub lines: i64,
    /// Money in, đồng.
    pub credited_vnd: i64,
    /// Money out, đồng.
    pub debited_vnd: i64,
    /// Lines that could not be read.
    pub bad_lines: i64,
    /// Lines of money that has not moved yet.
    pub unbooked_lines: i64,
    /// Lines that are the same money here.
    pub matched: i64,
    /// Lines that we do not know.
    pub missing_here: i64,
    /// Lines that we know with another amount.
    pub amount_differs: i64,
    /// Transactions that the statement does not tell of.
    pub missing_at_bank: i64,
    /// Who brought it.
    pub imported_by: String,
    /// When it became visible.
    pub done_at: DateTime<Utc>,
    /// How many days it closed.
    pub closed_days: i64,
    /// Its version.
    pub version: i64,
}

impl ImportRow {
    /// Its lines by verdict.
    pub const fn counts(&self) -> VerdictCounts {
        VerdictCounts {
            matched: self.matched,
            missing_here: self.missing_here,
            amount_differs: self.amount_differs,
            missing_at_bank: self.missing_at_bank,
        }
    }
}

/// Columns of visible imports within reach: $1 is the merchant, $2 the person whose zones
/// count.
macro_rules! select_within_reach {
    ($rest:literal) => {
        concat!(
            "SELECT i.id,
                i.account_id,
                i.merchant_id,
                i.file_hash,
                i.form,
                i.first_day,
                i.last_day,
                i.opening_vnd,
                i.closing_vnd,
                i.balance,
                i.lines,
                i.credited_vnd,
                i.debited_vnd,
                i.bad_lines,
                i.unbooked_lines,
                i.matched,
                i.missing_here,
                i.amount_differs,
                i.missing_at_bank,
                i.imported_by,
                i.done_at,
                (SELECT COUNT(*) FROM statement_closed_days d WHERE d.import_id = i.id) AS closed_days,
                i.version
            FROM statement_imports i WHERE i.state = 'done' AND ",
            reaches_merchant!("i.merchant_id"),
            " ",
            $rest
        )
    };
}

/// One import within reach.
pub async fn find(
    tx: &mut Tx,
    reach: Reach,
    id: StatementId,
) -> Result<Option<ImportRow>, StoreError> {
    const SQL: &str = select_within_reach!("AND i.id = $3");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?)
}

/// What the same file of an account within reach came to before.
pub async fn find_by_file(
    tx: &mut Tx,
    reach: Reach,
    account: AccountId,
    file_hash: &[u8],
) -> Result<Option<ImportRow>, StoreError> {
    const SQL: &str = select_within_reach!("AND i.account_id = $3 AND i.file_hash = $4");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(account.uuid())
            .bind(file_hash)
            .fetch_optional(connection)
            .await
    })?)
}

/// Imports within reach before one, newest first; of one account only, when one is given.
pub async fn list(
    tx: &mut Tx,
    reach: Reach,
    account: Option<AccountId>,
    before: Option<StatementId>,
    limit: u32,
) -> Result<Vec<ImportRow>, StoreError> {
    const SQL: &str = select_within_reach!(
        "AND ($3 IS NULL OR i.id < $3) AND ($4 IS NULL OR i.account_id = $4)
        ORDER BY i.id DESC LIMIT $5"
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(before.map(StatementId::uuid))
            .bind(account.map(AccountId::uuid))
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?)
}

/// Reads a stored direction.
fn direction(
    text: &str,
    table: &'static str,
    row: impl std::fmt::Display,
) -> Result<Direction, StoreError> {
    match text {
        "credit" => Ok(Direction::Credit),
        "debit" => Ok(Direction::Debit),
        _ => Err(inconsistent(table, "direction", row)),
    }
}
