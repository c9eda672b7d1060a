//! What bounds a trial: its day, its token, its size, their number, and its own tables.

use std::fs;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use phocho::domain::ids::TrialId;
use phocho::flows::housekeeping::Round;
use phocho::flows::trial::TRIALS_MAX;
use phocho::store::trials::{self, Trial as Row, deliveries};
use serde_json::json;
use uuid::Uuid;

use super::bench::{Bench, names, told};
use crate::database::{Database, on_both_engines, run_on_sqlite};
use crate::operation::number;
use crate::service::ask;
use crate::street::{Street, now};

on_both_engines!(
    a_trial_ends_after_a_day_and_goes_with_all_that_came_to_it,
    only_its_own_token_reads_a_trial,
    the_oldest_deliveries_go_and_what_they_showed_stays,
    a_trial_changes_no_row_outside_its_own_tables,
    trials_are_bounded_in_number_and_an_unused_one_makes_way,
    one_notice_sent_many_times_at_once_is_accepted_once,
    a_trial_that_goes_while_notices_come_leaves_nothing_behind,
);

/// Every table that the migrations make, trials' own or all others.
fn tables(of_trials: bool) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut tables = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let named = text
            .lines()
            .filter_map(|it| it.strip_prefix("CREATE TABLE "));
        let named: Vec<_> = named.map(|it| it.trim_end_matches(" (")).collect();
        // One that is built anew takes the old one's name in the end.
        let lasting = named
            .into_iter()
            .filter(|it| !text.contains(&format!("ALTER TABLE {it} RENAME TO")));
        tables.extend(lasting.map(str::to_owned));
    }
    tables.retain(|table| table.starts_with("trial") == of_trials);
    tables.sort();
    tables
}

async fn rows(database: &Database, tables: &[String]) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in tables {
        counts.push(number(database, &format!("SELECT COUNT(*) FROM {table}")).await);
    }
    counts
}

async fn a_trial_ends_after_a_day_and_goes_with_all_that_came_to_it(database: Database) {
    let bench = Bench::open(&database).await;
    let trial = bench.trial("sepay_hmac").await;
    bench.tell(&trial, told(1, &trial.reference)).await;
    let own = tables(true);
    assert_eq!(own.len(), 5);
    assert!(rows(&database, &own).await.iter().all(|count| *count > 0));
    let house = async || {
        let round = Round {
            store: &bench.state.ledger.store,
            now: bench.state.clock.now(),
            raw_retention_days: 90,
            go_on: &|| true,
        };
        round.run().await.unwrap().trials
    };
    bench
        .state
        .clock
        .advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    assert_eq!(house().await, 0);
    assert_eq!(
        bench.tell(&trial, told(2, &trial.reference)).await.status,
        200
    );
    bench.state.clock.advance(TimeDelta::seconds(1));
    assert_eq!(
        bench.tell(&trial, told(3, &trial.reference)).await.status,
        404
    );
    let path = format!("/v1/trials/{}", trial.id);
    for path in [path.clone(), format!("{path}/report")] {
        let answer = ask(&bench.service, ("GET", &path), &trial.token, None, &[]).await;
        answer.is(404, "not_found");
    }
    assert_eq!(house().await, 1);
    assert_eq!(rows(&database, &own).await, [0; 5]);
    assert_eq!(house().await, 0);
}

async fn only_its_own_token_reads_a_trial(database: Database) {
    let bench = Bench::open(&database).await;
    let (mine, yours) = (
        bench.trial("sepay_hmac").await,
        bench.trial("sepay_hmac").await,
    );
    let nobody = TrialId::from_uuid(Uuid::from_u128(1)).to_string();
    for below in ["", "/report"] {
        for (id, token, status, code) in [
            (&mine.id, yours.token.as_str(), 404, "not_found"),
            (&nobody, &mine.token, 404, "not_found"),
            (&mine.id, "", 401, "unauthenticated"),
            (&mine.id, "pht_12", 401, "unauthenticated"),
            (
                &mine.id,
                &mine.token.replace("pht_", "phk_"),
                401,
                "unauthenticated",
            ),
        ] {
            let path = format!("/v1/trials/{id}{below}");
            let answer = ask(&bench.service, ("GET", &path), token, None, &[]).await;
            answer.is(status, code);
        }
        let path = format!("/v1/trials/{}{below}", mine.id);
        let answer = ask(&bench.service, ("GET", &path), &mine.token, None, &[]).await;
        assert_eq!(answer.status, 200);
    }
    // A trial's token opens nothing else, and the secret is nowhere to be read.
    let answer = ask(
        &bench.service,
        ("GET", "/v1/tokens"),
        &mine.token,
        None,
        &[],
    )
    .await;
    answer.is(401, "unauthenticated");
    let page = format!("/docs/banks/trials/{}?token={}", mine.id, yours.token);
    let answer = ask(&bench.service, ("GET", &page), "", None, &[]).await;
    answer.is(404, "not_found");
    let sealed = number(
        &database,
        "SELECT COUNT(DISTINCT secret_sealed) FROM trials",
    )
    .await;
    assert_eq!(sealed, 2);
}

