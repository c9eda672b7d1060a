//! Proposals to count a payment elsewhere, which a second person decides.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::reach::{Reach, reaches_zone};
use super::{StoreError, Tx, on_engine};
use crate::domain::ids::{CodeId, MoveId, OutletId, PaymentId, UserId};
use crate::domain::payment::MoveState;

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

/// The columns of proposals about payments within reach: $1 is the merchant, $2 the person
/// whose zones count.
macro_rules! select_within_reach {
    ($rest:literal) => {
        concat!(
            "SELECT m.id,
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
            WHERE ",
            reaches_zone!("p.merchant_id", "p.zone_id"),
            " ",
            $rest
        )
    };
}

/// A proposal about a payment within reach.
pub async fn find(tx: &mut Tx, reach: Reach, id: MoveId) -> Result<Option<MoveRow>, StoreError> {
    const SQL: &str = select_within_reach!("AND m.id = $3");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?)
}

/// Proposals in a state about payments within reach, the oldest first, after a place in the
/// list.
pub async fn list(
    tx: &mut Tx,
    reach: Reach,
    state: MoveState,
    after: Option<(DateTime<Utc>, MoveId)>,
    limit: u32,
) -> Result<Vec<MoveRow>, StoreError> {
    const SQL: &str = select_within_reach!(
        "AND m.state = $6
            AND ($3 IS NULL OR m.requested_at > $3 OR (m.requested_at = $3 AND m.id > $4))
        ORDER BY m.requested_at, m.id LIMIT $5"
    );
    let (time, id) = after.unzip();
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(time)
            .bind(id.map(MoveId::uuid))
            .bind(i64::from(limit))
            .bind(state.as_str())
            .fetch_all(connection)
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
