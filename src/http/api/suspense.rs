//! `/v1/suspense`: credits that name no single code and wait for their trader.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::completeness::{CompletenessDocument, MoneyPage, listed_days};
use super::instant_of;
use super::money::{CaseQuery, open_money};
use super::payment_explanations::{Reasons, SeenReference};
use super::registry::{Versioned, filter};
use super::wording::Worded;
use crate::domain::day::to_rfc3339;
use crate::domain::explanation::Explanation;
use crate::domain::ids::{AccountId, BankTransactionId, MerchantId, PaymentId, SuspenseId};
use crate::domain::suggestion::SuspenseState;
use crate::http::AppState;
use crate::http::auth::{MerchantOrStaff, found};
use crate::http::extract::{Json, Path, Query};
use crate::http::page::Position;
use crate::http::problem::Problem;
use crate::store::inconsistent;
use crate::store::suspense::{self, SuspenseRow};

/// A credit that names no single code.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SuspenseItem, example = json!({
    "id": "sus_01920000000070008000000000000001",
    "transaction_id": "btx_01920000000070008000000000000001",
    "merchant_id": "mer_01920000000070008000000000000001",
    "account_id": "acc_01920000000070008000000000000001",
    "state": "open",
    "amount_vnd": 45_000,
    "content": "chuyen tien bun oc",
    "bank_reference": "FT26075000000001",
    "occurred_at": "2026-11-23T09:01:12+07:00",
    "opened_at": "2026-11-23T09:01:13+07:00",
    "settled_at": null,
    "settled_by": null,
    "outcome": null,
    "note": null,
    "payment_id": null,
    "version": 1,
    "verdict": {
        "code": "no_reference",
        "vi": "Nội dung không có mã nào.",
        "en": "The text holds no reference.",
    },
    "evidence": [],
    "rejected": [],
}))]
pub struct SuspenseDocument {
    id: String,
    transaction_id: String,
    merchant_id: String,
    /// The account that the money is in.
    account_id: String,
    /// `open` or `settled`.
    state: String,
    amount_vnd: i64,
    /// The transfer text as the bank delivered it.
    content: String,
    /// The bank's own reference.
    bank_reference: Option<String>,
    /// The bank's time.
    occurred_at: String,
    /// Since when it waits.
    opened_at: String,
    settled_at: Option<String>,
    /// The merchant, or the outlet whose till it was.
    settled_by: Option<String>,
    /// What it came to: `paid`, `not_a_sale` or, where people decided that it was told twice,
    /// `same_money`; null while it waits.
    outcome: Option<String>,
    /// What the trader wrote about it.
    note: Option<String>,
    /// The payment that holds its credit.
    payment_id: Option<String>,
    version: i64,
    /// Why no code was taken.
    verdict: Worded,
    /// Issued references that were seen.
    evidence: Vec<SeenReference>,
    /// What looked like a reference and was passed over, and why.
    rejected: Vec<SeenReference>,
}

/// Which items are wanted.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SuspenseQuery {
    /// `open`, the ones that wait, if not given; or `settled`.
    state: Option<String>,
    /// For staff: the merchant whose items are read.
    merchant_id: Option<String>,
    /// For staff: the number of the case they are read for; the merchant sees it.
    case: Option<String>,
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl SuspenseDocument {
    pub(super) fn new(row: SuspenseRow) -> Result<Self, Problem> {
        let explanation = serde_json::from_str::<Explanation>(&row.explanation);
        let explanation =
            explanation.map_err(|_| inconsistent("suspense_items", "explanation", row.id))?;
        let reasons = Reasons::from(explanation);
        Ok(Self {
            id: SuspenseId::from_uuid(row.id).to_string(),
            transaction_id: BankTransactionId::from_uuid(row.transaction_id).to_string(),
            merchant_id: MerchantId::from_uuid(row.merchant_id).to_string(),
            account_id: AccountId::from_uuid(row.account_id).to_string(),
            state: row.state,
            amount_vnd: row.amount_vnd,
            content: row.content,
            bank_reference: row.bank_reference,
            occurred_at: to_rfc3339(row.occurred_at),
            opened_at: to_rfc3339(row.opened_at),
            settled_at: row.settled_at.map(to_rfc3339),
            settled_by: row.settled_by,
            outcome: row.outcome,
            note: row.settled_note,
            payment_id: row
                .payment_id
                .map(|id| PaymentId::from_uuid(id).to_string()),
            version: row.version,
            verdict: reasons.verdict,
            evidence: reasons.evidence,
            rejected: reasons.rejected,
        })
    }
}

/// The items that the caller may read, longest waiting first.
#[utoipa::path(
    get,
    path = "/v1/suspense",
    tag = "money",
    summary = "List credits without a code",
    description = "For a merchant: its own that wait, or those that are settled, longest waiting first. Staff name the merchant and a case.",
    operation_id = "list_suspense",
    params(SuspenseQuery),
    responses((status = 200, description = "A page of items.", body = MoneyPage<SuspenseDocument>))
)]
pub async fn list(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Query(query): Query<SuspenseQuery>,
) -> Result<Json<MoneyPage<SuspenseDocument>>, Problem> {
    let wanted = filter("state", query.state.as_deref(), SuspenseState::parse)?;
    let wanted = wanted.unwrap_or(SuspenseState::Open);
    let (merchant, case) = (query.merchant_id.as_deref(), query.case.as_deref());
    let money = open_money(&state, &caller, merchant, case, "suspense").await?;
    let scope = (&caller.actor, &query.merchant_id, wanted.as_str());
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("suspense", &scope, query.limit, cursor)?;
    let after = request.after().map(|position| {
        let id = SuspenseId::from_uuid(position.id);
        instant_of(position).map(|at| (at, id))
    });
    let after = after.transpose()?;
    let mut tx = state.ledger.store.begin_read().await?;
    let now = state.clock.now();
    let days = listed_days(None, None, now);
    let completeness = CompletenessDocument::read(&mut tx, money.reach, days, now).await?;
    let rows = request.fetch_rows();
    let rows = suspense::list(&mut tx, money.reach, wanted.as_str(), after, rows).await?;
    let position = |row: &SuspenseRow| Position {
        sort: to_rfc3339(row.opened_at),
        id: row.id,
    };
    let page = request.page(rows, position, SuspenseDocument::new);
    Ok(Json(MoneyPage::new(completeness, page.transpose()?)))
}

/// One item.
#[utoipa::path(
    get,
    path = "/v1/suspense/{id}",
    tag = "money",
    summary = "Read a credit without a code",
    description = "For its merchant. Staff name the merchant and a case.",
    operation_id = "read_suspense",
    params(("id" = String, Path, description = "The item."), CaseQuery),
    responses((status = 200, description = "The item.", body = SuspenseDocument))
)]
pub async fn read(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<SuspenseId>,
    Query(query): Query<CaseQuery>,
) -> Result<Versioned<SuspenseDocument>, Problem> {
    let money = query.open(&state, &caller, "suspense").await?;
    let mut tx = state.ledger.store.begin_read().await?;
    let row = found(suspense::find(&mut tx, money.reach, id).await?)?;
    Ok(Versioned(row.version, SuspenseDocument::new(row)?))
}
