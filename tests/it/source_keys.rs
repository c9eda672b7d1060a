//! Sources of banks that sign with a public key, over HTTP on both engines: asked for, let in,
//! changed, each by two persons.

use chrono::TimeDelta;
use phocho::domain::access::UserRole;
use serde_json::{Value, json};

use crate::database::{Database, on_both_engines};
use crate::notices::{deliver_case, payments_of, sample};
use crate::operation::number;
use crate::street::{ACCOUNT_ID, Street};

on_both_engines!(
    a_public_key_proves_notices_after_a_second_administrator_let_it,
    a_new_public_key_waits_for_a_second_administrator_and_the_old_one_goes_out,
    a_key_that_could_prove_nothing_is_refused_by_name,
);

const NAME: &str = "standard_webhooks";

/// A sample by its id.
fn case(id: &str) -> Value {
    let file = sample(NAME);
    let mut cases = file["cases"].as_array().unwrap().iter();
    cases.find(|case| case["id"] == id).unwrap().clone()
}

fn pem(name: &str) -> String {
    let path = format!("{}/tests/data/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

fn key(algorithm: &str, name: &str) -> Value {
    json!({"algorithm": algorithm, "public_key": pem(name)})
}

fn wish(secret: &Value) -> Value {
    json!({"name": "bank", "adapter": NAME, "secret": secret, "account_ids": [ACCOUNT_ID]})
}

/// A street with a source of this key that waits for a second person, and its path.
async fn asked(database: &Database, secret: &Value) -> (Street, [String; 2], String) {
    let street = Street::open(database.store().await).await;
    street.code("TH7K2M9XQ4", None).await;
    let one = street.person(UserRole::Admin).await;
    let other = street.person(UserRole::Admin).await;
    let (status, issued) = street.post(&one, "/v1/sources", &wish(secret)).await;
    assert_eq!((status, &issued["secret"]), (201, &Value::Null), "{issued}");
    let id = issued["source"]["id"].as_str().unwrap();
    (street, [one, other], format!("/v1/sources/{id}"))
}

/// Sends a sample to the source and gives the status of the answer.
async fn tell(street: &Street, id: &str) -> u16 {
    let mut case = case(id);
    case["path"] = json!("/");
    deliver_case(street, "bank", &case).await.0
}

async fn a_public_key_proves_notices_after_a_second_administrator_let_it(database: Database) {
    let secret = key("rsa_pss_sha256", "rsa_2048");
    let (street, [one, other], path) = asked(&database, &secret).await;
    assert_eq!(tell(&street, "sw-K-v-rsa-pss").await, 404);
    let approve = format!("{path}/approve");
    assert_eq!(street.post(&one, &approve, &json!({})).await.0, 403);
    assert_eq!(tell(&street, "sw-K-v-rsa-pss").await, 404);
    assert_eq!(street.post(&other, &approve, &json!({})).await.0, 200);
    for _ in 0..2 {
        assert_eq!(tell(&street, "sw-K-v-rsa-pss").await, 200);
    }
    for id in [
        "sw-K-v-rsa-pkcs1",
        "sw-K-v-jws-ps256",
        "sw-S-v-basic",
        "sw-K-x-salt",
    ] {
        assert_eq!(tell(&street, id).await, 401, "{id}");
    }
    assert_eq!(payments_of(&street).await.len(), 1);
    let (_, source) = street.get(&one, &path).await;
    assert_eq!(source["secret_last_used_at"], "2026-03-16T09:30:00+07:00");
    // What the second person compares with the bank.
    let told = "SELECT COUNT(*) FROM audit_entries WHERE action = 'source.request'
        AND detail LIKE '%rsa_pss_sha256%' AND detail LIKE '%sha256\":\"________%'";
    assert_eq!(number(&database, told).await, 1);
}

async fn a_new_public_key_waits_for_a_second_administrator_and_the_old_one_goes_out(
    database: Database,
) {
    let secret = key("jws_ps256", "rsa_2048_other");
    let (street, [one, other], path) = asked(&database, &secret).await;
    let post = async |token: &str, step: &str, body: &Value| {
        street.post(token, &format!("{path}/{step}"), body).await.0
    };
    assert_eq!(post(&other, "approve", &json!({})).await, 200);
    assert_eq!(tell(&street, "sw-K-v-jws-ps256").await, 401);
    let next = json!({"secret": key("jws_ps256", "rsa_2048")});
    assert_eq!(post(&one, "rotate", &next).await, 201);
    assert_eq!(tell(&street, "sw-K-v-jws-ps256").await, 401);
    assert_eq!(post(&one, "approve-secret", &json!({})).await, 403);
    assert_eq!(post(&other, "approve-secret", &json!({})).await, 200);
    assert_eq!(tell(&street, "sw-K-v-jws-ps256").await, 200);
    // The same key another way is another key.
    let next = json!({"secret": key("jws_es256", "p256")});
    assert_eq!(post(&other, "rotate", &next).await, 201);
    let overlap = json!({"overlap_s": 60});
    assert_eq!(post(&one, "approve-secret", &overlap).await, 200);
    for id in ["sw-K-v-jws-ps256", "sw-K-v-jws-es256"] {
        assert_eq!(tell(&street, id).await, 200, "{id}");
    }
    street.clock.advance(TimeDelta::seconds(60));
    assert_eq!(tell(&street, "sw-K-v-jws-ps256").await, 401);
    assert_eq!(tell(&street, "sw-K-v-jws-es256").await, 200);
    assert_eq!(payments_of(&street).await.len(), 2);
}

async fn a_key_that_could_prove_nothing_is_refused_by_name(database: Database) {
    let secret = key("rsa_pss_sha256", "rsa_2048");
    let (street, [one, _], path) = asked(&database, &secret).await;
    for (name, secret, pointer, code) in [
        (
            "weak",
            key("rsa_pss_sha256", "rsa_1024"),
            "/secret/public_key",
            "too_weak",
        ),
        (
            "a small exponent",
            key("jws_rs256", "rsa_exponent_3"),
            "/secret/public_key",
            "too_weak",
        ),
        (
            "another kind",
            key("jws_es256", "rsa_2048"),
            "/secret/public_key",
            "wrong_form",
        ),
        (
            "a private key",
            key("rsa_pss_sha256", "rsa_2048.key"),
            "/secret/public_key",
            "wrong_form",
        ),
        (
            "no algorithm",
            key("none", "rsa_2048"),
            "/secret/algorithm",
            "unknown_word",
        ),
        (
            "HMAC",
            key("HS256", "rsa_2048"),
            "/secret/algorithm",
            "unknown_word",
        ),
    ] {
        let rotation = json!({"secret": secret.clone()});
        let mut other = wish(&secret);
        other["name"] = json!("other");
        for (path, body) in [
            ("/v1/sources", &other),
            (&format!("{path}/rotate"), &rotation),
        ] {
            let (status, problem) = street.post(&one, path, body).await;
            let error = &problem["errors"][0];
            let told = (&error["pointer"], &error["code"]);
            assert_eq!(status, 422, "{name}: {problem}");
            assert_eq!(told, (&json!(pointer), &json!(code)), "{name}");
        }
    }
    // A format whose vendor shares a secret takes no key in its place.
    let mut sepay = wish(&secret);
    sepay["adapter"] = json!("sepay_hmac");
    let (status, problem) = street.post(&one, "/v1/sources", &sepay).await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (422, &json!("/secret"))
    );
    let mut more = wish(&secret);
    more["secret"]["jku"] = json!("https://bank.example");
    let (status, _) = street.post(&one, "/v1/sources", &more).await;
    assert!([400, 422].contains(&status));
}
