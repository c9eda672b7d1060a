//! Censuses of zones and what each saw of every place. Nothing here is ever changed.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{StoreError, Tx, inconsistent, locks, on_engine};
use crate::domain::establishment::{
    CensusRecord, EstablishmentStatus, OpenDays, OwnerKey, OwnerSex, SizeClass, Trade,
};
use crate::domain::ids::{CensusId, EstablishmentId, ZoneId};
use crate::domain::text::TradeName;

/// One walk-through of one zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Census {
    /// Its id.
    pub id: CensusId,
    /// Which zone.
    pub zone: ZoneId,
    /// Its number in the zone, from 1.
    pub version: i64,
    /// The day from which it is in force.
    pub surveyed_on: NaiveDate,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
}

/// A place with what one census saw of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenPlace {
    /// The place.
    pub establishment: EstablishmentId,
    /// Its stall or house number.
    pub position: TradeName,
    /// The name over the door as the newest census saw it.
    pub name: TradeName,
    /// What this census saw.
    pub record: CensusRecord,
}

#[derive(sqlx::FromRow)]
struct CensusRow {
    id: Uuid,
    zone_id: Uuid,
    version: i64,
    surveyed_on: NaiveDate,
    created_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct RecordRow {
    establishment_id: Uuid,
    position: String,
    name: String,
    status: String,
    trade: String,
    size_class: String,
    open_days: String,
    operates_at_night: bool,
    accepts_cashless: Option<bool>,
    accepted_means: String,
    owner_key: String,
    owner_sex: Option<String>,
    owner_over_60: Option<bool>,
}

/// Begins the next census of a zone and returns it with its number. The zone's row stays
/// locked until the commit, so that of two censuses at a time the second sees the first.
pub async fn insert(
    tx: &mut Tx,
    id: CensusId,
    zone: ZoneId,
    surveyed_on: NaiveDate,
    at: DateTime<Utc>,
) -> Result<Census, StoreError> {
    const SQL: &str = "INSERT INTO censuses (id, zone_id, version, surveyed_on, created_at)
        SELECT $1, $2, COALESCE(MAX(version), 0) + 1, $3, $4 FROM censuses WHERE zone_id = $2
        RETURNING version";
    locks::zone(tx, zone).await?;
    let version = on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(id.uuid())
            .bind(zone.uuid())
            .bind(surveyed_on)
            .bind(at)
            .fetch_one(connection)
            .await
    })?;
    Ok(Census {
        id,
        zone,
        version,
        surveyed_on,
        created_at: at,
    })
}

/// The census of a zone that is in force on a day: the newest that was walked by then.
pub async fn on_day(
    tx: &mut Tx,
    zone: ZoneId,
    day: NaiveDate,
) -> Result<Option<Census>, StoreError> {
    const SQL: &str = "SELECT id,
            zone_id,
            version,
            surveyed_on,
            created_at
        FROM censuses WHERE zone_id = $1 AND surveyed_on <= $2
        ORDER BY surveyed_on DESC, version DESC LIMIT 1";
    let row: Option<CensusRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(zone.uuid())
            .bind(day)
            .fetch_optional(connection)
            .await
    })?;
    Ok(row.map(Census::from))
}

/// The census of a zone with this number.
pub async fn find(tx: &mut Tx, zone: ZoneId, version: i64) -> Result<Option<Census>, StoreError> {
    const SQL: &str = "SELECT id,
            zone_id,
            version,
            surveyed_on,
            created_at
        FROM censuses WHERE zone_id = $1 AND version = $2";
    let row: Option<CensusRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(zone.uuid())
            .bind(version)
            .fetch_optional(connection)
            .await
    })?;
    Ok(row.map(Census::from))
}

