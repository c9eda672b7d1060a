//! The audit chain and the event numbers.

use chrono::{DateTime, TimeDelta, Utc};
use phocho::domain::ids::{AlertId, EventId, MerchantId, UserId};
use phocho::store::alerts::{self, NewAlert};
use phocho::store::audit::{self, AuditEntry};
use phocho::store::events::{self, NewEvent};
use phocho::store::reach::Reach;
use serde_json::json;
use uuid::Uuid;

use crate::database::{Database, on_both_engines};
use crate::stalls;

on_both_engines!(
    a_chain_that_nobody_touched_is_whole,
    a_rolled_back_change_leaves_no_entry_and_no_gap,
    events_of_waiting_writers_are_numbered_without_a_gap,
    the_newest_entries_come_first_and_by_subject,
    open_alerts_are_paged_oldest_first_within_reach,
    an_alert_is_found_within_reach_and_settled_once,
);

fn at() -> DateTime<Utc> {
    "2026-03-16T02:30:00.000001Z".parse().unwrap()
}

fn entry(subject: &str) -> AuditEntry {
    AuditEntry {
        at: at(),
        actor: "usr_1".to_owned(),
        action: "merchant.approve",
        subject: subject.to_owned(),
        detail: json!({"name": "Bún ốc Phủ Tây Hồ"}),
    }
}

