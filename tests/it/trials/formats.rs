//! Each format as the page for banks and the answer to who makes a trial describe it.

use phocho::banks::{ADAPTERS, Secret, adapter_by_name};
use phocho::cli::bank::{Proof, Sender, Signed, format_of};
use serde_json::{Value, json};

use super::bench::{Bench, Trial, told};
use super::pages::page;
use crate::database::run_on_sqlite;
use crate::service::Answer;

/// The formats that any bank can send.
const OWN: [&str; 2] = ["standard_webhooks", "camt054"];

/// The text between two marks.
fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = page.split_once(start).unwrap_or_else(|| panic!("{start}"));
    rest.split_once(end).unwrap().0
}

/// The names that a cell of the page holds; what stands in brackets are values and meanings.
fn names(cell: &str) -> Vec<String> {
    let mut outside = String::new();
    let mut depth = 0;
    for letter in cell.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 => outside.push(letter),
            _ => {}
        }
    }
    let codes = outside.split("<code>").skip(1);
    let codes = codes.map(|rest| rest.split_once("</code>").unwrap().0.to_lowercase());
    codes.collect()
}

/// Whether a notice holds a name, not only as a part of a longer one.
fn holds(notice: &str, name: &str) -> bool {
    let is_part = |letter: Option<char>| letter.is_some_and(|it| it.is_alphanumeric() || it == '_');
    notice.match_indices(name).any(|(start, _)| {
        let (before, behind) = (&notice[..start], &notice[start + name.len()..]);
        let open = name.ends_with('=') || !is_part(behind.chars().next());
        open && !is_part(before.chars().next_back())
    })
}

/// A notice, with the login before it, as one text in lower case.
fn written(trial: &Trial, notice: &Signed) -> String {
    let proof = Proof::Shared(trial.secret.clone());
    let sender = Sender {
        bank: "MBBank",
        proof: &proof,
        config: &trial.config,
        token: None,
    };
    let log_in = format_of(&trial.adapter).unwrap().log_in;
    let log_in = log_in.map(|log_in| log_in(&sender));
    let calls = log_in.iter().chain([notice]).map(|call| {
        let headers = call
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\n"));
        let headers: String = headers.collect();
        format!("{} {}\n{headers}\n{}\n", call.method, call.below, call.body)
    });
    calls.collect::<String>().to_lowercase()
}

/// An answer as the page writes it: what is another each time is left open.
fn shown(answer: &Answer) -> String {
    let mut body = answer.body.clone();
    for place in [
        "/object/reftransactionid",
        "/responseBody/referenceCode",
        "/requestTrace",
    ] {
        if let Some(text) = body.pointer_mut(place).filter(|value| value.is_string()) {
            *text = json!("…");
        }
    }
    let body = match body {
        Value::Null => String::new(),
        body => format!(" {body}").replace('"', "&#34;"),
    };
    format!("<code>{}{body}</code>", answer.status)
}

#[test]
fn every_vendors_notice_is_described_as_it_is_sent_and_answered() {
    run_on_sqlite(async |database| {
        let bench = Bench::open(&database).await;
        let (_, _, vi) = page(&bench, "/docs/banks?lang=vi").await;
        let (_, _, en) = page(&bench, "/docs/banks?lang=en").await;
        for adapter in ADAPTERS.iter().map(|it| it.name()) {
            if OWN.contains(&adapter) {
                continue;
            }
            let trial = bench.trial(adapter).await;
            let credit = told(1, &trial.reference);
            let notice = bench.sign(&trial, &trial.secret, credit).await.unwrap();
            let text = written(&trial, &notice);
            let stored = bench.deliver(&trial, &notice).await;
            let again = bench.tell(&trial, credit).await;
            let made = adapter_by_name(adapter).unwrap().make_secret(&[9; 32]);
            let other = made.unwrap_or_else(|| Secret::text(hex::encode([9; 32])));
            let forged = match bench.sign(&trial, &other, credit).await {
                Ok(forged) => bench.deliver(&trial, &forged).await,
                Err(refused) => refused,
            };
            let row = format!("<tr id=\"{adapter}\">");
            let (vi, en) = (between(&vi, &row, "</tr>"), between(&en, &row, "</tr>"));
            for (row, [sent, proof]) in [(vi, ["gửi", "chứng minh"]), (en, ["sent", "proof"])] {
                let cell = |name| between(row, &format!("<td data-name=\"{name}\">"), "</td>");
                let (sent, proof) = (names(cell(sent)), names(cell(proof)));
                assert!(sent.len() > 4 && !proof.is_empty(), "{adapter}");
                for name in sent.iter().chain(&proof) {
                    assert!(holds(&text, name), "{adapter}: {name} in {text}");
                }
                for answer in [&stored, &again, &forged] {
                    assert!(row.contains(&shown(answer)), "{adapter}: {answer:?}");
                }
            }
            assert_eq!(names(vi), names(en), "{adapter}");
        }
    });
}

#[test]
fn a_made_trial_is_told_without_what_says_nothing() {
    run_on_sqlite(async |database| {
        let bench = Bench::open(&database).await;
        for (adapter, wanted) in [
            ("standard_webhooks", json!({})),
            ("acb", json!({})),
            ("camt054", json!({})),
            (
                "vietqr_vn",
                json!({"paths_below": ["/api/token_generate", "/bank/api/transaction-sync"]}),
            ),
            ("vnpay_ipn", json!({"config": ["vnp_TmnCode"]})),
            ("momo_ipn", json!({"config": ["accessKey", "partnerCode"]})),
        ] {
            let made = bench.ask_for(&json!({"adapter": adapter})).await.body;
            let trial = made["trial"].as_object().unwrap();
            let mut found = json!({});
            for name in ["paths_below", "config", "ed25519_public_key"] {
                if let Some(value) = trial.get(name) {
                    let names = value
                        .as_object()
                        .map(|it| json!(it.keys().collect::<Vec<_>>()));
                    found[name] = names.unwrap_or_else(|| value.clone());
                }
            }
            assert_eq!(found, wanted, "{adapter}");
            let first = made.get("first_notice").is_some();
            assert_eq!(first, OWN.contains(&adapter), "{adapter}");
        }
    });
}
