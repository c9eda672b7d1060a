//! An import that ends in the middle, and notices that come while one runs.

use std::io::Cursor;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use phocho::flows::access::Act;
use phocho::flows::check_books;
use phocho::flows::housekeeping::Round;
use phocho::flows::reconcile::{self, ReconcileError, Staged, Wishes};
use phocho::store::reach::Reach;
use phocho::store::statements::lines;
use serde_json::json;

use super::{Desk, XML, at_nine, counts, yesterday};
use crate::database::{Database, on_both_engines};
use crate::market::Market;
use crate::operation::{Site, Twins, number};
use crate::stalls::Stall;
use crate::statement::{Sheet, moved, unnamed};

on_both_engines!(
    nobody_sees_an_import_before_its_end,
    a_notice_that_comes_while_the_file_is_read_is_found_at_the_end,
    a_notice_that_comes_while_an_import_ends_finds_its_line,
    what_a_visible_import_adds_is_drawn_in_by_the_next_start,
    of_two_imports_of_one_file_at_once_the_second_learns_of_the_first,
    what_a_broken_off_import_left_is_removed_later,
    texts_of_lines_are_forgotten_in_time,
);

const DAY: &str = "2026-03-15";

fn sheet() -> Sheet {
    yesterday(vec![
        moved(DAY, 45_000, "FT1", "bun oc"),
        unnamed(DAY, 15_000, "nuoc mia"),
    ])
}

/// Brings a statement as far as its last transaction.
async fn stage(desk: &Desk, sheet: &Sheet) -> Staged {
    stage_at(&desk.market, desk.stall, sheet).await
}

async fn stage_at(market: &Market, stall: Stall, sheet: &Sheet) -> Staged {
    let ledger = &market.state.ledger;
    let now = market.state.clock.now();
    let mut tx = ledger.store.begin_read().await.unwrap();
    let account = reconcile::account(&mut tx, Reach::Everything, stall.account).await;
    drop(tx);
    let file = Box::new(Cursor::new(sheet.camt().into_bytes()));
    let examined = reconcile::examine(file, account.unwrap(), Wishes::default(), now).await;
    let staged = reconcile::stage(ledger, &act(market), examined.unwrap(), &|_| ()).await;
    staged.unwrap()
}

fn act(market: &Market) -> Act<'_> {
    Act {
        actor: "usr_1",
        now: market.state.clock.now(),
        entropy: &market.state.ledger.entropy,
    }
}

async fn finish(desk: &Desk, staged: Staged) -> Result<[i64; 4], ReconcileError> {
    finish_at(&desk.market, staged).await
}

/// Makes it visible and draws nothing in.
async fn finish_at(market: &Market, mut staged: Staged) -> Result<[i64; 4], ReconcileError> {
    let mut tx = market.store().begin_write().await.unwrap();
    let finished = reconcile::finish(&mut tx, &act(market), &mut staged).await?;
    tx.commit().await.unwrap();
    let counts = finished.import.counts();
    Ok([
        counts.matched,
        counts.missing_here,
        counts.amount_differs,
        counts.missing_at_bank,
    ])
}

async fn nobody_sees_an_import_before_its_end(database: Database) {
    let desk = Desk::open(&database).await;
    desk.tell(1, 45_000, "other words", at_nine(1)).await;
    let staged = stage(&desk, &sheet()).await;
    let id = staged.id;
    for path in ["/v1/statements".to_owned(), format!("/v1/statements/{id}")] {
        let answer = desk.market.get(&desk.trader, &path).await;
        let seen = answer.status == 200 && answer.body["data"] != json!([]);
        assert!(!seen, "{answer:?}");
    }
    let mut tx = desk.market.store().begin_read().await.unwrap();
    let lines = lines::list(&mut tx, Reach::Everything, id, None, 0, 9).await;
    assert_eq!(lines.unwrap().len(), 0);
    drop(tx);
    let transactions = desk
        .market
        .get(&desk.trader, "/v1/bank-transactions")
        .await
        .good();
    let path = format!(
        "/v1/bank-transactions/{}",
        transactions["data"][0]["id"].as_str().unwrap()
    );
    let evidence = desk.market.get(&desk.trader, &path).await.good();
    assert_eq!(evidence["evidence"].as_array().unwrap().len(), 1);
    desk.check().await;
    reconcile::discard(desk.market.store(), id).await.unwrap();
    desk.check().await;
    // Discarded, it cannot be finished; visible, it cannot be discarded.
    let gone = finish(&desk, staged).await;
    assert!(matches!(gone, Err(ReconcileError::Change(_))));
    let staged = stage(&desk, &sheet()).await;
    let id = staged.id;
    finish(&desk, staged).await.unwrap();
    reconcile::discard(desk.market.store(), id).await.unwrap();
    assert_eq!(desk.lines(&id.to_string(), "matched").await.len(), 1);
    desk.check().await;
}

async fn a_notice_that_comes_while_the_file_is_read_is_found_at_the_end(database: Database) {
    let desk = Desk::open(&database).await;
    let staged = stage(&desk, &sheet()).await;
    desk.tell(1, 45_000, "bun oc", at_nine(1)).await;
    desk.tell(2, 15_000, "NUOC MIA", at_nine(2)).await;
    desk.tell(3, 20_000, "che", at_nine(3)).await;
    assert_eq!(finish(&desk, staged).await.unwrap(), [2, 0, 0, 1]);
    desk.check().await;
}

