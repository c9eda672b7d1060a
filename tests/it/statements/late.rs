//! Notices that come after a statement, and what a statement adds to what notices told: the
//! books end as they would have in any other order.

use phocho::domain::day::to_rfc3339;
use serde_json::{Value, json};

use super::proposals::{approve, code, propose};
use super::{Desk, at_nine, counts, id, yesterday};
use crate::database::{Database, on_both_engines};
use crate::market::Credit;
use crate::stalls::account_number;
use crate::statement::{Movement, Sheet, moved};

on_both_engines!(
    a_late_notice_finds_its_line_and_closes_the_days,
    a_notice_that_no_line_tells_of_opens_the_days_again,
    a_late_notice_of_another_amount_is_a_difference,
    an_alert_that_goes_by_itself_is_on_record_and_told,
    a_line_on_a_proposal_that_a_notice_tells_of_credits_nothing,
    a_line_on_a_proposal_that_a_notice_tells_with_another_amount_is_counted_as_such,
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

/// The alerts about statements that wait.
async fn open_alerts(desk: &Desk) -> Vec<Value> {
    let alerts = desk.market.get(&desk.first, "/v1/alerts").await.good();
    let mut alerts = alerts["data"].as_array().unwrap().clone();
    alerts.retain(|alert| alert["kind"] == "statement.differences");
    alerts
}

/// What they are about.
async fn alarms(desk: &Desk) -> Vec<String> {
    let alerts = open_alerts(desk).await;
    let about = alerts.iter().map(|alert| alert["subject"].as_str());
    about.map(|subject| subject.unwrap().to_owned()).collect()
}

/// What the audit record and the trader's events tell of an alert.
async fn traces(desk: &Desk, alert: &str) -> [Vec<Value>; 2] {
    let mut entries = Vec::new();
    for chain in ["main", "test/intake"] {
        let path = format!("/v1/audit?chain={chain}&subject={alert}");
        let page = desk.market.get(&desk.first, &path).await.good();
        entries.extend(page["data"].as_array().unwrap().iter().cloned());
    }
    let events = desk.market.get(&desk.trader, "/v1/events").await.good();
    let mut events = events["data"].as_array().unwrap().clone();
    events.retain(|event| event["subject"] == alert);
    [entries, events]
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

async fn an_alert_that_goes_by_itself_is_on_record_and_told(database: Database) {
    let desk = Desk::open(&database).await;
    let line = |day, reference| yesterday(vec![moved(day, 45_000, reference, "bun oc")]);
    let before = Sheet {
        first: "2026-03-14",
        last: "2026-03-14",
        ..line("2026-03-14", "FT2")
    };
    for (sheet, is_told_late) in [(line(DAY, "FT1"), true), (before, false)] {
        let statement = id(&desk.reconcile(&sheet).await);
        let alerts = open_alerts(&desk).await;
        let alert = alerts[0]["id"].as_str().unwrap();
        if is_told_late {
            desk.tell(1, 45_000, "bun oc", at_nine(1)).await;
        } else {
            let proposal = propose(&desk, &desk.trader, &statement, &[1]).await;
            approve(&desk, &desk.first, &proposal).await.good();
        }
        assert_eq!(alarms(&desk).await, [""; 0]);
        let about = json!({"kind": "statement.differences", "about": statement});
        let mut settled = about.clone();
        settled["from"] = json!("open");
        settled["to"] = json!("settled");
        let now = json!(to_rfc3339(desk.market.state.clock.now()));
        let trader = json!(desk.stall.merchant.to_string());
        let wanted = [
            (json!("alert.raise"), trader, about),
            (json!("alert.settle"), json!("phocho"), settled),
        ];
        let [entries, events] = traces(&desk, alert).await;
        assert_eq!((entries.len(), events.len()), (2, 2), "{entries:?}");
        for ((what, who, detail), (entry, event)) in wanted.iter().zip(entries.iter().zip(&events))
        {
            let told = ["actor", "action", "detail", "at"].map(|name| &entry[name]);
            assert_eq!(told, [who, what, detail, &now]);
            let told = ["kind", "payload", "at"].map(|name| &event[name]);
            assert_eq!(told, [what, detail, &now]);
        }
    }
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

async fn a_line_on_a_proposal_that_a_notice_tells_with_another_amount_is_counted_as_such(
    database: Database,
) {
    let desk = Desk::open(&database).await;
    let lines = [("FT1", "bun oc"), ("FT2", "che"), ("FT3", "xoi")];
    let lines = lines.map(|(reference, text)| moved(DAY, 45_000, reference, text));
    let statement = id(&desk.reconcile(&days(lines.into())).await);
    let proposal = propose(&desk, &desk.trader, &statement, &[1, 2, 3]).await;
    desk.tell(1, 54_000, "bun oc", at_nine(1)).await;
    desk.tell(2, 45_000, "che", at_nine(2)).await;
    let path = format!("/v1/statement-proposals/{proposal}");
    let waiting = desk.market.get(&desk.trader, &path).await.good();
    let decided = |proposal: &Value| {
        let names = ["lines", "created", "attached", "amount_differs"];
        names.map(|name| proposal[name].as_i64().unwrap())
    };
    assert_eq!(decided(&waiting), [3, 0, 0, 0]);
    let approved = approve(&desk, &desk.first, &proposal).await.good();
    assert_eq!(decided(&approved), [3, 1, 1, 1]);
    assert_eq!(stands(&desk, &statement).await, ([2, 0, 1, 0], 0));
    assert_eq!(alarms(&desk).await, [statement.as_str()]);
    assert_eq!(desk.sizes().await, [3, 0, 3]);
    // The true amount after all: what was decided then stays as it was counted.
    let credit = Credit {
        id: 9,
        bank_number: 1,
        account: &account_number(1),
        amount: 45_000,
        content: "bun oc",
        at: at_nine(1),
    };
    desk.market.credit("sepay", credit).await;
    assert_eq!(stands(&desk, &statement).await, ([3, 0, 0, 1], 0));
    let later = desk.market.get(&desk.trader, &path).await.good();
    assert_eq!(decided(&later), [3, 1, 1, 1]);
    let path = format!("/v1/audit?chain=test/intake&subject={proposal}");
    let entries = desk.market.get(&desk.first, &path).await.good();
    let detail = json!({"created": 1, "attached": 1, "amount_differs": 1});
    assert_eq!(entries["data"][0]["detail"], detail, "{entries}");
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
