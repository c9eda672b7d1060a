//! Questions whether two tellings are the same money.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::reach::{Reach, reaches_merchant};
use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::doubt::{DoubtDecision, DoubtKind, DoubtState};
use crate::domain::ids::{AccountId, BankTransactionId, CallbackId, DoubtId, MerchantId, SourceId};

/// A doubt to store.
#[derive(Clone, Debug)]
pub struct NewDoubt {
    /// Its id.
    pub id: DoubtId,
    /// What is in doubt.
    pub kind: DoubtKind,
    /// Whose account it is.
    pub merchant: MerchantId,
    /// The account, where the second telling names one of its source's.
    pub account: Option<AccountId>,
    /// Of a double the later transaction, of a conflict the one that was told first.
    pub transaction: BankTransactionId,
    /// Of a conflict: what was told the second time.
    pub told: Option<ToldAgain>,
    /// The present.
    pub now: DateTime<Utc>,
}

/// A number of a source, told again with other facts.
#[derive(Clone, Debug)]
pub struct ToldAgain {
    /// Who told it.
    pub source: SourceId,
    /// Under which key.
    pub key: String,
    /// SHA-256 over the facts.
    pub fact_hash: Vec<u8>,
    /// The provider's own number.
    pub provider_txn_id: String,
    /// The delivery that told it.
    pub callback: Option<CallbackId>,
    /// `credit` or `debit`.
    pub direction: &'static str,
    /// How much, đồng.
    pub amount_vnd: i64,
    /// The virtual account that it was sent to.
    pub virtual_account: Option<String>,
    /// The transfer text.
    pub content: String,
    /// The bank's own reference.
    pub bank_reference: Option<String>,
    /// The vendor's order field.
    pub order_reference: Option<String>,
    /// What it takes back.
    pub reverses: Option<String>,
    /// The bank's time.
    pub occurred_at: DateTime<Utc>,
}

/// A stored doubt.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct DoubtRow {
    /// Its id.
    pub id: Uuid,
    /// `double` or `conflict`.
    pub kind: String,
    /// Whose account it is.
    pub merchant_id: Uuid,
    /// The account.
    pub account_id: Option<Uuid>,
    /// Of a double the later transaction, of a conflict the one that was told first.
    pub transaction_id: Uuid,
    /// `open`, `proposed` or `settled`.
    pub state: String,
    /// `same_money` or `other_money`.
    pub decision: Option<String>,
    /// Who decided, the first of two where two must.
    pub requested_by: Option<String>,
    /// Who decided in the end.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Of a conflict that is other money: what it became.
    pub new_transaction_id: Option<Uuid>,
    /// Since when it waits.
    pub opened_at: DateTime<Utc>,
    /// Raised by every change.
    pub version: i64,
    /// Who told the second time.
    pub source_id: Option<Uuid>,
    /// Under which key.
    pub transaction_key: Option<String>,
    /// SHA-256 over the facts.
    pub fact_hash: Option<Vec<u8>>,
    /// The provider's own number.
    pub provider_txn_id: Option<String>,
    /// The delivery that told it.
    pub callback_id: Option<Uuid>,
    /// `credit` or `debit`.
    pub direction: Option<String>,
    /// How much, đồng.
    pub amount_vnd: Option<i64>,
    /// The virtual account.
    pub virtual_account: Option<String>,
    /// The transfer text.
    pub content: Option<String>,
    /// The bank's own reference.
    pub bank_reference: Option<String>,
    /// The vendor's order field.
    pub order_reference: Option<String>,
    /// What it takes back.
    pub reverses: Option<String>,
    /// The bank's time.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// Where a doubt is to stand.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Its state.
    pub state: DoubtState,
    /// What was decided, or proposed.
    pub decision: Option<DoubtDecision>,
    /// Who said so first.
    pub requested_by: Option<&'a str>,
    /// Who decided.
    pub decided_by: Option<&'a str>,
    /// What a conflict became.
    pub new_transaction: Option<BankTransactionId>,
    /// The present.
    pub now: DateTime<Utc>,
}

/// Opens a doubt.
pub async fn insert(tx: &mut Tx, doubt: &NewDoubt) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO doubts
            (id,
             kind,
             merchant_id,
             account_id,
             transaction_id,
             state,
             opened_at,
             version,
             source_id,
             transaction_key,
             fact_hash,
             provider_txn_id,
             callback_id,
             direction,
             amount_vnd,
             virtual_account,
             content,
             bank_reference,
             order_reference,
             reverses,
             occurred_at)
        VALUES ($1, $2, $3, $4, $5, 'open', $6, 1, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19)";
    let told = doubt.told.as_ref();
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(doubt.id.uuid())
            .bind(doubt.kind.as_str())
            .bind(doubt.merchant.uuid())
            .bind(doubt.account.map(AccountId::uuid))
            .bind(doubt.transaction.uuid())
            .bind(doubt.now)
            .bind(told.map(|told| told.source.uuid()))
            .bind(told.map(|told| &told.key))
            .bind(told.map(|told| &told.fact_hash))
            .bind(told.map(|told| &told.provider_txn_id))
            .bind(told.and_then(|told| told.callback).map(CallbackId::uuid))
            .bind(told.map(|told| told.direction))
            .bind(told.map(|told| told.amount_vnd))
            .bind(told.and_then(|told| told.virtual_account.as_ref()))
            .bind(told.map(|told| &told.content))
            .bind(told.and_then(|told| told.bank_reference.as_ref()))
            .bind(told.and_then(|told| told.order_reference.as_ref()))
            .bind(told.and_then(|told| told.reverses.as_ref()))
            .bind(told.map(|told| told.occurred_at))
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("doubts", affected)
}

