//! Credits whose text names no code, and notices for accounts that their source may not speak
//! for.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use phocho::store::payments::{self, PaymentFilter};
use phocho::store::reach::Reach;
use phocho::store::{rollups, suspense_ages};
use serde_json::json;

use crate::database::{Database, on_both_engines};
use crate::market::{Credit, Market};
use crate::stalls::{self, account_number, opening};

on_both_engines!(
    an_account_alone_counts_where_it_was_switched_on_at_the_banks_time,
    an_account_of_two_outlets_names_neither,
    matching_by_account_is_switched_by_its_merchant_or_staff,
    a_notice_that_speaks_for_no_single_bound_account_raises_an_alert_that_says_why,
);

fn at(minute: i64) -> DateTime<Utc> {
    opening() + TimeDelta::minutes(minute)
}

/// A credit without any reference.
async fn plain_credit(market: &Market, id: u64, minute: i64) {
    let account = account_number(1);
    let credit = Credit {
        id,
        bank_number: id,
        account: &account,
        amount: 1_000 * i64::try_from(id).unwrap(),
        content: "NGUYEN VAN A chuyen tien",
        at: at(minute),
    };
    market.credit("bank", credit).await;
}

/// The received sums and the ways of counting, newest first, and what waits in suspense.
async fn outcome(market: &Market) -> (Vec<(i64, String, String)>, i64) {
    let mut tx = market.store().begin_read().await.unwrap();
    let rows = payments::list(
        &mut tx,
        Reach::Everything,
        PaymentFilter::default(),
        None,
        200,
    )
    .await;
    let waiting = suspense_ages::waiting(&mut tx, Reach::Everything, opening()).await;
    let waiting = waiting.unwrap().open;
    assert_eq!(rollups::differences(&mut tx, 10).await.unwrap(), []);
    let told = rows.unwrap().into_iter();
    let told = told.map(|it| (it.received_vnd, it.counted_as, it.flags));
    (told.collect(), waiting)
}

fn counted(amount: i64) -> (i64, String, String) {
    (amount, "by_account".to_owned(), "by_account".to_owned())
}

async fn an_account_alone_counts_where_it_was_switched_on_at_the_banks_time(database: Database) {
    let market = Market::open(&database).await;
    let stall = stalls::stall(market.store(), 1, stalls::open()).await;
    market.bank("bank", &[stall.account]).await;
    let trader = market.trader(stall).await;
    let body = json!({"outlet_id": stall.outlet.to_string(), "kind": "static"});
    plain_credit(&market, 1, 1).await;
    assert_eq!(outcome(&market).await, (vec![], 1), "no code hangs yet");
    market
        .post(&trader, "/v1/payment-codes", &body)
        .await
        .good();
    plain_credit(&market, 2, 2).await;
    let path = format!("/v1/outlets/{}/match-by-account", stall.outlet);
    for (minutes, on) in [(10, false), (10, true)] {
        market.state.clock.advance(TimeDelta::minutes(minutes));
        let switched = market.post(&trader, &path, &json!({"on": on})).await;
        assert_eq!(switched.good()["match_by_account"], on);
    }
    // Told late, judged by the bank's time: on until minute 10, off until minute 20.
    for (id, minute) in [(3, 9), (4, 11), (5, 19), (6, 21)] {
        plain_credit(&market, id, minute).await;
    }
    let wanted = vec![counted(6_000), counted(3_000), counted(2_000)];
    assert_eq!(outcome(&market).await, (wanted, 3));
}

async fn an_account_of_two_outlets_names_neither(database: Database) {
    let market = Market::open(&database).await;
    let stall = stalls::stall(market.store(), 1, stalls::open()).await;
    market.bank("bank", &[stall.account]).await;
    let (staff, trader) = (market.staff(None).await, market.trader(stall).await);
    let body = json!({
        "merchant_id": stall.merchant.to_string(),
        "zone_id": "zon_00000000000000000000000000000001",
        "stall_label": "Sạp 99",
        "trade": "bún ốc",
        "match_by_account": true,
    });
    let second = market.post(&staff, "/v1/outlets", &body).await.good();
    let second = second["id"].as_str().unwrap();
    let body = json!({"outlet_id": stall.outlet.to_string(), "kind": "static"});
    market
        .post(&trader, "/v1/payment-codes", &body)
        .await
        .good();
    let test = format!("/v1/outlets/{second}/test");
    market.step(&trader, &test).await.good();
    plain_credit(&market, 1, 1).await;
    assert_eq!(outcome(&market).await, (vec![], 1));
}

