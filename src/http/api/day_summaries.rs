//! `/v1/outlets/{id}/day-summary`: a trader's day, and whether something may be missing in it.

use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::completeness::{CompletenessDocument, heard_as_usual};
use super::money::open_money;
use crate::domain::day::{Window, local_day};
use crate::domain::ids::OutletId;
use crate::http::AppState;
use crate::http::auth::{Caller, found};
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::Problem;
use crate::store::day_summaries::{self, DayPart};
use crate::store::outlets;

/// Which day, and for staff the case.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DayQuery {
    /// The local day of the bank's time; today if not given.
    day: Option<NaiveDate>,
    /// For staff: the merchant whose day is read.
    merchant_id: Option<String>,
    /// For staff: the number of the case it is read for; the merchant sees it.
    case: Option<String>,
}

/// An outlet's day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DaySummary, example = json!({
    "outlet_id": "out_01920000000070008000000000000001",
    "day": "2026-11-23",
    "payments": 42,
    "received_vnd": 2_110_000,
    "sale_vnd": 2_100_000,
    "returned_vnd": 0,
    "parts": [
        {"standing": "counts", "counted_as": "none", "payments": 1, "received_vnd": 1_000,
            "sale_vnd": 0, "returned_vnd": 0},
        {"standing": "counts", "counted_as": "verified", "payments": 42,
            "received_vnd": 2_110_000, "sale_vnd": 2_100_000, "returned_vnd": 0},
    ],
    "completeness": heard_as_usual(),
}))]
pub struct DaySummaryDocument {
    outlet_id: String,
    day: NaiveDate,
    /// Payments that count, by their reference or by the account.
    payments: i64,
    /// What they received.
    received_vnd: i64,
    /// The part of it that is a sale.
    sale_vnd: i64,
    /// What of it went back.
    returned_vnd: i64,
    /// All payments of the day by how they count; those that count for nothing too, such as
    /// tests and suspected duplicates.
    parts: Vec<DayPartDocument>,
    /// How the sources are heard that tell of this day.
    completeness: CompletenessDocument,
}

/// Payments of the day that count in the same way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DayPart)]
pub struct DayPartDocument {
    /// `counts`, `duplicate_suspected` or `voided`.
    standing: String,
    /// Which sums they are in: `verified`, `by_account` or `none`.
    counted_as: String,
    payments: i64,
    received_vnd: i64,
    sale_vnd: i64,
    returned_vnd: i64,
}

impl From<DayPart> for DayPartDocument {
    fn from(part: DayPart) -> Self {
        Self {
            standing: part.standing,
            counted_as: part.counted_as,
            payments: part.payments,
            received_vnd: part.received_vnd,
            sale_vnd: part.sale_vnd,
            returned_vnd: part.returned_vnd,
        }
    }
}

/// The sum of an outlet's local day.
#[utoipa::path(
    get,
    path = "/v1/outlets/{id}/day-summary",
    tag = "live",
    summary = "Read an outlet's day",
    description = "For its merchant and its till. Staff name the merchant and a case; the merchant sees that they looked.",
    operation_id = "read_day_summary",
    params(("id" = String, Path, description = "The outlet."), DayQuery),
    responses((status = 200, description = "The day.", body = DaySummaryDocument))
)]
pub async fn read(
    caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<OutletId>,
    Query(query): Query<DayQuery>,
) -> Result<Json<DaySummaryDocument>, Problem> {
    let (merchant, case) = (query.merchant_id.as_deref(), query.case.as_deref());
    let money = open_money(&state, &caller, merchant, case, "day_summary").await?;
    let now = state.clock.now();
    let day = query.day.unwrap_or_else(|| local_day(now));
    let mut tx = state.ledger.store.begin_read().await?;
    let outlet = outlets::find(&mut tx, money.reach, id).await?;
    let outlet = found(outlet.filter(|outlet| money.has_outlet(outlet.id)))?;
    let parts = day_summaries::parts(&mut tx, outlet.merchant, id, day).await?;
    let window = Window::day(day);
    let completeness = CompletenessDocument::read(&mut tx, money.reach, window, now).await?;
    let counted = parts.iter().filter(|part| part.counted_as != "none");
    let sum = |value: fn(&DayPart) -> i64| counted.clone().map(value).sum();
    Ok(Json(DaySummaryDocument {
        outlet_id: id.to_string(),
        day,
        payments: sum(|part| part.payments),
        received_vnd: sum(|part| part.received_vnd),
        sale_vnd: sum(|part| part.sale_vnd),
        returned_vnd: sum(|part| part.returned_vnd),
        parts: parts.into_iter().map(Into::into).collect(),
        completeness,
    }))
}
