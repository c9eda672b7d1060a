//! Sources judged by the hours of their weeks, and what every list and figure says about it.

use chrono::{DateTime, TimeDelta, Utc};
use phocho::domain::ids::{OutletId, SourceId};
use phocho::domain::rhythm::{LocalHour, WEEKS_KEPT};
use phocho::flows::housekeeping::Round;
use phocho::store::source_hours;
use serde_json::{Value, json};
use uuid::Uuid;

use super::quarter::{Quarter, noon, zone_id};
use super::sold;
use crate::database::{Database, on_both_engines};

on_both_engines!(
    a_source_of_some_weeks_is_judged_by_the_hours_of_its_week,
    every_list_and_figure_says_how_its_sources_are_heard,
    a_traders_day_is_added_up_by_how_its_payments_count,
    nobody_reads_the_day_of_a_foreign_outlet,
    hours_that_are_too_old_for_a_rhythm_are_forgotten,
);

fn minutes(minutes: i64) -> DateTime<Utc> {
    noon("06-28") + TimeDelta::minutes(minutes)
}

fn source_id() -> SourceId {
    SourceId::from_uuid(Uuid::from_u128(0x600))
}

fn outlet(number: u128) -> OutletId {
    OutletId::from_uuid(Uuid::from_u128(0x500 + number))
}

