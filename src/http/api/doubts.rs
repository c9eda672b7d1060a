//! `/v1/doubts`: whether two tellings are the same money, decided by people.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::instant_of;
use super::money::CaseQuery;
use super::registry::{Expected, Versioned, filter};
use crate::domain::day::to_rfc3339;
use crate::domain::doubt::{DoubtDecision, DoubtState};
use crate::domain::ids::{BankTransactionId, DoubtId, MerchantId};
use crate::flows::settle_doubt::{self, Verdict};
use crate::http::AppState;
use crate::http::auth::{MerchantOrStaff, Staff, found};
use crate::http::extract::{Json, Path, Query};
use crate::http::page::{Page, Position};
use crate::http::problem::{Problem, at};
use crate::store::doubts::{self, DoubtRow};

/// A question whether two tellings are the same money.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Doubt, example = json!({
    "id": "dbt_01920000000070008000000000000001",
    "kind": "double",
    "merchant_id": "mer_01920000000070008000000000000001",
    "transaction_id": "btx_01920000000070008000000000000002",
    "state": "open",
    "decision": null,
    "requested_by": null,
    "decided_by": null,
    "decided_at": null,
    "new_transaction_id": null,
    "opened_at": "2026-11-23T09:00:00+07:00",
    "version": 1,
}))]
pub struct DoubtDocument {
    id: String,
    /// `double`: one bank reference under two numbers of a source. `conflict`: one number, told
    /// again with other facts.
    kind: String,
    merchant_id: String,
    /// Of a double the later transaction, of a conflict the one that was told first.
    transaction_id: String,
    /// `open`, `proposed` or `settled`.
    state: String,
    /// `same_money` or `other_money`.
    decision: Option<String>,
    /// Who decided, the first of two where two must.
    requested_by: Option<String>,
    /// Who decided in the end.
    decided_by: Option<String>,
    decided_at: Option<String>,
    /// The transaction that a conflict became.
    new_transaction_id: Option<String>,
    opened_at: String,
    version: i64,
}

/// What was told the second time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ToldAgain)]
pub struct ToldAgainDocument {
    /// `credit` or `debit`.
    direction: Option<String>,
    amount_vnd: Option<i64>,
    /// The transfer text as the bank delivered it.
    content: Option<String>,
    /// The bank's own reference.
    bank_reference: Option<String>,
    /// The bank's time.
    occurred_at: Option<String>,
}

/// A doubt, and of a conflict what was told the second time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DoubtWithFacts, example = json!({
    "id": "dbt_01920000000070008000000000000001",
    "kind": "conflict",
    "merchant_id": "mer_01920000000070008000000000000001",
    "transaction_id": "btx_01920000000070008000000000000001",
    "state": "open",
    "decision": null,
    "requested_by": null,
    "decided_by": null,
    "decided_at": null,
    "new_transaction_id": null,
    "opened_at": "2026-11-23T09:00:00+07:00",
    "version": 1,
    "told_again": {
        "direction": "credit",
        "amount_vnd": 45_000,
        "content": "TH7K2M9XQ4",
        "bank_reference": "FT26075000000001",
        "occurred_at": "2026-11-23T09:01:12+07:00",
    },
}))]
pub struct DoubtWithFactsDocument {
    #[serde(flatten)]
    doubt: DoubtDocument,
    /// Null for a double: both transactions can be read.
    told_again: Option<ToldAgainDocument>,
}

/// What a person decides.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DoubtDecision, example = json!({"decision": "same_money"}))]
pub struct DecisionBody {
    /// `same_money` or `other_money`.
    decision: String,
}

/// Which doubts are wanted.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DoubtQuery {
    /// `open`, `proposed` or `settled`; all that are not settled if not given.
    state: Option<String>,
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl From<&DoubtRow> for DoubtDocument {
    fn from(row: &DoubtRow) -> Self {
        let transaction = |id| BankTransactionId::from_uuid(id).to_string();
        Self {
            id: DoubtId::from_uuid(row.id).to_string(),
            kind: row.kind.clone(),
            merchant_id: MerchantId::from_uuid(row.merchant_id).to_string(),
            transaction_id: transaction(row.transaction_id),
            state: row.state.clone(),
            decision: row.decision.clone(),
            requested_by: row.requested_by.clone(),
            decided_by: row.decided_by.clone(),
            decided_at: row.decided_at.map(to_rfc3339),
            new_transaction_id: row.new_transaction_id.map(transaction),
            opened_at: to_rfc3339(row.opened_at),
            version: row.version,
        }
    }
}

impl From<DoubtRow> for DoubtWithFactsDocument {
    fn from(row: DoubtRow) -> Self {
        let doubt = DoubtDocument::from(&row);
        let told_again = row.source_id.map(|_| ToldAgainDocument {
            direction: row.direction,
            amount_vnd: row.amount_vnd,
            content: row.content,
            bank_reference: row.bank_reference,
            occurred_at: row.occurred_at.map(to_rfc3339),
        });
        Self { doubt, told_again }
    }
}

