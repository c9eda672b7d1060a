//! Counting a payment elsewhere, by two persons, over HTTP on both engines.

use chrono::TimeDelta;
use phocho::domain::access::UserRole;
use phocho::domain::ids::{AccountId, MerchantId};
use phocho::flows::check_books;
use phocho::store::reach::Reach;
use phocho::store::{audit, codes, events, rollups};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{Database, on_both_engines};
use crate::sepay::{SepayNotice, second};
use crate::street::{ACCOUNT, Street, now};

on_both_engines!(
    a_moved_payment_stays_voided_and_counts_where_two_persons_say,
    a_payment_that_comes_back_completes_its_code_again,
    a_move_into_a_closed_day_is_a_numbered_revision,
    a_move_needs_a_second_person_and_the_same_account,
    a_rejected_move_changes_nothing,
    the_second_person_finds_the_moves_that_wait,
);

const SECRET: &str = "a-secret-of-this-test-0004";
const SINGLE: &str = "TH3D8W5RNC";
const OUTLET: &str = "out_0000000000000000000000000000001e";

/// A street with a code for one sale, paid in full, and the payment's id.
async fn paid(database: Database) -> (Street, String, String) {
    let street = Street::open(database.store().await).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    street.code(SINGLE, Some(100_000)).await;
    let notice = SepayNotice {
        id: 1,
        amount: 100_000,
        content: SINGLE,
        account: ACCOUNT,
        bank_number: 1,
        booked_at: second(10),
    };
    let (headers, body) = notice.signed(SECRET, now());
    assert_eq!(street.deliver("sepay", &headers, &body).await.0, 200);
    let seller = street.seller(false).await;
    let payments = rows(&street, &seller).await;
    let id = payments[0]["id"].as_str().unwrap().to_owned();
    (street, seller, id)
}

async fn rows(street: &Street, token: &str) -> Vec<Value> {
    let (status, page) = street.get(token, "/v1/payments").await;
    assert_eq!(status, 200, "{page}");
    page["data"].as_array().unwrap().clone()
}

/// Proposes a move and gives the path of the proposal.
pub async fn propose(street: &Street, token: &str, payment: &str, body: &Value) -> String {
    let path = format!("/v1/payments/{payment}/moves");
    let (status, proposal) = street.post(token, &path, body).await;
    assert_eq!(
        (status, &proposal["state"]),
        (201, &json!("proposed")),
        "{proposal}"
    );
    let path = format!("/v1/payment-moves/{}", proposal["id"].as_str().unwrap());
    assert_eq!(street.get(token, &path).await, (200, proposal));
    path
}

async fn approve(street: &Street, token: &str, path: &str) -> Value {
    let (status, moved) = street
        .post(token, &format!("{path}/approve"), &json!({}))
        .await;
    assert_eq!(
        (status, &moved["state"]),
        (200, &json!("approved")),
        "{moved}"
    );
    moved
}

async fn books_are_right(street: &Street) {
    let mut tx = street.store.begin_read().await.unwrap();
    assert_eq!(rollups::differences(&mut tx, 10).await.unwrap(), []);
    drop(tx);
    assert_eq!(check_books::check(&street.store, 10).await.unwrap(), []);
}

async fn state_of_code(street: &Street) -> String {
    let mut tx = street.store.begin_read().await.unwrap();
    let code = codes::find_by_reference(&mut tx, SINGLE).await.unwrap();
    code.unwrap().state
}

async fn two(street: &Street) -> (String, String) {
    (
        street.person(UserRole::Staff).await,
        street.person(UserRole::Staff).await,
    )
}

