//! Outlets and where each stands.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::reach::{Reach, reaches_zone};
use super::{StoreError, Tx, inconsistent, match_switches, on_engine};
use crate::domain::establishment::Trade;
use crate::domain::ids::{EstablishmentId, MerchantId, OutletId, ZoneId};
use crate::domain::money::Vnd;
use crate::domain::outlet::{OutletState, OutletStatus};
use crate::domain::text::TradeName;

/// A registered outlet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlet {
    /// Its id.
    pub id: OutletId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Where it lies.
    pub zone: ZoneId,
    /// The place of the census that it is, when that is known.
    pub establishment: Option<EstablishmentId>,
    /// The stall or house number; one outlet for each in a zone.
    pub stall_label: TradeName,
    /// What is sold.
    pub trade: Trade,
    /// Where it stands.
    pub state: OutletState,
    /// Whether credits without a reference count for it when its account serves no other.
    pub match_by_account: bool,
    /// Below this, an unarmed credit is announced as a small sum.
    pub floor: Vnd,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// Raised by every change, from 1.
    pub version: i64,
}

/// Which outlets to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutletFilter {
    /// Only this merchant's.
    pub merchant: Option<MerchantId>,
    /// Only those in this zone.
    pub zone: Option<ZoneId>,
    /// Only those that stand here.
    pub status: Option<OutletStatus>,
}

#[derive(sqlx::FromRow)]
struct OutletRow {
    id: Uuid,
    merchant_id: Uuid,
    zone_id: Uuid,
    establishment_id: Option<Uuid>,
    stall_label: String,
    trade: String,
    state: String,
    match_by_account: bool,
    floor_vnd: i64,
    created_at: DateTime<Utc>,
    tested_at: Option<DateTime<Utc>>,
    opened_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    version: i64,
}

/// Stores a planned outlet. `false` means that another outlet has this stall.
pub async fn insert(tx: &mut Tx, outlet: &Outlet) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO outlets
            (id,
             merchant_id,
             zone_id,
             establishment_id,
             stall_label,
             trade,
             state,
             match_by_account,
             floor_vnd,
             created_at,
             version)
        VALUES ($1, $2, $3, $4, $5, $6, 'planned', $7, $8, $9, 1) ON CONFLICT DO NOTHING";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(outlet.id.uuid())
            .bind(outlet.merchant.uuid())
            .bind(outlet.zone.uuid())
            .bind(outlet.establishment.map(EstablishmentId::uuid))
            .bind(outlet.stall_label.as_str())
            .bind(outlet.trade.as_str())
            .bind(outlet.match_by_account)
            .bind(outlet.floor.get())
            .bind(outlet.created_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    if affected == 0 {
        return Ok(false);
    }
    let is_on = outlet.match_by_account;
    match_switches::record(tx, outlet.id, outlet.created_at, is_on).await?;
    Ok(true)
}

/// Moves version `version` to another state; the times of test and opening stay when the
/// outlet closes. `false` means that someone else was first.
pub async fn update_state(
    tx: &mut Tx,
    id: OutletId,
    version: i64,
    state: OutletState,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE outlets SET state = $3,
            tested_at = COALESCE($4, tested_at),
            opened_at = COALESCE($5, opened_at),
            closed_at = $6,
            version = version + 1
        WHERE id = $1 AND version = $2";
    let (tested_at, opened_at, closed_at) = match state {
        OutletState::Planned => (None, None, None),
        OutletState::Tested { tested_at } => (Some(tested_at), None, None),
        OutletState::Open {
            tested_at,
            opened_at,
        }
        | OutletState::Paused {
            tested_at,
            opened_at,
        } => (Some(tested_at), Some(opened_at), None),
        OutletState::Closed { closed_at } => (None, None, Some(closed_at)),
    };
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(state.status().as_str())
            .bind(tested_at)
            .bind(opened_at)
            .bind(closed_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// The columns of outlets within reach: $1 is the merchant, $2 the person whose zones count.
macro_rules! select_within_reach {
    ($rest:literal) => {
        concat!(
            "SELECT o.id,
                o.merchant_id,
                o.zone_id,
                o.establishment_id,
                o.stall_label,
                o.trade,
                o.state,
                o.match_by_account,
                o.floor_vnd,
                o.created_at,
                o.tested_at,
                o.opened_at,
                o.closed_at,
                o.version
            FROM outlets o
            WHERE ",
            reaches_zone!("o.merchant_id", "o.zone_id"),
            " ",
            $rest
        )
    };
}

/// An outlet within reach.
pub async fn find(tx: &mut Tx, reach: Reach, id: OutletId) -> Result<Option<Outlet>, StoreError> {
    const SQL: &str = select_within_reach!("AND o.id = $3");
    let row: Option<OutletRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?;
    row.map(Outlet::try_from).transpose()
}

/// The outlet within reach at a stall of a zone, unless it is closed.
pub async fn find_by_stall(
    tx: &mut Tx,
    reach: Reach,
    zone: ZoneId,
    stall_label: &TradeName,
) -> Result<Option<Outlet>, StoreError> {
    const SQL: &str =
        select_within_reach!("AND o.zone_id = $3 AND o.stall_label = $4 AND o.state <> 'closed'");
    let row: Option<OutletRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(zone.uuid())
            .bind(stall_label.as_str())
            .fetch_optional(connection)
            .await
    })?;
    row.map(Outlet::try_from).transpose()
}