async fn a_notice_that_comes_while_an_import_ends_finds_its_line(database: Database) {
    let desk = Desk::open(&database).await;
    let mut staged = stage(&desk, &sheet()).await;
    let mut tx = desk.market.store().begin_write().await.unwrap();
    reconcile::finish(&mut tx, &act(&desk.market), &mut staged)
        .await
        .unwrap();
    // The import has looked for what came, and is not visible yet.
    let end = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        tx.commit().await.unwrap();
    };
    tokio::join!(desk.tell(1, 45_000, "bun oc", at_nine(1)), end);
    let path = format!("/v1/statements/{}", staged.id);
    let statement = desk.market.get(&desk.trader, &path).await.good();
    assert_eq!(counts(&json!({"statement": statement})), [1, 1, 0, 0]);
    desk.check().await;
}

async fn what_a_visible_import_adds_is_drawn_in_by_the_next_start(database: Database) {
    const LINES: u64 = 30;
    const TO_FOLLOW: &str = "SELECT COUNT(*) FROM transaction_evidence WHERE is_to_follow";
    let twins = Twins::open(&database).await;
    let day = DAY.parse().unwrap();
    twins.tell(day, LINES).await;
    // Of one of the two nothing is drawn in, as if the process had ended there.
    let sheets = [twins.sheet(0, day, LINES), twins.sheet(1, day, LINES)];
    let staged = stage_at(&twins.market, twins.stalls[0], &sheets[0]).await;
    let counts = finish_at(&twins.market, staged).await.unwrap();
    let (path, file) = (twins.statements(1), sheets[1].camt());
    let market = &twins.market;
    market
        .upload(&twins.traders[1], &path, file, &XML)
        .await
        .good();
    assert_eq!(counts, [28, 2, 0, 0]);
    assert!(number(&database, TO_FOLLOW).await > 0);
    let [ended, lived] = twins.books().await;
    assert_ne!(ended, lived, "what the lines name is not drawn in yet");
    let breaches = check_books::check(market.store(), 10).await.unwrap();
    assert_eq!(breaches, []);
    let served = tokio::task::block_in_place(|| Site::over(database.url()).serve());
    let begun = Instant::now();
    while number(&database, TO_FOLLOW).await > 0 {
        assert!(begun.elapsed().as_secs() < 20, "it was not drawn in");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(served);
    let [ended, lived] = twins.books().await;
    assert_eq!(ended, lived);
    let breaches = check_books::check(market.store(), 10).await.unwrap();
    assert_eq!(breaches, []);
}

async fn of_two_imports_of_one_file_at_once_the_second_learns_of_the_first(database: Database) {
    let desk = Desk::open(&database).await;
    let (one, other) = (stage(&desk, &sheet()).await, stage(&desk, &sheet()).await);
    let late = other.id;
    assert_eq!(finish(&desk, one).await.unwrap(), [0, 2, 0, 0]);
    let refused = finish(&desk, other).await;
    assert!(matches!(refused, Err(ReconcileError::ImportedMeanwhile)));
    reconcile::discard(desk.market.store(), late).await.unwrap();
    // Over HTTP the second one is given the first one's result.
    let (one, other) = tokio::join!(
        desk.hand_in(&desk.trader, "", yesterday(vec![]).camt()),
        desk.hand_in(&desk.trader, "", yesterday(vec![]).camt()),
    );
    assert_eq!(one.body["statement"]["id"], other.body["statement"]["id"]);
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 201]);
    desk.check().await;
}

async fn what_a_broken_off_import_left_is_removed_later(database: Database) {
    let desk = Desk::open(&database).await;
    desk.tell(1, 45_000, "other words", at_nine(1)).await;
    let staged = stage(&desk, &sheet()).await;
    let round = async |hours: i64| {
        let round = Round {
            store: desk.market.store(),
            now: desk.market.state.clock.now() + TimeDelta::hours(hours),
            raw_retention_days: 90,
            go_on: &|| true,
        };
        round.run().await.unwrap().abandoned_imports
    };
    assert_eq!(
        [round(23).await, round(25).await, round(25).await],
        [0, 1, 0]
    );
    let gone = finish(&desk, staged).await;
    assert!(matches!(gone, Err(ReconcileError::Change(_))));
    desk.check().await;
}

async fn texts_of_lines_are_forgotten_in_time(database: Database) {
    let desk = Desk::open(&database).await;
    let id = super::id(&desk.reconcile(&sheet()).await);
    let path = format!("/v1/statements/{id}/proposals");
    let body = json!({"lines": [2]});
    let proposal = desk.market.post(&desk.trader, &path, &body).await.good();
    let round = async || {
        let round = Round {
            store: desk.market.store(),
            now: desk.market.state.clock.now() + TimeDelta::days(100),
            raw_retention_days: 90,
            go_on: &|| true,
        };
        round.run().await.unwrap().stated_texts
    };
    // What waits for a second person keeps its text.
    assert_eq!([round().await, round().await], [1, 0]);
    let lines = desk.lines(&id, "missing_here").await;
    assert_eq!(
        [&lines[0]["content"], &lines[1]["content"]],
        [&json!(null), &json!("nuoc mia")]
    );
    let forgotten = desk
        .market
        .post(&desk.trader, &path, &json!({"lines": [1]}))
        .await;
    assert_eq!(forgotten.fault(), "text_forgotten");
    let reject = format!(
        "/v1/statement-proposals/{}/reject",
        proposal["id"].as_str().unwrap()
    );
    desk.market.step(&desk.first, &reject).await.good();
    assert_eq!(round().await, 1);
}