async fn a_moved_payment_stays_voided_and_counts_where_two_persons_say(database: Database) {
    let (street, seller, payment) = paid(database).await;
    let (maker, checker) = two(&street).await;
    let other = street.second_outlet().await.to_string();
    let body = json!({"outlet_id": other, "case": "KN-2026/114"});
    let path = propose(&street, &maker, &payment, &body).await;
    let moved = approve(&street, &checker, &path).await;
    let (_, old) = street
        .get(&seller, &format!("/v1/payments/{payment}"))
        .await;
    assert_eq!(
        (&old["status"], &old["counted_as"], &old["sale_vnd"]),
        (&json!("voided"), &json!("none"), &json!(0))
    );
    let new = format!("/v1/payments/{}", moved["new_payment_id"].as_str().unwrap());
    let (_, counts) = street.get(&seller, &new).await;
    assert_eq!(
        (&counts["outlet_id"], &counts["flags"], &counts["sale_vnd"]),
        (&json!(other), &json!(["manual"]), &json!(100_000))
    );
    assert_eq!(counts["transaction_id"], old["transaction_id"]);
    assert_eq!(state_of_code(&street).await, "active");
    let (_, why) = street.get(&seller, &format!("{new}/explanation")).await;
    assert_eq!(why["verdict"]["code"], "manual");
    assert_eq!(
        why["decision"],
        json!({
            "by": moved["requested_by"],
            "approved_by": moved["decided_by"],
            "case": "KN-2026/114",
        })
    );
    let btx = old["transaction_id"].as_str().unwrap();
    let (_, btx) = street
        .get(&seller, &format!("/v1/bank-transactions/{btx}"))
        .await;
    assert_eq!(btx["payment_id"], counts["id"]);
    let mut tx = street.store.begin_read().await.unwrap();
    let merchant = Reach::Merchant(MerchantId::from_uuid(Uuid::from_u128(20)));
    let told = events::list(&mut tx, merchant, None, 0, 99).await.unwrap();
    let kinds: Vec<_> = told.iter().map(|event| &*event.kind).collect();
    let wanted = [
        "payment.move_propose",
        "payment.settled",
        "payment.moved",
        "payment.moved",
    ];
    assert_eq!(kinds[kinds.len() - 4..], wanted, "both outlets are told");
    let entries = audit::list(&mut tx, "main", 0, 99).await.unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| &*entry.action).collect();
    let wanted = [
        "payment.move_propose",
        "credit.attribute",
        "payment.move_approve",
    ];
    assert_eq!(actions[actions.len() - 3..], wanted);
    drop(tx);
    books_are_right(&street).await;
}

async fn a_payment_that_comes_back_completes_its_code_again(database: Database) {
    let (street, seller, payment) = paid(database).await;
    let (maker, checker) = two(&street).await;
    let code = rows(&street, &seller).await[0]["code_id"].clone();
    let away = json!({"outlet_id": OUTLET, "case": "KN-1"});
    let path = propose(&street, &maker, &payment, &away).await;
    let moved = approve(&street, &checker, &path).await;
    assert_eq!(state_of_code(&street).await, "active");
    let there = moved["new_payment_id"].as_str().unwrap();
    let back = json!({"code_id": code, "case": "KN-2"});
    let path = propose(&street, &checker, there, &back).await;
    let moved = approve(&street, &maker, &path).await;
    assert_eq!(state_of_code(&street).await, "completed");
    let again = moved["new_payment_id"].as_str().unwrap();
    let (_, again) = street.get(&seller, &format!("/v1/payments/{again}")).await;
    assert_eq!(
        (&again["flags"], &again["sale_vnd"], &again["counted_as"]),
        (&json!(["manual"]), &json!(100_000), &json!("verified"))
    );
    assert_eq!(rows(&street, &seller).await.len(), 3);
    books_are_right(&street).await;
}

async fn a_move_into_a_closed_day_is_a_numbered_revision(database: Database) {
    let (street, _, payment) = paid(database).await;
    let (maker, checker) = two(&street).await;
    let admin = street.person(UserRole::Admin).await;
    street.code("THQ6V2Y9JB", Some(60_000)).await;
    let code = {
        let mut tx = street.store.begin_read().await.unwrap();
        let code = codes::find_by_reference(&mut tx, "THQ6V2Y9JB")
            .await
            .unwrap();
        phocho::domain::ids::CodeId::from_uuid(code.unwrap().id).to_string()
    };
    street.clock.advance(TimeDelta::days(8));
    let body = json!({"code_id": code, "case": "KN-1"});
    let path = propose(&street, &maker, &payment, &body).await;
    approve(&street, &checker, &path).await;
    books_are_right(&street).await;
    let day = "from=2026-03-16&to=2026-03-16";
    let (status, figure) = street
        .get(&admin, &format!("/v1/adoption/indicators/C2?{day}"))
        .await;
    assert_eq!(status, 200, "{figure}");
    let written = figure.to_string();
    assert!(
        written.contains("moved payment") && written.contains("-40000"),
        "{written}"
    );
}

