//! Credits without a code over HTTP: what they may have been for, and their traders' word on
//! them, on both engines.

use phocho::domain::access::UserRole;
use phocho::domain::ids::{AccountId, MerchantId};
use phocho::flows::check_books;
use phocho::store::reach::Reach;
use phocho::store::{audit, codes, events, rollups};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{Database, on_both_engines};
use crate::sepay::{SepayNotice, second};
use crate::street::{ACCOUNT, Street, now};

on_both_engines!(
    suggestions_rank_slips_then_amounts_then_outlets_and_attribute_nothing,
    a_credit_settled_by_hand_is_weighed_with_its_codes_fellows,
    a_credit_settled_to_an_outlet_counts_as_verified,
    a_credit_that_is_no_sale_closes_without_a_payment,
    a_credit_is_settled_once_and_only_as_its_trader_says,
    money_counts_only_at_codes_and_outlets_of_its_account,
    a_file_shows_staff_whose_credits_wait_and_only_for_a_case_what_came,
);

const SECRET: &str = "a-secret-of-this-test-0003";
const PRINTED: &str = "TH7K2M9XQ4";
const SINGLE: &str = "TH3D8W5RNC";
const OUTLET: &str = "out_0000000000000000000000000000001e";

async fn street(database: Database) -> Street {
    let street = Street::open(database.store().await).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    street
}

async fn tell(street: &Street, id: u64, amount: i64, content: &str) {
    let notice = SepayNotice {
        id,
        bank_number: id,
        amount,
        content,
        account: ACCOUNT,
        booked_at: second(u32::try_from(id).unwrap()),
    };
    let (headers, body) = notice.signed(SECRET, now());
    assert_eq!(street.deliver("sepay", &headers, &body).await.0, 200);
}

async fn rows(street: &Street, token: &str, path: &str) -> Vec<Value> {
    let (status, page) = street.get(token, path).await;
    assert_eq!(status, 200, "{page}");
    page["data"].as_array().unwrap().clone()
}

/// The path of the only item that waits.
async fn waiting(street: &Street, token: &str) -> String {
    let items = rows(street, token, "/v1/suspense").await;
    let [item] = &items[..] else {
        panic!("{items:?}")
    };
    format!("/v1/suspense/{}", item["id"].as_str().unwrap())
}

async fn books_are_right(street: &Street) {
    let mut tx = street.store.begin_read().await.unwrap();
    assert_eq!(rollups::differences(&mut tx, 10).await.unwrap(), []);
    drop(tx);
    assert_eq!(check_books::check(&street.store, 10).await.unwrap(), []);
}

async fn suggestions_rank_slips_then_amounts_then_outlets_and_attribute_nothing(
    database: Database,
) {
    let street = street(database).await;
    let printed = street.code(PRINTED, None).await;
    let single = street.code(SINGLE, Some(45_000)).await;
    street.code("THQ6V2Y9JB", Some(46_000)).await;
    let (seller, till) = (street.seller(false).await, street.seller(true).await);
    tell(&street, 1, 45_000, "TH7K2 M9X4 bun oc").await;
    let item = waiting(&street, &seller).await;
    let path = format!("{item}/suggestions");
    let found = rows(&street, &seller, &path).await;
    let told: Vec<_> = found
        .iter()
        .map(|one| (&one["code_id"], &one["reasons"][0]["code"]))
        .collect();
    let (printed, single) = (json!(printed.to_string()), json!(single.to_string()));
    let words = ["one_missing", "same_amount", "outlet_of_account"].map(|word| json!(word));
    let wanted = [
        (&printed, &words[0]),
        (&single, &words[1]),
        (&Value::Null, &words[2]),
    ];
    assert_eq!(told, wanted);
    for one in &found {
        assert_eq!(one["outlet_id"], OUTLET);
        let why = &one["reasons"][0];
        assert!(!why["vi"].as_str().unwrap().is_ascii() && why["en"].as_str().unwrap().is_ascii());
    }
    assert!(rows(&street, &seller, "/v1/payments").await.is_empty());
    let staff = street.person(UserRole::Staff).await;
    let stranger = street.stranger().await;
    let case = "?merchant_id=mer_00000000000000000000000000000014&case=KN-1";
    for (token, path, wanted) in [
        (&till, path.clone(), 403),
        (&staff, path.clone(), 403),
        (&staff, format!("{path}{case}"), 200),
        (&stranger, path.clone(), 404),
    ] {
        assert_eq!(street.get(token, &path).await.0, wanted, "{path}");
    }
}

