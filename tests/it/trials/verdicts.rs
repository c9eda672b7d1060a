//! What a trial says of single deliveries: the verdict, why, what to do, what was read.

use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use phocho::banks::Secret;
use phocho::cli::bank::Signed;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::bench::{Bench, Trial, told};
use crate::callbacks::{NOW, STANDARD_BODY, standard_v1, standard_v1a};
use crate::database::{Database, on_both_engines, run_on_sqlite};
use crate::service::send;

on_both_engines!(
    a_trial_answers_in_the_vendors_form_and_says_what_was_read,
    a_key_of_the_senders_proves_a_notice_too,
);

fn key(trial: &Trial) -> Vec<u8> {
    let Secret::Text(text) = &trial.secret else {
        panic!("no text")
    };
    let secret = text.expose_secret().strip_prefix("whsec_").unwrap();
    STANDARD.decode(secret).unwrap()
}

fn headers(signature: String) -> Vec<(&'static str, String)> {
    vec![
        ("webhook-id", "msg_1".to_owned()),
        ("webhook-timestamp", NOW.to_string()),
        ("webhook-signature", signature),
    ]
}

/// A body under the trial's own signature.
fn signed(trial: &Trial, body: &str) -> Signed {
    let signature = standard_v1(&key(trial), "msg_1", &NOW.to_string(), body.as_bytes());
    Signed {
        method: "POST",
        below: String::new(),
        headers: headers(signature),
        body: body.to_owned(),
    }
}

/// Our own contract's sample, about the trial's account and reference.
fn notice(trial: &Trial) -> String {
    STANDARD_BODY
        .replace("1030000000117", &trial.account)
        .replace("TH7K2M9XQ4", &trial.reference)
}

async fn a_trial_answers_in_the_vendors_form_and_says_what_was_read(database: Database) {
    let bench = Bench::open(&database).await;
    let trial = bench.trial("vietqr_vn").await;
    let first = bench.tell(&trial, told(1, &trial.reference)).await;
    let receipt = first.body["object"]["reftransactionid"].clone();
    assert!(receipt.as_str().unwrap().starts_with("btx_"), "{first:?}");
    let again = bench.tell(&trial, told(1, &trial.reference)).await;
    assert_eq!(again.body, first.body);
    let deliveries = bench.deliveries(&trial).await;
    let verdicts: Vec<_> = deliveries.iter().map(|it| &it["verdict"]["code"]).collect();
    assert_eq!(
        verdicts,
        ["duplicate", "logged_in", "accepted", "logged_in"]
    );
    let newest = &deliveries[0];
    assert_eq!(newest["number"], 4);
    assert_eq!(newest["path_below"], "/bank/api/transaction-sync");
    assert_eq!(newest["answer"]["status"], 200);
    assert!(newest["answer"]["body"].as_str().unwrap().contains("btx_"));
    let movement = &newest["movements"][0];
    assert_eq!(movement["amount_vnd"], 45_000);
    assert_eq!(movement["account_number"], *trial.account);
    assert_eq!(movement["kind"]["code"], "credit");
    assert_eq!(movement["came"]["code"], "again");
    let why = &movement["explanation"];
    assert_eq!(why["reference"], *trial.reference);
    assert_eq!(why["verdict"]["code"], "reference_in_text");
    assert_eq!(why["evidence"][0]["notes"][1]["code"], "as_written");
    // The token that a login was given is not kept.
    assert_eq!(deliveries[1]["answer"]["body"], "");

    let trial = bench.trial("vnpay_ipn").await;
    for wanted in ["00", "02"] {
        let answer = bench.tell(&trial, told(1, &trial.reference)).await;
        assert_eq!(
            (answer.status, &answer.body["RspCode"]),
            (200, &json!(wanted))
        );
    }
    assert_eq!(bench.newest(&trial).await["method"], "GET");
}

async fn a_key_of_the_senders_proves_a_notice_too(database: Database) {
    let bench = Bench::open(&database).await;
    let public = SigningKey::from_bytes(&[7; 32]).verifying_key();
    let public = format!("whpk_{}", STANDARD.encode(public.as_bytes()));
    let wish = json!({"adapter": "standard_webhooks", "ed25519_public_key": public});
    let answer = bench.ask_for(&wish).await;
    assert_eq!(answer.body["trial"]["ed25519_public_key"], *public);
    let trial = Trial::read(&answer.good());
    let body = notice(&trial);
    let signature = standard_v1a("msg_1", &NOW.to_string(), body.as_bytes());
    let signed = Signed {
        headers: headers(signature),
        ..signed(&trial, &body)
    };
    assert_eq!(bench.deliver(&trial, &signed).await.status, 200);
    assert_eq!(bench.newest(&trial).await["verdict"]["code"], "accepted");
    let other = bench.trial("standard_webhooks").await;
    assert_eq!(bench.deliver(&other, &signed).await.status, 401);
}

