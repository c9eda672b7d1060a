//! Sources over HTTP: asked for, let in, rotated, bound, switched off, on both engines.

use chrono::TimeDelta;
use phocho::domain::access::UserRole;
use reqwest::Method;
use serde_json::{Value, json};

use crate::database::{Database, on_both_engines};
use crate::sepay::{SepayNotice, second};
use crate::street::{ACCOUNT, ACCOUNT_ID, Street};

on_both_engines!(
    a_source_speaks_after_a_second_administrator_let_it,
    a_new_secret_waits_for_a_second_administrator_and_the_old_one_goes_out_after_the_overlap,
    credentials_that_could_prove_nothing_are_refused_by_name,
    a_source_speaks_only_for_the_accounts_it_is_bound_to,
    only_administrators_change_sources_and_nobody_sees_a_secret_again,
);

/// Asks for a SePay source on the seller's account and gives its path and secret.
async fn asked(street: &Street, admin: &str) -> (String, String) {
    let wish = json!({"name": "sepay", "adapter": "sepay_hmac", "account_ids": [ACCOUNT_ID]});
    let (status, issued) = street.post(admin, "/v1/sources", &wish).await;
    assert_eq!(status, 201, "{issued}");
    assert_eq!(issued["source"]["state"], "pending");
    let id = issued["source"]["id"].as_str().unwrap();
    let secret = issued["secret"].as_str().unwrap().to_owned();
    (format!("/v1/sources/{id}"), secret)
}

/// Sends a notice signed with `secret` now and gives the status of the answer.
async fn tell(street: &Street, secret: &str, id: u64) -> u16 {
    let notice = SepayNotice {
        id,
        amount: 45_000,
        content: "TH7K2M9XQ4",
        account: ACCOUNT,
        bank_number: id,
        booked_at: second(41),
    };
    let (headers, body) = notice.signed(secret, street.clock.now());
    street.deliver("sepay", &headers, &body).await.0
}

async fn step(street: &Street, token: &str, path: &str, step: &str) -> (u16, Value) {
    let path = format!("{path}/{step}");
    street.ask(token, Method::POST, &path, None).await
}

async fn a_source_speaks_after_a_second_administrator_let_it(database: Database) {
    let street = Street::open(database.store().await).await;
    street.code("TH7K2M9XQ4", None).await;
    let (one, other) = (
        street.person(UserRole::Admin).await,
        street.person(UserRole::Admin).await,
    );
    let (path, secret) = asked(&street, &one).await;
    assert_eq!(tell(&street, &secret, 1).await, 404);
    let (status, problem) = step(&street, &one, &path, "approve").await;
    assert_eq!(
        (status, &problem["code"]),
        (403, &json!("second_person_required"))
    );
    assert_eq!(tell(&street, &secret, 1).await, 404);
    let (status, source) = step(&street, &other, &path, "approve").await;
    assert_eq!((status, &source["state"]), (200, &json!("active")));
    assert_ne!(source["requested_by"], source["approved_by"]);
    assert_eq!(tell(&street, &secret, 1).await, 200);
    let (_, source) = street.get(&one, &path).await;
    assert_eq!(source["secret_last_used_at"], "2026-03-16T09:30:00+07:00");
    for (token, done, wanted, answer) in [
        (&other, "approve", 409, 200),
        (&other, "disable", 200, 404),
        (&other, "disable", 409, 404),
        (&one, "enable", 200, 200),
        (&one, "discard", 409, 200),
    ] {
        let (status, body) = step(&street, token, &path, done).await;
        assert_eq!(status, wanted, "{done} {body}");
        assert_eq!(tell(&street, &secret, 1).await, answer, "after {done}");
    }
    let (status, _) = street
        .get(&one, "/v1/sources/src_01920000000070008000000000000009")
        .await;
    assert_eq!(status, 404);
}

async fn a_new_secret_waits_for_a_second_administrator_and_the_old_one_goes_out_after_the_overlap(
    database: Database,
) {
    let street = Street::open(database.store().await).await;
    street.code("TH7K2M9XQ4", None).await;
    let (one, other) = (
        street.person(UserRole::Admin).await,
        street.person(UserRole::Admin).await,
    );
    let (path, old) = asked(&street, &one).await;
    assert_eq!(step(&street, &other, &path, "approve").await.0, 200);
    let approve = format!("{path}/approve-secret");
    let (status, _) = street.post(&other, &approve, &json!({})).await;
    assert_eq!(status, 409, "nothing waits");
    let (status, issued) = street
        .post(&one, &format!("{path}/rotate"), &json!({}))
        .await;
    assert_eq!(status, 201, "{issued}");
    let new = issued["secret"].as_str().unwrap().to_owned();
    assert_ne!(old, new);
    assert_eq!(
        (tell(&street, &old, 1).await, tell(&street, &new, 2).await),
        (200, 401)
    );
    let (status, _) = street.post(&one, &approve, &json!({})).await;
    assert_eq!(status, 403);
    for (overlap, wanted) in [(2_592_001, 422), (3_600, 200)] {
        let (status, body) = street
            .post(&other, &approve, &json!({"overlap_s": overlap}))
            .await;
        assert_eq!(status, wanted, "{body}");
    }
    assert_eq!(
        (tell(&street, &old, 3).await, tell(&street, &new, 4).await),
        (200, 200)
    );
    let (_, source) = street.get(&one, &path).await;
    assert_eq!(
        source["previous_secret_expires_at"],
        "2026-03-16T10:30:00+07:00"
    );
    assert_eq!(
        source["previous_secret_last_used_at"],
        "2026-03-16T09:30:00+07:00"
    );
    assert_eq!(source["next_secret_created_at"], Value::Null);
    street.clock.advance(TimeDelta::seconds(3_600));
    assert_eq!(
        (tell(&street, &old, 5).await, tell(&street, &new, 6).await),
        (401, 200)
    );
}

