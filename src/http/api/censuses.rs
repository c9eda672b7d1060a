//! `/v1/zones/{id}/censuses`: the walk-throughs of a zone, version by version.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PageQuery;
use super::registry::{by_id, change, reach};
use crate::domain::day::to_rfc3339;
use crate::domain::establishment::{
    CensusRecord, EstablishmentStatus, OpenDays, OwnerKey, OwnerSex, SizeClass, Trade,
};
use crate::domain::ids::{EstablishmentId, ZoneId};
use crate::domain::text::{Remark, TradeName};
use crate::flows::take_census::{self, CENSUS_MAX_PLACES, CensusEntry};
use crate::http::AppState;
use crate::http::auth::{Staff, found};
use crate::http::body::IMPORT_MAX_BYTES;
use crate::http::extract::{Json, Path, PathPair, Query};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::language::Text;
use crate::http::page::{Page, Position};
use crate::http::problem::{FieldError, FieldErrors, Problem};
use crate::store::censuses::{self, Census, SeenPlace};
use crate::store::reach::Reach;
use crate::store::{Tx, zones};

/// What a census saw of one place.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CensusRecord)]
pub struct RecordDocument {
    /// `trading`, `vacant`, `ceased` or `unknown`.
    status: String,
    /// What it sells.
    trade: String,
    /// `stall`, `small`, `large` or `chain`.
    size_class: String,
    /// `daily`, `weekly sat sun` or `lunar 1 15`.
    open_days: String,
    operates_at_night: bool,
    /// Whether it takes any cashless means; null when not asked.
    accepts_cashless: Option<bool>,
    /// Which means, in the surveyor's words; may be empty.
    #[serde(default)]
    accepted_means: String,
    /// Who is behind it, under the census's own key; no name, no tax code. Null for callers
    /// who are not staff.
    owner_key: Option<String>,
    /// `female` or `male`; null when not asked.
    owner_sex: Option<String>,
    /// Null when not asked.
    owner_over_60: Option<bool>,
}

/// One place of a census.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryBody {
    /// The stall or house number: the key of the place in its zone.
    position: String,
    /// The name over the door.
    name: String,
    /// What was seen.
    record: RecordDocument,
}

/// A census to record.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "surveyed_on": "2026-10-01",
    "entries": [{
        "position": "Số 12",
        "name": "Bún ốc Phủ Tây Hồ",
        "record": {
            "status": "trading",
            "trade": "bún ốc",
            "size_class": "stall",
            "open_days": "daily",
            "operates_at_night": false,
            "accepts_cashless": true,
            "accepted_means": "VietQR",
            "owner_key": "H-0012",
            "owner_sex": "female",
            "owner_over_60": false,
        },
    }],
}))]
pub struct CensusCreation {
    /// The day of the walk-through: not in the future, not before the newest census.
    surveyed_on: NaiveDate,
    /// Every place of the zone, each position once; what is missing does not trade.
    entries: Vec<EntryBody>,
}

/// One walk-through of a zone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Census, example = json!({
    "id": "cen_01920000000070008000000000000001",
    "zone_id": "zon_01920000000070008000000000000001",
    "version": 2,
    "surveyed_on": "2026-10-01",
    "places": 312,
    "created_at": "2026-10-02T09:00:00+07:00",
}))]
pub struct CensusDocument {
    id: String,
    zone_id: String,
    /// Its number in the zone, from 1.
    version: i64,
    /// The day from which it is in force.
    surveyed_on: NaiveDate,
    /// How many places it recorded.
    places: i64,
    created_at: String,
}

/// A place as one census saw it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeenPlace, example = json!({
    "establishment_id": "est_01920000000070008000000000000001",
    "position": "Số 12",
    "name": "Bún ốc Phủ Tây Hồ",
    "record": {
        "status": "trading",
        "trade": "bún ốc",
        "size_class": "stall",
        "open_days": "daily",
        "operates_at_night": false,
        "accepts_cashless": true,
        "accepted_means": "VietQR",
        "owner_key": "H-0012",
        "owner_sex": "female",
        "owner_over_60": false,
    },
}))]
pub struct SeenPlaceDocument {
    establishment_id: String,
    position: String,
    /// The name over the door, as the newest census saw it.
    name: String,
    record: RecordDocument,
}

