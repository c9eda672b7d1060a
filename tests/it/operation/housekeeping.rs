//! What has had its time is forgotten, and nothing else is.

use chrono::{DateTime, TimeDelta, Utc};
use phocho::clock::Clock;
use phocho::domain::day::local_day;
use phocho::domain::ids::{CallbackId, SourceId, UserId};
use phocho::flows::check_books;
use phocho::flows::housekeeping::{Forgotten, Round};
use phocho::store::access::{self, NewLink};
use phocho::store::callbacks::{self, NewCallback};
use phocho::store::idempotency::{self, KeyName, Reservation};
use phocho::store::{Store, retention, sources};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use uuid::Uuid;

use super::bank::{REFERENCE, SECRET};
use super::process::Site;
use crate::database::{Database, on_both_engines, run_on_sqlite};
use crate::notices::sepay;
use crate::sepay::{SepayNotice, second};
use crate::street::{ACCOUNT, Street, now};

on_both_engines!(
    raw_notices_go_after_their_retention_and_wait_for_suspense,
    expired_keys_and_links_go_and_live_ones_stay,
    bodies_go_in_steps_and_the_key_goes_last,
    a_transfer_text_keeps_only_its_reference_after_the_retention,
);

async fn round(store: &Store, now: DateTime<Utc>) -> Forgotten {
    let round = Round {
        store,
        now,
        raw_retention_days: 90,
        go_on: &|| true,
    };
    round.run().await.unwrap()
}

pub async fn number(database: &Database, sql: &str) -> i64 {
    let sql = AssertSqlSafe(sql.to_owned());
    if database.url().starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(database.url()).await.unwrap();
        let query = sqlx::query_scalar(sql);
        query.fetch_one(&mut connection).await.unwrap()
    } else {
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        let query = sqlx::query_scalar(sql);
        query.fetch_one(&mut connection).await.unwrap()
    }
}

const BODIES: &str = "SELECT COUNT(body_sealed) FROM callbacks";
const KEYS: &str = "SELECT COUNT(key_sealed) FROM body_keys";
const HASHES: &str = "SELECT COUNT(body_hash) FROM callbacks WHERE verdict = 'accepted'";

async fn raw_notices_go_after_their_retention_and_wait_for_suspense(database: Database) {
    let street = Street::open(database.store().await).await;
    street.code(REFERENCE, None).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    for (id, content) in [(1, REFERENCE), (2, REFERENCE), (3, "com trua")] {
        let (headers, body) = sepay(id, 45_000, content, ACCOUNT, 41);
        assert_eq!(street.deliver("sepay", &headers, &body).await.0, 200);
    }
    let kept = round(&street.store, now() + TimeDelta::days(90)).await;
    assert_eq!((kept.days, number(&database, BODIES).await), (0, 3));

    // A day later the paid ones go; the one in suspense keeps its body and the day's key.
    let later = now() + TimeDelta::days(91);
    assert_eq!(round(&street.store, later).await.days, 0);
    assert_eq!(number(&database, BODIES).await, 1);
    assert_eq!(number(&database, KEYS).await, 1);

    let settle = "UPDATE suspense_items SET state = 'settled' WHERE state = 'open'
        RETURNING version";
    assert_eq!(number(&database, settle).await, 1);
    assert_eq!(round(&street.store, later).await.days, 1);
    assert_eq!(number(&database, BODIES).await, 0);
    assert_eq!(number(&database, KEYS).await, 0);
    assert_eq!(number(&database, HASHES).await, 3, "what proves them stays");
    assert_eq!(round(&street.store, later).await, Forgotten::default());
    assert_eq!(check_books::check(&street.store, 20).await.unwrap(), []);
    // The destruction is on record.
    let entry = "SELECT COUNT(*) FROM audit_entries WHERE action = 'body_key.destroy'";
    assert_eq!(number(&database, entry).await, 1);
}