async fn a_credit_settled_by_hand_is_weighed_with_its_codes_fellows(database: Database) {
    let street = street(database).await;
    let code = street.code(SINGLE, Some(100_000)).await;
    let seller = street.seller(false).await;
    tell(&street, 1, 60_000, SINGLE).await;
    tell(&street, 2, 45_000, "bun oc").await;
    let item = waiting(&street, &seller).await;
    let body = json!({"code_id": code.to_string(), "note": "khách quên ghi mã"});
    let (status, settled) = street.post(&seller, &format!("{item}/settle"), &body).await;
    assert_eq!(status, 200, "{settled}");
    assert_eq!(
        (&settled["state"], &settled["outcome"], &settled["note"]),
        (&json!("settled"), &json!("paid"), &body["note"])
    );
    let payments = rows(&street, &seller, "/v1/payments").await;
    let flags: Vec<_> = payments.iter().map(|it| it["flags"].clone()).collect();
    let both = json!(["cash_out_part", "manual", "overpaid", "split"]);
    assert_eq!(flags, [both, json!(["split"])]);
    let by_hand = &payments[0];
    assert_eq!(by_hand["id"], settled["payment_id"]);
    assert_eq!(
        (
            &by_hand["attributed_by"],
            &by_hand["counted_as"],
            &by_hand["sale_vnd"]
        ),
        (&json!("person"), &json!("verified"), &json!(40_000))
    );
    let why = format!(
        "/v1/payments/{}/explanation",
        by_hand["id"].as_str().unwrap()
    );
    let (_, why) = street.get(&seller, &why).await;
    assert_eq!(
        (&why["verdict"]["code"], &why["reference"]),
        (&json!("manual"), &json!(SINGLE))
    );
    assert_eq!(
        why["decision"]["by"],
        "mer_00000000000000000000000000000014"
    );
    let mut tx = street.store.begin_read().await.unwrap();
    let code = codes::find(&mut tx, Reach::Everything, code).await.unwrap();
    assert_eq!(code.unwrap().state, "completed");
    drop(tx);
    let settled = rows(&street, &seller, "/v1/suspense?state=settled").await;
    assert_eq!(settled.len(), 1);
    assert!(rows(&street, &seller, "/v1/suspense").await.is_empty());
    let odd = street.get(&seller, "/v1/suspense?state=lost").await;
    assert_eq!(
        (odd.0, &odd.1["errors"][0]["pointer"]),
        (400, &json!("?state"))
    );
    let mut tx = street.store.begin_read().await.unwrap();
    let merchant = Reach::Merchant(MerchantId::from_uuid(Uuid::from_u128(20)));
    let told = events::list(&mut tx, merchant, None, 0, 99).await.unwrap();
    let kinds: Vec<_> = told.iter().map(|event| &*event.kind).collect();
    assert_eq!(
        kinds[kinds.len() - 2..],
        ["payment.settled", "suspense.settled"]
    );
    let entries = audit::list(&mut tx, "main", 0, 99).await.unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| &*entry.action).collect();
    assert_eq!(
        actions[actions.len() - 2..],
        ["credit.attribute", "suspense.settle"]
    );
    assert!(entries.iter().all(|entry| !entry.detail.contains("khách")));
    drop(tx);
    books_are_right(&street).await;
}

