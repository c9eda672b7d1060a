//! Sources that fall silent, and the figures that depend on them.

use chrono::{DateTime, Utc};
use phocho::domain::day::{Window, local_day};
use phocho::domain::source_health::SourceState;
use phocho::store::adoption::{Area, Place};
use phocho::store::reach::Reach;
use phocho::store::source_health::{self, KnownSource};
use serde_json::json;

use super::quarter::{Quarter, day, noon, zone_id};
use super::sold;
use crate::database::{Database, on_both_engines};

on_both_engines!(
    a_day_on_which_a_daily_source_was_silent_leaves_figures_incomplete,
    a_source_is_live_late_silent_or_closed_as_it_was_heard,
);

async fn a_day_on_which_a_daily_source_was_silent_leaves_figures_incomplete(database: Database) {
    let quarter = Quarter::open(&database).await;
    // Four weeks a notice each day, then two days without, then one again.
    let days = day("2025-06-01").iter_days().take(28);
    for (id, on) in (1..).zip(days.chain([day("2025-07-01")])) {
        let on = on.format("%m-%d").to_string();
        quarter.hear(&sold(id, &on, 1, 10_000)).await;
    }
    quarter.stand_at(noon("07-20"));
    let completeness = async |indicator: &str, more: &str| {
        let path = format!("/v1/adoption/indicators/{indicator}?{more}");
        quarter.read(&path).await["completeness"].clone()
    };
    for (indicator, more, wanted) in [
        ("C1", "day=2025-06-28", "final"),
        ("C1", "day=2025-06-29", "incomplete"),
        ("C1", "day=2025-06-30&zone=TH-CB", "incomplete"),
        ("C1", "day=2025-07-01", "final"),
        // Heard on 26 of the 28 days to 07-01: two days of silence do not end its habit.
        ("C1", "day=2025-07-05", "incomplete"),
        ("C1", "month=2025-06", "incomplete"),
        ("B5", "month=2025-06", "incomplete"),
        ("A1", "month=2025-06", "final"),
        ("C1", "day=2025-05-20", "final"),
    ] {
        assert_eq!(
            completeness(indicator, more).await,
            wanted,
            "{indicator} {more}"
        );
    }
    // Long after it the days are still gaps.
    quarter.stand_at(noon("12-01"));
    assert_eq!(completeness("C1", "day=2025-11-20").await, "incomplete");
    assert_eq!(completeness("C1", "day=2025-12-01").await, "provisional");
    quarter.stand_at(noon("07-20"));
    let card = quarter.read("/v1/adoption/scorecard?month=2025-06").await;
    let silent =
        json!([{"source": "sepay", "days": 2, "first": "2025-06-29", "last": "2025-06-30"}]);
    assert_eq!(card["silent_sources"], silent);
    assert_eq!(card["completeness"], "incomplete");
    assert_eq!(card["numbers"][0]["indicators"][0]["completeness"], "final");
    let series = "/v1/adoption/series?indicator=C1&by=day&from=2025-06-28&to=2025-07-01";
    let series = quarter.read(series).await;
    let points = series["points"].as_array().unwrap().iter();
    let points: Vec<_> = points
        .map(|point| point["completeness"].as_str().unwrap())
        .collect();
    assert_eq!(points, ["final", "incomplete", "incomplete", "final"]);
}

async fn a_source_is_live_late_silent_or_closed_as_it_was_heard(database: Database) {
    let quarter = Quarter::open(&database).await;
    let never = known(&quarter, noon("06-01"), Place::Everywhere).await;
    assert_eq!(never, [("sepay".to_owned(), SourceState::Silent)]);
    for (id, on) in (1..).zip(day("2025-06-01").iter_days().take(28)) {
        let on = on.format("%m-%d").to_string();
        quarter.hear(&sold(id, &on, 1, 10_000)).await;
    }
    for (at, wanted) in [
        ("06-28", SourceState::Live),
        ("06-29", SourceState::Live),
        ("06-30", SourceState::Late),
        ("07-01", SourceState::Silent),
        ("12-01", SourceState::Silent),
    ] {
        for place in [Place::Everywhere, Place::Zone(zone_id(2))] {
            let found = known(&quarter, noon(at), place).await;
            assert_eq!(found, [("sepay".to_owned(), wanted)], "{at}");
        }
    }
    // No zone of that ward has a merchant whose account it speaks for.
    let elsewhere = Place::Ward("Yên Phụ".to_owned());
    assert_eq!(known(&quarter, noon("07-01"), elsewhere).await, []);
}

async fn known(quarter: &Quarter, now: DateTime<Utc>, place: Place) -> Vec<(String, SourceState)> {
    let area = Area::new(Reach::Everything, place);
    let mut tx = quarter.store.begin_read().await.unwrap();
    let today = Window::day(local_day(now));
    let known = source_health::known(&mut tx, &area, today).await.unwrap();
    let state = |source: KnownSource| (source.name.clone(), source.state_at(now));
    known.into_iter().map(state).collect()
}