async fn a_chain_that_nobody_touched_is_whole(database: Database) {
    let store = database.store().await;
    for batch in [&["a", "b"][..], &["c"]] {
        let mut tx = store.begin_write().await.unwrap();
        let entries: Vec<_> = batch.iter().map(|subject| entry(subject)).collect();
        audit::append(&mut tx, "main", &entries).await.unwrap();
        audit::append(&mut tx, "intake", &entries[..1])
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    let mut tx = store.begin_read().await.unwrap();
    assert_eq!(audit::chains(&mut tx).await.unwrap(), ["intake", "main"]);
    let main = audit::list(&mut tx, "main", 0, 10).await.unwrap();
    assert_eq!(
        main.iter().map(|row| row.sequence).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert_eq!(main[0].at, at());
    assert_eq!(audit::first_break(&mut tx, "main").await.unwrap(), None);
    assert_eq!(audit::first_break(&mut tx, "intake").await.unwrap(), None);
}

async fn a_rolled_back_change_leaves_no_entry_and_no_gap(database: Database) {
    let store = database.store().await;
    let mut tx = store.begin_write().await.unwrap();
    audit::append(&mut tx, "main", &[entry("lost")])
        .await
        .unwrap();
    tx.rollback().await.unwrap();
    let mut tx = store.begin_write().await.unwrap();
    audit::append(&mut tx, "main", &[entry("kept")])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.begin_read().await.unwrap();
    let rows = audit::list(&mut tx, "main", 0, 10).await.unwrap();
    assert_eq!(
        (rows.len(), rows[0].sequence, rows[0].subject.as_str()),
        (1, 1, "kept")
    );
}

async fn events_of_waiting_writers_are_numbered_without_a_gap(database: Database) {
    let store = database.store().await;
    let writers = (0..8u128).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for round in 0..5u128 {
                let event = NewEvent {
                    id: EventId::from_uuid(Uuid::from_u128(writer * 100 + round)),
                    at: at(),
                    kind: "payment.settled",
                    subject: "pay_1".to_owned(),
                    merchant: None,
                    outlet: None,
                    payload: json!({}),
                };
                let mut tx = store.begin_write().await.unwrap();
                events::append(&mut tx, &[event]).await.unwrap();
                tx.commit().await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let mut tx = store.begin_read().await.unwrap();
    let rows = events::list(&mut tx, Reach::Everything, None, 0, 100)
        .await
        .unwrap();
    let numbers: Vec<i64> = rows.iter().map(|row| row.sequence).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<i64>>());
    assert_eq!(
        events::list(&mut tx, Reach::Everything, None, 38, 100)
            .await
            .unwrap()
            .len(),
        2
    );
}

async fn the_newest_entries_come_first_and_by_subject(database: Database) {
    let store = database.store().await;
    let mut tx = store.begin_write().await.unwrap();
    let entries = ["a", "b", "a"].map(entry);
    audit::append(&mut tx, "main", &entries).await.unwrap();
    for (subject, before, limit, wanted) in [
        (None, None, 9, &[3, 2, 1][..]),
        (None, None, 2, &[3, 2]),
        (None, Some(2), 9, &[1]),
        (Some("a"), None, 9, &[3, 1]),
        (Some("a"), Some(3), 9, &[1]),
        (Some("c"), None, 9, &[]),
    ] {
        let rows = audit::newest(&mut tx, "main", subject, before, limit).await;
        let numbers: Vec<i64> = rows.unwrap().iter().map(|row| row.sequence).collect();
        assert_eq!(numbers, wanted, "{subject:?} {before:?}");
    }
    let rows = audit::newest(&mut tx, "other", None, None, 9)
        .await
        .unwrap();
    assert!(rows.is_empty());
}

async fn open_alerts_are_paged_oldest_first_within_reach(database: Database) {
    let store = database.store().await;
    let id = |number| AlertId::from_uuid(Uuid::from_u128(number));
    let later = at() + TimeDelta::seconds(1);
    let mut tx = store.begin_write().await.unwrap();
    for (number, raised_at) in [(1, later), (3, at()), (2, at())] {
        let alert = NewAlert {
            id: id(number),
            kind: "conflict",
            subject: "btx_1",
            merchant: None,
            detail: "{}",
            now: raised_at,
        };
        alerts::raise(&mut tx, &alert).await.unwrap();
    }
    for (after, limit, wanted) in [
        (None, 9, &[2, 3, 1][..]),
        (None, 2, &[2, 3]),
        (Some((at(), id(2))), 9, &[3, 1]),
        (Some((later, id(1))), 9, &[]),
    ] {
        let rows = alerts::list_open(&mut tx, Reach::Everything, after, limit).await;
        let numbers: Vec<_> = rows.unwrap().iter().map(|row| row.id.as_u128()).collect();
        assert_eq!(numbers, wanted, "{after:?}");
    }
    let everything = alerts::open_count(&mut tx, Reach::Everything).await;
    assert_eq!(everything.unwrap(), 3);
    // These alerts are nobody's in particular.
    for reach in [
        Reach::ZonesOf(UserId::from_uuid(Uuid::from_u128(1))),
        Reach::Merchant(MerchantId::from_uuid(Uuid::from_u128(1))),
    ] {
        assert_eq!(alerts::open_count(&mut tx, reach).await.unwrap(), 0);
        let rows = alerts::list_open(&mut tx, reach, None, 9).await.unwrap();
        assert!(rows.is_empty(), "{reach:?}");
    }
}

async fn an_alert_is_found_within_reach_and_settled_once(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let other = MerchantId::from_uuid(Uuid::from_u128(2));
    let id = AlertId::from_uuid(Uuid::from_u128(1));
    let alert = NewAlert {
        id,
        kind: "conflict",
        subject: "btx_1",
        merchant: Some(stall.merchant),
        detail: "{}",
        now: at(),
    };
    let mut tx = store.begin_write().await.unwrap();
    alerts::raise(&mut tx, &alert).await.unwrap();
    for (reach, seen) in [
        (Reach::Everything, true),
        (Reach::Merchant(stall.merchant), true),
        (Reach::Merchant(other), false),
        (Reach::ZonesOf(stalls::user(1)), false),
    ] {
        let found = alerts::find(&mut tx, reach, id).await.unwrap();
        assert_eq!(found.is_some(), seen, "{reach:?}");
        let count = alerts::open_count(&mut tx, reach).await.unwrap();
        assert_eq!(count, i64::from(seen), "{reach:?}");
    }
    for (kind, subject, open) in [
        ("conflict", "btx_1", true),
        ("conflict", "btx_2", false),
        ("silence", "btx_1", false),
    ] {
        let found = alerts::is_open(&mut tx, kind, subject).await;
        assert_eq!(found.unwrap(), open, "{kind} {subject}");
    }
    for (note, first) in [("Đã gọi", true), ("Gọi lại", false)] {
        let settled = alerts::settle(&mut tx, id, "usr_1", note, at()).await;
        assert_eq!(settled.unwrap(), first);
    }
    let found = alerts::find(&mut tx, Reach::Everything, id).await.unwrap();
    let found = found.unwrap();
    assert_eq!(found.settled_note.as_deref(), Some("Đã gọi"));
    assert_eq!(found.settled_by.as_deref(), Some("usr_1"));
    let open = alerts::open_count(&mut tx, Reach::Everything).await;
    assert_eq!(open.unwrap(), 0);
    let waits = alerts::is_open(&mut tx, "conflict", "btx_1").await;
    assert!(!waits.unwrap(), "it is settled");
}

#[tokio::test]
async fn a_new_database_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::TempDir::new().unwrap();
    let url = phocho::store::DatabaseUrl::Sqlite(folder.path().join("deep/er/phocho.db"));
    let store = phocho::store::Store::connect(&url).await.unwrap();
    store.migrate().await.unwrap();
    for entry in std::fs::read_dir(folder.path().join("deep/er")).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
    store.close().await;
}