async fn credentials_that_could_prove_nothing_are_refused_by_name(database: Database) {
    let street = Street::open(database.store().await).await;
    let admin = street.person(UserRole::Admin).await;
    let good = json!({"name": "bank", "adapter": "sepay_hmac", "account_ids": []});
    let unknown = "acc_01920000000070008000000000000009";
    for (name, changes, pointer, code) in [
        ("name", json!({"name": "Bank"}), "/name", "wrong_form"),
        (
            "format",
            json!({"adapter": "fax"}),
            "/adapter",
            "unknown_word",
        ),
        (
            "short",
            json!({"secret": "fifteen-letters"}),
            "/secret",
            "wrong_form",
        ),
        (
            "vendor's",
            json!({"adapter": "payos"}),
            "/secret",
            "required",
        ),
        (
            "plain secret",
            json!({"adapter": "standard_webhooks", "secret": "sixteen--letters"}),
            "/secret",
            "wrong_form",
        ),
        (
            "public key",
            json!({"adapter": "standard_webhooks", "ed25519_public_key": "whpk_AAAA"}),
            "/ed25519_public_key",
            "wrong_form",
        ),
        (
            "no public key",
            json!({"ed25519_public_key": "whpk_AAAA"}),
            "/ed25519_public_key",
            "not_of_this_format",
        ),
        (
            "setting",
            json!({"config": {"a": "1"}}),
            "/config/a",
            "not_of_this_format",
        ),
        (
            "tolerance",
            json!({"tolerance_s": 3_601}),
            "/tolerance_s",
            "out_of_range",
        ),
        (
            "account",
            json!({"account_ids": ["x"]}),
            "/account_ids/0",
            "wrong_form",
        ),
        (
            "nobody's",
            json!({"account_ids": [unknown]}),
            "/account_ids/0",
            "unknown_account",
        ),
    ] {
        let mut wish = good.clone();
        wish.as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        let (status, problem) = street.post(&admin, "/v1/sources", &wish).await;
        assert_eq!(status, 422, "{name}: {problem}");
        let error = &problem["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!(pointer), &json!(code)),
            "{name}"
        );
    }
    let (status, _) = street.post(&admin, "/v1/sources", &good).await;
    assert_eq!(status, 201, "none of the refused ones took the name");
    let (status, problem) = street.post(&admin, "/v1/sources", &good).await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (409, &json!("/name"))
    );
}

async fn a_source_speaks_only_for_the_accounts_it_is_bound_to(database: Database) {
    let street = Street::open(database.store().await).await;
    street.code("TH7K2M9XQ4", None).await;
    let (one, other) = (
        street.person(UserRole::Admin).await,
        street.person(UserRole::Admin).await,
    );
    let (path, secret) = asked(&street, &one).await;
    assert_eq!(step(&street, &other, &path, "approve").await.0, 200);
    let account = format!("{path}/accounts/{ACCOUNT_ID}");
    let paid = async || {
        let seller = street.seller(false).await;
        let (_, page) = street.get(&seller, "/v1/payments").await;
        page["data"].as_array().map(Vec::len)
    };
    let (status, source) = street.ask(&one, Method::DELETE, &account, None).await;
    assert_eq!((status, &source["account_ids"]), (200, &json!([])));
    assert_eq!(
        street.ask(&one, Method::DELETE, &account, None).await.0,
        404
    );
    assert_eq!(
        (tell(&street, &secret, 1).await, paid().await),
        (200, Some(0))
    );
    let bind = json!({"account_id": ACCOUNT_ID});
    let (status, source) = street.post(&one, &format!("{path}/accounts"), &bind).await;
    assert_eq!(
        (status, &source["account_ids"]),
        (200, &json!([ACCOUNT_ID]))
    );
    assert_eq!(
        (tell(&street, &secret, 2).await, paid().await),
        (200, Some(1))
    );
}

async fn only_administrators_change_sources_and_nobody_sees_a_secret_again(database: Database) {
    let street = Street::open(database.store().await).await;
    let (admin, staff) = (
        street.person(UserRole::Admin).await,
        street.person(UserRole::Staff).await,
    );
    let seller = street.seller(false).await;
    let wish = json!({"name": "other", "adapter": "sepay_hmac", "account_ids": []});
    for token in [&staff, &seller] {
        assert_eq!(street.post(token, "/v1/sources", &wish).await.0, 403);
    }
    let (path, secret) = asked(&street, &admin).await;
    for (token, wanted) in [(&staff, 200), (&admin, 200), (&seller, 403)] {
        for path in [path.as_str(), "/v1/sources"] {
            let (status, body) = street.get(token, path).await;
            assert_eq!(status, wanted);
            assert!(!body.to_string().contains(&secret));
        }
    }
    for done in ["approve", "disable", "discard"] {
        assert_eq!(step(&street, &staff, &path, done).await.0, 403);
    }
}
