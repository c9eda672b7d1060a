//! Money that was told in two ways, decided by people over HTTP on both engines.

use phocho::domain::access::UserRole;
use phocho::domain::ids::MerchantId;
use phocho::flows::check_books;
use phocho::store::reach::Reach;
use phocho::store::{audit, events, rollups};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{Database, on_both_engines};
use crate::sepay::{SepayNotice, second};
use crate::street::{ACCOUNT, Street, now};

on_both_engines!(
    a_double_that_is_the_same_money_stays_out_of_every_sum,
    a_double_that_is_other_money_counts_after_a_second_person,
    a_double_in_suspense_closes_or_waits_for_its_trader,
    a_conflict_that_is_the_same_money_is_no_news_any_more,
    a_conflict_that_is_other_money_waits_for_its_trader,
    a_doubt_is_decided_once_and_within_reach,
);

const SECRET: &str = "a-secret-of-this-test-0005";
const SINGLE: &str = "TH3D8W5RNC";
const CASE: &str = "?merchant_id=mer_00000000000000000000000000000014&case=KN-1";

pub async fn street(database: Database) -> (Street, String) {
    let street = Street::open(database.store().await).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    street.code(SINGLE, Some(100_000)).await;
    let seller = street.seller(false).await;
    (street, seller)
}

/// Tells a credit with its number and the number in the bank's reference.
pub async fn tell(street: &Street, (id, bank_number): (u64, u64), amount: i64, content: &str) {
    let notice = SepayNotice {
        id,
        bank_number,
        amount,
        content,
        account: ACCOUNT,
        booked_at: second(10),
    };
    let (headers, body) = notice.signed(SECRET, now());
    assert_eq!(street.deliver("sepay", &headers, &body).await.0, 200);
}

pub async fn rows(street: &Street, token: &str, path: &str) -> Vec<Value> {
    let (status, page) = street.get(token, path).await;
    assert_eq!(status, 200, "{page}");
    page["data"].as_array().unwrap().clone()
}

/// The path of the only doubt that waits.
pub async fn waiting(street: &Street, token: &str) -> String {
    let doubts = rows(street, token, "/v1/doubts").await;
    let [doubt] = &doubts[..] else {
        panic!("{doubts:?}")
    };
    format!("/v1/doubts/{}", doubt["id"].as_str().unwrap())
}

pub async fn decide(street: &Street, token: &str, doubt: &str, decision: &str) -> (u16, Value) {
    let body = json!({"decision": decision});
    street.post(token, &format!("{doubt}/decide"), &body).await
}

pub async fn step(street: &Street, token: &str, doubt: &str, step: &str) -> (u16, Value) {
    street
        .post(token, &format!("{doubt}/{step}"), &json!({}))
        .await
}

/// Sale and flags of each payment, sorted.
pub async fn sales(street: &Street, token: &str) -> Vec<(i64, String)> {
    let payments = rows(street, token, "/v1/payments").await;
    let told = payments.iter().map(|one| {
        let sale = one["sale_vnd"].as_i64().unwrap();
        (sale, format!("{} {}", one["status"], one["flags"]))
    });
    let mut told: Vec<_> = told.collect();
    told.sort();
    told
}

pub async fn open_alerts(street: &Street) -> usize {
    let admin = street.person(UserRole::Admin).await;
    rows(street, &admin, "/v1/alerts").await.len()
}

pub async fn books_are_right(street: &Street) {
    let mut tx = street.store.begin_read().await.unwrap();
    assert_eq!(rollups::differences(&mut tx, 10).await.unwrap(), []);
    drop(tx);
    assert_eq!(check_books::check(&street.store, 10).await.unwrap(), []);
}

async fn a_double_that_is_the_same_money_stays_out_of_every_sum(database: Database) {
    let (street, seller) = street(database).await;
    tell(&street, (1, 7), 60_000, SINGLE).await;
    tell(&street, (2, 7), 60_000, SINGLE).await;
    assert_eq!(open_alerts(&street).await, 1);
    let doubt = waiting(&street, &seller).await;
    let (status, settled) = decide(&street, &seller, &doubt, "same_money").await;
    assert_eq!(
        (status, &settled["state"]),
        (200, &json!("settled")),
        "{settled}"
    );
    let again = decide(&street, &seller, &doubt, "same_money").await;
    assert_eq!(again, (200, settled.clone()), "said again, nothing changes");
    let voided = (0, "\"voided\" []".to_owned());
    let counts = (60_000, "\"settled\" [\"underpaid\"]".to_owned());
    assert_eq!(sales(&street, &seller).await, [voided, counts]);
    assert_eq!(open_alerts(&street).await, 0);
    assert!(rows(&street, &seller, "/v1/doubts").await.is_empty());
    tell(&street, (2, 7), 60_000, SINGLE).await;
    assert!(rows(&street, &seller, "/v1/doubts").await.is_empty());
    let btx = settled["transaction_id"].as_str().unwrap();
    let (_, btx) = street
        .get(&seller, &format!("/v1/bank-transactions/{btx}"))
        .await;
    assert_eq!(btx["double_decision"], "same_money");
    books_are_right(&street).await;
}

