//! Bank facts and the evidence for them.
//!
//! A fact is stored once; its amount, account and direction never change. How we know of it is
//! evidence, and its time and reference are what all of that says. The key
//! (teller, transaction key) of evidence is unique for ever, which makes a repeated notice
//! count once. Another source or a statement that tells of the same fact adds evidence, not
//! money.

mod evidence;
pub mod tellings;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::linking::Places;
use super::reach::{Reach, reaches_merchant};
use super::{StoreError, Tx, expect_one, inconsistent, on_engine};
use crate::domain::credit::Direction;
use crate::domain::ids::{AccountId, BankTransactionId, MerchantId};
use crate::domain::linking::Teller;
use crate::domain::money::Vnd;

pub use evidence::{
    EvidenceRow, KnownEvidence, NewEvidence, evidence_of, find_evidence, insert_evidence,
};

/// A bank fact to store.
#[derive(Clone, Debug)]
pub struct NewTransaction {
    /// Its id.
    pub id: BankTransactionId,
    /// The account that the money came to or left.
    pub account: AccountId,
    /// Whose account it is.
    pub merchant: MerchantId,
    /// In or out.
    pub direction: Direction,
    /// How much.
    pub amount: Vnd,
    /// The virtual account that it was sent to.
    pub virtual_account: Option<String>,
    /// The transfer text.
    pub content: String,
    /// The bank's own reference.
    pub bank_reference: Option<String>,
    /// The vendor's order field, where our reference may stand.
    pub order_reference: Option<String>,
    /// The bank's time.
    pub occurred_at: DateTime<Utc>,
    /// The local day of the bank's time.
    pub local_day: NaiveDate,
    /// Another transaction that may be the same money.
    pub duplicate_of: Option<BankTransactionId>,
    /// The hash by which tellings with the same day and text find it.
    pub text_link: Option<Vec<u8>>,
    /// The places that it takes.
    pub places: Places,
    /// The present.
    pub recorded_at: DateTime<Utc>,
}

impl NewTransaction {
    /// What it is known by among credits of the same bank time: the same whoever told of it
    /// first, and its own among equal ones.
    pub fn identity(&self) -> String {
        let link = self.text_link.as_deref().unwrap_or_default();
        let reference = self.bank_reference.clone();
        reference.unwrap_or_else(|| without_reference(link, self.id))
    }
}

/// Stores a bank fact. A second writer that takes the same places at the same moment fails.
pub async fn insert(tx: &mut Tx, fact: &NewTransaction) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO bank_transactions
            (id,
             account_id,
             merchant_id,
             direction,
             amount_vnd,
             virtual_account,
             content,
             bank_reference,
             order_reference,
             occurred_at,
             local_day,
             duplicate_of_id,
             recorded_at,
             text_link,
             text_place,
             reference_place)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(fact.id.uuid())
            .bind(fact.account.uuid())
            .bind(fact.merchant.uuid())
            .bind(fact.direction.as_str())
            .bind(fact.amount.get())
            .bind(&fact.virtual_account)
            .bind(&fact.content)
            .bind(&fact.bank_reference)
            .bind(&fact.order_reference)
            .bind(fact.occurred_at)
            .bind(fact.local_day)
            .bind(fact.duplicate_of.map(BankTransactionId::uuid))
            .bind(fact.recorded_at)
            .bind(&fact.text_link)
            .bind(fact.places.by_text)
            .bind(fact.places.by_reference)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("bank_transactions", affected)
}

/// A stored bank fact.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct TransactionRow {
    /// Its id.
    pub id: Uuid,
    /// The account that the money came to or left.
    pub account_id: Uuid,
    /// Whose account it is.
    pub merchant_id: Uuid,
    /// `credit` or `debit`.
    pub direction: String,
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
    /// The bank's time.
    pub occurred_at: DateTime<Utc>,
    /// Another transaction that may be the same money.
    pub duplicate_of_id: Option<Uuid>,
    /// What a person decided about that: `same_money` or `other_money`.
    pub double_decision: Option<String>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The payment that it became.
    pub payment_id: Option<Uuid>,
    /// The suspense item that it became.
    pub suspense_id: Option<Uuid>,
    /// Whether somebody who tells of it says something else: a statement of its day that does
    /// not have it, or with another amount, or a number that was told again with other facts.
    pub is_disputed: bool,
}

