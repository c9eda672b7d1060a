//! How late a source tells: from the bank's time to our books.

use axum::extract::State;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::registry::filter;
use crate::domain::day::{Window, local_day};
use crate::domain::delay::{DelayClass, percentile};
use crate::domain::ids::SourceId;
use crate::domain::period::read_day;
use crate::http::AppState;
use crate::http::auth::{Staff, found};
use crate::http::code::Code;
use crate::http::extract::{Json, Path, Query};
use crate::http::language::Text;
use crate::http::problem::{FieldError, Problem};
use crate::store::{delays, sources};

/// The days that are shown when nobody says.
const USUAL_DAYS: u64 = 28;
/// The longest window, in days.
const DAYS_MAX: i64 = 3660;

/// The days on which a source told.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DelayQuery {
    /// The first local day; 27 days before the last one if not given.
    from: Option<String>,
    /// The last local day; today if not given.
    to: Option<String>,
}

/// How late a source told its transactions for the first time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SourceDelays, example = json!({
    "source_id": "src_01920000000070008000000000000001",
    "from": "2026-10-28",
    "to": "2026-11-24",
    "kinds": [{
        "kind": "callback",
        "transactions": 1_204,
        "p50_s": 3,
        "p95_s": 20,
        "p99_s": 120,
        "classes": [{"up_to_s": 3, "transactions": 800}],
    }],
}))]
pub struct DelaysDocument {
    source_id: String,
    /// The first local day.
    from: NaiveDate,
    /// The last local day.
    to: NaiveDate,
    /// One row for each way in which it told: `callback`, `pulled`.
    kinds: Vec<DelayDocument>,
}

/// The delays of one way. A percentile is the end of its class: so many transactions were in
/// our books at most so many seconds after the bank's time; null for more than a week.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delay)]
pub struct DelayDocument {
    /// `callback` or `pulled`.
    kind: String,
    transactions: i64,
    p50_s: Option<i64>,
    p95_s: Option<i64>,
    p99_s: Option<i64>,
    /// Where transactions were counted. The classes end at 1, 2, 3, 5, 10, 20, 30 and 60
    /// seconds, 2, 5, 10, 20 and 30 minutes, 1, 2, 4 and 8 hours, 1, 3 and 7 days.
    classes: Vec<DelayClassDocument>,
}

/// How many transactions were that late.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DelayClass)]
pub struct DelayClassDocument {
    /// The longest delay of the class, in seconds; null for all above a week.
    up_to_s: Option<i64>,
    transactions: i64,
}

impl DelayDocument {
    fn new(kind: String, counted: &[(DelayClass, i64)]) -> Self {
        let within = |percent| percentile(counted, percent).and_then(DelayClass::up_to_s);
        let classes = counted
            .iter()
            .map(|(class, transactions)| DelayClassDocument {
                up_to_s: class.up_to_s(),
                transactions: *transactions,
            });
        Self {
            kind,
            transactions: counted.iter().map(|(_, count)| count).sum(),
            p50_s: within(50),
            p95_s: within(95),
            p99_s: within(99),
            classes: classes.collect(),
        }
    }
}

impl DelayQuery {
    fn window(&self, today: NaiveDate) -> Result<Window, Problem> {
        let to = filter("to", self.to.as_deref(), read_day)?.unwrap_or(today);
        let from = filter("from", self.from.as_deref(), read_day)?;
        let from = from.unwrap_or(to - Days::new(USUAL_DAYS - 1));
        let window = Window::new(from, to).filter(|_| (to - from).num_days() < DAYS_MAX);
        window.ok_or_else(|| {
            let text = Text::new(
                format!("Từ ngày đầu đến ngày cuối, tối đa {DAYS_MAX} ngày."),
                format!("From a first day to a last one, at most {DAYS_MAX} days."),
            );
            let error = FieldError::query("from", "out_of_range", text);
            Problem::new(Code::InvalidQuery).errors(vec![error])
        })
    }
}

/// How late a source tells.
#[utoipa::path(
    get,
    path = "/v1/sources/{id}/delays",
    tag = "bank in",
    summary = "Read how late a source tells",
    description = "For staff. From the bank's time to our books, by how it came: the half, 95 and 99 of a hundred transactions were there after at most so many seconds. Counted once for each transaction, when the source first told of it.",
    operation_id = "read_source_delays",
    params(("id" = String, Path, description = "The source."), DelayQuery),
    responses((status = 200, description = "The delays.", body = DelaysDocument))
)]
pub async fn read(
    _staff: Staff,
    State(state): State<AppState>,
    Path(id): Path<SourceId>,
    Query(query): Query<DelayQuery>,
) -> Result<Json<DelaysDocument>, Problem> {
    let window = query.window(local_day(state.clock.now()))?;
    let mut tx = state.ledger.store.begin_read().await?;
    found(sources::find(&mut tx, id).await?)?;
    let counted = delays::counted(&mut tx, id, window).await?;
    let of_kind = |rows: &[(String, DelayClass, i64)]| {
        let counted: Vec<_> = rows
            .iter()
            .map(|(_, class, count)| (*class, *count))
            .collect();
        DelayDocument::new(rows[0].0.clone(), &counted)
    };
    Ok(Json(DelaysDocument {
        source_id: id.to_string(),
        from: window.first(),
        to: window.last(),
        kinds: counted
            .chunk_by(|one, next| one.0 == next.0)
            .map(of_kind)
            .collect(),
    }))
}