#[test]
fn every_fault_is_named_with_what_to_do_in_both_languages() {
    run_on_sqlite(async |database| {
        let bench = Bench::open(&database).await;
        let trial = bench.trial("standard_webhooks").await;
        let body = notice(&trial);
        let good = signed(&trial, &body);
        let with = |name: &'static str, value: &str| {
            let mut changed = good.clone();
            changed.headers.retain(|it| it.0 != name);
            changed.headers.push((name, value.to_owned()));
            changed
        };
        let sent = |from: &str, to: &str| signed(&trial, &body.replace(from, to));
        let without = |name: &str| {
            let mut changed = good.clone();
            changed.headers.retain(|it| it.0 != name);
            changed
        };
        let spaced = Signed {
            body: body.replace("\":", "\": "),
            ..good.clone()
        };
        let as_hex = {
            let shown = &good.headers[2].1;
            let mac = STANDARD.decode(&shown[3..]).unwrap();
            with("webhook-signature", &format!("v1,{}", hex::encode(mac)))
        };
        let twice = {
            let mut changed = good.clone();
            changed.headers.push(("webhook-id", "msg_2".to_owned()));
            changed
        };
        #[rustfmt::skip]
        let cases = [
            ("no id", without("webhook-id"), "refused", "missing_header", None),
            ("two ids", twice, "refused", "repeated_header", None),
            ("a word for a time", with("webhook-timestamp", "soon"), "refused", "malformed_header", None),
            ("a foreign signature", with("webhook-signature", "v1,AAAA"), "refused", "signature_mismatch", None),
            ("spaces after signing", spaced, "refused", "signature_mismatch", Some("body_rewritten")),
            ("hexadecimal", as_hex, "refused", "signature_mismatch", Some("hex_for_base64")),
            ("one key twice", sent("\"amount\":65000", "\"amount\":65000,\"amount\":1"), "refused", "ambiguous_body", None),
            ("no time", sent("2026-03-16T", "16/03/2026 "), "quarantined", "bad_field", None),
            ("a fraction", sent("\"amount\":65000", "\"amount\":65000.5"), "quarantined", "bad_amount", None),
            ("dollars", sent("VND", "USD"), "quarantined", "other_currency", None),
            ("no currency", sent("\"currency\":\"VND\",", ""), "quarantined", "missing_field", None),
            ("against itself", sent("\"credit\"", "\"debit\""), "quarantined", "contradiction", None),
            ("another account", sent(&trial.account, "1030000000117"), "quarantined", "account_not_bound", None),
            ("a ping", sent("bank.transaction.credited", "ping"), "ignored", "ping", None),
        ];
        for (name, delivery, verdict, reason, hint) in cases {
            let status = if verdict == "refused" { 401 } else { 200 };
            let answer = bench.deliver(&trial, &delivery).await;
            assert_eq!(answer.status, status, "{name}");
            let newest = bench.newest(&trial).await;
            assert_eq!(newest["verdict"]["code"], verdict, "{name}");
            assert_eq!(newest["reason"], reason, "{name}: {newest}");
            for language in ["vi", "en"] {
                let advice = newest["advice"][language].as_str();
                assert!(advice.is_some_and(|text| text.len() > 20), "{name}");
            }
            let hints = newest["hints"].as_array().unwrap();
            assert_eq!(
                hints.first().map(|it| &it["code"]),
                hint.map(Value::from).as_ref(),
                "{name}"
            );
        }
        assert!(bench.checks(&trial, "passed").await.is_empty());
        bench.deliver(&trial, &good).await;
        assert_eq!(bench.newest(&trial).await["advice"], Value::Null);
    });
}

#[test]
fn a_notice_at_no_address_of_the_format_is_not_taken() {
    run_on_sqlite(async |database| {
        let bench = Bench::open(&database).await;
        let trial = bench.trial("vietqr_vn").await;
        let plain = bench.trial("pay2s").await;
        for (method, target, wanted) in [
            ("POST", trial.address.clone(), 404),
            ("GET", trial.address.clone(), 404),
            ("POST", format!("{}/api/token_generate", trial.address), 401),
            ("POST", format!("{}/api/token_generate", plain.address), 404),
            ("POST", format!("{}/elsewhere", plain.address), 404),
            ("GET", plain.address.clone(), 405),
            ("PUT", plain.address.clone(), 405),
        ] {
            let request = Request::builder().method(method).uri(&target);
            let request = request.body(Body::empty()).unwrap();
            let answer = send(&bench.service, request).await;
            assert_eq!(answer.status, wanted, "{method} {target}");
        }
        // What was not read is no delivery.
        assert!(bench.deliveries(&plain).await.is_empty());
        let request = Request::post(&plain.address).header("content-type", "text/plain");
        let request = request.body(Body::from("{}")).unwrap();
        let answer = send(&bench.service, request).await;
        answer.is(415, "unsupported_media_type");
    });
}
