//! `/v1/zones`: the streets, markets and car parks that are watched.

use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::registry::{Versioned, by_id, change, filter};
use crate::domain::day::to_rfc3339;
use crate::domain::ids::ZoneId;
use crate::domain::text::TradeName;
use crate::domain::zone::{WardHistory, WardPeriod, ZoneCode, ZoneKind, ZoneRole};
use crate::flows::register_zone::{self, NewZone};
use crate::http::AppState;
use crate::http::auth::{Admin, Caller, found};
use crate::http::extract::{Json, Path, Query};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::page::Page;
use crate::http::problem::{FieldErrors, Problem};
use crate::store::zones::{self, Zone};

/// The ward of a zone from one day to another, both included.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WardPeriod, example = json!({"ward": "Tây Hồ", "from": "2025-07-01", "to": null}))]
pub struct WardDocument {
    /// Its name; null where it is not known.
    ward: Option<String>,
    /// The first day.
    from: NaiveDate,
    /// The last day; null while it lasts.
    to: Option<NaiveDate>,
}

/// A zone to register.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "TH-NB",
    "kind": "street",
    "name": "Phố Nhật Chiêu",
    "role": "comparison",
    "wards": [{"ward": "Tây Hồ", "from": "2025-07-01", "to": null}],
    "note": "",
    "facts_verified": false,
}))]
pub struct ZoneCreation {
    /// Its code for ever: groups of A–Z and 0–9 joined by hyphens.
    code: String,
    /// `street`, `market`, `supermarket`, `food_street` or `parking`.
    kind: String,
    /// Its Vietnamese name.
    name: String,
    /// `pilot` or `comparison`.
    role: String,
    /// The wards it lay in; days between periods are unknown.
    wards: Vec<WardDocument>,
    /// What is uncertain about its facts.
    #[serde(default)]
    note: String,
    /// Whether a public source confirms all its facts.
    #[serde(default)]
    facts_verified: bool,
}

/// A street, market, supermarket, food street or car park that is watched.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Zone, example = json!({
    "id": "zon_01920000000070008000000000000001",
    "code": "TH-CB",
    "kind": "market",
    "name": "Chợ Bưởi",
    "role": "comparison",
    "wards": [{"ward": "Tây Hồ", "from": "2025-07-01", "to": null}],
    "note": "",
    "facts_verified": false,
    "created_at": "2026-11-23T09:00:00+07:00",
    "version": 1,
}))]
pub struct ZoneDocument {
    id: String,
    code: String,
    kind: &'static str,
    name: String,
    role: &'static str,
    /// The wards it lay in; days between periods are unknown.
    wards: Vec<WardDocument>,
    /// What is uncertain about its facts; may be empty.
    note: String,
    /// Whether a public source confirms all its facts.
    facts_verified: bool,
    created_at: String,
    version: i64,
}

/// How many zones were added.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"registered": 7}))]
pub struct ZonesAdded {
    registered: usize,
}

/// Which zones are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ZoneQuery {
    /// `pilot` or `comparison`.
    role: Option<String>,
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl From<Zone> for ZoneDocument {
    fn from(zone: Zone) -> Self {
        let wards = zone.wards.periods().iter().map(|period| WardDocument {
            ward: period.ward.clone(),
            from: period.from,
            to: period.to,
        });
        Self {
            id: zone.id.to_string(),
            code: zone.code.to_string(),
            kind: zone.kind.as_str(),
            name: zone.name.to_string(),
            role: zone.role.as_str(),
            wards: wards.collect(),
            note: zone.note,
            facts_verified: zone.facts_verified,
            created_at: to_rfc3339(zone.created_at),
            version: zone.version,
        }
    }
}

