//! Notices that come after a statement, and what a statement adds to what notices told: the
//! books end as they would have in any other order.

use serde_json::{Value, json};

use super::proposals::{approve, code, propose};
use super::{Desk, at_nine, counts, id, yesterday};
use crate::database::{Database, on_both_engines};
use crate::statement::{Movement, Sheet, moved};

on_both_engines!(
    a_late_notice_finds_its_line_and_closes_the_days,
    a_notice_that_no_line_tells_of_opens_the_days_again,
    a_late_notice_of_another_amount_is_a_difference,
    a_line_on_a_proposal_that_a_notice_tells_of_credits_nothing,
    a_line_names_the_code_that_the_notice_lost_whichever_comes_first,
    a_line_that_names_another_code_leaves_the_credit_to_its_trader,
    a_line_with_a_time_moves_a_credit_that_only_a_day_was_told_of,
    a_debit_that_only_a_statement_tells_of_confirms_what_was_given_back_at_once,
);

const DAY: &str = "2026-03-15";

fn days(movements: Vec<Movement>) -> Sheet {
    Sheet {
        first: "2026-03-14",
        ..yesterday(movements)
    }
}

async fn statement(desk: &Desk, id: &str) -> Value {
    let path = format!("/v1/statements/{id}");
    desk.market.get(&desk.trader, &path).await.good()
}

/// Verdicts of a statement, and how many days it closes.
async fn stands(desk: &Desk, id: &str) -> ([i64; 4], i64) {
    let statement = statement(desk, id).await;
    let closed = statement["closed_days"].as_i64().unwrap();
    (counts(&json!({"statement": statement})), closed)
}

/// The subjects of the alerts about statements that wait.
async fn alarms(desk: &Desk) -> Vec<String> {
    let alerts = desk.market.get(&desk.first, "/v1/alerts").await.good();
    let alerts = alerts["data"].as_array().unwrap().iter();
    let about = alerts.filter(|alert| alert["kind"] == "statement.differences");
    about
        .map(|alert| alert["subject"].as_str().unwrap().to_owned())
        .collect()
}

async fn a_late_notice_finds_its_line_and_closes_the_days(database: Database) {
    let desk = Desk::open(&database).await;
    let sheet = days(vec![moved(DAY, 45_000, "FT1", "bun oc")]);
    let statement = id(&desk.reconcile(&sheet).await);
    assert_eq!(stands(&desk, &statement).await, ([0, 1, 0, 0], 0));
    assert_eq!(alarms(&desk).await, [statement.as_str()]);
    desk.tell(1, 45_000, "BUN OC", at_nine(1)).await;
    assert_eq!(stands(&desk, &statement).await, ([1, 0, 0, 0], 2));
    assert_eq!(alarms(&desk).await, [""; 0]);
    assert_eq!(desk.sizes().await, [1, 0, 1]);
    desk.check().await;
}

async fn a_notice_that_no_line_tells_of_opens_the_days_again(database: Database) {
    let desk = Desk::open(&database).await;
    desk.tell(1, 45_000, "bun oc", at_nine(1)).await;
    let sheet = days(vec![moved(DAY, 45_000, "FT1", "bun oc")]);
    let statement = id(&desk.reconcile(&sheet).await);
    assert_eq!(stands(&desk, &statement).await, ([1, 0, 0, 0], 2));
    for _again in 0..2 {
        desk.tell(2, 20_000, "che", at_nine(2)).await;
        assert_eq!(stands(&desk, &statement).await, ([1, 0, 0, 1], 0));
        assert_eq!(alarms(&desk).await, [statement.as_str()]);
    }
    let missed = desk.lines(&statement, "missing_at_bank").await;
    assert_eq!(missed[0]["amount_vnd"], 20_000, "{missed:?}");
    let all = desk.market.get(&desk.trader, "/v1/bank-transactions").await;
    let all = all.good()["data"].as_array().unwrap().clone();
    for one in &all {
        assert_eq!(one["is_disputed"], one["amount_vnd"] == 20_000, "{one}");
    }
    assert_eq!(all.len(), 2);
    desk.check().await;
}

async fn a_late_notice_of_another_amount_is_a_difference(database: Database) {
    let desk = Desk::open(&database).await;
    let sheet = days(vec![moved(DAY, 45_000, "FT1", "bun oc")]);
    let statement = id(&desk.reconcile(&sheet).await);
    desk.tell(1, 54_000, "bun oc", at_nine(1)).await;
    assert_eq!(stands(&desk, &statement).await, ([0, 0, 1, 0], 0));
    let line = &desk.lines(&statement, "amount_differs").await[0];
    assert_eq!(line["known_amount_vnd"], 54_000, "{line}");
    desk.check().await;
}

async fn a_line_on_a_proposal_that_a_notice_tells_of_credits_nothing(database: Database) {
    let desk = Desk::open(&database).await;
    let lines = [("FT1", "bun oc"), ("FT2", "che")];
    let lines = lines.map(|(reference, text)| moved(DAY, 45_000, reference, text));
    let statement = id(&desk.reconcile(&days(lines.into())).await);
    let proposal = propose(&desk, &desk.trader, &statement, &[1, 2]).await;
    desk.tell(1, 45_000, "bun oc", at_nine(1)).await;
    let approved = approve(&desk, &desk.first, &proposal).await.good();
    let decided = (&approved["created"], &approved["attached"]);
    assert_eq!(decided, (&json!(1), &json!(1)));
    assert_eq!(stands(&desk, &statement).await, ([2, 0, 0, 0], 2));
    assert_eq!(alarms(&desk).await, [""; 0]);
    assert_eq!(desk.sizes().await, [2, 0, 2]);
    desk.check().await;
}