impl From<CensusRecord> for RecordDocument {
    fn from(record: CensusRecord) -> Self {
        Self {
            status: record.status.to_string(),
            trade: record.trade.as_str().to_owned(),
            size_class: record.size_class.to_string(),
            open_days: record.open_days.to_text(),
            operates_at_night: record.operates_at_night,
            accepts_cashless: record.accepts_cashless,
            accepted_means: record.accepted_means,
            owner_key: Some(record.owner.as_str().to_owned()),
            owner_sex: record.owner_sex.map(|sex| sex.to_string()),
            owner_over_60: record.owner_over_60,
        }
    }
}

impl RecordDocument {
    /// For callers who may not tell which places belong together.
    pub fn without_owner_key(self) -> Self {
        Self {
            owner_key: None,
            ..self
        }
    }

    fn read(&self, at: &str, errors: &mut FieldErrors) -> Option<CensusRecord> {
        let field = |name: &str| format!("{at}/record/{name}");
        let status = EstablishmentStatus::parse(&self.status);
        let status = errors.check(field("status"), status);
        let trade = errors.check(field("trade"), Trade::parse(&self.trade));
        let size_class = errors.check(field("size_class"), SizeClass::parse(&self.size_class));
        let open_days = errors.check(field("open_days"), OpenDays::parse(&self.open_days));
        let means = match self.accepted_means.as_str() {
            "" => Ok(String::new()),
            words => Remark::parse(words).map(|it| it.as_str().to_owned()),
        };
        let means = errors.check(field("accepted_means"), means);
        let owner = OwnerKey::parse(self.owner_key.as_deref().unwrap_or_default());
        let owner = errors.check(field("owner_key"), owner);
        let sex = self.owner_sex.as_deref().map(OwnerSex::parse).transpose();
        let sex = errors.check(field("owner_sex"), sex);
        Some(CensusRecord {
            status: status?,
            trade: trade?,
            size_class: size_class?,
            open_days: open_days?,
            operates_at_night: self.operates_at_night,
            accepts_cashless: self.accepts_cashless,
            accepted_means: means?,
            owner: owner?,
            owner_sex: sex?,
            owner_over_60: self.owner_over_60,
        })
    }
}

impl CensusCreation {
    fn read(&self) -> Result<Vec<CensusEntry>, Problem> {
        if !(1..=CENSUS_MAX_PLACES).contains(&self.entries.len()) {
            let text = Text::new(
                format!("Từ 1 đến {CENSUS_MAX_PLACES} điểm."),
                format!("From 1 to {CENSUS_MAX_PLACES} places."),
            );
            return Err(FieldError::new("/entries", "wrong_length", text).into());
        }
        let (mut errors, mut first) = (FieldErrors::new(), HashMap::new());
        let mut entries = Vec::with_capacity(self.entries.len());
        for (number, body) in self.entries.iter().enumerate() {
            let at = format!("/entries/{number}");
            let place = format!("{at}/position");
            let position = errors.check(place.clone(), TradeName::parse(&body.position));
            let name = errors.check(format!("{at}/name"), TradeName::parse(&body.name));
            let record = body.record.read(&at, &mut errors);
            if let Some(earlier) = position
                .as_ref()
                .and_then(|position| first.insert(position.clone(), number))
            {
                let text = Text::new(
                    format!("Trùng vị trí với /entries/{earlier}."),
                    format!("The position of /entries/{earlier}."),
                );
                errors.push(FieldError::new(place, "repeated", text));
            }
            if let (Some(position), Some(name), Some(record)) = (position, name, record) {
                entries.push(CensusEntry {
                    position,
                    name,
                    record,
                });
            }
        }
        errors.finish()?;
        Ok(entries)
    }
}

impl CensusDocument {
    fn new((census, places): (Census, i64)) -> Self {
        Self {
            id: census.id.to_string(),
            zone_id: census.zone.to_string(),
            version: census.version,
            surveyed_on: census.surveyed_on,
            places,
            created_at: to_rfc3339(census.created_at),
        }
    }
}

impl From<SeenPlace> for SeenPlaceDocument {
    fn from(place: SeenPlace) -> Self {
        Self {
            establishment_id: place.establishment.to_string(),
            position: place.position.to_string(),
            name: place.name.to_string(),
            record: place.record.into(),
        }
    }
}

