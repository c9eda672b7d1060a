//! Every sample delivery, through the library and through the built command.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::DateTime;
use phocho::banks::{Answer, Credentials, Delivery, Outcome, Reading, Secret, adapter_by_name};
use phocho::domain::credit::BankFact;
use phocho::domain::day::to_rfc3339;
use serde_json::{Value, json};

const ADAPTERS: [&str; 3] = ["standard_webhooks", "sepay_hmac", "payos"];

fn file(adapter: &str) -> Value {
    let name = format!("tests/data/callbacks/{adapter}.json");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// What the file gives for all cases, overridden by what one case gives.
fn setting<'a>(file: &'a Value, case: &'a Value, key: &str) -> &'a Value {
    case.get(key).unwrap_or(&file[key])
}

fn now_of(file: &Value, case: &Value) -> i64 {
    let now = case.get("now_unix").unwrap_or(&file["clock"]["now_unix"]);
    now.as_i64().unwrap()
}

fn credentials_of(file: &Value, case: &Value) -> Credentials {
    let text = |key| setting(file, case, key).as_str();
    let mut credentials = Credentials::new(Secret::text(text("secret").unwrap()));
    credentials.previous = text("previous_secret").map(Secret::text);
    credentials.ed25519_public_key = text("ed25519_public_key").map(str::to_owned);
    credentials
}

fn delivery_of(case: &Value) -> Delivery {
    let headers = case["headers"].as_object().unwrap().iter();
    let headers =
        headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().as_bytes().to_vec()));
    let text = |key: &str| case[key].as_str().unwrap();
    Delivery::new(
        text("method"),
        text("path"),
        headers,
        text("body").as_bytes().to_vec(),
    )
}

fn told(fact: &BankFact) -> Value {
    json!({
        "provider": fact.provider,
        "provider_txn_id": fact.provider_txn_id,
        "dedupe_key": fact.dedupe_key,
        "direction": fact.direction.as_str(),
        "amount_vnd": fact.amount.get(),
        "currency": BankFact::CURRENCY,
        "account_number": fact.account_number,
        "virtual_account": fact.virtual_account,
        "content": fact.content,
        "bank_reference": fact.bank_reference,
        "merchant_reference": fact.merchant_reference,
        "provider_payment_code": fact.provider_payment_code,
        "occurred_at": to_rfc3339(fact.occurred_at),
        "outcome": fact.outcome.as_str(),
    })
}

fn assert_told(id: &str, told: &Value, expected: &Value) {
    for (key, value) in told.as_object().unwrap() {
        if key == "occurred_at" {
            let instant = |value: &Value| {
                DateTime::parse_from_rfc3339(value.as_str().unwrap())
                    .unwrap()
                    .timestamp()
            };
            assert_eq!(instant(value), instant(&expected[key]), "{id}: {key}");
        } else if let Some(expected) = expected.get(key) {
            assert_eq!(value, expected, "{id}: {key}");
        }
    }
}

fn assert_answer(id: &str, status: u64, body: &Value, expected: &Value) {
    let statuses = expected.get("status").unwrap_or(&expected["ack_status"]);
    assert!(
        statuses.as_array().unwrap().contains(&json!(status)),
        "{id}: {status}"
    );
    for (key, value) in expected["json"].as_object().into_iter().flatten() {
        assert_eq!(&body[key], value, "{id}: {key}");
    }
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_default()
}

#[test]
fn every_sample_delivery_is_judged_as_its_file_says() {
    for name in ADAPTERS {
        let (file, adapter) = (file(name), adapter_by_name(name).unwrap());
        for case in file["cases"].as_array().unwrap() {
            let id = case["id"].as_str().unwrap();
            let now = DateTime::from_timestamp(now_of(&file, case), 0).unwrap();
            let credentials = credentials_of(&file, case);
            let verdict = adapter.verify(&delivery_of(case), &credentials, now);
            let expect = &case["expect"];
            if case["valid"] == false {
                let refusal = verdict.expect_err(id);
                assert_eq!(expect["reason"], refusal.as_str(), "{id}");
                let answer = adapter.acknowledge(&Outcome::Refused(refusal));
                assert_answer(id, answer.status.into(), &json_of(&answer), expect);
                continue;
            }
            let Reading::Transactions(facts) = verdict.expect(id).into_reading() else {
                panic!("{id}: no facts");
            };
            let [fact] = &facts[..] else {
                panic!("{id}: one fact");
            };
            assert_told(id, &told(fact), expect);
            for outcome in [
                Outcome::Stored { receipt: None },
                Outcome::Repeated { receipt: None },
            ] {
                let answer = adapter.acknowledge(&outcome);
                assert_answer(id, answer.status.into(), &json_of(&answer), &expect["ack"]);
            }
        }
    }
}

