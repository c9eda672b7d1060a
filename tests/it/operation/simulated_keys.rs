//! `phocho simulate-bank` in the place of a bank that shares no secret: every algorithm of our
//! own contract with everything that can go wrong, against the real service.

use std::process::Output;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use phocho::banks::{Secret, adapter_by_name};
use phocho::cli::bank::SigningAlgorithm;
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::task::JoinSet;

use super::bank::REFERENCE;
use super::number;
use super::process::{Site, said};
use super::simulated_bank::{
    FAULTS, Known, TOLD, arguments, check_books, report, rotated_source, stored,
};
use crate::database::{Database, on_both_engines, run_on_sqlite};
use crate::street::{Street, serve_now};

on_both_engines!(whatever_a_bank_signs_with_the_books_are_what_it_wrote_down);

/// The formats of our own contract.
const ADAPTERS: [&str; 2] = ["standard_webhooks", "camt054"];
/// How many notices each bank sends.
const NOTICES: u32 = 10;

/// The files of a key pair, the private half first.
fn files(name: &str) -> [String; 2] {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/keys");
    [".key", ""].map(|half| format!("{folder}/{name}{half}.pem"))
}

fn public(name: &str) -> String {
    std::fs::read_to_string(&files(name)[1]).unwrap()
}

/// The key that a bank signs with, and the one before it.
fn keys(algorithm: SigningAlgorithm) -> [&'static str; 2] {
    match algorithm {
        SigningAlgorithm::JwsEs256 => ["p256", "p256_other"],
        SigningAlgorithm::JwsEddsa | SigningAlgorithm::Ed25519V1a => ["ed25519", "ed25519_other"],
        _ => ["rsa_2048", "rsa_2048_other"],
    }
}

/// A shared secret, as it is stored.
fn shared(byte: u8) -> String {
    let made = adapter_by_name("camt054").unwrap().make_secret(&[byte; 32]);
    made.unwrap().to_stored().expose_secret().to_owned()
}

/// An Ed25519 key as a source has it beside its secret.
fn whpk(name: &str) -> String {
    let pem = public(name);
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    let envelope = STANDARD.decode(lines.collect::<String>()).unwrap();
    format!("whpk_{}", STANDARD.encode(&envelope[envelope.len() - 32..]))
}

fn name_of(adapter: &str, algorithm: SigningAlgorithm) -> String {
    format!("{adapter}-{algorithm}")
}

/// Lets a source speak that knows the bank's keys.
async fn source(street: &Street, adapter: &str, algorithm: SigningAlgorithm) {
    let [current, previous] = keys(algorithm);
    let beside = (algorithm == SigningAlgorithm::Ed25519V1a).then(|| whpk(current));
    let secret = |name: &str, byte| {
        if beside.is_some() {
            return shared(byte);
        }
        let key = Secret::public_key(algorithm.as_str(), public(name));
        key.to_stored().expose_secret().to_owned()
    };
    let known = Known {
        secrets: [&secret(previous, 7), &secret(current, 8)],
        public_key: beside.as_deref(),
        config: &json!({}),
    };
    rotated_source(street, &name_of(adapter, algorithm), adapter, known).await;
}

/// Runs the command with a key.
fn simulate(
    site: &Site,
    base: &str,
    (adapter, algorithm): (&str, SigningAlgorithm),
    key: &str,
    more: &[String],
) -> Output {
    let name = name_of(adapter, algorithm);
    let mut arguments = arguments(base, &name, adapter);
    let [private, _] = files(key);
    let words = ["--private-key", &private, "--algorithm", algorithm.as_str()];
    arguments.extend(words.map(str::to_owned));
    arguments.extend(more.iter().cloned());
    let output = site.phocho().args(arguments).output().unwrap();
    // Whatever it says, it does not say the key.
    let secret = std::fs::read_to_string(&private).unwrap();
    let secret = secret.lines().find(|line| !line.starts_with('-')).unwrap();
    assert!(!said(&output).contains(secret), "{}", said(&output));
    output
}