async fn a_credit_settled_to_an_outlet_counts_as_verified(database: Database) {
    let street = street(database).await;
    street.code(PRINTED, None).await;
    let (seller, till) = (street.seller(false).await, street.seller(true).await);
    tell(&street, 1, 45_000, "bun oc").await;
    let settle = format!("{}/settle", waiting(&street, &seller).await);
    let other = street.second_outlet().await;
    let elsewhere = json!({"outlet_id": other.to_string()});
    let (status, problem) = street.post(&till, &settle, &elsewhere).await;
    assert_eq!(
        (status, &problem["errors"][0]["code"]),
        (422, &json!("unknown_outlet"))
    );
    let (status, problem) = street
        .post(&till, &settle, &json!({"not_a_sale": true}))
        .await;
    assert_eq!(status, 403, "{problem}");
    let (status, settled) = street
        .post(&till, &settle, &json!({"outlet_id": OUTLET}))
        .await;
    assert_eq!(
        (status, &settled["settled_by"]),
        (200, &json!(OUTLET)),
        "{settled}"
    );
    let payments = rows(&street, &seller, "/v1/payments").await;
    assert_eq!(
        (
            &payments[0]["flags"],
            &payments[0]["code_id"],
            &payments[0]["sale_vnd"]
        ),
        (&json!(["manual"]), &Value::Null, &json!(45_000))
    );
    books_are_right(&street).await;
}

async fn a_credit_that_is_no_sale_closes_without_a_payment(database: Database) {
    let street = street(database).await;
    let seller = street.seller(false).await;
    tell(&street, 1, 45_000, "tra no em").await;
    let item = waiting(&street, &seller).await;
    let body = json!({"not_a_sale": true, "note": "em trả nợ"});
    let (status, settled) = street.post(&seller, &format!("{item}/settle"), &body).await;
    assert_eq!((status, &settled["outcome"]), (200, &json!("not_a_sale")));
    assert_eq!(
        (&settled["payment_id"], &settled["version"]),
        (&Value::Null, &json!(2))
    );
    let (_, kept) = street.get(&seller, &item).await;
    assert_eq!(kept, settled);
    assert_eq!(kept["verdict"]["code"], "no_reference");
    assert!(rows(&street, &seller, "/v1/payments").await.is_empty());
    books_are_right(&street).await;
}

async fn a_credit_is_settled_once_and_only_as_its_trader_says(database: Database) {
    let street = street(database).await;
    let code = street.code(PRINTED, None).await.to_string();
    let seller = street.seller(false).await;
    let (staff, admin) = (
        street.person(UserRole::Staff).await,
        street.person(UserRole::Admin).await,
    );
    let stranger = street.stranger().await;
    tell(&street, 1, 45_000, "bun oc").await;
    let settle = format!("{}/settle", waiting(&street, &seller).await);
    let good = json!({"code_id": code});
    for (token, body, wanted) in [
        (&staff, good.clone(), 403),
        (&admin, good.clone(), 403),
        (&stranger, good.clone(), 404),
        (&seller, json!({}), 422),
        (&seller, json!({"not_a_sale": false}), 422),
        (&seller, json!({"code_id": code, "outlet_id": OUTLET}), 422),
        (&seller, json!({"code_id": code, "not_a_sale": true}), 422),
        (&seller, json!({"code_id": "pcd_1"}), 422),
        (&seller, json!({"code_id": code, "note": ""}), 422),
        (&seller, json!({"code_id": code, "amount_vnd": 1}), 422),
    ] {
        let (status, problem) = street.post(token, &settle, &body).await;
        assert_eq!(status, wanted, "{body} {problem}");
    }
    let client = &street.client;
    let send = |version: &'static str, key: &'static str| {
        let request = client.post(format!("http://{}{settle}", street.address));
        let request = request.bearer_auth(&seller).json(&good);
        request
            .header("if-match", version)
            .header("idempotency-key", key)
    };
    let stale = send("\"9\"", "a").send().await.unwrap();
    assert_eq!(stale.status(), 412);
    let (one, other) = tokio::join!(send("\"1\"", "b").send(), send("\"1\"", "c").send());
    let mut statuses = [
        one.unwrap().status().as_u16(),
        other.unwrap().status().as_u16(),
    ];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!([409, 412].contains(&statuses[1]), "{statuses:?}");
    let (status, problem) = street.post(&seller, &settle, &good).await;
    assert_eq!((status, &problem["code"]), (409, &json!("wrong_state")));
    let (status, _) = street.ask(&seller, Method::PUT, &settle, Some(&good)).await;
    assert_eq!(status, 405);
    assert_eq!(rows(&street, &seller, "/v1/payments").await.len(), 1);
    books_are_right(&street).await;
}

