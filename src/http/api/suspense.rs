//! `/v1/suspense`: credits that name no single code and wait for their trader.

use axum::extract::State;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::completeness::{CompletenessDocument, MoneyPage, listed_days};
use super::instant_of;
use super::money::{CaseQuery, open_money};
use super::payment_explanations::{Reasons, SeenReference};
use super::wording::Worded;
use crate::domain::day::to_rfc3339;
use crate::domain::explanation::Explanation;
use crate::domain::ids::{AccountId, BankTransactionId, MerchantId, SuspenseId};
use crate::http::AppState;
use crate::http::auth::{MerchantOrStaff, Staff, found};
use crate::http::extract::{Json, Path, Query};
use crate::http::page::Position;
use crate::http::problem::Problem;
use crate::store::inconsistent;
use crate::store::suspense::{self, SuspenseRow};

/// After how long an item that nobody settled is called old.
const OLD: TimeDelta = TimeDelta::days(7);

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
    /// Why no code was taken.
    verdict: Worded,
    /// Issued references that were seen.
    evidence: Vec<SeenReference>,
    /// What looked like a reference and was passed over, and why.
    rejected: Vec<SeenReference>,
}

/// How much waits, and since when: what staff see of suspense.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SuspenseAges, example = json!({
    "open": 12,
    "older_than_7_days": 1,
    "oldest_opened_at": "2026-11-14T19:20:00+07:00",
    "completeness": {
        "state": {
            "code": "live",
            "vi": "Mọi nguồn báo tiền đều hoạt động như thường lệ.",
            "en": "Every source of notices is heard as usual.",
        },
        "sources": [{
            "source": "sepay",
            "state": "live",
            "silent_since": null,
            "silent_days": [],
        }],
    },
}))]
pub struct SuspenseAgesDocument {
    /// Items that wait.
    open: i64,
    /// Of these, the ones that wait for more than seven days.
    older_than_7_days: i64,
    /// Since when the oldest waits; null when none does.
    oldest_opened_at: Option<String>,
    /// How the sources behind these counts are heard.
    completeness: CompletenessDocument,
}

/// Which items are wanted.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SuspenseQuery {
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
    fn new(row: SuspenseRow) -> Result<Self, Problem> {
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
            verdict: reasons.verdict,
            evidence: reasons.evidence,
            rejected: reasons.rejected,
        })
    }
}

/// The open items that the caller may read, longest waiting first.
#[utoipa::path(
    get,
    path = "/v1/suspense",
    tag = "money",
    summary = "List credits without a code",
    description = "For a merchant: its own that wait, longest waiting first. Staff name the merchant and a case.",
    operation_id = "list_suspense",
    params(SuspenseQuery),
    responses((status = 200, description = "A page of items.", body = MoneyPage<SuspenseDocument>))
)]
pub async fn list(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Query(query): Query<SuspenseQuery>,
) -> Result<Json<MoneyPage<SuspenseDocument>>, Problem> {
    let (merchant, case) = (query.merchant_id.as_deref(), query.case.as_deref());
    let money = open_money(&state, &caller, merchant, case, "suspense").await?;
    let scope = (&caller.actor, &query.merchant_id);
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
    let rows = suspense::list_open(&mut tx, money.reach, after, rows).await?;
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
) -> Result<Json<SuspenseDocument>, Problem> {
    let money = query.open(&state, &caller, "suspense").await?;
    let mut tx = state.ledger.store.begin_read().await?;
    let row = found(suspense::find(&mut tx, money.reach, id).await?)?;
    Ok(Json(SuspenseDocument::new(row)?))
}

/// How much waits within the caller's zones, without anyone's money.
#[utoipa::path(
    get,
    path = "/v1/suspense/ages",
    tag = "money",
    summary = "Count credits without a code",
    description = "For staff, within their zones: how many wait and since when, nobody's amounts.",
    operation_id = "count_suspense",
    responses((status = 200, description = "The counts.", body = SuspenseAgesDocument))
)]
pub async fn ages(
    Staff(caller): Staff,
    State(state): State<AppState>,
) -> Result<Json<SuspenseAgesDocument>, Problem> {
    let (now, reach) = (state.clock.now(), caller.reach());
    let mut tx = state.ledger.store.begin_read().await?;
    let waiting = suspense::waiting(&mut tx, reach, now - OLD).await?;
    let days = listed_days(None, None, now);
    Ok(Json(SuspenseAgesDocument {
        open: waiting.open,
        older_than_7_days: waiting.older,
        oldest_opened_at: waiting.oldest.map(to_rfc3339),
        completeness: CompletenessDocument::read(&mut tx, reach, days, now).await?,
    }))
}