async fn the_oldest_deliveries_go_and_what_they_showed_stays(database: Database) {
    let bench = Bench::open(&database).await;
    let trial = bench.trial("sepay_apikey").await;
    bench.tell(&trial, told(1, &trial.reference)).await;
    for place in 2..=deliveries::DELIVERIES_KEPT + 3 {
        let number = u64::try_from(place).unwrap();
        bench.tell(&trial, told(number, "com trua")).await;
    }
    let kept = bench.deliveries(&trial).await;
    assert_eq!(kept.len(), 200);
    assert_eq!(
        (&kept[0]["number"], &kept[199]["number"]),
        (&json!(203), &json!(4))
    );
    bench.tell(&trial, told(1, &trial.reference)).await;
    assert_eq!(bench.newest(&trial).await["verdict"]["code"], "duplicate");
    let wanted = names(&["accepted", "reference_found", "repeat", "two_alike"]);
    assert_eq!(bench.checks(&trial, "passed").await, wanted);
    let report = bench.report(&trial).await;
    assert_eq!(report["deliveries"], 204);
    assert_eq!(report["counts"], json!({"accepted": 203, "duplicate": 1}));
}

async fn a_trial_changes_no_row_outside_its_own_tables(database: Database) {
    let store = database.store().await;
    let street = Street::lay_out(store).await;
    let code = street.code("TH7K2M9XQ4", None).await;
    let bench = Bench::open(&database).await;
    let others = tables(false);
    assert!(others.contains(&"payments".to_owned()));
    let before = rows(&database, &others).await;
    for adapter in phocho::banks::ADAPTERS {
        let trial = bench.trial(adapter.name()).await;
        for content in [trial.reference.as_str(), "TH7K2M9XQ4", "com trua"] {
            for place in [1, 1, 2] {
                bench.tell(&trial, told(place, content)).await;
            }
        }
        let forged = ask(&bench.service, ("POST", &trial.address), "", None, &[]).await;
        assert_ne!(forged.status, 201);
    }
    assert_eq!(rows(&database, &others).await, before, "{code}");
    let events = number(&database, "SELECT last_sequence FROM event_counter").await;
    assert_eq!(events, 0);
}