async fn a_line_names_the_code_that_the_notice_lost_whichever_comes_first(database: Database) {
    let desk = Desk::open(&database).await;
    let reference = code(&desk).await;
    let text = format!("{reference} bun oc");
    let sheet = days(vec![
        moved(DAY, 45_000, "FT1", &text),
        moved(DAY, 46_000, "FT2", &text),
    ]);
    desk.tell(1, 45_000, "CHUYEN TIEN", at_nine(1)).await;
    assert_eq!(desk.sizes().await, [1, 0, 1]);
    let statement = id(&desk.reconcile(&sheet).await);
    desk.tell(2, 46_000, "CHUYEN TIEN", at_nine(2)).await;
    assert_eq!(stands(&desk, &statement).await, ([2, 0, 0, 0], 2));
    let payments = desk.market.get(&desk.trader, "/v1/payments").await.good();
    assert_eq!(payments["data"].as_array().unwrap().len(), 2, "{payments}");
    let waiting = desk.market.get(&desk.trader, "/v1/suspense").await.good();
    assert_eq!(waiting["data"], json!([]));
    // The same file again changes nothing.
    desk.reconcile(&sheet).await;
    assert_eq!(stands(&desk, &statement).await, ([2, 0, 0, 0], 2));
    desk.check().await;
}

async fn a_line_that_names_another_code_leaves_the_credit_to_its_trader(database: Database) {
    let desk = Desk::open(&database).await;
    let (one, other) = (code(&desk).await, code(&desk).await);
    desk.tell(1, 45_000, &one, at_nine(1)).await;
    assert_eq!(desk.sizes().await, [1, 1, 0]);
    let sheet = days(vec![moved(DAY, 45_000, "FT1", &other)]);
    desk.reconcile(&sheet).await;
    let waiting = desk.market.get(&desk.trader, "/v1/suspense").await.good();
    let reason = &waiting["data"][0]["verdict"]["code"];
    assert_eq!(reason, "several_references", "{waiting}");
    let payments = desk.market.get(&desk.trader, "/v1/payments").await.good();
    assert_eq!(payments["data"][0]["status"], "voided", "{payments}");
    desk.check().await;
}

async fn a_line_with_a_time_moves_a_credit_that_only_a_day_was_told_of(database: Database) {
    let desk = Desk::open(&database).await;
    let reference = code(&desk).await;
    let bare = yesterday(vec![moved(DAY, 45_000, "FT1", &reference)]);
    let statement = id(&desk.reconcile(&bare).await);
    let proposal = propose(&desk, &desk.trader, &statement, &[1]).await;
    approve(&desk, &desk.first, &proposal).await.good();
    let time = async || {
        let payments = desk.market.get(&desk.trader, "/v1/payments").await.good();
        payments["data"][0]["occurred_at"].clone()
    };
    assert_eq!(time().await, "2026-03-15T00:00:00+07:00");
    desk.reconcile(&days(vec![moved(
        "2026-03-15T09:05:00",
        45_000,
        "FT1",
        &reference,
    )]))
    .await;
    assert_eq!(time().await, "2026-03-15T09:05:00+07:00");
    // The bank's own notice knows better.
    desk.tell(1, 45_000, &reference, at_nine(7)).await;
    assert_eq!(time().await, "2026-03-15T09:07:00+07:00");
    assert_eq!(desk.sizes().await, [1, 1, 0]);
    desk.check().await;
}

async fn a_debit_that_only_a_statement_tells_of_confirms_what_was_given_back_at_once(
    database: Database,
) {
    let desk = Desk::open(&database).await;
    let reference = code(&desk).await;
    desk.tell(1, 45_000, &reference, at_nine(1)).await;
    let payments = desk.market.get(&desk.trader, "/v1/payments").await.good();
    let payment = payments["data"][0]["id"].as_str().unwrap();
    let path = format!("/v1/payments/{payment}/reversals");
    let body = json!({"amount_vnd": 15_000, "nature": "customer_request"});
    let record = desk.market.post(&desk.trader, &path, &body).await.good();
    let record = format!("/v1/reversals/{}", record["id"].as_str().unwrap());
    let sheet = days(vec![
        moved(DAY, 45_000, "FT1", &reference),
        moved("2026-03-15T10:00:00", -15_000, "FT7", "tra lai khach"),
    ]);
    let statement = id(&desk.reconcile(&sheet).await);
    let state = async || {
        let record = desk.market.get(&desk.trader, &record).await.good();
        record["state"].clone()
    };
    assert_eq!(state().await, "waiting");
    let proposal = propose(&desk, &desk.trader, &statement, &[2]).await;
    approve(&desk, &desk.first, &proposal).await.good();
    assert_eq!(state().await, "confirmed");
    let payments = desk.market.get(&desk.trader, "/v1/payments").await.good();
    let returned = &payments["data"][0];
    assert_eq!(returned["status"], "partially_returned", "{returned}");
    desk.check().await;
}
