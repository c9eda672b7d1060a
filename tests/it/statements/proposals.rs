//! Believing what nothing but a statement tells of: two persons, the same attribution as a
//! notice's, and a notice that comes later credits nothing.

use chrono::{NaiveDate, TimeDelta};
use phocho::clock::Clock;
use phocho::domain::day::Window;
use phocho::store::adoption::{Area, Place, revisions};
use phocho::store::reach::Reach;
use serde_json::{Value, json};

use super::{Desk, at_nine, counts, id, yesterday};
use crate::database::{Database, on_both_engines};
use crate::stalls::{open, stall};
use crate::statement::{moved, unnamed};

on_both_engines!(
    a_missing_credit_is_counted_after_a_second_person_and_once_for_ever,
    whoever_proposed_it_or_brought_the_file_cannot_approve_it,
    a_notice_before_the_approval_is_what_the_line_is_matched_to,
    one_missing_credit_of_two_statements_becomes_one_transaction,
    equal_missing_lines_become_as_many_transactions,
    a_missing_debit_becomes_a_transaction_and_no_payment,
    a_rejected_line_can_be_proposed_again,
    lines_that_cannot_be_proposed_are_named,
    proposals_are_listed_within_reach,
    a_closed_day_gets_a_revision,
    two_approvals_at_once_make_one_transaction,
);

const DAY: &str = "2026-03-15";

/// The statement with one credit that nobody told of, brought by the trader.
async fn missing(desk: &Desk) -> String {
    let sheet = yesterday(vec![moved(
        "2026-03-15T09:05:00",
        15_000,
        "FT9",
        "nuoc mia",
    )]);
    id(&desk.reconcile(&sheet).await)
}

/// The reference of a printed code of the stall.
pub async fn code(desk: &Desk) -> String {
    let code = json!({
        "outlet_id": desk.stall.outlet.to_string(),
        "kind": "static",
        "amount_rule": "open",
    });
    let path = "/v1/payment-codes";
    let code = desk.market.post(&desk.trader, path, &code).await.good();
    code["reference"].as_str().unwrap().to_owned()
}

pub async fn propose(desk: &Desk, token: &str, statement: &str, lines: &[i64]) -> String {
    let path = format!("/v1/statements/{statement}/proposals");
    let answer = desk
        .market
        .post(token, &path, &json!({"lines": lines}))
        .await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.good()["id"].as_str().unwrap().to_owned()
}

pub async fn approve(desk: &Desk, token: &str, proposal: &str) -> crate::service::Answer {
    let path = format!("/v1/statement-proposals/{proposal}/approve");
    desk.market.step(token, &path).await
}

async fn a_missing_credit_is_counted_after_a_second_person_and_once_for_ever(database: Database) {
    let desk = Desk::open(&database).await;
    let reference = code(&desk).await;
    let text = format!("{reference} nuoc mia");
    let sheet = yesterday(vec![moved("2026-03-15T09:05:00", 15_000, "FT9", &text)]);
    let statement = id(&desk.reconcile(&sheet).await);
    let proposal = propose(&desk, &desk.trader, &statement, &[1]).await;
    assert_eq!(desk.sizes().await, [0, 0, 0]);
    let answer = approve(&desk, &desk.first, &proposal).await;
    assert_eq!(answer.headers["etag"], "\"2\"");
    let approved = answer.good();
    let decided = ["state", "created", "attached", "amount_vnd"].map(|name| &approved[name]);
    assert_eq!(
        decided,
        [&json!("approved"), &json!(1), &json!(0), &json!(15_000)]
    );
    // It was attributed to the code that its text names, as a notice would have been.
    assert_eq!(desk.sizes().await, [1, 1, 0]);
    let line = &desk.lines(&statement, "matched").await[0];
    assert_eq!(
        (&line["content"], &line["proposal_state"]),
        (&json!(null), &json!("approved"))
    );
    let path = format!(
        "/v1/bank-transactions/{}",
        line["transaction_id"].as_str().unwrap()
    );
    let transaction = desk.market.get(&desk.trader, &path).await.good();
    assert_eq!(transaction["occurred_at"], "2026-03-15T09:05:00+07:00");
    assert_eq!(transaction["evidence"][0]["kind"], "statement");
    assert_eq!(transaction["evidence"][0]["source"], json!(null));
    desk.check().await;
    // A notice that comes later, with another text and twice, attaches to it.
    for _again in 0..2 {
        desk.tell(9, 15_000, "NUOC MIA gui", at_nine(5)).await;
    }
    assert_eq!(desk.sizes().await, [1, 1, 0]);
    let transaction = desk.market.get(&desk.trader, &path).await.good();
    assert_eq!(transaction["evidence"].as_array().unwrap().len(), 2);
    desk.check().await;
    // It was decided once.
    approve(&desk, &desk.second, &proposal)
        .await
        .is(409, "wrong_state");
    let path = format!("/v1/statement-proposals/{proposal}/reject");
    desk.market
        .step(&desk.second, &path)
        .await
        .is(409, "wrong_state");
}

