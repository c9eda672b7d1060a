//! Sources that fall silent, and the figures that depend on them.

use chrono::{DateTime, Utc};
use phocho::domain::day::{Window, local_day};
use phocho::domain::ids::AlertId;
use phocho::domain::source_health::SourceState;
use phocho::entropy::Entropy;
use phocho::flows::watch_sources::{SOURCE_SILENT, Watch};
use phocho::store::adoption::{Area, Place};
use phocho::store::alerts::{self, AlertRow};
use phocho::store::reach::Reach;
use phocho::store::source_health::{self, KnownSource};
use serde_json::json;

use super::quarter::{Quarter, day, noon, zone_id};
use super::sold;
use crate::database::{Database, on_both_engines};

on_both_engines!(
    a_day_on_which_a_daily_source_was_silent_leaves_figures_incomplete,
    a_source_is_live_late_silent_or_closed_as_it_was_heard,
    every_source_shows_how_it_is_heard,
    a_source_that_falls_silent_raises_one_alert_that_settles_by_itself,
    of_two_that_look_at_a_time_one_raises_the_alert,
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
        // It was last heard at noon of that day: the rest of it may be missing.
        ("C1", "day=2025-07-01", "incomplete"),
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
    // Today too: it is silent now.
    assert_eq!(completeness("C1", "day=2025-12-01").await, "incomplete");
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
    assert_eq!(points, ["final", "incomplete", "incomplete", "incomplete"]);
}

async fn a_source_is_live_late_silent_or_closed_as_it_was_heard(database: Database) {
    let quarter = Quarter::open(&database).await;
    let never = known(&quarter, noon("06-01"), Place::Everywhere).await;
    assert_eq!(never, [("sepay".to_owned(), SourceState::Silent)]);
    hear_daily_in_june(&quarter).await;
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
    let state = |source: KnownSource| (source.name.clone(), source.health_at(now).state);
    known.into_iter().map(state).collect()
}

/// Four weeks a notice each day, the last one on 06-28 a minute past noon.
async fn hear_daily_in_june(quarter: &Quarter) {
    for (id, on) in (1..).zip(day("2025-06-01").iter_days().take(28)) {
        let on = on.format("%m-%d").to_string();
        quarter.hear(&sold(id, &on, 1, 10_000)).await;
    }
}

async fn every_source_shows_how_it_is_heard(database: Database) {
    let quarter = Quarter::open(&database).await;
    let asked = json!({"name": "later", "adapter": "sepay_hmac", "account_ids": []});
    quarter.post(&quarter.admin, "/v1/sources", &asked).await;
    let health = async || {
        let list = quarter.read("/v1/sources").await;
        let mut shown = Vec::new();
        for row in list["data"].as_array().unwrap() {
            let path = format!("/v1/sources/{}", row["id"].as_str().unwrap());
            assert_eq!(&quarter.read(&path).await, row, "a row is the whole source");
            let name = row["name"].as_str().unwrap();
            shown.push((name.to_owned(), row["health"].clone()));
        }
        shown.sort_by(|(one, _), (other, _)| one.cmp(other));
        shown
    };
    let closed = json!({"state": "closed", "last_heard_at": null, "expected_notices": null, "usual_gap_s": null});
    let closed = ("later".to_owned(), closed);
    let never = json!({"state": "silent", "last_heard_at": null, "expected_notices": null, "usual_gap_s": null});
    assert_eq!(health().await, [closed.clone(), ("sepay".into(), never)]);
    hear_daily_in_june(&quarter).await;
    for (at, state) in [("06-29", "live"), ("06-30", "late"), ("07-01", "silent")] {
        quarter.stand_at(noon(at));
        let sepay = json!({
            "state": state,
            "last_heard_at": "2025-06-28T12:01:00+07:00",
            "expected_notices": null,
            "usual_gap_s": 86_400,
        });
        assert_eq!(health().await, [closed.clone(), ("sepay".into(), sepay)]);
    }
    // One that waits for its approval leaves no figure incomplete, and none unanswered.
    let card = quarter.read("/v1/adoption/scorecard?day=2025-06-28").await;
    assert_eq!(card["silent_sources"], json!([]));
}

async fn watch(quarter: &Quarter, at: DateTime<Utc>) -> (u64, u64) {
    quarter.stand_at(at);
    let watch = Watch {
        store: &quarter.store,
        now: at,
        entropy: &Entropy::System,
    };
    let watched = watch.run().await.unwrap();
    (watched.raised, watched.settled)
}

