//! Establishments, the censuses that saw them, and what was confirmed between two censuses.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{StoreError, Tx, inconsistent, on_engine};
use crate::domain::establishment::{
    CensusRecord, EstablishmentChange, EstablishmentStatus, OpenDays, OwnerKey, OwnerSex,
    SizeClass, Trade,
};
use crate::domain::ids::{CensusId, EstablishmentId, ZoneId};
use crate::domain::text::TradeName;

/// A place that trades or traded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Establishment {
    /// Its id.
    pub id: EstablishmentId,
    /// Where it lies.
    pub zone: ZoneId,
    /// Its stall or house number; one place for each in a zone.
    pub position: TradeName,
    /// The name over the door.
    pub name: TradeName,
    /// When it was first recorded.
    pub created_at: DateTime<Utc>,
    /// Raised by every change, from 1.
    pub version: i64,
}

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

#[derive(sqlx::FromRow)]
struct EstablishmentRow {
    id: Uuid,
    zone_id: Uuid,
    position: String,
    name: String,
    created_at: DateTime<Utc>,
    version: i64,
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

/// Stores a place. `false` means that its position in the zone is taken.
pub async fn insert(tx: &mut Tx, place: &Establishment) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO establishments
            (id,
             zone_id,
             position,
             name,
             created_at,
             version)
        VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT (zone_id, position) DO NOTHING";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(place.id.uuid())
            .bind(place.zone.uuid())
            .bind(place.position.as_str())
            .bind(place.name.as_str())
            .bind(place.created_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// A place by its id.
pub async fn find(tx: &mut Tx, id: EstablishmentId) -> Result<Option<Establishment>, StoreError> {
    const SQL: &str = "SELECT id,
            zone_id,
            position,
            name,
            created_at,
            version
        FROM establishments WHERE id = $1";
    let row: Option<EstablishmentRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?;
    row.map(Establishment::try_from).transpose()
}

/// The place at a position of a zone.
pub async fn find_by_position(
    tx: &mut Tx,
    zone: ZoneId,
    position: &TradeName,
) -> Result<Option<Establishment>, StoreError> {
    const SQL: &str = "SELECT id,
            zone_id,
            position,
            name,
            created_at,
            version
        FROM establishments WHERE zone_id = $1 AND position = $2";
    let row: Option<EstablishmentRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(zone.uuid())
            .bind(position.as_str())
            .fetch_optional(connection)
            .await
    })?;
    row.map(Establishment::try_from).transpose()
}

/// Places, of one zone when one is given, in the order in which they were recorded, after
/// the given one.
pub async fn list(
    tx: &mut Tx,
    zone: Option<ZoneId>,
    after: Option<EstablishmentId>,
    limit: u32,
) -> Result<Vec<Establishment>, StoreError> {
    const SQL: &str = "SELECT id,
            zone_id,
            position,
            name,
            created_at,
            version
        FROM establishments
        WHERE ($1 IS NULL OR zone_id = $1) AND ($2 IS NULL OR id > $2) ORDER BY id LIMIT $3";
    let rows: Vec<EstablishmentRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(zone.map(ZoneId::uuid))
            .bind(after.map(EstablishmentId::uuid))
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?;
    rows.into_iter().map(Establishment::try_from).collect()
}

