//! The one writer: takes what waits, writes it in one transaction, answers after the commit.

use tokio::sync::mpsc;

use super::record::Batch;
use super::{BATCH_MAX_NOTICES, Ledger, NotStored, Receipt, Waiting};
use crate::store::StoreError;

/// How often a transaction that lost a race is tried again.
pub(in crate::flows) const ATTEMPTS: usize = 5;

/// Serves the queue until its last sender is gone.
pub(super) async fn run(ledger: Ledger, mut queue: mpsc::Receiver<Waiting>) {
    let mut batch = Vec::with_capacity(BATCH_MAX_NOTICES);
    while queue.recv_many(&mut batch, BATCH_MAX_NOTICES).await > 0 {
        serve(&ledger, &mut batch).await;
    }
}

/// Writes a batch together; when that fails, one by one. While the database takes nothing,
/// all of them fail at once: each alone would wait as long as the whole batch did.
async fn serve(ledger: &Ledger, batch: &mut Vec<Waiting>) {
    match write(ledger, batch).await {
        Ok(receipts) => {
            for (waiting, receipt) in batch.drain(..).zip(receipts) {
                answer(waiting, Ok(receipt));
            }
        }
        Err(error) if batch.len() == 1 || error.is_unavailable() => {
            for waiting in batch.drain(..) {
                let source = &waiting.notice.source_name;
                tracing::error!(
                    source,
                    fault = error.chain(),
                    "a notice could not be stored"
                );
                answer(waiting, Err(NotStored::Failed));
            }
        }
        Err(_) => {
            for waiting in std::mem::take(batch) {
                Box::pin(serve(ledger, &mut vec![waiting])).await;
            }
        }
    }
}

/// A caller that went away loses only its answer: the notice is stored all the same.
fn answer(waiting: Waiting, result: Result<Receipt, NotStored>) {
    drop(waiting.reply.send(result));
}

async fn write(ledger: &Ledger, waiting: &[Waiting]) -> Result<Vec<Receipt>, StoreError> {
    let mut attempt = 1;
    loop {
        match write_once(ledger, waiting).await {
            Err(error) if attempt < ATTEMPTS && lost_a_race(&error) => attempt += 1,
            result => return result,
        }
    }
}

/// Another instance's writer was first, or both waited for each other.
pub(in crate::flows) fn lost_a_race(error: &StoreError) -> bool {
    error.is_retryable()
        || error.is_unique_violation()
        || matches!(error, StoreError::Conflict { .. })
}

async fn write_once(ledger: &Ledger, waiting: &[Waiting]) -> Result<Vec<Receipt>, StoreError> {
    let mut batch = Batch::begin(ledger).await?;
    let mut receipts = Vec::with_capacity(waiting.len());
    for one in waiting {
        receipts.push(batch.record(&one.notice, one.since.elapsed()).await?);
    }
    batch.commit().await?;
    Ok(receipts)
}
