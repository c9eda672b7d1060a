//! `/v1/suspense/ages`: what staff see of credits without a code, nobody's amounts.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::completeness::{CompletenessDocument, heard_as_usual, listed_days};
use crate::domain::day::to_rfc3339;
use crate::domain::ids::ZoneId;
use crate::http::AppState;
use crate::http::auth::Staff;
use crate::http::extract::Json;
use crate::http::problem::Problem;
use crate::store::suspense_ages::{self, Ages, ZoneAges};

/// How many credits wait, by how long.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AgesOfSuspense)]
pub struct AgesDocument {
    /// Items that wait.
    open: i64,
    /// Of these, the ones that wait for less than a day.
    within_1_day: i64,
    /// For a day and less than a week.
    within_7_days: i64,
    /// For a week and less than thirty days.
    within_30_days: i64,
    /// For thirty days or more.
    older_than_30_days: i64,
    /// For a week or more.
    older_than_7_days: i64,
    /// Since when the oldest waits; null when none does.
    oldest_opened_at: Option<String>,
}

/// The same for the traders of one zone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AgesOfSuspenseInZone)]
pub struct ZoneAgesDocument {
    zone_id: String,
    zone_code: String,
    /// Traders of the zone with items that wait.
    merchants: i64,
    #[serde(flatten)]
    ages: AgesDocument,
}

/// How much waits, and since when, in all and by zone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SuspenseAges, example = json!({
    "open": 12,
    "within_1_day": 8,
    "within_7_days": 3,
    "within_30_days": 1,
    "older_than_30_days": 0,
    "older_than_7_days": 1,
    "oldest_opened_at": "2026-11-14T19:20:00+07:00",
    "zones": [{
        "zone_id": "zon_01920000000070008000000000000001",
        "zone_code": "TH-QK",
        "merchants": 5,
        "open": 12,
        "within_1_day": 8,
        "within_7_days": 3,
        "within_30_days": 1,
        "older_than_30_days": 0,
        "older_than_7_days": 1,
        "oldest_opened_at": "2026-11-14T19:20:00+07:00",
    }],
    "completeness": heard_as_usual(),
}))]
pub struct SuspenseAgesDocument {
    #[serde(flatten)]
    ages: AgesDocument,
    /// By zone. A credit names no outlet: it stands in every zone where its trader has one, so
    /// the zones may add up to more than there are.
    zones: Vec<ZoneAgesDocument>,
    /// How the sources behind these counts are heard.
    completeness: CompletenessDocument,
}

impl From<Ages> for AgesDocument {
    fn from(ages: Ages) -> Self {
        Self {
            open: ages.open,
            within_1_day: ages.within_day,
            within_7_days: ages.within_week,
            within_30_days: ages.within_month,
            older_than_30_days: ages.older,
            older_than_7_days: ages.within_month + ages.older,
            oldest_opened_at: ages.oldest.map(to_rfc3339),
        }
    }
}

impl From<ZoneAges> for ZoneAgesDocument {
    fn from(zone: ZoneAges) -> Self {
        Self {
            zone_id: ZoneId::from_uuid(zone.zone_id).to_string(),
            zone_code: zone.zone_code,
            merchants: zone.merchants,
            ages: zone.ages.into(),
        }
    }
}

/// How much waits within the caller's zones, without anyone's money.
#[utoipa::path(
    get,
    path = "/v1/suspense/ages",
    tag = "money",
    summary = "Count credits without a code",
    description = "For staff, within their zones: how many wait and for how long, in all and by zone, nobody's amounts.",
    operation_id = "count_suspense",
    responses((status = 200, description = "The counts.", body = SuspenseAgesDocument))
)]
pub async fn read(
    Staff(caller): Staff,
    State(state): State<AppState>,
) -> Result<Json<SuspenseAgesDocument>, Problem> {
    let (reach, now) = (caller.reach(), state.clock.now());
    let mut tx = state.ledger.store.begin_read().await?;
    let ages = suspense_ages::waiting(&mut tx, reach, now).await?.into();
    let zones = suspense_ages::waiting_by_zone(&mut tx, reach, now).await?;
    let zones = zones.into_iter().map(ZoneAgesDocument::from).collect();
    let days = listed_days(None, None, now);
    Ok(Json(SuspenseAgesDocument {
        ages,
        zones,
        completeness: CompletenessDocument::read(&mut tx, reach, days, now).await?,
    }))
}