/// The censuses of a zone, newest first, each with the number of places it recorded; those
/// before a number when one is given.
pub async fn list(
    tx: &mut Tx,
    zone: ZoneId,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<(Census, i64)>, StoreError> {
    const SQL: &str = "SELECT c.id,
            c.zone_id,
            c.version,
            c.surveyed_on,
            c.created_at,
            (SELECT COUNT(*) FROM census_records r WHERE r.census_id = c.id) AS places
        FROM censuses c WHERE c.zone_id = $1 AND ($2 IS NULL OR c.version < $2)
        ORDER BY c.version DESC LIMIT $3";
    #[derive(sqlx::FromRow)]
    struct CountedRow {
        #[sqlx(flatten)]
        census: CensusRow,
        places: i64,
    }
    let rows: Vec<CountedRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(zone.uuid())
            .bind(before)
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?;
    let counted = rows.into_iter().map(|row| (row.census.into(), row.places));
    Ok(counted.collect())
}

/// Stores what a census saw of a place. `false` means that this census has recorded it.
pub async fn insert_record(
    tx: &mut Tx,
    census: CensusId,
    place: EstablishmentId,
    record: &CensusRecord,
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO census_records
            (census_id,
             establishment_id,
             status,
             trade,
             size_class,
             open_days,
             operates_at_night,
             accepts_cashless,
             accepted_means,
             owner_key,
             owner_sex,
             owner_over_60)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(census.uuid())
            .bind(place.uuid())
            .bind(record.status.as_str())
            .bind(record.trade.as_str())
            .bind(record.size_class.as_str())
            .bind(record.open_days.to_text())
            .bind(record.operates_at_night)
            .bind(record.accepts_cashless)
            .bind(&record.accepted_means)
            .bind(record.owner.as_str())
            .bind(record.owner_sex.map(OwnerSex::as_str))
            .bind(record.owner_over_60)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// The columns of a census's records and of the places they are about.
macro_rules! select_records {
    ($rest:literal) => {
        concat!(
            "SELECT r.establishment_id,
                e.position,
                e.name,
                r.status,
                r.trade,
                r.size_class,
                r.open_days,
                r.operates_at_night,
                r.accepts_cashless,
                r.accepted_means,
                r.owner_key,
                r.owner_sex,
                r.owner_over_60
            FROM census_records r JOIN establishments e ON e.id = r.establishment_id ",
            $rest
        )
    };
}

/// What a census saw, place by place, after the given one.
pub async fn records(
    tx: &mut Tx,
    census: CensusId,
    after: Option<EstablishmentId>,
    limit: u32,
) -> Result<Vec<SeenPlace>, StoreError> {
    const SQL: &str = select_records!(
        "WHERE r.census_id = $1 AND ($2 IS NULL OR r.establishment_id > $2)
        ORDER BY r.establishment_id LIMIT $3"
    );
    let rows: Vec<RecordRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(census.uuid())
            .bind(after.map(EstablishmentId::uuid))
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?;
    rows.into_iter().map(SeenPlace::try_from).collect()
}

/// The newest census that recorded a place, with what it saw.
pub async fn newest_record(
    tx: &mut Tx,
    place: EstablishmentId,
) -> Result<Option<(Census, CensusRecord)>, StoreError> {
    const SQL: &str = "SELECT c.id,
            c.zone_id,
            c.version,
            c.surveyed_on,
            c.created_at
        FROM censuses c JOIN census_records r ON r.census_id = c.id
        WHERE r.establishment_id = $1 ORDER BY c.version DESC LIMIT 1";
    const RECORD: &str = select_records!("WHERE r.census_id = $1 AND r.establishment_id = $2");
    let census: Option<CensusRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(place.uuid())
            .fetch_optional(connection)
            .await
    })?;
    let Some(census) = census else {
        return Ok(None);
    };
    let row: RecordRow = on_engine!(tx, |connection| {
        sqlx::query_as(RECORD)
            .bind(census.id)
            .bind(place.uuid())
            .fetch_one(connection)
            .await
    })?;
    Ok(Some((census.into(), SeenPlace::try_from(row)?.record)))
}

impl From<CensusRow> for Census {
    fn from(row: CensusRow) -> Self {
        Self {
            id: CensusId::from_uuid(row.id),
            zone: ZoneId::from_uuid(row.zone_id),
            version: row.version,
            surveyed_on: row.surveyed_on,
            created_at: row.created_at,
        }
    }
}

impl TryFrom<RecordRow> for SeenPlace {
    type Error = StoreError;

    fn try_from(row: RecordRow) -> Result<Self, StoreError> {
        let bad = |column| inconsistent("census_records", column, row.establishment_id);
        let sex = row.owner_sex.as_deref().map(OwnerSex::parse).transpose();
        let record = CensusRecord {
            status: EstablishmentStatus::parse(&row.status).map_err(|_| bad("status"))?,
            trade: Trade::parse(&row.trade).map_err(|_| bad("trade"))?,
            size_class: SizeClass::parse(&row.size_class).map_err(|_| bad("size_class"))?,
            open_days: OpenDays::parse(&row.open_days).map_err(|_| bad("open_days"))?,
            operates_at_night: row.operates_at_night,
            accepts_cashless: row.accepts_cashless,
            accepted_means: row.accepted_means,
            owner: OwnerKey::parse(&row.owner_key).map_err(|_| bad("owner_key"))?,
            owner_sex: sex.map_err(|_| bad("owner_sex"))?,
            owner_over_60: row.owner_over_60,
        };
        let bad = |column| inconsistent("establishments", column, row.establishment_id);
        Ok(Self {
            establishment: EstablishmentId::from_uuid(row.establishment_id),
            position: TradeName::parse(&row.position).map_err(|_| bad("position"))?,
            name: TradeName::parse(&row.name).map_err(|_| bad("name"))?,
            record,
        })
    }
}
