//! The end of an import: one short transaction makes all of it visible.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::json;

use super::comparison::Stated;
use super::importing::{Difference, Staged};
use super::late::DIFFERENCES;
use super::{DIFFERENCES_MAX, ReconcileError};
use crate::domain::day::local_day;
use crate::domain::ids::{AccountId, BankTransactionId, MerchantId, StatementId};
use crate::domain::reconciliation::{BalanceControl, LineVerdict, VerdictCounts};
use crate::flows::access::Act;
use crate::flows::alarm::{self, Warning};
use crate::flows::change::{self, Deed};
use crate::store::reach::Reach;
use crate::store::statements::lines::{self, LineRow};
use crate::store::statements::{self, ImportRow, closed_days, evidence, missing};
use crate::store::{StoreError, Tx, inconsistent, locks};

/// How long before its commit a notice may have been received, and how far the clocks of two
/// instances may be apart.
const LATE_MAX: TimeDelta = TimeDelta::minutes(5);
/// Lines that are looked at together.
const PAGE: i64 = 500;

/// A visible import.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The import.
    pub import: ImportRow,
    /// The differences, the first [`DIFFERENCES_MAX`].
    pub differences: Vec<Difference>,
}

/// Makes an import visible, in a transaction that the caller commits. What came while the
/// lines were written down is looked for here.
///
/// # Errors
///
/// [`ReconcileError::ImportedMeanwhile`] when somebody else was first with the same file; the
/// caller discards this one.
pub async fn finish(
    tx: &mut Tx,
    act: &Act<'_>,
    staged: &mut Staged,
) -> Result<Finished, ReconcileError> {
    let (id, account) = (staged.id, staged.examined.account.clone());
    let period = staged.examined.period;
    let mut sums = staged.trial.sums;
    // What is told meanwhile is seen here or waits, and is then held against the import.
    locks::account(tx, account.id).await?;
    locks::unfinished_statement(tx, id).await?;
    sums.counts.missing_at_bank = missing::insert(tx, id, account.id, period, sums.lines).await?;
    if sums.counts.missing_at_bank > 0 && sums.counts.missing_here > 0 {
        look_again(tx, act.now, staged, &mut sums.counts).await?;
    }
    match statements::finish(tx, id, sums, act.now).await {
        Ok(true) => {}
        Err(error) if !error.is_unique_violation() => return Err(error.into()),
        Ok(false) | Err(_) => return Err(ReconcileError::ImportedMeanwhile),
    }
    let own = Reach::Merchant(account.merchant);
    let import = find(tx, own, id).await?;
    let closed = close_days(tx, &import, act.now).await?;
    let mut alert = None;
    if !sums.counts.agree() {
        alert = Some(raise(tx, act, (id, account.merchant), sums.counts).await?);
    }
    let detail = json!({
        "account_id": account.id.to_string(),
        "form": import.form,
        "first_day": import.first_day,
        "last_day": import.last_day,
        "lines": sums.lines,
        "bad_lines": import.bad_lines,
        "matched": sums.counts.matched,
        "missing_here": sums.counts.missing_here,
        "amount_differs": sums.counts.amount_differs,
        "missing_at_bank": sums.counts.missing_at_bank,
        "closed_days": closed,
    });
    let imported = deed("statement.import", id, account.merchant, detail);
    for deed in [Some(imported), alert].into_iter().flatten() {
        change::record(tx, act, deed).await?;
    }
    let import = find(tx, own, id).await?;
    report(tx, import).await
}

/// A visible import with its differences.
pub async fn report(tx: &mut Tx, import: ImportRow) -> Result<Finished, ReconcileError> {
    let id = StatementId::from_uuid(import.id);
    let own = Reach::Merchant(MerchantId::from_uuid(import.merchant_id));
    let mut differences = Vec::new();
    for verdict in [
        LineVerdict::MissingHere,
        LineVerdict::AmountDiffers,
        LineVerdict::MissingAtBank,
    ] {
        let room = DIFFERENCES_MAX.saturating_sub(differences.len());
        let room = u32::try_from(room).unwrap_or(u32::MAX);
        for row in lines::list(tx, own, id, Some(verdict), 0, room).await? {
            differences.push(Difference::stored(row)?);
        }
    }
    Ok(Finished {
        import,
        differences,
    })
}