/// Begins the next census of a zone and returns it with its number.
pub async fn insert_census(
    tx: &mut Tx,
    id: CensusId,
    zone: ZoneId,
    surveyed_on: NaiveDate,
    at: DateTime<Utc>,
) -> Result<Census, StoreError> {
    const SQL: &str = "INSERT INTO censuses (id, zone_id, version, surveyed_on, created_at)
        SELECT $1, $2, COALESCE(MAX(version), 0) + 1, $3, $4 FROM censuses WHERE zone_id = $2
        RETURNING version";
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
pub async fn census_on(
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
    Ok(row.map(|row| Census {
        id: CensusId::from_uuid(row.id),
        zone: ZoneId::from_uuid(row.zone_id),
        version: row.version,
        surveyed_on: row.surveyed_on,
        created_at: row.created_at,
    }))
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

/// What a census saw, place by place, after the given one.
pub async fn records(
    tx: &mut Tx,
    census: CensusId,
    after: Option<EstablishmentId>,
    limit: u32,
) -> Result<Vec<(EstablishmentId, CensusRecord)>, StoreError> {
    const SQL: &str = "SELECT establishment_id,
            status,
            trade,
            size_class,
            open_days,
            operates_at_night,
            accepts_cashless,
            accepted_means,
            owner_key,
            owner_sex,
            owner_over_60
        FROM census_records
        WHERE census_id = $1 AND ($2 IS NULL OR establishment_id > $2)
        ORDER BY establishment_id LIMIT $3";
    let rows: Vec<RecordRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(census.uuid())
            .bind(after.map(EstablishmentId::uuid))
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?;
    rows.into_iter().map(RecordRow::read).collect()
}

/// Records an opening or closure between two censuses. `false` means that it is known.
pub async fn insert_change(
    tx: &mut Tx,
    place: EstablishmentId,
    day: NaiveDate,
    change: EstablishmentChange,
    at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO establishment_changes
            (establishment_id, day, change, recorded_at)
        VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(place.uuid())
            .bind(day)
            .bind(change.as_str())
            .bind(at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// The openings and closures of a place, earliest first.
pub async fn changes(
    tx: &mut Tx,
    place: EstablishmentId,
) -> Result<Vec<(NaiveDate, EstablishmentChange)>, StoreError> {
    const SQL: &str = "SELECT day, change FROM establishment_changes
        WHERE establishment_id = $1 ORDER BY day, recorded_at";
    let rows: Vec<(NaiveDate, String)> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(place.uuid())
            .fetch_all(connection)
            .await
    })?;
    let bad = || inconsistent("establishment_changes", "change", place);
    rows.into_iter()
        .map(|(day, change)| Ok((day, EstablishmentChange::parse(&change).map_err(|_| bad())?)))
        .collect()
}

impl TryFrom<EstablishmentRow> for Establishment {
    type Error = StoreError;

    fn try_from(row: EstablishmentRow) -> Result<Self, StoreError> {
        let bad = |column| inconsistent("establishments", column, row.id);
        Ok(Self {
            id: EstablishmentId::from_uuid(row.id),
            zone: ZoneId::from_uuid(row.zone_id),
            position: TradeName::parse(&row.position).map_err(|_| bad("position"))?,
            name: TradeName::parse(&row.name).map_err(|_| bad("name"))?,
            created_at: row.created_at,
            version: row.version,
        })
    }
}

impl RecordRow {
    fn read(self) -> Result<(EstablishmentId, CensusRecord), StoreError> {
        let bad = |column| inconsistent("census_records", column, self.establishment_id);
        let sex = self.owner_sex.as_deref().map(OwnerSex::parse).transpose();
        let record = CensusRecord {
            status: EstablishmentStatus::parse(&self.status).map_err(|_| bad("status"))?,
            trade: Trade::parse(&self.trade).map_err(|_| bad("trade"))?,
            size_class: SizeClass::parse(&self.size_class).map_err(|_| bad("size_class"))?,
            open_days: OpenDays::parse(&self.open_days).map_err(|_| bad("open_days"))?,
            operates_at_night: self.operates_at_night,
            accepts_cashless: self.accepts_cashless,
            accepted_means: self.accepted_means,
            owner: OwnerKey::parse(&self.owner_key).map_err(|_| bad("owner_key"))?,
            owner_sex: sex.map_err(|_| bad("owner_sex"))?,
            owner_over_60: self.owner_over_60,
        };
        Ok((EstablishmentId::from_uuid(self.establishment_id), record))
    }
}