async fn a_double_that_is_other_money_counts_after_a_second_person(database: Database) {
    let (street, seller) = street(database).await;
    let (maker, checker) = (
        street.person(UserRole::Staff).await,
        street.person(UserRole::Staff).await,
    );
    tell(&street, (1, 7), 60_000, SINGLE).await;
    tell(&street, (2, 7), 60_000, SINGLE).await;
    let doubt = waiting(&street, &maker).await;
    let (status, proposed) = decide(&street, &maker, &doubt, "other_money").await;
    assert_eq!((status, &proposed["state"]), (200, &json!("proposed")));
    assert_eq!(sales(&street, &seller).await[0].0, 0, "nothing counts yet");
    let (status, problem) = step(&street, &maker, &doubt, "approve").await;
    assert_eq!(
        (status, &problem["code"]),
        (403, &json!("second_person_required"))
    );
    assert_eq!(step(&street, &checker, &doubt, "reject").await.0, 200);
    assert_eq!(decide(&street, &seller, &doubt, "other_money").await.0, 200);
    let (status, settled) = step(&street, &checker, &doubt, "approve").await;
    assert_eq!(
        (status, &settled["state"]),
        (200, &json!("settled")),
        "{settled}"
    );
    let split = "\"settled\" [\"split\"]".to_owned();
    let over = "\"settled\" [\"cash_out_part\",\"overpaid\",\"split\"]".to_owned();
    assert_eq!(
        sales(&street, &seller).await,
        [(40_000, over), (60_000, split)]
    );
    assert_eq!(open_alerts(&street).await, 0);
    let mut tx = street.store.begin_read().await.unwrap();
    let merchant = Reach::Merchant(MerchantId::from_uuid(Uuid::from_u128(20)));
    let told = events::list(&mut tx, merchant, None, 0, 99).await.unwrap();
    let kinds: Vec<_> = told.iter().map(|event| &*event.kind).collect();
    let wanted = [
        "doubt.propose",
        "doubt.reject",
        "doubt.propose",
        "doubt.settle",
        "alert.settle",
    ];
    assert_eq!(kinds[kinds.len() - 5..], wanted);
    let entries = audit::list(&mut tx, "main", 0, 99).await.unwrap();
    let decided: Vec<_> = entries
        .iter()
        .filter(|entry| entry.action.starts_with("doubt") || entry.action.starts_with("alert"))
        .collect();
    let actions: Vec<_> = decided.iter().map(|entry| &*entry.action).collect();
    assert_eq!(actions, wanted);
    let [.., doubt, alert] = decided[..] else {
        panic!("{decided:?}")
    };
    assert_eq!(doubt.actor, alert.actor, "whoever decided settled it");
    drop(tx);
    books_are_right(&street).await;
}

async fn a_double_in_suspense_closes_or_waits_for_its_trader(database: Database) {
    let (street, seller) = street(database).await;
    tell(&street, (1, 7), 60_000, "bun oc").await;
    tell(&street, (2, 7), 60_000, "bun oc").await;
    assert_eq!(rows(&street, &seller, "/v1/suspense").await.len(), 2);
    let doubt = waiting(&street, &seller).await;
    assert_eq!(decide(&street, &seller, &doubt, "same_money").await.0, 200);
    assert_eq!(rows(&street, &seller, "/v1/suspense").await.len(), 1);
    let settled = rows(&street, &seller, "/v1/suspense?state=settled").await;
    assert_eq!(settled[0]["outcome"], "same_money");
    tell(&street, (3, 8), 50_000, "bun oc").await;
    tell(&street, (4, 8), 50_000, "bun oc").await;
    let doubt = waiting(&street, &seller).await;
    assert_eq!(decide(&street, &seller, &doubt, "other_money").await.0, 200);
    let staff = street.person(UserRole::Staff).await;
    assert_eq!(step(&street, &staff, &doubt, "approve").await.0, 200);
    let code = street.code("THQ6V2Y9JB", Some(100_000)).await.to_string();
    for item in rows(&street, &seller, "/v1/suspense").await {
        if item["amount_vnd"] == 50_000 {
            let path = format!("/v1/suspense/{}/settle", item["id"].as_str().unwrap());
            let (status, answer) = street.post(&seller, &path, &json!({"code_id": code})).await;
            assert_eq!(status, 200, "{answer}");
        }
    }
    let both = "\"settled\" [\"manual\",\"split\"]".to_owned();
    let wanted = [(50_000, both.clone()), (50_000, both)];
    assert_eq!(sales(&street, &seller).await, wanted);
    books_are_right(&street).await;
}

