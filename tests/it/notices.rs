//! Bank notices over real HTTP, on both engines: believed or refused, stored once, attributed,
//! counted.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use phocho::banks::ADAPTERS;
use phocho::domain::day::Window;
use phocho::domain::ids::{AlertId, CodeId};
use phocho::store::adoption::{self, Area, Place};
use phocho::store::payments::{self, PaymentFilter};
use phocho::store::reach::Reach;
use phocho::store::{alerts, audit, rollups, sources, suspense_ages};
use serde_json::{Value, json};

use crate::callbacks::with_token;
use crate::database::{Database, on_both_engines};
use crate::operation::count;
use crate::sepay::{SepayNotice, second};
use crate::state::any_rate;
use crate::street::{ACCOUNT, Street, now};

on_both_engines!(
    every_sample_delivery_is_answered_as_its_vendor_expects_and_counts_once,
    fifty_copies_of_one_notice_at_once_make_one_payment,
    the_parts_of_an_amount_end_in_the_same_flags_in_any_order,
    a_notice_for_a_foreign_account_is_kept_and_makes_no_payment,
    the_same_transaction_with_another_amount_is_a_conflict,
    a_notice_that_is_of_no_use_counts_once_however_often_it_comes,
    what_is_told_again_raises_no_second_alert,
);

pub const SECRET: &str = "a-secret-of-this-test-0001";
const REFERENCES: [&str; 5] = [
    "TH7K2M9XQ4",
    "TH3D8W5RNC",
    "THQ6V2Y9JB",
    "THB4N7T2KX",
    "TH9F3P6MZE",
];

/// Credits in the files that wait for a person: one whose text names no code, four orders of
/// ZaloPay that name none, and two whose text and order field name different ones.
const SUSPENDED: usize = 7;

