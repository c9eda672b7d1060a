//! An outlet's life over HTTP: planned, tested by a real notice, open, closed; and what becomes
//! of its codes and of the money that still comes.

use chrono::{DateTime, TimeDelta, Utc};
use phocho::domain::outlet::OutletState;
use phocho::domain::zone::ZoneSeed;
use phocho::store::payments::{self, PaymentFilter, PaymentRow};
use phocho::store::reach::Reach;
use phocho::store::{audit, rollups, zones};
use serde_json::{Value, json};

use crate::database::{Database, on_both_engines};
use crate::market::{Credit, Market, ids, minutes_later};
use crate::service::Answer;
use crate::stalls::{self, Stall, account_number, opening};

on_both_engines!(
    a_planned_outlet_is_tested_by_a_real_notice_and_opens,
    a_test_code_waits_for_its_payment_and_is_asked_for_by_whoever_may,
    a_closed_outlet_takes_its_codes_with_it_and_late_money_is_flagged,
    a_merchant_that_leaves_has_its_codes_revoked,
    a_merchant_that_leaves_frees_its_stalls,
    a_merchant_that_is_refused_for_good_frees_its_stall,
    a_stopped_merchants_money_is_recorded,
    a_retired_account_takes_no_new_code_and_its_money_is_recorded,
);

fn at(minute: i64) -> DateTime<Utc> {
    opening() + TimeDelta::minutes(minute)
}

async fn payments(market: &Market) -> Vec<PaymentRow> {
    let mut tx = market.store().begin_read().await.unwrap();
    let rows = payments::list(
        &mut tx,
        Reach::Everything,
        PaymentFilter::default(),
        None,
        200,
    )
    .await;
    assert_eq!(rollups::differences(&mut tx, 10).await.unwrap(), []);
    for chain in audit::chains(&mut tx).await.unwrap() {
        assert_eq!(audit::first_break(&mut tx, &chain).await.unwrap(), None);
    }
    rows.unwrap()
}

async fn pay(market: &Market, id: u64, code: &Value, amount: i64, minute: i64) {
    let account = account_number(1);
    let credit = Credit {
        id,
        bank_number: id,
        account: &account,
        amount,
        content: code["reference"].as_str().unwrap(),
        at: at(minute),
    };
    market.credit("bank", credit).await;
}

async fn static_code(market: &Market, token: &str, stall: Stall) -> Value {
    let body = json!({"outlet_id": stall.outlet.to_string(), "kind": "static"});
    market.post(token, "/v1/payment-codes", &body).await.good()
}

async fn a_planned_outlet_is_tested_by_a_real_notice_and_opens(database: Database) {
    let market = Market::open(&database).await;
    let stall = stalls::stall(market.store(), 1, stalls::open()).await;
    market.bank("bank", &[stall.account]).await;
    let staff = market.staff(None).await;
    let trader = market.trader(stall).await;
    let body = json!({
        "merchant_id": stall.merchant.to_string(),
        "zone_id": "zon_00000000000000000000000000000001",
        "stall_label": "Sạp 99",
        "trade": "bún ốc",
    });
    let outlet = market.post(&staff, "/v1/outlets", &body).await.good();
    let path = format!("/v1/outlets/{}", outlet["id"].as_str().unwrap());
    let early = market.step(&staff, &format!("{path}/open")).await;
    early.is(409, "wrong_state");
    let test = market.step(&trader, &format!("{path}/test")).await;
    assert_eq!(test.status, 201);
    let test = test.good();
    let code = &test["code"];
    assert_eq!(
        (&code["amount_vnd"], &code["for_test"]),
        (&json!(1_000), &json!(true))
    );
    assert!(test["what_to_do"]["vi"].as_str().unwrap().contains("1000"));

    // Another amount proves nothing.
    pay(&market, 1, code, 900, 1).await;
    assert_eq!(market.get(&staff, &path).await.good()["state"], "planned");
    pay(&market, 2, code, 100, 2).await;
    let tested = market.get(&staff, &path).await.good();
    assert_eq!(tested["state"], "tested");
    assert_eq!(tested["tested_at"], "2026-03-16T09:32:00+07:00");
    let open = market.step(&staff, &format!("{path}/open")).await.good();
    assert_eq!(open["state"], "open");

    let rows = payments(&market).await;
    assert_eq!(rows.len(), 2);
    for row in &rows {
        assert_eq!(row.counted_as, "none", "a test is in no figure");
        assert!(row.flags.contains("test"));
    }
    let told = market.get(&trader, "/v1/events?limit=200").await.good();
    let told = told["data"].as_array().unwrap();
    let kinds: Vec<_> = told.iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "outlet.plan",
            "code.issue",
            "payment.settled",
            "outlet.test",
            "payment.settled",
            "outlet.open"
        ]
    );
    let mut tx = market.store().begin_read().await.unwrap();
    let subject = outlet["id"].as_str();
    let entries = audit::newest(&mut tx, "test/intake", subject, None, 9).await;
    let entries = entries.unwrap();
    let told: Vec<_> = entries.iter().map(|it| (&*it.actor, &*it.action)).collect();
    assert_eq!(told, [("source:bank", "outlet.test")]);
}

