//! `/v1/payments/{id}/moves` and `/v1/payment-moves`: counting a payment elsewhere, by two
//! persons.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::instant_of;
use super::registry::{Expected, Versioned, filter};
use super::suspense_settlement::target;
use crate::domain::day::to_rfc3339;
use crate::domain::disclosure::CaseNumber;
use crate::domain::ids::{CodeId, MoveId, OutletId, PaymentId, UserId};
use crate::domain::payment::MoveState;
use crate::flows::move_payment::{self, Verdict};
use crate::http::AppState;
use crate::http::auth::{Staff, found};
use crate::http::extract::{Json, Path, Query};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::page::{Page, Position};
use crate::http::problem::{Problem, at};
use crate::store::payment_moves::{self, MoveRow};

/// A proposal to count a payment elsewhere.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentMove, example = json!({
    "id": "mov_01920000000070008000000000000001",
    "payment_id": "pay_01920000000070008000000000000001",
    "outlet_id": "out_01920000000070008000000000000002",
    "code_id": null,
    "case": "KN-2026/114",
    "state": "proposed",
    "requested_by": "usr_01920000000070008000000000000001",
    "requested_at": "2026-11-23T09:00:00+07:00",
    "decided_by": null,
    "decided_at": null,
    "new_payment_id": null,
    "version": 1,
}))]
pub struct PaymentMoveDocument {
    id: String,
    payment_id: String,
    /// Where it is to count.
    outlet_id: String,
    /// For which code; null for the outlet alone.
    code_id: Option<String>,
    /// The number of the case; the merchant sees it.
    case: String,
    /// `proposed`, `approved` or `rejected`.
    state: String,
    requested_by: String,
    requested_at: String,
    decided_by: Option<String>,
    decided_at: Option<String>,
    /// The payment that took the place of the voided one.
    new_payment_id: Option<String>,
    version: i64,
}

/// Where a payment is to count: a code or an outlet of the account that the money is in.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "outlet_id": "out_01920000000070008000000000000002",
    "case": "KN-2026/114",
}))]
pub struct NewPaymentMove {
    /// This code.
    code_id: Option<String>,
    /// This outlet, by no code that is known.
    outlet_id: Option<String>,
    /// The number of the case; the merchant sees it.
    case: String,
}

/// Which moves are wanted.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaymentMoveQuery {
    /// `proposed`, the ones that wait, if not given; `approved` or `rejected`.
    state: Option<String>,
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl From<MoveRow> for PaymentMoveDocument {
    fn from(row: MoveRow) -> Self {
        let user = |id| UserId::from_uuid(id).to_string();
        let payment = |id| PaymentId::from_uuid(id).to_string();
        Self {
            id: MoveId::from_uuid(row.id).to_string(),
            payment_id: payment(row.payment_id),
            outlet_id: OutletId::from_uuid(row.outlet_id).to_string(),
            code_id: row.code_id.map(|id| CodeId::from_uuid(id).to_string()),
            case: row.case_number,
            state: row.state,
            requested_by: user(row.requested_by),
            requested_at: to_rfc3339(row.requested_at),
            decided_by: row.decided_by.map(user),
            decided_at: row.decided_at.map(to_rfc3339),
            new_payment_id: row.new_payment_id.map(payment),
            version: row.version,
        }
    }
}