async fn a_move_needs_a_second_person_and_the_same_account(database: Database) {
    let (street, seller, payment) = paid(database).await;
    let (maker, checker) = two(&street).await;
    let other = street.second_outlet().await;
    let elsewhere: AccountId = street.second_account().await.parse().unwrap();
    let foreign = street
        .code_at("THQ6V2Y9JB", None, (other, elsewhere))
        .await
        .to_string();
    let own = rows(&street, &seller).await[0]["code_id"].clone();
    let path = format!("/v1/payments/{payment}/moves");
    let good = json!({"outlet_id": other.to_string(), "case": "KN-1"});
    for (token, body, status, code) in [
        (&seller, good.clone(), 403, ""),
        (
            &maker,
            json!({"code_id": foreign, "case": "KN-1"}),
            422,
            "other_account",
        ),
        (
            &maker,
            json!({"code_id": own, "case": "KN-1"}),
            422,
            "same_place",
        ),
        (
            &maker,
            json!({"outlet_id": other.to_string(), "case": "x"}),
            422,
            "wrong_form",
        ),
        (&maker, json!({"case": "KN-1"}), 422, "one_of_them"),
        (
            &maker,
            json!({"outlet_id": other.to_string()}),
            422,
            "missing_field",
        ),
    ] {
        let (found, problem) = street.post(token, &path, &body).await;
        let named = problem["errors"][0]["code"].as_str().unwrap_or("");
        assert_eq!((found, named), (status, code), "{body}");
    }
    let unknown = "/v1/payments/pay_01920000000070008000000000000009/moves";
    assert_eq!(street.post(&maker, unknown, &good).await.0, 404);
    let proposal = propose(&street, &maker, &payment, &good).await;
    let (status, problem) = street.post(&checker, &path, &good).await;
    assert_eq!((status, &problem["code"]), (409, &json!("already_exists")));
    let decide = format!("{proposal}/approve");
    let (status, problem) = street.post(&maker, &decide, &json!({})).await;
    assert_eq!(
        (status, &problem["code"]),
        (403, &json!("second_person_required"))
    );
    assert_eq!(street.post(&seller, &decide, &json!({})).await.0, 403);
    let absent = "/v1/payment-moves/mov_01920000000070008000000000000009/approve";
    assert_eq!(street.post(&checker, absent, &json!({})).await.0, 404);
    approve(&street, &checker, &proposal).await;
    let (status, problem) = street.post(&checker, &decide, &json!({})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("wrong_state")));
    let (status, problem) = street.post(&maker, &path, &good).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("wrong_state")),
        "it is voided"
    );
    assert_eq!(rows(&street, &seller).await.len(), 2);
}

async fn a_rejected_move_changes_nothing(database: Database) {
    let (street, seller, payment) = paid(database).await;
    let (maker, checker) = two(&street).await;
    let before = rows(&street, &seller).await;
    let body = json!({"outlet_id": OUTLET, "case": "KN-1"});
    let path = propose(&street, &maker, &payment, &body).await;
    let (status, row) = street
        .post(&checker, &format!("{path}/reject"), &json!({}))
        .await;
    assert_eq!(
        (status, &row["state"], &row["new_payment_id"]),
        (200, &json!("rejected"), &Value::Null)
    );
    assert_eq!(rows(&street, &seller).await, before);
    let (status, _) = street
        .post(&checker, &format!("{path}/approve"), &json!({}))
        .await;
    assert_eq!(status, 409);
    propose(&street, &maker, &payment, &body).await;
    books_are_right(&street).await;
}

async fn the_second_person_finds_the_moves_that_wait(database: Database) {
    let (street, seller, payment) = paid(database).await;
    let (maker, checker) = two(&street).await;
    let list = async |query: &str| {
        let path = format!("/v1/payment-moves{query}");
        let (status, page) = street.get(&checker, &path).await;
        assert_eq!(status, 200, "{page}");
        page["data"].as_array().unwrap().clone()
    };
    assert!(list("").await.is_empty());
    let body = json!({"outlet_id": OUTLET, "case": "KN-1"});
    let path = propose(&street, &maker, &payment, &body).await;
    let (_, waiting) = street.get(&checker, &path).await;
    assert_eq!(list("").await, [waiting]);
    assert!(list("?state=approved").await.is_empty());
    let moved = approve(&street, &checker, &path).await;
    assert!(list("?state=proposed").await.is_empty());
    assert_eq!(list("?state=approved").await, [moved]);
    let wrong = street.get(&checker, "/v1/payment-moves?state=open").await;
    assert_eq!(wrong.0, 400, "{}", wrong.1);
    assert_eq!(street.get(&seller, "/v1/payment-moves").await.0, 403);
}
