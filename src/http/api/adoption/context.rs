//! What every answer about adoption says about itself: over which days, where, by which
//! census, how complete, and what moved.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::query::AskedPlace;
use crate::domain::adoption::closing::Completeness;
use crate::domain::adoption::{CensusUsed, Frame};
use crate::domain::day::{Window, to_rfc3339};
use crate::flows::measure_adoption::{Measured, Revisions, SilentSource};
use crate::http::api::completeness::CompletenessDocument;
use crate::store::adoption::revisions::DayRevision;

/// How many silent sources an answer names.
const SILENT_SOURCES_SHOWN: usize = 100;

/// Local days, both included.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdoptionWindow)]
pub struct WindowDocument {
    from: NaiveDate,
    to: NaiveDate,
}

/// Where figures were asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdoptionPlace)]
pub struct PlaceDocument {
    /// `all`, `zone`, `ward`, `unknown_ward` or `source`.
    kind: &'static str,
    zone: Option<String>,
    ward: Option<String>,
    /// The name of a source of notices.
    source: Option<String>,
}

/// A census that denominators come from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CensusUsed)]
pub struct CensusDocument {
    zone: String,
    version: i64,
    surveyed_on: NaiveDate,
    /// Whether it was older than six months at the end of the window, or today if that is
    /// earlier.
    stale: bool,
}

/// A source that speaks daily and did not on some day of the window.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SilentSource)]
pub struct SilentSourceDocument {
    source: String,
    /// How many days it was silent.
    days: usize,
    /// The first of them.
    first: Option<NaiveDate>,
    /// The last of them.
    last: Option<NaiveDate>,
}

/// What moved after its day was closed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdoptionRevision)]
pub struct RevisionDocument {
    /// The highest number that a zone's day of the window has; 0 when nothing moved.
    number: i64,
    /// How many changes there were in all.
    changes: i64,
    /// The newest of them.
    moved: Vec<MovedDocument>,
}

/// One numbered change of a zone's closed day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DayRevision)]
pub struct MovedDocument {
    zone: String,
    day: NaiveDate,
    revision: i64,
    at: String,
    /// Counted payments more, or fewer when negative.
    payments_delta: i64,
    sale_delta_vnd: i64,
    received_delta_vnd: i64,
    by_account_payments_delta: i64,
    by_account_sale_delta_vnd: i64,
    cause: String,
}

/// What every answer says about itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdoptionContext)]
pub struct ContextDocument {
    window: WindowDocument,
    place: PlaceDocument,
    /// The newest census of each zone by the end of the window.
    census: Vec<CensusDocument>,
    /// `final`, `provisional`, or `incomplete` when a source was silent.
    completeness: &'static str,
    /// Sources that speak daily and did not on some day of the window: the first 100 by name.
    silent_sources: Vec<SilentSourceDocument>,
    /// The sources that the figures depend on, and how each is heard.
    sources: CompletenessDocument,
    revision: RevisionDocument,
    computed_at: String,
}

impl ContextDocument {
    pub(super) fn new(
        place: &AskedPlace,
        now: DateTime<Utc>,
        measured: &Measured,
        completeness: Completeness,
    ) -> Self {
        let silent = measured.silent.iter().take(SILENT_SOURCES_SHOWN);
        Self {
            window: measured.frame.window.into(),
            place: place.into(),
            census: censuses_of(&measured.frame),
            completeness: completeness.as_str(),
            silent_sources: silent.map(Into::into).collect(),
            sources: CompletenessDocument::new(&measured.sources),
            revision: (&measured.revisions).into(),
            computed_at: to_rfc3339(now),
        }
    }
}

/// The censuses of a frame, and whether they are too old.
pub(super) fn censuses_of(frame: &Frame) -> Vec<CensusDocument> {
    let day = frame.window.last().min(frame.today);
    let census = |census: &CensusUsed| CensusDocument {
        zone: census.zone.to_string(),
        version: census.version,
        surveyed_on: census.surveyed_on,
        stale: census.is_stale_on(day),
    };
    frame.censuses.iter().map(census).collect()
}

impl From<Window> for WindowDocument {
    fn from(window: Window) -> Self {
        Self {
            from: window.first(),
            to: window.last(),
        }
    }
}

impl From<&AskedPlace> for PlaceDocument {
    fn from(place: &AskedPlace) -> Self {
        let (kind, name) = match place {
            AskedPlace::All => ("all", None),
            AskedPlace::Zone(code) => ("zone", Some(code.to_string())),
            AskedPlace::Ward(ward) => ("ward", Some(ward.clone())),
            AskedPlace::UnknownWard => ("unknown_ward", None),
            AskedPlace::Source(name) => ("source", Some(name.as_str().to_owned())),
        };
        let named = |wanted: &str| name.clone().filter(|_| kind == wanted);
        Self {
            kind,
            zone: named("zone"),
            ward: named("ward"),
            source: named("source"),
        }
    }
}

impl From<&SilentSource> for SilentSourceDocument {
    fn from(source: &SilentSource) -> Self {
        Self {
            source: source.name.clone(),
            days: source.days.len(),
            first: source.days.first().copied(),
            last: source.days.last().copied(),
        }
    }
}

impl From<&Revisions> for RevisionDocument {
    fn from(revisions: &Revisions) -> Self {
        let moved = |moved: &DayRevision| MovedDocument {
            zone: moved.zone.clone(),
            day: moved.day,
            revision: moved.revision,
            at: to_rfc3339(moved.at),
            payments_delta: moved.payments_delta,
            sale_delta_vnd: moved.sale_delta_vnd,
            received_delta_vnd: moved.received_delta_vnd,
            by_account_payments_delta: moved.by_account_payments_delta,
            by_account_sale_delta_vnd: moved.by_account_sale_delta_vnd,
            cause: moved.cause.clone(),
        };
        Self {
            number: revisions.highest,
            changes: revisions.changes,
            moved: revisions.newest.iter().map(moved).collect(),
        }
    }
}