/// Proposes to count a payment elsewhere.
#[utoipa::path(
    post,
    path = "/v1/payments/{id}/moves",
    tag = "money",
    summary = "Propose to move a payment",
    description = "For staff, in their zones. Another person decides. Only a code or an outlet of the account that the money is in: money never moves between bank accounts here. The merchant sees the proposal and its case.",
    operation_id = "propose_payment_move",
    params(("id" = String, Path, description = "The payment."),
        ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back.")),
    request_body = NewPaymentMove,
    responses((status = 201, description = "The proposal waits.", body = PaymentMoveDocument))
)]
pub async fn propose(
    Staff(caller): Staff,
    State(state): State<AppState>,
    Path(id): Path<PaymentId>,
    key: IdempotencyKey,
    Json(body): Json<NewPaymentMove>,
) -> Result<Response, Problem> {
    let target = target(body.code_id.as_deref(), body.outlet_id.as_deref())?;
    let case = CaseNumber::parse(&body.case).map_err(at("/case"))?;
    let change = caller.change(&state)?;
    let request = (id.to_string(), &body);
    let mut work = match Creation::begin(&state, &caller, "payments.move", key, &request).await? {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let which = (id, target);
    let row = move_payment::propose(work.tx(), &change, caller.reach(), which, &case).await?;
    work.created(&PaymentMoveDocument::from(row)).await
}

/// The proposals that the caller may decide or look back on.
#[utoipa::path(
    get,
    path = "/v1/payment-moves",
    tag = "money",
    summary = "List moves of payments",
    description = "For staff, in their zones: the ones that wait for a second person, or those that were decided, the oldest first. Nobody's amounts.",
    operation_id = "list_payment_moves",
    params(PaymentMoveQuery),
    responses((status = 200, description = "A page of moves.", body = Page<PaymentMoveDocument>))
)]
pub async fn list(
    Staff(caller): Staff,
    State(state): State<AppState>,
    Query(query): Query<PaymentMoveQuery>,
) -> Result<Json<Page<PaymentMoveDocument>>, Problem> {
    let wanted = filter("state", query.state.as_deref(), MoveState::parse)?;
    let wanted = wanted.unwrap_or(MoveState::Proposed);
    let scope = (&caller.actor, wanted.as_str());
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("payment_moves", &scope, query.limit, cursor)?;
    let after = request.after().map(|position| {
        let id = MoveId::from_uuid(position.id);
        instant_of(position).map(|at| (at, id))
    });
    let after = after.transpose()?;
    let mut tx = state.ledger.store.begin_read().await?;
    let rows = request.fetch_rows();
    let rows = payment_moves::list(&mut tx, caller.reach(), wanted, after, rows).await?;
    let position = |row: &MoveRow| Position {
        sort: to_rfc3339(row.requested_at),
        id: row.id,
    };
    Ok(Json(request.page(
        rows,
        position,
        PaymentMoveDocument::from,
    )))
}

/// One proposal.
#[utoipa::path(
    get,
    path = "/v1/payment-moves/{id}",
    tag = "money",
    summary = "Read a move of a payment",
    description = "For staff, in their zones.",
    operation_id = "read_payment_move",
    params(("id" = String, Path, description = "The move.")),
    responses((status = 200, description = "The move.", body = PaymentMoveDocument))
)]
pub async fn read(
    Staff(caller): Staff,
    State(state): State<AppState>,
    Path(id): Path<MoveId>,
) -> Result<Versioned<PaymentMoveDocument>, Problem> {
    let mut tx = state.ledger.store.begin_read().await?;
    let row = found(payment_moves::find(&mut tx, caller.reach(), id).await?)?;
    Ok(Versioned(row.version, row.into()))
}

macro_rules! decisions {
    ($($name:ident $path:tt $operation:tt $summary:tt $description:tt => $verdict:expr;)*) => {$(
        #[doc = $summary]
        #[utoipa::path(
            post,
            path = $path,
            tag = "money",
            summary = $summary,
            description = $description,
            operation_id = $operation,
            params(("id" = String, Path, description = "The move."), Expected),
            responses((status = 200, description = "The move afterwards.", body = PaymentMoveDocument))
        )]
        pub async fn $name(
            Staff(caller): Staff,
            State(state): State<AppState>,
            Path(id): Path<MoveId>,
            expected: Expected,
        ) -> Result<Versioned<PaymentMoveDocument>, Problem> {
            let (change, which) = (caller.change(&state)?, (id, expected.version));
            let mut tx = state.ledger.store.begin_write().await?;
            let reach = caller.reach();
            let row = move_payment::decide(&mut tx, &change, reach, which, $verdict).await?;
            tx.commit().await?;
            Ok(Versioned(row.version, row.into()))
        }
    )*};
}

decisions! {
    approve "/v1/payment-moves/{id}/approve" "approve_payment_move" "Approve a move of a payment"
        "For another person than the one who proposed it. The payment is voided and stays readable; a new one takes its place, and the sums of both days follow." => Verdict::Approve;
    reject "/v1/payment-moves/{id}/reject" "reject_payment_move" "Reject a move of a payment"
        "For staff, in their zones; also to withdraw one's own. The payment stays as it is." => Verdict::Reject;
}