async fn a_conflict_that_is_the_same_money_is_no_news_any_more(database: Database) {
    let (street, seller) = street(database).await;
    tell(&street, (1, 7), 100_000, SINGLE).await;
    tell(&street, (1, 7), 90_000, SINGLE).await;
    tell(&street, (1, 7), 90_000, SINGLE).await;
    assert_eq!(open_alerts(&street).await, 1);
    let doubt = waiting(&street, &seller).await;
    let (_, document) = street.get(&seller, &doubt).await;
    assert_eq!(
        (&document["kind"], &document["told_again"]["amount_vnd"]),
        (&json!("conflict"), &json!(90_000))
    );
    let staff = street.person(UserRole::Staff).await;
    assert_eq!(decide(&street, &staff, &doubt, "same_money").await.0, 200);
    assert_eq!(open_alerts(&street).await, 0);
    tell(&street, (1, 7), 90_000, SINGLE).await;
    assert_eq!(open_alerts(&street).await, 0);
    assert!(rows(&street, &seller, "/v1/doubts").await.is_empty());
    let exact = (100_000, "\"settled\" []".to_owned());
    assert_eq!(sales(&street, &seller).await, [exact]);
    tell(&street, (1, 7), 80_000, SINGLE).await;
    assert_eq!(
        open_alerts(&street).await,
        1,
        "other facts are another doubt"
    );
    books_are_right(&street).await;
}

async fn a_conflict_that_is_other_money_waits_for_its_trader(database: Database) {
    let (street, seller) = street(database).await;
    let (maker, checker) = (
        street.person(UserRole::Staff).await,
        street.person(UserRole::Staff).await,
    );
    tell(&street, (1, 7), 100_000, SINGLE).await;
    tell(&street, (1, 8), 90_000, SINGLE).await;
    let doubt = waiting(&street, &maker).await;
    assert_eq!(decide(&street, &maker, &doubt, "other_money").await.0, 200);
    let (status, settled) = step(&street, &checker, &doubt, "approve").await;
    assert_eq!(status, 200, "{settled}");
    let items = rows(&street, &seller, "/v1/suspense").await;
    let [item] = &items[..] else {
        panic!("{items:?}")
    };
    assert_eq!(item["transaction_id"], settled["new_transaction_id"]);
    assert_eq!(
        (&item["amount_vnd"], &item["verdict"]["code"]),
        (&json!(90_000), &json!("told_twice"))
    );
    tell(&street, (1, 8), 90_000, SINGLE).await;
    assert_eq!(rows(&street, &seller, "/v1/suspense").await.len(), 1);
    assert_eq!(open_alerts(&street).await, 0);
    let path = format!("/v1/suspense/{}/settle", item["id"].as_str().unwrap());
    let code = street.code("THQ6V2Y9JB", Some(90_000)).await.to_string();
    let (status, answer) = street.post(&seller, &path, &json!({"code_id": code})).await;
    assert_eq!(status, 200, "{answer}");
    let sold: Vec<_> = sales(&street, &seller)
        .await
        .into_iter()
        .map(|one| one.0)
        .collect();
    assert_eq!(sold, [90_000, 100_000]);
    books_are_right(&street).await;
}

async fn a_doubt_is_decided_once_and_within_reach(database: Database) {
    let (street, seller) = street(database).await;
    let (staff, till) = (
        street.person(UserRole::Staff).await,
        street.seller(true).await,
    );
    let stranger = street.stranger().await;
    tell(&street, (1, 7), 60_000, SINGLE).await;
    tell(&street, (1, 7), 70_000, SINGLE).await;
    let doubt = waiting(&street, &staff).await;
    for (token, path, wanted) in [
        (&staff, doubt.clone(), 403),
        (&staff, format!("{doubt}{CASE}"), 200),
        (&till, doubt.clone(), 403),
        (&stranger, doubt.clone(), 404),
        (&stranger, "/v1/doubts".to_owned(), 200),
    ] {
        assert_eq!(street.get(token, &path).await.0, wanted, "{path}");
    }
    assert!(rows(&street, &stranger, "/v1/doubts").await.is_empty());
    let listed = rows(&street, &staff, "/v1/doubts?state=open").await[0].to_string();
    assert!(
        !listed.contains("60000") && !listed.contains("70000"),
        "{listed}"
    );
    assert_eq!(
        decide(&street, &stranger, &doubt, "same_money").await.0,
        404
    );
    assert_eq!(decide(&street, &till, &doubt, "same_money").await.0, 403);
    let (status, problem) = decide(&street, &staff, &doubt, "perhaps").await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (422, &json!("/decision"))
    );
    for verdict in ["approve", "reject"] {
        let (status, problem) = step(&street, &staff, &doubt, verdict).await;
        assert_eq!(
            (status, &problem["code"]),
            (409, &json!("wrong_state")),
            "{verdict}"
        );
        assert_eq!(step(&street, &seller, &doubt, verdict).await.0, 403);
    }
    assert_eq!(decide(&street, &seller, &doubt, "same_money").await.0, 200);
    let (status, problem) = decide(&street, &staff, &doubt, "other_money").await;
    assert_eq!((status, &problem["code"]), (409, &json!("wrong_state")));
    let unknown = "/v1/doubts/dbt_01920000000070008000000000000009";
    assert_eq!(decide(&street, &staff, unknown, "same_money").await.0, 404);
    books_are_right(&street).await;
}
