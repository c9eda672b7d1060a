//! Rows that are held until the end of a transaction, so that what was read of them stays
//! true. A merchant is held before its outlets and an account before its statements, always in
//! this order.

use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::ids::{
    AccountId, DoubtId, LinkId, MerchantId, MoveId, OutletId, SourceId, StatementId,
    StatementProposalId, ZoneId,
};

/// Holds a row of a table, which has to be in a state where one is named.
macro_rules! hold {
    ($tx:ident, $table:literal, $id:ident $(, $state:literal)?) => {{
        // The write takes the row's lock; nothing is changed.
        const SQL: &str = concat!(
            "UPDATE ",
            $table,
            " SET version = version WHERE id = $1",
            $(" AND state = '", $state, "'",)?
        );
        let affected = on_engine!($tx, |connection| {
            sqlx::query(SQL)
                .bind($id.uuid())
                .execute(connection)
                .await
                .map(|done| done.rows_affected())
        })?;
        expect_one($table, affected)
    }};
}

/// Holds a merchant's row.
pub async fn merchant(tx: &mut Tx, id: MerchantId) -> Result<(), StoreError> {
    hold!(tx, "merchants", id)
}

/// Holds an outlet's row.
pub async fn outlet(tx: &mut Tx, id: OutletId) -> Result<(), StoreError> {
    hold!(tx, "outlets", id)
}

/// Holds an account link's row.
pub async fn account_link(tx: &mut Tx, id: LinkId) -> Result<(), StoreError> {
    hold!(tx, "account_links", id)
}

/// Holds a source's row.
pub async fn source(tx: &mut Tx, id: SourceId) -> Result<(), StoreError> {
    hold!(tx, "sources", id)
}

/// Holds an account's row: what went back on an account is decided one after another.
pub async fn account(tx: &mut Tx, id: AccountId) -> Result<(), StoreError> {
    hold!(tx, "accounts", id)
}

/// Holds the row of an import of a statement that is visible.
pub async fn statement(tx: &mut Tx, id: StatementId) -> Result<(), StoreError> {
    hold!(tx, "statement_imports", id, "done")
}

/// Holds the row of an import of a statement that is not visible yet.
pub async fn unfinished_statement(tx: &mut Tx, id: StatementId) -> Result<(), StoreError> {
    hold!(tx, "statement_imports", id, "reading")
}

/// Holds the row of a proposal to believe lines of a statement.
pub async fn statement_proposal(tx: &mut Tx, id: StatementProposalId) -> Result<(), StoreError> {
    hold!(tx, "statement_proposals", id)
}

/// Holds a doubt's row.
pub async fn doubt(tx: &mut Tx, id: DoubtId) -> Result<(), StoreError> {
    hold!(tx, "doubts", id)
}

/// Holds the row of a proposal to count a payment elsewhere.
pub async fn payment_move(tx: &mut Tx, id: MoveId) -> Result<(), StoreError> {
    hold!(tx, "payment_moves", id)
}

/// Holds a zone's row.
pub async fn zone(tx: &mut Tx, id: ZoneId) -> Result<(), StoreError> {
    hold!(tx, "zones", id)
}
