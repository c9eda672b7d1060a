//! What every list and figure of money says about the sources behind it: how each is heard,
//! and since when one is silent.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::wording::Worded;
use crate::domain::day::{Window, local_day, to_rfc3339};
use crate::domain::hearing::{self, Hearing};
use crate::domain::source_health::SourceState;
use crate::flows::measure_adoption::{HeardSource, heard_sources};
use crate::http::page::Page;
use crate::store::reach::Reach;
use crate::store::source_health::known_within;
use crate::store::{StoreError, Tx};

/// How many sources are named, and how many days of each.
const SHOWN: usize = 100;

/// How far back a list without a first day is judged, in days: the newest rows are what people
/// look at.
const LIST_DAYS: u64 = 28;

/// How far back a list is judged at most, in days.
const LIST_DAYS_MAX: u64 = 366;

/// How the sources are heard that may speak for the accounts in question.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Completeness, example = json!({
    "state": {
        "code": "silent",
        "vi": "Có nguồn im lặng: ở đây có thể thiếu khoản tiền đã vào tài khoản.",
        "en": "A source is silent: credits that are in the account may be missing here.",
    },
    "sources": [{
        "source": "sepay",
        "state": "silent",
        "silent_since": "2026-11-24T08:12:40+07:00",
        "silent_days": [],
    }],
}))]
pub struct CompletenessDocument {
    /// `live`, `late`, `silent` or `closed`: the worst of the sources that are switched on, as
    /// far as the days in question depend on it.
    state: Worded,
    /// The first 100 by name.
    sources: Vec<HeardSourceDocument>,
}

/// The completeness in the examples of what carries one.
pub(super) fn heard_as_usual() -> Value {
    json!({
        "state": {
            "code": "live",
            "vi": hearing::vietnamese(SourceState::Live),
            "en": hearing::english(SourceState::Live),
        },
        "sources": [{
            "source": "sepay",
            "state": "live",
            "silent_since": null,
            "silent_days": [],
        }],
    })
}

/// How one source is heard.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeardSource)]
pub struct HeardSourceDocument {
    /// The last part of its address.
    source: String,
    /// `live` also when its silence does not touch the days in question, or when statements
    /// of the bank cover it; `late`, `silent` or `closed`.
    state: &'static str,
    /// When a late or silent source was last heard; null for one that never was.
    silent_since: Option<String>,
    /// Whole days in question on which a source that speaks daily told of nothing and that no
    /// statement covers: the first 100.
    silent_days: Vec<NaiveDate>,
}

/// A page of money, with what may be missing in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct MoneyPage<T> {
    /// How the sources behind the list are heard.
    completeness: CompletenessDocument,
    /// The rows.
    data: Vec<T>,
    /// Asks for the next page, with the same filters; absent on the last one.
    next_cursor: Option<String>,
    /// Whether there is a next page.
    has_more: bool,
}

impl<T> MoneyPage<T> {
    /// Puts both together.
    pub(super) fn new(completeness: CompletenessDocument, page: Page<T>) -> Self {
        Self {
            completeness,
            data: page.data,
            next_cursor: page.next_cursor,
            has_more: page.has_more,
        }
    }
}

impl CompletenessDocument {
    /// How these sources are heard.
    pub(super) fn new(sources: &[HeardSource]) -> Self {
        let state = hearing::worst(sources.iter().map(|source| &source.hearing));
        let (vi, en) = (hearing::vietnamese(state), hearing::english(state));
        Self {
            state: Worded::new(state.as_str(), vi, en),
            sources: sources.iter().take(SHOWN).map(Into::into).collect(),
        }
    }

    /// How the sources are heard that speak for the accounts within reach, over days.
    pub(super) async fn read(
        tx: &mut Tx,
        reach: Reach,
        days: Window,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let known = known_within(tx, reach, days).await?;
        Ok(Self::new(&heard_sources(&known, days, now)))
    }
}

impl From<&HeardSource> for HeardSourceDocument {
    fn from(source: &HeardSource) -> Self {
        let Hearing {
            state,
            silent_since,
            silent_days,
        } = &source.hearing;
        Self {
            source: source.name.clone(),
            state: state.as_str(),
            silent_since: silent_since.map(to_rfc3339),
            silent_days: silent_days.iter().take(SHOWN).copied().collect(),
        }
    }
}

/// The days that a list is about: those that were asked for, as far back as is judged.
pub(super) fn listed_days(
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Window {
    let today = local_day(now);
    let last = to.map_or(today, |to| to.min(today));
    let back = |days: u64| last.checked_sub_days(Days::new(days - 1)).unwrap_or(last);
    let first = from.unwrap_or_else(|| back(LIST_DAYS));
    let first = first.max(back(LIST_DAYS_MAX));
    Window::new(first, last).unwrap_or_else(|| Window::day(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_judged_by_the_days_it_was_asked_for() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let now = "2026-03-20T05:00:00Z".parse().unwrap();
        for (from, to, wanted) in [
            (None, None, ("2026-02-21", "2026-03-20")),
            (Some("2026-03-01"), None, ("2026-03-01", "2026-03-20")),
            (None, Some("2026-02-28"), ("2026-02-01", "2026-02-28")),
            (
                Some("2026-03-02"),
                Some("2026-03-05"),
                ("2026-03-02", "2026-03-05"),
            ),
            (
                Some("2026-03-02"),
                Some("2027-01-01"),
                ("2026-03-02", "2026-03-20"),
            ),
            (Some("2001-01-01"), None, ("2025-03-20", "2026-03-20")),
            (Some("2026-04-01"), None, ("2026-03-20", "2026-03-20")),
        ] {
            let found = listed_days(from.map(day), to.map(day), now);
            assert_eq!(
                (found.first(), found.last()),
                (day(wanted.0), day(wanted.1))
            );
        }
    }
}