/// What people have to decide.
#[utoipa::path(
    get,
    path = "/v1/doubts",
    tag = "money",
    summary = "List doubts about money told twice",
    description = "For a merchant: its own. For staff: those in their zones. Oldest first, nobody's amounts.",
    operation_id = "list_doubts",
    params(DoubtQuery),
    responses((status = 200, description = "A page of doubts.", body = Page<DoubtDocument>))
)]
pub async fn list(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Query(query): Query<DoubtQuery>,
) -> Result<Json<Page<DoubtDocument>>, Problem> {
    let wanted = filter("state", query.state.as_deref(), DoubtState::parse)?;
    let scope = (&caller.actor, &query.state);
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("doubts", &scope, query.limit, cursor)?;
    let after = request.after().map(|position| {
        let id = DoubtId::from_uuid(position.id);
        instant_of(position).map(|at| (at, id))
    });
    let after = after.transpose()?;
    let mut tx = state.ledger.store.begin_read().await?;
    let rows = request.fetch_rows();
    let rows = doubts::list(&mut tx, caller.reach(), wanted, after, rows).await?;
    let position = |row: &DoubtRow| Position {
        sort: to_rfc3339(row.opened_at),
        id: row.id,
    };
    let page = request.page(rows, position, |row| DoubtDocument::from(&row));
    Ok(Json(page))
}

/// One doubt, with what was told.
#[utoipa::path(
    get,
    path = "/v1/doubts/{id}",
    tag = "money",
    summary = "Read a doubt",
    description = "For its merchant. Staff name the merchant and a case: it shows what came.",
    operation_id = "read_doubt",
    params(("id" = String, Path, description = "The doubt."), CaseQuery),
    responses((status = 200, description = "The doubt.", body = DoubtWithFactsDocument))
)]
pub async fn read(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<DoubtId>,
    Query(query): Query<CaseQuery>,
) -> Result<Versioned<DoubtWithFactsDocument>, Problem> {
    let money = query.open(&state, &caller, "doubts").await?;
    let mut tx = state.ledger.store.begin_read().await?;
    let row = found(doubts::find(&mut tx, money.reach, id).await?)?;
    Ok(Versioned(row.version, row.into()))
}

/// Says whether it is the same money.
#[utoipa::path(
    post,
    path = "/v1/doubts/{id}/decide",
    tag = "money",
    summary = "Decide a doubt",
    description = "For its merchant, and for staff in their zones. That it is the same money is settled at once: it counts once. That it is other money waits for a second person of the staff. Said again, nothing changes.",
    operation_id = "decide_doubt",
    params(("id" = String, Path, description = "The doubt."), Expected),
    request_body = DecisionBody,
    responses((status = 200, description = "The doubt afterwards.", body = DoubtDocument))
)]
pub async fn decide(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<DoubtId>,
    expected: Expected,
    Json(body): Json<DecisionBody>,
) -> Result<Versioned<DoubtDocument>, Problem> {
    let decision = DoubtDecision::parse(&body.decision).map_err(at("/decision"))?;
    let (act, which) = (caller.act(&state), (id, expected.version));
    let mut tx = state.ledger.store.begin_write().await?;
    let row = settle_doubt::decide(&mut tx, &act, caller.reach(), which, decision).await?;
    tx.commit().await?;
    Ok(Versioned(row.version, DoubtDocument::from(&row)))
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
            params(("id" = String, Path, description = "The doubt."), Expected),
            responses((status = 200, description = "The doubt afterwards.", body = DoubtDocument))
        )]
        pub async fn $name(
            Staff(caller): Staff,
            State(state): State<AppState>,
            Path(id): Path<DoubtId>,
            expected: Expected,
        ) -> Result<Versioned<DoubtDocument>, Problem> {
            let (act, which) = (caller.act(&state), (id, expected.version));
            let mut tx = state.ledger.store.begin_write().await?;
            let row = settle_doubt::second(&mut tx, &act, caller.reach(), which, $verdict).await?;
            tx.commit().await?;
            Ok(Versioned(row.version, DoubtDocument::from(&row)))
        }
    )*};
}

decisions! {
    approve "/v1/doubts/{id}/approve" "approve_doubt" "Approve that it is other money"
        "For another person of the staff than the one who said so. A double counts from now on, and the sums of its day follow. A conflict becomes a transaction of its own: a credit waits in suspense for its trader." => Verdict::Approve;
    reject "/v1/doubts/{id}/reject" "reject_doubt" "Reject that it is other money"
        "For staff, in their zones; also to withdraw one's own word. The doubt is open again." => Verdict::Reject;
}
