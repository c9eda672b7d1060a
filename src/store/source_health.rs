//! When sources were heard: what [`crate::domain::source_health`] judges them by.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use uuid::Uuid;

use super::adoption::{Area, Place, in_area};
use super::reach::{Reach, reaches_merchant};
use super::statements::closed_days;
use super::{StoreError, Tx, inconsistent, on_engine, source_hours};
use crate::domain::adoption::Scope;
use crate::domain::day::{Window, local_day};
use crate::domain::hearing::Hearing;
use crate::domain::ids::SourceId;
use crate::domain::rhythm::Rhythm;
use crate::domain::source::SourceStatus;
use crate::domain::source_health::{
    self, ClosedDays, Health, Heard, RHYTHM_DAYS, Switch, silent_days,
};

/// A source and when it was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSource {
    /// Its id.
    pub id: SourceId,
    /// The last part of its address.
    pub name: String,
    /// Whether it is switched on.
    pub switch: Switch,
    /// Its last authentic delivery.
    pub last_heard_at: Option<DateTime<Utc>>,
    /// Its deliveries by day: those of the window and of the rhythm before it.
    pub heard: Heard,
    /// Its notices by hour of the week, once it is known for some weeks.
    pub rhythm: Option<Rhythm>,
    /// The days of the window that bank statements cover for every account it speaks for.
    pub closed_days: ClosedDays,
}

impl KnownSource {
    /// How it is heard now; it must have been read over a window that ends today.
    pub fn health_at(&self, now: DateTime<Utc>) -> Health {
        let rhythm = self.rhythm.as_ref();
        source_health::health(self.switch, &self.heard, rhythm, self.last_heard_at, now)
    }

    /// The whole days of the window it was read over on which it speaks as a rule and did not.
    pub fn silent_days(&self, window: Window, today: NaiveDate) -> Vec<NaiveDate> {
        silent_days(self.switch, &self.heard, &self.closed_days, window, today)
    }

    /// How it is heard, as far as the window it was read over depends on it.
    pub fn hearing(&self, window: Window, now: DateTime<Utc>) -> Hearing {
        let today = local_day(now);
        let (health, silent) = (self.health_at(now), self.silent_days(window, today));
        Hearing::new(health, silent, &self.closed_days, window, today)
    }
}

/// A source `s` that an area depends on: one that speaks for an account of a merchant with an
/// outlet in it. Who asks about everything depends on all of them ($5), who asks about one
/// source on that one ($6).
macro_rules! of_area {
    ($source:literal) => {
        concat!(
            "($6 IS NULL OR ",
            $source,
            " = $6) AND ($5 OR EXISTS (SELECT 1 FROM source_accounts b
                JOIN accounts a ON a.id = b.account_id
                JOIN outlets o ON o.merchant_id = a.merchant_id
                WHERE b.source_id = ",
            $source,
            " AND b.unbound_at IS NULL AND ",
            in_area!("o.zone_id", "$1"),
            "))"
        )
    };
}

/// The sources that an area depends on at the end of a window, by name, each with what is
/// needed to judge every day of the window.
pub async fn known(
    tx: &mut Tx,
    area: &Area,
    window: Window,
) -> Result<Vec<KnownSource>, StoreError> {
    let before = last_days_before(tx, area, window).await?;
    let mut heard = days(tx, area, window).await?;
    let mut known = Vec::new();
    for (id, name, state, last_heard_at) in named(tx, area, window).await? {
        let mut days = heard.remove(&id).unwrap_or_default();
        // A source that was silent for long has its rhythm further back.
        let rhythm = before.get(&id).map(|last| rhythm_until(*last));
        if let Some(rhythm) = rhythm.filter(|rhythm| rhythm.first() < early(window)) {
            days.extend(days_of(tx, id, rhythm).await?);
        }
        let source = SourceId::from_uuid(id);
        known.push(KnownSource {
            id: source,
            name,
            switch: match SourceStatus::parse(&state) {
                Ok(SourceStatus::Active) => Switch::On,
                Ok(SourceStatus::Pending | SourceStatus::Disabled | SourceStatus::Discarded) => {
                    Switch::Off
                }
                Err(_) => return Err(inconsistent("sources", "state", id)),
            },
            last_heard_at,
            heard: days.into_iter().collect(),
            rhythm: source_hours::rhythm(tx, source).await?,
            closed_days: closed_days::of_source(tx, source, window)
                .await?
                .into_iter()
                .collect(),
        });
    }
    Ok(known)
}

/// The sources as they are heard now: all of them, or one.
pub async fn known_now(
    tx: &mut Tx,
    only: Option<SourceId>,
    now: DateTime<Utc>,
) -> Result<Vec<KnownSource>, StoreError> {
    let place = only.map_or(Place::Everywhere, Place::Source);
    let area = Area::new(Reach::Everything, place);
    known(tx, &area, Window::day(local_day(now))).await
}