async fn a_test_code_waits_for_its_payment_and_is_asked_for_by_whoever_may(database: Database) {
    let market = Market::open(&database).await;
    let stall = stalls::stall(market.store(), 1, OutletState::Planned).await;
    let other = stalls::stall(market.store(), 2, OutletState::Planned).await;
    market.bank("bank", &[stall.account]).await;
    let (trader, till) = (market.trader(stall).await, market.till(stall).await);
    let (foreign, neighbour) = (market.trader(other).await, market.till(other).await);
    let elsewhere = market.staff(Some(Vec::new())).await;
    let path = format!("/v1/outlets/{}/test", stall.outlet);
    market.step("", &path).await.is(401, "unauthenticated");
    for token in [&foreign, &neighbour, &elsewhere] {
        market.step(token, &path).await.is(404, "not_found");
    }
    // Two who ask at a time get the same code.
    let (one, another) = tokio::join!(market.step(&trader, &path), market.step(&till, &path));
    let mut statuses = [one.status, another.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 201]);
    let (one, another) = (one.good(), another.good());
    assert_eq!(one["code"]["id"], another["code"]["id"]);
    let code = &one["code"];
    pay(&market, 1, code, 1_000, 1).await;
    let outlet = format!("/v1/outlets/{}", stall.outlet);
    assert_eq!(market.get(&trader, &outlet).await.good()["state"], "tested");
    // It was paid, so the next test is another code.
    let next = market.step(&trader, &path).await;
    assert_eq!(next.status, 201);
    let next = next.good();
    assert_eq!(next["outlet_state"], "tested");
    assert_ne!(next["code"]["id"], code["id"]);
    stalls::suspend(market.store(), stall.merchant).await;
    market.step(&trader, &path).await.is(409, "wrong_state");
}

async fn a_closed_outlet_takes_its_codes_with_it_and_late_money_is_flagged(database: Database) {
    let market = Market::open(&database).await;
    let stall = stalls::stall(market.store(), 1, stalls::open()).await;
    market.bank("bank", &[stall.account]).await;
    let (staff, trader) = (market.staff(None).await, market.trader(stall).await);
    let (code, withdrawn) = (
        static_code(&market, &trader, stall).await,
        static_code(&market, &trader, stall).await,
    );
    let path = format!(
        "/v1/payment-codes/{}/cancel",
        withdrawn["id"].as_str().unwrap()
    );
    market.step(&trader, &path).await.good();
    market.state.clock.advance(TimeDelta::minutes(10));
    let path = format!("/v1/outlets/{}", stall.outlet);
    let closed = market.step(&staff, &format!("{path}/close")).await.good();
    assert_eq!(closed["state"], "closed");
    let page = market
        .get(&trader, "/v1/payment-codes?state=cancelled")
        .await;
    assert_eq!(ids(&page.good()).len(), 2);
    let body = json!({"outlet_id": stall.outlet.to_string(), "kind": "static"});
    let refused = market.post(&trader, "/v1/payment-codes", &body).await;
    refused.is(409, "wrong_state");
    let test = market.step(&trader, &format!("{path}/test")).await;
    test.is(409, "wrong_state");
    let told = market.get(&trader, "/v1/events?limit=200").await.good();
    let told = told["data"].as_array().unwrap();
    assert_eq!(told.last().unwrap()["payload"]["codes_cancelled"], 1);
    // Money before the closing is an ordinary sale, whenever it is told; money after it is
    // recorded and flagged.
    pay(&market, 1, &code, 20_000, 9).await;
    pay(&market, 2, &code, 30_000, 11).await;
    pay(&market, 3, &code, 40_000, 12).await;
    let rows = payments(&market).await;
    let flags: Vec<_> = rows
        .iter()
        .map(|it| (it.received_vnd, &*it.flags))
        .collect();
    let late = "retired_code";
    assert_eq!(flags, [(40_000, late), (30_000, late), (20_000, "")]);
    // The printed code still hangs somewhere: a person must look, once.
    let alerts = market.get(&staff, "/v1/alerts").await.good();
    assert_eq!(alerts["open_count"], 1);
    let alert = &alerts["data"][0];
    let about = (&alert["kind"], &alert["subject"]);
    assert_eq!(about, (&json!("code.retired_in_use"), &code["id"]));
}

