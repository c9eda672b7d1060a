//! Payment codes over HTTP: listed, amended, registered for an acquirer, and their history.

use chrono::TimeDelta;
use phocho::domain::ids::ZoneId;
use phocho::vietqr::{Fields, Payload};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{Database, on_both_engines};
use crate::market::{Market, ids, minutes_later};
use crate::service::Answer;
use crate::stalls::{self, Stall, account_number};

on_both_engines!(
    codes_are_listed_newest_first_to_whoever_may_see_them,
    whoever_looks_after_the_street_is_not_shown_a_code_of_one_sale,
    an_amended_code_shows_its_new_amount_and_keeps_its_history,
    an_amendment_decided_on_an_older_state_or_unfit_for_the_code_is_refused,
    an_acquirers_code_is_registered_read_drawn_and_in_use_once,
    no_code_is_issued_for_a_merchant_that_was_stopped,
);

const CODES: &str = "/v1/payment-codes";

async fn issue(market: &Market, token: &str, stall: Stall, vnd: Option<i64>) -> Value {
    let outlet = stall.outlet.to_string();
    let body = vnd.map_or(json!({"outlet_id": outlet, "kind": "static"}), |vnd| {
        json!({
            "outlet_id": outlet,
            "kind": "dynamic",
            "amount_vnd": vnd,
            "expires_at": minutes_later(15),
        })
    });
    market.post(token, CODES, &body).await.good()
}

fn path(code: &Value) -> String {
    format!("{CODES}/{}", code["id"].as_str().unwrap())
}

async fn amend(market: &Market, token: &str, code: &Value, tag: &str, body: &Value) -> Answer {
    let headers = [("if-match", tag)];
    market
        .send("PATCH", token, &path(code), Some(body), &headers)
        .await
}

fn acquirers(service: &str, account: &str) -> String {
    let fields = Fields {
        initiation: Some("11".to_owned()),
        bin: Some("970436".to_owned()),
        account: Some(account.to_owned()),
        service: Some(service.to_owned()),
        currency: Some("704".to_owned()),
        country: Some("VN".to_owned()),
        ..Fields::default()
    };
    Payload::from_fields(fields).unwrap().as_str().to_owned()
}

async fn codes_are_listed_newest_first_to_whoever_may_see_them(database: Database) {
    let market = Market::open(&database).await;
    let own = stalls::stall(market.store(), 1, stalls::open()).await;
    let other = stalls::stall(market.store(), 2, stalls::open()).await;
    let (mine, theirs) = (market.trader(own).await, market.trader(other).await);
    let till = market.till(own).await;
    // Ids sort by the millisecond; within one their order is chance.
    let later = || market.state.clock.advance(TimeDelta::milliseconds(1));
    let printed = issue(&market, &mine, own, None).await;
    later();
    let sale = issue(&market, &till, own, Some(50_000)).await;
    later();
    let foreign = issue(&market, &theirs, other, None).await;
    let id = |code: &Value| code["id"].as_str().unwrap().to_owned();
    let (printed, sale, foreign) = (id(&printed), id(&sale), id(&foreign));
    let inspector = market.staff(None).await;
    let elsewhere = market.staff(Some(Vec::new())).await;
    let zone = ZoneId::from_uuid(Uuid::from_u128(1));
    let neighbour = market.staff(Some(vec![zone])).await;
    let outlet = format!("?outlet_id={}", own.outlet);
    for (token, query, wanted) in [
        (&mine, "", vec![&sale, &printed]),
        (&theirs, "", vec![&foreign]),
        (&theirs, outlet.as_str(), vec![]),
        (&till, "", vec![&sale, &printed]),
        (&till, "?kind=static", vec![&printed]),
        (&mine, "?kind=dynamic&state=active", vec![&sale]),
        (&mine, "?state=expired", vec![]),
        // Staff are not told what was sold for how much.
        (&inspector, outlet.as_str(), vec![&printed]),
        (&inspector, "?kind=dynamic", vec![]),
        (&neighbour, "", vec![&foreign, &printed]),
        (&elsewhere, "", vec![]),
    ] {
        let page = market.get(token, &format!("{CODES}{query}")).await.good();
        assert_eq!(ids(&page), wanted, "{query}");
    }
    let page = market.get(&mine, &format!("{CODES}?limit=1")).await.good();
    assert_eq!(
        (ids(&page), &page["has_more"]),
        (vec![&*sale], &json!(true))
    );
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = market
        .get(&mine, &format!("{CODES}?limit=1&cursor={cursor}"))
        .await;
    let next = next.good();
    assert_eq!(ids(&next), [&*printed]);
    let read = market.get(&mine, &format!("{CODES}/{printed}")).await;
    assert_eq!(next["data"][0], read.good(), "a row is the whole code");
    for query in [
        "?state=lost",
        "?kind=round",
        "?outlet_id=out_1",
        "?colour=red",
    ] {
        let refused = market.get(&mine, &format!("{CODES}{query}")).await;
        refused.is(400, "invalid_query");
    }
    market.get("", CODES).await.is(401, "unauthenticated");
    market.state.clock.advance(chrono::TimeDelta::minutes(15));
    let page = market.get(&mine, &format!("{CODES}?state=expired")).await;
    let page = page.good();
    assert_eq!(
        (ids(&page), &page["data"][0]["state"]),
        (vec![&*sale], &json!("expired"))
    );
}

