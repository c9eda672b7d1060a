//! Taking a census of a zone, and confirming what opened or closed between two censuses.
//!
//! A census is a whole: what it does not name does not trade from its day on. The places of a
//! zone are known by their position; who trades there may change from one census to the next.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde_json::json;

use super::change::{Change, ChangeError, Deed, Thing, UniqueValue, check_won};
use crate::domain::day::local_day;
use crate::domain::establishment::{CensusRecord, EstablishmentChange};
use crate::domain::ids::{CensusId, EstablishmentId, ZoneId};
use crate::domain::refusal::Refusal;
use crate::domain::text::TradeName;
use crate::store::censuses::{self, Census};
use crate::store::establishments::{self, Establishment};
use crate::store::reach::Reach;
use crate::store::{StoreError, Tx, zones};

/// The most places that one census records: more than any zone has.
pub const CENSUS_MAX_PLACES: usize = 20_000;

/// What a census saw at one position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CensusEntry {
    /// The stall or house number: the key of the place in its zone.
    pub position: TradeName,
    /// The name over the door.
    pub name: TradeName,
    /// What was seen.
    pub record: CensusRecord,
}

/// A place that began to trade after the newest census.
#[derive(Clone, Debug)]
pub struct NewPlace {
    /// Where it lies.
    pub zone: ZoneId,
    /// The stall or house number.
    pub position: TradeName,
    /// The name over the door.
    pub name: TradeName,
    /// The day on which it began to trade.
    pub opened_on: NaiveDate,
}

/// Records a census of a zone under the next number, and the places that it found first.
pub async fn record(
    tx: &mut Tx,
    change: &Change<'_>,
    zone: ZoneId,
    surveyed_on: NaiveDate,
    entries: Vec<CensusEntry>,
) -> Result<Census, ChangeError> {
    check_entries(&entries)?;
    if !zones::is_within(tx, Reach::Everything, zone).await? {
        return Err(ChangeError::NotFound(Thing::Zone));
    }
    check_day(tx, change, zone, surveyed_on).await?;
    let id = CensusId::from_uuid(change.uuid());
    let census = censuses::insert(tx, id, zone, surveyed_on, change.now).await?;
    let mut known = known_places(tx, zone).await?;
    let (places, mut added, mut renamed) = (entries.len(), 0, 0);
    for entry in entries {
        let place = if let Some(place) = known.remove(&entry.position) {
            place
        } else {
            added += 1;
            find_or_create(tx, change, zone, &entry).await?
        };
        if place.name != entry.name {
            let won = establishments::rename(tx, place.id, place.version, &entry.name);
            check_won(won.await?)?;
            renamed += 1;
        }
        let fresh = censuses::insert_record(tx, census.id, place.id, &entry.record).await?;
        check_won(fresh)?;
    }
    let detail = json!({
        "zone_id": zone.to_string(),
        "version": census.version,
        "surveyed_on": surveyed_on,
        "places": places,
        "added": added,
        "renamed": renamed,
    });
    let deed = deed("census.record", census.id.to_string(), detail);
    change.record(tx, deed).await?;
    Ok(census)
}

/// Creates a place that was not known, unless someone recorded it a moment ago.
async fn find_or_create(
    tx: &mut Tx,
    change: &Change<'_>,
    zone: ZoneId,
    entry: &CensusEntry,
) -> Result<Establishment, ChangeError> {
    let place = place(change, zone, entry.position.clone(), entry.name.clone());
    if establishments::insert(tx, &place).await? {
        return Ok(place);
    }
    let found = establishments::find_by_position(tx, zone, &entry.position).await?;
    found.ok_or(ChangeError::Stale)
}

