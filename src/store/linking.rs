//! What was told of a transaction, for [`crate::domain::linking`] to place the next telling.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::credit::Direction;
use crate::domain::ids::{AccountId, BankTransactionId};
use crate::domain::linking::{KnownTransaction, Teller, Told};
use crate::domain::money::Vnd;

/// A telling that is to be placed.
#[derive(Clone, Debug)]
pub struct Telling<'a> {
    /// Who tells.
    pub teller: Teller,
    /// The account that the money came to or left.
    pub account: AccountId,
    /// In or out.
    pub direction: Direction,
    /// How much.
    pub amount: Vnd,
    /// The local day of the bank's time.
    pub local_day: NaiveDate,
    /// The transfer text, empty if there is none.
    pub text: &'a str,
    /// The bank's own reference.
    pub reference: Option<&'a str>,
}

/// The sealed key of a name, creating it from `fresh` when there is none.
pub async fn hash_key(tx: &mut Tx, name: &str, fresh: &[u8]) -> Result<Vec<u8>, StoreError> {
    const CREATE: &str = "INSERT INTO hash_keys (name, key_sealed) VALUES ($1, $2)
        ON CONFLICT (name) DO NOTHING";
    const READ: &str = "SELECT key_sealed FROM hash_keys WHERE name = $1";
    let known: Option<Vec<u8>> = on_engine!(tx, |connection| {
        let query = sqlx::query_scalar(READ).bind(name);
        query.fetch_optional(connection).await
    })?;
    if let Some(known) = known {
        return Ok(known);
    }
    on_engine!(tx, |connection| {
        let query = sqlx::query(CREATE).bind(name).bind(fresh);
        query.execute(connection).await.map(|_| ())
    })?;
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query_scalar(READ).bind(name);
        query.fetch_one(connection).await
    })?)
}

/// The next free places, read together with what a telling is held against: a writer that
/// stores a transaction at the same moment takes the same places, and one of the two fails.
/// What nothing is linked to takes none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Among the transactions of this day and text.
    pub by_text: Option<i64>,
    /// Among those of this reference.
    pub by_reference: Option<i64>,
}

/// The places, and what one telling says of its transaction, if there is one.
type Row = (
    i64,
    i64,
    Option<Uuid>,
    bool,
    Option<Uuid>,
    Option<String>,
    Option<Vec<u8>>,
);

/// The next places, and the tellings of the transactions that a query for their ids finds. All
/// of it is one statement, for it has to be seen from one moment.
macro_rules! tellings_of {
    ($reference_place:literal, $near:literal) => {
        concat!(
            "SELECT p.by_text,
                p.by_reference,
                t.id,
                t.duplicate_of_id IS NOT NULL AS is_suspected,
                e.teller_id,
                e.bank_reference,
                e.text_link
            FROM (SELECT (SELECT COALESCE(MAX(text_place), 0) + 1 FROM bank_transactions
                    WHERE text_link = $1) AS by_text, ",
            $reference_place,
            " AS by_reference) AS p
            LEFT JOIN (",
            $near,
            ") AS near ON 1 = 1
            LEFT JOIN bank_transactions t ON t.id = near.transaction_id
            LEFT JOIN transaction_evidence e ON e.transaction_id = near.transaction_id
            ORDER BY t.recorded_at, t.id"
        )
    };
}

/// The transactions that a telling may be linked to, first recorded first, and the places that
/// a new one takes. Those with its day and text are read only where they can matter: a source
/// that is alone costs the same however often it tells of equal transfers.
pub async fn known(
    tx: &mut Tx,
    telling: &Telling<'_>,
    text_link: &[u8],
) -> Result<(Vec<KnownTransaction>, Places), StoreError> {
    const BY_REFERENCE: &str = tellings_of!(
        "(SELECT COALESCE(MAX(reference_place), 0) + 1 FROM bank_transactions
            WHERE account_id = $2 AND bank_reference = $3
                AND direction = $4 AND amount_vnd = $5)",
        "SELECT e.transaction_id FROM transaction_evidence e
            JOIN bank_transactions t ON t.id = e.transaction_id
            WHERE e.account_id = $2 AND e.bank_reference = $3
                AND t.direction = $4 AND t.amount_vnd = $5
        UNION SELECT e.transaction_id FROM transaction_evidence e
            WHERE e.text_link = $1 AND EXISTS (SELECT 1 FROM transaction_evidence o
                WHERE o.text_link = $1 AND o.bank_reference IS NULL)"
    );
    const BY_TEXT: &str = tellings_of!(
        "CAST(1 AS BIGINT)",
        "SELECT DISTINCT e.transaction_id FROM transaction_evidence e
            WHERE e.text_link = $1 AND (
                EXISTS (SELECT 1 FROM transaction_evidence o
                    WHERE o.text_link = $1 AND o.teller_id < $2)
                OR EXISTS (SELECT 1 FROM transaction_evidence o
                    WHERE o.text_link = $1 AND o.teller_id > $2))"
    );
    let rows: Vec<Row> = if let Some(reference) = telling.reference {
        on_engine!(tx, |connection| {
            sqlx::query_as(BY_REFERENCE)
                .bind(text_link)
                .bind(telling.account.uuid())
                .bind(reference)
                .bind(telling.direction.as_str())
                .bind(telling.amount.get())
                .fetch_all(connection)
                .await
        })?
    } else {
        on_engine!(tx, |connection| {
            sqlx::query_as(BY_TEXT)
                .bind(text_link)
                .bind(telling.teller.uuid())
                .fetch_all(connection)
                .await
        })?
    };
    let (by_text, by_reference) = rows.first().map_or((1, 1), |row| (row.0, row.1));
    let places = Places {
        by_text: Some(by_text),
        by_reference: telling.reference.map(|_| by_reference),
    };
    Ok((gathered(rows, text_link), places))
}

/// Rows of one transaction stand together.
fn gathered(rows: Vec<Row>, text_link: &[u8]) -> Vec<KnownTransaction> {
    let mut known: Vec<KnownTransaction> = Vec::new();
    for (_, _, id, is_suspected, teller, reference, link) in rows {
        let (Some(id), Some(teller)) = (id, teller) else {
            continue;
        };
        let id = BankTransactionId::from_uuid(id);
        let told = Told {
            teller: Teller::from_uuid(teller),
            reference,
            has_same_text: link.as_deref() == Some(text_link),
        };
        match known.last_mut() {
            Some(last) if last.id == id => last.tellings.push(told),
            _ => known.push(KnownTransaction {
                id,
                is_suspected,
                tellings: vec![told],
            }),
        }
    }
    known
}

/// Moves what a teller told of a transaction without a reference to the transaction that it
/// was of.
pub async fn move_telling(
    tx: &mut Tx,
    teller: Teller,
    from: BankTransactionId,
    to: BankTransactionId,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE transaction_evidence SET transaction_id = $3
        WHERE teller_id = $1 AND transaction_id = $2 AND bank_reference IS NULL";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(teller.uuid())
            .bind(from.uuid())
            .bind(to.uuid())
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("transaction_evidence", affected)
}