async fn whoever_proposed_it_or_brought_the_file_cannot_approve_it(database: Database) {
    let desk = Desk::open(&database).await;
    let sheet = yesterday(vec![moved(DAY, 15_000, "FT9", "nuoc mia")]);
    let report = desk.hand_in(&desk.first, "", sheet.camt()).await.good();
    let statement = id(&report);
    let proposal = propose(&desk, &desk.trader, &statement, &[1]).await;
    // The first administrator brought the file; the trader is none.
    let refused = approve(&desk, &desk.first, &proposal).await;
    refused.is(403, "second_person_required");
    approve(&desk, &desk.trader, &proposal)
        .await
        .is(403, "forbidden");
    let staff = desk.market.staff(None).await;
    approve(&desk, &staff, &proposal).await.is(403, "forbidden");
    let path = format!("/v1/statement-proposals/{proposal}/reject");
    desk.market.step(&desk.trader, &path).await.good();
    let proposal = propose(&desk, &desk.second, &statement, &[1]).await;
    let refused = approve(&desk, &desk.second, &proposal).await;
    refused.is(403, "second_person_required");
    assert_eq!(desk.sizes().await, [0, 0, 0]);
    let third = desk.market.admin().await;
    let stale = format!("/v1/statement-proposals/{proposal}/approve");
    let stale = desk
        .market
        .send("POST", &third, &stale, None, &[("if-match", "\"7\"")])
        .await;
    stale.is(412, "precondition_failed");
    approve(&desk, &third, &proposal).await.good();
    assert_eq!(desk.sizes().await, [1, 0, 1]);
    let unknown = "stp_00000000000000000000000000000009";
    approve(&desk, &third, unknown).await.is(404, "not_found");
    desk.check().await;
}

