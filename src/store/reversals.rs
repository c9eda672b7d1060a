//! Money that goes back: what banks say and what traders record.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::reach::{Reach, reaches_merchant};
use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::ids::{
    AccountId, BankTransactionId, MerchantId, OutletId, PaymentId, ReversalId,
};
use crate::domain::reversal::{MatchedBy, Nature, ReversalOrigin, ReversalState};

/// A reversal to store; it waits.
#[derive(Clone, Debug)]
pub struct NewReversal {
    /// Its id.
    pub id: ReversalId,
    /// Whose account it is.
    pub merchant: MerchantId,
    /// The account.
    pub account: AccountId,
    /// Who says so.
    pub origin: ReversalOrigin,
    /// How much, đồng.
    pub amount_vnd: i64,
    /// The transaction that it takes back, where it is known.
    pub taken_back: Option<BankTransactionId>,
    /// The transaction by which a bank took it back.
    pub movement: Option<BankTransactionId>,
    /// Why a trader gave it back.
    pub nature: Option<Nature>,
    /// A trader's words.
    pub note: Option<String>,
    /// Who, as the audit names it.
    pub recorded_by: String,
    /// The present.
    pub now: DateTime<Utc>,
}

/// A stored reversal.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ReversalRow {
    /// Its id.
    pub id: Uuid,
    /// Whose account it is.
    pub merchant_id: Uuid,
    /// The account.
    pub account_id: Uuid,
    /// `bank` or `merchant`.
    pub origin: String,
    /// How much, đồng.
    pub amount_vnd: i64,
    /// The transaction that it takes back.
    pub taken_back_id: Option<Uuid>,
    /// The payment of that transaction.
    pub payment_id: Option<Uuid>,
    /// The transaction by which the money went.
    pub movement_id: Option<Uuid>,
    /// `waiting`, `confirmed`, `covered`, `undone` or `cancelled`.
    pub state: String,
    /// `reference`, `amount` or `person`.
    pub matched_by: Option<String>,
    /// The other end as a person chose it.
    pub chosen_id: Option<Uuid>,
    /// Why a trader gave it back.
    pub nature: Option<String>,
    /// A trader's words.
    pub note: Option<String>,
    /// Who recorded it.
    pub recorded_by: String,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// When the money was known to have gone.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// Raised by every change.
    pub version: i64,
}

/// Where a reversal is to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// Its state.
    pub state: ReversalState,
    /// The transaction by which the money went.
    pub movement: Option<BankTransactionId>,
    /// How that, or what it takes back, is known.
    pub matched_by: Option<MatchedBy>,
}

/// Stores a reversal.
pub async fn insert(tx: &mut Tx, reversal: &NewReversal) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO reversals
            (id,
             merchant_id,
             account_id,
             origin,
             amount_vnd,
             taken_back_id,
             movement_id,
             state,
             nature,
             note,
             recorded_by,
             recorded_at,
             version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, $9, $10, $11, 1)";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(reversal.id.uuid())
            .bind(reversal.merchant.uuid())
            .bind(reversal.account.uuid())
            .bind(reversal.origin.as_str())
            .bind(reversal.amount_vnd)
            .bind(reversal.taken_back.map(BankTransactionId::uuid))
            .bind(reversal.movement.map(BankTransactionId::uuid))
            .bind(reversal.nature.map(Nature::as_str))
            .bind(&reversal.note)
            .bind(&reversal.recorded_by)
            .bind(reversal.now)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("reversals", affected)
}

