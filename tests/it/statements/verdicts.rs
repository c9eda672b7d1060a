//! What becomes of every line of a statement, and of what it does not tell of.

use chrono::TimeDelta;
use serde_json::json;

use super::{Desk, at_nine, counts, id, yesterday};
use crate::database::{Database, on_both_engines};
use crate::market::Market;
use crate::stalls::{open, stall};
use crate::statement::{moved, unnamed};

on_both_engines!(
    every_line_and_every_transaction_gets_its_verdict,
    the_same_file_again_changes_nothing_and_gives_the_first_result,
    overlapping_statements_tell_of_the_same_money_once,
    equal_lines_without_a_reference_are_paired_with_as_many_transactions,
    a_statement_carries_its_reference_to_what_was_told_without_one,
    a_trial_gives_the_same_verdicts_and_writes_nothing,
    a_table_as_a_vietnamese_bank_saves_it_is_held_against_the_books,
    lines_are_read_page_by_page_and_by_their_merchant_only,
    staff_read_a_statement_only_for_a_recorded_case,
);

const DAY: &str = "2026-03-15";

/// Three credits that the bank told, of which the statement tells one with another amount and
/// one not at all; and one that it alone knows.
async fn differing(desk: &Desk) -> crate::statement::Sheet {
    desk.tell(1, 45_000, "bun oc", at_nine(1)).await;
    desk.tell(2, 30_000, "bun cha", at_nine(2)).await;
    desk.tell(3, 20_000, "che", at_nine(3)).await;
    yesterday(vec![
        moved("2026-03-15T09:01:00", 45_000, "FT1", "bun oc"),
        moved(DAY, 31_000, "FT2", "bun cha"),
        moved(DAY, 15_000, "FT9", "nuoc mia"),
    ])
}