/// Refuses a day that a census of this zone may not have: one to come, or one before the
/// newest census, whose figures would change under their readers.
pub async fn check_day(
    tx: &mut Tx,
    change: &Change<'_>,
    zone: ZoneId,
    surveyed_on: NaiveDate,
) -> Result<(), ChangeError> {
    check_not_ahead(change, surveyed_on)?;
    match censuses::on_day(tx, zone, local_day(change.now)).await? {
        Some(newest) if surveyed_on < newest.surveyed_on => Err(Refusal::EarlierCensus {
            latest: newest.surveyed_on,
        }
        .into()),
        _ => Ok(()),
    }
}

/// Records a place that began to trade after the newest census: a confirmed opening.
pub async fn open_place(
    tx: &mut Tx,
    change: &Change<'_>,
    reach: Reach,
    new: NewPlace,
) -> Result<Establishment, ChangeError> {
    check_not_ahead(change, new.opened_on)?;
    if !zones::is_within(tx, reach, new.zone).await? {
        return Err(ChangeError::NotFound(Thing::Zone));
    }
    let place = place(change, new.zone, new.position, new.name);
    if !establishments::insert(tx, &place).await? {
        return Err(ChangeError::Taken(UniqueValue::Position));
    }
    let opened = EstablishmentChange::Opened;
    let fresh =
        establishments::insert_change(tx, place.id, new.opened_on, opened, change.now).await?;
    check_won(fresh)?;
    let detail = json!({"zone_id": new.zone.to_string(), "opened_on": new.opened_on});
    let deed = deed("establishment.open", place.id.to_string(), detail);
    change.record(tx, deed).await?;
    Ok(place)
}

/// Records that a place began or stopped to trade on a day between two censuses. A day has
/// one change of a place: with two of them nobody could tell which came last.
pub async fn confirm_change(
    tx: &mut Tx,
    change: &Change<'_>,
    reach: Reach,
    id: EstablishmentId,
    (what, day): (EstablishmentChange, NaiveDate),
) -> Result<Establishment, ChangeError> {
    let place = establishments::find(tx, reach, id).await?;
    let place = place.ok_or(ChangeError::NotFound(Thing::Subject))?;
    check_not_ahead(change, day)?;
    let known = establishments::changes(tx, id).await?;
    let taken = known.iter().any(|(on, _)| *on == day);
    if taken || !establishments::insert_change(tx, id, day, what, change.now).await? {
        return Err(ChangeError::Taken(UniqueValue::DayOfChange));
    }
    let detail = json!({"change": what.as_str(), "day": day});
    let deed = deed("establishment.confirm_change", id.to_string(), detail);
    change.record(tx, deed).await?;
    Ok(place)
}

/// The places of a zone by their positions.
pub(super) async fn known_places(
    tx: &mut Tx,
    zone: ZoneId,
) -> Result<HashMap<TradeName, Establishment>, StoreError> {
    let places = establishments::all_of_zone(tx, zone).await?;
    let by_position = places
        .into_iter()
        .map(|place| (place.position.clone(), place));
    Ok(by_position.collect())
}

fn check_entries(entries: &[CensusEntry]) -> Result<(), Refusal> {
    if entries.is_empty() {
        return Err(Refusal::EmptyCensus);
    }
    let mut seen = HashSet::new();
    match entries
        .iter()
        .position(|entry| !seen.insert(&entry.position))
    {
        Some(entry) => Err(Refusal::PositionTwice { entry }),
        None => Ok(()),
    }
}

/// Refuses a day that has not come.
pub fn check_not_ahead(change: &Change<'_>, day: NaiveDate) -> Result<(), Refusal> {
    if day > local_day(change.now) {
        Err(Refusal::FutureDay)
    } else {
        Ok(())
    }
}

fn place(change: &Change<'_>, zone: ZoneId, position: TradeName, name: TradeName) -> Establishment {
    Establishment {
        id: EstablishmentId::from_uuid(change.uuid()),
        zone,
        position,
        name,
        created_at: change.now,
        version: 1,
    }
}

fn deed(kind: &'static str, subject: String, detail: serde_json::Value) -> Deed {
    Deed {
        kind,
        subject,
        merchant: None,
        outlet: None,
        detail,
    }
}
