//! The process is killed after a statement became visible and before all that it adds was
//! drawn in: whoever starts it again draws in the rest, and the books are those of a statement
//! whose process lived.

use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use phocho::clock::Clock;
use phocho::entropy::Entropy;
use phocho::flows::check_books;

use super::process::{Served, Site};
use super::twins::Twins;
use super::{count, number};
use crate::database::{Database, on_both_engines};
use crate::statements::XML;

on_both_engines!(what_a_killed_import_left_is_drawn_in_by_the_next_start);

/// Lines of a statement: several steps of drawing in.
const LINES: u64 = 330;
/// As many of them add something to draw in.
const LEFT_MAX: i64 = 300;
/// How long drawing in may take.
const DRAWN_IN_MAX: Duration = Duration::from_mins(1);

const VISIBLE: &str = "SELECT COUNT(*) FROM statement_imports WHERE state = 'done'";
const TO_FOLLOW: &str = "SELECT COUNT(*) FROM transaction_evidence WHERE is_to_follow";

async fn what_a_killed_import_left_is_drawn_in_by_the_next_start(database: Database) {
    let kills = count("PHOCHO_TEST_IMPORT_KILLS", 1);
    let seed = count("PHOCHO_TEST_SEED", 7);
    let chance = Entropy::seeded(seed.into());
    let twins = Twins::open(&database).await;
    let site = Site::over(database.url());
    let mut served = site.serve();
    let mut left_over = Vec::new();
    for turn in 0..kills {
        let last: NaiveDate = "2026-03-15".parse().unwrap();
        let day = last - Days::new(turn.into());
        twins.tell(day, LINES).await;
        let before = number(&database, VISIBLE).await;
        let killed = {
            let (address, trader) = (served.address.clone(), twins.traders[0].clone());
            let (path, file) = (twins.statements(0), twins.sheet(0, day, LINES).camt());
            tokio::spawn(async move { bring(&address, &trader, &path, file).await })
        };
        while number(&database, VISIBLE).await == before {
            assert!(!killed.is_finished(), "it is answered and not visible");
        }
        // The first kill comes at once, a later one when so many are left to draw in.
        let left = i64::from(u16::from_be_bytes(chance.bytes())) % LEFT_MAX;
        while turn > 0 && number(&database, TO_FOLLOW).await > left {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        served.kill();
        // Nobody who was killed answers; who lived to the end said that it was imported.
        let answer = killed.await.unwrap();
        assert!(answer.is_none_or(|status| status == 201), "{answer:?}");
        let left = number(&database, TO_FOLLOW).await;
        assert!(turn > 0 || left > 0, "the first kill came too late");
        left_over.push(left);
        served = tokio::task::block_in_place(|| site.serve());
        wait_until_drawn_in(&database).await;
        compare(&twins, &served, day, seed).await;
    }
    drop(served);
    println!(
        "{} {}: {kills} kills of an import of {LINES} lines; left to draw in: {left_over:?}",
        Clock::System.now(),
        twins.market.store().engine_name()
    );
}

/// Brings a statement; the status, if there was an answer.
async fn bring(address: &str, token: &str, path: &str, file: String) -> Option<u16> {
    let [(name, form)] = XML;
    let request = reqwest::Client::new()
        .post(format!("http://{address}{path}"))
        .bearer_auth(token)
        .header(name, form)
        .body(file);
    let answer = request.send().await.ok()?;
    Some(answer.status().as_u16())
}

async fn wait_until_drawn_in(database: &Database) {
    let begun = Instant::now();
    while number(database, TO_FOLLOW).await > 0 {
        assert!(begun.elapsed() < DRAWN_IN_MAX, "it was not drawn in");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The other trader brings the same statement to a process that lives.
async fn compare(twins: &Twins, served: &Served, day: NaiveDate, seed: u32) {
    let (path, file) = (twins.statements(1), twins.sheet(1, day, LINES).camt());
    let status = bring(&served.address, &twins.traders[1], &path, file).await;
    assert_eq!(status, Some(201));
    let [killed, lived] = twins.books().await;
    assert_eq!(killed, lived, "seed {seed}, {day}");
    let breaches = check_books::check(twins.market.store(), 10).await.unwrap();
    assert_eq!(breaches, [], "seed {seed}, {day}");
}