/// The sources that speak for an account within reach, by name, over a window.
pub async fn known_within(
    tx: &mut Tx,
    reach: Reach,
    window: Window,
) -> Result<Vec<KnownSource>, StoreError> {
    const SQL: &str = concat!(
        "SELECT s.id FROM sources s WHERE EXISTS (SELECT 1 FROM source_accounts b
            JOIN accounts a ON a.id = b.account_id
            WHERE b.source_id = s.id AND b.unbound_at IS NULL AND ",
        reaches_merchant!("a.merchant_id"),
        ") ORDER BY s.name"
    );
    let ids: Vec<Uuid> = on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .fetch_all(connection)
            .await
    })?;
    let mut all = Vec::new();
    for id in ids {
        let place = Place::Source(SourceId::from_uuid(id));
        let area = Area::new(Reach::Everything, place);
        all.extend(known(tx, &area, window).await?);
    }
    Ok(all)
}

/// The first day that is read of every source: its rhythm before the window, also when it was
/// silent for as long again.
fn early(window: Window) -> NaiveDate {
    window.first() - days_back(2 * RHYTHM_DAYS)
}

fn rhythm_until(last: NaiveDate) -> Window {
    let first = last - days_back(RHYTHM_DAYS - 1);
    Window::new(first, last).expect("days back are earlier")
}

fn days_back(days: i64) -> Days {
    Days::new(u64::try_from(days).expect("a number of days"))
}

type Named = (Uuid, String, String, Option<DateTime<Utc>>);

async fn named(tx: &mut Tx, area: &Area, window: Window) -> Result<Vec<Named>, StoreError> {
    const SQL: &str = concat!(
        "SELECT s.id,
            s.name,
            s.state,
            (SELECT MAX(c.received_at) FROM callbacks c WHERE c.source_id = s.id)
        FROM sources s WHERE ",
        of_area!("s.id"),
        " ORDER BY s.name"
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(window.last())
            .bind(area.zone())
            .bind(area.ward())
            .bind(area.caretaker())
            .bind(area.scope() != Scope::Zones)
            .bind(area.source())
            .fetch_all(connection)
            .await
    })?)
}

/// The last day before a window on which each source was heard.
async fn last_days_before(
    tx: &mut Tx,
    area: &Area,
    window: Window,
) -> Result<BTreeMap<Uuid, NaiveDate>, StoreError> {
    const SQL: &str = concat!(
        "SELECT d.source_id, MAX(d.day) FROM source_days d
        WHERE d.day < $7
            AND d.accepted + d.ignored + d.failed + d.quarantined + d.conflict + d.repeated > 0
            AND ",
        of_area!("d.source_id"),
        " GROUP BY d.source_id"
    );
    let rows: Vec<(Uuid, NaiveDate)> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(window.last())
            .bind(area.zone())
            .bind(area.ward())
            .bind(area.caretaker())
            .bind(area.scope() != Scope::Zones)
            .bind(area.source())
            .bind(window.first())
            .fetch_all(connection)
            .await
    })?;
    Ok(rows.into_iter().collect())
}

/// The deliveries of each source by day, in the window and before it.
async fn days(
    tx: &mut Tx,
    area: &Area,
    window: Window,
) -> Result<BTreeMap<Uuid, Vec<(NaiveDate, i64)>>, StoreError> {
    const SQL: &str = concat!(
        "SELECT d.source_id,
            d.day,
            d.accepted + d.ignored + d.failed + d.quarantined + d.conflict + d.repeated
        FROM source_days d WHERE d.day <= $1 AND d.day >= $7 AND ",
        of_area!("d.source_id"),
        " ORDER BY d.source_id, d.day"
    );
    let rows: Vec<(Uuid, NaiveDate, i64)> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(window.last())
            .bind(area.zone())
            .bind(area.ward())
            .bind(area.caretaker())
            .bind(area.scope() != Scope::Zones)
            .bind(area.source())
            .bind(early(window))
            .fetch_all(connection)
            .await
    })?;
    let mut days: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (source, day, notices) in rows {
        days.entry(source).or_default().push((day, notices));
    }
    Ok(days)
}

async fn days_of(
    tx: &mut Tx,
    source: Uuid,
    window: Window,
) -> Result<Vec<(NaiveDate, i64)>, StoreError> {
    const SQL: &str = "SELECT day,
            accepted + ignored + failed + quarantined + conflict + repeated
        FROM source_days WHERE source_id = $1 AND day >= $2 AND day <= $3 ORDER BY day";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(source)
            .bind(window.first())
            .bind(window.last())
            .fetch_all(connection)
            .await
    })?)
}
