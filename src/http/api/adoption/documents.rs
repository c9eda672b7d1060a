//! Figures as the API writes them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::context::ContextDocument;
use super::query::AskedPlace;
use crate::domain::adoption::figure::Figure;
use crate::domain::adoption::indicator::{Availability, Indicator, SCORECARD};
use crate::domain::adoption::{Answer, Counts, Frame, answer};
use crate::flows::measure_adoption::Measured;
use crate::http::api::completeness::heard_as_usual;
use crate::http::api::wording::{Sentence, Worded};

/// The definition of an indicator.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IndicatorDefinition, example = json!({
    "code": "B5",
    "name": {"vi": "Tỷ lệ hoạt động", "en": "Active rate"},
    "formula": "B3 / E_z(b); B4 / E_z(b)",
    "available": true,
    "reason": null,
}))]
pub struct DefinitionDocument {
    code: &'static str,
    name: Sentence,
    /// In the symbols of the pilot's list.
    formula: &'static str,
    /// Whether it can be given.
    available: bool,
    /// Why not.
    reason: Option<Sentence>,
}

/// All indicators.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IndicatorDefinitions)]
pub struct DefinitionListDocument {
    /// In the order of the pilot's list.
    pub data: Vec<DefinitionDocument>,
}

/// A number with where it comes from, or why there is none.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Figure)]
pub struct FigureDocument {
    /// What it measures, such as `active_rate`.
    measure: &'static str,
    /// A decimal number as text: a share between 0 and 1 to the sixth decimal, đồng to the
    /// second; null when it is not defined, which is never zero.
    value: Option<String>,
    /// The count, the sum, or what is divided, not rounded.
    numerator: Option<i64>,
    /// What it is divided by, not rounded; null for a count.
    denominator: Option<i64>,
    /// `count`, `share` or `vnd`.
    unit: &'static str,
    /// `verified`, `by_account`, `reported`, `survey` or `census`: classes stand side by side
    /// and are never added up.
    evidence: &'static str,
    /// Why it is not defined: `no_denominator`, `calendar_month_only`, `not_for_zones`,
    /// `not_for_source` or `no_census`.
    undefined: Option<Worded>,
}

/// What an indicator says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IndicatorFigures)]
pub struct IndicatorDocument {
    #[serde(flatten)]
    definition: DefinitionDocument,
    /// `final`, `provisional` or `incomplete`.
    completeness: &'static str,
    /// The headline first, what must be shown beside it after; none when it is not available.
    figures: Vec<FigureDocument>,
}

/// The eight numbers for leaders.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Scorecard, example = json!({
    "window": {"from": "2026-11-01", "to": "2026-11-30"},
    "place": {"kind": "zone", "zone": "TH-QK", "ward": null, "source": null},
    "census": [{"zone": "TH-QK", "version": 1, "surveyed_on": "2026-09-14", "stale": false}],
    "completeness": "provisional",
    "silent_sources": [],
    "sources": heard_as_usual(),
    "revision": {"number": 0, "changes": 0, "moved": []},
    "computed_at": "2026-11-23T09:00:00+07:00",
    "numbers": [{
        "position": 1,
        "indicators": [{
            "code": "A2",
            "name": {"vi": "Tỷ lệ đăng ký", "en": "Registration rate"},
            "formula": "R_z(b) / E_z(b)",
            "available": true,
            "reason": null,
            "completeness": "provisional",
            "figures": [{
                "measure": "registration_rate",
                "value": "0.75",
                "numerator": 60,
                "denominator": 80,
                "unit": "share",
                "evidence": "census",
                "undefined": null,
            }],
        }],
    }],
}))]
pub struct ScorecardDocument {
    #[serde(flatten)]
    context: ContextDocument,
    /// Eight, in order.
    numbers: Vec<NumberDocument>,
}

/// One of the eight numbers; some are a group of indicators.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScorecardNumber)]
pub struct NumberDocument {
    /// 1 to 8.
    position: usize,
    indicators: Vec<IndicatorDocument>,
}

