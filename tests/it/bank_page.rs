//! `/docs/banks`: the example holds, and the programs on the page send notices that count.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use phocho::banks::KeyAlgorithm;
use phocho::clock::Clock;
use phocho::domain::trial::Check;
use serde_json::{Value, json};

use crate::callbacks::standard_v1;
use crate::database::{Database, on_both_engines, run_on_sqlite};
use crate::operation::number;
use crate::street::{ACCOUNT, Street, serve_now};

on_both_engines!(
    every_program_on_the_page_is_believed_and_a_repeat_counts_once,
    every_program_with_a_key_is_believed_and_sends_camt_054_too,
    the_reversal_on_the_page_takes_a_part_of_the_example_back,
    the_programs_and_commands_work_against_a_trial_unchanged,
);

/// Each block's language, the file that it is run from and what runs it.
const PROGRAMS: [(&str, &str, &str); 3] = [
    ("bash", "send.sh", "bash"),
    ("python", "send.py", "python3"),
    ("javascript", "send.mjs", "node"),
];
/// The same of the programs with a key, the key of each, and how a source uses it.
const KEY_PROGRAMS: [(&str, &str, &str, &str, &str); 2] = [
    (
        "bash rsa",
        "send_rsa.sh",
        "bash",
        "rsa_2048",
        "rsa_pss_sha256",
    ),
    (
        "javascript jws",
        "send_jws.mjs",
        "node",
        "p256",
        "jws_es256",
    ),
];
const REFERENCE: &str = "TH7K2M9XQ4";
const TOLD: &str = "SELECT COUNT(*) FROM transaction_evidence";

async fn page(address: &str, language: &str) -> String {
    let url = format!("http://{address}/docs/banks?lang={language}");
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    answer.text().await.unwrap()
}

