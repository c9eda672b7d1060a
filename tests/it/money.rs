//! Payments, suspense and bank transactions over HTTP: who may read what, and why each credit
//! was taken for what it was taken for, on both engines.

use chrono::TimeDelta;
use phocho::domain::access::UserRole;
use phocho::domain::ids::MerchantId;
use phocho::flows::check_books;
use phocho::store::reach::Reach;
use phocho::store::{audit, events};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{Database, on_both_engines};
use crate::sepay::{SepayNotice, second};
use crate::street::{ACCOUNT, ACCOUNT_ID, Street, now};

on_both_engines!(
    a_payment_is_explained_in_both_languages,
    a_credit_without_a_code_waits_with_its_reasons,
    a_transaction_shows_how_we_know_of_it,
    payments_are_filtered_and_paged_newest_first,
    staff_read_one_traders_money_only_for_a_recorded_case,
    a_foreign_payment_is_the_same_404_as_an_unknown_one,
    one_bank_reference_under_two_numbers_counts_once_on_one_sale,
);

const SECRET: &str = "a-secret-of-this-test-0002";
const MERCHANT: &str = "mer_00000000000000000000000000000014";
const OUTLET: &str = "out_0000000000000000000000000000001e";
const REFERENCE: &str = "TH7K2M9XQ4";
const OTHER: &str = "TH3D8W5RNC";

/// A street with one printed code, a code for 100 000 đồng, and a SePay source.
async fn street(database: Database) -> Street {
    let street = Street::open(database.store().await).await;
    street.code(REFERENCE, None).await;
    street.code(OTHER, Some(100_000)).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    street
}

async fn tell(street: &Street, id: u64, amount: i64, content: &str, at_second: u32) {
    let account = ACCOUNT;
    let notice = SepayNotice {
        id,
        amount,
        content,
        account,
        bank_number: id,
        booked_at: second(at_second),
    };
    post(street, notice).await;
}

async fn post(street: &Street, notice: SepayNotice<'_>) {
    let (headers, body) = notice.signed(SECRET, now());
    assert_eq!(street.deliver("sepay", &headers, &body).await.0, 200);
}

async fn rows(street: &Street, token: &str, path: &str) -> Vec<Value> {
    let (status, page) = street.get(token, path).await;
    assert_eq!(status, 200, "{page}");
    page["data"].as_array().unwrap().clone()
}

fn path(kind: &str, row: &Value) -> String {
    format!("/v1/{kind}/{}", row["id"].as_str().unwrap())
}

async fn a_payment_is_explained_in_both_languages(database: Database) {
    let street = street(database).await;
    let seller = street.seller(false).await;
    tell(&street, 1, 107_000, "CK TH3D8 W5RNC THZZZZ9999", 10).await;
    let payments = rows(&street, &seller, "/v1/payments").await;
    let [payment] = &payments[..] else {
        panic!("{payments:?}")
    };
    assert_eq!(
        payment["flags"],
        json!(["cash_out_part", "overpaid"]),
        "{payment}"
    );
    assert_eq!(
        (&payment["expected_vnd"], &payment["sale_vnd"]),
        (&json!(100_000), &json!(100_000))
    );
    let one = path("payments", payment);
    assert_eq!(street.get(&seller, &one).await, (200, payment.clone()));
    let (status, why) = street.get(&seller, &format!("{one}/explanation")).await;
    assert_eq!(status, 200, "{why}");
    assert_eq!(why["verdict"]["code"], "reference_in_text");
    assert_eq!(why["reference"], OTHER);
    let notes = why["evidence"][0]["notes"].as_array().unwrap();
    let codes: Vec<_> = notes.iter().map(|note| &note["code"]).collect();
    assert_eq!(codes, ["content", "separators_removed"]);
    assert_eq!(why["rejected"][0]["reference"], "THZZZZ9999");
    let flags = why["flags"].as_array().unwrap();
    for worded in flags.iter().chain([&why["verdict"]]) {
        let text = |language: &str| worded[language].as_str().unwrap().to_owned();
        assert!(!text("vi").is_ascii() && text("en").is_ascii(), "{worded}");
    }
}

