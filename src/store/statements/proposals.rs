//! Proposals to believe lines that nothing but a statement tells of.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::ids::{MerchantId, StatementId, StatementProposalId};
use crate::domain::reconciliation::ProposalState;
use crate::store::reach::{Reach, reaches_merchant};
use crate::store::{StoreError, Tx, expect_one, inconsistent, on_engine};

/// A proposal to store.
#[derive(Clone, Debug)]
pub struct NewProposal<'a> {
    /// Its id.
    pub id: StatementProposalId,
    /// The statement.
    pub import: StatementId,
    /// Whose account it tells of.
    pub merchant: MerchantId,
    /// How many lines.
    pub lines: i64,
    /// Their money, in and out together, đồng.
    pub amount_vnd: i64,
    /// Who proposes it.
    pub by: &'a str,
    /// The present.
    pub now: DateTime<Utc>,
}

/// A stored proposal.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ProposalRow {
    /// Its id.
    pub id: Uuid,
    /// The statement.
    pub import_id: Uuid,
    /// Whose account it tells of.
    pub merchant_id: Uuid,
    /// `proposed`, `approved` or `rejected`.
    pub state: String,
    /// How many lines.
    pub lines: i64,
    /// Their money, in and out together, đồng.
    pub amount_vnd: i64,
    /// Who proposed it.
    pub proposed_by: String,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// How many lines became transactions.
    pub created: i64,
    /// How many were told by a notice meanwhile.
    pub attached: i64,
    /// Its version.
    pub version: i64,
    /// Who brought the file.
    pub imported_by: String,
}

impl ProposalRow {
    /// Where it stands.
    pub fn state(&self) -> Result<ProposalState, StoreError> {
        ProposalState::parse(&self.state)
            .map_err(|_| inconsistent("statement_proposals", "state", self.id))
    }

    /// How many lines of an approved proposal neither became transactions nor were told by a
    /// notice meanwhile: of those one told with another amount.
    pub fn amount_differs(&self) -> i64 {
        if self.state == ProposalState::Approved.as_str() {
            self.lines - self.created - self.attached
        } else {
            0
        }
    }
}

/// What a second person decided.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// Where the proposal stands now.
    pub state: ProposalState,
    /// Who decided.
    pub by: &'a str,
    /// The present.
    pub now: DateTime<Utc>,
    /// How many lines became transactions.
    pub created: i64,
    /// How many were told by a notice meanwhile.
    pub attached: i64,
}

/// Which proposals are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProposalFilter {
    /// Only those of this statement.
    pub import: Option<StatementId>,
    /// Only those that stand so.
    pub state: Option<ProposalState>,
}

/// Columns of proposals within reach: $1 is the merchant, $2 the person whose zones count.
macro_rules! select_within_reach {
    ($rest:literal) => {
        concat!(
            "SELECT p.id,
                p.import_id,
                p.merchant_id,
                p.state,
                p.lines,
                p.amount_vnd,
                p.proposed_by,
                p.proposed_at,
                p.decided_by,
                p.decided_at,
                p.created,
                p.attached,
                p.version,
                i.imported_by
            FROM statement_proposals p JOIN statement_imports i ON i.id = p.import_id
            WHERE ",
            reaches_merchant!("p.merchant_id"),
            " ",
            $rest
        )
    };
}

/// Stores a proposal.
pub async fn insert(tx: &mut Tx, proposal: &NewProposal<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO statement_proposals
            (id,
             import_id,
             merchant_id,
             state,
             lines,
             amount_vnd,
             proposed_by,
             proposed_at,
             created,
             attached,
             version)
        VALUES ($1, $2, $3, 'proposed', $4, $5, $6, $7, 0, 0, 1)";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(proposal.id.uuid())
            .bind(proposal.import.uuid())
            .bind(proposal.merchant.uuid())
            .bind(proposal.lines)
            .bind(proposal.amount_vnd)
            .bind(proposal.by)
            .bind(proposal.now)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("statement_proposals", affected)
}

/// Writes down what was decided on version `version`. `false` means that someone else was
/// first.
pub async fn decide(
    tx: &mut Tx,
    id: StatementProposalId,
    version: i64,
    decision: Decision<'_>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE statement_proposals SET
            state = $3,
            decided_by = $4,
            decided_at = $5,
            created = $6,
            attached = $7,
            version = version + 1
        WHERE id = $1 AND version = $2";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(decision.state.as_str())
            .bind(decision.by)
            .bind(decision.now)
            .bind(decision.created)
            .bind(decision.attached)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// One proposal within reach.
pub async fn find(
    tx: &mut Tx,
    reach: Reach,
    id: StatementProposalId,
) -> Result<Option<ProposalRow>, StoreError> {
    const SQL: &str = select_within_reach!("AND p.id = $3");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?)
}

/// Proposals within reach before one, newest first.
pub async fn list(
    tx: &mut Tx,
    reach: Reach,
    filter: ProposalFilter,
    before: Option<StatementProposalId>,
    limit: u32,
) -> Result<Vec<ProposalRow>, StoreError> {
    const SQL: &str = select_within_reach!(
        "AND ($3 IS NULL OR p.id < $3)
            AND ($4 IS NULL OR p.import_id = $4)
            AND ($5 IS NULL OR p.state = $5)
        ORDER BY p.id DESC LIMIT $6"
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(before.map(StatementProposalId::uuid))
            .bind(filter.import.map(StatementId::uuid))
            .bind(filter.state.map(ProposalState::as_str))
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?)
}
