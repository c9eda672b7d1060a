//! Measuring adoption: what is asked, counted and known about it, from one consistent moment.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::adoption::closing::SourceHealth;
use crate::domain::adoption::indicator::{Availability, Indicator};
use crate::domain::adoption::ticket::TicketHistogram;
use crate::domain::adoption::{Counts, Frame, Scope};
use crate::domain::day::{Window, local_day};
use crate::domain::hearing::Hearing;
use crate::domain::money::Vnd;
use crate::domain::period::{Step, steps};
use crate::store::adoption::revisions::{self, DayRevision};
use crate::store::adoption::{self, Area, by_day, stock};
use crate::store::source_health::{self, KnownSource};
use crate::store::{StoreError, Tx};

/// How many points a series may have: a year of days with room to compare.
pub const SERIES_MAX_POINTS: usize = 400;

/// How many points a series of stocks may have: each of them is counted by itself.
pub const SERIES_MAX_STOCK_POINTS: usize = 62;

/// How many changes of closed days an answer lists; it tells the number of all of them.
pub const REVISIONS_SHOWN: u32 = 100;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Where.
    pub area: Area,
    /// Over which local days.
    pub window: Window,
    /// The present.
    pub now: DateTime<Utc>,
}

/// What is known over a whole window.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What the counts are about.
    pub frame: Frame,
    /// What was counted.
    pub counts: Counts,
    /// What moved after its day was closed.
    pub revisions: Revisions,
    /// Sources that were silent on a day of the window, by name.
    pub silent: Vec<SilentSource>,
    /// The sources that the question depends on, by name, and how each is heard.
    pub sources: Vec<HeardSource>,
}

/// What moved after its day was closed.
#[derive(Clone, Debug)]
pub struct Revisions {
    /// The highest number that a zone's day of the window has; 0 when nothing moved.
    pub highest: i64,
    /// How many changes there were.
    pub changes: i64,
    /// The newest of them.
    pub newest: Vec<DayRevision>,
}

/// A source that speaks daily and did not on some day of the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilentSource {
    /// The last part of its address.
    pub name: String,
    /// The days, earliest first.
    pub days: Vec<NaiveDate>,
}

/// A source that a question depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardSource {
    /// The last part of its address.
    pub name: String,
    /// How it is heard, as far as the window depends on it.
    pub hearing: Hearing,
}

/// An indicator over a window, step by step.
#[derive(Clone, Debug)]
pub struct Series {
    /// The whole window: its counts are not taken.
    pub whole: Measured,
    /// In order; none for an indicator that is not computed yet.
    pub points: Vec<Point>,
}

/// One point of a series.
#[derive(Clone, Debug)]
pub struct Point {
    /// What its counts are about; no census unless the indicator divides by one.
    pub frame: Frame,
    /// What was counted.
    pub counts: Counts,
    /// The highest revision of its days.
    pub revision: i64,
}

/// How many points a series of an indicator may have.
pub const fn points_allowed(indicator: Indicator) -> usize {
    if indicator.needs_census() {
        SERIES_MAX_STOCK_POINTS
    } else {
        SERIES_MAX_POINTS
    }
}

/// Counts everything over a window.
pub async fn measure(tx: &mut Tx, question: &Question) -> Result<Measured, StoreError> {
    let counts = adoption::count(tx, &question.area, question.window).await?;
    let mut measured = surroundings(tx, question).await?.measured;
    measured.counts = counts;
    Ok(measured)
}

/// Counts what one indicator needs over a window.
pub async fn measure_one(
    tx: &mut Tx,
    question: &Question,
    indicator: Indicator,
) -> Result<Measured, StoreError> {
    let Question { area, window, .. } = question;
    let counts = adoption::count_for(tx, area, *window, indicator).await?;
    let mut measured = surroundings(tx, question).await?.measured;
    measured.counts = counts;
    Ok(measured)
}

/// Counts an indicator over each step of a window. The caller keeps to
/// [`points_allowed`].
pub async fn series(
    tx: &mut Tx,
    question: &Question,
    indicator: Indicator,
    step: Step,
) -> Result<Series, StoreError> {
    let Surroundings {
        measured: whole,
        changed,
        known,
    } = surroundings(tx, question).await?;
    let mut points = Vec::new();
    if indicator.availability() != Availability::Computed {
        return Ok(Series { whole, points });
    }
    let flows = Flows::read(tx, question, indicator).await?;
    for window in steps(question.window, step) {
        let mut frame = Frame {
            window,
            sources: health(&known, window, question.now),
            ..whole.frame.clone()
        };
        let counts = if indicator.needs_census() && frame.scope != Scope::Source {
            frame.censuses = adoption::censuses(tx, &question.area, window.last()).await?;
            stock::count(tx, &question.area, window).await?
        } else {
            frame.censuses.clear();
            flows.over(window)
        };
        let revisions = changed.range(window.first()..=window.last());
        points.push(Point {
            frame,
            counts,
            revision: revisions
                .map(|(_, (highest, _))| *highest)
                .max()
                .unwrap_or(0),
        });
    }
    Ok(Series { whole, points })
}

