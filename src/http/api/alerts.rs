//! `/v1/alerts`: what a person must look at.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{PageQuery, instant_of};
use crate::domain::day::to_rfc3339;
use crate::domain::ids::{AlertId, MerchantId};
use crate::domain::text::Reason;
use crate::flows::settle_alert;
use crate::http::AppState;
use crate::http::auth::Staff;
use crate::http::extract::{Json, Path, Query};
use crate::http::page::{Page, Position};
use crate::http::problem::{Problem, at};
use crate::store::alerts::{self, AlertRow};

/// Something that a person must look at.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alert, example = json!({
    "id": "alr_01920000000070008000000000000001",
    "kind": "conflict",
    "subject": "btx_01920000000070008000000000000002",
    "merchant_id": "mer_01920000000070008000000000000001",
    "detail": {},
    "raised_at": "2026-11-23T09:00:00+07:00",
    "settled_at": null,
    "settled_by": null,
    "note": null,
}))]
pub struct AlertDocument {
    id: String,
    /// What kind, such as `transaction.conflict` or `source.silent`.
    kind: String,
    /// The id of what it is about.
    subject: String,
    /// Whose it is, where that is known.
    merchant_id: Option<String>,
    /// What a person needs to know.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// Since when it waits.
    raised_at: String,
    /// When it was settled.
    settled_at: Option<String>,
    /// The person who did, or `phocho` where the cause went by itself: a source that is heard
    /// again.
    settled_by: Option<String>,
    /// What was written about it.
    note: Option<String>,
}

/// What came of an alert.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": "Đã gọi ngân hàng: họ gửi lại sau khi sửa số tiền"}))]
pub struct AlertSettlement {
    /// Words for the people who look after the street, 1 to 500 characters.
    note: String,
}

/// A page of alerts, with the number of all that wait.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertList, example = json!({
    "open_count": 1,
    "data": [{
        "id": "alr_01920000000070008000000000000001",
        "kind": "conflict",
        "subject": "btx_01920000000070008000000000000002",
        "merchant_id": "mer_01920000000070008000000000000001",
        "detail": {},
        "raised_at": "2026-11-23T09:00:00+07:00",
        "settled_at": null,
        "settled_by": null,
        "note": null,
    }],
    "next_cursor": null,
    "has_more": false,
}))]
pub struct AlertListDocument {
    /// How many wait in all.
    open_count: i64,
    #[serde(flatten)]
    page: Page<AlertDocument>,
}

impl From<AlertRow> for AlertDocument {
    fn from(row: AlertRow) -> Self {
        Self {
            id: AlertId::from_uuid(row.id).to_string(),
            kind: row.kind,
            subject: row.subject,
            detail: serde_json::from_str(&row.detail).unwrap_or(row.detail.into()),
            raised_at: to_rfc3339(row.raised_at),
            merchant_id: row
                .merchant_id
                .map(|id| MerchantId::from_uuid(id).to_string()),
            settled_at: row.settled_at.map(to_rfc3339),
            settled_by: row.settled_by,
            note: row.settled_note,
        }
    }
}

/// What waits for a person, oldest first.
#[utoipa::path(
    get,
    path = "/v1/alerts",
    tag = "access",
    summary = "List what needs attention",
    description = "For staff, within their zones. Oldest first, settled ones left out.",
    operation_id = "list_alerts",
    params(PageQuery),
    responses((status = 200, description = "A page of alerts, with the number of all that wait.", body = AlertListDocument))
)]
pub async fn list(
    Staff(caller): Staff,
    State(state): State<AppState>,
    Query(query): Query<PageQuery>,
) -> Result<Json<AlertListDocument>, Problem> {
    let reach = caller.reach();
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("alerts", &caller.actor, query.limit, cursor)?;
    let after = request.after().map(|position| {
        let id = AlertId::from_uuid(position.id);
        instant_of(position).map(|at| (at, id))
    });
    let mut tx = state.ledger.store.begin_read().await?;
    let open_count = alerts::open_count(&mut tx, reach).await?;
    let limit = request.fetch_rows().into();
    let rows = alerts::list_open(&mut tx, reach, after.transpose()?, limit).await?;
    let position = |row: &AlertRow| Position {
        sort: to_rfc3339(row.raised_at),
        id: row.id,
    };
    let page = request.page(rows, position, AlertDocument::from);
    Ok(Json(AlertListDocument { open_count, page }))
}

/// Settles an alert.
#[utoipa::path(
    post,
    path = "/v1/alerts/{id}/settle",
    tag = "access",
    summary = "Settle an alert",
    description = "For staff, within their zones, once. The note stays with the alert.",
    operation_id = "settle_alert",
    params(("id" = String, Path, description = "The alert.")),
    request_body = AlertSettlement,
    responses((status = 200, description = "The alert afterwards.", body = AlertDocument))
)]
pub async fn settle(
    Staff(caller): Staff,
    State(state): State<AppState>,
    Path(id): Path<AlertId>,
    Json(body): Json<AlertSettlement>,
) -> Result<Json<AlertDocument>, Problem> {
    let note = Reason::parse(&body.note).map_err(at("/note"))?;
    let (change, reach) = (caller.change(&state)?, caller.reach());
    let mut tx = state.ledger.store.begin_write().await?;
    let settled = settle_alert::settle(&mut tx, &change, reach, id, &note).await?;
    tx.commit().await?;
    Ok(Json(settled.into()))
}
