//! Events in the order of commits, and alerts settled by a person.

use std::collections::BTreeSet;

use phocho::domain::ids::{EventId, MerchantId, OutletId, ZoneId};
use phocho::store::Store;
use phocho::store::events::{self, NewEvent};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{Database, on_both_engines};
use crate::market::{Credit, Market};
use crate::stalls::{self, account_number, opening};
use crate::state::any_rate;

on_both_engines!(
    everyone_reads_the_events_of_its_own_reach,
    a_reader_misses_no_event_of_writers_at_work,
    an_alert_is_seen_in_its_merchants_zone_and_settled_once,
);

fn event(number: u128, merchant: Option<MerchantId>, outlet: Option<OutletId>) -> NewEvent {
    NewEvent {
        id: EventId::from_uuid(Uuid::from_u128(number)),
        at: opening(),
        kind: "payment.settled",
        subject: number.to_string(),
        merchant,
        outlet,
        payload: json!({"number": 1, "received_vnd": 5_000, "parts": [{"sale_vnd": 5_000}]}),
    }
}

async fn write(store: &Store, new: &[NewEvent]) {
    let mut tx = store.begin_write().await.unwrap();
    events::append(&mut tx, new).await.unwrap();
    tx.commit().await.unwrap();
}

fn subjects(answer: &Value) -> Vec<&str> {
    let rows = answer["data"].as_array().unwrap().iter();
    rows.map(|row| row["subject"].as_str().unwrap()).collect()
}

async fn everyone_reads_the_events_of_its_own_reach(database: Database) {
    let market = Market::open(&database).await;
    let own = stalls::stall(market.store(), 1, stalls::open()).await;
    let other = stalls::stall(market.store(), 2, stalls::open()).await;
    let (own_id, own_outlet) = (Some(own.merchant), Some(own.outlet));
    let elsewhere = Some(OutletId::from_uuid(Uuid::from_u128(99)));
    let new = [
        event(1, own_id, own_outlet),
        event(2, own_id, None),
        event(3, Some(other.merchant), Some(other.outlet)),
        event(4, None, None),
        event(5, own_id, elsewhere),
    ];
    write(market.store(), &new).await;
    let (mine, till) = (market.trader(own).await, market.till(own).await);
    let zone = ZoneId::from_uuid(Uuid::from_u128(1));
    let everywhere = market.staff(None).await;
    let here = market.staff(Some(vec![zone])).await;
    let nowhere = market.staff(Some(Vec::new())).await;
    for (token, wanted, amounts) in [
        (&mine, &["1", "2", "5"][..], true),
        (&till, &["1"], true),
        (&everywhere, &["1", "2", "3", "4", "5"], false),
        (&here, &["1", "2", "3"], false),
        (&nowhere, &[], false),
    ] {
        let answer = market.get(token, "/v1/events").await.good();
        assert_eq!(subjects(&answer), wanted);
        assert_eq!(
            (&answer["last_sequence"], &answer["has_more"]),
            (&json!(5), &json!(false))
        );
        for row in answer["data"].as_array().unwrap() {
            assert_eq!(row["payload"]["number"], 1);
            assert_eq!(row["payload"].to_string().contains("_vnd"), amounts);
        }
    }
    let page = market.get(&mine, "/v1/events?after=1&limit=1").await.good();
    assert_eq!(subjects(&page), ["2"]);
    assert_eq!(
        (&page["last_sequence"], &page["has_more"]),
        (&json!(2), &json!(true))
    );
    let page = market.get(&mine, "/v1/events?after=2&limit=1").await.good();
    assert_eq!(
        (subjects(&page), &page["has_more"]),
        (vec!["5"], &json!(false))
    );
    let end = market.get(&mine, "/v1/events?after=5").await.good();
    assert_eq!((subjects(&end), &end["last_sequence"]), (vec![], &json!(5)));
    for query in ["after=-1", "limit=0", "limit=201", "after=x", "kind=a"] {
        let refused = market.get(&mine, &format!("/v1/events?{query}")).await;
        refused.is(400, "invalid_query");
    }
    market
        .get("", "/v1/events")
        .await
        .is(401, "unauthenticated");
}