async fn every_line_and_every_transaction_gets_its_verdict(database: Database) {
    let desk = Desk::open(&database).await;
    let sheet = differing(&desk).await;
    let before = desk.sizes().await;
    let answer = desk.hand_in(&desk.trader, "", sheet.camt()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let report = answer.good();
    assert_eq!(report["outcome"], "imported");
    assert_eq!(counts(&report), [1, 1, 1, 1]);
    let statement = &report["statement"];
    assert_eq!(statement["form"], "camt053");
    assert_eq!(statement["balance"], "controlled");
    assert_eq!(statement["credited_vnd"], 91_000);
    assert_eq!(statement["closed_days"], 0);
    let differences = report["differences"].as_array().unwrap();
    let shown: Vec<_> = differences
        .iter()
        .map(|it| {
            json!([
                it["verdict"],
                it["amount_vnd"],
                it["known_amount_vnd"],
                it["bank_reference"],
                it["number"],
            ])
        })
        .collect();
    assert_eq!(
        shown,
        [
            json!(["missing_here", 15_000, null, "FT9", 3]),
            json!(["amount_differs", 31_000, 30_000, "FT2", 2]),
            json!(["missing_at_bank", 20_000, 20_000, "FT3", null]),
        ]
    );
    let id = id(&report);
    let lines = desk.lines(&id, "matched").await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["file_line"].as_i64().map(|it| it > 1), Some(true));
    assert_eq!(lines[0]["content"], json!(null));
    assert_eq!(
        desk.lines(&id, "missing_here").await[0]["content"],
        "nuoc mia"
    );
    // Nothing was credited by it, and a person has to look.
    assert_eq!(desk.sizes().await, before);
    let alerts = desk.market.get(&desk.first, "/v1/alerts").await.good();
    let alert = &alerts["data"][0];
    assert_eq!(
        (&alert["kind"], &alert["subject"]),
        (&json!("statement.differences"), &json!(id))
    );
    let transaction = lines[0]["transaction_id"].as_str().unwrap();
    let path = format!("/v1/bank-transactions/{transaction}");
    let transaction = desk.market.get(&desk.trader, &path).await.good();
    let kinds: Vec<_> = transaction["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["kind"].clone())
        .collect();
    assert_eq!(kinds, ["callback", "statement"]);
    desk.check().await;
}

async fn the_same_file_again_changes_nothing_and_gives_the_first_result(database: Database) {
    let desk = Desk::open(&database).await;
    let sheet = differing(&desk).await;
    let first = desk.reconcile(&sheet).await;
    let again = desk
        .hand_in(&desk.first, "&good_lines=true", sheet.camt())
        .await;
    assert_eq!(again.status, 200);
    let again = again.good();
    assert_eq!(again["outcome"], "imported_before");
    assert_eq!(again["statement"], first["statement"]);
    assert_eq!(again["differences"], first["differences"]);
    let list = desk.market.get(&desk.trader, "/v1/statements").await.good();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(list["data"][0], first["statement"]);
    let path = format!("/v1/statements/{}", id(&first));
    let one = desk.market.get(&desk.trader, &path).await.good();
    assert_eq!(one, first["statement"]);
    desk.check().await;
}

async fn overlapping_statements_tell_of_the_same_money_once(database: Database) {
    let desk = Desk::open(&database).await;
    let sheet = differing(&desk).await;
    desk.reconcile(&sheet).await;
    let mut wider = sheet.clone();
    wider.first = "2026-03-14";
    wider
        .movements
        .insert(0, moved("2026-03-14", 10_000, "FT0", "xoi"));
    let report = desk.reconcile(&wider).await;
    assert_eq!(counts(&report), [1, 2, 1, 1]);
    assert_eq!(desk.sizes().await[0], 3);
    desk.check().await;
}

async fn equal_lines_without_a_reference_are_paired_with_as_many_transactions(database: Database) {
    let desk = Desk::open(&database).await;
    desk.tell(1, 45_000, "bún ốc", at_nine(1)).await;
    desk.tell(2, 45_000, "BUN OC", at_nine(2)).await;
    let twice = vec![unnamed(DAY, 45_000, "Bun  oc"); 2];
    assert_eq!(
        counts(&desk.reconcile(&yesterday(twice)).await),
        [2, 0, 0, 0]
    );
    let thrice = vec![unnamed(DAY, 45_000, "bun oc"); 3];
    assert_eq!(
        counts(&desk.reconcile(&yesterday(thrice)).await),
        [2, 1, 0, 0]
    );
    let once = vec![unnamed(DAY, 45_000, "bun oc")];
    assert_eq!(
        counts(&desk.reconcile(&yesterday(once)).await),
        [1, 0, 0, 1]
    );
    // A line that names one of them is placed first, wherever it stands.
    let mixed = vec![
        unnamed(DAY, 45_000, "bun oc"),
        moved(DAY, 45_000, "FT1", "bun oc"),
    ];
    let report = desk.reconcile(&yesterday(mixed)).await;
    assert_eq!(counts(&report), [2, 0, 0, 0]);
    desk.check().await;
}

async fn a_statement_carries_its_reference_to_what_was_told_without_one(database: Database) {
    let desk = Desk::open(&database).await;
    desk.tell(1, 45_000, "bun oc", at_nine(1)).await;
    // The bank's own text differs, the reference does not.
    let other_text = vec![moved(DAY, 45_000, "FT1", "MBVCB.1.bun oc.CT tu 001")];
    let report = desk.reconcile(&yesterday(other_text)).await;
    assert_eq!(counts(&report), [1, 0, 0, 0]);
    // By that text, the same line without its reference is found as well.
    let bare = vec![unnamed(DAY, 45_000, "MBVCB.1.bun oc.CT tu 001")];
    let report = desk.reconcile(&yesterday(bare)).await;
    assert_eq!(counts(&report), [1, 0, 0, 0]);
    desk.check().await;
}

async fn a_trial_gives_the_same_verdicts_and_writes_nothing(database: Database) {
    let desk = Desk::open(&database).await;
    let sheet = differing(&desk).await;
    let trial = desk
        .hand_in(&desk.trader, "&dry_run=true", sheet.camt())
        .await;
    assert_eq!(trial.status, 200);
    let trial = trial.good();
    assert_eq!(
        (&trial["outcome"], &trial["statement"]["id"]),
        (&json!("trial"), &json!(null))
    );
    let list = desk.market.get(&desk.trader, "/v1/statements").await.good();
    assert_eq!(list["data"], json!([]));
    let real = desk.reconcile(&sheet).await;
    assert_eq!(counts(&trial), counts(&real));
    assert_eq!(trial["differences"].as_array().unwrap().len(), 3);
    for name in [
        "lines",
        "credited_vnd",
        "debited_vnd",
        "opening_vnd",
        "closing_vnd",
    ] {
        assert_eq!(trial["statement"][name], real["statement"][name], "{name}");
    }
}

async fn a_table_as_a_vietnamese_bank_saves_it_is_held_against_the_books(database: Database) {
    let desk = Desk::open(&database).await;
    desk.tell(1, 45_000, "bún ốc", at_nine(1)).await;
    desk.tell(2, 1_230_000, "tiec", at_nine(2)).await;
    let table = format!(
        "\u{feff}SAO KÊ TÀI KHOẢN\n\
         Số tài khoản;{}\n\
         STT;Ngày giao dịch;Số tham chiếu;Ghi nợ;Ghi có;Số dư;Nội dung\n\
         1;15/03/2026;FT1;;45.000;1.045.000;BUN OC\n\
         2;15/03/2026;FT2;;1.230.000;2.275.000;tiec\n\
         3;15/03/2026;FT3;1.011.000;;1.264.000;Phi SMS\n",
        crate::stalls::account_number(1)
    );
    let path = format!("/v1/statements?account_id={}", desk.stall.account);
    let csv = [("content-type", "text/csv; charset=utf-8")];
    let report = desk.market.upload(&desk.trader, &path, table, &csv).await;
    let report = report.good();
    assert_eq!(counts(&report), [2, 1, 0, 0]);
    let statement = &report["statement"];
    assert_eq!(
        (&statement["form"], &statement["debited_vnd"]),
        (&json!("csv"), &json!(1_011_000))
    );
    assert_eq!(report["differences"][0]["direction"], "debit");
    desk.check().await;
}

async fn lines_are_read_page_by_page_and_by_their_merchant_only(database: Database) {
    let desk = Desk::open(&database).await;
    let other = stall(desk.market.store(), 2, open()).await;
    let stranger = desk.market.trader(other).await;
    let id = id(&desk.reconcile(&differing(&desk).await).await);
    let mut seen = Vec::new();
    let mut path = format!("/v1/statements/{id}/lines?limit=3");
    loop {
        let page = desk.market.get(&desk.trader, &path).await.good();
        let rows = page["data"].as_array().unwrap().iter();
        seen.extend(rows.map(|row| row["number"].as_i64().unwrap()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/statements/{id}/lines?limit=3&cursor={cursor}");
    }
    assert_eq!(seen, [1, 2, 3, 4]);
    for path in ["", "/lines", "/lines?verdict=matched"] {
        let path = format!("/v1/statements/{id}{path}");
        desk.market.get(&stranger, &path).await.is(404, "not_found");
    }
    let list = desk.market.get(&stranger, "/v1/statements").await.good();
    assert_eq!(list["data"], json!([]));
    let path = format!("/v1/statements/{id}/lines?verdict=lost");
    desk.market
        .get(&desk.trader, &path)
        .await
        .is(400, "invalid_query");
    let unknown = "/v1/statements/stm_00000000000000000000000000000009";
    desk.market
        .get(&desk.trader, unknown)
        .await
        .is(404, "not_found");
    let till = desk.market.till(desk.stall).await;
    desk.market
        .get(&till, "/v1/statements")
        .await
        .is(403, "forbidden");
}

async fn staff_read_a_statement_only_for_a_recorded_case(database: Database) {
    let desk = Desk::open(&database).await;
    let id = id(&desk.reconcile(&differing(&desk).await).await);
    let staff = desk.market.staff(None).await;
    for token in [&staff, &desk.first] {
        for path in [String::new(), format!("/{id}"), format!("/{id}/lines")] {
            let path = format!("/v1/statements{path}");
            desk.market.get(token, &path).await.is(403, "forbidden");
            let path = format!("{path}?merchant_id={}&case=HS-1", desk.stall.merchant);
            desk.market.get(token, &path).await.good();
        }
    }
    let later = Market::open(&database).await.changed(|state| {
        let now = state.clock.now() + TimeDelta::minutes(1);
        state.clock = phocho::clock::Clock::fixed(now);
    });
    let events = later.get(&desk.trader, "/v1/events").await.good();
    let seen = events["data"].as_array().unwrap().iter();
    let seen = seen.filter(|it| it["kind"] == "money.disclose").count();
    assert_eq!(seen, 6);
}