async fn a_merchant_that_leaves_has_its_codes_revoked(database: Database) {
    let market = Market::open(&database).await;
    let stall = stalls::stall(market.store(), 1, stalls::open()).await;
    let neighbour = stalls::stall(market.store(), 2, stalls::open()).await;
    market.bank("bank", &[stall.account]).await;
    let (staff, trader) = (market.staff(None).await, market.trader(stall).await);
    let other = market.trader(neighbour).await;
    let code = static_code(&market, &trader, stall).await;
    let kept = static_code(&market, &other, neighbour).await;
    let path = format!("/v1/merchants/{}/close", stall.merchant);
    let reason = json!({"reason": "Nghỉ bán"});
    market.post(&staff, &path, &reason).await.good();
    for (token, code, state) in [(&trader, &code, "revoked"), (&other, &kept, "active")] {
        let path = format!("/v1/payment-codes/{}", code["id"].as_str().unwrap());
        assert_eq!(market.get(token, &path).await.good()["state"], state);
    }
    let body = json!({"payload": code["payload"]});
    let checked = market.post(&other, "/v1/code-checks", &body).await;
    assert_eq!(checked.good()["verdict"], "revoked");
    pay(&market, 1, &code, 30_000, 11).await;
    let rows = payments(&market).await;
    assert_eq!(rows[0].flags, "retired_code");
}

async fn plan(market: &Market, token: &str, merchant: &str, label: &str) -> Answer {
    let mut tx = market.store().begin_read().await.unwrap();
    let zone = zones::id_by_code(&mut tx, &ZoneSeed::all()[0].code).await;
    tx.rollback().await.unwrap();
    let body = json!({
        "merchant_id": merchant,
        "zone_id": zone.unwrap().unwrap().to_string(),
        "stall_label": label,
        "trade": "hoa",
    });
    market.post(token, "/v1/outlets", &body).await
}

/// What was told about an outlet or a merchant: the kind and the payload of each event.
async fn told(market: &Market, token: &str, subject: &str) -> Vec<(String, Value)> {
    let page = market.get(token, "/v1/events?limit=200").await.good();
    let events = page["data"].as_array().unwrap().iter();
    let about = events.filter(|event| event["subject"] == subject);
    let shown = about.map(|event| {
        let kind = event["kind"].as_str().unwrap().to_owned();
        (kind, event["payload"].clone())
    });
    shown.collect()
}

async fn audited(market: &Market, subject: &str) -> Vec<(&'static str, String)> {
    let mut tx = market.store().begin_read().await.unwrap();
    let rows = audit::newest(&mut tx, "main", Some(subject), None, 9).await;
    let closings = rows.unwrap().into_iter();
    let closings = closings.filter(|row| row.action == "outlet.close");
    closings.map(|row| ("outlet.close", row.detail)).collect()
}

async fn a_merchant_that_leaves_frees_its_stalls(database: Database) {
    let market = Market::open(&database).await;
    let stall = stalls::stall(market.store(), 1, stalls::open()).await;
    let neighbour = stalls::stall(market.store(), 2, stalls::open()).await;
    let staff = market.staff(None).await;
    let (merchant, other) = (stall.merchant.to_string(), neighbour.merchant.to_string());
    let second = plan(&market, &staff, &merchant, "Số 7").await.good();
    let second = second["id"].as_str().unwrap();
    plan(&market, &staff, &other, "Số 1")
        .await
        .is(409, "already_exists");
    // Whoever looks after no zone of it cannot end it, so its stalls stay taken.
    let stranger = market.staff(Some(Vec::new())).await;
    let path = format!("/v1/merchants/{merchant}/close");
    let reason = json!({"reason": "Nghỉ bán"});
    market
        .post(&stranger, &path, &reason)
        .await
        .is(404, "not_found");
    plan(&market, &staff, &other, "Số 7")
        .await
        .is(409, "already_exists");
    market.post(&staff, &path, &reason).await.good();
    let first = stall.outlet.to_string();
    for (outlet, from) in [(first.as_str(), "open"), (second, "planned")] {
        let path = format!("/v1/outlets/{outlet}");
        let closed = market.get(&staff, &path).await.good();
        assert_eq!(closed["state"], "closed");
        assert_eq!(closed["closed_at"], minutes_later(0));
        let detail = json!({"from": from, "to": "closed"});
        let last = told(&market, &staff, outlet).await.pop().unwrap();
        assert_eq!(last, ("outlet.close".to_owned(), detail.clone()));
        let recorded = audited(&market, outlet).await;
        assert_eq!(recorded, [("outlet.close", detail.to_string())]);
    }
    let (kind, detail) = told(&market, &staff, &merchant).await.pop().unwrap();
    assert_eq!(kind, "merchant.close");
    assert_eq!(detail["outlets_closed"], 2);
    // The neighbour's own stall goes on, and it takes the free ones.
    let path = format!("/v1/outlets/{}", neighbour.outlet);
    assert_eq!(market.get(&staff, &path).await.good()["state"], "open");
    for label in ["Số 1", "Số 7"] {
        plan(&market, &staff, &other, label).await.good();
    }
    // Who left takes no stall any more.
    let late = plan(&market, &staff, &merchant, "Số 8").await;
    late.is(409, "wrong_state");
}