/// One indicator over a window.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IndicatorAnswer, example = json!({
    "window": {"from": "2026-11-23", "to": "2026-11-23"},
    "place": {"kind": "ward", "zone": null, "ward": "Tây Hồ", "source": null},
    "census": [],
    "completeness": "final",
    "silent_sources": [],
    "sources": heard_as_usual(),
    "revision": {"number": 1, "changes": 1, "moved": [{
        "zone": "TH-CB",
        "day": "2026-11-23",
        "revision": 1,
        "at": "2026-11-28T09:00:00+07:00",
        "payments_delta": 1,
        "sale_delta_vnd": 45_000,
        "received_delta_vnd": 45_000,
        "by_account_payments_delta": 0,
        "by_account_sale_delta_vnd": 0,
        "cause": "late notice",
    }]},
    "computed_at": "2026-11-30T09:00:00+07:00",
    "indicator": {
        "code": "C1",
        "name": {"vi": "Số giao dịch", "en": "Number of payments"},
        "formula": "N(z, W)",
        "available": true,
        "reason": null,
        "completeness": "final",
        "figures": [{
            "measure": "payments",
            "value": "412",
            "numerator": 412,
            "denominator": null,
            "unit": "count",
            "evidence": "verified",
            "undefined": null,
        }],
    },
}))]
pub struct IndicatorAnswerDocument {
    #[serde(flatten)]
    context: ContextDocument,
    indicator: IndicatorDocument,
}

impl ScorecardDocument {
    /// The eight numbers of what was measured.
    pub fn new(place: &AskedPlace, now: DateTime<Utc>, measured: &Measured) -> Self {
        let Measured { frame, counts, .. } = measured;
        let numbers = SCORECARD.iter().zip(1..).map(|(group, position)| {
            let indicators = group.iter().copied();
            NumberDocument {
                position,
                indicators: indicators
                    .map(|indicator| IndicatorDocument::new(indicator, frame, counts))
                    .collect(),
            }
        });
        Self {
            context: ContextDocument::new(place, now, measured, frame.completeness()),
            numbers: numbers.collect(),
        }
    }
}

impl IndicatorAnswerDocument {
    /// One indicator of what was measured.
    pub fn new(
        place: &AskedPlace,
        now: DateTime<Utc>,
        measured: &Measured,
        indicator: Indicator,
    ) -> Self {
        let Measured { frame, counts, .. } = measured;
        let completeness = frame.completeness_of(indicator);
        Self {
            context: ContextDocument::new(place, now, measured, completeness),
            indicator: IndicatorDocument::new(indicator, frame, counts),
        }
    }
}

impl IndicatorDocument {
    fn new(indicator: Indicator, frame: &Frame, counts: &Counts) -> Self {
        Self {
            definition: indicator.into(),
            completeness: frame.completeness_of(indicator).as_str(),
            figures: figures_of(indicator, frame, counts),
        }
    }
}

/// The figures of an indicator; none when it is not computed yet.
pub(super) fn figures_of(
    indicator: Indicator,
    frame: &Frame,
    counts: &Counts,
) -> Vec<FigureDocument> {
    match answer(indicator, frame, counts) {
        Answer::Figures(figures) => figures.iter().map(Into::into).collect(),
        Answer::NotYet => Vec::new(),
    }
}

impl From<Indicator> for DefinitionDocument {
    fn from(indicator: Indicator) -> Self {
        let reason = match indicator.availability() {
            Availability::Computed => None,
            Availability::NotYet {
                english,
                vietnamese,
            } => Some(Sentence::new(vietnamese, english)),
        };
        Self {
            code: indicator.as_str(),
            name: Sentence::new(indicator.vietnamese(), indicator.english()),
            formula: indicator.formula(),
            available: reason.is_none(),
            reason,
        }
    }
}

impl From<&Figure> for FigureDocument {
    fn from(figure: &Figure) -> Self {
        let value = figure.rounded();
        Self {
            measure: figure.measure().as_str(),
            value: value.ok().map(|value| value.to_string()),
            numerator: figure.numerator(),
            denominator: figure.denominator(),
            unit: figure.measure().unit().as_str(),
            evidence: figure.evidence().as_str(),
            undefined: value
                .err()
                .map(|reason| Worded::new(reason.as_str(), reason.vietnamese(), reason.english())),
        }
    }
}