/// Five weeks of trade from 6 to 18 o'clock, twelve notices an hour, then one heard at a
/// minute past noon of 06-28.
async fn trade_for_five_weeks(quarter: &Quarter) {
    let mut tx = quarter.store.begin_write().await.unwrap();
    let last = LocalHour::of(noon("06-28")).count();
    let hours = (last - 5 * 168..last).filter(|hour| (6..18).contains(&(hour % 24)));
    for hour in hours {
        let hour = LocalHour::from_count(hour);
        source_hours::add(&mut tx, source_id(), hour, 5)
            .await
            .unwrap();
        source_hours::add(&mut tx, source_id(), hour, 7)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    quarter.hear(&sold(1, "06-28", 1, 10_000)).await;
}

async fn a_source_of_some_weeks_is_judged_by_the_hours_of_its_week(database: Database) {
    let quarter = Quarter::open(&database).await;
    trade_for_five_weeks(&quarter).await;
    for (at, state, expected) in [
        (minutes(2), "live", 0),
        (minutes(15), "live", 2),
        (minutes(20), "late", 3),
        (minutes(59), "late", 11),
        (minutes(62), "silent", 12),
        (noon("06-29"), "silent", 143),
    ] {
        quarter.stand_at(at);
        let health = json!({
            "state": state,
            "last_heard_at": "2025-06-28T12:01:00+07:00",
            "expected_notices": expected,
            "usual_gap_s": null,
        });
        assert_eq!(
            quarter.read("/v1/sources").await["data"][0]["health"],
            health
        );
    }
    // Heard at the end of the day, it says nothing in the night.
    quarter.stand_at(minutes(5 * 60 + 59));
    quarter.tell(&sold(2, "06-28", 1, 10_000)).await;
    for (at, state) in [
        (18 * 60 - 1, "live"),
        (18 * 60 + 30, "late"),
        (19 * 60, "silent"),
    ] {
        quarter.stand_at(minutes(at));
        let health = &quarter.read("/v1/sources").await["data"][0]["health"];
        assert_eq!(health["state"], state, "{health}");
    }
}

fn heard(state: &str, since: Option<&str>, silent_days: &[&str]) -> Value {
    json!([{
        "source": "sepay",
        "state": state,
        "silent_since": since,
        "silent_days": silent_days,
    }])
}

async fn every_list_and_figure_says_how_its_sources_are_heard(database: Database) {
    let quarter = Quarter::open(&database).await;
    trade_for_five_weeks(&quarter).await;
    let trader = quarter.trader(1).await;
    let day_summary = format!("/v1/outlets/{}/day-summary", outlet(1));
    let lists = [
        "/v1/payments",
        "/v1/bank-transactions",
        "/v1/suspense",
        &day_summary,
        "/v1/payments?from=2025-06-28&to=2025-06-28",
    ];
    let since = Some("2025-06-28T12:01:00+07:00");
    for (at, state, since, vi) in [
        (
            minutes(5),
            "live",
            None,
            "Mọi nguồn báo tiền đều hoạt động như thường lệ.",
        ),
        (
            minutes(20),
            "late",
            since,
            "Có nguồn im lặng lâu hơn thường lệ: khoản tiền mới có thể chưa hiện ở đây.",
        ),
        (
            minutes(90),
            "silent",
            since,
            "Có nguồn im lặng: ở đây có thể thiếu khoản tiền đã vào tài khoản.",
        ),
    ] {
        quarter.stand_at(at);
        for path in lists {
            let (status, body) = quarter.get(&trader, path).await;
            assert_eq!(status, 200, "{path}: {body}");
            let told = &body["completeness"];
            assert_eq!(told["sources"], heard(state, since, &[]), "{path}");
            assert_eq!(
                (&told["state"]["code"], &told["state"]["vi"]),
                (&json!(state), &json!(vi))
            );
        }
        let ages = quarter.read("/v1/suspense/ages").await;
        assert_eq!(ages["completeness"]["state"]["code"], state);
        let series = "/v1/adoption/series?indicator=C1&by=day&from=2025-06-28&to=2025-06-28";
        for path in [
            "/v1/adoption/scorecard?day=2025-06-28",
            "/v1/adoption/indicators/C1?day=2025-06-28&zone=TH-CB",
            series,
        ] {
            let told = quarter.read(path).await;
            assert_eq!(
                told["sources"]["sources"],
                heard(state, since, &[]),
                "{path}"
            );
            let completeness = if state == "silent" {
                "incomplete"
            } else {
                "provisional"
            };
            assert_eq!(told["completeness"], completeness, "{path}");
        }
        let point = &quarter.read(series).await["points"][0]["completeness"];
        assert_eq!(*point == "incomplete", state == "silent");
        // What lies before the silence does not depend on it.
        let (_, before) = quarter.get(&trader, "/v1/payments?to=2025-06-27").await;
        assert_eq!(before["completeness"]["sources"], heard("live", None, &[]));
        let figure = quarter.read("/v1/adoption/scorecard?day=2025-06-24").await;
        assert_eq!(figure["completeness"], "final");
    }
    // A trader whose accounts no source speaks for is told so.
    let path = format!("/v1/sources/{}/disable", source_id());
    quarter.post(&quarter.admin, &path, &json!({})).await;
    let (_, body) = quarter.get(&trader, "/v1/payments").await;
    assert_eq!(body["completeness"]["state"]["code"], "closed");
    assert_eq!(body["completeness"]["sources"], heard("closed", None, &[]));
    let path = format!("/v1/sources/{}/accounts/{}", source_id(), account(1));
    let gone = quarter.ask("DELETE", &quarter.admin, &path).await;
    assert_eq!(gone.0, 200);
    let (_, body) = quarter.get(&trader, "/v1/payments").await;
    assert_eq!(body["completeness"]["state"]["code"], "closed");
    assert_eq!(body["completeness"]["sources"], json!([]));
}

fn account(number: u128) -> String {
    phocho::domain::ids::AccountId::from_uuid(Uuid::from_u128(0x700 + number)).to_string()
}

async fn a_traders_day_is_added_up_by_how_its_payments_count(database: Database) {
    let quarter = Quarter::open(&database).await;
    let trader = quarter.trader(1).await;
    for (id, on, merchant, amount) in [
        (1, "06-10", 1, 30_000),
        (2, "06-10", 1, 20_000),
        (3, "06-11", 1, 5_000),
        (4, "06-10", 2, 7_000),
    ] {
        quarter.hear(&sold(id, on, merchant, amount)).await;
    }
    let test = super::Told {
        code: Some(super::quarter::TEST),
        ..sold(5, "06-10", 1, 1_000)
    };
    quarter.hear(&test).await;
    let path = format!("/v1/outlets/{}/day-summary", outlet(1));
    let (status, today) = quarter.get(&trader, &path).await;
    assert_eq!(status, 200, "{today}");
    assert_eq!(today["day"], "2025-06-10");
    let part = |counted_as: &str, payments: i64, received: i64, sale: i64| {
        json!({
            "standing": "counts",
            "counted_as": counted_as,
            "payments": payments,
            "received_vnd": received,
            "sale_vnd": sale,
            "returned_vnd": 0,
        })
    };
    let parts = json!([
        part("none", 1, 1_000, 1_000),
        part("verified", 2, 50_000, 50_000)
    ]);
    assert_eq!(today["parts"], parts);
    for (field, wanted) in [
        ("payments", 2),
        ("received_vnd", 50_000),
        ("sale_vnd", 50_000),
        ("returned_vnd", 0),
    ] {
        assert_eq!(today[field], wanted, "{field}");
    }
    let (_, other) = quarter
        .get(&trader, &format!("{path}?day=2025-06-11"))
        .await;
    assert_eq!(
        (&other["payments"], &other["sale_vnd"]),
        (&json!(1), &json!(5_000))
    );
    let (_, none) = quarter
        .get(&trader, &format!("{path}?day=2025-06-12"))
        .await;
    assert_eq!((&none["payments"], &none["parts"]), (&json!(0), &json!([])));
}

async fn nobody_reads_the_day_of_a_foreign_outlet(database: Database) {
    let quarter = Quarter::open(&database).await;
    let path = |number| format!("/v1/outlets/{}/day-summary", outlet(number));
    let trader = quarter.trader(1).await;
    for unknown in [2, 99] {
        assert_eq!(quarter.get(&trader, &path(unknown)).await.0, 404);
    }
    let staff = quarter.staff(&[zone_id(0)]).await;
    assert_eq!(quarter.get(&staff, &path(1)).await.0, 403, "no case");
    let merchant = phocho::domain::ids::MerchantId::from_uuid(Uuid::from_u128(0x401));
    let case = format!("{}?merchant_id={merchant}&case=HS-12/2025", path(1));
    let (status, body) = quarter.get(&staff, &case).await;
    assert_eq!(status, 200, "{body}");
    let other = format!("{}?merchant_id={merchant}&case=HS-12/2025", path(2));
    assert_eq!(quarter.get(&staff, &other).await.0, 404);
    let bad = format!("{}?day=yesterday", path(1));
    assert_eq!(quarter.get(&trader, &bad).await.0, 400);
}

async fn hours_that_are_too_old_for_a_rhythm_are_forgotten(database: Database) {
    let quarter = Quarter::open(&database).await;
    let mut tx = quarter.store.begin_write().await.unwrap();
    let now = noon("07-20");
    let first_kept = LocalHour::of(now).weeks_before(WEEKS_KEPT);
    for hour in [
        first_kept.count() - 1,
        first_kept.count(),
        LocalHour::of(now).weeks_before(1).count(),
        LocalHour::of(now).count(),
    ] {
        let hour = LocalHour::from_count(hour);
        source_hours::add(&mut tx, source_id(), hour, 1)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let round = Round {
        store: &quarter.store,
        now,
        raw_retention_days: 90,
        go_on: &|| true,
    };
    assert_eq!(round.run().await.unwrap().hours, 1);
    assert_eq!(round.run().await.unwrap().hours, 0);
    let mut tx = quarter.store.begin_read().await.unwrap();
    assert!(
        source_hours::rhythm(&mut tx, source_id())
            .await
            .unwrap()
            .is_some()
    );
}
