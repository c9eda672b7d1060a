//! `/v1/sources/delays`: how long after the bank's time each source tells of a credit.

use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::completeness::listed_days;
use crate::domain::day::Window;
use crate::domain::delay::Delays;
use crate::domain::ids::SourceId;
use crate::domain::period::PeriodError;
use crate::http::AppState;
use crate::http::auth::Staff;
use crate::http::code::Code;
use crate::http::extract::{Json, Query};
use crate::http::problem::{Explain, FieldError, Problem};
use crate::store::source_delays;

/// Over which local days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DelayQuery {
    /// The first day on which notices came in; 27 days before the last one if not given.
    from: Option<NaiveDate>,
    /// The last day; today if not given.
    to: Option<NaiveDate>,
}

/// How long after the bank's time credits were known here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SourceDelays, example = json!({
    "from": "2026-11-01",
    "to": "2026-11-24",
    "data": [{
        "source_id": "src_01920000000070008000000000000001",
        "source": "sepay",
        "notices": 4120,
        "p50_s": 2,
        "p95_s": 7,
        "p99_s": 30,
    }],
}))]
pub struct DelaysDocument {
    from: NaiveDate,
    to: NaiveDate,
    /// Every source, by name.
    data: Vec<DelayDocument>,
}

/// The delays of one source, from the bank's time of a credit to the arrival of the notice
/// that first told of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SourceDelay)]
pub struct DelayDocument {
    source_id: String,
    source: String,
    /// How many transactions it was the first to tell of.
    notices: i64,
    /// Half of them were known after at most so many seconds; null when there are none.
    /// 86400 stands for more than half a day.
    p50_s: Option<i64>,
    /// The same for 95 of 100.
    p95_s: Option<i64>,
    /// The same for 99 of 100.
    p99_s: Option<i64>,
}

impl From<(SourceId, String, Delays)> for DelayDocument {
    fn from((id, source, delays): (SourceId, String, Delays)) -> Self {
        Self {
            source_id: id.to_string(),
            source,
            notices: delays.notices(),
            p50_s: delays.percentile(50),
            p95_s: delays.percentile(95),
            p99_s: delays.percentile(99),
        }
    }
}

/// The delays of every source.
#[utoipa::path(
    get,
    path = "/v1/sources/delays",
    tag = "bank in",
    summary = "List the delays of the sources",
    description = "For staff. The time from the bank's own time to the arrival of the notice, which its commit follows within the answer; rounded up to a step of a fixed ladder.",
    operation_id = "list_source_delays",
    params(DelayQuery),
    responses((status = 200, description = "A line for every source.", body = DelaysDocument))
)]
pub async fn list(
    _staff: Staff,
    State(state): State<AppState>,
    Query(query): Query<DelayQuery>,
) -> Result<Json<DelaysDocument>, Problem> {
    if query.from.zip(query.to).is_some_and(|(from, to)| to < from) {
        let fault = PeriodError::Reversed;
        let error = FieldError::query("to", fault.code(), fault.text());
        return Err(Problem::new(Code::InvalidQuery).errors(vec![error]));
    }
    let days: Window = listed_days(query.from, query.to, state.clock.now());
    let mut tx = state.ledger.store.begin_read().await?;
    let delays = source_delays::by_source(&mut tx, days).await?;
    Ok(Json(DelaysDocument {
        from: days.first(),
        to: days.last(),
        data: delays.into_iter().map(Into::into).collect(),
    }))
}