/// The file of a format.
pub fn sample(adapter: &str) -> Value {
    let path = format!(
        "{}/tests/data/callbacks/{adapter}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn day() -> NaiveDate {
    "2026-03-16".parse().unwrap()
}

pub async fn payments_of(street: &Street) -> Vec<payments::PaymentRow> {
    let mut tx = street.store.begin_read().await.unwrap();
    payments::list(
        &mut tx,
        Reach::Everything,
        PaymentFilter::default(),
        None,
        200,
    )
    .await
    .unwrap()
}

/// Sums equal a recount, and the audit chain is whole.
async fn check_books(street: &Street) {
    let mut tx = street.store.begin_read().await.unwrap();
    assert_eq!(rollups::differences(&mut tx, 10).await.unwrap(), []);
    for chain in audit::chains(&mut tx).await.unwrap() {
        assert_eq!(audit::first_break(&mut tx, &chain).await.unwrap(), None);
    }
}

/// A SePay delivery signed with this test's secret.
pub fn sepay(
    id: u64,
    amount: i64,
    content: &str,
    account: &str,
    at_second: u32,
) -> (Vec<(String, String)>, String) {
    SepayNotice {
        id,
        amount,
        content,
        account,
        bank_number: id,
        booked_at: second(at_second),
    }
    .signed(SECRET, now())
}

async fn every_sample_delivery_is_answered_as_its_vendor_expects_and_counts_once(
    database: Database,
) {
    // All forgeries come from one address, more of them than one may send.
    let store = database.store().await;
    let street = Street::open_with(store, |state| state.rates = any_rate()).await;
    for reference in REFERENCES {
        street.code(reference, None).await;
    }
    let mut paid = BTreeSet::new();
    for adapter in ADAPTERS {
        let file = sample(adapter.name());
        open_source(&street, adapter.name(), &file).await;
        let mut token = String::new();
        for case in file["cases"].as_array().unwrap() {
            // A case with a secret of its own, or one that needs a rotation, has its own test.
            let needs_rotation = case["id"].as_str().unwrap().ends_with("old-secret");
            if case.get("secret").is_some() || needs_rotation {
                continue;
            }
            let case = with_token(case, &token);
            let (status, body) = deliver_case(&street, adapter.name(), &case).await;
            assert_answer(&case, status, &body);
            if let Some(given) = body["access_token"].as_str() {
                given.clone_into(&mut token);
            }
            paid.extend(paid_keys(&case));
        }
    }
    let mut tx = street.store.begin_read().await.unwrap();
    let waiting = suspense_ages::waiting(&mut tx, Reach::Everything, now()).await;
    let suspended = waiting.unwrap().open;
    let counts = sources::delivery_counts(&mut tx, None, day(), day())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let payments = payments_of(&street).await;
    let suspended = usize::try_from(suspended).unwrap();
    assert_eq!(payments.len() + suspended, paid.len());
    assert_eq!(suspended, SUSPENDED);
    assert!(counts.refused > 0 && counts.repeated > 0, "{counts:?}");
    check_books(&street).await;
}

/// The source that a file's samples are sent to.
pub async fn open_source(street: &Street, adapter: &str, file: &Value) {
    let secret = match &file["secret"] {
        Value::String(text) => text.clone(),
        login => login.to_string(),
    };
    let config = file["config"].as_object().into_iter().flatten();
    let config: serde_json::Map<_, _> = config
        .map(|(name, value)| {
            let text = value.as_str().map_or(value.to_string(), str::to_owned);
            (name.clone(), json!(text))
        })
        .collect();
    let public_key = file["ed25519_public_key"].as_str();
    let config = Value::Object(config).to_string();
    street
        .source_with(adapter, adapter, &secret, public_key, &config)
        .await;
}

/// Sends a sample to the source of its format: its own query, and the path that its vendor
/// appends.
pub async fn deliver_case(street: &Street, adapter: &str, case: &Value) -> (u16, Value) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let headers: Vec<_> = (case["headers"].as_object().unwrap().iter())
        .map(|(name, value)| (name.clone(), text(value)))
        .collect();
    let sent_to = text(&case["path"]);
    let (path, query) = sent_to.split_once('?').unwrap_or((&sent_to, ""));
    let below = match adapter {
        "vietqr_vn" => path.strip_prefix("/vqr").unwrap(),
        _ => "",
    };
    let target = format!("{adapter}{below}?{query}");
    let (method, body) = (text(&case["method"]), text(&case["body"]));
    let answer = street.deliver_by(&method, &target, &headers, &body).await;
    (
        answer.0,
        serde_json::from_str(&answer.1).unwrap_or_default(),
    )
}

fn assert_answer(case: &Value, status: u16, body: &Value) {
    let (id, expect) = (&case["id"], &case["expect"]);
    let ack = expect.get("ack").unwrap_or(expect);
    let wanted = ack.get("status").or(ack.get("ack_status")).unwrap();
    // Over HTTP a body of another kind is refused before its adapter sees it.
    if status == 415 && expect["reason"] == "malformed_header" {
        return;
    }
    assert!(
        wanted.as_array().unwrap().contains(&json!(status)),
        "{id}: {status} {body}"
    );
    let fields = ack.get("json").or(ack.get("ack_json"));
    for (name, value) in fields.and_then(Value::as_object).into_iter().flatten() {
        assert_eq!(&body[name], value, "{id}: {body}");
    }
}

fn paid_keys(case: &Value) -> Vec<String> {
    let expect = &case["expect"];
    let facts = match expect["transactions"].as_array() {
        Some(several) => several.as_slice(),
        None => std::slice::from_ref(expect),
    };
    let paid = facts.iter().filter(|fact| fact["outcome"] == "paid");
    paid.map(|fact| fact["dedupe_key"].as_str().unwrap().to_owned())
        .collect()
}

