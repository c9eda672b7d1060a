//! Proposals to count a payment elsewhere, which a second person decides.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::reach::Reach;
use super::{StoreError, Tx, on_engine};
use crate::domain::ids::{CodeId, MoveId, OutletId, PaymentId, UserId};

/// A proposal to store.
#[derive(Clone, Debug)]
pub struct NewMove {
    /// Its id.
    pub id: MoveId,
    /// The payment.
    pub payment: PaymentId,
    /// Where it is to count.
    pub outlet: OutletId,
    /// For which code, when one is known.
    pub code: Option<CodeId>,
    /// The number of the case.
    pub case: String,
    /// Who proposes it.
    pub requested_by: UserId,
    /// The present.
    pub now: DateTime<Utc>,
}

/// A stored proposal.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct MoveRow {
    /// Its id.
    pub id: Uuid,
    /// The payment.
    pub payment_id: Uuid,
    /// Where it is to count.
    pub outlet_id: Uuid,
    /// For which code, when one is known.
    pub code_id: Option<Uuid>,
    /// The number of the case.
    pub case_number: String,
    /// `proposed`, `approved` or `rejected`.
    pub state: String,
    /// Who proposed it.
    pub requested_by: Uuid,
    /// When.
    pub requested_at: DateTime<Utc>,
    /// Who decided.
    pub decided_by: Option<Uuid>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// The payment that took its place.
    pub new_payment_id: Option<Uuid>,
    /// Raised by every change.
    pub version: i64,
}

/// What the second person decided.
#[derive(Clone, Copy, Debug)]
pub struct MoveDecision {
    /// `approved` or `rejected`.
    pub state: &'static str,
    /// Who decided.
    pub by: UserId,
    /// The present.
    pub at: DateTime<Utc>,
    /// The payment that took the other's place.
    pub new_payment: Option<PaymentId>,
}

/// Stores a proposal. `false` means that one for this payment waits already.
pub async fn insert(tx: &mut Tx, proposal: &NewMove) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO payment_moves
            (id,
             payment_id,
             outlet_id,
             code_id,
             case_number,
             state,
             requested_by,
             requested_at,
             version)
        VALUES ($1, $2, $3, $4, $5, 'proposed', $6, $7, 1) ON CONFLICT DO NOTHING";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(proposal.id.uuid())
            .bind(proposal.payment.uuid())
            .bind(proposal.outlet.uuid())
            .bind(proposal.code.map(CodeId::uuid))
            .bind(&proposal.case)
            .bind(proposal.requested_by.uuid())
            .bind(proposal.now)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// A proposal about a payment within reach.
pub async fn find(tx: &mut Tx, reach: Reach, id: MoveId) -> Result<Option<MoveRow>, StoreError> {
    const SQL: &str = "SELECT m.id,
            m.payment_id,
            m.outlet_id,
            m.code_id,
            m.case_number,
            m.state,
            m.requested_by,
            m.requested_at,
            m.decided_by,
            m.decided_at,
            m.new_payment_id,
            m.version
        FROM payment_moves m JOIN payments p ON p.id = m.payment_id
        WHERE ($1 IS NULL OR p.merchant_id = $1)
            AND ($2 IS NULL OR EXISTS (SELECT 1 FROM user_zones u
                WHERE u.zone_id = p.zone_id AND u.user_id = $2))
            AND m.id = $3";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?)
}

/// Decides version `version` of a proposal that waits. `false` means that someone else was
/// first.
pub async fn decide(
    tx: &mut Tx,
    id: MoveId,
    version: i64,
    decision: MoveDecision,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE payment_moves SET
            state = $3,
            decided_by = $4,
            decided_at = $5,
            new_payment_id = $6,
            version = version + 1
        WHERE id = $1 AND version = $2 AND state = 'proposed'";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(decision.state)
            .bind(decision.by.uuid())
            .bind(decision.at)
            .bind(decision.new_payment.map(PaymentId::uuid))
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}