/// The text of a block, with the marks of HTML read back.
fn block(page: &str, language: &str) -> String {
    let start = format!("<code class=\"language-{language}\">");
    let (_, rest) = page.split_once(&start).unwrap();
    let (text, _) = rest.split_once("</code>").unwrap();
    [
        ("&lt;", "<"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (mark, letter)| {
        text.replace(mark, letter)
    })
}

/// Whether a program is on this machine; where everything has to be, it is not asked.
pub fn is_here(runtime: &str) -> bool {
    let found = Command::new(runtime)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let required = std::env::var("PHOCHO_REQUIRE_POSTGRES").is_ok_and(|it| it == "1");
    assert!(found || !required, "{runtime} is required and is not here");
    if !found {
        println!("SKIPPED: {runtime} is not on this machine; its program was not run");
    }
    found
}

/// Runs a program of the page on a body; what it prints: the answer and the status.
fn send(runtime: &str, file: &Path, settings: &[(&str, &str)], body: &str) -> (String, u16) {
    let mut child = Command::new(runtime)
        .arg(file)
        .envs(settings.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(body.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    let (answer, status) = said
        .trim_end()
        .rsplit_once(' ')
        .unwrap_or_else(|| panic!("{runtime}: {said}{talk}"));
    (answer.to_owned(), status.parse().unwrap())
}

fn notice(number: usize) -> String {
    let booked_at = "2026-03-16T09:29:52+07:00";
    json!({
        "type": "bank.transaction.credited",
        "data": {
            "transaction_id": format!("FT{number}"), "account_number": ACCOUNT,
            "virtual_account": null, "direction": "credit", "amount": 45_000, "currency": "VND",
            "content": format!("{REFERENCE} bún ốc \"to\""), "bank_reference": null,
            "booked_at": booked_at,
        },
    })
    .to_string()
}

async fn every_program_on_the_page_is_believed_and_a_repeat_counts_once(database: Database) {
    let mut street = Street::open(database.store().await).await;
    // The programs sign with the time of day.
    street.address = serve_now(street.store.clone()).await;
    street.code(REFERENCE, None).await;
    let secret = format!("whsec_{}", STANDARD.encode([7; 32]));
    street
        .source("bank", "standard_webhooks", &secret, None)
        .await;
    let url = format!("http://{}/v1/callbacks/bank", street.address);
    let folder = tempfile::tempdir().unwrap();
    let page = page(&street.address, "vi").await;
    let other = format!("whsec_{}", STANDARD.encode([8; 32]));
    let mut sent = 0;
    for (place, (language, name, runtime)) in PROGRAMS.iter().enumerate() {
        if !is_here(runtime) {
            continue;
        }
        let file = folder.path().join(name);
        std::fs::write(&file, block(&page, language)).unwrap();
        let run = |secret: &str, number: usize| {
            let to = [("PHOCHO_URL", url.as_str()), ("PHOCHO_SECRET", secret)];
            tokio::task::block_in_place(|| send(runtime, &file, &to, &notice(number)))
        };
        for _ in 0..2 {
            let (answer, status) = run(&secret, place);
            let answer: Value = serde_json::from_str(&answer).unwrap();
            assert_eq!((status, answer), (200, json!({"success": true})), "{name}");
        }
        let (answer, status) = run(&other, place + 100);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((status, answer), (401, json!({"success": false})), "{name}");
        sent += 1;
    }
    assert_eq!(number(&database, TOLD).await, sent);
}

async fn the_reversal_on_the_page_takes_a_part_of_the_example_back(database: Database) {
    let mut street = Street::open(database.store().await).await;
    street.address = serve_now(street.store.clone()).await;
    street.code(REFERENCE, None).await;
    let secret = format!("whsec_{}", STANDARD.encode([7; 32]));
    street
        .source("bank", "standard_webhooks", &secret, None)
        .await;
    let page = page(&street.address, "en").await;
    let example = block(&page, "http");
    let (_, example) = example.split_once("\n\n").unwrap();
    let client = reqwest::Client::new();
    // The example's account is another street's.
    let here = |body: &str| body.replace("1030000000117", ACCOUNT);
    for (id, body) in [
        ("m1", here(&block(&page, "reversal"))),
        ("m2", here(example)),
    ] {
        let time = Clock::System.now().timestamp().to_string();
        let signature = standard_v1(&[7; 32], id, &time, body.as_bytes());
        let sent = client
            .post(format!("http://{}/v1/callbacks/bank", street.address))
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", time)
            .header("webhook-signature", signature)
            .body(body);
        let answer = sent.send().await.unwrap().text().await.unwrap();
        assert_eq!(answer, "{\"success\":true}");
    }
    let returned = "SELECT CAST(SUM(returned_vnd) AS BIGINT) FROM payments";
    assert_eq!(number(&database, returned).await, 15_000);
}

async fn every_program_with_a_key_is_believed_and_sends_camt_054_too(database: Database) {
    let mut street = Street::open(database.store().await).await;
    street.address = serve_now(street.store.clone()).await;
    street.code(REFERENCE, None).await;
    let keys = format!("{}/tests/data/keys", env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let page = page(&street.address, "en").await;
    let message = block(&page, "xml");
    let mut told = 0;
    for (place, (language, name, runtime, key, algorithm)) in KEY_PROGRAMS.iter().enumerate() {
        if !is_here(runtime) {
            continue;
        }
        let public = std::fs::read_to_string(format!("{keys}/{key}.pem")).unwrap();
        let secret = json!({"algorithm": algorithm, "public_key": public}).to_string();
        let private = format!("{keys}/{key}.key.pem");
        let file = folder.path().join(name);
        std::fs::write(&file, block(&page, language)).unwrap();
        let other = format!("{keys}/rsa_2048_other.key.pem");
        for (adapter, kind, body) in [
            ("standard_webhooks", "application/json", notice(place)),
            ("camt054", "application/xml", message.clone()),
        ] {
            let source = format!("{key}-{adapter}").replace('_', "-");
            street.source(&source, adapter, &secret, None).await;
            let url = format!("http://{}/v1/callbacks/{source}", street.address);
            let run = |key: &str| {
                let to = [
                    ("PHOCHO_URL", &*url),
                    ("PHOCHO_KEY", key),
                    ("PHOCHO_TYPE", kind),
                ];
                tokio::task::block_in_place(|| send(runtime, &file, &to, &body))
            };
            for _ in 0..2 {
                let (answer, status) = run(&private);
                let answer: Value = serde_json::from_str(&answer).unwrap();
                assert_eq!((status, answer), (200, json!({"success": true})), "{name}");
            }
            if *runtime == "bash" {
                assert_eq!(run(&other).1, 401, "{name}: another key");
            }
            told += 1;
        }
    }
    assert_eq!(number(&database, TOLD).await, told);
}

/// What the form of the page for banks makes: the page of a new trial.
async fn made(address: &str, adapter: &str) -> String {
    let client = reqwest::Client::new();
    let form = client
        .post(format!("http://{address}/docs/banks/trials"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("adapter={adapter}&lang=en"));
    let answer = form.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    answer.text().await.unwrap()
}

async fn the_programs_and_commands_work_against_a_trial_unchanged(database: Database) {
    let address = serve_now(database.store().await).await;
    let folder = tempfile::tempdir().unwrap();
    let banks = page(&address, "en").await;
    for (language, name, _) in PROGRAMS {
        std::fs::write(folder.path().join(name), block(&banks, language)).unwrap();
    }
    if !is_here("bash") {
        return;
    }
    for adapter in ["standard_webhooks", "camt054"] {
        pass_with_the_commands(&address, folder.path(), adapter).await;
    }
}

/// Runs what the page of a new trial says, and what the page of its verdicts says again.
async fn pass_with_the_commands(address: &str, folder: &Path, adapter: &str) {
    let made = made(address, adapter).await;
    let commands = block(&made, "commands");
    let run = |command: String| {
        let run = || {
            let mut bash = Command::new("bash");
            let bash = bash.arg("-c").arg(command).current_dir(folder);
            bash.output().unwrap()
        };
        let output = tokio::task::block_in_place(run);
        String::from_utf8(output.stdout).unwrap()
    };
    let mut told = vec!["accepted"];
    assert_eq!(run(commands.clone()), "{\"success\":true} 200\n");
    for (_, name, runtime) in &PROGRAMS[1..] {
        if is_here(runtime) {
            let again = commands.replace("bash send.sh", &format!("{runtime} {name}"));
            assert_eq!(run(again), "{\"success\":true} 200\n", "{name}");
            told.push("duplicate");
        }
    }
    let exports: Vec<_> = commands.lines().take(3).collect();
    let rest = format!("{}\n{}", exports.join("\n"), block(&made, "rest"));
    let (good, refused) = ("{\"success\":true} 200\n", "{\"success\":false} 401\n");
    let answers = [good, good, good, good, refused, refused];
    assert_eq!(run(rest), answers.concat());
    told.extend([
        "duplicate",
        "accepted",
        "accepted",
        "accepted",
        "refused",
        "refused",
    ]);
    let (_, link) = made.split_once("class=\"step\" href=\"").unwrap();
    let (path, query) = link.split_once("?token=").unwrap();
    let token = &query[..68];
    let path = path.replace("/docs/banks/trials", "/v1/trials");
    let read = async |below: &str| -> Value {
        let url = format!("http://{address}{path}{below}");
        let asked = reqwest::Client::new().get(url).bearer_auth(token);
        let answer = asked.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&answer).unwrap()
    };
    assert_eq!(read("/report").await["passed"], true);
    let record = read("").await;
    let deliveries = record["deliveries"].as_array().unwrap().iter().rev();
    let verdicts: Vec<_> = deliveries.map(|it| it["verdict"]["code"].clone()).collect();
    assert_eq!(verdicts, told, "{adapter}");
    // The page of the verdicts says the same but for the secret, which was shown once.
    let (link, _) = link.split_once('"').unwrap();
    let link = link.replace("&#38;", "&").replace("&amp;", "&");
    let shown = reqwest::get(format!("http://{address}{link}")).await;
    let shown = shown.unwrap().text().await.unwrap();
    let (_, secret) = exports[1].split_once('=').unwrap();
    let again = block(&shown, "commands").replace("'…'", secret);
    assert_eq!(again, commands, "{adapter}");
    assert_eq!(block(&shown, "rest"), block(&made, "rest"), "{adapter}");
}

#[test]
fn the_example_is_signed_as_it_says_in_both_languages() {
    run_on_sqlite(async |database| {
        let street = Street::open(database.store().await).await;
        let front = reqwest::get(format!("http://{}/", street.address)).await;
        let front = front.unwrap().text().await.unwrap();
        assert!(front.contains("href=\"/docs/banks?lang=vi\""));
        for (language, title) in [("vi", "Dành cho ngân hàng"), ("en", "For banks")] {
            let page = page(&street.address, language).await;
            assert!(page.contains(&format!("<html lang=\"{language}\">")));
            assert!(page.contains(title));
            let example = block(&page, "http");
            let (head, body) = example.split_once("\n\n").unwrap();
            let header = |name: &str| {
                let line = head
                    .lines()
                    .find_map(|line| line.split_once(": ").filter(|it| it.0 == name));
                line.unwrap().1
            };
            let (_, secret) = page.split_once("whsec_cG").unwrap();
            let secret = format!("cG{}", secret.split_once('<').unwrap().0);
            let key = STANDARD.decode(secret).unwrap();
            let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
            let signature = standard_v1(&key, id, timestamp, body.as_bytes());
            assert_eq!(header("webhook-signature"), signature);
            for heading in [
                "try", "send", "sign", "keys", "body", "camt", "answers", "retries", "clock",
                "rotation", "example", "code", "key-code", "vendors", "links",
            ] {
                assert!(
                    page.contains(&format!("<h2 id=\"{heading}\">")),
                    "{heading}"
                );
            }
            let keyed = KEY_PROGRAMS.map(|(program, ..)| program);
            let programs = PROGRAMS.map(|(program, ..)| program);
            for program in programs.iter().chain(&keyed).chain(&["xml"]) {
                assert!(!block(&page, program).contains("&#"), "{program}");
            }
            for check in Check::ALL {
                let [vi, en] = check.what_to_do();
                let wanted = if language == "vi" { vi } else { en }.replace('\'', "&#39;");
                assert!(page.contains(&wanted), "{wanted}");
            }
            for specification in ["standard-webhooks.md\"", "rfc7515#appendix-F\""] {
                assert!(page.contains(specification), "{specification}");
            }
            for link in page.split("<a href=\"https://").skip(1) {
                let (_, more) = link.split_once('"').unwrap();
                assert!(more.starts_with(" rel=\"noopener\">"), "{link}");
            }
            let report = "curl -H 'Authorization: Bearer &lt;token&gt;' http://127.0.0.1";
            assert!(page.contains(report));
            for algorithm in KeyAlgorithm::ALL {
                assert!(page.contains(&format!("<code>{algorithm}</code>")));
            }
        }
    });
}
