//! The audit chain and the event numbers.

use chrono::{DateTime, Utc};
use phocho::domain::ids::EventId;
use phocho::store::audit::{self, AuditEntry};
use phocho::store::events::{self, NewEvent};
use serde_json::json;
use uuid::Uuid;

use crate::database::{Database, on_both_engines};

on_both_engines!(
    a_chain_that_nobody_touched_is_whole,
    a_rolled_back_change_leaves_no_entry_and_no_gap,
    events_of_waiting_writers_are_numbered_without_a_gap,
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
    let rows = events::list(&mut tx, None, 0, 100).await.unwrap();
    let numbers: Vec<i64> = rows.iter().map(|row| row.sequence).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<i64>>());
    assert_eq!(events::list(&mut tx, None, 38, 100).await.unwrap().len(), 2);
}
