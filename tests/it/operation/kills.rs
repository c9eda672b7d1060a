//! The process is killed while a bank sends: nothing acknowledged is lost, nothing counts
//! twice, and it is back at once.

use std::sync::Arc;
use std::time::Duration;

use phocho::clock::Clock;
use phocho::domain::day::Window;
use phocho::entropy::Entropy;
use phocho::store::adoption::{self, Area, Place};
use phocho::store::reach::Reach;
use tokio::sync::watch;

use super::bank::Bank;
use super::count;
use super::process::{Site, said};
use crate::database::{Database, on_both_engines};

on_both_engines!(what_was_acknowledged_outlives_every_kill);

/// Bank clerks that send at the same time.
const SENDERS: usize = 8;
/// The earliest and latest moment of a kill after the process is ready.
const KILL_AFTER_MS: std::ops::Range<u64> = 20..820;
/// How soon the process is to be ready again, with SQLite.
const READY_MAX: Duration = Duration::from_secs(1);

async fn what_was_acknowledged_outlives_every_kill(database: Database) {
    let kills = count("PHOCHO_TEST_KILLS", 2);
    let seed = count("PHOCHO_TEST_SEED", 7);
    let chance = Entropy::seeded(seed.into());
    let (site, street) = Site::found(&database).await;
    let mut served = site.serve();
    let (move_to, address) = watch::channel(served.address.clone());
    let bank = Arc::new(Bank::new(address));
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let bank = Arc::clone(&bank);
            tokio::spawn(async move { bank.work().await })
        })
        .collect();
    let mut ready = Vec::new();
    for _ in 0..kills {
        let span = KILL_AFTER_MS.end - KILL_AFTER_MS.start;
        let moment = KILL_AFTER_MS.start + u64::from(u16::from_be_bytes(chance.bytes())) % span;
        tokio::time::sleep(Duration::from_millis(moment)).await;
        served.kill();
        // In a thread of its own, so that the bank goes on sending meanwhile.
        served = tokio::task::block_in_place(|| site.serve());
        ready.push(served.ready_after);
        move_to.send_replace(served.address.clone());
    }
    bank.close();
    for sender in senders {
        sender.await.unwrap();
    }
    drop(served);

    bank.write_oracle(&site.folder.path().join("oracle.jsonl"));
    let checked = site.run(&["check", "--oracle", "oracle.jsonl"]);
    assert!(checked.status.success(), "seed {seed}: {}", said(&checked));
    let mut tx = street.store.begin_read().await.unwrap();
    let day = "2026-03-16".parse().unwrap();
    let everywhere = Area::new(Reach::Everything, Place::Everywhere);
    let counts = adoption::count(&mut tx, &everywhere, Window::day(day))
        .await
        .unwrap();
    let sent = i64::try_from(bank.notices()).unwrap();
    assert_eq!(counts.payments, sent, "seed {seed}");
    ready.sort();
    let (median, slowest) = (ready[ready.len() / 2], ready[ready.len() - 1]);
    let engine = street.store.engine_name();
    let at = Clock::System.now();
    println!(
        "{at} {engine}: {kills} kills, {sent} notices, {} attempts, none lost, none doubled; \
         ready again after {median:?} (median), {slowest:?} (slowest)",
        bank.attempts()
    );
    if engine == "SQLite" {
        assert!(median < READY_MAX, "ready only after {ready:?}");
    }
}