async fn a_reader_misses_no_event_of_writers_at_work(database: Database) {
    const WRITERS: u128 = 6;
    const EACH: u128 = 15;
    let market = Market::open(&database).await;
    let market = market.changed(|state| state.rates = any_rate());
    let own = stalls::stall(market.store(), 1, stalls::open()).await;
    let mine = market.trader(own).await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (store, merchant) = (market.store().clone(), Some(own.merchant));
            tokio::spawn(async move {
                for round in 0..EACH {
                    let number = writer * EACH + round;
                    // Some belong to nobody, so that the reader's own have gaps between them.
                    let strangers = event(1_000 + number, None, None);
                    write(&store, &[event(number, merchant, None), strangers]).await;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let (mut after, mut seen) = (0, Vec::new());
    while seen.len() < usize::try_from(WRITERS * EACH).unwrap() {
        let path = format!("/v1/events?limit=7&after={after}");
        let page = market.get(&mine, &path).await.good();
        for row in page["data"].as_array().unwrap() {
            let sequence = row["sequence"].as_i64().unwrap();
            assert!(sequence > after, "no event is told twice");
            seen.push((sequence, row["subject"].as_str().unwrap().to_owned()));
        }
        let last = page["last_sequence"].as_i64().unwrap();
        assert!(last >= after);
        after = last;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(seen.is_sorted(), "in the order of commits");
    let distinct: BTreeSet<_> = seen.iter().map(|(_, subject)| subject).collect();
    assert_eq!(distinct.len(), seen.len());
}

async fn an_alert_is_seen_in_its_merchants_zone_and_settled_once(database: Database) {
    let market = Market::open(&database).await;
    let stall = stalls::stall(market.store(), 1, stalls::open()).await;
    market.bank("bank", &[stall.account]).await;
    let zone = ZoneId::from_uuid(Uuid::from_u128(1));
    let here = market.staff(Some(vec![zone])).await;
    let nowhere = market.staff(Some(Vec::new())).await;
    let trader = market.trader(stall).await;
    let account = account_number(1);
    // The bank's number with another amount, and its reference under another number.
    for (id, amount) in [(1, 5_000), (1, 6_000), (2, 5_000)] {
        let credit = Credit {
            id,
            bank_number: 1,
            account: &account,
            amount,
            content: "",
            at: opening(),
        };
        market.credit("bank", credit).await;
    }
    let listed = market.get(&here, "/v1/alerts").await.good();
    assert_eq!(listed["open_count"], 2);
    let alerts = listed["data"].as_array().unwrap();
    let mut kinds: Vec<_> = alerts
        .iter()
        .map(|it| it["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    let wanted = ["transaction.conflict", "transaction.duplicate_suspected"];
    assert_eq!(kinds, wanted);
    let owner = json!(stall.merchant.to_string());
    assert!(alerts.iter().all(|it| it["merchant_id"] == owner));
    let alert = &alerts[0];
    let path = format!("/v1/alerts/{}/settle", alert["id"].as_str().unwrap());
    let note = json!({"note": "Ngân hàng xác nhận số tiền đầu tiên"});
    market
        .post(&nowhere, &path, &note)
        .await
        .is(404, "not_found");
    market
        .post(&trader, &path, &note)
        .await
        .is(403, "forbidden");
    let empty = market.post(&here, &path, &json!({"note": " "})).await;
    empty.is(422, "invalid_fields");
    let settled = market.post(&here, &path, &note).await.good();
    assert_eq!(settled["note"], note["note"]);
    assert!(settled["settled_by"].as_str().unwrap().starts_with("usr_"));
    market
        .post(&here, &path, &note)
        .await
        .is(409, "wrong_state");
    let listed = market.get(&here, "/v1/alerts").await.good();
    assert_eq!(listed["open_count"], 1);
    let told = market.get(&trader, "/v1/events").await.good();
    let told = told["data"].as_array().unwrap().last().unwrap();
    assert_eq!(told["kind"], "alert.settle");
    assert!(!told.to_string().contains("xác nhận"));
}