async fn a_merchant_that_is_refused_for_good_frees_its_stall(database: Database) {
    let market = Market::open(&database).await;
    let neighbour = stalls::stall(market.store(), 2, stalls::open()).await;
    let staff = market.staff(None).await;
    let body = json!({
        "kind": "household",
        "name": "Hàng hoa Quảng Bá",
        "representative": "Lê Thị Cúc",
        "tax_code": "001185000124",
        "phone": "0912345679",
    });
    let merchant = market.post(&staff, "/v1/merchants", &body).await.good();
    let merchant = merchant["id"].as_str().unwrap();
    let planned = plan(&market, &staff, merchant, "Số 7").await.good();
    let planned = planned["id"].as_str().unwrap();
    let path = format!("/v1/merchants/{merchant}");
    for step in ["submit", "start-review"] {
        let path = format!("{path}/{step}");
        market.step(&staff, &path).await.good();
    }
    let reason = json!({"reason": "Không đủ giấy tờ"});
    let path = format!("{path}/reject");
    let refused = market.post(&staff, &path, &reason).await.good();
    assert_eq!(refused["state"], "rejected");
    let outlet = market.get(&staff, &format!("/v1/outlets/{planned}")).await;
    assert_eq!(outlet.good()["state"], "closed");
    assert_eq!(audited(&market, planned).await.len(), 1);
    let other = neighbour.merchant.to_string();
    plan(&market, &staff, &other, "Số 7").await.good();
}

async fn a_stopped_merchants_money_is_recorded(database: Database) {
    let market = Market::open(&database).await;
    let stall = stalls::stall(market.store(), 1, stalls::open()).await;
    market.bank("bank", &[stall.account]).await;
    let (staff, trader) = (market.staff(None).await, market.trader(stall).await);
    let code = static_code(&market, &trader, stall).await;
    let path = format!("/v1/merchants/{}/suspend", stall.merchant);
    let reason = json!({"reason": "Chờ giấy tờ"});
    market.post(&staff, &path, &reason).await.good();
    let body = json!({"outlet_id": stall.outlet.to_string(), "kind": "static"});
    let refused = market.post(&trader, "/v1/payment-codes", &body).await;
    refused.is(409, "wrong_state");
    let path = format!("/v1/payment-codes/{}", code["id"].as_str().unwrap());
    assert_eq!(market.get(&trader, &path).await.good()["state"], "active");
    pay(&market, 1, &code, 30_000, 11).await;
    let rows = payments(&market).await;
    assert_eq!((&*rows[0].counted_as, &*rows[0].flags), ("verified", ""));
}

async fn a_retired_account_takes_no_new_code_and_its_money_is_recorded(database: Database) {
    let market = Market::open(&database).await;
    let stall = stalls::stall(market.store(), 1, stalls::open()).await;
    market.bank("bank", &[stall.account]).await;
    let (staff, trader) = (market.staff(None).await, market.trader(stall).await);
    let code = static_code(&market, &trader, stall).await;
    let path = format!("/v1/accounts/{}/retire", stall.account);
    market.step(&staff, &path).await.good();
    let mut body = json!({"outlet_id": stall.outlet.to_string(), "kind": "static"});
    for account in [Value::Null, json!(stall.account.to_string())] {
        body["account_id"] = account;
        let refused = market.post(&trader, "/v1/payment-codes", &body).await;
        refused.is(409, "wrong_state");
        assert_eq!(refused.fault(), "no_account");
    }
    pay(&market, 1, &code, 30_000, 11).await;
    let rows = payments(&market).await;
    assert_eq!((&*rows[0].counted_as, &*rows[0].flags), ("verified", ""));
}
