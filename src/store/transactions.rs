//! Bank facts and the evidence for them.
//!
//! A fact is stored once and never changed. How we know of it is evidence; the key
//! (teller, transaction key) of evidence is unique for ever, which makes a repeated notice
//! count once. Another source or a statement that tells of the same fact adds evidence, not
//! money.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::linking::Places;
use super::reach::{Reach, reaches_merchant};
use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::credit::Direction;
use crate::domain::ids::{AccountId, BankTransactionId, CallbackId, MerchantId, SourceId};
use crate::domain::linking::Teller;
use crate::domain::money::Vnd;

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
    pub text_link: Vec<u8>,
    /// The places that it takes.
    pub places: Places,
    /// The present.
    pub recorded_at: DateTime<Utc>,
}

impl NewTransaction {
    /// What it is known by among credits of the same bank time: the same whoever told of it
    /// first, and its own among equal ones.
    pub fn identity(&self) -> String {
        let without_reference = || {
            let link = hex::encode(&self.text_link);
            format!("{link}/{}", self.id)
        };
        self.bank_reference
            .clone()
            .unwrap_or_else(without_reference)
    }
}

/// How we know of a transaction.
#[derive(Clone, Debug)]
pub struct NewEvidence {
    /// Who told us.
    pub teller: Teller,
    /// The source, unless a statement told us.
    pub source: Option<SourceId>,
    /// The identity of the transaction inside the source or the statement.
    pub key: String,
    /// The transaction.
    pub transaction: BankTransactionId,
    /// Its account.
    pub account: AccountId,
    /// `callback`, `pulled` or `statement`.
    pub kind: &'static str,
    /// The provider's own number.
    pub provider_txn_id: String,
    /// SHA-256 over the facts as told.
    pub fact_hash: Vec<u8>,
    /// The bank's own reference as told.
    pub bank_reference: Option<String>,
    /// The virtual account as told.
    pub virtual_account: Option<String>,
    /// The hash of day and text.
    pub text_link: Vec<u8>,
    /// The delivery that told us.
    pub callback: Option<CallbackId>,
    /// The present.
    pub recorded_at: DateTime<Utc>,
}

/// Evidence that is there already.
#[derive(Clone, Debug)]
pub struct KnownEvidence {
    /// The transaction.
    pub transaction: BankTransactionId,
    /// Whose account it moved.
    pub merchant: MerchantId,
    /// SHA-256 over the facts as first told.
    pub fact_hash: Vec<u8>,
    /// `callback`, `pulled` or `statement`.
    pub kind: String,
    /// The bank's own reference as first told.
    pub bank_reference: Option<String>,
    /// The virtual account as first told.
    pub virtual_account: Option<String>,
}

/// Finds what a source or a statement has told under a key before.
pub async fn find_evidence(
    tx: &mut Tx,
    teller: Teller,
    key: &str,
) -> Result<Option<KnownEvidence>, StoreError> {
    const SQL: &str = "SELECT e.transaction_id,
            b.merchant_id,
            e.fact_hash,
            e.kind,
            e.bank_reference,
            e.virtual_account
        FROM transaction_evidence e JOIN bank_transactions b ON b.id = e.transaction_id
        WHERE e.teller_id = $1 AND e.transaction_key = $2";
    type Row = (Uuid, Uuid, Vec<u8>, String, Option<String>, Option<String>);
    let row: Option<Row> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(teller.uuid())
            .bind(key)
            .fetch_optional(connection)
            .await
    })?;
    let known = |(transaction, merchant, fact_hash, kind, bank_reference, virtual_account): Row| {
        KnownEvidence {
            transaction: BankTransactionId::from_uuid(transaction),
            merchant: MerchantId::from_uuid(merchant),
            fact_hash,
            kind,
            bank_reference,
            virtual_account,
        }
    };
    Ok(row.map(known))
}

/// Adds evidence. `false` means that another writer added the same key first.
pub async fn insert_evidence(tx: &mut Tx, evidence: &NewEvidence) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO transaction_evidence
            (teller_id,
             transaction_key,
             source_id,
             transaction_id,
             account_id,
             kind,
             provider_txn_id,
             fact_hash,
             bank_reference,
             virtual_account,
             text_link,
             callback_id,
             recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (teller_id, transaction_key) DO NOTHING";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(evidence.teller.uuid())
            .bind(&evidence.key)
            .bind(evidence.source.map(SourceId::uuid))
            .bind(evidence.transaction.uuid())
            .bind(evidence.account.uuid())
            .bind(evidence.kind)
            .bind(&evidence.provider_txn_id)
            .bind(&evidence.fact_hash)
            .bind(&evidence.bank_reference)
            .bind(&evidence.virtual_account)
            .bind(&evidence.text_link)
            .bind(evidence.callback.map(CallbackId::uuid))
            .bind(evidence.recorded_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
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
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The payment that it became.
    pub payment_id: Option<Uuid>,
    /// The suspense item that it became.
    pub suspense_id: Option<Uuid>,
}

/// How we know of a transaction, as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct EvidenceRow {
    /// The name of the source that told us; none when a statement did.
    pub source: Option<String>,
    /// `callback`, `pulled` or `statement`.
    pub kind: String,
    /// The provider's own number.
    pub provider_txn_id: String,
    /// When.
    pub recorded_at: DateTime<Utc>,
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
                t.recorded_at,
                p.id AS payment_id,
                s.id AS suspense_id
            FROM bank_transactions t
            LEFT JOIN payments p ON p.transaction_id = t.id
            LEFT JOIN suspense_items s ON s.transaction_id = t.id
            WHERE ",
            reaches_merchant!("t.merchant_id"),
            " ",
            $rest
        )
    };
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

/// How we know of a transaction, first told first.
pub async fn evidence_of(
    tx: &mut Tx,
    id: BankTransactionId,
) -> Result<Vec<EvidenceRow>, StoreError> {
    // A line of a visible statement is evidence by itself.
    const SQL: &str = "SELECT s.name AS source,
            e.kind,
            e.provider_txn_id,
            e.recorded_at
        FROM transaction_evidence e JOIN sources s ON s.id = e.source_id
        WHERE e.transaction_id = $1
        UNION ALL SELECT NULL AS source,
            'statement' AS kind,
            CAST(l.number AS TEXT) AS provider_txn_id,
            i.done_at AS recorded_at
        FROM statement_lines l JOIN statement_imports i ON i.id = l.import_id
        WHERE l.transaction_id = $1 AND l.verdict = 'matched' AND i.state = 'done'
        ORDER BY 4, 2, 1";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(id.uuid())
            .fetch_all(connection)
            .await
    })?)
}
