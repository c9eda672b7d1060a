//! A series as the API writes it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::context::{CensusDocument, ContextDocument, WindowDocument, censuses_of};
use super::documents::{DefinitionDocument, FigureDocument, figures_of};
use super::query::AskedPlace;
use crate::domain::adoption::indicator::Indicator;
use crate::domain::lunar::LunarDay;
use crate::domain::period::Step;
use crate::flows::measure_adoption::{Point, Series};
use crate::http::api::completeness::heard_as_usual;

/// A day of the Vietnamese lunar calendar.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LunarDay)]
pub struct LunarDayDocument {
    /// The lunar year, named by the solar year in which it begins.
    year: i32,
    /// 1 (tháng Giêng) to 12 (tháng Chạp).
    month: u8,
    /// Whether this is the repeated month (tháng nhuận).
    leap: bool,
    /// 1 to 30.
    day: u8,
}

/// One point of a series.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeriesPoint)]
pub struct PointDocument {
    window: WindowDocument,
    /// Of a daily point; null for weeks, months and days outside the calendar's table.
    lunar: Option<LunarDayDocument>,
    /// `final`, `provisional` or `incomplete`.
    completeness: &'static str,
    /// The highest revision of its days.
    revision: i64,
    /// Where its denominators come from; none for an indicator that needs no census.
    census: Vec<CensusDocument>,
    figures: Vec<FigureDocument>,
}

/// One indicator over time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdoptionSeries, example = json!({
    "window": {"from": "2026-11-23", "to": "2026-11-23"},
    "place": {"kind": "all", "zone": null, "ward": null, "source": null},
    "census": [],
    "completeness": "provisional",
    "silent_sources": [],
    "sources": heard_as_usual(),
    "revision": {"number": 0, "changes": 0, "moved": []},
    "computed_at": "2026-11-24T09:00:00+07:00",
    "by": "day",
    "indicator": {
        "code": "C1",
        "name": {"vi": "Số giao dịch", "en": "Number of payments"},
        "formula": "N(z, W)",
        "available": true,
        "reason": null,
    },
    "points": [{
        "window": {"from": "2026-11-23", "to": "2026-11-23"},
        "lunar": {"year": 2026, "month": 10, "leap": false, "day": 15},
        "completeness": "provisional",
        "revision": 0,
        "census": [],
        "figures": [{
            "measure": "payments",
            "value": "412",
            "numerator": 412,
            "denominator": null,
            "unit": "count",
            "evidence": "verified",
            "undefined": null,
        }],
    }],
}))]
pub struct SeriesDocument {
    #[serde(flatten)]
    context: ContextDocument,
    /// `day`, `week` or `month`.
    by: &'static str,
    indicator: DefinitionDocument,
    /// In order; none when the indicator is not available.
    points: Vec<PointDocument>,
}

impl SeriesDocument {
    /// The series that was asked for.
    pub fn new(
        place: &AskedPlace,
        now: DateTime<Utc>,
        series: &Series,
        indicator: Indicator,
        step: Step,
    ) -> Self {
        let whole = series.whole.frame.completeness_of(indicator);
        let points = series.points.iter();
        Self {
            context: ContextDocument::new(place, now, &series.whole, whole),
            by: step.as_str(),
            indicator: indicator.into(),
            points: points
                .map(|point| PointDocument::new(point, indicator, step))
                .collect(),
        }
    }
}

impl PointDocument {
    fn new(point: &Point, indicator: Indicator, step: Step) -> Self {
        let Point {
            frame,
            counts,
            revision,
        } = point;
        let day = (step == Step::Day).then_some(frame.window.first());
        Self {
            window: frame.window.into(),
            lunar: day.and_then(lunar_of),
            completeness: frame.completeness_of(indicator).as_str(),
            revision: *revision,
            census: censuses_of(frame),
            figures: figures_of(indicator, frame, counts),
        }
    }
}

fn lunar_of(day: NaiveDate) -> Option<LunarDayDocument> {
    let lunar = LunarDay::of(day)?;
    let month = lunar.month();
    Some(LunarDayDocument {
        year: month.year,
        month: month.month,
        leap: month.leap,
        day: lunar.day(),
    })
}
