//! The counts behind the indicators. These files only count; what the counts mean is decided
//! in [`crate::domain::adoption`].
//!
//! Payments are read from the sums by day, never one by one, so a figure costs the same at
//! any number of payments.
//!
//! - here: where figures are asked for, and everything over one window
//! - [`stock`]: establishments at the end of a window
//! - [`by_day`]: payments, tickets and notices day by day, for series
//! - [`revisions`]: what moved after a day was closed

pub mod by_day;
pub mod revisions;
pub mod stock;

use chrono::{DateTime, Days, NaiveDate, Utc};
use uuid::Uuid;

use super::reach::Reach;
use super::sources::delivery_counts;
use super::{StoreError, Tx, inconsistent, on_engine};
use crate::domain::adoption::indicator::{Availability, Indicator};
use crate::domain::adoption::ticket::TicketHistogram;
use crate::domain::adoption::{CensusUsed, Counts, Notices, Scope};
use crate::domain::day::{Window, start_of_day};
use crate::domain::ids::{SourceId, ZoneId};
use crate::domain::money::Vnd;
use crate::domain::zone::ZoneCode;

/// Where figures are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Everywhere.
    Everywhere,
    /// One zone.
    Zone(ZoneId),
    /// The zones of a ward: for stocks those that are in it on the last day, for payments
    /// those that were in it on the day of the payment.
    Ward(String),
    /// The zones whose ward is not known, by the same days.
    UnknownWard,
    /// No place: one source of notices, for who reaches everything.
    Source(SourceId),
}

/// A place, as far as the caller reaches.
#[derive(Clone, Debug)]
pub struct Area {
    place: Place,
    reach: Reach,
}

impl Area {
    /// Everything that is counted here lies within `reach`. A merchant looks after no zone,
    /// so it finds nothing.
    pub const fn new(reach: Reach, place: Place) -> Self {
        Self { place, reach }
    }

    /// The place.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// What figures are asked for: a person's zones are zones, even all of them.
    pub fn scope(&self) -> Scope {
        match (&self.place, self.reach) {
            (Place::Everywhere, Reach::Everything) => Scope::Everything,
            (Place::Source(_), Reach::Everything) => Scope::Source,
            _ => Scope::Zones,
        }
    }

    pub(super) fn source(&self) -> Option<Uuid> {
        match self.place {
            Place::Source(source) => Some(source.uuid()),
            Place::Everywhere | Place::Zone(_) | Place::Ward(_) | Place::UnknownWard => None,
        }
    }

    pub(super) fn zone(&self) -> Option<Uuid> {
        match self.place {
            Place::Zone(zone) => Some(zone.uuid()),
            Place::Everywhere | Place::Ward(_) | Place::UnknownWard | Place::Source(_) => None,
        }
    }

    /// The ward; an empty name stands for the unknown one.
    pub(super) fn ward(&self) -> Option<&str> {
        match &self.place {
            Place::Ward(ward) => Some(ward),
            Place::UnknownWard => Some(""),
            Place::Everywhere | Place::Zone(_) | Place::Source(_) => None,
        }
    }

    pub(super) fn caretaker(&self) -> Option<Uuid> {
        self.reach.user().or(self.reach.merchant())
    }
}

/// Whether a zone column lies in an area on the day of another column: $2 is the zone, $3 the
/// ward, $4 the person whose zones count.
macro_rules! in_area {
    ($zone:literal, $day:literal) => {
        concat!(
            "($2 IS NULL OR ",
            $zone,
            " = $2)
            AND ($3 IS NULL OR $3 = COALESCE((SELECT w.ward FROM zone_wards w
                WHERE w.zone_id = ",
            $zone,
            " AND w.valid_from <= ",
            $day,
            " AND (w.valid_to IS NULL OR w.valid_to >= ",
            $day,
            ")), ''))
            AND ($4 IS NULL OR EXISTS (SELECT 1 FROM user_zones u
                WHERE u.zone_id = ",
            $zone,
            " AND u.user_id = $4))"
        )
    };
}
pub(crate) use in_area;

/// Counts everything that the indicators need over a window.
pub async fn count(tx: &mut Tx, area: &Area, window: Window) -> Result<Counts, StoreError> {
    if area.scope() == Scope::Source {
        return count_for(tx, area, window, Indicator::D1).await;
    }
    let mut counts = stock::count(tx, area, window).await?;
    counts.add_flows(&sums(tx, area, window).await?);
    counts.tickets = tickets(tx, area, window).await?;
    counts.notices = notices(tx, area, window).await?;
    Ok(counts)
}

/// Counts what one indicator needs over a window; the rest is left at zero.
pub async fn count_for(
    tx: &mut Tx,
    area: &Area,
    window: Window,
    indicator: Indicator,
) -> Result<Counts, StoreError> {
    if indicator.availability() != Availability::Computed {
        return Ok(Counts::default());
    }
    if indicator == Indicator::D1 {
        return Ok(Counts {
            notices: notices(tx, area, window).await?,
            ..Counts::default()
        });
    }
    // A source has no establishments and no sums: nothing else is counted by it.
    if area.scope() == Scope::Source {
        return Ok(Counts::default());
    }
    if indicator.needs_census() {
        return stock::count(tx, area, window).await;
    }
    let mut counts = sums(tx, area, window).await?;
    if indicator == Indicator::C4 {
        counts.tickets = tickets(tx, area, window).await?;
    }
    Ok(counts)
}

/// Whether a ward ever held a zone within reach.
pub async fn ward_is_known(tx: &mut Tx, reach: Reach, ward: &str) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM zone_wards w
        WHERE w.ward = $1 AND ($2 IS NULL OR EXISTS (SELECT 1 FROM user_zones u
            WHERE u.zone_id = w.zone_id AND u.user_id = $2))";
    let caretaker = reach.user().or(reach.merchant());
    let zones: i64 = on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(ward)
            .bind(caretaker)
            .fetch_one(connection)
            .await
    })?;
    Ok(zones > 0)
}

/// The censuses behind the denominators on the last day: of each zone the newest that was
/// walked by then.
pub async fn censuses(
    tx: &mut Tx,
    area: &Area,
    last: NaiveDate,
) -> Result<Vec<CensusUsed>, StoreError> {
    const SQL: &str = concat!(
        "SELECT z.code, c.version, c.surveyed_on
        FROM censuses c JOIN zones z ON z.id = c.zone_id
        WHERE c.surveyed_on <= $1
            AND NOT EXISTS (SELECT 1 FROM censuses n
                WHERE n.zone_id = c.zone_id AND n.surveyed_on <= $1
                    AND (n.surveyed_on > c.surveyed_on
                        OR (n.surveyed_on = c.surveyed_on AND n.version > c.version)))
            AND ",
        in_area!("c.zone_id", "$1"),
        " ORDER BY z.code"
    );
    let rows: Vec<(String, i64, NaiveDate)> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(last)
            .bind(area.zone())
            .bind(area.ward())
            .bind(area.caretaker())
            .fetch_all(connection)
            .await
    })?;
    let census = |(code, version, surveyed_on): (String, i64, NaiveDate)| {
        let zone = ZoneCode::parse(&code).map_err(|_| inconsistent("zones", "code", &code))?;
        Ok(CensusUsed {
            zone,
            version,
            surveyed_on,
        })
    };
    rows.into_iter().map(census).collect()
}

