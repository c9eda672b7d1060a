//! `phocho simulate-bank` against the real service: every format with everything that can go
//! wrong at once, and the books held against what the bank wrote down.

use std::path::Path;
use std::process::Output;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use phocho::banks::{ADAPTERS, Secret, adapter_by_name};
use phocho::clock::Clock;
use phocho::domain::ids::SourceId;
use phocho::domain::ids::UserId;
use phocho::flows::receive_notice::secret_name;
use phocho::store::{source_states, sources};
use phocho::vault::{KEY_BYTES, Key};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::bank::REFERENCE;
use super::books::tamper;
use super::number;
use super::process::{Site, said};
use crate::database::{Database, on_both_engines, run_on_sqlite};
use crate::street::{ACCOUNT, Street, serve_now};

on_both_engines!(whatever_goes_wrong_on_the_way_the_books_are_what_the_bank_wrote_down);

/// Every fault there is.
pub const FAULTS: [&str; 15] = [
    "duplicate",
    "reorder",
    "delay",
    "loss",
    "wrong_key",
    "rotated_key",
    "stale_time",
    "truncated",
    "recased",
    "mangled",
    "changed_amount",
    "failed_then_booked",
    "batch",
    "slow_read",
    "hang_up",
];
/// How many transactions the sources told of, all together.
pub const TOLD: &str = "SELECT COUNT(*) FROM transaction_evidence";

fn config(adapter: &str) -> Value {
    match adapter {
        "vnpay_ipn" => json!({"vnp_TmnCode": "PHOCHO01"}),
        "momo_ipn" => json!({"accessKey": "F8BBA842ECF85", "partnerCode": "MOMOPHOCHO"}),
        "zalopay_callback" => json!({"app_id": "2553"}),
        _ => json!({}),
    }
}

/// A secret of a format, made from one byte, as it is stored.
fn secret(adapter: &str, byte: u8) -> String {
    let made = adapter_by_name(adapter).unwrap().make_secret(&[byte; 32]);
    let made = made.unwrap_or_else(|| Secret::text(STANDARD.encode([byte; 32])));
    made.to_stored().expose_secret().to_owned()
}

/// A secret as it stands in a secret file.
fn written(stored: &str) -> Value {
    serde_json::from_str(stored).unwrap_or_else(|_| json!(stored))
}

/// What a source is judged with: two stored secrets, the older one first, and perhaps a public
/// key beside them.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    pub secrets: [&'a str; 2],
    pub public_key: Option<&'a str>,
    pub config: &'a Value,
}

/// Lets a source speak, and rotates its secret.
pub async fn rotated_source(street: &Street, name: &str, adapter: &str, known: Known<'_>) {
    let ([old, new], config) = (known.secrets, known.config.to_string());
    street
        .source_with(name, adapter, old, known.public_key, &config)
        .await;
    let mut tx = street.store.begin_write().await.unwrap();
    let row = sources::find_by_name(&mut tx, name).await.unwrap();
    let row = row.unwrap();
    let id = SourceId::from_uuid(row.id);
    let sealed = Key::new([7; KEY_BYTES]).seal(&secret_name(id), [4; 24], new.as_bytes());
    let (by, now) = (UserId::from_uuid(Uuid::from_u128(1)), Clock::System.now());
    let proposed = source_states::propose_secret(&mut tx, id, row.version, &sealed, by, now);
    assert!(proposed.await.unwrap());
    let until = now + TimeDelta::hours(1);
    let adopted = source_states::adopt_secret(&mut tx, id, row.version + 1, until, now);
    assert!(adopted.await.unwrap());
    tx.commit().await.unwrap();
}

/// Such a source of the adapter's name, and the file of its secrets.
async fn source(street: &Street, adapter: &str, folder: &Path) {
    let (old, new) = (secret(adapter, 7), secret(adapter, 8));
    let config = config(adapter);
    let known = Known {
        secrets: [&old, &new],
        public_key: None,
        config: &config,
    };
    rotated_source(street, adapter, adapter, known).await;
    let file = json!({
        "secret": written(&new), "previous_secret": written(&old), "config": config,
    });
    std::fs::write(folder.join(format!("{adapter}.json")), file.to_string()).unwrap();
}

/// What the command is told of a source; its oracle is a file of the source's name.
pub fn arguments(base: &str, source: &str, adapter: &str) -> Vec<String> {
    let oracle = format!("{source}.jsonl");
    let words = [
        "simulate-bank",
        "--base",
        base,
        "--source",
        source,
        "--adapter",
        adapter,
        "--account",
        ACCOUNT,
        "--reference",
        REFERENCE,
        "--oracle",
        &oracle,
        "--json",
    ];
    words.map(str::to_owned).to_vec()
}

/// Runs the command for a source.
fn simulate(site: &Site, base: &str, adapter: &str, more: &[&str]) -> Output {
    let secrets = format!("{adapter}.json");
    let mut arguments = arguments(base, adapter, adapter);
    let more = ["--secret-file", &secrets].into_iter().chain(more.to_vec());
    arguments.extend(more.map(str::to_owned));
    site.phocho().args(arguments).output().unwrap()
}

/// The document that the command prints.
pub fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)))
}

/// The distinct transactions of which an oracle's bank was told that they are stored.
pub fn stored(folder: &Path, adapter: &str) -> usize {
    let text = std::fs::read_to_string(folder.join(format!("{adapter}.jsonl"))).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let stored = lines.filter(|line: &Value| line["outcome"] == "ok");
    let keys = stored.map(|line| line["dedupe_key"].to_string());
    keys.collect::<std::collections::BTreeSet<_>>().len()
}