async fn fifty_copies_of_one_notice_at_once_make_one_payment(database: Database) {
    let street = Street::open(database.store().await).await;
    street.code("TH7K2M9XQ4", None).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    let rounds = count("PHOCHO_TEST_ROUNDS", 4);
    for round in 0..u64::from(rounds) {
        let (headers, body) = sepay(900 + round, 45_000, "TH7K2M9XQ4", ACCOUNT, 41);
        let copies = (0..50).map(|_| street.deliver("sepay", &headers, &body));
        for (status, answer) in futures_util::future::join_all(copies).await {
            assert_eq!((status, answer.as_str()), (200, r#"{"success":true}"#));
        }
    }
    let mut tx = street.store.begin_read().await.unwrap();
    let everywhere = Area::new(Reach::Everything, Place::Everywhere);
    let counts = adoption::count(&mut tx, &everywhere, Window::day(day()))
        .await
        .unwrap();
    let rounds = i64::from(rounds);
    assert_eq!(
        (counts.payments, counts.sale_vnd),
        (rounds, rounds * 45_000)
    );
    assert_eq!((counts.registered_outside, counts.active_outside), (1, 1));
    drop(tx);
    check_books(&street).await;
}

async fn the_parts_of_an_amount_end_in_the_same_flags_in_any_order(database: Database) {
    let street = Street::open(database.store().await).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    let parts = [(30_000, 10), (70_000, 20), (20_000, 30)];
    let orders = [[0, 1, 2], [2, 1, 0], [1, 2, 0]];
    for (order, reference) in orders.into_iter().zip(REFERENCES) {
        let code: CodeId = street.code(reference, Some(100_000)).await;
        let first = REFERENCES.iter().position(|one| *one == reference).unwrap() * 10;
        for part in order {
            let (amount, second) = parts[part];
            let id = u64::try_from(first + part).unwrap();
            let (headers, body) = sepay(id, amount, reference, ACCOUNT, second);
            assert_eq!(street.deliver("sepay", &headers, &body).await.0, 200);
        }
        let mut tx = street.store.begin_read().await.unwrap();
        let rows = payments::of_code(&mut tx, code).await.unwrap();
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.flags.as_str(), row.sale_vnd))
            .collect();
        let wanted = [
            ("split", 30_000),
            ("split", 70_000),
            ("additional cash_out_part", 0),
        ];
        assert_eq!(told, wanted, "{order:?}");
    }
    check_books(&street).await;
}

async fn a_notice_for_a_foreign_account_is_kept_and_makes_no_payment(database: Database) {
    let street = Street::open(database.store().await).await;
    street.code("TH7K2M9XQ4", None).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    let (headers, body) = sepay(1, 45_000, "TH7K2M9XQ4", "9999999999", 41);
    let (status, _) = street.deliver("sepay", &headers, &body).await;
    assert_eq!(status, 200, "so that the vendor stops");
    assert_eq!(payments_of(&street).await.len(), 0);
    let mut tx = street.store.begin_read().await.unwrap();
    let counts = sources::delivery_counts(&mut tx, None, day(), day())
        .await
        .unwrap();
    assert_eq!((counts.accepted, counts.quarantined), (0, 1));
}

async fn the_same_transaction_with_another_amount_is_a_conflict(database: Database) {
    let street = Street::open(database.store().await).await;
    street.code("TH7K2M9XQ4", None).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    for amount in [45_000, 99_000, 45_000] {
        let (headers, body) = sepay(7, amount, "TH7K2M9XQ4", ACCOUNT, 41);
        assert_eq!(street.deliver("sepay", &headers, &body).await.0, 200);
    }
    let payments = payments_of(&street).await;
    assert_eq!((payments.len(), payments[0].received_vnd), (1, 45_000));
    let mut tx = street.store.begin_read().await.unwrap();
    let counts = sources::delivery_counts(&mut tx, None, day(), day())
        .await
        .unwrap();
    assert_eq!(
        (counts.accepted, counts.conflict, counts.repeated),
        (1, 1, 1)
    );
    drop(tx);
    check_books(&street).await;
}