/// What was paid in a window or on a day.
#[derive(Debug, sqlx::FromRow)]
struct Sums {
    payments: i64,
    sale_vnd: i64,
    received_vnd: i64,
    by_account_payments: i64,
    by_account_sale_vnd: i64,
}

impl From<Sums> for Counts {
    fn from(sums: Sums) -> Self {
        Self {
            payments: sums.payments,
            sale_vnd: sums.sale_vnd,
            received_vnd: sums.received_vnd,
            by_account_payments: sums.by_account_payments,
            by_account_sale_vnd: sums.by_account_sale_vnd,
            ..Self::default()
        }
    }
}

async fn sums(tx: &mut Tx, area: &Area, window: Window) -> Result<Counts, StoreError> {
    const SQL: &str = concat!(
        "SELECT
            CAST(COALESCE(SUM(d.payments), 0) AS BIGINT) AS payments,
            CAST(COALESCE(SUM(d.sale_vnd), 0) AS BIGINT) AS sale_vnd,
            CAST(COALESCE(SUM(d.received_vnd), 0) AS BIGINT) AS received_vnd,
            CAST(COALESCE(SUM(d.by_account_payments), 0) AS BIGINT) AS by_account_payments,
            CAST(COALESCE(SUM(d.by_account_sale_vnd), 0) AS BIGINT) AS by_account_sale_vnd
        FROM zone_days d
        WHERE d.day <= $1 AND d.day >= $5 AND ",
        in_area!("d.zone_id", "d.day")
    );
    let sums: Sums = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(window.last())
            .bind(area.zone())
            .bind(area.ward())
            .bind(area.caretaker())
            .bind(window.first())
            .fetch_one(connection)
            .await
    })?;
    Ok(sums.into())
}

async fn tickets(tx: &mut Tx, area: &Area, window: Window) -> Result<TicketHistogram, StoreError> {
    const SQL: &str = concat!(
        "SELECT d.sale_vnd, CAST(SUM(d.payments) AS BIGINT)
        FROM ticket_days d
        WHERE d.day <= $1 AND d.day >= $5 AND ",
        in_area!("d.zone_id", "d.day"),
        " GROUP BY d.sale_vnd ORDER BY d.sale_vnd"
    );
    let rows: Vec<(i64, i64)> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(window.last())
            .bind(area.zone())
            .bind(area.ward())
            .bind(area.caretaker())
            .bind(window.first())
            .fetch_all(connection)
            .await
    })?;
    let ticket = |(vnd, payments)| ticket(vnd, payments);
    rows.into_iter().map(ticket).collect()
}

/// How many payments had a sale amount.
fn ticket(vnd: i64, payments: i64) -> Result<(Vnd, u64), StoreError> {
    let amount = Vnd::new(vnd).map_err(|_| inconsistent("ticket_days", "sale_vnd", vnd))?;
    let payments =
        u64::try_from(payments).map_err(|_| inconsistent("ticket_days", "payments", vnd))?;
    Ok((amount, payments))
}

/// Notices have no zone: only who asks about everything or a source is told of them.
async fn notices(tx: &mut Tx, area: &Area, window: Window) -> Result<Notices, StoreError> {
    if area.scope() == Scope::Zones {
        return Ok(Notices::default());
    }
    let source = area.source().map(SourceId::from_uuid);
    let counts = delivery_counts(tx, source, window.first(), window.last()).await?;
    Ok(Notices {
        accepted: counts.accepted,
        ignored: counts.ignored,
        failed: counts.failed,
        quarantined: counts.quarantined,
        conflict: counts.conflict,
    })
}

/// The first instant after a local day.
fn end_of(day: NaiveDate) -> DateTime<Utc> {
    start_of_day(day + Days::new(1))
}
