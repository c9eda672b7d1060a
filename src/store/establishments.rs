//! Establishments, and what was confirmed of them between two censuses.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::reach::Reach;
use super::{StoreError, Tx, inconsistent, on_engine};
use crate::domain::establishment::EstablishmentChange;
use crate::domain::ids::{EstablishmentId, ZoneId};
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

#[derive(sqlx::FromRow)]
struct EstablishmentRow {
    id: Uuid,
    zone_id: Uuid,
    position: String,
    name: String,
    created_at: DateTime<Utc>,
    version: i64,
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

/// Writes another name over version `version`. `false` means that someone else was first.
pub async fn rename(
    tx: &mut Tx,
    id: EstablishmentId,
    version: i64,
    name: &TradeName,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE establishments SET name = $3, version = version + 1
        WHERE id = $1 AND version = $2";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(name.as_str())
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// The columns of places within reach: $1 is the merchant, which reaches the places of its
/// outlets, $2 the person whose zones count.
macro_rules! select_within_reach {
    ($rest:literal) => {
        concat!(
            "SELECT e.id,
                e.zone_id,
                e.position,
                e.name,
                e.created_at,
                e.version
            FROM establishments e
            WHERE ($1 IS NULL OR EXISTS (SELECT 1 FROM outlets o
                    WHERE o.establishment_id = e.id AND o.merchant_id = $1))
                AND ($2 IS NULL OR EXISTS (SELECT 1 FROM user_zones u
                    WHERE u.zone_id = e.zone_id AND u.user_id = $2)) ",
            $rest
        )
    };
}

/// A place within reach.
pub async fn find(
    tx: &mut Tx,
    reach: Reach,
    id: EstablishmentId,
) -> Result<Option<Establishment>, StoreError> {
    const SQL: &str = select_within_reach!("AND e.id = $3");
    let row: Option<EstablishmentRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
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

/// Every place of a zone: a census compares its whole list with them.
pub async fn all_of_zone(tx: &mut Tx, zone: ZoneId) -> Result<Vec<Establishment>, StoreError> {
    const SQL: &str = "SELECT id,
            zone_id,
            position,
            name,
            created_at,
            version
        FROM establishments WHERE zone_id = $1";
    let rows: Vec<EstablishmentRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(zone.uuid())
            .fetch_all(connection)
            .await
    })?;
    rows.into_iter().map(Establishment::try_from).collect()
}

/// Places within reach, of one zone when one is given, in the order in which they were
/// recorded, after the given one.
pub async fn list(
    tx: &mut Tx,
    reach: Reach,
    zone: Option<ZoneId>,
    after: Option<EstablishmentId>,
    limit: u32,
) -> Result<Vec<Establishment>, StoreError> {
    const SQL: &str = select_within_reach!(
        "AND ($3 IS NULL OR e.zone_id = $3) AND ($4 IS NULL OR e.id > $4)
        ORDER BY e.id LIMIT $5"
    );
    let rows: Vec<EstablishmentRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(zone.map(ZoneId::uuid))
            .bind(after.map(EstablishmentId::uuid))
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?;
    rows.into_iter().map(Establishment::try_from).collect()
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
