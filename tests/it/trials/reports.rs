//! The report: every check both ways, for every format.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use phocho::banks::{ADAPTERS, Adapter, Secret};
use phocho::cli::bank::{CreditState, Signed, format_of};
use phocho::domain::trial::Check;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::bench::{Bench, Told, Trial, names, told};
use crate::callbacks::{hmac, hmac_sha512};
use crate::database::{Database, on_both_engines};

on_both_engines!(
    every_format_passes_its_report_and_not_before_all_was_shown,
    a_try_that_shows_nothing_is_failed_with_what_to_do,
);

/// Another secret of the format than the trial's.
fn other_secret(adapter: &dyn Adapter) -> Secret {
    let made = adapter.make_secret(&[9; 32]);
    made.unwrap_or_else(|| Secret::text(hex::encode([9; 32])))
}

fn key(trial: &Trial) -> &str {
    match &trial.secret {
        Secret::Text(text) => text.expose_secret(),
        Secret::Login { password, .. } => password.expose_secret(),
        Secret::PublicKey { .. } => unreachable!("trials make their secrets"),
    }
}

/// A notice of money out, made of one of money in.
fn money_out(trial: &Trial, signed: Signed) -> Signed {
    let words = [
        ("bank.transaction.credited", "bank.transaction.debited"),
        ("\"direction\":\"credit\"", "\"direction\":\"debit\""),
        ("\"transferType\":\"in\"", "\"transferType\":\"out\""),
        ("\"transferType\":\"IN\"", "\"transferType\":\"OUT\""),
        ("\"transType\":\"C\"", "\"transType\":\"D\""),
        ("\"CREDIT\"", "\"DEBIT\""),
        (">CRDT<", ">DBIT<"),
        ("\"amount\":45000", "\"amount\":-45000"),
    ];
    let negative = trial.adapter.starts_with("casso");
    let changes = words.iter().take(if negative { 8 } else { 7 });
    let body = changes.fold(signed.body.clone(), |body, (from, to)| {
        body.replace(from, to)
    });
    let header = |name: &str| {
        let mut headers = signed.headers.iter();
        headers.find(|it| it.0 == name).map(|it| it.1.clone())
    };
    let proof = match trial.adapter.as_str() {
        "standard_webhooks" | "camt054" => {
            let secret = key(trial).strip_prefix("whsec_").unwrap();
            let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
            let text = format!("{}.{}.{body}", id.unwrap(), time.unwrap());
            let mac = hmac(&STANDARD.decode(secret).unwrap(), &[text.as_bytes()]);
            let signature = format!("v1,{}", STANDARD.encode(mac));
            Some(("webhook-signature", signature))
        }
        "sepay_hmac" => {
            let text = format!("{}.{body}", header("x-sepay-timestamp").unwrap());
            let mac = hmac(key(trial).as_bytes(), &[text.as_bytes()]);
            Some(("x-sepay-signature", format!("sha256={}", hex::encode(mac))))
        }
        "casso_v2" => {
            let shown = header("x-casso-signature").unwrap();
            let time = shown.strip_prefix("t=").unwrap().split_once(',').unwrap().0;
            let text = format!("{time}.{body}");
            let mac = hmac_sha512(key(trial).as_bytes(), &[text.as_bytes()]);
            let signature = format!("t={time},v1={}", hex::encode(mac));
            Some(("x-casso-signature", signature))
        }
        _ => None,
    };
    let mut anew = Signed { body, ..signed };
    if let Some((name, value)) = proof {
        anew.headers.retain(|it| it.0 != name);
        anew.headers.push((name, value));
    }
    anew
}

/// Shows one check to a trial; the first notice shows two.
async fn show(bench: &Bench, trial: &Trial, adapter: &dyn Adapter, check: Check) {
    let reference = trial.reference.clone();
    let tells_failures = format_of(adapter.name()).unwrap().tells_failures;
    let mangled = format!("MBVCB.3278907687.{}.CT tu 1", reference.to_lowercase());
    match check {
        Check::Accepted | Check::ReferenceFound | Check::Repeat => {
            bench.tell(trial, told(1, &reference)).await;
        }
        Check::TwoAlike => {
            bench.tell(trial, told(2, &reference)).await;
        }
        Check::MangledFound => {
            bench.tell(trial, told(3, &mangled)).await;
        }
        Check::NotMoney if tells_failures => {
            let failed = Told {
                state: CreditState::Failed,
                ..told(4, &reference)
            };
            bench.tell(trial, failed).await;
        }
        Check::NotMoney => {
            let signed = bench.sign(trial, &trial.secret, told(4, "rut tien")).await;
            let debit = money_out(trial, signed.unwrap());
            let answer = bench.deliver(trial, &debit).await;
            assert!((200..300).contains(&answer.status), "{answer:?}");
        }
        Check::ForgedRefused => {
            let other = other_secret(adapter);
            match bench.sign(trial, &other, told(5, &reference)).await {
                Ok(forged) => drop(bench.deliver(trial, &forged).await),
                Err(login) => assert_eq!(login.status, 401),
            }
        }
        Check::StaleRefused => {
            let stale = Told {
                age_s: 600,
                ..told(6, &reference)
            };
            assert_eq!(bench.tell(trial, stale).await.status, 401);
        }
    }
}

