//! Changing the master key: all or nothing, while nobody else has the database.

use std::process::Output;

use phocho::domain::day::local_day;
use phocho::domain::ids::{SourceId, UserId};
use phocho::entropy::Entropy;
use phocho::flows::change_master_key::{KeyChange, KeyChangeError, Resealed};
use phocho::flows::intake::body_key_name;
use phocho::flows::receive_notice::secret_name;
use phocho::store::{Store, audit, callbacks, sealed_values, source_states, sources};
use phocho::vault::Key;
use uuid::Uuid;

use super::bank::SECRET;
use super::process::{Site, said};
use crate::database::{Database, on_both_engines};
use crate::street::{Street, now};

on_both_engines!(
    every_secret_opens_under_the_new_key_and_no_more_under_the_old,
    a_key_is_changed_only_while_nobody_has_the_database,
    a_value_that_opens_under_neither_key_changes_nothing,
);

fn key(byte: u8) -> Key {
    Key::new([byte; 32])
}

/// A street with a source that has a secret, one before it and one that waits, and with the
/// key of a day's notices.
async fn street(database: &Database) -> Street {
    let street = Street::lay_out(database.store().await).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    let mut tx = street.store.begin_write().await.unwrap();
    let source = sources::find_by_name(&mut tx, "sepay")
        .await
        .unwrap()
        .unwrap();
    let id = SourceId::from_uuid(source.id);
    let by = UserId::from_uuid(Uuid::from_u128(1));
    let seal = |name: &str, value: &[u8]| key(7).seal(name, Entropy::System.bytes(), value);
    let second = seal(&secret_name(id), b"the-second-secret-of-this-test");
    let third = seal(&secret_name(id), b"the-third-secret-of-this-test");
    let version = source.version;
    let moved = [
        source_states::propose_secret(&mut tx, id, version, &second, by, now()).await,
        source_states::adopt_secret(&mut tx, id, version + 1, now(), now()).await,
        source_states::propose_secret(&mut tx, id, version + 2, &third, by, now()).await,
    ];
    assert!(moved.into_iter().all(Result::unwrap));
    let day = local_day(now());
    let sealed = seal(&body_key_name(day), &[9; 32]);
    callbacks::body_key(&mut tx, day, &sealed).await.unwrap();
    tx.commit().await.unwrap();
    street
}

/// How many of the sealed values open under a key, and how many there are.
async fn opened(store: &Store, key: &Key) -> (usize, usize) {
    let mut tx = store.begin_read().await.unwrap();
    let mut values = Vec::new();
    for secrets in [
        sealed_values::secrets(&mut tx).await.unwrap(),
        sealed_values::previous_secrets(&mut tx).await.unwrap(),
        sealed_values::next_secrets(&mut tx).await.unwrap(),
    ] {
        let named = |(id, sealed)| (secret_name(SourceId::from_uuid(id)), sealed);
        values.extend(secrets.into_iter().map(named));
    }
    for (day, sealed) in sealed_values::body_keys(&mut tx).await.unwrap() {
        values.push((body_key_name(day), sealed));
    }
    let opened = values
        .iter()
        .filter(|(name, sealed)| key.open(name, sealed).is_ok());
    (opened.count(), values.len())
}

fn rekey(site: &Site, file: &str) -> Output {
    site.run(&["rekey", "--new-key-file", file])
}

async fn every_secret_opens_under_the_new_key_and_no_more_under_the_old(database: Database) {
    let street = street(&database).await;
    assert_eq!(opened(&street.store, &key(7)).await, (4, 4));
    street.store.close().await;
    drop(street);
    let site = Site::over(database.url());
    std::fs::write(site.folder.path().join("new.key"), "08".repeat(32)).unwrap();
    let output = rekey(&site, "new.key");
    assert!(output.status.success(), "{}", said(&output));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(printed.trim(), "4 values sealed anew, 0 were already");
    let store = database.store().await;
    assert_eq!(opened(&store, &key(8)).await, (4, 4));
    assert_eq!(opened(&store, &key(7)).await.0, 0);
    let mut tx = store.begin_read().await.unwrap();
    let entries = audit::newest(&mut tx, "housekeeping", Some("master_key"), None, 10).await;
    assert_eq!(entries.unwrap().len(), 1);
    assert_eq!(
        audit::first_break(&mut tx, "housekeeping").await.unwrap(),
        None
    );
    drop(tx);
    store.close().await;
    drop(store);
    // Run again after an interruption that hid the outcome, it changes nothing.
    let again = site.run(&["rekey", "--new-key-file", "new.key", "--json"]);
    let printed = String::from_utf8_lossy(&again.stdout).into_owned();
    assert_eq!(printed.trim(), r#"{"changed":0,"unchanged":4}"#);
}

async fn a_key_is_changed_only_while_nobody_has_the_database(database: Database) {
    let street = street(&database).await;
    let site = Site::over(database.url());
    let write = |name: &str, text: &str| {
        std::fs::write(site.folder.path().join(name), text).unwrap();
    };
    write("new.key", &"08".repeat(32));
    write("same.key", &"07".repeat(32));
    write("short.key", "0808");
    let output = rekey(&site, "new.key");
    assert_eq!(output.status.code(), Some(3));
    assert!(
        said(&output).contains("is in use; stop phocho first"),
        "{}",
        said(&output)
    );
    assert_eq!(opened(&street.store, &key(7)).await, (4, 4));
    street.store.close().await;
    drop(street);
    for (file, status, words) in [
        ("same.key", 2, "the new key is the present one"),
        ("short.key", 3, "does not hold 64 hexadecimal digits"),
        ("no.key", 3, "cannot read the key"),
    ] {
        let output = rekey(&site, file);
        assert_eq!(output.status.code(), Some(status), "{file}");
        assert!(said(&output).contains(words), "{}", said(&output));
    }
    // A key that opens nothing here is not the present one.
    write("phocho.key", &"09".repeat(32));
    let output = rekey(&site, "new.key");
    assert_eq!(output.status.code(), Some(3));
    assert!(
        said(&output).contains("opens under neither key"),
        "{}",
        said(&output)
    );
    let store = database.store().await;
    assert_eq!(opened(&store, &key(7)).await, (4, 4));
}

async fn a_value_that_opens_under_neither_key_changes_nothing(database: Database) {
    let street = street(&database).await;
    let store = &street.store;
    let mut tx = store.begin_write().await.unwrap();
    let (day, mut sealed) = sealed_values::body_keys(&mut tx).await.unwrap().remove(0);
    sealed[40] ^= 1;
    sealed_values::put_body_key(&mut tx, day, &sealed)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let (old, new) = (key(7), key(8));
    let change = KeyChange {
        old: &old,
        new: &new,
        entropy: &Entropy::System,
        now: street.clock.now(),
    };
    let outcome = change.run(store).await;
    let name = body_key_name(day);
    assert!(matches!(outcome, Err(KeyChangeError::Unreadable(value)) if value == name));
    assert_eq!(opened(store, &old).await, (3, 4));
    assert_eq!(opened(store, &new).await, (0, 4));
    let repaired = old.seal(&name, [5; 24], &[1; 32]);
    let mut tx = store.begin_write().await.unwrap();
    sealed_values::put_body_key(&mut tx, day, &repaired)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let done = Resealed {
        changed: 4,
        unchanged: 0,
    };
    assert_eq!(change.run(store).await.unwrap(), done);
}
