//! Places, censuses and what was confirmed between them, over HTTP, on both engines.

use phocho::store::reach::Reach;
use phocho::store::{audit, events};
use serde_json::{Value, json};

use crate::database::{Database, on_both_engines};
use crate::registry::{Office, id};

on_both_engines!(
    a_census_is_kept_version_by_version_and_finds_its_places_again,
    a_census_that_cannot_be_is_refused_with_the_place_of_the_fault,
    of_two_censuses_at_a_time_each_gets_its_number,
    a_place_found_later_is_an_opening_and_its_day_has_one_change,
    staff_reach_the_places_of_their_zones_and_a_merchant_its_own_without_the_owner,
    places_and_records_are_read_page_by_page,
    a_census_is_told_in_counts_without_personal_data,
);

pub fn record(owner: &str) -> Value {
    json!({
        "status": "trading",
        "trade": "bún ốc",
        "size_class": "stall",
        "open_days": "lunar 1 15",
        "operates_at_night": true,
        "accepts_cashless": null,
        "accepted_means": "",
        "owner_key": owner,
        "owner_sex": "female",
        "owner_over_60": false,
    })
}

fn entry(position: &str, name: &str) -> Value {
    json!({"position": position, "name": name, "record": record("H-1")})
}

fn census(day: &str, entries: &[Value]) -> Value {
    json!({"surveyed_on": day, "entries": entries})
}

fn data(page: &Value) -> &Vec<Value> {
    page["data"].as_array().unwrap()
}

async fn a_census_is_kept_version_by_version_and_finds_its_places_again(database: Database) {
    let office = Office::open(&database).await;
    let zone = office.zones().await.remove(0);
    let path = format!("/v1/zones/{zone}/censuses");
    let first = census(
        "2026-01-10",
        &[entry("Số 1", "Bún ốc"), entry("Số 2", "Xôi")],
    );
    let made = office.post(&office.maker, &path, &first).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(
        (&made.body["version"], &made.body["places"]),
        (&json!(1), &json!(2))
    );
    // The second one names a place by another name, leaves one out and finds one.
    let second = census(
        "2026-02-10",
        &[entry("Số 1", "Bún chả"), entry("Số 3", "Chè")],
    );
    office.post(&office.maker, &path, &second).await.good();

    let versions = office.get(&office.maker, &path).await.good();
    let versions: Vec<_> = data(&versions).iter().map(|it| &it["version"]).collect();
    assert_eq!(versions, [2, 1]);
    let seen = |version: i64| {
        let (office, path) = (&office, format!("{path}/{version}"));
        async move {
            let page = office.get(&office.maker, &path).await.good();
            let rows = data(&page).iter();
            let mut rows: Vec<_> = rows
                .map(|it| (it["position"].as_str().unwrap().to_owned(), it.clone()))
                .collect();
            rows.sort_by(|one, other| one.0.cmp(&other.0));
            rows
        }
    };
    let (old, new) = (seen(1).await, seen(2).await);
    let positions =
        |rows: &[(String, Value)]| rows.iter().map(|it| it.0.clone()).collect::<Vec<_>>();
    assert_eq!(positions(&old), ["Số 1", "Số 2"]);
    assert_eq!(positions(&new), ["Số 1", "Số 3"]);
    assert_eq!(old[0].1["establishment_id"], new[0].1["establishment_id"]);
    assert_eq!(new[0].1["name"], "Bún chả");
    assert_eq!(old[0].1["record"], record("H-1"));

    let place = new[0].1["establishment_id"].as_str().unwrap();
    let read = office
        .get(&office.maker, &format!("/v1/establishments/{place}"))
        .await;
    assert_eq!(read.headers["etag"], "\"2\"");
    let newest = &read.body["newest_record"];
    assert_eq!(newest["census_version"], 2);
    assert_eq!(newest["surveyed_on"], "2026-02-10");
    assert_eq!(newest["owner_key"], "H-1");
    for path in [format!("{path}/3"), format!("{path}/x")] {
        office.get(&office.maker, &path).await.is(404, "not_found");
    }
}

