//! `/v1/establishments`: the places that trade, enrolled or not.

use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::censuses::RecordDocument;
use super::registry::{Versioned, by_id, change, filter, reach};
use crate::domain::access::Role;
use crate::domain::day::to_rfc3339;
use crate::domain::establishment::{CensusRecord, EstablishmentChange};
use crate::domain::ids::{EstablishmentId, ZoneId};
use crate::domain::text::TradeName;
use crate::flows::take_census::{self, NewPlace};
use crate::http::AppState;
use crate::http::auth::{Caller, MerchantOrStaff, Staff, found};
use crate::http::extract::{Json, Path, Query};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::page::Page;
use crate::http::problem::{FieldErrors, Problem};
use crate::store::Tx;
use crate::store::censuses::{self, Census};
use crate::store::establishments::{self, Establishment};

/// A place that was found after the newest census.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "zone_id": "zon_01920000000070008000000000000001",
    "position": "Số 12",
    "name": "Bún ốc Phủ Tây Hồ",
    "opened_on": "2026-11-20",
}))]
pub struct EstablishmentCreation {
    /// Where it lies.
    zone_id: String,
    /// The stall or house number; one place for each in a zone.
    position: String,
    /// The name over the door.
    name: String,
    /// The day on which it began to trade; not in the future.
    opened_on: NaiveDate,
}

/// A confirmed opening or closure between two censuses.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EstablishmentChange, example = json!({"change": "closed", "day": "2026-11-20"}))]
pub struct ChangeDocument {
    /// `opened` or `closed`.
    change: String,
    /// The day; not in the future, and one change of a place on each.
    day: NaiveDate,
}

/// A place that trades or traded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Establishment, example = json!({
    "id": "est_01920000000070008000000000000001",
    "zone_id": "zon_01920000000070008000000000000001",
    "position": "Số 12",
    "name": "Bún ốc Phủ Tây Hồ",
    "created_at": "2026-11-23T09:00:00+07:00",
    "version": 1,
}))]
pub struct EstablishmentDocument {
    id: String,
    zone_id: String,
    /// The stall or house number.
    position: String,
    /// The name over the door, as the newest census saw it.
    name: String,
    created_at: String,
    version: i64,
}

/// What the newest census that recorded a place saw.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewestRecord {
    /// The number of that census in its zone.
    census_version: i64,
    /// The day of the walk-through.
    surveyed_on: NaiveDate,
    #[serde(flatten)]
    record: RecordDocument,
}

/// A place with its newest record and what was confirmed of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "est_01920000000070008000000000000001",
    "zone_id": "zon_01920000000070008000000000000001",
    "position": "Số 12",
    "name": "Bún ốc Phủ Tây Hồ",
    "created_at": "2026-11-23T09:00:00+07:00",
    "version": 1,
    "newest_record": {
        "census_version": 2,
        "surveyed_on": "2026-10-01",
        "status": "trading",
        "trade": "bún ốc",
        "size_class": "stall",
        "open_days": "lunar 1 15",
        "operates_at_night": true,
        "accepts_cashless": true,
        "accepted_means": "VietQR",
        "owner_key": "H-0012",
        "owner_sex": "female",
        "owner_over_60": false,
    },
    "changes": [{"change": "closed", "day": "2026-11-20"}],
}))]
pub struct EstablishmentDetail {
    #[serde(flatten)]
    establishment: EstablishmentDocument,
    /// Null when no census has recorded it.
    newest_record: Option<NewestRecord>,
    /// Openings and closures between censuses, earliest first.
    changes: Vec<ChangeDocument>,
}

/// Which places are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EstablishmentQuery {
    /// Only those in this zone.
    zone_id: Option<String>,
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl From<Establishment> for EstablishmentDocument {
    fn from(place: Establishment) -> Self {
        Self {
            id: place.id.to_string(),
            zone_id: place.zone.to_string(),
            position: place.position.to_string(),
            name: place.name.to_string(),
            created_at: to_rfc3339(place.created_at),
            version: place.version,
        }
    }
}

impl NewestRecord {
    /// Only staff see who is behind a place: the key ties the places of one owner together.
    fn new((census, record): (Census, CensusRecord), caller: &Caller) -> Self {
        let record = RecordDocument::from(record);
        Self {
            census_version: census.version,
            surveyed_on: census.surveyed_on,
            record: match caller.principal.role {
                Role::Admin | Role::Staff => record,
                _ => record.without_owner_key(),
            },
        }
    }
}

impl EstablishmentDetail {
    async fn read(tx: &mut Tx, place: Establishment, caller: &Caller) -> Result<Self, Problem> {
        let newest = censuses::newest_record(tx, place.id).await?;
        let changes = establishments::changes(tx, place.id).await?.into_iter();
        let changes = changes.map(|(day, change)| ChangeDocument {
            change: change.as_str().to_owned(),
            day,
        });
        Ok(Self {
            newest_record: newest.map(|newest| NewestRecord::new(newest, caller)),
            changes: changes.collect(),
            establishment: place.into(),
        })
    }
}

