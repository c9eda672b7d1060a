//! Suspense: credits that name no single code and wait for their trader.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::reach::{Reach, reaches_merchant};
use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::ids::{AccountId, BankTransactionId, MerchantId, SuspenseId};

/// A credit that names no single code, to be looked at by its merchant.
#[derive(Clone, Debug)]
pub struct NewSuspenseItem {
    /// Its id.
    pub id: SuspenseId,
    /// The credit.
    pub transaction: BankTransactionId,
    /// Whose account it came to.
    pub merchant: MerchantId,
    /// The account.
    pub account: AccountId,
    /// Why no code was taken, as JSON.
    pub explanation: String,
    /// The present.
    pub opened_at: DateTime<Utc>,
}

/// Puts a credit in suspense.
pub async fn insert(tx: &mut Tx, item: &NewSuspenseItem) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO suspense_items
            (id,
             transaction_id,
             merchant_id,
             account_id,
             state,
             explanation,
             opened_at,
             version)
        VALUES ($1, $2, $3, $4, 'open', $5, $6, 1)";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(item.id.uuid())
            .bind(item.transaction.uuid())
            .bind(item.merchant.uuid())
            .bind(item.account.uuid())
            .bind(&item.explanation)
            .bind(item.opened_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("suspense_items", affected)
}

/// A stored suspense item with the facts of its credit.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SuspenseRow {
    /// Its id.
    pub id: Uuid,
    /// The credit.
    pub transaction_id: Uuid,
    /// Whose account it came to.
    pub merchant_id: Uuid,
    /// The account.
    pub account_id: Uuid,
    /// `open` or `settled`.
    pub state: String,
    /// Why no code was taken, as JSON.
    pub explanation: String,
    /// Since when it waits.
    pub opened_at: DateTime<Utc>,
    /// When a person settled it.
    pub settled_at: Option<DateTime<Utc>>,
    /// Who did.
    pub settled_by: Option<String>,
    /// What it came to: `paid`, `not_a_sale`, `same_money`, or `named_later` where a later
    /// telling named its code.
    pub outcome: Option<String>,
    /// What that person wrote about it.
    pub settled_note: Option<String>,
    /// The payment that holds its credit.
    pub payment_id: Option<Uuid>,
    /// How much came, đồng.
    pub amount_vnd: i64,
    /// The transfer text.
    pub content: String,
    /// The bank's own reference.
    pub bank_reference: Option<String>,
    /// The vendor's order field, where our reference may stand.
    pub order_reference: Option<String>,
    /// Another transaction that may be the same money.
    pub duplicate_of_id: Option<Uuid>,
    /// The bank's time.
    pub occurred_at: DateTime<Utc>,
    /// Raised by every change.
    pub version: i64,
}

/// The columns of suspense items within reach: $1 is the merchant, $2 the person whose zones
/// count.
macro_rules! select_within_reach {
    ($rest:literal) => {
        concat!(
            "SELECT s.id,
                s.transaction_id,
                s.merchant_id,
                s.account_id,
                s.state,
                s.explanation,
                s.opened_at,
                s.settled_at,
                s.settled_by,
                s.outcome,
                s.settled_note,
                p.id AS payment_id,
                t.amount_vnd,
                t.content,
                t.bank_reference,
                t.order_reference,
                t.duplicate_of_id,
                t.occurred_at,
                s.version
            FROM suspense_items s JOIN bank_transactions t ON t.id = s.transaction_id
            LEFT JOIN payments p
                ON p.transaction_id = s.transaction_id AND p.standing <> 'voided'
            WHERE ",
            reaches_merchant!("s.merchant_id"),
            " ",
            $rest
        )
    };
}

/// One item within reach.
pub async fn find(
    tx: &mut Tx,
    reach: Reach,
    id: SuspenseId,
) -> Result<Option<SuspenseRow>, StoreError> {
    const SQL: &str = select_within_reach!("AND s.id = $3");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?)
}

/// Items in a state within reach, longest waiting first, after a place in the list.
pub async fn list(
    tx: &mut Tx,
    reach: Reach,
    state: &str,
    after: Option<(DateTime<Utc>, SuspenseId)>,
    limit: u32,
) -> Result<Vec<SuspenseRow>, StoreError> {
    const SQL: &str = select_within_reach!(
        "AND s.state = $6
            AND ($3 IS NULL OR s.opened_at > $3 OR (s.opened_at = $3 AND s.id > $4))
        ORDER BY s.opened_at, s.id LIMIT $5"
    );
    let (time, id) = after.unzip();
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(time)
            .bind(id.map(SuspenseId::uuid))
            .bind(i64::from(limit))
            .bind(state)
            .fetch_all(connection)
            .await
    })?)
}

/// What a person made of an item.
#[derive(Clone, Copy, Debug)]
pub struct NewSettlement<'a> {
    /// `paid`, `not_a_sale`, `same_money` or `named_later`.
    pub outcome: &'static str,
    /// Who, as the audit names it.
    pub by: &'a str,
    /// What that person wrote about it.
    pub note: Option<&'a str>,
    /// The present.
    pub at: DateTime<Utc>,
}

/// Settles version `version` of an open item. `false` means that someone else was first.
pub async fn settle(
    tx: &mut Tx,
    id: SuspenseId,
    version: i64,
    settlement: NewSettlement<'_>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE suspense_items SET
            state = 'settled',
            outcome = $3,
            settled_by = $4,
            settled_note = $5,
            settled_at = $6,
            version = version + 1
        WHERE id = $1 AND version = $2 AND state = 'open'";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(settlement.outcome)
            .bind(settlement.by)
            .bind(settlement.note)
            .bind(settlement.at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Lets version `version` of an item wait, again or for another reason. `false` means that
/// someone else was first.
pub async fn open_again(
    tx: &mut Tx,
    (id, version): (SuspenseId, i64),
    explanation: &str,
    since: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE suspense_items SET
            state = 'open',
            explanation = $3,
            opened_at = $4,
            outcome = NULL,
            settled_by = NULL,
            settled_note = NULL,
            settled_at = NULL,
            version = version + 1
        WHERE id = $1 AND version = $2";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(explanation)
            .bind(since)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}