async fn a_notice_before_the_approval_is_what_the_line_is_matched_to(database: Database) {
    let desk = Desk::open(&database).await;
    let statement = missing(&desk).await;
    let proposal = propose(&desk, &desk.trader, &statement, &[1]).await;
    desk.tell(9, 15_000, "nuoc mia", at_nine(5)).await;
    let approved = approve(&desk, &desk.first, &proposal).await.good();
    assert_eq!(
        (&approved["created"], &approved["attached"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(desk.sizes().await, [1, 0, 1]);
    assert_eq!(desk.lines(&statement, "matched").await.len(), 1);
    desk.check().await;
}

async fn one_missing_credit_of_two_statements_becomes_one_transaction(database: Database) {
    let desk = Desk::open(&database).await;
    let narrow = missing(&desk).await;
    let mut sheet = yesterday(vec![moved(DAY, 15_000, "FT9", "nuoc mia")]);
    sheet.first = "2026-03-14";
    let wide = id(&desk.reconcile(&sheet).await);
    let mut proposals = Vec::new();
    for statement in [&narrow, &wide] {
        proposals.push(propose(&desk, &desk.trader, statement, &[1]).await);
    }
    for (proposal, (created, attached)) in proposals.iter().zip([(1, 0), (0, 1)]) {
        let approved = approve(&desk, &desk.first, proposal).await.good();
        assert_eq!(approved["created"], created, "{approved}");
        assert_eq!(approved["attached"], attached, "{approved}");
        // The line of the other statement is found by itself.
        assert_eq!(desk.lines(&wide, "matched").await.len(), 1);
    }
    assert_eq!(desk.sizes().await, [1, 0, 1]);
    desk.check().await;
}

async fn equal_missing_lines_become_as_many_transactions(database: Database) {
    let desk = Desk::open(&database).await;
    desk.tell(1, 15_000, "nuoc mia", at_nine(1)).await;
    let sheet = yesterday(vec![unnamed(DAY, 15_000, "nuoc mia"); 3]);
    let report = desk.reconcile(&sheet).await;
    assert_eq!(counts(&report), [1, 2, 0, 0]);
    let proposal = propose(&desk, &desk.trader, &id(&report), &[2, 3]).await;
    let approved = approve(&desk, &desk.first, &proposal).await.good();
    assert_eq!(
        (&approved["created"], &approved["lines"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(desk.sizes().await, [3, 0, 3]);
    // The notices of the other two come after all.
    for number in [2, 3] {
        desk.tell(number, 15_000, "NUOC MIA", at_nine(2)).await;
    }
    assert_eq!(desk.sizes().await, [3, 0, 3]);
    desk.check().await;
}

async fn a_missing_debit_becomes_a_transaction_and_no_payment(database: Database) {
    let desk = Desk::open(&database).await;
    let sheet = yesterday(vec![moved(DAY, -15_000, "FT9", "phi")]);
    let report = desk.reconcile(&sheet).await;
    assert_eq!(report["statement"]["debited_vnd"], 15_000);
    let proposal = propose(&desk, &desk.trader, &id(&report), &[1]).await;
    approve(&desk, &desk.first, &proposal).await.good();
    assert_eq!(desk.sizes().await, [1, 0, 0]);
    desk.check().await;
}

async fn a_rejected_line_can_be_proposed_again(database: Database) {
    let desk = Desk::open(&database).await;
    let statement = missing(&desk).await;
    let proposal = propose(&desk, &desk.trader, &statement, &[1]).await;
    let path = format!("/v1/statement-proposals/{proposal}/reject");
    let rejected = desk.market.step(&desk.first, &path).await.good();
    assert_eq!(rejected["state"], "rejected");
    assert_eq!(
        desk.lines(&statement, "missing_here").await[0]["proposal_state"],
        "rejected"
    );
    assert_eq!(desk.sizes().await, [0, 0, 0]);
    let proposal = propose(&desk, &desk.trader, &statement, &[1]).await;
    approve(&desk, &desk.first, &proposal).await.good();
    assert_eq!(desk.sizes().await, [1, 0, 1]);
    desk.check().await;
}

async fn lines_that_cannot_be_proposed_are_named(database: Database) {
    let desk = Desk::open(&database).await;
    desk.tell(1, 45_000, "bun oc", at_nine(1)).await;
    desk.tell(3, 20_000, "che", at_nine(3)).await;
    let sheet = yesterday(vec![
        moved(DAY, 45_000, "FT1", "bun oc"),
        moved(DAY, 15_000, "FT9", "nuoc mia"),
        moved(DAY, 16_000, "FT10", "nuoc cam"),
    ]);
    let statement = id(&desk.reconcile(&sheet).await);
    propose(&desk, &desk.trader, &statement, &[3]).await;
    let path = format!("/v1/statements/{statement}/proposals");
    for (lines, pointer, code) in [
        (json!([1]), "/lines/0", "not_missing"),
        (json!([2, 2]), "/lines/1", "not_missing"),
        (json!([2, 3]), "/lines/1", "waiting"),
        // The fourth is our own transaction that is missing at the bank.
        (json!([4]), "/lines/0", "not_missing"),
        (json!([5]), "/lines/0", "unknown_line"),
        (json!([-1]), "/lines/0", "unknown_line"),
        (json!([]), "/lines", "out_of_range"),
        (json!(vec![2; 201]), "/lines", "out_of_range"),
    ] {
        let answer = desk
            .market
            .post(&desk.trader, &path, &json!({"lines": lines}))
            .await;
        answer.is(422, "invalid_fields");
        assert_eq!(
            (answer.pointers()[0], answer.fault()),
            (pointer, code),
            "{lines}"
        );
    }
    let body = json!({"lines": [2], "all": true});
    let answer = desk.market.post(&desk.trader, &path, &body).await;
    answer.is(422, "invalid_fields");
    assert_eq!(answer.fault(), "unknown_field");
    // Nothing of a refused proposal is left: the line is free.
    propose(&desk, &desk.trader, &statement, &[2]).await;
    let other = stall(desk.market.store(), 2, open()).await;
    let stranger = desk.market.trader(other).await;
    let body = json!({"lines": [2]});
    desk.market
        .post(&stranger, &path, &body)
        .await
        .is(404, "not_found");
    let staff = desk.market.staff(None).await;
    desk.market
        .post(&staff, &path, &body)
        .await
        .is(403, "forbidden");
}

async fn proposals_are_listed_within_reach(database: Database) {
    let desk = Desk::open(&database).await;
    let statement = missing(&desk).await;
    let key = [("idempotency-key", "once")];
    let path = format!("/v1/statements/{statement}/proposals");
    let body = json!({"lines": [1]});
    let first = desk
        .market
        .send("POST", &desk.trader, &path, Some(&body), &key)
        .await
        .good();
    let again = desk
        .market
        .send("POST", &desk.trader, &path, Some(&body), &key)
        .await
        .good();
    assert_eq!(first, again);
    let rows = async |token: &str, query: &str| {
        let path = format!("/v1/statement-proposals{query}");
        let page = desk.market.get(token, &path).await.good();
        page["data"].as_array().unwrap().clone()
    };
    let by_statement = format!("?statement_id={statement}");
    for query in ["", "?state=proposed", by_statement.as_str()] {
        for token in [&desk.first, &desk.trader] {
            let rows = rows(token, query).await;
            assert_eq!(rows, std::slice::from_ref(&first), "{query}");
        }
    }
    let none: [Value; 0] = [];
    assert_eq!(rows(&desk.first, "?state=approved").await, none);
    let other = "?statement_id=stm_00000000000000000000000000000009";
    assert_eq!(rows(&desk.first, other).await, none);
    let other = stall(desk.market.store(), 2, open()).await;
    let stranger = desk.market.trader(other).await;
    assert_eq!(rows(&stranger, "").await, none);
    let path = format!("/v1/statement-proposals/{}", first["id"].as_str().unwrap());
    assert_eq!(desk.market.get(&desk.trader, &path).await.good(), first);
    desk.market.get(&stranger, &path).await.is(404, "not_found");
    desk.market
        .step(&stranger, &format!("{path}/reject"))
        .await
        .is(404, "not_found");
    let staff = desk.market.staff(None).await;
    desk.market.get(&staff, &path).await.is(403, "forbidden");
    let query = "/v1/statement-proposals?state=open";
    desk.market
        .get(&desk.first, query)
        .await
        .is(400, "invalid_query");
}

async fn a_closed_day_gets_a_revision(database: Database) {
    let desk = Desk::open(&database).await;
    // By then, yesterday's figures are closed.
    let desk = Desk {
        market: desk.market.changed(|state| {
            state.clock = Clock::fixed(state.clock.now() + TimeDelta::days(20));
        }),
        ..desk
    };
    let reference = code(&desk).await;
    let sheet = yesterday(vec![moved(DAY, 15_000, "FT9", &reference)]);
    let statement = id(&desk.reconcile(&sheet).await);
    let proposal = propose(&desk, &desk.trader, &statement, &[1]).await;
    approve(&desk, &desk.first, &proposal).await.good();
    let day: NaiveDate = DAY.parse().unwrap();
    let mut tx = desk.market.store().begin_read().await.unwrap();
    let area = Area::new(Reach::Everything, Place::Everywhere);
    let changes = revisions::newest(&mut tx, &area, Window::day(day), 9)
        .await
        .unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|it| (it.sale_delta_vnd, it.cause.as_str()))
        .collect();
    assert_eq!(told, [(15_000, "statement")]);
    drop(tx);
    let payments = desk.market.get(&desk.trader, "/v1/payments").await.good();
    assert_eq!(payments["data"][0]["sale_vnd"], 15_000);
    desk.check().await;
}

async fn two_approvals_at_once_make_one_transaction(database: Database) {
    let desk = Desk::open(&database).await;
    let statement = missing(&desk).await;
    let proposal = propose(&desk, &desk.trader, &statement, &[1]).await;
    let (one, other) = tokio::join!(
        approve(&desk, &desk.first, &proposal),
        approve(&desk, &desk.second, &proposal),
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{one:?} {other:?}");
    assert_eq!(desk.sizes().await, [1, 0, 1]);
    desk.check().await;
}