async fn matching_by_account_is_switched_by_its_merchant_or_staff(database: Database) {
    let market = Market::open(&database).await;
    let stall = stalls::stall(market.store(), 1, stalls::open()).await;
    let other = stalls::stall(market.store(), 2, stalls::open()).await;
    let (staff, trader) = (market.staff(None).await, market.trader(stall).await);
    let (till, foreign) = (market.till(stall).await, market.trader(other).await);
    let path = format!("/v1/outlets/{}/match-by-account", stall.outlet);
    let (on, off) = (json!({"on": true}), json!({"on": false}));
    market.post(&till, &path, &off).await.is(403, "forbidden");
    market
        .post(&foreign, &path, &off)
        .await
        .is(404, "not_found");
    let outdated = [("if-match", "\"1\"")];
    let late = market
        .send("POST", &trader, &path, Some(&off), &outdated)
        .await;
    late.is(412, "precondition_failed");
    let changed = market.post(&trader, &path, &off).await.good();
    let again = market.post(&trader, &path, &off).await.good();
    assert_eq!(changed["version"], again["version"], "nothing to change");
    let told = market.get(&trader, "/v1/events").await.good();
    let kinds: Vec<_> = told["data"].as_array().unwrap().iter().collect();
    assert_eq!(kinds.len(), 1);
    assert_eq!(kinds[0]["kind"], "outlet.match_by_account");
    assert_eq!(kinds[0]["payload"], json!({"match_by_account": false}));
    market.post(&staff, &path, &on).await.good();
    let close = format!("/v1/outlets/{}/close", stall.outlet);
    market.step(&staff, &close).await.good();
    market
        .post(&trader, &path, &off)
        .await
        .is(409, "wrong_state");
}

async fn a_notice_that_speaks_for_no_single_bound_account_raises_an_alert_that_says_why(
    database: Database,
) {
    let market = Market::open(&database).await;
    let stall = stalls::stall(market.store(), 1, stalls::open()).await;
    market.bank("bank", &[stall.account]).await;
    let (maker, checker) = (market.staff(None).await, market.staff(None).await);
    let account = account_number(1);
    // Another bank has an account of the same number.
    let body = json!({
        "merchant_id": stall.merchant.to_string(),
        "bank_bin": "970415",
        "account_number": account,
        "holder_name": "NGUYEN THI DAO",
        "holder_kind": "household",
        "registered_name": "Nguyễn Thị Đào",
    });
    let twin = market.post(&maker, "/v1/accounts", &body).await.good();
    let twin = twin["id"].as_str().unwrap();
    let approve = format!("/v1/accounts/{twin}/approve");
    market.step(&checker, &approve).await.good();
    let both = [stall.account, twin.parse().unwrap()];
    market.bank("aggregator", &both).await;
    for (source, account) in [("bank", "9990001112"), ("aggregator", account.as_str())] {
        let credit = Credit {
            id: 1,
            bank_number: 1,
            account,
            amount: 5_000,
            content: "",
            at: at(1),
        };
        market.credit(source, credit).await;
    }
    let alerts = market.get(&maker, "/v1/alerts").await.good();
    let told = alerts["data"].as_array().unwrap().iter();
    let told: BTreeSet<_> = told
        .map(|it| {
            (
                it["kind"].as_str().unwrap(),
                it["detail"]["reason"].as_str().unwrap(),
            )
        })
        .collect();
    let quarantined = "callback.quarantined";
    let wanted = [
        (quarantined, "account_not_bound"),
        (quarantined, "account_several"),
    ];
    assert_eq!(told, wanted.into());
    assert_eq!(outcome(&market).await, (vec![], 0));
}
