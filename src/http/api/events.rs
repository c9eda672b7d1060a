//! `/v1/events`: what happened, in the order of commits.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::payment_codes::till;
use crate::domain::access::Role;
use crate::domain::day::to_rfc3339;
use crate::domain::ids::{EventId, MerchantId, OutletId};
use crate::http::AppState;
use crate::http::auth::Caller;
use crate::http::code::Code;
use crate::http::extract::{Json, Query};
use crate::http::language::Text;
use crate::http::page::{PAGE_DEFAULT_ROWS, PAGE_MAX_ROWS};
use crate::http::problem::{FieldError, Problem};
use crate::store::events::{self, EventRow};

/// What ends the names of amounts.
const AMOUNT_SUFFIX: &str = "_vnd";

/// Which events are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// `last_sequence` of the answer before; 0, or nothing, for everything.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// How many events, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Something that happened. It never changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event, example = json!({
    "sequence": 42,
    "id": "evt_01920000000070008000000000000001",
    "at": "2026-11-23T09:00:00+07:00",
    "kind": "payment.settled",
    "subject": "pay_01920000000070008000000000000001",
    "merchant_id": "mer_01920000000070008000000000000001",
    "outlet_id": "out_01920000000070008000000000000001",
    "payload": {
        "payment_id": "pay_01920000000070008000000000000001",
        "received_vnd": 50_000,
        "sale_vnd": 50_000,
        "flags": "",
    },
}))]
pub struct EventDocument {
    /// Its number: grows in the order of commits, with gaps for whoever does not see all.
    sequence: i64,
    id: String,
    at: String,
    /// What kind, such as `payment.settled`.
    kind: String,
    /// The id of what it happened to.
    subject: String,
    merchant_id: Option<String>,
    outlet_id: Option<String>,
    /// What a reader needs to know. Staff are not told amounts.
    #[schema(value_type = Object)]
    payload: Value,
}

/// Events, and where to go on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventList, example = json!({
    "data": [{
        "sequence": 42,
        "id": "evt_01920000000070008000000000000001",
        "at": "2026-11-23T09:00:00+07:00",
        "kind": "outlet.open",
        "subject": "out_01920000000070008000000000000001",
        "merchant_id": "mer_01920000000070008000000000000001",
        "outlet_id": "out_01920000000070008000000000000001",
        "payload": {"from": "tested", "to": "open"},
    }],
    "last_sequence": 57,
    "has_more": false,
}))]
pub struct EventListDocument {
    /// In the order of commits.
    data: Vec<EventDocument>,
    /// Ask after this number next: nothing at or below it will be added.
    last_sequence: i64,
    /// Whether more events are there already.
    has_more: bool,
}

impl EventDocument {
    fn new(row: EventRow, role: Role) -> Self {
        let mut payload = serde_json::from_str(&row.payload).unwrap_or(Value::Null);
        // A trader's takings are the trader's own.
        if matches!(role, Role::Admin | Role::Staff) {
            drop_amounts(&mut payload);
        }
        Self {
            sequence: row.sequence,
            id: EventId::from_uuid(row.id).to_string(),
            at: to_rfc3339(row.at),
            kind: row.kind,
            subject: row.subject,
            merchant_id: row
                .merchant_id
                .map(|id| MerchantId::from_uuid(id).to_string()),
            outlet_id: row.outlet_id.map(|id| OutletId::from_uuid(id).to_string()),
            payload,
        }
    }
}

/// Takes every amount out of a payload, however deep it lies.
fn drop_amounts(payload: &mut Value) {
    match payload {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.ends_with(AMOUNT_SUFFIX));
            fields.values_mut().for_each(drop_amounts);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_amounts),
        _ => {}
    }
}

/// What happened after a number.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "live",
    summary = "Read what happened",
    description = "A merchant reads its own, a till what concerns its outlet, staff what lies in their zones, without amounts. Ask again after `last_sequence`: no event is missed, however many are written at a time.",
    operation_id = "list_events",
    params(EventQuery),
    responses((status = 200, description = "Events in the order of commits.", body = EventListDocument))
)]
pub async fn list(
    caller: Caller,
    State(state): State<AppState>,
    Query(query): Query<EventQuery>,
) -> Result<Json<EventListDocument>, Problem> {
    let after = query.after.unwrap_or(0);
    let limit = query.limit.unwrap_or(PAGE_DEFAULT_ROWS);
    if after < 0 {
        return Err(out_of_range("after", "Từ 0 trở lên.", "From 0."));
    }
    if !(1..=PAGE_MAX_ROWS).contains(&limit) {
        return Err(out_of_range("limit", "Từ 1 đến 200.", "From 1 to 200."));
    }
    let limit = usize::try_from(limit).expect("a page fits in memory");
    let mut tx = state.ledger.store.begin_read().await?;
    let (reach, outlet) = (caller.reach(), till(&caller));
    let fetched = i64::try_from(limit + 1).expect("a page is small");
    let mut rows = events::list(&mut tx, reach, outlet, after, fetched).await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| has_more).map(|row| row.sequence);
    let last_sequence = match last {
        Some(sequence) => sequence,
        // The number is of the same moment as the rows, so what it covers was seen.
        None => events::last_sequence(&mut tx).await?,
    };
    let role = caller.principal.role;
    let data = rows.into_iter().map(|row| EventDocument::new(row, role));
    Ok(Json(EventListDocument {
        data: data.collect(),
        last_sequence,
        has_more,
    }))
}

fn out_of_range(name: &str, vietnamese: &'static str, english: &'static str) -> Problem {
    let error = FieldError::query(name, "out_of_range", Text::new(vietnamese, english));
    Problem::new(Code::InvalidQuery).errors(vec![error])
}
