//! D1 of one source, and that nothing else is counted by source.

use phocho::domain::ids::SourceId;
use phocho::store::sources::{self, DeliveryCounts};
use serde_json::json;

use super::quarter::{Quarter, day, noon, zone_id};
use super::{COMPUTED, all_told};
use crate::database::{Database, on_both_engines};

on_both_engines!(
    notices_are_counted_by_source_and_nothing_else_is,
    a_source_is_asked_about_by_who_sees_every_zone_only,
);

/// Adds a source that told of ten notices in June, half of them accepted.
async fn second_source(quarter: &Quarter) {
    let asked = json!({"name": "other", "adapter": "sepay_hmac", "account_ids": []});
    let made = quarter.post(&quarter.admin, "/v1/sources", &asked).await;
    let id: SourceId = made["source"]["id"].as_str().unwrap().parse().unwrap();
    let mut tx = quarter.store.begin_write().await.unwrap();
    for (on, accepted, quarantined) in [("2025-06-10", 4, 0), ("2025-06-20", 1, 5)] {
        let counts = DeliveryCounts {
            accepted,
            quarantined,
            ..DeliveryCounts::default()
        };
        let counted = sources::count_deliveries(&mut tx, id, day(on), &counts).await;
        counted.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn notices_are_counted_by_source_and_nothing_else_is(database: Database) {
    let quarter = Quarter::open(&database).await;
    quarter.hear_the_quarter().await;
    let asked = async |indicator: &str, more: &str| {
        let path = format!("/v1/adoption/indicators/{indicator}?month=2025-06{more}");
        quarter.read(&path).await
    };
    let figures = async |indicator: &str, more: &str| {
        let answer = asked(indicator, more).await;
        all_told(&answer["indicator"]["figures"])
    };
    let alone = figures("D1", "").await;
    assert_eq!(figures("D1", "&source=sepay").await, alone);
    second_source(&quarter).await;
    assert_eq!(figures("D1", "&source=sepay").await, alone);
    let other = ["notices_accepted verified 0.5 5/10"];
    assert_eq!(figures("D1", "&source=other").await, other);
    assert_ne!(figures("D1", "").await, alone, "all sources together");
    let answer = asked("D1", "&source=other").await;
    let place = json!({"kind": "source", "zone": null, "ward": null, "source": "other"});
    assert_eq!(answer["place"], place);
    assert_eq!(answer["census"], json!([]));
    assert_eq!(answer["revision"]["number"], 0);
    let series = "/v1/adoption/series?indicator=D1&by=week&source=other";
    let series = format!("{series}&from=2025-06-09&to=2025-06-22");
    let series = quarter.read(&series).await;
    let points = series["points"].as_array().unwrap().iter();
    let points: Vec<_> = points.map(|point| all_told(&point["figures"])).collect();
    let weeks = ["1 4/4", "0.166667 1/6"];
    let weeks = weeks.map(|week| vec![format!("notices_accepted verified {week}")]);
    assert_eq!(points, weeks);
    quarter.stand_at(noon("08-20"));
    for indicator in COMPUTED.into_iter().filter(|indicator| *indicator != "D1") {
        let refused = figures(indicator, "&source=sepay").await;
        assert!(!refused.is_empty());
        for figure in &refused {
            assert!(figure.ends_with("not_for_source -/-"), "{figure}");
        }
        let path = format!("/v1/adoption/series?indicator={indicator}&by=month&source=sepay");
        let series = quarter.read(&format!("{path}&month=2025-06")).await;
        let point = &series["points"][0];
        assert_eq!(all_told(&point["figures"]), refused, "{indicator}");
        assert_eq!(point["census"], json!([]));
    }
}

async fn a_source_is_asked_about_by_who_sees_every_zone_only(database: Database) {
    let quarter = Quarter::open(&database).await;
    quarter.hear_the_quarter().await;
    let everywhere = json!({"name": "Đào", "role": "staff", "zone_ids": null});
    let user = quarter.post(&quarter.admin, "/v1/users", &everywhere).await;
    let token = json!({"label": "bàn 1", "user_id": user["id"]});
    let token = quarter.post(&quarter.admin, "/v1/tokens", &token).await;
    let everywhere = token["secret"].as_str().unwrap();
    let all_zones = [0, 1, 2].map(zone_id);
    let some = quarter.staff(&all_zones).await;
    for path in [
        "indicators/D1?month=2025-06",
        "series?indicator=D1&by=day&month=2025-06",
        "indicators/C1?month=2025-06",
    ] {
        for (source, admin_gets, some_get) in [("sepay", 200, 404), ("nobody", 404, 404)] {
            let path = format!("/v1/adoption/{path}&source={source}");
            for token in [quarter.admin.as_str(), everywhere] {
                assert_eq!(quarter.get(token, &path).await.0, admin_gets, "{path}");
            }
            let (status, body) = quarter.get(&some, &path).await;
            assert_eq!((status, &body["code"]), (some_get, &json!("not_found")));
        }
    }
    let trader = quarter.trader(1).await;
    let path = "/v1/adoption/indicators/D1?month=2025-06&source=sepay";
    assert_eq!(quarter.get(&trader, path).await.0, 403);
}
