//! The report of a trial: what has been shown to work, and what to do for the rest.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::payment_explanations::worded;
use super::wording::{Sentence, Worded};
use crate::domain::day::to_rfc3339;
use crate::domain::trial::{Check, Standing};
use crate::flows::trial::TrialRecord;

/// What a trial has shown, check by check.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrialReport, example = json!({
    "trial_id": "trl_01920000000070008000000000000001",
    "adapter": "standard_webhooks",
    "phocho_version": "0.1.0",
    "created_at": "2026-11-24T10:30:00+07:00",
    "made_at": "2026-11-24T10:38:00+07:00",
    "last_delivery_at": "2026-11-24T10:37:00+07:00",
    "passed": false,
    "passed_at": null,
    "deliveries": 7,
    "counts": {"accepted": 3, "duplicate": 1, "refused": 3},
    "checks": [{
        "check": {"code": "repeat", "vi": "Gửi lại cùng thông báo được trả lời là gửi lại", "en": "The same notice again is answered as a repeat"},
        "required": true,
        "state": "not_yet",
        "delivery": null,
        "at": null,
    }],
}))]
pub struct TrialReportDocument {
    trial_id: String,
    adapter: &'static str,
    /// The version of this service that judged.
    phocho_version: &'static str,
    created_at: String,
    /// When this report was made.
    made_at: String,
    last_delivery_at: Option<String>,
    /// Whether every required check was shown.
    passed: bool,
    /// When the last of them was.
    passed_at: Option<String>,
    /// How many deliveries came, also those that are no longer listed.
    deliveries: i64,
    /// How many of them came to what.
    counts: BTreeMap<String, i64>,
    checks: Vec<TrialCheckDocument>,
}

/// One thing that a trial has to show.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrialCheck)]
pub struct TrialCheckDocument {
    check: Worded,
    /// Whether the format can show it.
    required: bool,
    /// `passed`, `not_yet`, `failed` (tried, and not shown) or `not_in_format`.
    state: &'static str,
    /// The delivery that showed it first, or that tried last.
    delivery: Option<i64>,
    /// When it was shown.
    at: Option<String>,
    /// What passes it, unless it is passed.
    what_to_do: Option<Sentence>,
}

impl TrialReportDocument {
    /// The report as of now.
    pub(super) fn new(record: &TrialRecord, now: DateTime<Utc>) -> Self {
        let passed_at = record.passed_at();
        Self {
            trial_id: record.trial.id().to_string(),
            adapter: record.trial.adapter.name(),
            phocho_version: env!("CARGO_PKG_VERSION"),
            created_at: to_rfc3339(record.trial.row.created_at),
            made_at: to_rfc3339(now),
            last_delivery_at: record
                .deliveries
                .first()
                .map(|delivery| to_rfc3339(delivery.received_at)),
            passed: passed_at.is_some(),
            passed_at: passed_at.map(to_rfc3339),
            deliveries: record.trial.row.deliveries,
            counts: record.counts.iter().cloned().collect(),
            checks: record.standings().into_iter().map(Into::into).collect(),
        }
    }
}

impl From<(Check, Standing)> for TrialCheckDocument {
    fn from((check, standing): (Check, Standing)) -> Self {
        let (delivery, at) = match standing {
            Standing::Passed { number, at } => (Some(number), Some(at)),
            Standing::Failed { number } => (Some(number), None),
            Standing::Open | Standing::NotInFormat => (None, None),
        };
        let [vi, en] = check.what_to_do();
        Self {
            check: worded!(check),
            required: standing != Standing::NotInFormat,
            state: standing.as_str(),
            delivery,
            at: at.map(to_rfc3339),
            what_to_do: (!standing.is_complete()).then(|| Sentence::new(vi, en)),
        }
    }
}