async fn whoever_looks_after_the_street_is_not_shown_a_code_of_one_sale(database: Database) {
    let market = Market::open(&database).await;
    let own = stalls::stall(market.store(), 1, stalls::open()).await;
    let (mine, till) = (market.trader(own).await, market.till(own).await);
    let zone = ZoneId::from_uuid(Uuid::from_u128(1));
    let staff = [
        market.staff(None).await,
        market.staff(Some(vec![zone])).await,
    ];
    let printed = issue(&market, &mine, own, None).await;
    let sale = issue(&market, &till, own, Some(50_000)).await;
    let asked = json!({"outlet_id": own.outlet.to_string(), "kind": "dynamic", "for_test": true});
    let test = market.post(&mine, CODES, &asked).await.good();
    for end in ["", "/qr.svg", "/qr.png", "/qr.svg?revision=1", "/revisions"] {
        let read = async |token: &str, code: &Value| {
            let answer = market.get(token, &format!("{}{end}", path(code))).await;
            (answer.status, answer)
        };
        for token in [&mine, &till] {
            assert_eq!(read(token, &sale).await.0, 200, "{end}");
        }
        for token in &staff {
            read(token, &sale).await.1.is(404, "not_found");
            for code in [&printed, &test] {
                assert_eq!(read(token, code).await.0, 200, "{end}");
            }
        }
    }
    // Changing it would show it.
    let wish = json!({"amount_rule": "fixed", "amount_vnd": 35_000});
    let check = json!({"payload": sale["payload"]});
    for token in &staff {
        let amended = amend(&market, token, &sale, "\"1\"", &wish).await;
        amended.is(404, "not_found");
        let cancelled = market.step(token, &format!("{}/cancel", path(&sale))).await;
        cancelled.is(404, "not_found");
        let checked = market.post(token, "/v1/code-checks", &check).await.good();
        let told = (&checked["verdict"], &checked["code_id"]);
        assert_eq!(told, (&json!("genuine"), &Value::Null));
    }
    let after = market.get(&mine, &path(&sale)).await.good();
    assert_eq!(after, sale, "nothing changed");
    let cancel = format!("{}/cancel", path(&printed));
    let cancelled = market.step(&staff[0], &cancel).await.good();
    assert_eq!(cancelled["state"], "cancelled");
}