async fn a_credit_without_a_code_waits_with_its_reasons(database: Database) {
    let street = street(database).await;
    let (seller, staff) = (
        street.seller(false).await,
        street.person(UserRole::Staff).await,
    );
    let till = street.seller(true).await;
    tell(&street, 1, 45_000, "bun oc", 10).await;
    street.clock.advance(TimeDelta::seconds(1));
    tell(&street, 2, 45_000, &format!("{REFERENCE} {OTHER}"), 20).await;
    let items = rows(&street, &seller, "/v1/suspense").await;
    let codes: Vec<_> = items.iter().map(|item| &item["verdict"]["code"]).collect();
    assert_eq!(codes, ["no_reference", "several_references"]);
    assert_eq!(items[0]["content"], "bun oc");
    assert_eq!(items[1]["rejected"].as_array().unwrap().len(), 2);
    let one = path("suspense", &items[0]);
    assert_eq!(street.get(&seller, &one).await, (200, items[0].clone()));
    assert!(rows(&street, &seller, "/v1/payments").await.is_empty());
    let (status, mut ages) = street.get(&staff, "/v1/suspense/ages").await;
    let completeness = ages.as_object_mut().unwrap().remove("completeness");
    assert_eq!(completeness.unwrap()["state"]["code"], "live");
    let wanted = json!({
        "open": 2,
        "within_1_day": 2,
        "within_7_days": 0,
        "within_30_days": 0,
        "older_than_30_days": 0,
        "older_than_7_days": 0,
        "oldest_opened_at": "2026-03-16T09:30:00+07:00",
    });
    let mut in_zone = wanted.clone();
    in_zone["zone_id"] = json!("zon_0000000000000000000000000000000a");
    in_zone["zone_code"] = json!("TH-QK");
    in_zone["merchants"] = json!(1);
    let mut wanted = wanted;
    wanted["zones"] = json!([in_zone]);
    assert_eq!((status, ages), (200, wanted));
    street.clock.advance(TimeDelta::days(8));
    let (_, ages) = street.get(&staff, "/v1/suspense/ages").await;
    assert_eq!(ages["older_than_7_days"], 2);
    assert_eq!(ages["zones"][0]["within_30_days"], 2);
    for (token, path, wanted) in [
        (&seller, "/v1/suspense/ages", 403),
        (&till, "/v1/suspense", 403),
        (&staff, "/v1/suspense", 403),
        (
            &seller,
            "/v1/suspense/sus_01920000000070008000000000000009",
            404,
        ),
    ] {
        assert_eq!(street.get(token, path).await.0, wanted, "{path}");
    }
}

async fn a_transaction_shows_how_we_know_of_it(database: Database) {
    let street = street(database).await;
    let seller = street.seller(false).await;
    street.source("second", "sepay_hmac", SECRET, None).await;
    tell(&street, 1, 45_000, REFERENCE, 10).await;
    let account = ACCOUNT;
    let notice = SepayNotice {
        id: 1,
        amount: 45_000,
        content: REFERENCE,
        account,
        bank_number: 1,
        booked_at: second(10),
    };
    let (headers, body) = notice.signed(SECRET, now());
    assert_eq!(street.deliver("second", &headers, &body).await.0, 200);
    let list = format!("/v1/bank-transactions?account_id={ACCOUNT_ID}");
    let transactions = rows(&street, &seller, &list).await;
    let [transaction] = &transactions[..] else {
        panic!("{transactions:?}")
    };
    assert_eq!(transaction.get("evidence"), None);
    let (status, one) = street
        .get(&seller, &path("bank-transactions", transaction))
        .await;
    assert_eq!(status, 200);
    let told = one["evidence"].as_array().unwrap().iter();
    let sources: Vec<_> = told.map(|it| &it["source"]).collect();
    assert_eq!(sources, ["second", "sepay"]);
    let payments = rows(&street, &seller, "/v1/payments").await;
    assert_eq!(payments.len(), 1);
    assert_eq!(one["payment_id"], payments[0]["id"]);
    assert_eq!(payments[0]["transaction_id"], one["id"]);
    for (query, wanted) in [
        ("?account_id=acc_01920000000070008000000000000009", 200),
        ("?account_id=x", 400),
        ("/btx_01920000000070008000000000000009", 404),
    ] {
        let path = format!("/v1/bank-transactions{query}");
        assert_eq!(street.get(&seller, &path).await.0, wanted, "{query}");
    }
}