async fn a_census_that_cannot_be_is_refused_with_the_place_of_the_fault(database: Database) {
    let office = Office::open(&database).await;
    let zone = office.zones().await.remove(0);
    let path = format!("/v1/zones/{zone}/censuses");
    let mut faulty = entry("", "Xôi");
    faulty["record"]["status"] = json!("open");
    faulty["record"]["owner_key"] = json!(null);
    faulty["record"]["open_days"] = json!("always");
    let body = census(
        "2026-01-10",
        &[entry("Số 1", "Bún ốc"), entry("Số 1", "Xôi"), faulty],
    );
    let refused = office.post(&office.maker, &path, &body).await;
    refused.is(422, "invalid_fields");
    let mut pointers = refused.pointers();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/entries/1/position",
            "/entries/2/position",
            "/entries/2/record/open_days",
            "/entries/2/record/owner_key",
            "/entries/2/record/status",
        ]
    );
    let empty = office
        .post(&office.maker, &path, &census("2026-01-10", &[]))
        .await;
    empty.is(422, "invalid_fields");
    assert_eq!(empty.pointers(), ["/entries"]);
    let good = [entry("Số 1", "Bún ốc")];
    // The office stands on 2026-03-16.
    let ahead = office
        .post(&office.maker, &path, &census("2026-03-17", &good))
        .await;
    ahead.is(422, "invalid_fields");
    assert_eq!(ahead.body["errors"][0]["code"], "future_day");
    let today = census("2026-03-16", &good);
    office.post(&office.maker, &path, &today).await.good();
    let earlier = office
        .post(&office.maker, &path, &census("2026-03-15", &good))
        .await;
    earlier.is(409, "wrong_state");
    assert_eq!(earlier.body["errors"][0]["code"], "earlier_census");
    // The same day again is the correction of it.
    let corrected = office.post(&office.maker, &path, &today).await.good();
    assert_eq!(corrected["version"], 2);
    let nowhere = "/v1/zones/zon_01920000000070008000000000000001/censuses";
    office
        .post(&office.maker, nowhere, &today)
        .await
        .is(404, "not_found");
    office
        .get(&office.maker, nowhere)
        .await
        .is(404, "not_found");
}

async fn of_two_censuses_at_a_time_each_gets_its_number(database: Database) {
    let office = Office::open(&database).await;
    let zone = office.zones().await.remove(0);
    let path = format!("/v1/zones/{zone}/censuses");
    let body = census("2026-01-10", &[entry("Số 1", "Bún ốc")]);
    let (one, other) = tokio::join!(
        office.post(&office.maker, &path, &body),
        office.post(&office.checker, &path, &body),
    );
    let mut versions = [one.good(), other.good()].map(|it| it["version"].as_i64().unwrap());
    versions.sort_unstable();
    assert_eq!(versions, [1, 2]);
    let listed = office.get(&office.maker, "/v1/establishments").await.good();
    assert_eq!(data(&listed).len(), 1);
}

async fn a_place_found_later_is_an_opening_and_its_day_has_one_change(database: Database) {
    let office = Office::open(&database).await;
    let zone = office.zones().await.remove(0);
    let mut body = json!({
        "zone_id": zone, "position": "Số 9", "name": "Chè Tây Hồ", "opened_on": "2026-03-10",
    });
    let made = office
        .post(&office.maker, "/v1/establishments", &body)
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    let place = id(&made.good());
    let path = format!("/v1/establishments/{place}");
    let read = office.get(&office.maker, &path).await.good();
    assert_eq!(read["newest_record"], Value::Null);
    assert_eq!(
        read["changes"],
        json!([{"change": "opened", "day": "2026-03-10"}])
    );
    let again = office
        .post(&office.maker, "/v1/establishments", &body)
        .await;
    again.is(409, "already_exists");
    assert_eq!(again.pointers(), ["/position"]);
    body["position"] = json!("Số 10");
    body["opened_on"] = json!("2026-03-17");
    office
        .post(&office.maker, "/v1/establishments", &body)
        .await
        .is(422, "invalid_fields");
    body["zone_id"] = json!("zon_01920000000070008000000000000001");
    body["opened_on"] = json!("2026-03-10");
    let nowhere = office
        .post(&office.maker, "/v1/establishments", &body)
        .await;
    assert_eq!(nowhere.pointers(), ["/zone_id"]);

    let path = format!("{path}/changes");
    let confirm = |change: &str, day: &str| {
        let body = json!({"change": change, "day": day});
        let (office, path) = (&office, &path);
        async move { office.post(&office.maker, path, &body).await }
    };
    let twice = confirm("closed", "2026-03-10").await;
    twice.is(409, "already_exists");
    assert_eq!(twice.pointers(), ["/day"]);
    let closed = confirm("closed", "2026-03-16").await;
    assert_eq!(closed.status, 201);
    let changes = closed.body["changes"].as_array().unwrap();
    assert_eq!(changes[1], json!({"change": "closed", "day": "2026-03-16"}));
    confirm("closed", "2026-03-17")
        .await
        .is(422, "invalid_fields");
    let unknown = confirm("moved", "2026-03-12").await;
    assert_eq!(unknown.pointers(), ["/change"]);
    let missing = "/v1/establishments/est_01920000000070008000000000000001/changes";
    let body = json!({"change": "closed", "day": "2026-03-12"});
    office
        .post(&office.maker, missing, &body)
        .await
        .is(404, "not_found");
}