async fn a_notice_that_is_of_no_use_counts_once_however_often_it_comes(database: Database) {
    let street = Street::open(database.store().await).await;
    street.code("TH7K2M9XQ4", None).await;
    for name in ["sepay", "sepay-2"] {
        street.source(name, "sepay_hmac", SECRET, None).await;
    }
    let good = sepay(7, 45_000, "TH7K2M9XQ4", ACCOUNT, 41);
    let contradicting = sepay(7, 99_000, "TH7K2M9XQ4", ACCOUNT, 41);
    let foreign = sepay(8, 45_000, "TH7K2M9XQ4", "9999999999", 41);
    let other_foreign = sepay(9, 45_000, "TH7K2M9XQ4", "9999999999", 41);
    for (headers, body) in [
        &good,
        &contradicting,
        &foreign,
        &foreign,
        &contradicting,
        &other_foreign,
        &good,
        &foreign,
        &contradicting,
    ] {
        assert_eq!(street.deliver("sepay", headers, body).await.0, 200);
    }
    let (headers, body) = &foreign;
    assert_eq!(street.deliver("sepay-2", headers, body).await.0, 200);
    let mut tx = street.store.begin_read().await.unwrap();
    let counts = sources::delivery_counts(&mut tx, None, day(), day()).await;
    let counts = counts.unwrap();
    // One of the quarantined ones came by the other source: its own notice.
    assert_eq!(
        (
            counts.accepted,
            counts.conflict,
            counts.quarantined,
            counts.repeated
        ),
        (1, 1, 3, 5)
    );
}

/// The alerts that wait, by kind and subject, and their ids.
async fn waiting(street: &Street) -> Vec<(String, String, AlertId)> {
    let mut tx = street.store.begin_read().await.unwrap();
    let rows = alerts::list_open(&mut tx, Reach::Everything, None, 9).await;
    let rows = rows.unwrap().into_iter();
    rows.map(|row| (row.kind, row.subject, AlertId::from_uuid(row.id)))
        .collect()
}

async fn settle_all(street: &Street) {
    for (_, _, alert) in waiting(street).await {
        let mut tx = street.store.begin_write().await.unwrap();
        let settled = alerts::settle(&mut tx, alert, "usr_1", "đã xem", now()).await;
        assert!(settled.unwrap());
        tx.commit().await.unwrap();
    }
}

async fn what_is_told_again_raises_no_second_alert(database: Database) {
    let street = Street::open(database.store().await).await;
    street.code("TH7K2M9XQ4", None).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    let tell = async |id: u64, amount: i64, account: &str| {
        let (headers, body) = sepay(id, amount, "TH7K2M9XQ4", account, 41);
        assert_eq!(street.deliver("sepay", &headers, &body).await.0, 200);
    };
    tell(7, 45_000, ACCOUNT).await;
    assert_eq!(waiting(&street).await, []);
    for _ in 0..5 {
        tell(7, 99_000, ACCOUNT).await;
        tell(8, 45_000, "9999999999").await;
    }
    let kinds = async || {
        let waiting = waiting(&street).await.into_iter();
        let mut kinds: Vec<_> = waiting.map(|(kind, ..)| kind).collect();
        kinds.sort();
        kinds
    };
    let both = ["callback.quarantined", "transaction.conflict"];
    assert_eq!(kinds().await, both);
    // Other amounts of the same transaction are looked at together, an unusable notice of its
    // own apart.
    tell(7, 88_000, ACCOUNT).await;
    assert_eq!(kinds().await, both);
    tell(9, 45_000, "9999999999").await;
    let three = [both[0], both[0], both[1]];
    assert_eq!(kinds().await, three);
    settle_all(&street).await;
    // What a person has seen does not come back when it is told again; what is new does.
    for amount in [99_000, 88_000] {
        tell(7, amount, ACCOUNT).await;
    }
    tell(8, 45_000, "9999999999").await;
    assert_eq!(waiting(&street).await, []);
    for _ in 0..5 {
        tell(7, 77_000, ACCOUNT).await;
    }
    assert_eq!(kinds().await, ["transaction.conflict"]);
    check_books(&street).await;
}