async fn whatever_a_bank_signs_with_the_books_are_what_it_wrote_down(database: Database) {
    let mut street = Street::open(database.store().await).await;
    street.address = serve_now(street.store.clone()).await;
    street.code(REFERENCE, None).await;
    let site = Arc::new(Site::over(database.url()));
    let base = format!("http://{}", street.address);
    let mut banks = JoinSet::new();
    let mut names = Vec::new();
    for adapter in ADAPTERS {
        for algorithm in SigningAlgorithm::ALL {
            source(&street, adapter, *algorithm).await;
            names.push(name_of(adapter, *algorithm));
            let (site, base) = (site.clone(), base.clone());
            let seed = names.len();
            banks.spawn_blocking(move || {
                let [current, previous] = keys(*algorithm);
                let has_previous = *algorithm != SigningAlgorithm::Ed25519V1a;
                let more = format!("--count {NOTICES} --rate 20 --seed {seed}");
                let mut more: Vec<_> = more.split(' ').map(str::to_owned).collect();
                let faults = FAULTS
                    .iter()
                    .filter(|it| has_previous || **it != "rotated_key");
                for fault in faults {
                    more.extend(["--fault".to_owned(), format!("{fault}=40")]);
                }
                if has_previous {
                    let [previous, _] = files(previous);
                    more.extend(["--previous-private-key".to_owned(), previous]);
                }
                let output = simulate(&site, &base, (adapter, *algorithm), current, &more);
                (adapter, *algorithm, output)
            });
        }
    }
    let (mut transactions, mut refused) = (0, 0);
    while let Some(done) = banks.join_next().await {
        let (adapter, algorithm, output) = done.unwrap();
        let name = name_of(adapter, algorithm);
        assert!(output.status.success(), "{name}: {}", said(&output));
        let report = report(&output);
        assert_eq!(report["notices"], NOTICES, "{name}: {report}");
        assert_eq!(report["surprises"], 0, "{name}: {report}");
        let happened = |fault: &str| report["faults"][fault].as_u64().unwrap_or(0) > 0;
        assert!(happened("wrong_key"), "{name}: {report}");
        let rotated = algorithm != SigningAlgorithm::Ed25519V1a;
        assert_eq!(happened("rotated_key"), rotated, "{name}: {report}");
        // Too many forgeries from one address are told to wait, which is no belief either.
        refused += report["refused_as_wanted"].as_u64().unwrap();
        transactions += stored(site.folder.path(), &name);
    }
    assert!(refused > 0, "no forgery was refused");
    assert!(transactions >= names.len() * usize::try_from(NOTICES).unwrap());
    let told = number(&database, TOLD).await;
    assert_eq!(usize::try_from(told).unwrap(), transactions);
    check_books(&site, &names, 0);
}

#[test]
fn a_key_that_the_source_does_not_know_is_not_believed_and_none_of_another_kind_is_tried() {
    run_on_sqlite(async |database| {
        let mut street = Street::open(database.store().await).await;
        street.address = serve_now(street.store.clone()).await;
        street.code(REFERENCE, None).await;
        let site = Site::over(database.url());
        let base = format!("http://{}", street.address);
        let known = Secret::public_key("jws_es256", public("p256"));
        let known = known.to_stored().expose_secret().to_owned();
        let source = ("camt054", SigningAlgorithm::JwsEs256);
        let name = name_of(source.0, source.1);
        street.source(&name, source.0, &known, None).await;
        let run = |key: &str, more: &[&str]| {
            let more: Vec<_> = more.iter().map(|word| (*word).to_owned()).collect();
            tokio::task::block_in_place(|| simulate(&site, &base, source, key, &more))
        };
        let one = ["--count", "1"];
        let stranger = run("p256_other", &one);
        assert_eq!(stranger.status.code(), Some(1), "{}", said(&stranger));
        let told = report(&stranger);
        assert_eq!(told["acknowledged"], 0, "{told}");
        assert_eq!(number(&database, TOLD).await, 0);
        let [other, _] = files("p256_other");
        let ([rsa, _], [_, half]) = (files("rsa_2048"), files("p256"));
        for (more, words) in [
            (["--fault", "rotated_key=1"], "--previous-private-key"),
            (["--previous-private-key", &rsa], "no key for jws_es256"),
            (["--previous-private-key", &half], "BEGIN PRIVATE KEY"),
            (["--secret-file", &other], "cannot be used with"),
            (["--algorithm", "HS256"], "--algorithm <NAME>"),
        ] {
            let refused = run("p256", &more);
            assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
            assert!(said(&refused).contains(words), "{}", said(&refused));
        }
        assert_eq!(number(&database, TOLD).await, 0);
        let good = run("p256", &one);
        assert_eq!(good.status.code(), Some(0), "{}", said(&good));
        assert_eq!(number(&database, TOLD).await, 1);
        // A bank that has changed its key signs a rotated notice with the one before it.
        let [before, _] = files("p256");
        let rotated = ["--seed", "8", "--count", "3", "--fault", "rotated_key=100"];
        let rotated = [&rotated[..], &["--previous-private-key", &before]].concat();
        let rotated = run("p256_other", &rotated);
        assert_eq!(rotated.status.code(), Some(0), "{}", said(&rotated));
        assert_eq!(number(&database, TOLD).await, 4);
        check_books(&site, &[name], 0);
    });
}