async fn check_zone(tx: &mut Tx, reach: Reach, zone: ZoneId) -> Result<(), Problem> {
    let within = zones::is_within(tx, reach, zone).await?;
    found(within.then_some(()))
}

/// Records a census.
#[utoipa::path(
    post,
    path = "/v1/zones/{id}/censuses",
    tag = "registry",
    summary = "Record a census of a zone",
    description = "For staff, in their zones. It gets the next number; what it does not name does not trade from its day on. A body has at most 10 MB.",
    operation_id = "create_census",
    params(
        ("id" = String, Path, description = "The zone."),
        ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back."),
    ),
    request_body = CensusCreation,
    responses((status = 201, description = "Recorded.", body = CensusDocument))
)]
pub async fn create(
    Staff(caller): Staff,
    State(state): State<AppState>,
    Path(zone): Path<ZoneId>,
    key: IdempotencyKey,
    Json(body): Json<CensusCreation, IMPORT_MAX_BYTES>,
) -> Result<Response, Problem> {
    let (entries, change) = (body.read()?, change(&caller, &state)?);
    let places = i64::try_from(entries.len()).expect("a census is bounded");
    let request = (zone.to_string(), &body);
    let begun = Creation::begin(&state, &caller, "censuses.create", key, &request).await?;
    let mut work = match begun {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    check_zone(work.tx(), reach(&caller)?, zone).await?;
    let day = body.surveyed_on;
    let census = take_census::record(work.tx(), &change, zone, day, entries).await?;
    work.created(&CensusDocument::new((census, places))).await
}

/// The censuses of a zone, newest first.
#[utoipa::path(
    get,
    path = "/v1/zones/{id}/censuses",
    tag = "registry",
    summary = "List the censuses of a zone",
    description = "For staff, in their zones. Newest first.",
    operation_id = "list_censuses",
    params(("id" = String, Path, description = "The zone."), PageQuery),
    responses((status = 200, description = "A page of censuses.", body = Page<CensusDocument>))
)]
pub async fn list(
    Staff(caller): Staff,
    State(state): State<AppState>,
    Path(zone): Path<ZoneId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<CensusDocument>>, Problem> {
    let scope = (&caller.actor, zone.to_string());
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("censuses", &scope, query.limit, cursor)?;
    let before = request.after().and_then(|it| it.sort.parse().ok());
    let mut tx = state.ledger.store.begin_read().await?;
    check_zone(&mut tx, reach(&caller)?, zone).await?;
    let rows = censuses::list(&mut tx, zone, before, request.fetch_rows()).await?;
    let position = |(census, _): &(Census, i64)| Position {
        sort: census.version.to_string(),
        id: census.id.uuid(),
    };
    Ok(Json(request.page(rows, position, CensusDocument::new)))
}

/// What one census saw.
#[utoipa::path(
    get,
    path = "/v1/zones/{id}/censuses/{version}",
    tag = "registry",
    summary = "Read what a census saw",
    description = "For staff, in their zones: its records, place by place.",
    operation_id = "list_census_records",
    params(
        ("id" = String, Path, description = "The zone."),
        ("version" = i64, Path, description = "The number of the census in the zone."),
        PageQuery,
    ),
    responses((status = 200, description = "A page of records.", body = Page<SeenPlaceDocument>))
)]
pub async fn read(
    Staff(caller): Staff,
    State(state): State<AppState>,
    PathPair(zone, version): PathPair<ZoneId, i64>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<SeenPlaceDocument>>, Problem> {
    let scope = (&caller.actor, zone.to_string(), version);
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("census_records", &scope, query.limit, cursor)?;
    let after = request.after().map(|it| EstablishmentId::from_uuid(it.id));
    let mut tx = state.ledger.store.begin_read().await?;
    check_zone(&mut tx, reach(&caller)?, zone).await?;
    let census = found(censuses::find(&mut tx, zone, version).await?)?;
    let rows = censuses::records(&mut tx, census.id, after, request.fetch_rows()).await?;
    let position = |place: &SeenPlace| by_id(place.establishment.uuid());
    Ok(Json(request.page(rows, position, SeenPlaceDocument::from)))
}