async fn expired_keys_and_links_go_and_live_ones_stay(database: Database) {
    let store = database.store().await;
    let mut tx = store.begin_write().await.unwrap();
    let admin = UserId::from_uuid(Uuid::from_u128(9));
    let user = access::User {
        id: admin,
        name: "Quản trị".to_owned(),
        role: phocho::domain::access::UserRole::Admin,
        all_zones: true,
        created_at: now(),
        disabled_at: None,
        version: 1,
    };
    access::insert_user(&mut tx, &user).await.unwrap();
    for (name, hours) in [("old", 1), ("live", 3)] {
        let key = KeyName {
            principal: "tok_1".to_owned(),
            operation: "zones.create".to_owned(),
            key: name.to_owned(),
        };
        let expires_at = now() + TimeDelta::hours(hours);
        let taken = idempotency::reserve(&mut tx, &key, &[0; 32], now(), expires_at).await;
        assert_eq!(taken.unwrap(), Reservation::Taken);
    }
    for (byte, hours) in [(1, 1), (2, 3), (3, 3)] {
        let link = NewLink {
            secret_hash: [byte; 32],
            user: admin,
            created_at: now(),
            expires_at: now() + TimeDelta::hours(hours),
        };
        access::insert_link(&mut tx, &link).await.unwrap();
    }
    let whose = access::use_link(&mut tx, &[3; 32], now()).await.unwrap();
    assert_eq!(whose, Some(admin));
    tx.commit().await.unwrap();
    let forgotten = round(&store, now() + TimeDelta::hours(2)).await;
    assert_eq!(
        forgotten,
        Forgotten {
            idempotency_keys: 1,
            links: 2,
            ..Forgotten::default()
        }
    );
    let mut tx = store.begin_write().await.unwrap();
    let live = access::use_link(&mut tx, &[2; 32], now()).await.unwrap();
    assert_eq!(live, Some(admin));
}