#[test]
fn equal_identities_are_exactly_the_repeats_that_the_file_names() {
    for name in ADAPTERS {
        let (file, adapter) = (file(name), adapter_by_name(name).unwrap());
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for case in file["cases"].as_array().unwrap() {
            let now = DateTime::from_timestamp(now_of(&file, case), 0).unwrap();
            let verified = adapter.verify(&delivery_of(case), &credentials_of(&file, case), now);
            let Ok(Reading::Transactions(facts)) =
                verified.map(phocho::banks::Verified::into_reading)
            else {
                continue;
            };
            let id = case["id"].as_str().unwrap();
            let first = seen
                .entry(facts[0].dedupe_key.clone())
                .or_insert(id.to_owned());
            let named = case["expect"]["duplicate_of"].as_str().unwrap_or(id);
            assert_eq!(first, named, "{id}");
        }
    }
}

/// Runs the filter over lines and gives its answers.
fn ask(arguments: &[&str], lines: &[String]) -> Vec<Value> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_phocho"))
        .arg("callback")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), lines.join("\n"));
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), lines.len(), "an answer for every line");
    answers
}

fn secrets_file(folder: &Path, file: &Value, case: &Value) -> PathBuf {
    let mut secrets = json!({"secret": setting(file, case, "secret")});
    for key in ["previous_secret", "ed25519_public_key"] {
        if let Some(value) = file.get(key) {
            secrets[key] = value.clone();
        }
    }
    let path = folder.join("secrets.json");
    fs::write(&path, secrets.to_string()).unwrap();
    path
}

#[test]
fn the_command_judges_every_sample_delivery_likewise() {
    let folder = tempfile::tempdir().unwrap();
    for name in ADAPTERS {
        let file = file(name);
        // Cases with the same secret and time are one run.
        let mut runs: BTreeMap<(String, i64), Vec<&Value>> = BTreeMap::new();
        for case in file["cases"].as_array().unwrap() {
            let secret = setting(&file, case, "secret").to_string();
            runs.entry((secret, now_of(&file, case)))
                .or_default()
                .push(case);
        }
        for ((_, now), cases) in runs {
            let path = secrets_file(folder.path(), &file, cases[0]);
            let (path, now) = (path.to_str().unwrap(), now.to_string());
            let arguments = [
                "verify",
                "--adapter",
                name,
                "--secrets",
                path,
                "--now",
                &now,
            ];
            let lines: Vec<_> = cases.iter().map(ToString::to_string).collect();
            for (case, answer) in cases.iter().zip(ask(&arguments, &lines)) {
                assert_judged(case, &answer);
            }
        }
    }
}

fn assert_judged(case: &Value, answer: &Value) {
    let (id, expect) = (case["id"].as_str().unwrap(), &case["expect"]);
    let status = answer["ack"]["status"].as_u64().unwrap();
    if case["valid"] == false {
        assert_eq!(answer["verdict"], "rejected", "{id}");
        assert_eq!(answer["reason"], expect["reason"], "{id}");
        assert_eq!(answer["transactions"], json!([]), "{id}");
        return assert_answer(id, status, &answer["ack"]["body"], expect);
    }
    let verdict = match expect["outcome"].as_str().unwrap() {
        "paid" => "accepted",
        other => other,
    };
    assert_eq!(answer["verdict"], verdict, "{id}");
    assert_told(id, &answer["transactions"][0], expect);
    assert_answer(id, status, &answer["ack"]["body"], &expect["ack"]);
}

#[test]
fn the_command_has_an_answer_for_every_line_and_names_what_it_knows() {
    let folder = tempfile::tempdir().unwrap();
    let file = file("sepay_hmac");
    let path = secrets_file(folder.path(), &file, &file["cases"][0]);
    let path = path.to_str().unwrap();
    let arguments = [
        "verify",
        "--adapter",
        "sepay_hmac",
        "--secrets",
        path,
        "--now",
        "1773628200",
    ];
    let lines = [
        "",
        "{",
        "[]",
        "{}",
        r#"{"body":1}"#,
        r#"{"body":"","body":""}"#,
    ];
    for (line, answer) in lines.iter().zip(ask(&arguments, &lines.map(str::to_owned))) {
        assert_eq!(answer["verdict"], "rejected", "{line}");
        assert_eq!(answer["ack"]["status"], 401, "{line}");
    }
    let unknown = Command::new(env!("CARGO_BIN_EXE_phocho"))
        .args([
            "callback",
            "verify",
            "--adapter",
            "nobody",
            "--secrets",
            path,
            "--now",
            "0",
        ])
        .output()
        .unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    let said = String::from_utf8(unknown.stderr).unwrap();
    assert!(
        said.contains("standard_webhooks, sepay_hmac, payos"),
        "{said}"
    );
}

#[test]
fn the_command_matches_every_sample_text() {
    let file = file("transfer_content");
    let cases = file["cases"].as_array().unwrap();
    let line = |case: &Value| {
        json!({"content": case["content"], "issued_codes": file["issued_codes"]}).to_string()
    };
    let lines: Vec<_> = cases.iter().map(line).collect();
    for (case, answer) in cases.iter().zip(ask(&["match"], &lines)) {
        assert_eq!(answer["match"], case["expect"]["match"], "{}", case["id"]);
        assert!(answer["why"].as_str().is_some_and(|why| !why.is_empty()));
    }
}
