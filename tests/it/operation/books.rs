//! Counter-examples are found, and only where there are any.

use phocho::clock::Clock;
use phocho::flows::check_books::{self, NoticeName, Oracle, Told};
use phocho::store::invariants::Breach;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use super::bank::{REFERENCE, SECRET};
use super::process::{Site, said};
use crate::database::{Database, on_both_engines, run_on_sqlite};
use crate::sepay::{SepayNotice, second};
use crate::street::{ACCOUNT, Street};

on_both_engines!(
    every_tampering_is_found_by_its_rule,
    what_a_sender_knows_is_held_against_the_books,
);

/// What a sender wrote down: a notice, its amount in đồng, what it was told.
type Lines = Vec<(NoticeName, i64, Told)>;

/// A notice about 45 000 đồng, signed now.
fn notice(number: u64, content: &str) -> (Vec<(String, String)>, String) {
    let notice = SepayNotice {
        id: number,
        bank_number: number,
        amount: 45_000,
        content,
        account: ACCOUNT,
        booked_at: second(41),
    };
    notice.signed(SECRET, Clock::System.now())
}

/// A street with three payments and a credit in suspense.
async fn street(database: &Database) -> Street {
    let mut street = Street::open(database.store().await).await;
    // The senders of this file sign with the time of day.
    street.address = crate::street::serve_now(street.store.clone()).await;
    street.code(REFERENCE, None).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    for (number, content) in [
        (1, REFERENCE),
        (2, REFERENCE),
        (3, REFERENCE),
        (4, "com trua"),
    ] {
        let (headers, body) = notice(number, content);
        assert_eq!(street.deliver("sepay", &headers, &body).await.0, 200);
    }
    street
}

/// Changes rows behind the service's back.
pub async fn tamper(database: &Database, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    if database.url().starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(database.url()).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    } else {
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }
}

/// Rules, and how each is broken.
const TAMPERINGS: [(&str, &str); 20] = [
    (
        "the sums of an outlet's day",
        "UPDATE outlet_days SET sale_vnd = sale_vnd + 1",
    ),
    (
        "the sums of a zone's day",
        "UPDATE zone_days SET payments = payments - 1",
    ),
    (
        "the ticket sizes",
        "UPDATE ticket_days SET payments = payments + 1",
    ),
    (
        "the counted deliveries",
        "UPDATE source_days SET accepted = accepted + 1",
    ),
    (
        "events are numbered",
        "UPDATE events SET sequence = 1000 WHERE sequence = 2",
    ),
    (
        "every audit chain",
        "UPDATE audit_entries SET actor = 'nobody' WHERE sequence = 2",
    ),
    (
        "a payment counts on",
        "UPDATE payments SET occurred_at = '2026-03-16T18:00:00+00:00'",
    ),
    (
        "a payment received",
        "UPDATE payments SET received_vnd = received_vnd + 1",
    ),
    (
        "the state of a payment follows",
        "UPDATE payments SET status = 'returned'",
    ),
    (
        "what went back of a payment",
        "UPDATE payments SET returned_vnd = returned_vnd + 1",
    ),
    (
        "a confirmed reversal",
        "INSERT INTO reversals
                (id, merchant_id, account_id, origin, amount_vnd, state, recorded_by,
                 recorded_at, version)
                SELECT p.id, p.merchant_id, t.account_id, 'bank', 1, 'confirmed', 'test',
                    p.recorded_at, 1
                FROM payments p JOIN bank_transactions t ON t.id = p.transaction_id",
    ),
    (
        "a bank transaction moves",
        "UPDATE bank_transactions SET amount_vnd = 0",
    ),
    (
        "a payment belongs",
        "UPDATE payment_codes SET account_id = NULL",
    ),
    ("no notice pays into", "DELETE FROM source_accounts"),
    ("a kept body", "UPDATE body_keys SET key_sealed = NULL"),
    (
        "a payment does not wait",
        "UPDATE suspense_items SET transaction_id = (
                SELECT transaction_id FROM payments ORDER BY transaction_id LIMIT 1)",
    ),
    (
        "an accepted notice",
        "UPDATE transaction_evidence SET callback_id = NULL",
    ),
    (
        "a source or a statement tells",
        "INSERT INTO transaction_evidence
                (teller_id, transaction_key, source_id, transaction_id, account_id, kind,
                 provider_txn_id, fact_hash, recorded_at)
                SELECT teller_id, 'another', source_id, transaction_id, account_id, kind,
                    provider_txn_id, fact_hash, recorded_at
                FROM transaction_evidence ORDER BY transaction_key LIMIT 1",
    ),
    (
        "the evidence of a bank transaction is",
        "UPDATE transaction_evidence SET account_id = (
                SELECT id FROM accounts WHERE account_number = '1030000000118')",
    ),
    (
        "every bank transaction has",
        "DELETE FROM transaction_evidence",
    ),
];