/// The columns of doubts.
macro_rules! select_doubts {
    ($rest:expr) => {
        concat!(
            "SELECT d.id,
                d.kind,
                d.merchant_id,
                d.account_id,
                d.transaction_id,
                d.state,
                d.decision,
                d.requested_by,
                d.decided_by,
                d.decided_at,
                d.new_transaction_id,
                d.opened_at,
                d.version,
                d.source_id,
                d.transaction_key,
                d.fact_hash,
                d.provider_txn_id,
                d.callback_id,
                d.direction,
                d.amount_vnd,
                d.virtual_account,
                d.content,
                d.bank_reference,
                d.order_reference,
                d.reverses,
                d.occurred_at
            FROM doubts d ",
            $rest
        )
    };
}

/// A doubt within reach.
pub async fn find(tx: &mut Tx, reach: Reach, id: DoubtId) -> Result<Option<DoubtRow>, StoreError> {
    const SQL: &str = select_doubts!(concat!(
        "WHERE ",
        reaches_merchant!("d.merchant_id"),
        " AND d.id = $3"
    ));
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?)
}

/// Doubts within reach in a state, or all that are not settled, the oldest first, after a
/// place in the list.
pub async fn list(
    tx: &mut Tx,
    reach: Reach,
    state: Option<DoubtState>,
    after: Option<(DateTime<Utc>, DoubtId)>,
    limit: u32,
) -> Result<Vec<DoubtRow>, StoreError> {
    const SQL: &str = select_doubts!(concat!(
        "WHERE ",
        reaches_merchant!("d.merchant_id"),
        " AND ($3 IS NULL OR d.opened_at > $3 OR (d.opened_at = $3 AND d.id > $4))
            AND (d.state = $5 OR ($5 IS NULL AND d.state <> 'settled'))
        ORDER BY d.opened_at, d.id LIMIT $6"
    ));
    let (time, id) = after.unzip();
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(time)
            .bind(id.map(DoubtId::uuid))
            .bind(state.map(DoubtState::as_str))
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?)
}

/// The doubt that these facts under this key of a source opened before.
pub async fn of_facts(
    tx: &mut Tx,
    source: SourceId,
    key: &str,
    fact_hash: &[u8],
) -> Result<Option<DoubtRow>, StoreError> {
    const SQL: &str = select_doubts!(
        "WHERE d.source_id = $1 AND d.transaction_key = $2 AND d.fact_hash = $3
            AND d.kind = 'conflict'"
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(source.uuid())
            .bind(key)
            .bind(fact_hash)
            .fetch_optional(connection)
            .await
    })?)
}

/// How many doubts of a kind about a transaction are not settled.
pub async fn unsettled(
    tx: &mut Tx,
    kind: DoubtKind,
    transaction: BankTransactionId,
) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM doubts
        WHERE kind = $1 AND transaction_id = $2 AND state <> 'settled'";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(kind.as_str())
            .bind(transaction.uuid())
            .fetch_one(connection)
            .await
    })?)
}

/// Writes the answer to a version of a doubt. `false` means that someone else was first.
pub async fn answer(
    tx: &mut Tx,
    (id, version): (DoubtId, i64),
    answer: Answer<'_>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE doubts SET
            state = $3,
            decision = $4,
            requested_by = $5,
            decided_by = $6,
            decided_at = $7,
            new_transaction_id = $8,
            version = version + 1
        WHERE id = $1 AND version = $2 AND state <> 'settled'";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(answer.state.as_str())
            .bind(answer.decision.map(DoubtDecision::as_str))
            .bind(answer.requested_by)
            .bind(answer.decided_by)
            .bind(answer.decided_by.map(|_| answer.now))
            .bind(answer.new_transaction.map(BankTransactionId::uuid))
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Writes what a person decided about a transaction that may be another one told twice.
/// `false` means that someone decided before.
pub async fn decide_double(
    tx: &mut Tx,
    transaction: BankTransactionId,
    decision: DoubtDecision,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE bank_transactions SET double_decision = $2
        WHERE id = $1 AND duplicate_of_id IS NOT NULL AND double_decision IS NULL";
    let affected = on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(transaction.uuid());
        let done = query.bind(decision.as_str()).execute(connection).await;
        done.map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}
