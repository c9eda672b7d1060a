//! The transactions that lines of a statement may tell of, for many lines at a time.

use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::direction;
use crate::domain::credit::Direction;
use crate::domain::ids::{AccountId, BankTransactionId, StatementId};
use crate::domain::linking::Teller;
use crate::store::{StoreError, Tx, on_engine};

/// A telling: who told, with which reference, with which hash of day and text.
pub type ToldBy = (Teller, Option<String>, Option<Vec<u8>>);

/// A transaction with what was told of it.
#[derive(Clone, Debug)]
pub struct NearTransaction {
    /// The transaction.
    pub id: BankTransactionId,
    /// In or out.
    pub direction: Direction,
    /// How much, đồng.
    pub amount_vnd: i64,
    /// Whether it waits for a person as a suspected duplicate.
    pub is_suspected: bool,
    /// Who told of it, and how.
    pub tellings: Vec<ToldBy>,
    /// Whether a source did.
    pub is_told_by_source: bool,
    /// The bank's times as told.
    pub times: Vec<DateTime<Utc>>,
    /// What the texts name, as JSON.
    pub namings: Vec<String>,
}

impl NearTransaction {
    /// Whether it was told with this reference.
    pub fn has_reference(&self, reference: Option<&str>) -> bool {
        let mut told = self.tellings.iter();
        told.any(|(_, told, _)| told.as_deref() == reference)
    }

    /// Whether it was told with this day and text.
    pub fn has_link(&self, link: &[u8]) -> bool {
        let mut told = self.tellings.iter();
        told.any(|(_, _, told)| told.as_deref() == Some(link))
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    direction: String,
    amount_vnd: i64,
    is_suspected: bool,
    teller_id: Uuid,
    bank_reference: Option<String>,
    text_link: Option<Vec<u8>>,
    by_source: bool,
    occurred_at: Option<DateTime<Utc>>,
    naming: Option<String>,
}

/// The transactions of an account that were told with one of these references or hashes,
/// first recorded first.
pub async fn find(
    tx: &mut Tx,
    account: AccountId,
    references: &[&str],
    links: &[Vec<u8>],
) -> Result<Vec<NearTransaction>, StoreError> {
    // The two lists grow with the lines; all else is fixed.
    const SQL: &str = "SELECT t.id,
            t.direction,
            t.amount_vnd,
            t.duplicate_of_id IS NOT NULL AS is_suspected,
            e.teller_id,
            e.bank_reference,
            e.text_link,
            e.source_id IS NOT NULL AS by_source,
            e.occurred_at,
            e.naming
        FROM (";
    const BY_REFERENCE: &str = "SELECT r.transaction_id FROM transaction_evidence r
        WHERE r.account_id = ";
    const BY_LINK: &str = "SELECT l.transaction_id FROM transaction_evidence l
        WHERE l.text_link IN (";
    const END: &str = ")) AS near
        JOIN bank_transactions t ON t.id = near.transaction_id
        JOIN transaction_evidence e ON e.transaction_id = near.transaction_id
        ORDER BY t.recorded_at, t.id";
    if links.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = on_engine!(tx, |connection| {
        let mut query = QueryBuilder::new(SQL);
        if !references.is_empty() {
            query.push(BY_REFERENCE).push_bind(account.uuid());
            query.push(" AND r.bank_reference IN (");
            let mut values = query.separated(", ");
            for reference in references {
                values.push_bind(*reference);
            }
            query.push(") UNION ");
        }
        query.push(BY_LINK);
        let mut values = query.separated(", ");
        for link in links {
            values.push_bind(link.as_slice());
        }
        query.push(END);
        query.build_query_as().fetch_all(connection).await
    })?;
    gathered(rows)
}

/// Rows of one transaction stand together.
fn gathered(rows: Vec<Row>) -> Result<Vec<NearTransaction>, StoreError> {
    let mut near: Vec<NearTransaction> = Vec::new();
    for row in rows {
        let id = BankTransactionId::from_uuid(row.id);
        if near.last().is_none_or(|last| last.id != id) {
            near.push(NearTransaction {
                id,
                direction: direction(&row.direction, "bank_transactions", row.id)?,
                amount_vnd: row.amount_vnd,
                is_suspected: row.is_suspected,
                tellings: Vec::new(),
                is_told_by_source: false,
                times: Vec::new(),
                namings: Vec::new(),
            });
        }
        let last = near.last_mut().expect("one was added just now");
        let teller = Teller::from_uuid(row.teller_id);
        last.tellings
            .push((teller, row.bank_reference, row.text_link));
        last.is_told_by_source |= row.by_source;
        last.times.extend(row.occurred_at);
        last.namings.extend(row.naming);
    }
    Ok(near)
}

/// Which of some transactions a line of an import tells of.
pub async fn with_a_line(
    tx: &mut Tx,
    import: StatementId,
    transactions: &[BankTransactionId],
) -> Result<Vec<BankTransactionId>, StoreError> {
    // The list grows with the transactions; all else is fixed.
    const SQL: &str = "SELECT transaction_id FROM statement_lines
        WHERE verdict <> 'missing_at_bank' AND import_id = ";
    if transactions.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = on_engine!(tx, |connection| {
        let mut query = QueryBuilder::new(SQL);
        query.push_bind(import.uuid());
        query.push(" AND transaction_id IN (");
        let mut values = query.separated(", ");
        for id in transactions {
            values.push_bind(id.uuid());
        }
        query.push(")");
        query.build_query_scalar().fetch_all(connection).await
    })?;
    Ok(ids.into_iter().map(BankTransactionId::from_uuid).collect())
}
