//! `/v1/adoption`: whether it worked, in figures that never stand without their denominator.

mod context;
mod documents;
mod query;
mod series;

use axum::extract::State;

pub use self::documents::{
    DefinitionDocument, DefinitionListDocument, IndicatorAnswerDocument, ScorecardDocument,
};
pub use self::query::{AdoptionQuery, SeriesQuery};
pub use self::series::SeriesDocument;
use crate::domain::adoption::indicator::Indicator;
use crate::flows::measure_adoption::{self, Question};
use crate::http::AppState;
use crate::http::auth::Staff;
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::Problem;

/// The eight numbers for leaders.
#[utoipa::path(
    get,
    path = "/v1/adoption/scorecard",
    tag = "adoption",
    summary = "Read the eight numbers",
    description = "For staff, within their zones. A zone that is not theirs is answered like \
        one that does not exist. What cannot be given yet is there with its reason.",
    operation_id = "read_scorecard",
    params(AdoptionQuery),
    responses((status = 200, description = "The numbers, in the order of the pilot.", body = ScorecardDocument))
)]
pub async fn scorecard(
    Staff(caller): Staff,
    State(state): State<AppState>,
    Query(query): Query<AdoptionQuery>,
) -> Result<Json<ScorecardDocument>, Problem> {
    let (place, window) = query.read()?;
    let now = state.clock.now();
    let mut tx = state.ledger.store.begin_read().await?;
    let area = place.find(&mut tx, caller.reach()).await?;
    let question = Question { area, window, now };
    let measured = measure_adoption::measure(&mut tx, &question).await?;
    Ok(Json(ScorecardDocument::new(&place, now, &measured)))
}

/// The 29 indicators.
#[utoipa::path(
    get,
    path = "/v1/adoption/indicators",
    tag = "adoption",
    summary = "List the indicators",
    description = "For staff. All 29, with their formulas, and why some cannot be given yet.",
    operation_id = "list_indicators",
    responses((status = 200, description = "The definitions, in the order of the pilot's list.", body = DefinitionListDocument))
)]
pub async fn indicators(_staff: Staff) -> Json<DefinitionListDocument> {
    let all = Indicator::ALL.iter().copied();
    Json(DefinitionListDocument {
        data: all.map(DefinitionDocument::from).collect(),
    })
}

/// One indicator over a window.
#[utoipa::path(
    get,
    path = "/v1/adoption/indicators/{code}",
    tag = "adoption",
    summary = "Read an indicator",
    description = "For staff, within their zones. One that cannot be given yet answers with \
        `available: false` and the reason. By source only D1 is counted; a source is answered \
        like one that does not exist to who does not see every zone.",
    operation_id = "read_indicator",
    params(("code" = String, Path, description = "Its code, such as `B5`."), AdoptionQuery),
    responses((status = 200, description = "Its figures, the headline first.", body = IndicatorAnswerDocument))
)]
pub async fn indicator(
    Staff(caller): Staff,
    State(state): State<AppState>,
    Path(code): Path<String>,
    Query(query): Query<AdoptionQuery>,
) -> Result<Json<IndicatorAnswerDocument>, Problem> {
    let indicator = Indicator::parse(&code).map_err(|_| Problem::not_found())?;
    let (place, window) = query.read()?;
    let now = state.clock.now();
    let mut tx = state.ledger.store.begin_read().await?;
    let area = place.find(&mut tx, caller.reach()).await?;
    let question = Question { area, window, now };
    let measured = measure_adoption::measure_one(&mut tx, &question, indicator).await?;
    let document = IndicatorAnswerDocument::new(&place, now, &measured, indicator);
    Ok(Json(document))
}

/// One indicator, day by day, week by week or month by month.
#[utoipa::path(
    get,
    path = "/v1/adoption/series",
    tag = "adoption",
    summary = "Read an indicator over time",
    description = "For staff, within their zones. Weeks and months are cut where the window \
        is. At most 400 points; 62 where each is counted by itself (A1, A2, B3 to B6). A \
        daily point shows its lunar day.",
    operation_id = "read_series",
    params(SeriesQuery),
    responses((status = 200, description = "A point for each step, in order.", body = SeriesDocument))
)]
pub async fn series(
    Staff(caller): Staff,
    State(state): State<AppState>,
    Query(query): Query<SeriesQuery>,
) -> Result<Json<SeriesDocument>, Problem> {
    let (indicator, step, place, window) = query.read()?;
    let now = state.clock.now();
    let mut tx = state.ledger.store.begin_read().await?;
    let area = place.find(&mut tx, caller.reach()).await?;
    let question = Question { area, window, now };
    let series = measure_adoption::series(&mut tx, &question, indicator, step).await?;
    Ok(Json(SeriesDocument::new(
        &place, now, &series, indicator, step,
    )))
}