/// Everything about a question but its counts.
struct Surroundings {
    measured: Measured,
    changed: ChangedDays,
    known: Vec<KnownSource>,
}

type ChangedDays = BTreeMap<NaiveDate, (i64, i64)>;

async fn surroundings(tx: &mut Tx, question: &Question) -> Result<Surroundings, StoreError> {
    let Question { area, window, now } = question;
    let by_source = area.scope() == Scope::Source;
    // Censuses and closed days are of zones.
    let changed = if by_source {
        ChangedDays::new()
    } else {
        revisions::by_day(tx, area, *window).await?
    };
    let newest = if changed.is_empty() {
        Vec::new()
    } else {
        revisions::newest(tx, area, *window, REVISIONS_SHOWN).await?
    };
    let today = local_day(*now);
    let known = source_health::known(tx, area, *window).await?;
    let frame = Frame {
        scope: area.scope(),
        window: *window,
        today,
        censuses: if by_source {
            Vec::new()
        } else {
            adoption::censuses(tx, area, window.last()).await?
        },
        sources: health(&known, *window, *now),
    };
    let measured = Measured {
        frame,
        counts: Counts::default(),
        revisions: Revisions {
            highest: changed
                .values()
                .map(|(highest, _)| *highest)
                .max()
                .unwrap_or(0),
            changes: changed.values().map(|(_, changes)| changes).sum(),
            newest,
        },
        silent: silent_sources(&known, *window, today),
        sources: heard_sources(&known, *window, *now),
    };
    Ok(Surroundings {
        measured,
        changed,
        known,
    })
}

/// How sources are heard, as far as a window depends on them.
pub fn heard_sources(
    known: &[KnownSource],
    window: Window,
    now: DateTime<Utc>,
) -> Vec<HeardSource> {
    let heard = known.iter().map(|source| HeardSource {
        name: source.name.clone(),
        hearing: source.hearing(window, now),
    });
    heard.collect()
}

fn silent_sources(known: &[KnownSource], window: Window, today: NaiveDate) -> Vec<SilentSource> {
    let silent = known.iter().map(|source| SilentSource {
        name: source.name.clone(),
        days: source.silent_days(window, today),
    });
    silent.filter(|source| !source.days.is_empty()).collect()
}

fn health(known: &[KnownSource], window: Window, now: DateTime<Utc>) -> SourceHealth {
    if known
        .iter()
        .any(|source| source.hearing(window, now).is_gap())
    {
        SourceHealth::Gap
    } else {
        SourceHealth::Heard
    }
}

/// What an indicator counts, day by day.
#[derive(Default)]
struct Flows {
    days: BTreeMap<NaiveDate, Counts>,
    tickets: Vec<(NaiveDate, Vnd, u64)>,
}

impl Flows {
    async fn read(
        tx: &mut Tx,
        question: &Question,
        indicator: Indicator,
    ) -> Result<Self, StoreError> {
        let Question { area, window, .. } = question;
        let mut flows = Self::default();
        match indicator {
            Indicator::D1 => flows.days = by_day::notices(tx, area, *window).await?,
            // Nothing else is counted by source.
            _ if indicator.needs_census() || area.scope() == Scope::Source => {}
            _ => flows.days = by_day::payments(tx, area, *window).await?,
        }
        if indicator == Indicator::C4 && area.scope() != Scope::Source {
            flows.tickets = by_day::tickets(tx, area, *window).await?;
        }
        Ok(flows)
    }

    fn over(&self, window: Window) -> Counts {
        let mut counts = Counts::default();
        for (_, day) in self.days.range(window.first()..=window.last()) {
            counts.add_flows(day);
        }
        let first = self
            .tickets
            .partition_point(|(day, ..)| *day < window.first());
        let within = self.tickets[first..]
            .iter()
            .take_while(|(day, ..)| *day <= window.last());
        counts.tickets = within
            .map(|(_, vnd, payments)| (*vnd, *payments))
            .collect::<TicketHistogram>();
        counts
    }
}
