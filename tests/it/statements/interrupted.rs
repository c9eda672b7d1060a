//! An import that ends in the middle, and notices that come while one runs.

use std::io::Cursor;
use std::time::Duration;

use chrono::TimeDelta;
use phocho::flows::access::Act;
use phocho::flows::housekeeping::Round;
use phocho::flows::reconcile::{self, ReconcileError, Staged, Wishes};
use phocho::store::reach::Reach;
use phocho::store::statements::lines;
use serde_json::json;

use super::{Desk, at_nine, counts, yesterday};
use crate::database::{Database, on_both_engines};
use crate::statement::{Sheet, moved, unnamed};

on_both_engines!(
    nobody_sees_an_import_before_its_end,
    a_notice_that_comes_while_the_file_is_read_is_found_at_the_end,
    a_notice_that_comes_while_an_import_ends_finds_its_line,
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
    let ledger = &desk.market.state.ledger;
    let now = desk.market.state.clock.now();
    let mut tx = ledger.store.begin_read().await.unwrap();
    let account = reconcile::account(&mut tx, Reach::Everything, desk.stall.account).await;
    drop(tx);
    let file = Box::new(Cursor::new(sheet.camt().into_bytes()));
    let examined = reconcile::examine(file, account.unwrap(), Wishes::default(), now).await;
    let staged = reconcile::stage(ledger, &act(desk), examined.unwrap(), &|_| ()).await;
    staged.unwrap()
}

fn act(desk: &Desk) -> Act<'_> {
    Act {
        actor: "usr_1",
        now: desk.market.state.clock.now(),
        entropy: &desk.market.state.ledger.entropy,
    }
}

async fn finish(desk: &Desk, mut staged: Staged) -> Result<[i64; 4], ReconcileError> {
    let mut tx = desk.market.store().begin_write().await.unwrap();
    let finished = reconcile::finish(&mut tx, &act(desk), &mut staged).await?;
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
    reconcile::finish(&mut tx, &act(&desk), &mut staged)
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
