//! A trial names the one cause: what differs, what was received, what is taken back.

use phocho::banks::Secret;
use phocho::cli::bank::Signed;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::bench::{Bench, Told, Trial, told};
use super::pages::{page, trial_page};
use crate::callbacks::{NOW, STANDARD_BODY};
use crate::database::{Database, on_both_engines, run_on_sqlite};

on_both_engines!(
    a_reversal_says_whether_the_trial_knows_what_it_takes_back,
    what_is_odd_about_an_accepted_movement_is_remarked_on,
    only_an_old_time_shows_that_old_ones_are_refused,
);

fn signed(trial: &Trial, body: &[u8]) -> Signed {
    let Secret::Text(secret) = &trial.secret else {
        panic!("no text")
    };
    let (secret, time) = (secret.expose_secret(), NOW.to_string());
    let signature = phocho::banks::standard_signature(secret, "msg_1", &time, body).unwrap();
    Signed {
        method: "POST",
        below: String::new(),
        headers: vec![
            ("webhook-id", "msg_1".to_owned()),
            ("webhook-timestamp", time),
            ("webhook-signature", signature),
        ],
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

fn notice(trial: &Trial) -> String {
    STANDARD_BODY
        .replace("1030000000117", &trial.account)
        .replace("TH7K2M9XQ4", &trial.reference)
}

async fn a_reversal_says_whether_the_trial_knows_what_it_takes_back(database: Database) {
    let bench = Bench::open(&database).await;
    let trial = bench.trial("standard_webhooks").await;
    let first = notice(&trial);
    bench
        .deliver(&trial, &signed(&trial, first.as_bytes()))
        .await;
    let back = |id: &str, named: &str| {
        first
            .replace("credited", "reversed")
            .replace("\"credit\"", "\"debit\"")
            .replace(
                "\"STX1\"",
                &format!("\"{id}\",\"reverses_transaction_id\":{named}"),
            )
    };
    for (id, named, number, known) in [
        ("R1", "\"STX1\"", "STX1", true),
        ("R2", "\"NOPE\"", "NOPE", false),
    ] {
        let body = back(id, named);
        let answer = bench
            .deliver(&trial, &signed(&trial, body.as_bytes()))
            .await;
        assert_eq!(answer.good(), json!({"success": true}));
        let newest = bench.newest(&trial).await;
        let movement = &newest["movements"][0];
        assert_eq!(movement["kind"]["code"], "reversal");
        let wanted = json!({"number": number, "known": known});
        assert_eq!(movement["takes_back"], wanted);
        let (_, _, shown) = page(&bench, &trial_page(&trial, "en")).await;
        let word = if known {
            "found"
        } else {
            "not known to this trial"
        };
        assert!(shown.contains(&format!("{number} ({word})")), "{shown}");
    }
    let body = back("R3", "null");
    let answer = bench
        .deliver(&trial, &signed(&trial, body.as_bytes()))
        .await;
    let wanted = json!({"success": true, "state": "quarantined", "code": "missing_field"});
    assert_eq!(answer.good(), wanted);
    let advice = bench.newest(&trial).await["advice"]["en"].clone();
    assert!(advice.as_str().unwrap().contains("reverses_transaction_id"));
    // Money that came in is a payment, whatever else it names.
    let odd = first.replace("\"STX1\"", "\"STX9\",\"reverses_transaction_id\":\"STX1\"");
    bench.deliver(&trial, &signed(&trial, odd.as_bytes())).await;
    let newest = bench.newest(&trial).await;
    assert_eq!(newest["movements"][0]["kind"]["code"], "credit");
    assert_eq!(newest["movements"][0]["takes_back"], Value::Null);
}

async fn what_is_odd_about_an_accepted_movement_is_remarked_on(database: Database) {
    let bench = Bench::open(&database).await;
    let trial = bench.trial("standard_webhooks").await;
    let first = notice(&trial);
    let back = |id: &str, more: &str, amount: &str, way: &str| {
        first
            .replace("credited", "reversed")
            .replace("\"credit\"", &format!("\"{way}\""))
            .replace("65000", amount)
            .replace(
                "\"STX1\"",
                &format!("\"{id}\",\"reverses_transaction_id\":\"{more}\""),
            )
    };
    let with = |id: &str, from: &str, to: &str| {
        let changed = first.replace("\"STX1\"", &format!("\"{id}\""));
        assert!(changed.contains(from), "{from}");
        changed.replace(from, to)
    };
    for (name, body, remark) in [
        ("good", first.clone(), None),
        ("a part", back("R1", "STX1", "5000", "debit"), None),
        (
            "the same way",
            back("R2", "STX1", "5000", "credit"),
            Some("goes the same way"),
        ),
        (
            "too much",
            back("R3", "STX1", "999000", "debit"),
            Some("takes back 999000, more than the 65000"),
        ),
        (
            "itself",
            back("R4", "R4", "5000", "debit"),
            Some("names its own number (R4)"),
        ),
        (
            "a credit that names one",
            with(
                "C1",
                "\"C1\"",
                "\"C1\",\"reverses_transaction_id\":\"STX1\"",
            ),
            Some("(STX1) is passed over"),
        ),
        (
            "next year",
            with("C2", "2026-03-16T", "2027-03-16T"),
            Some("is 364 days in the future"),
        ),
        (
            "years ago",
            with("C3", "2026-03-16T", "2020-03-16T"),
            Some("was 2191 days ago"),
        ),
        (
            "a misspelt field",
            with("C4", "\"C4\"", "\"C4\",\"virtualAccount\":\"1\""),
            Some("passed over: data.virtualAccount."),
        ),
    ] {
        let answer = bench
            .deliver(&trial, &signed(&trial, body.as_bytes()))
            .await;
        assert_eq!(answer.good(), json!({"success": true}), "{name}");
        let newest = bench.newest(&trial).await;
        assert_eq!(newest["verdict"]["code"], "accepted", "{name}");
        let remarks = newest["remarks"].as_array().unwrap();
        assert_eq!(
            remarks.len(),
            usize::from(remark.is_some()),
            "{name}: {remarks:?}"
        );
        if let Some(wanted) = remark {
            let told = remarks[0]["en"].as_str().unwrap();
            assert!(told.contains(wanted), "{name}: {told}");
            let (_, _, shown) = page(&bench, &trial_page(&trial, "en")).await;
            assert!(shown.contains(&told.replace('"', "&#34;")), "{name}");
        }
    }
}

async fn only_an_old_time_shows_that_old_ones_are_refused(database: Database) {
    let bench = Bench::open(&database).await;
    for adapter in ["standard_webhooks", "camt054", "sepay_hmac", "casso_v2"] {
        let trial = bench.trial(adapter).await;
        for (age_s, way, passes) in [
            (-360, "360 seconds ahead of the clock here", false),
            (360, "360 seconds behind the clock here", true),
        ] {
            let late = Told {
                age_s,
                ..told(1, &trial.reference)
            };
            assert_eq!(bench.tell(&trial, late).await.status, 401, "{adapter}");
            let newest = bench.newest(&trial).await;
            assert_eq!(newest["reason"], "stale_timestamp", "{adapter}");
            let advice = newest["advice"]["en"].as_str().unwrap();
            assert!(advice.contains(way), "{adapter}: {advice}");
            let passed = bench.checks(&trial, "passed").await;
            assert_eq!(
                passed.contains("stale_refused"),
                passes,
                "{adapter} {age_s}"
            );
        }
    }
}

#[test]
fn a_conflict_says_which_facts_differ_from_which_delivery() {
    run_on_sqlite(async |database| {
        let bench = Bench::open(&database).await;
        let trial = bench.trial("standard_webhooks").await;
        let first = notice(&trial);
        bench
            .deliver(&trial, &signed(&trial, first.as_bytes()))
            .await;
        let other = first
            .replace("65000", "66000")
            .replace("09:29:52", "09:30:00");
        let answer = bench
            .deliver(&trial, &signed(&trial, other.as_bytes()))
            .await;
        let wanted = json!({"success": true, "state": "conflict", "code": "other_facts"});
        assert_eq!(answer.good(), wanted);
        let advice = bench.newest(&trial).await["advice"].clone();
        for (language, parts) in [
            (
                "vi",
                ["lần gửi 1", "số tiền 65000 → 66000", "lúc hạch toán"],
            ),
            (
                "en",
                [
                    "delivery 1",
                    "amount 65000 → 66000",
                    "→ 2026-03-16T09:30:00",
                ],
            ),
        ] {
            let text = advice[language].as_str().unwrap();
            for part in parts {
                assert!(text.contains(part), "{text}");
            }
        }
        let (_, _, shown) = page(&bench, &trial_page(&trial, "en")).await;
        assert!(shown.contains("To do: Differs from delivery 1"));
    });
}

#[test]
fn a_failure_on_purpose_leaves_nothing_to_do_and_shows_what_was_received() {
    run_on_sqlite(async |database| {
        let bench = Bench::open(&database).await;
        let trial = bench.trial("standard_webhooks").await;
        bench.tell(&trial, told(1, &trial.reference)).await;
        let mut forged = signed(&trial, notice(&trial).as_bytes());
        forged.body.push(' ');
        for _ in 0..2 {
            bench.deliver(&trial, &forged).await;
        }
        let newest = bench.newest(&trial).await;
        assert_eq!(newest["hints"][0]["code"], "space_at_end");
        let advice = newest["advice"]["en"].as_str().unwrap();
        assert!(advice.contains(&format!("\"msg_1.{NOW}.\"")), "{advice}");
        assert!(advice.contains(newest["body_sha256"].as_str().unwrap()));
        for (language, intended, to_do) in [
            ("vi", "Đúng như dự định: không cần làm gì.", "Cần làm: "),
            ("en", "As intended: nothing to do.", "To do: "),
        ] {
            let (_, _, shown) = page(&bench, &trial_page(&trial, language)).await;
            assert_eq!(shown.matches(intended).count(), 1);
            assert!(!shown.contains(to_do), "{shown}");
            assert!(shown.contains("byte, SHA-256"));
        }
    });
}

#[test]
fn a_new_trial_says_whole_addresses_a_body_and_whom_to_ask() {
    run_on_sqlite(async |database| {
        let contact = "office@example.vn, <024>";
        let bench = Bench::open_with(&database, |state| {
            state.contact = Some(contact.to_owned());
        })
        .await;
        let answer = bench
            .ask_for(&json!({"adapter": "standard_webhooks"}))
            .await;
        assert_eq!(answer.status, 201);
        let made = answer.body.clone();
        let trial = Trial::read(&made);
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        assert!(text("callback_url").ends_with(&trial.address));
        assert!(text("page_url").ends_with(&text("page")));
        let command = format!("/v1/trials/{}/report", trial.id);
        assert!(text("report_command").ends_with(&command));
        assert!(text("report_command").contains(&format!("Authorization: Bearer {}", trial.token)));
        let body = text("first_notice");
        bench
            .deliver(&trial, &signed(&trial, body.as_bytes()))
            .await;
        let shown = bench.checks(&trial, "passed").await;
        assert!(shown.contains("accepted") && shown.contains("reference_found"));
        let vendor = bench.ask_for(&json!({"adapter": "payos"})).await.body;
        assert!(vendor.get("first_notice").is_none());

        let silent = Bench::open(&database).await;
        for language in ["vi", "en"] {
            for path in [
                format!("/docs/banks?lang={language}"),
                trial_page(&trial, language),
            ] {
                let (status, _, named) = page(&bench, &path).await;
                assert_eq!(status, 200);
                assert!(named.contains("office@example.vn, &#60;024&#62;"), "{path}");
                let (_, _, unnamed) = page(&silent, &path).await;
                let word = ["chưa ghi cách liên hệ", "has not named a contact"];
                assert!(word.iter().any(|it| unnamed.contains(it)), "{path}");
            }
        }
    });
}
