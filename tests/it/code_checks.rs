//! Checking scanned codes over HTTP.

use phocho::domain::bank::{AccountNumber, BankBin};
use phocho::vietqr::{Fields, Payload};
use serde_json::{Value, json};

use crate::database::{Database, on_both_engines};
use crate::market::{Market, minutes_later};
use crate::stalls::{self, Stall};

on_both_engines!(
    a_scanned_code_is_told_from_doctored_old_and_foreign_ones,
    a_code_is_named_only_to_who_may_read_it,
);

const CHECKS: &str = "/v1/code-checks";

async fn issue(market: &Market, token: &str, stall: Stall, more: &Value) -> Value {
    let mut body = json!({"outlet_id": stall.outlet.to_string(), "kind": "static"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    market.post(token, "/v1/payment-codes", &body).await.good()
}

async fn verdict(market: &Market, token: &str, payload: &str, stall: Option<Stall>) -> Value {
    let outlet = stall.map(|stall| stall.outlet.to_string());
    let body = json!({"payload": payload, "outlet_id": outlet});
    let checked = market.post(token, CHECKS, &body).await.good();
    for language in ["vi", "en"] {
        assert!(checked["message"][language].as_str().unwrap().len() > 20);
    }
    checked
}

/// The text with some of what it says changed, under a checksum that fits.
fn doctored(code: &Value, change: impl FnOnce(&mut Fields)) -> String {
    let text = code["payload"].as_str().unwrap();
    let mut fields = Payload::parse(text).unwrap().fields().clone();
    change(&mut fields);
    Payload::from_fields(fields).unwrap().as_str().to_owned()
}

async fn a_scanned_code_is_told_from_doctored_old_and_foreign_ones(database: Database) {
    let market = Market::open(&database).await;
    let own = stalls::stall(market.store(), 1, stalls::open()).await;
    let other = stalls::stall(market.store(), 2, stalls::open()).await;
    let mine = market.trader(own).await;
    let fixed = json!({"amount_rule": "fixed", "amount_vnd": 20_000});
    let code = issue(&market, &mine, own, &fixed).await;
    let sale = json!({"kind": "dynamic", "amount_vnd": 5_000, "expires_at": minutes_later(15)});
    let sale = issue(&market, &mine, own, &sale).await;
    let withdrawn = issue(&market, &mine, own, &json!({})).await;
    let path = format!("/v1/payment-codes/{}", withdrawn["id"].as_str().unwrap());
    market.step(&mine, &format!("{path}/cancel")).await.good();
    let amended = issue(&market, &mine, own, &fixed).await;
    let path = format!("/v1/payment-codes/{}", amended["id"].as_str().unwrap());
    let raise = json!({"amount_rule": "fixed", "amount_vnd": 25_000});
    let headers = [("if-match", "\"1\"")];
    let newer = market
        .send("PATCH", &mine, &path, Some(&raise), &headers)
        .await;
    let newer = newer.good();
    let theirs = doctored(&code, |it| it.service = Some("QRPUSH".to_owned()));
    let body = json!({"outlet_id": own.outlet.to_string(), "payload": theirs});
    let register = "/v1/payment-codes/register";
    market.post(&mine, register, &body).await.good();

    let text = |code: &Value| code["payload"].as_str().unwrap().to_owned();
    let neighbours = AccountNumber::parse(&stalls::account_number(2)).unwrap();
    let bank = BankBin::parse("970415").unwrap();
    for (name, payload, here, wanted) in [
        ("as issued", text(&code), Some(own), "genuine"),
        ("anywhere", text(&code), None, "genuine"),
        (
            "with the line's end",
            format!("{}\n", text(&code)),
            None,
            "genuine",
        ),
        ("elsewhere", text(&code), Some(other), "other_outlet"),
        (
            "the neighbour's account",
            doctored(&code, |it| {
                it.account = Some(neighbours.reveal().to_owned());
            }),
            Some(own),
            "account_differs",
        ),
        (
            "one digit",
            doctored(&code, |it| it.account = Some("0011009900002".to_owned())),
            None,
            "account_differs",
        ),
        (
            "other bank",
            doctored(&code, |it| it.bin = Some(bank.as_str().to_owned())),
            Some(own),
            "account_differs",
        ),
        (
            "other amount",
            doctored(&code, |it| it.amount = Some("200000".to_owned())),
            Some(own),
            "foreign",
        ),
        (
            "no reference",
            doctored(&code, |it| it.additional = None),
            None,
            "foreign",
        ),
        ("withdrawn", text(&withdrawn), Some(own), "revoked"),
        (
            "before the amendment",
            text(&amended),
            Some(own),
            "superseded",
        ),
        ("after the amendment", text(&newer), Some(own), "genuine"),
        ("a sale's", text(&sale), Some(own), "genuine"),
        ("the acquirer's", theirs.clone(), Some(own), "genuine"),
        (
            "damaged",
            text(&code).replacen("0000", "0001", 1),
            None,
            "unreadable",
        ),
        ("no code", "xin chào".to_owned(), None, "unreadable"),
    ] {
        let checked = verdict(&market, &mine, &payload, here).await;
        assert_eq!(checked["verdict"], wanted, "{name}");
    }
    market.state.clock.advance(chrono::TimeDelta::minutes(15));
    let late = verdict(&market, &mine, &text(&sale), Some(own)).await;
    assert_eq!(late["verdict"], "superseded", "its time is over");
}

async fn a_code_is_named_only_to_who_may_read_it(database: Database) {
    let market = Market::open(&database).await;
    let own = stalls::stall(market.store(), 1, stalls::open()).await;
    let other = stalls::stall(market.store(), 2, stalls::open()).await;
    let (mine, theirs) = (market.trader(own).await, market.trader(other).await);
    let (till, inspector) = (market.till(other).await, market.staff(None).await);
    let code = issue(&market, &mine, own, &json!({})).await;
    let text = code["payload"].as_str().unwrap();
    let id = &code["id"];
    for (token, verdict_there, named) in [
        (&mine, "genuine", id),
        (&inspector, "genuine", id),
        (&theirs, "genuine", &Value::Null),
        // A till asks about its own outlet unless it says otherwise.
        (&till, "other_outlet", &Value::Null),
    ] {
        let checked = verdict(&market, token, text, None).await;
        assert_eq!(
            (&checked["verdict"], &checked["code_id"]),
            (&json!(verdict_there), named)
        );
    }
    let wish = json!({"payload": text});
    market
        .post("", CHECKS, &wish)
        .await
        .is(401, "unauthenticated");
    let nowhere = json!({"payload": text, "outlet_id": "out_1"});
    let refused = market.post(&mine, CHECKS, &nowhere).await;
    refused.is(422, "invalid_fields");
    let more = json!({"payload": text, "picture": ""});
    let refused = market.post(&mine, CHECKS, &more).await;
    assert_eq!(refused.fault(), "unknown_field");
}