async fn one_notice_sent_many_times_at_once_is_accepted_once(database: Database) {
    let bench = Bench::open(&database).await;
    let trial = bench.trial("sepay_hmac").await;
    let signed = bench.sign(&trial, &trial.secret, told(1, &trial.reference));
    let signed = signed.await.unwrap();
    let answers = join_all((0..20).map(|_| bench.deliver(&trial, &signed))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let report = bench.report(&trial).await;
    assert_eq!(report["counts"], json!({"accepted": 1, "duplicate": 19}));
    let deliveries = bench.deliveries(&trial).await;
    let numbers: Vec<_> = deliveries.iter().map(|it| it["number"].clone()).collect();
    assert_eq!(numbers, (1..=20).rev().collect::<Vec<_>>());
}

async fn a_trial_that_goes_while_notices_come_leaves_nothing_behind(database: Database) {
    let bench = Bench::open(&database).await;
    let trial = bench.trial("sepay_hmac").await;
    let signed = bench.sign(&trial, &trial.secret, told(1, &trial.reference));
    let signed = signed.await.unwrap();
    let id: TrialId = trial.id.parse().unwrap();
    let remove = async || {
        let mut tx = bench.state.ledger.store.begin_write().await.unwrap();
        let removed = trials::remove(&mut tx, id).await.unwrap();
        tx.commit().await.unwrap();
        removed
    };
    let some = || join_all((0..10).map(|_| bench.deliver(&trial, &signed)));
    let (before, removed, after) = tokio::join!(some(), remove(), some());
    assert!(removed);
    let answers = before.iter().chain(&after).map(|answer| answer.status);
    assert!(answers.clone().all(|status| [200, 404].contains(&status)));
    assert_eq!(rows(&database, &tables(true)).await, [0; 5]);
    assert!(!remove().await);
}

fn row(place: i64, created_at: DateTime<Utc>, came: i64) -> Row {
    Row {
        id: Uuid::from_u128(u128::try_from(place).unwrap()),
        token_hash: vec![1; 32],
        adapter: "sepay_hmac".to_owned(),
        secret_sealed: vec![1],
        ed25519_public_key: None,
        config: "{}".to_owned(),
        account_number: "9912345678901".to_owned(),
        reference: "TH7K2M9XQ4".to_owned(),
        created_at,
        expires_at: created_at + TimeDelta::hours(24),
        deliveries: came,
    }
}

async fn trials_are_bounded_in_number_and_an_unused_one_makes_way(database: Database) {
    let bench = Bench::open(&database).await;
    let store = &bench.state.ledger.store;
    let mut tx = store.begin_write().await.unwrap();
    for place in 0..TRIALS_MAX {
        // All are in use but the last, which was made a minute later.
        let unused = place == TRIALS_MAX - 1;
        let (later, came) = if unused { (1, 0) } else { (0, 1) };
        let made = now() + TimeDelta::minutes(later);
        trials::insert(&mut tx, &row(place, made, came))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let wish = json!({"adapter": "sepay_hmac"});
    bench.state.clock.advance(TimeDelta::minutes(61));
    let refused = bench.ask_for(&wish).await;
    refused.is(503, "unavailable");
    assert!(refused.headers.contains_key("retry-after"));
    bench.state.clock.advance(TimeDelta::seconds(1));
    assert_eq!(bench.ask_for(&wish).await.status, 201);
    assert_eq!(
        number(&database, "SELECT COUNT(*) FROM trials").await,
        TRIALS_MAX
    );
    bench.ask_for(&wish).await.is(503, "unavailable");
    // What ended makes way before the house is kept.
    bench.state.clock.advance(TimeDelta::hours(23));
    assert_eq!(bench.ask_for(&wish).await.status, 201);
    assert_eq!(
        number(&database, "SELECT COUNT(*) FROM trials").await,
        TRIALS_MAX
    );
}

#[test]
fn one_address_makes_few_trials_and_sends_a_bounded_number_of_notices() {
    run_on_sqlite(async |database| {
        let bench = Bench::open_with(&database, |_| {}).await;
        let wish = json!({"adapter": "sepay_hmac"});
        for _ in 0..10 {
            assert_eq!(bench.ask_for(&wish).await.status, 201);
        }
        let refused = bench.ask_for(&wish).await;
        refused.is(429, "rate_limited");
        let wait = refused.headers["retry-after"].to_str().unwrap();
        assert!((2..=60).contains(&wait.parse::<u32>().unwrap()), "{wait}");
        let nobody = format!("/v1/trials/{}/callback", TrialId::from_uuid(Uuid::nil()));
        let mut statuses = Vec::new();
        for _ in 0..150 {
            let answer = ask(&bench.service, ("POST", &nobody), "", None, &[]).await;
            statuses.push(answer.status);
        }
        assert_eq!(statuses[..100], [404; 100]);
        assert!(statuses[100..].contains(&429));
    });
}

#[test]
fn a_wish_that_no_format_grants_is_refused_by_its_field() {
    run_on_sqlite(async |database| {
        let bench = Bench::open(&database).await;
        let key = format!("whpk_{}", "A".repeat(44));
        for (wish, pointer, code) in [
            (json!({"adapter": "swift"}), "/adapter", "unknown_word"),
            (
                json!({"adapter": "payos", "ed25519_public_key": key}),
                "/ed25519_public_key",
                "not_of_this_format",
            ),
            (
                json!({"adapter": "standard_webhooks", "ed25519_public_key": "whpk_x"}),
                "/ed25519_public_key",
                "wrong_form",
            ),
            (
                json!({"adapter": "payos", "secret": "mine"}),
                "/secret",
                "unknown_field",
            ),
            (json!({}), "/adapter", "missing_field"),
        ] {
            let refused = bench.ask_for(&wish).await;
            refused.is(422, "invalid_fields");
            assert_eq!((refused.pointers(), refused.fault()), (vec![pointer], code));
        }
        let trial = bench.trial("sepay_hmac").await;
        let long = json!("x".repeat(70_000));
        let answer = ask(
            &bench.service,
            ("POST", &trial.address),
            "",
            Some(&long),
            &[],
        );
        answer.await.is(413, "body_too_large");
        assert!(bench.deliveries(&trial).await.is_empty());
    });
}
