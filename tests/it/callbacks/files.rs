//! Every sample delivery, through the library and through the built command.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::DateTime;
use phocho::banks::{
    ADAPTERS, Adapter, Answer, Call, Credentials, Delivery, Outcome, Reading, Secret,
};
use phocho::domain::credit::BankFact;
use phocho::domain::day::to_rfc3339;
use serde_json::{Value, json};

use super::signing::call;

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

fn secret_of(given: &Value) -> Option<Secret> {
    match given {
        Value::String(text) => Some(Secret::text(text)),
        Value::Object(_) => Some(Secret::from_stored(&given.to_string())),
        _ => None,
    }
}

fn credentials_of(file: &Value, case: &Value) -> Credentials {
    let text = |key| setting(file, case, key).as_str();
    let mut credentials = Credentials::new(secret_of(setting(file, case, "secret")).unwrap());
    credentials.previous = secret_of(setting(file, case, "previous_secret"));
    credentials.ed25519_public_key = text("ed25519_public_key").map(str::to_owned);
    let config = setting(file, case, "config").as_object();
    let config = config.into_iter().flatten().map(|(name, value)| {
        let text = value.as_str().map_or(value.to_string(), str::to_owned);
        (name.clone(), text)
    });
    credentials.config = config.collect();
    credentials
}

/// The samples of a format; where the vendor logs in first, with the token that it gets.
fn cases_of(file: &Value, adapter: &dyn Adapter) -> Vec<Value> {
    let cases = file["cases"].as_array().unwrap();
    let token = cases.iter().find_map(|case| {
        let now = DateTime::from_timestamp(now_of(file, case), 0).unwrap();
        let verified = adapter.verify(&delivery_of(case), &credentials_of(file, case), now);
        match verified.ok()?.into_reading() {
            Reading::Handshake(answer) => {
                let token = json_of(&answer)["access_token"]
                    .as_str()
                    .unwrap()
                    .to_owned();
                Some(token)
            }
            _ => None,
        }
    });
    let cases = cases.iter().map(|case| match &token {
        Some(token) => with_token(case, token),
        None => case.clone(),
    });
    cases.collect()
}

/// A sample with a token where it leaves a place for one.
pub fn with_token(case: &Value, token: &str) -> Value {
    serde_json::from_str(&case.to_string().replace("{{token}}", token)).unwrap()
}

/// What a sample says of its transactions: one, or several.
fn expected_facts(expect: &Value) -> Vec<&Value> {
    match expect["transactions"].as_array() {
        Some(several) => several.iter().collect(),
        None => vec![expect],
    }
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
    let fields = expected.get("json").or(expected.get("ack_json"));
    for (key, value) in fields.and_then(Value::as_object).into_iter().flatten() {
        assert_eq!(&body[key], value, "{id}: {key}");
    }
    for key in expected["json_keys"].as_array().into_iter().flatten() {
        let key = key.as_str().unwrap();
        assert!(body.get(key).is_some(), "{id}: {key}");
    }
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_default()
}

#[test]
fn every_sample_delivery_is_judged_as_its_file_says() {
    for adapter in ADAPTERS {
        let file = file(adapter.name());
        for case in cases_of(&file, *adapter) {
            let id = case["id"].as_str().unwrap();
            let now = DateTime::from_timestamp(now_of(&file, &case), 0).unwrap();
            let credentials = credentials_of(&file, &case);
            let verdict = adapter.verify(&delivery_of(&case), &credentials, now);
            let expect = &case["expect"];
            let (reading, named) = match verdict {
                Err(refusal) => {
                    assert_eq!(case["valid"], false, "{id}: {refusal}");
                    assert_eq!(expect["reason"], refusal.as_str(), "{id}");
                    let answer = adapter.acknowledge(&Outcome::Refused(refusal), call(None));
                    assert_answer(id, answer.status.into(), &json_of(&answer), expect);
                    continue;
                }
                Ok(verified) => {
                    let named = verified.delivery_id().map(str::to_owned);
                    (verified.into_reading(), named)
                }
            };
            let call = call(named.as_deref());
            match reading {
                Reading::Transactions(facts) => assert_facts(*adapter, &case, &facts, call),
                Reading::Handshake(answer) => {
                    assert_eq!(case["valid"], true, "{id}");
                    let (status, ack) = (answer.status.into(), &expect["ack"]);
                    assert_answer(id, status, &json_of(&answer), ack);
                }
                Reading::Unusable(why) => {
                    assert_eq!(case["valid"], false, "{id}: {why}");
                    let answer = adapter.acknowledge(&Outcome::Quarantined(why), call);
                    assert_answer(id, answer.status.into(), &json_of(&answer), expect);
                }
                Reading::Nothing(kind) => panic!("{id}: {kind:?}"),
            }
        }
    }
}