async fn an_amended_code_shows_its_new_amount_and_keeps_its_history(database: Database) {
    let market = Market::open(&database).await;
    let own = stalls::stall(market.store(), 1, stalls::open()).await;
    let other = stalls::stall(market.store(), 2, stalls::open()).await;
    let (mine, theirs) = (market.trader(own).await, market.trader(other).await);
    let till = market.till(own).await;
    let code = issue(&market, &mine, own, None).await;
    let tag = market.get(&mine, &path(&code)).await.headers["etag"].clone();
    let tag = tag.to_str().unwrap();
    let wish = json!({"amount_rule": "fixed", "amount_vnd": 35_000});
    let foreign = amend(&market, &theirs, &code, tag, &wish).await;
    foreign.is(404, "not_found");
    amend(&market, &till, &code, tag, &wish)
        .await
        .is(403, "forbidden");
    let amended = amend(&market, &mine, &code, tag, &wish).await;
    let new_tag = amended.headers["etag"].clone();
    let amended = amended.good();
    assert_eq!(amended["revision"], 2);
    assert_eq!(amended["reference"], code["reference"]);
    let text = Payload::parse(amended["payload"].as_str().unwrap()).unwrap();
    assert_eq!(text.amount().unwrap().unwrap().get(), 35_000);
    assert_eq!(text.account().reveal(), account_number(1));
    let read = market.get(&mine, &path(&code)).await;
    assert_eq!(read.headers["etag"], new_tag);
    assert_eq!(read.good(), amended);

    let history = format!("{}/revisions", path(&code));
    let page = market
        .get(&till, &format!("{history}?limit=1"))
        .await
        .good();
    assert_eq!(page["data"][0]["payload"], amended["payload"]);
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = format!("{history}?limit=1&cursor={cursor}");
    let next = market.get(&till, &next).await.good();
    let first = &next["data"][0];
    assert_eq!(
        (&first["revision"], &first["payload"]),
        (&json!(1), &code["payload"])
    );
    assert_eq!(first["created_by"], json!(own.merchant.to_string()));
    assert_eq!(next["has_more"], false);
    market.get(&theirs, &history).await.is(404, "not_found");
    for (revision, wanted) in [(1, 200), (2, 200), (3, 404)] {
        let picture = format!("{}/qr.svg?revision={revision}", path(&code));
        let drawn = market.get(&mine, &picture).await;
        assert_eq!(drawn.status, wanted, "{revision}");
    }
}

