//! `/v1/suspense/export.csv`: credits without a code as a file.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::money::open_money;
use super::registry::filter;
use crate::domain::suggestion::SuspenseState;
use crate::flows::export_suspense::{Shown, sheet};
use crate::http::AppState;
use crate::http::auth::MerchantOrStaff;
use crate::http::extract::Query;
use crate::http::problem::Problem;

/// Which items are wanted.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SuspenseExportQuery {
    /// `open`, the ones that wait, if not given; or `settled`.
    state: Option<String>,
    /// For staff: the merchant whose items are read, with what came.
    merchant_id: Option<String>,
    /// For staff: the number of the case they are read for; the merchant sees it.
    case: Option<String>,
}

/// The items as a file.
#[utoipa::path(
    get,
    path = "/v1/suspense/export.csv",
    tag = "money",
    summary = "Export credits without a code",
    description = "For a merchant: its own, with what came. For staff who name a merchant and a case: the same, and the merchant sees it. For staff who name neither: all items in their zones, with whose they are, since when and why they wait, nobody's amounts and texts. Longest waiting first, at most 10 000 rows; `X-Has-More` says whether there are more.",
    operation_id = "export_suspense",
    params(SuspenseExportQuery),
    responses((status = 200, description = "A CSV file in UTF-8.", content_type = "text/csv", body = String,
        example = "suspense_id,merchant_id,state,outcome,opened_at,waits_days,reason,reason_vi,reason_en\nsus_01920000000070008000000000000001,mer_01920000000070008000000000000001,open,,2026-11-23T09:01:13+07:00,0,no_reference,Nội dung không có mã nào.,The text holds no reference.\n"))
)]
pub async fn export(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Query(query): Query<SuspenseExportQuery>,
) -> Result<Response, Problem> {
    let wanted = filter("state", query.state.as_deref(), SuspenseState::parse)?;
    let wanted = wanted.unwrap_or(SuspenseState::Open);
    let (merchant, case) = (query.merchant_id.as_deref(), query.case.as_deref());
    let of_all =
        caller.principal.scope.merchant().is_none() && merchant.is_none() && case.is_none();
    let (reach, shown) = if of_all {
        (caller.reach(), Shown::CountsAndAge)
    } else {
        let money = open_money(&state, &caller, merchant, case, "suspense").await?;
        (money.reach, Shown::Money)
    };
    let mut tx = state.ledger.store.begin_read().await?;
    let now = state.clock.now();
    let file = sheet(&mut tx, reach, wanted, shown, now).await?;
    let has_more = if file.has_more { "true" } else { "false" };
    let mut response = file.bytes.into_response();
    let headers = response.headers_mut();
    let name = r#"attachment; filename="suspense.csv""#;
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(name));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-has-more", HeaderValue::from_static(has_more));
    Ok(response)
}
