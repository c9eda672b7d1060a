//! How we know of a transaction: which teller told of it, and as what.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::ids::{AccountId, BankTransactionId, CallbackId, MerchantId, SourceId};
use crate::domain::linking::Teller;
use crate::store::{StoreError, Tx, on_engine};

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
    /// The provider's number, or the bank's reference, of what it takes back.
    pub reverses: Option<String>,
    /// SHA-256 over the facts as told.
    pub fact_hash: Vec<u8>,
    /// The bank's own reference as told.
    pub bank_reference: Option<String>,
    /// The virtual account as told.
    pub virtual_account: Option<String>,
    /// The hash of day and text.
    pub text_link: Option<Vec<u8>>,
    /// The bank's time as told.
    pub occurred_at: DateTime<Utc>,
    /// What the texts name, as JSON.
    pub naming: Option<String>,
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
    /// The account that it moved.
    pub account: AccountId,
    /// What the texts name by now, as JSON.
    pub naming: Option<String>,
}

#[derive(sqlx::FromRow)]
struct KnownRow {
    transaction_id: Uuid,
    merchant_id: Uuid,
    fact_hash: Vec<u8>,
    kind: String,
    bank_reference: Option<String>,
    virtual_account: Option<String>,
    account_id: Uuid,
    naming: Option<String>,
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
            e.virtual_account,
            e.account_id,
            e.naming
        FROM transaction_evidence e JOIN bank_transactions b ON b.id = e.transaction_id
        WHERE e.teller_id = $1 AND e.transaction_key = $2";
    let row: Option<KnownRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(teller.uuid())
            .bind(key)
            .fetch_optional(connection)
            .await
    })?;
    Ok(row.map(|row| KnownEvidence {
        transaction: BankTransactionId::from_uuid(row.transaction_id),
        merchant: MerchantId::from_uuid(row.merchant_id),
        fact_hash: row.fact_hash,
        kind: row.kind,
        bank_reference: row.bank_reference,
        virtual_account: row.virtual_account,
        account: AccountId::from_uuid(row.account_id),
        naming: row.naming,
    }))
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
             recorded_at,
             reverses,
             occurred_at,
             naming)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
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
            .bind(&evidence.reverses)
            .bind(evidence.occurred_at)
            .bind(&evidence.naming)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
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
