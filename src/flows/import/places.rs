//! Importing places: one census for each zone of the file.
//!
//! A census is a whole, so a file that is imported for another day stands for every place of
//! its zones. A file for the day of the zone's newest census completes that census: what it
//! does not name is taken over. So the corrected rows of a file follow it, and the same file
//! again changes nothing.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use super::cells::fault_of;
use super::places_rows::{self, PlaceRow};
use super::report::{Outcome, Report, Wanted, ZoneCensus};
use super::sheet::Upload;
use super::{Writing, record_import};
use crate::domain::establishment::CensusRecord;
use crate::domain::ids::ZoneId;
use crate::domain::text::TradeName;
use crate::domain::zone::ZoneCode;
use crate::flows::change::{Change, ChangeError};
use crate::flows::take_census::{self, CensusEntry, known_places};
use crate::store::reach::Reach;
use crate::store::{StoreError, Tx, censuses, zones};

/// One zone's census as it would be written.
struct Plan {
    zone: ZoneId,
    entries: Vec<CensusEntry>,
    is_new: bool,
}

/// Compares a file of places with what is stored and writes what `writing` allows. The
/// caller commits.
pub async fn import_places(
    tx: &mut Tx,
    change: &Change<'_>,
    reach: Reach,
    upload: &Upload,
    (surveyed_on, writing): (NaiveDate, Writing),
) -> Result<Report, ChangeError> {
    take_census::check_not_ahead(change, surveyed_on)?;
    let mut report = Report::of(upload);
    if !report.file_faults.is_empty() {
        return Ok(report);
    }
    let mut by_zone: BTreeMap<ZoneCode, Vec<PlaceRow<'_>>> = BTreeMap::new();
    for row in places_rows::read(upload, &mut report) {
        by_zone.entry(row.zone.clone()).or_default().push(row);
    }
    let mut plans = Vec::new();
    for (code, rows) in by_zone {
        match find_zone(tx, change, reach, &code, surveyed_on).await? {
            Ok(zone) => {
                let plan = plan(tx, &mut report, (zone, code), rows, surveyed_on).await?;
                plans.push(plan);
            }
            Err((fault, wanted)) => {
                let places = upload.places();
                for row in rows {
                    let what = ("zone_code", fault, wanted.clone());
                    report.note(vec![fault_of(upload, &places, row.row, what)]);
                }
            }
        }
    }
    report.sort();
    report.committed = writing.allows(&report);
    if report.committed {
        for (place, plan) in plans.into_iter().enumerate() {
            if plan.is_new {
                let census =
                    take_census::record(tx, change, plan.zone, surveyed_on, plan.entries).await?;
                report.zones[place].version = Some(census.version);
            }
        }
        record_import(tx, change, "establishments.import", &report, Vec::new()).await?;
    }
    Ok(report)
}

/// The zone with this code, within reach and not surveyed on a later day; else what is wrong.
async fn find_zone(
    tx: &mut Tx,
    change: &Change<'_>,
    reach: Reach,
    code: &ZoneCode,
    surveyed_on: NaiveDate,
) -> Result<Result<ZoneId, (&'static str, Wanted)>, ChangeError> {
    let Some(zone) = reached_zone(tx, reach, code).await? else {
        return Ok(Err(("unknown_zone", unknown_zone())));
    };
    match take_census::check_day(tx, change, zone, surveyed_on).await {
        Ok(()) => Ok(Ok(zone)),
        Err(ChangeError::Refused(refusal)) => Ok(Err((refusal.code(), refusal.into()))),
        Err(other) => Err(other),
    }
}

/// The id of the zone with this code, if the caller may register something in it.
pub(super) async fn reached_zone(
    tx: &mut Tx,
    reach: Reach,
    code: &ZoneCode,
) -> Result<Option<ZoneId>, StoreError> {
    let Some(zone) = zones::id_by_code(tx, code).await? else {
        return Ok(None);
    };
    let within = zones::is_within(tx, reach, zone).await?;
    Ok(within.then_some(zone))
}

pub(super) fn unknown_zone() -> Wanted {
    Wanted::new(
        "Không có khu vực mang mã này trong phạm vi của bạn",
        "there is no zone with this code that you look after",
    )
}

/// Compares the good rows of a zone with its newest census.
async fn plan(
    tx: &mut Tx,
    report: &mut Report,
    (zone, code): (ZoneId, ZoneCode),
    rows: Vec<PlaceRow<'_>>,
    surveyed_on: NaiveDate,
) -> Result<Plan, StoreError> {
    let known = known_places(tx, zone).await?;
    let newest = censuses::on_day(tx, zone, surveyed_on).await?;
    let mut seen: HashMap<TradeName, (TradeName, CensusRecord)> = HashMap::new();
    if let Some(census) = newest {
        for place in censuses::records(tx, census.id, None, u32::MAX).await? {
            seen.insert(place.position, (place.name, place.record));
        }
    }
    let completes = newest.is_some_and(|census| census.surveyed_on == surveyed_on);
    let (mut entries, mut is_new) = (Vec::with_capacity(rows.len()), !completes);
    for PlaceRow { entry, .. } in rows {
        let before = seen.remove(&entry.position);
        let outcome = match (known.contains_key(&entry.position), before) {
            (false, _) => Outcome::Added,
            (true, Some((name, record))) if name == entry.name && record == entry.record => {
                Outcome::Unchanged
            }
            (true, _) => Outcome::Changed,
        };
        is_new |= outcome != Outcome::Unchanged;
        report.count(outcome);
        entries.push(entry);
    }
    let places = entries.len();
    if completes {
        entries.extend(
            seen.into_iter()
                .map(|(position, (name, record))| CensusEntry {
                    position,
                    name,
                    record,
                }),
        );
    }
    report.zones.push(ZoneCensus {
        zone: code,
        places,
        carried_over: entries.len() - places,
        version: None,
    });
    Ok(Plan {
        zone,
        entries,
        is_new,
    })
}