async fn every_format_passes_its_report_and_not_before_all_was_shown(database: Database) {
    let bench = Bench::open(&database).await;
    for adapter in ADAPTERS {
        let name = adapter.name();
        let format = format_of(name).unwrap();
        let tells = adapter.tells();
        assert_eq!(tells.signed_time, format.signs_time, "{name}");
        let trial = bench.trial(name).await;
        let absent = bench.checks(&trial, "not_in_format").await;
        let asked = Check::ALL.into_iter().filter(|check| tells.has(*check));
        let asked: Vec<_> = asked.collect();
        assert_eq!(absent.len(), Check::ALL.len() - asked.len(), "{name}");
        let mut shown = names(&[]);
        for check in asked {
            if shown.contains(check.as_str()) {
                continue;
            }
            let report = bench.report(&trial).await;
            assert_eq!(report["passed"], false, "{name} before {check:?}");
            assert_eq!(report["passed_at"], Value::Null, "{name} before {check:?}");
            assert_eq!(bench.checks(&trial, "passed").await, shown, "{name}");
            show(&bench, &trial, *adapter, check).await;
            shown.insert(check.as_str().to_owned());
            if check == Check::Accepted {
                shown.insert(Check::ReferenceFound.as_str().to_owned());
            }
            assert_eq!(
                bench.checks(&trial, "passed").await,
                shown,
                "{name} {check:?}"
            );
        }
        let report = bench.report(&trial).await;
        assert_eq!(report["passed"], true, "{name}: {report}");
        assert_eq!(report["adapter"], *name);
        assert_eq!(report["phocho_version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(report["passed_at"], report["last_delivery_at"], "{name}");
        let counts = report["counts"].as_object().unwrap().values();
        let counted: i64 = counts.map(|count| count.as_i64().unwrap()).sum();
        assert_eq!(report["deliveries"], counted, "{name}");
        let checks = report["checks"].as_array().unwrap().iter();
        assert!(
            checks.clone().all(|it| it["what_to_do"].is_null()),
            "{name}"
        );
    }
}

async fn a_try_that_shows_nothing_is_failed_with_what_to_do(database: Database) {
    let bench = Bench::open(&database).await;
    let adapter = phocho::banks::adapter_by_name("sepay_hmac").unwrap();
    let trial = bench.trial("sepay_hmac").await;
    let reference = trial.reference.clone();
    let failed = async || bench.checks(&trial, "failed").await;
    assert!(failed().await.is_empty());

    // A forgery before anything was accepted shows only that signing does not work yet.
    let other = other_secret(adapter);
    let forged = bench.sign(&trial, &other, told(1, &reference));
    bench.deliver(&trial, &forged.await.unwrap()).await;
    assert_eq!(failed().await, names(&["accepted"]));
    assert!(bench.checks(&trial, "passed").await.is_empty());

    bench.tell(&trial, told(1, "com trua")).await;
    assert_eq!(failed().await, names(&["reference_found", "mangled_found"]));
    bench.tell(&trial, told(2, &reference)).await;
    assert_eq!(failed().await, names(&["mangled_found"]));

    // The same number with another amount contradicts; it is no repeat and no second movement.
    let signed = bench.sign(&trial, &trial.secret, told(2, &reference)).await;
    let mut signed = signed.unwrap();
    signed.body = signed.body.replace("45000", "46000");
    let time = signed.headers.iter().find(|it| it.0 == "x-sepay-timestamp");
    let text = format!("{}.{}", time.unwrap().1, signed.body);
    let mac = hmac(key(&trial).as_bytes(), &[text.as_bytes()]);
    signed.headers.retain(|it| it.0 != "x-sepay-signature");
    let proof = format!("sha256={}", hex::encode(mac));
    signed.headers.push(("x-sepay-signature", proof));
    let answer = bench.deliver(&trial, &signed).await;
    assert_eq!(
        (answer.status, answer.body),
        (200, json!({"success": true}))
    );
    let newest = bench.newest(&trial).await;
    assert_eq!(newest["verdict"]["code"], "conflict");
    assert_eq!(
        failed().await,
        names(&["mangled_found", "repeat", "two_alike"])
    );
    let report = bench.report(&trial).await;
    let checks = report["checks"].as_array().unwrap().iter();
    for check in checks.filter(|check| check["state"] == "failed") {
        assert!(check["delivery"].is_i64(), "{check}");
        for language in ["vi", "en"] {
            assert!(check["what_to_do"][language].is_string(), "{check}");
        }
    }

    // What was shown once stays shown, whatever comes after it.
    let before = bench.checks(&trial, "passed").await;
    bench.tell(&trial, told(9, "bun oc")).await;
    assert_eq!(bench.checks(&trial, "passed").await, before);
}
