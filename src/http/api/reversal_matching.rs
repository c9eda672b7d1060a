//! `/v1/reversals/{id}/candidates`, `/match` and `/cancel`: what a trader says about a reversal
//! that waits.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::money::CaseQuery;
use super::registry::{Expected, Versioned};
use super::reversals::ReversalDocument;
use super::suspense_settlement::trader;
use crate::domain::day::to_rfc3339;
use crate::domain::ids::{BankTransactionId, ReversalId};
use crate::flows::record_reversal;
use crate::http::AppState;
use crate::http::auth::{Caller, MerchantOrStaff, found};
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::{Problem, at};
use crate::store::reversal_links::MovementRow;
use crate::store::reversals;

/// The other end of a reversal.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"transaction_id": "btx_01920000000070008000000000000002"}))]
pub struct ReversalMatch {
    /// Of a record the debit, of a bank's word the credit that it takes back.
    transaction_id: String,
}

/// What a reversal that waits may belong to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReversalCandidates, example = json!({
    "data": [{
        "transaction_id": "btx_01920000000070008000000000000002",
        "direction": "debit",
        "amount_vnd": 20_000,
        "occurred_at": "2026-11-23T09:12:30+07:00",
    }],
}))]
pub struct CandidatesDocument {
    data: Vec<CandidateDocument>,
}

/// A transaction that may be the other end of a reversal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReversalCandidate)]
pub struct CandidateDocument {
    transaction_id: String,
    /// `credit` or `debit`.
    direction: String,
    amount_vnd: i64,
    /// The bank's time.
    occurred_at: String,
}

impl From<MovementRow> for CandidateDocument {
    fn from(row: MovementRow) -> Self {
        Self {
            transaction_id: BankTransactionId::from_uuid(row.id).to_string(),
            direction: row.direction,
            amount_vnd: row.amount_vnd,
            occurred_at: to_rfc3339(row.occurred_at),
        }
    }
}

/// What a reversal that waits may belong to.
#[utoipa::path(
    get,
    path = "/v1/reversals/{id}/candidates",
    tag = "money",
    summary = "List what a reversal may belong to",
    description = "For its merchant. Staff name the merchant and a case. Of a record that waits the debits of its amount that confirm nothing yet, of a bank's word that names nothing known the credits before it; of any other reversal nothing.",
    operation_id = "list_reversal_candidates",
    params(("id" = String, Path, description = "The reversal."), CaseQuery),
    responses((status = 200, description = "The candidates.", body = CandidatesDocument))
)]
pub async fn candidates(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<ReversalId>,
    Query(query): Query<CaseQuery>,
) -> Result<Json<CandidatesDocument>, Problem> {
    let money = query.open(&state, &caller, "reversals").await?;
    let mut tx = state.ledger.store.begin_read().await?;
    let row = found(reversals::find(&mut tx, money.reach, id).await?)?;
    let rows = record_reversal::candidates(&mut tx, &row).await?;
    let data = rows.into_iter().map(CandidateDocument::from).collect();
    Ok(Json(CandidatesDocument { data }))
}

/// Withdraws a record.
#[utoipa::path(
    post,
    path = "/v1/reversals/{id}/cancel",
    tag = "money",
    summary = "Withdraw a record of money given back",
    description = "For its merchant and the till of its outlet, while it waits for its debit.",
    operation_id = "cancel_reversal",
    params(("id" = String, Path, description = "The reversal."), Expected),
    responses((status = 200, description = "The record afterwards.", body = ReversalDocument))
)]
pub async fn cancel(
    caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<ReversalId>,
    expected: Expected,
) -> Result<Versioned<ReversalDocument>, Problem> {
    let (trader, act) = (trader(&caller)?, caller.act(&state));
    let mut tx = state.ledger.store.begin_write().await?;
    let which = (id, expected.version);
    let row = record_reversal::cancel(&mut tx, &act, trader, which).await?;
    tx.commit().await?;
    Ok(Versioned(row.version, row.into()))
}

/// Matches a reversal by hand.
#[utoipa::path(
    post,
    path = "/v1/reversals/{id}/match",
    tag = "money",
    summary = "Match a reversal by hand",
    description = "For its merchant and the till of its outlet, while it waits: one of its candidates is its other end. The payment and the sums follow.",
    operation_id = "match_reversal",
    params(("id" = String, Path, description = "The reversal."), Expected),
    request_body = ReversalMatch,
    responses((status = 200, description = "The reversal afterwards.", body = ReversalDocument))
)]
pub async fn choose(
    caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<ReversalId>,
    expected: Expected,
    Json(body): Json<ReversalMatch>,
) -> Result<Versioned<ReversalDocument>, Problem> {
    let (trader, act) = (trader(&caller)?, caller.act(&state));
    let transaction = body.transaction_id.parse::<BankTransactionId>();
    let transaction = transaction.map_err(at("/transaction_id"))?;
    let mut tx = state.ledger.store.begin_write().await?;
    let which = (id, expected.version);
    let row = record_reversal::choose(&mut tx, &act, trader, which, transaction).await?;
    tx.commit().await?;
    Ok(Versioned(row.version, row.into()))
}
