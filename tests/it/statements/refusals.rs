//! Files and wishes that are refused: nothing of them is left.

use axum::body::Body;
use serde_json::json;

use super::{Desk, XML, at_nine, counts, yesterday};
use crate::database::{Database, on_both_engines};
use crate::stalls::{account_number, open, stall};
use crate::statement::{Sheet, moved};

on_both_engines!(
    a_damaged_file_names_its_lines_and_columns_in_both_languages,
    the_good_lines_are_taken_when_that_is_asked_for_and_close_no_day,
    a_statement_of_another_account_or_period_is_refused,
    only_the_merchant_and_administrators_bring_statements,
    what_is_no_statement_is_refused_before_it_is_read,
    a_key_answers_the_same_file_the_same_and_another_not,
);

const DAY: &str = "2026-03-15";

fn sheet() -> Sheet {
    yesterday(vec![
        moved(DAY, 45_000, "FT1", "bun oc"),
        moved(DAY, 15_000, "FT9", "nuoc mia"),
    ])
}

async fn nothing_is_left(desk: &Desk) {
    let list = desk.market.get(&desk.trader, "/v1/statements").await.good();
    assert_eq!(list["data"], json!([]));
    assert_eq!(desk.sizes().await, [0, 0, 0]);
}

async fn a_damaged_file_names_its_lines_and_columns_in_both_languages(database: Database) {
    let desk = Desk::open(&database).await;
    let good = sheet().camt();
    let fraction = good.replace(">15000<", ">15000.50<");
    for (name, file, code) in [
        ("a fraction", fraction, "fraction"),
        ("cut off", good[..good.len() - 90].to_owned(), "cut_off"),
        (
            "other money",
            good.replace("Ccy=\"VND\">15000", "Ccy=\"USD\">15000"),
            "other_currency",
        ),
        (
            "a balance",
            good.replace(">1060000<", ">1060001<"),
            "closing_broken",
        ),
        ("no statement", "xin chào".to_owned(), "no_header"),
        ("nothing", String::new(), "empty_file"),
    ] {
        let answer = desk.hand_in(&desk.trader, "", file).await;
        answer.is(422, "invalid_file");
        assert_eq!(answer.fault(), code, "{name}: {answer:?}");
        assert!(
            answer.pointers()[0].starts_with("line:"),
            "{name}: {answer:?}"
        );
    }
    let file = good.replace(">15000<", ">15000.50<");
    let path = format!("/v1/statements?account_id={}", desk.stall.account);
    let mut words = Vec::new();
    for language in ["vi", "en"] {
        let headers = [XML[0], ("accept-language", language)];
        let answer = desk
            .market
            .upload(&desk.trader, &path, file.clone(), &headers)
            .await;
        let message = answer.body["errors"][0]["message"].as_str().unwrap();
        words.push(message.to_owned());
    }
    assert!(words[0].contains("không phải số đồng nguyên"), "{words:?}");
    assert!(words[1].contains("not a whole number of đồng"), "{words:?}");
    nothing_is_left(&desk).await;
}

async fn the_good_lines_are_taken_when_that_is_asked_for_and_close_no_day(database: Database) {
    let desk = Desk::open(&database).await;
    desk.tell(1, 45_000, "bun oc", at_nine(1)).await;
    let file = sheet().camt().replace(">15000<", ">15000.50<");
    let trial = desk
        .hand_in(&desk.trader, "&good_lines=true&dry_run=true", file.clone())
        .await;
    assert_eq!(counts(&trial.good()), [1, 0, 0, 0]);
    let report = desk
        .hand_in(&desk.trader, "&good_lines=true", file)
        .await
        .good();
    assert_eq!(counts(&report), [1, 0, 0, 0]);
    let statement = &report["statement"];
    assert_eq!(
        (&statement["bad_lines"], &statement["balance"]),
        (&json!(1), &json!("none"))
    );
    assert_eq!(statement["closed_days"], 0);
    let fault = &report["faults"][0];
    assert_eq!(
        (&fault["code"], &report["faults_in_all"]),
        (&json!("fraction"), &json!(1))
    );
    assert!(fault["line"].as_u64().unwrap() > 1 && fault["column"].is_string());
    // A file without any good line is refused all the same.
    let none = desk
        .hand_in(&desk.trader, "&good_lines=true", "xin chào")
        .await;
    none.is(422, "invalid_file");
    desk.check().await;
}