fn assert_facts(adapter: &dyn Adapter, case: &Value, facts: &[BankFact], call: Call<'_>) {
    let (id, expect) = (case["id"].as_str().unwrap(), &case["expect"]);
    assert_eq!(case["valid"], true, "{id}");
    let expected = expected_facts(expect);
    assert_eq!(facts.len(), expected.len(), "{id}");
    for (fact, expected) in facts.iter().zip(expected) {
        assert_told(id, &told(fact), expected);
    }
    let first = adapter.acknowledge(&Outcome::Stored { receipt: None }, call);
    assert_answer(id, first.status.into(), &json_of(&first), &expect["ack"]);
    let again = adapter.acknowledge(&Outcome::Repeated { receipt: None }, call);
    assert_eq!(again.status, first.status, "{id}");
}

#[test]
fn equal_identities_are_exactly_the_repeats_that_the_file_names() {
    for adapter in ADAPTERS {
        let file = file(adapter.name());
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for case in cases_of(&file, *adapter) {
            let now = DateTime::from_timestamp(now_of(&file, &case), 0).unwrap();
            let verified = adapter.verify(&delivery_of(&case), &credentials_of(&file, &case), now);
            let Ok(Reading::Transactions(facts)) =
                verified.map(phocho::banks::Verified::into_reading)
            else {
                continue;
            };
            let id = case["id"].as_str().unwrap();
            // A delivery of several repeats its transactions one by one: their expected keys
            // were compared already.
            let [fact] = &facts[..] else {
                continue;
            };
            let first = seen.entry(fact.dedupe_key.clone()).or_insert(id.to_owned());
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
    let config = setting(file, case, "config");
    if !config.is_null() {
        secrets["config"] = config.clone();
    }
    let path = folder.join("secrets.json");
    fs::write(&path, secrets.to_string()).unwrap();
    path
}

#[test]
fn the_command_judges_every_sample_delivery_likewise() {
    let folder = tempfile::tempdir().unwrap();
    for adapter in ADAPTERS {
        let file = file(adapter.name());
        let cases = cases_of(&file, *adapter);
        // Cases with the same secret, settings and time are one run.
        let mut runs: BTreeMap<(String, i64), Vec<&Value>> = BTreeMap::new();
        for case in &cases {
            let given = ["secret", "config"].map(|key| setting(&file, case, key).to_string());
            runs.entry((given.concat(), now_of(&file, case)))
                .or_default()
                .push(case);
        }
        for ((_, now), cases) in runs {
            let path = secrets_file(folder.path(), &file, cases[0]);
            let (path, now) = (path.to_str().unwrap(), now.to_string());
            let arguments = [
                "verify",
                "--adapter",
                adapter.name(),
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
    let (status, body) = (
        answer["ack"]["status"].as_u64().unwrap(),
        &answer["ack"]["body"],
    );
    if case["valid"] == false {
        assert!(
            ["rejected", "quarantined"].contains(&answer["verdict"].as_str().unwrap()),
            "{id}"
        );
        if answer["verdict"] == "rejected" {
            assert_eq!(answer["reason"], expect["reason"], "{id}");
        }
        assert_eq!(answer["transactions"], json!([]), "{id}");
        return assert_answer(id, status, body, expect);
    }
    assert_answer(id, status, body, &expect["ack"]);
    let expected = expected_facts(expect);
    let verdict = match expected[0]["outcome"].as_str() {
        None => return assert_eq!(answer["verdict"], "accepted", "{id}: a login"),
        Some("paid") => "accepted",
        Some(other) => other,
    };
    assert_eq!(answer["verdict"], verdict, "{id}");
    let told = answer["transactions"].as_array().unwrap();
    assert_eq!(told.len(), expected.len(), "{id}");
    for (told, expected) in told.iter().zip(expected) {
        assert_told(id, told, expected);
    }
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