async fn bodies_go_in_steps_and_the_key_goes_last(database: Database) {
    let street = Street::open(database.store().await).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    let store = &street.store;
    let mut tx = store.begin_write().await.unwrap();
    let (source, sealed) = sources::newest_secret(&mut tx).await.unwrap().unwrap();
    assert!(!sealed.is_empty());
    let day = local_day(now());
    callbacks::body_key(&mut tx, day, b"sealed key")
        .await
        .unwrap();
    for step in 0..5 {
        let received_at = now() + TimeDelta::seconds(step);
        callbacks::insert(&mut tx, &delivery(source, step, received_at))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let next = day + chrono::Days::new(1);
    let mut tx = store.begin_write().await.unwrap();
    assert_eq!(retention::keys_before(&mut tx, day).await.unwrap(), []);
    assert_eq!(retention::keys_before(&mut tx, next).await.unwrap(), [day]);
    assert!(!retention::destroy_key(&mut tx, day, now()).await.unwrap());
    let first = retention::first_body_of(&mut tx, day).await.unwrap();
    assert_eq!(first, Some(now()));
    let step = retention::forget_bodies(&mut tx, day, now(), 2)
        .await
        .unwrap();
    assert_eq!(step, Some(now() + TimeDelta::seconds(1)));
    let first = retention::first_body_of(&mut tx, day).await.unwrap();
    assert_eq!(first, Some(now() + TimeDelta::seconds(2)));
    let rest = retention::forget_bodies(&mut tx, day, first.unwrap(), 99).await;
    assert_eq!(rest.unwrap(), Some(now() + TimeDelta::seconds(4)));
    let after = now() + TimeDelta::seconds(5);
    let end = retention::forget_bodies(&mut tx, day, after, 99).await;
    assert_eq!(end.unwrap(), None);
    assert!(retention::destroy_key(&mut tx, day, now()).await.unwrap());
    assert!(!retention::destroy_key(&mut tx, day, now()).await.unwrap());
    tx.commit().await.unwrap();
    // A process that stops breaks off between two steps.
    let stopping = Round {
        store,
        now: now() + TimeDelta::days(365),
        raw_retention_days: 90,
        go_on: &|| false,
    };
    assert_eq!(stopping.run().await.unwrap(), Forgotten::default());
}

#[test]
fn a_destroyed_key_is_overwritten_in_the_file() {
    run_on_sqlite(async |database| {
        const SEALED: &[u8] = b"a sealed key that nobody is to find again";
        let store = database.store().await;
        let file = database.url().strip_prefix("sqlite://").unwrap();
        let is_there = || {
            let bytes = std::fs::read(file).unwrap();
            bytes.windows(SEALED.len()).any(|piece| piece == SEALED)
        };
        let mut tx = store.begin_write().await.unwrap();
        callbacks::body_key(&mut tx, local_day(now()), SEALED)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        store.close().await;
        assert!(is_there());
        let store = database.store().await;
        assert_eq!(round(&store, now() + TimeDelta::days(91)).await.days, 1);
        store.close().await;
        assert!(!is_there());
    });
}

#[test]
fn serve_keeps_house_by_itself() {
    run_on_sqlite(async |database| {
        let (site, street) = Site::found(&database).await;
        let mut tx = street.store.begin_write().await.unwrap();
        let old = local_day(Clock::System.now() - TimeDelta::days(100));
        callbacks::body_key(&mut tx, old, b"sealed key")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let _served = site.serve();
        let begun = std::time::Instant::now();
        while number(&database, KEYS).await > 0 {
            assert!(begun.elapsed().as_secs() < 10, "the key is still there");
        }
    });
}

fn delivery(source: SourceId, step: i64, received_at: DateTime<Utc>) -> NewCallback {
    NewCallback {
        id: CallbackId::from_uuid(Uuid::from_u128(u128::try_from(100 + step).unwrap())),
        source,
        received_at,
        method: "POST".to_owned(),
        path: "/v1/callbacks/sepay".to_owned(),
        query: String::new(),
        headers: "[]".to_owned(),
        body_sealed: vec![1, 2, 3],
        body_key_day: local_day(received_at),
        body_hash: vec![0; 32],
        peer: String::new(),
        verdict: "ignored",
        reason: String::new(),
        verified_with: "current",
    }
}

async fn a_transfer_text_keeps_only_its_reference_after_the_retention(database: Database) {
    let street = Street::open(database.store().await).await;
    street.code(REFERENCE, None).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    let named = format!("CT tu 19001234 NGUYEN VAN AN {REFERENCE} toi 1030000000117");
    let unnamed = "CT tu 19001235 TRAN THI BICH com trua";
    for (id, content) in [(1, named.as_str()), (2, unnamed)] {
        let (headers, body) = sepay(id, 45_000, content, ACCOUNT, 41);
        assert_eq!(street.deliver("sepay", &headers, &body).await.0, 200);
    }
    let seller = street.seller(false).await;
    let texts = async || {
        let (_, page) = street.get(&seller, "/v1/bank-transactions").await;
        let rows = page["data"].as_array().unwrap().iter();
        let mut texts: Vec<_> = rows
            .map(|row| row["content"].as_str().unwrap().to_owned())
            .collect();
        texts.sort();
        texts
    };
    let kept = round(&street.store, now() + TimeDelta::days(90)).await;
    assert_eq!(
        (kept.texts, texts().await),
        (0, vec![named, unnamed.to_owned()])
    );
    let later = now() + TimeDelta::days(91);
    assert_eq!(round(&street.store, later).await.texts, 1);
    assert_eq!(texts().await, [unnamed, REFERENCE], "one waits in suspense");
    let settle = "UPDATE suspense_items SET state = 'settled' WHERE state = 'open'
        RETURNING version";
    assert_eq!(number(&database, settle).await, 1);
    assert_eq!(round(&street.store, later).await.texts, 1);
    assert_eq!(texts().await, ["", REFERENCE]);
    assert_eq!(round(&street.store, later).await.texts, 0);
    // What it was taken for is still explained.
    let (_, page) = street.get(&seller, "/v1/payments").await;
    let id = page["data"][0]["id"].as_str().unwrap().to_owned();
    let (_, why) = street
        .get(&seller, &format!("/v1/payments/{id}/explanation"))
        .await;
    assert_eq!(why["reference"], REFERENCE);
    assert_eq!(check_books::check(&street.store, 20).await.unwrap(), []);
    // The same notice again is still the same.
    street.clock.advance(TimeDelta::days(91));
    let again = SepayNotice {
        id: 1,
        bank_number: 1,
        amount: 45_000,
        content: "CT tu 19001234",
        account: ACCOUNT,
        booked_at: second(41),
    };
    let (headers, body) = again.signed(SECRET, later);
    assert_eq!(street.deliver("sepay", &headers, &body).await.0, 200);
    let (_, page) = street.get(&seller, "/v1/payments").await;
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
}