impl EstablishmentCreation {
    fn read(&self) -> Result<NewPlace, Problem> {
        let mut errors = FieldErrors::new();
        let zone = errors.check("/zone_id", self.zone_id.parse());
        let position = errors.check("/position", TradeName::parse(&self.position));
        let name = errors.check("/name", TradeName::parse(&self.name));
        errors.finish()?;
        let read = "every field was checked";
        Ok(NewPlace {
            zone: zone.expect(read),
            position: position.expect(read),
            name: name.expect(read),
            opened_on: self.opened_on,
        })
    }
}

/// Registers a place that was found later.
#[utoipa::path(
    post,
    path = "/v1/establishments",
    tag = "registry",
    summary = "Register a place found after the census",
    description = "For staff, in their zones: a confirmed opening between two censuses.",
    operation_id = "create_establishment",
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back.")),
    request_body = EstablishmentCreation,
    responses((status = 201, description = "Registered.", body = EstablishmentDocument))
)]
pub async fn create(
    Staff(caller): Staff,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Json(body): Json<EstablishmentCreation>,
) -> Result<Response, Problem> {
    let (new, change) = (body.read()?, change(&caller, &state)?);
    let begun = Creation::begin(&state, &caller, "establishments.create", key, &body).await?;
    let mut work = match begun {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let place = take_census::open_place(work.tx(), &change, reach(&caller)?, new).await?;
    work.created(&EstablishmentDocument::from(place)).await
}

/// One place.
#[utoipa::path(
    get,
    path = "/v1/establishments/{id}",
    tag = "registry",
    summary = "Read an establishment",
    description = "For staff, within their zones, and for a merchant with an outlet there, which is not shown the owner's key.",
    operation_id = "read_establishment",
    params(("id" = String, Path, description = "The establishment.")),
    responses((status = 200, description = "The establishment.", body = EstablishmentDetail))
)]
pub async fn read(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<EstablishmentId>,
) -> Result<Versioned<EstablishmentDetail>, Problem> {
    let mut tx = state.ledger.store.begin_read().await?;
    let place = found(establishments::find(&mut tx, reach(&caller)?, id).await?)?;
    let version = place.version;
    let detail = EstablishmentDetail::read(&mut tx, place, &caller).await?;
    Ok(Versioned(version, detail))
}

/// The places within the caller's reach, in the order in which they were recorded.
#[utoipa::path(
    get,
    path = "/v1/establishments",
    tag = "registry",
    summary = "List the establishments",
    description = "For staff, within their zones; a merchant sees those with an outlet of its own.",
    operation_id = "list_establishments",
    params(EstablishmentQuery),
    responses((status = 200, description = "A page of establishments.", body = Page<EstablishmentDocument>))
)]
pub async fn list(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Query(query): Query<EstablishmentQuery>,
) -> Result<Json<Page<EstablishmentDocument>>, Problem> {
    let reach = reach(&caller)?;
    let zone = filter("zone_id", query.zone_id.as_deref(), str::parse::<ZoneId>)?;
    let scope = (&caller.actor, &query.zone_id);
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("establishments", &scope, query.limit, cursor)?;
    let after = request.after().map(|it| EstablishmentId::from_uuid(it.id));
    let mut tx = state.ledger.store.begin_read().await?;
    let rows = establishments::list(&mut tx, reach, zone, after, request.fetch_rows()).await?;
    let position = |place: &Establishment| by_id(place.id.uuid());
    Ok(Json(request.page(
        rows,
        position,
        EstablishmentDocument::from,
    )))
}

/// Confirms an opening or a closure.
#[utoipa::path(
    post,
    path = "/v1/establishments/{id}/changes",
    tag = "registry",
    summary = "Confirm an opening or a closure",
    description = "For staff, in their zones. It counts from its day until the next census.",
    operation_id = "confirm_establishment_change",
    params(
        ("id" = String, Path, description = "The establishment."),
        ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back."),
    ),
    request_body = ChangeDocument,
    responses((status = 201, description = "The establishment afterwards.", body = EstablishmentDetail))
)]
pub async fn confirm_change(
    Staff(caller): Staff,
    State(state): State<AppState>,
    Path(id): Path<EstablishmentId>,
    key: IdempotencyKey,
    Json(body): Json<ChangeDocument>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::new();
    let what = errors.check("/change", EstablishmentChange::parse(&body.change));
    errors.finish()?;
    let what = (what.expect("every field was checked"), body.day);
    let change = change(&caller, &state)?;
    let request = (id.to_string(), &body);
    let begun = Creation::begin(&state, &caller, "establishments.change", key, &request).await?;
    let mut work = match begun {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let reach = reach(&caller)?;
    let place = take_census::confirm_change(work.tx(), &change, reach, id, what).await?;
    let detail = EstablishmentDetail::read(work.tx(), place, &caller).await?;
    work.created(&detail).await
}