async fn an_amendment_decided_on_an_older_state_or_unfit_for_the_code_is_refused(
    database: Database,
) {
    let market = Market::open(&database).await;
    let own = stalls::stall(market.store(), 1, stalls::open()).await;
    let mine = market.trader(own).await;
    let printed = issue(&market, &mine, own, None).await;
    let sale = issue(&market, &mine, own, Some(50_000)).await;
    let wish = json!({"amount_rule": "fixed", "amount_vnd": 35_000});
    let place = path(&printed);
    let plain = market.send("PATCH", &mine, &place, Some(&wish), &[]).await;
    plain.is(400, "invalid_header");
    assert_eq!(plain.fault(), "required");
    for (code, body, tag, status, fault) in [
        (&printed, wish.clone(), "\"2\"", 412, ""),
        (
            &printed,
            json!({"amount_rule": "half"}),
            "\"1\"",
            422,
            "unknown_word",
        ),
        (
            &printed,
            json!({"amount_rule": "fixed"}),
            "\"1\"",
            422,
            "required",
        ),
        (
            &printed,
            json!({"amount_rule": "open", "amount_vnd": 1}),
            "\"1\"",
            422,
            "not_of_this_kind",
        ),
        (
            &printed,
            json!({"amount_rule": "fixed", "amount_vnd": 500_000_000}),
            "\"1\"",
            422,
            "too_large",
        ),
        (
            &sale,
            json!({"amount_rule": "open"}),
            "\"1\"",
            422,
            "amount_required",
        ),
    ] {
        let refused = amend(&market, &mine, code, tag, &body).await;
        assert_eq!(refused.status, status, "{body}");
        assert!(fault.is_empty() || refused.fault() == fault, "{refused:?}");
    }
    // Of two at a time, decided on the same state, one takes effect.
    let (one, other) = tokio::join!(
        amend(&market, &mine, &printed, "\"1\"", &wish),
        amend(&market, &mine, &printed, "\"1\"", &wish),
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    market.state.clock.advance(chrono::TimeDelta::minutes(15));
    let late = amend(&market, &mine, &sale, "\"1\"", &wish).await;
    late.is(409, "wrong_state");
    assert_eq!(late.fault(), "code_expired");
}

async fn an_acquirers_code_is_registered_read_drawn_and_in_use_once(database: Database) {
    let market = Market::open(&database).await;
    let own = stalls::stall(market.store(), 1, stalls::open()).await;
    let other = stalls::stall(market.store(), 2, stalls::open()).await;
    let (mine, theirs) = (market.trader(own).await, market.trader(other).await);
    let path = format!("{CODES}/register");
    let wish = |stall: Stall, payload: &str| {
        json!({
            "outlet_id": stall.outlet.to_string(), "payload": payload,
        })
    };
    let text = acquirers("QRPUSH", "MERCHANT01");
    let till = market.till(own).await;
    let by_till = market.post(&till, &path, &wish(own, &text)).await;
    by_till.is(403, "forbidden");
    let foreign = market.post(&theirs, &path, &wish(own, &text)).await;
    foreign.is(422, "invalid_fields");
    assert_eq!(foreign.fault(), "unknown_outlet");
    let transfer = acquirers("QRIBFTTA", "0011009900001");
    let mut broken = text.clone();
    broken.replace_range(broken.len() - 4.., "0000");
    for (payload, fault) in [
        (transfer.as_str(), "not_an_acquirers"),
        (broken.as_str(), "crc_mismatch"),
        ("https://example.vn", "first_tag_not_00"),
    ] {
        let refused = market.post(&mine, &path, &wish(own, payload)).await;
        refused.is(422, "invalid_fields");
        assert_eq!(refused.fault(), fault, "{payload}");
    }
    let headers = [("idempotency-key", "sticker-1")];
    let body = wish(own, &text);
    let kept = market
        .send("POST", &mine, &path, Some(&body), &headers)
        .await;
    assert_eq!(kept.status, 201);
    let kept = kept.good();
    assert_eq!(
        (&kept["scheme"], &kept["payload"]),
        (&json!("merchant_pay"), &json!(text))
    );
    let again = market
        .send("POST", &mine, &path, Some(&body), &headers)
        .await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.good()["id"], kept["id"]);
    for (token, stall) in [(&mine, own), (&theirs, other)] {
        let double = market.post(token, &path, &wish(stall, &text)).await;
        double.is(409, "already_exists");
        assert_eq!(double.body["errors"][0]["pointer"], "/payload");
    }
    let code = format!("{CODES}/{}", kept["id"].as_str().unwrap());
    let drawn = market.get(&mine, &format!("{code}/qr.svg")).await;
    assert_eq!(drawn.status, 200);
    let one = json!({"amount_rule": "fixed", "amount_vnd": 1_000});
    let amended = amend(&market, &mine, &kept, "\"1\"", &one).await;
    amended.is(409, "wrong_state");
    assert_eq!(amended.fault(), "code_not_ours");
    // Withdrawn here, it may hang elsewhere.
    market.step(&mine, &format!("{code}/cancel")).await.good();
    let moved = market.post(&theirs, &path, &wish(other, &text)).await;
    assert_eq!(moved.status, 201);
}

async fn no_code_is_issued_for_a_merchant_that_was_stopped(database: Database) {
    let market = Market::open(&database).await;
    let stall = stalls::stall(market.store(), 1, stalls::open()).await;
    let trader = market.trader(stall).await;
    stalls::suspend(market.store(), stall.merchant).await;
    let outlet = stall.outlet.to_string();
    let text = acquirers("QRPUSH", "MERCHANT01");
    for (path, body) in [
        (
            CODES.to_owned(),
            json!({"outlet_id": outlet, "kind": "static"}),
        ),
        (
            CODES.to_owned(),
            json!({"outlet_id": outlet, "kind": "dynamic", "for_test": true}),
        ),
        (
            format!("{CODES}/register"),
            json!({"outlet_id": outlet, "payload": text}),
        ),
    ] {
        let refused = market.post(&trader, &path, &body).await;
        refused.is(409, "wrong_state");
        assert_eq!(refused.fault(), "merchant_not_active", "{body}");
    }
}