async fn staff_reach_the_places_of_their_zones_and_a_merchant_its_own_without_the_owner(
    database: Database,
) {
    let office = Office::open(&database).await;
    let zones = office.zones().await;
    let mut places = Vec::new();
    for zone in &zones[..2] {
        let body = census("2026-01-10", &[entry("Số 1", "Bún ốc")]);
        let path = format!("/v1/zones/{zone}/censuses");
        office.post(&office.maker, &path, &body).await.good();
        let path = format!("/v1/establishments?zone_id={zone}");
        let listed = office.get(&office.maker, &path).await.good();
        places.push(id(&data(&listed)[0]));
    }
    let neighbour = office.staff(&json!([zones[0]])).await;
    let merchant = office.merchant("001080012345").await;
    let body = json!({
        "merchant_id": merchant, "zone_id": zones[0], "establishment_id": places[0],
        "stall_label": "Số 1", "trade": "bún ốc",
    });
    office
        .post(&office.maker, "/v1/outlets", &body)
        .await
        .good();
    let trader = json!({"label": "bàn 1", "merchant_id": merchant});
    let trader = office.token(&trader).await;
    for (caller, owner) in [(&neighbour, json!("H-1")), (&trader, Value::Null)] {
        let listed = office.get(caller, "/v1/establishments").await.good();
        let listed: Vec<_> = data(&listed).iter().map(id).collect();
        assert_eq!(listed, places[..1]);
        let own = office
            .get(caller, &format!("/v1/establishments/{}", places[0]))
            .await;
        let own = own.good();
        assert_eq!(own["newest_record"]["owner_key"], owner);
        assert_eq!(own["newest_record"]["trade"], "bún ốc");
        office
            .get(caller, &format!("/v1/establishments/{}", places[1]))
            .await
            .is(404, "not_found");
    }
    let there = format!("/v1/zones/{}/censuses", zones[1]);
    for path in [there.clone(), format!("{there}/1")] {
        office.get(&neighbour, &path).await.is(404, "not_found");
        office.get(&trader, &path).await.is(403, "forbidden");
    }
    let body = census("2026-01-10", &[entry("Số 1", "Bún ốc")]);
    office
        .post(&neighbour, &there, &body)
        .await
        .is(404, "not_found");
    office
        .post(&trader, &there, &body)
        .await
        .is(403, "forbidden");
    let change = json!({"change": "closed", "day": "2026-03-12"});
    let path = format!("/v1/establishments/{}/changes", places[1]);
    office
        .post(&neighbour, &path, &change)
        .await
        .is(404, "not_found");
    office
        .post(&trader, &path, &change)
        .await
        .is(403, "forbidden");
    let body = json!({
        "zone_id": zones[1], "position": "Số 9", "name": "Chè", "opened_on": "2026-03-10",
    });
    let outside = office.post(&neighbour, "/v1/establishments", &body).await;
    assert_eq!(outside.pointers(), ["/zone_id"]);
}

async fn places_and_records_are_read_page_by_page(database: Database) {
    let office = Office::open(&database).await;
    let zone = office.zones().await.remove(0);
    let path = format!("/v1/zones/{zone}/censuses");
    let entries: Vec<_> = (1..=5)
        .map(|at| entry(&format!("Số {at}"), "Xôi"))
        .collect();
    for day in ["2026-01-10", "2026-01-11", "2026-01-12"] {
        office
            .post(&office.maker, &path, &census(day, &entries))
            .await
            .good();
    }
    for (list, rows) in [
        ("/v1/establishments".to_owned(), 5),
        (path.clone(), 3),
        (format!("{path}/2"), 5),
    ] {
        let (mut seen, mut address) = (Vec::new(), format!("{list}?limit=2"));
        loop {
            let page = office.get(&office.maker, &address).await.good();
            seen.extend(data(&page).iter().map(Value::to_string));
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            address = format!("{list}?limit=2&cursor={cursor}");
        }
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), count), (rows, rows), "{list}");
    }
    let page = office
        .get(&office.maker, &format!("{path}?limit=1"))
        .await
        .good();
    let cursor = page["next_cursor"].as_str().unwrap();
    let other = format!("{path}/2?cursor={cursor}");
    office
        .get(&office.maker, &other)
        .await
        .is(400, "invalid_cursor");
}

async fn a_census_is_told_in_counts_without_personal_data(database: Database) {
    let office = Office::open(&database).await;
    let zone = office.zones().await.remove(0);
    let path = format!("/v1/zones/{zone}/censuses");
    let body = census(
        "2026-01-10",
        &[entry("Số 1", "Quán bà Đào"), entry("Số 2", "Xôi")],
    );
    let made = office.post(&office.maker, &path, &body).await.good();
    let mut tx = office.state.ledger.store.begin_read().await.unwrap();
    let entries = audit::newest(&mut tx, "main", None, None, 1).await.unwrap();
    let last = entries.first().unwrap();
    assert_eq!(
        (last.action.as_str(), &last.subject),
        ("census.record", &id(&made))
    );
    let detail: Value = serde_json::from_str(&last.detail).unwrap();
    let wanted = json!({
        "zone_id": zone, "version": 1, "surveyed_on": "2026-01-10",
        "places": 2, "added": 2, "renamed": 0,
    });
    assert_eq!(detail, wanted);
    let told = events::list(&mut tx, Reach::Everything, None, 0, 1000)
        .await
        .unwrap();
    let told = told.last().unwrap();
    assert_eq!(
        (told.kind.as_str(), &told.payload),
        ("census.record", &last.detail)
    );
}