async fn payments_are_filtered_and_paged_newest_first(database: Database) {
    let street = street(database).await;
    let (seller, till) = (street.seller(false).await, street.seller(true).await);
    for (id, second) in [(1, 30), (2, 10), (3, 20), (4, 20)] {
        tell(&street, id, 45_000, REFERENCE, second).await;
    }
    tell(&street, 5, 100_000, OTHER, 40).await;
    let mut cursor = String::new();
    let mut seen = Vec::new();
    loop {
        let (_, page) = street
            .get(&seller, &format!("/v1/payments?limit=2{cursor}"))
            .await;
        seen.extend(page["data"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    let times: Vec<_> = seen
        .iter()
        .map(|it| it["occurred_at"].as_str().unwrap().to_owned())
        .collect();
    let mut sorted = times.clone();
    sorted.sort_unstable();
    sorted.reverse();
    assert_eq!((times.len(), &times), (5, &sorted));
    for (query, wanted) in [
        (format!("?outlet_id={OUTLET}"), Some(5)),
        (
            format!("?code_id={}", seen[0]["code_id"].as_str().unwrap()),
            Some(1),
        ),
        ("?from=2026-03-16&to=2026-03-16".to_owned(), Some(5)),
        ("?from=2026-03-17".to_owned(), Some(0)),
        ("?to=2026-03-15".to_owned(), Some(0)),
        (
            "?outlet_id=out_01920000000070008000000000000009".to_owned(),
            Some(0),
        ),
        ("?from=yesterday".to_owned(), None),
        ("?colour=red".to_owned(), None),
    ] {
        let (status, page) = street.get(&seller, &format!("/v1/payments{query}")).await;
        let count = page["data"].as_array().map(Vec::len);
        assert_eq!(
            (status, count),
            (if wanted.is_some() { 200 } else { 400 }, wanted)
        );
    }
    assert_eq!(rows(&street, &till, "/v1/payments").await.len(), 5);
    let elsewhere = "/v1/payments?outlet_id=out_01920000000070008000000000000009";
    assert_eq!(street.get(&till, elsewhere).await.0, 404);
}

async fn staff_read_one_traders_money_only_for_a_recorded_case(database: Database) {
    let street = street(database).await;
    let staff = street.person(UserRole::Staff).await;
    tell(&street, 1, 45_000, REFERENCE, 10).await;
    let unknown = "mer_01920000000070008000000000000009";
    for (query, wanted, pointer) in [
        (String::new(), 403, "?merchant_id"),
        (format!("?merchant_id={MERCHANT}"), 403, "?case"),
        (
            format!("?merchant_id={MERCHANT}&case=vì%20tò%20mò"),
            400,
            "?case",
        ),
        (format!("?merchant_id={unknown}&case=KN-1"), 404, ""),
    ] {
        for kind in ["payments", "bank-transactions", "suspense"] {
            let (status, problem) = street.get(&staff, &format!("/v1/{kind}{query}")).await;
            assert_eq!(status, wanted, "{kind}{query}");
            let named = problem["errors"][0]["pointer"].as_str().unwrap_or("");
            assert_eq!(named, pointer);
        }
    }
    let mut tx = street.store.begin_read().await.unwrap();
    let before = audit::list(&mut tx, "main", 0, 200).await.unwrap();
    assert!(before.iter().all(|entry| entry.action != "money.disclose"));
    drop(tx);
    let query = format!("?merchant_id={MERCHANT}&case=KN-2026/7");
    let seen = rows(&street, &staff, &format!("/v1/payments{query}")).await;
    assert_eq!(seen.len(), 1);
    let one = format!("{}{query}", path("payments", &seen[0]));
    assert_eq!(street.get(&staff, &one).await.0, 200);
    let mut tx = street.store.begin_read().await.unwrap();
    let entries = audit::list(&mut tx, "main", 0, 200).await.unwrap();
    let readings = entries.iter().filter(|it| it.action == "money.disclose");
    assert_eq!(readings.count(), 2);
    let merchant = MerchantId::from_uuid(Uuid::from_u128(20));
    let told = events::list(&mut tx, Reach::Merchant(merchant), None, 0, 200)
        .await
        .unwrap();
    let told = told.iter().filter(|event| event.kind == "money.disclose");
    assert!(
        told.clone()
            .all(|event| event.payload.contains("KN-2026/7"))
    );
    assert_eq!(told.count(), 2, "the merchant sees both");
}

async fn a_foreign_payment_is_the_same_404_as_an_unknown_one(database: Database) {
    let street = street(database).await;
    let seller = street.seller(false).await;
    tell(&street, 1, 45_000, REFERENCE, 10).await;
    let payments = rows(&street, &seller, "/v1/payments").await;
    let stranger = street.stranger().await;
    let unknown = "/v1/payments/pay_01920000000070008000000000000009";
    let named = format!("/v1/payments?merchant_id={MERCHANT}");
    let mut problems = Vec::new();
    for path in [path("payments", &payments[0]).as_str(), unknown, &named] {
        let (status, mut problem) = street.get(&stranger, path).await;
        problem["request_id"] = Value::Null;
        problems.push((status, problem));
    }
    assert_eq!(problems[0].0, 404);
    assert!(problems.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(rows(&street, &stranger, "/v1/payments").await.is_empty());
    let why = format!("{}/explanation", path("payments", &payments[0]));
    assert_eq!(street.get(&stranger, &why).await.0, 404);
}

async fn one_bank_reference_under_two_numbers_counts_once_on_one_sale(database: Database) {
    let street = street(database).await;
    let seller = street.seller(false).await;
    let first = SepayNotice {
        id: 1,
        amount: 60_000,
        content: OTHER,
        account: ACCOUNT,
        bank_number: 1,
        booked_at: second(10),
    };
    let again = SepayNotice { id: 2, ..first };
    let rest = SepayNotice {
        id: 3,
        amount: 40_000,
        bank_number: 3,
        booked_at: second(20),
        ..first
    };
    for notice in [first, again, rest, again] {
        post(&street, notice).await;
    }
    let mut payments: Vec<_> = rows(&street, &seller, "/v1/payments")
        .await
        .iter()
        .map(|it| {
            let sale = it["sale_vnd"].as_i64().unwrap();
            (sale, it["flags"].to_string())
        })
        .collect();
    payments.sort();
    let suspected = (0, r#"["duplicate_suspected"]"#.to_owned());
    let part = |sale| (sale, r#"["split"]"#.to_owned());
    assert_eq!(payments, [suspected, part(40_000), part(60_000)]);
    let oddities = check_books::check(&street.store, 20).await.unwrap();
    assert_eq!(oddities, []);
}