async fn a_statement_of_another_account_or_period_is_refused(database: Database) {
    let desk = Desk::open(&database).await;
    let other = Sheet {
        account: account_number(2),
        ..sheet()
    };
    let answer = desk.hand_in(&desk.trader, "", other.camt()).await;
    answer.is(422, "invalid_file");
    assert!(
        answer.body["detail"].as_str().unwrap().contains("0002"),
        "{answer:?}"
    );
    let early = "&first_day=2026-03-01&last_day=2026-03-14";
    let answer = desk.hand_in(&desk.trader, early, sheet().camt()).await;
    answer.is(422, "invalid_file");
    assert_eq!(answer.fault(), "outside_period");
    let mut ahead = sheet();
    ahead.last = "2026-03-17";
    let answer = desk.hand_in(&desk.trader, "", ahead.camt()).await;
    answer.is(422, "invalid_fields");
    assert_eq!(
        (answer.pointers()[0], answer.fault()),
        ("?last_day", "future_day")
    );
    let long = "&first_day=2025-01-01&last_day=2026-03-15";
    let answer = desk.hand_in(&desk.trader, long, sheet().camt()).await;
    answer.is(422, "invalid_fields");
    assert_eq!(
        (answer.pointers()[0], answer.fault()),
        ("?first_day", "too_large")
    );
    for (more, pointer) in [
        ("&first_day=2026-03-15", "?last_day"),
        ("&last_day=2026-03-15", "?first_day"),
        ("&first_day=2026-03-15&last_day=2026-03-14", "?last_day"),
        ("&first_day=15/03/2026&last_day=2026-03-15", "?first_day"),
        ("&colour=red", "?colour"),
    ] {
        let answer = desk.hand_in(&desk.trader, more, sheet().camt()).await;
        answer.is(400, "invalid_query");
        assert_eq!(answer.pointers(), [pointer]);
    }
    nothing_is_left(&desk).await;
}

async fn only_the_merchant_and_administrators_bring_statements(database: Database) {
    let desk = Desk::open(&database).await;
    let other = stall(desk.market.store(), 2, open()).await;
    let stranger = desk.market.trader(other).await;
    let answer = desk.hand_in(&stranger, "", sheet().camt()).await;
    answer.is(422, "invalid_fields");
    assert_eq!(
        (answer.pointers()[0], answer.fault()),
        ("?account_id", "unknown_account")
    );
    // One that does not exist is answered the same way.
    let unknown = "/v1/statements?account_id=acc_00000000000000000000000000000077";
    let same = desk
        .market
        .upload(&stranger, unknown, sheet().camt(), &XML)
        .await;
    assert_eq!(same.body["errors"], answer.body["errors"]);
    let staff = desk.market.staff(None).await;
    let till = desk.market.till(desk.stall).await;
    for token in [&staff, &till] {
        desk.hand_in(token, "", sheet().camt())
            .await
            .is(403, "forbidden");
    }
    desk.hand_in("", "", sheet().camt())
        .await
        .is(401, "unauthenticated");
    nothing_is_left(&desk).await;
    desk.hand_in(&desk.first, "", sheet().camt()).await.good();
}

async fn what_is_no_statement_is_refused_before_it_is_read(database: Database) {
    let desk = Desk::open(&database).await;
    let path = format!("/v1/statements?account_id={}", desk.stall.account);
    for headers in [
        vec![("content-type", "application/json")],
        vec![("content-type", "multipart/form-data; boundary=x")],
        vec![],
        vec![("content-type", "text/csv"), ("content-type", "text/csv")],
    ] {
        let answer = desk
            .market
            .upload(&desk.trader, &path, sheet().camt(), &headers)
            .await;
        answer.is(415, "unsupported_media_type");
    }
    let large = Body::from(vec![b'<'; 32 * 1024 * 1024 + 1]);
    let answer = desk.market.upload(&desk.trader, &path, large, &XML).await;
    answer.is(413, "body_too_large");
    let no_account = desk
        .market
        .upload(&desk.trader, "/v1/statements", "", &XML)
        .await;
    no_account.is(400, "invalid_query");
    nothing_is_left(&desk).await;
}

async fn a_key_answers_the_same_file_the_same_and_another_not(database: Database) {
    let desk = Desk::open(&database).await;
    let path = format!("/v1/statements?account_id={}", desk.stall.account);
    let headers = [XML[0], ("idempotency-key", "statement-1")];
    let send = async |file: String| {
        desk.market
            .upload(&desk.trader, &path, file, &headers)
            .await
    };
    let first = send(sheet().camt()).await;
    assert_eq!(first.status, 201, "{first:?}");
    let again = send(sheet().camt()).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let other = send(yesterday(vec![]).camt()).await;
    other.is(422, "idempotency_key_reused");
    let list = desk.market.get(&desk.trader, "/v1/statements").await.good();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    // A file that was refused leaves its key free.
    let headers = [XML[0], ("idempotency-key", "statement-2")];
    let refused = desk.market.upload(&desk.trader, &path, "<", &headers).await;
    refused.is(422, "invalid_file");
    let good = desk
        .market
        .upload(&desk.trader, &path, yesterday(vec![]).camt(), &headers)
        .await;
    assert_eq!(good.status, 201);
    desk.check().await;
}