async fn newest_alert(quarter: &Quarter, source: &str) -> AlertRow {
    let mut tx = quarter.store.begin_read().await.unwrap();
    let newest = alerts::newest(&mut tx, SOURCE_SILENT, source).await;
    newest.unwrap().unwrap()
}

async fn a_source_that_falls_silent_raises_one_alert_that_settles_by_itself(database: Database) {
    let quarter = Quarter::open(&database).await;
    let again = async |id: u64, on: &str| quarter.hear(&sold(id, on, 1, 10_000)).await;
    assert_eq!(watch(&quarter, noon("06-01")).await, (0, 0), "never heard");
    hear_daily_in_june(&quarter).await;
    assert_eq!(watch(&quarter, noon("06-30")).await, (0, 0), "only late");
    assert_eq!(watch(&quarter, noon("07-01")).await, (1, 0));
    assert_eq!(watch(&quarter, noon("07-02")).await, (0, 0), "it is open");
    let source = quarter.read("/v1/sources").await["data"][0]["id"].clone();
    let source = source.as_str().unwrap();
    let page = quarter.read("/v1/alerts").await;
    assert_eq!(page["open_count"], 1);
    let alert = &page["data"][0];
    assert_eq!(
        (&alert["kind"], &alert["subject"], &alert["detail"]),
        (
            &json!("source.silent"),
            &json!(source),
            &json!({
                "source": "sepay",
                "last_heard_at": "2025-06-28T12:01:00+07:00",
                "expected_notices": null,
                "usual_gap_s": 86_400,
            })
        )
    );
    let market = quarter.staff(&[zone_id(0)]).await;
    let (_, page) = quarter.get(&market, "/v1/alerts").await;
    assert_eq!(page["open_count"], 0, "it is of no zone");
    // It settles by itself.
    again(50, "07-03").await;
    assert_eq!(watch(&quarter, noon("07-04")).await, (0, 1));
    assert_eq!(watch(&quarter, noon("07-04")).await, (0, 0));
    let settled = newest_alert(&quarter, source).await;
    assert_eq!(settled.settled_by.as_deref(), Some("phocho"));
    assert_eq!(settled.settled_at, Some(noon("07-04")));
    assert_eq!(quarter.read("/v1/alerts").await["open_count"], 0);
    // Another silence is another alert; a person who settles it is not asked again.
    assert_eq!(watch(&quarter, noon("07-06")).await, (0, 0), "by its weeks");
    assert_eq!(watch(&quarter, noon("07-14")).await, (1, 0));
    let open = newest_alert(&quarter, source).await;
    assert_ne!(open.id, settled.id);
    let path = format!("/v1/alerts/{}/settle", AlertId::from_uuid(open.id));
    let note = json!({"note": "Ngân hàng bảo trì"});
    quarter.post(&quarter.admin, &path, &note).await;
    assert_eq!(watch(&quarter, noon("07-15")).await, (0, 0));
    again(51, "07-16").await;
    assert_eq!(watch(&quarter, noon("07-17")).await, (0, 0));
    // Whoever switches it off knows that it is silent.
    assert_eq!(watch(&quarter, noon("08-05")).await, (1, 0));
    let path = format!("/v1/sources/{source}/disable");
    quarter.post(&quarter.admin, &path, &json!({})).await;
    assert_eq!(watch(&quarter, noon("08-06")).await, (0, 1));
    assert_eq!(watch(&quarter, noon("09-12")).await, (0, 0));
    // Each is on record and told.
    let about = AlertId::from_uuid(settled.id).to_string();
    let entries = quarter.read(&format!("/v1/audit?subject={about}")).await;
    let entries = entries["data"].as_array().unwrap().iter();
    let entries: Vec<_> = entries
        .map(|entry| (entry["action"].as_str().unwrap(), &entry["actor"]))
        .collect();
    let program = json!("phocho");
    assert_eq!(
        entries,
        [("alert.settle", &program), ("alert.raise", &program)]
    );
    let events = quarter.read("/v1/events?limit=200").await;
    let events = events["data"].as_array().unwrap().iter();
    let told: Vec<_> = events
        .filter(|event| event["subject"] == about)
        .map(|event| event["kind"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["alert.raise", "alert.settle"]);
}

async fn of_two_that_look_at_a_time_one_raises_the_alert(database: Database) {
    let quarter = Quarter::open(&database).await;
    hear_daily_in_june(&quarter).await;
    let looks = (0..4).map(|_| watch(&quarter, noon("07-01")));
    let found = futures_util::future::join_all(looks).await;
    let raised: u64 = found.iter().map(|(raised, _)| raised).sum();
    assert_eq!(raised, 1, "{found:?}");
    assert_eq!(quarter.read("/v1/alerts").await["open_count"], 1);
}
