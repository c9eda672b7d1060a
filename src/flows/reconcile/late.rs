//! A transaction that is told after a statement of its day became visible.
//!
//! A line that was missing here finds it, and its statement may agree with us now and close its
//! days. Where no line tells of it the statement and we differ: the days that it closed open
//! again, and a person is told. So it ends as if the statement had come last.

use chrono::{DateTime, Utc};

use super::comparison::{Compared, Comparison, Stated};
use super::finishing::close_days;
use crate::domain::day::local_day;
use crate::domain::ids::{AccountId, BankTransactionId, MerchantId, StatementId};
use crate::domain::money::Vnd;
use crate::domain::reconciliation::{LineVerdict, VerdictCounts};
use crate::flows::alarm::Alarm;
use crate::flows::linking::Linker;
use crate::flows::retelling::{Retold, retell};
use crate::flows::standing::Books;
use crate::store::reach::Reach;
use crate::store::statements::late::{self, Movement};
use crate::store::statements::lines::LineRow;
use crate::store::statements::{self, ImportRow, closed_days, evidence, lines, missing};
use crate::store::{StoreError, inconsistent, locks, transactions};

/// Lines that are looked at for one transaction.
const MOST_LINES: i64 = 200;

/// What a person is told, by the statement.
pub(super) const DIFFERENCES: &str = "statement.differences";

/// A transaction that was stored just now.
#[derive(Clone, Copy, Debug)]
pub(in crate::flows) struct Late<'a> {
    pub(in crate::flows) transaction: BankTransactionId,
    pub(in crate::flows) account: AccountId,
    pub(in crate::flows) merchant: MerchantId,
    pub(in crate::flows) movement: Movement<'a>,
    /// Whether it may be another one told twice.
    pub(in crate::flows) is_suspected: bool,
    /// The statement that told of it, if one did.
    pub(in crate::flows) told_by: Option<StatementId>,
    /// The present.
    pub(in crate::flows) now: DateTime<Utc>,
}

/// Holds a transaction against the visible statements that tell of its day.
pub(in crate::flows) async fn hold_against_statements(
    books: &mut Books<'_>,
    linker: &Linker,
    late: Late<'_>,
) -> Result<(), StoreError> {
    // An import that is ending becomes visible before this goes on, or sees the transaction.
    locks::account(books.tx, late.account).await?;
    let mut held = Vec::new();
    for import in late::of_day(books.tx, late.account, late.movement.day).await? {
        if late.told_by != Some(import) && hold(books, linker, late, import).await? {
            let found = statements::find(books.tx, Reach::Everything, import).await?;
            held.push(found.ok_or_else(|| inconsistent("statement_imports", "id", import))?);
        }
    }
    // One that differs gives its days up before another one that agrees closes them.
    for import in held.iter().filter(|import| !import.counts().agree()) {
        reopen(books, late, import).await?;
    }
    for import in held.iter().filter(|import| import.counts().agree()) {
        close_days(books.tx, import, late.now).await?;
        settle(books, StatementId::from_uuid(import.id), late.now).await?;
    }
    Ok(())
}

/// Holds a transaction against one statement; whether its verdicts changed. A line that finds
/// its true amount gives the other one up, which is then held against the lines that are left.
async fn hold(
    books: &mut Books<'_>,
    linker: &Linker,
    late: Late<'_>,
    import: StatementId,
) -> Result<bool, StoreError> {
    locks::statement(books.tx, import).await?;
    let mut by = VerdictCounts::default();
    let mut freed = hold_one(books, linker, late, import, &mut by).await?;
    while let Some(id) = freed {
        let found = transactions::find(books.tx, Reach::Everything, id).await?;
        let row = found.ok_or_else(|| inconsistent("statement_lines", "transaction_id", id))?;
        let bad = |_| inconsistent("bank_transactions", "amount_vnd", id);
        let other = Late {
            transaction: id,
            movement: Movement {
                amount: Vnd::new(row.amount_vnd).map_err(bad)?,
                day: local_day(row.occurred_at),
                bank_reference: row.bank_reference.as_deref(),
                ..late.movement
            },
            is_suspected: row.duplicate_of_id.is_some(),
            ..late
        };
        freed = hold_one(books, linker, other, import, &mut by).await?;
    }
    late::shift(books.tx, import, by).await?;
    Ok(by != VerdictCounts::default())
}