impl ZoneCreation {
    fn read(&self) -> Result<NewZone, Problem> {
        let mut errors = FieldErrors::new();
        let code = errors.check("/code", ZoneCode::parse(&self.code));
        let kind = errors.check("/kind", ZoneKind::parse(&self.kind));
        let name = errors.check("/name", TradeName::parse(&self.name));
        let role = errors.check("/role", ZoneRole::parse(&self.role));
        let periods = self.wards.iter().map(|period| WardPeriod {
            ward: period.ward.clone(),
            from: period.from,
            to: period.to,
        });
        let wards = errors.check("/wards", WardHistory::new(periods.collect()));
        errors.finish()?;
        let read = "every field was checked";
        Ok(NewZone {
            code: code.expect(read),
            kind: kind.expect(read),
            name: name.expect(read),
            role: role.expect(read),
            wards: wards.expect(read),
            note: self.note.clone(),
            facts_verified: self.facts_verified,
        })
    }
}

/// Registers a zone.
#[utoipa::path(
    post,
    path = "/v1/zones",
    tag = "registry",
    summary = "Register a zone",
    description = "For administrators.",
    operation_id = "create_zone",
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back.")),
    request_body = ZoneCreation,
    responses((status = 201, description = "Registered.", body = ZoneDocument))
)]
pub async fn create(
    Admin(caller): Admin,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Json(body): Json<ZoneCreation>,
) -> Result<Response, Problem> {
    let (new, change) = (body.read()?, change(&caller, &state)?);
    let mut work = match Creation::begin(&state, &caller, "zones.create", key, &body).await? {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let zone = register_zone::register(work.tx(), &change, new).await?;
    work.created(&ZoneDocument::from(zone)).await
}

/// Registers the zones of the pilot's first list that are not there yet.
#[utoipa::path(
    post,
    path = "/v1/zones/first-list",
    tag = "registry",
    summary = "Register the pilot's first zones",
    description = "For administrators. Zones that are there already stay as they are.",
    operation_id = "create_first_zones",
    responses((status = 200, description = "How many were added.", body = ZonesAdded))
)]
pub async fn create_first_list(
    Admin(caller): Admin,
    State(state): State<AppState>,
) -> Result<Json<ZonesAdded>, Problem> {
    let mut tx = state.ledger.store.begin_write().await?;
    let registered = register_zone::seed(&mut tx, &change(&caller, &state)?).await?;
    tx.commit().await?;
    Ok(Json(ZonesAdded { registered }))
}

/// One zone.
#[utoipa::path(
    get,
    path = "/v1/zones/{id}",
    tag = "registry",
    summary = "Read a zone",
    description = "For every caller.",
    operation_id = "read_zone",
    params(("id" = String, Path, description = "The zone.")),
    responses((status = 200, description = "The zone.", body = ZoneDocument))
)]
pub async fn read(
    _caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<ZoneId>,
) -> Result<Versioned<ZoneDocument>, Problem> {
    let mut tx = state.ledger.store.begin_read().await?;
    let zone = found(zones::find(&mut tx, id).await?)?;
    Ok(Versioned(zone.version, zone.into()))
}

/// The zones, in the order of their registration.
#[utoipa::path(
    get,
    path = "/v1/zones",
    tag = "registry",
    summary = "List the zones",
    description = "For every caller.",
    operation_id = "list_zones",
    params(ZoneQuery),
    responses((status = 200, description = "A page of zones.", body = Page<ZoneDocument>))
)]
pub async fn list(
    _caller: Caller,
    State(state): State<AppState>,
    Query(query): Query<ZoneQuery>,
) -> Result<Json<Page<ZoneDocument>>, Problem> {
    let role = filter("role", query.role.as_deref(), ZoneRole::parse)?;
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("zones", &query.role, query.limit, cursor)?;
    let after = request.after().map(|it| ZoneId::from_uuid(it.id));
    let mut tx = state.ledger.store.begin_read().await?;
    let rows = zones::list(&mut tx, role, after, request.fetch_rows()).await?;
    let position = |zone: &Zone| by_id(zone.id.uuid());
    Ok(Json(request.page(rows, position, ZoneDocument::from)))
}