async fn find(tx: &mut Tx, reach: Reach, id: StatementId) -> Result<ImportRow, StoreError> {
    let found = statements::find(tx, reach, id).await?;
    found.ok_or(StoreError::Conflict {
        table: "statement_imports",
    })
}

/// One change of a statement, for the audit and the readers of events.
pub(super) fn deed(
    kind: &'static str,
    id: impl std::fmt::Display,
    merchant: MerchantId,
    detail: serde_json::Value,
) -> Deed {
    Deed {
        kind,
        subject: id.to_string(),
        merchant: Some(merchant),
        outlet: None,
        detail,
    }
}

/// Places lines again that look like a transaction which came meanwhile.
async fn look_again(
    tx: &mut Tx,
    now: DateTime<Utc>,
    staged: &mut Staged,
    counts: &mut VerdictCounts,
) -> Result<(), StoreError> {
    let (id, account) = (staged.id, staged.examined.account.id);
    let (since, mut after) = (staged.begun_at - LATE_MAX, 0);
    loop {
        let page = lines::come_meanwhile(tx, id, since, after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.number;
        for row in page {
            let number = row.number;
            let compared = staged.comparison.compare_again(tx, Stated::stored(row)?);
            let (compared, _) = compared.await?;
            let Some(transaction) = compared.matched() else {
                continue;
            };
            missing::remove(tx, id, transaction).await?;
            let told = (LineVerdict::Matched, transaction);
            lines::judge_again(tx, id, number, told).await?;
            if let Some(telling) = compared.telling() {
                evidence::insert(tx, id, account, &[telling], now).await?;
            }
            counts.matched += 1;
            counts.missing_here -= 1;
            counts.missing_at_bank -= 1;
        }
    }
}

/// Closes the days of a statement that tells everything and agrees with us in all of it; days
/// that are not over stay open. How many were open.
pub(crate) async fn close_days(
    tx: &mut Tx,
    import: &ImportRow,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let whole = import.balance == BalanceControl::Controlled.as_str() && import.bad_lines == 0;
    if !whole || !import.counts().agree() {
        return Ok(0);
    }
    let (id, account) = (
        StatementId::from_uuid(import.id),
        AccountId::from_uuid(import.account_id),
    );
    let over = |day: &NaiveDate| *day <= import.last_day && *day < local_day(now);
    let mut closed = 0;
    for day in import.first_day.iter_days().take_while(over) {
        closed += usize::from(closed_days::close(tx, account, day, id, now).await?);
    }
    Ok(closed)
}

/// A person must look at what only one side knows.
async fn raise(
    tx: &mut Tx,
    act: &Act<'_>,
    (id, merchant): (StatementId, MerchantId),
    counts: VerdictCounts,
) -> Result<Deed, StoreError> {
    let warning = Warning {
        kind: DIFFERENCES,
        subject: &id.to_string(),
        merchant: Some(merchant),
        detail: json!({
            "missing_here": counts.missing_here,
            "amount_differs": counts.amount_differs,
            "missing_at_bank": counts.missing_at_bank,
        }),
    };
    alarm::raise(tx, act, warning).await
}

impl Difference {
    fn stored(row: LineRow) -> Result<Self, StoreError> {
        let verdict = LineVerdict::parse(&row.verdict)
            .map_err(|_| inconsistent("statement_lines", "verdict", row.number))?;
        let transaction = row.transaction_id;
        Ok(Self {
            verdict,
            number: (verdict != LineVerdict::MissingAtBank).then_some(row.number),
            file_line: row.file_line,
            direction: row.direction()?,
            amount_vnd: row.amount_vnd,
            known_amount_vnd: row.known_amount_vnd,
            local_day: row.local_day,
            bank_reference: row.bank_reference,
            transaction: transaction.map(BankTransactionId::from_uuid),
        })
    }
}