/// Gives the transaction that a line was held against before, if there was one.
async fn hold_one(
    books: &mut Books<'_>,
    linker: &Linker,
    late: Late<'_>,
    import: StatementId,
    by: &mut VerdictCounts,
) -> Result<Option<BankTransactionId>, StoreError> {
    let Some((row, compared)) = line_of(books, linker, late, import).await? else {
        // What may be another one told twice counts for nothing yet.
        if !late.is_suspected {
            missing::insert_one(books.tx, import, late.transaction).await?;
            by.missing_at_bank += 1;
        }
        return Ok(None);
    };
    by.add(compared.verdict);
    let freed = row.transaction_id.map(BankTransactionId::from_uuid);
    match freed {
        Some(_) => by.amount_differs -= 1,
        None => by.missing_here -= 1,
    }
    take(books, late, import, &compared).await?;
    Ok(freed)
}

/// The line that tells of the transaction, as the rule of linking places it.
async fn line_of(
    books: &mut Books<'_>,
    linker: &Linker,
    late: Late<'_>,
    import: StatementId,
) -> Result<Option<(LineRow, Compared)>, StoreError> {
    let rows = late::lines_like(books.tx, import, late.movement, MOST_LINES).await?;
    let mut differs = None;
    for row in rows {
        // Each line is placed as if it were the only one: what another one takes is another
        // transaction's.
        let mut comparison = Comparison::new(linker.clone(), import, late.account);
        let line = Stated::stored(row.clone())?;
        let (compared, _) = comparison.compare_again(books.tx, line).await?;
        if compared.transaction != Some(late.transaction) {
            continue;
        }
        if compared.verdict == LineVerdict::Matched {
            return Ok(Some((row, compared)));
        }
        differs = differs.or(Some((row, compared)));
    }
    Ok(differs)
}

/// Writes down what a line came to.
async fn take(
    books: &mut Books<'_>,
    late: Late<'_>,
    import: StatementId,
    compared: &Compared,
) -> Result<(), StoreError> {
    let (number, verdict) = (compared.line.number, compared.verdict);
    let told = (verdict, late.transaction);
    lines::judge_again(books.tx, import, number, told).await?;
    let Some(mut telling) = compared
        .telling()
        .filter(|_| verdict == LineVerdict::Matched)
    else {
        return Ok(());
    };
    let changes = std::mem::take(&mut telling.is_to_follow);
    evidence::insert(books.tx, import, late.account, &[telling], late.now).await?;
    if changes {
        let retold = Retold {
            account: late.account,
            transaction: late.transaction,
            words: None,
            now: late.now,
        };
        retell(books, retold).await?;
    }
    Ok(())
}

/// Opens the days again that a statement closed which differs now, but for those that another
/// one vouches for, and tells a person.
async fn reopen(
    books: &mut Books<'_>,
    late: Late<'_>,
    import: &ImportRow,
) -> Result<(), StoreError> {
    let id = StatementId::from_uuid(import.id);
    if closed_days::reopen(books.tx, id).await? > 0 {
        let period = (import.first_day, import.last_day);
        for other in late::of_period(books.tx, late.account, period).await? {
            let found = statements::find(books.tx, Reach::Everything, other).await?;
            if let Some(other) = found {
                close_days(books.tx, &other, late.now).await?;
            }
        }
    }
    let about = Alarm {
        kind: DIFFERENCES,
        subject: id.to_string(),
        merchant: Some(late.merchant),
        reason: "told_late",
    };
    books.raise_alert(about, late.now).await
}

/// Settles the alert about a statement that agrees with us now.
pub(in crate::flows) async fn settle(
    books: &mut Books<'_>,
    import: StatementId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let words = "Sao kê nay khớp với sổ.";
    let about = (DIFFERENCES, &*import.to_string());
    books.settle_alert(about, words, now).await
}