/// Holds the books against the oracles of all these sources together.
pub fn check_books(site: &Site, sources: &[impl AsRef<str>], wanted: i32) -> Value {
    let folder = site.folder.path();
    let read = |name: &str| std::fs::read_to_string(folder.join(format!("{name}.jsonl"))).unwrap();
    let all: String = sources.iter().map(|name| read(name.as_ref())).collect();
    std::fs::write(folder.join("all.jsonl"), all).unwrap();
    let checked = site.run(&["check", "--oracle", "all.jsonl", "--json"]);
    assert_eq!(checked.status.code(), Some(wanted), "{}", said(&checked));
    report(&checked)
}

async fn whatever_goes_wrong_on_the_way_the_books_are_what_the_bank_wrote_down(database: Database) {
    let mut street = Street::open(database.store().await).await;
    street.address = serve_now(street.store.clone()).await;
    street.code(REFERENCE, None).await;
    let site = Site::over(database.url());
    let folder = site.folder.path().to_owned();
    for adapter in ADAPTERS {
        source(&street, adapter.name(), &folder).await;
    }
    let site = std::sync::Arc::new(site);
    let base = format!("http://{}", street.address);
    let mut banks = JoinSet::new();
    for (seed, adapter) in ADAPTERS.iter().enumerate() {
        let (site, base, name) = (site.clone(), base.clone(), adapter.name());
        banks.spawn_blocking(move || {
            let faults = FAULTS.map(|fault| format!("{fault}=25"));
            let seed = seed.to_string();
            let mut more = vec!["--count", "12", "--rate", "20", "--seed", &seed];
            for fault in &faults {
                more.extend(["--fault", fault]);
            }
            (name, simulate(&site, &base, name, &more))
        });
    }
    let (mut transactions, mut refused) = (0, 0);
    while let Some(done) = banks.join_next().await {
        let (adapter, output) = done.unwrap();
        assert!(output.status.success(), "{adapter}: {}", said(&output));
        let report = report(&output);
        assert_eq!(report["notices"], 12, "{adapter}: {report}");
        // Too many forgeries from one address are told to wait, which is no belief either.
        refused += report["refused_as_wanted"].as_u64().unwrap();
        assert_eq!(report["surprises"], 0, "{adapter}: {report}");
        transactions += stored(&folder, adapter);
    }
    assert!(transactions >= 12 * ADAPTERS.len());
    assert!(refused > 0, "no forgery was refused");
    let told = number(&database, TOLD).await;
    assert_eq!(usize::try_from(told).unwrap(), transactions);

    let names: Vec<_> = ADAPTERS.iter().map(|adapter| adapter.name()).collect();
    let check = |wanted| check_books(&site, &names, wanted);
    check(0);
    let newest = "(SELECT MAX(transaction_key) FROM transaction_evidence)";
    tamper(
        &database,
        &format!(
            "UPDATE transaction_evidence SET transaction_key = 'x' WHERE transaction_key = {newest}"
        ),
    )
    .await;
    let found = check(1)["breaches"].to_string();
    assert!(
        found.contains("an acknowledged notice is not lost"),
        "{found}"
    );
    assert!(
        found.contains("no notice is there that nobody sent"),
        "{found}"
    );
}

#[test]
fn a_bank_that_is_not_believed_or_not_heard_says_so_and_asks_for_nothing_impossible() {
    run_on_sqlite(async |database| {
        let mut street = Street::open(database.store().await).await;
        street.address = serve_now(street.store.clone()).await;
        street.code(REFERENCE, None).await;
        let site = Site::over(database.url());
        let folder = site.folder.path();
        source(&street, "sepay_hmac", folder).await;
        let base = format!("http://{}", street.address);
        let run = |base: &str, more: &[&str]| {
            tokio::task::block_in_place(|| simulate(&site, base, "sepay_hmac", more))
        };
        let one = ["--count", "1"];
        for (base, more, words) in [
            ("http://bank.example", one.as_slice(), "--anywhere"),
            ("https://127.0.0.1", &one, "http://"),
            (&base, &["--fault", "batches=10"], "no fault is called"),
            (&base, &["--fault", "batch=101"], "from 0 to 100"),
            (&base, &["--count", "0"], "--count"),
            (&base, &["--reference", "TH 1"], "is no reference"),
        ] {
            let refused = run(base, more);
            assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
            assert!(
                said(&refused).contains(words),
                "{words}: {}",
                said(&refused)
            );
        }
        assert_eq!(number(&database, TOLD).await, 0);

        let unheard = run("http://127.0.0.1:1", &one);
        assert_eq!(unheard.status.code(), Some(3), "{}", said(&unheard));

        std::fs::write(
            folder.join("sepay_hmac.json"),
            "a-secret-that-is-another-one\n",
        )
        .unwrap();
        let disbelieved = run(&base, &one);
        assert_eq!(disbelieved.status.code(), Some(1), "{}", said(&disbelieved));
        let told = report(&disbelieved);
        assert_eq!(
            (&told["acknowledged"], &told["sent"]),
            (&json!(0), &json!(8))
        );
        let rotated = run(&base, &["--fault", "rotated_key=10"]);
        assert_eq!(rotated.status.code(), Some(2), "{}", said(&rotated));
        assert_eq!(number(&database, TOLD).await, 0);

        // Refused and never sent: the books owe the bank nothing.
        let checked = site.run(&["check", "--oracle", "sepay_hmac.jsonl"]);
        assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
    });
}
