//! Drawing what the lines of visible statements add into the transactions that they tell of.

use super::finishing::{Finished, finish};
use super::importing::{Progress, discard, stage};
use super::{Examined, ReconcileError};
use crate::domain::credit::Direction;
use crate::domain::ids::{AccountId, BankTransactionId, StatementId};
use crate::domain::linking::Teller;
use crate::flows::access::Act;
use crate::flows::change::close;
use crate::flows::intake::{ATTEMPTS, Ledger, lost_a_race};
use crate::flows::retelling::{Retold, retell};
use crate::flows::returned_money::{self, Heard};
use crate::flows::standing::{Books, Pending};
use crate::store::reach::Reach;
use crate::store::transactions::{self, tellings};
use crate::store::{Store, StoreError, inconsistent};

/// Tellings that are drawn in together: notices wait for no more.
const STEP: i64 = 100;

/// Draws in what one import adds, or all visible ones, step by step; how many lines it was.
/// Safe at any time: what is drawn in is marked so in the same transaction.
pub async fn draw_in(
    store: &Store,
    act: &Act<'_>,
    import: Option<StatementId>,
) -> Result<usize, StoreError> {
    let import = import.map(|import| Teller::from_uuid(import.uuid()));
    let (mut all, mut attempt) = (0, 1);
    loop {
        match step(store, act, import).await {
            Ok(0) => return Ok(all),
            Ok(lines) => (all, attempt) = (all + lines, 1),
            Err(error) if attempt < ATTEMPTS && lost_a_race(&error) => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Draws in what an import adds that has just become visible. What fails is tried again by the
/// next round of housekeeping: the import stands.
pub async fn draw_in_now(store: &Store, act: &Act<'_>, import: StatementId) {
    if let Err(error) = draw_in(store, act, Some(import)).await {
        tracing::warn!(
            fault = error.chain(),
            "what a statement adds could not be drawn in; the next round tries again"
        );
    }
}

/// Imports a file from its first line to its last: visible as a whole, or nothing is left.
pub async fn import(
    ledger: &Ledger,
    act: &Act<'_>,
    examined: Examined,
    progress: Progress<'_>,
) -> Result<(Examined, Finished), ReconcileError> {
    let mut staged = stage(ledger, act, examined, progress).await?;
    let mut tx = ledger.store.begin_write().await?;
    match finish(&mut tx, act, &mut staged).await {
        Ok(finished) => {
            tx.commit().await?;
            draw_in_now(&ledger.store, act, staged.id).await;
            Ok((staged.examined, finished))
        }
        Err(error) => {
            tx.rollback().await?;
            discard(&ledger.store, staged.id).await?;
            Err(error)
        }
    }
}

async fn step(store: &Store, act: &Act<'_>, import: Option<Teller>) -> Result<usize, StoreError> {
    let mut tx = store.begin_write().await?;
    let page = tellings::to_follow(&mut tx, import, STEP).await?;
    if page.is_empty() {
        tx.rollback().await?;
        return Ok(0);
    }
    let mut pending = Pending::default();
    for (teller, key, transaction) in &page {
        if !tellings::followed(&mut tx, *teller, key).await? {
            continue;
        }
        let mut books = Books {
            tx: &mut tx,
            pending: &mut pending,
            entropy: act.entropy,
            actor: act.actor,
        };
        follow(&mut books, act, *transaction).await?;
    }
    close(&mut tx, act, pending, "statement").await?;
    tx.commit().await?;
    Ok(page.len())
}

async fn follow(
    books: &mut Books<'_>,
    act: &Act<'_>,
    transaction: BankTransactionId,
) -> Result<(), StoreError> {
    let found = transactions::find(books.tx, Reach::Everything, transaction).await?;
    let missing = || inconsistent("transaction_evidence", "transaction_id", transaction);
    let row = found.ok_or_else(missing)?;
    let account = AccountId::from_uuid(row.account_id);
    let retold = Retold {
        account,
        transaction,
        words: None,
        now: act.now,
    };
    retell(books, retold).await?;
    let heard = Heard {
        account,
        transaction,
        is_movement: row.direction == Direction::Debit.as_str(),
        now: act.now,
    };
    returned_money::follow(books, heard).await
}