/// Says where a version of a reversal stands from now on. `false` means that someone else was
/// first.
pub async fn set_stand(
    tx: &mut Tx,
    (id, version): (ReversalId, i64),
    stand: Stand,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE reversals SET
            state = $3,
            movement_id = $4,
            matched_by = $5,
            confirmed_at = $6,
            version = version + 1
        WHERE id = $1 AND version = $2";
    let confirmed_at = (stand.state == ReversalState::Confirmed).then_some(now);
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(stand.state.as_str())
            .bind(stand.movement.map(BankTransactionId::uuid))
            .bind(stand.matched_by.map(MatchedBy::as_str))
            .bind(confirmed_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Says which transaction a bank's word takes back. `false` means that someone else was first.
pub async fn set_taken_back(
    tx: &mut Tx,
    (id, version): (ReversalId, i64),
    transaction: BankTransactionId,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE reversals SET taken_back_id = $3, version = version + 1
        WHERE id = $1 AND version = $2 AND origin = 'bank'";
    update(tx, SQL, (id, version), transaction).await
}

/// Keeps what a person chose as the other end of a reversal. `false` means that someone else
/// was first.
pub async fn choose(
    tx: &mut Tx,
    (id, version): (ReversalId, i64),
    transaction: BankTransactionId,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE reversals SET chosen_id = $3, version = version + 1
        WHERE id = $1 AND version = $2 AND state = 'waiting'";
    update(tx, SQL, (id, version), transaction).await
}

async fn update(
    tx: &mut Tx,
    sql: &'static str,
    (id, version): (ReversalId, i64),
    transaction: BankTransactionId,
) -> Result<bool, StoreError> {
    let affected = on_engine!(tx, |connection| {
        sqlx::query(sql)
            .bind(id.uuid())
            .bind(version)
            .bind(transaction.uuid())
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// The columns of reversals.
macro_rules! select_reversals {
    ($rest:expr) => {
        concat!(
            "SELECT r.id,
                r.merchant_id,
                r.account_id,
                r.origin,
                r.amount_vnd,
                r.taken_back_id,
                p.id AS payment_id,
                r.movement_id,
                r.state,
                r.matched_by,
                r.chosen_id,
                r.nature,
                r.note,
                r.recorded_by,
                r.recorded_at,
                r.confirmed_at,
                r.version
            FROM reversals r
            LEFT JOIN payments p
                ON p.transaction_id = r.taken_back_id AND p.standing <> 'voided' ",
            $rest
        )
    };
}

/// One reversal within reach.
pub async fn find(
    tx: &mut Tx,
    reach: Reach,
    id: ReversalId,
) -> Result<Option<ReversalRow>, StoreError> {
    const SQL: &str = select_reversals!(concat!(
        "WHERE ",
        reaches_merchant!("r.merchant_id"),
        " AND r.id = $3"
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

/// Which reversals to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReversalFilter {
    /// Only those in this state.
    pub state: Option<ReversalState>,
    /// Only those of this payment.
    pub payment: Option<PaymentId>,
    /// Only those of payments at this outlet.
    pub outlet: Option<OutletId>,
}

/// Reversals within reach before a place in the list, the newest first.
pub async fn list(
    tx: &mut Tx,
    reach: Reach,
    filter: ReversalFilter,
    before: Option<(DateTime<Utc>, ReversalId)>,
    limit: u32,
) -> Result<Vec<ReversalRow>, StoreError> {
    const SQL: &str = select_reversals!(concat!(
        "WHERE ",
        reaches_merchant!("r.merchant_id"),
        " AND ($3 IS NULL OR r.recorded_at < $3 OR (r.recorded_at = $3 AND r.id < $4))
            AND ($5 IS NULL OR r.state = $5)
            AND ($6 IS NULL OR p.id = $6)
            AND ($7 IS NULL OR p.outlet_id = $7)
        ORDER BY r.recorded_at DESC, r.id DESC LIMIT $8"
    ));
    let (time, id) = before.unzip();
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(time)
            .bind(id.map(ReversalId::uuid))
            .bind(filter.state.map(ReversalState::as_str))
            .bind(filter.payment.map(PaymentId::uuid))
            .bind(filter.outlet.map(OutletId::uuid))
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?)
}

/// The bank's word that a transaction is, if it is one.
pub async fn of_movement(
    tx: &mut Tx,
    movement: BankTransactionId,
) -> Result<Option<ReversalRow>, StoreError> {
    const SQL: &str = select_reversals!("WHERE r.movement_id = $1 AND r.origin = 'bank'");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(movement.uuid())
            .fetch_optional(connection)
            .await
    })?)
}

/// The reversals of one amount on an account that were not withdrawn.
pub async fn of_amount(
    tx: &mut Tx,
    account: AccountId,
    amount_vnd: i64,
) -> Result<Vec<ReversalRow>, StoreError> {
    const SQL: &str = select_reversals!(
        "WHERE r.account_id = $1 AND r.amount_vnd = $2 AND r.state <> 'cancelled'
        ORDER BY r.id"
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(account.uuid())
            .bind(amount_vnd)
            .fetch_all(connection)
            .await
    })?)
}

/// Banks' words that name nothing known and wait, from a place in the list on.
pub async fn waiting_words(
    tx: &mut Tx,
    after: (DateTime<Utc>, ReversalId),
    limit: u32,
) -> Result<Vec<ReversalRow>, StoreError> {
    const SQL: &str = select_reversals!(
        "WHERE r.state = 'waiting' AND r.origin = 'bank' AND r.taken_back_id IS NULL
            AND (r.recorded_at > $1 OR (r.recorded_at = $1 AND r.id > $2))
        ORDER BY r.recorded_at, r.id LIMIT $3"
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(after.0)
            .bind(after.1.uuid())
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?)
}

/// How much of a credit went back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct GoneBack {
    /// Verifiably, đồng. More than the credit when a bank took back too much.
    pub confirmed_vnd: i64,
    /// By records that wait for their debit, đồng.
    pub waiting_vnd: i64,
}

/// Adds up what went back of a credit.
pub async fn gone_back(
    tx: &mut Tx,
    transaction: BankTransactionId,
) -> Result<GoneBack, StoreError> {
    const SQL: &str = "SELECT
            CAST(COALESCE(SUM(CASE WHEN state = 'confirmed' THEN amount_vnd ELSE 0 END), 0)
                AS BIGINT) AS confirmed_vnd,
            CAST(COALESCE(SUM(CASE WHEN state = 'waiting' AND origin = 'merchant'
                THEN amount_vnd ELSE 0 END), 0) AS BIGINT) AS waiting_vnd
        FROM reversals WHERE taken_back_id = $1";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(transaction.uuid())
            .fetch_one(connection)
            .await
    })?)
}