/// The outlets within reach that are not closed, in the order of their registration.
pub async fn not_closed(tx: &mut Tx, reach: Reach) -> Result<Vec<Outlet>, StoreError> {
    const SQL: &str = select_within_reach!("AND o.state <> 'closed' ORDER BY o.id");
    let rows: Vec<OutletRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .fetch_all(connection)
            .await
    })?;
    rows.into_iter().map(Outlet::try_from).collect()
}

/// Outlets within reach in the order of their registration, after the given one.
pub async fn list(
    tx: &mut Tx,
    reach: Reach,
    filter: OutletFilter,
    after: Option<OutletId>,
    limit: u32,
) -> Result<Vec<Outlet>, StoreError> {
    const SQL: &str = select_within_reach!(
        "AND ($3 IS NULL OR o.id > $3)
            AND ($4 IS NULL OR o.merchant_id = $4)
            AND ($5 IS NULL OR o.zone_id = $5)
            AND ($6 IS NULL OR o.state = $6)
        ORDER BY o.id LIMIT $7"
    );
    let rows: Vec<OutletRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(after.map(OutletId::uuid))
            .bind(filter.merchant.map(MerchantId::uuid))
            .bind(filter.zone.map(ZoneId::uuid))
            .bind(filter.status.map(OutletStatus::as_str))
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?;
    rows.into_iter().map(Outlet::try_from).collect()
}

impl OutletRow {
    fn bad(&self, column: &'static str) -> StoreError {
        inconsistent("outlets", column, self.id)
    }

    fn state(&self) -> Result<OutletState, StoreError> {
        let tested_at = || self.tested_at.ok_or_else(|| self.bad("tested_at"));
        let opened_at = || self.opened_at.ok_or_else(|| self.bad("opened_at"));
        let status = OutletStatus::parse(&self.state).map_err(|_| self.bad("state"))?;
        Ok(match status {
            OutletStatus::Planned => OutletState::Planned,
            OutletStatus::Tested => OutletState::Tested {
                tested_at: tested_at()?,
            },
            OutletStatus::Open => OutletState::Open {
                tested_at: tested_at()?,
                opened_at: opened_at()?,
            },
            OutletStatus::Paused => OutletState::Paused {
                tested_at: tested_at()?,
                opened_at: opened_at()?,
            },
            OutletStatus::Closed => OutletState::Closed {
                closed_at: self.closed_at.ok_or_else(|| self.bad("closed_at"))?,
            },
        })
    }
}

impl TryFrom<OutletRow> for Outlet {
    type Error = StoreError;

    fn try_from(row: OutletRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: OutletId::from_uuid(row.id),
            merchant: MerchantId::from_uuid(row.merchant_id),
            zone: ZoneId::from_uuid(row.zone_id),
            establishment: row.establishment_id.map(EstablishmentId::from_uuid),
            stall_label: TradeName::parse(&row.stall_label).map_err(|_| row.bad("stall_label"))?,
            trade: Trade::parse(&row.trade).map_err(|_| row.bad("trade"))?,
            state: row.state()?,
            match_by_account: row.match_by_account,
            floor: Vnd::new(row.floor_vnd).map_err(|_| row.bad("floor_vnd"))?,
            created_at: row.created_at,
            version: row.version,
        })
    }
}