async fn money_counts_only_at_codes_and_outlets_of_its_account(database: Database) {
    let street = street(database).await;
    street.code(PRINTED, None).await;
    let elsewhere: AccountId = street.second_account().await.parse().unwrap();
    let outlet = OUTLET.parse().unwrap();
    let foreign = street
        .code_at("THQ6V2Y9JB", None, (outlet, elsewhere))
        .await;
    let seller = street.seller(false).await;
    tell(&street, 1, 45_000, "THQ6V2Y9JB").await;
    let item = waiting(&street, &seller).await;
    for (body, code) in [
        (json!({"code_id": foreign.to_string()}), "other_account"),
        (
            json!({"code_id": "pcd_01920000000070008000000000000009"}),
            "unknown_code",
        ),
        (
            json!({"outlet_id": "out_01920000000070008000000000000009"}),
            "unknown_outlet",
        ),
    ] {
        let (status, problem) = street.post(&seller, &format!("{item}/settle"), &body).await;
        assert_eq!((status, &problem["errors"][0]["code"]), (422, &json!(code)));
    }
    let (_, after) = street.get(&seller, &item).await;
    assert_eq!(
        (&after["state"], &after["version"]),
        (&json!("open"), &json!(1))
    );
    let hints = rows(&street, &seller, &format!("{item}/suggestions")).await;
    assert!(
        hints.iter().all(|it| it["reference"] != "THQ6V2Y9JB"),
        "{hints:?}"
    );
}

async fn a_file_shows_staff_whose_credits_wait_and_only_for_a_case_what_came(database: Database) {
    let street = street(database).await;
    let (seller, till) = (street.seller(false).await, street.seller(true).await);
    let (staff, stranger) = (
        street.person(UserRole::Staff).await,
        street.stranger().await,
    );
    tell(&street, 1, 45_000, "=cmd bun oc").await;
    let file = async |token: &str, query: &str| {
        let url = format!("http://{}/v1/suspense/export.csv{query}", street.address);
        let answer = street
            .client
            .get(url)
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        (status, headers, answer.text().await.unwrap())
    };
    let case = "?merchant_id=mer_00000000000000000000000000000014&case=KN-1";
    for (token, query) in [(&seller, ""), (&staff, case)] {
        let (status, headers, text) = file(token, query).await;
        assert_eq!(status, 200, "{text}");
        assert_eq!(headers["content-type"], "text/csv; charset=utf-8");
        assert_eq!(headers["x-has-more"], "false");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(
            lines[1].contains("45000") && lines[1].contains("'=cmd bun oc"),
            "{text}"
        );
        assert!(lines[1].contains("Nội dung không có mã nào."), "{text}");
    }
    let (status, _, text) = file(&staff, "").await;
    assert_eq!((status, text.lines().count()), (200, 2), "{text}");
    assert!(text.contains("mer_00000000000000000000000000000014") && text.contains("no_reference"));
    for secret in ["45000", "bun oc", "btx_", "acc_"] {
        assert!(!text.contains(secret), "{text}");
    }
    let (status, _, text) = file(&stranger, "").await;
    assert_eq!((status, text.lines().count()), (200, 1));
    for (token, query, wanted) in [
        (&till, "", 403),
        (
            &staff,
            "?merchant_id=mer_00000000000000000000000000000014",
            403,
        ),
        (&staff, "?case=KN-1", 403),
        (&seller, "?state=lost", 400),
        (&stranger, case, 404),
    ] {
        assert_eq!(file(token, query).await.0, wanted, "{query}");
    }
    let (_, _, text) = file(&seller, "?state=settled").await;
    assert_eq!(text.lines().count(), 1);
}