/// The columns of transactions within reach: $1 is the merchant, $2 the person whose zones
/// count.
macro_rules! select_within_reach {
    ($rest:literal) => {
        concat!(
            "SELECT t.id,
                t.account_id,
                t.merchant_id,
                t.direction,
                t.amount_vnd,
                t.virtual_account,
                t.content,
                t.bank_reference,
                t.order_reference,
                t.occurred_at,
                t.duplicate_of_id,
                t.double_decision,
                t.recorded_at,
                p.id AS payment_id,
                s.id AS suspense_id,
                EXISTS (SELECT 1 FROM statement_lines l
                    JOIN statement_imports i ON i.id = l.import_id
                    WHERE l.transaction_id = t.id AND l.verdict <> 'matched' AND i.state = 'done')
                OR EXISTS (SELECT 1 FROM doubts d
                    WHERE d.transaction_id = t.id AND d.kind = 'conflict'
                        AND d.state <> 'settled') AS is_disputed
            FROM bank_transactions t
            LEFT JOIN payments p ON p.transaction_id = t.id AND p.standing <> 'voided'
            LEFT JOIN suspense_items s ON s.transaction_id = t.id
            WHERE ",
            reaches_merchant!("t.merchant_id"),
            " ",
            $rest
        )
    };
}

impl TransactionRow {
    /// Whether it may be another one told twice, and nobody decided that it is not.
    pub fn is_doubtful(&self) -> bool {
        self.duplicate_of_id.is_some() && self.double_decision.as_deref() != Some("other_money")
    }
}

/// One transaction within reach.
pub async fn find(
    tx: &mut Tx,
    reach: Reach,
    id: BankTransactionId,
) -> Result<Option<TransactionRow>, StoreError> {
    const SQL: &str = select_within_reach!("AND t.id = $3");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?)
}

/// Transactions within reach before a place in the list, newest bank time first.
pub async fn list(
    tx: &mut Tx,
    reach: Reach,
    account: Option<AccountId>,
    before: Option<(DateTime<Utc>, BankTransactionId)>,
    limit: u32,
) -> Result<Vec<TransactionRow>, StoreError> {
    const SQL: &str = select_within_reach!(
        "AND ($3 IS NULL OR t.occurred_at < $3 OR (t.occurred_at = $3 AND t.id < $4))
            AND ($5 IS NULL OR t.account_id = $5)
        ORDER BY t.occurred_at DESC, t.id DESC LIMIT $6"
    );
    let (time, id) = before.unzip();
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(time)
            .bind(id.map(BankTransactionId::uuid))
            .bind(account.map(AccountId::uuid))
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?)
}

/// What a transaction is known by among others of the same bank time, whatever the order of
/// arrival: the bank's own reference, else its day and text; one that shares its reference with
/// another is told apart by the first key of its evidence.
pub async fn identity(tx: &mut Tx, id: BankTransactionId) -> Result<String, StoreError> {
    const SQL: &str = "SELECT t.bank_reference, t.text_link, t.duplicate_of_id, told.first_key
        FROM bank_transactions t
        JOIN (SELECT e.transaction_id, MIN(e.transaction_key) AS first_key
            FROM transaction_evidence e WHERE e.transaction_id = $1
            GROUP BY e.transaction_id) AS told ON told.transaction_id = t.id
        WHERE t.id = $1";
    type Row = (Option<String>, Option<Vec<u8>>, Option<Uuid>, String);
    let known: Option<Row> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?;
    let known = known.ok_or_else(|| inconsistent("transaction_evidence", "transaction_id", id))?;
    Ok(match known {
        (Some(reference), _, None, _) => reference,
        (Some(reference), _, Some(_), first_key) => format!("{reference} {first_key}"),
        (None, Some(link), _, _) => without_reference(&link, id),
        (None, None, _, first_key) => first_key,
    })
}

/// What a transaction without a reference is known by: its day and text, and its own id among
/// equal ones.
fn without_reference(text_link: &[u8], id: BankTransactionId) -> String {
    format!("{}/{id}", hex::encode(text_link))
}

/// Whether others tell of another amount under the reference of a new transaction, of which
/// its own teller does not tell: one of the two may be wrong.
pub async fn is_told_with_another_amount(
    tx: &mut Tx,
    fact: &NewTransaction,
    teller: Teller,
) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM bank_transactions t
        WHERE t.account_id = $1 AND t.bank_reference = $2 AND t.direction = $3
            AND t.amount_vnd <> $4
            AND NOT EXISTS (SELECT 1 FROM transaction_evidence e
                WHERE e.transaction_id = t.id AND e.teller_id = $5)";
    let count: i64 = on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(fact.account.uuid())
            .bind(&fact.bank_reference)
            .bind(fact.direction.as_str())
            .bind(fact.amount.get())
            .bind(teller.uuid())
            .fetch_one(connection)
            .await
    })?;
    Ok(count > 0)
}
