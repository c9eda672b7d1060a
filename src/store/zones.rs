//! Zones and the wards they lay in, day by day.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::reach::Reach;
use super::{StoreError, Tx, expect_one, inconsistent, on_engine};
use crate::domain::ids::ZoneId;
use crate::domain::text::TradeName;
use crate::domain::zone::{WardHistory, WardPeriod, ZoneCode, ZoneKind, ZoneRole};

/// A registered zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its id.
    pub id: ZoneId,
    /// Its code for ever.
    pub code: ZoneCode,
    /// What it is.
    pub kind: ZoneKind,
    /// Its Vietnamese name.
    pub name: TradeName,
    /// Why it is watched.
    pub role: ZoneRole,
    /// The wards it lay in.
    pub wards: WardHistory,
    /// What is uncertain about its facts; may be empty.
    pub note: String,
    /// Whether a public source confirms all its facts.
    pub facts_verified: bool,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// Raised by every change, from 1.
    pub version: i64,
}

#[derive(sqlx::FromRow)]
struct ZoneRow {
    id: Uuid,
    code: String,
    kind: String,
    name: String,
    role: String,
    note: String,
    facts_verified: bool,
    created_at: DateTime<Utc>,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct WardRow {
    zone_id: Uuid,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    ward: Option<String>,
}

/// Stores a zone with its wards. `false` means that the code is taken.
pub async fn insert(tx: &mut Tx, zone: &Zone) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO zones
            (id,
             code,
             kind,
             name,
             role,
             note,
             facts_verified,
             created_at,
             version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (code) DO NOTHING";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(zone.id.uuid())
            .bind(zone.code.as_str())
            .bind(zone.kind.as_str())
            .bind(zone.name.as_str())
            .bind(zone.role.as_str())
            .bind(&zone.note)
            .bind(zone.facts_verified)
            .bind(zone.created_at)
            .bind(zone.version)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    if affected == 0 {
        return Ok(false);
    }
    for period in zone.wards.periods() {
        insert_ward(tx, zone.id, period).await?;
    }
    Ok(true)
}

async fn insert_ward(tx: &mut Tx, zone: ZoneId, period: &WardPeriod) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO zone_wards (zone_id, valid_from, valid_to, ward)
        VALUES ($1, $2, $3, $4)";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(zone.uuid())
            .bind(period.from)
            .bind(period.to)
            .bind(&period.ward)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("zone_wards", affected)
}

/// A zone by its id.
pub async fn find(tx: &mut Tx, id: ZoneId) -> Result<Option<Zone>, StoreError> {
    const SQL: &str = "SELECT id,
            code,
            kind,
            name,
            role,
            note,
            facts_verified,
            created_at,
            version
        FROM zones WHERE id = $1";
    let rows = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(id.uuid())
            .fetch_all(connection)
            .await
    })?;
    Ok(with_wards(tx, rows).await?.pop())
}

/// The id of the zone with this code.
pub async fn id_by_code(tx: &mut Tx, code: &ZoneCode) -> Result<Option<ZoneId>, StoreError> {
    const SQL: &str = "SELECT id FROM zones WHERE code = $1";
    let id = on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(code.as_str())
            .fetch_optional(connection)
            .await
    })?;
    Ok(id.map(ZoneId::from_uuid))
}

/// Whether a zone exists and the caller may register something in it.
pub async fn is_within(tx: &mut Tx, reach: Reach, id: ZoneId) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM zones z
        WHERE z.id = $1 AND ($2 IS NULL OR EXISTS (SELECT 1 FROM user_zones u
            WHERE u.zone_id = z.id AND u.user_id = $2))";
    let count: i64 = on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(id.uuid())
            .bind(reach.user())
            .fetch_one(connection)
            .await
    })?;
    Ok(count > 0)
}

/// Zones in the order of their registration, after the given one. What a zone is, is known
/// to every caller.
pub async fn list(
    tx: &mut Tx,
    role: Option<ZoneRole>,
    after: Option<ZoneId>,
    limit: u32,
) -> Result<Vec<Zone>, StoreError> {
    const SQL: &str = "SELECT id,
            code,
            kind,
            name,
            role,
            note,
            facts_verified,
            created_at,
            version
        FROM zones
        WHERE ($1 IS NULL OR role = $1) AND ($2 IS NULL OR id > $2) ORDER BY id LIMIT $3";
    let rows = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(role.map(ZoneRole::as_str))
            .bind(after.map(ZoneId::uuid))
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?;
    with_wards(tx, rows).await
}

/// Reads the wards of zones that are sorted by id.
async fn with_wards(tx: &mut Tx, rows: Vec<ZoneRow>) -> Result<Vec<Zone>, StoreError> {
    const SQL: &str = "SELECT zone_id, valid_from, valid_to, ward FROM zone_wards
        WHERE zone_id >= $1 AND zone_id <= $2 ORDER BY zone_id, valid_from";
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return Ok(Vec::new());
    };
    let wards: Vec<WardRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(first.id)
            .bind(last.id)
            .fetch_all(connection)
            .await
    })?;
    rows.into_iter().map(|row| row.read(&wards)).collect()
}

impl ZoneRow {
    fn read(self, wards: &[WardRow]) -> Result<Zone, StoreError> {
        let bad = |column| inconsistent("zones", column, self.id);
        let periods = wards.iter().filter(|ward| ward.zone_id == self.id);
        let periods = periods.map(|ward| WardPeriod {
            ward: ward.ward.clone(),
            from: ward.valid_from,
            to: ward.valid_to,
        });
        Ok(Zone {
            id: ZoneId::from_uuid(self.id),
            code: ZoneCode::parse(&self.code).map_err(|_| bad("code"))?,
            kind: ZoneKind::parse(&self.kind).map_err(|_| bad("kind"))?,
            name: TradeName::parse(&self.name).map_err(|_| bad("name"))?,
            role: ZoneRole::parse(&self.role).map_err(|_| bad("role"))?,
            wards: WardHistory::new(periods.collect())
                .map_err(|_| inconsistent("zone_wards", "valid_from", self.id))?,
            note: self.note,
            facts_verified: self.facts_verified,
            created_at: self.created_at,
            version: self.version,
        })
    }
}