async fn every_tampering_is_found_by_its_rule(database: Database) {
    let street = street(&database).await;
    street.second_account().await;
    assert_eq!(check_books::check(&street.store, 20).await.unwrap(), []);
    for (rule, sql) in TAMPERINGS {
        let broken = |found: &[Breach]| found.iter().any(|one| one.rule.starts_with(rule));
        let before = check_books::check(&street.store, 20).await.unwrap();
        assert!(!broken(&before), "{rule}: {before:?}");
        tamper(&database, sql).await;
        let after = check_books::check(&street.store, 20).await.unwrap();
        assert!(broken(&after), "{rule}: {after:?}");
    }
    let found = check_books::check(&street.store, 20).await.unwrap();
    let orphan = "every payment has a bank transaction with evidence";
    assert_eq!(found.iter().filter(|one| one.rule == orphan).count(), 3);
    let few = check_books::check(&street.store, 1).await.unwrap();
    assert_eq!(few.iter().filter(|one| one.rule == orphan).count(), 1);
}

async fn disagreements(street: &Street, lines: Lines) -> Vec<Breach> {
    let mut oracle = Oracle::default();
    for (notice, amount, told) in lines {
        oracle.note("sepay".to_owned(), notice, amount, told);
    }
    check_books::compare(&street.store, oracle).await.unwrap()
}

async fn what_a_sender_knows_is_held_against_the_books(database: Database) {
    let street = street(&database).await;
    let key = |number: u64| NoticeName::Key(format!("sepay:{number}"));
    let hash = |number: u64, content: &str| {
        NoticeName::Body(Sha256::digest(notice(number, content).1).to_vec())
    };
    let honest: Lines = (1..=4)
        .map(|number| (key(number), 45_000, Told::Ok))
        .collect();
    let by_body: Lines = [
        (1, REFERENCE),
        (2, REFERENCE),
        (3, REFERENCE),
        (4, "com trua"),
    ]
    .map(|(number, content)| (hash(number, content), 45_000, Told::Ok))
    .into();
    let with = |lines: &Lines, more: (NoticeName, i64, Told)| {
        let mut lines = lines.clone();
        lines.push(more);
        lines
    };
    let without = |lines: &Lines, place: usize, instead: Option<(i64, Told)>| {
        let mut lines = lines.clone();
        let (name, ..) = lines.remove(place);
        lines.extend(instead.map(|(amount, told)| (name, amount, told)));
        lines
    };
    let (lost, invented) = ("an acknowledged notice", "no notice is there");
    let (refused, amount) = ("a refused notice", "a notice has the amount");
    for (name, lines, wanted) in [
        ("honest", honest.clone(), None),
        ("honest, by body", by_body.clone(), None),
        (
            "no answer, not stored",
            with(&honest, (key(9), 1, Told::Unknown)),
            None,
        ),
        (
            "refused, not stored",
            with(&honest, (key(9), 1, Told::Refused)),
            None,
        ),
        (
            "no answer, stored",
            without(&honest, 1, Some((45_000, Told::Unknown))),
            None,
        ),
        (
            "refused, then stored",
            with(&honest, (key(1), 45_000, Told::Refused)),
            None,
        ),
        ("lost", with(&honest, (key(9), 1, Told::Ok)), Some(lost)),
        (
            "lost, by body",
            with(&by_body, (hash(9, ""), 1, Told::Ok)),
            Some(lost),
        ),
        ("invented", without(&honest, 3, None), Some(invented)),
        (
            "invented, by body",
            without(&by_body, 3, None),
            Some(invented),
        ),
        (
            "refused, yet stored",
            without(&honest, 0, Some((45_000, Told::Refused))),
            Some(refused),
        ),
        (
            "other amount",
            without(&honest, 0, Some((1, Told::Ok))),
            Some(amount),
        ),
        (
            "other amount, by body",
            without(&by_body, 0, Some((1, Told::Ok))),
            Some(amount),
        ),
    ] {
        let found = disagreements(&street, lines).await;
        match wanted {
            None => assert_eq!(found, [], "{name}"),
            Some(rule) => assert!(
                found.len() == 1 && found[0].rule.starts_with(rule),
                "{name}: {found:?}"
            ),
        }
    }
    let mut stranger = Oracle::default();
    stranger.note("unknown".to_owned(), key(1), 1, Told::Ok);
    let found = check_books::compare(&street.store, stranger).await.unwrap();
    assert_eq!(
        found.len(),
        1,
        "a source that nobody knows has stored nothing"
    );
}

#[test]
fn the_command_shows_counter_examples_and_refuses_a_line_it_cannot_read() {
    run_on_sqlite(async |database| {
        let (site, street) = Site::found(&database).await;
        street.store.close().await;
        let oracle = |text: &str| {
            std::fs::write(site.folder.path().join("oracle.jsonl"), text).unwrap();
            site.run(&["check", "--oracle", "oracle.jsonl", "--json"])
        };
        let good = oracle("");
        assert_eq!(good.status.code(), Some(0), "{}", said(&good));
        let line = r#"{"source":"sepay","dedupe_key":"sepay:1","amount_vnd":1,"outcome":"ok"}"#;
        let lost = oracle(line);
        assert_eq!(lost.status.code(), Some(1), "{}", said(&lost));
        let told: serde_json::Value = serde_json::from_slice(&lost.stdout).unwrap();
        assert_eq!(told["breaches"][0]["subject"], "sepay sepay:1");
        for text in ["{", r#"{"source":"sepay","amount_vnd":1,"outcome":"ok"}"#] {
            let unreadable = oracle(text);
            assert_eq!(unreadable.status.code(), Some(3), "{}", said(&unreadable));
            assert!(said(&unreadable).contains("line 1"));
        }
    });
}
